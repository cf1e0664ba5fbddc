// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_op*.c with several copies of a chunk: members
 * that drop out, and generations.
 */
#include "mx_op_rig.h"

static void copies__placed_on_three(void **state)
{
	struct rig *r = rig(3);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0) | BIT(1) | BIT(2));
	LOG(r, "0:PICK 3; 0:WRITE|PLACE s0 g1; 0:WRITE|PLACE s1 g1; 0:WRITE|PLACE s2 g1");
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_FULL);
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:PICK 1");
	picked(r, 0, BIT(3));
	answer(r, 0, 3, MX_V_OK);
	/* Not acknowledged before all of them know each other. */
	LOG(r, "0:WRITE|PLACE s3 g2; 0:SETGEN s0 g3; 0:SETGEN s2 g3; 0:SETGEN s3 g3");
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	LOG(r, "");
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 2, MX_V_OK);
	answer(r, 0, 3, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 1:WRITE s0 g3; 1:WRITE s2 g3; 1:WRITE s3 g3");
}

/* What a server had taken before it was lost, it may bring back. */
static void copies__placement_fails_after_a_loss(void **state)
{
	struct rig *r = rig(2);

	submit(r, 0, MX_KIND_WRITE, 3, 2);
	picked(r, 0, BIT(0) | BIT(1));
	answer(r, 0, 0, MX_V_OK);
	r->life[0].inc++;
	tick(r, 0);
	answer(r, 0, 1, MX_V_FULL);
	picked(r, 0, 0);
	LOG(r, "0:PICK 2; 0:WRITE|PLACE s0 g1; 0:WRITE|PLACE s1 g1; 0:PICK 2; 0:END -28; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 2), MX_PAGE_ZERO);
	assert_int_equal(mx_chunk_page(&r->c, 3), MX_PAGE_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 4), MX_PAGE_LOST);
	r->life[0].inc--;
	tick(r, 0);
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(mx_chunk_page(&r->c, 4), MX_PAGE_HAVE);
}

/* Pages that one server has stored are there, whatever another one said. */
static void copies__placement_fails_beside_a_copy(void **state)
{
	struct rig *r = rig(2);

	submit(r, 0, MX_KIND_WRITE, 3, 2);
	picked(r, 0, BIT(0) | BIT(1));
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_OVER);
	LOG(r, "0:PICK 2; 0:WRITE|PLACE s0 g1; 0:WRITE|PLACE s1 g1; 0:END -5; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(mx_chunk_page(&r->c, 4), MX_PAGE_HAVE);
}

static void copies__member_restarts(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	assert_int_equal(r->c.home.gen, 2);
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2");
	answer(r, 0, 1, MX_V_OK);
	r->life[0].inc++;
	answer(r, 0, 0, MX_V_GONE);
	LOG(r, "0:SETGEN s1 g3");
	/* Another one waits for the same. */
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	answer(r, 1, 1, MX_V_OK);
	LOG(r, "1:WRITE s1 g2");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE; 1:END 0; 1:FREE");
	assert_int_equal(r->c.home.n, 1);
	assert_int_equal(r->c.home.gen, 3);
}

/* The last member restarts between two attempts to have it store a generation. */
static void copies__lost_while_settling(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	r->life[0].inc++;
	answer(r, 0, 0, MX_V_GONE);
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:SETGEN s1 g3; 0:WAIT 320");
	submit(r, 1, MX_KIND_READ, 2, 1);
	r->life[1].inc++;
	answer(r, 1, 1, MX_V_GONE);
	LOG(r, "1:READ s1 g2; 1:END -5; 1:FREE");
	wake(r, 0);
	LOG(r, "0:PICK 2");
	picked(r, 0, BIT(0));
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:WRITE|PLACE s0 g4; 0:PICK 1");
	none_picked(r, 0, false);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_HAVE);
	assert_int_equal(mx_chunk_page(&r->c, 2), MX_PAGE_LOST);
}

