// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_op*.c: writes of zeros, which store nothing, and
 * last all the same.
 */
#include "mx_op_rig.h"

static void zeros_of(struct rig *r, u32 n, u32 first, u32 pages, u8 edges, bool keep)
{
	mx_op_init(&r->op[n], MX_KIND_WRITE, MX_OWN_IO, first, pages, edges,
		   r->env.now_ms);
	mx_op_zeros(&r->op[n], keep);
	mx_op_submit(&r->c, &r->op[n], &r->env, &r->todo);
	rig_run(r);
}

static void zeros(struct rig *r, u32 n, u32 first, u32 pages)
{
	zeros_of(r, n, first, pages, 0, false);
}

static enum mx_page page(struct rig *r, u32 at)
{
	return mx_chunk_page(&r->c, at);
}

static void mx_op_zeros__hole(void **state)
{
	struct rig *r = rig(1);

	zeros(r, 0, 0, 32);
	LOG(r, "0:END 0; 0:FREE");
	zeros_of(r, 0, 4, 2, 3, true);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	assert_true(mx_chunk_idle(&r->c));
}

static void mx_op_zeros__over_pages(void **state)
{
	struct rig *r = rig_with(1, 32, BIT(0));

	/* Nothing is there. */
	zeros(r, 0, 40, 8);
	LOG(r, "0:END 0; 0:FREE");
	zeros(r, 0, 4, 8);
	assert_int_equal(r->op[0].leg[0].first, 4);
	assert_int_equal(r->op[0].leg[0].n, 8);
	submit(r, 1, MX_KIND_READ, 5, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD s0 g1; 0:END 0; 0:FREE; 1:END 0; 1:FREE");
	assert_int_equal(r->op[1].give, 0);
	assert_int_equal(r->c.nhave, 24);
	/* The last pages: the chunk is given up. */
	zeros(r, 0, 0, 32);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD|RELEASE s0 g1; 0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_op_zeros__keeps_place(void **state)
{
	struct rig *r = rig_with(1, 2, BIT(0));

	zeros_of(r, 0, 0, 32, 0, true);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD s0 g1; 0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(mx_chunk_release_due(&r->c, r->env.now_ms), MX_RELEASE_NEVER);
	mx_op_submit(&r->c, own_op(r, 1, MX_KIND_DISCARD, 0), &r->env, &r->todo);
	LOG(r, "1:END 0; 1:FREE");
	/* What is written there again has its room. */
	submit(r, 0, MX_KIND_WRITE, 9, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:WRITE s0 g1; 0:END 0; 0:FREE");
	/* Whoever discards something, gives it up. */
	submit(r, 0, MX_KIND_DISCARD, 9, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD|RELEASE s0 g1; 0:END 0; 0:FREE");
}

static void mx_op_zeros__edges(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	/* The rest of both pages is zeros. */
	zeros_of(r, 0, 8, 3, 3, false);
	LOG(r, "0:END 0; 0:FREE");
	/* One has something: it is put together with that, and stored. */
	zeros_of(r, 0, 7, 1, 1, false);
	answer_mask(r, 0, 0, MX_V_OK, 1);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:READ s0 g1; 0:WRITE s0 g1; 0:END 0; 0:FREE");
	assert_int_equal(page(r, 7), MX_PAGE_HAVE);
	zeros_of(r, 0, 7, 2, 1, false);
	answer_mask(r, 0, 0, MX_V_OK, 1);
	LOG(r, "0:READ s0 g1; 0:WRITE s0 g1");
	/* It is none of zeros any more, whatever happens. */
	r->life[0].era++;
	answer(r, 0, 0, MX_V_NOVOL);
	LOG(r, "0:PICK 1");
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE|PLACE s1 g2; 0:END 0; 0:FREE");
	/* A part of a page that is lost. */
	zeros_of(r, 0, 1, 1, 1, false);
	LOG(r, "0:END -5; 0:FREE");
}

/* Of a write that failed, the server may have what is not counted. */
static void mx_op_zeros__after_doubt(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 20, 1);
	give_up(r, 0);
	answer(r, 0, 0, MX_V_DOUBT);
	LOG(r, "0:WRITE s0 g1; 0:VOID s0; 0:END -5; 0:FREE");
	assert_int_equal(page(r, 20), MX_PAGE_ZERO);
	zeros(r, 0, 20, 1);
	LOG(r, "0:DISCARD s0 g1");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
	/* So does a discard: the next owner must not find what this one has freed. */
	submit(r, 0, MX_KIND_DISCARD, 20, 1);
	LOG(r, "0:DISCARD s0 g1");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
}

/* A release that finds the chunk in use asks for nothing, as it discards no page. */
static void mx_op_zeros__no_release(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 20, 1);
	give_up(r, 0);
	answer(r, 0, 0, MX_V_DOUBT);
	rig_log(r);
	assert_true(r->c.unsure);
	submit(r, 0, MX_KIND_DISCARD, 0, 0);
	LOG(r, "0:END 0; 0:FREE");
}

/* The volume is handed over in the middle of a write; what comes after it fails too. */
static void mx_op_zeros__after_the_end(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	submit(r, 0, MX_KIND_WRITE, 20, 1);
	answer(r, 0, 0, MX_V_OVER);
	LOG(r, "0:WRITE s0 g1; 0:END -5; 0:FREE");
	submit(r, 0, MX_KIND_DISCARD, 20, 1);
	answer(r, 0, 0, MX_V_OVER);
	LOG(r, "0:DISCARD s0 g1; 0:END -5; 0:FREE");
}

/* Discarded while the copy was thought lost, it is still in it. */
static void mx_op_zeros__after_regain(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->life[0].inc++;
	mx_chunk_sync(&r->c, &r->env);
	submit(r, 0, MX_KIND_DISCARD, 0, 4);
	LOG(r, "0:END 0; 0:FREE");
	/* With a copy that may come back, zeros are stored like others. */
	zeros(r, 0, 0, 2);
	LOG(r, "0:PICK 1");
	none_picked(r, 0, false);
	LOG(r, "0:END -28; 0:FREE");
	r->life[0].inc--;
	mx_chunk_sync(&r->c, &r->env);
	assert_int_equal(r->c.nhave, 4);
	zeros(r, 0, 0, 2);
	LOG(r, "0:DISCARD s0 g1");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
}

/* An older copy may come back: the newer one has to have the zeros. */
static void mx_op_zeros__left_over(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->life[0].inc++;
	mx_chunk_sync(&r->c, &r->env);
	zeros(r, 0, 0, 2);
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s1 g2; 0:END 0; 0:FREE");
	assert_int_equal(page(r, 1), MX_PAGE_HAVE);
	zeros(r, 0, 100, 1);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE s1 g2; 0:END 0; 0:FREE");
	/* However long that may take. */
	r->env.now_ms += 2 * MX_LEFT_MS;
	mx_chunk_sync(&r->c, &r->env);
	zeros(r, 0, 101, 1);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE s1 g2; 0:END 0; 0:FREE");
	/* It is back, and has been released. */
	r->life[0].inc--;
	assert_true(unplace_left(r, 1));
	LOG(r, "1:DISCARD|RELEASE s0 g1; 1:END 0");
	answer(r, 1, 0, MX_V_OK);
	LOG(r, "1:FREE");
	zeros(r, 0, 100, 1);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:DISCARD s1 g2; 0:END 0; 0:FREE");
}

/* More left-overs than are remembered. */
static void mx_op_zeros__left_overs_forgotten(void **state)
{
	struct rig *r = rig(1);
	u32 i;

	have_pages(r, 0, 0, 1, BIT(0));
	for (i = 0; i < 3; i++) {
		r->life[i].inc += 10;
		mx_chunk_sync(&r->c, &r->env);
		have_pages(r, 0, 0, 1, BIT(i + 1));
	}
	for (i = 0; i < 3; i++)
		mx_chunk_left_gone(&r->c, i, 100 + i, 1);
	assert_int_equal(r->c.nleft, 0);
	assert_false(mx_chunk_sole(&r->c));
	zeros(r, 0, 0, 1);
	LOG(r, "0:WRITE s3 g4");
}

/* A placement that was given up may have left a copy. */
static void mx_op_zeros__avoided_server(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	give_up(r, 0);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:VOID s0; 0:END -5");
	zeros(r, 1, 0, 1);
	LOG(r, "1:PICK 1");
	picked(r, 1, BIT(1));
	answer(r, 1, 1, MX_V_OK);
	LOG(r, "1:WRITE|PLACE s1 g2; 1:END 0; 1:FREE");
}

static void mx_op_zeros__placing(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	zeros(r, 1, 5, 1);
	submit(r, 2, MX_KIND_WRITE, 9, 1);
	LOG(r, "0:PICK 1");
	none_picked(r, 0, false);
	/* Zeros need no room. */
	LOG(r, "0:END -28; 0:FREE; 2:END -28; 2:FREE; 1:END 0; 1:FREE");
}

/* Which pages a chunk has is learned first. */
static void mx_op_zeros__blind(void **state)
{
	struct rig *r = rig(1);
	const u8 bits[RIG_PAGES / 8] = { 0x03 };

	mx_chunk_unknown(&r->c);
	adopt(r);
	zeros(r, 0, 0, 1);
	LOG(r, "0:BITMAP s2 g5");
	mx_chunk_learn(&r->c, 0, bits, sizeof(bits));
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:DISCARD s2 g5");
	answer(r, 0, 2, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(r->c.nhave, 1);
}

static void mx_op_zeros__lost(void **state)
{
	struct rig *r = rig_with(1, 4, BIT(0));

	mx_chunk_check(&r->c, 1, 1, 0);
	assert_int_equal(page(r, 1), MX_PAGE_LOST);
	zeros(r, 0, 1, 1);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(page(r, 1), MX_PAGE_ZERO);
	/* The server goes: those that were zeros are not lost with it. */
	r->life[0].inc++;
	mx_chunk_sync(&r->c, &r->env);
	submit(r, 0, MX_KIND_READ, 1, 1);
	LOG(r, "0:END 0; 0:FREE");
	submit(r, 0, MX_KIND_READ, 0, 1);
	LOG(r, "0:END -5; 0:FREE");
	zeros(r, 0, 0, 1);
	LOG(r, "0:PICK 1");
	picked(r, 0, BIT(1));
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:WRITE|PLACE s1 g2; 0:END 0; 0:FREE");
}

static void mx_op_zeros__not_executed(void **state)
{
	struct rig *r = rig_with(1, 4, BIT(0));

	zeros(r, 0, 0, 1);
	answer(r, 0, 0, MX_V_AGAIN);
	LOG(r, "0:DISCARD s0 g1; 0:WAIT 10");
	assert_int_equal(page(r, 0), MX_PAGE_HAVE);
	wake(r, 0);
	LOG(r, "0:DISCARD s0 g1");
	/* In doubt it is asked for again. */
	answer(r, 0, 0, MX_V_DOUBT);
	wake(r, 0);
	LOG(r, "0:WAIT 20; 0:DISCARD s0 g1");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:END 0; 0:FREE");
	assert_int_equal(page(r, 0), MX_PAGE_ZERO);
}

/* Its server falls silent: it ends in time, and keeps its place until it is known. */
static void mx_op_zeros__silent(void **state)
{
	struct rig *r = rig_with(1, 4, BIT(0));

	zeros(r, 0, 0, 1);
	LOG(r, "0:DISCARD s0 g1");
	tick(r, 10000);
	LOG(r, "0:VOID s0; 0:END -5");
	submit(r, 1, MX_KIND_READ, 0, 1);
	LOG(r, "");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE; 1:END 0; 1:FREE");
	assert_int_equal(page(r, 0), MX_PAGE_ZERO);
}

static void mx_op_zeros__copies(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));
	u32 gen = r->c.home.gen;

	zeros(r, 0, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	assert_false(r->op[0].ended);
	/* The other one has missed it, and is not to count any more. */
	r->members.m[1].state = MX_MEMBER_SUSPECT;
	tick(r, 10);
	assert_false(r->op[0].ended);
	assert_int_equal(mx_home_in_sync(&r->c.home), 1);
	answer(r, 0, 0, MX_V_OK);
	assert_true(r->op[0].ended);
	assert_int_equal(r->op[0].err, 0);
	assert_int_equal(r->c.home.gen, gen + 1);
	assert_int_equal(page(r, 0), MX_PAGE_ZERO);
	rig_log(r);
	/* With a copy that may be older, zeros are stored. */
	zeros(r, 2, 1, 1);
	LOG(r, "2:WRITE s0 g3");
}

/* Copies have executed it in one way, the rest of it fails in the other. */
static void mx_op_zeros__mixed(void **state)
{
	struct rig *r = rig_with(2, 4, BIT(0) | BIT(1));

	zeros(r, 0, 0, 1);
	answer(r, 0, 0, MX_V_OK);
	answer(r, 0, 1, MX_V_AGAIN);
	LOG(r, "0:DISCARD s0 g2; 0:DISCARD s1 g2; 0:WAIT 10");
	mx_home_stale(&r->c.home, 1);
	wake(r, 0);
	LOG(r, "0:WRITE s0 g2");
	give_up(r, 0);
	rig_log(r);
	/* One may have a page of zeros now, or none: both read as such. */
	assert_int_equal(page(r, 0), MX_PAGE_ZERO);
	assert_true(r->c.unsure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_op_zeros__hole),
		MXT(mx_op_zeros__over_pages),
		MXT(mx_op_zeros__keeps_place),
		MXT(mx_op_zeros__edges),
		MXT(mx_op_zeros__after_doubt),
		MXT(mx_op_zeros__no_release),
		MXT(mx_op_zeros__after_the_end),
		MXT(mx_op_zeros__after_regain),
		MXT(mx_op_zeros__left_over),
		MXT(mx_op_zeros__left_overs_forgotten),
		MXT(mx_op_zeros__avoided_server),
		MXT(mx_op_zeros__placing),
		MXT(mx_op_zeros__blind),
		MXT(mx_op_zeros__lost),
		MXT(mx_op_zeros__not_executed),
		MXT(mx_op_zeros__silent),
		MXT(mx_op_zeros__copies),
		MXT(mx_op_zeros__mixed),
	};

	return MXT_RUN(tests);
}
