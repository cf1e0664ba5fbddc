// SPDX-License-Identifier: GPL-2.0
/*
 * The node's cluster keys: configured over netlink, used for every frame.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "rmp_cluster_key.h"
#include "rmp_ctx.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"

/*
 * Replaced as a whole, read under RCU; the counter in it, and @limit, are under
 * cluster_key_lock. NULL: there is no key. Keys change under rtnl, so that no
 * interface is attached or detached meanwhile.
 */
static struct rmp_keyring __rcu *ring;
static struct rmp_limit limit;
static u64 ring_next;			/* counter where it has come to, over all keys */
static DEFINE_SPINLOCK(cluster_key_lock);	/* bottom halves off */
static u32 src_secret;

/** rmp_cluster_key() - the keys, for rmp_auth_rx(). RCU read section; may be NULL */
const struct rmp_keyring *rmp_cluster_key(void)
{
	return rcu_dereference(ring);
}

/** rmp_cluster_keys() - how many frames it takes to reach all. RCU read section */
u8 rmp_cluster_keys(void)
{
	const struct rmp_keyring *now = rcu_dereference(ring);

	if (rmp_insecure)
		return 1;
	return now ? now->n : 0;
}

/** rmp_cluster_key_which() - number of the key that a hint names. RCU read section */
u8 rmp_cluster_key_which(const u8 *hint)
{
	const struct rmp_keyring *now = rcu_dereference(ring);

	return now ? rmp_keyring_which(now, hint) : 0;
}

/** rmp_cluster_key_src() - what an address counts as in the limit on handshakes */
u32 rmp_cluster_key_src(const u8 *mac)
{
	return jhash(mac, ETH_ALEN, src_secret);
}

static void env_random(void *ctx, void *to, u32 len)
{
	get_random_bytes(to, len);
}

static void env_fill(struct rmp_auth_env *env, struct rmp_keyring *keys, u32 src)
{
	env->ring = keys;
	env->limit = &limit;
	env->src = src;
	env->order = ktime_get_real_ns();
	env->random = env_random;
	env->ctx = NULL;
}

/*
 * rmp_cluster_key_tx() - key for a frame of a node's engine, see rmp_auth_tx()
 *
 * Context: node's lock held, RCU read section.
 */
int rmp_cluster_key_tx(struct rmp_ctx *ctx, struct rmp_hdr *hdr, struct rmp_seal *seal,
		       struct rmp_hs *hs)
{
	struct rmp_node *node = ctx->node;
	struct rmp_auth_env env;
	int rc;

	lockdep_assert_held(&node->lock);
	if (rmp_is_session(hdr->type))
		return rmp_auth_tx(&node->auth, &node->peer, NULL, NULL,
				   ctx->now, hdr, seal, hs);
	rc = -ENOKEY;
	spin_lock(&cluster_key_lock);
	env_fill(&env, rcu_dereference(ring), ctx->src);
	if (env.ring)
		rc = rmp_auth_tx(&node->auth, &node->peer, &env, ctx->in,
				 ctx->now, hdr, seal, hs);
	spin_unlock(&cluster_key_lock);
	return rc;
}

/*
 * rmp_cluster_key_tx_group() - key for a frame outside of any session
 * @which: number of the key, below rmp_cluster_keys()
 *
 * Context: RCU read section, bottom halves off.
 */
int rmp_cluster_key_tx_group(u8 which, struct rmp_hdr *hdr, struct rmp_seal *seal)
{
	struct rmp_keyring *now;
	int rc = -ENOKEY;

	spin_lock(&cluster_key_lock);
	now = rcu_dereference(ring);
	if (now)
		rc = rmp_auth_group(now, which, hdr, seal);
	spin_unlock(&cluster_key_lock);
	return rc;
}

/** rmp_cluster_key_good() - see rmp_auth_good(). Node's lock held, RCU read section */
int rmp_cluster_key_good(struct rmp_ctx *ctx, const struct rmp_auth_in *in)
{
	struct rmp_node *node = ctx->node;
	struct rmp_auth_env env;

	lockdep_assert_held(&node->lock);
	if (rmp_is_session(in->info->type))
		return rmp_auth_good(&node->auth, &node->peer, NULL, in, ctx->now);
	env_fill(&env, rcu_dereference(ring), ctx->src);
	if (!env.ring)
		return -ENOKEY;
	return rmp_auth_good(&node->auth, &node->peer, &env, in, ctx->now);
}

/* Make @next the keys, with the counter where it has come to; NULL: none. */
static void ring_replace(struct rmp_keyring *old, struct rmp_keyring *next)
{
	spin_lock_bh(&cluster_key_lock);
	if (old)
		ring_next = max(ring_next, old->next);
	if (next)
		next->next = max(next->next, ring_next);
	rcu_assign_pointer(ring, next);
	spin_unlock_bh(&cluster_key_lock);
	synchronize_rcu();
	kfree_sensitive(old);
}

