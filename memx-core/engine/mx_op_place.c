// SPDX-License-Identifier: GPL-2.0
/*
 * Servers for a chunk: placing it, taking a placement back, and having the
 * members of its home store the next generation.
 */
#include "mx_op_int.h"

/* Nobody has the pages any more that were to be acknowledged. */
static void set_lost(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	MX_COVER(op_set_lost);
	c->setter = NULL;
	if (op->ended)
		mx_op_finish(c, op, 0, todo);
	else
		mx_op_again(c, op, true, todo);
}

/* The members in sync are to store the next generation. */
void mx_op_settle(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_home *h = &c->home;
	u32 i;

	op->phase = MX_OP_SETTLE;
	c->settling = true;
	mx_chunk_reelect(c);
	if (c->setter && c->setter != op) {
		MX_COVER(op_settle_wait);
		return;
	}
	c->setter = NULL;
	mx_op_clear_legs(op);
	/* The last one may have been lost while it waited. */
	if (!mx_home_in_sync(h)) {
		set_lost(c, op, todo);
		return;
	}
	if (mx_op_free_legs(op) < mx_home_in_sync(h)) {
		MX_COVER(op_settle_no_leg);
		return;
	}
	MX_COVER(op_settle);
	c->setter = op;
	op->gen = mx_home_next(h);
	for (i = 0; i < h->n; i++)
		if (h->member[i].state == MX_HOME_IN_SYNC)
			mx_op_ask_server(op, &h->member[i], MX_OP_SETGEN, 0, op->gen, env,
					 todo);
}

static bool is_setting(const struct mx_op *op, const struct mx_leg *leg)
{
	return leg->state != MX_LEG_FREE && leg->ask == MX_OP_SETGEN &&
	       leg->gen == op->gen;
}

u32 mx_op_setting(const struct mx_op *op, u8 leg[MX_COPIES_MAX])
{
	u32 i, n = 0;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (is_setting(op, &op->leg[i]))
			leg[n++] = i;
	return n;
}

/* Have all members in sync stored the generation, and no others? */
static bool all_set(const struct mx_chunk *c, const struct mx_op *op)
{
	u32 i, n = 0;

	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (!is_setting(op, leg))
			continue;
		if (leg->state != MX_LEG_DONE || leg->verdict != MX_V_OK ||
		    !mx_leg_is_current(c, leg))
			return false;
		n++;
	}
	return n && n == mx_home_in_sync(&c->home);
}

/*
 * The home is settled. Members that have executed the operation may have been
 * lost meanwhile, and one that was lost before it may be back.
 */
static void settled(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	if (op->ended || (op->done && mx_op_did_some(c, op))) {
		mx_op_finish(c, op, 0, todo);
	} else {
		if (op->done)
			MX_COVER(op_settled_without_it);
		mx_op_start_over(c, op);
	}
}

/* The home is settled, or whoever was at it has gone: those that wait for it. */
void mx_op_settle_next(struct mx_chunk *c, struct list_head *list,
		       const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_op *op, *next;

	list_for_each_entry_safe(op, next, list, link) {
		if (c->setter)
			return;
		if (op->phase != MX_OP_SETTLE || mx_op_any_sent(op))
			continue;
		if (c->home.unsettled && mx_home_in_sync(&c->home)) {
			mx_op_settle(c, op, env, todo);
		} else if (op->done || op->ended) {
			MX_COVER(op_settled_by_other);
			settled(c, op, todo);
		}
	}
}

static void set_over(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	c->setter = NULL;
	settled(c, op, todo);
}

/*
 * Nobody knows which copies the next owner would find: until that is settled,
 * not even zeros are read.
 */
static void set_failed(struct mx_chunk *c, struct mx_op *op, int err,
		       struct mx_todo *todo)
{
	c->setter = NULL;
	c->home.behind = true;
	mx_op_finish(c, op, err, todo);
}

/* All SETGEN are answered or given up. */
void mx_op_set_done(struct mx_chunk *c, struct mx_op *op,
		    const struct mx_env *env, struct mx_todo *todo)
{
	bool later = false, refused = false;
	int i;

	if (!mx_home_in_sync(&c->home)) {
		set_lost(c, op, todo);
		return;
	}
	if (all_set(c, op)) {
		MX_COVER(op_set);
		mx_chunk_leave_lost(c);
		mx_home_settled(&c->home, op->gen);
		set_over(c, op, todo);
		return;
	}
	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (!is_setting(op, leg) || !mx_leg_is_current(c, leg))
			continue;
		if (leg->state == MX_LEG_DONE && leg->verdict == MX_V_STALE) {
			set_failed(c, op, -ESTALE, todo);
			return;
		}
		if (leg->state == MX_LEG_TOMB || leg->verdict >= MX_V_DOUBT)
			refused |= !mx_home_stale(&c->home, leg->server);
		else
			later |= leg->verdict == MX_V_AGAIN ||
				 leg->verdict == MX_V_VOID;
	}
	if (refused) {
		MX_COVER(op_set_refused);
		set_failed(c, op, -EIO, todo);
	} else if (later) {
		MX_COVER(op_set_later);
		mx_op_clear_legs(op);
		op->wait_ms = MX_BACKOFF_MAX_MS;
		mx_op_want(op, MX_DO_WAIT, todo);
	} else {
		MX_COVER(op_set_anew);
		mx_op_settle(c, op, env, todo);
	}
}

