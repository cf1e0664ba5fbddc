// SPDX-License-Identifier: GPL-2.0
/*
 * Operations seen from the side: deadlines, users that go away, and servers
 * that have lost chunks or are back with them.
 */
#include <linux/delay.h>
#include "mx_io.h"
#include "mx_leg.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_recover.h"

enum {
	MX_RECOVER_BATCH = 8,	/* operations acted on while a lock is held */
	MX_RECOVER_FETCH = 32,	/* bitmaps asked for at a time */
	MX_RECOVER_END_MS = 1000, /* until what servers do does not matter */
};

/* Gives up a few operations. Return: whether to come back at once. */
static bool abandon_some(struct mx_volume *vol, struct mx_vchunk *ck, bool all)
{
	struct mx_snap snap;
	struct mx_env env;
	bool more;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	more = mx_op_abandon(&ck->c, mx_leg_sent, MX_RECOVER_BATCH, all, &env,
			     &ck->todo);
	/* Those that somebody is just sending follow. */
	more |= mx_op_awaited(&ck->c);
	mx_run_unlock(vol, ck, &snap);
	return more;
}

void mx_recover_abort(struct mx_volume *vol)
{
	u32 i;

	set_bit(MX_VF_ABORTED, &vol->flags);
	mx_io_fail_starved(vol);
	/* Whoever is on a chunk now was there before the flag. */
	for (i = 0; i < vol->nchunks; i++)
		while (abandon_some(vol, &vol->cks[i], false))
			cond_resched();
}

static void void_all(struct mx_volume *vol, struct mx_vchunk *ck)
{
	struct mx_snap snap;

	if (mx_chunk_idle(&ck->c))
		return;
	while (abandon_some(vol, ck, true))
		cond_resched();
	mx_map_lock(ck, &snap);
	mx_op_void_all(&ck->c, &ck->todo);
	mx_run_unlock(vol, ck, &snap);
}

void mx_recover_end(struct mx_volume *vol)
{
	unsigned long late = jiffies + msecs_to_jiffies(MX_RECOVER_END_MS);
	u32 i;

	mx_recover_abort(vol);
	while (atomic_read(&vol->nops)) {
		if (time_after(jiffies, late))
			set_bit(MX_VF_CANCEL, &vol->flags);
		for (i = 0; i < vol->nchunks; i++)
			void_all(vol, &vol->cks[i]);
		if (atomic_read(&vol->nops))
			msleep(20);
	}
}

/* An operation of the cluster's own on a chunk, not submitted yet, or NULL. */
static struct mx_vop *own_vop(struct mx_volume *vol, u32 i, u8 kind)
{
	u64 page = (u64)i << vol->shift;
	struct mx_vop *vop = mx_vop_get(vol, mx_io_slot(vol, page << MX_PAGE_SHIFT));

	if (vop)
		mx_vop_set(vop, kind, page, 0, 0);
	return vop;
}

static u8 release_due(struct mx_vchunk *ck)
{
	u8 due;

	/* Most have pages. */
	if (READ_ONCE(ck->c.nhave))
		return MX_RELEASE_NEVER;
	spin_lock_bh(&ck->lock);
	due = mx_chunk_release_due(&ck->c, mx_volume_now_ms());
	spin_unlock_bh(&ck->lock);
	return due;
}

/* Chunks that have become empty are given back to their servers. */
static void release_spare(struct mx_volume *vol)
{
	struct mx_vchunk *ck;
	unsigned long i;

	xa_for_each_marked(&vol->map, i, ck, MX_MARK_PLACED) {
		u8 due = release_due(ck);
		struct mx_vop *vop;

		if (due == MX_RELEASE_LATER)
			set_bit(MX_VF_SPARE, &vol->flags);
		if (due != MX_RELEASE_NOW)
			continue;
		vop = own_vop(vol, i, MX_KIND_DISCARD);
		if (!vop) {
			set_bit(MX_VF_SPARE, &vol->flags);
			return;
		}
		mx_run_start(vop);
	}
}

/*
 * Which pages chunks have that were taken over is asked for before it is needed,
 * a few chunks at a time.
 */
static void fetch_bitmaps(struct mx_volume *vol)
{
	struct mx_vchunk *ck;
	unsigned long i;
	u32 n = 0;

	xa_for_each_marked(&vol->map, i, ck, MX_MARK_PLACED) {
		struct mx_vop *vop;

		if (!READ_ONCE(ck->c.blind))
			continue;
		set_bit(MX_VF_BLIND, &vol->flags);
		/* Whoever is on it asks for the bitmap first. */
		if (!mx_chunk_idle(&ck->c))
			continue;
		if (++n > MX_RECOVER_FETCH)
			return;
		vop = own_vop(vol, i, MX_KIND_FETCH);
		if (!vop)
			return;
		mx_run_start(vop);
	}
}

