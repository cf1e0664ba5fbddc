// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_owner.c and mx_owner_srv.c: fresh volumes, loss
 * and its evidence, fencing, tentative claims, the end of a claim.
 */
#include "mx_owner_rig.h"

/* --- A fresh volume ---------------------------------------------------- */

static void mx_owner_claim__fresh(void **state)
{
	struct mx_srv_life life;
	u32 i;

	servers(3);
	init(true, false, false);
	assert_int_equal(mx_owner_claim(&o), 0);
	assert_int_equal(mx_owner_claim(&o), -EINVAL);
	fake[1].hung = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(news(MX_NEWS_SERVING));
	assert_true(mx_owner_done(&o));
	assert_int_equal(o.epoch, 1);
	assert_true(mx_owner_ready(&o, 0));
	assert_false(mx_owner_ready(&o, 1));
	assert_true(mx_owner_ready(&o, 2));
	release(1);
	for (i = 0; i < 3; i++) {
		assert_true(mx_owner_ready(&o, i));
		assert_int_equal(fake[i].roster.n, 3);
		mx_owner_life(&o, i, &life);
		assert_int_equal(life.inc, 50 + i);
		assert_true(life.era && life.gens);
	}
	assert_true(news(MX_NEWS_READY));
	assert_false(news(MX_NEWS_READY));
}

static void mx_owner_claim__no_server(void **state)
{
	init(true, false, false);
	assert_int_equal(mx_owner_claim(&o), 0);
	wait_ms(500);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
	servers(1);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_claim__refused(void **state)
{
	servers(2);
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_FULL;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	assert_int_equal(o.srv[0].why, MX_WHY_FULL);
	assert_int_equal(o.state, MX_OWN_SERVING);
	fake[0].force = 0;
	wait_ms(1000);
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
}

static void mx_owner_claim__epoch_max(void **state)
{
	struct mx_owner_spec spec = { .fresh = true, .epoch = ~0U };

	mx_owner_init(&o, &spec);
	assert_int_equal(mx_owner_claim(&o), -EINVAL);
}

/* Both versions of the protocol in one cluster. */
static void mx_owner_claim__old_server(void **state)
{
	struct mx_srv_life life;

	servers(2);
	fake[0].first = true;
	fake[1].alive = false;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	mx_owner_life(&o, 0, &life);
	assert_false(life.gens);
	assert_true(mx_owner_ready(&o, 0));
	fake[1].alive = true;
	all_see();
	assert_true(mx_owner_ready(&o, 0) && mx_owner_ready(&o, 1));
	assert_int_equal(fake[1].roster.n, 2);
	assert_int_equal(fake[0].roster.n, 0);
}

static void mx_owner_claim__other_volume(void **state)
{
	servers(1);
	fake[0].first = true;
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_INVAL;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[0].why, MX_WHY_OTHER);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
}

/* --- Loss and its evidence --------------------------------------------- */

static void mx_owner_server__twin(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	/* Another node with this id, for a moment. */
	fake[0].inc = 999;
	fake[0].epoch = 0;
	all_see();
	assert_true(news(MX_NEWS_LIFE));
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 999);
	/* The first one again; it is not believed before it has answered. */
	fake[0].inc = 50;
	known(0, 1, 0);
	fake[0].owner = me;
	fake[0].hung = true;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 50);
	assert_int_equal(b.era, 0);
	release(0);
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, a.era);
	assert_true(news(MX_NEWS_LIFE));
	assert_true(mx_owner_ready(&o, 0));
}

static void mx_owner_server__twin_and_dropped(void **state)
{
	struct mx_srv_life a, b;

	serving(1);
	mx_owner_life(&o, 0, &a);
	fake[0].inc = 999;
	fake[0].epoch = 0;
	all_see();
	fake[0].inc = 50;
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 50);
	assert_int_not_equal(b.era, a.era);
	assert_true(b.era);
}

