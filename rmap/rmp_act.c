// SPDX-License-Identifier: GPL-2.0
/*
 * Running a node's engine: take the lock, call it, drop the lock, then do what
 * it asked for. Also its timer.
 *
 *	rmp_act_begin(&act, node);
 *	rmp_act_end(&act, rmp_peer_...(&node->peer, ..., act.now, &act.sink));
 */
#include <linux/module.h>
#include "rmp_priv.h"
#include "rmp_trace.h"

/* A timer that finds its deadline not moved on must not spin. */
#define TIMER_MIN_NS (100 * NSEC_PER_USEC)

static struct rmp_act *sink_act(struct rmp_sink *sink)
{
	return container_of(sink, struct rmp_act, sink);
}

static void act_queue(struct rmp_act *act, struct sk_buff *skb)
{
	if (skb)
		__skb_queue_tail(&act->tx, skb);
}

/* Return: whether there is a key for the frame. */
static bool xmit_key(struct rmp_act *act, const struct rmp_xmit *x,
		     struct rmp_frame_key *key)
{
	int rc = rmp_ring_tx(act, x->hdr, &key->seal, &key->hs);

	if (rc < 0) {
		rmp_stat_inc(rc == -EBUSY ? RMP_G_LIMITED : RMP_G_TX_NOKEY);
		return false;
	}
	key->hlen = rc;
	if (rc)
		rmp_stat_inc(RMP_G_HANDSHAKES);
	return true;
}

static void sink_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct rmp_act *act = sink_act(sink);
	struct rmp_node *node = act->node;
	struct rmp_iface *iface = act->iface ? act->iface : node->iface;
	const u8 *mac = act->iface ? act->mac : node->mac;
	const struct rmp_hdr *hdr = x->hdr;
	struct rmp_frame_key key mx_noinit;

	if (!iface) {
		rmp_stat_inc(RMP_G_TX_NOIFACE);
		return;
	}
	trace_rmp_tx(node->id, hdr->type, hdr->flags, be64_to_cpu(hdr->msg),
		     be16_to_cpu(hdr->frag_no), x->len);
	if (rmp_insecure) {
		act_queue(act, rmp_frame_build(iface, mac, x, NULL));
	} else if (xmit_key(act, x, &key)) {
		act_queue(act, rmp_frame_build(iface, mac, x, &key));
		mx_wipe(&key.seal, sizeof(key.seal));
	}
	/* HELLO has no room for our name, and it may be news. */
	if (hdr->type == RMP_T_HELLO)
		act_queue(act, rmp_announce_frame(iface, mac,
						  rmp_ring_which(node->auth.keys.hs.hint)));
}

static void sink_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	struct rmp_act *act = sink_act(sink);
	struct rmp_node *node = act->node;
	struct rmp_req *req = &node->req[slot - node->peer.slot];

	req->node = node;
	req->slot = slot;
	req->inc = node->peer.inc;
	refcount_inc(&node->ref);
	list_add_tail(&req->link, &act->deliver);
}

static void sink_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct rmp_ncall *ncall = container_of(call, struct rmp_ncall, call);

	list_add_tail(&ncall->link, &sink_act(sink)->done);
}

static void sink_free_pkt(struct rmp_sink *sink, void *pkt)
{
	__skb_queue_tail(&sink_act(sink)->freed, pkt);
}

static void sink_free_buf(struct rmp_sink *sink, void *buf)
{
	struct rmp_req *req = container_of(buf, struct rmp_req, buf);
	u16 i;

	for (i = 0; i < req->n; i++)
		put_page(req->buf.page[i]);
	req->n = 0;
}

static bool sink_reserve(struct rmp_sink *sink, u16 pages)
{
	struct rmp_act *act = sink_act(sink);

	return rmp_room_take(act->node, pages, act->turn);
}

static void sink_unreserve(struct rmp_sink *sink, u16 pages)
{
	if (unlikely(rmp_room_give(pages)))
		sink_act(sink)->kick = true;
}

/*
 * rmp_act_begin() - take the node's lock, bottom halves off
 *
 * The caller holds a reference on @node, or found it under RCU.
 */
