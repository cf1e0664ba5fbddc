// SPDX-License-Identifier: GPL-2.0
/*
 * Operations: the order in which they run, their legs, their phases and their
 * end.
 */
#include "mx_op.h"

static void start_over(struct mx_chunk *c, struct mx_op *op);

/* --- the todo list ---------------------------------------------------- */

static void want(struct mx_op *op, u8 bits, struct mx_todo *todo)
{
	op->bits |= bits;
	if (list_empty(&op->todo))
		list_add_tail(&op->todo, &todo->ops);
}

bool mx_todo_take(struct mx_todo *todo, struct mx_todo_item *item)
{
	struct mx_op *op;

	if (list_empty(&todo->ops))
		return false;
	op = list_first_entry(&todo->ops, struct mx_op, todo);
	list_del_init(&op->todo);
	*item = (struct mx_todo_item) {
		.op		= op,
		.bits		= op->bits,
		.legs_send	= op->send,
		.legs_void	= op->drop,
	};
	op->bits = 0;
	op->send = 0;
	op->drop = 0;
	return true;
}

u32 mx_op_edge_page(const struct mx_op *op)
{
	return op->edges & 1 ? 0 : op->n - 1;
}

/* --- legs ------------------------------------------------------------- */

static bool leg_open(const struct mx_leg *leg)
{
	return leg->state != MX_LEG_FREE && leg->state != MX_LEG_DONE;
}

u32 mx_op_open(const struct mx_op *op)
{
	u32 i, open = 0;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (leg_open(&op->leg[i]))
			open |= BIT(i);
	return open;
}

static bool any_sent(const struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_SENT && !op->leg[i].unplace)
			return true;
	return false;
}

static bool is_placing(const struct mx_leg *leg)
{
	return leg->flags & MX_F_PLACE;
}

/* Could it still change pages that somebody reads? */
static bool has_effect(const struct mx_leg *leg)
{
	return !leg->unplace && !is_placing(leg) &&
	       (leg->ask == MX_OP_WRITE || leg->ask == MX_OP_DISCARD);
}

/* A tomb that keeps the operation's place. */
static bool holds_place(const struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_TOMB && has_effect(&op->leg[i]))
			return true;
	return false;
}

static u32 free_legs(const struct mx_op *op)
{
	u32 i, n = 0;

	for (i = 0; i < MX_COPIES_MAX; i++)
		n += !leg_open(&op->leg[i]);
	return n;
}

/* Forgets what is settled, before another round of requests. */
static void clear_legs(struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_DONE)
			op->leg[i].state = MX_LEG_FREE;
}

static void send_leg(struct mx_op *op, struct mx_leg *leg,
		     const struct mx_env *env, struct mx_todo *todo)
{
	leg->state = MX_LEG_SENT;
	leg->sent_ms = env->now_ms;
	op->send |= BIT(leg - op->leg);
	want(op, MX_DO_SEND, todo);
}

/* There is a free leg. */
static struct mx_leg *ask(struct mx_op *op, const struct mx_home_member *m,
			  u8 what, u8 flags, u32 gen, const struct mx_env *env,
			  struct mx_todo *todo)
{
	struct mx_leg *leg = op->leg;

	while (leg->state != MX_LEG_FREE)
		leg++;
	MX_ASSERT(leg < op->leg + MX_COPIES_MAX);
	leg->inc = m->inc;
	leg->era = m->era;
	leg->gen = gen;
	leg->server = m->server;
	leg->ask = what;
	leg->flags = flags;
	leg->first = op->first;
	leg->n = op->n;
	leg->unplace = false;
	leg->gens = env->life[m->server].gens;
	send_leg(op, leg, env, todo);
	return leg;
}

/* What it does is not waited for any more, and its outcome is asked for. */
static void bury(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		 struct mx_todo *todo)
{
	leg->state = MX_LEG_TOMB;
	op->drop |= BIT(leg - op->leg);
	want(op, MX_DO_VOID, todo);
	if (is_placing(leg)) {
		MX_COVER(op_bury_placing);
		c->avoid |= BIT_ULL(leg->server);
	} else if (has_effect(leg)) {
		MX_COVER(op_bury_effect);
	} else {
		MX_COVER(op_bury_read);
	}
}

/* --- order ------------------------------------------------------------ */

static bool overlap(const struct mx_op *a, const struct mx_op *b)
{
	if (a->kind == MX_KIND_READ && b->kind == MX_KIND_READ)
		return false;
	if (a->whole || b->whole)
		return true;
	return a->first < b->first + b->n && b->first < a->first + a->n;
}

static bool blocked_by(const struct list_head *list, const struct mx_op *op)
{
	struct mx_op *other;

	list_for_each_entry(other, list, link) {
		if (other == op)
			return false;	/* the waiting list: those behind */
		if (overlap(other, op))
			return true;
	}
	return false;
}

static bool blocked(const struct mx_chunk *c, const struct mx_op *op)
{
	if (blocked_by(&c->writers, op) || blocked_by(&c->waiting, op))
		return true;
	return op->kind != MX_KIND_READ && blocked_by(&c->readers, op);
}

static void enter(struct mx_chunk *c, struct mx_op *op)
{
	op->where = MX_OP_ACTIVE;
	list_add_tail(&op->link, op->kind == MX_KIND_READ ? &c->readers :
							    &c->writers);
}

static void wait_at(struct mx_op *op, struct list_head *where)
{
	op->where = MX_OP_WAITING;
	list_add(&op->link, where);
}

