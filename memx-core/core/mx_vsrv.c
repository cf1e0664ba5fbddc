// SPDX-License-Identifier: GPL-2.0
/*
 * A volume and its servers: made known to them, placed on them, forgotten by
 * them.
 */
#include <linux/delay.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "mx_op.h"
#include "engine/mx_place.h"

static void vsrv_done(struct rmp_node_call *nc);

static void call(struct mx_vsrv *s, const struct mx_ask *ask, u32 len)
{
	struct rmp_call *c = &s->nc.call;

	mx_ask_encode(ask, c->head);
	c->volume = s->vol->id;
	c->epoch = s->vol->epoch;
	c->port = RMP_PORT_MEMORY;
	s->buf.page[0] = s->vol->name_page;
	c->buf = len ? &s->buf : NULL;
	c->len = len;
	c->max_reply = 0;
	s->nc.done = vsrv_done;
	rmp_call(s->node, &s->nc);
}

static void open_ask(const struct mx_vsrv *s, struct mx_ask *ask)
{
	*ask = (struct mx_ask) {
		.op	= MX_OP_OPEN,
		.flags	= s->vol->sealed ? MX_F_SEALED : 0,
		.page	= s->vol->pages,
		.arg	= s->vol->shift,
	};
}

static void drop_ask(struct mx_ask *ask)
{
	*ask = (struct mx_ask) { .op = MX_OP_DROP };
}

/* OPEN has a payload, the name. */
static bool is_drop(const struct rmp_call *c)
{
	return !c->len;
}

static bool answer(struct mx_vsrv *s, struct mx_answer *ans)
{
	const struct rmp_call *c = &s->nc.call;
	struct mx_ask ask;

	if (c->status)
		return false;
	if (is_drop(c))
		drop_ask(&ask);
	else
		open_ask(s, &ask);
	if (mx_answer_decode(c->rhead, c->reply.len, &ask, ans)) {
		mx_vstat_inc(s->vol, MX_VS_BAD_REPLIES);
		return false;
	}
	mx_member_figures(&mx_members.m[s->idx], ans->free, ans->load);
	return true;
}

/* OPEN or DROP has ended. */
static void vsrv_done(struct rmp_node_call *nc)
{
	struct mx_vsrv *s = container_of(nc, struct mx_vsrv, nc);
	struct mx_volume *vol = s->vol;
	bool dropping = is_drop(&nc->call);
	struct mx_answer ans = {};
	bool ok = answer(s, &ans);
	u8 state = MX_VSRV_REFUSED;

	if (!nc->call.status)
		rmp_payload_free(&nc->call.reply);
	if (ok && ans.status == MX_ST_STALE) {
		set_bit(MX_VF_FENCED, &vol->flags);
		mx_volume_changed(vol);
	}
	spin_lock_bh(&vol->lock);
	if (dropping) {
		s->dropped = ok || nc->call.status == -ESTALE;
		state = MX_VSRV_NONE;
	} else if (s->stale || nc->call.status == -ESTALE) {
		state = MX_VSRV_NONE;
	} else if (ok && ans.status == MX_ST_OK) {
		state = MX_VSRV_OPEN;
	}
	s->due = jiffies + msecs_to_jiffies(MX_REOPEN_MS);
	/* Whoever deletes the volume takes the lock after it has seen this. */
	WRITE_ONCE(s->state, state);
	wake_up(&vol->wq);
	spin_unlock_bh(&vol->lock);
}

static void open_server(struct mx_vsrv *s)
{
	struct mx_volume *vol = s->vol;
	struct mx_ask ask;
	bool send;

	spin_lock_bh(&vol->lock);
	send = s->state == MX_VSRV_NONE ||
	       (s->state == MX_VSRV_REFUSED && time_is_before_eq_jiffies(s->due));
	if (send)
		s->state = MX_VSRV_BUSY;
	spin_unlock_bh(&vol->lock);
	if (!send)
		return;
	open_ask(s, &ask);
	call(s, &ask, strlen(vol->name));
}

void mx_vsrv_lose(struct mx_volume *vol, u8 idx, u32 era)
{
	struct mx_vsrv *s = vol->srv[idx];

	spin_lock_bh(&vol->lock);
	if (s->era == era) {
		WRITE_ONCE(s->era, era + 1);
		s->stale = true;
		if (s->state != MX_VSRV_BUSY)
			WRITE_ONCE(s->state, MX_VSRV_NONE);
	}
	spin_unlock_bh(&vol->lock);
	mx_members_kick();
}

