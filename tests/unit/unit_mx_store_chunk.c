// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_store_chunk.c: generations and members of a
 * chunk, and requests about a chunk that is not here.
 */
#include "mxtest.h"
#include "mx_store_rig.h"

static void mx_store_chunk_admit__absent(void **state)
{
	start();
	OWN(ONE);
	IS(NOCHUNK, ONE, READ, .npages = 1, .gen = 1);
	IS(NOCHUNK, ONE, WRITE, .npages = 1, .gen = 1);
	IS(NOCHUNK, ONE, DISCARD, .arg = 1, .gen = 1);
	IS(NOCHUNK, ONE, SETGEN, .gen = 1);
	IS(NOCHUNK, ONE, BITMAP, .gen = 1);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE, .gen = 1);
	assert_false(made[0]);
	GOOD(ONE, WRITE, .npages = 2, .flags = MX_F_PLACE, .gen = 7);
	assert_int_equal(chunk[0].gen, 7);
	assert_int_equal(chunk[0].state, MX_SC_LIVE);
	assert_int_equal(chunk[0].nmembers, 1);
	assert_int_equal(chunk[0].member[0].node, self.node);
	assert_int_equal(chunk[0].member[0].inc, self.inc);
	assert_int_equal(chunk[0].used, 2);
	assert_int_equal(vol.share.reserved, 256);
}

static void mx_store_chunk_admit__old_nodes(void **state)
{
	start();
	OPEN_OLD(ONE);
	GOOD(ONE, READ, .npages = 1);
	GOOD(ONE, DISCARD, .arg = 1);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE);
	assert_false(made[0]);
	GOOD(ONE, WRITE, .npages = 1);
	assert_int_equal(chunk[0].gen, 1);
	/* Its successor's generations are no concern of an old node's. */
	OPEN_NEW(WHO(2, 2, 6));
	GOOD(WHO(2, 2, 6), SETGEN, .gen = 9);
	OPEN_OLD(WHO(1, 11, 7));
	GOOD(WHO(1, 11, 7), READ, .npages = 1);
	GOOD(WHO(1, 11, 7), WRITE, .npages = 1);
	GOOD(WHO(1, 11, 7), DISCARD, .arg = 256, .flags = MX_F_RELEASE);
	assert_false(made[0]);
}

static void mx_store_chunk_admit__older(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 2, .flags = MX_F_PLACE, .gen = 7);
	IS(OLDGEN, ONE, READ, .npages = 1, .gen = 6);
	assert_int_equal(arg, 7);
	IS(OLDGEN, ONE, WRITE, .npages = 1, .gen = 6);
	IS(OLDGEN, ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 1);
	IS(OLDGEN, ONE, DISCARD, .arg = 1, .gen = 6);
	IS(OLDGEN, ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE, .gen = 6);
	IS(OLDGEN, ONE, SETGEN, .gen = 6);
	IS(OLDGEN, ONE, SETGEN, .flags = MX_F_PLACE, .gen = 6);
	IS(OLDGEN, ONE, BITMAP, .gen = 6);
	assert_int_equal(arg, 7);
	assert_int_equal(chunk[0].used, 2);
}

static void mx_store_chunk_admit__newer(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 2, .flags = MX_F_PLACE, .gen = 7);
	IS(INVAL, ONE, READ, .npages = 1, .gen = 8);
	IS(INVAL, ONE, WRITE, .npages = 1, .gen = 8);
	IS(INVAL, ONE, DISCARD, .arg = 1, .gen = 8);
	IS(INVAL, ONE, BITMAP, .gen = 8);
	assert_int_equal(chunk[0].used, 2);
	assert_int_equal(chunk[0].gen, 7);
	GOOD(ONE, DISCARD, .arg = 256, .flags = MX_F_RELEASE, .gen = 8);
	assert_false(made[0]);
	assert_int_equal(st.quota.reserved, 0);
}

/* A placement that was given up is in the way of nothing. */
/*
 * A left-over is freed under other holds of its lock than the decision: what comes
 * in between must not be told that it was done.
 */
