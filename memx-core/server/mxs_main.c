// SPDX-License-Identifier: GPL-2.0
/*
 * The memory server: start and stop, what it tells of itself, load and unload.
 */
#include <linux/cpumask.h>
#include <linux/kernel_stat.h>
#include <linux/module.h>
#include "mx_compat_nl.h"
#include "engine/mx_load.h"
#include "mxs.h"
#include "uapi/memx_nl.h"

enum {
	TICK_MS		= 1000,
};

static_assert(PAGE_SIZE == MX_PAGE_SIZE, "a page is a page");

unsigned int mxs_max_volumes = 1024;
module_param_named(max_volumes, mxs_max_volumes, uint, 0444);
MODULE_PARM_DESC(max_volumes, "volumes that may be open here at once (1024)");

struct mxs_server mxs_srv;
MX_COUNTERS_DEFINE(mxs_stat, mxs_stat, MXS_STATS)

static void advert_fill(u8 *head)
{
	struct mx_quota q;
	struct mx_ad ad = {
		.roles	= MX_ROLE_SERVER,
		.load	= READ_ONCE(mxs_srv.load),
	};

	mxs_figures(&q);
	ad.capacity = q.capacity;
	ad.free = mx_quota_free(&q);
	ad.used = q.used;
	mx_ad_encode(&ad, head);
}

/* Nanoseconds that the CPUs have worked, all together. */
static u64 cpu_work(void)
{
	static const u8 kinds[] = { CPUTIME_USER, CPUTIME_NICE, CPUTIME_SYSTEM,
				    CPUTIME_SOFTIRQ, CPUTIME_IRQ };
	u64 sum = 0;
	int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			sum += READ_ONCE(kcpustat_cpu(cpu).cpustat[kinds[i]]);
	return sum;
}

/*
 * How busy the host was since the last tick, as a part of 255. Requests are
 * answered in softirq, so there is no queue whose length would tell; a server
 * that runs out of stock pages is saturated whatever its CPUs do.
 */
static u8 load_sample(void)
{
	static u64 then_ns, then_work;
	u64 now = ktime_get_ns(), work = cpu_work();
	u64 all = (now - then_ns) * num_online_cpus();
	u64 busy = work > then_work ? work - then_work : 0;

	then_ns = now;
	then_work = work;
	if (mxs_stock_low())
		return 255;
	return all ? min_t(u64, 255, div64_u64(busy * 255, all)) : 0;
}

static void tick(struct work_struct *unused)
{
	mxs_account_room(mxs_host_room() + mxs_stock_room());
	WRITE_ONCE(mxs_srv.load, mx_load_decay(mxs_srv.load, load_sample()));
	mxs_stock_kick();
	mxs_leases_tick();
	mxs_news();
	queue_delayed_work(mxs_srv.chores, &mxs_srv.tick,
			   msecs_to_jiffies(TICK_MS));
}

static int check_capacity(u64 capacity, struct netlink_ext_ack *extack)
{
	u64 room = mxs_host_room();

	if (!capacity || capacity > 1ULL << (63 - PAGE_SHIFT)) {
		NL_SET_ERR_MSG(extack, "the capacity makes no sense");
		return -EINVAL;
	}
	if (capacity > room) {
		mx_extack_fmt(extack,
			      "the host can spare %llu MiB: it keeps 5 %% of all, at least 64 MiB",
			      room >> (20 - PAGE_SHIFT));
		return -ENOMEM;
	}
	return 0;
}

static int start(u64 capacity, struct netlink_ext_ack *extack)
{
	int err = check_capacity(capacity, extack);

	if (err)
		return err;
	if (!try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ENODEV;
	}
	mxs_account_start(capacity, mxs_host_room());
	mxs_srv.load = 0;
	mxs_stock_start(capacity);
	err = mxs_service_start();
	if (err) {
		NL_SET_ERR_MSG(extack, "something else serves memory on this host");
		mxs_stock_stop();
		module_put(THIS_MODULE);
		return err;
	}
	WRITE_ONCE(mxs_srv.state, MXS_RUNNING);
	queue_delayed_work(mxs_srv.chores, &mxs_srv.tick, 0);
	rmp_advert_set(advert_fill);
	return 0;
}

