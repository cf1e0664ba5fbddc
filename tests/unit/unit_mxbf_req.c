// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of frontend/mxbf_req.c: requests in the backend's hand, answers true and
 * false, bios in requests, names.
 */
#include "mxtest.h"
#include "mxbf_req.h"

static struct mxbf_table table;

/* As many requests as there can be. */
static void take_all(struct mxbf_slot **slots)
{
	u32 i;

	mxbf_table_init(&table);
	for (i = 0; i < MXBF_SLOTS; i++) {
		slots[i] = mxbf_slot_take(&table, MXBF_READ, i * 8);
		assert_non_null(slots[i]);
	}
}

static void slot_take__until_there_is_none(void **state)
{
	struct mxbf_slot *slots[MXBF_SLOTS];
	u32 i, k;

	take_all(slots);
	assert_null(mxbf_slot_take(&table, MXBF_READ, 0));
	assert_int_equal(table.out, MXBF_SLOTS);
	for (i = 0; i < MXBF_SLOTS; i++)
		for (k = 0; k < i; k++)
			assert_true(slots[i] != slots[k] && slots[i]->id != slots[k]->id);
}

static void slot_free__used_last_is_used_next(void **state)
{
	struct mxbf_slot *slots[MXBF_SLOTS], *again;
	u64 id;

	take_all(slots);
	id = slots[5]->id;
	assert_ptr_equal(mxbf_answer(&table, id, MXBF_READ), slots[5]);
	/* Its memory is in use until it is freed. */
	assert_null(mxbf_slot_take(&table, MXBF_WRITE, 0));
	mxbf_slot_free(&table, slots[5]);
	again = mxbf_slot_take(&table, MXBF_WRITE, 0);
	assert_ptr_equal(again, slots[5]);
	assert_true(again->id != id);
	assert_int_equal(again->parts, 0);
	assert_int_equal(again->sectors, 0);
}

static void slot_add__neighbours_share(void **state)
{
	struct mxbf_slot *slot;

	mxbf_table_init(&table);
	slot = mxbf_slot_take(&table, MXBF_WRITE, 16);
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 16, 4096), 4096);
	assert_int_equal(mxbf_slot_add(slot, MXBF_READ, 24, 4096), 0);
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 32, 4096), 0);
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 16, 4096), 0);
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 24, 512), 512);
	/* A bio that is more than there is room for is taken in part, once. */
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 25, 1 << 20), MXBF_BYTES - 4608);
	assert_int_equal(mxbf_slot_add(slot, MXBF_WRITE, 16 + MXBF_BYTES / 512, 512), 0);
	assert_int_equal(slot->sectors * 512, MXBF_BYTES);
	assert_int_equal(slot->parts, 3);
}

static void slot_add__parts_are_few(void **state)
{
	struct mxbf_slot *slot;
	u32 i;

	mxbf_table_init(&table);
	slot = mxbf_slot_take(&table, MXBF_READ, 0);
	for (i = 0; i < MXBF_PARTS; i++)
		assert_int_equal(mxbf_slot_add(slot, MXBF_READ, i, 512), 512);
	assert_int_equal(mxbf_slot_add(slot, MXBF_READ, i, 512), 0);
}

static void slot_add__discards_stand_alone(void **state)
{
	struct mxbf_slot *slot;

	mxbf_table_init(&table);
	slot = mxbf_slot_take(&table, MXBF_DISCARD, 8);
	assert_int_equal(mxbf_slot_add(slot, MXBF_DISCARD, 8, 0xfffff000), 0xfffff000);
	assert_true(slot->sectors == 0xfffff000 / 512);
	assert_int_equal(mxbf_slot_add(slot, MXBF_DISCARD, 8 + slot->sectors, 4096), 0);
}

static void unread__no_more_than_asked(void **state)
{
	mxbf_table_init(&table);
	assert_int_equal(mxbf_unread(&table, 7, 7), 0);
	assert_int_equal(mxbf_unread(&table, 7, 8), -EPROTO);
	mxbf_slot_take(&table, MXBF_READ, 0);
	mxbf_slot_take(&table, MXBF_READ, 0);
	assert_int_equal(mxbf_unread(&table, 7, 9), 2);
	assert_int_equal(mxbf_unread(&table, 0xffffffff, 1), 2);
	assert_int_equal(mxbf_unread(&table, 7, 10), -EPROTO);
	assert_int_equal(mxbf_unread(&table, 7, 6), -EPROTO);
	assert_int_equal(mxbf_unread(&table, 7, 7 + (1u << 31)), -EPROTO);
}

