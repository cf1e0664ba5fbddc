// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_owner_take.c: what servers tell in a take-over and
 * what that proves, rivals, and answers that make no sense.
 */
#include "mx_owner_rig.h"

/* --- Take-over --------------------------------------------------------- */

static void mx_owner_claim__takes_over(void **state)
{
	struct mx_owner_home h;
	u32 i;

	take();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(o.taking);
	assert_int_equal(o.epoch, 2);
	assert_int_equal(mx_owner_unproved(&o), 0);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.server[0], 0);
	assert_int_equal(h.inc[0], 50);
	assert_true(h.era[0]);
	assert_int_equal(h.pages, 10);
	assert_int_equal(proof(1, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.gen, 4);
	assert_int_equal(h.stale, 2);
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(6, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(7, &h), MX_PROOF_PLACED);
	assert_int_equal(h.gen, 2);
	/* Stored anew, as the one seen may have been seen by one only. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(fake[i].epoch, 2);
		assert_int_equal(fake[i].roster.number, 3);
		assert_true(mx_owner_ready(&o, i));
	}
	assert_true(mx_owner_done(&o));
	mx_owner_taken(&o);
	assert_null(o.spec.chunk);
	assert_int_equal(proof(0, &h), MX_PROOF_HOLE);
}

static void mx_owner_claim__higher_epochs(void **state)
{
	left();
	known(0, 3, 9);
	known(1, 8, 9);
	known(2, 8, 200);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 9);
	assert_true(o.raises <= 3);
}

/* Our own claim of an earlier start of this host. */
static void mx_owner_claim__own_of_before(void **state)
{
	u32 i;

	left();
	for (i = 0; i < 3; i++)
		known(i, 1, me.node);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 2);
}

static void mx_owner_claim__one_missing(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server;

	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_true(news(MX_NEWS_WAITING));
	assert_int_equal(mx_owner_unproved(&o), CHUNKS);
	assert_int_equal(proof(0, &h), MX_PROOF_NONE);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_SILENT);
	assert_int_equal(life.node, node_of(2));
	assert_int_equal(server, 2);
	assert_int_equal(mx_owner_missing(&o, 1, &life, &server), -ENOENT);
	assert_false(mx_owner_ready(&o, 0));
	/* Parked: the servers keep everything, for the next attempt. */
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
}

static void mx_owner_claim__one_unknown(void **state)
{
	struct mx_life life;
	u32 server;

	left();
	mx_owner_claim(&o);
	tell(0);
	tell(1);
	run();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_UNKNOWN);
	assert_int_equal(server, MX_MEMBERS);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch && fake[1].epoch);
}

static void mx_owner_claim__one_restarted(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server;

	left();
	fake[2].inc = 90;
	fake[2].epoch = 0;
	fake[2].nchunks = 0;
	fake[2].used = 0;
	fake[2].roster.number = 0;
	fake[2].roster.n = 0;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	/* Only an admin goes on; what nobody has is lost, not zeros. */
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(proof(4, &h), MX_PROOF_LOST);
	assert_int_equal(proof(2, &h), MX_PROOF_LOST);
	mx_owner_lossy(&o, true);
	run();
	/* The life that had them stays in the roster while they are missed. */
	assert_int_equal(fake[0].roster.n, 4);
	assert_int_equal(mx_owner_accept(&o), -EINVAL);
}

/* Listed by a server that was given up before the chunk was placed elsewhere. */
static void mx_owner_claim__left_over(void **state)
{
	struct mx_owner_home h;

	left();
	put_one(0, 6, 5);
	put_one(1, 6, 6);
	fake[1].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(proof(6, &h), MX_PROOF_NONE);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
	assert_int_equal(h.server[0], 1);
	assert_int_equal(h.gen, 6);
	assert_int_equal(h.others, 1);
}

