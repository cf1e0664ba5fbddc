// SPDX-License-Identifier: GPL-2.0
/*
 * The roster of a claim that serves: it grows before a chunk is placed on a
 * server that is not in it.
 *
 * A new owner that has an answer from all lives of the highest roster it sees
 * must have seen the highest one in force. So a roster comes into force when the
 * servers of the one before that can be asked, at least one of them, have stored
 * it; and a chunk is placed on a server when that has stored it too.
 */
#include "mx_owner_impl.h"

enum { STRIKES = 8 };	/* times that a server may know a higher number */

bool mx_roster_has(const struct mx_roster *r, u64 node, u32 inc)
{
	u32 i;

	for (i = 0; i < r->n; i++)
		if (r->member[i].node == node && r->member[i].inc == inc)
			return true;
	return false;
}

const struct mx_roster *mx_owner_roster_out(const struct mx_owner *o)
{
	return o->pending.number ? &o->pending : &o->base;
}

/*
 * A server that has lost the volume within its life has no roster, which tells
 * the next owner. Whoever was overtaken without knowing must not hide it.
 */
static bool others_agree(const struct mx_owner *o, u32 i)
{
	u32 k;

	for (k = 0; k < MX_MEMBERS; k++) {
		const struct mx_owner_srv *s = &o->srv[k];

		if (k == i || !mx_roster_has(&o->base, s->node, s->inc))
			continue;
		if (s->state != MX_OSRV_OPEN || !s->alive || s->verify)
			return false;
	}
	return true;
}

bool mx_roster_due(const struct mx_owner *o, u32 i)
{
	const struct mx_owner_srv *s = &o->srv[i];

	if (s->remade && !others_agree(o, i))
		return false;
	return o->state == MX_OWN_SERVING && mx_osrv_holds(s) &&
	       s->roster < mx_owner_roster_out(o)->number;
}

static const struct mx_owner_srv *find(const struct mx_owner *o, u64 node)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].node == node)
			return &o->srv[i];
	return NULL;
}

/* Pages are lost, or chunks not proved for which a life would be needed. */
static bool misses(const struct mx_owner *o)
{
	return o->lossy || !mx_owner_done(o);
}

/* A life that has ended is of interest only while something is missed. */
static bool over(const struct mx_owner *o, const struct mx_life *life)
{
	const struct mx_owner_srv *s = find(o, life->node);

	return s && s->state == MX_OSRV_OPEN && s->inc != life->inc;
}

static bool joins(const struct mx_owner_srv *s, const struct mx_roster *r)
{
	return s->node && s->state == MX_OSRV_OPEN && !s->limbo &&
	       !mx_roster_has(r, s->node, s->inc);
}

/*
 * The life that stands for what a server has lost within its present one: under
 * this claim, or before it, when the roster listed a server that made the volume
 * anew.
 */
static u32 ghost_of(const struct mx_owner *o, const struct mx_owner_srv *s)
{
	if (s->ghost || o->spec.fresh || !s->made ||
	    !mx_roster_has(&o->seen, s->node, s->inc))
		return s->ghost;
	return ~s->inc;
}

/* While pages are missed, the next owner waits for its answer in vain. */
static bool haunts(const struct mx_owner *o, const struct mx_owner_srv *s,
		   const struct mx_roster *r)
{
	u32 ghost = ghost_of(o, s);

	return misses(o) && ghost && !mx_roster_has(r, s->node, ghost);
}

/* Two lives of one server: one of them will never answer. */
bool mx_roster_marked(const struct mx_roster *r)
{
	u32 i, k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < i; k++)
			if (r->member[i].node == r->member[k].node)
				return true;
	return false;
}

/* Pages can be lost without a life that has ended: a server denies them, or the
 * life is back, and they were written elsewhere meanwhile.
 */
static bool unmarked(const struct mx_owner *o, const struct mx_roster *r)
{
	return o->lossy && r->n && !mx_roster_marked(r);
}

