// SPDX-License-Identifier: GPL-2.0
/*
 * memx_client: loading, unloading, counters.
 */
#include <linux/module.h>
#include "mxc.h"

MX_COUNTERS_DEFINE(mxc_stat, mxc_stat, MXC_STATS)

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
