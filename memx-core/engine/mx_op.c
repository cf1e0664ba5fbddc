// SPDX-License-Identifier: GPL-2.0
/*
 * The phases of an operation: what it does when its turn has come, and what
 * answers make of it.
 */
#include "mx_op_int.h"

/* Do all servers that would have to take it count as dead? */
static bool all_dead(const struct mx_chunk *c, const struct mx_op *op,
		     const struct mx_env *env)
{
	const struct mx_home *h = &c->home;
	u32 i;

	if (c->server == MX_NO_SERVER || op->owner != MX_OWN_IO ||
	    (op->kind != MX_KIND_WRITE && op->kind != MX_KIND_DISCARD))
		return false;
	for (i = 0; i < h->n; i++)
		if (h->member[i].state == MX_HOME_IN_SYNC &&
		    env->members->m[h->member[i].server].state != MX_MEMBER_DEAD)
			return false;
	return true;
}

/* The member in sync to be read from: alive, and not tried yet, if there is. */
const struct mx_home_member *mx_op_reader(const struct mx_chunk *c,
					  const struct mx_op *op,
					  const struct mx_env *env)
{
	const struct mx_home_member *best = NULL;
	u32 i, rank, high = 0;

	for (i = 0; i < c->home.n; i++) {
		const struct mx_home_member *m = &c->home.member[i];

		if (m->state != MX_HOME_IN_SYNC)
			continue;
		rank = 1 + (mx_env_alive(env, m->server) ? 1 : 0) +
		       (op->tried & BIT_ULL(m->server) ? 0 : 2);
		if (rank > high) {
			high = rank;
			best = m;
		}
	}
	return best;
}

void mx_op_read_from(struct mx_chunk *c, struct mx_op *op, u8 phase, u8 what,
		     const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_leg *leg;

	op->phase = phase;
	mx_op_clear_legs(op);
	leg = mx_op_ask_server(op, mx_op_reader(c, op, env), what, 0, c->home.gen, env, todo);
	if (phase == MX_OP_EDGE) {
		leg->first += mx_op_edge_page(op);
		leg->n = 1;
	}
}

static void ask_members(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_home *h = &c->home;
	u8 what = op->kind == MX_KIND_WRITE && !op->frees ? MX_OP_WRITE : MX_OP_DISCARD;
	u8 flags = op->whole ? MX_F_RELEASE : 0;
	u32 i;

	op->phase = MX_OP_MAIN;
	mx_op_clear_legs(op);
	if (mx_op_free_legs(op) < mx_home_in_sync(h)) {
		MX_COVER(op_main_no_leg);
		mx_op_pause(op, todo);
		return;
	}
	for (i = 0; i < h->n; i++)
		if (h->member[i].state == MX_HOME_IN_SYNC)
			mx_op_ask_server(op, &h->member[i], what, flags, h->gen, env, todo);
}

/* Completes the ends of a write, as far as no server has to be asked for it.
 * Return: whether they are whole
 */
static bool edges_whole(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	while (op->edges) {
		u32 page = op->first + mx_op_edge_page(op);
		u8 bit = op->edges & 1 ? 1 : 2;

		switch (mx_chunk_page(c, page)) {
		case MX_PAGE_HAVE:
			MX_COVER(op_edge_read);
			mx_op_read_from(c, op, MX_OP_EDGE, MX_OP_READ, env, todo);
			return false;
		case MX_PAGE_LOST:
			MX_COVER(op_edge_lost);
			mx_op_finish(c, op, -EIO, todo);
			return false;
		default:
			MX_COVER(op_edge_zero);
			op->fill |= bit;
			op->edges &= ~bit;
			mx_op_want(op, MX_DO_FILL, todo);
		}
	}
	return true;
}

/* An active write: its ends, then its pages. */
static void go_on(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->placer != op && c->state != MX_CHUNK_PLACED) {
		mx_op_start_over(c, op);
		return;
	}
	if (!edges_whole(c, op, env, todo))
		return;
	if (c->placer == op)
		mx_op_pick(op, env->copies, todo);
	else
		ask_members(c, op, env, todo);
}

