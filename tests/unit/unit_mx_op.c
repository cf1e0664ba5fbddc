// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_op*.c: each arrow, each deadline, and what
 * becomes of legs whose outcome is not known.
 */
#include <time.h>
#include "mx_op_rig.h"

static void mx_op_submit__hole(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_READ, 0, 32);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->op[0].give, 0);
	submit(r, 0, MX_KIND_DISCARD, 0, RIG_PAGES);
	LOG(r, "0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, 0);
	LOG(r, "0:END 0; 0:FREE");
	assert_true(mx_chunk_idle(&r->c));
}

static void mx_op_submit__first_write_places(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 2);
	LOG(r, "0:PICK 1");
	submit(r, 1, MX_KIND_WRITE, 9, 1);
	submit(r, 2, MX_KIND_READ, 1, 2);
	submit(r, 3, MX_KIND_READ, 2, 7);
	LOG(r, "3:END 0; 3:FREE");
	submit(r, 4, MX_KIND_READ, 9, 1);
	picked(r, 0, BIT(2));
	LOG(r, "0:WRITE|PLACE s2 g1");
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 1:WRITE s2 g1; 2:READ s2 g1");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(r->c.server, 2);
	answer_mask(r, 2, 2, MX_V_OK, 1);
	LOG(r, "2:END 0; 2:FREE");
	assert_int_equal(r->op[2].give, 1);
	answer(r, 1, 2, MX_V_OK);
	LOG(r, "1:END 0; 1:FREE; 4:READ s2 g1");
	assert_int_equal(r->c.nhave, 3);
}

static void mx_op_submit__order(void **state)
{
	struct rig *r = rig_with(1, 32, BIT(0));

	submit(r, 0, MX_KIND_READ, 0, 8);
	submit(r, 1, MX_KIND_READ, 4, 8);
	submit(r, 2, MX_KIND_WRITE, 7, 1);
	/* A later read does not overtake the write, nor does it starve it. */
	submit(r, 3, MX_KIND_READ, 7, 1);
	submit(r, 4, MX_KIND_WRITE, 100, 1);
	/* Touching is not overlapping. */
	submit(r, 5, MX_KIND_WRITE, 101, 2);
	LOG(r, "0:READ s0 g1; 1:READ s0 g1; 4:WRITE s0 g1; 5:WRITE s0 g1");
	answer_mask(r, 0, 0, MX_V_OK, 0xff);
	LOG(r, "0:END 0; 0:FREE");
	answer_mask(r, 1, 0, MX_V_OK, 0xff);
	LOG(r, "1:END 0; 1:FREE; 2:WRITE s0 g1");
	answer(r, 2, 0, MX_V_OK);
	LOG(r, "2:END 0; 2:FREE; 3:READ s0 g1");
}

static void mx_op_submit__edges(void **state)
{
	struct rig *r = rig(1);

	submit_edges(r, 0, 10, 3, 3);
	LOG(r, "0:PICK 1; 0:FILL 3");
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE|PLACE s1 g1; 0:END 0; 0:FREE");

	submit_edges(r, 0, 9, 2, 3);
	LOG(r, "0:FILL 1; 0:READ s1 g1");
	assert_int_equal(mx_op_edge_page(&r->op[0]), 1);
	assert_int_equal(r->op[0].leg[0].first, 10);
	answer_mask(r, 0, 1, MX_V_OK, 1);
	LOG(r, "0:WRITE s1 g1");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");

	/* The server lacks a page that it had taken. */
	submit_edges(r, 0, 9, 1, 1);
	answer_mask(r, 0, 1, MX_V_OK, 0);
	LOG(r, "0:READ s1 g1; 0:END -5; 0:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 9), MX_PAGE_LOST);
	submit_edges(r, 0, 9, 1, 1);
	LOG(r, "0:END -5; 0:FREE");
	/* Whole, it is good again. */
	submit(r, 0, MX_KIND_WRITE, 9, 1);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE s1 g1; 0:END 0; 0:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 9), MX_PAGE_HAVE);
}

