/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose turn it is: calls that wait, by the flow that they belong to.
 */
#ifndef RMP_FLOW_H
#define RMP_FLOW_H

#include "rmp_wire.h"

struct rmp_call;
struct rmp_peer;

#define RMP_WEIGHT_MAX	64

/**
 * struct rmp_flow - calls to one peer that share a weight, a volume's for one
 *
 * The submitter makes it with rmp_flow_init() and keeps it as long as any of
 * its calls is open; the engine owns the fields.
 *
 * @link:    in the peer's list of flows while calls wait
 * @reads:   waiting calls without payload, oldest first
 * @writes:  waiting calls with payload, oldest first
 * @weight:  its share among the flows of the peer, 1 ... RMP_WEIGHT_MAX
 * @passes:  reads sent in a row while a write waited
 * @deficit: pages that it may still have sent in this round
 */
struct rmp_flow {
	struct list_head link;
	struct list_head reads;
	struct list_head writes;
	u16	weight;
	u16	passes;
	u32	deficit;
};

/** rmp_flow_init() - a flow without calls; @weight is brought into 1 ... RMP_WEIGHT_MAX */
void rmp_flow_init(struct rmp_flow *flow, u16 weight);

/** rmp_flow_set_weight() - from now on; serialised with the peer's calls */
void rmp_flow_set_weight(struct rmp_flow *flow, u16 weight);

/* For the other files of the engine. */

void rmp_flow_add(struct rmp_peer *p, struct rmp_call *call);
void rmp_flow_remove(struct rmp_peer *p, struct rmp_call *call);
struct rmp_call *rmp_flow_next(struct rmp_peer *p);
void rmp_flow_take(struct rmp_peer *p, struct rmp_call *call);
struct rmp_call *rmp_flow_any(struct rmp_peer *p);

#endif /* RMP_FLOW_H */
