// SPDX-License-Identifier: GPL-2.0
/*
 * Whose turn it is: calls that wait for room in the window, divided among
 * volumes by weight.
 *
 * Deficit round robin (Shreedhar and Varghese, SIGCOMM 1995), counted in pages:
 * each flow with calls gets its weight's worth of pages a round, and keeps what
 * it could not use for the next only while it has calls. Within a flow reads
 * pass writes, since a reader waits for them, but not more than a few in a row.
 */
#include "rmp_run.h"

void rmp_flow_init(struct rmp_flow *flow, u16 weight)
{
	INIT_LIST_HEAD(&flow->link);
	INIT_LIST_HEAD(&flow->reads);
	INIT_LIST_HEAD(&flow->writes);
	rmp_flow_set_weight(flow, weight);
	flow->passes = 0;
	flow->deficit = 0;
}

void rmp_flow_set_weight(struct rmp_flow *flow, u16 weight)
{
	flow->weight = clamp_t(u16, weight, 1, RMP_WEIGHT_MAX);
}

static struct rmp_flow *rmp_flow_of(struct rmp_peer *p,
				    const struct rmp_call *call)
{
	return call->flow ? call->flow : &p->req.flow;
}

static bool rmp_flow_empty(const struct rmp_flow *flow)
{
	return list_empty(&flow->reads) && list_empty(&flow->writes);
}

void rmp_flow_add(struct rmp_peer *p, struct rmp_call *call)
{
	struct rmp_flow *flow = rmp_flow_of(p, call);
	u16 cost = max_t(u16, rmp_pages(call->len), rmp_pages(call->max_reply));

	call->cost = max_t(u16, cost, 1);
	call->state = RMP_CALL_WAITING;
	list_add_tail(&call->link, call->len ? &flow->writes : &flow->reads);
	if (list_empty(&flow->link))
		list_add_tail(&flow->link, &p->req.flows);
	p->req.nwaiting++;
}

/* Takes out a call that waits. */
void rmp_flow_remove(struct rmp_peer *p, struct rmp_call *call)
{
	struct rmp_flow *flow = rmp_flow_of(p, call);

	MX_ASSERT(p->req.nwaiting);
	list_del_init(&call->link);
	p->req.nwaiting--;
	if (rmp_flow_empty(flow)) {
		list_del_init(&flow->link);
		flow->deficit = 0;
		flow->passes = 0;
	}
}

static struct rmp_call *rmp_flow_head(const struct rmp_flow *flow)
{
	bool write = list_empty(&flow->reads) ||
		     (flow->passes >= RMP_PASSES && !list_empty(&flow->writes));

	return list_first_entry(write ? &flow->writes : &flow->reads,
				struct rmp_call, link);
}

/*
 * Return: the call whose turn it is, which stays where it is, or NULL. The
 * loop is short: what a call can cost is a few rounds of the least weight.
 */
struct rmp_call *rmp_flow_next(struct rmp_peer *p)
{
	while (!list_empty(&p->req.flows)) {
		struct rmp_flow *flow = list_first_entry(&p->req.flows,
							 struct rmp_flow, link);
		struct rmp_call *call = rmp_flow_head(flow);

		if (flow->deficit >= call->cost)
			return call;
		flow->deficit += flow->weight * RMP_QUANTUM;
		list_move_tail(&flow->link, &p->req.flows);
	}
	return NULL;
}

/* The call that rmp_flow_next() gave is going to be sent. */
void rmp_flow_take(struct rmp_peer *p, struct rmp_call *call)
{
	struct rmp_flow *flow = rmp_flow_of(p, call);

	MX_ASSERT(flow->deficit >= call->cost);
	flow->deficit -= call->cost;
	if (call->len)
		flow->passes = 0;
	else if (!list_empty(&flow->writes))
		flow->passes++;
	rmp_flow_remove(p, call);
}

/* Return: any call that waits, or NULL. */
struct rmp_call *rmp_flow_any(struct rmp_peer *p)
{
	if (list_empty(&p->req.flows))
		return NULL;
	return rmp_flow_head(list_first_entry(&p->req.flows, struct rmp_flow, link));
}
