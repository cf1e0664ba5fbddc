/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nodes known, and the way to each.
 *
 * Locks. rmp_node.lock serialises the engine of one node; it is taken with
 * bottom halves off: nothing is built, sent, freed or called back under it, and
 * only the locks of the queue for room (rmp_budget.c) and of the cluster keys
 * (rmp_cluster_key.c) are taken. The list of interfaces is changed under rtnl,
 * the table of nodes under node_mutex (rmp_node.c), services and watchers under
 * call_mutex (rmp_call.c); all are read under RCU. Order: rtnl or call_mutex,
 * then node_mutex, then rmp_node.lock.
 */
#ifndef RMP_NODE_H
#define RMP_NODE_H

#include <linux/hrtimer.h>
#include <linux/if_ether.h>
#include <linux/refcount.h>
#include "engine/rmp_auth.h"
#include "rmp.h"

struct rmp_ctx;
struct rmp_iface;

/**
 * struct rmp_req - the glue's half of a request that is being served
 *
 * One per slot of the node's engine, at the same index; valid from delivery
 * until the engine gives @buf back.
 *
 * @node: where it came from; a reference is held until it is answered
 * @slot: the engine's half
 * @link: in rmp_ctx.deliver
 * @inc:  incarnation of the requester when it asked
 * @port: service that owes the answer, 0: none (it had gone)
 * @buf:  the answer's pages, one reference on each
 * @n:    number of pages in @buf
 */
struct rmp_req {
	struct rmp_node		*node;
	struct rmp_slot		*slot;
	struct list_head	link;
	u32			inc;
	u16			port;
	u16			n;
	struct rmp_buf		buf;
};

/**
 * struct rmp_way - how frames get to a node
 * @iface:    interface, NULL: none
 * @mac:      the node's address there
 * @heard_ns: when a HELLO, WELCOME or ANNOUNCE last came that way
 */
struct rmp_way {
	struct rmp_iface	*iface;
	u8			mac[ETH_ALEN];
	u64			heard_ns;
};

/**
 * struct rmp_node - another node
 * @hash:     in the table of nodes; changed under node_mutex, read under RCU
 * @ref:      one reference by the table, one per holder, one per open call and
 *            one per request being served. Becomes 0 only by
 *            refcount_dec_if_one() in the collector, or at unload
 * @rcu:      defers the free
 * @id:       node id, constant
 * @lock:     serialises @peer and all fields below it
 * @dead:     taken out of the table; its timer must not be started again
 * @way:      the way to it that is used
 * @since_ns: when @way was last changed
 * @other:    another way on which it was heard
 * @twins:    of the engine's RMP_S_TWINS those that have been told of
 * @budget_link: in the queue of those that found no room for replies; under that
 *            queue's lock
 * @armed_ns: when the timer will expire; U64_MAX: it is not armed
 * @timer:    calls rmp_peer_timer(); may run earlier than needed
 * @advert:   what it last told of itself; zeros: nothing
 * @name:     its host name, printable, ends in NUL; the last byte is never
 *            written, so that it may be read without the lock
 * @kept:     pages in answers that it may still ask for; written under @lock, read
 *            without
 * @peer:     the engine
 * @auth:     its keys
 * @req:      the glue's part of @peer.rsp.slot
 */
struct rmp_node {
	struct hlist_node	hash;
	refcount_t		ref;
	struct rcu_head		rcu;
	u64			id;

	spinlock_t		lock;	/* of the engine; a leaf, BHs off */
	bool			dead;
	struct rmp_way		way;
	u64			since_ns;
	struct rmp_way		other;
	u64			twins;
	struct list_head	budget_link;
	u64			armed_ns;
	struct hrtimer		timer;
	u8			advert[RMP_HEAD_LEN];
	char			name[RMP_NAME_LEN + 1];
	u32			kept;
	struct rmp_peer		peer;
	struct rmp_auth		auth;
	struct rmp_req		req[RMP_WINDOW];
};

int rmp_node_init(void);
void rmp_node_exit(void);
struct rmp_node *rmp_node_lookup(u64 id);
int rmp_node_create(u64 id);
void rmp_node_for_each(void (*fn)(struct rmp_node *node, void *arg), void *arg);
void rmp_node_path(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   bool chosen);
bool rmp_node_lost(struct rmp_ctx *ctx, struct rmp_iface *iface);
void rmp_node_grant(u16 pages);
void rmp_node_leave(struct rmp_iface *iface);
void rmp_node_mtu(struct rmp_iface *iface);

#endif /* RMP_NODE_H */
