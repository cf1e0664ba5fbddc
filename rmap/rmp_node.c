// SPDX-License-Identifier: GPL-2.0
/*
 * The nodes known: finding, making, forgetting them, and the path to each.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include "rmp.h"
#include "rmp_announce.h"
#include "rmp_budget.h"
#include "rmp_call.h"
#include "rmp_ctx.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"
#include "rmp_stats.h"

#define SILENT_MS	60000	/* then it may be forgotten */
#define COLLECT_EVERY	(10 * HZ)
#define WAY_STICKS_NS	(3ULL * NSEC_PER_SEC)	/* of silence, then another way may win */
#define WAY_CHOSEN_NS	(1ULL * NSEC_PER_SEC)	/* then the node may choose another */
#define WAY_LASTS_NS	(10ULL * NSEC_PER_SEC)	/* so long after it was heard it is tried */

static unsigned int max_nodes = 256;
module_param(max_nodes, uint, 0644);
MODULE_PARM_DESC(max_nodes, "largest number of other nodes known at a time (default 256)");

static unsigned int path_raise_s = 600;
module_param(path_raise_s, uint, 0444);
MODULE_PARM_DESC(path_raise_s, "longest time between attempts at larger frames where the path carries less than both interfaces, seconds (default 600)");

static DEFINE_HASHTABLE(node_table, 8);
static DEFINE_MUTEX(node_mutex);	/* serialises changes of node_table */
static unsigned int node_count;		/* under node_mutex */

static void collect_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(collect_work, collect_work_fn);

/** rmp_node_lookup() - find a node. Caller is in an RCU read section. */
struct rmp_node *rmp_node_lookup(u64 id)
{
	struct rmp_node *node;

	hash_for_each_possible_rcu(node_table, node, hash, id)
		if (node->id == id)
			return node;
	return NULL;
}

struct rmp_node *rmp_node_find(u64 id)
{
	struct rmp_node *node;

	rcu_read_lock();
	node = rmp_node_lookup(id);
	if (node && !refcount_inc_not_zero(&node->ref))
		node = NULL;
	rcu_read_unlock();
	return node;
}
MX_EXPORT_SYMBOL(rmp_node_find);

void rmp_node_get(struct rmp_node *node)
{
	refcount_inc(&node->ref);
}
MX_EXPORT_SYMBOL(rmp_node_get);

/*
 * Never the last reference: that one is the table's, and only the collector
 * and the module's exit drop it.
 */
void rmp_node_put(struct rmp_node *node)
{
	refcount_dec(&node->ref);
}
MX_EXPORT_SYMBOL(rmp_node_put);

u64 rmp_node_id(const struct rmp_node *node)
{
	return node->id;
}
MX_EXPORT_SYMBOL(rmp_node_id);

u32 rmp_node_inc(const struct rmp_node *node)
{
	return READ_ONCE(node->peer.ses.inc);
}
MX_EXPORT_SYMBOL(rmp_node_inc);

const char *rmp_node_name(const struct rmp_node *node)
{
	return node->name;
}
MX_EXPORT_SYMBOL(rmp_node_name);

u32 rmp_node_silent_ms(const struct rmp_node *node)
{
	u64 heard = READ_ONCE(node->peer.heard_ns);
	u64 now = ktime_get_ns();

	/* A frame may have come in between on another CPU. */
	return now > heard ? div_u64(now - heard, NSEC_PER_MSEC) : 0;
}
MX_EXPORT_SYMBOL(rmp_node_silent_ms);

u32 rmp_node_features(const struct rmp_node *node)
{
	return READ_ONCE(node->peer.ses.features);
}
MX_EXPORT_SYMBOL(rmp_node_features);

/*
 * rmp_node_for_each() - call @fn for every node, each with its lock not held
 *
 * Context: may sleep, @fn too; nodes do not go away meanwhile.
 */
void rmp_node_for_each(void (*fn)(struct rmp_node *node, void *arg), void *arg)
{
	struct rmp_node *node;
	unsigned int bucket;

	mutex_lock(&node_mutex);
	hash_for_each(node_table, bucket, node, hash)
		fn(node, arg);
	mutex_unlock(&node_mutex);
}

static struct rmp_node *node_alloc(u64 id)
{
	struct rmp_peer_cfg cfg = {
		.node = id,
		.self_node = rmp_id,
		.self_inc = rmp_inc,
		.mtu = RMP_MTU_MIN,
		.grant = rmp_call_grant(),
		.raise_ns = (u64)path_raise_s * NSEC_PER_SEC,
	};
	struct rmp_node *node;
	unsigned int noio;

