// SPDX-License-Identifier: GPL-2.0
/*
 * Spreads the work of receiving over processors. Network cards do not hash
 * private EtherTypes, and neither does the kernel's receive packet steering, so
 * all frames come in on one processor. That is fastest while there are few. When
 * there are many, messages are distributed over all processors.
 */
#include <linux/cpumask.h>
#include <linux/etherdevice.h>
#include <linux/hash.h>
#include <linux/module.h>
#include "engine/rmp_wire.h"
#include "rmp_net.h"
#include "rmp_recv.h"
#include "rmp_stats.h"
#include "rmp_steer.h"

#define LANE_MAX	2048	/* frames that wait for one processor at a time */
#define BATCH		64	/* frames between two looks at who else wants to run */

static unsigned int spread_above = 100;
module_param(spread_above, uint, 0644);
MODULE_PARM_DESC(spread_above, "frames a millisecond that one processor takes in before others help it; 0: they always do (default 100)");

/**
 * struct lane - frames given to one processor
 * @queue: they, oldest first; has a lock of its own
 * @work:  takes them in there
 * @since: jiffies of the running tick, for the next two
 * @n:     frames that came in on this processor since then
 * @busy:  in the tick before there were more than one processor should do
 */
struct lane {
	struct sk_buff_head	queue;
	struct work_struct	work;
	unsigned long		since;
	unsigned int		n;
	bool			busy;
};

static DEFINE_PER_CPU(struct lane, lanes);
static struct workqueue_struct *steer_wq;

/*
 * Whether there are more frames than one processor should do. Decided for a
 * whole tick: fragments of a message that go different ways would overtake each
 * other, which looks like a loss.
 */
static bool many(void)
{
	struct lane *here = this_cpu_ptr(&lanes);
	unsigned int most = READ_ONCE(spread_above);
	unsigned long now = jiffies;

	if (now != here->since) {
		here->busy = now - here->since == 1 &&
			     here->n >= most * (MSEC_PER_SEC / HZ);
		here->since = now;
		here->n = 0;
	}
	here->n++;
	return here->busy || !most;
}

/* All frames of a message go the same way, so that they keep their order. */
static int lane_of(const struct sk_buff *skb)
{
	u64 key = ether_addr_to_u64(eth_hdr(skb)->h_source);
	__be64 msg;

	if (!skb_copy_bits(skb, offsetof(struct rmp_hdr, msg), &msg, sizeof(msg)))
		key += be64_to_cpu(msg) << 16;
	return cpumask_nth(reciprocal_scale(hash_64(key, 32),
					   num_online_cpus()), cpu_online_mask);
}

/*
 * rmp_steer() - have another processor take in a frame, if that is better
 *
 * Context: softirq. Return: whether @skb is in other hands now.
 */
bool rmp_steer(struct sk_buff *skb)
{
	struct lane *lane;
	int cpu;

	if (num_online_cpus() == 1)
		return false;
	cpu = lane_of(skb);
	if (cpu >= nr_cpu_ids || cpu == smp_processor_id())
		return false;
	lane = per_cpu_ptr(&lanes, cpu);
	/* A frame must not overtake the frames that wait there. */
	if (!many() && skb_queue_empty_lockless(&lane->queue))
		return false;
	if (skb_queue_len_lockless(&lane->queue) >= LANE_MAX) {
		rmp_stat_inc(RMP_G_DROP_SPREAD);
		kfree_skb(skb);
		return true;
	}
	rmp_stat_inc(RMP_G_SPREAD);
	skb_queue_tail(&lane->queue, skb);
	queue_work_on(cpu, steer_wq, &lane->work);
	return true;
}

static void lane_one(struct sk_buff *skb)
{
	struct rmp_iface *iface = rmp_iface_by_index(skb->skb_iif);

	if (iface && READ_ONCE(iface->up))
		rmp_recv(iface, skb);
	else
		kfree_skb(skb);
}

static void lane_work_fn(struct work_struct *work)
{
	struct lane *lane = container_of(work, struct lane, work);
	struct sk_buff *skb;
	int n = 0;

	local_bh_disable();
	rcu_read_lock();
	while (n++ < BATCH && (skb = skb_dequeue(&lane->queue)))
		lane_one(skb);
	rcu_read_unlock();
	local_bh_enable();
	if (!skb_queue_empty_lockless(&lane->queue))
		queue_work(steer_wq, work);
}

int rmp_steer_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct lane *lane = per_cpu_ptr(&lanes, cpu);

		skb_queue_head_init(&lane->queue);
		INIT_WORK(&lane->work, lane_work_fn);
		lane->since = jiffies;
	}
	steer_wq = alloc_workqueue("memx_rmap_rx", WQ_HIGHPRI | WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	return steer_wq ? 0 : -ENOMEM;
}

/* No hook is registered any more. */
void rmp_steer_exit(void)
{
	int cpu;

	destroy_workqueue(steer_wq);
	for_each_possible_cpu(cpu)
		skb_queue_purge(&per_cpu_ptr(&lanes, cpu)->queue);
}