void mx_op_pick(struct mx_op *op, u32 n, struct mx_todo *todo)
{
	MX_COVER(op_pick);
	op->phase = MX_OP_PICK;
	op->want = n;
	mx_op_want(op, MX_DO_PICK, todo);
}

void mx_op_take_back(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		     const struct mx_env *env, struct mx_todo *todo)
{
	MX_COVER(op_unplace);
	c->avoid |= BIT_ULL(leg->server);
	leg->unplace = true;
	leg->ask = MX_OP_DISCARD;
	leg->flags = MX_F_RELEASE;
	leg->first = 0;
	leg->n = c->pages;
	mx_leg_follow(leg, env);
	if (mx_leg_same_life(leg, env)) {
		mx_op_send_leg(op, leg, env, todo);
		return;
	}
	MX_COVER(op_unplace_rest);
	leg->state = MX_LEG_REST;
}

/* After these answers the server may still have room reserved for the chunk. */
static bool may_have_it(u8 verdict)
{
	return verdict == MX_V_AGAIN || verdict == MX_V_VOID ||
	       verdict == MX_V_DOUBT || verdict == MX_V_BAD;
}

void mx_op_unplaced(struct mx_chunk *c, struct mx_leg *leg)
{
	if (may_have_it(leg->verdict)) {
		MX_COVER(op_unplace_again);
		leg->state = MX_LEG_REST;
		return;
	}
	MX_COVER(op_unplaced);
	c->avoid &= ~BIT_ULL(leg->server);
	if (leg->verdict == MX_V_OK || leg->verdict == MX_V_NOCHUNK ||
	    leg->verdict == MX_V_NOVOL)
		mx_chunk_left_gone(c, leg->server, leg->inc, leg->era);
	else
		c->others = true;
}

/* An unplace that may not have been executed is repeated, unless the server has lost
 * the chunk anyway.
 */
bool mx_op_repeat_unplace(struct mx_chunk *c, struct mx_op *op,
			  struct mx_leg *leg, const struct mx_env *env,
			  struct mx_todo *todo)
{
	if (leg->state != MX_LEG_REST || mx_leg_maybe_life(leg, env))
		return false;
	if (mx_leg_later_life(leg, env))
		MX_COVER(op_unplace_later_life);
	mx_leg_follow(leg, env);
	if (!mx_leg_same_life(leg, env)) {
		leg->state = MX_LEG_DONE;
		c->avoid &= ~BIT_ULL(leg->server);
		c->others = true;
		return true;
	}
	if (!mx_env_alive(env, leg->server))
		return false;
	MX_COVER(op_unplace_repeat);
	mx_op_send_leg(op, leg, env, todo);
	return true;
}

/* The outcome of a placement that was given up is known. */
void mx_op_tomb_placed(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		       const struct mx_env *env, struct mx_todo *todo)
{
	bool maybe = leg->verdict == MX_V_OK || leg->verdict == MX_V_BAD ||
		     leg->verdict == MX_V_DOUBT;

	if (maybe && (mx_leg_same_life(leg, env) || mx_leg_may_stay(leg, env))) {
		mx_op_take_back(c, op, leg, env, todo);
		return;
	}
	MX_COVER(op_tomb_not_placed);
	c->others |= maybe || leg->verdict == MX_V_GONE;
	c->avoid &= ~BIT_ULL(leg->server);
}

void mx_op_place_done(struct mx_chunk *c, struct mx_op *op,
		      const struct mx_env *env, struct mx_todo *todo)
{
	u32 i;

	c->placer = NULL;
	mx_chunk_placed(c);
	for (i = 0; i < c->home.n; i++)
		op->did |= BIT_ULL(c->home.member[i].server);
	mx_op_conclude(c, op, env, todo);
}

/* All servers that were asked to take the chunk have answered, or were passed
 * over.
 */