static void mx_store_chunk_make__nothing_in_between(void **state)
{
	struct mx_ask ask = ASK(WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 8);

	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 32, .flags = MX_F_PLACE, .gen = 7);
	assert_int_equal(mx_store_chunk_make(&st, &chunk[0], &ask, &arg),
			 MX_STORE_RENEW);
	ask.gen = 7;
	ask.flags = 0;
	assert_int_equal(mx_store_chunk_admit(&st, &chunk[0], &ask, &arg),
			 MX_ST_NOCHUNK);
	ask.op = MX_OP_READ;
	assert_int_equal(mx_store_chunk_admit(&st, &chunk[0], &ask, &arg),
			 MX_ST_NOCHUNK);
}

static void mx_store_chunk_admit__left_over(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 32, .flags = MX_F_PLACE, .gen = 7);
	GOOD(ONE, WRITE, .npages = 3, .flags = MX_F_PLACE, .gen = 8);
	assert_int_equal(chunk[0].gen, 8);
	assert_int_equal(chunk[0].used, 3);
	assert_int_equal(st.quota.used, 3);
	assert_int_equal(st.quota.reserved, 256);
	GOOD(ONE, WRITE, .page = 3, .npages = 2, .flags = MX_F_PLACE, .gen = 8);
	assert_int_equal(chunk[0].used, 5);
	/* To be filled: nothing of before may stay in it. */
	set_members(1, peer_b, self, self);
	GOOD(ONE, SETGEN, .flags = MX_F_PLACE, .gen = 9);
	assert_int_equal(chunk[0].used, 0);
	assert_int_equal(chunk[0].state, MX_SC_FILLING);
}

static void mx_store_chunk_admit__dead(void **state)
{
	struct mx_ask read = ASK(READ, .npages = 1, .gen = 7);
	struct mx_ask write = ASK(WRITE, .npages = 1, .gen = 7);

	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 2, .flags = MX_F_PLACE, .gen = 7);
	mx_store_chunk_dead(&chunk[0]);
	assert_false(mx_store_here(&chunk[0]));
	assert_int_equal(mx_store_chunk_admit(&st, &chunk[0], &read, &arg),
			 MX_ST_NOCHUNK);
	assert_int_equal(mx_store_chunk_admit(&st, &chunk[0], &write, &arg),
			 MX_ST_NOCHUNK);
	write.flags = MX_F_PLACE;
	assert_int_equal(mx_store_chunk_admit(&st, &chunk[0], &write, &arg),
			 MX_STORE_MAKE);
}

static void mx_store_chunk_admit__filling(void **state)
{
	start();
	OWN(ONE);
	set_members(2, peer_b, peer_c, self);
	GOOD(ONE, SETGEN, .flags = MX_F_PLACE, .gen = 4);
	GOOD(ONE, SETGEN, .flags = MX_F_PLACE, .gen = 4);
	assert_int_equal(chunk[0].state, MX_SC_FILLING);
	assert_int_equal(chunk[0].nmembers, 2);
	IS(INVAL, ONE, READ, .npages = 1, .gen = 4);
	GOOD(ONE, WRITE, .npages = 1, .gen = 4);
	GOOD(ONE, DISCARD, .arg = 1, .gen = 4);
	GOOD(ONE, BITMAP, .gen = 4);
	/* Told that it is a member now. */
	set_members(2, self, peer_c, self);
	IS(OLDGEN, ONE, SETGEN, .gen = 4);
	assert_int_equal(arg, 4);
	GOOD(ONE, SETGEN, .gen = 5);
	assert_int_equal(chunk[0].state, MX_SC_LIVE);
	GOOD(ONE, READ, .npages = 1, .gen = 5);
}

static void mx_store_chunk_admit__closing(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 1);
	st.state = MX_STORE_CLOSING;
	IS(AGAIN, ONE, WRITE, .npages = 1, .gen = 1);
	IS(AGAIN, ONE, WRITE, .page = 256, .npages = 1, .flags = MX_F_PLACE,
	   .gen = 1);
	IS(AGAIN, ONE, SETGEN, .page = 256, .flags = MX_F_PLACE, .gen = 1);
	GOOD(ONE, READ, .npages = 1, .gen = 1);
	GOOD(ONE, SETGEN, .gen = 2);
	GOOD(ONE, DISCARD, .arg = 1, .gen = 2);
	assert_int_equal(st.quota.used, 0);
	assert_int_equal(mx_store_promise(&st, &vol, 1), MX_ST_AGAIN);
	mx_store_start(&st, CAPACITY, 1000);
	assert_int_equal(st.state, MX_STORE_RUNNING);
}