int mxs_start(u64 capacity, struct netlink_ext_ack *extack)
{
	int err = -EALREADY;

	mutex_lock(&mxs_srv.control);
	if (mxs_srv.state == MXS_STOPPED)
		err = start(capacity, extack);
	else
		NL_SET_ERR_MSG(extack, "the server is running already");
	mutex_unlock(&mxs_srv.control);
	return err;
}

/* From here on nothing is stored. Return: how many pages are. */
static u64 close_store(void)
{
	struct mx_quota q;

	WRITE_ONCE(mxs_srv.store.state, MX_STORE_CLOSING);
	synchronize_rcu();
	mxs_figures(&q);
	return q.used;
}

static void stop(void)
{
	WRITE_ONCE(mxs_srv.state, MXS_STOPPING);
	rmp_advert_set(NULL);
	mxs_service_stop();
	mxs_vols_drop_all();
	cancel_delayed_work_sync(&mxs_srv.tick);
	mxs_stock_stop();
	mxs_account_start(0, 0);
	WRITE_ONCE(mxs_srv.state, MXS_STOPPED);
	module_put(THIS_MODULE);
}

int mxs_stop(bool force, struct netlink_ext_ack *extack)
{
	int err = 0;
	u64 used;

	mutex_lock(&mxs_srv.control);
	if (mxs_srv.state == MXS_STOPPED) {
		NL_SET_ERR_MSG(extack, "the server is not running");
		err = -ESRCH;
		goto out;
	}
	used = close_store();
	if (used && !force) {
		mx_extack_fmt(extack,
			      "%llu pages are stored here that their owners would lose",
			      used);
		err = -ENOTEMPTY;
	} else {
		stop();
	}
out:
	WRITE_ONCE(mxs_srv.store.state, MX_STORE_RUNNING);
	mutex_unlock(&mxs_srv.control);
	return err;
}

static void server_init(void)
{
	mutex_init(&mxs_srv.control);
	mutex_init(&mxs_srv.table);
	spin_lock_init(&mxs_srv.account);
	mx_store_init(&mxs_srv.store, mxs_max_volumes);
	INIT_LIST_HEAD(&mxs_srv.vols);
	INIT_LIST_HEAD(&mxs_srv.dying);
	INIT_WORK(&mxs_srv.reaper, mxs_vols_reap);
	INIT_DELAYED_WORK(&mxs_srv.tick, tick);
}

static int __init mxs_init(void)
{
	int err;

	server_init();
	mxs_srv.chores = alloc_workqueue("memx_chores", WQ_MEM_RECLAIM |
					 WQ_HIGHPRI | WQ_UNBOUND, 0);
	if (!mxs_srv.chores)
		return -ENOMEM;
	err = mxs_jobs_init();
	if (err)
		goto no_jobs;
	err = mxs_stock_init();
	if (err)
		goto no_stock;
	err = mxs_nl_init();
	if (err)
		goto no_nl;
	return 0;

no_nl:
	mxs_stock_exit();
no_stock:
	mxs_jobs_exit();
no_jobs:
	destroy_workqueue(mxs_srv.chores);
	return err;
}

/* The server is stopped: while it runs it holds a reference on the module. */
static void __exit mxs_exit(void)
{
	mxs_nl_exit();
	mxs_stock_exit();
	mxs_jobs_exit();
	destroy_workqueue(mxs_srv.chores);
	pr_info("memx_server: unloaded, pages created %llu destroyed %llu, chunks created %llu destroyed %llu, volumes created %llu destroyed %llu\n",
		mxs_stat_sum(MXS_S_PAGES_CREATED), mxs_stat_sum(MXS_S_PAGES_DESTROYED),
		mxs_stat_sum(MXS_S_CHUNKS_CREATED),
		mxs_stat_sum(MXS_S_CHUNKS_DESTROYED),
		mxs_stat_sum(MXS_S_VOLUMES_CREATED),
		mxs_stat_sum(MXS_S_VOLUMES_DESTROYED));
}

module_init(mxs_init);
module_exit(mxs_exit);
MODULE_DESCRIPTION("MemX memory server: stores pages for other hosts");
MODULE_LICENSE("GPL");
MX_IMPORT_NS(MEMX);
