// SPDX-License-Identifier: GPL-2.0
/*
 * The requester half: the window of open calls, sending and repeating
 * requests, putting replies together. All timers of the protocol are here.
 */
#include "rmp_cwnd.h"
#include "rmp_out.h"
#include "rmp_pace.h"
#include "rmp_path.h"

void rmp_requester_init(struct rmp_peer *p)
{
	p->req.idle_due = RMP_NEVER;
	p->req.redo_msg = RMP_NEVER;
	INIT_LIST_HEAD(&p->req.flows);
	rmp_flow_init(&p->req.flow, 1);
	rmp_rtt_init(&p->req.rtt);
	rmp_cwnd_init(p);
}

/* Whether any call is open or waits. */
bool rmp_requester_busy(const struct rmp_peer *p)
{
	return p->req.una != p->req.next_msg || p->req.nwaiting;
}

/* Gives a call back that is in no list and no window any more. */
static void rmp_call_end(struct rmp_run *r, struct rmp_call *call, int status)
{
	if (status)
		rmp_asm_free(r, &call->reply);
	rmp_count(r, status ? RMP_S_CALLS_FAILED : RMP_S_CALLS_DONE);
	call->status = status;
	call->state = RMP_CALL_DONE;
	r->sink->done(r->sink, call);
}

/* Its reply is here, or is not expected soon: others may be asked for theirs. */
static void rmp_call_unreserve(struct rmp_run *r, struct rmp_call *call)
{
	if (call->asked)
		r->sink->unreserve(r->sink, call->asked);
	call->asked = 0;
}

/* Takes a call out of the window; its id stays used. */
static void rmp_call_close(struct rmp_run *r, struct rmp_call *call)
{
	struct rmp_peer *p = r->p;

	MX_ASSERT(p->req.call[call->msg % RMP_WINDOW] == call);
	MX_ASSERT(p->req.inflight >= call->cost);
	p->req.call[call->msg % RMP_WINDOW] = NULL;
	p->req.inflight -= call->cost;
	rmp_call_unreserve(r, call);
	while (p->req.una < p->req.next_msg && !p->req.call[p->req.una % RMP_WINDOW])
		p->req.una++;
	if (p->req.una == p->req.next_msg) {
		MX_ASSERT(!p->req.inflight);
		p->req.idle_left = RMP_IDLE_ACKS;
		p->req.idle_due = r->now + RMP_IDLE_NS;
		rmp_arm(r, p->req.idle_due);
	}
}

/*
 * The open call that a frame is about, or NULL. What answers a copy sent before
 * the responder forgot the session does not count: it may have executed the call
 * again since, and have another reply.
 */
static struct rmp_call *rmp_call_find(struct rmp_run *r,
				      const struct rmp_info *info)
{
	struct rmp_call *call = r->p->req.call[info->msg % RMP_WINDOW];

	if (call && call->msg == info->msg &&
	    rmp_echo_since(info, r->now, r->p->req.shared_ns))
		return call;
	rmp_count(r, info->msg < r->p->req.next_msg ? RMP_S_RX_OLD : RMP_S_RX_BAD);
	return NULL;
}

/*
 * After a fast retransmit the time-out is shorter: the answers to other calls
 * show that the responder is not just busy.
 */
static void rmp_call_wait(struct rmp_run *r, struct rmp_call *call)
{
	bool pending = call->state == RMP_CALL_PENDING;
	u32 max_us = pending ? RMP_PROBE_MAX_US : RMP_RTO_MAX_US;
	u32 floor_us = RMP_RTO_MIN_US;

	if (call->fast && !pending)
		floor_us = RMP_RTO_LOST_US;
	/* Whatever comes, others are not kept from being asked for ever. */
	if (r->now - call->first_ns >= RMP_ROOM_MOST_NS)
		rmp_call_unreserve(r, call);

	call->due_ns = r->now + rmp_rtt_wait_ns(&r->p->req.rtt, call->tries,
						floor_us, max_us);
	rmp_arm(r, call->due_ns);
}

/* Payload bytes that may still be sent. */
static u32 rmp_call_len(const struct rmp_call *call)
{
	return call->voided ? 0 : call->len;
}

