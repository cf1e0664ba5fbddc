// SPDX-License-Identifier: GPL-2.0
/*
 * Operations whose owner goes away or whose servers do not answer.
 */
#include "mx_op_int.h"

static void bury_sent(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo)
{
	int i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_SENT && !op->leg[i].unplace)
			mx_op_bury(c, op, &op->leg[i], todo);
}

static void give_up(struct mx_chunk *c, struct mx_op *op, int err,
		    const struct mx_env *env, struct mx_todo *todo)
{
	MX_COVER(op_give_up);
	if (op->phase == MX_OP_SETTLE && c->setter == op) {
		/* It goes on as the cluster's own work. */
		mx_op_tell(op, err, todo);
		return;
	}
	bury_sent(c, op, todo);
	if (c->placer == op && mx_home_in_sync(&c->home)) {
		MX_COVER(op_give_up_placed);
		mx_op_tell(op, err, todo);
		mx_op_place_done(c, op, env, todo);
	} else {
		mx_op_fail(c, op, err, env, todo);
	}
}

void mx_op_give_up(struct mx_chunk *c, struct mx_op *op, int err,
		   const struct mx_env *env, struct mx_todo *todo)
{
	if (op->ended)
		return;
	give_up(c, op, err, env, todo);
	mx_op_follow_up(c, env, todo);
}

/* The time may have been read before that of what is looked at. */
static bool passed(const struct mx_env *env, u64 since, u32 ms)
{
	return (s64)(env->now_ms - since) >= (s64)ms;
}

static bool overdue(const struct mx_op *op, const struct mx_env *env)
{
	return !op->ended && op->owner == MX_OWN_IO &&
	       (op->kind == MX_KIND_WRITE || op->kind == MX_KIND_DISCARD) &&
	       passed(env, op->began_ms, env->timeout_ms) &&
	       env->awake_ms >= env->timeout_ms;
}

static bool is_slow(const struct mx_leg *leg, const struct mx_env *env)
{
	return !mx_env_alive(env, leg->server) ||
	       (passed(env, leg->sent_ms, MX_PLACE_MS) &&
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
		    mx_leg_is_current(c, other))
			return true;
	}
	return false;
}

static bool other_reader(const struct mx_chunk *c, const struct mx_op *op,
			 const struct mx_env *env)
{
	const struct mx_home_member *m = mx_op_reader(c, op, env);

	return m && mx_env_alive(env, m->server) && !(op->tried & BIT_ULL(m->server));
}

/* Is it better to go on without what this leg was to bring? */
static bool pass_over(const struct mx_chunk *c, struct mx_op *op,
		      const struct mx_leg *leg, const struct mx_env *env)
{
	if (leg->state != MX_LEG_SENT || leg->unplace || !is_slow(leg, env))
		return false;
	if (mx_leg_is_placing(leg))
		return mx_op_free_legs(op);
	if (mx_leg_has_effect(leg))
		return !op->whole && other_did(c, op, leg);
	if (leg->ask == MX_OP_SETGEN)
		return other_did(c, op, leg);
	if (mx_home_in_sync(&c->home) < 2 || !mx_op_free_legs(op))
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
		mx_op_place_round(c, op, env, todo);
	else if (op->phase == MX_OP_SETTLE)
		mx_op_set_done(c, op, env, todo);
	else if (op->phase == MX_OP_FETCH)
		mx_op_read_from(c, op, MX_OP_FETCH, MX_OP_BITMAP, env, todo);
	else if (op->phase == MX_OP_EDGE || op->kind == MX_KIND_READ)
		mx_op_read_from(c, op, op->phase, MX_OP_READ, env, todo);
	else
		mx_op_judge(c, op, env, todo);
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

		acted |= mx_op_repeat_unplace(c, op, leg, env, todo);
		if (op->where == MX_OP_ACTIVE && pass_over(c, op, leg, env)) {
			mx_op_bury(c, op, leg, todo);
			passed = true;
		}
	}
	if (passed && !mx_op_any_sent(op))
		resume(c, op, env, todo);
	if (op->where == MX_OP_LEFT && !mx_op_open(op)) {
		list_del_init(&op->link);
		op->where = MX_OP_OUT;
		mx_op_want(op, MX_DO_FREE, todo);
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
	mx_op_follow_up(c, env, todo);
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

static bool awaited_in(const struct list_head *list)
{
	struct mx_op *op;

	list_for_each_entry(op, list, link)
		if (!op->ended && op->owner == MX_OWN_IO)
			return true;
	return false;
}

bool mx_op_awaited(const struct mx_chunk *c)
{
	return awaited_in(&c->readers) || awaited_in(&c->writers) ||
	       awaited_in(&c->waiting);
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
				if (mx_leg_is_open(leg))
					op->drop |= BIT(i);
			}
			if (op->drop)
				mx_op_want(op, MX_DO_VOID, todo);
			else if (op->ended)
				mx_op_retire(c, op, todo);
		}
}
