// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_path.c: sizes proven, larger ones tried, and what
 * the size is said to be limited by.
 */
#include "rmp_rig.h"

enum {
	FULL	= 8880,		/* MTU 9000 */
	LESS	= 1376,		/* MTU 1500 */
};

/* A session in which frames of FULL did not get through. */
static struct rig *rig_narrow(void)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_connect(rig);
	f.info.frag_size = LESS;
	f.info.frag_no = FULL;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.frag_size, LESS);
	rig_forget(rig);
	return rig;
}

/* A call that is answered at once. */
static void rig_traffic(struct rig *rig)
{
	struct rmp_call *call = rig_call(rig, 10, 0);

	rig_rep(rig, call->msg, 0, rig->p->ses.frag_size, 0);
	rig_call_free(rig, call);
}

/* HELLOs sent since rig_forget(), all of them for @size. */
static u32 rig_hellos(struct rig *rig, u16 size)
{
	u32 i, n = 0;

	for (i = 0; i < rig->nsent; i++) {
		if (rig->sent[i].info.type != RMP_T_HELLO)
			continue;
		assert_int_equal(rig->sent[i].pad, size);
		n++;
	}
	return n;
}

/* Lets the timer do all that it has to. */
static void rig_settle(struct rig *rig)
{
	while (rmp_peer_deadline(rig->p) != RMP_NEVER)
		rig_timer(rig);
}

/* Traffic every @gap ms for @ms: how many attempts were there? */
static u64 rig_attempts(struct rig *rig, u32 ms, u32 gap)
{
	u64 before = rig->p->stat[RMP_S_PATH_PROBES];
	u64 end = rig->now + RMP_MS(ms);

	while (rig->now < end) {
		u64 next = rig->now + RMP_MS(gap);

		rig_forget(rig);
		rig_traffic(rig);
		rig_settle(rig);
		rig->now = max(next, rig->now);
	}
	return rig->p->stat[RMP_S_PATH_PROBES] - before;
}

/* WELCOME to the HELLO sent last. */
static void rig_welcome(struct rig *rig, u16 size)
{
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	f.info.frag_size = size;
	f.info.frag_no = FULL;
	f.info.echo = rig_last(rig)->stamp;
	rig_rx(rig, f);
}

static void rmp_path_hello_size__says_what_we_can(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	rig_connect(rig);
	assert_int_equal(rig_last(rig)->frag_no, FULL);
	f.info.frag_size = LESS;
	f.info.frag_no = LESS;
	rig_rx(rig, f);
	assert_int_equal(rig_last(rig)->type, RMP_T_WELCOME);
	assert_int_equal(rig_last(rig)->frag_size, LESS);
	assert_int_equal(rig_last(rig)->frag_no, FULL);
	rig_free(rig);
}

static void rmp_path_raise__with_traffic_only(void **state)
{
	struct rig *rig = rig_narrow();

	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_PATH);
	/* No timer is set for it, however long nobody asks anything. */
	rig_settle(rig);
	assert_int_equal(rig->nsent, 0);
	rig->now += RMP_MS(10000000);
	assert_int_equal(rmp_peer_timer(rig->p, rig->now, &rig->sink), 0);
	assert_int_equal(rig->nsent, 0);
	rig_traffic(rig);
	assert_int_equal(rig_hellos(rig, FULL), 1);
	assert_true(rig->ev & RMP_EV_DEADLINE || rig->p->wake_ns != RMP_NEVER);
	rig_settle(rig);
	assert_int_equal(rig_hellos(rig, FULL), 2);
	assert_int_equal(rig->p->ses.renew, RMP_RENEW_NONE);
	rig_free(rig);
}

static void rmp_path_raise__not_before_a_second(void **state)
{
	struct rig *rig = rig_narrow();

	rig->now += RMP_RAISE_FIRST_NS - 1;
	rig_traffic(rig);
	assert_int_equal(rig_hellos(rig, FULL), 0);
	rig->now += 1;
	rig_traffic(rig);
	assert_int_equal(rig_hellos(rig, FULL), 1);
	/* Not again while that one goes on. */
	rig_traffic(rig);
	assert_int_equal(rig_hellos(rig, FULL), 1);
	rig_free(rig);
}

