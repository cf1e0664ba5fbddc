// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_home.c: who is in sync, and which generation
 * says so.
 */
#include "mxtest.h"
#include "engine/mx_home.h"

static const struct mx_srv_life life[] = {
	{ .inc = 100 }, { .inc = 101 }, { .inc = 102 }, { .inc = 103 },
};

/* Servers 0 to @n - 1, settled. */
static struct mx_home home(u32 n)
{
	struct mx_home h = {};
	u32 i, gen = mx_home_next(&h);

	for (i = 0; i < n; i++)
		mx_home_add(&h, i, &life[i], gen);
	if (n > 1)
		mx_home_settled(&h, mx_home_next(&h));
	return h;
}

static void mx_home_add__first_settles(void **state)
{
	struct mx_home h = home(1);

	assert_int_equal(h.gen, 1);
	assert_false(h.unsettled);
	assert_true(mx_home_has(&h, 0, 100, 0, 9));
	assert_false(mx_home_has(&h, 0, 100, 1, 9));
	assert_false(mx_home_has(&h, 1, 101, 0, 9));
	mx_home_add(&h, 3, &life[3], 1);
	/* Each has stored that it is alone. */
	assert_true(h.unsettled && h.behind);
	mx_home_settled(&h, mx_home_next(&h));
	assert_int_equal(h.gen, 2);
	assert_false(h.unsettled || h.behind);
}

static void mx_home_next__never_twice(void **state)
{
	struct mx_home h = home(1);

	assert_int_equal(mx_home_next(&h), 2);
	mx_home_clear(&h);
	assert_int_equal(mx_home_next(&h), 3);
	mx_home_behind(&h, 9);
	/* Nobody is in sync that could be behind. */
	assert_false(h.behind);
	assert_int_equal(mx_home_next(&h), 10);
}

static void mx_home_stale__never_the_last(void **state)
{
	struct mx_home h = home(3);

	assert_true(mx_home_stale(&h, 1));
	assert_true(h.unsettled);
	assert_int_equal(mx_home_in_sync(&h), 2);
	assert_true(mx_home_stale(&h, 1));
	assert_true(mx_home_stale(&h, 0));
	assert_false(mx_home_stale(&h, 2));
	assert_int_equal(mx_home_in_sync(&h), 1);
	/* What is no member cannot be stale. */
	assert_true(mx_home_stale(&h, 7));
}

/* 6g: the life that has the pages is back. */
static void mx_home_regain__same_life(void **state)
{
	struct mx_home h = home(1);
	struct mx_srv_life other = { .inc = 100, .era = 1 };

	assert_true(mx_home_lose(&h, 0));
	assert_false(mx_home_lose(&h, 0));
	assert_int_equal(mx_home_in_sync(&h), 0);
	assert_false(mx_home_regain(&h, 0, &other));
	assert_false(mx_home_regain(&h, 1, &life[0]));
	assert_true(mx_home_regain(&h, 0, &life[0]));
	assert_false(mx_home_regain(&h, 0, &life[0]));
	assert_false(h.unsettled && h.n == 1);
}

/* A placement elsewhere that was given up has used a generation up. */
static void mx_home_regain__behind(void **state)
{
	struct mx_srv_life new = { .inc = 100, .gens = true };
	struct mx_home h = home(1);

	mx_home_lose(&h, 0);
	mx_home_next(&h);
	assert_true(mx_home_regain(&h, 0, &new));
	assert_true(h.behind);
	mx_home_lose(&h, 0);
	/* A server without generations cannot be told. */
	assert_true(mx_home_regain(&h, 0, &life[0]));
	assert_false(h.behind);
}

static void mx_home_regain__not_beside_others(void **state)
{
	struct mx_home h = home(2);

	assert_true(mx_home_lose(&h, 0));
	/* The other one may have taken writes since. */
	assert_false(mx_home_regain(&h, 0, &life[0]));
	mx_home_settled(&h, mx_home_next(&h));
	assert_int_equal(h.n, 1);
	assert_true(mx_home_lose(&h, 1));
	assert_false(mx_home_regain(&h, 0, &life[0]));
	assert_true(mx_home_regain(&h, 1, &life[1]));
}

static void mx_home_regain__first_of_two(void **state)
{
	struct mx_home h = home(2);

	mx_home_lose(&h, 0);
	mx_home_lose(&h, 1);
	assert_true(mx_home_regain(&h, 1, &life[1]));
	assert_true(h.unsettled);
	assert_false(mx_home_regain(&h, 0, &life[0]));
	mx_home_settled(&h, mx_home_next(&h));
	assert_int_equal(mx_home_find(&h, 0), -1);
}

/* The other one may have what the first lacks: it must not come back after a read. */
static void mx_home_regain__settled_before_a_read(void **state)
{
	struct mx_srv_life new = { .inc = 101, .gens = true };
	struct mx_home h = home(2);

	mx_home_settled(&h, mx_home_next(&h));
	mx_home_lose(&h, 0);
	mx_home_lose(&h, 1);
	assert_true(mx_home_regain(&h, 1, &new));
	assert_true(h.behind);
	mx_home_settled(&h, mx_home_next(&h));
	assert_int_equal(h.n, 1);
	assert_false(h.behind);
}

static void mx_home_differs__some_in_sync(void **state)
{
	struct mx_home h = home(2);

	mx_home_settled(&h, mx_home_next(&h));
	mx_home_lose(&h, 0);
	mx_home_differs(&h);
	assert_true(h.behind && h.unsettled);
	mx_home_settled(&h, mx_home_next(&h));
	mx_home_lose(&h, 1);
	mx_home_differs(&h);
	assert_false(h.behind);
}

static void mx_home_lose__stale_does_not_come_back(void **state)
{
	struct mx_home h = home(2);

	mx_home_stale(&h, 0);
	assert_true(mx_home_lose(&h, 0));
	assert_int_equal(h.n, 1);
	assert_int_equal(mx_home_find(&h, 1), 0);
}

static void mx_home_behind__newer_only(void **state)
{
	struct mx_home h = home(1);

	mx_home_behind(&h, 1);
	assert_false(h.behind);
	mx_home_behind(&h, 5);
	assert_true(h.behind && h.unsettled);
	assert_int_equal(mx_home_next(&h), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_home_add__first_settles),
		MXT(mx_home_next__never_twice),
		MXT(mx_home_stale__never_the_last),
		MXT(mx_home_regain__same_life),
		MXT(mx_home_regain__settled_before_a_read),
		MXT(mx_home_differs__some_in_sync),
		MXT(mx_home_regain__behind),
		MXT(mx_home_regain__not_beside_others),
		MXT(mx_home_regain__first_of_two),
		MXT(mx_home_lose__stale_does_not_come_back),
		MXT(mx_home_behind__newer_only),
	};

	return MXT_RUN(tests);
}
