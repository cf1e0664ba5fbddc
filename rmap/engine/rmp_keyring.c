// SPDX-License-Identifier: GPL-2.0
/*
 * A node's cluster keys, the group keys derived from them for frames outside
 * of a session, and the limit on handshakes.
 */
#include "rmp_keys.h"

/*
 * Answering costs two X25519, about 0.1 ms in plain C. Everybody together: a
 * burst of 128, so that a cluster can come up at once, then 200 a second, which
 * is 2 % of a CPU. One source: 16, then 4 a second: a node sends 5 HELLOs in
 * its first two seconds and one every two seconds later.
 */
#define RMP_LIMIT_ALL_NS	RMP_KEY_MS(5)
#define RMP_LIMIT_ALL_BURST	128
#define RMP_LIMIT_SRC_NS	RMP_KEY_MS(250)
#define RMP_LIMIT_SRC_BURST	16

static_assert((RMP_LIMIT_SOURCES & (RMP_LIMIT_SOURCES - 1)) == 0, "masked");

static const char rmp_key_salt[] = "MemX RMAP 1";

static void rmp_put_be(u8 *p, u64 v, u32 bytes)
{
	while (bytes--) {
		p[bytes] = (u8)v;
		v >>= 8;
	}
}

void rmp_seal_set(struct rmp_seal *seal, const u8 *key, enum rmp_dir dir, u64 field)
{
	memcpy(seal->key, key, sizeof(seal->key));
	rmp_put_be(seal->nonce, dir, 4);
	rmp_put_be(seal->nonce + 4, field, 8);
	seal->field = field;
	seal->rekey = false;
}

/* A key for the frames of one sender's life alone, so that its counter is. */
static void rmp_group_key(u8 *key, const u8 *group, u64 node, u32 inc)
{
	u8 who[12];

	rmp_put_be(who, node, 8);
	rmp_put_be(who + 8, inc, 4);
	mx_hkdf_expand(key, MX_KEY_LEN, group, who, sizeof(who));
}

/* The hint's first bytes are the key id of frames under the group key. */
static u64 rmp_group_id(const struct rmp_cluster_key *key)
{
	return (u64)key->hint[0] << 8 | key->hint[1];
}

void rmp_keyring_init(struct rmp_keyring *ring, u64 node, u32 inc, u32 secs)
{
	memset(ring, 0, sizeof(*ring));
	ring->node = node;
	ring->inc = inc;
	ring->next = (u64)secs << (RMP_CTR_BITS - 32);
}

static void rmp_cluster_key_set(struct rmp_cluster_key *c, const u8 *key, u64 node, u32 inc)
{
	u8 prk[MX_HASH_LEN];

	memcpy(c->psk, key, sizeof(c->psk));
	mx_hkdf_extract(prk, rmp_key_salt, sizeof(rmp_key_salt) - 1, key, MX_KEY_LEN);
	mx_hkdf_expand(c->hint, sizeof(c->hint), prk, "hint", 4);
	mx_hkdf_expand(c->group, sizeof(c->group), prk, "group", 5);
	mx_wipe(prk, sizeof(prk));
	rmp_group_key(c->self, c->group, node, inc);
}

int rmp_keyring_add(struct rmp_keyring *ring, const u8 *key)
{
	static const u8 zeros[MX_KEY_LEN];
	struct rmp_cluster_key c;
	int rc = 0;

	if (mx_equal(key, zeros, sizeof(zeros)))
		return -EINVAL;
	rmp_cluster_key_set(&c, key, ring->node, ring->inc);
	if (rmp_keyring_find(ring, c.hint)) {
		rc = -EEXIST;
	} else if (ring->n == RMP_RING_KEYS) {
		rc = -ENOSPC;
	} else {
		memmove(&ring->key[1], &ring->key[0], ring->n * sizeof(c));
		ring->key[0] = c;
		ring->n++;
	}
	mx_wipe(&c, sizeof(c));
	return rc;
}

const struct rmp_cluster_key *rmp_keyring_find(const struct rmp_keyring *ring,
					       const u8 *hint)
{
	u32 i;

	for (i = 0; i < ring->n; i++)
		if (!memcmp(ring->key[i].hint, hint, RMP_HINT_LEN))
			return &ring->key[i];
	return NULL;
}

int rmp_keyring_drop(struct rmp_keyring *ring, const u8 *hint)
{
	const struct rmp_cluster_key *c = rmp_keyring_find(ring, hint);
	u32 i;

	if (!c)
		return -ENOENT;
	i = c - ring->key;
	ring->n--;
	memmove(&ring->key[i], &ring->key[i + 1], (ring->n - i) * sizeof(*c));
	mx_wipe(&ring->key[ring->n], sizeof(*c));
	return 0;
}

u8 rmp_keyring_which(const struct rmp_keyring *ring, const u8 *hint)
{
	const struct rmp_cluster_key *key = rmp_keyring_find(ring, hint);

	return key ? key - ring->key : 0;
}

void rmp_keyring_wipe(struct rmp_keyring *ring)
{
	mx_wipe(ring, sizeof(*ring));
}

int rmp_group_tx(struct rmp_keyring *ring, u8 which, struct rmp_seal *seal)
{
	const struct rmp_cluster_key *c = &ring->key[which];

	if (which >= ring->n)
		return -ENOKEY;
	if (ring->next > RMP_CTR_MAX)
		return -EKEYEXPIRED;
	rmp_seal_set(seal, c->self, RMP_DIR_GROUP,
		     rmp_group_id(c) << RMP_CTR_BITS | ring->next++);
	return 0;
}

int rmp_group_rx(const struct rmp_keyring *ring, u8 which, u64 node, u32 inc,
		 u64 field, struct rmp_seal *seal)
{
	u8 key[MX_KEY_LEN];

	for (; which < ring->n; which++) {
		const struct rmp_cluster_key *c = &ring->key[which];

		if (field >> RMP_CTR_BITS != rmp_group_id(c))
			continue;
		rmp_group_key(key, c->group, node, inc);
		rmp_seal_set(seal, key, RMP_DIR_GROUP, field);
		mx_wipe(key, sizeof(key));
		return which;
	}
	return -ENOKEY;
}

/* Whether the bucket has a token: fewer than @burst are missing. */
static bool rmp_bucket_has(const struct rmp_bucket *b, u64 gap_ns, u32 burst, u64 now_ns)
{
	return b->full_ns <= now_ns || b->full_ns - now_ns <= gap_ns * (burst - 1);
}

static void rmp_bucket_take(struct rmp_bucket *b, u64 gap_ns, u64 now_ns)
{
	b->full_ns = max(b->full_ns, now_ns) + gap_ns;
}

bool rmp_limit_take(struct rmp_limit *limit, u32 src, u64 now_ns)
{
	struct rmp_bucket *b = &limit->source[src & (RMP_LIMIT_SOURCES - 1)];

	if (!rmp_bucket_has(b, RMP_LIMIT_SRC_NS, RMP_LIMIT_SRC_BURST, now_ns) ||
	    !rmp_bucket_has(&limit->all, RMP_LIMIT_ALL_NS, RMP_LIMIT_ALL_BURST, now_ns))
		return false;
	rmp_bucket_take(b, RMP_LIMIT_SRC_NS, now_ns);
	rmp_bucket_take(&limit->all, RMP_LIMIT_ALL_NS, now_ns);
	return true;
}