	/* What the memory would be freed by may be waiting for this node. */
	noio = memalloc_noio_save();
	node = kvzalloc(sizeof(*node), GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	memalloc_noio_restore(noio);
	if (!node)
		return NULL;
	node->id = id;
	refcount_set(&node->ref, 1);
	spin_lock_init(&node->lock);
	INIT_LIST_HEAD(&node->budget_link);
	node->armed_ns = U64_MAX;
	hrtimer_setup(&node->timer, rmp_ctx_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
	rmp_peer_init(&node->peer, &cfg);
	rmp_auth_init(&node->auth, &node->peer, get_random_u32());
	node->peer.heard_ns = ktime_get_ns();
	return node;
}

/*
 * rmp_node_create() - make a node known
 *
 * Return: 0 (also if it was known), -ENOSPC, -ENOMEM. May sleep.
 */
int rmp_node_create(u64 id)
{
	struct rmp_node *node;
	int err = 0;

	mutex_lock(&node_mutex);
	if (rmp_node_lookup(id))
		goto out;
	err = -ENOSPC;
	if (node_count >= READ_ONCE(max_nodes))
		goto out;
	err = -ENOMEM;
	node = node_alloc(id);
	if (!node)
		goto out;
	hash_add_rcu(node_table, &node->hash, id);
	node_count++;
	rmp_stat_inc(RMP_G_NODES_NEW);
	err = 0;
out:
	mutex_unlock(&node_mutex);
	return err;
}

static void node_free(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct rmp_node, rcu));
	rmp_stat_inc(RMP_G_NODES_FREED);
}

/*
 * Forget a node unless somebody refers to it. References are taken by whoever
 * has one already, or under the node's lock unless it is dead, or unless the
 * count is 0. So once this has succeeded there is none and never will be; who
 * still sees the node under RCU finds it dead, and no timer starts anew.
 */
static bool node_destroy(struct rmp_node *node)
{
	struct rmp_ctx ctx;
	bool last;

	lockdep_assert_held(&node_mutex);
	rmp_ctx_begin(&ctx, node);
	last = refcount_dec_if_one(&node->ref);
	if (last) {
		node->dead = true;
		node->way.iface = NULL;
		node->other.iface = NULL;
		/* Nobody is left to hear of the events. */
		rmp_peer_close(&node->peer, ctx.now, &ctx.sink);
		rmp_auth_wipe(&node->auth);
		rmp_budget_leave(node);
	}
	rmp_ctx_end(&ctx, 0);
	if (!last)
		return false;

	hash_del_rcu(&node->hash);
	node_count--;
	hrtimer_cancel(&node->timer);
	call_rcu(&node->rcu, node_free);
	return true;
}

/*
 * Keys that are too old are not used; here they are wiped, too. Likewise requests
 * that do not become whole.
 */
static void node_tidy(struct rmp_node *node)
{
	struct rmp_ctx ctx;

	rmp_ctx_begin(&ctx, node);
	rmp_keys_timer(&node->auth.keys, ctx.now);
	rmp_ctx_end(&ctx, rmp_peer_tidy(&node->peer, ctx.now, &ctx.sink));
}

static void collect_work_fn(struct work_struct *work)
{
	struct hlist_node *next;
	struct rmp_node *node;
	unsigned int bucket;

	mutex_lock(&node_mutex);
	hash_for_each_safe(node_table, bucket, next, node, hash) {
		if (rmp_node_silent_ms(node) < SILENT_MS || !node_destroy(node))
			node_tidy(node);
	}
	mutex_unlock(&node_mutex);
	queue_delayed_work(rmp_wq, &collect_work, COLLECT_EVERY);
}

static void way_set(struct rmp_way *way, struct rmp_iface *iface, const u8 *mac,
		    u64 now)
{
	way->iface = iface;
	ether_addr_copy(way->mac, mac);
	way->heard_ns = now;
}

/*
 * Whether the way in use is to be kept although the node was heard on another.
 * It wins for as long as it is heard, so that a node seen through two interfaces
 * does not flap between them. @chosen: the node itself uses the other one; but
 * both may choose at the same time, and must not swap for ever.
 */
static bool way_sticks(const struct rmp_ctx *ctx, bool chosen)
{
	const struct rmp_node *node = ctx->node;

	if (chosen)
		return ctx->now - node->since_ns < WAY_CHOSEN_NS;
	return ctx->now - node->way.heard_ns < WAY_STICKS_NS;
}