/* A member that has missed writes, and one that was being filled. */
static void mx_owner_claim__stale_member(void **state)
{
	struct mx_owner_home h;
	u32 pair[2] = { 0, 1 };

	left();
	put(0, 6, 2, 2, pair);
	put_one(1, 6, 3);
	put_one(2, 6, 3);
	fake[2].chunk[fake[2].nchunks - 1].index = 7;
	fake[2].chunk[fake[2].nchunks - 2].index = 6;
	fake[2].chunk[fake[2].nchunks - 2].state = MX_COPY_FILLING;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.server[0], 1);
	assert_int_equal(h.others, 5);
}

static void mx_owner_claim__split(void **state)
{
	struct mx_owner_home h;

	left();
	put_one(0, 6, 3);
	put_one(1, 6, 3);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), 1);
	assert_int_equal(proof(6, &h), MX_PROOF_NONE);
	mx_owner_accept(&o);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
}

/* Each chunk as soon as its own members have answered. */
static void mx_owner_claim__clean(void **state)
{
	struct mx_owner_home h;

	left();
	o.spec.clean = true;
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_false(mx_owner_done(&o));
	mx_owner_taken(&o);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(proof(1, &h), MX_PROOF_PLACED);
	assert_int_equal(h.stale, 0);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);
	news(0);
	fake[2].alive = true;
	all_see();
	assert_true(news(MX_NEWS_CHUNKS));
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(4, &h), MX_PROOF_PLACED);
	assert_true(mx_owner_done(&o));
}

/* An owner that was overtaken has gone on by itself where nobody knew that. */
static void mx_owner_claim__roster_of_the_overtaken(void **state)
{
	struct mx_owner_home h;

	left();
	known(0, 2, 9);
	known(1, 2, 9);
	fake[0].roster.epoch = 2;
	fake[1].roster.epoch = 2;
	/* The third has restarted, and knows of nobody else. */
	roster(2, 7, 1);
	fake[2].roster.member[0] = life_of(2);
	fake[0].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);
}

/* It refuses to take the volume again: what it had is not there meanwhile. */
static void mx_owner_novol__while_refused(void **state)
{
	struct mx_srv_life life;

	serving(2);
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_FULL;
	mx_owner_novol(&o, 0, fake[0].inc);
	run();
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	fake[0].force = MX_CALL_NONE;
	wait_ms(MX_OWNER_AGAIN_MS);
	mx_owner_life(&o, 0, &life);
	assert_int_not_equal(life.era, 0);
	fake[0].force = MX_CALL_ROSTER_SET;
	fake[0].status = MX_ST_INVAL;
	fake[0].roster = (struct mx_roster) {};
	o.rewrite = true;
	wait_ms(1000);
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	mx_owner_life(&o, 0, &life);
	assert_int_not_equal(life.era, 0);
	mx_owner_novol(&o, 0, fake[0].inc);
	mx_owner_life(&o, 0, &life);
	assert_int_equal(life.era, 0);
	assert_true(news(MX_NEWS_LIFE));
}

/* It has forgotten us, and an older owner has had it to itself meanwhile. */
static void mx_owner_novol__others_came_first(void **state)
{
	struct mx_srv_life a, b;

	take();
	mx_owner_life(&o, 0, &a);
	known(0, o.epoch - 1, 9);
	put_one(0, 3, 5);
	mx_owner_novol(&o, 0, fake[0].inc);
	run();
	mx_owner_life(&o, 0, &b);
	assert_int_not_equal(b.era, a.era);
	assert_int_equal(fake[0].nchunks, 0);
	assert_int_equal(fake[0].owner.node, me.node);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* What was told long ago is asked for again before anything is served. */
static void mx_owner_claim__old_answers(void **state)
{
	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	fake[0].hung = true;
	wait_ms(20000);
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.srv[2].state, MX_OSRV_OPEN);
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(0, 1, 9);
	fake[0].nchunks = 0;
	release(0);
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), 1);
}

