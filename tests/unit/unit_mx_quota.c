// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_quota.c: promises are kept, nothing is promised
 * twice, and what is given back can be promised again.
 */
#include "mxtest.h"
#include "engine/mx_quota.h"
#include "engine/mx_wire.h"

static struct mx_quota q;
static struct mx_share a, b;

static void start(u64 capacity, u64 room)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&q, 0xa5, sizeof(q));
	mx_quota_init(&q, capacity, room);
}

static void mx_quota_init__all_free(void **state)
{
	start(1000, 5000);
	assert_int_equal(mx_quota_free(&q), 1000);
	start(1000, 400);
	assert_int_equal(mx_quota_free(&q), 400);
	start(1000, 0);
	assert_int_equal(mx_quota_free(&q), 0);
}

static void mx_quota_free__host_gets_poor_and_rich(void **state)
{
	start(1000, 5000);
	assert_true(mx_quota_promise(&q, &a, 600, 0));
	mx_quota_store(&q, &a, 100);
	assert_int_equal(mx_quota_free(&q), 400);

	/* 500 are owed; the host has 550 left, then too few for its promises. */
	mx_quota_room(&q, 550);
	assert_int_equal(mx_quota_free(&q), 50);
	mx_quota_room(&q, 500);
	assert_int_equal(mx_quota_free(&q), 0);
	mx_quota_room(&q, 3);
	assert_int_equal(mx_quota_free(&q), 0);
	assert_false(mx_quota_promise(&q, &a, 1, 0));
	mx_quota_room(&q, ~0ULL);
	assert_int_equal(mx_quota_free(&q), 400);
}

static void mx_quota_promise__to_the_last_page(void **state)
{
	start(512, 100000);
	assert_true(mx_quota_promise(&q, &a, 256, 0));
	assert_false(mx_quota_promise(&q, &b, 257, 0));
	assert_int_equal(b.reserved, 0);
	assert_true(mx_quota_promise(&q, &b, 256, 0));
	assert_int_equal(mx_quota_free(&q), 0);
	assert_false(mx_quota_promise(&q, &b, 1, 0));
	assert_true(mx_quota_promise(&q, &b, 0, 0));
	assert_false(mx_quota_promise(&q, &b, ~0ULL, 0));
	assert_int_equal(q.reserved, 512);
}

/* What trailers take is gone at once, and comes back with the promise. */
static void mx_quota_promise__beside(void **state)
{
	start(516, 1000);
	assert_int_equal(mx_trailer_pages(256), 2);
	assert_int_equal(mx_trailer_pages(1), 1);
	assert_int_equal(mx_trailer_pages(1 << MX_CHUNK_SHIFT_MAX), 2048);
	assert_true(mx_quota_promise(&q, &a, 256, 2));
	assert_int_equal(mx_quota_free(&q), 258);
	assert_int_equal(q.room, 998);
	assert_false(mx_quota_promise(&q, &b, 257, 2));
	assert_false(mx_quota_promise(&q, &b, 256, 3));
	assert_false(mx_quota_promise(&q, &b, 2, ~0ULL));
	assert_true(mx_quota_promise(&q, &b, 256, 2));
	assert_int_equal(mx_quota_free(&q), 0);
	mx_quota_withdraw(&q, &a, 256, 2);
	assert_int_equal(mx_quota_free(&q), 258);
	assert_int_equal(a.reserved + q.used, 0);
	/* It counts on a host that is short of memory, too. */
	mx_quota_room(&q, 300);
	assert_int_equal(mx_quota_free(&q), 44);
	assert_false(mx_quota_promise(&q, &a, 43, 2));
	assert_true(mx_quota_promise(&q, &a, 42, 2));
	assert_int_equal(mx_quota_free(&q), 0);
}

static void mx_quota_withdraw__only_the_unused(void **state)
{
	start(512, 100000);
	assert_true(mx_quota_promise(&q, &a, 512, 0));
	mx_quota_store(&q, &a, 256);
	mx_quota_withdraw(&q, &a, 256, 0);
	assert_int_equal(mx_quota_free(&q), 256);
	assert_int_equal(a.reserved, 256);
	mx_quota_drop(&q, &a, 256);
	mx_quota_withdraw(&q, &a, 256, 0);
	assert_int_equal(mx_quota_free(&q), 512);
	assert_int_equal(a.reserved + a.used + q.reserved + q.used, 0);
}

