// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of memx_core and their names.
 */
#include "mx_stats.h"

MX_COUNTERS_DEFINE(mx_stat, mx_stat, MX_STATS)

MX_COUNTERS_WORDS(mx_vol_stat_words, MX_VOL_STATS);

u64 mx_vol_stat_sum(struct mx_vol_stats __percpu *stats, enum mx_vol_stat which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		u64 v = READ_ONCE(per_cpu_ptr(stats, cpu)->v[which]);

		if (which == MX_VS_LAT_MAX)
			sum = max(sum, v);
		else
			sum += v;
	}
	return sum;
}

void mx_vol_latency(struct mx_vol_stats __percpu *stats, bool write,
		    u64 sum[RMP_LAT_BUCKETS])
{
	int cpu, i;

	memset(sum, 0, RMP_LAT_BUCKETS * sizeof(*sum));
	for_each_possible_cpu(cpu)
		for (i = 0; i < RMP_LAT_BUCKETS; i++)
			sum[i] += READ_ONCE(per_cpu_ptr(stats, cpu)->latency[write][i]);
}