/* Who has no room for a volume that it is to have, has lost it. */
static void mx_owner_claim__full_in_the_roster(void **state)
{
	struct mx_owner_home h;

	left();
	fake[2].force = MX_CALL_OPEN;
	fake[2].status = MX_ST_FULL;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(proof(4, &h), MX_PROOF_NONE);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);
}

/* A server has forgotten us before we serve: what it told before is void. */
static void mx_owner_claim__listed_once_more(void **state)
{
	struct mx_owner_home h;

	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(0, 1, 9);
	fake[0].nchunks = 0;
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(proof(0, &h), MX_PROOF_LOST);
	assert_int_equal(proof(3, &h), MX_PROOF_PLACED);
}

/* A server has lost the volume, and its owner had no time to note that. */
static void mx_owner_claim__clean_after_a_loss(void **state)
{
	struct mx_owner_home h;

	left();
	o.spec.clean = true;
	fake[2].nchunks = 0;
	fake[2].used = 0;
	fake[2].roster = (struct mx_roster) {};
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	/* That it has a roster of ours by now, says nothing. */
	assert_true(fake[2].roster.number);
	assert_int_equal(proof(4, &h), MX_PROOF_NONE);
	assert_int_equal(proof(0, &h), MX_PROOF_NONE);
	assert_false(mx_owner_done(&o));
}

/* Clean, but one life is gone for good: an admin has to decide. */
static void mx_owner_accept__while_serving(void **state)
{
	struct mx_owner_home h;

	left();
	o.spec.clean = true;
	fake[2].inc = 90;
	fake[2].epoch = 0;
	fake[2].nchunks = 0;
	fake[2].used = 0;
	fake[2].roster = (struct mx_roster) {};
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(4, &h), MX_PROOF_NONE);
	/* The life that is missed stays in the roster. */
	assert_int_equal(fake[0].roster.n, 4);
	news(0);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_true(news(MX_NEWS_CHUNKS));
	assert_int_equal(proof(4, &h), MX_PROOF_LOST);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_true(mx_owner_done(&o));
	assert_int_equal(mx_owner_accept(&o), -EINVAL);
}

/* An id that nobody knows. */
static void mx_owner_claim__nobody(void **state)
{
	servers(2);
	fake[1].alive = false;
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_false(o.taking);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 1);
	assert_true(mx_owner_ready(&o, 0));
}

static void mx_owner_claim__nobody_must_know(void **state)
{
	servers(2);
	init(false, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_false(o.taking);
}

/* Made by a client of the first version on servers of today: no roster. */
static void mx_owner_claim__without_rosters(void **state)
{
	struct mx_owner_home h;

	servers(2);
	known(0, 1, 9);
	put(0, 3, 0, 0, NULL);
	init(false, false, true);
	fake[1].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(3, &h), MX_PROOF_PLACED);
	assert_int_equal(h.gen, 0);
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
}

static void mx_owner_claim__old_server_has_it(void **state)
{
	struct mx_life life;
	u32 server;

	servers(2);
	fake[0].first = true;
	known(0, 1, 9);
	fake[0].used = 5;
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_REFUSED);
	assert_int_equal(o.srv[0].why, MX_WHY_OLD);
	/* Why is known while it is asked again. */
	fake[0].hung = true;
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPENING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_REFUSED);
	assert_int_equal(o.srv[0].why, MX_WHY_OLD);
	/* The owner of today was not fenced by the attempt. */
	assert_int_equal(fake[0].owner.node, 9);
}

/* --- Rivals ------------------------------------------------------------ */

static void mx_owner_claim__overtaken(void **state)
{
	left();
	fake[2].hung = true;
	mx_owner_claim(&o);
	all_see();
	/* The rival has got two servers; ours has been accepted by them before. */
	known(0, 30, 200);
	known(1, 30, 200);
	fake[0].inc = fake[0].inc;
	release(2);
	known(2, 30, 200);
	wait_ms(1000);
	mx_owner_stale(&o, 0, fake[0].inc);
	mx_owner_stale(&o, 1, fake[1].inc);
	mx_owner_stale(&o, 2, fake[2].inc);
	run();
	assert_int_not_equal(o.state, MX_OWN_LISTING);
	assert_true(o.epoch < 30);
}