/* Gives up its place, and whatever it does for the whole chunk. */
static void leave(struct mx_chunk *c, struct mx_op *op)
{
	list_del_init(&op->link);
	op->where = MX_OP_OUT;
	if (c->placer == op) {
		c->placer = NULL;
		/* Some may have taken it before the operation was given up. */
		if (mx_home_in_sync(&c->home))
			mx_chunk_placed(c);
		else
			mx_chunk_place_failed(c);
	}
	if (c->setter == op)
		c->setter = NULL;
	if (c->fetcher == op)
		c->fetcher = NULL;
	if (op->whole)
		mx_chunk_release(c, true);
	op->whole = false;
}

/* --- end -------------------------------------------------------------- */

/* Nothing is left to be done on the chunk but for tombs. */
static void retire(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	if (op->where != MX_OP_OUT)
		leave(c, op);
	if (mx_op_open(op)) {
		MX_COVER(op_retire_open);
		op->where = MX_OP_LEFT;
		list_add_tail(&op->link, &c->tombs);
	} else {
		want(op, MX_DO_FREE, todo);
	}
}

/* The owner is told, if it has not been. */
static void tell(struct mx_op *op, int err, struct mx_todo *todo)
{
	if (op->ended)
		return;
	op->ended = true;
	op->err = err;
	want(op, MX_DO_END, todo);
}

static void finish(struct mx_chunk *c, struct mx_op *op, int err,
		   struct mx_todo *todo)
{
	tell(op, err, todo);
	op->phase = MX_OP_SHUT;
	if (op->where == MX_OP_ACTIVE && !op->done && holds_place(op)) {
		MX_COVER(op_shut);
		if (c->setter == op)
			c->setter = NULL;
		return;
	}
	retire(c, op, todo);
}

/* --- start ------------------------------------------------------------ */

/* Do all servers that would have to take it count as dead? */
static bool unreachable(const struct mx_chunk *c, const struct mx_op *op,
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

static bool is_alive(const struct mx_env *env, u8 server)
{
	return env->members->m[server].state == MX_MEMBER_ALIVE;
}

/* The member in sync to be read from: alive, and not tried yet, if there is. */
static const struct mx_home_member *reader(const struct mx_chunk *c,
					   const struct mx_op *op,
					   const struct mx_env *env)
{
	const struct mx_home_member *best = NULL;
	u32 i, rank, high = 0;

	for (i = 0; i < c->home.n; i++) {
		const struct mx_home_member *m = &c->home.member[i];

		if (m->state != MX_HOME_IN_SYNC)
			continue;
		rank = 1 + (is_alive(env, m->server) ? 1 : 0) +
		       (op->tried & BIT_ULL(m->server) ? 0 : 2);
		if (rank > high) {
			high = rank;
			best = m;
		}
	}
	return best;
}

static void read_from(struct mx_chunk *c, struct mx_op *op, u8 phase, u8 what,
		      const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_leg *leg;

	op->phase = phase;
	clear_legs(op);
	leg = ask(op, reader(c, op, env), what, 0, c->home.gen, env, todo);
	if (phase == MX_OP_EDGE) {
		leg->first += mx_op_edge_page(op);
		leg->n = 1;
	}
}

static void pause_op(struct mx_op *op, struct mx_todo *todo)
{
	MX_COVER(op_pause);
	op->phase = MX_OP_PAUSE;
	op->wait_ms = min_t(u32, MX_BACKOFF_MS << min_t(u8, op->tries, 5),
			    MX_BACKOFF_MAX_MS);
	if (op->tries < 255)
		op->tries++;
	want(op, MX_DO_WAIT, todo);
}

/* The members in sync are to store the next generation. */
static void settle(struct mx_chunk *c, struct mx_op *op,
		   const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_home *h = &c->home;
	u32 i;

	op->phase = MX_OP_SETTLE;
	if (c->setter && c->setter != op) {
		MX_COVER(op_settle_wait);
		return;
	}
	c->setter = NULL;
	clear_legs(op);
	if (free_legs(op) < mx_home_in_sync(h)) {
		MX_COVER(op_settle_no_leg);
		return;
	}
	MX_COVER(op_settle);
	c->setter = op;
	op->gen = mx_home_next(h);
	for (i = 0; i < h->n; i++)
		if (h->member[i].state == MX_HOME_IN_SYNC)
			ask(op, &h->member[i], MX_OP_SETGEN, 0, op->gen, env,
			    todo);
}

static void ask_members(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_home *h = &c->home;
	u8 what = op->kind == MX_KIND_WRITE ? MX_OP_WRITE : MX_OP_DISCARD;
	u8 flags = op->whole ? MX_F_RELEASE : 0;
	u32 i;

	op->phase = MX_OP_MAIN;
	clear_legs(op);
	if (free_legs(op) < mx_home_in_sync(h)) {
		MX_COVER(op_main_no_leg);
		pause_op(op, todo);
		return;
	}
	for (i = 0; i < h->n; i++)
		if (h->member[i].state == MX_HOME_IN_SYNC)
			ask(op, &h->member[i], what, flags, h->gen, env, todo);
}

static void pick(struct mx_op *op, u32 n, struct mx_todo *todo)
{
	MX_COVER(op_pick);
	op->phase = MX_OP_PICK;
	op->want = n;
	want(op, MX_DO_PICK, todo);
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
			read_from(c, op, MX_OP_EDGE, MX_OP_READ, env, todo);
			return false;
		case MX_PAGE_LOST:
			MX_COVER(op_edge_lost);
			finish(c, op, -EIO, todo);
			return false;
		default:
			MX_COVER(op_edge_zero);
			op->fill |= bit;
			op->edges &= ~bit;
			want(op, MX_DO_FILL, todo);
		}
	}
	return true;
}

