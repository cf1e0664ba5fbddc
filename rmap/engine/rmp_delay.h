/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window that delay leaves.
 */
#ifndef RMP_DELAY_H
#define RMP_DELAY_H

#include "rmp_wire.h"

struct rmp_call;
struct rmp_peer;
struct rmp_run;

#define RMP_DELAY_CLASSES 6	/* calls of 1, 2-3, 4-7, 8-15, 16-31, 32 pages */

/**
 * enum rmp_probe_rtt - measuring the path while little is in flight
 * @RMP_PROBE_RTT_NOT:   no
 * @RMP_PROBE_RTT_DRAIN: nothing is sent until little is in flight
 * @RMP_PROBE_RTT_WAIT:  what was sent then is not answered yet
 */
enum rmp_probe_rtt {
	RMP_PROBE_RTT_NOT,
	RMP_PROBE_RTT_DRAIN,
	RMP_PROBE_RTT_WAIT,
};

/**
 * struct rmp_delay - how much of what is in flight waits on the way
 * @least_us: least time of a call, by size: in this period, in the one before;
 *            0: none
 * @turn_ns:  start of the period
 * @round:    first id of the round trip in progress
 * @queue:    least queue of that round so far, pages
 * @probe_msg: RMP_PROBE_RTT_WAIT: first id sent with little in flight
 * @probe:     enum rmp_probe_rtt
 * @grow:     the last round found fewer pages waiting than should
 * @busy:     a round of this period found as many as should
 */
struct rmp_delay {
	u32	least_us[RMP_DELAY_CLASSES][2];
	u64	turn_ns;
	u64	round;
	u32	queue;
	u64	probe_msg;
	u8	probe;
	bool	grow;
	bool	busy;
};

/* For the other files of the engine. */

void rmp_delay_init(struct rmp_delay *d);
void rmp_delay_sample(struct rmp_run *r, const struct rmp_call *call, u32 us);
void rmp_delay_sent(struct rmp_peer *p, const struct rmp_call *call);
u32 rmp_delay_window(const struct rmp_peer *p);

#endif /* RMP_DELAY_H */