static void mx_owner_claim__overtaken_while_listing(void **state)
{
	u32 i, epoch;

	left();
	for (i = 0; i < 3; i++)
		fake[i].hung = true;
	mx_owner_claim(&o);
	all_see();
	release(0);		/* accepted, then raised: OPENs at 2 */
	fake[0].hung = true;
	release(1);
	release(2);
	epoch = o.epoch;
	for (i = 0; i < 3; i++)
		known(i, 30, 200);
	all_see();
	for (i = 0; i < 3; i++)
		if (held[i].kind)
			release(i);
	run();
	assert_true(o.epoch == epoch || o.epoch == 31);
	assert_true(o.state == MX_OWN_FENCED || o.state == MX_OWN_SERVING);
}

/* No I/O shows it while chunks are not proved. */
static void mx_owner_claim__overtaken_while_waiting(void **state)
{
	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(0, 9, 9);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(o.srv[0].state, MX_OSRV_FENCED);
	known(1, 9, 9);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_int_equal(o.epoch, 2);
}

static void mx_owner_claim__overtaken_at_once(void **state)
{
	u32 i;

	left();
	for (i = 0; i < 3; i++) {
		fake[i].force = MX_CALL_ROSTER_GET;
		fake[i].status = MX_ST_STALE;
		fake[i].arg = 3;
	}
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_FENCED);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

/* A server that is not in the roster says nothing: it is not waited for. */
static void mx_owner_claim__stranger_is_silent(void **state)
{
	left();
	servers(4);
	fake[3].hung = true;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* Of a claim that was never committed nobody is left to give in. */
static void mx_owner_claim__above_a_dead_one(void **state)
{
	u32 i;

	left();
	for (i = 0; i < 3; i++)
		fake[i].dead = 2;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.epoch, 3);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* A server that comes late knows a higher epoch than all others. */
static void mx_owner_claim__raised_late(void **state)
{
	left();
	mx_owner_claim(&o);
	fake[1].hung = true;
	fake[2].alive = false;
	all_see();
	release(1);
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(2, 6, 9);
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 7);
	assert_int_equal(fake[0].epoch, 7);
}

/* It has lost the volume within its life, whoever has stored a roster there since. */
static void mx_owner_claim__raised_after_made_anew(void **state)
{
	left();
	known(0, 0, 0);
	fake[0].nchunks = 0;
	fake[0].roster = (struct mx_roster) {};
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	roster(0, 2, 3);
	known(2, 6, 9);
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.epoch, 7);
	assert_int_equal(o.state, MX_OWN_WAITING);
}

static void mx_owner_accept__while_listing(void **state)
{
	left();
	fake[2].force = MX_CALL_LIST;
	fake[2].status = MX_ST_AGAIN;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_LISTING);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_claim__duel_is_bounded(void **state)
{
	struct mx_owner_call c;
	u32 i, n = 0;

	left();
	mx_owner_claim(&o);
	for (i = 0; i < 3; i++)
		tell(i);
	/* Whatever is claimed, somebody else has claimed more. */
	while (mx_owner_next(&o, &c)) {
		struct mx_answer ans = { .status = MX_ST_STALE, .arg = c.epoch };

		assert_true(n++ < 200);
		mx_owner_answer(&o, c.server, 0, &ans);
	}
	assert_true(o.raises <= MX_OWNER_RAISES);
	assert_int_not_equal(o.state, MX_OWN_SERVING);
}

/* --- Nonsense ---------------------------------------------------------- */

