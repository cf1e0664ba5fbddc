// SPDX-License-Identifier: GPL-2.0
/*
 * memx_blkback: gives guests disks made of other machines' memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/module.h>
#include <xen/xen.h>

#include "mxbk.h"

struct workqueue_struct *mxbk_wq;
struct page *mxbk_zeros;
atomic64_t mxbk_made[MXBK_N_THINGS];
atomic64_t mxbk_freed[MXBK_N_THINGS];

static void report(void)
{
	pr_info("unloaded, disks created %llu destroyed %llu, rings created %llu destroyed %llu, requests created %llu destroyed %llu\n",
		(u64)atomic64_read(&mxbk_made[MXBK_N_DEV]),
		(u64)atomic64_read(&mxbk_freed[MXBK_N_DEV]),
		(u64)atomic64_read(&mxbk_made[MXBK_N_RING]),
		(u64)atomic64_read(&mxbk_freed[MXBK_N_RING]),
		(u64)atomic64_read(&mxbk_made[MXBK_N_REQ]),
		(u64)atomic64_read(&mxbk_freed[MXBK_N_REQ]));
}

static int __init mxbk_init(void)
{
	int err = -ENOMEM;

	if (!xen_domain())
		return -ENODEV;
	mxbk_zeros = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!mxbk_zeros)
		return err;
	err = mxbk_grant_init();
	if (err)
		goto err_page;
	err = -ENOMEM;
	mxbk_wq = alloc_workqueue("memx_blkback", WQ_UNBOUND, 0);
	if (!mxbk_wq)
		goto err_grant;
	err = xenbus_register_backend(&mxbk_driver);
	if (err)
		goto err_wq;
	err = mxbk_claim_init(&mxbk_driver);
	if (err)
		goto err_driver;
	return 0;

err_driver:
	xenbus_unregister_driver(&mxbk_driver);
err_wq:
	destroy_workqueue(mxbk_wq);
err_grant:
	mxbk_grant_exit();
err_page:
	__free_page(mxbk_zeros);
	return err;
}

static void __exit mxbk_exit(void)
{
	/* First, so that no disk is claimed while the driver is going. */
	mxbk_claim_exit();
	xenbus_unregister_driver(&mxbk_driver);
	destroy_workqueue(mxbk_wq);
	mxbk_grant_exit();
	__free_page(mxbk_zeros);
	report();
}

module_init(mxbk_init);
module_exit(mxbk_exit);

MODULE_DESCRIPTION("MemX: Xen block backend for volumes in other machines' memory");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
MODULE_ALIAS("xen-backend:vbd3");
/* First in line with the bus, and so spared the offers that we would refuse. */
MODULE_SOFTDEP("pre: xen-blkback");
MX_IMPORT_NS(MEMX);
