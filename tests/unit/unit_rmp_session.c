// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_session.c: opening, sizes, incarnations, and what makes
 * a session end.
 */
#include "rmp_rig.h"

static void rmp_session_send_hello__sizes_and_backoff(void **state)
{
	static const u16 sizes[] = { 8880, 8880, 1376, 8880, 1032, 8880, 1376 };
	static const u32 gaps[] = { 100, 200, 400, 800, 1600, 2000 };
	struct rig *rig = rig_new(9000);
	struct rmp_call *call = rig_call(rig, 0, 0);
	u64 last = rig->now;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		rig_timer(rig);
		assert_int_equal(rig->now - last, RMP_MS(gaps[i]));
		last = rig->now;
	}
	for (i = 0; i < 100; i++)
		rig_timer(rig);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(rig->sent[i].pad, sizes[i]);
	/* It goes on with all sizes. */
	for (i = 90; i < 94; i++)
		assert_true(rig->sent[i].pad != rig->sent[i + 1].pad);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_session_timer__stops_when_unwanted(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 10, 0);

	assert_int_equal(rig->nsent, 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_timer(rig);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig->p->ses.state, RMP_PEER_DOWN);
	assert_true(rmp_peer_deadline(rig->p) == RMP_NEVER);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_session_welcome__opens_and_starts_calls(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_call *call = rig_call(rig, 10, 0);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	f.info.echo = rig_stamp(rig);
	rig->now += 300000;
	assert_true(rig_rx(rig, f) & RMP_EV_UP);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	assert_int_equal(rig->p->req.credit, 1000);
	assert_int_equal(rig->p->req.rtt.srtt_us, 300);
	assert_int_equal(rig->p->rsp.base, RIG_ID);
	assert_int_equal(rig_last(rig)->type, RMP_T_REQ);
	/* Once more, or for another life of ours: nothing. */
	assert_int_equal(rig_rx(rig, f), 0);
	f.info.peer_inc = 1;
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_STALE_INC], 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_session_hello__answered_with_the_smaller_size(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	f.info.frag_size = 8880;
	f.info.peer_inc = 0;
	assert_true(rig_rx(rig, f) & RMP_EV_UP);
	assert_int_equal(rig_last(rig)->type, RMP_T_WELCOME);
	assert_int_equal(rig_last(rig)->echo, 900);
	assert_int_equal(rig->sent[0].pad, 1376);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	rig_free(rig);
}

/* Stamps wrap every 71 minutes; what is newer is told by the time between, too. */
static void rmp_session_hello__newer_after_an_hour(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	f.info.frag_size = 8880;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.frag_size, 8880);
	rig->now += RMP_MS(3600000);
	f.info.frag_size = 1376;
	f.info.stamp += 3600000000U;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	rig_free(rig);
}

static void rmp_session_hello__repeated_changes_little(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_HELLO), old;

	f.info.frag_size = 8880;
	old = f;
	rig_rx(rig, f);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_false(rig_rx(rig, f) & RMP_EV_UP);
	assert_int_equal(rig->p->rsp.slot[RIG_ID % RMP_WINDOW].state,
			 RMP_SLOT_DELIVERED);
	/* A newer, smaller one says that our WELCOME did not get through. */
	f.info.frag_size = 1376;
	f.info.stamp++;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	/* The old one, late, proves nothing about our direction. */
	rig_rx(rig, old);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	rig_free(rig);
}

static void rmp_session_check__hello_of_new_life_must_prove(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 10, 0);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	rig->now += RMP_MS(5);
	rig_forget(rig);
	f.info.inc = RIG_INC + 1;
	f.info.stamp = 1234;
	assert_int_equal(rig_rx(rig, f), 0);
	assert_int_equal(rig->p->ses.inc, RIG_INC);
	assert_int_equal(rig_last(rig)->type, RMP_T_RESET);
	assert_int_equal(rig_last(rig)->peer_inc, RIG_INC + 1);
	assert_int_equal(rig_last(rig)->echo, 1234);
	f.info.echo = rig_last(rig)->stamp;
	rig_rx(rig, f);
	assert_true(rig->ev & RMP_EV_RESTARTED);
	assert_true(rig->ev & RMP_EV_DOWN);
	assert_true(rig->ev & RMP_EV_UP);
	assert_int_equal(call->status, -ESTALE);
	assert_int_equal(rig->p->ses.inc, RIG_INC + 1);
	rig_call_free(rig, call);
	/* What the old life still has on the way is nothing to us. */
	rig_forget(rig);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->ndelivered, 0);
	assert_int_equal(rig->p->ses.inc, RIG_INC + 1);
	rig_free(rig);
}