static void bad_entry(u32 index, u32 gen, u32 pages, u8 n, u64 node, u32 inc)
{
	struct mx_listed *l;

	setup(NULL);
	left();
	l = &fake[2].chunk[1];
	l->index = index;
	l->gen = gen;
	l->pages = pages;
	l->nmembers = n;
	l->member[0] = (struct mx_life) { .node = node, .inc = inc };
	l->member[1] = l->member[0];
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[2].state, MX_OSRV_REFUSED);
	assert_int_equal(o.srv[2].why, MX_WHY_BAD);
	assert_int_equal(o.state, MX_OWN_WAITING);
}

static void mx_owner_entry__nonsense(void **state)
{
	bad_entry(CHUNKS, 1, 1, 1, node_of(2), 52);
	bad_entry(4, 1, 1, 1, node_of(2), 52);		/* twice */
	bad_entry(0, 1, 1, 1, node_of(2), 52);		/* not in order */
	bad_entry(5, ~0U, 1, 1, node_of(2), 52);
	bad_entry(5, 1, PAGES + 1, 1, node_of(2), 52);
	bad_entry(5, 1, 1, 1, node_of(1), 51);		/* not a member itself */
	bad_entry(5, 1, 1, 1, node_of(2), 51);		/* in another life */
	bad_entry(5, 1, 1, 2, node_of(2), 52);		/* the same member twice */
	bad_entry(5, 1, 1, 4, node_of(2), 52);
}

static void mx_owner_entry__strangers(void **state)
{
	struct mx_owner_home h;
	struct mx_listed *l;

	left();
	l = &fake[2].chunk[1];
	l->gen = 77;
	l->nmembers = 3;
	l->member[1] = (struct mx_life) { .node = 4000, .inc = 1 };
	l->member[2] = (struct mx_life) { .node = 4001, .inc = 1 };
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), 1);
	assert_int_equal(proof(5, &h), MX_PROOF_NONE);
}

static void mx_owner_answer__list_endless(void **state)
{
	u64 arg[] = { 0, 1, CHUNKS, CHUNKS - 1, ~0ULL - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(arg); i++) {
		setup(NULL);
		left();
		fake[2].force = MX_CALL_LIST;
		fake[2].arg = arg[i];
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.srv[2].why, MX_WHY_BAD);
		assert_int_equal(o.state, MX_OWN_WAITING);
	}
}

static void mx_owner_answer__epochs(void **state)
{
	u64 arg[] = { MX_OWNER_EPOCH_MAX, ~0U, ~0ULL, 1ULL << 32, MX_OWNER_EPOCH_STEP + 3 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(arg); i++) {
		setup(NULL);
		left();
		fake[2].force = MX_CALL_OPEN;
		fake[2].status = MX_ST_STALE;
		fake[2].arg = arg[i];
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.srv[2].why, MX_WHY_EPOCH);
		assert_int_equal(o.state, MX_OWN_WAITING);
		assert_int_equal(o.epoch, 2);
	}
}

/* Near the last epoch a claim can still be raised, but never beyond it. */
static void mx_owner_answer__last_epoch(void **state)
{
	u32 i, epoch = MX_OWNER_EPOCH_MAX - 1;

	for (i = 0; i < 2; i++, epoch++) {
		struct mx_owner_spec spec = {
			.chunk = chunk, .nchunks = CHUNKS, .chunk_pages = PAGES,
			.epoch = epoch,
		};
		u32 k;

		setup(NULL);
		left();
		for (k = 0; k < 3; k++)
			known(k, epoch, 9);
		mx_owner_init(&o, &spec);
		mx_owner_tick(&o, now);
		assert_int_equal(mx_owner_claim(&o), 0);
		all_see();
		assert_true(o.epoch <= MX_OWNER_EPOCH_MAX);
		assert_int_equal(o.epoch, MX_OWNER_EPOCH_MAX);
		assert_int_equal(o.state, MX_OWN_SERVING);
	}
}

