// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_member.c: who gets an entry, how silence and
 * adverts change its state, and when it is given to another server.
 */
#include "mxtest.h"
#include "engine/mx_member.h"

static struct mx_members table;

static const struct mx_ad server = {
	.roles = MX_ROLE_SERVER, .load = 7, .capacity = 100, .free = 60, .used = 40,
};

static const struct mx_ad other = { .roles = MX_ROLE_CLIENT };

static int advert(u64 node, u32 inc, const struct mx_ad *ad, u32 expected)
{
	u32 events = 0xff;
	int i = mx_member_advert(&table, node, inc, ad, &events);

	assert_int_equal(events, expected);
	return i;
}

static int clear(void **state)
{
	memset(&table, 0, sizeof(table));
	return mxt_setup(state);
}

static void mx_member_advert__servers_only(void **state)
{
	int i;

	assert_int_equal(advert(1, 1, &other, 0), -ENOENT);
	i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);
	assert_int_equal(mx_member_find(&table, 2), i);
	assert_int_equal(mx_member_find(&table, 1), -ENOENT);
	assert_int_equal(table.m[i].state, MX_MEMBER_ALIVE);
	assert_int_equal(table.m[i].free, 60);
	assert_int_equal(table.m[i].capacity, 100);
	assert_int_equal(table.m[i].used, 40);
	assert_int_equal(table.m[i].load, 7);
	assert_int_equal(advert(2, 1, &server, 0), i);
}

static void mx_member_advert__stops_serving(void **state)
{
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);

	assert_int_equal(advert(2, 1, &other, MX_MEMBER_EV_STATE), i);
	assert_int_equal(table.m[i].state, MX_MEMBER_GONE);
	assert_int_equal(advert(2, 1, &server, MX_MEMBER_EV_STATE), i);
	assert_int_equal(table.m[i].state, MX_MEMBER_ALIVE);
}

static void mx_member_advert__restart(void **state)
{
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);

	assert_int_equal(advert(2, 9, &server, MX_MEMBER_EV_RESTART), i);
	assert_int_equal(table.m[i].inc, 9);
	assert_int_equal(mx_member_restart(&table.m[i], 9), 0);
	assert_int_equal(mx_member_restart(&table.m[i], 10), MX_MEMBER_EV_RESTART);
}

static void mx_member_advert__table_full(void **state)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++)
		assert_int_equal(advert(100 + i, 1, &server, MX_MEMBER_EV_NEW |
					MX_MEMBER_EV_STATE), i);
	assert_int_equal(advert(1, 1, &server, 0), -ENOSPC);
	/* One that is dead makes room, unless a volume refers to it. */
	mx_member_silence(&table.m[5], MX_DEAD_MS);
	table.m[5].users = 1;
	assert_int_equal(advert(1, 1, &server, 0), -ENOSPC);
	mx_member_gone(&table.m[6]);
	assert_int_equal(advert(1, 1, &server, MX_MEMBER_EV_NEW |
				MX_MEMBER_EV_STATE), 6);
	assert_int_equal(mx_member_find(&table, 106), -ENOENT);
	table.m[5].users = 0;
	assert_int_equal(advert(3, 1, &server, MX_MEMBER_EV_NEW |
				MX_MEMBER_EV_STATE), 5);
}

static void mx_member_silence__boundaries(void **state)
{
	static const struct {
		u32 ms;
		u8 state;
	} step[] = {
		{ 0, MX_MEMBER_ALIVE },
		{ MX_SUSPECT_MS - 1, MX_MEMBER_ALIVE },
		{ MX_SUSPECT_MS, MX_MEMBER_SUSPECT },
		{ MX_DEAD_MS - 1, MX_MEMBER_SUSPECT },
		{ MX_DEAD_MS, MX_MEMBER_DEAD },
		{ UINT32_MAX, MX_MEMBER_DEAD },
		{ 1, MX_MEMBER_ALIVE },
		{ MX_DEAD_MS, MX_MEMBER_DEAD },
		{ MX_SUSPECT_MS, MX_MEMBER_SUSPECT },
	};
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);
	struct mx_member *m = &table.m[i];

	for (i = 0; i < ARRAY_SIZE(step); i++) {
		u8 before = m->state;
		u32 events = mx_member_silence(m, step[i].ms);

		assert_int_equal(m->state, step[i].state);
		assert_int_equal(events, before == m->state ? 0 :
				 MX_MEMBER_EV_STATE);
	}
}