/* Asks for the reply fragments that are not here, which may be all. */
static void rmp_send_nack(struct rmp_run *r, struct rmp_call *call)
{
	u16 size = call->reply.got ? call->reply.frag_size : call->frag_size;
	struct rmp_hdr hdr;

	rmp_out_header(r, &hdr, RMP_T_ACK);
	hdr.flags = RMP_F_REPLY;
	hdr.msg = cpu_to_be64(call->msg);
	hdr.back = cpu_to_be16((u16)(call->msg - r->p->req.una));
	hdr.volume = cpu_to_be64(call->volume);
	hdr.epoch = cpu_to_be32(call->epoch);
	hdr.port = cpu_to_be16(call->port);
	hdr.msg_len = cpu_to_be32(call->reply.got ? call->reply.len : 0);
	hdr.frag_size = cpu_to_be16(size);
	rmp_bitmap_put(hdr.head, call->reply.have);
	call->nack_ns = r->now;
	call->skips = 0;
	rmp_out_plain(r, &hdr, 0);
}

/* A revoked call whose responder does not know RMP_F_VOID. */
static bool rmp_call_mute(const struct rmp_peer *p, const struct rmp_call *call)
{
	return call->voided && !(p->ses.features & RMP_FEAT_VOID);
}

/*
 * Sends at most @max fragments of the request, without those in @skip. A
 * revoked one has a single fragment, without payload.
 */
static u16 rmp_call_send(struct rmp_run *r, struct rmp_call *call,
			 const u64 *skip, u16 max, bool want_ack)
{
	struct rmp_hdr hdr mx_noinit;
	struct rmp_burst b = {
		.hdr = &hdr,
		.buf = call->voided ? NULL : call->buf,
		.len = rmp_call_len(call),
		.frag_size = call->frag_size,
		.nfrags = call->nfrags,
		.max = max,
		.skip = skip,
		.flags = call->voided ? RMP_F_VOID : 0,
		.want_ack = want_ack,
	};

	if (rmp_call_mute(r->p, call)) {
		call->sent_ns = r->now;
		rmp_send_nack(r, call);
		return 0;
	}
	rmp_out_header(r, &hdr, RMP_T_REQ);
	hdr.msg = cpu_to_be64(call->msg);
	hdr.back = cpu_to_be16((u16)(call->msg - r->p->req.una));
	hdr.volume = cpu_to_be64(call->volume);
	hdr.epoch = cpu_to_be32(call->epoch);
	hdr.port = cpu_to_be16(call->port);
	memcpy(hdr.head, call->head, RMP_HEAD_LEN);
	call->sent_ns = r->now;
	call->skips = 0;
	return rmp_out_frags(r, &b);
}

/* Repeats nothing but the last fragment, which makes the responder answer. */
static u16 rmp_call_probe(struct rmp_run *r, struct rmp_call *call)
{
	u64 skip[RMP_FRAGS_MAX / 64] = { ~0ULL, ~0ULL };
	u16 last = call->nfrags - 1;

	skip[last >> 6] &= ~(1ULL << (last & 63));
	return rmp_call_send(r, call, skip, 1, true);
}

static u16 rmp_call_missing(const struct rmp_call *call)
{
	return call->nfrags - rmp_bitmap_count(call->acked, call->nfrags);
}

/* Repeats what the call needs to go on: see the table in docs/rmap-protocol.md. */
static void rmp_call_repeat(struct rmp_run *r, struct rmp_call *call)
{
	struct rmp_peer *p = r->p;
	u16 n;

	if (call->frag_size > p->ses.frag_size) {
		call->frag_size = p->ses.frag_size;
		call->nfrags = rmp_frag_count(rmp_call_len(call), call->frag_size);
		memset(call->acked, 0, sizeof(call->acked));
	}
	if (call->reply.got) {
		rmp_send_nack(r, call);
	} else {
		if (call->state == RMP_CALL_PENDING || !rmp_call_missing(call))
			n = rmp_call_probe(r, call);
		else
			n = rmp_call_send(r, call, call->acked, RMP_BURST, true);
		p->stat[RMP_S_RETRANS] += n;
	}
	rmp_call_wait(r, call);
}

