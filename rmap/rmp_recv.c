// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in: checked, matched to a node, given to its engine. Frames of nodes
 * not known yet wait for a worker that may sleep to make the node.
 */
#include <linux/module.h>
#include "rmp_announce.h"
#include "rmp_call.h"
#include "rmp_cluster_key.h"
#include "rmp_ctx.h"
#include "rmp_frame.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"
#include "rmp_payload.h"
#include "rmp_rate.h"
#include "rmp_recv.h"
#include "rmp_send.h"
#include "rmp_stats.h"
#include "rmp_tag.h"
#include "rmp_trace.h"

#define NEW_MAX	32	/* first frames waiting at a time */
#define RESETS_BURST	16	/* to unknown nodes, per tenth of a second */
#define ANSWERS_BURST	32	/* to SOLICIT, per tenth of a second */

static struct sk_buff_head new_nodes;
static void new_work_fn(struct work_struct *work);
static DECLARE_WORK(new_work, new_work_fn);
static struct workqueue_struct *new_wq;

static struct rmp_rate reset_limit;
static struct rmp_rate answer_limit;

static void drop(struct sk_buff *skb, enum rmp_gstat why)
{
	rmp_stat_inc(why);
	kfree_skb(skb);
}

/**
 * struct arrival - a frame on its way in
 * @hdr:   copy of its header
 * @frame: what the engine gets
 * @in:    what the keys get
 */
struct arrival {
	struct rmp_hdr		hdr;
	struct rmp_frame	frame;
	struct rmp_auth_in	in;
};

/*
 * recv_parse() - take in and check a frame's header
 *
 * Return: whether it is a good frame; if not, it has been counted and freed.
 */
static bool recv_parse(struct sk_buff *skb, struct arrival *a)
{
	int err;

	if (skb->len < sizeof(a->hdr) ||
	    skb_copy_bits(skb, 0, &a->hdr, sizeof(a->hdr))) {
		drop(skb, RMP_G_DROP_SHORT);
		return false;
	}
	err = rmp_decode(&a->hdr, skb->len, &a->frame.info);
	if (err) {
		drop(skb, err == -EPROTONOSUPPORT ? RMP_G_DROP_VERSION :
						    RMP_G_DROP_HEADER);
		return false;
	}
	if (a->frame.info.node == rmp_id) {
		drop(skb, RMP_G_DROP_OWN);
		return false;
	}
	return true;
}

/* Whether the frame's tag is the one that @seal makes; NULL: a sum. */
static bool tag_good(struct sk_buff *skb, struct arrival *a,
		     const struct rmp_seal *seal)
{
	const struct rmp_info *info = &a->frame.info;
	u32 len = info->hlen - sizeof(a->hdr);
	u8 tag[RMP_TAG_LEN], want[RMP_TAG_LEN];
	struct rmp_tagger t mx_noinit;

	memcpy(tag, a->hdr.tag, sizeof(tag));
	memset(a->hdr.tag, 0, sizeof(a->hdr.tag));
	if (seal || info->flags & RMP_F_SUM)
		len += info->plen;
	rmp_tag_begin(&t, seal);
	rmp_tag_ends(&t, eth_hdr(skb), info->type);
	rmp_skb_tag(skb, &a->hdr, len, &t, want);
	memcpy(a->hdr.tag, tag, sizeof(tag));
	return mx_equal(tag, want, sizeof(tag));
}

/* The key to check a frame with; see rmp_auth_rx(). */
static int key_of(struct rmp_node *node, const struct rmp_info *info, u8 which,
		  struct rmp_seal *seal)
{
	const struct rmp_keyring *ring = rmp_cluster_key();
	int rc;

	if (!ring)
		return -ENOKEY;
	if (!rmp_is_session(info->type))
		return rmp_auth_rx(NULL, ring, info, which, 0, seal);
	if (!node)
		return -ENOKEY;
	spin_lock(&node->lock);
	rc = rmp_auth_rx(&node->auth, ring, info, which, ktime_get_ns(), seal);
	spin_unlock(&node->lock);
	return rc;
}

/*
 * recv_keyed() - check a frame's tag under the keys that may be meant
 *
 * Nothing is answered, and nothing remembered, of a frame that fails.
 * Return: whether it is good; if not, it has been counted and freed.
 */
static bool recv_keyed(struct sk_buff *skb, struct rmp_node *node,
		       struct arrival *a)
{
	struct rmp_info *info = &a->frame.info;
	enum rmp_gstat why = RMP_G_DROP_NOKEY;
	struct rmp_seal seal mx_noinit;
	bool good = false;
	int which = 0;

	a->in.info = info;
	for (; !good; which++) {
		which = key_of(node, info, which, &seal);
		if (which < 0)
			break;
		good = tag_good(skb, a, &seal);
		a->in.which = which;
		why = RMP_G_DROP_TAG;
	}
	mx_wipe(&seal, sizeof(seal));
	if (good && info->plen == RMP_HS_LEN && info->type != RMP_T_ANNOUNCE &&
	    !rmp_is_session(info->type))
		good = !skb_copy_bits(skb, info->hlen, &a->in.hs, RMP_HS_LEN);
	if (!good)
		drop(skb, which == -EALREADY ? RMP_G_DROP_REPLAY : why);
	return good;
}

