// SPDX-License-Identifier: GPL-2.0
/*
 * The session with a peer: HELLO and WELCOME, incarnations, RESET, the public
 * calls of the engine, and how frames are put together.
 */
#include "rmp_priv.h"

static void rmp_run_start(struct rmp_run *r, struct rmp_peer *p, u64 now,
			  struct rmp_sink *sink)
{
	r->p = p;
	r->sink = sink;
	r->now = now;
	r->ev = 0;
}

/* Something is due at @when. */
void rmp_arm(struct rmp_run *r, u64 when)
{
	if (when < r->p->wake_ns) {
		r->p->wake_ns = when;
		r->ev |= RMP_EV_DEADLINE;
	}
}

void rmp_hdr_start(struct rmp_run *r, struct rmp_hdr *hdr, u8 type)
{
	struct rmp_peer *p = r->p;

	rmp_make_hdr(hdr, type, p->self_node, p->self_inc, p->inc, NULL, 0);
	hdr->credit = cpu_to_be16(p->grant);
	hdr->stamp = cpu_to_be32(rmp_stamp(r->now));
}

/* A frame without payload. */
void rmp_send_plain(struct rmp_run *r, struct rmp_hdr *hdr, u16 pad)
{
	struct rmp_xmit x = { .hdr = hdr, .pad = pad };

	rmp_count(r, RMP_S_TX_FRAMES);
	r->sink->xmit(r->sink, &x);
}

static void rmp_send_frag(struct rmp_run *r, struct rmp_burst *b, u16 no,
			  u8 flags)
{
	struct rmp_xmit x = { .hdr = b->hdr, .buf = b->buf };

	x.len = rmp_frag_range(b->len, b->frag_size, no, &x.off);
	b->hdr->flags = b->flags | flags;
	b->hdr->plen = cpu_to_be16(x.len);
	b->hdr->frag_no = cpu_to_be16(no);
	memset(b->hdr->tag, 0, RMP_TAG_LEN);
	rmp_count(r, RMP_S_TX_FRAMES);
	r->sink->xmit(r->sink, &x);
}

/* Sends the fragments not in @b->skip, in order. Return: how many. */
u16 rmp_send_frags(struct rmp_run *r, struct rmp_burst *b)
{
	u16 no, prev = 0, n = 0;

	b->hdr->msg_len = cpu_to_be32(b->len);
	b->hdr->frag_size = cpu_to_be16(b->frag_size);
	/* One behind, since only the last one asks for an ACK. */
	for (no = 0; no < b->nfrags && n < b->max; no++) {
		if (b->skip && rmp_bit(b->skip, no))
			continue;
		if (n++)
			rmp_send_frag(r, b, prev, 0);
		prev = no;
	}
	if (n)
		rmp_send_frag(r, b, prev, b->want_ack ? RMP_F_WANT_ACK : 0);
	return n;
}

/* Ids must rise over the life of our incarnation even if objects come and go. */
static void rmp_birth(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->birth)
		return;
	p->birth = (r->now >> 8) + 1;
	p->next_msg = p->birth;
	p->una = p->birth;
}

/* frag_no, which has no other use here, says what our interface can carry. */
void rmp_send_hello(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	u16 size = rmp_path_hello_size(p);
	struct rmp_hdr hdr;
	u64 gap;

	gap = min_t(u64, RMP_HELLO_FIRST_NS << min_t(u8, p->hello_tries, 5),
		    RMP_HELLO_LAST_NS);
	p->hello_due = r->now + gap;
	rmp_arm(r, p->hello_due);
	if (!size)
		return;		/* the interface is too narrow for RMAP */
	rmp_birth(r);
	rmp_hdr_start(r, &hdr, RMP_T_HELLO);
	hdr.msg = cpu_to_be64(p->una);
	hdr.volume = cpu_to_be64(p->birth);
	hdr.epoch = cpu_to_be32(RMP_FEATURES);
	hdr.frag_size = cpu_to_be16(size);
	hdr.frag_no = cpu_to_be16(p->frag_max);
	hdr.echo = cpu_to_be32(p->proof);
	if (!p->hello_tries)
		p->renew_stamp = rmp_stamp(r->now);
	p->asking = true;
	if (++p->hello_tries == RMP_HELLO_WRAP)
		p->hello_tries = RMP_HELLO_WRAP / 2;
	rmp_send_plain(r, &hdr, size);
}