void mx_op_place_round(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	u32 got = mx_home_in_sync(&c->home);

	mx_op_clear_legs(op);
	if (op->over) {
		MX_COVER(op_place_over);
		mx_op_finish(c, op, -EIO, todo);
	} else if (got >= env->copies ||
		   (got && (op->later || !mx_op_free_legs(op)))) {
		MX_COVER(op_place_done);
		mx_op_place_done(c, op, env, todo);
	} else if (op->later || !mx_op_free_legs(op)) {
		MX_COVER(op_place_later);
		mx_op_pause(op, todo);
	} else {
		mx_op_pick(op, env->copies - got, todo);
	}
}

static void forget_home(struct mx_op *op)
{
	op->did = 0;
	op->asked = 0;
}

/* A server has taken the chunk. With the first one, what the home before has
 * executed of other operations does not count any more.
 */
static void take(struct mx_chunk *c, const struct mx_leg *leg)
{
	/* As it was when it was asked: the present one may change at any moment. */
	const struct mx_srv_life life = {
		.inc = leg->inc, .era = leg->era, .gens = leg->gens,
	};
	struct mx_op *op;

	if (!mx_home_in_sync(&c->home)) {
		list_for_each_entry(op, &c->waiting, link)
			forget_home(op);
		list_for_each_entry(op, &c->writers, link)
			forget_home(op);
	}
	mx_chunk_take(c, leg->server, &life, leg->gen);
}

void mx_op_place_answer(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			const struct mx_env *env, struct mx_todo *todo)
{
	switch (leg->verdict) {
	case MX_V_OK:
		if (mx_leg_same_life(leg, env)) {
			take(c, leg);
			op->did |= BIT_ULL(leg->server);
		} else {
			op->later = true;
			if (mx_leg_may_stay(leg, env))
				mx_op_take_back(c, op, leg, env, todo);
			else
				c->others = true;
		}
		break;
	case MX_V_FULL:
		MX_COVER(op_place_declined);
		break;
	case MX_V_STALE:
		/* It is passed over like one that is full; others may take it. */
		MX_COVER(op_place_stale);
		op->fenced = true;
		break;
	case MX_V_BAD:
		MX_COVER(op_place_bad);
		mx_op_take_back(c, op, leg, env, todo);
		break;
	case MX_V_OVER:
		op->over = true;
		break;
	case MX_V_GONE:
		c->others = true;
		fallthrough;
	default:
		op->later = true;
		break;
	}
	if (!mx_op_any_sent(op))
		mx_op_place_round(c, op, env, todo);
}

/*
 * The servers that were picked are asked, but for those that are being asked for their
 * life: what one of them takes would count for none.
 * Return: how many are asked
 */
static u32 place_on(struct mx_chunk *c, struct mx_op *op, const u8 *server, u32 n,
		    const struct mx_env *env, struct mx_todo *todo)
{
	u32 gen = 0, asked = 0, i;

	for (i = 0; i < n; i++) {
		struct mx_home_member m = {
			.inc	= env->life[server[i]].inc,
			.era	= env->life[server[i]].era,
			.server	= server[i],
		};

		/* It was picked a moment ago; in the kernel lives change meanwhile. */
		if (!m.era)
			continue;
		/* One that nobody was asked with would have to be settled. */
		if (!asked++)
			gen = mx_home_next(&c->home);
		op->tried |= BIT_ULL(server[i]);
		mx_op_ask_server(op, &m, MX_OP_WRITE, MX_F_PLACE, gen, env, todo);
	}
	return asked;
}

/* No server takes the chunk: the writes that wait for one end as well. */
static void place_full(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	struct mx_op *other, *next;

	if (op->fenced) {
		MX_COVER(op_place_fenced);
		mx_op_finish(c, op, -ESTALE, todo);
		return;
	}
	MX_COVER(op_place_full);
	mx_op_finish(c, op, -ENOSPC, todo);
	list_for_each_entry_safe(other, next, &c->waiting, link)
		if (other->kind == MX_KIND_WRITE && !other->zeros)
			mx_op_finish(c, other, -ENOSPC, todo);
}

void mx_op_picked(struct mx_chunk *c, struct mx_op *op, const u8 *server, u32 n,
		  bool later, const struct mx_env *env, struct mx_todo *todo)
{
	u32 asked;

	if (op->phase != MX_OP_PICK || c->placer != op)
		return;
	op->phase = MX_OP_MAIN;
	op->later = false;
	n = min_t(u32, n, mx_op_free_legs(op));
	asked = place_on(c, op, server, n, env, todo);
	if (asked)
		return;
	later |= n;
	if (mx_home_in_sync(&c->home)) {
		MX_COVER(op_place_fewer);
		mx_op_place_done(c, op, env, todo);
	} else if (later || c->avoid) {
		MX_COVER(op_place_none_now);
		mx_op_pause(op, todo);
	} else {
		place_full(c, op, todo);
	}
	mx_op_advance(c, env, todo);
}
