// SPDX-License-Identifier: GPL-2.0
/*
 * Running a node's engine: take the lock, call it, drop the lock, then do what
 * it asked for. Also its timer.
 *
 *	rmp_ctx_begin(&ctx, node);
 *	rmp_ctx_end(&ctx, rmp_peer_...(&node->peer, ..., ctx.now, &ctx.sink));
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/net.h>
#include "rmp.h"
#include "rmp_announce.h"
#include "rmp_budget.h"
#include "rmp_call.h"
#include "rmp_ctx.h"
#include "rmp_draft.h"
#include "rmp_node.h"
#include "rmp_send.h"
#include "rmp_stats.h"
#include "rmp_trace.h"

/* A timer that finds its deadline not moved on must not spin. */
#define TIMER_MIN_NS (100 * NSEC_PER_USEC)

static struct rmp_ctx *sink_ctx(struct rmp_sink *sink)
{
	return container_of(sink, struct rmp_ctx, sink);
}

static void sink_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct rmp_ctx *ctx = sink_ctx(sink);
	struct rmp_node *node = ctx->node;
	struct rmp_iface *iface = ctx->iface ? ctx->iface : node->way.iface;
	const u8 *mac = ctx->iface ? ctx->mac : node->way.mac;
	const struct rmp_hdr *hdr = x->hdr;

	if (!iface) {
		rmp_stat_inc(RMP_G_TX_NOIFACE);
		return;
	}
	trace_rmp_tx(node->id, hdr->type, hdr->flags, be64_to_cpu(hdr->msg),
		     be16_to_cpu(hdr->frag_no), x->len);
	rmp_draft_add(ctx, iface, mac, x);
}

static void sink_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	struct rmp_ctx *ctx = sink_ctx(sink);
	struct rmp_node *node = ctx->node;
	struct rmp_req *req = &node->req[slot - node->peer.rsp.slot];

	req->node = node;
	req->slot = slot;
	req->inc = node->peer.ses.inc;
	refcount_inc(&node->ref);
	list_add_tail(&req->link, &ctx->deliver);
}

static void sink_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct rmp_node_call *ncall = container_of(call, struct rmp_node_call, call);

	list_add_tail(&ncall->link, &sink_ctx(sink)->done);
}

static void sink_free_pkt(struct rmp_sink *sink, void *pkt)
{
	__skb_queue_tail(&sink_ctx(sink)->freed, pkt);
}

static void sink_free_buf(struct rmp_sink *sink, void *buf)
{
	struct rmp_req *req = container_of(buf, struct rmp_req, buf);
	struct rmp_node *node = req->node;
	u16 i;

	for (i = 0; i < req->n; i++)
		put_page(req->buf.page[i]);
	WRITE_ONCE(node->kept, node->kept - req->n);
	req->n = 0;
}

static bool sink_reserve(struct rmp_sink *sink, u16 pages)
{
	struct rmp_ctx *ctx = sink_ctx(sink);

	return rmp_budget_take(ctx->node, pages, ctx->turn);
}

static void sink_unreserve(struct rmp_sink *sink, u16 pages)
{
	if (unlikely(rmp_budget_give(pages)))
		sink_ctx(sink)->kick = true;
}

static bool sink_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return rmp_budget_hold(held, pages);
}

static void sink_unhold(struct rmp_sink *sink, u16 pages)
{
	rmp_budget_unhold(pages);
}

/*
 * rmp_ctx_begin() - take the node's lock, bottom halves off
 *
 * The caller holds a reference on @node, or found it under RCU.
 */
void rmp_ctx_begin(struct rmp_ctx *ctx, struct rmp_node *node)
	__acquires(&node->lock) __acquires(RCU)
{
	ctx->sink = (struct rmp_sink) {
		.xmit = sink_xmit,
		.deliver = sink_deliver,
		.done = sink_done,
		.free_pkt = sink_free_pkt,
		.free_buf = sink_free_buf,
		.reserve = sink_reserve,
		.unreserve = sink_unreserve,
		.hold = sink_hold,
		.unhold = sink_unhold,
	};
	ctx->node = node;
	__skb_queue_head_init(&ctx->tx);
	__skb_queue_head_init(&ctx->freed);
	INIT_LIST_HEAD(&ctx->done);
	INIT_LIST_HEAD(&ctx->deliver);
	ctx->events = 0;
	ctx->advert = false;
	ctx->gone = false;
	ctx->cut = false;
	ctx->twin = false;
	ctx->left = NULL;
	ctx->in = NULL;
	ctx->src = 0;
	ctx->iface = NULL;
	ctx->mac = NULL;
	ctx->earliest = 0;
	ctx->turn = false;
	ctx->kick = false;

	local_bh_disable();
	rcu_read_lock();
	spin_lock(&node->lock);
	ctx->now = ktime_get_ns();
	ctx->drafts = rmp_draft_mark();
}

/*
 * The timer is set lazily: as long as it is armed for a time not after the
 * deadline nothing is done, so under steady traffic it is programmed once per
 * time-out, not once per packet.
 */
