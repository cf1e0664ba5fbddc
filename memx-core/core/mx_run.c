// SPDX-License-Identifier: GPL-2.0
/*
 * The runner: carries out what the engine of operations decides.
 */
#include <linux/mm.h>
#include "mx_io.h"
#include "mx_leg.h"
#include "mx_main.h"
#include "mx_run.h"
#include "mx_sealed.h"

enum { MX_RUN_BATCH = 8 };	/* operations carried out between two locks */

static struct kmem_cache *cache;

static void construct(void *vop)
{
	memset(vop, 0, sizeof(struct mx_vop));
}

static_assert(sizeof(struct mx_vop) <= 4096, "a page of the slab has one");

int mx_run_init(void)
{
	cache = kmem_cache_create("mx_op", sizeof(struct mx_vop), 0,
				  SLAB_HWCACHE_ALIGN, construct);
	return cache ? 0 : -ENOMEM;
}

void mx_run_exit(void)
{
	kmem_cache_destroy(cache);
}

int mx_run_reserve(struct mx_volume *vol)
{
	return mx_reserve_init(&vol->ops, cache, MX_OPS_RESERVED, MX_OPS_IO);
}

struct mx_vop *mx_vop_get(struct mx_volume *vol, u8 slot)
{
	struct mx_reserved from;
	struct mx_vop *vop = mx_reserve_get(&vol->ops, slot, &from);

	if (!vop)
		return NULL;
	atomic_inc(&vol->nops);
	mx_stat_inc(MX_S_OP_MADE);
	vop->vol = vol;
	vop->io = NULL;
	INIT_LIST_HEAD(&vop->link);
	refcount_set(&vop->refs, 1);
	vop->from = from;
	vop->npages = 0;
	vop->head = 0;
	vop->tail = MX_PAGE_SIZE;
	vop->sealed = false;
	vop->buf.off = 0;
	return vop;
}

void mx_vop_return(struct mx_vop *vop)
{
	struct mx_volume *vol = vop->vol;

	mx_reserve_put(&vol->ops, vop, vop->from);
	mx_stat_inc(MX_S_OP_FREED);
	atomic_dec(&vol->nops);
}

void mx_vop_put(struct mx_vop *vop)
{
	struct mx_volume *vol = vop->vol;

	if (!refcount_dec_and_test(&vop->refs))
		return;
	mx_reserve_put(&vol->ops, vop, vop->from);
	mx_stat_inc(MX_S_OP_FREED);
	/*
	 * Whoever finds the reserve empty counts already, or queues this work
	 * itself afterwards; both take the reserve's lock, so we see it.
	 */
	if (unlikely(READ_ONCE(vol->starved.n)))
		queue_work(mx_wq, &vol->feed);
	/* The volume may go away from here on. */
	atomic_dec(&vol->nops);
}

void mx_vop_set(struct mx_vop *vop, u8 kind, u64 page, u32 n, u8 edges)
{
	struct mx_volume *vol = vop->vol;
	u64 chunk = page >> vol->shift;
	u64 now_ms = mx_volume_now_ms();

	/* It may have waited for memory; the cheap clock may be behind. */
	if (vop->io)
		now_ms = min(now_ms, div_u64(vop->io->start, NSEC_PER_MSEC));
	vop->ck = &vol->cks[chunk];
	vop->page = page;
	mx_op_init(&vop->op, kind, vop->io ? MX_OWN_IO : MX_OWN_CLUSTER,
		   page - (chunk << vol->shift), n, edges, now_ms);
	mx_leg_init(vop);
}

/* --- under the chunk's lock ------------------------------------------- */

static void pick(struct mx_vop *vop, const struct mx_env *env)
{
	struct mx_vchunk *ck = vop->ck;
	u64 tried = vop->op.tried;
	u8 server[MX_COPIES_MAX];
	u32 n = 0;
	int idx = -ENOSPC;

	while (n < vop->op.want) {
		idx = mx_vsrv_pick(vop->vol, ck - vop->vol->cks, tried,
				   ck->c.avoid);
		if (idx < 0)
			break;
		tried |= BIT_ULL(idx);
		server[n++] = idx;
	}
	mx_op_picked(&ck->c, &vop->op, server, n, idx == -EAGAIN, env, &ck->todo);
}