/* An active write: its ends, then its pages. */
static void go_on(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->placer != op && c->state != MX_CHUNK_PLACED) {
		start_over(c, op);
		return;
	}
	if (!edges_whole(c, op, env, todo))
		return;
	if (c->placer == op)
		pick(op, env->copies, todo);
	else
		ask_members(c, op, env, todo);
}

static bool start_read(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	op->give = 0;
	op->mask = 0;
	if (c->nlost && mx_bits_count(c->lost, op->first, op->n)) {
		MX_COVER(op_read_lost);
		finish(c, op, -EIO, todo);
	} else if (c->state != MX_CHUNK_PLACED ||
		   !mx_bits_count(c->have, op->first, op->n)) {
		MX_COVER(op_read_zero);
		finish(c, op, 0, todo);
	} else if (!free_legs(op)) {
		return false;
	} else {
		MX_COVER(op_read);
		enter(c, op);
		read_from(c, op, MX_OP_MAIN, MX_OP_READ, env, todo);
	}
	return true;
}

static bool start_write(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	if (c->state == MX_CHUNK_PLACING)
		return false;
	enter(c, op);
	if (c->state != MX_CHUNK_PLACED) {
		MX_COVER(op_place);
		c->state = MX_CHUNK_PLACING;
		c->placer = op;
		op->tried = 0;
	}
	go_on(c, op, env, todo);
	return true;
}

/* Will the chunk be empty, and is nobody else on it? */
static bool empties(const struct mx_chunk *c, const struct mx_op *op)
{
	return mx_bits_count(c->have, op->first, op->n) == c->nhave &&
	       list_empty(&c->readers) && list_empty(&c->writers) &&
	       list_empty(&c->waiting);
}

static bool start_discard(struct mx_chunk *c, struct mx_op *op,
			  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->state != MX_CHUNK_PLACED) {
		MX_COVER(op_discard_none);
		mx_chunk_freed(c, op->first, op->n);
		finish(c, op, 0, todo);
		return true;
	}
	if (c->nlost)
		c->nlost -= mx_bits_clear(c->lost, op->first, op->n);
	op->whole = empties(c, op);
	if (!op->whole && !mx_bits_count(c->have, op->first, op->n)) {
		MX_COVER(op_discard_nothing);
		finish(c, op, 0, todo);
		return true;
	}
	enter(c, op);
	if (op->whole) {
		MX_COVER(op_release);
		mx_chunk_release(c, false);
	} else {
		MX_COVER(op_discard);
	}
	ask_members(c, op, env, todo);
	return true;
}

/* The bitmap first. Return: whether the operation was started */
static bool start_fetch(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	if (c->fetcher || !free_legs(op))
		return false;
	MX_COVER(op_fetch);
	c->fetcher = op;
	enter(c, op);
	read_from(c, op, MX_OP_FETCH, MX_OP_BITMAP, env, todo);
	return true;
}

/*
 * Nothing is in its way, and it is in no list. Return: false: it has to wait,
 * for something that concerns the whole chunk.
 */
static bool start(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	if (c->state == MX_CHUNK_UNKNOWN)
		return false;
	if (c->home.n)
		mx_chunk_sync(c, env);
	if (unlikely(c->state == MX_CHUNK_PLACED && c->home.behind)) {
		if (c->setter || free_legs(op) < mx_home_in_sync(&c->home))
			return false;
		MX_COVER(op_behind);
		enter(c, op);
		settle(c, op, env, todo);
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
		finish(c, op, 0, todo);
		return true;
	}
}

/* Back to the head of the queue: it keeps its turn among those it overlaps. */
static void start_over(struct mx_chunk *c, struct mx_op *op)
{
	MX_COVER(op_start_over);
	leave(c, op);
	op->done = false;
	clear_legs(op);
	wait_at(op, &c->waiting);
}

void mx_op_advance(struct mx_chunk *c, const struct mx_env *env,
		   struct mx_todo *todo)
{
	struct mx_op *op, *next;

	list_for_each_entry_safe(op, next, &c->waiting, link) {
		struct list_head *before = op->link.prev;

		if (blocked(c, op))
			continue;
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
		if (!start(c, op, env, todo))
			wait_at(op, before);
	}
}

/* --- answers ---------------------------------------------------------- */

/* Whether what a leg has found was in the copy that counts now. */
static bool is_current(const struct mx_chunk *c, const struct mx_leg *leg)
{
	return mx_home_has(&c->home, leg->server, leg->inc, leg->era);
}

/* What an answer says of the server's copy. */
static void note(struct mx_chunk *c, const struct mx_leg *leg,
		 const struct mx_result *res)
{
	bool release = leg->ask == MX_OP_DISCARD && leg->flags & MX_F_RELEASE;

	switch (res->verdict) {
	case MX_V_FULL:
		/* It does not have the chunk that it had taken. */
		if (leg->ask != MX_OP_WRITE || is_placing(leg))
			break;
		fallthrough;
	case MX_V_NOCHUNK:
		if (release || is_placing(leg))
			break;
		fallthrough;
	case MX_V_GONE:
	case MX_V_NOVOL:
		mx_chunk_lose(c, leg->server, leg->inc, leg->era);
		break;
	case MX_V_OLDGEN:
		if (is_current(c, leg) || is_placing(leg))
			mx_home_behind(&c->home, res->gen);
		break;
	}
}

