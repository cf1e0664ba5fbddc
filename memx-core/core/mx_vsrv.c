// SPDX-License-Identifier: GPL-2.0
/*
 * A volume's servers: their records, what operations tell of them, and which of
 * them takes a chunk.
 */
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "mx_claim.h"
#include "mx_main.h"
#include "mx_map.h"
#include "mx_members.h"
#include "engine/mx_place.h"

/* In the tick, which ends writes to silent servers: it must not wait for memory
 * that such a write may have to free. It comes again.
 */
static struct mx_vsrv *add_server(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = kzalloc(sizeof(*s), GFP_NOWAIT | __GFP_NOWARN);
	u32 inc;

	if (!s)
		return NULL;
	s->page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	s->node = s->page ? mx_members_node(idx, &inc) : NULL;
	if (!s->node) {
		if (s->page)
			__free_page(s->page);
		kfree(s);
		return NULL;
	}
	s->vol = vol;
	s->idx = idx;
	s->hope = true;
	rmp_flow_setup(&s->flow, READ_ONCE(vol->weight));
	mx_members_use(idx, 1);
	/* Complete before anybody finds it. */
	smp_store_release(&vol->srv[idx], s);
	vol->nsrv++;
	mx_volume_servers(vol);
	return s;
}

/* One that is silent is of interest only if it may have some of the volume. */
static bool of_interest(struct mx_volume *vol, u8 idx)
{
	const struct mx_owner *o = &vol->claim->o;

	if (mx_member_alive(idx))
		return true;
	return !o->spec.fresh && !o->served &&
	       READ_ONCE(mx_members.m[idx].state) != MX_MEMBER_NONE;
}

struct mx_vsrv *mx_vsrv_get(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = vol->srv[idx];

	lockdep_assert_held(&vol->claim->mutex);
	if (!s && of_interest(vol, idx))
		s = add_server(vol, idx);
	return s;
}

void mx_vsrv_free_all(struct mx_volume *vol)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = vol->srv[i];

		if (!s)
			continue;
		rmp_node_put(s->node);
		mx_members_use(i, -1);
		__free_page(s->page);
		kfree(s);
	}
}

/* --- What operations tell ---------------------------------------------- */

/*
 * What the server took in that life counts as lost from now on, until the
 * claim's engine knows better. Return: whether it was the present one.
 */
static bool doubt(struct mx_volume *vol, u8 idx, u32 inc, u32 era)
{
	struct mx_srv_life *life = &vol->life[idx];
	bool present;

	spin_lock_bh(&vol->lock);
	present = life->inc == inc && life->era == era;
	if (present)
		WRITE_ONCE(life->era, 0);
	spin_unlock_bh(&vol->lock);
	return present;
}

static void tell(struct mx_volume *vol, u8 idx, unsigned long *bits)
{
	set_bit(idx, bits);
	queue_work(mx_wq, &vol->claim->work);
}

void mx_vsrv_gone(struct mx_volume *vol, u8 idx, u32 inc, u32 era)
{
	mx_members_restarted(idx);
	mx_vsrv_novol(vol, idx, inc, era);
	mx_members_kick();
}

void mx_vsrv_novol(struct mx_volume *vol, u8 idx, u32 inc, u32 era)
{
	if (!doubt(vol, idx, inc, era))
		return;
	WRITE_ONCE(vol->srv[idx]->novol_inc, inc);
	tell(vol, idx, vol->claim->novol);
}

void mx_vsrv_fenced(struct mx_volume *vol, u8 idx)
{
	WRITE_ONCE(vol->srv[idx]->stale_inc, READ_ONCE(vol->life[idx].inc));
	tell(vol, idx, vol->claim->stale);
}

/* --- Placement --------------------------------------------------------- */

bool mx_vsrv_any_ready(struct mx_volume *vol)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (s && READ_ONCE(s->ready))
			return true;
	}
	return false;
}

/* The server of a placed chunk in the same extent, or -1. */
static int neighbour(struct mx_volume *vol, u32 chunk)
{
	u32 first = chunk >> MX_EXTENT_SHIFT << MX_EXTENT_SHIFT;
	u32 end = min(first + (1 << MX_EXTENT_SHIFT), vol->nchunks);
	u32 i;
	int server;

	for (i = chunk; i-- > first;) {
		server = mx_map_server(vol, i);
		if (server >= 0)
			return server;
	}
	for (i = chunk + 1; i < end; i++) {
		server = mx_map_server(vol, i);
		if (server >= 0)
			return server;
	}
	return -1;
}

/* Chunks that a server keeps room for and does not have. */
static u32 unused(const struct mx_vsrv *s)
{
	u32 kept = READ_ONCE(s->kept), has = atomic_read(&s->chunks);

	return kept > has ? kept - has : 0;
}

/* Does the chunk count against the volume's limit, or may it? */
static bool within_limit(struct mx_volume *vol, struct mx_vchunk *ck)
{
	if (ck->counted || mx_book_take(vol)) {
		ck->counted = true;
		return true;
	}
	mx_vstat_inc(vol, MX_VS_LIMITED);
	if (!test_and_set_bit(MX_VF_LIMITED, &vol->flags))
		mx_volume_changed(vol);
	return false;
}

int mx_vsrv_pick(struct mx_volume *vol, u32 chunk, u64 tried, u64 avoid)
{
	struct mx_cand cand[MX_MEMBERS];
	u32 rnd[2] = { get_random_u32(), get_random_u32() };
	bool later = !tried;
	u32 n = 0;
	int i;

	lockdep_assert_held(&vol->cks[chunk].lock);
	if (!within_limit(vol, &vol->cks[chunk]))
		return -ENOSPC;
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (!s || !mx_member_alive(i) || (tried | avoid) & BIT_ULL(i))
			continue;
		if (READ_ONCE(s->ready) && READ_ONCE(vol->life[i].era)) {
			cand[n].room = READ_ONCE(mx_members.m[i].free);
			cand[n].own = unused(s);
			cand[n].load = READ_ONCE(mx_members.m[i].load);
			cand[n++].id = i;
		} else if (READ_ONCE(s->hope)) {
			later = true;
		}
	}
	if (!n)
		return later || mx_book_within(vol) ? -EAGAIN : -ENOSPC;
	return mx_place_pick(cand, n, vol->cks[chunk].c.pages,
			     neighbour(vol, chunk), rnd);
}