/* What one read finds lost is lost for those under way, whatever they bring. */
static void mx_op_submit__reads_of_lost(void **state)
{
	struct rig *r = rig(1);

	have_pages(r, 0, 0, 8, BIT(0));
	submit(r, 0, MX_KIND_READ, 2, 1);
	submit(r, 1, MX_KIND_READ, 1, 4);
	submit(r, 2, MX_KIND_READ, 3, 2);
	LOG(r, "0:READ s0 g1; 1:READ s0 g1; 2:READ s0 g1");
	answer_mask(r, 0, 0, MX_V_OK, 0);
	LOG(r, "0:END -5; 0:FREE");
	answer_mask(r, 1, 0, MX_V_OK, 0xf);
	LOG(r, "1:END -5; 1:FREE");
	answer_mask(r, 2, 0, MX_V_OK, 0x3);
	LOG(r, "2:END 0; 2:FREE");
	assert_int_equal(r->op[2].give, 0x3);
}

static void mx_op_submit__discard(void **state)
{
	struct rig *r = rig_with(1, 32, BIT(0));

	submit(r, 0, MX_KIND_DISCARD, 64, 64);
	LOG(r, "0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 4, 8);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD s0 g1; 0:END 0; 0:FREE");
	assert_int_equal(r->c.nhave, 24);
	/* What leaves the chunk empty releases it, and excludes everything. */
	submit(r, 0, MX_KIND_DISCARD, 0, 40);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	assert_int_equal(r->c.state, MX_CHUNK_RELEASING);
	submit(r, 1, MX_KIND_WRITE, 200, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 1:PICK 1");
	picked(r, 1, BIT(0));
	LOG(r, "1:WRITE|PLACE s0 g2");
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:END 0; 1:FREE");
	/* Beside others it does not release. */
	submit(r, 0, MX_KIND_READ, 200, 1);
	submit(r, 1, MX_KIND_DISCARD, 0, 100);
	LOG(r, "0:READ s0 g2; 1:END 0; 1:FREE");
}

static void mx_op_submit__release_refused(void **state)
{
	struct rig *r = rig_with(1, 1, BIT(0));

	submit(r, 0, MX_KIND_DISCARD, 0, 1);
	answer(r, 0, 0, MX_V_BAD);
	LOG(r, "0:DISCARD|RELEASE s0 g1; 0:END -5; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
}

static void mx_op_submit__spare_chunk(void **state)
{
	struct rig *r = rig_with(1, 1, BIT(0));

	submit(r, 0, MX_KIND_READ, 0, 1);
	submit(r, 1, MX_KIND_DISCARD, 0, 1);
	answer_mask(r, 0, 0, MX_V_OK, 1);
	LOG(r, "0:READ s0 g1; 0:END 0; 0:FREE; 1:DISCARD|RELEASE s0 g1");
	answer(r, 1, 0, MX_V_AGAIN);
	LOG(r, "1:WAIT 10");
	wake(r, 1);
	LOG(r, "1:DISCARD|RELEASE s0 g1");
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:END 0; 1:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_op_picked__declined_everywhere(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	submit(r, 2, MX_KIND_READ, 1, 1);
	picked(r, 0, BIT(0));
	answer(r, 0, 0, MX_V_FULL);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:PICK 1");
	assert_int_equal(r->op[0].tried, BIT(0));
	none_picked(r, 0, false);
	LOG(r, "0:END -28; 0:FREE; 1:END -28; 1:FREE; 2:END 0; 2:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_op_picked__none_for_now(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	none_picked(r, 0, true);
	LOG(r, "0:PICK 1; 0:WAIT 10");
	wake(r, 0);
	none_picked(r, 0, true);
	LOG(r, "0:PICK 1; 0:WAIT 20");
	/* The next one tries when this one is given up. */
	submit(r, 1, MX_KIND_WRITE, 5, 1);
	give_up(r, 0);
	LOG(r, "0:END -5; 0:FREE; 1:PICK 1");
}

static void mx_op_leg__lost_starts_over(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_READ, 0, 1);
	submit(r, 1, MX_KIND_WRITE, 4, 1);
	LOG(r, "0:READ s0 g1; 1:WRITE s0 g1");
	r->life[0].inc = 999;
	answer(r, 1, 0, MX_V_GONE);
	LOG(r, "1:PICK 1");
	assert_int_equal(r->c.nlost, 8);
	answer(r, 0, 0, MX_V_GONE);
	LOG(r, "0:END -5; 0:FREE");
	picked(r, 1, BIT(1));
	answer(r, 1, 1, MX_V_OK);
	LOG(r, "1:WRITE|PLACE s1 g2; 1:END 0; 1:FREE");
	assert_int_equal(r->c.nlost, 7);
}

static void mx_op_leg__answer_of_a_lost_copy_does_not_count(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 4, 1);
	LOG(r, "0:WRITE s0 g1");
	r->life[0].era++;
	assert_true(mx_chunk_lose(&r->c, 0, 100, 1));
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:PICK 1");
}

static void mx_op_leg__fenced(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 4, 1);
	answer(r, 0, 0, MX_V_STALE);
	LOG(r, "0:WRITE s0 g1; 0:END -116; 0:FREE");
	submit(r, 0, MX_KIND_READ, 4, 1);
	answer(r, 0, 0, MX_V_STALE);
	LOG(r, "0:READ s0 g1; 0:END -116; 0:FREE");
}

/* 6e: a server that refuses the claim costs only itself, as long as another one
 * takes the chunk.
 */
static void mx_op_leg__placement_refused_as_stale(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	answer(r, 0, 0, MX_V_STALE);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:PICK 1");
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE|PLACE s1 g2; 0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	rig_log(r);
	answer(r, 0, 0, MX_V_STALE);
	none_picked(r, 0, false);
	LOG(r, "0:PICK 1; 0:END -116; 0:FREE");
}

/* 6a: a write whose outcome is not known keeps its place until it is. */
static void mx_op_give_up__write_keeps_its_place(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 4, 1);
	submit(r, 1, MX_KIND_WRITE, 4, 1);
	submit(r, 2, MX_KIND_READ, 4, 1);
	LOG(r, "0:WRITE s0 g1");
	give_up(r, 0);
	/* Its owner is told, and its payload is free; the object is not. */
	LOG(r, "0:VOID s0; 0:END -5");
	assert_false(mx_chunk_idle(&r->c));
	/* Executed after all: the newer one comes after it. */
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE; 1:WRITE s0 g1");
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:END 0; 1:FREE; 2:READ s0 g1");
}