static void fill(struct mx_vop *vop)
{
	u8 edges = vop->op.fill;

	vop->op.fill = 0;
	if (edges & 1)
		mx_io_edge(vop, 0, NULL, MX_NO_SERVER);
	if (edges & 2)
		mx_io_edge(vop, vop->op.n - 1, NULL, MX_NO_SERVER);
}

static void wait(struct mx_vop *vop)
{
	struct mx_volume *vol = vop->vol;

	spin_lock(&vol->lock);
	vop->due = jiffies + msecs_to_jiffies(vop->op.wait_ms);
	list_move_tail(&vop->link, &vol->retry);
	timer_reduce(&vol->timer, vop->due);
	spin_unlock(&vol->lock);
}

static void wait_no_more(struct mx_vop *vop)
{
	if (likely(list_empty_careful(&vop->link)))
		return;
	spin_lock(&vop->vol->lock);
	list_del_init(&vop->link);
	spin_unlock(&vop->vol->lock);
}

/* Does at once what has to be, or may be. Return: whether more is to be done. */
static bool prepare(struct mx_todo_item *item, struct mx_env *env)
{
	struct mx_vop *vop = mx_vop_of(item->op);

	if (item->bits & MX_DO_PICK) {
		if (!env->members)
			mx_volume_env(vop->vol, env);
		pick(vop, env);
	}
	if (item->bits & MX_DO_FILL)
		fill(vop);
	if (item->bits & MX_DO_WAIT)
		wait(vop);
	if (item->bits & (MX_DO_END | MX_DO_FREE))
		wait_no_more(vop);
	item->bits &= MX_DO_VOID | MX_DO_SEND | MX_DO_END | MX_DO_FREE;
	if (item->bits & (MX_DO_VOID | MX_DO_END) && !(item->bits & MX_DO_FREE))
		refcount_inc(&vop->refs);
	return item->bits;
}

/* --- without it ------------------------------------------------------- */

/* Nobody waits for it any more; its payload is not needed. */
static void end(struct mx_vop *vop, bool freed)
{
	struct mx_io *io = vop->io;
	int err = vop->op.err;

	if (vop->op.kind == MX_KIND_READ && !err)
		err = mx_io_read_done(vop);
	if (vop->op.frees && !err)
		mx_vstat_add(vop->vol, MX_VS_ZERO_PAGES, vop->op.n);
	if (vop->npages) {
		mx_pool_put(&vop->vol->pool, vop->buf.page, vop->npages,
			    vop->slot);
		vop->npages = 0;
	}
	vop->io = NULL;
	if (io && vop->op.kind == MX_KIND_DISCARD) {
		mx_io_discard_ended(io, vop, err, freed);
		return;
	}
	if (freed)
		mx_vop_put(vop);
	if (io)
		mx_io_part(io, err);
}

static void send(struct mx_vop *vop, u32 legs)
{
	if (vop->vol->sealed && vop->op.kind == MX_KIND_WRITE && !vop->sealed &&
	    vop->npages && !vop->op.edges && !vop->op.frees)
		mx_seal_pages(vop);
	while (legs) {
		u32 i = __ffs(legs);

		legs &= legs - 1;
		mx_leg_call(vop, i);
	}
}

static void count_void(struct mx_vop *vop, u32 i)
{
	bool placing = vop->op.leg[i].flags & MX_F_PLACE;

	mx_vstat_inc(vop->vol, placing ? MX_VS_MOVED : MX_VS_ZOMBIES);
}

static void carry_out(const struct mx_todo_item *item)
{
	struct mx_vop *vop = mx_vop_of(item->op);
	bool held = item->bits & (MX_DO_VOID | MX_DO_END) &&
		    !(item->bits & MX_DO_FREE);
	u32 legs = item->legs_void;

	while (legs) {
		u32 i = __ffs(legs);

		legs &= legs - 1;
		count_void(vop, i);
		mx_leg_void(vop, i);
	}
	if (item->bits & MX_DO_SEND)
		send(vop, item->legs_send);
	if (item->bits & MX_DO_END)
		end(vop, item->bits & MX_DO_FREE);
	else if (item->bits & MX_DO_FREE)
		mx_vop_put(vop);
	if (held)
		mx_vop_put(vop);
}