static void rmp_send_welcome(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->frag_max);
	struct rmp_hdr hdr;

	rmp_birth(r);
	rmp_hdr_start(r, &hdr, RMP_T_WELCOME);
	hdr.msg = cpu_to_be64(p->una);
	hdr.volume = cpu_to_be64(p->birth);
	hdr.epoch = cpu_to_be32(RMP_FEATURES);
	hdr.frag_size = cpu_to_be16(size);
	hdr.frag_no = cpu_to_be16(p->frag_max);
	hdr.echo = cpu_to_be32(info->stamp);
	rmp_send_plain(r, &hdr, size);
}

/* "I have no session with you." Answers no more often than every @gap ns. */
static void rmp_send_reset(struct rmp_run *r, const struct rmp_info *info,
			   u64 gap)
{
	struct rmp_peer *p = r->p;
	struct rmp_hdr hdr;

	if (p->reset_ns && r->now - p->reset_ns < gap)
		return;
	p->reset_ns = r->now;
	rmp_make_reset(&hdr, p->self_node, p->self_inc, info, r->now);
	rmp_count(r, RMP_S_TX_RESETS);
	rmp_send_plain(r, &hdr, 0);
}

static void rmp_hello_begin(struct rmp_run *r)
{
	r->p->state = RMP_PEER_HELLO;
	r->p->renew = RMP_RENEW_NONE;
	r->p->hello_tries = 0;
	r->p->proof_sent = false;
	rmp_send_hello(r);
}

static bool rmp_has_calls(const struct rmp_peer *p)
{
	return p->una != p->next_msg || p->nwaiting;
}

static void rmp_go_down(struct rmp_run *r)
{
	if (r->p->state == RMP_PEER_UP)
		r->ev |= RMP_EV_DOWN;
	r->p->state = RMP_PEER_DOWN;
	r->p->renew = RMP_RENEW_NONE;
	r->p->asking = false;
	r->p->idle_due = RMP_NEVER;
	rmp_tx_session_down(r);
}

/*
 * The session is open with @size proven. @forgotten: the peer knows nothing of
 * what was exchanged before.
 */
static void rmp_go_up(struct rmp_run *r, u16 size, bool forgotten)
{
	struct rmp_peer *p = r->p;
	bool opened = p->state != RMP_PEER_UP;

	p->state = RMP_PEER_UP;
	p->known = true;
	p->renew = RMP_RENEW_NONE;
	p->hello_tries = 0;
	p->proof = 0;
	p->since_ns = r->now;
	if (opened) {
		p->raises = 0;
		r->ev |= RMP_EV_UP;
	}
	rmp_path_set(r, size);
	if (forgotten)
		rmp_count(r, RMP_S_FORGOTTEN);
	if (opened || forgotten || p->starved)
		rmp_tx_session_up(r, forgotten);
	p->starved = false;
}

/* The peer lives anew as @inc; all that was shared with the old one is void. */
static void rmp_restarted(struct rmp_run *r, u32 inc)
{
	struct rmp_peer *p = r->p;

	if (inc == p->former)
		rmp_count(r, RMP_S_TWINS);
	p->former = p->inc;
	p->inc = inc;
	p->features = 0;
	p->since_ns = r->now;
	p->wanted = false;
	p->proof = 0;
	rmp_count(r, RMP_S_RESTARTS);
	r->ev |= RMP_EV_RESTARTED;
	rmp_go_down(r);
	rmp_tx_fail_all(r, -ESTALE);
	rmp_rx_drop_all(r);
	p->base = 0;
	p->peer_birth = 0;
	p->hello_stamp = 0;
	p->peer_max = 0;
	p->credit = 0;
	rmp_rtt_init(&p->rtt);
	rmp_cwnd_init(p);
}