/* 6a: it counts as not executed only if that is certain. */
static void mx_op_give_up__outcomes(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 50, 1);
	give_up(r, 0);
	LOG(r, "0:WRITE s0 g1; 0:VOID s0; 0:END -5");
	answer(r, 0, 0, MX_V_VOID);
	LOG(r, "0:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 50), MX_PAGE_ZERO);

	submit(r, 0, MX_KIND_WRITE, 50, 1);
	give_up(r, 0);
	answer(r, 0, 0, MX_V_OK);
	assert_int_equal(mx_chunk_page(&r->c, 50), MX_PAGE_HAVE);

	submit(r, 0, MX_KIND_DISCARD, 50, 1);
	give_up(r, 0);
	answer(r, 0, 0, MX_V_GONE);
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_LOST);
	assert_true(mx_chunk_idle(&r->c));
	rig_log(r);
}

static void mx_op_give_up__release(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_DISCARD, 0, 8);
	give_up(r, 0);
	LOG(r, "0:DISCARD|RELEASE s0 g1; 0:VOID s0; 0:END -5");
	submit(r, 1, MX_KIND_WRITE, 100, 1);
	LOG(r, "");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE; 1:PICK 1");
	picked(r, 1, BIT(0));
	answer(r, 1, 0, MX_V_OK);
	rig_log(r);
	submit(r, 0, MX_KIND_DISCARD, 0, RIG_PAGES);
	give_up(r, 0);
	answer(r, 0, 0, MX_V_VOID);
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(mx_chunk_page(&r->c, 100), MX_PAGE_HAVE);
	rig_log(r);
}

