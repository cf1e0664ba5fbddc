// SPDX-License-Identifier: GPL-2.0
/*
 * The budgets that all nodes share. Replies: the nodes are asked for no more pages
 * at a time than the path to us can hold, however many servers answer at once.
 * Requests: no more is kept of those that are not whole than this host can spare,
 * whatever the nodes send.
 */
#include <linux/module.h>
#include "rmp_budget.h"
#include "rmp_ctx.h"
#include "rmp_node.h"
#include "rmp_stats.h"

/* A page is three frames at MTU 1500; switches and NICs queue some hundred frames. */
static unsigned int reply_room = 256;
module_param(reply_room, uint, 0644);
MODULE_PARM_DESC(reply_room, "pages of replies asked for at a time, of all nodes together (default 256)");

static unsigned int request_room = 4096;
module_param(request_room, uint, 0644);
MODULE_PARM_DESC(request_room, "pages kept of requests that are not whole, of all nodes together (default 4096)");

static atomic_t held;		/* pages kept of requests that are not whole */
static atomic_t asked;		/* pages asked for, not here yet */

static DEFINE_SPINLOCK(budget_lock);	/* budget_queue; within a node's lock */
static LIST_HEAD(budget_queue);		/* nodes that found no room, oldest first */

/* A request is never refused when nothing else is asked for. */
static bool budget_try(u16 pages)
{
	int limit = min_t(unsigned int, READ_ONCE(reply_room), INT_MAX / 2);
	int old = atomic_read(&asked);

	do {
		if (old && old + pages > limit)
			return false;
	} while (!atomic_try_cmpxchg(&asked, &old, old + pages));
	return true;
}

/*
 * rmp_budget_take() - may @pages more be asked for?
 * @turn: it is this node's turn; others that wait are not to be asked
 *
 * If not, the node will be kicked. Context: the node's lock is held.
 */
bool rmp_budget_take(struct rmp_node *node, u16 pages, bool turn)
{
	bool got;

	/* A node that was just answered must not pass the nodes that wait. */
	if ((turn || list_empty_careful(&budget_queue)) && budget_try(pages))
		return true;
	rmp_stat_inc(RMP_G_NO_ROOM);
	spin_lock(&budget_lock);
	if (list_empty(&node->budget_link))
		list_add_tail(&node->budget_link, &budget_queue);
	/* Pairs with rmp_budget_give(): either it sees this node, or this node sees the pages. */
	smp_mb();
	got = list_first_entry(&budget_queue, struct rmp_node, budget_link) == node &&
	      budget_try(pages);
	if (got)
		list_del_init(&node->budget_link);
	spin_unlock(&budget_lock);
	return got;
}

/*
 * rmp_budget_give() - @pages are here, or not expected any more
 *
 * Return: whether rmp_budget_kick() is to be called, without locks.
 */
bool rmp_budget_give(u16 pages)
{
	atomic_sub(pages, &asked);
	/* Pairs with rmp_budget_take(). */
	smp_mb__after_atomic();
	return !list_empty_careful(&budget_queue);
}

/* Takes the node that has waited longest out of the queue. */
static struct rmp_node *budget_pop(void)
{
	struct rmp_node *node;

	spin_lock(&budget_lock);
	node = list_first_entry_or_null(&budget_queue, struct rmp_node, budget_link);
	if (node)
		list_del_init(&node->budget_link);
	spin_unlock(&budget_lock);
	return node;
}

/*
 * rmp_budget_kick() - let the nodes go on that found no room
 *
 * Context: bottom halves off, RCU read section, which keeps the nodes.
 */
void rmp_budget_kick(void)
{
	struct rmp_node *node;
	struct rmp_ctx ctx;

	while ((node = budget_pop())) {
		rmp_ctx_begin(&ctx, node);
		ctx.turn = true;
		rmp_ctx_end(&ctx, rmp_peer_kick(&node->peer, ctx.now,
						&ctx.sink));
		/* It is queued again: there is no room for the others either. */
		if (!list_empty_careful(&node->budget_link))
			return;
	}
}

/*
 * rmp_budget_hold() - may @pages more be kept of a request that is not whole?
 * @mine: pages that the same node has of such requests
 *
 * A node may have as much as is left for the others: one alone half of all, a
 * second one a quarter. One that has nothing is never refused, so that no other
 * can keep its requests from becoming whole. Two processors may both take the
 * last of it. Context: any.
 */
bool rmp_budget_hold(u32 mine, u16 pages)
{
	u64 all = atomic_read(&held);

	if (mine && all + mine + pages > READ_ONCE(request_room))
		return false;
	atomic_add(pages, &held);
	return true;
}

/* rmp_budget_unhold() - they are a whole request now, or are given back */
void rmp_budget_unhold(u16 pages)
{
	atomic_sub(pages, &held);
}

/* rmp_budget_leave() - a node goes away; its lock is held, it is dead */
void rmp_budget_leave(struct rmp_node *node)
{
	spin_lock(&budget_lock);
	list_del_init(&node->budget_link);
	spin_unlock(&budget_lock);
}