static bool is_loss(u8 verdict)
{
	return verdict == MX_V_GONE || verdict == MX_V_NOVOL ||
	       verdict == MX_V_NOCHUNK || verdict == MX_V_FULL;
}

/* At once the first time, then after a pause. */
static void again(struct mx_chunk *c, struct mx_op *op, bool now,
		  struct mx_todo *todo)
{
	if (now && !op->tries) {
		op->tries++;
		start_over(c, op);
	} else {
		pause_op(op, todo);
	}
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
		again(c, op, true, todo);
		break;
	case MX_V_OLDGEN:
		MX_COVER(op_unserved_oldgen);
		again(c, op, true, todo);
		break;
	case MX_V_AGAIN:
	case MX_V_VOID:
		MX_COVER(op_unserved_again);
		again(c, op, false, todo);
		break;
	case MX_V_STALE:
		MX_COVER(op_unserved_stale);
		finish(c, op, -ESTALE, todo);
		break;
	default:
		MX_COVER(op_unserved_bad);
		finish(c, op, -EIO, todo);
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
	if (is_current(c, leg)) {
		MX_COVER(op_fetched);
		c->blind = false;
	}
	start_over(c, op);
}

static void edge_read(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		      u32 mask, const struct mx_env *env, struct mx_todo *todo)
{
	if (leg->verdict != MX_V_OK) {
		unserved(c, op, leg->verdict, todo);
		return;
	}
	if (!is_current(c, leg)) {
		start_over(c, op);
		return;
	}
	if (mask & 1) {
		MX_COVER(op_edge_done);
		op->edges &= op->edges & 1 ? ~1 : ~2;
	} else if (mx_home_in_sync(&c->home) > 1) {
		mx_chunk_lose(c, leg->server, leg->inc, leg->era);
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
	} else if (!is_current(c, leg)) {
		start_over(c, op);
	} else if (!(have & ~mask)) {
		MX_COVER(op_read_done);
		op->give = have;
		op->mask = mask;
		op->from = leg - op->leg;
		finish(c, op, 0, todo);
	} else if (mx_home_in_sync(&c->home) > 1) {
		MX_COVER(op_read_elsewhere);
		mx_chunk_lose(c, leg->server, leg->inc, leg->era);
		start_over(c, op);
	} else {
		MX_COVER(op_read_lacks);
		mx_chunk_check(c, op->first, op->n, mask);
		finish(c, op, -EIO, todo);
	}
}

/* What the members in sync have now. */
static void executed(struct mx_chunk *c, struct mx_op *op)
{
	op->done = true;
	if (op->kind == MX_KIND_WRITE) {
		mx_chunk_wrote(c, op->first, op->n);
	} else if (op->whole) {
		MX_COVER(op_released);
		op->whole = false;
		mx_chunk_freed(c, 0, c->pages);
		mx_chunk_unplaced(c);
	} else {
		mx_chunk_freed(c, op->first, op->n);
	}
}

/**
 * struct tally - how the legs of a write or discard have ended
 * @ok:    executed, by a copy that counts
 * @tomb:  outcome not known
 * @again: not executed, and to be asked again
 * @lost:  the server has lost its copy
 * @bad:   refused
 * @stale: a higher claim is in force
 */
struct tally {
	u32 ok, tomb, again, lost, bad, stale;
};

static struct tally count(const struct mx_chunk *c, const struct mx_op *op)
{
	struct tally t = {};
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (!has_effect(leg) || leg->state == MX_LEG_FREE)
			continue;
		if (leg->state == MX_LEG_TOMB)
			t.tomb++;
		else if (leg->verdict == MX_V_OK)
			is_current(c, leg) ? t.ok++ : t.lost++;
		else if (is_loss(leg->verdict))
			t.lost++;
		else if (leg->verdict == MX_V_STALE)
			t.stale++;
		else if (leg->verdict == MX_V_AGAIN || leg->verdict == MX_V_VOID ||
			 leg->verdict == MX_V_OLDGEN)
			t.again++;
		else
			t.bad++;
	}
	return t;
}

/* Members that may have missed what others have executed are not read again. */
static void mark_stale(struct mx_chunk *c, struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (has_effect(leg) && leg->state != MX_LEG_FREE &&
		    (leg->state == MX_LEG_TOMB || leg->verdict != MX_V_OK) &&
		    is_current(c, leg))
			mx_home_stale(&c->home, leg->server);
	}
}

/* Pages are written or discarded where they have to be. */
static void conclude(struct mx_chunk *c, struct mx_op *op,
		     const struct mx_env *env, struct mx_todo *todo)
{
	executed(c, op);
	if (c->home.unsettled && mx_home_in_sync(&c->home)) {
		MX_COVER(op_conclude_settle);
		settle(c, op, env, todo);
	} else {
		MX_COVER(op_conclude);
		finish(c, op, 0, todo);
	}
}

/* Those that have released a chunk which others have not do not have it. */
static void part_released(struct mx_chunk *c, struct mx_op *op)
{
	int i;

	for (i = 0; op->whole && i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (leg->state == MX_LEG_DONE && has_effect(leg) &&
		    leg->verdict == MX_V_OK)
			mx_chunk_lose(c, leg->server, leg->inc, leg->era);
	}
}

/*
 * All legs of a write or discard to the members are in, or given up. A release
 * is over when all have executed it: a copy that is left would count as the
 * chunk's home after a take-over.
 */
