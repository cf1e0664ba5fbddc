// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what memx-core/engine/mx_store.c keeps for a volume: absolute numbers, for
 * good and for the time being, and whose they are.
 */
#include "mxtest.h"
#include "mx_store_rig.h"

static struct mx_store_vol other;	/* of somebody else, on the same server */

static void begin(u64 capacity)
{
	start();
	mx_store_tick(&st, 5000, true);
	st.quota.capacity = capacity;
	memset(&other, 0, sizeof(other));
	other = (struct mx_store_vol){ .id = 77, .pages = PAGES, .shift = SHIFT };
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_int_equal(arg & MX_FEAT_RESERVE, MX_FEAT_RESERVE);
	assert_int_equal(store_roster(), MX_ST_OK);
}

static void seconds(u32 n)
{
	while (n--)
		mx_store_tick(&st, st.ticked + 1000, true);
}

/* The other's RESERVE. Return: its status; @arg is set */
static int others(u8 flags, u32 n)
{
	struct mx_ask ask = ASK(RESERVE, .flags = flags, .arg = n, .arg2 = n);

	return mx_store_reserve(&st, &other, &ask, &arg);
}

static void keep(u32 n)
{
	GOOD(ONE, RESERVE, .arg = n, .arg2 = n);
}

static void hold(u32 n)
{
	GOOD(ONE, RESERVE, .flags = MX_F_TENTATIVE, .arg = n, .arg2 = n);
}

#define TELL() GOOD(ONE, RESERVE, .flags = MX_F_TELL)
#define IS_KEPT(here, all) assert_true(arg == MX_RESERVED(here, all))

static void mx_store_reserve__is_absolute(void **state)
{
	begin(CAPACITY);
	keep(3);
	IS_KEPT(3, 3);
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY - 3 * 256);
	keep(3);
	IS_KEPT(3, 3);
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY - 3 * 256);
	TELL();
	IS_KEPT(3, 3);
	keep(1);
	IS_KEPT(1, 1);
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY - 256);
	keep(0);
	IS_KEPT(0, 0);
	check_sums();
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY);
}

static void mx_store_reserve__chunks_draw_on_it(void **state)
{
	begin(512);
	keep(2);
	/* Nothing is left, and yet there is room for two chunks of its own. */
	assert_int_equal(mx_store_promise(&st, &other, 0), MX_ST_FULL);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1, .page = 256);
	IS(FULL, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1, .page = 512);
	check_sums();
	/* What is released falls back to it, not to others. */
	GOOD(ONE, DISCARD, .flags = MX_F_RELEASE, .arg = 256, .gen = 1);
	assert_int_equal(mx_store_promise(&st, &other, 0), MX_ST_FULL);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 2);
	check_sums();
}

/* All that is kept, chunks included, is given up with the volume. */
static void mx_store_unreserve__with_the_volume(void **state)
{
	begin(1024);
	keep(3);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	GOOD(ONE, DROP);
	check_sums();
	assert_int_equal(mx_quota_free(&st.quota), 1024);
	begin(1024);
	keep(3);
	bury();
	assert_int_equal(mx_quota_free(&st.quota), 1024);
}

static void mx_store_reserve__all_or_no_change(void **state)
{
	begin(700);
	keep(1);
	keep(3);
	IS_KEPT(1, 1);
	/* For the time being as many as fit are held. */
	hold(4);
	IS_KEPT(2, 1);
	check_sums();
	keep(2);
	IS_KEPT(2, 2);
	IS(INVAL, ONE, RESERVE, .arg = CHUNKS + 1, .arg2 = 1);
	IS(INVAL, ONE, RESERVE, .arg = 1, .arg2 = CHUNKS + 1);
	IS(INVAL, ONE, RESERVE, .flags = MX_F_TELL, .arg = 1);
	IS(INVAL, ONE, RESERVE, .flags = MX_F_RELEASE, .arg = 1);
}