void mx_run_unlock(struct mx_volume *vol, struct mx_vchunk *ck,
		   struct mx_snap *snap)
{
	struct mx_todo_item item[MX_RUN_BATCH];
	struct mx_env env = {};
	u32 i, n;
	bool more;

	do {
		n = 0;
		while (n < MX_RUN_BATCH && mx_todo_take(&ck->todo, &item[n]))
			if (prepare(&item[n], &env))
				n++;
		more = !list_empty(&ck->todo.ops);
		mx_map_unlock(vol, ck, snap);
		for (i = 0; i < n; i++)
			carry_out(&item[i]);
		if (unlikely(more))
			mx_map_lock(ck, snap);
	} while (more);
}

/* --- inputs ----------------------------------------------------------- */

/* What is not begun any more. Whoever ends all I/O looks at a chunk after that
 * was decided.
 */
static bool refused(const struct mx_vop *vop)
{
	return vop->io && test_bit(MX_VF_ABORTED, &vop->vol->flags);
}

static void submit(struct mx_vop *vop, const struct mx_env *env)
{
	struct mx_vchunk *ck = vop->ck;

	mx_op_submit(&ck->c, &vop->op, env, &ck->todo);
	if (vop->op.where == MX_OP_WAITING)
		mx_vstat_inc(vop->vol, MX_VS_WAITS);
}

void mx_run_start(struct mx_vop *vop)
{
	struct mx_volume *vol = vop->vol;
	struct mx_vchunk *ck = vop->ck;
	struct mx_snap snap;
	struct mx_env env;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	if (unlikely(refused(vop))) {
		mx_map_unlock(vol, ck, &snap);
		vop->op.err = -EIO;
		end(vop, true);
		return;
	}
	submit(vop, &env);
	mx_run_unlock(vol, ck, &snap);
}

bool mx_run_discard(struct mx_vop *vop, int *err)
{
	const u8 both = MX_DO_END | MX_DO_FREE;
	struct mx_volume *vol = vop->vol;
	struct mx_vchunk *ck = vop->ck;
	struct mx_snap snap;
	struct mx_env env;
	bool ended = true;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	*err = -EIO;
	if (likely(!refused(vop))) {
		submit(vop, &env);
		ended = vop->op.bits == both;
		if (ended) {
			list_del_init(&vop->op.todo);
			*err = vop->op.err;
		}
	}
	mx_run_unlock(vol, ck, &snap);
	return ended;
}

/* Called with a reference, while anything may have happened to it. */
static void wake(struct mx_vop *vop)
{
	struct mx_volume *vol = vop->vol;
	struct mx_vchunk *ck = READ_ONCE(vop->ck);
	struct mx_snap snap;
	struct mx_env env;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	if (vop->ck == ck) {
		mx_vstat_inc(vol, MX_VS_RETRIES);
		mx_op_wake(&ck->c, &vop->op, &env, &ck->todo);
	}
	mx_run_unlock(vol, ck, &snap);
}

static struct mx_vop *next_due(struct mx_volume *vol)
{
	struct mx_vop *vop, *found = NULL;

	spin_lock_bh(&vol->lock);
	list_for_each_entry(vop, &vol->retry, link) {
		if (time_is_before_eq_jiffies(vop->due)) {
			list_del_init(&vop->link);
			refcount_inc(&vop->refs);
			found = vop;
			break;
		}
		timer_reduce(&vol->timer, vop->due);
	}
	spin_unlock_bh(&vol->lock);
	return found;
}

void mx_run_timer(struct timer_list *timer)
{
	struct mx_volume *vol = timer_container_of(vol, timer, timer);
	struct mx_vop *vop;

	while ((vop = next_due(vol))) {
		wake(vop);
		mx_vop_put(vop);
	}
}