/* 6c: what has no effect leaves at once, and its object follows. */
static void mx_op_give_up__read_leaves_at_once(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_READ, 0, 8);
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	give_up(r, 0);
	LOG(r, "0:READ s0 g1; 0:VOID s0; 0:END -5; 1:WRITE s0 g1");
	answer(r, 0, 0, MX_V_VOID);
	LOG(r, "0:FREE");
}

/* 6c: many are ended a few at a time. */
static void mx_op_abandon__budget(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));
	u32 i, calls = 0;

	for (i = 0; i < RIG_OPS; i++)
		submit(r, i, MX_KIND_READ, i, 1);
	rig_log(r);
	while (mx_op_abandon(&r->c, rig_sent, 3, false, &r->env, &r->todo)) {
		struct mx_todo_item t;
		u32 n = 0;

		while (mx_todo_take(&r->todo, &t))
			n++;
		assert_int_equal(n, 3);
		calls++;
	}
	assert_int_equal(calls, 2);
	rig_log(r);
	for (i = 0; i < RIG_OPS; i++)
		answer(r, i, 0, MX_V_VOID);
	assert_true(mx_chunk_idle(&r->c));
	rig_log(r);
}

/* The cluster's own operations are nobody's to give up. */
static void mx_op_abandon__cluster(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	mx_op_submit(&r->c, own_op(r, 0, MX_KIND_DISCARD, 8), &r->env, &r->todo);
	assert_false(mx_op_abandon(&r->c, rig_sent, 9, false, &r->env, &r->todo));
	tick(r, 60000);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	assert_false(mx_op_abandon(&r->c, rig_sent, 9, true, &r->env, &r->todo));
	LOG(r, "0:VOID s0; 0:END -5");
	mx_op_void_all(&r->c, &r->todo);
	LOG(r, "0:VOID s0");
	answer(r, 0, 0, MX_V_OVER);
	LOG(r, "0:FREE");
}

/* 6f: a server that announces but does not answer holds up nothing for ever. */
static void mx_op_tick__deadlines(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	submit(r, 2, MX_KIND_DISCARD, 4, 1);
	submit(r, 3, MX_KIND_READ, 5, 1);
	LOG(r, "0:WRITE s0 g1; 2:DISCARD s0 g1; 3:READ s0 g1");
	tick(r, 9999);
	LOG(r, "");
	tick(r, 1);
	LOG(r, "0:VOID s0; 0:END -5; 2:VOID s0; 2:END -5; 1:END -5; 1:FREE");
	tick(r, 10000);
	LOG(r, "");
	answer_mask(r, 3, 0, MX_V_OK, 1);
	LOG(r, "3:END 0; 3:FREE");
}

/* 6f: an interface that went down is no reason to fail. */
static void mx_op_tick__not_heard_is_not_dead(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->members.m[0].state = MX_MEMBER_GONE;
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	r->members.m[0].state = MX_MEMBER_SUSPECT;
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	tick(r, 9000);
	LOG(r, "0:WRITE s0 g1; 1:WRITE s0 g1");
	answer(r, 0, 0, MX_V_OK);
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 1:END 0; 1:FREE");
	r->members.m[0].state = MX_MEMBER_DEAD;
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	LOG(r, "0:END -5; 0:FREE");
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:READ s0 g1");
}