/* More lives than are remembered: what is forgotten does not come back wrongly. */
static void mx_owner_server__many_lives(void **state)
{
	struct mx_srv_life a, b;
	u32 inc;

	serving(1);
	mx_owner_life(&o, 0, &a);
	for (inc = 1000; inc < 1020; inc++) {
		fake[0].inc = inc;
		all_see();
	}
	fake[0].inc = 50;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_not_equal(b.era, a.era);
}

static void mx_owner_novol__made_anew(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	mx_owner_novol(&o, 0, 49);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	mx_owner_novol(&o, 0, 50);
	assert_false(mx_owner_ready(&o, 0));
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, 0);
	run();
	mx_owner_life(&o, 0, &b);
	assert_int_not_equal(b.era, a.era);
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 2);
}

/* It has the volume although it has said otherwise. */
static void mx_owner_novol__untrue(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	mx_owner_novol(&o, 0, 50);
	run();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, a.era);
}

/* Others were let in after a restart, and DROP has an answer that was not expected. */
static void mx_owner_server__others_came_first(void **state)
{
	take();
	known(0, o.epoch - 1, 9);
	put_one(0, 3, 5);
	fake[0].inc += 10;
	fake[0].force = MX_CALL_DROP;
	fake[0].status = MX_ST_HELD;
	all_see();
	assert_int_equal(o.srv[0].state, MX_OSRV_OPENING);
	fake[0].status = MX_ST_INVAL;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	/* It was somebody else's once more. */
	assert_false(o.srv[0].purge);
	known(0, o.epoch - 1, 9);
	fake[0].force = MX_CALL_NONE;
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	assert_int_equal(fake[0].nchunks, 0);
	/* And by a claim that is higher. */
	fake[0].inc += 10;
	known(0, o.epoch - 1, 9);
	fake[0].force = MX_CALL_DROP;
	fake[0].status = MX_ST_STALE;
	all_see();
	assert_int_equal(o.srv[0].state, MX_OSRV_FENCED);
}

static void mx_owner_answer__gone(void **state)
{
	servers(1);
	fake[0].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	held[0].kind = MX_CALL_NONE;
	mx_owner_answer(&o, 0, -ESTALE, NULL);
	assert_int_equal(o.srv[0].state, MX_OSRV_NONE);
	fake[0].hung = false;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_answer__of_another_life(void **state)
{
	struct mx_answer ok = { .arg = MX_FEAT_GEN | MX_OPENED_NEW };

	servers(1);
	fake[0].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	fake[0].inc = 60;
	all_see();
	mx_owner_answer(&o, 0, 0, &ok);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
	held[0].kind = MX_CALL_NONE;
	fake[0].hung = false;
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* --- Fencing ----------------------------------------------------------- */

static void mx_owner_stale__costs_that_server(void **state)
{
	serving(3);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	/* It has no chunks: it never counts. */
	known(2, 9, 200);
	mx_owner_stale(&o, 2, fake[2].inc);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.srv[2].state, MX_OSRV_FENCED);
	assert_false(mx_owner_ready(&o, 2));
	/* One of two with chunks: the other was asked and knows our claim. */
	mx_owner_stale(&o, 0, fake[0].inc + 1);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	mx_owner_stale(&o, 0, fake[0].inc);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_false(news(MX_NEWS_FENCED));
	/* A server that says so for fun is asked again when it has restarted. */
	fake[2].inc = 70;
	fake[2].epoch = 0;
	all_see();
	assert_int_equal(o.srv[2].state, MX_OSRV_OPEN);
}

static void mx_owner_stale__all_say_so(void **state)
{
	u32 before;

	serving(3);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	known(0, 2, 200);
	known(1, 2, 200);
	mx_owner_stale(&o, 0, fake[0].inc);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_true(news(MX_NEWS_FENCED));
	before = calls;
	wait_ms(60000);
	assert_int_equal(calls, before);
	/* Who was fenced makes nobody forget. */
	mx_owner_drop(&o, now + 1000);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch && fake[1].epoch && fake[2].epoch);
}

