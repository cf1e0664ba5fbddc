// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_requester.c: windows, repetition, replies, cancellation
 * and the timers.
 */
#include "rmp_rig.h"

static void rmp_call_start__header(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 4096, 0);
	const struct rmp_info *info = &rig->sent[0].info;

	assert_int_equal(rig->nsent, 3);
	assert_int_equal(info->type, RMP_T_REQ);
	assert_int_equal(info->msg, rig->p->ses.birth);
	assert_int_equal(info->back, 0);
	assert_int_equal(info->flags, 0);
	assert_int_equal(info->peer_inc, RIG_INC);
	assert_int_equal(info->volume, 0x77);
	assert_int_equal(info->epoch, 5);
	assert_int_equal(info->port, 9);
	assert_int_equal(info->msg_len, 4096);
	assert_int_equal(info->stamp, rig_stamp(rig));
	assert_int_equal(info->head[31], 0xab);
	assert_int_equal(rig->sent[1].off, 1376);
	rig_rep(rig, call->msg, 0, 1376, 0);
	assert_int_equal(rig->ndone, 1);
	assert_int_equal(call->status, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_call_may_start__credit_and_cwnd(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call[4];
	int i;

	rig->p->req.credit = 2;
	for (i = 0; i < 3; i++)
		call[i] = rig_call(rig, 0, RMP_PAGE);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(call[2]->state, RMP_CALL_WAITING);
	rig->p->req.credit = 1000;
	rig->p->req.cwnd = 3;
	call[3] = rig_call(rig, 0, 2 * RMP_PAGE);
	assert_int_equal(call[2]->state, RMP_CALL_SENT);
	assert_int_equal(call[3]->state, RMP_CALL_WAITING);
	assert_int_equal(rig->p->req.inflight, 3);
	/* The done of one makes room for the next. */
	rig_rep(rig, call[0]->msg, 0, 8192, 0);
	assert_int_equal(call[3]->state, RMP_CALL_SENT);
	for (i = 1; i < 4; i++)
		rig_rep(rig, call[i]->msg, 0, 8192, 0);
	assert_int_equal(rig->ndone, 4);
	assert_int_equal(rig->p->req.inflight, 0);
	for (i = 0; i < 4; i++)
		rig_call_free(rig, call[i]);
	rig_free(rig);
}

static void rmp_call_may_start__one_may_always_go(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call[2];

	rig->p->req.credit = 0;
	call[0] = rig_call(rig, RMP_MSG_MAX, 0);
	call[1] = rig_call(rig, 0, 0);
	assert_int_equal(rig->nsent, 96);
	assert_int_equal(call[1]->state, RMP_CALL_WAITING);
	rmp_peer_cancel(rig->p, call[0], rig->now, &rig->sink);
	assert_int_equal(call[1]->state, RMP_CALL_SENT);
	rmp_peer_cancel(rig->p, call[1], rig->now, &rig->sink);
	rig_call_free(rig, call[0]);
	rig_call_free(rig, call[1]);
	rig_free(rig);
}

static void rmp_call_may_start__window_of_ids(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call[RMP_WINDOW + 1];
	int i;

	rig->p->req.cwnd = 1000;
	for (i = 0; i <= RMP_WINDOW; i++)
		call[i] = rig_call(rig, 0, 0);
	assert_int_equal(rig->nsent, RMP_WINDOW);
	assert_int_equal(rig_last(rig)->back, RMP_WINDOW - 1);
	/* An answer in the middle leaves the oldest open. */
	rig_rep(rig, call[5]->msg, 0, 8192, 0);
	assert_int_equal(call[RMP_WINDOW]->state, RMP_CALL_WAITING);
	rig_rep(rig, call[0]->msg, 0, 8192, 0);
	assert_int_equal(call[RMP_WINDOW]->state, RMP_CALL_SENT);
	assert_int_equal(call[RMP_WINDOW]->msg, call[0]->msg + RMP_WINDOW);
	/* A late reply to the former holder of the place is not the new one's. */
	rig_rep(rig, call[0]->msg, 0, 8192, 0);
	assert_int_equal(call[RMP_WINDOW]->state, RMP_CALL_SENT);
	assert_int_equal(rig->p->stat[RMP_S_RX_OLD], 1);
	rig_rep(rig, call[0]->msg + 1000, 0, 8192, 0);
	assert_int_equal(rig->p->stat[RMP_S_RX_BAD], 1);
	rmp_peer_close(rig->p, rig->now, &rig->sink);
	for (i = 0; i <= RMP_WINDOW; i++)
		rig_call_free(rig, call[i]);
	rig_free(rig);
}

static void rmp_call_timeout__backs_off(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 100, 0);
	u64 start = rig->now;
	u32 rto = rig->p->req.rtt.rto_us;

	rig_until_sent(rig);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->msg, call->msg);
	assert_int_equal(rig_last(rig)->flags, RMP_F_WANT_ACK);
	assert_int_equal(rig->now - start, (u64)rto * 1000);
	assert_int_equal(rig->p->req.cwnd, RMP_CWND_INIT / 2);
	start = rig->now;
	rig_until_sent(rig);
	assert_int_equal(rig->now - start, 2ULL * rto * 1000);
	assert_int_equal(rig->p->stat[RMP_S_TIMEOUTS], 2);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_call_timeout__few_of_many_fragments(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, RMP_MSG_MAX, 0);

	rig_until_sent(rig);
	assert_int_equal(rig->nsent, RMP_BURST);
	assert_int_equal(rig->sent[0].info.flags, 0);
	assert_int_equal(rig_last(rig)->flags, RMP_F_WANT_ACK);
	assert_int_equal(rig_last(rig)->frag_no, RMP_BURST - 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static struct rmp_frame req_ack(const struct rmp_call *call, u8 flags, u64 have)
{
	struct rmp_frame f = rig_frame(RMP_T_ACK);
	u64 map[2] = { have, 0 };

	f.info.flags = flags;
	f.info.msg = call->msg;
	f.info.frag_size = call->frag_size;
	rmp_bitmap_put(f.info.head, map);
	return f;
}

static void rmp_requester_ack__fills_holes_once(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call;

	rig->p->req.rtt.srtt_us = 1000;
	call = rig_call(rig, 8192, 0);
	rig_forget(rig);
	/* Too early: the rest may only have been overtaken. */
	rig->now += 100000;
	rig_rx(rig, req_ack(call, 0, 0x21));
	assert_int_equal(rig->nsent, 0);
	rig->now += 500000;
	rig_rx(rig, req_ack(call, 0, 0x21));
	assert_int_equal(rig->nsent, 4);
	assert_int_equal(rig->sent[0].info.frag_no, 1);
	assert_int_equal(rig_last(rig)->frag_no, 4);
	assert_int_equal(rig_last(rig)->flags, RMP_F_WANT_ACK);
	rig_rx(rig, req_ack(call, 0, 0x23));
	assert_int_equal(rig->nsent, 4);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_requester_ack__pending_is_probed(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);
	u32 cwnd = rig->p->req.cwnd, srtt = rig->p->req.rtt.srtt_us;
	struct rmp_frame f;
	int i;

	rig_rx(rig, req_ack(call, RMP_F_PENDING, 0x3f));
	assert_int_equal(call->state, RMP_CALL_PENDING);
	for (i = 0; i < 20; i++) {
		rig_until_sent(rig);
		assert_int_equal(rig->nsent, 1);
		assert_int_equal(rig_last(rig)->frag_no, 5);
		assert_int_equal(rig_last(rig)->flags, RMP_F_WANT_ACK);
		rig_rx(rig, req_ack(call, RMP_F_PENDING, 0x3f));
	}
	/* Waiting for the service says nothing about the path. */
	assert_int_equal(rig->p->req.cwnd, cwnd);
	f = rig_fragment(RMP_T_REP, call->msg, 0, 1376, 0);
	f.info.echo = rig_stamp(rig) - 50;
	rig_rx(rig, f);
	assert_int_equal(rig->p->req.rtt.srtt_us, srtt);
	assert_int_equal(call->status, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_requester_rep__hole_is_asked_for_at_once(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call;
	u64 have[2];

	rig->p->req.rtt.srtt_us = 1000;
	call = rig_call(rig, 0, 8192);
	rig_forget(rig);
	rig_rep(rig, call->msg, 8192, 1376, 0);
	rig_rep(rig, call->msg, 8192, 1376, 5);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	assert_int_equal(rig_last(rig)->flags, RMP_F_REPLY);
	assert_int_equal(rig_last(rig)->back, 0);
	rmp_bitmap_get(rig_last(rig)->head, have);
	assert_int_equal(have[0], 0x21);
	/* Then again by the timer only. */
	rig_rep(rig, call->msg, 8192, 1376, 5);
	assert_int_equal(rig->nsent, 1);
	rig_until_sent(rig);
	assert_int_equal(rig_last(rig)->flags, RMP_F_REPLY);
	rig_rep(rig, call->msg, 8192, 1376, 1);
	rig_rep(rig, call->msg, 8192, 1376, 2);
	rig_rep(rig, call->msg, 8192, 1376, 3);
	assert_int_equal(rig->ndone, 0);
	assert_true(rig_rep(rig, call->msg, 8192, 1376, 4) & RMP_EV_KEPT);
	assert_int_equal(rig->ndone, 1);
	assert_int_equal(rig->pkts, 6);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_requester_rep__too_long(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 0, 4096);

	assert_false(rig_rep(rig, call->msg, 4097, 1376, 0) & RMP_EV_KEPT);
	assert_int_equal(call->status, -EMSGSIZE);
	assert_int_equal(rig->p->req.una, rig->p->req.next_msg);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_requester_rep__other_size_starts_over(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call = rig_call(rig, 0, 8192);
	struct rmp_frame f;

	rig_rep(rig, call->msg, 8192, 4096, 0);
	rig_rep(rig, call->msg, 8192, 2048, 0);
	assert_int_equal(rig->pkts, 1);
	f = rig_fragment(RMP_T_REP, call->msg, 8192, 2048, 1);
	f.info.head[0] = 1;
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_BAD], 1);
	assert_int_equal(rig->pkts, 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(rig->pkts, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

/*
 * Found by seed 16636: a part of a reply from before the responder had forgotten
 * the session came late. From then on only the rest of the reply was asked for,
 * of a responder that had never seen the request.
 */
static void rmp_requester_rep__from_before_it_forgot(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 0, 4096);
	struct rmp_frame rep = rig_fragment(RMP_T_REP, call->msg, 4096, 1376, 1);
	struct rmp_frame ack = rig_frame(RMP_T_ACK);
	struct rmp_frame hello = rig_frame(RMP_T_HELLO);

	rep.info.echo = rig_stamp(rig);
	ack.info.msg = call->msg;
	ack.info.flags = RMP_F_PENDING;
	ack.info.echo = rig_stamp(rig);
	rig->now += RMP_MS(5);
	hello.info.volume = RIG_ID + 100;
	hello.info.msg = RIG_ID + 100;
	rig_forget(rig);
	rig_rx(rig, hello);
	assert_int_equal(rig->p->stat[RMP_S_FORGOTTEN], 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_REQ);
	rig->now += RMP_MS(1);
	assert_false(rig_rx(rig, rep) & RMP_EV_KEPT);
	rig_rx(rig, ack);
	assert_int_equal(call->state, RMP_CALL_SENT);
	assert_int_equal(call->reply.got, 0);
	assert_int_equal(rig->p->stat[RMP_S_RX_OLD], 2);
	/* What answers the copy that was sent since counts. */
	rep.info.echo = rig_stamp(rig) - 1000;
	assert_true(rig_rx(rig, rep) & RMP_EV_KEPT);
	/* So does an answer after stamps have come round. */
	rig->now += (1ULL << 32) * 1000 + RMP_MS(10);
	rep = rig_fragment(RMP_T_REP, call->msg, 4096, 1376, 2);
	rep.info.echo = rig_stamp(rig) - 5000;
	assert_true(rig_rx(rig, rep) & RMP_EV_KEPT);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_call__too_long(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, RMP_MSG_MAX + 1, 0);

	assert_int_equal(call->status, -EMSGSIZE);
	assert_int_equal(rig->nsent, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_cancel__in_each_state(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 10, 0);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(call->status, -ECANCELED);
	assert_int_equal(rig->ndone, 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(rig->ndone, 1);
	rig_rx(rig, f);
	rmp_peer_call(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(call->state, RMP_CALL_SENT);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(rig->ndone, 2);
	assert_int_equal(rig->p->req.una, rig->p->req.next_msg);
	/* Its id is used up: the next call has another. */
	rmp_peer_call(rig->p, call, rig->now, &rig->sink);
	assert_int_equal(call->msg, rig->p->ses.birth + 1);
	rig_rep(rig, call->msg - 1, 0, 1376, 0);
	assert_int_equal(rig->ndone, 2);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_idle_timer__tells_twice(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 10, 0);
	u64 start = rig->now;
	int i;

	rig_rep(rig, call->msg, 0, 1376, 0);
	for (i = 0; i < 2; i++) {
		rig_until_sent(rig);
		assert_int_equal(rig->nsent, 1);
		assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
		assert_int_equal(rig_last(rig)->flags, RMP_F_REPLY);
		assert_int_equal(rig_last(rig)->msg, rig->p->req.next_msg);
		assert_int_equal(rig_last(rig)->back, 0);
		if (!i)
			assert_int_equal(rig->now - start, RMP_IDLE_NS);
	}
	rig_forget(rig);
	while (rmp_peer_deadline(rig->p) != RMP_NEVER)
		rig_timer(rig);
	assert_int_equal(rig->nsent, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_fast_retrans__oldest_is_overtaken(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call[6];
	u32 cwnd;
	int i;

	rig->p->req.rtt.srtt_us = 100;
	rig->p->req.rtt.rttvar_us = 10;
	rig->p->req.rtt.rto_us = RMP_RTO_MIN_US;
	for (i = 0; i < 6; i++)
		call[i] = rig_call(rig, 10, 0);
	rig_forget(rig);
	rig->now += 200000;
	for (i = 1; i < 4; i++)
		rig_rep(rig, call[i]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 0);
	rig_rep(rig, call[4]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->msg, call[0]->msg);
	/* Only an answer without "pending" before shows that it was a loss. */
	cwnd = rig->p->req.cwnd;
	rig_rep(rig, call[0]->msg, 0, 1376, 0);
	assert_true(rig->p->req.cwnd < cwnd);
	rmp_peer_cancel(rig->p, call[5], rig->now, &rig->sink);
	for (i = 0; i < 6; i++)
		rig_call_free(rig, call[i]);
	rig_free(rig);
}

static void rmp_call_repeat__path_became_narrow(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call = rig_call(rig, 8192, 0);

	assert_int_equal(call->nfrags, 1);
	rmp_peer_set_mtu(rig->p, 1500, rig->now, &rig->sink);
	/* HELLO comes first, then the call in smaller pieces. */
	do {
		rig_until_sent(rig);
	} while (rig_last(rig)->type != RMP_T_REQ);
	assert_true(rig->nsent >= 6);
	assert_int_equal(rig->sent[rig->nsent - 6].info.frag_no, 0);
	assert_int_equal(rig->sent[rig->nsent - 6].info.frag_size, 1376);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_deadline__moves_nearer_with_event(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call;
	u64 due;

	while (rmp_peer_deadline(rig->p) != RMP_NEVER)
		rig_timer(rig);
	call = rig_call(rig, 10, 0);
	assert_true(rig->ev & RMP_EV_DEADLINE);
	due = rmp_peer_deadline(rig->p);
	assert_int_equal(due, call->due_ns);
	rig_rep(rig, call->msg, 0, 1376, 0);
	/* Early is fine: the timer then makes it exact, and sends nothing. */
	assert_int_equal(rmp_peer_deadline(rig->p), due);
	rig_forget(rig);
	rig_timer(rig);
	assert_int_equal(rig->nsent, 0);
	assert_int_equal(rmp_peer_deadline(rig->p), rig->p->req.idle_due);
	rig_call_free(rig, call);
	rig_free(rig);
}

/* Six calls of a reply of three fragments, in a session with known times. */
static struct rig *rig_six(struct rmp_call **call, u32 max_reply)
{
	struct rig *rig = rig_up(1500);
	int i;

	rig->p->req.rtt.srtt_us = 100;
	rig->p->req.rtt.rttvar_us = 10;
	rig->p->req.rtt.rto_us = RMP_RTO_MIN_US;
	for (i = 0; i < 6; i++)
		call[i] = rig_call(rig, 10, max_reply);
	rig_forget(rig);
	rig->now += 200000;
	return rig;
}

static void rig_six_free(struct rig *rig, struct rmp_call **call)
{
	int i;

	for (i = 0; i < 6; i++) {
		rmp_peer_cancel(rig->p, call[i], rig->now, &rig->sink);
		rig_call_free(rig, call[i]);
	}
	rig_free(rig);
}

static void rmp_fast_retrans__all_that_are_overtaken(void **state)
{
	struct rmp_call *call[6];
	struct rig *rig = rig_six(call, 0);
	int i;

	for (i = 2; i < 6; i++)
		rig_rep(rig, call[i]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig->sent[0].info.msg, call[0]->msg);
	assert_int_equal(rig->sent[1].info.msg, call[1]->msg);
	assert_int_equal(rig->p->stat[RMP_S_FAST_RETRANS], 2);
	rig_six_free(rig, call);
}

static void rmp_fast_retrans__end_of_a_reply(void **state)
{
	struct rmp_call *call[6];
	struct rig *rig = rig_six(call, 4096);
	int i;

	rig_rep(rig, call[0]->msg, 4096, 1376, 0);
	rig_rep(rig, call[0]->msg, 4096, 1376, 1);
	for (i = 1; i < 5; i++)
		rig_rep(rig, call[i]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	assert_true(rig_last(rig)->flags & RMP_F_REPLY);
	assert_int_equal(rig_last(rig)->msg, call[0]->msg);
	/* Not again for one that was sent before this was asked. */
	rig->now += 200000;
	rig_rep(rig, call[5]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 1);
	rig_six_free(rig, call);
}

static void rmp_fast_retrans__not_while_the_reply_comes(void **state)
{
	struct rmp_call *call[6];
	struct rig *rig = rig_six(call, 4096);
	int i;

	for (i = 1; i < 4; i++)
		rig_rep(rig, call[i]->msg, 0, 1376, 0);
	rig_rep(rig, call[0]->msg, 4096, 1376, 0);
	rig_rep(rig, call[4]->msg, 0, 1376, 0);
	rig_rep(rig, call[5]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, 0);
	rig_six_free(rig, call);
}

static void rmp_call_wait__short_for_what_was_lost(void **state)
{
	struct rmp_call *call[6];
	struct rig *rig = rig_six(call, 0);
	int i;

	for (i = 1; i < 6; i++)
		rig_rep(rig, call[i]->msg, 0, 1376, 0);
	assert_int_equal(rig->p->stat[RMP_S_FAST_RETRANS], 1);
	assert_int_equal(call[0]->due_ns - rig->now, RMP_RTO_LOST_US * 1000);
	assert_int_equal(rmp_peer_deadline(rig->p), call[0]->due_ns);
	rig_timer(rig);
	assert_int_equal(call[0]->due_ns - rig->now, 2 * RMP_RTO_LOST_US * 1000);
	rig_six_free(rig, call);
}

static void rmp_requester_timer__few_time_out_together(void **state)
{
	struct rmp_call *call[6];
	struct rig *rig = rig_six(call, 0);
	int i;

	rig->now += RMP_MS(50);
	rmp_peer_timer(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->p->stat[RMP_S_TIMEOUTS], RMP_TIMEOUTS);
	assert_int_equal(rig->nsent, RMP_TIMEOUTS);
	assert_int_equal(call[5]->tries, 0);
	/* Answered after all: not repeated. */
	rig_rep(rig, call[4]->msg, 0, 1376, 0);
	for (i = 0; i < 5 && !call[5]->tries; i++)
		rig_timer(rig);
	assert_int_equal(rig->p->stat[RMP_S_TIMEOUTS], RMP_TIMEOUTS + 1);
	rig_six_free(rig, call);
}

static void rmp_fast_retrans__few_at_a_time(void **state)
{
	struct rmp_call *call[6], *more[20];
	struct rig *rig = rig_six(call, 0);
	int i;

	rig->p->req.cwnd = 64;
	for (i = 0; i < 20; i++)
		more[i] = rig_call(rig, 10, 0);
	rig_forget(rig);
	rig->now += 200000;
	for (i = 16; i < 20; i++)
		rig_rep(rig, more[i]->msg, 0, 1376, 0);
	assert_int_equal(rig->nsent, RMP_BURST);
	for (i = 0; i < 20; i++) {
		rmp_peer_cancel(rig->p, more[i], rig->now, &rig->sink);
		rig_call_free(rig, more[i]);
	}
	rig_six_free(rig, call);
}

static void revoke(struct rig *rig, struct rmp_call *call)
{
	rig_forget(rig);
	rig->ev = rmp_peer_revoke(rig->p, call, rig->now, &rig->sink);
}

static void rig_rep_void(struct rig *rig, const struct rmp_call *call)
{
	struct rmp_frame f = rig_fragment(RMP_T_REP, call->msg, 0, 1376, 0);

	f.info.flags = RMP_F_VOID;
	rig_rx(rig, f);
}

static void expect_void(struct rig *rig, const struct rmp_call *call, u8 flags)
{
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_REQ);
	assert_int_equal(rig_last(rig)->flags, RMP_F_VOID | flags);
	assert_int_equal(rig_last(rig)->msg, call->msg);
	assert_int_equal(rig_last(rig)->msg_len, 0);
	assert_int_equal(rig_last(rig)->plen, 0);
}

static void rmp_peer_revoke__waiting(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);

	revoke(rig, call);
	assert_int_equal(rig->ndone, 1);
	assert_int_equal(call->status, -ECANCELED);
	revoke(rig, call);
	assert_int_equal(rig->ndone, 1);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_revoke__sent(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call;

	rig->p->ses.features = RMP_FEAT_VOID;
	call = rig_call(rig, 32 * RMP_PAGE, RMP_PAGE);
	assert_int_equal(rig->asked, 1);
	revoke(rig, call);
	expect_void(rig, call, RMP_F_WANT_ACK);
	assert_int_equal(rig->ndone, 0);
	assert_int_equal(rig->asked, 0);
	assert_int_equal(rig->p->req.inflight, 1);
	revoke(rig, call);
	assert_int_equal(rig->nsent, 0);
	/* An ACK from before does not bring the payload back, nor does time. */
	rig->now += RMP_MS(1);
	rig_rx(rig, req_ack(call, 0, 0x5));
	rig_until_sent(rig);
	expect_void(rig, call, RMP_F_WANT_ACK);
	rig_rep_void(rig, call);
	assert_int_equal(call->status, -ECANCELED);
	assert_false(call->doubt);
	assert_int_equal(rig->p->req.una, rig->p->req.next_msg);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_revoke__makes_room(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call[2];

	rig->p->ses.features = RMP_FEAT_VOID;
	rig->p->req.credit = 2;
	call[0] = rig_call(rig, RMP_MSG_MAX, 0);
	call[1] = rig_call(rig, 0, RMP_PAGE);
	assert_int_equal(call[1]->state, RMP_CALL_WAITING);
	revoke(rig, call[0]);
	assert_int_equal(call[1]->state, RMP_CALL_SENT);
	rmp_peer_cancel(rig->p, call[1], rig->now, &rig->sink);
	rig_rep_void(rig, call[0]);
	rig_call_free(rig, call[0]);
	rig_call_free(rig, call[1]);
	rig_free(rig);
}

static void rmp_peer_revoke__was_executed(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call[2];

	rig->p->ses.features = RMP_FEAT_VOID;
	call[0] = rig_call(rig, 100, 0);
	call[1] = rig_call(rig, 100, RMP_PAGE);
	rig_rx(rig, req_ack(call[0], RMP_F_PENDING, 1));
	revoke(rig, call[0]);
	expect_void(rig, call[0], RMP_F_WANT_ACK);
	rig_rep(rig, call[0]->msg, 0, 1376, 0);
	assert_int_equal(call[0]->status, 0);
	/* A part of the reply is here: the rest is asked for. */
	rig_rep(rig, call[1]->msg, RMP_PAGE, 1376, 1);
	revoke(rig, call[1]);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	rig_rep(rig, call[1]->msg, RMP_PAGE, 1376, 0);
	rig_rep(rig, call[1]->msg, RMP_PAGE, 1376, 2);
	assert_int_equal(call[1]->status, 0);
	assert_int_equal(call[1]->reply.len, RMP_PAGE);
	rig_call_free(rig, call[0]);
	rig_call_free(rig, call[1]);
	rig_free(rig);
}

static void rmp_peer_revoke__without_a_session(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_rx(rig, rig_frame(RMP_T_BYE));
	revoke(rig, call);
	assert_int_equal(rig->nsent + rig->ndone, 0);
	rig_until_sent(rig);
	rig_forget(rig);
	f.info.epoch = RMP_FEAT_VOID;
	rig_rx(rig, f);
	expect_void(rig, call, RMP_F_WANT_ACK);
	/* The responder has forgotten everything: nobody knows what was before. */
	f = rig_frame(RMP_T_HELLO);
	f.info.epoch = RMP_FEAT_VOID;
	f.info.volume = RIG_ID + 1;
	f.info.msg = RIG_ID + 1;
	rig_rx(rig, f);
	rig->now += RMP_MS(1);
	f = rig_fragment(RMP_T_REP, call->msg, 0, 1376, 0);
	f.info.flags = RMP_F_VOID;
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	assert_int_equal(call->status, -ECANCELED);
	assert_true(call->doubt);
	rig_call_free(rig, call);
	rig_free(rig);
}

/* Nothing that it would have to drop, and nothing that costs window or path. */
static void rmp_peer_revoke__old_responder(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);
	u32 cwnd = rig->p->req.cwnd;
	int i;

	revoke(rig, call);
	for (i = 0; i < 8; i++) {
		assert_int_equal(rig->nsent, 1);
		assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
		assert_int_equal(rig_last(rig)->flags, RMP_F_REPLY);
		rig_until_sent(rig);
	}
	rig_rx(rig, req_ack(call, 0, 0));
	assert_int_equal(rig->p->req.cwnd, cwnd);
	assert_int_equal(rig->p->ses.renew, RMP_RENEW_NONE);
	rig_rep(rig, call->msg, 0, 1376, 0);
	assert_int_equal(call->status, 0);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_rep_void__nobody_asked(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);

	rig_rep_void(rig, call);
	assert_int_equal(rig->p->stat[RMP_S_RX_BAD], 1);
	assert_int_equal(call->state, RMP_CALL_SENT);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_call_start__header),
		MXT(rmp_call_may_start__credit_and_cwnd),
		MXT(rmp_call_may_start__one_may_always_go),
		MXT(rmp_call_may_start__window_of_ids),
		MXT(rmp_call_timeout__backs_off),
		MXT(rmp_call_timeout__few_of_many_fragments),
		MXT(rmp_requester_ack__fills_holes_once),
		MXT(rmp_requester_ack__pending_is_probed),
		MXT(rmp_requester_rep__hole_is_asked_for_at_once),
		MXT(rmp_requester_rep__too_long),
		MXT(rmp_requester_rep__other_size_starts_over),
		MXT(rmp_requester_rep__from_before_it_forgot),
		MXT(rmp_peer_call__too_long),
		MXT(rmp_peer_cancel__in_each_state),
		MXT(rmp_peer_revoke__waiting),
		MXT(rmp_peer_revoke__sent),
		MXT(rmp_peer_revoke__makes_room),
		MXT(rmp_peer_revoke__was_executed),
		MXT(rmp_peer_revoke__without_a_session),
		MXT(rmp_peer_revoke__old_responder),
		MXT(rmp_rep_void__nobody_asked),
		MXT(rmp_idle_timer__tells_twice),
		MXT(rmp_fast_retrans__oldest_is_overtaken),
		MXT(rmp_fast_retrans__all_that_are_overtaken),
		MXT(rmp_requester_timer__few_time_out_together),
		MXT(rmp_fast_retrans__few_at_a_time),
		MXT(rmp_fast_retrans__end_of_a_reply),
		MXT(rmp_fast_retrans__not_while_the_reply_comes),
		MXT(rmp_call_wait__short_for_what_was_lost),
		MXT(rmp_call_repeat__path_became_narrow),
		MXT(rmp_peer_deadline__moves_nearer_with_event),
	};

	return MXT_RUN(tests);
}