static void answer__lies(void **state)
{
	struct mxbf_slot *slots[MXBF_SLOTS];
	u64 id;
	u32 i;

	take_all(slots);
	id = slots[3]->id;
	for (i = 0; i < 64; i++)
		assert_null(mxbf_answer(&table, id ^ 1ULL << i, MXBF_WRITE));
	assert_null(mxbf_answer(&table, id, MXBF_WRITE));
	assert_null(mxbf_answer(&table, id, MXBF_DISCARD));
	for (i = 5; i < 64; i++)
		assert_null(mxbf_answer(&table, id ^ 1ULL << i, MXBF_READ));
	assert_null(mxbf_answer(&table, 0, MXBF_READ));
	assert_null(mxbf_answer(&table, ~0ULL, MXBF_READ));
	assert_int_equal(table.out, MXBF_SLOTS);
	assert_non_null(mxbf_answer(&table, id, MXBF_READ));
	/* Twice, before and after it is freed, and when the slot is another request's. */
	assert_null(mxbf_answer(&table, id, MXBF_READ));
	mxbf_slot_free(&table, slots[3]);
	assert_null(mxbf_answer(&table, id, MXBF_READ));
	mxbf_slot_take(&table, MXBF_READ, 0);
	assert_null(mxbf_answer(&table, id, MXBF_READ));
}

static void gives_meet__while_they_are_out(void **state)
{
	struct mxbf_slot *slot, *plain;
	u32 i;

	mxbf_table_init(&table);
	plain = mxbf_slot_take(&table, MXBF_DISCARD, 0);
	plain->sectors = 1000;
	assert_false(mxbf_gives_meet(&table, 0, 1000));
	slot = mxbf_slot_take(&table, MXBF_DISCARD, 80);
	assert_true(mxbf_slot_give(&table, slot, 16));
	assert_false(mxbf_gives_meet(&table, 72, 8));
	assert_true(mxbf_gives_meet(&table, 72, 9));
	assert_true(mxbf_gives_meet(&table, 95, 1));
	assert_false(mxbf_gives_meet(&table, 96, 8));
	assert_true(mxbf_gives_meet(&table, 0, 1000));
	for (i = 2; i < MXBF_GIVES; i++)
		assert_true(mxbf_slot_give(&table, mxbf_slot_take(&table, MXBF_DISCARD, 800), 8));
	assert_false(mxbf_slot_give(&table, mxbf_slot_take(&table, MXBF_DISCARD, 800), 8));
	assert_non_null(mxbf_answer(&table, slot->id, MXBF_DISCARD));
	assert_false(mxbf_gives_meet(&table, 80, 16));
	assert_int_equal(table.gives, MXBF_GIVES - 1);
}

static void name__of_each_kind(void **state)
{
	static const struct {
		u32 vdev;
		const char *name;
	} want[] = {
		{ 1 << 28 | 338 << 8, "memxa" },
		{ 1 << 28 | 363 << 8, "memxz" },
		{ 1 << 28 | 364 << 8, "memx-xvdna" },
		{ 1 << 28 | 337 << 8, "memx-xvdlz" },
		{ 1 << 28 | 338 << 8 | 2, "memx-xvdma2" },
		{ 202 << 8, "memx-xvda" },
		{ 202 << 8 | 15 << 4, "memx-xvdp" },
		{ 202 << 8 | 1 << 4 | 3, "memx-xvdb3" },
		{ 1 << 28 | 26 << 8 | 255, "memx-xvdaa255" },
		{ 1 << 28 | 702 << 8, "memx-xvdaaa" },
		{ (1 << 29) - 1, "memx-xvdbgqcv255" },
		{ 3 << 8, "memx-768" },
		{ 0, "memx-0" },
		{ 1 << 29, "memx-536870912" },
		{ 0xffffffff, "memx-4294967295" },
	};
	char name[MXBF_NAME];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		mxbf_name(want[i].vdev, name);
		assert_string_equal(name, want[i].name);
	}
}

static const struct CMUnitTest tests[] = {
	MXT(slot_take__until_there_is_none),
	MXT(slot_free__used_last_is_used_next),
	MXT(slot_add__neighbours_share),
	MXT(slot_add__parts_are_few),
	MXT(slot_add__discards_stand_alone),
	MXT(unread__no_more_than_asked),
	MXT(answer__lies),
	MXT(gives_meet__while_they_are_out),
	MXT(name__of_each_kind),
};

int main(void)
{
	return MXT_RUN(tests);
}
