// SPDX-License-Identifier: GPL-2.0
/*
 * The session with a peer: HELLO and WELCOME, incarnations, RESET, BYE.
 */
#include "rmp_cwnd.h"
#include "rmp_out.h"
#include "rmp_path.h"

/* Ids must rise over the life of our incarnation even if objects come and go. */
static void rmp_birth(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->ses.birth)
		return;
	p->ses.birth = (r->now >> 8) + 1;
	p->req.next_msg = p->ses.birth;
	p->req.una = p->ses.birth;
}

/* frag_no, which has no other use here, says what our interface can carry. */
void rmp_session_send_hello(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	u16 size = rmp_path_hello_size(p);
	struct rmp_hdr hdr;
	u64 gap;

	gap = min_t(u64, RMP_HELLO_FIRST_NS << min_t(u8, p->ses.hello_tries, 5),
		    RMP_HELLO_LAST_NS);
	p->ses.hello_due = r->now + gap;
	rmp_arm(r, p->ses.hello_due);
	if (!size)
		return;		/* the interface is too narrow for RMAP */
	rmp_birth(r);
	rmp_out_header(r, &hdr, RMP_T_HELLO);
	hdr.msg = cpu_to_be64(p->req.una);
	hdr.volume = cpu_to_be64(p->ses.birth);
	hdr.epoch = cpu_to_be32(RMP_FEATURES);
	hdr.frag_size = cpu_to_be16(size);
	hdr.frag_no = cpu_to_be16(p->ses.frag_max);
	hdr.echo = cpu_to_be32(p->ses.proof);
	if (!p->ses.hello_tries)
		p->ses.renew_stamp = rmp_stamp(r->now);
	p->ses.asking = true;
	if (++p->ses.hello_tries == RMP_HELLO_WRAP)
		p->ses.hello_tries = RMP_HELLO_WRAP / 2;
	rmp_out_plain(r, &hdr, size);
}

static void rmp_session_send_welcome(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->ses.frag_max);
	struct rmp_hdr hdr;

	rmp_birth(r);
	rmp_out_header(r, &hdr, RMP_T_WELCOME);
	hdr.msg = cpu_to_be64(p->req.una);
	hdr.volume = cpu_to_be64(p->ses.birth);
	hdr.epoch = cpu_to_be32(RMP_FEATURES);
	hdr.frag_size = cpu_to_be16(size);
	hdr.frag_no = cpu_to_be16(p->ses.frag_max);
	hdr.echo = cpu_to_be32(info->stamp);
	rmp_out_plain(r, &hdr, size);
}

/* "I have no session with you." Answers no more often than every @gap ns. */
void rmp_session_send_reset(struct rmp_run *r, const struct rmp_info *info,
			    u64 gap)
{
	struct rmp_peer *p = r->p;
	struct rmp_hdr hdr;

	if (p->ses.reset_ns && r->now - p->ses.reset_ns < gap)
		return;
	p->ses.reset_ns = r->now;
	rmp_make_reset(&hdr, p->self_node, p->self_inc, info, r->now);
	rmp_count(r, RMP_S_TX_RESETS);
	rmp_out_plain(r, &hdr, 0);
}

void rmp_session_begin(struct rmp_run *r)
{
	r->p->ses.state = RMP_PEER_HELLO;
	r->p->ses.renew = RMP_RENEW_NONE;
	r->p->ses.hello_tries = 0;
	r->p->ses.proof_sent = false;
	rmp_session_send_hello(r);
}

void rmp_session_down(struct rmp_run *r)
{
	if (r->p->ses.state == RMP_PEER_UP)
		r->ev |= RMP_EV_DOWN;
	r->p->ses.state = RMP_PEER_DOWN;
	r->p->ses.renew = RMP_RENEW_NONE;
	r->p->ses.asking = false;
	r->p->req.idle_due = RMP_NEVER;
	rmp_requester_down(r);
}

/*
 * The session is open with @size proven. @forgotten: the peer knows nothing of
 * what was exchanged before.
 */
static void rmp_session_up(struct rmp_run *r, u16 size, bool forgotten)
{
	struct rmp_peer *p = r->p;
	bool opened = p->ses.state != RMP_PEER_UP;

	p->ses.state = RMP_PEER_UP;
	p->ses.known = true;
	p->ses.renew = RMP_RENEW_NONE;
	p->ses.hello_tries = 0;
	p->ses.proof = 0;
	p->ses.since_ns = r->now;
	if (opened) {
		p->ses.raises = 0;
		r->ev |= RMP_EV_UP;
	}
	rmp_path_set(r, size);
	if (forgotten)
		rmp_count(r, RMP_S_FORGOTTEN);
	if (opened || forgotten || p->ses.starved)
		rmp_requester_up(r, forgotten);
	p->ses.starved = false;
}