static void judge(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	struct tally t = count(c, op);

	if (t.stale) {
		unserved(c, op, MX_V_STALE, todo);
	} else if (t.again) {
		MX_COVER(op_judge_again);
		if (t.tomb)
			mark_stale(c, op);
		again(c, op, c->home.behind, todo);
	} else if (t.ok && !(op->whole && (t.tomb || t.bad))) {
		mark_stale(c, op);
		conclude(c, op, env, todo);
	} else if (t.tomb) {
		MX_COVER(op_judge_unknown);
	} else if (t.bad) {
		MX_COVER(op_judge_bad);
		part_released(c, op);
		unserved(c, op, MX_V_BAD, todo);
	} else {
		MX_COVER(op_judge_lost);
		again(c, op, true, todo);
	}
}

/* The last tomb of an operation that has ended, and kept its place, is settled. */
static void judge_late(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	struct tally t = count(c, op);

	if (t.ok && !(op->whole && (t.bad || t.again))) {
		MX_COVER(op_late_executed);
		mark_stale(c, op);
		conclude(c, op, env, todo);
	} else {
		MX_COVER(op_late_void);
		part_released(c, op);
		retire(c, op, todo);
	}
}

/* --- the next generation ---------------------------------------------- */

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
		    !is_current(c, leg))
			return false;
		n++;
	}
	return n && n == mx_home_in_sync(&c->home);
}

/* The home is settled, or whoever was at it has gone: those that wait for it. */
static void settle_next(struct mx_chunk *c, struct list_head *list,
			const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_op *op, *next;

	list_for_each_entry_safe(op, next, list, link) {
		if (c->setter)
			return;
		if (op->phase != MX_OP_SETTLE || any_sent(op))
			continue;
		if (c->home.unsettled && mx_home_in_sync(&c->home)) {
			settle(c, op, env, todo);
		} else if (op->done || op->ended) {
			MX_COVER(op_settled_by_other);
			finish(c, op, 0, todo);
		}
	}
}

static void set_over(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	c->setter = NULL;
	if (op->done || op->ended)
		finish(c, op, 0, todo);
	else
		start_over(c, op);
}

/* Nobody has the pages any more that were to be acknowledged. */
static void set_lost(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	MX_COVER(op_set_lost);
	c->setter = NULL;
	if (op->ended)
		finish(c, op, 0, todo);
	else
		again(c, op, true, todo);
}

/* All SETGEN are answered or given up. */
static void set_done(struct mx_chunk *c, struct mx_op *op,
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
		mx_home_settled(&c->home, op->gen);
		set_over(c, op, todo);
		return;
	}
	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *leg = &op->leg[i];

		if (!is_setting(op, leg) || !is_current(c, leg))
			continue;
		if (leg->state == MX_LEG_DONE && leg->verdict == MX_V_STALE) {
			c->setter = NULL;
			finish(c, op, -ESTALE, todo);
			return;
		}
		if (leg->state == MX_LEG_TOMB || leg->verdict >= MX_V_BAD)
			refused |= !mx_home_stale(&c->home, leg->server);
		else
			later |= leg->verdict == MX_V_AGAIN ||
				 leg->verdict == MX_V_VOID;
	}
	if (refused) {
		MX_COVER(op_set_refused);
		c->setter = NULL;
		finish(c, op, -EIO, todo);
	} else if (later) {
		MX_COVER(op_set_later);
		clear_legs(op);
		op->wait_ms = MX_BACKOFF_MAX_MS;
		want(op, MX_DO_WAIT, todo);
	} else {
		MX_COVER(op_set_anew);
		settle(c, op, env, todo);
	}
}

/* --- placing ---------------------------------------------------------- */

static void unplace(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		    const struct mx_env *env, struct mx_todo *todo)
{
	MX_COVER(op_unplace);
	c->avoid |= BIT_ULL(leg->server);
	leg->unplace = true;
	leg->ask = MX_OP_DISCARD;
	leg->flags = MX_F_RELEASE;
	leg->first = 0;
	leg->n = c->pages;
	send_leg(op, leg, env, todo);
}

static void unplaced(struct mx_chunk *c, struct mx_leg *leg)
{
	if (leg->verdict == MX_V_AGAIN || leg->verdict == MX_V_VOID) {
		MX_COVER(op_unplace_again);
		leg->state = MX_LEG_REST;
		return;
	}
	MX_COVER(op_unplaced);
	c->avoid &= ~BIT_ULL(leg->server);
}

static bool same_life(const struct mx_leg *leg, const struct mx_env *env)
{
	const struct mx_srv_life *life = &env->life[leg->server];

	return life->inc == leg->inc && life->era == leg->era;
}

/* The outcome of a placement that was given up is known. */
static void tomb_placed(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			const struct mx_env *env, struct mx_todo *todo)
{
	if ((leg->verdict == MX_V_OK || leg->verdict == MX_V_BAD) &&
	    same_life(leg, env)) {
		unplace(c, op, leg, env, todo);
		return;
	}
	MX_COVER(op_tomb_not_placed);
	c->avoid &= ~BIT_ULL(leg->server);
}

static void place_done(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	c->placer = NULL;
	mx_chunk_placed(c);
	conclude(c, op, env, todo);
}

/* All servers that were asked to take the chunk have answered, or were passed
 * over.
 */