static bool lost_any(const struct mx_chunk *c, const struct mx_op *op)
{
	return c->nlost && mx_bits_count(c->lost, op->first, op->n);
}

static bool start_read(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	bool zeros = c->state != MX_CHUNK_PLACED ||
		     !mx_bits_count(c->have, op->first, op->n);

	op->give = 0;
	op->mask = 0;
	if (lost_any(c, op)) {
		MX_COVER(op_read_lost);
		mx_op_finish(c, op, -EIO, todo);
		return true;
	}
	if (zeros) {
		MX_COVER(op_read_zero);
		mx_op_finish(c, op, 0, todo);
		return true;
	}
	if (!mx_op_free_legs(op))
		return false;
	MX_COVER(op_read);
	mx_op_enter(c, op);
	mx_op_read_from(c, op, MX_OP_MAIN, MX_OP_READ, env, todo);
	return true;
}

static bool nobody_else(const struct list_head *list, const struct mx_op *op)
{
	return list_empty(list) ||
	       (list->next == &op->link && op->link.next == list);
}

/* Will the chunk be empty, and is nobody else on it? */
static bool empties(const struct mx_chunk *c, const struct mx_op *op,
		    const struct mx_env *env)
{
	return !mx_chunk_kept(c, env->now_ms) &&
	       mx_bits_count(c->have, op->first, op->n) == c->nhave &&
	       list_empty(&c->readers) && list_empty(&c->writers) &&
	       nobody_else(&c->waiting, op);
}

/* A discard, or a write of zeros that is carried out as one. */
static bool start_discard(struct mx_chunk *c, struct mx_op *op,
			  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->state != MX_CHUNK_PLACED) {
		MX_COVER(op_discard_none);
		mx_chunk_freed(c, op->first, op->n);
		mx_op_finish(c, op, 0, todo);
		return true;
	}
	if (c->nlost)
		c->nlost -= mx_bits_clear(c->lost, op->first, op->n);
	if (op->n)
		c->held = op->keep;
	op->whole = !c->held && empties(c, op, env);
	op->alone = op->whole;
	/* What was acknowledged is so there too, not only as it is read here. */
	if (!op->whole && (!op->n || (!c->unsure &&
				      !mx_bits_count(c->have, op->first, op->n)))) {
		MX_COVER(op_discard_nothing);
		mx_op_finish(c, op, 0, todo);
		return true;
	}
	mx_op_enter(c, op);
	if (op->whole) {
		MX_COVER(op_release);
		mx_chunk_release(c, false);
	} else {
		MX_COVER(op_discard);
	}
	ask_members(c, op, env, todo);
	return true;
}

/*
 * Can a write of zeros be left to servers that forget the pages? Not if one may
 * show an older copy of the chunk one day: it would have to have a newer copy of
 * the pages against it, and be it of zeros. Nor if a page that it brings a part of
 * holds something, or has lost it.
 */
static bool may_free(const struct mx_chunk *c, const struct mx_op *op)
{
	u32 last = op->first + op->n - 1;

	if (likely(!op->zeros))
		return false;
	return (c->state == MX_CHUNK_HOLE || c->state == MX_CHUNK_PLACED) &&
	       mx_chunk_sole(c) &&
	       (!(op->edges & 1) || mx_chunk_page(c, op->first) == MX_PAGE_ZERO) &&
	       (!(op->edges & 2) || mx_chunk_page(c, last) == MX_PAGE_ZERO);
}

static bool start_write(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	bool frees = may_free(c, op);

	if (c->state == MX_CHUNK_PLACING)
		return false;
	/* What it has asked for before, and may still come, is not mixed with the other. */
	if (unlikely(frees != op->frees && mx_op_holds_place(c, op)))
		return false;
	op->mixed |= frees != op->frees && op->did;
	op->frees = frees;
	if (frees) {
		MX_COVER(op_zeros_freed);
		return start_discard(c, op, env, todo);
	}
	if (op->zeros)
		MX_COVER(op_zeros_written);
	mx_op_enter(c, op);
	if (c->state != MX_CHUNK_PLACED) {
		MX_COVER(op_place);
		c->state = MX_CHUNK_PLACING;
		c->placer = op;
		op->tried = 0;
		op->did = 0;
		op->asked = 0;
	}
	go_on(c, op, env, todo);
	return true;
}