/*
 * Whether a frame answers one that we sent after the session opened or the
 * incarnation changed: then it tells of now, while any other may have been on
 * the way for long, from a life that is over.
 */
static bool rmp_is_fresh(const struct rmp_peer *p, const struct rmp_info *info,
			 u64 now)
{
	return info->echo && rmp_echo_age_us(info, now) <= RMP_FRESH_US &&
	       rmp_echo_since(info, now, p->since_ns);
}

/* Whether a frame with an incarnation that is news to us is to be believed. */
static bool rmp_believe(const struct rmp_peer *p, const struct rmp_info *info,
			u64 now)
{
	switch (info->type) {
	case RMP_T_HELLO:
	case RMP_T_ANNOUNCE:
		break;
	case RMP_T_WELCOME:
	case RMP_T_RESET:
		if (info->peer_inc == p->self_inc)
			break;
		return false;
	default:
		return false;
	}
	/* With nothing shared ever there is nothing to lose. */
	return !p->known || rmp_is_fresh(p, info, now);
}

bool rmp_peer_believes(const struct rmp_peer *peer, const struct rmp_info *info,
		       u64 now_ns)
{
	return info->inc == peer->inc || rmp_believe(peer, info, now_ns);
}

/*
 * An ANNOUNCE tells of another life. If it is true, WELCOME will tell it, too.
 * Not often: it may be an old one that is sent again and again.
 */
static void rmp_ask_again(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->doubt_ns && r->now - p->doubt_ns < RMP_ASK_GAP_NS)
		return;
	p->doubt_ns = r->now;
	if (p->state == RMP_PEER_UP)
		rmp_path_renew(r);
	else if (p->state == RMP_PEER_DOWN && p->known)
		rmp_hello_begin(r);
}

/* What a frame of another incarnation, not believed, is answered with. */
static void rmp_doubt(struct rmp_run *r, const struct rmp_info *info)
{
	switch (info->type) {
	case RMP_T_HELLO:
		/* Its sender waits for it; but it may be an old one again. */
		rmp_send_reset(r, info, RMP_DOUBT_GAP_NS);
		break;
	case RMP_T_REQ:
	case RMP_T_REP:
	case RMP_T_ACK:
		rmp_send_reset(r, info, RMP_RESET_GAP_NS);
		break;
	case RMP_T_ANNOUNCE:
		rmp_ask_again(r);
		break;
	}
}

/* Sorts out whose frame it is. Return: whether to go on with it. */
static bool rmp_check_inc(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	bool session = rmp_is_session(info->type);

	if (info->inc != p->inc) {
		if (!rmp_believe(p, info, r->now)) {
			rmp_count(r, RMP_S_RX_STALE_INC);
			rmp_doubt(r, info);
			return false;
		}
		if (p->inc)
			rmp_restarted(r, info->inc);
		p->inc = info->inc;
	}
	if ((session || info->type == RMP_T_WELCOME ||
	     info->type == RMP_T_RESET) && info->peer_inc != p->self_inc) {
		rmp_count(r, RMP_S_RX_STALE_INC);
		if (session)
			rmp_send_reset(r, info, RMP_RESET_GAP_NS);
		return false;
	}
	return true;
}

/*
 * What HELLO and WELCOME tell alike. Return: 1 if the sender has lost its
 * session state since we last heard, 0 if not, -1 if the frame is an old one.
 */
