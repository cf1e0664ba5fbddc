// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_owner_roster.c: how a roster grows, and what it
 * says of pages that are lost.
 */
#include "mx_owner_rig.h"

/* --- Rosters ----------------------------------------------------------- */

static void mx_owner_ready__old_member_first(void **state)
{
	serving(1);
	assert_int_equal(fake[0].roster.number, 1);
	/* The only member of the roster is silent: nobody else can join. */
	servers(2);
	fake[0].alive = false;
	all_see();
	assert_int_equal(fake[1].roster.number, 2);
	assert_false(mx_owner_ready(&o, 1));
	fake[0].alive = true;
	all_see();
	assert_true(mx_owner_ready(&o, 1));
	assert_int_equal(fake[0].roster.number, 2);
}

/* It has restarted: nobody can tell of its roster any more. */
static void mx_owner_ready__roster_gone(void **state)
{
	serving(1);
	fake[0].inc = 80;
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	mx_owner_lossy(&o, true);
	all_see();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 3);
	mx_owner_lossy(&o, false);
	servers(2);
	fake[0].inc = 80;
	all_see();
	assert_true(mx_owner_ready(&o, 1));
	assert_int_equal(fake[1].roster.n, 2);
	assert_int_equal(fake[1].roster.member[0].inc, 80);
}

/* What is lost within a life that goes on is lost for the next owner too. */
static void mx_owner_lossy__same_life(void **state)
{
	struct mx_life life;
	u32 i, server;

	serving(2);
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_novol(&o, 0, 50);
	mx_owner_lossy(&o, true);
	run();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 3);
	for (i = 0; i < 2; i++)
		fake[i].owner.node = 9;
	init(false, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	assert_int_equal(life.node, node_of(0));

	/* Nothing is missed any more: the roster forgets. */
	setup(NULL);
	serving(2);
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_novol(&o, 0, 50);
	mx_owner_lossy(&o, true);
	run();
	mx_owner_lossy(&o, false);
	servers(3);
	all_see();
	assert_int_equal(fake[0].roster.n, 3);
	assert_true(mx_roster_has(&fake[0].roster, node_of(2), fake[2].inc));
}

/* Only the owner before knows which pages of a chunk that was placed anew are
 * lost: not even a clean hand-over goes on.
 */
/* No life has ended, but a server denies pages that it had. */
static void mx_owner_lossy__marks_the_roster(void **state)
{
	serving(2);
	mx_owner_lossy(&o, true);
	assert_false(mx_owner_ready(&o, 0));
	all_see();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 3);
	init(false, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
}

static void mx_owner_lossy__clean(void **state)
{
	struct mx_owner_home h;

	serving(3);
	fake[0].inc = 77;
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	fake[0].hung = true;
	mx_owner_lossy(&o, true);
	all_see();
	assert_int_equal(fake[1].roster.n, 4);
	release(0);
	assert_int_equal(fake[1].roster.n, 5);
	put_one(1, 2, 6);
	fake[0].owner.node = 9;
	fake[1].owner.node = 9;
	fake[2].owner.node = 9;
	init(false, true, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);

	/* Nothing is missed any more. */
	setup(NULL);
	serving(3);
	fake[0].inc = 77;
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_lossy(&o, true);
	all_see();
	assert_int_equal(fake[1].roster.n, 5);
	mx_owner_lossy(&o, false);
	wait_ms(1);
	assert_int_equal(fake[1].roster.n, 3);
}

/* The server has lost the volume, and it was our OPEN that made it anew; or the
 * old owner's, who did not come to store a roster.
 */
static void mx_owner_claim__member_has_lost_it(void **state)
{
	struct mx_life life;
	u32 i, server;

	for (i = 0; i < 2; i++) {
		setup(NULL);
		left();
		fake[2].epoch = i;
		fake[2].nchunks = 0;
		fake[2].used = 0;
		fake[2].roster = (struct mx_roster) {};
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.state, MX_OWN_WAITING);
		assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	}
}

/* An owner that was overtaken finds a server without the volume: it does not put
 * a roster there, which would hide from the next owner what is lost.
 */
static void mx_owner_novol__overtaken(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 1, 3);
	known(1, 2, 200);
	fake[1].hung = true;
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_novol(&o, 0, 50);
	run();
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	assert_int_equal(fake[0].roster.number, 0);
	assert_false(mx_owner_ready(&o, 0));
	release(1);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_int_equal(fake[0].roster.number, 0);
}

static void mx_owner_answer__roster_outnumbered(void **state)
{
	servers(1);
	fake[0].roster.epoch = 1;
	fake[0].roster.number = 40;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.number, 41);
}

static void mx_owner_answer__roster_endless(void **state)
{
	u64 number[] = { 1, 5, 0, MX_OWNER_ROSTER_MAX, ~0ULL };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(number); i++) {
		setup(NULL);
		servers(1);
		init(true, false, false);
		fake[0].force = MX_CALL_ROSTER_SET;
		fake[0].status = MX_ST_OLDGEN;
		mx_owner_claim(&o);
		tell(0);
		for (k = 0; k < 100; k++) {
			fake[0].arg = mx_owner_roster_out(&o)->number + number[i];
			run();
		}
		assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
		assert_int_equal(o.srv[0].why, MX_WHY_BAD);
		assert_true(calls < 50);
	}
}

static void mx_owner_roster__strangers(void **state)
{
	struct mx_life life;
	u32 i, server;

	left();
	fake[1].roster.number = MX_OWNER_ROSTER_MAX - 1;
	fake[1].roster.n = MX_ROSTER_MAX;
	for (i = 0; i < MX_ROSTER_MAX; i++)
		fake[1].roster.member[i] = (struct mx_life) { .node = 1000 + i };
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	for (i = 0; i < MX_ROSTER_MAX; i++)
		assert_int_equal(mx_owner_missing(&o, i, &life, &server), MX_LACK_UNKNOWN);
	assert_int_equal(mx_owner_missing(&o, i, &life, &server), -ENOENT);
	/* An admin goes on: numbers end before they wrap. */
	mx_owner_accept(&o);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(o.base.number <= MX_OWNER_ROSTER_MAX);
	assert_false(mx_owner_ready(&o, 0));
}

static void mx_owner_roster__nonsense(void **state)
{
	left();
	fake[1].roster.number = ~0U;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[1].why, MX_WHY_BAD);
	assert_int_equal(o.state, MX_OWN_WAITING);
}

static const struct CMUnitTest tests[] = {
	OWNER(mx_owner_ready__old_member_first),
	OWNER(mx_owner_ready__roster_gone),
	OWNER(mx_owner_lossy__same_life),
	OWNER(mx_owner_lossy__marks_the_roster),
	OWNER(mx_owner_lossy__clean),
	OWNER(mx_owner_claim__member_has_lost_it),
	OWNER(mx_owner_novol__overtaken),
	OWNER(mx_owner_answer__roster_outnumbered),
	OWNER(mx_owner_answer__roster_endless),
	OWNER(mx_owner_roster__strangers),
	OWNER(mx_owner_roster__nonsense),
};

int main(void)
{
	return MXT_RUN(tests);
}
