// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_store.c: claims, ranges, rosters and promises of
 * a memory server, and whatever a hostile client may ask.
 */
#include "mxtest.h"
#include "mx_store_rig.h"

/* --- OPEN -------------------------------------------------------------- */

static void mx_store_open__made_and_found(void **state)
{
	start();
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW));
	assert_int_equal(st.nvols, 1);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(!fenced);
	assert_int_equal(st.nvols, 1);
	assert_false(mx_store_old(&vol));
	assert_string_equal(vol.name, "one");
}

/* That it was made is told until its owner has shown that it knows. */
static void mx_store_open__made_told_again(void **state)
{
	struct mx_roster r = { .epoch = 5, .number = 3, .n = 1, .member = { self } };
	const struct mx_store_who raised = WHO(1, 11, 6);

	start();
	OPEN_NEW(ONE);
	OPEN_NEW(ONE);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW));
	/* It has raised its epoch without hearing of it. */
	OPEN_NEW(raised);
	assert_true(fenced && arg == (MX_FEAT_KNOWN | MX_OPENED_NEW));
	r.epoch = 6;
	assert_int_equal(mx_store_roster_set(&vol, &r, &arg), MX_ST_OK);
	OPEN_NEW(raised);
	assert_true(arg == MX_FEAT_KNOWN);

	/* For another claim it is a volume that was there. */
	start();
	OPEN_NEW(ONE);
	OPEN_NEW(WHO(2, 1, 6));
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_OVER));
	OPEN_NEW(WHO(2, 1, 6));
	assert_true(arg == MX_FEAT_KNOWN);
	OPEN_NEW(WHO(1, 11, 7));
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_OVER));
	/* So it is for another life of the node. */
	start();
	OPEN_NEW(ONE);
	OPEN_NEW(WHO(1, 12, 6));
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_OVER));
}

static void mx_store_open__another_volume(void **state)
{
	struct mx_ask same = ASK(OPEN, .page = PAGES, .arg = SHIFT), other;

	start();
	assert_int_equal(serve(ONE, same, "one", 3), MX_ST_OK);
	other = same;
	other.page++;
	assert_int_equal(serve(ONE, other, "one", 3), MX_ST_INVAL);
	other = same;
	other.arg++;
	assert_int_equal(serve(ONE, other, "one", 3), MX_ST_INVAL);
	other = same;
	other.flags = MX_F_SEALED;
	assert_int_equal(serve(ONE, other, "one", 3), MX_ST_INVAL);
	assert_int_equal(serve(ONE, same, "two", 3), MX_ST_INVAL);
	assert_int_equal(serve(ONE, same, "ones", 4), MX_ST_INVAL);
	assert_int_equal(serve(ONE, same, "on", 2), MX_ST_INVAL);
	assert_int_equal(serve(ONE, same, "o\0e", 3), MX_ST_INVAL);
	assert_int_equal(arg, 0);
	same.flags = MX_F_FEATURES;
	assert_int_equal(serve(ONE, same, "two", 3), MX_ST_INVAL);
	assert_int_equal(arg, MX_FEAT_KNOWN);
}

static void mx_store_open__name_and_id(void **state)
{
	struct mx_ask ask = ASK(OPEN, .page = PAGES, .arg = SHIFT);
	struct mx_store_who nobody = ONE;

	start();
	assert_int_equal(serve(ONE, ask, "-x", 2), MX_ST_INVAL);
	assert_int_equal(serve(ONE, ask, "a b", 3), MX_ST_INVAL);
	nobody.volume = 0;
	assert_int_equal(serve(nobody, ask, "zero", 4), MX_ST_INVAL);
	assert_false(here);
}

static void mx_store_open__too_many(void **state)
{
	start();
	st.nvols = st.max_vols;
	assert_int_equal(OPEN_NEW(ONE), MX_ST_FULL);
	mx_store_vol_gone(&st);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
}