static int rmp_rx_common(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	int lost;

	if (info->volume < p->peer_birth || info->msg < info->volume) {
		rmp_count(r, RMP_S_RX_OLD);
		return -1;
	}
	lost = p->peer_birth && info->volume > p->peer_birth;
	p->peer_birth = info->volume;
	WRITE_ONCE(p->features, info->epoch);
	p->credit = info->credit;
	rmp_rx_base(r, info->msg);
	return lost;
}

/*
 * Whether a HELLO was sent after those that have come so far. Stamps wrap, but
 * no frame is on the way for long.
 */
static bool rmp_hello_newer(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;

	if (p->hello_stamp && r->now - p->hello_ns < RMP_FRESH_US * 1000ULL &&
	    (s32)(info->stamp - p->hello_stamp) <= 0)
		return false;
	p->hello_stamp = info->stamp ? info->stamp : 1;
	p->hello_ns = r->now;
	return true;
}

/* A newer HELLO in an open session says something of the path. */
static void rmp_rx_hello_up(struct rmp_run *r, u16 size)
{
	struct rmp_peer *p = r->p;

	if (size > p->frag_size)
		rmp_path_hint(r);
	/* Smaller: a WELCOME of the size in force did not get through. */
	else if (size < p->frag_size && p->renew == RMP_RENEW_PATH)
		rmp_path_set(r, size);
	else if (size < p->frag_size)
		rmp_go_up(r, size, false);
}

static void rmp_rx_hello(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->frag_max);
	bool newer;
	int lost;

	if (!size)
		return;
	lost = rmp_rx_common(r, info);
	if (lost < 0)
		return;
	newer = rmp_hello_newer(r, info);
	if (newer)
		rmp_path_told(r, info);
	rmp_send_welcome(r, info);
	if (p->state != RMP_PEER_UP || lost)
		rmp_go_up(r, size, lost);
	else if (newer)
		rmp_rx_hello_up(r, size);
	rmp_tx_start_waiting(r);
}

static void rmp_rx_welcome(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->frag_max);
	int lost;

	if (!size || p->state == RMP_PEER_DOWN)
		return;
	lost = rmp_rx_common(r, info);
	if (lost < 0)
		return;
	rmp_rtt_sample(&p->rtt, r->now, info->echo);
	p->asking = false;
	if (p->state == RMP_PEER_HELLO || lost) {
		rmp_path_told(r, info);
		rmp_go_up(r, size, lost);
	} else if (p->renew && (s32)(info->echo - p->renew_stamp) >= 0) {
		rmp_path_told(r, info);
		if (p->renew == RMP_RENEW_PATH || size > p->frag_size)
			rmp_go_up(r, size, false);
	}
	rmp_tx_start_waiting(r);
}

/*
 * The peer has lost the session but not its life, or wants to see that our
 * HELLO is not an old one.
 */
static void rmp_rx_reset(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;

	if (p->state == RMP_PEER_HELLO) {
		p->proof = info->stamp;
		if (p->proof_sent)
			return;		/* at most one per HELLO of the timer's */
		p->proof_sent = true;
		rmp_send_hello(r);
	} else if (p->state == RMP_PEER_UP && rmp_is_fresh(p, info, r->now)) {
		rmp_go_down(r);
		p->proof = info->stamp;
		if (p->wanted || rmp_has_calls(p))
			rmp_hello_begin(r);
	}
}

/* It is there: no need to sit out a long back-off. */
static void rmp_rx_announce(struct rmp_run *r)
{
	if (r->p->state != RMP_PEER_HELLO || r->p->hello_tries <= RMP_HELLO_BIG)
		return;
	r->p->proof_sent = false;
	rmp_send_hello(r);
}

/*
 * The peer leaves, or our way to it is gone. Nobody knows whether it comes back
 * in the same life, and what was sent may have been executed, or may yet be. So
 * calls stay open under their ids until a session opens or another life is
 * believed. The first HELLO waits a little, as the peer may still be leaving.
 */
