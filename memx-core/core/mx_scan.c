// SPDX-License-Identifier: GPL-2.0
/*
 * Operations seen from the side: given up when the volume's user goes away or a
 * server is silent for too long, and chunks that were lost.
 */
#include <linux/mm.h>
#include "mx_op.h"

typedef bool (*mx_scan_cond)(struct mx_volume *vol, struct mx_ck *ck,
			     struct mx_op *op);

/* Those that nobody waits for are left to themselves, but must not outlive the
 * volume.
 */
static struct mx_op *find_in(struct mx_volume *vol, struct mx_ck *ck,
			     struct list_head *list, mx_scan_cond cond)
{
	bool all = test_bit(MX_VF_DYING, &vol->flags);
	struct mx_op *op;

	list_for_each_entry(op, list, cop.link)
		if (op->state != MX_OP_ZOMBIE && (op->io || all) &&
		    cond(vol, ck, op))
			return op;
	return NULL;
}

static struct mx_op *find(struct mx_volume *vol, struct mx_ck *ck,
			  mx_scan_cond cond)
{
	struct mx_op *op = find_in(vol, ck, &ck->c.readers, cond);

	if (!op)
		op = find_in(vol, ck, &ck->c.writers, cond);
	if (!op)
		op = find_in(vol, ck, &ck->c.waiting, cond);
	return op;
}

/*
 * The call of @op is with RMAP and cannot be taken back. A write keeps its
 * place in the chunk; but one that was placing the chunk gives it free, as the
 * server will be told to release what it may have taken.
 */
static void make_zombie(struct mx_op *op, struct list_head *ready)
{
	struct mx_volume *vol = op->vol;
	struct mx_chunk *c = &op->ck->c;
	bool placing = c->placer == &op->cop;

	op->state = MX_OP_ZOMBIE;
	op->io = NULL;
	mx_vstat_inc(vol, MX_VS_ZOMBIES);
	spin_lock(&vol->lock);
	list_add_tail(&op->link, &vol->zombies);
	spin_unlock(&vol->lock);
	if (op->cop.kind == MX_COP_WRITE) {
		op->pages = MX_PAGES_OWN;
		mx_pool_lose(&vol->pool, mx_op_npages(op));
	}
	if (placing && op->phase == MX_OP_MAIN) {
		op->orphan = true;
		if (op->srv != MX_NO_SERVER)
			op->ck->avoid |= BIT_ULL(op->srv);
	}
	if (placing || op->cop.kind == MX_COP_READ || op->phase != MX_OP_MAIN)
		mx_chunk_end(c, &op->cop, MX_END_FAILED, ready);
}

/* Gives up one operation that fits. Return: whether there was one. */
static bool give_up_one(struct mx_volume *vol, struct mx_ck *ck,
			mx_scan_cond cond)
{
	struct mx_op *op, *ended = NULL;
	struct mx_io *io = NULL;
	struct mx_snap snap;
	LIST_HEAD(ready);

	mx_ck_lock(ck, &snap);
	op = find(vol, ck, cond);
	if (op && op->state == MX_OP_CALLED) {
		io = op->io;
		make_zombie(op, &ready);
	} else if (op) {
		ended = op;
		if (op->state == MX_OP_RETRY) {
			spin_lock(&vol->lock);
			list_del_init(&op->link);
			spin_unlock(&vol->lock);
			mx_chunk_end(&ck->c, &op->cop, MX_END_FAILED, &ready);
		} else {
			mx_chunk_unqueue(&ck->c, &op->cop, &ready);
		}
		op->state = MX_OP_ENDING;
	}
	mx_op_unlock(vol, ck, &snap, &ready);

	if (io)
		mx_io_part(io, -EIO);
	if (ended)
		mx_op_finish(ended, -EIO);
	mx_op_ready(&ready);
	return op;
}

static bool any(struct mx_volume *vol, struct mx_ck *ck, struct mx_op *op)
{
	return true;
}

void mx_scan_abort(struct mx_volume *vol)
{
	u32 i;

	set_bit(MX_VF_ABORTED, &vol->flags);
	mx_io_fail_starved(vol);
	/* Whoever is in a chunk's lists now was there before the flag. */
	for (i = 0; i < vol->nchunks; i++)
		while (give_up_one(vol, &vol->cks[i], any))
			;
}

/* The operation that holds up the writes of a chunk that has no server. */
static bool placing_stuck(struct mx_ck *ck)
{
	struct mx_op *op;

	if (!ck->c.placer)
		return true;
	op = container_of(ck->c.placer, struct mx_op, cop);
	return op->state != MX_OP_CALLED ||
	       (op->srv != MX_NO_SERVER && mx_member_dead(op->srv));
}

/* A write or discard that has waited for a silent server for long enough. */
static bool overdue(struct mx_volume *vol, struct mx_ck *ck, struct mx_op *op)
{
	if (op->cop.kind == MX_COP_READ ||
	    time_is_after_jiffies(op->began + mx_write_timeout_s * HZ) ||
	    mx_members_awake_ms() < mx_write_timeout_s * MSEC_PER_SEC)
		return false;
	switch (op->state) {
	case MX_OP_RETRY:
		return true;
	case MX_OP_CALLED:
		return op->srv != MX_NO_SERVER && mx_member_dead(op->srv);
	case MX_OP_QUEUED:
		if (ck->c.server != MX_NO_SERVER)
			return mx_member_dead(ck->c.server);
		return placing_stuck(ck);
	}
	return false;
}

