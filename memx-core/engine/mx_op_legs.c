// SPDX-License-Identifier: GPL-2.0
/*
 * The legs of an operation, its place among those on the chunk, and its end.
 */
#include "mx_op_int.h"

void mx_op_want(struct mx_op *op, u8 bits, struct mx_todo *todo)
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

u32 mx_op_open(const struct mx_op *op)
{
	u32 i, open = 0;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (mx_leg_is_open(&op->leg[i]))
			open |= BIT(i);
	return open;
}

bool mx_op_any_sent(const struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_SENT && !op->leg[i].unplace)
			return true;
	return false;
}

bool mx_op_may_come(const struct mx_op *op, u8 server)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_TOMB && mx_leg_has_effect(&op->leg[i]) &&
		    op->leg[i].server == server)
			return true;
	return false;
}

/*
 * A tomb keeps the operation's place as long as what it asks for may come to a copy
 * that counts. Once an operation is done that is one in sync alone: the others are
 * of an older generation.
 */
bool mx_op_holds_place(const struct mx_chunk *c, const struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_TOMB && mx_leg_has_effect(&op->leg[i]) &&
		    (!op->done || mx_leg_is_current(c, &op->leg[i])))
			return true;
	return false;
}

u32 mx_op_free_legs(const struct mx_op *op)
{
	u32 i, n = 0;

	for (i = 0; i < op->nlegs; i++)
		n += !mx_leg_is_open(&op->leg[i]);
	return n;
}

/* Forgets what is settled, before another round of requests. */
void mx_op_clear_legs(struct mx_op *op)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_DONE)
			op->leg[i].state = MX_LEG_FREE;
}

void mx_op_send_leg(struct mx_op *op, struct mx_leg *leg,
		    const struct mx_env *env, struct mx_todo *todo)
{
	leg->state = MX_LEG_SENT;
	leg->sent_ms = env->now_ms;
	op->send |= BIT(leg - op->leg);
	mx_op_want(op, MX_DO_SEND, todo);
}

/* There is a free leg. */
struct mx_leg *mx_op_ask_server(struct mx_op *op, const struct mx_home_member *m,
				u8 what, u8 flags, u32 gen, const struct mx_env *env,
				struct mx_todo *todo)
{
	struct mx_leg *leg = op->leg;

	while (leg->state != MX_LEG_FREE)
		leg++;
	MX_ASSERT(leg < op->leg + op->nlegs);
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
	if (mx_leg_has_effect(leg))
		op->asked |= BIT_ULL(leg->server);
	mx_op_send_leg(op, leg, env, todo);
	return leg;
}

/* What it does is not waited for any more, and its outcome is asked for. */
void mx_op_bury(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		struct mx_todo *todo)
{
	leg->state = MX_LEG_TOMB;
	op->drop |= BIT(leg - op->leg);
	mx_op_want(op, MX_DO_VOID, todo);
	if (mx_leg_is_placing(leg)) {
		MX_COVER(op_bury_placing);
		c->avoid |= BIT_ULL(leg->server);
	} else if (mx_leg_has_effect(leg)) {
		MX_COVER(op_bury_effect);
	} else {
		MX_COVER(op_bury_read);
	}
}