static void mx_quota_store__leaves_free_alone(void **state)
{
	/* Bounded by the capacity, then by the host: storing keeps a promise. */
	start(1000, 5000);
	assert_true(mx_quota_promise(&q, &a, 256, 0));
	mx_quota_store(&q, &a, 200);
	assert_int_equal(mx_quota_free(&q), 744);
	mx_quota_drop(&q, &a, 200);
	assert_int_equal(mx_quota_free(&q), 744);

	start(1000, 600);
	assert_true(mx_quota_promise(&q, &a, 256, 0));
	assert_int_equal(mx_quota_free(&q), 344);
	mx_quota_store(&q, &a, 200);
	assert_int_equal(mx_quota_free(&q), 344);
	mx_quota_drop(&q, &a, 150);
	assert_int_equal(mx_quota_free(&q), 344);
	assert_int_equal(q.used, 50);
	assert_int_equal(q.room, 550);
}

static void mx_quota_store__beyond_the_room(void **state)
{
	/* The host had less than promised: the room stays at nothing. */
	start(1000, 100);
	assert_true(mx_quota_promise(&q, &a, 100, 0));
	mx_quota_room(&q, 10);
	mx_quota_store(&q, &a, 50);
	assert_int_equal(q.room, 0);
	assert_int_equal(mx_quota_free(&q), 0);
}

static void mx_quota_drop__shares_are_apart(void **state)
{
	start(1000, 5000);
	assert_true(mx_quota_promise(&q, &a, 100, 0));
	assert_true(mx_quota_promise(&q, &b, 200, 0));
	mx_quota_store(&q, &a, 7);
	mx_quota_store(&q, &b, 9);
	mx_quota_drop(&q, &a, 3);
	assert_int_equal(a.used, 4);
	assert_int_equal(b.used, 9);
	assert_int_equal(q.used, 13);
	assert_int_equal(q.reserved, 300);
}

static void mx_quota_news__a_sixteenth(void **state)
{
	start(1600, 5000);
	assert_true(mx_quota_news(&q));
	mx_quota_told(&q);
	assert_false(mx_quota_news(&q));
	assert_true(mx_quota_promise(&q, &a, 100, 0));
	assert_false(mx_quota_news(&q));
	assert_true(mx_quota_promise(&q, &a, 1, 0));
	assert_true(mx_quota_news(&q));
	mx_quota_told(&q);
	mx_quota_withdraw(&q, &a, 100, 0);
	assert_false(mx_quota_news(&q));
	mx_quota_withdraw(&q, &a, 1, 0);
	assert_true(mx_quota_news(&q));
}

/* Any order of calls: sums agree and no promise is beyond the capacity. */
static void mx_quota__random_walk(void **state)
{
	struct mx_share *share[2] = { &a, &b };
	u32 seed = 12345, n;
	u64 taken, spare;
	int i, k;

	start(4096, 3000);
	for (i = 0; i < 200000; i++) {
		struct mx_share *s = share[seed >> 31];

		seed = seed * 1664525 + 1013904223;
		n = (seed >> 8) % 300;
		switch (seed >> 16 & 7) {
		case 0:
			mx_quota_promise(&q, s, n, n / 100);
			break;
		case 1:
			mx_quota_withdraw(&q, s, min(n, s->reserved - s->used),
					  min(n / 100, s->overhead));
			break;
		case 2:
		case 3:
			mx_quota_store(&q, s, min(n, s->reserved - s->used));
			break;
		case 4:
		case 5:
			mx_quota_drop(&q, s, min(n, s->used));
			break;
		case 6:
			mx_quota_room(&q, n * 20);
			break;
		case 7:
			mx_quota_floor(&q, s, min(n * 9, mx_quota_most(&q, s)),
				       min(n * 5, mx_quota_most(&q, s)) * (i & 1));
			break;
		}
		spare = 0;
		for (k = 0; k < 2; k++) {
			taken = share[k]->reserved + share[k]->overhead;
			spare += max(max(share[k]->firm, share[k]->hold), taken) - taken;
		}
		assert_true(spare == q.spare && q.passing <= spare);
		assert_true(a.firm + b.firm == q.firm);
		assert_true(a.overhead + b.overhead == q.overhead);
		assert_true(a.reserved + b.reserved == q.reserved);
		assert_true(a.used + b.used == q.used);
		assert_true(a.used <= a.reserved && b.used <= b.reserved);
		assert_true(q.reserved + q.overhead + spare + mx_quota_free(&q) <=
			    q.capacity);
	}
}