static void place_round(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	u32 got = mx_home_in_sync(&c->home);

	clear_legs(op);
	if (op->fenced) {
		finish(c, op, -ESTALE, todo);
	} else if (got >= env->copies ||
		   (got && (op->later || !free_legs(op)))) {
		MX_COVER(op_place_done);
		place_done(c, op, env, todo);
	} else if (op->later || !free_legs(op)) {
		MX_COVER(op_place_later);
		pause_op(op, todo);
	} else {
		pick(op, env->copies - got, todo);
	}
}

static void place_answer(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			 const struct mx_env *env, struct mx_todo *todo)
{
	switch (leg->verdict) {
	case MX_V_OK:
		if (same_life(leg, env))
			mx_chunk_take(c, leg->server, &env->life[leg->server],
				      leg->gen);
		else
			op->later = true;
		break;
	case MX_V_FULL:
		MX_COVER(op_place_declined);
		break;
	case MX_V_STALE:
		op->fenced = true;
		break;
	case MX_V_BAD:
		MX_COVER(op_place_bad);
		unplace(c, op, leg, env, todo);
		break;
	case MX_V_OVER:
		op->fenced = true;
		break;
	default:
		op->later = true;
		break;
	}
	if (!any_sent(op))
		place_round(c, op, env, todo);
}

/* No server takes the chunk: the writes that wait for one end as well. */
static void place_full(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	struct mx_op *other, *next;

	MX_COVER(op_place_full);
	finish(c, op, -ENOSPC, todo);
	list_for_each_entry_safe(other, next, &c->waiting, link)
		if (other->kind == MX_KIND_WRITE)
			finish(c, other, -ENOSPC, todo);
}

void mx_op_picked(struct mx_chunk *c, struct mx_op *op, const u8 *server, u32 n,
		  bool later, const struct mx_env *env, struct mx_todo *todo)
{
	u32 i, gen;

	if (op->phase != MX_OP_PICK || c->placer != op)
		return;
	op->phase = MX_OP_MAIN;
	op->later = false;
	n = min_t(u32, n, free_legs(op));
	if (n) {
		gen = mx_home_next(&c->home);
		for (i = 0; i < n; i++) {
			struct mx_home_member m = {
				.inc	= env->life[server[i]].inc,
				.era	= env->life[server[i]].era,
				.server	= server[i],
			};

			op->tried |= BIT_ULL(server[i]);
			ask(op, &m, MX_OP_WRITE, MX_F_PLACE, gen, env, todo);
		}
		return;
	}
	if (mx_home_in_sync(&c->home)) {
		MX_COVER(op_place_fewer);
		place_done(c, op, env, todo);
	} else if (later || c->avoid) {
		MX_COVER(op_place_none_now);
		pause_op(op, todo);
	} else {
		place_full(c, op, todo);
	}
	mx_op_advance(c, env, todo);
}

/* --- inputs ----------------------------------------------------------- */

/* A leg that was waited for is in. */
static void answer(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		   const struct mx_result *res, const struct mx_env *env,
		   struct mx_todo *todo)
{
	if (is_placing(leg)) {
		place_answer(c, op, leg, env, todo);
		return;
	}
	if (any_sent(op))
		return;
	switch (op->phase) {
	case MX_OP_FETCH:
		fetched(c, op, leg, todo);
		break;
	case MX_OP_EDGE:
		edge_read(c, op, leg, res->mask, env, todo);
		break;
	case MX_OP_SETTLE:
		set_done(c, op, env, todo);
		break;
	default:
		if (op->kind == MX_KIND_READ)
			read_done(c, op, leg, res->mask, todo);
		else
			judge(c, op, env, todo);
	}
}

/* A leg that was given up is settled. */
static void tomb_settled(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			 const struct mx_env *env, struct mx_todo *todo)
{
	if (is_placing(leg)) {
		tomb_placed(c, op, leg, env, todo);
		return;
	}
	if (op->where != MX_OP_ACTIVE || any_sent(op))
		return;
	if (op->phase == MX_OP_SHUT && !holds_place(op))
		judge_late(c, op, env, todo);
	else if (op->phase == MX_OP_SETTLE)
		settle(c, op, env, todo);
	else if (op->phase == MX_OP_MAIN && has_effect(leg))
		judge(c, op, env, todo);
}

