// SPDX-License-Identifier: GPL-2.0
/*
 * What other modules use: calls, services that answer them, watchers of nodes.
 */
#include <linux/module.h>
#include <linux/wait.h>
#include "rmp.h"
#include "rmp_call.h"
#include "rmp_ctx.h"
#include "rmp_node.h"

#define GRANT_DEFAULT	32	/* pages, while no service says otherwise */

static DEFINE_MUTEX(call_mutex);	/* serialises changes of the two below */
static const struct rmp_service __rcu *services[RMP_PORT_MAX];
static LIST_HEAD(watchers);

/* Requests given to the service of each port and not answered yet. */
static atomic_t owed[RMP_PORT_MAX];
static DECLARE_WAIT_QUEUE_HEAD(owed_wait);

void rmp_call(struct rmp_node *node, struct rmp_node_call *ncall)
{
	struct rmp_ctx ctx mx_noinit;

	refcount_inc(&node->ref);
	rmp_ctx_begin(&ctx, node);
	rmp_ctx_end(&ctx, rmp_peer_call(&node->peer, &ncall->call, ctx.now,
					&ctx.sink));
}
MX_EXPORT_SYMBOL(rmp_call);

void rmp_flow_setup(struct rmp_flow *flow, u16 weight)
{
	rmp_flow_init(flow, weight);
}
MX_EXPORT_SYMBOL(rmp_flow_setup);

void rmp_weigh(struct rmp_node *node, struct rmp_flow *flow, u16 weight)
{
	spin_lock_bh(&node->lock);
	rmp_flow_set_weight(flow, weight);
	spin_unlock_bh(&node->lock);
}
MX_EXPORT_SYMBOL(rmp_weigh);

void rmp_cancel(struct rmp_node *node, struct rmp_node_call *ncall)
{
	struct rmp_ctx ctx mx_noinit;

	rmp_ctx_begin(&ctx, node);
	rmp_ctx_end(&ctx, rmp_peer_cancel(&node->peer, &ncall->call, ctx.now,
					  &ctx.sink));
}
MX_EXPORT_SYMBOL(rmp_cancel);

void rmp_revoke(struct rmp_node *node, struct rmp_node_call *ncall)
{
	struct rmp_ctx ctx mx_noinit;

	rmp_ctx_begin(&ctx, node);
	rmp_ctx_end(&ctx, rmp_peer_revoke(&node->peer, &ncall->call, ctx.now,
					  &ctx.sink));
}
MX_EXPORT_SYMBOL(rmp_revoke);

/** rmp_call_grant() - pages that a node may have in flight towards us */
u16 rmp_call_grant(void)
{
	const struct rmp_service *svc;
	u16 grant = 0;
	int port;

	rcu_read_lock();
	for (port = 0; port < RMP_PORT_MAX; port++) {
		svc = rcu_dereference(services[port]);
		if (svc)
			grant = max(grant, svc->grant);
	}
	rcu_read_unlock();
	return grant ? grant : GRANT_DEFAULT;
}

int rmp_service_register(const struct rmp_service *svc)
{
	int err = -EBUSY;

	if (!svc->port || svc->port >= RMP_PORT_MAX)
		return -EINVAL;
	mutex_lock(&call_mutex);
	if (!rcu_access_pointer(services[svc->port])) {
		rcu_assign_pointer(services[svc->port], svc);
		rmp_node_grant(rmp_call_grant());
		err = 0;
	}
	mutex_unlock(&call_mutex);
	return err;
}
MX_EXPORT_SYMBOL(rmp_service_register);

void rmp_service_unregister(const struct rmp_service *svc)
{
	mutex_lock(&call_mutex);
	RCU_INIT_POINTER(services[svc->port], NULL);
	rmp_node_grant(rmp_call_grant());
	mutex_unlock(&call_mutex);
	/* No delivery afterwards; then the answers owed for earlier ones. */
	synchronize_rcu();
	wait_event(owed_wait, !atomic_read(&owed[svc->port]));
}
MX_EXPORT_SYMBOL(rmp_service_unregister);

/** rmp_call_served() - whether a service serves @port. RCU read section. */
bool rmp_call_served(u16 port)
{
	return port < RMP_PORT_MAX && rcu_access_pointer(services[port]);
}

/** rmp_call_deliver() - give a request to its service. RCU, BHs off. */
void rmp_call_deliver(struct rmp_req *req)
{
	static const u8 nothing[RMP_HEAD_LEN];
	const struct rmp_service *svc = NULL;
	u16 port = req->slot->port;

	list_del_init(&req->link);
	if (port < RMP_PORT_MAX)
		svc = rcu_dereference(services[port]);
	req->port = svc ? port : 0;
	atomic_inc(&owed[req->port]);
	if (svc)
		svc->request(req);
	else
		rmp_reply(req, nothing, NULL, 0, 0);
}

