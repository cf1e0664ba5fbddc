// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_replay.c: the window at its edges, over jumps, and
 * against a table of all counters.
 */
#include "mxtest.h"
#include "engine/rmp_keys.h"

static u32 seed = 1;

static u32 draw(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void rmp_replay_accept__in_order_and_again(void **state)
{
	struct rmp_replay r = { 0 };
	u64 i;

	for (i = 0; i < 10000; i++) {
		assert_true(rmp_replay_fresh(&r, i));
		assert_true(rmp_replay_accept(&r, i));
		assert_false(rmp_replay_fresh(&r, i));
		assert_false(rmp_replay_accept(&r, i));
	}
}

static void rmp_replay_accept__edges(void **state)
{
	struct rmp_replay r = { 0 };

	assert_true(rmp_replay_accept(&r, 5000));
	assert_false(rmp_replay_accept(&r, 5000 - RMP_REPLAY_WINDOW));
	assert_true(rmp_replay_accept(&r, 5000 - RMP_REPLAY_WINDOW + 1));
	assert_false(rmp_replay_accept(&r, 5000 - RMP_REPLAY_WINDOW + 1));
	assert_true(rmp_replay_accept(&r, 4999));
	/* One on: what was the last one in is out. */
	assert_true(rmp_replay_accept(&r, 5001));
	assert_false(rmp_replay_fresh(&r, 5001 - RMP_REPLAY_WINDOW));
	assert_true(rmp_replay_fresh(&r, 5002 - RMP_REPLAY_WINDOW));
	assert_false(rmp_replay_fresh(&r, 0));
	assert_false(rmp_replay_accept(&r, 0));
}

static void rmp_replay_accept__jumps(void **state)
{
	static const u64 jump[] = { 1, 63, 64, 65, 2047, 2048, 2049, 4032, 4095, 4096, 4097,
				    4160, 8192, 1ULL << 32, 1ULL << 47 };
	struct rmp_replay r;
	u64 top, i, old;
	u32 j;

	for (j = 0; j < ARRAY_SIZE(jump); j++) {
		memset(&r, 0, sizeof(r));
		for (i = 0; i < 5000; i++)
			rmp_replay_accept(&r, i);
		top = 4999 + jump[j];
		assert_true(rmp_replay_accept(&r, top));
		for (i = 0; i < RMP_REPLAY_WINDOW; i++) {
			old = top - i;
			assert_int_equal(rmp_replay_fresh(&r, old), old >= 5000 && old != top);
		}
		assert_false(rmp_replay_fresh(&r, top - RMP_REPLAY_WINDOW));
	}
}

static void rmp_replay_accept__end_of_the_field(void **state)
{
	struct rmp_replay r = { 0 };

	assert_true(rmp_replay_accept(&r, RMP_CTR_MAX - 1));
	assert_true(rmp_replay_accept(&r, RMP_CTR_MAX));
	assert_false(rmp_replay_accept(&r, RMP_CTR_MAX));
	assert_false(rmp_replay_accept(&r, RMP_CTR_MAX + 1));
	assert_false(rmp_replay_accept(&r, ~0ULL));
	assert_false(rmp_replay_accept(&r, 0));
	assert_true(rmp_replay_accept(&r, RMP_CTR_MAX - RMP_REPLAY_WINDOW + 1));
	assert_false(rmp_replay_accept(&r, RMP_CTR_MAX - RMP_REPLAY_WINDOW));
}

/* Against a table of all counters. */
static void rmp_replay_accept__model(void **state)
{
	enum { ALL = 60000 };
	bool *seen = calloc(ALL, sizeof(*seen));
	struct rmp_replay r = { 0 };
	int n, accepted = 0;
	u64 top = 0, ctr;
	bool want;

	for (n = 0; n < 200000; n++) {
		ctr = top + draw() % 40;
		ctr -= min_t(u64, ctr, draw() % 8 ? draw() % 80 : draw() % 4000);
		if (draw() % 5000 == 0)
			ctr += draw() % 3000;
		if (ctr >= ALL)
			break;
		want = !seen[ctr] && ctr + RMP_REPLAY_WINDOW > top;
		assert_int_equal(rmp_replay_fresh(&r, ctr), want);
		assert_int_equal(rmp_replay_accept(&r, ctr), want);
		accepted += want;
		seen[ctr] = true;
		top = max(top, ctr);
	}
	assert_true(accepted > 5000);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_replay_accept__in_order_and_again),
		MXT(rmp_replay_accept__edges),
		MXT(rmp_replay_accept__jumps),
		MXT(rmp_replay_accept__end_of_the_field),
		MXT(rmp_replay_accept__model),
	};

	return MXT_RUN(tests);
}
