// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in: checked, matched to a node, given to its engine. Frames of nodes
 * not known yet wait for a worker that may sleep to make the node.
 */
#include <linux/module.h>
#include "rmp_priv.h"
#include "rmp_trace.h"

#define BIRTHS_MAX	32	/* first frames waiting at a time */
#define RESETS_BURST	16	/* to unknown nodes, per tenth of a second */
#define ANSWERS_BURST	32	/* to SOLICIT, per tenth of a second */

static struct sk_buff_head births;
static void births_work_fn(struct work_struct *work);
static DECLARE_WORK(births_work, births_work_fn);
static struct workqueue_struct *births_wq;

static struct rmp_limit reset_limit;
static struct rmp_limit answer_limit;

static void drop(struct sk_buff *skb, enum rmp_gstat why)
{
	rmp_stat_inc(why);
	kfree_skb(skb);
}

/*
 * recv_parse() - take in and check a frame's header
 *
 * Return: whether it is a good frame; if not, it has been counted and freed.
 */
static bool recv_parse(struct sk_buff *skb, struct rmp_info *info)
{
	struct rmp_hdr hdr;
	__be64 tag[RMP_TAG_LEN / 8];
	u32 len;
	int err;

	if (skb->len < sizeof(hdr) || skb_copy_bits(skb, 0, &hdr, sizeof(hdr))) {
		drop(skb, RMP_G_DROP_SHORT);
		return false;
	}
	err = rmp_decode(&hdr, skb->len, info);
	if (err) {
		drop(skb, err == -EPROTONOSUPPORT ? RMP_G_DROP_VERSION :
						    RMP_G_DROP_HEADER);
		return false;
	}
	if (skb_has_frag_list(skb) && skb_linearize(skb)) {
		drop(skb, RMP_G_DROP_MEMORY);
		return false;
	}
	memcpy(tag, hdr.tag, sizeof(tag));
	memset(hdr.tag, 0, sizeof(hdr.tag));
	len = info->hlen - sizeof(hdr);
	if (info->flags & RMP_F_SUM)
		len += info->plen;
	if (be64_to_cpu(tag[0]) != rmp_skb_sum(skb, &hdr, len) || tag[1]) {
		drop(skb, RMP_G_DROP_TAG);
		return false;
	}
	return true;
}

static void recv_solicit(struct rmp_iface *iface, struct sk_buff *skb)
{
	if (!rmp_announce_fill(NULL))
		return;
	if (!rmp_limit_ok(&answer_limit, ANSWERS_BURST)) {
		rmp_stat_inc(RMP_G_LIMITED);
		return;
	}
	rmp_frame_send_one(rmp_announce_frame(iface, eth_hdr(skb)->h_source));
}

static void send_reset(struct rmp_iface *iface, struct sk_buff *skb,
		       const struct rmp_info *info)
{
	struct rmp_hdr hdr;

	if (!rmp_limit_ok(&reset_limit, RESETS_BURST)) {
		rmp_stat_inc(RMP_G_LIMITED);
		return;
	}
	rmp_stat_inc(RMP_G_RESETS);
	rmp_make_reset(&hdr, rmp_id, rmp_inc, info, ktime_get_ns());
	rmp_frame_send_one(rmp_frame_plain(iface, eth_hdr(skb)->h_source, &hdr,
					   NULL, 0));
}

static void recv_unknown(struct rmp_iface *iface, struct sk_buff *skb,
			 const struct rmp_info *info)
{
	switch (info->type) {
	case RMP_T_HELLO:
	case RMP_T_ANNOUNCE:
		if (skb_queue_len_lockless(&births) >= BIRTHS_MAX) {
			drop(skb, RMP_G_DROP_BIRTHS);
			return;
		}
		skb_queue_tail(&births, skb);
		queue_work(births_wq, &births_work);
		return;
	case RMP_T_REQ:
	case RMP_T_REP:
	case RMP_T_ACK:
		send_reset(iface, skb, info);
		break;
	}
	drop(skb, RMP_G_DROP_UNKNOWN);
}

/* What a node tells of itself outside of messages. Node's lock held. */
static void recv_advert(struct rmp_act *act, struct sk_buff *skb,
			const struct rmp_info *info)
{
	struct rmp_node *node = act->node;
	u16 i;

	if (info->inc != node->peer.inc)
		return;
	if (info->type == RMP_T_ANNOUNCE && info->plen &&
	    !skb_copy_bits(skb, info->hlen, node->name, info->plen)) {
		node->name[info->plen] = '\0';
		for (i = 0; i < info->plen; i++)
			if (node->name[i] <= ' ' || node->name[i] > '~')
				node->name[i] = '?';
	}
	if (memchr_inv(info->head, 0, RMP_HEAD_LEN)) {
		memcpy(node->advert, info->head, RMP_HEAD_LEN);
		act->advert = true;
	}
}

