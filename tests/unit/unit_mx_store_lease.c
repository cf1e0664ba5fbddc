// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_store_lease.c: owners that are not heard, and what is
 * remembered of volumes that were dropped without them.
 */
#include "mxtest.h"
#include "mx_store_rig.h"

/* A second goes by, so often. */
static void seconds(u32 n)
{
	while (n--)
		mx_store_tick(&st, st.ticked + 1000, true);
}

/* The volume of ONE, and a server whose clock goes. */
static void begin(void)
{
	start();
	mx_store_tick(&st, 5000, true);
	assert_int_equal(OWN(ONE), MX_ST_OK);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
}

static void mx_store_tick__deaf_time_does_not_count(void **state)
{
	begin();
	seconds(5);
	assert_int_equal(mx_store_age(&st, &vol), 5000);
	mx_store_tick(&st, st.ticked + 1000, false);
	assert_int_equal(mx_store_age(&st, &vol), 5000);
	/* A host that stood still, and a clock that goes back. */
	mx_store_tick(&st, st.ticked + MX_LEASE_STEP_MS + 1, true);
	mx_store_tick(&st, st.ticked - 2000, true);
	assert_int_equal(mx_store_age(&st, &vol), 5000);
	seconds(1);
	assert_int_equal(mx_store_age(&st, &vol), 6000);
}

static void mx_store_seen__by_incarnation(void **state)
{
	begin();
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	seconds(9);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	seconds(1);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_SILENT);
	/* That its node lives is not enough: it may have given the volume up. */
	mx_store_seen(&vol, 11);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_SILENT);
	mx_store_heard(&st, &vol);
	assert_int_equal(mx_store_age(&st, &vol), 0);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	/* It has restarted: whoever had the volume is not alive, though just heard. */
	seconds(3);
	mx_store_seen(&vol, 12);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_OVER);
	assert_int_equal(mx_store_age(&st, &vol), 3000);
	/* There are two with that id, and the first is there, too. */
	mx_store_seen(&vol, 11);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
}

/* A take-over, and the owner's next life, have a lease of their own. */
static void mx_store_heard__a_claim_begins_anew(void **state)
{
	begin();
	seconds(40);
	mx_store_seen(&vol, 12);
	assert_int_equal(OPEN_NEW(WHO(1, 12, 6)), MX_ST_OK);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	assert_int_equal(mx_store_age(&st, &vol), 0);
	seconds(40);
	mx_store_seen(&vol, 12);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_SILENT);
	assert_int_equal(OPEN_NEW(WHO(3, 31, 7)), MX_ST_OK);
	assert_int_equal(mx_store_age(&st, &vol), 0);
	/* What keeps a claim alive is an OPEN that changes nothing. */
	seconds(5);
	assert_int_equal(OPEN_NEW(WHO(3, 31, 7)), MX_ST_OK);
	assert_int_equal(mx_store_age(&st, &vol), 0);
	seconds(5);
	assert_int_equal(OPEN_NEW(WHO(1, 12, 6)), MX_ST_STALE);
	assert_int_equal(mx_store_age(&st, &vol), 5000);
}

/* Without a claim in force there is nobody whose life could be over. */
static void mx_store_seen__tentative(void **state)
{
	start();
	mx_store_tick(&st, 5000, true);
	assert_int_equal(OPEN_TENT(WHO(3, 31, 7)), MX_ST_OK);
	mx_store_seen(&vol, 32);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	seconds(20);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_SILENT);
}

static void mx_store_expired__setting(void **state)
{
	begin();
	seconds(100000);
	assert_false(mx_store_expired(&st, &vol));
	assert_int_equal(mx_store_expiry_set(&st, 29999), -EINVAL);
	assert_false(mx_store_expired(&st, &vol));
	assert_int_equal(mx_store_expiry_set(&st, 60000), 0);
	assert_true(mx_store_expired(&st, &vol));
	mx_store_heard(&st, &vol);
	seconds(59);
	/* It was cut off, and is back in time. */
	assert_false(mx_store_expired(&st, &vol));
	mx_store_heard(&st, &vol);
	seconds(59);
	assert_false(mx_store_expired(&st, &vol));
	seconds(1);
	assert_true(mx_store_expired(&st, &vol));
	assert_int_equal(mx_store_expiry_set(&st, 0), 0);
	assert_false(mx_store_expired(&st, &vol));
}

