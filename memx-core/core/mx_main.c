// SPDX-License-Identifier: GPL-2.0
/*
 * memx_core: loading, unloading, and what it exports of the engines.
 */
#include <linux/module.h>
#include "mx_keys.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_nl.h"
#include "mx_run.h"
#include "mx_stats.h"

struct workqueue_struct *mx_wq;
struct workqueue_struct *mx_slow_wq;
bool mx_unloading;

unsigned int mx_write_timeout_s = 10;
module_param_named(write_timeout_s, mx_write_timeout_s, uint, 0644);
MODULE_PARM_DESC(write_timeout_s, "seconds until a write to a silent server fails");

unsigned int mx_reserve_pages = 1024;
module_param_named(reserve_pages, mx_reserve_pages, uint, 0444);
MODULE_PARM_DESC(reserve_pages, "private pages of each volume for writes in flight");

MX_EXPORT_SYMBOL(mx_ask_encode);
MX_EXPORT_SYMBOL(mx_ask_decode);
MX_EXPORT_SYMBOL(mx_answer_encode);
MX_EXPORT_SYMBOL(mx_answer_decode);
MX_EXPORT_SYMBOL(mx_members_encode);
MX_EXPORT_SYMBOL(mx_members_decode);
MX_EXPORT_SYMBOL(mx_listed_encode);
MX_EXPORT_SYMBOL(mx_listed_decode);
MX_EXPORT_SYMBOL(mx_roster_encode);
MX_EXPORT_SYMBOL(mx_roster_decode);
MX_EXPORT_SYMBOL(mx_look_encode);
MX_EXPORT_SYMBOL(mx_look_decode);
MX_EXPORT_SYMBOL(mx_ad_encode);
MX_EXPORT_SYMBOL(mx_ad_decode);
MX_EXPORT_SYMBOL(mx_name_valid);
MX_EXPORT_SYMBOL(mx_chunk_shift);
MX_EXPORT_SYMBOL(mx_share_size);

static void report(void)
{
	static const struct {
		const char *what;
		enum mx_stat made, freed;
	} pair[] = {
		{ "volumes", MX_S_VOL_MADE, MX_S_VOL_FREED },
		{ "chunks", MX_S_CHUNK_MADE, MX_S_CHUNK_FREED },
		{ "ops", MX_S_OP_MADE, MX_S_OP_FREED },
		{ "pages", MX_S_PAGE_MADE, MX_S_PAGE_FREED },
	};
	char text[256];
	int i, at = 0;

	for (i = 0; i < ARRAY_SIZE(pair); i++)
		at += scnprintf(text + at, sizeof(text) - at,
				", %s created %llu destroyed %llu", pair[i].what,
				mx_stat_sum(pair[i].made),
				mx_stat_sum(pair[i].freed));
	pr_info("memx_core: unloaded%s\n", text);
}

static int __init mx_init(void)
{
	int err;

	/* The half that servers share has to do for the largest write. */
	mx_reserve_pages = clamp(mx_reserve_pages, 2U * MX_IO_PAGES, 1U << 20);
	err = mx_run_init();
	if (err)
		return err;
	err = -ENOMEM;
	mx_wq = alloc_workqueue("memx_core", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!mx_wq)
		goto free_ops;
	mx_slow_wq = alloc_workqueue("memx_slow", WQ_UNBOUND, 0);
	if (!mx_slow_wq)
		goto free_wq;
	mx_members_init();
	err = mx_nl_init();
	if (err)
		goto stop;
	return 0;
stop:
	mx_unloading = true;
	mx_members_exit();
	destroy_workqueue(mx_slow_wq);
free_wq:
	destroy_workqueue(mx_wq);
free_ops:
	mx_run_exit();
	return err;
}

static void __exit mx_exit(void)
{
	mx_nl_exit();
	WRITE_ONCE(mx_unloading, true);
	/* Volumes that are being removed; the others keep the module loaded. */
	destroy_workqueue(mx_slow_wq);
	mx_members_exit();
	destroy_workqueue(mx_wq);
	mx_run_exit();
	mx_keys_exit();
	report();
}

module_init(mx_init);
module_exit(mx_exit);

MODULE_DESCRIPTION("MemX: volumes in the memory of other machines");
MODULE_LICENSE("GPL");
MX_IMPORT_NS(MEMX);
