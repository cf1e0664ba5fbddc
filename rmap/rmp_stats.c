// SPDX-License-Identifier: GPL-2.0
/*
 * The module's own counters: storage, sums and names.
 */
#include "rmp_stats.h"

DEFINE_PER_CPU(struct rmp_gstats, rmp_gstats);

/**
 * struct gstat_text - how a counter is shown
 * @name: short name, part of the interface to user space
 * @help: one line
 */
struct gstat_text {
	const char *name;
	const char *help;
};

static const struct gstat_text texts[RMP_G_COUNT] = {
#define RMP_GSTAT_TEXT(sym, name, help) \
	[RMP_G_##sym] = { name, help },
	RMP_GSTATS(RMP_GSTAT_TEXT)
#undef RMP_GSTAT_TEXT
};

u64 rmp_stat_sum(enum rmp_gstat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(&rmp_gstats, cpu)->v[stat]);
	return sum;
}

const char *rmp_stat_name(enum rmp_gstat stat)
{
	return texts[stat].name;
}

const char *rmp_stat_help(enum rmp_gstat stat)
{
	return texts[stat].help;
}