/* What a home has executed that is lost, nobody has in the one after it. */
static void copies__done_by_an_older_home(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:WAIT 10");
	r->life[0].inc++;
	r->life[1].inc++;
	submit(r, 1, MX_KIND_WRITE, 9, 1);
	picked(r, 1, BIT(0) | BIT(1));
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:PICK 2; 1:WRITE|PLACE s0 g3; 1:WRITE|PLACE s1 g3");
	give_up(r, 0);
	LOG(r, "0:END -5; 0:FREE");
	assert_int_equal(r->c.nhave, 0);
	answer(r, 1, 1, MX_V_OK);
	answer(r, 1, 0, MX_V_OK);
	answer(r, 1, 1, MX_V_OK);
	LOG(r, "1:SETGEN s0 g4; 1:SETGEN s1 g4; 1:END 0; 1:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_LOST);
}

/* A discard failed, which one member has executed: the next one has it settled. */
static void copies__discarded_by_one(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	submit(r, 0, MX_KIND_DISCARD, 0, 2);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_STALE);
	answer(r, 0, 0, MX_V_STALE);
	LOG(r, "0:DISCARD s0 g2; 0:DISCARD s1 g2; 0:SETGEN s0 g3; 0:END -116; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, 1);
	LOG(r, "0:SETGEN s0 g4");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
}

/* Of two members each has missed what the other one did. */
static void copies__done_by_one_that_is_gone(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	r->life[0].era++;
	tick(r, 0);
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WRITE s1 g2; 0:SETGEN s1 g3; 0:WAIT 320");
	r->life[0].era--;
	r->life[1].inc++;
	tick(r, 0);
	wake(r, 0);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:SETGEN s0 g4; 0:WRITE s0 g4");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
}

/* What is not settled may be otherwise for the next owner. */
static void copies__nothing_is_read_before_it_is_settled(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	submit(r, 0, MX_KIND_DISCARD, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	r->life[0].inc++;
	answer(r, 0, 0, MX_V_GONE);
	answer(r, 0, 1, MX_V_STALE);
	LOG(r, "0:DISCARD s0 g2; 0:DISCARD s1 g2; 0:SETGEN s1 g3; 0:END -116; 0:FREE");
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:SETGEN s1 g4");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
}

static void copies__silent_member_becomes_stale(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	tick(r, 3000);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:VOID s1; 0:SETGEN s0 g3");
	answer(r, 0, 0, MX_V_OK);
	/* The tomb holds up nobody: its server is not read any more. */
	LOG(r, "0:END 0");
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:WRITE s0 g3; 1:END 0; 1:FREE");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:FREE");
}

static void copies__all_unknown(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	tick(r, 10000);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:VOID s0; 0:VOID s1; 0:END -5");
	submit(r, 1, MX_KIND_READ, 0, 1);
	answer(r, 0, 0, MX_V_VOID);
	LOG(r, "");
	/* They differ now: reads agree only if one of them is read no more. */
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:SETGEN s1 g3");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:FREE; 1:READ s1 g3");
}

static void copies__deadline_with_some_done(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	give_up(r, 0);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:VOID s1; 0:SETGEN s0 g3; 0:END -5");
	answer(r, 0, 1, MX_V_VOID);
	LOG(r, "");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE");
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_HAVE);
}

static void copies__read_elsewhere(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_READ, 0, 1);
	r->members.m[0].state = MX_MEMBER_SUSPECT;
	tick(r, 500);
	LOG(r, "0:READ s0 g2; 0:VOID s0; 0:READ s1 g2");
	answer_mask(r, 0, 1, MX_V_OK, 1);
	LOG(r, "0:END 0");
	answer(r, 0, 0, MX_V_VOID);
	LOG(r, "0:FREE");
	/* A copy that lacks a page is none. */
	r->members.m[0].state = MX_MEMBER_ALIVE;
	submit(r, 0, MX_KIND_READ, 0, 1);
	answer_mask(r, 0, 0, MX_V_OK, 0);
	LOG(r, "0:READ s0 g2; 0:READ s1 g2");
}