static void rmp_call_timeout(struct rmp_run *r, struct rmp_call *call)
{
	if (call->tries < RMP_TRIES_MAX)
		call->tries++;
	rmp_count(r, RMP_S_TIMEOUTS);
	r->p->req.delay.probe = RMP_PROBE_RTT_NOT;
	/* A silent responder does not keep others from being asked; a slow one can. */
	rmp_call_unreserve(r, call);
	if (call->state == RMP_CALL_SENT && !rmp_call_mute(r->p, call))
		rmp_cwnd_timeout(r->p, call->msg, r->now);
	rmp_call_repeat(r, call);
	if (call->tries > RMP_TRIES_PATH && !rmp_call_mute(r->p, call))
		rmp_path_renew(r);
}

static void rmp_call_start(struct rmp_run *r, struct rmp_call *call)
{
	struct rmp_peer *p = r->p;

	MX_ASSERT(!p->req.call[p->req.next_msg % RMP_WINDOW]);
	call->msg = p->req.next_msg++;
	p->req.call[call->msg % RMP_WINDOW] = call;
	p->req.inflight += call->cost;
	rmp_delay_sent(p, call);
	rmp_pace_sent(r, call->cost);
	p->req.idle_due = RMP_NEVER;
	call->state = RMP_CALL_SENT;
	call->frag_size = p->ses.frag_size;
	call->nfrags = rmp_frag_count(call->len, call->frag_size);
	call->tries = 0;
	call->fast = false;
	memset(call->acked, 0, sizeof(call->acked));
	call->first_ns = r->now;
	call->nack_ns = 0;
	call->most = 0;
	rmp_call_send(r, call, NULL, RMP_FRAGS_MAX, false);
	rmp_call_wait(r, call);
	rmp_path_traffic(r);
}

static bool rmp_call_may_start(struct rmp_run *r, const struct rmp_call *call)
{
	const struct rmp_peer *p = r->p;

	if (p->req.next_msg - p->req.una >= RMP_WINDOW)
		return false;
	/* A single call is always sent: a small credit must not stop everything. */
	if (!p->req.inflight)
		return true;
	return p->req.inflight + call->cost <=
	       min_t(u32, rmp_delay_window(p), p->req.credit) && rmp_pace_may(r);
}

/* Return: whether all that was under way when the session opened goes on. */
static bool rmp_requester_redo(struct rmp_run *r)
{
	struct rmp_requester *q = &r->p->req;
	struct rmp_call *call;

	for (; q->redo_msg < q->next_msg; q->redo_msg++) {
		call = q->call[q->redo_msg % RMP_WINDOW];
		if (!call || call->msg != q->redo_msg)
			continue;
		if (rmp_run_full(r))
			return false;
		rmp_call_repeat(r, call);
	}
	q->redo_msg = RMP_NEVER;
	return true;
}

void rmp_requester_start(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	struct rmp_call *call;

	if (p->ses.state != RMP_PEER_UP || !rmp_requester_redo(r))
		return;
	while ((call = rmp_flow_next(p))) {
		u16 pages = rmp_pages(call->max_reply);

		if (!rmp_call_may_start(r, call) || rmp_run_full(r) ||
		    (pages && !r->sink->reserve(r->sink, pages)))
			return;
		call->asked = pages;
		rmp_flow_take(p, call);
		rmp_call_start(r, call);
	}
}

/*
 * @done, which has a higher id, was answered. If it was sent after something
 * was last asked for @call, as others answered by now were, then frames of
 * @call are probably lost. Return: whether more of it was asked for.
 */
static bool rmp_fast_one(struct rmp_run *r, struct rmp_call *call,
			 const struct rmp_call *done)
{
	struct rmp_rtt *rtt = &r->p->req.rtt;
	u64 asked_ns = max(call->sent_ns, call->nack_ns);

	if (call->state != RMP_CALL_SENT || done->first_ns < asked_ns)
		return false;
	if (call->skips < RMP_SKIPS) {
		call->skips++;
		return false;
	}
	if (div64_u64(r->now - asked_ns, 1000) <
	    (u64)rtt->srtt_us + 2 * rtt->rttvar_us)
		return false;
	call->fast = true;
	rmp_count(r, RMP_S_FAST_RETRANS);
	if (call->reply.got)
		rmp_send_nack(r, call);
	else
		r->p->stat[RMP_S_RETRANS] += rmp_call_probe(r, call);
	rmp_call_wait(r, call);
	return true;
}

