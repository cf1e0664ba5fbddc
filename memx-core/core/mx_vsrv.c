// SPDX-License-Identifier: GPL-2.0
/*
 * A volume and its servers: made known to them, placed on them, forgotten by
 * them.
 */
#include <linux/delay.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "mx_main.h"
#include "mx_map.h"
#include "mx_members.h"
#include "mx_recover.h"
#include "mx_vsrv.h"
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
	if (!s->old) {
		ask->flags |= MX_F_FEATURES;
		ask->arg2 = MX_FEAT_GEN;
	}
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

/* A server accepted the volume; under the volume's lock. */
static void opened(struct mx_vsrv *s, const struct mx_answer *ans)
{
	struct mx_srv_life *life = &s->vol->life[s->idx];

	life->gens = !s->old && ans->arg & MX_FEAT_GEN;
	/* It had forgotten the volume, and with it all chunks. */
	if (life->gens && ans->arg & MX_OPENED_NEW && atomic_read(&s->chunks)) {
		WRITE_ONCE(life->era, ++s->eras);
		s->stale = true;
	}
}

/* Return: enum mx_vsrv_state after an OPEN; under the volume's lock. */
static u8 open_done(struct mx_vsrv *s, bool ok, const struct mx_answer *ans)
{
	if (s->stale || s->nc.call.status == -ESTALE)
		return MX_VSRV_NONE;
	if (ok && ans->status == MX_ST_OK) {
		opened(s, ans);
		return MX_VSRV_OPEN;
	}
	/* It may be one of the first version. */
	if (ok && ans->status == MX_ST_INVAL && !s->old) {
		s->old = true;
		return MX_VSRV_NONE;
	}
	s->old = false;
	return MX_VSRV_REFUSED;
}

/* OPEN or DROP has ended. */
static void vsrv_done(struct rmp_node_call *nc)
{
	struct mx_vsrv *s = container_of(nc, struct mx_vsrv, nc);
	struct mx_volume *vol = s->vol;
	bool dropping = is_drop(&nc->call);
	struct mx_answer ans = {};
	bool ok = answer(s, &ans);
	u8 state = MX_VSRV_NONE;

	if (!nc->call.status)
		rmp_payload_free(&nc->call.reply);
	if (ok && ans.status == MX_ST_STALE)
		mx_vsrv_fenced(vol, s->idx);
	spin_lock_bh(&vol->lock);
	if (dropping)
		s->dropped = ok || nc->call.status == -ESTALE;
	else
		state = open_done(s, ok, &ans);
	s->due = jiffies + msecs_to_jiffies(MX_REOPEN_MS);
	/* Whoever deletes the volume takes the lock after it has seen this. */
	WRITE_ONCE(s->state, state);
	wake_up(&vol->wq);
	spin_unlock_bh(&vol->lock);
	if (state == MX_VSRV_NONE && !dropping)
		mx_members_kick();
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

/* The server has another life; under the volume's lock. */
static void set_life(struct mx_vsrv *s, u32 inc, u32 era)
{
	struct mx_srv_life *life = &s->vol->life[s->idx];

	if (life->inc != inc) {
		s->past.inc = life->inc;
		s->past.era = life->era;
		s->old = false;
	}
	WRITE_ONCE(life->inc, inc);
	WRITE_ONCE(life->era, era);
	s->stale = true;
	if (s->state != MX_VSRV_BUSY)
		WRITE_ONCE(s->state, MX_VSRV_NONE);
}

/* Takes over the server's incarnation: the one before may come back. */
static void check_inc(struct mx_vsrv *s)
{
	u32 inc = READ_ONCE(mx_members.m[s->idx].inc);

	spin_lock_bh(&s->vol->lock);
	if (s->vol->life[s->idx].inc != inc)
		set_life(s, inc, inc == s->past.inc ? s->past.era : ++s->eras);
	spin_unlock_bh(&s->vol->lock);
}

void mx_vsrv_gone(struct mx_volume *vol, u8 idx)
{
	mx_members_restarted(idx);
	check_inc(vol->srv[idx]);
	mx_members_kick();
}

void mx_vsrv_novol(struct mx_volume *vol, u8 idx, u32 inc, u32 era)
{
	struct mx_vsrv *s = vol->srv[idx];
	struct mx_srv_life *life = &vol->life[idx];

	spin_lock_bh(&vol->lock);
	if (life->inc == inc && life->era == era)
		set_life(s, inc, ++s->eras);
	spin_unlock_bh(&vol->lock);
	mx_members_kick();
}

void mx_vsrv_fenced(struct mx_volume *vol, u8 idx)
{
	if (!test_and_set_bit(MX_VF_FENCED, &vol->flags))
		mx_volume_changed(vol);
}

static struct mx_vsrv *add_server(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = kzalloc(sizeof(*s), GFP_NOIO | __GFP_NOWARN);

	if (!s)
		return NULL;
	s->node = mx_members_node(idx, &vol->life[idx].inc);
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
	vol->nsrv++;
	mx_volume_servers(vol);
	return s;
}

static void tick_server(struct mx_volume *vol, u8 idx)
{
	struct mx_vsrv *s = vol->srv[idx];
	bool stale;

	if (!s && mx_member_alive(idx))
		s = add_server(vol, idx);
	if (!s)
		return;
	check_inc(s);
	spin_lock_bh(&vol->lock);
	stale = s->stale && s->state != MX_VSRV_BUSY;
	if (stale)
		s->stale = false;
	spin_unlock_bh(&vol->lock);
	if (stale)
		mx_recover_server(vol, idx);
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