void rmp_act_begin(struct rmp_act *act, struct rmp_node *node)
	__acquires(&node->lock) __acquires(RCU)
{
	act->sink = (struct rmp_sink) {
		.xmit = sink_xmit,
		.deliver = sink_deliver,
		.done = sink_done,
		.free_pkt = sink_free_pkt,
		.free_buf = sink_free_buf,
		.reserve = sink_reserve,
		.unreserve = sink_unreserve,
	};
	act->node = node;
	__skb_queue_head_init(&act->tx);
	__skb_queue_head_init(&act->freed);
	INIT_LIST_HEAD(&act->done);
	INIT_LIST_HEAD(&act->deliver);
	act->events = 0;
	act->advert = false;
	act->gone = false;
	act->in = NULL;
	act->src = 0;
	act->iface = NULL;
	act->mac = NULL;
	act->turn = false;
	act->kick = false;

	local_bh_disable();
	rcu_read_lock();
	spin_lock(&node->lock);
	act->now = ktime_get_ns();
}

/*
 * The timer is set lazily: as long as it is armed for a time not after the
 * deadline nothing is done, so under steady traffic it is programmed once per
 * time-out, not once per packet.
 */
static void act_arm(struct rmp_node *node, u64 earliest)
{
	u64 due = rmp_peer_deadline(&node->peer);

	lockdep_assert_held(&node->lock);
	if (due >= node->armed_ns || node->dead)
		return;
	due = max(due, earliest);
	node->armed_ns = due;
	hrtimer_start(&node->timer, ns_to_ktime(due), HRTIMER_MODE_ABS_SOFT);
}

enum hrtimer_restart rmp_act_timer(struct hrtimer *timer)
{
	struct rmp_node *node = container_of(timer, struct rmp_node, timer);
	struct rmp_act act mx_noinit;
	u32 events = 0;

	rmp_stat_inc(RMP_G_TIMER);
	rmp_act_begin(&act, node);
	node->armed_ns = U64_MAX;
	if (!node->dead && rmp_peer_deadline(&node->peer) <= act.now)
		events = rmp_peer_timer(&node->peer, act.now, &act.sink);
	act_arm(node, act.now + TIMER_MIN_NS);
	rmp_act_end(&act, events);
	return HRTIMER_NORESTART;
}

static void act_free(struct rmp_act *act)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&act->freed))) {
		consume_skb(skb);
		rmp_stat_inc(RMP_G_PKT_FREED);
	}
}

static void act_done(struct rmp_act *act)
{
	struct rmp_ncall *ncall, *next;

	list_for_each_entry_safe(ncall, next, &act->done, link) {
		const struct rmp_call *call = &ncall->call;

		trace_rmp_call_done(act->node->id, call->msg, call->status,
				    call->status ? 0 : act->now - call->first_ns);
		list_del_init(&ncall->link);
		ncall->done(ncall);
		rmp_node_put(act->node);
	}
}

static void act_deliver(struct rmp_act *act)
{
	struct rmp_req *req, *next;

	list_for_each_entry_safe(req, next, &act->deliver, link)
		rmp_call_deliver(req);
}

/*
 * rmp_act_end() - drop the node's lock and do what the engine asked for
 * @events: what the engine returned
 *
 * Frames go first as they are what others wait for; watchers hear of a restart
 * before the calls that it ended are given back.
 */
void rmp_act_end(struct rmp_act *act, u32 events)
	__releases(&act->node->lock) __releases(RCU)
{
	struct rmp_node *node = act->node;

	if (unlikely(node->auth.rekey || node->auth.confirm || node->auth.ask))
		events |= rmp_auth_after(&node->auth, &node->peer, act->now,
					 &act->sink);
	events |= act->events;
	events &= RMP_EV_UP | RMP_EV_DOWN | RMP_EV_RESTARTED;
	act_arm(node, 0);
	/* What follows may need the node although its last call has ended. */
	if (unlikely(events || act->advert || act->gone))
		refcount_inc(&node->ref);
	spin_unlock(&node->lock);

	rmp_frame_send(&act->tx);
	if (unlikely(events || act->advert || act->gone)) {
		if (act->gone)
			rmp_call_gone(node);
		if (events) {
			trace_rmp_node_event(node->id, node->peer.inc, events);
			rmp_call_event(node, events);
		}
		if (act->advert)
			rmp_call_advert(node);
		rmp_node_put(node);
	}
	act_deliver(act);
	act_done(act);
	act_free(act);
	/* Not further down than this: a kick gives nothing back. */
	if (unlikely(act->kick))
		rmp_room_kick();
	rcu_read_unlock();
	local_bh_enable();
}