static void rmp_leave(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	p->wanted = false;
	rmp_go_down(r);
	if (!rmp_has_calls(p))
		return;
	p->state = RMP_PEER_HELLO;
	p->hello_tries = 0;
	p->proof_sent = false;
	p->hello_due = r->now + RMP_HELLO_FIRST_NS;
	rmp_arm(r, p->hello_due);
}

/* REQ, REP and ACK: there must be a session. */
static void rmp_rx_session(struct rmp_run *r, struct rmp_frame *f)
{
	struct rmp_info *info = &f->info;

	if (r->p->state != RMP_PEER_UP) {
		rmp_count(r, RMP_S_RX_OLD);
		if (r->p->state == RMP_PEER_DOWN)
			rmp_send_reset(r, info, RMP_RESET_GAP_NS);
		return;
	}
	if (info->type == RMP_T_REQ)
		rmp_rx_req(r, f);
	else if (info->type == RMP_T_REP)
		rmp_tx_rep(r, f);
	else if (info->flags & RMP_F_REPLY)
		rmp_rx_ack(r, info);
	else
		rmp_tx_ack(r, info);
}

u32 rmp_peer_rx(struct rmp_peer *peer, struct rmp_frame *frame, u64 now_ns,
		struct rmp_sink *sink)
{
	struct rmp_run r;

	MX_ASSERT(frame->info.node == peer->node);
	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state == RMP_PEER_CLOSED || frame->info.type == RMP_T_SOLICIT)
		return 0;
	rmp_count(&r, RMP_S_RX_FRAMES);
	if (!rmp_check_inc(&r, &frame->info))
		return r.ev;
	peer->heard_ns = now_ns;

	switch (frame->info.type) {
	case RMP_T_REQ:
	case RMP_T_REP:
	case RMP_T_ACK:
		rmp_rx_session(&r, frame);
		break;
	case RMP_T_HELLO:
		rmp_rx_hello(&r, &frame->info);
		break;
	case RMP_T_WELCOME:
		rmp_rx_welcome(&r, &frame->info);
		break;
	case RMP_T_ANNOUNCE:
		rmp_rx_announce(&r);
		break;
	case RMP_T_RESET:
		rmp_rx_reset(&r, &frame->info);
		break;
	case RMP_T_BYE:
		rmp_leave(&r);
		break;
	}
	return r.ev;
}

void rmp_peer_init(struct rmp_peer *peer, const struct rmp_peer_cfg *cfg)
{
	MX_ASSERT(cfg->node && cfg->self_node && cfg->self_inc);

	peer->node = cfg->node;
	peer->self_node = cfg->self_node;
	peer->self_inc = cfg->self_inc;
	peer->frag_max = rmp_frag_unit(cfg->mtu);
	peer->grant = cfg->grant;
	peer->raise_most_ns = cfg->raise_ns ? cfg->raise_ns : RMP_RAISE_MOST_NS;
	peer->raise_ns = RMP_NEVER;
	peer->wake_ns = RMP_NEVER;
	peer->idle_due = RMP_NEVER;
	INIT_LIST_HEAD(&peer->flows);
	rmp_flow_init(&peer->flow, 1);
	rmp_rtt_init(&peer->rtt);
	rmp_cwnd_init(peer);
}

u32 rmp_peer_connect(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state == RMP_PEER_CLOSED)
		return 0;
	peer->wanted = true;
	if (peer->state == RMP_PEER_DOWN)
		rmp_hello_begin(&r);
	return r.ev;
}

u32 rmp_peer_call(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		  struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_count(&r, RMP_S_CALLS);
	call->status = 0;
	call->reply.got = 0;
	memset(call->reply.have, 0, sizeof(call->reply.have));
	if (peer->state == RMP_PEER_CLOSED || call->len > RMP_MSG_MAX) {
		call->status = call->len > RMP_MSG_MAX ? -EMSGSIZE : -EHOSTDOWN;
		call->state = RMP_CALL_DONE;
		rmp_count(&r, RMP_S_CALLS_FAILED);
		sink->done(sink, call);
		return 0;
	}
	call->asked = 0;
	call->voided = false;
	call->doubt = false;
	rmp_flow_add(peer, call);
	if (peer->state == RMP_PEER_DOWN)
		rmp_hello_begin(&r);
	else
		rmp_tx_start_waiting(&r);
	return r.ev;
}