/* A server that may have its chunks after all counts as one that has. */
static void mx_owner_stale__other_in_doubt(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	fake[1].hung = true;
	mx_owner_novol(&o, 1, fake[1].inc);
	run();
	mx_owner_chunks(&o, 1, 0);
	mx_owner_stale(&o, 0, fake[0].inc);
	wait_ms(1000);
	assert_int_equal(o.state, MX_OWN_SERVING);
	/* It has answered, and the caller has not counted yet. */
	mx_owner_answer(&o, 1, 0, &(struct mx_answer){ .arg = MX_FEAT_GEN });
	held[1].kind = MX_CALL_NONE;
	assert_int_equal(o.state, MX_OWN_SERVING);
	fake[1].hung = false;
	run();
	mx_owner_chunks(&o, 1, 5);
	wait_ms(1000);
	assert_int_equal(o.state, MX_OWN_SERVING);
	mx_owner_stale(&o, 1, fake[1].inc);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
}

/* Who is fenced there and then denies the volume is not asked any more. */
static void mx_owner_stale__then_denied(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	mx_owner_stale(&o, 0, fake[0].inc);
	run();
	mx_owner_novol(&o, 0, fake[0].inc);
	mx_owner_chunks(&o, 0, 0);
	count();
	assert_int_equal(o.state, MX_OWN_SERVING);
	mx_owner_stale(&o, 1, fake[1].inc);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
}

static void mx_owner_stale__last_with_chunks_lost(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	mx_owner_stale(&o, 0, fake[0].inc);
	assert_int_equal(o.state, MX_OWN_SERVING);
	fake[1].inc = 99;
	mx_owner_chunks(&o, 1, 0);
	tell(1);
	assert_int_equal(o.state, MX_OWN_SERVING);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
}

/* --- Tentative claims -------------------------------------------------- */

static void mx_owner_propose__commit(void **state)
{
	left();
	assert_int_equal(mx_owner_commit(&o), -EINVAL);
	assert_int_equal(mx_owner_propose(&o), 0);
	assert_int_equal(mx_owner_propose(&o), -EINVAL);
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSED);
	assert_int_equal(fake[0].owner.node, 9);
	assert_false(mx_owner_ready(&o, 0));
	assert_int_equal(mx_owner_commit(&o), 0);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(fake[0].owner.node, me.node);
	assert_int_equal(fake[0].epoch, 2);
	assert_int_equal(mx_owner_withdraw(&o), -EINVAL);
}

static void mx_owner_propose__withdraw(void **state)
{
	left();
	mx_owner_propose(&o);
	all_see();
	fake[0].force = MX_CALL_DROP;
	fake[0].status = MX_ST_HELD;
	fake[1].force = MX_CALL_DROP;
	fake[2].force = MX_CALL_DROP;
	assert_int_equal(mx_owner_withdraw(&o), 0);
	run();
	assert_int_equal(o.state, MX_OWN_WITHDRAWING);
	assert_int_equal(o.srv[1].state, MX_OSRV_DROPPED);
	fake[0].status = MX_ST_OK;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(news(MX_NEWS_ENDED));
}

static void mx_owner_propose__more_servers(void **state)
{
	left();
	fake[2].alive = false;
	mx_owner_propose(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSED);
	fake[2].alive = true;
	fake[2].hung = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSING);
	/* Committed although one has not answered: it is asked again for good. */
	assert_int_equal(mx_owner_commit(&o), 0);
	run();
	release(2);
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(fake[2].owner.node, me.node);
}

static void mx_owner_propose__outranked(void **state)
{
	u32 i;

	left();
	mx_owner_propose(&o);
	all_see();
	for (i = 0; i < 3; i++)
		mx_owner_stale(&o, i, fake[i].inc);
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_int_equal(mx_owner_commit(&o), -EINVAL);
	assert_int_equal(mx_owner_withdraw(&o), 0);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

static void mx_owner_propose__old_server(void **state)
{
	servers(1);
	fake[0].first = true;
	init(false, false, true);
	mx_owner_propose(&o);
	all_see();
	assert_int_equal(o.srv[0].why, MX_WHY_OLD);
}

/* --- Leaving ----------------------------------------------------------- */

static void mx_owner_drop__all(void **state)
{
	serving(3);
	mx_owner_drop(&o, 0);
	run();
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(news(MX_NEWS_ENDED));
	assert_int_equal(fake[0].epoch | fake[1].epoch | fake[2].epoch, 0);
	assert_int_equal(o.drops_given_up, 0);
}

static void mx_owner_drop__before_anything(void **state)
{
	init(true, false, false);
	mx_owner_drop(&o, 0);
	assert_int_equal(o.state, MX_OWN_GONE);
	mx_owner_drop(&o, 0);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_GONE);
}

