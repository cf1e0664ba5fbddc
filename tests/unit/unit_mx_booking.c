// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_booking.c, with servers as mx_store.c has them: two
 * volumes of two hosts that want room, and what they get.
 */
#include "mxtest.h"
#include "engine/mx_booking.h"
#include "engine/mx_store.h"

enum { SERVERS = 3, VOLS = 2, UNIT = 256, MOST = 40 };

/**
 * struct owner - a volume at its owner
 * @b: engine
 * @o: its claim
 * @m: servers that it knows
 * @call: calls under way
 * @open: which of them are
 * @lost: their answers get lost
 */
struct owner {
	struct mx_booking b;
	struct mx_owner o;
	struct mx_members m;
	struct mx_booking_call call[SERVERS];
	bool open[SERVERS];
	bool lost[SERVERS];
};

static struct mx_store st[SERVERS];
static struct mx_store_vol vol[SERVERS][VOLS];
static struct owner own[VOLS];
static u64 now;
static u32 answers, fail_nth;	/* the answer that fails, from 1 on */
static bool fail_unheard;	/* and the request has not come either */

/* Node ids are not in the order of the indices. */
static const u64 node[SERVERS] = { 0x30, 0x10, 0x20 };

static void server_start(u32 i, u32 chunks)
{
	u32 k;

	mx_store_init(&st[i], 8);
	mx_store_start(&st[i], chunks * UNIT + 7, 1 << 30);
	for (k = 0; k < VOLS; k++) {
		memset(&vol[i][k], 0, sizeof(vol[i][k]));
		vol[i][k].pages = MOST * UNIT;
		vol[i][k].shift = 8;
	}
}

static void knows(struct owner *w, u32 i, u32 inc)
{
	struct mx_owner_srv *s = &w->o.srv[i];

	*s = (struct mx_owner_srv){
		.node = node[i], .inc = inc, .era = 1, .alive = true,
		.state = MX_OSRV_OPEN, .features = MX_FEAT_KNOWN, .in_roster = true,
	};
	w->m.m[i].node = node[i];
	w->m.m[i].inc = inc;
	w->m.m[i].state = MX_MEMBER_ALIVE;
	w->o.base.member[i] = (struct mx_life){ node[i], inc };
	w->o.base.n = SERVERS;
}

static void begin(u32 a, u32 b, u32 c)
{
	const u32 chunks[SERVERS] = { a, b, c };
	u32 i, k;

	now = 1000;
	answers = 0;
	fail_nth = 0;
	memset(own, 0, sizeof(own));
	for (k = 0; k < VOLS; k++) {
		own[k].o.state = MX_OWN_SERVING;
		own[k].o.epoch = 4;
		mx_booking_init(&own[k].b, MOST, UNIT, 0, 1, false);
	}
	for (i = 0; i < SERVERS; i++) {
		server_start(i, chunks[i]);
		for (k = 0; k < VOLS; k++)
			knows(&own[k], i, 1);
	}
}

static u32 kept(u32 i, u32 k)
{
	return vol[i][k].share.firm / UNIT;
}

static u32 kept_in_all(u32 k)
{
	return kept(0, k) + kept(1, k) + kept(2, k);
}

/* What a server promises it has. */
static void check_servers(void)
{
	u32 i;

	for (i = 0; i < SERVERS; i++)
		assert_true(st[i].quota.reserved + st[i].quota.spare <=
			    st[i].quota.capacity);
}

/* A call of the volume's comes to a server. */
static void serve(u32 k, u32 i)
{
	struct owner *w = &own[k];
	struct mx_answer ans = { .op = MX_OP_RESERVE };
	int err = 0;

	w->open[i] = false;
	if (++answers == fail_nth)
		err = -ECANCELED;
	if (!err || !fail_unheard)
		ans.status = mx_store_reserve(&st[i], &vol[i][k], &w->call[i].ask,
					      &ans.arg);
	check_servers();
	mx_booking_answer(&w->b, i, err, &ans);
}