/* Nobody is told no, or gets less, because of what may be given back. */
static void mx_store_reserve__others_wait(void **state)
{
	begin(768);
	hold(2);
	assert_int_equal(others(MX_F_TENTATIVE, 2), MX_ST_AGAIN);
	assert_int_equal(others(0, 2), MX_ST_AGAIN);
	/* Who gets all that he wants need not. */
	assert_int_equal(others(MX_F_TENTATIVE, 1), MX_ST_OK);
	IS_KEPT(1, 0);
	/* Nor is a chunk refused for good. */
	assert_int_equal(mx_store_promise(&st, &other, 0), MX_ST_OK);
	assert_int_equal(mx_store_promise(&st, &other, 1), MX_ST_AGAIN);
	keep(2);
	assert_int_equal(mx_store_promise(&st, &other, 1), MX_ST_FULL);
	assert_int_equal(others(MX_F_TENTATIVE, 2), MX_ST_OK);
	IS_KEPT(1, 0);
	assert_int_equal(others(0, 1), MX_ST_OK);
	IS_KEPT(1, 1);
	keep(0);
	assert_int_equal(others(0, 3), MX_ST_OK);
	IS_KEPT(3, 3);
}

/* Who is not heard any more holds nothing. */
static void mx_store_unhold__after_a_while(void **state)
{
	begin(512);
	keep(1);
	hold(2);
	seconds(4);
	hold(2);
	seconds(4);
	mx_store_unhold(&st, &vol);
	assert_int_equal(others(0, 1), MX_ST_AGAIN);
	seconds(1);
	mx_store_unhold(&st, &vol);
	check_sums();
	assert_int_equal(others(0, 1), MX_ST_OK);
	IS_KEPT(1, 1);
	/* What was kept for good is. */
	TELL();
	IS_KEPT(1, 1);
	keep(2);
	IS_KEPT(1, 1);
}

static void mx_store_reserve__goes_with_the_claim(void **state)
{
	begin(CAPACITY);
	keep(3);
	assert_int_equal(OPEN_NEW(WHO(2, 22, 6)), MX_ST_OK);
	IS(STALE, ONE, RESERVE, .arg = 1, .arg2 = 1);
	GOOD(WHO(2, 22, 6), RESERVE, .flags = MX_F_TELL);
	IS_KEPT(3, 3);
	GOOD(WHO(2, 22, 6), RESERVE, .arg = 3, .arg2 = 4);
	IS_KEPT(3, 4);
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY - 3 * 256);
	/* Not for who has only proposed one, nor for those who know no generations. */
	assert_int_equal(OPEN_TENT(WHO(3, 33, 7)), MX_ST_OK);
	IS(INVAL, WHO(3, 33, 7), RESERVE, .arg = 1, .arg2 = 1);
	start();
	assert_int_equal(OPEN_OLD(ONE), MX_ST_OK);
	IS(INVAL, ONE, RESERVE, .arg = 1, .arg2 = 1);
}

/* A server that is being emptied keeps its word, and gives no other. */
static void mx_store_reserve__states(void **state)
{
	begin(CAPACITY);
	keep(1);
	st.state = MX_STORE_DRAINING;
	hold(2);
	IS_KEPT(1, 1);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	IS(FULL, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1, .page = 256);
	keep(0);
	IS_KEPT(0, 0);
	st.state = MX_STORE_CLOSING;
	IS(AGAIN, ONE, RESERVE, .arg = 1, .arg2 = 1);
	check_sums();
}

/* Trailers of sealed pages count. */
static void mx_store_reserve__sealed(void **state)
{
	begin(3 * 258 - 1);
	vol.sealed = true;
	hold(4);
	IS_KEPT(2, 0);
	keep(2);
	assert_int_equal(st.quota.spare, 2 * 258);
	assert_int_equal(mx_store_promise(&st, &vol, 0), MX_ST_OK);
	assert_int_equal(st.quota.spare, 258);
	assert_int_equal(st.quota.overhead, 2);
	mx_store_withdraw(&st, &vol, 256);
	assert_int_equal(st.quota.spare, 2 * 258);
	keep(0);
	assert_int_equal(mx_quota_free(&st.quota), 3 * 258 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_store_reserve__is_absolute),
		MXT(mx_store_reserve__chunks_draw_on_it),
		MXT(mx_store_unreserve__with_the_volume),
		MXT(mx_store_reserve__all_or_no_change),
		MXT(mx_store_reserve__others_wait),
		MXT(mx_store_unhold__after_a_while),
		MXT(mx_store_reserve__goes_with_the_claim),
		MXT(mx_store_reserve__states),
		MXT(mx_store_reserve__sealed),
	};

	return MXT_RUN(tests);
}