/* The bitmap first. Return: whether the operation was started */
static bool start_fetch(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	if (c->fetcher || !mx_op_free_legs(op))
		return false;
	MX_COVER(op_fetch);
	c->fetcher = op;
	mx_op_enter(c, op);
	mx_op_read_from(c, op, MX_OP_FETCH, MX_OP_BITMAP, env, todo);
	return true;
}

/*
 * Nothing is in its way, and it is in no list but that of those that wait.
 * Return: false: it has to wait, for something that concerns the whole chunk.
 */
static bool start(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->state == MX_CHUNK_UNKNOWN)
		return false;
	if (c->home.n)
		mx_chunk_sync(c, env);
	if (unlikely(c->state == MX_CHUNK_PLACED && c->home.behind)) {
		if (c->setter || mx_op_free_legs(op) < mx_home_in_sync(&c->home))
			return false;
		MX_COVER(op_behind);
		mx_op_enter(c, op);
		mx_op_settle(c, op, env, todo);
		return true;
	}
	if (unlikely(c->state == MX_CHUNK_PLACED && c->blind))
		return start_fetch(c, op, env, todo);
	switch (op->kind) {
	case MX_KIND_READ:
		return start_read(c, op, env, todo);
	case MX_KIND_WRITE:
		return start_write(c, op, env, todo);
	case MX_KIND_DISCARD:
		return start_discard(c, op, env, todo);
	default:
		mx_op_finish(c, op, 0, todo);
		return true;
	}
}

void mx_op_advance(struct mx_chunk *c, const struct mx_env *env,
		   struct mx_todo *todo)
{
	struct mx_op *op, *next;

	list_for_each_entry_safe(op, next, &c->waiting, link)
		if (!op->behind)
			start(c, op, env, todo);
}

/* What an answer says of the server's copy. */
static void note(struct mx_chunk *c, const struct mx_leg *leg,
		 const struct mx_result *res)
{
	bool release = leg->ask == MX_OP_DISCARD && leg->flags & MX_F_RELEASE;

	switch (res->verdict) {
	case MX_V_FULL:
		/* It does not have the chunk that it had taken. */
		if (leg->ask != MX_OP_WRITE || mx_leg_is_placing(leg))
			break;
		fallthrough;
	case MX_V_NOCHUNK:
		if (release || mx_leg_is_placing(leg) ||
		    mx_home_predates(&c->home, leg->server, leg->gen))
			break;
		mx_chunk_gone(c, leg->server, leg->inc, leg->era);
		break;
	case MX_V_NOVOL:
		/*
		 * It may be another node with this id that says so. OPEN will tell
		 * whether this life has the volume.
		 */
	case MX_V_GONE:
		mx_chunk_lose(c, leg->server, leg->inc, leg->era);
		break;
	case MX_V_OLDGEN:
		if (mx_leg_is_current(c, leg) || mx_leg_is_placing(leg))
			mx_home_behind(&c->home, res->gen);
		break;
	case MX_V_DOUBT:
	case MX_V_BAD:
	case MX_V_OVER:
		/* Of what it writes, pages may be there that nobody counts. */
		if (leg->ask == MX_OP_WRITE && !mx_leg_is_placing(leg))
			c->unsure = true;
		break;
	}
}

static bool is_loss(u8 verdict)
{
	return verdict == MX_V_GONE || verdict == MX_V_NOVOL ||
	       verdict == MX_V_NOCHUNK || verdict == MX_V_FULL;
}