static struct mx_vsrv *add_server(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = kzalloc(sizeof(*s), GFP_NOIO | __GFP_NOWARN);

	if (!s)
		return NULL;
	s->node = mx_members_node(idx, &s->inc);
	if (!s->node) {
		kfree(s);
		return NULL;
	}
	s->vol = vol;
	s->idx = idx;
	rmp_flow_setup(&s->flow, READ_ONCE(vol->weight));
	mx_members_use(idx, 1);
	/* Complete before anybody finds it. */
	smp_store_release(&vol->srv[idx], s);
	return s;
}

static void tick_server(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = vol->srv[idx];
	bool stale;
	u32 era;

	if (!s && mx_member_alive(idx))
		s = add_server(vol, idx);
	if (!s)
		return;
	if (s->inc != READ_ONCE(mx_members.m[idx].inc)) {
		s->inc = mx_members.m[idx].inc;
		mx_vsrv_lose(vol, idx, s->era);
	}
	spin_lock_bh(&vol->lock);
	stale = s->stale && s->state != MX_VSRV_BUSY;
	era = s->era;
	if (stale)
		s->stale = false;
	spin_unlock_bh(&vol->lock);
	if (stale)
		mx_scan_lost(vol, idx, era);
	/* Only now, so that nothing old is taken for new. */
	if (mx_member_alive(idx) && !s->stale)
		open_server(s);
}

void mx_vsrv_tick(struct mx_volume *vol)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++)
		tick_server(vol, i);
}

bool mx_vsrv_any_open(struct mx_volume *vol)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (s && READ_ONCE(s->state) == MX_VSRV_OPEN)
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

int mx_vsrv_pick(struct mx_volume *vol, u32 chunk, u64 tried, u64 avoid)
{
	struct mx_cand cand[MX_MEMBERS];
	u32 rnd[2] = { get_random_u32(), get_random_u32() };
	bool later = !tried;
	u32 n = 0;
	int i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (!s || !mx_member_alive(i) || (tried | avoid) & BIT_ULL(i))
			continue;
		if (READ_ONCE(s->state) == MX_VSRV_OPEN) {
			cand[n].room = READ_ONCE(mx_members.m[i].free);
			cand[n].load = READ_ONCE(mx_members.m[i].load);
			cand[n++].id = i;
		} else if (READ_ONCE(s->state) != MX_VSRV_REFUSED) {
			later = true;
		}
	}
	if (!n)
		return later ? -EAGAIN : -ENOSPC;
	return mx_place_pick(cand, n, vol->cks[chunk].c.pages,
			     neighbour(vol, chunk), rnd);
}

/* Return: whether nothing remains to be done for one server. */
static bool drop_server(struct mx_vsrv *s, unsigned long give_up)
{
	struct mx_volume *vol = s->vol;
	u8 state = READ_ONCE(s->state);
	bool late = time_is_before_jiffies(give_up);
	struct mx_ask ask;

	if (s->dropped)
		return true;
	if (state == MX_VSRV_NONE && !s->nc.done)
		return true;	/* was never told of it */
	if (late && (READ_ONCE(mx_unloading) || mx_member_dead(s->idx))) {
		if (state == MX_VSRV_BUSY) {
			rmp_cancel(s->node, &s->nc);
			return false;
		}
		mx_stat_inc(MX_S_DROP_GIVEN_UP);
		return true;
	}
	if (state == MX_VSRV_BUSY)
		return false;
	spin_lock_bh(&vol->lock);
	s->state = MX_VSRV_BUSY;
	spin_unlock_bh(&vol->lock);
	drop_ask(&ask);
	call(s, &ask, 0);
	return false;
}

void mx_vsrv_drop_all(struct mx_volume *vol)
{
	unsigned long give_up = jiffies + msecs_to_jiffies(MX_DROP_MS);
	bool all = false, hurry = false;
	int i;

	while (!all) {
		all = true;
		if (READ_ONCE(mx_unloading) && !hurry) {
			hurry = true;
			give_up = jiffies + msecs_to_jiffies(MX_UNLOAD_MS);
		}
		for (i = 0; i < MX_MEMBERS; i++)
			if (vol->srv[i] && !drop_server(vol->srv[i], give_up))
				all = false;
		if (!all)
			msleep(20);
	}
	/* The last callback may still hold the lock. */
	spin_lock_bh(&vol->lock);
	spin_unlock_bh(&vol->lock);
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
		kfree(s);
	}
}
