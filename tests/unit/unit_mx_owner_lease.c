// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what memx-core/engine/mx_owner*.c do for leases: claims that are kept alive,
 * and servers that have dropped a volume.
 */
#include "mx_owner_rig.h"

/* An owner that has nothing to ask is heard all the same. */
static void mx_owner_tick__renews(void **state)
{
	struct mx_srv_life was, life;
	u32 before;

	serving(2);
	before = calls;
	wait_ms(MX_OWNER_RENEW_MS - 1);
	assert_int_equal(calls, before);
	wait_ms(1);
	assert_int_equal(calls, before + 2);
	/* That changes nothing. */
	assert_false(news(MX_NEWS_LIFE));
	assert_true(mx_owner_ready(&o, 0));
	wait_ms(MX_OWNER_RENEW_MS);
	assert_int_equal(calls, before + 4);

	/* A server that cannot just now is asked again, and takes chunks meanwhile. */
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_AGAIN;
	wait_ms(MX_OWNER_RENEW_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	assert_true(mx_owner_ready(&o, 0));
	fake[0].force = MX_CALL_NONE;
	before = calls;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(calls, before + 1);

	/* One that has dropped the volume says so, though nobody has asked for pages. */
	mx_owner_life(&o, 1, &was);
	expire(1);
	wait_ms(MX_OWNER_RENEW_MS);
	mx_owner_life(&o, 1, &life);
	assert_int_not_equal(life.era, was.era);
	assert_true(news(MX_NEWS_EXPIRED));
	assert_int_equal(fake[1].epoch, o.epoch);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* The answer that told of it was lost: the server tells it again. */
static void mx_owner_tick__made_told_again(void **state)
{
	struct mx_srv_life was, life;

	serving(2);
	mx_owner_life(&o, 1, &was);
	expire(1);
	fake[1].epoch = o.epoch;
	fake[1].owner = me;
	fake[1].blank = true;
	/* It gets a roster only when this one has said that it knows the claim. */
	fake[0].hung = true;
	wait_ms(MX_OWNER_RENEW_MS);
	mx_owner_life(&o, 1, &life);
	assert_int_not_equal(life.era, was.era);
	assert_true(news(MX_NEWS_EXPIRED));
	assert_false(mx_owner_ready(&o, 1));
	/* Once more is no news: nothing has been placed there since. */
	was = life;
	wait_ms(MX_OWNER_RENEW_MS);
	assert_true(fake[1].blank);
	mx_owner_life(&o, 1, &life);
	assert_int_equal(life.era, was.era);
	assert_false(news(MX_NEWS_LIFE));
	release(0);
	assert_true(mx_owner_ready(&o, 1));
	assert_false(fake[1].blank);
	/* From now on it is. */
	expire(1);
	wait_ms(MX_OWNER_RENEW_MS);
	mx_owner_life(&o, 1, &life);
	assert_int_not_equal(life.era, was.era);
}

/* What a server had is lost, and no roster says otherwise until that was counted. */
static void mx_owner_tick__made_anew_is_marked(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 1, 3);
	expire(1);
	wait_ms(MX_OWNER_RENEW_MS);
	assert_true(o.lossy);
	assert_true(mx_roster_marked(&fake[1].roster));
	mx_owner_lossy(&o, true);
	count();
	assert_true(mx_roster_marked(&fake[1].roster));
}

/* A new volume stays one however often the first server says that it has made it. */
static void mx_owner_claim__made_told_again(void **state)
{
	servers(2);
	fake[1].hung = true;
	init(false, false, true);
	assert_int_equal(mx_owner_claim(&o), 0);
	all_see();
	wait_ms(MX_OWNER_RENEW_MS);
	wait_ms(MX_OWNER_RENEW_MS);
	assert_true(fake[0].blank);
	release(1);
	wait_ms(MX_OWNER_RENEW_MS);
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(mx_owner_ready(&o, 0));
	assert_true(mx_owner_ready(&o, 1));
}

/* An OPEN of the first version is no mere question. */
static void mx_owner_tick__first_version(void **state)
{
	u32 before;

	servers(2);
	fake[0].first = true;
	fake[1].first = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	before = calls;
	wait_ms(10 * MX_OWNER_RENEW_MS);
	assert_int_equal(calls, before);
}

/* Somebody has taken the volume over while its owner was idle. */
static void mx_owner_tick__fenced_while_idle(void **state)
{
	serving(1);
	mx_owner_chunks(&o, 0, 3);
	known(0, 2, 200);
	wait_ms(MX_OWNER_RENEW_MS);
	count();
	assert_int_equal(o.state, MX_OWN_FENCED);
}

/* A server that has dropped the volume says so; its chunks are not taken for holes. */
static void mx_owner_claim__one_expired(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server;

	left();
	expire(2);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_true(news(MX_NEWS_EXPIRED));
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_EXPIRED);
	assert_int_equal(server, 2);
	assert_int_equal(mx_owner_missing(&o, 1, &life, &server), -ENOENT);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(proof(2, &h), MX_PROOF_LOST);
	assert_int_equal(proof(4, &h), MX_PROOF_LOST);
}

/* All have: nobody knows the volume, and yet it is not a new one. */
static void mx_owner_claim__all_expired(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server, i;

	for (i = 0; i < 2; i++) {
		left();
		expire(0);
		expire(1);
		/* Or they have restarted since, and only one can tell. */
		expire(2);
		fake[1].expired = !i;
		fake[2].expired = !i;
		init(false, false, true);
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.state, MX_OWN_WAITING);
		assert_int_equal(proof(0, &h), MX_PROOF_NONE);
		assert_int_equal(mx_owner_missing(&o, 0, &life, &server),
				 MX_LACK_EXPIRED);
		assert_int_equal(server, 0);
		assert_int_equal(mx_owner_missing(&o, i ? 1 : 3, &life, &server),
				 -ENOENT);
		/* What the attempt has made is dropped again. */
		mx_owner_drop(&o, 0);
		run();
		assert_int_equal(o.state, MX_OWN_GONE);
		assert_false(fake[0].epoch || fake[1].epoch || fake[2].epoch);
		setup(state);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		OWNER(mx_owner_tick__renews),
		OWNER(mx_owner_tick__made_told_again),
		OWNER(mx_owner_tick__made_anew_is_marked),
		OWNER(mx_owner_claim__made_told_again),
		OWNER(mx_owner_tick__first_version),
		OWNER(mx_owner_tick__fenced_while_idle),
		OWNER(mx_owner_claim__one_expired),
		OWNER(mx_owner_claim__all_expired),
	};

	return MXT_RUN(tests);
}