static void make_calls(u32 k)
{
	struct owner *w = &own[k];
	struct mx_booking_call call;

	while (mx_booking_next(&w->b, &call)) {
		if (call.kind == MX_BOOK_CALL_CANCEL) {
			w->open[call.server] = false;
			mx_booking_answer(&w->b, call.server, -ECANCELED, NULL);
			continue;
		}
		assert_int_equal(call.epoch, 4);
		assert_false(w->open[call.server]);
		w->call[call.server] = call;
		w->open[call.server] = true;
	}
}

/* The volume makes its calls, and one of them is carried out. Return: false: there is none */
static bool step(u32 k)
{
	u32 i;

	make_calls(k);
	for (i = 0; i < SERVERS; i++)
		if (own[k].open[i] && !own[k].lost[i]) {
			serve(k, i);
			return true;
		}
	return false;
}

static void tick(u32 ms)
{
	u32 i, k;

	now += ms;
	for (i = 0; i < SERVERS; i++) {
		mx_store_tick(&st[i], now, true);
		for (k = 0; k < VOLS; k++) {
			mx_store_unhold(&st[i], &vol[i][k]);
			own[k].m.m[i].free = mx_quota_free(&st[i].quota);
		}
	}
	for (k = 0; k < VOLS; k++)
		mx_booking_tick(&own[k].b, &own[k].o, &own[k].m, now);
}

static void run(u32 ms)
{
	u32 t;

	for (t = 0; t < ms; t += 100) {
		tick(100);
		while (step(0) || step(1))
			;
	}
}

static void want(u32 k, u32 chunks)
{
	mx_booking_set(&own[k].b, chunks);
}

#define STATE(k, word) \
	assert_string_equal(mx_booking_name(mx_booking_state(&own[k].b)), word)

static void mx_booking_chunks__rounds_up(void **state)
{
	assert_int_equal(mx_booking_chunks(0, 8, 9), 0);
	assert_int_equal(mx_booking_chunks(1, 8, 9), 1);
	assert_int_equal(mx_booking_chunks(1 << 20, 8, 9), 1);
	assert_int_equal(mx_booking_chunks((1 << 20) + 1, 8, 9), 2);
	assert_int_equal(mx_booking_chunks(~0ULL, 8, 9), 9);
	assert_int_equal(mx_booking_limit(3 << 20, 256, 1), 3);
	assert_int_equal(mx_booking_limit((3 << 20) - 1, 256, 1), 2);
	assert_int_equal(mx_booking_limit(6 << 20, 256, 2), 3);
	assert_int_equal(mx_booking_limit(3 << 20, 258, 1), 2);
}

static void mx_booking_next__in_the_order_of_ids(void **state)
{
	begin(10, 10, 10);
	STATE(0, "none");
	tick(0);
	assert_false(step(0));
	want(0, 15);
	STATE(0, "asking");
	run(200);
	STATE(0, "granted");
	assert_int_equal(kept(1, 0), 10);
	assert_int_equal(kept(2, 0), 5);
	assert_int_equal(kept(0, 0), 0);
	assert_int_equal(mx_booking_granted(&own[0].b), 15);
	assert_int_equal(mx_booking_kept(&own[0].b, 1), 10);
	assert_true(mx_booking_settled(&own[0].b));
	/* The same once more changes nothing, and nobody is asked. */
	want(0, 15);
	tick(1000);
	assert_false(step(0));
}

static void mx_booking_set__more_and_less(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	run(200);
	want(0, 25);
	run(200);
	STATE(0, "granted");
	assert_int_equal(kept_in_all(0), 25);
	/* What is in use stays where it is. */
	own[0].o.srv[0].chunks = 5;
	tick(0);
	want(0, 6);
	STATE(0, "granted");
	run(200);
	assert_int_equal(kept(0, 0), 5);
	assert_int_equal(kept_in_all(0), 6);
	want(0, 0);
	run(200);
	STATE(0, "none");
	assert_int_equal(kept_in_all(0), 0);
}

