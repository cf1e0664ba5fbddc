// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_peer.c: the public calls.
 */
#include "rmp_rig.h"

static void rmp_peer_call__hello_is_padded(void **state)
{
	struct rig *rig = rig_new(9000);
	const struct rmp_info *info = &rig->sent[0].info;

	rig_connect(rig);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(info->type, RMP_T_HELLO);
	assert_int_equal(info->peer_inc, 0);
	assert_int_equal(info->frag_size, 8880);
	assert_int_equal(rig->sent[0].pad, 8880);
	assert_int_equal(info->msg, rig->p->ses.birth);
	assert_int_equal(info->volume, rig->p->ses.birth);
	assert_int_equal(info->credit, 77);
	rig_connect(rig);
	assert_int_equal(rig->nsent, 1);
	rig_free(rig);
}

static void rmp_peer_rekey__asks_and_repeats(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 0, 4096);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_forget(rig);
	rmp_peer_rekey(rig->p, true, rig->now, &rig->sink);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	/* It is under way: nothing more. */
	rmp_peer_rekey(rig->p, true, rig->now, &rig->sink);
	assert_int_equal(rig->nsent, 1);
	f.info.frag_size = 1376;
	f.info.echo = rig_last(rig)->stamp;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 2);
	assert_int_equal(rig_last(rig)->type, RMP_T_REQ);
	assert_int_equal(rig_last(rig)->msg, call->msg);
	/* Not starved: nothing of what is open is repeated. */
	rmp_peer_rekey(rig->p, false, rig->now, &rig->sink);
	f.info.echo = rig_last(rig)->stamp;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 3);
	rmp_peer_confirm(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->nsent, 4);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	rig_free(rig);
	free(call);
}

static void rmp_peer_cut__calls_end_with_another_life(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call = rig_call(rig, 10, 0);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	assert_true(rmp_peer_cut(rig->p, rig->now, &rig->sink) & RMP_EV_DOWN);
	/* Until then HELLO goes on, however long. */
	rig->now += RMP_MS(3600000);
	rig_until_sent(rig);
	rig_until_sent(rig);
	assert_int_equal(call->state, RMP_CALL_SENT);
	f.info.inc = RIG_INC + 1;
	f.info.echo = rig_last(rig)->stamp;
	assert_true(rig_rx(rig, f) & RMP_EV_RESTARTED);
	assert_int_equal(call->status, -ESTALE);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_moved__session_goes_on(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call = rig_call(rig, 10, 0);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	/* The same MTU: the path may carry less all the same. */
	rig_forget(rig);
	assert_false(rmp_peer_moved(rig->p, 9000, rig->now, &rig->sink) & RMP_EV_DOWN);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	assert_int_equal(rig->sent[0].pad, 8880);
	f.info.echo = rig_last(rig)->stamp;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.frag_size, 1376);
	assert_int_equal(call->state, RMP_CALL_SENT);
	/* A smaller one is obeyed at once. */
	rmp_peer_moved(rig->p, 1152, rig->now, &rig->sink);
	assert_int_equal(rig->p->ses.frag_size, 1032);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_moved__no_need_to_wait(void **state)
{
	struct rig *rig = rig_new(1500);
	struct rmp_call *call = rig_call(rig, 0, 0);
	int i;

	for (i = 0; i < 6; i++)
		rig_timer(rig);
	rig_forget(rig);
	rmp_peer_moved(rig->p, 1500, rig->now, &rig->sink);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_HELLO);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_peer_close__is_final(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_call *call;

	assert_int_equal(rmp_peer_close(rig->p, rig->now, &rig->sink),
			 RMP_EV_DOWN);
	call = rig_call(rig, 10, 0);
	assert_int_equal(call->status, -EHOSTDOWN);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->nsent + rig->ndelivered, 0);
	assert_true(rmp_peer_deadline(rig->p) == RMP_NEVER);
	rig_call_free(rig, call);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_peer_call__hello_is_padded),
		MXT(rmp_peer_rekey__asks_and_repeats),
		MXT(rmp_peer_cut__calls_end_with_another_life),
		MXT(rmp_peer_moved__session_goes_on),
		MXT(rmp_peer_moved__no_need_to_wait),
		MXT(rmp_peer_close__is_final),
	};

	return MXT_RUN(tests);
}