static void mx_member_silence__not_the_gone(void **state)
{
	struct mx_member none = {};
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);

	assert_int_equal(mx_member_gone(&table.m[i]), MX_MEMBER_EV_STATE);
	assert_int_equal(mx_member_gone(&table.m[i]), 0);
	assert_int_equal(table.m[i].free, 0);
	assert_int_equal(mx_member_silence(&table.m[i], 0), 0);
	assert_int_equal(table.m[i].state, MX_MEMBER_GONE);
	assert_int_equal(mx_member_silence(&none, MX_DEAD_MS), 0);
	assert_int_equal(mx_member_gone(&none), 0);
	assert_int_equal(none.state, MX_MEMBER_NONE);
}

/* 6f: nobody counts as dead but by silence. */
static void mx_member_silence__of_the_gone(void **state)
{
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);
	struct mx_member *m = &table.m[i];

	mx_member_gone(m);
	assert_int_equal(mx_member_silence(m, MX_DEAD_MS - 1), 0);
	assert_int_equal(m->state, MX_MEMBER_GONE);
	assert_int_equal(mx_member_silence(m, MX_DEAD_MS), MX_MEMBER_EV_STATE);
	assert_int_equal(m->state, MX_MEMBER_DEAD);
	advert(2, 1, &server, MX_MEMBER_EV_STATE);
	assert_int_equal(m->state, MX_MEMBER_ALIVE);
}

/* 6f: our own interface went down. */
static void mx_member_cut__is_suspect(void **state)
{
	struct mx_member none = {};
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);
	struct mx_member *m = &table.m[i];

	assert_int_equal(mx_member_cut(m), MX_MEMBER_EV_STATE);
	assert_int_equal(m->state, MX_MEMBER_SUSPECT);
	assert_int_equal(mx_member_cut(m), 0);
	/* It was heard a moment ago, which says nothing now. */
	assert_int_equal(mx_member_silence(m, 100), 0);
	assert_int_equal(m->state, MX_MEMBER_SUSPECT);
	mx_member_silence(m, MX_DEAD_MS);
	assert_int_equal(m->state, MX_MEMBER_DEAD);
	advert(2, 1, &server, MX_MEMBER_EV_STATE);
	assert_int_equal(mx_member_silence(m, 100), 0);
	assert_int_equal(m->state, MX_MEMBER_ALIVE);
	assert_int_equal(mx_member_cut(&none), 0);
}

/* 6g: two nodes with one id. */
static void mx_member_restart__twins(void **state)
{
	int i = advert(2, 1, &server, MX_MEMBER_EV_NEW | MX_MEMBER_EV_STATE);
	struct mx_member *m = &table.m[i];

	assert_int_equal(mx_member_restart(m, 7), MX_MEMBER_EV_RESTART);
	assert_int_equal(mx_member_restart(m, 8), MX_MEMBER_EV_RESTART);
	assert_int_equal(mx_member_restart(m, 7), MX_MEMBER_EV_RESTART |
						  MX_MEMBER_EV_TWIN);
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, clear, mxt_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(mx_member_advert__servers_only),
		CLEAN(mx_member_advert__stops_serving),
		CLEAN(mx_member_advert__restart),
		CLEAN(mx_member_advert__table_full),
		CLEAN(mx_member_silence__boundaries),
		CLEAN(mx_member_silence__not_the_gone),
		CLEAN(mx_member_silence__of_the_gone),
		CLEAN(mx_member_cut__is_suspect),
		CLEAN(mx_member_restart__twins),
	};

	return MXT_RUN(tests);
}
