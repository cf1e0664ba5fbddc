// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the memory server: answered in the softirq that brought them
 * when nothing is lacking, else by a worker.
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

static ushort grant = 256;
module_param(grant, ushort, 0444);
MODULE_PARM_DESC(grant, "pages that each client may have in flight towards this server (256)");

/**
 * struct mxs_job - a request that a worker has to do
 * @work: does it, again and again until it is answered
 * @link: in jobs.idle; jobs.lock
 * @req:  the request
 * @ask:  decoded head
 * @who:  its sender
 * @end:  jiffies when it is declined
 * @late: enum mx_status to decline it with
 */
struct mxs_job {
	struct delayed_work work;
	struct list_head link;
	struct rmp_req	*req;
	struct mx_ask	ask;
	struct mxs_claim who;
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

static void claim_of(const struct rmp_req *req, struct mxs_claim *who)
{
	const struct rmp_slot *slot = rmp_req_slot(req);

	who->id = slot->volume;
	who->epoch = slot->epoch;
	who->node = rmp_req_node(req);
}

static void count_good(const struct mxs_try *turn)
{
	switch (turn->ask.op) {
	case MX_OP_OPEN:
		mxs_count(MXS_S_OPENS, 1);
		break;
	case MX_OP_READ:
		mxs_count(MXS_S_READS, 1);
		mxs_count(MXS_S_PAGES_OUT, turn->n);
		break;
	case MX_OP_WRITE:
		mxs_count(MXS_S_WRITES, 1);
		mxs_count(MXS_S_PAGES_IN, turn->ask.npages);
		break;
	case MX_OP_DISCARD:
		mxs_count(MXS_S_DISCARDS, 1);
		break;
	}
}

static void count_answer(const struct mxs_try *turn, int status)
{
	static const u8 counter[] = {
		[MX_ST_FULL]	= MXS_S_DECLINED,
		[MX_ST_NOVOL]	= MXS_S_NOVOL,
		[MX_ST_STALE]	= MXS_S_STALE,
		[MX_ST_INVAL]	= MXS_S_INVAL,
		[MX_ST_AGAIN]	= MXS_S_AGAIN,
	};

	if (status == MX_ST_OK)
		count_good(turn);
	else
		mxs_count(counter[status], 1);
}

static u64 vol_pages(u64 id)
{
	struct mxs_vol *vol;
	u64 used = 0;

	rcu_read_lock();
	vol = mxs_vol_find(id);
	if (vol)
		used = READ_ONCE(vol->share.used);
	rcu_read_unlock();
	return used;
}

/*
 * @turn->page[0..n-1] are the payload, and the page of trailers behind them;
 * their references pass to RMAP.
 */
static void answer(struct rmp_req *req, struct mxs_try *turn, int status)
{
	struct mx_answer ans = {
		.status	= status,
		.op	= turn->ask.op,
		.load	= READ_ONCE(mxs_srv.load),
		.mask	= turn->mask,
	};
	u8 head[RMP_HEAD_LEN];
	struct mx_quota q;

	mxs_figures(&q);
	ans.free = mx_quota_free(&q);
	ans.vol_pages = vol_pages(rmp_req_slot(req)->volume);
	mx_answer_encode(&ans, head);
	count_answer(turn, status);
	if (turn->n)
		rmp_reply(req, head, turn->page,
			  turn->n + mxs_sealed(&turn->ask),
			  mx_payload_len(turn->n, mxs_sealed(&turn->ask)));
	else
		rmp_reply(req, head, NULL, 0, 0);
}

/* Fresh pages with the payload of a WRITE. */
static bool take_payload(struct mxs_try *turn)
{
	unsigned int i;

	if (!mxs_stock_take(turn->page, turn->ask.npages))
		return false;
	turn->n = turn->ask.npages;
	for (i = 0; i < turn->n; i++)
		rmp_payload_copy(turn->payload, i << MX_PAGE_SHIFT,
				 page_address(turn->page[i]), MX_PAGE_SIZE);
	return true;
}

static void drop_payload(struct mxs_try *turn)
{
	LIST_HEAD(pages);
	unsigned int i;

	for (i = 0; i < turn->n; i++)
		list_add(&turn->page[i]->lru, &pages);
	if (turn->n)
		mxs_stock_dirty(&pages, turn->n);
	turn->n = 0;
}

static int try_write(struct mxs_vol *vol, struct mxs_try *turn)
{
	int status;

	if (READ_ONCE(mxs_srv.closing))
		return MX_ST_AGAIN;
	if (!mxs_chunk_ready(vol, turn->ask.page) || !take_payload(turn))
		return MXS_LATER;
	status = mxs_write(vol, turn);
	drop_payload(turn);
	return status;
}

/*
 * An attempt that neither sleeps nor allocates; all of it within one RCU
 * section, see mxs.h.
 */
static int try(struct rmp_req *req, const struct mxs_claim *who,
	       struct mxs_try *turn)
{
	struct mxs_vol *vol;
	int status;

	turn->payload = &rmp_req_slot(req)->req;
	turn->mask = 0;
	turn->n = 0;
	if (turn->ask.op == MX_OP_STAT)
		return MX_ST_OK;
	if (turn->ask.op == MX_OP_OPEN || turn->ask.op == MX_OP_DROP)
		return MXS_LATER;