static struct rmp_keyring *ring_copy(const struct rmp_keyring *old)
{
	struct rmp_keyring *next = kzalloc(sizeof(*next), GFP_KERNEL);

	if (!next)
		return NULL;
	if (old)
		*next = *old;
	else
		rmp_keyring_init(next, rmp_id, rmp_inc,
				 (u32)ktime_get_real_seconds());
	return next;
}

/*
 * rmp_cluster_key_add() - configure a cluster key, which becomes the first choice
 * @key: MX_KEY_LEN bytes; the caller wipes them
 *
 * Context: under rtnl. Return: 0, or an error with words in @extack.
 */
int rmp_cluster_key_add(const u8 *key, struct netlink_ext_ack *extack)
{
	struct rmp_keyring *old = rcu_dereference_protected(ring, rtnl_is_locked());
	struct rmp_keyring *next;
	int err;

	if (rmp_insecure) {
		NL_SET_ERR_MSG(extack, "memx_rmap was loaded with insecure=1: load it without to use keys");
		return -EBUSY;
	}
	next = ring_copy(old);
	if (!next)
		return -ENOMEM;
	err = rmp_keyring_add(next, key);
	if (err) {
		kfree_sensitive(next);
		if (err == -EEXIST)
			NL_SET_ERR_MSG(extack, "this key is configured already");
		else if (err == -ENOSPC)
			NL_SET_ERR_MSG(extack, "two keys are configured: drop the old one first");
		else
			NL_SET_ERR_MSG(extack, "this is no key: it is all zeros");
		return err;
	}
	ring_replace(old, next);
	pr_info("cluster key %*phN added, %u configured\n", RMP_HINT_LEN,
		next->key[0].hint, next->n);
	return 0;
}

static void retire_one(struct rmp_node *node, void *hint)
{
	spin_lock_bh(&node->lock);
	rmp_keys_retire(&node->auth.keys, hint, ktime_get_ns());
	spin_unlock_bh(&node->lock);
}

/*
 * rmp_cluster_key_drop() - forget a cluster key
 * @name: its hint as a number
 *
 * Context: under rtnl. Return: 0, or an error with words in @extack.
 */
int rmp_cluster_key_drop(u64 name, struct netlink_ext_ack *extack)
{
	struct rmp_keyring *old = rcu_dereference_protected(ring, rtnl_is_locked());
	struct rmp_keyring *next;
	u8 hint[RMP_HINT_LEN];

	put_unaligned_be64(name, hint);
	if (!old || !rmp_keyring_find(old, hint)) {
		NL_SET_ERR_MSG(extack, "no such cluster key is configured");
		return -ENOENT;
	}
	if (old->n == 1 && !list_empty(&rmp_ifaces)) {
		NL_SET_ERR_MSG(extack, "it is the only key and interfaces are attached: add another one first, or detach them");
		return -EBUSY;
	}
	next = ring_copy(old);
	if (!next)
		return -ENOMEM;
	rmp_keyring_drop(next, hint);
	if (!next->n) {
		kfree_sensitive(next);
		next = NULL;
	}
	ring_replace(old, next);
	rmp_node_for_each(retire_one, hint);
	pr_info("cluster key %*phN dropped\n", RMP_HINT_LEN, hint);
	return 0;
}

/*
 * rmp_cluster_key_id() - the node's id is known now, which group keys are made from
 *
 * Context: under rtnl; no interface has ever been attached.
 */
int rmp_cluster_key_id(void)
{
	struct rmp_keyring *old = rcu_dereference_protected(ring, rtnl_is_locked());
	struct rmp_keyring *next;
	int i;

	if (!old)
		return 0;
	next = kzalloc(sizeof(*next), GFP_KERNEL);
	if (!next)
		return -ENOMEM;
	rmp_keyring_init(next, rmp_id, rmp_inc, (u32)ktime_get_real_seconds());
	for (i = old->n - 1; i >= 0; i--)
		rmp_keyring_add(next, old->key[i].psk);
	ring_replace(old, next);
	return 0;
}

/** rmp_cluster_key_hint() - name of the @i-th key, newest first. Under rtnl.
 * Return: false if there are not so many
 */
bool rmp_cluster_key_hint(int i, u64 *name)
{
	const struct rmp_keyring *now;

	now = rcu_dereference_protected(ring, rtnl_is_locked());
	if (!now || i >= now->n)
		return false;
	*name = get_unaligned_be64(now->key[i].hint);
	return true;
}

void rmp_cluster_key_init(void)
{
	src_secret = get_random_u32();
}

/* No interface is attached and netlink is gone. */
void rmp_cluster_key_exit(void)
{
	ring_replace(rcu_dereference_protected(ring, true), NULL);
}
