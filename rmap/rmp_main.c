// SPDX-License-Identifier: GPL-2.0
/*
 * memx_rmap: loading and unloading.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/random.h>
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_draft.h"
#include "rmp_frame.h"
#include "rmp_gso.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"
#include "rmp_recv.h"
#include "rmp_send.h"
#include "rmp_stats.h"
#include "rmp_steer.h"

bool rmp_insecure;
module_param_named(insecure, rmp_insecure, bool, 0444);
MODULE_PARM_DESC(insecure, "work without a cluster key: frames are neither authenticated nor encrypted");

static unsigned long long node_id;
module_param(node_id, ullong, 0444);
MODULE_PARM_DESC(node_id, "id of this node (default: the first attached interface's address)");

struct workqueue_struct *rmp_wq;
u32 rmp_inc;
u64 rmp_id;

u64 rmp_self_node(void)
{
	return READ_ONCE(rmp_id);
}
MX_EXPORT_SYMBOL(rmp_self_node);

u32 rmp_self_inc(void)
{
	return rmp_inc;
}
MX_EXPORT_SYMBOL(rmp_self_inc);

static void report(void)
{
	pr_info("unloaded, nodes created %llu destroyed %llu, packets kept %llu freed %llu\n",
		rmp_stat_sum(RMP_G_NODES_NEW), rmp_stat_sum(RMP_G_NODES_FREED),
		rmp_stat_sum(RMP_G_PKT_KEPT), rmp_stat_sum(RMP_G_PKT_FREED));
}

static int __init rmp_init(void)
{
	int err = -ENOMEM;

	rmp_id = node_id;
	do
		rmp_inc = get_random_u32();
	while (!rmp_inc);

	rmp_wq = alloc_workqueue("memx_rmap", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!rmp_wq)
		return err;
	err = rmp_frame_init();
	if (err)
		goto err_wq;
	err = rmp_draft_init();
	if (err)
		goto err_frame;
	err = rmp_node_init();
	if (err)
		goto err_draft;
	err = rmp_recv_init();
	if (err)
		goto err_node;
	err = rmp_steer_init();
	if (err)
		goto err_recv;
	rmp_cluster_key_init();
	rmp_send_init();
	rmp_gso_init();
	err = rmp_net_init();
	if (err)
		goto err_gso;
	err = rmp_nl_init();
	if (err)
		goto err_net;
	return 0;

err_net:
	rmp_net_exit();
err_gso:
	rmp_gso_exit();
	rmp_cluster_key_exit();
	rmp_steer_exit();
err_recv:
	rmp_recv_exit();
err_node:
	rmp_node_exit();
err_draft:
	rmp_draft_exit();
err_frame:
	rmp_frame_exit();
err_wq:
	destroy_workqueue(rmp_wq);
	return err;
}

static void __exit rmp_exit(void)
{
	rmp_nl_exit();
	rmp_net_exit();
	rmp_announce_exit();
	rmp_gso_exit();
	rmp_steer_exit();
	rmp_recv_exit();
	rmp_node_exit();
	rmp_cluster_key_exit();
	rmp_draft_exit();
	rmp_frame_exit();
	destroy_workqueue(rmp_wq);
	report();
}

module_init(rmp_init);
module_exit(rmp_exit);

MODULE_DESCRIPTION("RMAP: reliable messages between nodes over raw Ethernet");
MODULE_VERSION(RMP_MODULE_VERSION);
MODULE_LICENSE("GPL");