u32 rmp_peer_rekey(struct rmp_peer *peer, bool starved, u64 now_ns,
		   struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (starved)
		peer->starved = true;
	if (peer->state == RMP_PEER_UP && peer->asking && !peer->renew) {
		/* Our HELLO was overtaken by the peer's; its answer will do. */
		peer->renew = RMP_RENEW_PATH;
		peer->hello_tries = 1;
		peer->hello_due = now_ns + RMP_HELLO_FIRST_NS;
		rmp_arm(&r, peer->hello_due);
	} else {
		rmp_path_renew(&r);
	}
	return r.ev;
}

u32 rmp_peer_ask(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_ask_again(&r);
	return r.ev;
}

u32 rmp_peer_confirm(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state == RMP_PEER_UP)
		rmp_tx_send_idle(&r);
	return r.ev;
}

u32 rmp_peer_kick(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_tx_start_waiting(&r);
	return r.ev;
}

/* HELLO, if one is due: opening, renewing, or raising the size. */
static void rmp_hello_timer(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->state == RMP_PEER_HELLO && !p->wanted && !rmp_has_calls(p))
		rmp_go_down(r);
	if (p->state != RMP_PEER_HELLO && p->renew == RMP_RENEW_NONE)
		return;
	if (r->now < p->hello_due) {
		rmp_arm(r, p->hello_due);
		return;
	}
	if (p->renew == RMP_RENEW_RAISE &&
	    p->hello_tries >= rmp_path_raise_tries(p)) {
		p->renew = RMP_RENEW_NONE;
	} else {
		p->proof_sent = false;
		rmp_send_hello(r);
	}
}

u32 rmp_peer_timer(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (now_ns < peer->wake_ns)
		return 0;
	peer->wake_ns = RMP_NEVER;
	rmp_hello_timer(&r);
	if (peer->state == RMP_PEER_UP) {
		rmp_tx_timer(&r);
		rmp_tx_start_waiting(&r);
	}
	return r.ev;
}

u64 rmp_peer_deadline(const struct rmp_peer *peer)
{
	return peer->wake_ns;
}

void rmp_peer_set_grant(struct rmp_peer *peer, u16 pages)
{
	peer->grant = pages;
}

u32 rmp_peer_set_mtu(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		     struct rmp_sink *sink)
{
	u16 size = rmp_frag_unit(mtu);
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (size == peer->frag_max)
		return 0;
	rmp_path_interface(&r, size);
	return r.ev;
}

u32 rmp_peer_moved(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		   struct rmp_sink *sink)
{
	u16 size = rmp_frag_unit(mtu);
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state == RMP_PEER_CLOSED)
		return 0;
	if (size != peer->frag_max)
		rmp_path_interface(&r, size);
	else
		rmp_path_renew(&r);
	/* No need to sit out a back-off of the path before. */
	if (peer->state == RMP_PEER_HELLO && peer->hello_tries) {
		peer->hello_tries = 0;
		peer->proof_sent = false;
		rmp_send_hello(&r);
	}
	return r.ev;
}

u32 rmp_peer_cut(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state != RMP_PEER_CLOSED)
		rmp_leave(&r);
	return r.ev;
}

u32 rmp_peer_close(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->state == RMP_PEER_CLOSED)
		return 0;
	rmp_go_down(&r);
	peer->state = RMP_PEER_CLOSED;
	rmp_tx_fail_all(&r, -EHOSTDOWN);
	rmp_rx_drop_all(&r);
	peer->wake_ns = RMP_NEVER;
	return r.ev;
}