/* Any status to any kind of call leads to a defined state and an end. */
static void mx_owner_answer__any_status(void **state)
{
	u32 kind, status, i;

	for (kind = MX_CALL_OPEN; kind <= MX_CALL_DROP; kind++) {
		for (status = 0; status <= MX_ST_MAX + 1; status++) {
			setup(NULL);
			left();
			fake[1].force = kind;
			fake[1].status = status;
			mx_owner_claim(&o);
			all_see();
			for (i = 0; i < 20; i++)
				wait_ms(MX_OWNER_AGAIN_MS);
			assert_true(calls < 300);
			assert_true(o.state < MX_OWN_STATES);
			mx_owner_drop(&o, now + 10);
			wait_ms(1);
			wait_ms(100);
			wait_ms(100);
			assert_true(o.state == MX_OWN_GONE || o.state == MX_OWN_PARKED);
			assert_true(news(MX_NEWS_ENDED));
		}
	}
}

static void mx_owner_answer__any_error(void **state)
{
	static const int errs[] = { -ESTALE, -ECANCELED, -EBADMSG };
	struct mx_owner_call c;
	u32 i, nth, n;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		for (nth = 0; nth < 40; nth++) {
			setup(NULL);
			left();
			mx_owner_claim(&o);
			tell(0);
			tell(1);
			tell(2);
			for (n = 0; n < 400; n++) {
				if (!mx_owner_next(&o, &c)) {
					now += 500;
					mx_owner_tick(&o, now);
					continue;
				}
				if (n % 40 == nth)
					mx_owner_answer(&o, c.server, errs[i], NULL);
				else
					answer(&c);
			}
			assert_int_equal(o.state, MX_OWN_SERVING);
		}
	}
}

static const struct CMUnitTest tests[] = {
	OWNER(mx_owner_claim__takes_over),
	OWNER(mx_owner_claim__higher_epochs),
	OWNER(mx_owner_claim__own_of_before),
	OWNER(mx_owner_claim__one_missing),
	OWNER(mx_owner_claim__one_unknown),
	OWNER(mx_owner_claim__one_restarted),
	OWNER(mx_owner_claim__left_over),
	OWNER(mx_owner_claim__stale_member),
	OWNER(mx_owner_claim__split),
	OWNER(mx_owner_claim__clean),
	OWNER(mx_owner_claim__roster_of_the_overtaken),
	OWNER(mx_owner_novol__while_refused),
	OWNER(mx_owner_novol__others_came_first),
	OWNER(mx_owner_claim__old_answers),
	OWNER(mx_owner_claim__full_in_the_roster),
	OWNER(mx_owner_claim__listed_once_more),
	OWNER(mx_owner_claim__clean_after_a_loss),
	OWNER(mx_owner_accept__while_serving),
	OWNER(mx_owner_claim__nobody),
	OWNER(mx_owner_claim__nobody_must_know),
	OWNER(mx_owner_claim__without_rosters),
	OWNER(mx_owner_claim__old_server_has_it),
	OWNER(mx_owner_claim__overtaken),
	OWNER(mx_owner_claim__overtaken_while_listing),
	OWNER(mx_owner_claim__overtaken_while_waiting),
	OWNER(mx_owner_claim__overtaken_at_once),
	OWNER(mx_owner_claim__stranger_is_silent),
	OWNER(mx_owner_claim__above_a_dead_one),
	OWNER(mx_owner_claim__raised_late),
	OWNER(mx_owner_claim__raised_after_made_anew),
	OWNER(mx_owner_accept__while_listing),
	OWNER(mx_owner_claim__duel_is_bounded),
	OWNER(mx_owner_entry__nonsense),
	OWNER(mx_owner_entry__strangers),
	OWNER(mx_owner_answer__list_endless),
	OWNER(mx_owner_answer__epochs),
	OWNER(mx_owner_answer__last_epoch),
	OWNER(mx_owner_answer__any_status),
	OWNER(mx_owner_answer__any_error),
};

int main(void)
{
	return MXT_RUN(tests);
}