static void mx_store_setgen__generations(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 2, .flags = MX_F_PLACE, .gen = 1);
	set_members(3, peer_b, self, peer_c);
	GOOD(ONE, SETGEN, .gen = 2);
	assert_int_equal(chunk[0].gen, 2);
	assert_int_equal(chunk[0].nmembers, 3);
	IS(OLDGEN, ONE, READ, .npages = 1, .gen = 1);
	GOOD(ONE, READ, .npages = 1, .gen = 2);
	/* Again, and in another order. */
	GOOD(ONE, SETGEN, .gen = 2);
	set_members(3, self, peer_c, peer_b);
	GOOD(ONE, SETGEN, .gen = 2);
	/* Others, fewer. */
	set_members(2, self, peer_c, peer_b);
	IS(OLDGEN, ONE, SETGEN, .gen = 2);
	assert_int_equal(arg, 2);
	set_members(3, self, peer_c, (struct mx_life){ peer_b.node, 99 });
	IS(OLDGEN, ONE, SETGEN, .gen = 2);
	IS(OLDGEN, ONE, SETGEN, .gen = 1);
	/* It may be told that it is out; what is left of it must not be read. */
	set_members(1, peer_c, self, self);
	GOOD(ONE, SETGEN, .gen = ~0U);
	assert_int_equal(chunk[0].state, MX_SC_FILLING);
	IS(INVAL, ONE, READ, .npages = 1, .gen = ~0U);
	assert_int_equal(chunk[0].used, 2);
}

/* The same node in another life is no member. */
static void mx_store_setgen__another_life(void **state)
{
	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .npages = 1, .flags = MX_F_PLACE, .gen = 1);
	set_members(1, (struct mx_life){ self.node, self.inc + 1 }, self, self);
	GOOD(ONE, SETGEN, .gen = 2);
	assert_int_equal(chunk[0].state, MX_SC_FILLING);
}

static void mx_store_list_entry__what_is_told(void **state)
{
	struct mx_listed l, back;
	u8 entry[sizeof(struct mx_wire_chunk)];

	start();
	OWN(ONE);
	GOOD(ONE, WRITE, .page = 256, .npages = 5, .flags = MX_F_PLACE, .gen = 3);
	set_members(2, self, peer_b, self);
	GOOD(ONE, SETGEN, .page = 256, .gen = 4);
	assert_true(mx_store_list_entry(&chunk[1], 1, &l));
	mx_listed_encode(&l, entry);
	assert_int_equal(mx_listed_decode(entry, &back), 0);
	assert_int_equal(back.index, 1);
	assert_int_equal(back.gen, 4);
	assert_int_equal(back.pages, 5);
	assert_int_equal(back.nmembers, 2);
	assert_int_equal(back.state, MX_COPY_LIVE);
	assert_int_equal(back.member[1].inc, peer_b.inc);
	mx_store_chunk_dead(&chunk[1]);
	assert_false(mx_store_list_entry(&chunk[1], 1, &l));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_store_chunk_admit__absent),
		MXT(mx_store_chunk_admit__old_nodes),
		MXT(mx_store_chunk_admit__older),
		MXT(mx_store_chunk_admit__newer),
		MXT(mx_store_chunk_admit__left_over),
		MXT(mx_store_chunk_admit__dead),
		MXT(mx_store_chunk_admit__filling),
		MXT(mx_store_chunk_admit__closing),
		MXT(mx_store_setgen__generations),
		MXT(mx_store_setgen__another_life),
		MXT(mx_store_chunk_make__nothing_in_between),
		MXT(mx_store_list_entry__what_is_told),
	};

	return MXT_RUN(tests);
}