static void rmp_session_check__restart_ends_all(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *sent = rig_call(rig, 10, 0), *waiting;
	struct rmp_frame f = rig_frame(RMP_T_RESET);
	struct rmp_slot *slot;

	rig->p->req.credit = 0;
	waiting = rig_call(rig, 10, 0);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	slot = rig->slot;
	rig_req(rig, RIG_ID + 1, 4096, 1376, 0);
	f.info.inc = RIG_INC + 1;
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	assert_true(rig->ev & RMP_EV_RESTARTED);
	assert_int_equal(sent->status, -ESTALE);
	assert_int_equal(waiting->status, -ESTALE);
	assert_int_equal(slot->state, RMP_SLOT_ORPHAN);
	assert_int_equal(rig->pkts, 1);
	assert_int_equal(rig->p->ses.state, RMP_PEER_DOWN);
	rig_call_free(rig, sent);
	rig_call_free(rig, waiting);
	rig_free(rig);
}

static void rmp_session_reset__only_in_answer_to_this_session(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 8192, 0);
	struct rmp_frame f = rig_frame(RMP_T_RESET);

	f.info.echo = rig_stamp(rig) - 10;
	assert_int_equal(rig_rx(rig, f), 0);
	rig->now += RMP_MS(3);
	f.info.echo = rig_stamp(rig);
	rig_forget(rig);
	assert_true(rig_rx(rig, f) & RMP_EV_DOWN);
	assert_int_equal(rig->p->ses.state, RMP_PEER_HELLO);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	assert_int_equal(rig_last(rig)->msg, call->msg);
	assert_int_equal(call->state, RMP_CALL_SENT);
	/* When it is open again, the call goes on under its old id. */
	rig_forget(rig);
	f = rig_frame(RMP_T_WELCOME);
	f.info.volume = RIG_ID + 50;
	f.info.msg = RIG_ID + 50;
	assert_true(rig_rx(rig, f) & RMP_EV_UP);
	assert_int_equal(rig->nsent, 6);
	assert_int_equal(rig->sent[0].info.msg, call->msg);
	assert_int_equal(rig->p->stat[RMP_S_FORGOTTEN], 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_session_reset__one_hello_at_once(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 0, 0);
	struct rmp_frame f = rig_frame(RMP_T_RESET);

	f.info.stamp = 4321;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig_last(rig)->echo, 4321);
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	rig_until_sent(rig);
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_session_check__strangers_get_reset(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID, 10, 1376, 0);

	f.info.peer_inc = 5;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_RESET);
	assert_int_equal(rig_last(rig)->echo, 900);
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	rig->now += RMP_RESET_GAP_NS;
	f.info.peer_inc = RIG_SELF_INC;
	f.info.inc = RIG_INC + 5;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig_last(rig)->peer_inc, RIG_INC + 5);
	/* RESET is never answered, so two nodes cannot keep each other busy. */
	rig->now += RMP_RESET_GAP_NS;
	f = rig_frame(RMP_T_RESET);
	f.info.inc = RIG_INC + 5;
	rig_rx(rig, f);
	f.info.peer_inc = 5;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig->ndelivered, 0);
	rig_free(rig);
}

static void rmp_doubt__announce_is_checked(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_ANNOUNCE);

	f.info.inc = RIG_INC + 1;
	assert_int_equal(rig_rx(rig, f), 0);
	assert_int_equal(rig->p->ses.inc, RIG_INC);
	/* A WELCOME of the new life would prove it. */
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	assert_int_equal(rig_last(rig)->peer_inc, RIG_INC);
	/* An old one that comes again and again is not asked about each time. */
	rig_rx(rig, f);
	rig->now += RMP_ASK_GAP_NS - 1;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	rig_free(rig);
}

static void rmp_session_announce__cuts_the_wait_short(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 0, 0);
	struct rmp_frame f = rig_frame(RMP_T_ANNOUNCE);
	int i;

	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	for (i = 0; i < 5; i++)
		rig_timer(rig);
	rig_forget(rig);
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

/* Whether it was executed is not known: it goes on under its id. */
static void rmp_session_leave__bye_keeps_calls(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 10, 0), *waits;
	struct rmp_frame f = rig_frame(RMP_T_BYE);
	u64 msg = call->msg;

	f.info.inc = RIG_INC + 1;
	assert_int_equal(rig_rx(rig, f), 0);
	f.info.inc = RIG_INC;
	rig_forget(rig);
	assert_true(rig_rx(rig, f) & RMP_EV_DOWN);
	assert_int_equal(rig->ndone + rig->nsent, 0);
	waits = rig_call(rig, 10, 0);
	rig_until_sent(rig);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	assert_int_equal(rig_last(rig)->msg, msg);
	rig_forget(rig);
	rig_rx(rig, rig_frame(RMP_T_WELCOME));
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig->sent[0].info.type, RMP_T_REQ);
	assert_int_equal(rig->sent[0].info.msg, msg);
	assert_int_equal(waits->msg, msg + 1);
	rmp_peer_close(rig->p, rig->now, &rig->sink);
	assert_int_equal(call->status, -EHOSTDOWN);
	rig_call_free(rig, call);
	rig_call_free(rig, waits);
	rig_free(rig);
}