static void mx_store_open__order_of_claims(void **state)
{
	start();
	assert_int_equal(OPEN_NEW(WHO(5, 1, 5)), MX_ST_OK);
	/* Lower by epoch, by node, another life at the same place. */
	assert_int_equal(OPEN_NEW(WHO(9, 1, 4)), MX_ST_STALE);
	assert_int_equal(arg, 5);
	assert_int_equal(OPEN_NEW(WHO(4, 1, 5)), MX_ST_STALE);
	assert_int_equal(OPEN_NEW(WHO(5, 2, 5)), MX_ST_STALE);
	assert_int_equal(arg, 5);
	assert_false(fenced);
	/* Higher by node, then by epoch. */
	assert_int_equal(OPEN_NEW(WHO(6, 1, 5)), MX_ST_OK);
	assert_true(fenced && arg == (MX_FEAT_KNOWN | MX_OPENED_OVER));
	assert_int_equal(OPEN_NEW(WHO(5, 1, 5)), MX_ST_STALE);
	assert_int_equal(OPEN_NEW(WHO(1, 1, 6)), MX_ST_OK);
	assert_true(fenced && arg == (MX_FEAT_KNOWN | MX_OPENED_OVER));
	/* The same once more, and raised: nobody was overtaken. */
	assert_int_equal(OPEN_NEW(WHO(1, 1, 6)), MX_ST_OK);
	assert_int_equal(arg, MX_FEAT_KNOWN);
	assert_int_equal(OPEN_NEW(WHO(1, 1, 7)), MX_ST_OK);
	assert_int_equal(arg, MX_FEAT_KNOWN);
	assert_int_equal(OPEN_NEW(WHO(6, 1, 5)), MX_ST_STALE);
	assert_int_equal(arg, 7);
}

