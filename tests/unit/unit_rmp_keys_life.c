// SPDX-License-Identifier: GPL-2.0
/*
 * More tests of rmap/engine/rmp_keys.c: keypairs that age, key ids, and a change
 * of the cluster key.
 */
#include "rmp_keys_rig.h"

/* --- over time ---------------------------------------------------------- */

static void rmp_keys_tx__rekey_by_time(void **state)
{
	u64 start = now;
	struct frame f;

	shake(&a, &b);
	now = start + S(120) - 1;
	assert_int_equal(make(&a, &f), 0);
	now = start + S(120);
	assert_int_equal(make(&a, &f), 1);
	assert_int_equal(make(&b, &f), 0);
	/* It is asked for once, until the handshake begun has had its time. */
	hello(&a);
	assert_int_equal(make(&a, &f), 0);
	now += S(10);
	assert_int_equal(make(&a, &f), 1);
	now = start + S(150) - 1;
	assert_int_equal(make(&b, &f), 0);
	now = start + S(150);
	assert_int_equal(make(&b, &f), 1);
	shake(&b, &a);
	assert_int_equal(make(&a, &f), 0);
	assert_int_equal(make(&b, &f), 0);
	now += S(120);
	assert_int_equal(make(&b, &f), 1);
	assert_int_equal(make(&a, &f), 0);
}

static void rmp_keys_tx__rekey_jitter(void **state)
{
	u64 start = now;
	struct frame f;

	jitter = ~0U;
	shake(&a, &b);
	now = start + S(129);
	assert_int_equal(make(&a, &f), 0);
	now = start + S(130);
	assert_int_equal(make(&a, &f), 1);
	now = start + S(159);
	assert_int_equal(make(&b, &f), 0);
	now = start + S(160);
	assert_int_equal(make(&b, &f), 1);
}

static void rmp_keys__reject_by_time(void **state)
{
	struct rmp_keys none;
	u64 start = now;
	struct frame f, g;

	shake(&a, &b);
	now = start + S(180) - 1;
	assert_true(works());
	make(&a, &f);
	make(&b, &g);
	now = start + S(180);
	assert_true(rmp_keys_deadline(&a.keys) == now);
	assert_int_equal(take(&b, &f), -ENOKEY);
	assert_int_equal(take(&a, &g), -ENOKEY);
	assert_int_equal(make(&a, &f), -ENOKEY);
	assert_int_equal(make(&b, &f), -ENOKEY);
	rmp_keys_timer(&a.keys, now);
	memset(&none, 0, sizeof(none));
	assert_memory_equal(a.keys.pair, none.pair, sizeof(none.pair));
	assert_true(rmp_keys_deadline(&a.keys) == ~0ULL);
	shake(&b, &a);
	assert_true(works());
}

static void rmp_keys__by_frames(void **state)
{
	struct frame f;

	shake(&a, &b);
	a.keys.pair[a.keys.cur].tx_next = RMP_REKEY_FRAMES - 1;
	assert_int_equal(make(&a, &f), 0);
	assert_int_equal(make(&a, &f), 1);
	assert_int_equal(take(&b, &f), 0);
	a.keys.pair[a.keys.cur].tx_next = RMP_REJECT_FRAMES - 1;
	assert_int_equal(make(&a, &f), 1);
	assert_int_equal(take(&b, &f), 0);
	assert_int_equal(make(&a, &f), -ENOKEY);
	/* Nor is such a one believed, whoever sent it. */
	f.field++;
	assert_int_equal(take(&b, &f), -ENOKEY);
	assert_int_equal(pass(&b, &a), 0);
	shake(&a, &b);
	assert_true(works());
}

static void rmp_keys__three_keypairs_at_most(void **state)
{
	struct frame f[4];
	int i;

	for (i = 0; i < 4; i++) {
		now += S(20);
		shake(i % 2 ? &a : &b, i % 2 ? &b : &a);
		make(&a, &f[i]);
		assert_int_equal(live(&a), min(i + 1, 3));
	}
	assert_int_equal(take(&b, &f[0]), -ENOKEY);
	assert_int_equal(take(&b, &f[1]), 0);
	assert_int_equal(take(&b, &f[2]), 0);
	assert_int_equal(take(&b, &f[3]), 0);
}

static void rmp_keys_wipe__all_secrets(void **state)
{
	struct rmp_keys want;

	shake(&a, &b);
	hello(&a);
	rmp_keys_wipe(&a.keys);
	rmp_keys_init(&want, 1, 2, a.keys.last_id);
	want.serial = a.keys.serial;
	want.order_tx = a.keys.order_tx;
	assert_memory_equal(&want, &a.keys, sizeof(want));
	/* The other side still has a session, and answers a new handshake. */
	assert_int_equal(pass(&b, &a), -ENOKEY);
	shake(&a, &b);
	assert_true(works());
}

/* --- key ids ------------------------------------------------------------ */

static void rmp_keys__ids_are_skipped_while_in_use(void **state)
{
	struct rmp_hs hs1, hs2;

	b.keys.last_id = 0xfffe;
	shake(&a, &b);
	assert_int_equal(cur(&b)->rx_id, 0xffff);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(be16_to_cpu(hs2.id), 1);
	/* All around: 0 is none, 0xffff and 1 are taken, 2 is the open handshake's. */
	hs1 = hello(&b);
	assert_int_equal(be16_to_cpu(hs1.id), 2);
	b.keys.last_id = 0xfffe;
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(be16_to_cpu(hs2.id), 3);
	assert_true(works());
}