static void add(struct mx_roster *r, const struct mx_life *life)
{
	if (r->n < MX_ROSTER_MAX)
		r->member[r->n++] = *life;
}

/* Whether a life has to be in the roster and there is room, or need not be. */
static bool wanted(const struct mx_owner *o)
{
	const struct mx_roster *r = mx_owner_roster_out(o);
	bool room = r->n < MX_ROSTER_MAX, holder = false;
	bool join = unmarked(o, r);
	bool leave = false;
	u32 i;

	for (i = 0; i < r->n && !misses(o); i++)
		leave |= over(o, &r->member[i]);
	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		join |= joins(s, r) || haunts(o, s, r);
		holder |= s->state == MX_OSRV_OPEN && mx_osrv_holds(s);
	}
	return holder && ((join && room) || leave || o->rewrite);
}

/* The roster in force, and all servers that are open. */
static void compose(struct mx_owner *o, u32 number)
{
	struct mx_roster *r = &o->pending;
	bool keep = misses(o);
	u32 i;

	r->epoch = o->epoch;
	r->number = number;
	r->n = 0;
	for (i = 0; i < o->base.n; i++)
		if (keep || !over(o, &o->base.member[i]))
			add(r, &o->base.member[i]);
	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];
		struct mx_life ghost = {
			.node = s->node,
			.inc = ghost_of(o, s),
		};
		struct mx_life life = { .node = s->node, .inc = s->inc };

		if (haunts(o, s, r))
			add(r, &ghost);
		if (joins(s, r))
			add(r, &life);
	}
	if (unmarked(o, r)) {
		struct mx_life mark = {
			.node = r->member[0].node,
			.inc = ~r->member[0].inc,
		};

		add(r, &mark);
	}
	o->acked = 0;
	o->rewrite = false;
}

void mx_roster_grow(struct mx_owner *o)
{
	u32 number = mx_owner_roster_out(o)->number;

	if (number < MX_OWNER_ROSTER_MAX && wanted(o))
		compose(o, number + 1);
}

/* Nobody can tell of the roster in force any more. */
static bool base_gone(const struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < o->base.n; i++) {
		const struct mx_life *life = &o->base.member[i];
		const struct mx_owner_srv *s = find(o, life->node);

		if (!s || s->state != MX_OSRV_OPEN)
			return false;
		if (s->inc == life->inc && mx_osrv_holds(s))
			return false;
	}
	return true;
}

void mx_roster_establish(struct mx_owner *o)
{
	u32 i, members = 0;

	if (!o->pending.number || !o->acked)
		return;
	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		if (s->state != MX_OSRV_OPEN || !s->alive || !mx_osrv_holds(s) ||
		    !mx_roster_has(&o->base, s->node, s->inc))
			continue;
		if (!(o->acked & BIT_ULL(i)))
			return;
		members++;
	}
	if (!members && !base_gone(o))
		return;
	MX_COVER(owner_roster_in_force);
	o->base = o->pending;
	o->pending.number = 0;
	o->acked = 0;
}

/* Somebody has a higher one: ours has to be higher still. */
static int outnumbered(struct mx_owner *o, u32 i, u64 number)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (number >= MX_OWNER_ROSTER_MAX || ++s->strikes > STRIKES)
		return -EBADMSG;
	if (number < mx_owner_roster_out(o)->number)
		return -EBADMSG;
	MX_COVER(owner_roster_outnumbered);
	compose(o, number + 1);
	return 0;
}

int mx_roster_answer(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	const struct mx_roster *out = mx_owner_roster_out(o);
	struct mx_owner_srv *s = &o->srv[i];

	if (ans->status == MX_ST_OLDGEN)
		return outnumbered(o, i, ans->arg);
	if (ans->status != MX_ST_OK)
		return -EBADMSG;
	s->roster = s->call_arg;
	s->remade = false;
	s->blank = false;
	if (s->call_arg != out->number)
		return 0;
	if (o->pending.number)
		o->acked |= BIT_ULL(i);
	if (mx_roster_has(out, s->node, s->inc))
		s->in_roster = true;
	return 0;
}
