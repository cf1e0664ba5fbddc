// SPDX-License-Identifier: GPL-2.0
/*
 * Operations: made, submitted to their chunk, tried again, ended.
 */
#include "mx_op.h"
#include "mx_slab.h"

static struct kmem_cache *cache;

static void construct(void *op)
{
	memset(op, 0, sizeof(struct mx_op));
}

int mx_op_init(void)
{
	cache = kmem_cache_create("mx_op", sizeof(struct mx_op), 0,
				  SLAB_HWCACHE_ALIGN, construct);
	return cache ? 0 : -ENOMEM;
}

mempool_t *mx_op_pool(void)
{
	return mx_slab_pool(MX_OPS_RESERVED, cache);
}

void mx_op_exit(void)
{
	kmem_cache_destroy(cache);
}

struct mx_op *mx_op_alloc(struct mx_volume *vol)
{
	struct mx_op *op = mempool_alloc(vol->ops, GFP_NOWAIT | __GFP_NOWARN);

	if (!op)
		return NULL;
	atomic_inc(&vol->nops);
	mx_stat_inc(MX_S_OP_MADE);
	op->vol = vol;
	op->io = NULL;
	INIT_LIST_HEAD(&op->link);
	INIT_LIST_HEAD(&op->cop.link);
	INIT_LIST_HEAD(&op->cop.ready);
	op->cop.where = MX_COP_OUT;
	refcount_set(&op->refs, 1);
	op->began = jiffies;
	op->tried = 0;
	op->head = 0;
	op->tail = MX_PAGE_SIZE;
	op->phase = MX_OP_MAIN;
	op->tries = 0;
	op->orphan = false;
	op->pages = MX_PAGES_POOL;
	op->sealed = false;
	op->nc.call.state = RMP_CALL_IDLE;
	op->buf.off = 0;
	return op;
}

void mx_op_put(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;

	if (!refcount_dec_and_test(&op->refs))
		return;
	mempool_free(op, vol->ops);
	mx_stat_inc(MX_S_OP_FREED);
	if (unlikely(!list_empty(&vol->starved)))
		mx_io_feed(vol);
	/* The volume may go away from here on. */
	atomic_dec(&vol->nops);
}

void mx_op_set(struct mx_op *op, u8 kind, u64 page, u32 n)
{
	struct mx_volume *vol = op->vol;
	u64 chunk = page >> vol->shift;

	op->ck = xa_load(&vol->map, chunk);
	op->page = page;
	op->cop.kind = kind;
	op->cop.first = page - (chunk << vol->shift);
	op->cop.n = n;
}

/* What the state of an operation becomes by the chunk's decision. */
static void prepare(struct mx_op *op, u8 act)
{
	lockdep_assert_held(&op->ck->lock);
	switch (act) {
	case MX_ACT_WAIT:
		op->state = MX_OP_QUEUED;
		break;
	case MX_ACT_CALL:
		op->srv = op->ck->c.server;
		op->era = op->ck->c.era;
		op->state = MX_OP_CALLED;
		break;
	case MX_ACT_PLACE:
		op->srv = MX_NO_SERVER;
		op->state = MX_OP_CALLED;
		break;
	default:
		op->state = MX_OP_ENDING;
		break;
	}
}

void mx_op_unlock(struct mx_volume *vol, struct mx_ck *ck,
		  const struct mx_snap *snap, struct list_head *ready)
{
	struct mx_op *op;

	list_for_each_entry(op, ready, cop.ready)
		prepare(op, op->cop.act);
	mx_ck_unlock(vol, ck, snap);
}

/* Writes and discards on a server that cannot be reached fail at once, even if
 * they would only have to wait for an older one that was given up.
 */
static bool hopeless(const struct mx_op *op)
{
	u8 server = op->ck->c.server;

	if (!op->io)
		return false;
	if (test_bit(MX_VF_ABORTED, &op->vol->flags))
		return true;
	return op->cop.kind != MX_COP_READ && server != MX_NO_SERVER &&
	       mx_member_dead(server);
}

/* Return: the chunk's decision. After WAIT the operation is out of our hands. */
static u8 submit(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;
	struct mx_ck *ck = op->ck;
	struct mx_snap snap;
	u8 act;

	mx_ck_lock(ck, &snap);
	if (unlikely(hopeless(op))) {
		mx_ck_unlock(vol, ck, &snap);
		return MX_ACT_LOST;
	}
	act = mx_chunk_submit(&ck->c, &op->cop);
	prepare(op, act);
	mx_ck_unlock(vol, ck, &snap);
	if (act == MX_ACT_WAIT)
		mx_vstat_inc(vol, MX_VS_WAITS);
	return act;
}