/* A restarted node must raise; at a higher epoch it has its volume again. */
static void mx_store_open__restarted(void **state)
{
	start();
	OWN(WHO(1, 11, 5));
	GOOD(WHO(1, 11, 5), WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	IS(STALE, WHO(1, 12, 5), READ, .npages = 1, .gen = 1);
	assert_int_equal(OPEN_NEW(WHO(1, 12, 5)), MX_ST_STALE);
	assert_int_equal(OPEN_NEW(WHO(1, 12, 6)), MX_ST_OK);
	GOOD(WHO(1, 12, 6), READ, .npages = 1, .gen = 1);
	IS(STALE, WHO(1, 11, 5), READ, .npages = 1, .gen = 1);
	assert_int_equal(arg, 6);
}

static void mx_store_open__old(void **state)
{
	start();
	assert_int_equal(OPEN_OLD(WHO(5, 1, 5)), MX_ST_OK);
	assert_int_equal(arg, 0);
	assert_true(mx_store_old(&vol));
	/* The first at an epoch has it, and goes on after a restart. */
	assert_int_equal(OPEN_OLD(WHO(9, 1, 5)), MX_ST_STALE);
	assert_int_equal(arg, 0);
	assert_int_equal(OPEN_OLD(WHO(5, 2, 5)), MX_ST_OK);
	assert_true(fenced);
	IS(STALE, WHO(5, 1, 5), READ, .npages = 1);
	GOOD(WHO(5, 2, 5), READ, .npages = 1);
	assert_int_equal(OPEN_OLD(WHO(9, 1, 6)), MX_ST_OK);
	assert_int_equal(OPEN_OLD(WHO(5, 2, 5)), MX_ST_STALE);
	/* The order is the new one as soon as a new node comes. */
	assert_int_equal(OPEN_NEW(WHO(10, 1, 6)), MX_ST_OK);
	assert_false(mx_store_old(&vol));
	assert_int_equal(OPEN_OLD(WHO(10, 2, 6)), MX_ST_STALE);
	assert_int_equal(OPEN_OLD(WHO(11, 2, 6)), MX_ST_STALE);
	assert_int_equal(OPEN_OLD(WHO(11, 2, 7)), MX_ST_OK);
	assert_true(mx_store_old(&vol));
}

/* Features without generations are a claim of the old kind. */
static void mx_store_open__unknown_features(void **state)
{
	start();
	assert_int_equal(open_as(ONE, MX_F_FEATURES, 0x8000000000000000ULL),
			 MX_ST_OK);
	assert_true(mx_store_old(&vol));
	GOOD(ONE, WRITE, .npages = 1);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_false(mx_store_old(&vol));
}

static void mx_store_open__tentative_stands_beside(void **state)
{
	const struct mx_store_who two = WHO(2, 22, 6);

	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	assert_int_equal(OPEN_TENT(two), MX_ST_OK);
	assert_true(arg == MX_FEAT_KNOWN && !fenced);
	/* It fences nobody, and may only look. */
	GOOD(ONE, WRITE, .npages = 1, .gen = 1);
	GOOD(two, LIST, .npages = 1);
	GOOD(two, BITMAP, .gen = 1);
	GOOD(two, ROSTER);
	GOOD(two, STAT);
	assert_int_equal(serve(two, ASK(ROSTER), NULL, 24), MX_ST_INVAL);
	IS(INVAL, two, READ, .npages = 1, .gen = 1);
	IS(INVAL, two, WRITE, .npages = 1, .gen = 1);
	IS(INVAL, two, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 9);
	IS(INVAL, two, DISCARD, .arg = 1, .gen = 1);
	IS(INVAL, two, SETGEN, .gen = 9);
	/* Nobody drops the volume meanwhile. */
	IS(HELD, ONE, DROP);
	IS(INVAL, WHO(3, 1, 7), DROP);
	IS(STALE, WHO(3, 1, 5), DROP);
	/* Committed: the other one is fenced. */
	assert_int_equal(OPEN_NEW(two), MX_ST_OK);
	assert_true(fenced && !vol.tentative.node);
	GOOD(two, WRITE, .npages = 1, .gen = 1);
	IS(STALE, ONE, READ, .npages = 1, .gen = 1);
	GOOD(two, DROP);
	assert_false(here);
}

static void mx_store_open__tentative_order(void **state)
{
	start();
	OPEN_NEW(ONE);
	/* Lower than what is in force. */
	assert_int_equal(OPEN_TENT(WHO(9, 1, 4)), MX_ST_STALE);
	assert_int_equal(arg, 5);
	assert_int_equal(OPEN_TENT(WHO(1, 12, 5)), MX_ST_STALE);
	/* The same: committed long ago. */
	assert_int_equal(OPEN_TENT(ONE), MX_ST_OK);
	assert_int_equal(vol.tentative.node, 0);
	/* Beside another: only a higher one takes its place. */
	assert_int_equal(OPEN_TENT(WHO(5, 1, 7)), MX_ST_OK);
	assert_int_equal(OPEN_TENT(WHO(4, 1, 7)), MX_ST_STALE);
	assert_int_equal(arg, 7);
	assert_int_equal(OPEN_TENT(WHO(5, 2, 7)), MX_ST_STALE);
	assert_int_equal(OPEN_TENT(WHO(5, 1, 7)), MX_ST_OK);
	assert_int_equal(OPEN_TENT(WHO(6, 1, 7)), MX_ST_OK);
	assert_int_equal(vol.tentative.node, 6);
	IS(INVAL, WHO(5, 1, 7), BITMAP, .gen = 1);
	/* One that is committed below it leaves it alone; above it ends it. */
	assert_int_equal(OPEN_NEW(WHO(2, 1, 6)), MX_ST_OK);
	assert_int_equal(vol.tentative.node, 6);
	assert_int_equal(OPEN_NEW(WHO(6, 2, 7)), MX_ST_STALE);
	assert_int_equal(OPEN_NEW(WHO(7, 1, 7)), MX_ST_OK);
	assert_int_equal(vol.tentative.node, 0);
	assert_int_equal(OPEN_NEW(WHO(6, 1, 7)), MX_ST_STALE);
	/* A tentative claim needs generations. */
	assert_int_equal(open_as(WHO(8, 1, 9), MX_F_FEATURES | MX_F_TENTATIVE, 0),
			 MX_ST_INVAL);
}

/* A volume that only a tentative claim has made goes with it. */
static void mx_store_open__tentative_alone(void **state)
{
	start();
	assert_int_equal(OPEN_TENT(ONE), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW));
	GOOD(ONE, LIST, .npages = 1);
	IS(INVAL, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	IS(INVAL, WHO(2, 2, 2), DROP);
	GOOD(ONE, DROP);
	assert_false(here);
	assert_int_equal(st.nvols, 0);
	OPEN_TENT(ONE);
	assert_int_equal(OPEN_NEW(WHO(1, 1, 1)), MX_ST_OK);
	assert_true(arg == (MX_FEAT_KNOWN | MX_OPENED_NEW) && !fenced);
	assert_int_equal(vol.tentative.epoch, 5);
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	assert_true(fenced);
	assert_int_equal(store_roster(), MX_ST_OK);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
}

/* --- DROP and the others ----------------------------------------------- */

static void mx_store_drop__whose(void **state)
{
	start();
	GOOD(ONE, DROP);
	OPEN_NEW(ONE);
	IS(STALE, WHO(1, 11, 4), DROP);
	IS(STALE, WHO(2, 11, 5), DROP);
	IS(STALE, WHO(1, 12, 5), DROP);
	assert_true(here);
	/* Who is above the claim needs an OPEN to have it forgotten. */
	IS(INVAL, WHO(2, 1, 6), DROP);
	IS(INVAL, WHO(1, 12, 6), DROP);
	assert_true(here);
	GOOD(ONE, DROP);
	assert_false(here);
	/* But for a claim that was raised while its DROP was due. */
	OPEN_NEW(ONE);
	GOOD(WHO(1, 11, 6), DROP);
	assert_false(here);
}

static void mx_store_drop__withdraws_a_tentative_claim(void **state)
{
	start();
	OPEN_OLD(ONE);
	OPEN_TENT(WHO(2, 22, 6));
	IS(AGAIN, ONE, DROP);
	GOOD(WHO(2, 22, 6), DROP);
	assert_true(here);
	assert_int_equal(vol.tentative.node, 0);
	GOOD(ONE, DROP);
	assert_false(here);
}

static void mx_store_admit__claims(void **state)
{
	static const struct mx_ask asks[] = {
		ASK(READ, .npages = 1, .gen = 1),
		ASK(WRITE, .npages = 1, .gen = 1),
		ASK(DISCARD, .arg = 1, .gen = 1),
		ASK(SETGEN, .gen = 1),
		ASK(LIST, .npages = 1),
		ASK(BITMAP, .gen = 1),
		ASK(ROSTER),
	};
	u32 i;

	start();
	for (i = 0; i < ARRAY_SIZE(asks); i++)
		assert_int_equal(ask_as(ONE, asks[i]), MX_ST_NOVOL);
	OPEN_NEW(ONE);
	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		assert_int_equal(ask_as(WHO(1, 11, 4), asks[i]), MX_ST_STALE);
		assert_int_equal(arg, 5);
		assert_int_equal(ask_as(WHO(2, 11, 5), asks[i]), MX_ST_STALE);
		assert_int_equal(ask_as(WHO(1, 12, 5), asks[i]), MX_ST_STALE);
		assert_int_equal(arg, 5);
		assert_int_equal(ask_as(WHO(1, 11, 6), asks[i]), MX_ST_INVAL);
		assert_int_equal(ask_as(WHO(1, 11, ~0U), asks[i]), MX_ST_INVAL);
	}
	GOOD(WHO(9, 9, 1), STAT);
}