void rmp_reply(struct rmp_req *req, const u8 *head, struct page **pages,
	       unsigned int n, u32 len)
{
	struct rmp_node *node = req->node;
	u16 port = req->port;
	struct rmp_ctx ctx mx_noinit;

	if (n)
		memcpy(req->buf.page, pages, n * sizeof(*pages));
	req->buf.off = 0;
	req->n = n;
	if (!len)
		len = n * RMP_PAGE;
	rmp_ctx_begin(&ctx, node);
	WRITE_ONCE(node->kept, node->kept + n);
	rmp_ctx_end(&ctx, rmp_peer_reply(&node->peer, req->slot, head,
					 n ? &req->buf : NULL, len, ctx.now,
					 &ctx.sink));
	rmp_node_put(node);
	if (atomic_dec_and_test(&owed[port]))
		wake_up(&owed_wait);
}
MX_EXPORT_SYMBOL(rmp_reply);

const struct rmp_slot *rmp_req_slot(const struct rmp_req *req)
{
	return req->slot;
}
MX_EXPORT_SYMBOL(rmp_req_slot);

u64 rmp_req_node(const struct rmp_req *req)
{
	return req->node->id;
}
MX_EXPORT_SYMBOL(rmp_req_node);

u32 rmp_req_inc(const struct rmp_req *req)
{
	return req->inc;
}
MX_EXPORT_SYMBOL(rmp_req_inc);

u32 rmp_req_kept(const struct rmp_req *req)
{
	return READ_ONCE(req->node->kept);
}
MX_EXPORT_SYMBOL(rmp_req_kept);

static void node_kept(struct rmp_node *node, void *arg)
{
	*(u64 *)arg += READ_ONCE(node->kept);
}

u64 rmp_kept(void)
{
	u64 sum = 0;

	rmp_node_for_each(node_kept, &sum);
	return sum;
}
MX_EXPORT_SYMBOL(rmp_kept);

bool rmp_req_orphan(const struct rmp_req *req)
{
	return READ_ONCE(req->slot->state) == RMP_SLOT_ORPHAN;
}
MX_EXPORT_SYMBOL(rmp_req_orphan);

/* Return: whether the node has an advert, copied to @head. */
static bool get_advert(struct rmp_node *node, u8 *head)
{
	spin_lock_bh(&node->lock);
	memcpy(head, node->advert, RMP_HEAD_LEN);
	spin_unlock_bh(&node->lock);
	return memchr_inv(head, 0, RMP_HEAD_LEN);
}

/* The next four: bottom halves off, RCU read section, a reference on @node. */

/** rmp_call_advert() - tell watchers of the node's advert */
void rmp_call_advert(struct rmp_node *node)
{
	struct rmp_watcher *watcher;
	u8 head[RMP_HEAD_LEN];

	if (!get_advert(node, head))
		return;
	list_for_each_entry_rcu(watcher, &watchers, link)
		if (watcher->advert)
			watcher->advert(node, head);
}

/** rmp_call_event() - tell watchers what happened to the session */
void rmp_call_event(struct rmp_node *node, u32 events)
{
	struct rmp_watcher *watcher;

	list_for_each_entry_rcu(watcher, &watchers, link)
		if (watcher->event)
			watcher->event(node, events);
}

/** rmp_call_gone() - tell watchers that the node has left */
void rmp_call_gone(struct rmp_node *node)
{
	struct rmp_watcher *watcher;

	list_for_each_entry_rcu(watcher, &watchers, link)
		if (watcher->gone)
			watcher->gone(node);
}

/** rmp_call_cut() - tell watchers that we cannot reach the node any more */
void rmp_call_cut(struct rmp_node *node)
{
	struct rmp_watcher *watcher;

	list_for_each_entry_rcu(watcher, &watchers, link)
		if (watcher->cut)
			watcher->cut(node);
}

static void replay_advert(struct rmp_node *node, void *arg)
{
	struct rmp_watcher *watcher = arg;
	u8 head[RMP_HEAD_LEN];

	if (!get_advert(node, head))
		return;
	local_bh_disable();
	watcher->advert(node, head);
	local_bh_enable();
}

void rmp_watcher_register(struct rmp_watcher *watcher)
{
	mutex_lock(&call_mutex);
	list_add_tail_rcu(&watcher->link, &watchers);
	if (watcher->advert)
		rmp_node_for_each(replay_advert, watcher);
	mutex_unlock(&call_mutex);
}
MX_EXPORT_SYMBOL(rmp_watcher_register);

void rmp_watcher_unregister(struct rmp_watcher *watcher)
{
	mutex_lock(&call_mutex);
	list_del_rcu(&watcher->link);
	mutex_unlock(&call_mutex);
	synchronize_rcu();
}
MX_EXPORT_SYMBOL(rmp_watcher_unregister);