/* The peer is free to use one id for all: it is its own business. */
static void rmp_keys__peers_ids_collide(void **state)
{
	struct frame f;

	shake(&a, &b);
	make(&b, &f);
	a.keys.last_id = cur(&a)->rx_id - 1;
	rmp_keys_wipe(&a.keys);
	shake(&a, &b);
	assert_int_equal(cur(&b)->tx_id, f.field >> RMP_CTR_BITS);
	/* A frame of the keypair that had the id before does not pass. */
	f.field += 5;
	assert_int_equal(take(&a, &f), -EBADMSG);
	assert_true(works());
}

static void rmp_keys__id_zero_is_none(void **state)
{
	struct rmp_hs hs1 = hello(&a), hs2;

	hs1.id = 0;
	assert_int_equal(welcome(&b, &hs1, &hs2), -EBADMSG);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	hs2.id = 0;
	assert_int_equal(finish(&a, &hs2), -EBADMSG);
}

/* --- change of the cluster key ------------------------------------------ */

static void rmp_keys_hello__new_key_first_then_old(void **state)
{
	struct rmp_hs hs1, hs2;

	add_key(&a, 2);
	hs1 = hello(&a);
	assert_memory_equal(hs1.hint, a.ring.key[0].hint, RMP_HINT_LEN);
	assert_int_equal(welcome(&b, &hs1, &hs2), -ENOKEY);
	hs1 = hello(&a);
	assert_memory_equal(hs1.hint, a.ring.key[1].hint, RMP_HINT_LEN);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	/* Whichever one was lost: they take turns, the old one every third time. */
	hs1 = hello(&a);
	assert_memory_equal(hs1.hint, a.ring.key[0].hint, RMP_HINT_LEN);
	hs1 = hello(&a);
	assert_memory_equal(hs1.hint, a.ring.key[0].hint, RMP_HINT_LEN);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(finish(&a, &hs2), 0);
	assert_int_equal(pass(&a, &b), 1);
	assert_memory_equal(cur(&b)->hint, b.ring.key[0].hint, RMP_HINT_LEN);
	/* The next handshake begins with the new one again. */
	add_key(&b, 2);
	shake(&a, &b);
	assert_memory_equal(cur(&a)->hint, a.ring.key[0].hint, RMP_HINT_LEN);
	assert_true(agree());
}

static void drop_key(struct node *n, const u8 *hint)
{
	assert_int_equal(rmp_keyring_drop(&n->ring, hint), 0);
	rmp_keys_retire(&n->keys, hint, now);
}

static void rmp_keys__change_without_downtime(void **state)
{
	u8 old[RMP_HINT_LEN];
	struct frame f;

	memcpy(old, a.ring.key[0].hint, sizeof(old));
	shake(&a, &b);
	add_key(&b, 2);
	assert_true(works());
	add_key(&a, 2);
	now += S(120);
	assert_int_equal(make(&a, &f), 1);
	shake(&a, &b);
	assert_memory_equal(cur(&a)->hint, a.ring.key[0].hint, RMP_HINT_LEN);
	drop_key(&a, old);
	assert_true(works());
	assert_int_equal(make(&a, &f), 0);
	drop_key(&b, old);
	assert_true(works());
	now += S(10);
	rmp_keys_timer(&a.keys, now);
	assert_int_equal(live(&a), 1);
	assert_true(works());
}

/* Dropped before a handshake under the new one: there are ten seconds for it. */
static void rmp_keys_retire__session_of_the_dropped_key(void **state)
{
	u8 old[RMP_HINT_LEN];
	struct rmp_hs hs1;
	struct frame f;

	memcpy(old, a.ring.key[0].hint, sizeof(old));
	shake(&a, &b);
	hs1 = hello(&a);
	assert_memory_equal(hs1.hint, old, sizeof(old));
	add_key(&a, 2);
	add_key(&b, 2);
	drop_key(&a, old);
	assert_int_equal(a.keys.hs.order, 0);
	assert_int_equal(make(&a, &f), 1);
	assert_true(works());
	now += S(10) - 1;
	assert_true(works());
	shake(&a, &b);
	now += 1;
	rmp_keys_timer(&a.keys, now);
	assert_int_equal(live(&a), 1);
	assert_true(works() && agree());
}

static void rmp_keys_retire__and_then_nothing(void **state)
{
	u8 old[RMP_HINT_LEN];
	struct frame f;

	memcpy(old, a.ring.key[0].hint, sizeof(old));
	shake(&a, &b);
	drop_key(&a, old);
	assert_true(rmp_keys_deadline(&a.keys) == now + S(10));
	now += S(10);
	assert_int_equal(make(&a, &f), -ENOKEY);
	assert_int_equal(pass(&b, &a), -ENOKEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS(rmp_keys_tx__rekey_by_time),
		KEYS(rmp_keys_tx__rekey_jitter),
		KEYS(rmp_keys__reject_by_time),
		KEYS(rmp_keys__by_frames),
		KEYS(rmp_keys__three_keypairs_at_most),
		KEYS(rmp_keys_wipe__all_secrets),
		KEYS(rmp_keys__ids_are_skipped_while_in_use),
		KEYS(rmp_keys__peers_ids_collide),
		KEYS(rmp_keys__id_zero_is_none),
		KEYS(rmp_keys_hello__new_key_first_then_old),
		KEYS(rmp_keys__change_without_downtime),
		KEYS(rmp_keys_retire__session_of_the_dropped_key),
		KEYS(rmp_keys_retire__and_then_nothing),
	};

	return MXT_RUN(tests);
}