/* A host that did not run does not count that time. */
static void mx_op_tick__asleep(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	r->env.awake_ms = 500;
	tick(r, 3600000);
	LOG(r, "0:WRITE s0 g1");
	r->env.awake_ms = 10000;
	tick(r, 9500);
	LOG(r, "0:VOID s0; 0:END -5");
	answer(r, 0, 0, MX_V_VOID);
	rig_log(r);
}

static bool none_sent(const struct mx_op *op)
{
	return false;
}

/* What is just being sent is left alone. */
static void mx_op_tick__not_sent_yet(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	r->env.now_ms += 20000;
	assert_false(mx_op_tick(&r->c, none_sent, 8, &r->env, &r->todo));
	LOG(r, "0:WRITE s0 g1");
	tick(r, 0);
	LOG(r, "0:VOID s0; 0:END -5");
}

/* 6f: a first write goes elsewhere when its server does not answer. */
static void mx_op_tick__placement_passed_over(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	tick(r, 2999);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1");
	tick(r, 1);
	LOG(r, "0:PICK 1; 0:VOID s0");
	assert_int_equal(r->c.avoid, BIT(0));
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	/* A newer number: what the first one may have taken is a left-over. */
	LOG(r, "0:WRITE|PLACE s1 g2; 0:END 0");
	assert_int_equal(r->c.server, 1);
	/* It holds up nobody. */
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	LOG(r, "1:WRITE s1 g2");
	/* It took it: it is told to release it, until it has. */
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	answer(r, 0, 0, MX_V_AGAIN);
	LOG(r, "");
	tick(r, 500);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	assert_int_equal(r->c.avoid, BIT(0));
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.avoid, 0);
}

static void mx_op_tick__placement_to_a_suspect(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	r->members.m[0].state = MX_MEMBER_SUSPECT;
	tick(r, 500);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:PICK 1; 0:VOID s0");
	/* Nobody else is there, but that one may be later. */
	none_picked(r, 0, false);
	LOG(r, "0:WAIT 10");
	answer(r, 0, 0, MX_V_VOID);
	LOG(r, "");
	assert_int_equal(r->c.avoid, 0);
	wake(r, 0);
	LOG(r, "0:PICK 1");
	picked(r, 0, BIT(0));
	/* 6f: never longer than the deadline. */
	tick(r, 9500);
	LOG(r, "0:WRITE|PLACE s0 g2; 0:VOID s0; 0:END -5");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	/* Restarted: there is nothing to take back. */
	r->life[0].inc++;
	answer(r, 0, 0, MX_V_GONE);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.avoid, 0);
}

/* The volume goes away: what only had a placement to take back holds up nobody now. */
static void mx_op_void_all__left(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	tick(r, 3000);
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 0, MX_V_AGAIN);
	rig_log(r);
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	submit(r, 2, MX_KIND_WRITE, 0, 1);
	LOG(r, "1:WRITE s1 g2");
	mx_op_void_all(&r->c, &r->todo);
	LOG(r, "1:VOID s1; 0:FREE");
	assert_int_equal(r->op[2].behind, 1);
}

/* 6g: the server that has the pages is back in the same life. */
static void mx_op_submit__regained(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->life[0].inc = 999;
	submit(r, 0, MX_KIND_READ, 0, 8);
	LOG(r, "0:END -5; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	r->life[0].inc = 100;
	submit(r, 0, MX_KIND_READ, 0, 8);
	LOG(r, "0:READ s0 g1");
	answer_mask(r, 0, 0, MX_V_OK, 0xff);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->op[0].give, 0xff);
	assert_int_equal(r->c.nlost, 0);

	/* Until the chunk is placed anew. */
	r->life[0].inc = 999;
	place(r, 0, 3, 1, 1);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s1 g2; 0:END 0; 0:FREE");
	r->life[0].inc = 100;
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:END -5; 0:FREE");
	assert_int_equal(r->c.nlost, 7);
}