/* Who does not know of leases asks for nothing while it is idle. */
static void mx_store_expired__older_clients(void **state)
{
	start();
	mx_store_tick(&st, 5000, true);
	assert_int_equal(mx_store_expiry_set(&st, 30000), 0);
	assert_int_equal(open_as(ONE, MX_F_FEATURES, MX_FEAT_GEN), MX_ST_OK);
	seconds(31);
	assert_false(mx_store_expired(&st, &vol));
	assert_int_equal(OPEN_TENT(WHO(3, 31, 7)), MX_ST_OK);
	seconds(31);
	assert_false(mx_store_expired(&st, &vol));
	assert_int_equal(OPEN_NEW(WHO(3, 31, 7)), MX_ST_OK);
	seconds(30);
	assert_true(mx_store_expired(&st, &vol));
	assert_int_equal(open_as(WHO(4, 41, 8), MX_F_FEATURES | MX_F_TENTATIVE,
				 MX_FEAT_GEN), MX_ST_OK);
	seconds(30);
	assert_false(mx_store_expired(&st, &vol));
}

/* Whose chunks are gone is told so when it opens the volume again. */
static void mx_store_bury__the_owner_is_told(void **state)
{
	struct mx_roster r = { .epoch = 5, .number = 3, .n = 1, .member = { self } };

	begin();
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 4, .gen = 1);
	bury();
	check_sums();
	IS(NOVOL, ONE, READ, .npages = 4, .gen = 1);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW | MX_OPENED_EXPIRED));
	/* And so again, until it has shown that it knows. */
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW | MX_OPENED_EXPIRED));
	assert_int_equal(mx_store_roster_set(&vol, &r, &arg), MX_ST_OK);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(arg == MX_FEAT_KNOWN);
	IS(NOCHUNK, ONE, READ, .npages = 4, .gen = 1);
}

static void mx_store_bury__claims_stay_in_order(void **state)
{
	begin();
	bury();
	/* One that was overtaken before; and the node's other lives. */
	assert_int_equal(OPEN_NEW(WHO(7, 71, 4)), MX_ST_STALE);
	assert_int_equal(arg, 5);
	assert_int_equal(OPEN_NEW(WHO(1, 12, 5)), MX_ST_STALE);
	assert_int_equal(arg, 5);
	assert_int_equal(OPEN_TENT(WHO(7, 71, 4)), MX_ST_STALE);
	assert_int_equal(OPEN_NEW(WHO(7, 71, 6)), MX_ST_OK);
	assert_true(arg & MX_OPENED_EXPIRED);
	/* It gives up: the next one is told the same, and may not be lower. */
	IS(OK, WHO(7, 71, 6), DROP);
	assert_false(here);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_STALE);
	assert_int_equal(arg, 6);
	assert_int_equal(OPEN_NEW(WHO(8, 81, 6)), MX_ST_OK);
	assert_true(arg & MX_OPENED_EXPIRED);
}

/* A tentative claim that makes the volume and goes leaves it as it was. */
static void mx_store_bury__tentative(void **state)
{
	begin();
	bury();
	assert_int_equal(OPEN_TENT(WHO(7, 71, 6)), MX_ST_OK);
	assert_true(arg & MX_OPENED_EXPIRED);
	/* Another one is the first to claim it. */
	assert_int_equal(OPEN_NEW(WHO(8, 81, 6)), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW | MX_OPENED_EXPIRED));
	IS(OK, WHO(8, 81, 6), DROP);
	assert_int_equal(OPEN_TENT(WHO(7, 71, 7)), MX_ST_OK);
	IS(OK, WHO(7, 71, 7), DROP);
	assert_false(here);
	assert_int_equal(mx_store_tomb(&st, 9)->claim.epoch, 6);
	/* One that expires before anybody has committed. */
	assert_int_equal(OPEN_TENT(WHO(7, 71, 7)), MX_ST_OK);
	bury();
	assert_int_equal(mx_store_tomb(&st, 9)->claim.epoch, 6);
}

/* Those that could not be told are refused: zeros must not be taken for the data. */
static void mx_store_bury__older_clients(void **state)
{
	begin();
	bury();
	assert_int_equal(OPEN_OLD(WHO(1, 11, 5)), MX_ST_INVAL);
	assert_int_equal(arg, 0);
	assert_int_equal(open_as(ONE, MX_F_FEATURES, MX_FEAT_GEN), MX_ST_INVAL);
	assert_int_equal(arg, MX_FEAT_KNOWN);
	assert_int_equal(OPEN_TENT(WHO(7, 71, 6)), MX_ST_OK);
	assert_int_equal(open_as(WHO(8, 81, 7), MX_F_FEATURES, MX_FEAT_GEN),
			 MX_ST_INVAL);
	assert_false(vol.claim.node);
}

