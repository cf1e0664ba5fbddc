/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Round-trip times and time-outs.
 */
#ifndef RMP_RTT_H
#define RMP_RTT_H

#include "rmp_wire.h"

/**
 * struct rmp_rtt - round-trip estimator, after RFC 6298, in microseconds
 * @srtt_us:   smoothed round-trip time, 0 before the first sample
 * @rttvar_us: its mean deviation
 * @rto_us:    retransmission time-out without back-off
 * @min_us:    smallest sample seen in this session
 */
struct rmp_rtt {
	u32	srtt_us;
	u32	rttvar_us;
	u32	rto_us;
	u32	min_us;
};

/* For the other files of the engine. */

void rmp_rtt_init(struct rmp_rtt *rtt);
u32 rmp_rtt_sample(struct rmp_rtt *rtt, u64 now_ns, u32 echo);
u64 rmp_rtt_wait_ns(const struct rmp_rtt *rtt, u8 tries, u32 floor_us,
		    u32 max_us);

#endif /* RMP_RTT_H */