/*
 * The volume was lost and is made anew by its owner's OPEN. Until the owner has shown
 * that it knows, a placement may be one that it has sent before.
 */
static void mx_store_admit__made_anew(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	bury();
	OPEN_NEW(ONE);
	IS(AGAIN, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	IS(AGAIN, ONE, SETGEN, .flags = MX_F_PLACE, .gen = 1);
	IS(INVAL, ONE, WRITE, .flags = MX_F_PLACE, .npages = 33, .gen = 1);
	/* What makes no chunk is answered: none is there. */
	IS(NOCHUNK, ONE, READ, .npages = 1, .gen = 1);
	IS(NOCHUNK, ONE, WRITE, .npages = 1, .gen = 1);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE, .gen = 1);
	assert_int_equal(st.quota.reserved, 0);
	/* Somebody who looks on does not speak for it. */
	GOOD(ONE, ROSTER);
	OPEN_TENT(WHO(2, 22, 6));
	IS(AGAIN, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	assert_int_equal(store_roster(), MX_ST_OK);
	GOOD(ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	GOOD(ONE, SETGEN, .page = 256, .flags = MX_F_PLACE, .gen = 1);
	/* For whoever takes it over it was there. */
	start();
	OPEN_NEW(ONE);
	OPEN_NEW(WHO(2, 22, 6));
	GOOD(WHO(2, 22, 6), WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
}

/* Each version has its own requests. */
static void mx_store_admit__version(void **state)
{
	start();
	OPEN_OLD(ONE);
	GOOD(ONE, WRITE, .npages = 1);
	GOOD(ONE, READ, .npages = 1);
	GOOD(ONE, DISCARD, .arg = 1);
	IS(INVAL, ONE, WRITE, .npages = 1, .gen = 1);
	IS(INVAL, ONE, WRITE, .flags = MX_F_PLACE, .npages = 1, .gen = 1);
	IS(INVAL, ONE, READ, .npages = 1, .gen = 1);
	IS(INVAL, ONE, DISCARD, .arg = 1, .gen = 1);
	IS(INVAL, ONE, SETGEN, .gen = 2);
	IS(INVAL, ONE, LIST, .npages = 1);
	IS(INVAL, ONE, BITMAP, .gen = 1);
	IS(INVAL, ONE, ROSTER);
	/* What an old node is told of a new claim has no argument. */
	OPEN_NEW(WHO(2, 22, 6));
	IS(STALE, ONE, READ, .npages = 1);
	assert_int_equal(arg, 0);
	IS(STALE, ONE, WRITE, .npages = 1);
	assert_int_equal(arg, 0);
	IS(INVAL, WHO(2, 22, 6), READ, .npages = 1);
	IS(INVAL, WHO(2, 22, 6), WRITE, .npages = 1);
	IS(INVAL, WHO(2, 22, 6), DISCARD, .arg = 1);
	IS(INVAL, WHO(2, 22, 6), DISCARD, .flags = MX_F_RELEASE, .arg = 256);
}

/* What T=server asks of a real one. */
static void mx_store_admit__hostile(void **state)
{
	static const struct mx_ask asks[] = {
		ASK(READ, .page = 1000, .npages = 1), ASK(READ, .page = 999, .npages = 2),
		ASK(READ, .page = 255, .npages = 2), ASK(READ), ASK(READ, .npages = 33),
		ASK(READ, .npages = 1, .arg = 1), ASK(READ, .npages = 1, .flags = 1),
		ASK(READ, .page = 1ULL << 63, .npages = 1),
		ASK(READ, .page = ~0ULL, .npages = 32),
		ASK(READ, .page = 1ULL << 32, .npages = 1),
		ASK(WRITE, .npages = 33), ASK(WRITE, .page = 1000, .npages = 1),
		ASK(WRITE, .page = 250, .npages = 32), ASK(DISCARD),
		ASK(WRITE, .page = ~0ULL, .npages = 1),
		ASK(DISCARD, .arg = 257), ASK(DISCARD, .arg = ~0ULL),
		ASK(DISCARD, .page = 999, .arg = 2),
		ASK(DISCARD, .page = 10, .arg = 256, .flags = MX_F_RELEASE),
		ASK(DISCARD, .arg = 255, .flags = MX_F_RELEASE),
		ASK(DISCARD, .page = 768, .arg = 256, .flags = MX_F_RELEASE),
		ASK(DISCARD, .page = 768, .arg = 231, .flags = MX_F_RELEASE),
		ASK(DISCARD, .arg = 1, .flags = MX_F_SEALED),
		ASK(READ, .npages = 1, .flags = MX_F_SEALED),
		ASK(WRITE, .npages = 1, .flags = MX_F_SEALED),
		ASK(STAT, .arg = 1), ASK(DROP, .page = 1),
		{ .op = 0 }, { .op = MX_OP_MAX + 1 }, { .op = 255 },
	};
	static const struct mx_ask newer[] = {
		ASK(SETGEN, .page = 1024, .gen = 1), ASK(SETGEN, .page = 1, .gen = 1),
		ASK(SETGEN, .page = 1ULL << 32, .gen = 1),
		ASK(SETGEN, .page = ~255ULL, .gen = 1), ASK(SETGEN),
		ASK(BITMAP, .page = 1024, .gen = 1), ASK(BITMAP, .page = 128, .gen = 1),
		ASK(BITMAP, .page = ~255ULL, .gen = 1), ASK(BITMAP),
		ASK(LIST), ASK(LIST, .npages = 33),
		ASK(LIST, .npages = 1, .page = MX_CHUNKS_MAX),
		ASK(LIST, .npages = 1, .page = ~0ULL),
		ASK(ROSTER, .page = 1), ASK(WRITE, .npages = 1, .flags = MX_F_PLACE),
	};
	struct mx_ask ask;
	u32 i;

	start();
	OPEN_OLD(ONE);
	GOOD(ONE, WRITE, .page = 1, .npages = 3);
	for (i = 0; i < ARRAY_SIZE(asks); i++)
		assert_int_equal(ask_as(ONE, asks[i]), MX_ST_INVAL);
	OPEN_NEW(ONE);
	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		ask = asks[i];
		ask.gen = 1;
		assert_int_equal(ask_as(ONE, ask), MX_ST_INVAL);
	}
	for (i = 0; i < ARRAY_SIZE(newer); i++)
		assert_int_equal(ask_as(ONE, newer[i]), MX_ST_INVAL);
	assert_int_equal(chunk[0].used, 3);
	assert_int_equal(st.quota.reserved, 256);
	assert_int_equal(st.nvols, 1);
	/* At the edges. */
	GOOD(ONE, LIST, .npages = 1, .page = MX_CHUNKS_MAX - 1);
	IS(NOCHUNK, ONE, READ, .page = 999, .npages = 1, .gen = 1);
	GOOD(ONE, DISCARD, .page = 768, .arg = 232, .flags = MX_F_RELEASE,
	     .gen = 1);
}

static void mx_store_admit__sealed(void **state)
{
	struct mx_ask ask = ASK(OPEN, .flags = MX_F_SEALED, .page = PAGES,
				.arg = SHIFT);

	start();
	assert_int_equal(serve(ONE, ask, "one", 3), MX_ST_OK);
	IS(INVAL, ONE, WRITE, .npages = 3);
	IS(INVAL, ONE, READ, .npages = 3);
	GOOD(ONE, WRITE, .npages = 3, .flags = MX_F_SEALED);
	GOOD(ONE, READ, .npages = 3, .flags = MX_F_SEALED);
	GOOD(ONE, DISCARD, .arg = 1);
	/* The trailers of 256 pages are 2 pages. */
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY - 256 - 2);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE);
	assert_int_equal(mx_quota_free(&st.quota), CAPACITY);
}