/* Whether a placement has to be begun anew: the server has fallen silent. */
static bool forsaken(struct mx_ck *ck)
{
	struct mx_op *op;

	if (!ck->c.placer)
		return false;
	op = container_of(ck->c.placer, struct mx_op, cop);
	return op->io && op->state == MX_OP_CALLED && op->phase == MX_OP_MAIN &&
	       op->srv != MX_NO_SERVER && !mx_member_alive(op->srv);
}

/* @heir carries on for @op, whose call remains with RMAP as an orphan. */
static void inherit(struct mx_op *heir, struct mx_op *op)
{
	struct mx_volume *vol = op->vol;
	u32 i;

	heir->cop.kind = op->cop.kind;
	heir->cop.first = op->cop.first;
	heir->cop.n = op->cop.n;
	heir->buf = op->buf;
	heir->sealed = op->sealed;
	for (i = 0; i < mx_op_npages(op); i++)
		get_page(op->buf.page[i]);
	heir->ck = op->ck;
	heir->io = op->io;
	heir->began = op->began;
	heir->page = op->page;
	heir->tries = op->tries;
	heir->srv = MX_NO_SERVER;
	heir->state = MX_OP_CALLED;
	mx_chunk_swap(&op->ck->c, &op->cop, &heir->cop);

	op->io = NULL;
	op->pages = MX_PAGES_SHARED;
	op->orphan = true;
	op->state = MX_OP_ZOMBIE;
	op->ck->avoid |= BIT_ULL(op->srv);
	spin_lock(&vol->lock);
	list_add_tail(&op->link, &vol->zombies);
	spin_unlock(&vol->lock);
}

static void replace_placer(struct mx_volume *vol, struct mx_ck *ck)
{
	struct mx_op *heir = mx_op_alloc(vol);
	struct mx_snap snap;
	bool heard;

	if (!heir)
		return;
	mx_ck_lock(ck, &snap);
	heard = !forsaken(ck);
	if (!heard)
		inherit(heir, container_of(ck->c.placer, struct mx_op, cop));
	mx_ck_unlock(vol, ck, &snap);
	if (heard) {
		mx_op_put(heir);
		return;
	}
	mx_vstat_inc(vol, MX_VS_MOVED);
	mx_call_send(heir);
}

static bool in_trouble(struct mx_volume *vol)
{
	int i;

	if (!list_empty(&vol->retry))
		return true;
	for (i = 0; i < MX_MEMBERS; i++)
		if (READ_ONCE(vol->srv[i]) && !mx_member_alive(i))
			return true;
	return false;
}

/* Chunks that have become empty are given back to their servers. */
static void release_spare(struct mx_volume *vol)
{
	struct mx_ck *ck;
	unsigned long i;

	xa_for_each_marked(&vol->map, i, ck, MX_MARK_PLACED) {
		struct mx_op *op;

		if (READ_ONCE(ck->c.nhave) || READ_ONCE(ck->c.trust))
			continue;
		op = mx_op_alloc(vol);
		if (!op) {
			set_bit(MX_VF_SPARE, &vol->flags);
			return;
		}
		mx_op_set(op, MX_COP_DISCARD, (u64)i << vol->shift, 0);
		mx_op_start(op);
	}
}

void mx_scan_tick(struct mx_volume *vol)
{
	u32 i;

	if (!list_empty(&vol->starved))
		mx_io_feed(vol);
	mx_pool_refill(&vol->pool);
	if (test_and_clear_bit(MX_VF_SPARE, &vol->flags))
		release_spare(vol);
	if (!atomic_read(&vol->nops) || !in_trouble(vol))
		return;
	for (i = 0; i < vol->nchunks; i++) {
		struct mx_ck *ck = &vol->cks[i];
		bool stuck;

		/* What is missed here is seen by the next tick. */
		if (mx_chunk_idle(&ck->c))
			continue;
		spin_lock_bh(&ck->lock);
		stuck = forsaken(ck);
		spin_unlock_bh(&ck->lock);
		if (stuck)
			replace_placer(vol, ck);
		while (give_up_one(vol, ck, overdue))
			;
	}
}

void mx_scan_lost(struct mx_volume *vol, u8 idx, u32 era)
{
	struct mx_ck *ck;
	unsigned long i;

	xa_for_each_marked(&vol->map, i, ck, MX_MARK_PLACED) {
		struct mx_snap snap;

		if (READ_ONCE(ck->c.server) != idx)
			continue;
		mx_ck_lock(ck, &snap);
		if (ck->c.server == idx && ck->c.era != era &&
		    mx_chunk_lose(&ck->c, ck->c.gen))
			mx_vstat_inc(vol, MX_VS_LOSSES);
		mx_ck_unlock(vol, ck, &snap);
	}
}

void mx_scan_cancel(struct mx_volume *vol)
{
	struct mx_op *op;
	LIST_HEAD(seen);

	spin_lock_bh(&vol->lock);
	while (!list_empty(&vol->zombies)) {
		op = list_first_entry(&vol->zombies, struct mx_op, link);
		list_move_tail(&op->link, &seen);
		if (op->srv == MX_NO_SERVER)
			continue;
		refcount_inc(&op->refs);
		spin_unlock_bh(&vol->lock);
		rmp_cancel(vol->srv[op->srv]->node, &op->nc);
		mx_op_put(op);
		spin_lock_bh(&vol->lock);
	}
	list_splice(&seen, &vol->zombies);
	spin_unlock_bh(&vol->lock);
}
