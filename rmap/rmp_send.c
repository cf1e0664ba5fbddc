// SPDX-License-Identifier: GPL-2.0
/*
 * Hands frames to their devices: at once, or corked, together with the frames of
 * other messages that are sent in the same go.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/sched/mm.h>
#include "rmp.h"
#include "rmp_gso.h"
#include "rmp_send.h"
#include "rmp_stats.h"

/* Frames held back at most; they leave in trains, which have their own limit. */
#define CORKED_MAX 64

/**
 * struct cork - what one processor holds back
 * @depth: rmp_cork() calls without rmp_uncork() so far; bottom halves are off
 *         while there are any, so nobody else uses this processor's
 * @tx:    frames, oldest first; without its lock. None while @depth is 0
 */
struct cork {
	unsigned int		depth;
	struct sk_buff_head	tx;
};

static DEFINE_PER_CPU(struct cork, corks);

void rmp_send_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		__skb_queue_head_init(&per_cpu_ptr(&corks, cpu)->tx);
}

/* @n: frames in @skb */
static void frame_xmit(struct sk_buff *skb, unsigned int n)
{
	rmp_stat_add(RMP_G_TX_FRAMES, n);
	if (unlikely(dev_queue_xmit(skb)))
		rmp_stat_add(RMP_G_TX_REFUSED, n);
}

static void send_all(struct sk_buff_head *list)
{
	unsigned int flags = memalloc_noreclaim_save();
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list)))
		frame_xmit(skb, rmp_gso_train(skb, list));
	memalloc_noreclaim_restore(flags);
}

void rmp_cork(void)
{
	local_bh_disable();
	this_cpu_inc(corks.depth);
}
MX_EXPORT_SYMBOL(rmp_cork);

void rmp_uncork(void)
{
	struct cork *cork = this_cpu_ptr(&corks);

	if (!--cork->depth && !skb_queue_empty(&cork->tx))
		send_all(&cork->tx);
	local_bh_enable();
}
MX_EXPORT_SYMBOL(rmp_uncork);

/*
 * rmp_frame_send() - give frames to their devices
 *
 * Context: bottom halves off since before the frames were built, so that their
 * device cannot be unregistered; no lock held.
 */
void rmp_frame_send(struct sk_buff_head *list)
{
	struct cork *cork = this_cpu_ptr(&corks);

	if (skb_queue_empty(list))
		return;
	if (!cork->depth) {
		send_all(list);
		return;
	}
	skb_queue_splice_tail_init(list, &cork->tx);
	if (skb_queue_len(&cork->tx) >= CORKED_MAX)
		send_all(&cork->tx);
}

/** rmp_frame_send_one() - as rmp_frame_send(); @skb may be NULL */
void rmp_frame_send_one(struct sk_buff *skb)
{
	struct sk_buff_head list;

	if (!skb)
		return;
	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	rmp_frame_send(&list);
}
