// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_rtt.c: samples, time-outs and the congestion window.
 */
#include "mxtest.h"
#include "engine/rmp_cwnd.h"
#include "engine/rmp_run.h"

static void sample(struct rmp_rtt *rtt, u32 us)
{
	rmp_rtt_sample(rtt, RMP_MS(5000), 5000000 - us);
}

static void rmp_rtt_init__waits_long(void **state)
{
	struct rmp_rtt rtt;

	rmp_rtt_init(&rtt);
	assert_int_equal(rtt.rto_us, 100000);
	assert_int_equal(rtt.srtt_us, 0);
}

static void rmp_rtt_sample__first_and_next(void **state)
{
	struct rmp_rtt rtt;

	rmp_rtt_init(&rtt);
	sample(&rtt, 8000);
	assert_int_equal(rtt.srtt_us, 8000);
	assert_int_equal(rtt.rttvar_us, 4000);
	assert_int_equal(rtt.rto_us, 24000);
	sample(&rtt, 16000);
	assert_int_equal(rtt.rttvar_us, (3 * 4000 + 8000) / 4);
	assert_int_equal(rtt.srtt_us, 9000);
	assert_int_equal(rtt.rto_us, 9000 + 4 * 5000);
	assert_int_equal(rtt.min_us, 8000);
	sample(&rtt, 1000);
	assert_int_equal(rtt.min_us, 1000);
}

static void rmp_rtt_sample__floor_and_ceiling(void **state)
{
	struct rmp_rtt rtt;
	int i;

	rmp_rtt_init(&rtt);
	for (i = 0; i < 50; i++)
		sample(&rtt, 100);
	assert_int_equal(rtt.rto_us, RMP_RTO_MIN_US);
	for (i = 0; i < 50; i++)
		sample(&rtt, 3000000);
	assert_int_equal(rtt.rto_us, RMP_RTO_MAX_US);
}

static void rmp_rtt_sample__nonsense(void **state)
{
	struct rmp_rtt rtt;

	rmp_rtt_init(&rtt);
	rmp_rtt_sample(&rtt, RMP_MS(1), 0);
	sample(&rtt, RMP_RTT_MAX_US + 1);
	/* An echo from the future is a very old one. */
	rmp_rtt_sample(&rtt, RMP_MS(1), 1001);
	assert_int_equal(rtt.srtt_us, 0);
}

static void rmp_rtt_sample__stamp_wraps(void **state)
{
	struct rmp_rtt rtt;

	rmp_rtt_init(&rtt);
	rmp_rtt_sample(&rtt, ((1ULL << 32) + 100) * 1000, 0xffffff9c);
	assert_int_equal(rtt.srtt_us, 200);
}

static void rmp_rtt_wait_ns__backs_off(void **state)
{
	struct rmp_rtt rtt = { .rto_us = 5000 };

	assert_int_equal(rmp_rtt_wait_ns(&rtt, 0, RMP_RTO_MIN_US,
					 RMP_RTO_MAX_US), RMP_MS(5));
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 3, RMP_RTO_MIN_US,
					 RMP_RTO_MAX_US), RMP_MS(40));
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 200, RMP_RTO_MIN_US,
					 RMP_RTO_MAX_US), RMP_MS(1000));
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 9, RMP_RTO_MIN_US,
					 RMP_PROBE_MAX_US), RMP_MS(200));
}

static void rmp_rtt_wait_ns__lower_floor(void **state)
{
	struct rmp_rtt rtt;
	u64 now = RMP_MS(100);

	rmp_rtt_init(&rtt);
	/* Nothing is known: no reason for haste. */
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 0, 1000, RMP_RTO_MAX_US),
			 RMP_RTO_INIT_US * 1000);
	rmp_rtt_sample(&rtt, now, rmp_stamp(now) - 100);
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 0, RMP_RTO_MIN_US,
					 RMP_RTO_MAX_US), RMP_MS(20));
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 0, 1000, RMP_RTO_MAX_US),
			 RMP_MS(1));
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 2, 1000, RMP_RTO_MAX_US),
			 RMP_MS(4));
	/* A long path has its own. */
	rtt.srtt_us = 5000;
	rtt.rttvar_us = 500;
	assert_int_equal(rmp_rtt_wait_ns(&rtt, 0, 1000, RMP_RTO_MAX_US),
			 RMP_MS(7));
}