/* A request without which an operation cannot go on was not executed. */
static void unserved(struct mx_chunk *c, struct mx_op *op, u8 verdict,
		     struct mx_todo *todo)
{
	switch (verdict) {
	case MX_V_GONE:
	case MX_V_NOVOL:
	case MX_V_NOCHUNK:
	case MX_V_FULL:
		MX_COVER(op_unserved_lost);
		mx_op_again(c, op, true, todo);
		break;
	case MX_V_OLDGEN:
		MX_COVER(op_unserved_oldgen);
		mx_op_again(c, op, true, todo);
		break;
	case MX_V_AGAIN:
	case MX_V_VOID:
		MX_COVER(op_unserved_again);
		mx_op_again(c, op, false, todo);
		break;
	case MX_V_STALE:
		MX_COVER(op_unserved_stale);
		mx_op_finish(c, op, -ESTALE, todo);
		break;
	default:
		MX_COVER(op_unserved_bad);
		mx_op_finish(c, op, -EIO, todo);
		break;
	}
}

static void fetched(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		    struct mx_todo *todo)
{
	if (leg->verdict != MX_V_OK) {
		unserved(c, op, leg->verdict, todo);
		return;
	}
	/* Another fetch is due if the copy was lost meanwhile. */
	if (mx_leg_is_current(c, leg)) {
		MX_COVER(op_fetched);
		mx_chunk_learned(c);
	}
	mx_op_start_over(c, op);
}

static void edge_read(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		      u32 mask, const struct mx_env *env, struct mx_todo *todo)
{
	if (leg->verdict != MX_V_OK) {
		unserved(c, op, leg->verdict, todo);
		return;
	}
	if (!mx_leg_is_current(c, leg)) {
		mx_op_start_over(c, op);
		return;
	}
	if (mask & 1) {
		MX_COVER(op_edge_done);
		op->zeros = false;
		op->edges &= op->edges & 1 ? ~1 : ~2;
	} else if (mx_home_in_sync(&c->home) > 1) {
		mx_chunk_gone(c, leg->server, leg->inc, leg->era);
	} else {
		mx_chunk_check(c, op->first + mx_op_edge_page(op), 1, 0);
	}
	go_on(c, op, env, todo);
}

static void read_done(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		      u32 mask, struct mx_todo *todo)
{
	u32 have = mx_bits_get(c->have, op->first, op->n);

	if (leg->verdict != MX_V_OK) {
		unserved(c, op, leg->verdict, todo);
	} else if (!mx_leg_is_current(c, leg)) {
		mx_op_start_over(c, op);
	} else if (lost_any(c, op)) {
		/*
		 * Another read has found that the server lacks them; or another
		 * server was asked, and the chunk placed anew.
		 */
		MX_COVER(op_read_lost_since);
		mx_op_start_over(c, op);
	} else if (!(have & ~mask)) {
		MX_COVER(op_read_done);
		op->give = have;
		op->mask = mask;
		op->from = leg - op->leg;
		mx_op_finish(c, op, 0, todo);
	} else if (mx_home_in_sync(&c->home) > 1) {
		MX_COVER(op_read_elsewhere);
		mx_chunk_gone(c, leg->server, leg->inc, leg->era);
		mx_op_start_over(c, op);
	} else {
		MX_COVER(op_read_lacks);
		mx_chunk_check(c, op->first, op->n, mask);
		mx_op_finish(c, op, -EIO, todo);
	}
}

/* What the members in sync have now. */
static void executed(struct mx_chunk *c, struct mx_op *op)
{
	op->done = true;
	if (unlikely(op->mixed && op->ended)) {
		/* It has failed, and some copies have pages of zeros, others none. */
		mx_chunk_freed(c, op->first, op->n);
		c->unsure = true;
	} else if (op->kind == MX_KIND_WRITE && !op->frees) {
		mx_chunk_wrote(c, op->first, op->n);
	} else if (op->whole) {
		MX_COVER(op_released);
		op->whole = false;
		/* Pages that were lost before stay so: they never read as zeros. */
		c->nhave -= mx_bits_clear(c->have, 0, c->pages);
		mx_chunk_unplaced(c);
	} else {
		mx_chunk_freed(c, op->first, op->n);
	}
}

