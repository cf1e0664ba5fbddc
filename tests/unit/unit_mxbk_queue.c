// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of backend/mxbk_queue.c: what frontends ask for, sense and nonsense.
 */
#include "mxtest.h"
#include "mxbk_queue.h"

static const struct mxbk_offer offer = { .queues = 4, .order = 3 };
static struct mxbk_plan plan;

static u8 ask(const char *protocol, const char *order, const char *queues)
{
	const struct mxbk_asked asked = { protocol, order, queues };

	return mxbk_plan_make(&asked, "native-abi", &offer, &plan);
}

static void number__digits_only(void **state)
{
	static const char * const bad[] = {
		"", " ", "-1", "+1", " 1", "1 ", "1\n", "0x1", "1.0", "four", "1,2",
		"4294967296", "99999999999999999999999999", "18446744073709551617",
	};
	u32 value = 7;
	unsigned int i;

	assert_int_equal(mxbk_number(NULL, &value), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(mxbk_number(bad[i], &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(mxbk_number("0", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(mxbk_number("4294967295", &value), 0);
	assert_int_equal(value, 4294967295u);
	assert_int_equal(mxbk_number("000000000000000000012", &value), 0);
	assert_int_equal(value, 12);
}

static void offer__bounds(void **state)
{
	struct mxbk_offer o;

	mxbk_offer_make(&o, 8, 4, 4);
	assert_int_equal(o.queues, 4);
	assert_int_equal(o.order, MXBK_ORDER_MAX);
	mxbk_offer_make(&o, 2, 4, 0);
	assert_int_equal(o.queues, 2);
	assert_int_equal(o.order, 0);
	mxbk_offer_make(&o, 2, 0, ~0u);
	assert_int_equal(o.queues, 1);
	assert_int_equal(o.order, MXBK_ORDER_MAX);
}

/* What was offered before us is accepted, but no ring that we cannot map. */
static void offer__of_a_driver_before(void **state)
{
	struct mxbk_offer o = { 1, 2 };
	const struct mxbk_offer stock = { 8, 1 }, odd = { 0, 200 };

	mxbk_offer_widen(&o, &stock);
	assert_int_equal(o.queues, 8);
	assert_int_equal(o.order, 2);
	mxbk_offer_widen(&o, &odd);
	assert_int_equal(o.queues, 8);
	assert_int_equal(o.order, MXBK_ORDER_MAX);
}

static void plan__nothing_said(void **state)
{
	assert_int_equal(ask(NULL, NULL, NULL), MXBK_ASK_OK);
	assert_ptr_equal(plan.abi, &mxbk_abi_64);
	assert_int_equal(plan.order, 0);
	assert_int_equal(plan.queues, 1);
}

static void plan__protocol(void **state)
{
	assert_int_equal(ask("x86_32-abi", NULL, NULL), MXBK_ASK_OK);
	assert_ptr_equal(plan.abi, &mxbk_abi_32);
	assert_int_equal(ask("x86_64-abi", NULL, NULL), MXBK_ASK_OK);
	assert_ptr_equal(plan.abi, &mxbk_abi_64);
	assert_int_equal(ask("native-abi", NULL, NULL), MXBK_ASK_OK);
	assert_ptr_equal(plan.abi, &mxbk_abi_64);
	assert_int_equal(ask("", NULL, NULL), MXBK_ASK_OK);
	assert_int_equal(ask("x86_64-abi\n", NULL, NULL), MXBK_ASK_PROTOCOL);
	assert_int_equal(ask("x86_32", NULL, NULL), MXBK_ASK_PROTOCOL);
}

static void plan__order(void **state)
{
	assert_int_equal(ask(NULL, "0", NULL), MXBK_ASK_OK);
	assert_int_equal(ask(NULL, "3", NULL), MXBK_ASK_OK);
	assert_int_equal(plan.order, 3);
	assert_int_equal(ask(NULL, "4", NULL), MXBK_ASK_ORDER);
	assert_int_equal(ask(NULL, "-1", NULL), MXBK_ASK_ORDER);
	assert_int_equal(ask(NULL, "", NULL), MXBK_ASK_ORDER);
	assert_int_equal(ask(NULL, "4294967296", NULL), MXBK_ASK_ORDER);
}

static void plan__queues(void **state)
{
	static const char * const bad[] = {
		"0", "5", "-1", "", "abc", "1x", "4294967295", "4294967297",
	};
	unsigned int i;

	assert_int_equal(ask(NULL, NULL, "1"), MXBK_ASK_OK);
	assert_int_equal(plan.queues, 1);
	assert_int_equal(ask("x86_32-abi", "2", "4"), MXBK_ASK_OK);
	assert_int_equal(plan.queues, 4);
	assert_int_equal(plan.order, 2);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(ask(NULL, NULL, bad[i]), MXBK_ASK_QUEUES);
}

/* Four rings of four pages that have nothing in common. */
static void fill(struct mxbk_says *all)
{
	u32 i, k;

	for (i = 0; i < 4; i++) {
		all[i].evtchn = 20 + i;
		all[i].nrefs = 4;
		for (k = 0; k < MXBK_REFS_MAX; k++)
			all[i].ref[k] = k < 4 ? 100 + 4 * i + k : 1;
	}
}

static void says__apart(void **state)
{
	struct mxbk_says all[4];
	u32 n;

	fill(all);
	for (n = 1; n <= 4; n++)
		assert_int_equal(mxbk_says_check(all, n), MXBK_ASK_OK);
}

/* Any page of a ring that any other place has, too. */
static void says__page_twice(void **state)
{
	struct mxbk_says all[4];
	u32 ring, page, last;

	for (last = 0; last < 4; last++)
		for (ring = 0; ring <= last; ring++)
			for (page = 0; page < 4; page++) {
				fill(all);
				if (ring == last && page == 3)
					continue;
				all[last].ref[3] = all[ring].ref[page];
				assert_int_equal(mxbk_says_check(all, last + 1),
						 MXBK_ASK_REF);
			}
}

static void says__event_twice(void **state)
{
	struct mxbk_says all[4];
	u32 ring;

	for (ring = 0; ring < 3; ring++) {
		fill(all);
		all[3].evtchn = all[ring].evtchn;
		assert_int_equal(mxbk_says_check(all, 4), MXBK_ASK_EVENT);
		assert_int_equal(mxbk_says_check(all, 3), MXBK_ASK_OK);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(number__digits_only),
		MXT(offer__bounds),
		MXT(offer__of_a_driver_before),
		MXT(plan__nothing_said),
		MXT(plan__protocol),
		MXT(plan__order),
		MXT(plan__queues),
		MXT(says__apart),
		MXT(says__page_twice),
		MXT(says__event_twice),
	};

	return MXT_RUN(tests);
}
