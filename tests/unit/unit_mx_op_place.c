// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_op_place.c: placements that are taken back, and
 * copies in lives of servers that are over, back, or not known.
 */
#include "mx_op_rig.h"

/* A refusal is no proof that the server has released the chunk; nor is it that it is
 * being asked which life it lives.
 */
static void mx_op_unplace__refused(void **state)
{
	struct rig *r = rig(1);

	mx_op_unplace(&r->c, own_op(r, 0, MX_KIND_UNPLACE, 0), 3, 7, &r->env, &r->todo);
	LOG(r, "0:DISCARD|RELEASE s3 g7; 0:END 0");
	answer(r, 0, 3, MX_V_BAD);
	assert_int_equal(r->c.avoid, BIT(3));
	r->life[3].era = 0;
	tick(r, 500);
	LOG(r, "");
	r->life[3].era = 1;
	tick(r, 500);
	LOG(r, "0:DISCARD|RELEASE s3 g7");
	answer(r, 0, 3, MX_V_OK);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.avoid, 0);
}

/* The volume was made anew there while the request was under way: it may be in either. */
static void mx_op_place__taken_in_a_later_life(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	r->life[0].era = 2;
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:DISCARD|RELEASE s0 g1; 0:WAIT 10");
	assert_int_equal(r->c.avoid, BIT(0));
	answer(r, 0, 0, MX_V_OK);
	assert_int_equal(r->c.avoid, 0);
	rig_log(r);

	/* Likewise when nobody has waited for the answer any more. */
	r = rig(1);
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	give_up(r, 0);
	r->life[0].era = 2;
	rig_log(r);
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	/* And once more, before it was released. */
	r->life[0].era = 3;
	answer(r, 0, 0, MX_V_DOUBT);
	rig_log(r);
	tick(r, 500);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	answer(r, 0, 0, MX_V_NOCHUNK);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.avoid, 0);
}

/* The server took the chunk, but was being asked for its life when that was told. */
static void mx_op_place__taken_in_limbo(void **state)
{
	struct rig *r = rig(1);

	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	r->life[0].era = 0;
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:PICK 1; 0:WRITE|PLACE s0 g1; 0:WAIT 10");
	assert_int_equal(r->c.avoid, BIT(0));
	r->life[0].era = 1;
	tick(r, 1);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	answer(r, 0, 0, MX_V_OK);
	assert_int_equal(r->c.avoid, 0);
	rig_log(r);

	/* Likewise when nobody has waited for the answer any more. */
	r = rig(1);
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0));
	give_up(r, 0);
	r->life[0].era = 0;
	answer(r, 0, 0, MX_V_OK);
	rig_log(r);
	r->life[0].era = 1;
	tick(r, 1);
	LOG(r, "0:DISCARD|RELEASE s0 g1");
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.avoid, 0);
}

/* A server that is being asked for its life is not asked to take a chunk. */
static void mx_op_place__not_in_limbo(void **state)
{
	struct rig *r = rig(2);

	r->life[0].era = 0;
	submit(r, 0, MX_KIND_WRITE, 0, 1);
	picked(r, 0, BIT(0) | BIT(1));
	LOG(r, "0:PICK 2; 0:WRITE|PLACE s1 g1");
	answer(r, 0, 1, MX_V_FULL);
	LOG(r, "0:PICK 2");
	picked(r, 0, BIT(0));
	LOG(r, "0:WAIT 10");
	r->life[0].era = 1;
	mx_op_wake(&r->c, &r->op[0], &r->env, &r->todo);
	picked(r, 0, BIT(0));
	LOG(r, "0:PICK 2; 0:WRITE|PLACE s0 g2");
	answer(r, 0, 0, MX_V_OK);
	assert_int_equal(r->c.home.n, 1);
	rig_log(r);

	/* Nor is it forgotten that it may have one, once its life is told. */
	r = rig(1);
	r->life[3].era = 0;
	mx_op_unplace(&r->c, own_op(r, 0, MX_KIND_UNPLACE, 0), 3, 7, &r->env, &r->todo);
	LOG(r, "0:END 0");
	tick(r, 500);
	LOG(r, "");
	r->life[3].era = 5;
	tick(r, 500);
	LOG(r, "0:DISCARD|RELEASE s3 g7");
	answer(r, 0, 3, MX_V_OK);
	LOG(r, "0:FREE");
}

/* 6g: the old copy is released when its life is back, and until then the newer
 * one stays, so that a take-over does not find the old one alone.
 */
static void mx_op_unplace_left__old_life_is_back(void **state)
{
	struct rig *r = rig_with(1, 8, BIT(0));

	r->life[0].inc = 999;
	place(r, 0, 0, 8, 1);
	rig_log(r);
	submit(r, 0, MX_KIND_DISCARD, 0, RIG_PAGES);
	answer(r, 0, 1, MX_V_OK);
	LOG(r, "0:DISCARD s1 g2; 0:END 0; 0:FREE");
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_false(unplace_left(r, 0));
	r->life[0].inc = 100;
	assert_true(mx_op_unplace_left(&r->c, &r->op[0], &r->env, &r->todo));
	LOG(r, "0:DISCARD|RELEASE s0 g1; 0:END 0");
	assert_false(unplace_left(r, 1));
	answer(r, 0, 0, MX_V_OK);
	LOG(r, "0:FREE");
	assert_int_equal(r->c.nleft, 0);
	submit(r, 0, MX_KIND_DISCARD, 0, 0);
	LOG(r, "0:DISCARD|RELEASE s1 g2");
}

static void mx_op_unplace__repeated(void **state)
{
	struct rig *r = rig(1);

	mx_op_unplace(&r->c, own_op(r, 0, MX_KIND_UNPLACE, 0), 3, 7, &r->env, &r->todo);
	LOG(r, "0:DISCARD|RELEASE s3 g7; 0:END 0");
	answer(r, 0, 3, MX_V_AGAIN);
	r->members.m[3].state = MX_MEMBER_SUSPECT;
	tick(r, 500);
	LOG(r, "");
	r->members.m[3].state = MX_MEMBER_ALIVE;
	tick(r, 500);
	LOG(r, "0:DISCARD|RELEASE s3 g7");
	answer(r, 0, 3, MX_V_AGAIN);
	r->life[3].inc++;
	tick(r, 500);
	LOG(r, "0:FREE");
	assert_true(mx_chunk_idle(&r->c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_op_unplace__refused),
		MXT(mx_op_place__taken_in_a_later_life),
		MXT(mx_op_place__taken_in_limbo),
		MXT(mx_op_place__not_in_limbo),
		MXT(mx_op_unplace_left__old_life_is_back),
		MXT(mx_op_unplace__repeated),
	};

	return MXT_RUN(tests);
}