static void mx_store_roster_set__numbers(void **state)
{
	struct mx_roster r = { .epoch = 5, .number = 3, .n = 1, .member = { self } };
	struct mx_roster other = { .epoch = 5, .number = 3, .n = 1, .member = { peer_b } };
	struct mx_roster more = { .epoch = 5, .number = 3, .n = 2, .member = { self, peer_b } };

	start();
	OPEN_NEW(WHO(5, 1, 5));
	assert_int_equal(vol.roster.number, 0);
	assert_int_equal(mx_store_roster_set(&vol, &r, &arg), MX_ST_OK);
	assert_int_equal(mx_store_roster_set(&vol, &r, &arg), MX_ST_OK);
	assert_int_equal(mx_store_roster_set(&vol, &other, &arg), MX_ST_OLDGEN);
	assert_int_equal(arg, 3);
	assert_int_equal(mx_store_roster_set(&vol, &more, &arg), MX_ST_OLDGEN);
	other.number = 2;
	assert_int_equal(mx_store_roster_set(&vol, &other, &arg), MX_ST_OLDGEN);
	assert_int_equal(vol.roster.member[0].node, self.node);
	more.number = 4;
	assert_int_equal(mx_store_roster_set(&vol, &more, &arg), MX_ST_OK);
	assert_int_equal(arg, 0);
	assert_int_equal(vol.roster.n, 2);
	/* Of a higher claim any number counts more, and no other epoch's is taken. */
	other.number = 9;
	other.epoch = 4;
	assert_int_equal(mx_store_roster_set(&vol, &other, &arg), MX_ST_INVAL);
	OPEN_NEW(WHO(5, 1, 6));
	more.number = 9;
	assert_int_equal(mx_store_roster_set(&vol, &more, &arg), MX_ST_INVAL);
	other.epoch = 6;
	other.number = 1;
	assert_int_equal(mx_store_roster_set(&vol, &other, &arg), MX_ST_OK);
	assert_int_equal(vol.roster.n, 1);
}

