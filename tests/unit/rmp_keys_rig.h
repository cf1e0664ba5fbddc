/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two nodes that make keys with each other, for the tests of rmp_keys.c.
 */
#ifndef RMP_KEYS_RIG_H
#define RMP_KEYS_RIG_H

#include "mxtest.h"
#include "engine/rmp_keys.h"

#define S(n) RMP_KEY_MS((n) * 1000ULL)

/* A node, as far as keys go; b is the higher one. */
struct node {
	struct rmp_keyring ring;
	struct rmp_limit limit;
	struct rmp_keys keys;
};

struct frame {
	u64 field;
	u8 tag[MX_TAG_LEN];
};

static struct node a, b;
static u64 now;
static u32 jitter;
static u32 seed;

/* Different each time, the same in each run. */
static inline u32 draw(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static inline void cluster_key(u8 *key, u8 which)
{
	memset(key, which, MX_KEY_LEN);
}

static inline void add_key(struct node *n, u8 which)
{
	u8 key[MX_KEY_LEN];

	cluster_key(key, which);
	assert_int_equal(rmp_keyring_add(&n->ring, key), 0);
}

static inline void node_init(struct node *n, u64 id, u64 peer)
{
	memset(n, 0, sizeof(*n));
	rmp_keyring_init(&n->ring, id, 7, 1000);
	rmp_keys_init(&n->keys, id, peer, 100 * id);
}

static inline int setup(void **state)
{
	now = S(1000);
	jitter = 0;
	seed = 1;
	node_init(&a, 1, 2);
	node_init(&b, 2, 1);
	add_key(&a, 1);
	add_key(&b, 1);
	return mxt_setup(state);
}

static inline struct rmp_hs_env env(struct node *n)
{
	static u8 secret[MX_KEY_LEN];
	u32 i;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = draw();
	return (struct rmp_hs_env){
		.ring = &n->ring,
		.limit = &n->limit,
		.src = 3,
		.now_ns = now,
		.order = now,
		.hello = { "hello", 5 },
		.welcome = { "welcome", 7 },
		.secret = secret,
		.jitter = jitter,
	};
}

static inline struct rmp_hs hello(struct node *n)
{
	struct rmp_hs_env e = env(n);
	struct rmp_hs hs;

	assert_int_equal(rmp_keys_hello(&n->keys, &e, &hs), 0);
	return hs;
}

static inline int welcome(struct node *n, const struct rmp_hs *hs1, struct rmp_hs *hs2)
{
	struct rmp_hs_env e = env(n);

	return rmp_keys_welcome(&n->keys, &e, hs1, hs2);
}

static inline int finish(struct node *n, const struct rmp_hs *hs2)
{
	struct rmp_hs_env e = env(n);

	return rmp_keys_finish(&n->keys, &e, hs2);
}

static inline void tag_of(u8 *tag, const struct rmp_seal *s)
{
	struct mx_mac m;

	mx_mac_init(&m, s->key, s->nonce);
	mx_mac_update(&m, "frame", 5);
	mx_mac_final(&m, tag);
}

static inline int make(struct node *n, struct frame *f)
{
	struct rmp_seal s;
	int rc = rmp_keys_tx(&n->keys, now, &s);

	if (rc)
		return rc;
	f->field = s.field;
	tag_of(f->tag, &s);
	return s.rekey;
}

static inline int take(struct node *n, const struct frame *f)
{
	struct rmp_seal s;
	u8 tag[MX_TAG_LEN];
	int rc = rmp_keys_rx(&n->keys, f->field, now, &s);

	if (rc)
		return rc;
	tag_of(tag, &s);
	if (memcmp(tag, f->tag, sizeof(tag)))
		return -EBADMSG;
	return rmp_keys_rx_good(&n->keys, f->field, now);
}

/* One frame across: what take() says, or why none could be made. */
static inline int pass(struct node *from, struct node *to)
{
	struct frame f;
	int rc = make(from, &f);

	return rc < 0 ? rc : take(to, &f);
}

static inline bool works(void)
{
	return pass(&a, &b) >= 0 && pass(&b, &a) >= 0;
}

/* A handshake without loss, and the frame that confirms it. */
static inline void shake(struct node *i, struct node *r)
{
	struct rmp_hs hs1 = hello(i), hs2;

	assert_int_equal(welcome(r, &hs1, &hs2), 0);
	assert_int_equal(finish(i, &hs2), 0);
	assert_int_equal(pass(i, r), 1);
}

static inline const struct rmp_keypair *cur(const struct node *n)
{
	return &n->keys.pair[n->keys.cur];
}

static inline bool agree(void)
{
	return !memcmp(cur(&a)->tx_key, cur(&b)->rx_key, MX_KEY_LEN) &&
	       !memcmp(cur(&a)->rx_key, cur(&b)->tx_key, MX_KEY_LEN);
}

static inline int live(const struct node *n)
{
	int i, pairs = 0;

	for (i = 0; i < RMP_PAIRS; i++)
		pairs += !!n->keys.pair[i].serial;
	return pairs;
}

#define KEYS(test) cmocka_unit_test_setup_teardown(test, setup, mxt_teardown)

#endif /* RMP_KEYS_RIG_H */