/* The pages are lost while they are read, and the chunk is placed elsewhere. */
static void copies__read_of_what_was_lost_since(void **state)
{
	struct rig *r = rig(2);

	have_pages(r, 0, 0, 4, BIT(0) | BIT(1));
	submit(r, 0, MX_KIND_READ, 0, 1);
	r->life[0].inc++;
	r->life[1].inc++;
	tick(r, 0);
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	picked(r, 1, BIT(2) | BIT(3));
	answer(r, 1, 2, MX_V_OK);
	answer(r, 1, 3, MX_V_OK);
	answer(r, 1, 2, MX_V_OK);
	answer(r, 1, 3, MX_V_OK);
	rig_log(r);
	r->members.m[0].state = MX_MEMBER_SUSPECT;
	tick(r, 500);
	LOG(r, "0:VOID s0; 0:READ s2 g4");
	answer_mask(r, 0, 2, MX_V_OK, 0);
	LOG(r, "0:END -5");
}

static void copies__behind(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));
	struct mx_result res = { .verdict = MX_V_OLDGEN, .gen = 9 };

	submit(r, 0, MX_KIND_READ, 0, 1);
	mx_op_leg(&r->c, &r->op[0], 0, &res, &r->env, &r->todo);
	LOG(r, "0:READ s0 g2; 0:SETGEN s0 g10; 0:SETGEN s1 g10");
	answer(r, 0, 1, MX_V_OK);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:READ s0 g10");
}

static void copies__release_by_all(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_DISCARD, 0, 4);
	answer(r, 0, 0, MX_V_OK);
	tick(r, 3000);
	LOG(r, "0:DISCARD|RELEASE s0 g2; 0:DISCARD|RELEASE s1 g2");
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WAIT 10");
	wake(r, 0);
	LOG(r, "0:DISCARD|RELEASE s0 g2; 0:DISCARD|RELEASE s1 g2");
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

/* What a stale member has must not be all that is left of the chunk. */
static void copies__no_release_beside_stale_members(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_STALE);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:SETGEN s0 g3; 0:END -116; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, RIG_PAGES);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD s0 g3; 0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
}

/* 6g: a member that was lost, and that the others have gone on without. */
static void copies__left_member_is_back(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	r->life[0].inc = 999;
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE s1 g2; 0:SETGEN s1 g3; 0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, RIG_PAGES);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:DISCARD s1 g3; 0:END 0; 0:FREE");
	r->life[0].inc = 100;
	assert_true(unplace_left(r, 0));
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD|RELEASE s0 g2; 0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 0, 0);
	LOG(r, "0:DISCARD|RELEASE s1 g3");
}

static void copies__setter_given_up(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	submit(r, 1, MX_KIND_WRITE, 1, 1);
	answer(r, 0, 1, MX_V_OK);
	answer(r, 1, 1, MX_V_OK);
	r->life[0].inc++;
	answer(r, 0, 0, MX_V_GONE);
	rig_log(r);
	give_up(r, 0);
	LOG(r, "0:END -5");
	answer(r, 1, 0, MX_V_GONE);
	LOG(r, "");
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WAIT 320");
	wake(r, 0);
	LOG(r, "0:SETGEN s1 g4");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:FREE; 1:END 0; 1:FREE");
}

/* What was asked of a copy that the server denied says nothing about the next one. */
static void copies__of_the_copy_before(void **state)
{
	static const u8 late[] = { MX_V_OK, MX_V_NOCHUNK };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(late); i++) {
		struct rig *r = rig_with(1, 8, BIT(0));

		submit(r, 0, MX_KIND_WRITE, 20, 1);
		submit(r, 1, MX_KIND_WRITE, 30, 1);
		answer(r, 1, 0, MX_V_NOCHUNK);
		picked(r, 1, BIT(0));
		LOG(r, "0:WRITE s0 g1; 1:WRITE s0 g1; 1:PICK 1; 1:WRITE|PLACE s0 g2");
		answer(r, 0, 0, late[i]);
		answer(r, 1, 0, MX_V_OK);
		LOG(r, "1:END 0; 1:FREE; 0:WRITE s0 g2");
		assert_int_equal(r->c.state, MX_CHUNK_PLACED);
		answer(r, 0, 0, MX_V_OK);
		LOG(r, "0:END 0; 0:FREE");
		assert_int_equal(r->c.nhave, 2);
	}
}