/* The peer lives anew as @inc; all that was shared with the old one is void. */
static void rmp_session_restarted(struct rmp_run *r, u32 inc)
{
	struct rmp_peer *p = r->p;

	if (inc == p->ses.former)
		rmp_count(r, RMP_S_TWINS);
	p->ses.former = p->ses.inc;
	p->ses.inc = inc;
	p->ses.features = 0;
	p->ses.since_ns = r->now;
	p->ses.proof = 0;
	rmp_count(r, RMP_S_RESTARTS);
	r->ev |= RMP_EV_RESTARTED;
	rmp_session_down(r);
	rmp_requester_fail(r, -ESTALE);
	rmp_responder_drop(r);
	p->rsp.base = 0;
	p->ses.peer_birth = 0;
	p->ses.hello_stamp = 0;
	p->ses.peer_max = 0;
	p->req.credit = 0;
	rmp_rtt_init(&p->req.rtt);
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
	       rmp_echo_since(info, now, p->ses.since_ns);
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
	return !p->ses.known || rmp_is_fresh(p, info, now);
}

bool rmp_peer_believes(const struct rmp_peer *peer, const struct rmp_info *info,
		       u64 now_ns)
{
	return info->inc == peer->ses.inc || rmp_believe(peer, info, now_ns);
}

/*
 * An ANNOUNCE tells of another life. If it is true, WELCOME will tell it, too.
 * Not often: it may be an old one that is sent again and again. HELLOs that are
 * being sent already may go where the peer is not any more, so one goes to where
 * this frame has come from. Without calls only one is sent each time, so that
 * sizes go on where they were, for a path that does not carry the largest.
 */
void rmp_session_ask(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->ses.doubt_ns && r->now - p->ses.doubt_ns < RMP_ASK_GAP_NS)
		return;
	p->ses.doubt_ns = r->now;
	if (p->ses.state == RMP_PEER_HELLO || p->ses.renew == RMP_RENEW_PATH) {
		rmp_session_send_hello(r);
	} else if (p->ses.state == RMP_PEER_UP) {
		rmp_path_renew(r);
	} else if (p->ses.state == RMP_PEER_DOWN && p->ses.known) {
		p->ses.state = RMP_PEER_HELLO;
		p->ses.renew = RMP_RENEW_NONE;
		p->ses.proof_sent = false;
		rmp_session_send_hello(r);
	}
}

/* What a frame of another incarnation, not believed, is answered with. */
static void rmp_doubt(struct rmp_run *r, const struct rmp_info *info)
{
	switch (info->type) {
	case RMP_T_HELLO:
		/* Its sender waits for it; but it may be an old one again. */
		rmp_session_send_reset(r, info, RMP_DOUBT_GAP_NS);
		break;
	case RMP_T_REQ:
	case RMP_T_REP:
	case RMP_T_ACK:
		rmp_session_send_reset(r, info, RMP_RESET_GAP_NS);
		break;
	case RMP_T_ANNOUNCE:
		rmp_session_ask(r);
		break;
	}
}

/* Sorts out whose frame it is. Return: whether to go on with it. */
bool rmp_session_check(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	bool session = rmp_is_session(info->type);

	if (info->inc != p->ses.inc) {
		if (!rmp_believe(p, info, r->now)) {
			rmp_count(r, RMP_S_RX_STALE_INC);
			rmp_doubt(r, info);
			return false;
		}
		if (p->ses.inc)
			rmp_session_restarted(r, info->inc);
		p->ses.inc = info->inc;
	}
	if ((session || info->type == RMP_T_WELCOME ||
	     info->type == RMP_T_RESET) && info->peer_inc != p->self_inc) {
		rmp_count(r, RMP_S_RX_STALE_INC);
		if (session)
			rmp_session_send_reset(r, info, RMP_RESET_GAP_NS);
		return false;
	}
	return true;
}

/*
 * What HELLO and WELCOME tell alike. Return: 1 if the sender has lost its
 * session state since we last heard, 0 if not, -1 if the frame is an old one.
 */
static int rmp_session_told(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	int lost;

	if (info->volume < p->ses.peer_birth || info->msg < info->volume) {
		rmp_count(r, RMP_S_RX_OLD);
		return -1;
	}
	lost = p->ses.peer_birth && info->volume > p->ses.peer_birth;
	p->ses.peer_birth = info->volume;
	WRITE_ONCE(p->ses.features, info->epoch);
	p->req.credit = info->credit;
	rmp_responder_base(r, info->msg);
	return lost;
}

/*
 * Whether a HELLO was sent after those that have come so far. Stamps wrap, but
 * no frame is on the way for long.
 */
static bool rmp_hello_newer(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;

	if (p->ses.hello_stamp && r->now - p->ses.hello_ns < RMP_FRESH_US * 1000ULL &&
	    (s32)(info->stamp - p->ses.hello_stamp) <= 0)
		return false;
	p->ses.hello_stamp = info->stamp ? info->stamp : 1;
	p->ses.hello_ns = r->now;
	return true;
}