struct mx_tally mx_op_count(const struct mx_chunk *c, const struct mx_op *op)
{
	struct mx_tally t = {};
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (!mx_leg_has_effect(leg) || leg->state == MX_LEG_FREE)
			continue;
		if (leg->state == MX_LEG_TOMB)
			t.tomb++;
		else if (leg->verdict == MX_V_OK)
			mx_leg_is_current(c, leg) ? t.ok++ : t.lost++;
		else if (is_loss(leg->verdict))
			t.lost++;
		else if (leg->verdict == MX_V_STALE)
			t.stale++;
		else if (leg->verdict == MX_V_AGAIN || leg->verdict == MX_V_VOID ||
			 leg->verdict == MX_V_OLDGEN)
			t.again++;
		else if (leg->verdict == MX_V_DOUBT)
			t.doubt++;
		else
			t.bad++;
	}
	return t;
}

bool mx_op_did_some(const struct mx_chunk *c, const struct mx_op *op)
{
	u32 i;

	for (i = 0; i < c->home.n; i++)
		if (c->home.member[i].state == MX_HOME_IN_SYNC &&
		    op->did & BIT_ULL(c->home.member[i].server))
			return true;
	return false;
}

/*
 * Members that have missed what others have executed, or may have, are not read
 * again. Nor are those that have executed it when it was asked before and may do so
 * once more, after what is written next.
 */
static void mark_stale(struct mx_chunk *c, struct mx_op *op)
{
	int i;

	for (i = 0; i < c->home.n; i++)
		if (!(op->did & BIT_ULL(c->home.member[i].server)))
			mx_home_stale(&c->home, c->home.member[i].server);
	for (i = 0; i < c->home.n; i++)
		if (mx_op_may_come(op, c->home.member[i].server))
			mx_home_stale(&c->home, c->home.member[i].server);
}

/* Pages are written or discarded where they have to be. */
void mx_op_conclude(struct mx_chunk *c, struct mx_op *op,
		    const struct mx_env *env, struct mx_todo *todo)
{
	if (!op->whole)
		mark_stale(c, op);
	executed(c, op);
	if (c->home.unsettled && mx_home_in_sync(&c->home)) {
		MX_COVER(op_conclude_settle);
		mx_op_settle(c, op, env, todo);
	} else {
		MX_COVER(op_conclude);
		mx_op_finish(c, op, 0, todo);
	}
}

/* Those that have released a chunk which others have not do not have it. */
static void part_released(struct mx_chunk *c, struct mx_op *op)
{
	int i;

	for (i = 0; op->whole && i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (leg->state == MX_LEG_DONE && mx_leg_has_effect(leg) &&
		    leg->verdict == MX_V_OK)
			mx_chunk_gone(c, leg->server, leg->inc, leg->era);
	}
}

/*
 * It was not executed by those in sync, as far as is known. A copy that is lost may
 * have executed it, and would show that if it came back after the others were read.
 */
static void not_done(struct mx_chunk *c, const struct mx_op *op)
{
	int i;

	for (i = 0; i < c->home.n; i++)
		if (c->home.member[i].state == MX_HOME_LOST &&
		    op->asked & BIT_ULL(c->home.member[i].server)) {
			mx_home_differs(&c->home);
			return;
		}
}

/* It fails; but what some copies have executed is remembered, and the others
 * are not read any more.
 */
void mx_op_fail(struct mx_chunk *c, struct mx_op *op, int err,
		const struct mx_env *env, struct mx_todo *todo)
{
	if (op->whole || op->done || !mx_op_did_some(c, op)) {
		part_released(c, op);
		if (!op->done)
			not_done(c, op);
		mx_op_finish(c, op, err, todo);
		return;
	}
	MX_COVER(op_fail_partly);
	mx_op_tell(op, err, todo);
	if (op->where == MX_OP_WAITING) {
		/* What overlaps has waited for it. */
		mx_op_enter(c, op);
	}
	mx_op_conclude(c, op, env, todo);
}

/*
 * All legs of a write or discard to the members are in, or given up. A release
 * is over when all have executed it: a copy that is left would count as the
 * chunk's home after a take-over.
 */