static void rmp_session_leave__nothing_open(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_rx(rig, rig_frame(RMP_T_BYE));
	assert_int_equal(rig->p->ses.state, RMP_PEER_DOWN);
	assert_int_equal(rmp_peer_cut(rig->p, rig->now, &rig->sink), 0);
	assert_int_equal(rig->p->ses.state, RMP_PEER_DOWN);
	rig_free(rig);
}

/* What is being executed is not forgotten, nor executed again. */
static void rmp_session_leave__responder_keeps_slots(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID + 1, 10, 1376, 0);
	u8 head[RMP_HEAD_LEN] = {};

	rig_req(rig, RIG_ID, 10, 1376, 0);
	f.info.back = 1;
	rig_rx(rig, f);
	rmp_peer_reply(rig->p, rig->slot, head, NULL, 0, rig->now, &rig->sink);
	rig_rx(rig, rig_frame(RMP_T_BYE));
	rmp_peer_cut(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->p->rsp.slot[RIG_ID % RMP_WINDOW].state, RMP_SLOT_DELIVERED);
	rig_rx(rig, rig_frame(RMP_T_HELLO));
	rig->now += RMP_MS(1);
	rig_forget(rig);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig_last(rig)->flags, RMP_F_PENDING);
	rig_rx(rig, f);
	assert_int_equal(rig_last(rig)->type, RMP_T_REP);
	assert_int_equal(rig->ndelivered, 2);
	rig_free(rig);
}

static void rmp_session_restarted__twins(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);
	int i;

	for (i = 1; i < 4; i++) {
		rig->now += RMP_MS(100);
		f.info.inc = RIG_INC + i % 2;
		f.info.echo = rig_stamp(rig);
		assert_true(rig_rx(rig, f) & RMP_EV_RESTARTED);
		assert_int_equal(rig->p->stat[RMP_S_TWINS], i - 1);
	}
	assert_int_equal(rig->p->ses.former, RIG_INC);
	rig_free(rig);
}

static void rmp_session_told__features(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	/* The first nodes of version 1 have a zero there. */
	assert_int_equal(rig->p->ses.features, 0);
	f.info.epoch = RMP_FEAT_VOID | 0x80000000;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.features, RMP_FEAT_VOID | 0x80000000);
	assert_int_equal(rig_last(rig)->type, RMP_T_WELCOME);
	assert_int_equal(rig_last(rig)->epoch, RMP_FEATURES);
	/* Another life may be of another version. */
	rig->now += RMP_MS(100);
	f = rig_frame(RMP_T_ANNOUNCE);
	f.info.inc = RIG_INC + 1;
	f.info.echo = rig_stamp(rig);
	assert_true(rig_rx(rig, f) & RMP_EV_RESTARTED);
	assert_int_equal(rig->p->ses.features, 0);
	rig_free(rig);
}

static void rmp_session_told__old_birth_is_ignored(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	f.info.volume = RIG_ID - 1;
	rig_forget(rig);
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 0);
	assert_int_equal(rig->p->ses.peer_birth, RIG_ID);
	rig_free(rig);
}

static void rmp_birth__ids_rise_over_objects(void **state)
{
	struct rig *a = rig_up(1500), *b = rig_new(1500);

	b->now = a->now + 1000;
	rig_connect(b);
	assert_true(b->p->ses.birth > a->p->ses.birth);
	rig_free(a);
	rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_session_send_hello__sizes_and_backoff),
		MXT(rmp_session_timer__stops_when_unwanted),
		MXT(rmp_session_welcome__opens_and_starts_calls),
		MXT(rmp_session_hello__answered_with_the_smaller_size),
		MXT(rmp_session_hello__newer_after_an_hour),
		MXT(rmp_session_hello__repeated_changes_little),
		MXT(rmp_session_check__hello_of_new_life_must_prove),
		MXT(rmp_session_check__restart_ends_all),
		MXT(rmp_session_reset__only_in_answer_to_this_session),
		MXT(rmp_session_reset__one_hello_at_once),
		MXT(rmp_session_check__strangers_get_reset),
		MXT(rmp_doubt__announce_is_checked),
		MXT(rmp_session_announce__cuts_the_wait_short),
		MXT(rmp_session_leave__bye_keeps_calls),
		MXT(rmp_session_leave__nothing_open),
		MXT(rmp_session_leave__responder_keeps_slots),
		MXT(rmp_session_restarted__twins),
		MXT(rmp_session_told__features),
		MXT(rmp_session_told__old_birth_is_ignored),
		MXT(rmp_birth__ids_rise_over_objects),
	};

	return MXT_RUN(tests);
}
