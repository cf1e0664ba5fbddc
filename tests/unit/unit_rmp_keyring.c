// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_keyring.c: what is derived from cluster keys, two of
 * them at a time, nonces of group frames, and the limit on handshakes.
 */
#include "mxtest.h"
#include "engine/rmp_keys.h"
#include "hex.h"

#define NODE 0x1122334455667788ULL
#define INC 0x99aabbccU

static void key_of(u8 *key, u8 from)
{
	int i;

	for (i = 0; i < MX_KEY_LEN; i++)
		key[i] = from + i;
}

/* As computed with other libraries, see unit_rmp_noise.c. */
static void rmp_keyring_add__known_answers(void **state)
{
	struct rmp_keyring ring;
	u8 key[32];

	key_of(key, 0);
	rmp_keyring_init(&ring, NODE, INC, 0);
	assert_int_equal(rmp_keyring_add(&ring, key), 0);
	assert_memory_equal(ring.key[0].psk, key, 32);
	assert_hex(ring.key[0].hint, "2a7e21583090c6d6");
	assert_hex(ring.key[0].group,
		   "fd5aee429bdb8b9645155df2fc7ae79df3ff7a48ede7cef074c3fdbbc6fc44e9");
	assert_hex(ring.key[0].self,
		   "890d6b22f383813af89efab73b4986988f2a2c4ed3fea6f58db1c95e30dfe9de");
}

static void rmp_keyring_add__newest_first_two_at_most(void **state)
{
	struct rmp_keyring ring;
	u8 a[32], b[32], c[32], zeros[32] = { 0 }, hint[8];

	key_of(a, 1);
	key_of(b, 2);
	key_of(c, 3);
	rmp_keyring_init(&ring, NODE, INC, 0);
	assert_int_equal(rmp_keyring_add(&ring, zeros), -EINVAL);
	assert_int_equal(rmp_keyring_add(&ring, a), 0);
	assert_int_equal(rmp_keyring_add(&ring, a), -EEXIST);
	assert_int_equal(rmp_keyring_add(&ring, b), 0);
	assert_int_equal(rmp_keyring_add(&ring, a), -EEXIST);
	assert_int_equal(rmp_keyring_add(&ring, c), -ENOSPC);
	assert_memory_equal(ring.key[0].psk, b, 32);
	assert_memory_equal(ring.key[1].psk, a, 32);
	memcpy(hint, ring.key[1].hint, 8);
	assert_ptr_equal(rmp_keyring_find(&ring, hint), &ring.key[1]);
	assert_int_equal(rmp_keyring_drop(&ring, hint), 0);
	assert_int_equal(rmp_keyring_drop(&ring, hint), -ENOENT);
	assert_null(rmp_keyring_find(&ring, hint));
	assert_memory_equal(ring.key[0].psk, b, 32);
	assert_memory_equal(ring.key[1].psk, zeros, 32);
	/* Dropping the new one makes the old one the first choice again. */
	assert_int_equal(rmp_keyring_add(&ring, c), 0);
	memcpy(hint, ring.key[0].hint, 8);
	assert_int_equal(rmp_keyring_drop(&ring, hint), 0);
	assert_memory_equal(ring.key[0].psk, b, 32);
	rmp_keyring_wipe(&ring);
	assert_true(mx_equal(&ring, &(struct rmp_keyring){ 0 }, sizeof(ring)));
}

static void rmp_group__receiver_has_the_senders_key(void **state)
{
	struct rmp_keyring tx, rx;
	struct rmp_seal s, t;
	u8 key[32];

	key_of(key, 0);
	rmp_keyring_init(&tx, NODE, INC, 0x12345678);
	rmp_keyring_init(&rx, NODE + 1, INC, 0x12345678);
	assert_int_equal(rmp_group_tx(&tx, 0, &s), -ENOKEY);
	rmp_keyring_add(&tx, key);
	rmp_keyring_add(&rx, key);
	assert_int_equal(rmp_group_tx(&tx, 0, &s), 0);
	assert_int_equal(rmp_group_tx(&tx, 1, &t), -ENOKEY);
	/* The key's id, the start of the clock. */
	assert_true(s.field == 0x2a7e123456780000ULL);
	assert_hex(s.nonce, "000000022a7e123456780000");
	assert_int_equal(rmp_group_rx(&rx, 0, NODE, INC, s.field, &t), 0);
	assert_memory_equal(s.key, t.key, sizeof(s.key));
	assert_memory_equal(s.nonce, t.nonce, sizeof(s.nonce));
	assert_int_equal(rmp_group_rx(&rx, 1, NODE, INC, s.field, &t), -ENOKEY);
	assert_int_equal(rmp_group_rx(&rx, 0, NODE, INC, s.field ^ 1ULL << 63, &t), -ENOKEY);
	/* Another node's, and another life's, are other keys. */
	assert_int_equal(rmp_group_rx(&rx, 0, NODE + 1, INC, s.field, &t), 0);
	assert_memory_not_equal(s.key, t.key, 32);
	assert_memory_equal(t.key, rx.key[0].self, 32);
	assert_int_equal(rmp_group_rx(&rx, 0, NODE, INC + 1, s.field, &t), 0);
	assert_memory_not_equal(s.key, t.key, 32);
}