/* Return: whether the frame's tag is good; else it has been freed. */
static bool recv_check(struct sk_buff *skb, struct rmp_node *node,
		       struct arrival *a)
{
	bool keyed = a->frame.info.flags & RMP_F_KEYED;

	if (keyed == rmp_insecure) {
		drop(skb, keyed ? RMP_G_DROP_KEYED : RMP_G_DROP_INSECURE);
		return false;
	}
	if (keyed)
		return recv_keyed(skb, node, a);
	if (tag_good(skb, a, NULL))
		return true;
	drop(skb, RMP_G_DROP_TAG);
	return false;
}

static void recv_solicit(struct rmp_iface *iface, struct sk_buff *skb, u8 which)
{
	if (!rmp_announce_fill(NULL))
		return;
	if (!rmp_rate_ok(&answer_limit, ANSWERS_BURST)) {
		rmp_stat_inc(RMP_G_LIMITED);
		return;
	}
	rmp_frame_send_one(rmp_announce_frame(iface, eth_hdr(skb)->h_source,
					      which));
}

static void send_reset(struct rmp_iface *iface, struct sk_buff *skb,
		       const struct rmp_info *info)
{
	struct rmp_hdr hdr;

	if (!rmp_rate_ok(&reset_limit, RESETS_BURST)) {
		rmp_stat_inc(RMP_G_LIMITED);
		return;
	}
	rmp_stat_inc(RMP_G_RESETS);
	rmp_make_reset(&hdr, rmp_id, rmp_inc, info, ktime_get_ns());
	rmp_frame_send_one(rmp_frame_plain(iface, eth_hdr(skb)->h_source, &hdr,
					   NULL, 0, 0));
}

static void recv_unknown(struct rmp_iface *iface, struct sk_buff *skb,
			 const struct rmp_info *info)
{
	switch (info->type) {
	case RMP_T_HELLO:
	case RMP_T_ANNOUNCE:
		if (skb_queue_len_lockless(&new_nodes) >= NEW_MAX) {
			drop(skb, RMP_G_DROP_NEW);
			return;
		}
		skb_queue_tail(&new_nodes, skb);
		queue_work(new_wq, &new_work);
		return;
	case RMP_T_REQ:
	case RMP_T_REP:
	case RMP_T_ACK:
		/* With keys, such a frame was dropped before. */
		send_reset(iface, skb, info);
		break;
	}
	drop(skb, RMP_G_DROP_UNKNOWN);
}

/* What a node tells of itself outside of messages. Node's lock held. */
static void recv_advert(struct rmp_ctx *ctx, struct sk_buff *skb,
			const struct rmp_info *info)
{
	struct rmp_node *node = ctx->node;
	u16 i;

	if (info->inc != node->peer.ses.inc)
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
		ctx->advert = true;
	}
}

/* Node's lock held. Return: whether the engine may have the frame. */
static bool recv_auth(struct rmp_ctx *ctx, struct sk_buff *skb,
		      const struct rmp_auth_in *in)
{
	int rc;

	ctx->in = in;
	if (!rmp_is_session(in->info->type))
		ctx->src = rmp_cluster_key_src(eth_hdr(skb)->h_source);
	rc = rmp_cluster_key_good(ctx, in);
	if (!rc)
		return true;
	rmp_stat_inc(rc == -EALREADY ? RMP_G_DROP_REPLAY :
		     rc == -ENOKEY ? RMP_G_DROP_NOKEY : RMP_G_DROP_HANDSHAKE);
	return false;
}

/*
 * The node leaves the segment behind @iface, but may be on another one, too.
 * Node's lock held. Return: whether that ends the session.
 */
static bool recv_bye(struct rmp_ctx *ctx, struct rmp_iface *iface)
{
	struct rmp_node *node = ctx->node;
	bool used = node->way.iface == iface;
	bool lost = rmp_node_lost(ctx, iface);

	if (used)
		ctx->left = iface;
	if (!lost)
		return false;
	/* The next way on which the node is heard is used at once. */
	node->way.heard_ns = 0;
	node->since_ns = 0;
	memset(node->advert, 0, sizeof(node->advert));
	ctx->gone = true;
	return true;
}

/* Node's lock held. Return: enum rmp_event bits */
static u32 recv_engine(struct rmp_ctx *ctx, struct rmp_iface *iface,
		       struct sk_buff *skb, struct rmp_frame *frame)
{
	const struct rmp_info *info = &frame->info;
	struct rmp_node *node = ctx->node;
	bool shows_path = info->type == RMP_T_HELLO ||
			  info->type == RMP_T_WELCOME ||
			  info->type == RMP_T_ANNOUNCE;
	u32 events;