static void rmp_path_raise__by_the_responder_too(void **state)
{
	struct rig *rig = rig_narrow();
	u8 head[RMP_HEAD_LEN] = {};

	rig->now += RMP_RAISE_FIRST_NS;
	rig_req(rig, RIG_ID, 10, LESS, 0);
	rmp_peer_reply(rig->p, rig->slot, head, NULL, 0, rig->now, &rig->sink);
	assert_int_equal(rig_hellos(rig, FULL), 1);
	rig_welcome(rig, FULL);
	assert_int_equal(rig->p->ses.frag_size, FULL);
	rig_free(rig);
}

static void rmp_path_raise__waits_grow_to_the_longest(void **state)
{
	struct rig *rig = rig_narrow();

	assert_int_equal(rig_attempts(rig, 60000, 100), 1);
	assert_int_equal(rig_attempts(rig, 10000, 100), 1);
	assert_int_equal(rig_attempts(rig, 500000, 1000), 0);
	assert_int_equal(rig_attempts(rig, 6000000, 1000), 10);
	rig_free(rig);
}

static void rmp_path_raise__longest_wait_is_a_setting(void **state)
{
	struct rig *rig = rig_narrow();

	rig->p->ses.raise_most_ns = RMP_MS(5000);
	assert_in_range(rig_attempts(rig, 100000, 100), 16, 20);
	rig_free(rig);
}

static void rmp_path_raise_tries__back_to_1500(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_connect(rig);
	f.info.frag_size = RMP_FRAG_MIN;
	rig_rx(rig, f);
	rig->now += RMP_RAISE_FIRST_NS;
	rig_traffic(rig);
	rig_until_sent(rig);
	assert_int_equal(rig->sent[0].pad, FULL);
	while (rig->p->ses.renew == RMP_RENEW_RAISE && rig_last(rig)->frag_size != LESS)
		rig_timer(rig);
	rig_welcome(rig, LESS);
	assert_int_equal(rig->p->ses.frag_size, LESS);
	rig_free(rig);
}

static void rmp_path_set__larger_when_answered(void **state)
{
	struct rig *rig = rig_narrow();

	rig->now += RMP_RAISE_FIRST_NS;
	rig_traffic(rig);
	rig_until_sent(rig);
	rig_welcome(rig, FULL);
	assert_int_equal(rig->p->ses.frag_size, FULL);
	assert_int_equal(rig->p->stat[RMP_S_PATH_RAISED], 1);
	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_INTERFACE);
	assert_int_equal(rig_attempts(rig, 2000000, 10000), 0);
	rig_free(rig);
}

static void rmp_path_told__not_more_than_the_peer_can(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_connect(rig);
	f.info.frag_size = LESS;
	f.info.frag_no = LESS;
	rig_rx(rig, f);
	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_PEER);
	assert_int_equal(rig_attempts(rig, 2000000, 10000), 0);
	/* Its interface gets larger, but the path is not: ours is tried. */
	f = rig_frame(RMP_T_HELLO);
	f.info.frag_size = LESS;
	f.info.frag_no = FULL;
	rig_rx(rig, f);
	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_PATH);
	assert_int_equal(rig_attempts(rig, 2000, 100), 1);
	rig_free(rig);
}

static void rmp_path_told__nonsense_is_nothing(void **state)
{
	struct rig *rig = rig_new(9000);
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	f.info.frag_size = LESS;
	f.info.frag_no = 77;
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.peer_max, 0);
	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_PATH);
	rig_free(rig);
}