static void mx_store_chunk_pages__last_is_the_rest(void **state)
{
	struct mx_store_vol v = { .pages = 1, .shift = 8 };

	assert_int_equal(mx_store_chunk_pages(&v, 0), 1);
	v.pages = 257;
	assert_int_equal(mx_store_chunk_pages(&v, 0), 256);
	assert_int_equal(mx_store_chunk_pages(&v, 1), 1);
	v.pages = 512;
	assert_int_equal(mx_store_chunk_pages(&v, 1), 256);
	v = (struct mx_store_vol){ .pages = 1ULL << 32, .shift = 18 };
	assert_int_equal(mx_store_chunk_pages(&v, 16383), 1 << 18);
}

/* --- the account and the server's states ------------------------------- */

static void mx_store_promise__to_the_last_page(void **state)
{
	start();
	mx_store_start(&st, 600, 100000);
	OPEN_OLD(ONE);
	GOOD(ONE, WRITE, .npages = 1);
	GOOD(ONE, WRITE, .page = 256, .npages = 1);
	IS(FULL, ONE, WRITE, .page = 512, .npages = 1);
	assert_int_equal(st.quota.reserved, 512);
	/* What was promised can be used, whatever else is full. */
	GOOD(ONE, WRITE, .page = 257, .npages = 32);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE);
	GOOD(ONE, WRITE, .page = 512, .npages = 1);
	IS(FULL, ONE, WRITE, .npages = 1);
	GOOD(ONE, DROP);
	assert_int_equal(st.quota.reserved, 0);
	assert_int_equal(st.quota.used, 0);
}