/* Nobody forgets what a take-over that failed has not made. */
static void mx_owner_drop__not_served(void **state)
{
	left();
	fake[1].alive = false;
	servers(4);
	fake[1].alive = false;
	fake[2].hung = true;
	mx_owner_claim(&o);
	all_see();
	assert_true(fake[3].epoch);
	mx_owner_drop(&o, now + 1000);
	release(2);
	wait_ms(2000);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(fake[0].epoch && fake[1].epoch && fake[2].epoch);
	assert_false(fake[3].epoch);
}

/* Its servers have lost it, and a claim has made it anew and gone no further. */
static void mx_owner_claim__made_anew_by_another(void **state)
{
	servers(2);
	known(0, 3, 9);
	known(1, 3, 9);
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), CHUNKS);
}

/* What an OPEN that was under way has made is dropped, and nothing else. */
static void mx_owner_drop__open_under_way(void **state)
{
	u32 i;

	for (i = 0; i < 3; i++) {
		setup(NULL);
		servers(1);
		if (i == 1)
			known(0, 1, 9);
		fake[0].hung = true;
		init(false, false, true);
		mx_owner_claim(&o);
		all_see();
		mx_owner_drop(&o, now + 1000);
		run();
		assert_int_equal(o.state, MX_OWN_LEAVING);
		if (i < 2)
			release(0);
		else
			wait_ms(1000);
		assert_int_equal(o.state, MX_OWN_GONE);
		assert_int_equal(fake[0].epoch, i == 1);
		assert_true(news(MX_NEWS_ENDED));
	}
}

/* One call is under way, one server is dead: both are given up in time. */
static void mx_owner_drop__given_up(void **state)
{
	servers(3);
	fake[1].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	fake[2].alive = false;
	all_see();
	mx_owner_drop(&o, now + 60000);
	run();
	assert_int_equal(o.state, MX_OWN_LEAVING);
	wait_ms(59000);
	assert_int_equal(o.state, MX_OWN_LEAVING);
	mx_owner_drop(&o, now + 2000);
	wait_ms(2000);
	wait_ms(500);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_int_equal(o.drops_given_up, 2);
	assert_true(news(MX_NEWS_ENDED));
}

static void mx_owner_drop__restarted(void **state)
{
	serving(1);
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	fake[0].inc = 77;
	tell(0);
	assert_int_equal(o.srv[0].state, MX_OSRV_DROPPED);
	assert_int_equal(o.state, MX_OWN_LEAVING);
	mx_owner_answer(&o, 0, -ESTALE, NULL);
	assert_int_equal(o.state, MX_OWN_GONE);
	/* A server that comes now is none of our business. */
	servers(2);
	fake[0].inc = 77;
	all_see();
	assert_int_equal(o.srv[1].state, MX_OSRV_NONE);
}

/* A DROP was to be repeated when the claim was parked. */
static void mx_owner_park__no_call_after_the_end(void **state)
{
	u32 before;

	serving(1);
	fake[0].force = MX_CALL_DROP;
	fake[0].status = MX_ST_HELD;
	mx_owner_drop(&o, 0);
	run();
	assert_int_equal(o.srv[0].state, MX_OSRV_DROPPING);
	mx_owner_park(&o);
	run();
	assert_true(news(MX_NEWS_ENDED));
	before = calls;
	wait_ms(60000);
	assert_int_equal(calls, before);
}

static void mx_owner_park__calls_end(void **state)
{
	servers(2);
	fake[1].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	mx_owner_park(&o);
	assert_false(news(MX_NEWS_ENDED));
	run();
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch);
}