/* A server that has restarted for good does not keep a chunk for ever. */
static void mx_op_submit__haunted_for_a_while(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->life[0].inc = 999;
	place(r, 0, 0, 8, 1);
	submit(r, 0, MX_KIND_DISCARD, 0, 8);
	answer(r, 0, 1, MX_V_OK);
	rig_log(r);
	tick(r, MX_LEFT_MS);
	submit(r, 0, MX_KIND_DISCARD, 0, 0);
	LOG(r, "0:DISCARD|RELEASE s1 g2");
}

static void mx_op_submit__blind(void **state)
{
	struct rig *r = rig(1);
	u8 bits[RIG_PAGES / 8] = { 0x0f };

	mx_chunk_unknown(&r->c);
	submit(r, 0, MX_KIND_READ, 0, 8);
	submit(r, 1, MX_KIND_WRITE, 8, 1);
	LOG(r, "");
	adopt(r);
	mx_op_advance(&r->c, &r->env, &r->todo);
	LOG(r, "0:BITMAP s2 g5");
	mx_chunk_learn(&r->c, 0, bits, sizeof(bits));
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:READ s2 g5; 1:WRITE s2 g5");
	answer_mask(r, 0, 2, MX_V_OK, 0x0f);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->op[0].give, 0x0f);
	answer(r, 1, 2, MX_V_OK);
	assert_int_equal(r->c.nhave, 5);
	rig_log(r);
}

/* A fetch without an operation of an I/O, and one that is given up. */
static void mx_op_submit__fetch(void **state)
{
	struct rig *r = rig(1);

	mx_chunk_unknown(&r->c);
	adopt(r);
	submit(r, 1, MX_KIND_READ, 0, 1);
	mx_op_submit(&r->c, own_op(r, 0, MX_KIND_FETCH, 0), &r->env, &r->todo);
	LOG(r, "1:BITMAP s2 g5");
	give_up(r, 1);
	LOG(r, "1:VOID s2; 1:END -5; 0:BITMAP s2 g5");
	answer(r, 1, 2, MX_V_VOID);
	LOG(r, "1:FREE");
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
	assert_false(r->c.blind);
}

static void mx_op_ask__old_server(void **state)
{
	struct rig *r = rig(1);

	r->life[0].gens = false;
	place(r, 0, 0, 1, 0);
	LOG(r, "0:PICK 1; 0:WRITE s0 g0; 0:END 0; 0:FREE");
}

/*
 * A guest chooses how many operations a chunk has. What each answer costs must
 * not grow with the square of that.
 */
static void mx_op_advance__many_operations(void **state)
{
	enum { MANY = 6000, ROUNDS = 200 };
	struct mx_op *op = calloc(MANY, sizeof(*op));
	struct rig *r = rig(1);
	clock_t began;
	u32 i;

	assert_non_null(op);
	have_pages(r, 0, 0, 32, BIT(0));
	r->c.blind = true;
	for (i = 0; i < MANY; i++) {
		mx_op_init(&op[i], MX_KIND_READ, MX_OWN_IO, i % 32, 1, 0, 0);
		mx_op_submit(&r->c, &op[i], &r->env, &r->todo);
	}
	/* All but the first wait for the bitmap, and overlap nobody. */
	assert_int_equal(op[MANY - 1].where, MX_OP_WAITING);
	began = clock();
	for (i = 0; i < ROUNDS; i++)
		mx_op_advance(&r->c, &r->env, &r->todo);
	assert_true(clock() - began < CLOCKS_PER_SEC);
	free(op);
}