/* A server has something older of a chunk, which nobody wants. */
static void unplace(struct mx_volume *vol, u32 i, u8 server, u32 gen)
{
	struct mx_vop *vop = own_vop(vol, i, MX_KIND_UNPLACE);
	struct mx_vchunk *ck = &vol->cks[i];
	struct mx_snap snap;
	struct mx_env env;

	if (!vop) {
		mx_map_lock(ck, &snap);
		ck->c.others = true;
		mx_map_unlock(vol, ck, &snap);
		return;
	}
	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	mx_op_unplace(&ck->c, &vop->op, server, gen, &env, &ck->todo);
	mx_run_unlock(vol, ck, &snap);
}

/* Copies of a chunk in lives of servers that are back, and that it left there. */
static void unplace_left(struct mx_volume *vol, u32 i)
{
	struct mx_vchunk *ck = &vol->cks[i];
	struct mx_snap snap;
	struct mx_env env;
	bool begun = true;

	while (begun && READ_ONCE(ck->c.nleft)) {
		struct mx_vop *vop = own_vop(vol, i, MX_KIND_UNPLACE);

		if (!vop)
			return;
		mx_volume_env(vol, &env);
		mx_map_lock(ck, &snap);
		begun = mx_op_unplace_left(&ck->c, &vop->op, &env, &ck->todo);
		mx_run_unlock(vol, ck, &snap);
		if (!begun)
			mx_vop_put(vop);
	}
}

static void adopt(struct mx_volume *vol, struct mx_chunk *c,
		  const struct mx_owner_home *home)
{
	struct mx_home_member member[MX_COPIES_MAX];
	u32 k;

	for (k = 0; k < home->n; k++)
		member[k] = (struct mx_home_member) {
			.inc	= home->inc[k],
			.era	= home->era[k],
			.server	= home->server[k],
			.state	= home->stale & BIT(k) ? MX_HOME_STALE :
							 MX_HOME_IN_SYNC,
		};
	mx_chunk_adopt(c, member, home->n, home->gen);
	set_bit(MX_VF_BLIND, &vol->flags);
}

void mx_recover_proved(struct mx_volume *vol, u32 i,
		       const struct mx_owner_home *home)
{
	struct mx_vchunk *ck = &vol->cks[i];
	struct mx_snap snap;
	struct mx_env env;
	u32 k;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	mx_home_behind(&ck->c.home, home->gen);
	switch (home->proof) {
	case MX_PROOF_HOLE:
		mx_chunk_proved_hole(&ck->c);
		break;
	case MX_PROOF_LOST:
		mx_chunk_proved_lost(&ck->c);
		break;
	case MX_PROOF_PLACED:
		adopt(vol, &ck->c, home);
		break;
	}
	mx_op_advance(&ck->c, &env, &ck->todo);
	mx_run_unlock(vol, ck, &snap);
	for (k = 0; home->proof != MX_PROOF_NONE && k < MX_MEMBERS; k++)
		if (home->others & BIT_ULL(k))
			unplace(vol, i, k, home->gen);
}

static bool tick_some(struct mx_volume *vol, struct mx_vchunk *ck)
{
	struct mx_snap snap;
	struct mx_env env;
	bool more;

	mx_volume_env(vol, &env);
	mx_map_lock(ck, &snap);
	more = mx_op_tick(&ck->c, mx_leg_sent, MX_RECOVER_BATCH, &env, &ck->todo);
	mx_run_unlock(vol, ck, &snap);
	return more;
}

void mx_recover_tick(struct mx_volume *vol)
{
	u32 i;

	if (READ_ONCE(vol->starved.n)) {
		mx_io_fail_late(vol);
		queue_work(mx_wq, &vol->feed);
	}
	if (test_and_clear_bit(MX_VF_SMALL, &vol->flags))
		mx_volume_servers(vol);
	if (test_and_clear_bit(MX_VF_SPARE, &vol->flags))
		release_spare(vol);
	if (test_and_clear_bit(MX_VF_BLIND, &vol->flags))
		fetch_bitmaps(vol);
	if (!atomic_read(&vol->nops))
		return;
	for (i = 0; i < vol->nchunks; i++) {
		/* What is missed here is seen by the next tick. */
		if (mx_chunk_idle(&vol->cks[i].c))
			continue;
		while (tick_some(vol, &vol->cks[i]))
			cond_resched();
	}
}

void mx_recover_server(struct mx_volume *vol, u8 idx)
{
	u32 i;

	for (i = 0; i < vol->nchunks; i++) {
		struct mx_vchunk *ck = &vol->cks[i];
		struct mx_snap snap;
		struct mx_env env;

		if (!READ_ONCE(ck->c.home.n) && !READ_ONCE(ck->c.nleft))
			continue;
		mx_volume_env(vol, &env);
		mx_map_lock(ck, &snap);
		if (mx_home_find(&ck->c.home, idx) >= 0) {
			mx_chunk_sync(&ck->c, &env);
			mx_op_advance(&ck->c, &env, &ck->todo);
		}
		mx_run_unlock(vol, ck, &snap);
		unplace_left(vol, i);
	}
}