/*
 * Do not sit out the time-out of calls that others have overtaken: its floor is
 * many round trips long, and meanwhile the window fills with what is lost. No
 * call is looked at as long as they are answered in order. A burst that just
 * overflowed a queue must not come again whole.
 */
static void rmp_fast_retrans(struct rmp_run *r, const struct rmp_call *done)
{
	struct rmp_call *call;
	u16 n = 0;
	u64 msg;

	for (msg = r->p->req.una; msg < done->msg && n < RMP_BURST; msg++) {
		call = r->p->req.call[msg % RMP_WINDOW];
		if (call && rmp_fast_one(r, call, done))
			n++;
	}
}

static void rmp_call_answered(struct rmp_run *r, struct rmp_call *call,
			      const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;

	if (call->state == RMP_CALL_SENT) {
		/* The time of a pending call is the service's, not the path's. */
		u32 us = rmp_rtt_sample(&p->req.rtt, r->now, info->echo);

		if (us && !call->voided)
			rmp_delay_sample(r, call, us);
		if (call->fast)
			rmp_cwnd_cut(p, call->msg);
	}
	p->req.latency[rmp_lat_bucket(r->now - call->first_ns)]++;
	if (rmp_cwnd_undo(p, call->msg, info->echo))
		rmp_count(r, RMP_S_SPURIOUS);
	rmp_cwnd_grow(p, call->cost);
	rmp_call_close(r, call);
	rmp_fast_retrans(r, call);
	rmp_call_end(r, call, 0);
}

/* Long enough for frames that were only reordered to arrive. */
static bool rmp_rtt_half_over(struct rmp_run *r, u64 since)
{
	return r->now - since >= (u64)r->p->req.rtt.srtt_us * 1000 / 2;
}

/* Starts the reply, or starts it over if this fragment says otherwise. */
static void rmp_reply_prepare(struct rmp_run *r, struct rmp_call *call,
			      const struct rmp_info *info)
{
	struct rmp_asm *a = &call->reply;
	bool same = a->len == info->msg_len &&
		    !memcmp(call->rhead, info->head, RMP_HEAD_LEN);

	if (a->got && same && rmp_asm_fits(a, info))
		return;
	if (a->got && !same)
		rmp_count(r, RMP_S_RX_BAD);
	rmp_asm_free(r, a);
	rmp_asm_start(a, info);
	memcpy(call->rhead, info->head, RMP_HEAD_LEN);
}

static void rmp_reply_add(struct rmp_run *r, struct rmp_call *call,
			  struct rmp_frame *f)
{
	struct rmp_asm *a = &call->reply;

	rmp_reply_prepare(r, call, &f->info);
	if (!rmp_asm_add(r, a, f))
		return;
	if (a->got == a->nfrags) {
		rmp_call_answered(r, call, &f->info);
		return;
	}
	/*
	 * The reply is arriving, between the replies to other calls. But one that
	 * starts over again and again is not.
	 */
	if ((u32)a->got * a->frag_size > call->most) {
		call->most = (u32)a->got * a->frag_size;
		call->skips = 0;
		call->tries = 0;
		rmp_call_wait(r, call);
	}
	if (f->info.frag_no == a->nfrags - 1 &&
	    (!call->nack_ns || rmp_rtt_half_over(r, call->nack_ns))) {
		rmp_cwnd_cut(r->p, call->msg);
		rmp_send_nack(r, call);
	}
}

/* The responder has not executed the call, and never will. */
static void rmp_rep_void(struct rmp_run *r, struct rmp_call *call)
{
	if (!call->voided) {
		rmp_count(r, RMP_S_RX_BAD);
		return;
	}
	rmp_call_close(r, call);
	rmp_call_end(r, call, -ECANCELED);
}