/* What is kept for a share is nobody else's, and its own chunks take that first. */
static void mx_quota_floor__is_kept(void **state)
{
	start(1000, 5000);
	mx_quota_floor(&q, &a, 600, 0);
	assert_int_equal(mx_quota_free(&q), 400);
	assert_int_equal(mx_quota_most(&q, &b), 400);
	assert_int_equal(mx_quota_most(&q, &a), 1000);
	assert_false(mx_quota_promise(&q, &b, 401, 0));
	assert_true(mx_quota_promise(&q, &b, 400, 0));
	assert_int_equal(mx_quota_free(&q), 0);
	assert_true(mx_quota_promise(&q, &a, 590, 10));
	assert_false(mx_quota_promise(&q, &a, 1, 0));
	assert_int_equal(q.spare, 0);
	/* What they give up falls back to it. */
	mx_quota_withdraw(&q, &a, 295, 5);
	assert_int_equal(q.spare, 300);
	assert_int_equal(mx_quota_free(&q), 0);
	assert_true(mx_quota_promise(&q, &a, 295, 5));
	mx_quota_withdraw(&q, &b, 400, 0);
	assert_int_equal(mx_quota_free(&q), 400);
}

/* Beyond the floor they take, and give back, what is everybody's. */
static void mx_quota_floor__chunks_beyond_it(void **state)
{
	start(1000, 5000);
	assert_true(mx_quota_promise(&q, &a, 500, 0));
	mx_quota_floor(&q, &a, 300, 0);
	assert_int_equal(mx_quota_free(&q), 500);
	assert_int_equal(q.spare, 0);
	mx_quota_withdraw(&q, &a, 400, 0);
	assert_int_equal(q.spare, 200);
	assert_int_equal(mx_quota_free(&q), 700);
	assert_int_equal(q.firm, 300);
	mx_quota_floor(&q, &a, 0, 0);
	assert_int_equal(mx_quota_free(&q), 900);
	assert_int_equal(q.firm, 0);
}

static void mx_quota_floor__for_the_time_being(void **state)
{
	start(1000, 5000);
	mx_quota_floor(&q, &a, 200, 700);
	assert_int_equal(mx_quota_free(&q), 300);
	assert_int_equal(mx_quota_passing(&q, &b), 500);
	assert_int_equal(mx_quota_passing(&q, &a), 0);
	/* A chunk that the floor covers takes nothing else. */
	assert_true(mx_quota_promise(&q, &a, 256, 0));
	assert_int_equal(mx_quota_free(&q), 300);
	assert_int_equal(mx_quota_passing(&q, &b), 444);
	mx_quota_floor(&q, &a, 200, 0);
	assert_int_equal(mx_quota_free(&q), 744);
	assert_int_equal(q.passing, 0);
}

/* A host that gets poor keeps its word first. */
static void mx_quota_floor__poor_host(void **state)
{
	start(1000, 5000);
	mx_quota_floor(&q, &a, 600, 0);
	mx_quota_room(&q, 500);
	assert_int_equal(mx_quota_free(&q), 0);
	assert_false(mx_quota_promise(&q, &b, 1, 0));
	assert_true(mx_quota_promise(&q, &a, 600, 0));
	mx_quota_store(&q, &a, 100);
	assert_int_equal(mx_quota_free(&q), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_quota_floor__is_kept),
		MXT(mx_quota_floor__chunks_beyond_it),
		MXT(mx_quota_floor__for_the_time_being),
		MXT(mx_quota_floor__poor_host),
		MXT(mx_quota_init__all_free),
		MXT(mx_quota_free__host_gets_poor_and_rich),
		MXT(mx_quota_promise__to_the_last_page),
		MXT(mx_quota_promise__beside),
		MXT(mx_quota_withdraw__only_the_unused),
		MXT(mx_quota_store__leaves_free_alone),
		MXT(mx_quota_store__beyond_the_room),
		MXT(mx_quota_drop__shares_are_apart),
		MXT(mx_quota_news__a_sixteenth),
		MXT(mx_quota__random_walk),
	};

	return MXT_RUN(tests);
}