static void carry_out(struct mx_op *op, u8 act)
{
	switch (act) {
	case MX_ACT_WAIT:
		break;
	case MX_ACT_CALL:
	case MX_ACT_PLACE:
		mx_call_send(op);
		break;
	case MX_ACT_ZERO:
		mx_op_finish(op, mx_io_zeros(op));
		break;
	case MX_ACT_DONE:
		mx_op_finish(op, 0);
		break;
	case MX_ACT_FULL:
		mx_op_finish(op, -ENOSPC);
		break;
	default:
		mx_op_finish(op, -EIO);
		break;
	}
}

void mx_op_start(struct mx_op *op)
{
	carry_out(op, submit(op));
}

void mx_op_ready(struct list_head *ready)
{
	while (!list_empty(ready)) {
		struct mx_op *op = list_first_entry(ready, struct mx_op,
						    cop.ready);

		list_del_init(&op->cop.ready);
		carry_out(op, op->cop.act);
	}
}

void mx_op_discard(struct mx_op *op)
{
	struct mx_io *io = op->io;
	struct mx_volume *vol = op->vol;
	u64 end = (io->pos + io->len) >> MX_PAGE_SHIFT;
	u8 act = MX_ACT_DONE;

	while (act == MX_ACT_DONE && io->next < end) {
		u64 first = io->next;
		u64 chunk_end = ((first >> vol->shift) + 1) << vol->shift;

		io->next = min(end, chunk_end);
		mx_op_set(op, MX_COP_DISCARD, first, io->next - first);
		act = submit(op);
	}
	if (act == MX_ACT_WAIT)
		return;
	if (act == MX_ACT_CALL) {
		mx_call_send(op);
		return;
	}
	mx_op_put(op);
	mx_io_part(io, act == MX_ACT_DONE ? 0 : -EIO);
}

void mx_op_finish(struct mx_op *op, int err)
{
	struct mx_io *io = op->io;

	if (op->cop.kind == MX_COP_WRITE)
		mx_pool_put(&op->vol->pool, op->buf.page, mx_op_npages(op));
	if (io && op->cop.kind == MX_COP_DISCARD && !err) {
		mx_op_discard(op);
		return;
	}
	mx_op_put(op);
	if (io)
		mx_io_part(io, err);
}

void mx_op_later(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;

	lockdep_assert_held(&op->ck->lock);
	op->state = MX_OP_RETRY;
	op->due = jiffies + msecs_to_jiffies(10 << min_t(u8, op->tries, 5));
	if (op->tries < U8_MAX)
		op->tries++;
	spin_lock(&vol->lock);
	list_add_tail(&op->link, &vol->retry);
	timer_reduce(&vol->timer, op->due);
	spin_unlock(&vol->lock);
}

/* Called with a reference, while anything may have happened to it. */
static void retry(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;
	struct mx_ck *ck = READ_ONCE(op->ck);
	struct mx_snap snap;
	LIST_HEAD(ready);

	mx_ck_lock(ck, &snap);
	if (op->ck == ck && op->state == MX_OP_RETRY && list_empty(&op->link)) {
		mx_vstat_inc(vol, MX_VS_RETRIES);
		op->state = MX_OP_QUEUED;
		op->tried = 0;
		mx_chunk_end(&ck->c, &op->cop, MX_END_RETRY, &ready);
	}
	mx_op_unlock(vol, ck, &snap, &ready);
	mx_op_ready(&ready);
}

static struct mx_op *next_due(struct mx_volume *vol)
{
	struct mx_op *op, *found = NULL;

	spin_lock_bh(&vol->lock);
	list_for_each_entry(op, &vol->retry, link) {
		if (time_is_before_eq_jiffies(op->due)) {
			list_del_init(&op->link);
			refcount_inc(&op->refs);
			found = op;
			break;
		}
		timer_reduce(&vol->timer, op->due);
	}
	spin_unlock_bh(&vol->lock);
	return found;
}

void mx_op_retry_timer(struct timer_list *timer)
{
	struct mx_volume *vol = timer_container_of(vol, timer, timer);
	struct mx_op *op;

	while ((op = next_due(vol))) {
		retry(op);
		mx_op_put(op);
	}
}