void mx_op_judge(struct mx_chunk *c, struct mx_op *op,
		 const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_tally t = mx_op_count(c, op);

	if (t.stale) {
		MX_COVER(op_judge_stale);
		mx_op_fail(c, op, -ESTALE, env, todo);
	} else if (t.again) {
		MX_COVER(op_judge_again);
		if (t.tomb && mx_op_did_some(c, op))
			mark_stale(c, op);
		mx_op_again(c, op, c->home.behind, todo);
	} else if (t.ok && !(op->whole && (t.tomb || t.bad))) {
		mx_op_conclude(c, op, env, todo);
	} else if (t.tomb) {
		MX_COVER(op_judge_unknown);
	} else if (t.bad) {
		MX_COVER(op_judge_bad);
		mx_op_fail(c, op, -EIO, env, todo);
	} else {
		MX_COVER(op_judge_lost);
		mx_op_again(c, op, true, todo);
	}
}

/* Members that differ, nobody knows how: one of them is read from now on. */
static void keep_one(struct mx_chunk *c, struct mx_op *op,
		     const struct mx_env *env, struct mx_todo *todo)
{
	int i;

	MX_COVER(op_keep_one);
	for (i = 0; i < c->home.n; i++)
		mx_home_stale(&c->home, c->home.member[i].server);
	op->done = true;
	mx_op_settle(c, op, env, todo);
}

/* The last tomb of an operation that has ended, and kept its place, is settled. */
static void judge_late(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_tally t = mx_op_count(c, op);

	if (op->done) {
		MX_COVER(op_late_again);
		mx_op_retire(c, op, todo);
	} else if (t.ok && !(op->whole && (t.bad || t.again || t.doubt))) {
		MX_COVER(op_late_executed);
		mx_op_conclude(c, op, env, todo);
	} else if (t.doubt && !op->whole && mx_home_in_sync(&c->home) > 1) {
		keep_one(c, op, env, todo);
	} else {
		MX_COVER(op_late_void);
		part_released(c, op);
		not_done(c, op);
		mx_op_retire(c, op, todo);
	}
}

/* A leg that was waited for is in. */
static void answer(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		   const struct mx_result *res, const struct mx_env *env,
		   struct mx_todo *todo)
{
	if (mx_leg_is_placing(leg)) {
		mx_op_place_answer(c, op, leg, env, todo);
		return;
	}
	if (mx_op_any_sent(op))
		return;
	switch (op->phase) {
	case MX_OP_FETCH:
		fetched(c, op, leg, todo);
		break;
	case MX_OP_EDGE:
		edge_read(c, op, leg, res->mask, env, todo);
		break;
	case MX_OP_SETTLE:
		mx_op_set_done(c, op, env, todo);
		break;
	default:
		if (op->kind == MX_KIND_READ)
			read_done(c, op, leg, res->mask, todo);
		else
			mx_op_judge(c, op, env, todo);
	}
}

/* A leg that was given up is settled. */
static void tomb_settled(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			 const struct mx_env *env, struct mx_todo *todo)
{
	if (mx_leg_is_placing(leg)) {
		mx_op_tomb_placed(c, op, leg, env, todo);
		return;
	}
	if (op->where != MX_OP_ACTIVE || mx_op_any_sent(op))
		return;
	if (op->phase == MX_OP_SHUT && !mx_op_holds_place(c, op))
		judge_late(c, op, env, todo);
	else if (op->phase == MX_OP_SETTLE)
		mx_op_settle(c, op, env, todo);
	else if (op->phase == MX_OP_MAIN && mx_leg_has_effect(leg))
		mx_op_judge(c, op, env, todo);
}

/* What one call may have made possible for others. */
void mx_op_follow_up(struct mx_chunk *c, const struct mx_env *env,
		     struct mx_todo *todo)
{
	if (unlikely(c->settling && !c->setter)) {
		c->settling = false;
		mx_op_settle_next(c, &c->writers, env, todo);
		mx_op_settle_next(c, &c->readers, env, todo);
	}
	mx_op_advance(c, env, todo);
}