static void rmp_group_tx__never_twice(void **state)
{
	struct rmp_keyring ring;
	struct rmp_seal s, t;
	u8 key[32];

	key_of(key, 0);
	rmp_keyring_init(&ring, NODE, INC, ~0U);
	rmp_keyring_add(&ring, key);
	rmp_group_tx(&ring, 0, &s);
	rmp_group_tx(&ring, 0, &t);
	assert_true(t.field == s.field + 1);
	key_of(key, 9);
	rmp_keyring_add(&ring, key);
	rmp_group_tx(&ring, 1, &t);
	assert_true(t.field == s.field + 2);
	ring.next = RMP_CTR_MAX;
	assert_int_equal(rmp_group_tx(&ring, 0, &s), 0);
	assert_int_equal(rmp_group_tx(&ring, 0, &s), -EKEYEXPIRED);
	assert_int_equal(rmp_group_tx(&ring, 1, &s), -EKEYEXPIRED);
}

static void rmp_group_rx__two_keys(void **state)
{
	struct rmp_keyring old, ring;
	struct rmp_seal s, t;
	u8 a[32], b[32];

	key_of(a, 1);
	key_of(b, 2);
	rmp_keyring_init(&old, NODE, INC, 1);
	rmp_keyring_init(&ring, NODE + 1, INC, 1);
	rmp_keyring_add(&old, a);
	rmp_keyring_add(&ring, a);
	rmp_keyring_add(&ring, b);
	rmp_group_tx(&old, 0, &s);
	assert_int_equal(rmp_group_rx(&ring, 0, NODE, INC, s.field, &t), 1);
	assert_memory_equal(s.key, t.key, 32);
	rmp_group_tx(&ring, 0, &s);
	assert_int_equal(rmp_group_rx(&old, 0, NODE + 1, INC, s.field, &t), -ENOKEY);
	rmp_group_tx(&ring, 1, &s);
	assert_int_equal(rmp_group_rx(&old, 0, NODE + 1, INC, s.field, &t), 0);
	assert_memory_equal(s.key, t.key, 32);
	/* Two keys of one id: both are offered, one after the other. */
	memcpy(ring.key[0].hint, ring.key[1].hint, 2);
	rmp_group_tx(&old, 0, &s);
	assert_int_equal(rmp_group_rx(&ring, 0, NODE, INC, s.field, &t), 0);
	assert_memory_not_equal(s.key, t.key, 32);
	assert_int_equal(rmp_group_rx(&ring, 1, NODE, INC, s.field, &t), 1);
	assert_memory_equal(s.key, t.key, 32);
	assert_int_equal(rmp_group_rx(&ring, 2, NODE, INC, s.field, &t), -ENOKEY);
}

static int taken(struct rmp_limit *l, u32 src, u64 now, int tries)
{
	int n = 0;

	while (tries--)
		n += rmp_limit_take(l, src, now);
	return n;
}

static void rmp_limit_take__one_source(void **state)
{
	struct rmp_limit *l = calloc(1, sizeof(*l));
	u64 now = RMP_KEY_MS(77777);

	assert_int_equal(taken(l, 5, now, 100), 16);
	assert_int_equal(taken(l, 5, now + RMP_KEY_MS(250) - 1, 10), 0);
	assert_int_equal(taken(l, 5, now + RMP_KEY_MS(250), 10), 1);
	assert_int_equal(taken(l, 5 + RMP_LIMIT_SOURCES, now + RMP_KEY_MS(500), 10), 1);
	assert_int_equal(taken(l, 6, now, 100), 16);
	/* Refusals cost nothing, and no more than the burst is saved up. */
	assert_int_equal(taken(l, 5, now + RMP_KEY_MS(60000), 100), 16);
	/* Time that goes back gives nothing and breaks nothing. */
	assert_int_equal(taken(l, 5, now, 100), 0);
	free(l);
}

static void rmp_limit_take__everybody(void **state)
{
	struct rmp_limit *l = calloc(1, sizeof(*l));
	u64 now = 0;
	int n = 0;
	u32 src;

	for (src = 0; src < RMP_LIMIT_SOURCES; src++)
		n += taken(l, src, now, 16);
	assert_int_equal(n, 128);
	/* Who was refused for the others' sake still has what is its own. */
	now = RMP_KEY_MS(5 * 16);
	assert_int_equal(taken(l, RMP_LIMIT_SOURCES - 1, now, 100), 16);
	n = 0;
	for (src = 0; src < 1000; src++) {
		now += RMP_KEY_MS(1);
		n += rmp_limit_take(l, src, now);
	}
	assert_int_equal(n, 200);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_keyring_add__known_answers),
		MXT(rmp_keyring_add__newest_first_two_at_most),
		MXT(rmp_group__receiver_has_the_senders_key),
		MXT(rmp_group_tx__never_twice),
		MXT(rmp_group_rx__two_keys),
		MXT(rmp_limit_take__one_source),
		MXT(rmp_limit_take__everybody),
	};

	return MXT_RUN(tests);
}
