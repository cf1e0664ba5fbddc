// SPDX-License-Identifier: GPL-2.0
/*
 * memx_client: loading, unloading, counters.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include "mxc.h"

/** struct counters - one CPU's counters. @v: enum mxc_stat */
struct counters {
	u64 v[MXC_S_COUNT];
};

static DEFINE_PER_CPU(struct counters, counters);

#define MXC_STAT_NAME(sym, name, help) name,
#define MXC_STAT_HELP(sym, name, help) help,

void mxc_stat_inc(enum mxc_stat which)
{
	this_cpu_inc(counters.v[which]);
}

u64 mxc_stat_sum(enum mxc_stat which)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counters, cpu).v[which]);
	return sum;
}

const char *mxc_stat_name(enum mxc_stat which)
{
	static const char * const name[] = { MXC_STATS(MXC_STAT_NAME) };

	return name[which];
}

const char *mxc_stat_help(enum mxc_stat which)
{
	static const char * const help[] = { MXC_STATS(MXC_STAT_HELP) };

	return help[which];
}

static int __init mxc_init(void)
{
	int err = mxc_io_init();

	if (err)
		return err;
	err = mxc_nl_init();
	if (err)
		mxc_io_exit();
	return err;
}

static void __exit mxc_exit(void)
{
	mxc_nl_exit();
	mxc_dev_remove_all();
	mxc_io_exit();
	pr_info("memx_client: unloaded, devices created %llu destroyed %llu, ios created %llu destroyed %llu\n",
		mxc_stat_sum(MXC_S_DEV_MADE), mxc_stat_sum(MXC_S_DEV_FREED),
		mxc_stat_sum(MXC_S_IO_MADE), mxc_stat_sum(MXC_S_IO_FREED));
}

module_init(mxc_init);
module_exit(mxc_exit);

MODULE_DESCRIPTION("MemX: block devices in the memory of other machines");
MODULE_LICENSE("GPL");
MX_IMPORT_NS(MEMX);