/* Refused: what was kept before stays, all else goes back, and it is said how much. */
static void mx_booking_answer__refused(void **state)
{
	begin(10, 10, 10);
	want(0, 5);
	run(200);
	want(0, 31);
	run(200);
	STATE(0, "refused");
	assert_int_equal(own[0].b.why, MX_BOOK_WHY_ROOM);
	assert_int_equal(own[0].b.lacked, 1);
	assert_int_equal(kept_in_all(0), 5);
	assert_int_equal(mx_booking_granted(&own[0].b), 5);
	assert_int_equal(st[0].quota.passing + st[1].quota.passing + st[2].quota.passing, 0);
	/* Nobody is asked until there is more room, or somebody says so. */
	tick(20000);
	tick(20000);
	assert_false(step(0));
	want(0, 31);
	make_calls(0);
	assert_true(own[0].open[1]);
	run(200);
	STATE(0, "refused");
	st[2].quota.capacity += UNIT;
	run(1500);
	STATE(0, "granted");
	assert_int_equal(kept_in_all(0), 31);
}

/* Of two who ask at once for more than half each, in whatever order their calls come. */
static void mx_booking_next__two_at_once(void **state)
{
	u32 order, bits, t;

	for (order = 0; order < 4096; order++) {
		begin(10, 10, 10);
		want(0, 16);
		want(1, 17);
		bits = order;
		for (t = 0; t < 12; t++, bits >>= 1)
			if (!step(bits & 1))
				tick(100);
		run(3000);
		assert_true((mx_booking_state(&own[0].b) == MX_BOOK_GRANTED) !=
			    (mx_booking_state(&own[1].b) == MX_BOOK_GRANTED));
		t = mx_booking_state(&own[0].b) != MX_BOOK_GRANTED;
		STATE(1 - t, "refused");
		assert_int_equal(kept_in_all(t), 16 + t);
		assert_int_equal(kept_in_all(1 - t), 0);
		/* Two who both fit both get it. */
		want(0, 13);
		want(1, 17);
		run(3000);
		STATE(0, "granted");
		STATE(1, "granted");
	}
}

static void mx_booking_tick__lost_and_found_elsewhere(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	run(200);
	server_start(1, 10);
	own[0].o.srv[1].inc = 2;
	own[0].o.srv[1].limbo = true;
	tick(100);
	STATE(0, "degraded");
	assert_int_equal(mx_booking_granted(&own[0].b), 5);
	assert_int_equal(mx_booking_kept(&own[0].b, 1), 0);
	/* The one that is coming back is awaited for a while only. */
	run(2500);
	STATE(0, "degraded");
	run(1000);
	STATE(0, "granted");
	assert_int_equal(kept(2, 0), 10);
	assert_int_equal(kept(0, 0), 5);
	/* Back, it has nothing for us, and nothing is wanted of it. */
	knows(&own[0], 1, 2);
	run(500);
	assert_int_equal(kept(1, 0), 0);
	STATE(0, "granted");
}

/* A server that is silent for long counts as lost; it is back, and there is too much. */
static void mx_booking_tick__dead_and_back(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	run(200);
	own[0].o.srv[1].alive = false;
	own[0].m.m[1].state = MX_MEMBER_SUSPECT;
	run(200);
	STATE(0, "granted");
	own[0].m.m[1].state = MX_MEMBER_DEAD;
	tick(100);
	STATE(0, "degraded");
	run(5000);
	STATE(0, "granted");
	assert_int_equal(kept_in_all(0), 25);
	own[0].o.srv[1].alive = true;
	own[0].m.m[1].state = MX_MEMBER_ALIVE;
	run(500);
	STATE(0, "granted");
	assert_int_equal(kept_in_all(0), 15);
}

static void mx_booking_answer__nowhere_to_go(void **state)
{
	begin(5, 10, 0);
	want(0, 15);
	run(200);
	STATE(0, "granted");
	server_start(1, 2);
	knows(&own[0], 1, 2);
	run(500);
	STATE(0, "degraded");
	assert_int_equal(own[0].b.why, MX_BOOK_WHY_ROOM);
	assert_int_equal(kept_in_all(0), 5);
}

/* An owner dies in the middle of it: another one waits for that, and gets the room. */
static void mx_booking_next__holder_dies(void **state)
{
	begin(0, 10, 0);
	want(0, 10);
	tick(0);
	while (!st[1].quota.passing)
		assert_true(step(0));
	want(1, 6);
	own[0].o.state = MX_OWN_NONE;
	run(3000);
	STATE(1, "asking");
	run(3000);
	STATE(1, "granted");
	assert_int_equal(kept(1, 1), 6);
}