/* A left-over is freed first, so its own room is there for what replaces it. */
static void mx_store_promise__for_a_left_over(void **state)
{
	start();
	mx_store_start(&st, 256, 100000);
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 1);
	GOOD(ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 2);
	IS(FULL, ONE, SETGEN, .page = 256, .flags = MX_F_PLACE, .gen = 1);
}

static void mx_store_promise__draining(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 1);
	st.state = MX_STORE_DRAINING;
	GOOD(ONE, WRITE, .npages = 1, .gen = 1);
	GOOD(ONE, READ, .npages = 1, .gen = 1);
	GOOD(ONE, SETGEN, .gen = 2);
	IS(FULL, ONE, WRITE, .page = 256, .npages = 1, .flags = MX_F_PLACE,
	   .gen = 1);
	IS(FULL, ONE, SETGEN, .page = 256, .flags = MX_F_PLACE, .gen = 1);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE, .gen = 2);
	IS(FULL, ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 3);
	assert_int_equal(st.quota.reserved, 0);
}

/* Whoever asks is told of claims and figures; nothing changes by it. */
static void mx_store_look__tells(void **state)
{
	struct mx_store_vol before;
	struct mx_look look;

	start();
	assert_int_equal(OPEN_NEW(ONE), MX_ST_OK);
	vol.share.used = 3;
	before = vol;
	mx_store_look(&vol, 4, &look);
	assert_memory_equal(&before, &vol, sizeof(vol));
	assert_true(look.pages == PAGES && look.shift == SHIFT && !look.sealed);
	assert_true(look.nchunks == 4 && look.used == 3);
	assert_int_equal(look.claim.node, vol.claim.node);
	assert_int_equal(look.claim.epoch, vol.claim.epoch);
	assert_int_equal(look.claim.inc, vol.claim.inc);
	assert_int_equal(look.tentative.node, 0);
	assert_string_equal(look.name, "one");
	vol.share.used = 0;
}

/* Any requests of three claimants: what is promised and stored adds up. */
static struct mx_ask draw_ask(u32 seed)
{
	static const u8 flags[] = { 0, 0, MX_F_PLACE, MX_F_RELEASE, MX_F_SEALED };
	struct mx_ask ask = {
		.op	= seed % (MX_OP_MAX + 2),
		.flags	= flags[(seed >> 4) % ARRAY_SIZE(flags)],
		.npages	= (seed >> 7) % 5,
		.gen	= (seed >> 10) % 6,
		.page	= (seed >> 13) % 1026,
	};