static void recv_known(struct rmp_iface *iface, struct sk_buff *skb,
		       struct rmp_node *node, struct rmp_frame *frame)
{
	const struct rmp_info *info = &frame->info;
	bool shows_path = info->type == RMP_T_HELLO ||
			  info->type == RMP_T_WELCOME ||
			  info->type == RMP_T_ANNOUNCE;
	struct rmp_act act;
	u32 events = 0;

	rmp_act_begin(&act, node);
	if (node->dead)
		goto out;
	if (shows_path)
		rmp_node_path(&act, iface, eth_hdr(skb)->h_source);
	if (info->type == RMP_T_BYE && info->inc == node->peer.inc) {
		memset(node->advert, 0, sizeof(node->advert));
		act.gone = true;
	}
	events = rmp_peer_rx(&node->peer, frame, act.now, &act.sink);
	if (events & RMP_EV_KEPT)
		rmp_stat_inc(RMP_G_PKT_KEPT);
	if (events & RMP_EV_RESTARTED)
		memset(node->advert, 0, sizeof(node->advert));
	if (shows_path)
		recv_advert(&act, skb, info);
out:
	rmp_act_end(&act, events);
	if (!(events & RMP_EV_KEPT))
		consume_skb(skb);
}

static void recv_frame(struct rmp_iface *iface, struct sk_buff *skb)
{
	struct rmp_frame frame;
	struct rmp_node *node;

	if (!recv_parse(skb, &frame.info))
		return;
	trace_rmp_rx(frame.info.node, frame.info.type, frame.info.flags,
		     frame.info.msg, frame.info.frag_no, frame.info.plen);
	if (frame.info.node == rmp_id) {
		drop(skb, RMP_G_DROP_OWN);
		return;
	}
	if (frame.info.type == RMP_T_SOLICIT) {
		recv_solicit(iface, skb);
		consume_skb(skb);
		return;
	}
	if (frame.info.type == RMP_T_REQ && !rmp_call_served(frame.info.port)) {
		drop(skb, RMP_G_DROP_SERVICE);
		return;
	}
	node = rmp_node_lookup(frame.info.node);
	if (!node) {
		recv_unknown(iface, skb, &frame.info);
		return;
	}
	rmp_skb_cb(skb)->off = frame.info.hlen;
	frame.pkt = skb;
	recv_known(iface, skb, node, &frame);
}

/*
 * rmp_recv() - take in a frame
 * @iface: where it came from; up
 * @skb:   the frame, data at the RMAP header; consumed
 *
 * Context: softirq, RCU read section.
 */
void rmp_recv(struct rmp_iface *iface, struct sk_buff *skb)
{
	rmp_stat_inc(RMP_G_RX_FRAMES);
	this_cpu_inc(iface->stats->rx);
	/* Taps may hold the very same skb; we keep data in its cb. */
	skb = skb_share_check(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (skb)
		recv_frame(iface, skb);
	else
		rmp_stat_inc(RMP_G_DROP_MEMORY);
}

/* Make the node that a frame comes from known, then take the frame in again. */
static void births_one(struct sk_buff *skb)
{
	struct rmp_iface *iface;
	__be64 id;
	int err;

	if (skb_copy_bits(skb, offsetof(struct rmp_hdr, node), &id, sizeof(id))) {
		drop(skb, RMP_G_DROP_SHORT);
		return;
	}
	err = rmp_node_create(be64_to_cpu(id));
	if (err) {
		drop(skb, err == -ENOSPC ? RMP_G_DROP_NODES : RMP_G_DROP_MEMORY);
		return;
	}
	local_bh_disable();
	rcu_read_lock();
	iface = rmp_iface_by_index(skb->skb_iif);
	if (iface && READ_ONCE(iface->up))
		recv_frame(iface, skb);
	else
		drop(skb, RMP_G_DROP_UNKNOWN);
	rcu_read_unlock();
	local_bh_enable();
}

static void births_work_fn(struct work_struct *work)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&births)))
		births_one(skb);
}

int rmp_recv_init(void)
{
	skb_queue_head_init(&births);
	/* Not rmp_wq: making a node allocates. */
	births_wq = alloc_workqueue("memx_rmap_nodes", WQ_UNBOUND, 1);
	return births_wq ? 0 : -ENOMEM;
}

/* No hook is registered any more. */
void rmp_recv_exit(void)
{
	destroy_workqueue(births_wq);
	skb_queue_purge(&births);
}