static void rmp_path_hint__larger_hello_tries_soon(void **state)
{
	struct rig *rig = rig_narrow();
	struct rmp_frame f = rig_frame(RMP_T_HELLO);

	assert_int_equal(rig_attempts(rig, 100000, 100), 2);
	f.info.frag_size = FULL;
	f.info.frag_no = FULL;
	f.info.stamp = rig_stamp(rig);
	rig_rx(rig, f);
	/* It proves the other direction only. */
	assert_int_equal(rig->p->ses.frag_size, LESS);
	assert_int_equal(rig_attempts(rig, 2000, 100), 1);
	/* Not again for the same frame. */
	rig_rx(rig, f);
	assert_int_equal(rig_attempts(rig, 50000, 100), 0);
	rig_free(rig);
}

static void rmp_path_hint__puts_nothing_off(void **state)
{
	struct rig *rig = rig_narrow();
	struct rmp_frame f = rig_frame(RMP_T_HELLO);
	int i;

	f.info.frag_size = FULL;
	f.info.frag_no = FULL;
	for (i = 0; i < 5; i++) {
		rig->now += RMP_RAISE_FIRST_NS / 4;
		f.info.stamp++;
		rig_rx(rig, f);
	}
	rig_forget(rig);
	rig_traffic(rig);
	assert_int_equal(rig_hellos(rig, FULL), 1);
	rig_free(rig);
}

static void rmp_path_renew__narrows_and_counts(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call = rig_call(rig, 4096, 0);
	int i;

	for (i = 0; i < 20 && rig->p->ses.renew != RMP_RENEW_PATH; i++)
		rig_timer(rig);
	for (i = 0; i < 20 && rig->sent[rig->nsent - 1].pad != LESS; i++)
		rig_timer(rig);
	rig_welcome(rig, LESS);
	assert_int_equal(rig->p->ses.frag_size, LESS);
	assert_int_equal(rig->p->stat[RMP_S_PATH_NARROWED], 1);
	/* What was backing off is repeated soon, in smaller fragments. */
	assert_int_equal(call->tries, 0);
	assert_in_range(call->due_ns - rig->now, 1, RMP_MS(100));
	rig_forget(rig);
	while (!rig->nsent)
		rig_timer(rig);
	assert_int_equal(rig->sent[0].info.type, RMP_T_REQ);
	assert_int_equal(rig->sent[0].info.frag_size, LESS);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

static void rmp_path_interface__smaller_at_once(void **state)
{
	struct rig *rig = rig_up(9000);

	rmp_peer_set_mtu(rig->p, 1500, rig->now, &rig->sink);
	assert_int_equal(rig->p->ses.frag_size, LESS);
	assert_int_equal(rig->p->ses.state, RMP_PEER_UP);
	assert_int_equal(rig->sent[0].pad, LESS);
	assert_int_equal(rmp_peer_path_limit(rig->p), RMP_LIMIT_INTERFACE);
	/* Larger only when proven. */
	rmp_peer_set_mtu(rig->p, 9000, rig->now, &rig->sink);
	assert_int_equal(rig->p->ses.frag_size, LESS);
	rig_until_sent(rig);
	assert_int_equal(rig->sent[0].pad, FULL);
	rig_welcome(rig, FULL);
	assert_int_equal(rig->p->ses.frag_size, FULL);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_path_hello_size__says_what_we_can),
		MXT(rmp_path_raise__with_traffic_only),
		MXT(rmp_path_raise__not_before_a_second),
		MXT(rmp_path_raise__by_the_responder_too),
		MXT(rmp_path_raise__waits_grow_to_the_longest),
		MXT(rmp_path_raise__longest_wait_is_a_setting),
		MXT(rmp_path_raise_tries__back_to_1500),
		MXT(rmp_path_set__larger_when_answered),
		MXT(rmp_path_told__not_more_than_the_peer_can),
		MXT(rmp_path_told__nonsense_is_nothing),
		MXT(rmp_path_hint__larger_hello_tries_soon),
		MXT(rmp_path_hint__puts_nothing_off),
		MXT(rmp_path_renew__narrows_and_counts),
		MXT(rmp_path_interface__smaller_at_once),
	};

	return MXT_RUN(tests);
}