/* An epoch after which there would be none is no claim's. */
static void mx_store_bury__senseless_epoch(void **state)
{
	begin();
	bury();
	assert_int_equal(OPEN_NEW(WHO(7, 71, 5 + MX_TOMB_EPOCHS + 1)), MX_ST_INVAL);
	assert_int_equal(arg, MX_FEAT_KNOWN);
	assert_int_equal(OPEN_NEW(WHO(7, 71, 5 + MX_TOMB_EPOCHS)), MX_ST_OK);
}

/* Its node has restarted, and somebody else is about to take the volume over. */
static void mx_store_lease__taken_over(void **state)
{
	begin();
	seconds(20);
	mx_store_seen(&vol, 12);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_OVER);
	assert_int_equal(OPEN_TENT(WHO(7, 71, 6)), MX_ST_OK);
	mx_store_seen(&vol, 12);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	assert_true(mx_store_claims(&vol, &WHO(7, 71, 6)));
	assert_true(mx_store_claims(&vol, &ONE));
	assert_false(mx_store_claims(&vol, &WHO(7, 72, 6)));
	seconds(10);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_OVER);
}

/* Silence says nothing of an owner that asks for nothing while it is idle. */
static void mx_store_lease__older_clients(void **state)
{
	start();
	mx_store_tick(&st, 5000, true);
	assert_int_equal(open_as(ONE, MX_F_FEATURES, MX_FEAT_GEN), MX_ST_OK);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_ALIVE);
	seconds(10);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_UNKNOWN);
	mx_store_seen(&vol, 12);
	assert_int_equal(mx_store_lease(&st, &vol), MX_LEASE_OVER);
}

static void mx_store_bury__bounded(void **state)
{
	struct mx_store_vol v = { .claim = { .node = 1, .epoch = 1 } };
	u32 i;

	start();
	for (v.id = 1; v.id <= MX_TOMBS_MAX; v.id++)
		assert_true(mx_store_bury(&st, &v));
	/* Again: it is the youngest now. */
	v.id = 1;
	v.claim.epoch = 3;
	assert_true(mx_store_bury(&st, &v));
	assert_int_equal(st.ntombs, MX_TOMBS_MAX);
	/* One in which nobody has stored anything puts out none. */
	v.id = 6000;
	v.maker.node = 1;
	assert_true(mx_store_bury(&st, &v));
	assert_null(mx_store_tomb(&st, 6000));
	v.id = 5000;
	v.share.reserved = 1;
	assert_false(mx_store_bury(&st, &v));
	assert_int_equal(st.ntombs, MX_TOMBS_MAX);
	assert_null(mx_store_tomb(&st, 2));
	assert_int_equal(mx_store_tomb(&st, 1)->claim.epoch, 3);
	for (i = 3; i <= MX_TOMBS_MAX; i++)
		assert_non_null(mx_store_tomb(&st, i));
	assert_non_null(mx_store_tomb(&st, 5000));
}

static void mx_store_unbury__an_admin_forgets(void **state)
{
	begin();
	bury();
	assert_false(mx_store_unbury(&st, 8));
	assert_true(mx_store_unbury(&st, 9));
	assert_false(mx_store_unbury(&st, 9));
	assert_int_equal(OPEN_NEW(WHO(7, 71, 1)), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW));
	/* Nothing is remembered of one that its owner has dropped. */
	IS(OK, WHO(7, 71, 1), DROP);
	assert_null(mx_store_tomb(&st, 9));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_store_tick__deaf_time_does_not_count),
		MXT(mx_store_seen__by_incarnation),
		MXT(mx_store_heard__a_claim_begins_anew),
		MXT(mx_store_seen__tentative),
		MXT(mx_store_expired__setting),
		MXT(mx_store_expired__older_clients),
		MXT(mx_store_bury__the_owner_is_told),
		MXT(mx_store_bury__claims_stay_in_order),
		MXT(mx_store_bury__tentative),
		MXT(mx_store_bury__older_clients),
		MXT(mx_store_bury__senseless_epoch),
		MXT(mx_store_lease__taken_over),
		MXT(mx_store_lease__older_clients),
		MXT(mx_store_bury__bounded),
		MXT(mx_store_unbury__an_admin_forgets),
	};

	return MXT_RUN(tests);
}