/* A server that does not answer is passed over, and what it did is found out later. */
static void mx_booking_next__mute_server(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	tick(0);
	while (step(0) && !st[1].quota.passing)
		;
	own[0].lost[2] = true;
	run(8000);
	STATE(0, "granted");
	assert_int_equal(kept(1, 0), 10);
	assert_int_equal(kept(0, 0), 5);
	own[0].lost[2] = false;
	run(8000);
	assert_int_equal(kept_in_all(0), 15);
}

/* Whichever answer gets lost, in the end all is as if it had not. */
static void nth_lost(void)
{
	u32 n;

	for (n = 1; ; n++) {
		begin(10, 10, 10);
		fail_nth = n;
		want(0, 15);
		run(4000);
		want(0, 25);
		run(4000);
		want(0, 12);
		run(30000);
		STATE(0, "granted");
		assert_int_equal(kept_in_all(0), 12);
		want(0, 31);
		run(4000);
		run(30000);
		STATE(0, "refused");
		assert_int_equal(kept_in_all(0), 12);
		assert_true(mx_booking_settled(&own[0].b));
		want(0, 0);
		run(5000);
		STATE(0, "none");
		assert_int_equal(kept_in_all(0), 0);
		if (answers < n)
			break;
	}
	assert_true(n > 10);
}

static void mx_booking_answer__nth_lost(void **state)
{
	nth_lost();
}

static void mx_booking_answer__nth_unheard(void **state)
{
	fail_unheard = true;
	nth_lost();
	fail_unheard = false;
}

static void mx_booking_set__while_asking(void **state)
{
	u32 n, i;

	for (n = 0; n < 12; n++) {
		begin(10, 10, 10);
		want(0, 25);
		tick(0);
		for (i = 0; i < n; i++)
			step(0);
		want(0, n & 1 ? 29 : 3);
		run(3000);
		STATE(0, "granted");
		assert_int_equal(kept_in_all(0), n & 1 ? 29 : 3);
	}
}

/* The next owner learns from the servers what is kept, and what was wanted. */
static void mx_booking_tick__take_over(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	run(200);
	mx_booking_init(&own[0].b, MOST, UNIT, 0, 1, true);
	run(500);
	STATE(0, "granted");
	assert_int_equal(own[0].b.chunks, 15);
	assert_int_equal(kept_in_all(0), 15);
	/* It says something else itself. */
	mx_booking_init(&own[0].b, MOST, UNIT, 0, 1, true);
	want(0, 17);
	run(500);
	STATE(0, "granted");
	assert_int_equal(kept_in_all(0), 17);
	assert_int_equal(kept(1, 0), 10);
	mx_booking_init(&own[0].b, MOST, UNIT, 0, 1, true);
	want(0, 0);
	run(500);
	assert_int_equal(kept_in_all(0), 0);
}

static void mx_booking_tick__old_servers(void **state)
{
	u32 i;

	begin(10, 10, 10);
	for (i = 0; i < SERVERS; i++)
		own[0].o.srv[i].features = MX_FEAT_GEN | MX_FEAT_LEASE | MX_FEAT_LOOK;
	want(0, 5);
	run(200);
	STATE(0, "refused");
	assert_int_equal(own[0].b.why, MX_BOOK_WHY_SERVERS);
	assert_int_equal(mx_booking_old(&own[0].b), 3);
	assert_int_equal(answers, 0);
	own[0].o.srv[0].features = MX_FEAT_KNOWN;
	run(3000);
	STATE(0, "granted");
	assert_int_equal(kept(0, 0), 5);
}

/* Each server has a chunk once. */
static void mx_booking_next__copies(void **state)
{
	begin(10, 20, 10);
	mx_booking_init(&own[0].b, MOST, UNIT, 0, 2, false);
	want(0, 15);
	run(200);
	STATE(0, "granted");
	assert_int_equal(kept(1, 0), 15);
	assert_int_equal(kept(2, 0), 10);
	assert_int_equal(kept(0, 0), 5);
	want(0, 18);
	run(200);
	STATE(0, "granted");
	want(0, 21);
	run(200);
	STATE(0, "refused");
	assert_int_equal(mx_booking_granted(&own[0].b), 18);
}

