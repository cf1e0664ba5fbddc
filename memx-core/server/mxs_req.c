// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the memory server: answered in the softirq that brought them
 * when nothing is lacking, else handed to a worker.
 */
#include <linux/module.h>
#include "mxs.h"

enum {
	ANSWER_WINDOWS	= 8,	/* of a client's that may be kept in answers */
};

static ushort grant = 256;
module_param(grant, ushort, 0444);
MODULE_PARM_DESC(grant, "pages that each client may have in flight towards this server (256)");

static int get_members(struct mxs_try *t)
{
	u8 raw[MX_COPIES_MAX * sizeof(struct mx_wire_node)];
	int n;

	/* The decoder of the head has seen to the length. */
	rmp_payload_copy(t->payload, 0, raw, t->payload->len);
	n = mx_members_decode(raw, t->payload->len, t->member);
	if (n < 0)
		return MX_ST_INVAL;
	t->nmembers = n;
	return MX_ST_OK;
}

int mxs_try_init(struct mxs_try *t, struct rmp_req *req)
{
	const struct rmp_slot *slot = rmp_req_slot(req);

	t->req = req;
	t->payload = &slot->req;
	t->who.volume = slot->volume;
	t->who.node = rmp_req_node(req);
	t->who.inc = rmp_req_inc(req);
	t->who.epoch = slot->epoch;
	t->nmembers = 0;
	t->mask = 0;
	t->arg = 0;
	t->n = 0;
	t->len = 0;
	if (mx_ask_decode(slot->head, slot->req.len, &t->ask))
		return MX_ST_INVAL;
	return t->ask.op == MX_OP_SETGEN ? get_members(t) : MX_ST_OK;
}

bool mxs_may_answer(const struct mxs_try *t, u32 pages)
{
	return mx_store_may_answer(&mxs_srv.store, rmp_req_kept(t->req), pages);
}

bool mxs_orphan(const struct mxs_try *t)
{
	if (likely(!rmp_req_orphan(t->req)))
		return false;
	mxs_stat_add(MXS_S_ORPHANS, 1);
	return true;
}

static void count_good(const struct mxs_try *t)
{
	switch (t->ask.op) {
	case MX_OP_OPEN:
		mxs_stat_add(MXS_S_OPENS, 1);
		break;
	case MX_OP_READ:
		mxs_stat_add(MXS_S_READS, 1);
		mxs_stat_add(MXS_S_PAGES_OUT, t->n);
		break;
	case MX_OP_WRITE:
		mxs_stat_add(MXS_S_WRITES, 1);
		mxs_stat_add(MXS_S_PAGES_IN, t->ask.npages);
		break;
	case MX_OP_DISCARD:
		mxs_stat_add(MXS_S_DISCARDS, 1);
		break;
	case MX_OP_SETGEN:
		mxs_stat_add(MXS_S_SETGENS, 1);
		break;
	case MX_OP_LIST:
	case MX_OP_BITMAP:
	case MX_OP_ROSTER:
	case MX_OP_LOOK:
		mxs_stat_add(MXS_S_LISTS, 1);
		break;
	case MX_OP_RESERVE:
		mxs_stat_add(MXS_S_RESERVES, 1);
		break;
	}
}

static void count_answer(const struct mxs_try *t, int status)
{
	static const u8 counter[] = {
		[MX_ST_FULL]	= MXS_S_DECLINED,
		[MX_ST_NOVOL]	= MXS_S_NOVOL,
		[MX_ST_STALE]	= MXS_S_STALE,
		[MX_ST_INVAL]	= MXS_S_INVAL,
		[MX_ST_AGAIN]	= MXS_S_AGAIN,
		[MX_ST_NOCHUNK]	= MXS_S_NOCHUNK,
		[MX_ST_OLDGEN]	= MXS_S_OLDGEN,
		[MX_ST_HELD]	= MXS_S_HELD,
	};

	if (status == MX_ST_OK)
		count_good(t);
	else
		mxs_stat_add(counter[status], 1);
}

static u64 vol_pages(u64 id)
{
	struct mxs_vol *vol;
	u64 used = 0;

	rcu_read_lock();
	vol = mxs_vol_find(id);
	if (vol)
		used = READ_ONCE(vol->s.share.used);
	rcu_read_unlock();
	return used;
}

/* Pages of @t that the answer's payload is in. */
static unsigned int pages_used(const struct mxs_try *t, int status)
{
	if (status != MX_ST_OK)
		return 0;
	if (t->ask.op == MX_OP_READ)
		return t->n ? t->n + mxs_sealed(&t->ask) : 0;
	return DIV_ROUND_UP(t->len, MX_PAGE_SIZE);
}