/* A fragment of a reply. */
void rmp_requester_rep(struct rmp_run *r, struct rmp_frame *f)
{
	struct rmp_call *call = rmp_call_find(r, &f->info);

	r->p->req.credit = f->info.credit;
	if (call && f->info.flags & RMP_F_VOID) {
		rmp_rep_void(r, call);
	} else if (call && f->info.msg_len > call->max_reply) {
		rmp_call_close(r, call);
		rmp_call_end(r, call, -EMSGSIZE);
	} else if (call) {
		rmp_reply_add(r, call, f);
	}
	rmp_requester_start(r);
}

/* Takes over which request fragments have arrived, and fills the holes. */
static void rmp_ack_bitmap(struct rmp_run *r, struct rmp_call *call,
			   const struct rmp_info *info)
{
	u16 before = rmp_call_missing(call);

	/* It is about a payload that will not be sent any more. */
	if (call->voided) {
		call->state = RMP_CALL_SENT;
		rmp_call_wait(r, call);
		return;
	}
	/*
	 * The newest word counts even if it takes bits back: a responder may
	 * have had to start over.
	 */
	rmp_bitmap_get(info->head, call->acked);
	call->state = RMP_CALL_SENT;
	if (rmp_call_missing(call) < before)
		call->tries = 0;
	if (rmp_call_missing(call) && rmp_rtt_half_over(r, call->sent_ns)) {
		rmp_cwnd_cut(r->p, call->msg);
		r->p->stat[RMP_S_RETRANS] +=
			rmp_call_send(r, call, call->acked, RMP_ACK_BURST, true);
	}
	rmp_call_wait(r, call);
}

/* The responder tells which fragments of a request it has. */
void rmp_requester_ack(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_call *call = rmp_call_find(r, info);

	r->p->req.credit = info->credit;
	if (call && !call->reply.got) {
		if (info->flags & RMP_F_PENDING) {
			call->state = RMP_CALL_PENDING;
			call->tries = min_t(u8, call->tries, RMP_TRIES_PATH - 1);
			rmp_call_wait(r, call);
		} else if (info->frag_size == call->frag_size) {
			rmp_ack_bitmap(r, call, info);
		}
	}
	rmp_requester_start(r);
}

/*
 * A session has opened: what was under way goes on, once the caller starts what
 * waits. @forgotten: the responder does not know of it any more, so neither
 * acknowledgements nor parts of replies from before count.
 */
void rmp_requester_up(struct rmp_run *r, bool forgotten)
{
	struct rmp_peer *p = r->p;
	struct rmp_call *call;
	u64 msg;

	if (forgotten)
		p->req.shared_ns = r->now;
	for (msg = p->req.una; msg < p->req.next_msg; msg++) {
		call = p->req.call[msg % RMP_WINDOW];
		if (!call)
			continue;
		if (forgotten) {
			memset(call->acked, 0, sizeof(call->acked));
			rmp_asm_free(r, &call->reply);
			call->most = 0;
			call->state = RMP_CALL_SENT;
			call->doubt = true;
		}
		call->tries = 0;
		rmp_call_wait(r, call);
	}
	p->req.redo_msg = p->req.una;
}

/*
 * Frames have become smaller, which may be what calls were waiting for: they
 * need not sit out the back-off.
 */
void rmp_requester_narrowed(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	struct rmp_call *call;
	u64 msg;

	for (msg = p->req.una; msg < p->req.next_msg; msg++) {
		call = p->req.call[msg % RMP_WINDOW];
		if (!call || !call->tries)
			continue;
		call->tries = 0;
		rmp_call_wait(r, call);
	}
}

/* Without a session nothing comes, however long that lasts. */
void rmp_requester_down(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	u64 msg;

	for (msg = p->req.una; msg < p->req.next_msg; msg++)
		if (p->req.call[msg % RMP_WINDOW])
			rmp_call_unreserve(r, p->req.call[msg % RMP_WINDOW]);
}

void rmp_requester_fail(struct rmp_run *r, int status)
{
	struct rmp_peer *p = r->p;
	struct rmp_call *call;

	while (p->req.una < p->req.next_msg) {
		call = p->req.call[p->req.una % RMP_WINDOW];
		rmp_call_close(r, call);
		rmp_call_end(r, call, status);
	}
	while ((call = rmp_flow_any(p))) {
		rmp_flow_remove(p, call);
		rmp_call_end(r, call, status);
	}
	p->req.idle_due = RMP_NEVER;
}