	if (seed & 1 << 24)
		ask.page &= ~255ULL;
	if (ask.op == MX_OP_DISCARD) {
		ask.npages = 0;
		ask.arg = ask.flags & MX_F_RELEASE ? 256 : (seed >> 25) % 9;
	} else if (ask.op == MX_OP_SETGEN) {
		ask.npages = 0;
	} else if (ask.op == MX_OP_OPEN) {
		ask = ASK(OPEN, .page = PAGES, .arg = SHIFT);
		if (seed & 1 << 26)
			ask.flags = MX_F_FEATURES;
		if (seed & 1 << 27)
			ask.flags |= MX_F_TENTATIVE;
		ask.arg2 = ask.flags & MX_F_FEATURES ? MX_FEAT_GEN : 0;
	}
	return ask;
}

static void mx_store__random_walk(void **state)
{
	u32 seed = 4711, oks = 0, i;

	start();
	for (i = 0; i < 300000; i++) {
		struct mx_store_who who;
		struct mx_ask ask;

		seed = seed * 1664525 + 1013904223;
		who = WHO(1 + (seed >> 28) % 3, 1 + (seed >> 30) % 2,
			  1 + i / 10000 + (seed >> 20) % 2);
		if (here && vol.claim.node && seed >> 17 & 7)
			who = WHO(vol.claim.node, vol.claim.inc, vol.claim.epoch);
		seed = seed * 1664525 + 1013904223;
		ask = draw_ask(seed >> 3 ^ seed << 11);
		set_members(1 + seed % 3, seed & 8 ? self : peer_c, peer_b,
			    (struct mx_life){ 0x80, 1 });
		if (ask.op == MX_OP_OPEN)
			oks += serve(who, ask, "one", 3) == MX_ST_OK;
		else if (ask.op == MX_OP_ROSTER && here && vol.claim.node)
			oks += store_roster() == MX_ST_OK;
		else
			oks += ask_as(who, ask) == MX_ST_OK;
		check_sums();
	}
	assert_in_range(oks, 10000, 290000);
}

/* Who takes nothing of what it was given is given no more. */
static void mx_store_may_answer__bounded(void **state)
{
	u32 kept = 0;

	start();
	st.max_answers = 64;
	while (mx_store_may_answer(&st, kept, 33))
		kept += 33;
	assert_int_equal(kept, 33);
	assert_true(mx_store_may_answer(&st, kept, 31));
	assert_false(mx_store_may_answer(&st, 64, 1));
	st.max_answers = 8;
	assert_true(mx_store_may_answer(&st, 0, 33));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_store_open__made_and_found),
		MXT(mx_store_open__made_told_again),
		MXT(mx_store_open__another_volume),
		MXT(mx_store_open__name_and_id),
		MXT(mx_store_open__too_many),
		MXT(mx_store_open__order_of_claims),
		MXT(mx_store_open__restarted),
		MXT(mx_store_open__old),
		MXT(mx_store_open__unknown_features),
		MXT(mx_store_open__tentative_stands_beside),
		MXT(mx_store_open__tentative_order),
		MXT(mx_store_open__tentative_alone),
		MXT(mx_store_drop__whose),
		MXT(mx_store_drop__withdraws_a_tentative_claim),
		MXT(mx_store_admit__claims),
		MXT(mx_store_admit__made_anew),
		MXT(mx_store_admit__version),
		MXT(mx_store_admit__hostile),
		MXT(mx_store_admit__sealed),
		MXT(mx_store_roster_set__numbers),
		MXT(mx_store_chunk_pages__last_is_the_rest),
		MXT(mx_store_promise__to_the_last_page),
		MXT(mx_store_promise__for_a_left_over),
		MXT(mx_store_promise__draining),
		MXT(mx_store__random_walk),
		MXT(mx_store_may_answer__bounded),
		MXT(mx_store_look__tells),
	};

	return MXT_RUN(tests);
}