u32 mx_op_edge_page(const struct mx_op *op)
{
	return op->edges & 1 ? 0 : op->n - 1;
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

/* Do they exclude each other by the pages that they are about? */
static bool share_pages(const struct mx_op *a, const struct mx_op *b)
{
	if (a->kind == MX_KIND_READ && b->kind == MX_KIND_READ)
		return false;
	return a->first < b->first + b->n && b->first < a->first + a->n;
}

static bool overlap(const struct mx_op *a, const struct mx_op *b)
{
	return a->alone || b->alone || share_pages(a, b);
}

static u32 overlaps_in(const struct list_head *list, const struct mx_op *op)
{
	struct mx_op *other;
	u32 n = 0;

	list_for_each_entry(other, list, link)
		n += overlap(other, op);
	return n;
}

u32 mx_op_in_way(const struct mx_chunk *c, const struct mx_op *op)
{
	u32 n = overlaps_in(&c->writers, op) + overlaps_in(&c->waiting, op);

	if (op->kind != MX_KIND_READ)
		n += overlaps_in(&c->readers, op);
	return n;
}

/*
 * An operation is in nobody's way any more, or, if it was alone and @stays, only
 * in the way of those that it shares pages with. Each operation that waits knows
 * how many are in its way: with many of them nobody has to compare each with each
 * whenever something has changed.
 */
static void clear_way(struct mx_chunk *c, struct mx_op *op, bool stays)
{
	struct list_head *at = &c->waiting;

	/* Of those that wait, it is in the way of those behind it. */
	if (op->where == MX_OP_WAITING)
		at = &op->link;
	for (at = at->next; at != &c->waiting; at = at->next) {
		struct mx_op *other = list_entry(at, struct mx_op, link);

		if (!overlap(op, other) || (stays && share_pages(op, other)))
			continue;
		MX_ASSERT(other->behind);
		other->behind--;
	}
	op->alone = false;
}

void mx_op_enter(struct mx_chunk *c, struct mx_op *op)
{
	op->where = MX_OP_ACTIVE;
	list_move_tail(&op->link, op->kind == MX_KIND_READ ? &c->readers :
		       &c->writers);
}

void mx_op_wait_at(struct mx_op *op, struct list_head *where)
{
	op->where = MX_OP_WAITING;
	list_add(&op->link, where);
}

/* Gives up its place, and whatever it does for the whole chunk. If it @stays, it
 * comes back at once to the head of the queue.
 */
static void mx_op_leave(struct mx_chunk *c, struct mx_op *op, bool stays)
{
	if (!stays || op->alone)
		clear_way(c, op, stays);
	list_del_init(&op->link);
	op->where = MX_OP_OUT;
	if (c->placer == op) {
		c->placer = NULL;
		/*
		 * Some may have taken it, with the pages of the operation,
		 * before that was given up. Those that are lost may come back.
		 */
		if (mx_home_in_sync(&c->home)) {
			mx_chunk_wrote(c, op->first, op->n);
			mx_chunk_placed(c);
		} else {
			mx_chunk_place_failed(c, op->first, op->did ? op->n : 0);
		}
	}
	if (c->setter == op)
		c->setter = NULL;
	if (c->fetcher == op)
		c->fetcher = NULL;
	if (op->whole)
		mx_chunk_release(c, true);
	op->whole = false;
}

/* Nothing is left to be done on the chunk but for tombs. */
void mx_op_retire(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	/* One that has left is in nobody's way any more. */
	if (op->where == MX_OP_LEFT) {
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
	} else if (op->where != MX_OP_OUT) {
		mx_op_leave(c, op, false);
	}
	if (mx_op_open(op)) {
		MX_COVER(op_retire_open);
		op->where = MX_OP_LEFT;
		list_add_tail(&op->link, &c->tombs);
	} else {
		mx_op_want(op, MX_DO_FREE, todo);
	}
}

/* The owner is told, if it has not been. */
void mx_op_tell(struct mx_op *op, int err, struct mx_todo *todo)
{
	if (op->ended)
		return;
	op->ended = true;
	op->err = err;
	mx_op_want(op, MX_DO_END, todo);
}

void mx_op_finish(struct mx_chunk *c, struct mx_op *op, int err,
		  struct mx_todo *todo)
{
	mx_op_tell(op, err, todo);
	op->phase = MX_OP_SHUT;
	if (op->where == MX_OP_ACTIVE && mx_op_holds_place(c, op)) {
		MX_COVER(op_shut);
		if (c->setter == op)
			c->setter = NULL;
		return;
	}
	mx_op_retire(c, op, todo);
}

void mx_op_pause(struct mx_op *op, struct mx_todo *todo)
{
	MX_COVER(op_pause);
	op->phase = MX_OP_PAUSE;
	op->wait_ms = min_t(u32, MX_BACKOFF_MS << min_t(u8, op->tries, 5),
			    MX_BACKOFF_MAX_MS);
	if (op->tries < 255)
		op->tries++;
	mx_op_want(op, MX_DO_WAIT, todo);
}

/* Back to the head of the queue: it keeps its turn among those it overlaps. */
void mx_op_start_over(struct mx_chunk *c, struct mx_op *op)
{
	MX_COVER(op_start_over);
	mx_op_leave(c, op, true);
	op->done = false;
	mx_op_clear_legs(op);
	mx_op_wait_at(op, &c->waiting);
}

/* At once the first time, then after a pause. */
void mx_op_again(struct mx_chunk *c, struct mx_op *op, bool now,
		 struct mx_todo *todo)
{
	if (now && !op->tries) {
		op->tries++;
		mx_op_start_over(c, op);
	} else {
		mx_op_pause(op, todo);
	}
}