/* What one call may have made possible for others. */
static void follow_up(struct mx_chunk *c, const struct mx_env *env,
		      struct mx_todo *todo)
{
	if (!c->setter) {
		settle_next(c, &c->writers, env, todo);
		settle_next(c, &c->readers, env, todo);
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
	if (leg->unplace)
		unplaced(c, leg);
	else if (was == MX_LEG_TOMB)
		tomb_settled(c, op, leg, env, todo);
	else
		answer(c, op, leg, res, env, todo);
	if (op->where == MX_OP_LEFT && !mx_op_open(op)) {
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
		want(op, MX_DO_FREE, todo);
	}
	follow_up(c, env, todo);
}

void mx_op_init(struct mx_op *op, u8 kind, u8 owner, u32 first, u32 n,
		u8 edges, u64 now_ms)
{
	int i;

	INIT_LIST_HEAD(&op->link);
	INIT_LIST_HEAD(&op->todo);
	op->began_ms = now_ms;
	op->tried = 0;
	op->first = first;
	op->n = n;
	op->give = 0;
	op->mask = 0;
	op->err = 0;
	op->kind = kind;
	op->owner = owner;
	op->where = MX_OP_OUT;
	op->phase = MX_OP_SHUT;
	op->edges = edges;
	op->fill = 0;
	op->tries = 0;
	op->bits = 0;
	op->send = 0;
	op->drop = 0;
	op->whole = false;
	op->ended = false;
	op->done = false;
	op->later = false;
	op->fenced = false;
	for (i = 0; i < MX_COPIES_MAX; i++)
		op->leg[i].state = MX_LEG_FREE;
}

void mx_op_submit(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo)
{
	MX_ASSERT(op->first <= c->pages && op->n <= c->pages - op->first);
	/* Even if it would only have to wait for an older one. */
	if (unlikely(unreachable(c, op, env))) {
		MX_COVER(op_unreachable);
		finish(c, op, -EIO, todo);
		return;
	}
	if (blocked(c, op) || !start(c, op, env, todo))
		wait_at(op, c->waiting.prev);
}

void mx_op_unplace(struct mx_chunk *c, struct mx_op *op, u8 server, u32 gen,
		   const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_leg *leg = &op->leg[0];

	tell(op, 0, todo);
	leg->inc = env->life[server].inc;
	leg->era = env->life[server].era;
	leg->gen = gen;
	leg->server = server;
	leg->gens = env->life[server].gens;
	unplace(c, op, leg, env, todo);
	op->where = MX_OP_LEFT;
	list_add_tail(&op->link, &c->tombs);
}

void mx_op_wake(struct mx_chunk *c, struct mx_op *op, const struct mx_env *env,
		struct mx_todo *todo)
{
	if (op->where != MX_OP_ACTIVE)
		return;
	if (op->phase == MX_OP_PAUSE) {
		op->tried = 0;
		op->later = false;
		start_over(c, op);
	} else if (op->phase == MX_OP_SETTLE && !any_sent(op)) {
		settle(c, op, env, todo);
	} else {
		return;
	}
	follow_up(c, env, todo);
}

static void bury_sent(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_SENT && !op->leg[i].unplace)
			bury(c, op, &op->leg[i], todo);
}

static void give_up(struct mx_chunk *c, struct mx_op *op, int err,
		    const struct mx_env *env, struct mx_todo *todo)
{
	MX_COVER(op_give_up);
	if (op->phase == MX_OP_SETTLE && c->setter == op) {
		/* It goes on as the cluster's own work. */
		tell(op, err, todo);
		return;
	}
	bury_sent(c, op, todo);
	if (op->where == MX_OP_ACTIVE && op->phase == MX_OP_MAIN &&
	    op->kind != MX_KIND_READ && c->placer != op && !op->whole &&
	    count(c, op).ok) {
		MX_COVER(op_give_up_partly);
		tell(op, err, todo);
		mark_stale(c, op);
		conclude(c, op, env, todo);
		return;
	}
	finish(c, op, err, todo);
}

void mx_op_give_up(struct mx_chunk *c, struct mx_op *op, int err,
		   const struct mx_env *env, struct mx_todo *todo)
{
	if (op->ended)
		return;
	give_up(c, op, err, env, todo);
	follow_up(c, env, todo);
}

/* --- time ------------------------------------------------------------- */

static bool overdue(const struct mx_op *op, const struct mx_env *env)
{
	return !op->ended && op->owner == MX_OWN_IO &&
	       (op->kind == MX_KIND_WRITE || op->kind == MX_KIND_DISCARD) &&
	       env->now_ms - op->began_ms >= env->timeout_ms &&
	       env->awake_ms >= env->timeout_ms;
}

static bool is_slow(const struct mx_leg *leg, const struct mx_env *env)
{
	return !is_alive(env, leg->server) ||
	       (env->now_ms - leg->sent_ms >= MX_PLACE_MS &&
		env->awake_ms >= MX_PLACE_MS);
}

/* Has another member done already what this one is asked for? */
static bool other_did(const struct mx_chunk *c, const struct mx_op *op,
		      const struct mx_leg *leg)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++) {
		const struct mx_leg *other = &op->leg[i];

		if (other->state == MX_LEG_DONE && other->ask == leg->ask &&
		    other->gen == leg->gen && other->verdict == MX_V_OK &&
		    is_current(c, other))
			return true;
	}
	return false;
}

static bool other_reader(const struct mx_chunk *c, const struct mx_op *op,
			 const struct mx_env *env)
{
	const struct mx_home_member *m = reader(c, op, env);

	return m && is_alive(env, m->server) && !(op->tried & BIT_ULL(m->server));
}

/* Is it better to go on without what this leg was to bring? */
static bool pass_over(const struct mx_chunk *c, struct mx_op *op,
		      const struct mx_leg *leg, const struct mx_env *env)
{
	if (leg->state != MX_LEG_SENT || leg->unplace || !is_slow(leg, env))
		return false;
	if (is_placing(leg))
		return free_legs(op);
	if (has_effect(leg))
		return !op->whole && other_did(c, op, leg);
	if (leg->ask == MX_OP_SETGEN)
		return other_did(c, op, leg);
	if (mx_home_in_sync(&c->home) < 2 || !free_legs(op))
		return false;
	op->tried |= BIT_ULL(leg->server);
	return other_reader(c, op, env);
}

/* Goes on after legs were passed over, and none is waited for any more. */
static void resume(struct mx_chunk *c, struct mx_op *op,
		   const struct mx_env *env, struct mx_todo *todo)
{
	MX_COVER(op_resume);
	if (c->placer == op && op->phase == MX_OP_MAIN)
		place_round(c, op, env, todo);
	else if (op->phase == MX_OP_SETTLE)
		set_done(c, op, env, todo);
	else if (op->phase == MX_OP_FETCH)
		read_from(c, op, MX_OP_FETCH, MX_OP_BITMAP, env, todo);
	else if (op->phase == MX_OP_EDGE || op->kind == MX_KIND_READ)
		read_from(c, op, op->phase, MX_OP_READ, env, todo);
	else
		judge(c, op, env, todo);
}

