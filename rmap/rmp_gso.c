// SPDX-License-Identifier: GPL-2.0
/*
 * Trains: the frames of a message, or of several, given to the device together,
 * so that it is told of them once.
 *
 * Notifying a device of a frame is expensive, above all in a virtual machine. The
 * kernel notifies once for many frames (xmit_more), but only if they came to it
 * as one packet that it had to divide. So a train is such a packet:
 * the first frame with the others, complete with their Ethernet headers, in its
 * fragment list, and we are asked to divide it right above the driver. Queueing
 * disciplines see one packet of all the bytes, taps see the frames.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/sch_generic.h>
#include "engine/rmp_wire.h"
#include "rmp_gso.h"
#include "rmp_stats.h"

/* As much as TCP gives a device at once. */
#define TRAIN_BYTES_MAX 65535

/* A frame that nobody else holds; @skb is consumed. NULL: no memory. */
static struct sk_buff *frame_own(struct sk_buff *skb)
{
	struct sk_buff *own;

	if (likely(!skb_shared(skb)))
		return skb;
	own = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
	consume_skb(skb);
	return own;
}

/* A frame is made linear if the device cannot gather it. */
static bool frame_fit(struct sk_buff *skb, netdev_features_t features)
{
	return features & NETIF_F_SG || !skb_is_nonlinear(skb) ||
	       !__skb_linearize(skb);
}

/* Take the train's first frame out of it. */
static struct sk_buff *train_uncouple(struct sk_buff *skb)
{
	struct sk_buff *rest = skb_shinfo(skb)->frag_list;
	struct sk_buff *frame;

	skb_frag_list_init(skb);
	for (frame = rest; frame; frame = frame->next) {
		skb->len -= frame->len;
		skb->data_len -= frame->len;
		skb->truesize -= frame->truesize;
	}
	skb_gso_reset(skb);
	skb->ip_summed = CHECKSUM_NONE;
	return rest;
}

/*
 * train_divide() - a train's frames, linked
 * @skb:      the train, data after the Ethernet header
 * @features: of the device that they are for
 *
 * A frame for which there is no memory is a lost one. The caller drops a
 * reference on @skb, which is the first of the frames.
 *
 * Context: bottom halves off.
 */
static struct sk_buff *train_divide(struct sk_buff *skb,
				    netdev_features_t features)
{
	struct sk_buff *frame, *next, *last = skb;

	if (skb_shinfo(skb)->gso_type != SKB_GSO_FRAGLIST)
		return ERR_PTR(-EINVAL);
	/* A clone, made by a mirror for example, refers to the same frames. */
	if (skb_unclone(skb, GFP_ATOMIC | __GFP_NOWARN))
		return ERR_PTR(-ENOMEM);

	frame = train_uncouple(skb);
	if (!frame_fit(skb, features)) {
		kfree_skb_list(frame);
		return ERR_PTR(-ENOMEM);
	}
	for (; frame; frame = next) {
		next = frame->next;
		frame = frame_own(frame);
		if (!frame || !frame_fit(frame, features)) {
			kfree_skb(frame);
			rmp_stat_inc(RMP_G_TX_NOMEM);
			continue;
		}
		frame->next = NULL;
		frame->dev = skb->dev;
		skb_reset_mac_header(frame);
		skb_copy_queue_mapping(frame, skb);
		last->next = frame;
		last = frame;
	}
	skb->prev = last;
	return skb_get(skb);
}

static struct packet_offload offload = {
	.type = cpu_to_be16(RMP_ETHERTYPE),
	.callbacks = {
		.gso_segment = train_divide,
	},
};

void rmp_gso_init(void)
{
	dev_add_offload(&offload);
}

/* Trains still in a queue are lost. */
void rmp_gso_exit(void)
{
	dev_remove_offload(&offload);
}

/*
 * Whether trains may be given to a device: it is no device on top of others,
 * which would change the first frame only, and its queueing discipline does not
 * do to packets what should be done to frames, as netem does.
 */
static bool takes_trains(struct net_device *dev)
{
	const struct Qdisc *q;

	if (dev->features & NETIF_F_GSO_FRAGLIST)
		return false;
	q = rcu_dereference_bh(netdev_get_tx_queue(dev, 0)->qdisc);
	return q->flags & TCQ_F_CAN_BYPASS;
}

static bool same_way(const struct sk_buff *a, const struct sk_buff *b)
{
	return a->dev == b->dev &&
	       ether_addr_equal(skb_mac_header(a), skb_mac_header(b));
}

/*
 * rmp_gso_train() - couple the frames that go the same way
 * @skb:  a frame
 * @list: the frames after it, of any; those that are coupled are taken off
 *
 * Context: bottom halves off. Return: number of frames in what is @skb now.
 */
unsigned int rmp_gso_train(struct sk_buff *skb, struct sk_buff_head *list)
{
	struct sk_buff *frame, *next, *last = NULL;
	unsigned int n = 1;

	if (skb_queue_empty(list) || !takes_trains(skb->dev))
		return n;
	skb_queue_walk_safe(list, frame, next) {
		if (!same_way(skb, frame))
			continue;
		if (skb->len + frame->len > TRAIN_BYTES_MAX)
			break;
		__skb_unlink(frame, list);
		if (last)
			last->next = frame;
		else
			skb_shinfo(skb)->frag_list = frame;
		last = frame;
		skb->len += frame->len;
		skb->data_len += frame->len;
		skb->truesize += frame->truesize;
		n++;
	}
	if (n == 1)
		return n;
	rmp_stat_inc(RMP_G_TX_TRAINS);
	skb_shinfo(skb)->gso_type = SKB_GSO_FRAGLIST;
	skb_shinfo(skb)->gso_segs = n;
	skb_shinfo(skb)->gso_size = skb_shinfo(skb)->frag_list->len;
	/* There is no checksum, so none has to be computed before the train is divided. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return n;
}
