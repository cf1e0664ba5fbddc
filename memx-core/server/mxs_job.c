// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that a worker does: those that may sleep, and those that lacked
 * something where they came in.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include "mxs.h"

enum {
	JOB_WAIT_MS	= 1000,	/* for memory, before the request is declined */
	JOB_RETRY_MS	= 10,	/* between attempts */
	JOB_ACTIVE	= 16,	/* workers at most */
};

static unsigned int max_jobs = 1024;
module_param(max_jobs, uint, 0444);
MODULE_PARM_DESC(max_jobs, "requests that may wait for a worker at once (1024)");

/**
 * struct mxs_job - a request that a worker has to do
 * @work: does it, again and again until it is answered
 * @link: in jobs.idle; jobs.lock
 * @req:  the request
 * @end:  jiffies when it is declined
 * @late: enum mx_status to decline it with
 */
struct mxs_job {
	struct delayed_work work;
	struct list_head link;
	struct rmp_req	*req;
	unsigned long	end;
	u16		late;
};

/**
 * struct mxs_jobs - all jobs there can be
 * @lock: guards @idle, @busy
 * @idle: not in use
 * @busy: number in use
 * @all:  array of max_jobs
 */
struct mxs_jobs {
	spinlock_t	lock;	/* idle, busy */
	struct list_head idle;
	unsigned int	busy;
	struct mxs_job	*all;
};

static struct mxs_jobs jobs;

static struct mxs_job *job_get(void)
{
	struct mxs_job *job = NULL;

	spin_lock_bh(&jobs.lock);
	if (!list_empty(&jobs.idle)) {
		job = list_first_entry(&jobs.idle, struct mxs_job, link);
		list_del(&job->link);
		jobs.busy++;
	}
	spin_unlock_bh(&jobs.lock);
	return job;
}

static void job_put(struct mxs_job *job)
{
	spin_lock_bh(&jobs.lock);
	list_add(&job->link, &jobs.idle);
	jobs.busy--;
	spin_unlock_bh(&jobs.lock);
}

unsigned int mxs_jobs_waiting(void)
{
	return READ_ONCE(jobs.busy);
}

static int do_open(struct mxs_job *job, struct mxs_try *t)
{
	char name[MX_NAME_MAX + 1];

	job->late = MX_ST_FULL;
	rmp_payload_copy(t->payload, 0, name, t->payload->len);
	return mxs_vol_open(t, name, t->payload->len);
}

static int try_again(struct mxs_try *t)
{
	int status;

	local_bh_disable();
	status = mxs_try(t);
	local_bh_enable();
	return status;
}

static int make_chunk(struct mxs_try *t)
{
	struct mxs_vol *vol;
	LIST_HEAD(freed);
	int status;

	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK)
		status = mxs_chunk_make(vol, t, &freed);
	mutex_unlock(&mxs_srv.table);
	mxs_stock_scrub(&freed);
	mxs_news();
	return status;
}

/* Gets what a WRITE or SETGEN lacks, and tries it. */
static int do_store(struct mxs_job *job, struct mxs_try *t)
{
	int status;

	job->late = MX_ST_FULL;
	status = make_chunk(t);
	if (status != MX_ST_OK)
		return status;
	job->late = MX_ST_AGAIN;
	if (t->ask.op == MX_OP_WRITE && !mxs_stock_fill(t->ask.npages))
		return MXS_LATER;
	return try_again(t);
}

static int do_discard(struct mxs_try *t)
{
	int status = mxs_discard_slow(t);

	mxs_news();
	return status;
}

static int do_reserve(struct mxs_try *t)
{
	int status = mxs_vol_reserve(t);

	mxs_news();
	return status;
}

static int do_job(struct mxs_job *job, struct mxs_try *t)
{
	switch (t->ask.op) {
	case MX_OP_OPEN:
		return do_open(job, t);
	case MX_OP_DROP:
		return mxs_vol_drop(t);
	case MX_OP_READ:
		/* It lacked a page for trailers; there may be one now. */
		return try_again(t);
	case MX_OP_DISCARD:
		return do_discard(t);
	case MX_OP_LIST:
		return mxs_list(t);
	case MX_OP_BITMAP:
		return mxs_bitmap(t);
	case MX_OP_ROSTER:
		return mxs_roster(t);
	case MX_OP_LOOK:
		return mxs_look(t);
	case MX_OP_RESERVE:
		return do_reserve(t);
	default:
		return do_store(job, t);
	}
}

/* Pages for an answer that is not given now. A READ has none then. */
static void drop_answer(struct mxs_try *t)
{
	while (t->n)
		__free_page(t->page[--t->n]);
}

static void job_work(struct work_struct *work)
{
	struct mxs_job *job = container_of(to_delayed_work(work),
					   struct mxs_job, work);
	struct mxs_try t mx_noinit;
	int status = mxs_try_init(&t, job->req);

	if (status == MX_ST_OK)
		status = do_job(job, &t);
	if (status == MXS_LATER) {
		drop_answer(&t);
		if (time_before(jiffies, job->end)) {
			queue_delayed_work(mxs_srv.jobs, &job->work,
					   msecs_to_jiffies(JOB_RETRY_MS));
			return;
		}
		t.arg = 0;
		status = job->late;
	}
	job_put(job);
	local_bh_disable();
	mxs_answer(&t, status);
	local_bh_enable();
}

bool mxs_defer(const struct mxs_try *t)
{
	struct mxs_job *job = job_get();

	if (!job)
		return false;
	job->req = t->req;
	job->end = jiffies + msecs_to_jiffies(JOB_WAIT_MS);
	job->late = MX_ST_AGAIN;
	mxs_stat_add(MXS_S_DEFERRED, 1);
	queue_delayed_work(mxs_srv.jobs, &job->work, 0);
	return true;
}

int mxs_jobs_init(void)
{
	unsigned int i;

	spin_lock_init(&jobs.lock);
	INIT_LIST_HEAD(&jobs.idle);
	max_jobs = clamp(max_jobs, 16U, 65536U);
	jobs.all = kvcalloc(max_jobs, sizeof(*jobs.all), GFP_KERNEL);
	if (!jobs.all)
		return -ENOMEM;
	for (i = 0; i < max_jobs; i++) {
		INIT_DELAYED_WORK(&jobs.all[i].work, job_work);
		list_add_tail(&jobs.all[i].link, &jobs.idle);
	}
	mxs_srv.jobs = alloc_workqueue("memx_server", WQ_MEM_RECLAIM |
				       WQ_HIGHPRI | WQ_PERCPU, JOB_ACTIVE);
	if (mxs_srv.jobs)
		return 0;
	kvfree(jobs.all);
	return -ENOMEM;
}

/* The service is stopped: no job is in use. */
void mxs_jobs_exit(void)
{
	destroy_workqueue(mxs_srv.jobs);
	kvfree(jobs.all);
}