static void ctx_arm(const struct rmp_ctx *ctx)
{
	struct rmp_node *node = ctx->node;
	u64 due = rmp_peer_deadline(&node->peer);

	lockdep_assert_held(&node->lock);
	due = max(due, ctx->earliest);
	if (due >= node->armed_ns || node->dead)
		return;
	node->armed_ns = due;
	hrtimer_start(&node->timer, ns_to_ktime(due), HRTIMER_MODE_ABS_SOFT);
}

enum hrtimer_restart rmp_ctx_timer(struct hrtimer *timer)
{
	struct rmp_node *node = container_of(timer, struct rmp_node, timer);
	struct rmp_ctx ctx mx_noinit;
	u32 events = 0;

	rmp_stat_inc(RMP_G_TIMER);
	rmp_ctx_begin(&ctx, node);
	node->armed_ns = U64_MAX;
	ctx.earliest = ctx.now + TIMER_MIN_NS;
	if (!node->dead && rmp_peer_deadline(&node->peer) <= ctx.now)
		events = rmp_peer_timer(&node->peer, ctx.now, &ctx.sink);
	rmp_ctx_end(&ctx, events);
	return HRTIMER_NORESTART;
}

static void ctx_free(struct rmp_ctx *ctx)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&ctx->freed))) {
		consume_skb(skb);
		rmp_stat_inc(RMP_G_PKT_FREED);
	}
}

static void ctx_done(struct rmp_ctx *ctx)
{
	struct rmp_node_call *ncall, *next;

	list_for_each_entry_safe(ncall, next, &ctx->done, link) {
		const struct rmp_call *call = &ncall->call;

		trace_rmp_call_done(ctx->node->id, call->msg, call->status,
				    call->status ? 0 : ctx->now - call->first_ns);
		list_del_init(&ncall->link);
		ncall->done(ncall);
		rmp_node_put(ctx->node);
	}
}

static void ctx_deliver(struct rmp_ctx *ctx)
{
	struct rmp_req *req, *next;

	list_for_each_entry_safe(req, next, &ctx->deliver, link)
		rmp_call_deliver(req);
}

/*
 * The peer has another incarnation. If it is the one before the last, two nodes
 * share an id: an incarnation that has ended does not come back, and the frames
 * of before are not believed.
 */
static void ctx_restarted(struct rmp_ctx *ctx)
{
	struct rmp_node *node = ctx->node;
	const struct rmp_peer *peer = &node->peer;

	ctx->twin = peer->stat[RMP_S_TWINS] != node->twins;
	node->twins = peer->stat[RMP_S_TWINS];
	ctx->inc[0] = peer->ses.former;
	ctx->inc[1] = peer->ses.inc;
}

/* Tells watchers and the log, and drops the reference that was taken for it. */
static void ctx_news(struct rmp_ctx *ctx, u32 events)
{
	struct rmp_node *node = ctx->node;

	if (ctx->twin) {
		rmp_stat_inc(RMP_G_TWINS);
		net_warn_ratelimited("node %012llx answers with incarnation %08x and with %08x in turn: two hosts have this node id\n",
				     node->id, ctx->inc[0], ctx->inc[1]);
	}
	if (ctx->left)
		rmp_announce_elsewhere(ctx->left);
	if (ctx->gone)
		rmp_call_gone(node);
	if (ctx->cut)
		rmp_call_cut(node);
	if (events) {
		trace_rmp_node_event(node->id, node->peer.ses.inc, events);
		rmp_call_event(node, events);
	}
	if (ctx->advert)
		rmp_call_advert(node);
	rmp_node_put(node);
}

/*
 * rmp_ctx_end() - drop the node's lock and do what the engine asked for
 * @events: what the engine returned
 *
 * Frames go first as they are what others wait for; watchers hear of a restart
 * before the calls that it ended are given back.
 */
void rmp_ctx_end(struct rmp_ctx *ctx, u32 events)
	__releases(&ctx->node->lock) __releases(RCU)
{
	struct rmp_node *node = ctx->node;
	bool news;

	if (unlikely(node->auth.rekey || node->auth.confirm || node->auth.ask))
		events |= rmp_auth_after(&node->auth, &node->peer, ctx->now,
					 &ctx->sink);
	events |= ctx->events;
	events &= RMP_EV_UP | RMP_EV_DOWN | RMP_EV_RESTARTED;
	ctx_arm(ctx);
	/* What follows may need the node although its last call has ended. */
	if (unlikely(events & RMP_EV_RESTARTED))
		ctx_restarted(ctx);
	news = events || ctx->advert || ctx->gone || ctx->cut || ctx->left;
	if (unlikely(news))
		refcount_inc(&node->ref);
	spin_unlock(&node->lock);

	rmp_draft_build(ctx);
	rmp_frame_send(&ctx->tx);
	if (unlikely(news))
		ctx_news(ctx, events);
	ctx_deliver(ctx);
	ctx_done(ctx);
	ctx_free(ctx);
	/* Whoever kicks goes on by itself if that has given pages back. */
	if (unlikely(ctx->kick) && !ctx->turn)
		rmp_budget_kick();
	rcu_read_unlock();
	local_bh_enable();
}