/* Two members, of which only the first one has executed a write of page 0. */
static struct rig *rig_done_by_one(void)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:WAIT 10");
	return r;
}

/* A member that has executed it is asked once more, and does that after what is next. */
static void copies__may_come_again(void **state)
{
	struct rig *r = rig_done_by_one();

	wake(r, 0);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2");
	tick(r, 3000);
	LOG(r, "0:VOID s0; 0:SETGEN s1 g3");
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:END 0");
	submit(r, 1, MX_KIND_WRITE, 0, 1);
	LOG(r, "1:WRITE s1 g3");
	answer(r, 0, 0, MX_V_OK);
	answer(r, 1, 1, MX_V_OK);
	LOG(r, "0:FREE; 1:END 0; 1:FREE");
}

/* Likewise, and it is the last one in sync: what is next has to wait. */
static void copies__may_come_again_on_the_last(void **state)
{
	static const u8 late[] = { MX_V_OK, MX_V_VOID, MX_V_DOUBT };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(late); i++) {
		struct rig *r = rig_done_by_one();

		submit(r, 1, MX_KIND_WRITE, 2, 1);
		answer(r, 1, 0, MX_V_OK);
		tick(r, 3000);
		answer(r, 1, 0, MX_V_OK);
		LOG(r, "1:WRITE s0 g2; 1:WRITE s1 g2; 1:VOID s1; 1:SETGEN s0 g3; 1:END 0");
		wake(r, 0);
		give_up(r, 0);
		LOG(r, "0:WRITE s0 g3; 0:VOID s0; 0:END -5");
		submit(r, 2, MX_KIND_WRITE, 0, 1);
		LOG(r, "");
		answer(r, 0, 0, late[i]);
		LOG(r, "0:FREE; 2:WRITE s0 g3");
		answer(r, 2, 0, MX_V_OK);
		LOG(r, "2:END 0; 2:FREE");
		assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_HAVE);
	}
}

/* A write failed that only a member has executed which is lost: it must not come back
 * after a read of the others.
 */
static void copies__done_by_a_lost_one(void **state)
{
	struct rig *r = rig_done_by_one();

	r->life[0].era++;
	tick(r, 0);
	give_up(r, 0);
	LOG(r, "0:END -5; 0:FREE");
	submit(r, 0, MX_KIND_READ, 0, 1);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:SETGEN s1 g3; 0:READ s1 g3");
	answer_mask(r, 0, 1, MX_V_OK, 1);
	r->life[0].era--;
	r->life[1].era++;
	tick(r, 0);
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
}

/* It was lost when what it had been asked for was settled. */
static void copies__settled_by_a_lost_one(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	give_up(r, 0);
	LOG(r, "0:WRITE s0 g2; 0:WRITE s1 g2; 0:VOID s0; 0:VOID s1; 0:END -5");
	r->life[0].era++;
	tick(r, 0);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_VOID);
	LOG(r, "0:FREE");
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:SETGEN s1 g3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(copies__placed_on_three),
		MXT(copies__placement_fails_after_a_loss),
		MXT(copies__placement_fails_beside_a_copy),
		MXT(copies__member_restarts),
		MXT(copies__nothing_is_read_before_it_is_settled),
		MXT(copies__lost_while_settling),
		MXT(copies__discarded_by_one),
		MXT(copies__done_by_an_older_home),
		MXT(copies__done_by_one_that_is_gone),
		MXT(copies__silent_member_becomes_stale),
		MXT(copies__all_unknown),
		MXT(copies__deadline_with_some_done),
		MXT(copies__read_elsewhere),
		MXT(copies__read_of_what_was_lost_since),
		MXT(copies__behind),
		MXT(copies__release_by_all),
		MXT(copies__no_release_beside_stale_members),
		MXT(copies__left_member_is_back),
		MXT(copies__setter_given_up),
		MXT(copies__of_the_copy_before),
		MXT(copies__may_come_again),
		MXT(copies__may_come_again_on_the_last),
		MXT(copies__done_by_a_lost_one),
		MXT(copies__settled_by_a_lost_one),
	};

	return MXT_RUN(tests);
}