/* --- What ends a claim at any time ------------------------------------- */

static const u8 stops[] = { IN_WITHDRAW, IN_DROP, IN_PARK };

static void stop(u8 how)
{
	switch (how) {
	case IN_WITHDRAW:
		mx_owner_withdraw(&o);
		break;
	case IN_DROP:
		mx_owner_drop(&o, now + 5000);
		break;
	default:
		mx_owner_park(&o);
		break;
	}
}

/* After any number of answers, with one server silent or none. */
static void mx_owner_stop__any_time(void **state)
{
	struct mx_owner_call c;
	u32 how, n, silent, k;

	for (how = 0; how < ARRAY_SIZE(stops) * 2; how++) {
		for (n = 0; n < 40 * 2; n++) {
			bool tentative = how >= ARRAY_SIZE(stops);

			silent = n % 2;
			setup(NULL);
			left();
			fake[2].alive = n % 4 < 2;
			fake[0].hung = silent;
			if (tentative)
				mx_owner_propose(&o);
			else
				mx_owner_claim(&o);
			for (k = 0; k < 3; k++)
				tell(k);
			for (k = 0; k < n / 2 && mx_owner_next(&o, &c); k++)
				if (c.server || !silent)
					answer(&c);
			stop(stops[how % ARRAY_SIZE(stops)]);
			if (stops[how % ARRAY_SIZE(stops)] == IN_WITHDRAW && !tentative)
				continue;
			if (tentative)	/* with a deadline too */
				mx_owner_drop(&o, now + 5000);
			for (k = 0; k < 10; k++)
				wait_ms(1000);
			assert_true(o.state == MX_OWN_GONE || o.state == MX_OWN_PARKED);
			assert_true(news(MX_NEWS_ENDED));
		}
	}
}

static void mx_owner_stop__twice(void **state)
{
	left();
	mx_owner_propose(&o);
	all_see();
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	assert_int_equal(o.state, MX_OWN_WITHDRAWING);
	mx_owner_park(&o);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);

	setup(NULL);
	serving(1);
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	mx_owner_park(&o);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));

	setup(NULL);
	init(true, false, false);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

/* A call that there was no memory for says nothing of the server. */
static void mx_owner_answer__call_not_made(void **state)
{
	struct mx_owner_call c;

	servers(1);
	init(true, false, false);
	mx_owner_claim(&o);
	tell(0);
	assert_true(mx_owner_next(&o, &c));
	assert_int_equal(c.kind, MX_CALL_OPEN);
	mx_owner_answer(&o, 0, -ENOBUFS, NULL);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPENING);
	assert_int_equal(o.srv[0].why, MX_WHY_NONE);
	assert_false(mx_owner_next(&o, &c));
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_SERVING);
	/* Nor does it hold up those that go away. */
	all_see();
	mx_owner_drop(&o, 0);
	assert_true(mx_owner_next(&o, &c));
	assert_int_equal(c.kind, MX_CALL_DROP);
	mx_owner_answer(&o, 0, -ENOBUFS, NULL);
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_GONE);
}

static struct mx_ask ask_for(struct mx_owner_call call, bool sealed)
{
	struct mx_ask ask;
	u8 head[32];

	memset(&ask, 0xa5, sizeof(ask));
	mx_owner_ask(&call, 1000, 8, sealed, &ask);
	/* What a server makes of it. */
	mx_ask_encode(&ask, head);
	assert_int_equal(mx_ask_decode(head, call.kind == MX_CALL_OPEN ? 4 : 0,
				       &ask), 0);
	return ask;
}