/* What is in whose way, while operations leave, start over and are given up. */
static void mx_op_advance__in_the_way(void **state)
{
	struct rig *r = rig_with(1, 32, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 0, 4);
	submit(r, 1, MX_KIND_READ, 0, 1);
	submit(r, 2, MX_KIND_WRITE, 0, 8);
	submit(r, 3, MX_KIND_READ, 6, 1);
	submit(r, 4, MX_KIND_READ, 0, 1);
	LOG(r, "0:WRITE s0 g1");
	assert_int_equal(r->op[1].behind, 1);
	assert_int_equal(r->op[2].behind, 2);
	assert_int_equal(r->op[3].behind, 1);
	assert_int_equal(r->op[4].behind, 2);
	give_up(r, 2);
	LOG(r, "2:END -5; 2:FREE; 3:READ s0 g1");
	assert_int_equal(r->op[4].behind, 1);
	/* It starts over, and is in the way as before. */
	answer(r, 0, 0, MX_V_OLDGEN);
	LOG(r, "0:WAIT 10");
	assert_int_equal(r->op[4].behind, 1);
	wake(r, 0);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:WRITE s0 g1; 0:END 0; 0:FREE; 1:READ s0 g1; 4:READ s0 g1");
}

/* A release that has to start over excludes nobody but those that it overlaps. */
static void mx_op_advance__not_alone_any_more(void **state)
{
	struct rig *r = rig_with(1, 2, BIT(0));

	submit(r, 0, MX_KIND_DISCARD, 0, 2);
	submit(r, 1, MX_KIND_READ, 9, 1);
	submit(r, 2, MX_KIND_READ, 1, 1);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	assert_int_equal(r->op[1].behind, 1);
	answer(r, 0, 0, MX_V_AGAIN);
	wake(r, 0);
	LOG(r, "0:WAIT 10; 0:DISCARD s0 g1; 1:END 0; 1:FREE");
	assert_int_equal(r->op[2].behind, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 2:END 0; 2:FREE");
}

/* Another node with the server's id may have said so: it has the pages after all. */
static void mx_op_leg__novol_untrue(void **state)
{
	struct rig *r = rig(1);

	have_pages(r, 0, 0, 4, BIT(0));
	submit(r, 0, MX_KIND_READ, 0, 1);
	r->life[0].era++;
	answer(r, 0, 0, MX_V_NOVOL);
	LOG(r, "0:READ s0 g1; 0:END -5; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	r->life[0].era--;
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:READ s0 g1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_op_submit__hole),
		MXT(mx_op_submit__first_write_places),
		MXT(mx_op_submit__order),
		MXT(mx_op_submit__edges),
		MXT(mx_op_submit__reads_of_lost),
		MXT(mx_op_submit__discard),
		MXT(mx_op_submit__release_refused),
		MXT(mx_op_submit__spare_chunk),
		MXT(mx_op_picked__declined_everywhere),
		MXT(mx_op_picked__none_for_now),
		MXT(mx_op_leg__lost_starts_over),
		MXT(mx_op_leg__answer_of_a_lost_copy_does_not_count),
		MXT(mx_op_leg__fenced),
		MXT(mx_op_leg__placement_refused_as_stale),
		MXT(mx_op_give_up__write_keeps_its_place),
		MXT(mx_op_give_up__outcomes),
		MXT(mx_op_give_up__release),
		MXT(mx_op_give_up__read_leaves_at_once),
		MXT(mx_op_abandon__budget),
		MXT(mx_op_abandon__cluster),
		MXT(mx_op_tick__deadlines),
		MXT(mx_op_tick__not_heard_is_not_dead),
		MXT(mx_op_tick__asleep),
		MXT(mx_op_tick__not_sent_yet),
		MXT(mx_op_tick__placement_passed_over),
		MXT(mx_op_tick__placement_to_a_suspect),
		MXT(mx_op_void_all__left),
		MXT(mx_op_submit__regained),
		MXT(mx_op_submit__haunted_for_a_while),
		MXT(mx_op_submit__blind),
		MXT(mx_op_submit__fetch),
		MXT(mx_op_ask__old_server),
		MXT(mx_op_leg__novol_untrue),
		MXT(mx_op_advance__many_operations),
		MXT(mx_op_advance__in_the_way),
		MXT(mx_op_advance__not_alone_any_more),
	};

	return MXT_RUN(tests);
}