/* A newer HELLO in an open session says something of the path. */
static void rmp_session_hello_up(struct rmp_run *r, u16 size)
{
	struct rmp_peer *p = r->p;

	if (size > p->ses.frag_size)
		rmp_path_hint(r);
	/* Smaller: a WELCOME of the size in force did not get through. */
	else if (size < p->ses.frag_size && p->ses.renew == RMP_RENEW_PATH)
		rmp_path_set(r, size);
	else if (size < p->ses.frag_size)
		rmp_session_up(r, size, false);
}

static void rmp_session_hello(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->ses.frag_max);
	bool newer;
	int lost;

	if (!size)
		return;
	lost = rmp_session_told(r, info);
	if (lost < 0)
		return;
	newer = rmp_hello_newer(r, info);
	if (newer)
		rmp_path_told(r, info);
	rmp_session_send_welcome(r, info);
	if (p->ses.state != RMP_PEER_UP || lost)
		rmp_session_up(r, size, lost);
	else if (newer)
		rmp_session_hello_up(r, size);
	rmp_requester_start(r);
}

static void rmp_session_welcome(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	u16 size = min(info->frag_size, p->ses.frag_max);
	int lost;

	if (!size || p->ses.state == RMP_PEER_DOWN)
		return;
	lost = rmp_session_told(r, info);
	if (lost < 0)
		return;
	rmp_rtt_sample(&p->req.rtt, r->now, info->echo);
	p->ses.asking = false;
	if (p->ses.state == RMP_PEER_HELLO || lost) {
		rmp_path_told(r, info);
		rmp_session_up(r, size, lost);
	} else if (p->ses.renew && (s32)(info->echo - p->ses.renew_stamp) >= 0) {
		rmp_path_told(r, info);
		if (p->ses.renew == RMP_RENEW_PATH || size > p->ses.frag_size)
			rmp_session_up(r, size, false);
	}
	rmp_requester_start(r);
}

/*
 * The peer has lost the session but not its life, or wants to see that our
 * HELLO is not an old one.
 */
static void rmp_session_reset(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;

	if (p->ses.state == RMP_PEER_HELLO) {
		p->ses.proof = info->stamp;
		if (p->ses.proof_sent)
			return;		/* at most one per HELLO of the timer's */
		p->ses.proof_sent = true;
		rmp_session_send_hello(r);
	} else if (p->ses.state == RMP_PEER_UP && rmp_is_fresh(p, info, r->now)) {
		rmp_session_down(r);
		p->ses.proof = info->stamp;
		if (rmp_requester_busy(p))
			rmp_session_begin(r);
	}
}

/* It is there: no need to sit out a long back-off. */
static void rmp_session_announce(struct rmp_run *r)
{
	if (r->p->ses.state != RMP_PEER_HELLO || r->p->ses.hello_tries <= RMP_HELLO_BIG)
		return;
	r->p->ses.proof_sent = false;
	rmp_session_send_hello(r);
}

/*
 * The peer leaves, or our way to it is gone. Nobody knows whether it comes back
 * in the same life, and what was sent may have been executed, or may yet be. So
 * calls stay open under their ids until a session opens or another life is
 * believed. The first HELLO waits a little, as the peer may still be leaving.
 */
void rmp_session_leave(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	rmp_session_down(r);
	if (!rmp_requester_busy(p))
		return;
	p->ses.state = RMP_PEER_HELLO;
	p->ses.hello_tries = 0;
	p->ses.proof_sent = false;
	p->ses.hello_due = r->now + RMP_HELLO_FIRST_NS;
	rmp_arm(r, p->ses.hello_due);
}

/* HELLO, if one is due: opening, renewing, or raising the size. */
void rmp_session_timer(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->ses.state == RMP_PEER_HELLO && !rmp_requester_busy(p))
		rmp_session_down(r);
	if (p->ses.state != RMP_PEER_HELLO && p->ses.renew == RMP_RENEW_NONE)
		return;
	if (r->now < p->ses.hello_due) {
		rmp_arm(r, p->ses.hello_due);
		return;
	}
	if (p->ses.renew == RMP_RENEW_RAISE &&
	    p->ses.hello_tries >= rmp_path_raise_tries(p)) {
		p->ses.renew = RMP_RENEW_NONE;
	} else {
		p->ses.proof_sent = false;
		rmp_session_send_hello(r);
	}
}

/* HELLO, WELCOME, ANNOUNCE, RESET and BYE of the life that is believed. */
void rmp_session_rx(struct rmp_run *r, const struct rmp_info *info)
{
	switch (info->type) {
	case RMP_T_HELLO:
		rmp_session_hello(r, info);
		break;
	case RMP_T_WELCOME:
		rmp_session_welcome(r, info);
		break;
	case RMP_T_ANNOUNCE:
		rmp_session_announce(r);
		break;
	case RMP_T_RESET:
		rmp_session_reset(r, info);
		break;
	case RMP_T_BYE:
		rmp_session_leave(r);
		break;
	}
}
