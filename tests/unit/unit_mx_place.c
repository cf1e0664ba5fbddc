// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_place.c: full servers are passed over, room and
 * load count, neighbours stay together.
 */
#include "mxtest.h"
#include "engine/mx_place.h"

enum { CHUNK = 256, MANY = 20000 };

static u64 seed;

static u32 draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 32;
}

/* How often the server with id 1 is chosen, in percent. */
static u32 share(const struct mx_cand *cand, u32 n)
{
	u32 i, hits = 0;

	seed = 0x9e3779b97f4a7c15ULL;
	for (i = 0; i < MANY; i++) {
		u32 rnd[2] = { draw(), draw() };

		hits += mx_place_pick(cand, n, CHUNK, -1, rnd) == 1;
	}
	return hits * 100 / MANY;
}

static void mx_place_pick__none(void **state)
{
	u32 rnd[2] = {};

	assert_int_equal(mx_place_pick(NULL, 0, CHUNK, 3, rnd), -1);
}

static void mx_place_pick__one(void **state)
{
	struct mx_cand c = { .room = CHUNK, .id = 9 };
	u32 lo[2] = {}, hi[2] = { ~0U, ~0U };

	assert_int_equal(mx_place_pick(&c, 1, CHUNK, -1, lo), 9);
	assert_int_equal(mx_place_pick(&c, 1, CHUNK, -1, hi), 9);
	c.room = 0;
	assert_int_equal(mx_place_pick(&c, 1, CHUNK, -1, lo), 9);
	assert_int_equal(mx_place_pick(&c, 1, CHUNK, -1, hi), 9);
	c.room = ~0ULL;
	c.load = 255;
	assert_int_equal(mx_place_pick(&c, 1, CHUNK, -1, hi), 9);
}

static void mx_place_pick__edges_of_the_draw(void **state)
{
	struct mx_cand c[64];
	u32 i, rnd[2];

	for (i = 0; i < 64; i++)
		c[i] = (struct mx_cand) { .room = ~0ULL, .id = i };
	for (i = 0; i < 33; i++) {
		rnd[0] = i ? ~0U >> (i - 1) : 0;
		rnd[1] = ~rnd[0];
		assert_in_range(mx_place_pick(c, 64, CHUNK, -1, rnd), 0, 63);
	}
}

static void mx_place_pick__passes_over_the_full(void **state)
{
	struct mx_cand c[] = {
		{ .room = CHUNK - 1, .id = 0 },
		{ .room = CHUNK, .id = 1 },
		{ .room = 0, .id = 2 },
	};

	assert_int_equal(share(c, 3), 100);
	/* All full, as far as is known: they are asked all the same. */
	c[1].room = 0;
	assert_in_range(share(c, 3), 30, 36);
}

static void mx_place_pick__room_and_load(void **state)
{
	struct mx_cand c[] = {
		{ .room = 100000, .id = 0 },
		{ .room = 100000, .id = 1 },
	};

	assert_in_range(share(c, 2), 48, 52);
	c[1].room = 300000;
	assert_in_range(share(c, 2), 90, 97);
	c[1].room = 100000;
	c[0].load = 128;
	assert_in_range(share(c, 2), 70, 80);
	/* Busy, but with so much more room that it is still the better one. */
	c[0].load = 0;
	c[1].room = 1000000;
	c[1].load = 128;
	assert_in_range(share(c, 2), 95, 100);
}

static void mx_place_pick__neighbours(void **state)
{
	struct mx_cand c[] = {
		{ .room = 100000, .id = 4 },
		{ .room = CHUNK, .id = 5, .load = 200 },
	};
	u32 rnd[2] = {};

	assert_int_equal(mx_place_pick(c, 2, CHUNK, 5, rnd), 5);
	assert_int_equal(mx_place_pick(c, 2, CHUNK, 7, rnd), 4);
	c[1].room--;
	assert_int_equal(mx_place_pick(c, 2, CHUNK, 5, rnd), 4);
}

/* Who keeps room for the volume comes first, and of those who keeps most. */
static void mx_place_pick__own(void **state)
{
	struct mx_cand c[] = {
		{ .room = 100 * CHUNK, .id = 0 },
		{ .room = 0, .own = 1, .load = 255, .id = 1 },
		{ .room = 0, .own = 3, .load = 255, .id = 2 },
	};
	u32 lo[2] = {}, hi[2] = { ~0U, ~0U };

	assert_int_equal(mx_place_pick(c, 3, CHUNK, -1, lo), 2);
	assert_int_equal(mx_place_pick(c, 3, CHUNK, -1, hi), 2);
	assert_int_equal(mx_place_pick(c, 3, CHUNK, 1, lo), 1);
	assert_int_equal(mx_place_pick(c, 3, CHUNK, 0, lo), 2);
	c[1].own = 3;
	assert_int_equal(mx_place_pick(c, 3, CHUNK, -1, lo), 1);
	assert_int_equal(mx_place_pick(c, 3, CHUNK, -1, hi), 2);
	c[1].own = 0;
	c[2].own = 0;
	assert_int_equal(mx_place_pick(c, 3, CHUNK, -1, hi), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_place_pick__own),
		MXT(mx_place_pick__none),
		MXT(mx_place_pick__one),
		MXT(mx_place_pick__edges_of_the_draw),
		MXT(mx_place_pick__passes_over_the_full),
		MXT(mx_place_pick__room_and_load),
		MXT(mx_place_pick__neighbours),
	};

	return MXT_RUN(tests);
}