/*
 * "Nothing below is open": lets the responder drop the replies it keeps. The id
 * is one that no request has yet; but if the window is full, so that this one
 * could not say how far back the lowest is, then the last, and "have it all".
 */
void rmp_requester_idle(struct rmp_run *r)
{
	u64 all[RMP_FRAGS_MAX / 64] = { ~0ULL, ~0ULL };
	struct rmp_peer *p = r->p;
	u64 msg = min(p->req.next_msg, p->req.una + RMP_WINDOW - 1);
	struct rmp_hdr hdr;

	rmp_out_header(r, &hdr, RMP_T_ACK);
	hdr.flags = RMP_F_REPLY;
	hdr.msg = cpu_to_be64(msg);
	hdr.back = cpu_to_be16((u16)(msg - p->req.una));
	if (msg != p->req.next_msg)
		rmp_bitmap_put(hdr.head, all);
	hdr.frag_size = cpu_to_be16(p->ses.frag_size);
	rmp_out_plain(r, &hdr, 0);
}

static void rmp_idle_timer(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->req.idle_due == RMP_NEVER)
		return;
	if (r->now < p->req.idle_due) {
		rmp_arm(r, p->req.idle_due);
		return;
	}
	rmp_requester_idle(r);
	p->req.idle_due = RMP_NEVER;
	if (--p->req.idle_left) {
		p->req.idle_due = r->now + RMP_IDLE_AGAIN_NS;
		rmp_arm(r, p->req.idle_due);
	}
}

/*
 * If many calls are due together it is likely that we or the responder did not
 * run for a while: see first what becomes of a few.
 */
static void rmp_call_postpone(struct rmp_run *r, struct rmp_call *call)
{
	call->due_ns = r->now + rmp_rtt_wait_ns(&r->p->req.rtt, 0, RMP_RTO_LOST_US,
						RMP_RTO_MAX_US);
	rmp_arm(r, call->due_ns);
}

void rmp_requester_timer(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	struct rmp_call *call;
	u16 n = 0;
	u64 msg;

	for (msg = p->req.una; msg < p->req.next_msg; msg++) {
		call = p->req.call[msg % RMP_WINDOW];
		if (!call)
			continue;
		if (call->due_ns > r->now)
			rmp_arm(r, call->due_ns);
		else if (n++ < RMP_TIMEOUTS)
			rmp_call_timeout(r, call);
		else
			rmp_call_postpone(r, call);
	}
	rmp_idle_timer(r);
}

u32 rmp_peer_cancel(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink)
{
	struct rmp_run r = { .p = peer, .sink = sink, .now = now_ns };

	switch (call->state) {
	case RMP_CALL_WAITING:
		rmp_flow_remove(peer, call);
		break;
	case RMP_CALL_SENT:
	case RMP_CALL_PENDING:
		rmp_call_close(&r, call);
		break;
	default:
		return 0;
	}
	rmp_call_end(&r, call, -ECANCELED);
	rmp_requester_start(&r);
	return r.ev;
}

/* The id stays open, as a call of one page without payload. */
static void rmp_call_void(struct rmp_run *r, struct rmp_call *call)
{
	MX_ASSERT(r->p->req.inflight >= call->cost);
	r->p->req.inflight -= call->cost - 1;
	call->cost = 1;
	call->voided = true;
	call->nfrags = 1;
	memset(call->acked, 0, sizeof(call->acked));
	call->tries = 0;
	rmp_call_unreserve(r, call);
	rmp_count(r, RMP_S_REVOKED);
	if (r->p->ses.state == RMP_PEER_UP)
		rmp_call_repeat(r, call);
}

u32 rmp_peer_revoke(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink)
{
	struct rmp_run r = { .p = peer, .sink = sink, .now = now_ns };

	switch (call->state) {
	case RMP_CALL_WAITING:
		rmp_flow_remove(peer, call);
		rmp_call_end(&r, call, -ECANCELED);
		break;
	case RMP_CALL_SENT:
	case RMP_CALL_PENDING:
		if (call->voided)
			return 0;
		rmp_call_void(&r, call);
		break;
	default:
		return 0;
	}
	rmp_requester_start(&r);
	return r.ev;
}