static void reply(struct mxs_try *t, const u8 *head, int status)
{
	unsigned int used = pages_used(t, status), i;
	u32 len = t->len;

	/* Only LIST, BITMAP, ROSTER and LOOK have more pages than they need. */
	for (i = used; i < t->n; i++)
		__free_page(t->page[i]);
	if (t->ask.op == MX_OP_READ)
		len = mx_payload_len(t->n, mxs_sealed(&t->ask));
	if (used)
		rmp_reply(t->req, head, t->page, used, len);
	else
		rmp_reply(t->req, head, NULL, 0, 0);
}

void mxs_answer(struct mxs_try *t, int status)
{
	struct mx_answer ans = {
		.status	= status,
		.op	= t->ask.op,
		.load	= READ_ONCE(mxs_srv.load),
		.mask	= t->mask,
		.arg	= t->arg,
	};
	u8 head[RMP_HEAD_LEN];
	struct mx_quota q;

	mxs_figures(&q);
	ans.free = mx_quota_free(&q);
	ans.vol_pages = vol_pages(t->who.volume);
	mx_answer_encode(&ans, head);
	count_answer(t, status);
	reply(t, head, status);
}

/* Fresh pages with the payload of a WRITE. */
static bool take_payload(struct mxs_try *t)
{
	unsigned int i;

	if (!mxs_stock_take(t->page, t->ask.npages))
		return false;
	t->n = t->ask.npages;
	for (i = 0; i < t->n; i++)
		rmp_payload_copy(t->payload, i << MX_PAGE_SHIFT,
				 page_address(t->page[i]), MX_PAGE_SIZE);
	return true;
}

static void drop_payload(struct mxs_try *t)
{
	LIST_HEAD(pages);
	unsigned int i;

	for (i = 0; i < t->n; i++)
		list_add(&t->page[i]->lru, &pages);
	if (t->n)
		mxs_stock_dirty(&pages, t->n);
	t->n = 0;
}

static int try_write(struct mxs_vol *vol, struct mxs_try *t)
{
	int status = mxs_chunk_absent(vol, t);

	if (status != MX_ST_OK)
		return status;
	if (!take_payload(t))
		return MXS_LATER;
	status = mxs_write(vol, t);
	drop_payload(t);
	return status;
}

static int try_admitted(struct mxs_vol *vol, struct mxs_try *t)
{
	switch (t->ask.op) {
	case MX_OP_READ:
		if (!mxs_may_answer(t, t->ask.npages + mxs_sealed(&t->ask)))
			return MX_ST_AGAIN;
		return mxs_read(vol, t);
	case MX_OP_WRITE:
		return try_write(vol, t);
	case MX_OP_DISCARD:
		return mxs_discard(vol, t);
	case MX_OP_SETGEN:
		return mxs_setgen(vol, t);
	}
	return MXS_LATER;
}

/* All of it is within one RCU section, see mxs.h. */
int mxs_try(struct mxs_try *t)
{
	struct mxs_vol *vol;
	int status;

	if (t->ask.op == MX_OP_STAT)
		return MX_ST_OK;
	/* An owner is alive, however long workers take to say that it is. */
	if (t->ask.op == MX_OP_OPEN)
		mxs_vol_hear(t);
	if (t->ask.op == MX_OP_OPEN || t->ask.op == MX_OP_DROP ||
	    t->ask.op == MX_OP_LOOK)
		return MXS_LATER;

	rcu_read_lock();
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK)
		status = try_admitted(vol, t);
	rcu_read_unlock();
	return status;
}

static void request(struct rmp_req *req)
{
	struct mxs_try t mx_noinit;
	int status = mxs_try_init(&t, req);

	if (status == MX_ST_OK)
		status = mxs_try(&t);
	if (status == MXS_LATER) {
		if (mxs_defer(&t))
			return;
		status = MX_ST_AGAIN;
	}
	mxs_answer(&t, status);
}

/*
 * Not constant: the grant is a parameter. Answers are kept beyond the window while an
 * older request is still being worked on.
 */
static struct rmp_service service = {
	.port		= RMP_PORT_MEMORY,
	.request	= request,
};

int mxs_service_start(void)
{
	service.grant = clamp_t(ushort, grant, MX_OP_PAGES,
				RMP_WINDOW * MX_OP_PAGES);
	mxs_srv.store.max_answers = ANSWER_WINDOWS * service.grant;
	return rmp_service_register(&service);
}

void mxs_service_stop(void)
{
	rmp_service_unregister(&service);
}