/* What is there already takes no other room, wherever it is. */
static void mx_booking_next__chunks_count(void **state)
{
	u32 i;

	begin(10, 10, 10);
	for (i = 0; i < 10; i++)
		assert_int_equal(mx_store_promise(&st[0], &vol[0][0], i), MX_ST_OK);
	own[0].o.srv[0].chunks = 10;
	want(0, 12);
	run(200);
	STATE(0, "granted");
	assert_int_equal(kept(0, 0), 10);
	assert_int_equal(kept(1, 0), 2);
}

static void has_chunks(u32 i, u32 k, u32 n)
{
	u32 c;

	for (c = 0; c < n; c++)
		assert_int_equal(mx_store_promise(&st[i], &vol[i][k], c), MX_ST_OK);
}

/* One that does not keep what it has is not counted on a second time. */
static void mx_booking_next__not_kept_there(void **state)
{
	begin(0, 20, 0);
	own[0].o.srv[0].chunks = 10;
	want(0, 20);
	run(200);
	STATE(0, "refused");
	run(4000);
	STATE(0, "granted");
	assert_int_equal(kept(1, 0), 20);
}

/* What a server keeps that does not let us have the volume any more is lost. */
static void mx_booking_tick__barred(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	run(200);
	own[0].o.srv[2].state = MX_OSRV_FENCED;
	tick(100);
	STATE(0, "degraded");
	assert_int_equal(mx_booking_granted(&own[0].b), 10);
	run(4000);
	STATE(0, "granted");
	assert_int_equal(kept(0, 0), 5);
}

/*
 * Two do not wait for each other, though one counts first what a server has of it,
 * which is asked last; and that one has released a chunk meanwhile.
 */
static void mx_booking_next__two_with_chunks(void **state)
{
	u32 order, bits, t, k;

	for (order = 0; order < 4096; order++) {
		begin(10, 10, 10);
		has_chunks(0, 0, 3);
		own[0].o.srv[0].chunks = 4;
		want(0, 16);
		want(1, 27);
		bits = order;
		for (t = 0; t < 12; t++, bits >>= 1)
			if (!step(bits & 1))
				tick(100);
		run(3000);
		k = mx_booking_state(&own[0].b) == MX_BOOK_GRANTED ? 0 : 1;
		STATE(k, "granted");
		STATE(1 - k, "refused");
		assert_int_equal(own[1 - k].b.why, MX_BOOK_WHY_ROOM);
		assert_int_equal(kept_in_all(k), k ? 27 : 16);
		assert_int_equal(kept_in_all(1 - k), 0);
		assert_true(k || kept(0, 0) >= 4);
	}
}

static void mx_booking_end__nothing_is_under_way(void **state)
{
	begin(10, 10, 10);
	want(0, 15);
	tick(0);
	make_calls(0);
	assert_true(mx_booking_busy(&own[0].b));
	mx_booking_end(&own[0].b);
	make_calls(0);
	assert_false(mx_booking_busy(&own[0].b));
	assert_false(step(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_booking_chunks__rounds_up),
		MXT(mx_booking_next__in_the_order_of_ids),
		MXT(mx_booking_set__more_and_less),
		MXT(mx_booking_answer__refused),
		MXT(mx_booking_next__two_at_once),
		MXT(mx_booking_tick__lost_and_found_elsewhere),
		MXT(mx_booking_tick__dead_and_back),
		MXT(mx_booking_answer__nowhere_to_go),
		MXT(mx_booking_next__holder_dies),
		MXT(mx_booking_next__mute_server),
		MXT(mx_booking_answer__nth_lost),
		MXT(mx_booking_answer__nth_unheard),
		MXT(mx_booking_set__while_asking),
		MXT(mx_booking_tick__take_over),
		MXT(mx_booking_tick__old_servers),
		MXT(mx_booking_next__copies),
		MXT(mx_booking_next__chunks_count),
		MXT(mx_booking_next__two_with_chunks),
		MXT(mx_booking_next__not_kept_there),
		MXT(mx_booking_tick__barred),
		MXT(mx_booking_end__nothing_is_under_way),
	};

	return MXT_RUN(tests);
}
