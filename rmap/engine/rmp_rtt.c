// SPDX-License-Identifier: GPL-2.0
/*
 * How long to wait for an answer: the estimator of RFC 6298 on echoed time stamps.
 */
#include "rmp_run.h"

void rmp_rtt_init(struct rmp_rtt *rtt)
{
	memset(rtt, 0, sizeof(*rtt));
	rtt->rto_us = RMP_RTO_INIT_US;
}

/*
 * An echo names the very copy that was answered, so that samples of repeated
 * requests are as good as any (Karn's rule is about those that cannot tell).
 *
 * Return: the sample, or 0 if it is none.
 */
u32 rmp_rtt_sample(struct rmp_rtt *rtt, u64 now_ns, u32 echo)
{
	u32 us = rmp_stamp(now_ns) - echo;
	u32 dev;

	if (!echo || us > RMP_RTT_MAX_US)
		return 0;
	us = max_t(u32, us, 1);
	if (!rtt->srtt_us) {
		rtt->srtt_us = us;
		rtt->rttvar_us = us / 2;
		rtt->min_us = us;
	} else {
		dev = us > rtt->srtt_us ? us - rtt->srtt_us : rtt->srtt_us - us;
		rtt->rttvar_us = (3 * rtt->rttvar_us + dev) / 4;
		rtt->srtt_us = max_t(u32, (7 * rtt->srtt_us + us) / 8, 1);
		rtt->min_us = min(rtt->min_us, us);
	}
	rtt->rto_us = clamp_t(u32, rtt->srtt_us + 4 * rtt->rttvar_us,
			      RMP_RTO_MIN_US, RMP_RTO_MAX_US);
	return us;
}

/*
 * The time-out after @tries fruitless ones, doubled each time up to @max_us.
 * @floor_us: shortest time-out without back-off; only below RMP_RTO_MIN_US does
 * it make a difference.
 */
u64 rmp_rtt_wait_ns(const struct rmp_rtt *rtt, u8 tries, u32 floor_us, u32 max_us)
{
	u64 us = rtt->rto_us;

	if (floor_us < us && rtt->srtt_us)
		us = clamp_t(u64, rtt->srtt_us + 4 * rtt->rttvar_us, floor_us, us);
	us <<= min_t(u8, tries, RMP_TRIES_MAX);

	return min_t(u64, us, max_us) * 1000;
}