void mx_op_leg(struct mx_chunk *c, struct mx_op *op, u32 i,
	       const struct mx_result *res, const struct mx_env *env,
	       struct mx_todo *todo)
{
	struct mx_leg *leg = &op->leg[i];
	u8 was = leg->state;

	MX_ASSERT(was == MX_LEG_SENT || was == MX_LEG_TOMB);
	leg->state = MX_LEG_DONE;
	leg->verdict = res->verdict;
	if (unlikely(res->verdict != MX_V_OK))
		note(c, leg, res);
	else if (mx_leg_has_effect(leg) && mx_leg_is_current(c, leg))
		op->did |= BIT_ULL(leg->server);
	if (leg->unplace)
		mx_op_unplaced(c, leg);
	else if (was == MX_LEG_TOMB)
		tomb_settled(c, op, leg, env, todo);
	else
		answer(c, op, leg, res, env, todo);
	if (op->where == MX_OP_LEFT && !mx_op_open(op)) {
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
		mx_op_want(op, MX_DO_FREE, todo);
	}
	mx_op_follow_up(c, env, todo);
}

void mx_op_init(struct mx_op *op, u8 kind, u8 owner, u32 first, u32 n,
		u8 edges, u64 now_ms)
{
	int i;

	INIT_LIST_HEAD(&op->link);
	INIT_LIST_HEAD(&op->todo);
	op->began_ms = now_ms;
	op->tried = 0;
	op->did = 0;
	op->asked = 0;
	op->first = first;
	op->n = n;
	op->behind = 0;
	op->give = 0;
	op->mask = 0;
	op->err = 0;
	op->kind = kind;
	op->owner = owner;
	op->where = MX_OP_OUT;
	op->phase = MX_OP_SHUT;
	op->edges = edges;
	op->fill = 0;
	op->nlegs = MX_COPIES_MAX;
	op->tries = 0;
	op->bits = 0;
	op->send = 0;
	op->drop = 0;
	op->whole = false;
	op->alone = false;
	op->ended = false;
	op->done = false;
	op->later = false;
	op->fenced = false;
	op->over = false;
	op->zeros = false;
	op->keep = false;
	op->frees = false;
	op->mixed = false;
	for (i = 0; i < MX_COPIES_MAX; i++)
		op->leg[i].state = MX_LEG_FREE;
}

void mx_op_submit(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	MX_ASSERT(op->first <= c->pages && op->n <= c->pages - op->first);
	/* Even if it would only have to wait for an older one. */
	if (unlikely(all_dead(c, op, env))) {
		MX_COVER(op_unreachable);
		mx_op_finish(c, op, -EIO, todo);
		return;
	}
	op->behind = mx_op_in_way(c, op);
	if (op->behind || !start(c, op, env, todo))
		mx_op_wait_at(op, c->waiting.prev);
}

void mx_op_unplace(struct mx_chunk *c, struct mx_op *op, u8 server, u32 gen,
		   const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_leg *leg = &op->leg[0];

	mx_op_tell(op, 0, todo);
	leg->inc = env->life[server].inc;
	leg->era = env->life[server].era;
	leg->gen = gen;
	leg->server = server;
	leg->gens = env->life[server].gens;
	mx_op_take_back(c, op, leg, env, todo);
	op->where = MX_OP_LEFT;
	list_add_tail(&op->link, &c->tombs);
}

bool mx_op_unplace_left(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	const struct mx_left *l = mx_chunk_left(c, env);

	if (!l)
		return false;
	MX_COVER(op_unplace_left);
	mx_op_unplace(c, op, l->server, l->gen, env, todo);
	return true;
}

void mx_op_wake(struct mx_chunk *c, struct mx_op *op, const struct mx_env *env,
		struct mx_todo *todo)
{
	if (op->where != MX_OP_ACTIVE)
		return;
	if (op->phase == MX_OP_PAUSE) {
		op->tried = 0;
		op->later = false;
		mx_op_start_over(c, op);
	} else if (op->phase == MX_OP_SETTLE && !mx_op_any_sent(op)) {
		mx_op_settle(c, op, env, todo);
	} else {
		return;
	}
	mx_op_follow_up(c, env, todo);
}