/* An unplace that could not be executed is repeated, unless the server has lost
 * the chunk anyway.
 */
static bool repeat_unplace(struct mx_chunk *c, struct mx_op *op,
			   struct mx_leg *leg, const struct mx_env *env,
			   struct mx_todo *todo)
{
	if (leg->state != MX_LEG_REST)
		return false;
	if (!same_life(leg, env)) {
		leg->state = MX_LEG_DONE;
		c->avoid &= ~BIT_ULL(leg->server);
		return true;
	}
	if (!is_alive(env, leg->server))
		return false;
	MX_COVER(op_unplace_repeat);
	send_leg(op, leg, env, todo);
	return true;
}

/* Return: whether anything was done. */
static bool look_after(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo)
{
	bool passed = false, acted = false;
	int i;

	if (overdue(op, env)) {
		give_up(c, op, -EIO, env, todo);
		return true;
	}
	for (i = 0; i < MX_COPIES_MAX; i++) {
		struct mx_leg *leg = &op->leg[i];

		acted |= repeat_unplace(c, op, leg, env, todo);
		if (op->where == MX_OP_ACTIVE && pass_over(c, op, leg, env)) {
			bury(c, op, leg, todo);
			passed = true;
		}
	}
	if (passed && !any_sent(op))
		resume(c, op, env, todo);
	if (op->where == MX_OP_LEFT && !mx_op_open(op)) {
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
		want(op, MX_DO_FREE, todo);
	}
	return passed || acted;
}

static bool give_up_one(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	if (op->ended || op->owner != MX_OWN_IO)
		return false;
	give_up(c, op, -EIO, env, todo);
	return true;
}

static bool give_up_any(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo)
{
	if (op->ended)
		return false;
	give_up(c, op, -EIO, env, todo);
	return true;
}

typedef bool (*mx_op_fn)(struct mx_chunk *c, struct mx_op *op,
			 const struct mx_env *env, struct mx_todo *todo);

/* Acts on the first operation that needs it: others may change by that. */
static bool act_in(struct mx_chunk *c, struct list_head *list, mx_op_fn fn,
		   bool (*sent)(const struct mx_op *op),
		   const struct mx_env *env, struct mx_todo *todo)
{
	struct mx_op *op;

	list_for_each_entry(op, list, link)
		if (sent(op) && fn(c, op, env, todo))
			return true;
	return false;
}

static bool act(struct mx_chunk *c, mx_op_fn fn,
		bool (*sent)(const struct mx_op *op), u32 budget,
		const struct mx_env *env, struct mx_todo *todo)
{
	bool more = true;

	while (more && budget--)
		more = act_in(c, &c->readers, fn, sent, env, todo) ||
		       act_in(c, &c->writers, fn, sent, env, todo) ||
		       act_in(c, &c->waiting, fn, sent, env, todo) ||
		       act_in(c, &c->tombs, fn, sent, env, todo);
	follow_up(c, env, todo);
	return more;
}

bool mx_op_tick(struct mx_chunk *c, bool (*sent)(const struct mx_op *op),
		u32 budget, const struct mx_env *env, struct mx_todo *todo)
{
	if (c->home.n)
		mx_chunk_sync(c, env);
	return act(c, look_after, sent, budget, env, todo);
}

bool mx_op_abandon(struct mx_chunk *c, bool (*sent)(const struct mx_op *op),
		   u32 budget, bool all, const struct mx_env *env,
		   struct mx_todo *todo)
{
	return act(c, all ? give_up_any : give_up_one, sent, budget, env, todo);
}

void mx_op_void_all(struct mx_chunk *c, struct mx_todo *todo)
{
	struct list_head *lists[] = { &c->readers, &c->writers, &c->tombs };
	struct mx_op *op, *next;
	int i, k;

	for (k = 0; k < ARRAY_SIZE(lists); k++)
		list_for_each_entry_safe(op, next, lists[k], link) {
			for (i = 0; i < MX_COPIES_MAX; i++) {
				struct mx_leg *leg = &op->leg[i];

				if (leg->state == MX_LEG_REST)
					leg->state = MX_LEG_DONE;
				if (leg_open(leg))
					op->drop |= BIT(i);
			}
			if (op->drop)
				want(op, MX_DO_VOID, todo);
			else if (op->ended)
				retire(c, op, todo);
		}
}

void mx_op_ask(const struct mx_chunk *c, const struct mx_op *op, u32 i,
	       struct mx_ask *ask)
{
	const struct mx_leg *leg = &op->leg[i];

	*ask = (struct mx_ask) {
		.op	= leg->ask,
		.flags	= leg->flags,
		.gen	= leg->gen,
		.page	= leg->first,
	};
	switch (leg->ask) {
	case MX_OP_READ:
	case MX_OP_WRITE:
		ask->npages = leg->n;
		break;
	case MX_OP_DISCARD:
		ask->arg = leg->n;
		if (!(leg->flags & MX_F_RELEASE))
			break;
		ask->page = 0;
		ask->arg = c->pages;
		break;
	default:
		ask->page = 0;
		break;
	}
	if (!leg->gens) {
		ask->gen = 0;
		ask->flags &= ~MX_F_PLACE;
	}
}
