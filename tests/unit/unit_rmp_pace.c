// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_pace.c: how much goes at once, and how fast the rest.
 */
#include "mxtest.h"
#include "rmp_rig.h"

enum { CALLS = 100, PAGES = 4 };

static struct rmp_call *call[CALLS];

/* A window of 1000 pages, a round trip of 1 ms: 2 pages a microsecond. */
static struct rig *wide(void)
{
	struct rig *rig = rig_up(1500);

	rig->p->req.credit = 60000;
	rig->p->req.cwnd = 1000;
	rig->p->req.ssthresh = 1000;
	rig->p->req.rtt.srtt_us = 1000;
	return rig;
}

static void ask(struct rig *rig)
{
	u32 i;

	for (i = 0; i < CALLS; i++)
		call[i] = rig_call(rig, 0, PAGES * RMP_PAGE);
}

static void done(struct rig *rig)
{
	u32 i;

	rig_free(rig);
	for (i = 0; i < CALLS; i++)
		free(call[i]);
}

/* 64 pages, and what begins when they are out. */
static void rmp_pace_may__a_first_part_at_once(void **state)
{
	struct rig *rig = wide();

	ask(rig);
	assert_int_equal(rig->nsent, RMP_PACE_BURST / PAGES + 1);
	assert_in_range(rmp_peer_deadline(rig->p), rig->now + 1, rig->now + 2000);
	done(rig);
}

static void rmp_pace_may__the_rest_by_the_timer(void **state)
{
	struct rig *rig = wide();
	u64 start = rig->now;
	u32 n;

	ask(rig);
	for (n = rig->nsent; n < CALLS; n = rig->nsent) {
		rig_timer(rig);
		assert_int_equal(rig->nsent, n + 1);
	}
	/* 4 pages less the first part, and one call that was let through. */
	assert_int_equal((rig->now - start) / 1000,
			 (CALLS * PAGES - RMP_PACE_BURST - PAGES) / 2);
	done(rig);
}

/* After a pause as much may go at once as at the start, and not more. */
static void rmp_pace_sent__pauses_are_not_saved_up(void **state)
{
	struct rig *rig = wide();
	u32 n;

	ask(rig);
	rig->now += RMP_MS(10);
	rig_forget(rig);
	rmp_peer_kick(rig->p, rig->now, &rig->sink);
	n = rig->nsent;
	assert_int_equal(n, RMP_PACE_BURST / PAGES + 1);
	done(rig);
}

static void rmp_pace_may__not_before_a_round_trip_is_known(void **state)
{
	struct rig *rig = wide();

	rig->p->req.rtt.srtt_us = 0;
	ask(rig);
	assert_int_equal(rig->nsent, CALLS);
	done(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_pace_may__a_first_part_at_once),
		MXT(rmp_pace_may__the_rest_by_the_timer),
		MXT(rmp_pace_sent__pauses_are_not_saved_up),
		MXT(rmp_pace_may__not_before_a_round_trip_is_known),
	};

	return MXT_RUN(tests);
}
