// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_requester.c: what a peer that means ill, or bad luck, can
 * make the requester hold or do at a time.
 */
#include "rmp_rig.h"

/* First fragments of one reply after another are no progress. */
static void rmp_reply_add__starting_over_is_no_progress(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 0, RMP_MSG_MAX);
	u64 end = rig->now + RMP_MS(3000);
	u8 which = 0;

	assert_true(rig->asked);
	while (rig->now < end && !rig->p->stat[RMP_S_TIMEOUTS]) {
		struct rmp_frame f = rig_fragment(RMP_T_REP, call->msg, 8192, 1376, 0);

		f.info.head[0] = which ^= 1;
		rig_rx(rig, f);
		rig->now += RMP_MS(5);
		rig->ev = rmp_peer_timer(rig->p, rig->now, &rig->sink);
	}
	assert_true(rig->p->stat[RMP_S_TIMEOUTS]);
	assert_int_equal(rig->asked, 0);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

/* A server that always gives a reason to wait keeps room for so long only. */
static void rmp_call_wait__room_has_a_longest_hold(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 0, RMP_MSG_MAX);
	struct rmp_frame f = rig_frame(RMP_T_ACK);
	u16 no;

	f.info.flags = RMP_F_PENDING;
	f.info.msg = call->msg;
	for (no = 0; no < 50; no++) {
		rig_rx(rig, f);
		rig->now += RMP_MS(15);
	}
	assert_true(rig->asked);
	for (; no < 80; no++) {
		rig_rep(rig, call->msg, RMP_MSG_MAX, 1376, no - 50);
		rig->now += RMP_MS(15);
	}
	assert_int_equal(rig->p->stat[RMP_S_TIMEOUTS], 0);
	assert_int_equal(rig->asked, 0);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

/*
 * What is decided on in one call of the engine is bounded, as its caller holds a lock
 * and remembers every frame; the timer carries on at once.
 */
static void rmp_requester_redo__in_parts(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_RESET);
	struct rmp_call *call[50];
	u32 i, sent = 0;
	u64 then;

	rig->p->req.cwnd = 1024;
	rig->p->req.credit = 1024;
	for (i = 0; i < 50; i++) {
		rig->now += RMP_MS(1);
		call[i] = rig_call(rig, 8 * RMP_PAGE, 0);
		rig_forget(rig);
	}
	rig->now += RMP_MS(1);
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	rig_forget(rig);
	then = rig->now;
	f = rig_frame(RMP_T_WELCOME);
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.state, RMP_PEER_UP);
	for (i = 0; i < 20; i++) {
		assert_true(rig->nsent <= RMP_PLAN_MAX);
		sent += rig->nsent;
		rig_forget(rig);
		if (rmp_peer_deadline(rig->p) > then)
			break;
		rig_timer(rig);
	}
	assert_int_equal(rig->now, then);
	assert_true(sent >= 50 * RMP_BURST);
	assert_int_equal(rig->p->stat[RMP_S_TIMEOUTS], 0);
	rmp_peer_close(rig->p, rig->now, &rig->sink);
	for (i = 0; i < 50; i++)
		rig_call_free(rig, call[i]);
	rig_free(rig);
}

static void rmp_requester_start__in_parts(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);
	struct rmp_call *call[120];
	u64 then = rig->now;
	u32 i;

	rig->p->req.cwnd = 1024;
	rig->p->req.ssthresh = 1024;
	for (i = 0; i < 120; i++)
		call[i] = rig_call(rig, 2 * 1152, 0);
	rig_forget(rig);
	f.info.frag_size = RMP_FRAG_MIN;
	rig_rx(rig, f);
	assert_in_range(rig->nsent, RMP_PLAN_FRAMES, RMP_PLAN_MAX);
	assert_int_equal(rmp_peer_deadline(rig->p), then);
	for (i = 0; i < 120; i++) {
		rmp_peer_cancel(rig->p, call[i], rig->now, &rig->sink);
		rig_call_free(rig, call[i]);
	}
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_reply_add__starting_over_is_no_progress),
		MXT(rmp_call_wait__room_has_a_longest_hold),
		MXT(rmp_requester_redo__in_parts),
		MXT(rmp_requester_start__in_parts),
	};

	return MXT_RUN(tests);
}