static void rmp_lat_bucket__edges(void **state)
{
	assert_int_equal(rmp_lat_bucket(0), 0);
	assert_int_equal(rmp_lat_bucket(63999), 0);
	assert_int_equal(rmp_lat_bucket(64000), 1);
	assert_int_equal(rmp_lat_bucket(127999), 1);
	assert_int_equal(rmp_lat_bucket(128000), 2);
	assert_int_equal(rmp_lat_bucket(RMP_MS(4194) + 303999), RMP_LAT_BUCKETS - 2);
	assert_int_equal(rmp_lat_bucket(RMP_MS(4194) + 304000), RMP_LAT_BUCKETS - 1);
	assert_int_equal(rmp_lat_bucket(~0ULL), RMP_LAT_BUCKETS - 1);
}

static void rmp_cwnd__grows_and_is_cut_once(void **state)
{
	struct rmp_peer *p = calloc(1, sizeof(*p));
	int i;

	rmp_cwnd_init(p);
	assert_int_equal(p->req.cwnd, 16);
	/* A window that is not needed does not grow. */
	p->req.inflight = 7;
	rmp_cwnd_grow(p, 1);
	assert_int_equal(p->req.cwnd, 16);
	p->req.nwaiting = 1;
	rmp_cwnd_grow(p, 32);
	assert_int_equal(p->req.cwnd, 48);
	p->req.next_msg = 20;
	rmp_cwnd_cut(p, 15);
	assert_int_equal(p->req.cwnd, 24);
	rmp_cwnd_cut(p, 19);
	assert_int_equal(p->req.cwnd, 24);
	for (i = 0; i < 24 / RMP_CWND_STEP - 1; i++)
		rmp_cwnd_grow(p, 1);
	assert_int_equal(p->req.cwnd, 24);
	rmp_cwnd_grow(p, 1);
	assert_int_equal(p->req.cwnd, 25);
	/* Enough waits on the way as it is. */
	p->req.delay.grow = false;
	for (i = 0; i < 100; i++)
		rmp_cwnd_grow(p, 1);
	assert_int_equal(p->req.cwnd, 25);
	for (i = 0; i < 5; i++)
		rmp_cwnd_cut(p, 20);
	assert_int_equal(p->req.cwnd, RMP_CWND_MIN);
	p->req.ssthresh = 2000;
	for (i = 0; i < 100; i++)
		rmp_cwnd_grow(p, 32);
	assert_int_equal(p->req.cwnd, RMP_CWND_MAX);
	free(p);
}

static void rmp_cwnd_undo__slow_answer(void **state)
{
	struct rmp_peer *p = calloc(1, sizeof(*p));

	rmp_cwnd_init(p);
	p->req.cwnd = 100;
	p->req.next_msg = 20;
	rmp_cwnd_timeout(p, 15, RMP_MS(10));
	assert_int_equal(p->req.cwnd, 50);
	/* Another call's answer tells nothing. */
	assert_false(rmp_cwnd_undo(p, 16, 9000));
	/* Sent before the time-out at 10,000 us. */
	assert_true(rmp_cwnd_undo(p, 15, 9000));
	assert_int_equal(p->req.cwnd, 100);
	assert_int_equal(p->req.ssthresh, RMP_CWND_MAX);
	assert_false(rmp_cwnd_undo(p, 15, 9000));
	free(p);
}

static void rmp_cwnd_undo__real_loss(void **state)
{
	struct rmp_peer *p = calloc(1, sizeof(*p));

	rmp_cwnd_init(p);
	p->req.cwnd = 100;
	p->req.next_msg = 20;
	rmp_cwnd_timeout(p, 15, RMP_MS(10));
	/* The answer is to the copy sent at the time-out. */
	assert_false(rmp_cwnd_undo(p, 15, 10000));
	assert_int_equal(p->req.cwnd, 50);
	/* A loss seen after the time-out is not taken back with it. */
	rmp_cwnd_timeout(p, 20, RMP_MS(20));
	p->req.next_msg = 40;
	rmp_cwnd_cut(p, 30);
	assert_int_equal(p->req.cwnd, 12);
	assert_false(rmp_cwnd_undo(p, 20, 19000));
	assert_int_equal(p->req.cwnd, 12);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_rtt_init__waits_long),
		MXT(rmp_rtt_sample__first_and_next),
		MXT(rmp_rtt_sample__floor_and_ceiling),
		MXT(rmp_rtt_sample__nonsense),
		MXT(rmp_rtt_sample__stamp_wraps),
		MXT(rmp_rtt_wait_ns__backs_off),
		MXT(rmp_rtt_wait_ns__lower_floor),
		MXT(rmp_lat_bucket__edges),
		MXT(rmp_cwnd__grows_and_is_cut_once),
		MXT(rmp_cwnd_undo__slow_answer),
		MXT(rmp_cwnd_undo__real_loss),
	};

	return MXT_RUN(tests);
}