/* The engine goes on there. */
static void way_change(struct rmp_ctx *ctx, const struct rmp_way *way)
{
	struct rmp_node *node = ctx->node;

	node->way = *way;
	node->since_ns = ctx->now;
	ctx->events |= rmp_peer_moved(&node->peer, way->iface->mtu, ctx->now,
				      &ctx->sink);
}

/*
 * rmp_node_path() - a frame that shows a way to the node has come
 * @chosen: it was sent to us alone, by a node that looks for a way to us
 *
 * Node's lock held.
 */
void rmp_node_path(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   bool chosen)
{
	struct rmp_node *node = ctx->node;
	struct rmp_way way;

	lockdep_assert_held(&node->lock);
	if (node->way.iface == iface) {
		way_set(&node->way, iface, mac, ctx->now);
		return;
	}
	if (node->way.iface && way_sticks(ctx, chosen)) {
		way_set(&node->other, iface, mac, ctx->now);
		return;
	}
	node->other = node->way;
	way_set(&way, iface, mac, ctx->now);
	way_change(ctx, &way);
}

/*
 * rmp_node_lost() - the node is not reached through @iface any more
 *
 * If that is the way in use, and it was heard on another one, that is used from
 * now on. Node's lock held. Return: whether no way is known.
 */
bool rmp_node_lost(struct rmp_ctx *ctx, struct rmp_iface *iface)
{
	struct rmp_node *node = ctx->node;
	struct rmp_way way = node->other;

	lockdep_assert_held(&node->lock);
	if (way.iface && way.iface != iface && node->way.iface == iface &&
	    ctx->now - way.heard_ns < WAY_LASTS_NS) {
		node->other.iface = NULL;
		way_change(ctx, &way);
		return false;
	}
	if (way.iface == iface)
		node->other.iface = NULL;
	return !node->way.iface || node->way.iface == iface;
}

static void node_leave(struct rmp_node *node, void *iface)
{
	struct rmp_ctx ctx;
	u32 events = 0;

	rmp_ctx_begin(&ctx, node);
	if (rmp_node_lost(&ctx, iface) && node->way.iface) {
		node->way.iface = NULL;
		memset(node->advert, 0, sizeof(node->advert));
		ctx.cut = true;
		events = rmp_peer_cut(&node->peer, ctx.now, &ctx.sink);
	}
	rmp_ctx_end(&ctx, events);
}

/** rmp_node_leave() - no node can be reached through @iface any more */
void rmp_node_leave(struct rmp_iface *iface)
{
	rmp_node_for_each(node_leave, iface);
	rmp_announce_elsewhere(iface);
}

static void node_mtu(struct rmp_node *node, void *arg)
{
	struct rmp_iface *iface = arg;
	struct rmp_ctx ctx;
	u32 events = 0;

	rmp_ctx_begin(&ctx, node);
	if (node->way.iface == iface)
		events = rmp_peer_set_mtu(&node->peer, iface->mtu, ctx.now,
					  &ctx.sink);
	rmp_ctx_end(&ctx, events);
}

/** rmp_node_mtu() - the MTU of @iface has changed */
void rmp_node_mtu(struct rmp_iface *iface)
{
	rmp_node_for_each(node_mtu, iface);
}

static void node_grant(struct rmp_node *node, void *arg)
{
	const u16 *pages = arg;

	spin_lock_bh(&node->lock);
	rmp_peer_set_grant(&node->peer, *pages);
	spin_unlock_bh(&node->lock);
}

/** rmp_node_grant() - let every node have @pages in flight towards us */
void rmp_node_grant(u16 pages)
{
	rmp_node_for_each(node_grant, &pages);
}

int rmp_node_init(void)
{
	queue_delayed_work(rmp_wq, &collect_work, COLLECT_EVERY);
	return 0;
}

/* No interface is attached, and nobody outside of this module is left. */
void rmp_node_exit(void)
{
	struct hlist_node *next;
	struct rmp_node *node;
	unsigned int bucket;

	cancel_delayed_work_sync(&collect_work);
	mutex_lock(&node_mutex);
	hash_for_each_safe(node_table, bucket, next, node, hash) {
		if (!node_destroy(node))
			pr_err("node %012llx is still referred to, its memory is lost\n",
			       node->id);
	}
	mutex_unlock(&node_mutex);
	rcu_barrier();
}