	if (!rmp_peer_believes(&node->peer, info, ctx->now)) {
		ctx->iface = iface;
		ctx->mac = eth_hdr(skb)->h_source;
	} else if (shows_path) {
		rmp_node_path(ctx, iface, eth_hdr(skb)->h_source,
			      info->type == RMP_T_HELLO);
	}
	if (info->type == RMP_T_BYE && info->inc == node->peer.ses.inc &&
	    !recv_bye(ctx, iface))
		return 0;
	events = rmp_peer_rx(&node->peer, frame, ctx->now, &ctx->sink);
	if (events & RMP_EV_KEPT)
		rmp_stat_inc(RMP_G_PKT_KEPT);
	if (events & RMP_EV_RESTARTED)
		memset(node->advert, 0, sizeof(node->advert));
	if (shows_path)
		recv_advert(ctx, skb, info);
	return events;
}

static void recv_known(struct rmp_iface *iface, struct sk_buff *skb,
		       struct rmp_node *node, struct arrival *a)
{
	struct rmp_ctx ctx mx_noinit;
	u32 events = 0;

	rmp_skb_cb(skb)->off = a->frame.info.hlen;
	a->frame.pkt = skb;
	rmp_ctx_begin(&ctx, node);
	if (!node->dead && (rmp_insecure || recv_auth(&ctx, skb, &a->in)))
		events = recv_engine(&ctx, iface, skb, &a->frame);
	rmp_ctx_end(&ctx, events);
	if (!(events & RMP_EV_KEPT))
		consume_skb(skb);
}

static void recv_frame(struct rmp_iface *iface, struct sk_buff *skb)
{
	const struct rmp_info *info;
	struct rmp_node *node;
	struct arrival a mx_noinit;

	a.in.which = 0;
	if (!recv_parse(skb, &a))
		return;
	info = &a.frame.info;
	node = rmp_node_lookup(info->node);
	if (!recv_check(skb, node, &a))
		return;
	trace_rmp_rx(info->node, info->type, info->flags, info->msg,
		     info->frag_no, info->plen);
	if (info->type == RMP_T_SOLICIT) {
		recv_solicit(iface, skb, a.in.which);
		consume_skb(skb);
		return;
	}
	/* A request that is given up is answered by the engine alone. */
	if (info->type == RMP_T_REQ && !(info->flags & RMP_F_VOID) &&
	    !rmp_call_served(info->port)) {
		drop(skb, RMP_G_DROP_SERVICE);
		return;
	}
	if (node)
		recv_known(iface, skb, node, &a);
	else
		recv_unknown(iface, skb, info);
}

/*
 * rmp_recv_own() - make a frame this host's own before anything looks at it
 *
 * Frames that a bridge passes on may be zero-copy: those of xen-netback consist
 * of pages of the guest that sent them, granted to us. The guest can change them
 * after the tag was checked, and as long as we keep them, in a queue or for their
 * payload, the grant cannot be given back and the guest's end blocks netback. So
 * they are copied, as the kernel does for taps and sockets. A fragment list, whose
 * packets may be of the same kind, is made linear.
 *
 * Context: softirq. Return: the frame, or NULL if it had to be dropped.
 */
struct sk_buff *rmp_recv_own(struct sk_buff *skb)
{
	/* Taps may hold the very same skb; we keep data in its cb. */
	skb = skb_share_check(skb, GFP_ATOMIC | __GFP_NOWARN);
	if (unlikely(!skb)) {
		rmp_stat_inc(RMP_G_DROP_MEMORY);
		return NULL;
	}
	if (likely(!skb_zcopy(skb) && !skb_has_frag_list(skb)))
		return skb;
	rmp_stat_inc(RMP_G_RX_COPIED);
	if (skb_orphan_frags_rx(skb, GFP_ATOMIC | __GFP_NOWARN) ||
	    (skb_has_frag_list(skb) && skb_linearize(skb))) {
		drop(skb, RMP_G_DROP_MEMORY);
		return NULL;
	}
	return skb;
}

/*
 * rmp_recv() - take in a frame
 * @iface: where it came from; up
 * @skb:   the frame, from rmp_recv_own(), data at the RMAP header; consumed
 *
 * Context: softirq, RCU read section.
 */
void rmp_recv(struct rmp_iface *iface, struct sk_buff *skb)
{
	rmp_stat_inc(RMP_G_RX_FRAMES);
	this_cpu_inc(iface->stats->rx);
	recv_frame(iface, skb);
}

/* Make the node that a frame comes from known, then take the frame in again. */
static void new_one(struct sk_buff *skb)
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

static void new_work_fn(struct work_struct *work)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&new_nodes)))
		new_one(skb);
}

int rmp_recv_init(void)
{
	skb_queue_head_init(&new_nodes);
	/* Not rmp_wq: making a node allocates. */
	new_wq = alloc_workqueue("memx_rmap_nodes", WQ_UNBOUND, 1);
	return new_wq ? 0 : -ENOMEM;
}

/* No hook is registered any more. */
void rmp_recv_exit(void)
{
	destroy_workqueue(new_wq);
	skb_queue_purge(&new_nodes);
}