	rcu_read_lock();
	status = mxs_vol_admit(who, &turn->ask, &vol);
	if (status == MX_ST_OK) {
		if (turn->ask.op == MX_OP_READ)
			status = mxs_read(vol, turn);
		else if (turn->ask.op == MX_OP_WRITE)
			status = try_write(vol, turn);
		else
			status = mxs_discard(vol, &turn->ask);
	}
	rcu_read_unlock();
	return status;
}

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

static int do_open(struct mxs_job *job)
{
	const struct rmp_asm *payload = &rmp_req_slot(job->req)->req;
	char name[MX_NAME_MAX + 1];

	job->late = MX_ST_FULL;
	rmp_payload_copy(payload, 0, name, payload->len);
	return mxs_vol_open(&job->who, &job->ask, name, payload->len);
}

/* Gets what a WRITE lacks, and tries it. */
static int do_write(struct mxs_job *job, struct mxs_try *turn)
{
	struct mxs_vol *vol;
	int status;

	job->late = MX_ST_FULL;
	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(&job->who, &job->ask, &vol);
	if (status == MX_ST_OK)
		status = READ_ONCE(mxs_srv.closing) ? MX_ST_AGAIN :
			 mxs_chunk_make(vol, job->ask.page);
	mutex_unlock(&mxs_srv.table);
	if (status != MX_ST_OK)
		return status;

	job->late = MX_ST_AGAIN;
	mxs_news();
	if (!mxs_stock_fill(job->ask.npages))
		return MXS_LATER;
	local_bh_disable();
	status = try(job->req, &job->who, turn);
	local_bh_enable();
	return status;
}

/* What it lacked was a page for trailers; reclaim may have made one. */
static int do_read(struct mxs_job *job, struct mxs_try *turn)
{
	int status;

	job->late = MX_ST_AGAIN;
	local_bh_disable();
	status = try(job->req, &job->who, turn);
	local_bh_enable();
	return status;
}

static int do_job(struct mxs_job *job, struct mxs_try *turn)
{
	int status;

	switch (job->ask.op) {
	case MX_OP_OPEN:
		return do_open(job);
	case MX_OP_DROP:
		return mxs_vol_drop(&job->who);
	case MX_OP_READ:
		return do_read(job, turn);
	case MX_OP_DISCARD:
		status = mxs_discard_slow(&job->who, &job->ask);
		mxs_news();
		return status;
	default:
		return do_write(job, turn);
	}
}

static void job_work(struct work_struct *work)
{
	struct mxs_job *job = container_of(to_delayed_work(work),
					   struct mxs_job, work);
	struct mxs_try turn = { .ask = job->ask };
	struct rmp_req *req = job->req;
	int status = do_job(job, &turn);

	if (status == MXS_LATER) {
		if (time_before(jiffies, job->end)) {
			queue_delayed_work(mxs_srv.jobs, &job->work,
					   msecs_to_jiffies(JOB_RETRY_MS));
			return;
		}
		status = job->late;
	}
	job_put(job);
	local_bh_disable();
	answer(req, &turn, status);
	local_bh_enable();
}

static bool defer(struct rmp_req *req, const struct mxs_claim *who,
		  const struct mx_ask *ask)
{
	struct mxs_job *job = job_get();

	if (!job)
		return false;
	job->req = req;
	job->who = *who;
	job->ask = *ask;
	job->end = jiffies + msecs_to_jiffies(JOB_WAIT_MS);
	job->late = MX_ST_AGAIN;
	mxs_count(MXS_S_DEFERRED, 1);
	queue_delayed_work(mxs_srv.jobs, &job->work, 0);
	return true;
}

static void request(struct rmp_req *req)
{
	const struct rmp_slot *slot = rmp_req_slot(req);
	struct mxs_try turn mx_noinit;
	struct mxs_claim who;
	int status;

	claim_of(req, &who);
	/* What comes with generations is refused until the store has them. */
	if (mx_ask_decode(slot->head, slot->req.len, &turn.ask) ||
	    turn.ask.op > MX_OP_STAT || turn.ask.gen ||
	    turn.ask.flags & ~(MX_F_RELEASE | MX_F_SEALED)) {
		turn.mask = 0;
		turn.n = 0;
		answer(req, &turn, MX_ST_INVAL);
		return;
	}
	status = try(req, &who, &turn);
	if (status == MXS_LATER) {
		if (defer(req, &who, &turn.ask))
			return;
		status = MX_ST_AGAIN;
	}
	answer(req, &turn, status);
}

/* Not constant: the grant is a parameter. */
static struct rmp_service service = {
	.port		= RMP_PORT_MEMORY,
	.request	= request,
};

int mxs_service_start(void)
{
	service.grant = grant;
	return rmp_service_register(&service);
}

void mxs_service_stop(void)
{
	rmp_service_unregister(&service);
}

int mxs_jobs_init(void)
{
	unsigned int i;

	spin_lock_init(&jobs.lock);
	INIT_LIST_HEAD(&jobs.idle);
	max_jobs = clamp(max_jobs, 16U, 65536U);
	grant = clamp_t(ushort, grant, MX_OP_PAGES, RMP_WINDOW * MX_OP_PAGES);
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
