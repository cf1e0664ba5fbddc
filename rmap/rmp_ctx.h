/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Running a node's engine: what one call into it wants done after the node's lock
 * was dropped.
 */
#ifndef RMP_CTX_H
#define RMP_CTX_H

#include <linux/hrtimer.h>
#include <linux/skbuff.h>
#include "engine/rmp_auth.h"

struct rmp_iface;
struct rmp_node;

/**
 * struct rmp_ctx - what one call into the engine wants done afterwards
 *
 * On the stack. Filled in under the node's lock by the engine's sink, carried
 * out by rmp_ctx_end() after the lock was dropped, bottom halves still off.
 *
 * @sink:    handed to the engine
 * @node:    the node whose lock is held
 * @now:     time of the event, ns
 * @in:      the frame that the engine is dealing with; NULL: none, or no keys
 * @src:     likewise: what its source address counts as, rmp_cluster_key_src()
 * @iface:   where frames are sent instead of where @node is: back to the sender
 *           of a frame that is not believed to be the node's; NULL: no
 * @mac:     likewise
 * @earliest: the node's timer is not set for a time before this one, ns; 0: for any
 * @drafts:  where its drafts begin among the processor's
 * @tx:      frames to send
 * @freed:   received packets to free
 * @done:    calls that have ended
 * @deliver: requests to give to their service
 * @events:  enum rmp_event bits for watchers
 * @advert:  tell watchers the node's advert
 * @gone:    tell watchers that the node is gone
 * @cut:     tell watchers that we cannot reach the node
 * @left:    the node may be found behind other interfaces than this one; NULL: no
 * @twin:    tell the log that two nodes have this one's id
 * @inc:     @twin: the two incarnations
 * @turn:    it is the node's turn to take room for replies
 * @kick:    room for replies was given back, and nodes wait for some
 */
struct rmp_ctx {
	struct rmp_sink		sink;
	struct rmp_node		*node;
	u64			now;
	const struct rmp_auth_in *in;
	u32			src;
	struct rmp_iface	*iface;
	const u8		*mac;
	u64			earliest;
	unsigned int		drafts;
	struct sk_buff_head	tx;
	struct sk_buff_head	freed;
	struct list_head	done;
	struct list_head	deliver;
	u32			events;
	bool			advert;
	bool			gone;
	bool			cut;
	struct rmp_iface	*left;
	bool			twin;
	u32			inc[2];
	bool			turn;
	bool			kick;
};

void rmp_ctx_begin(struct rmp_ctx *ctx, struct rmp_node *node)
	__acquires(&node->lock) __acquires(RCU);
void rmp_ctx_end(struct rmp_ctx *ctx, u32 events)
	__releases(&ctx->node->lock) __releases(RCU);
enum hrtimer_restart rmp_ctx_timer(struct hrtimer *timer);

#endif /* RMP_CTX_H */