static void mx_owner_ask__each_kind(void **state)
{
	struct mx_owner_call call = { .kind = MX_CALL_OPEN, .epoch = 3 };
	struct mx_ask ask = ask_for(call, false);

	assert_int_equal(ask.op, MX_OP_OPEN);
	assert_int_equal(ask.page, 1000);
	assert_int_equal(ask.arg, 8);
	assert_int_equal(ask.arg2, MX_FEAT_KNOWN);
	assert_int_equal(ask.flags, MX_F_FEATURES);
	call.tentative = true;
	ask = ask_for(call, true);
	assert_int_equal(ask.flags, MX_F_FEATURES | MX_F_TENTATIVE | MX_F_SEALED);
	/* A server of the first version knows neither. */
	call.old = true;
	call.tentative = false;
	ask = ask_for(call, true);
	assert_int_equal(ask.flags, MX_F_SEALED);
	assert_int_equal(ask.arg2, 0);

	call = (struct mx_owner_call) { .kind = MX_CALL_LIST, .from = 5 };
	ask = ask_for(call, true);
	assert_int_equal(ask.op, MX_OP_LIST);
	assert_int_equal(ask.page, 5);
	assert_int_equal(ask.npages, MX_OWNER_ASK_PAGES);
	assert_int_equal(ask.flags, 0);
	call.kind = MX_CALL_DROP;
	assert_int_equal(ask_for(call, false).op, MX_OP_DROP);
	call.kind = MX_CALL_ROSTER_GET;
	assert_int_equal(ask_for(call, false).op, MX_OP_ROSTER);
	call.kind = MX_CALL_ROSTER_SET;
	assert_int_equal(ask_for(call, false).op, MX_OP_ROSTER);
}

static void mx_owner_words__all(void **state)
{
	u32 i;

	for (i = 0; i < MX_OWN_STATES; i++)
		assert_string_not_equal(mx_owner_state_name(i), "unknown");
	for (i = 0; i < MX_OSRV_STATES; i++)
		assert_string_not_equal(mx_owner_srv_name(i), "unknown");
	for (i = 0; i <= MX_WHY_MUTE; i++)
		assert_string_not_equal(mx_owner_why_name(i), "unknown");
	for (i = 0; i <= MX_LACK_EXPIRED; i++)
		assert_string_not_equal(mx_owner_lack_name(i), "unknown");
	assert_string_equal(mx_owner_state_name(99), "unknown");
	assert_string_equal(mx_owner_lack_name(-ENOENT), "unknown");
}

static const struct CMUnitTest tests[] = {
	OWNER(mx_owner_claim__fresh),
	OWNER(mx_owner_claim__no_server),
	OWNER(mx_owner_claim__refused),
	OWNER(mx_owner_claim__epoch_max),
	OWNER(mx_owner_claim__old_server),
	OWNER(mx_owner_claim__other_volume),
	OWNER(mx_owner_server__twin),
	OWNER(mx_owner_server__twin_and_dropped),
	OWNER(mx_owner_server__many_lives),
	OWNER(mx_owner_novol__made_anew),
	OWNER(mx_owner_novol__untrue),
	OWNER(mx_owner_server__others_came_first),
	OWNER(mx_owner_answer__gone),
	OWNER(mx_owner_answer__of_another_life),
	OWNER(mx_owner_stale__costs_that_server),
	OWNER(mx_owner_stale__all_say_so),
	OWNER(mx_owner_stale__other_in_doubt),
	OWNER(mx_owner_stale__then_denied),
	OWNER(mx_owner_stale__last_with_chunks_lost),
	OWNER(mx_owner_propose__commit),
	OWNER(mx_owner_propose__withdraw),
	OWNER(mx_owner_propose__more_servers),
	OWNER(mx_owner_propose__outranked),
	OWNER(mx_owner_propose__old_server),
	OWNER(mx_owner_drop__all),
	OWNER(mx_owner_drop__before_anything),
	OWNER(mx_owner_drop__given_up),
	OWNER(mx_owner_drop__open_under_way),
	OWNER(mx_owner_drop__not_served),
	OWNER(mx_owner_claim__made_anew_by_another),
	OWNER(mx_owner_drop__restarted),
	OWNER(mx_owner_park__no_call_after_the_end),
	OWNER(mx_owner_park__calls_end),
	OWNER(mx_owner_stop__any_time),
	OWNER(mx_owner_stop__twice),
	OWNER(mx_owner_answer__call_not_made),
	OWNER(mx_owner_ask__each_kind),
	OWNER(mx_owner_words__all),
};

int main(void)
{
	return MXT_RUN(tests);
}
