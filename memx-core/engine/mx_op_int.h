/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the operation's engine share. Nobody else includes it.
 */
#ifndef MX_OP_INT_H
#define MX_OP_INT_H

#include "mx_op.h"

/**
 * struct mx_tally - how the legs of a write or discard have ended
 * @ok:    executed, by a copy that counts
 * @tomb:  outcome not known
 * @again: not executed, and to be asked again
 * @lost:  the server has lost its copy
 * @doubt: over, and not known whether it was executed
 * @bad:   refused
 * @stale: a higher claim is in force
 */
struct mx_tally {
	u32 ok, tomb, again, lost, doubt, bad, stale;
};

static inline bool mx_env_alive(const struct mx_env *env, u8 server)
{
	return env->members->m[server].state == MX_MEMBER_ALIVE;
}

static inline bool mx_leg_is_open(const struct mx_leg *leg)
{
	return leg->state != MX_LEG_FREE && leg->state != MX_LEG_DONE;
}

static inline bool mx_leg_is_placing(const struct mx_leg *leg)
{
	return leg->flags & MX_F_PLACE;
}

/* Could it still change pages that somebody reads? */
static inline bool mx_leg_has_effect(const struct mx_leg *leg)
{
	return !leg->unplace && !mx_leg_is_placing(leg) &&
	       (leg->ask == MX_OP_WRITE || leg->ask == MX_OP_DISCARD);
}

static inline bool mx_leg_same_life(const struct mx_leg *leg, const struct mx_env *env)
{
	const struct mx_srv_life *life = &env->life[leg->server];

	return life->inc == leg->inc && life->era && life->era == leg->era;
}

/* Whether its server is being asked which life it lives, and so may be in this one. */
static inline bool mx_leg_maybe_life(const struct mx_leg *leg, const struct mx_env *env)
{
	return !env->life[leg->server].era;
}

/*
 * Whether the volume was made anew on a leg's server since it was sent, within the
 * server's life: the request may have been executed before that, or after.
 */
static inline bool mx_leg_later_life(const struct mx_leg *leg, const struct mx_env *env)
{
	const struct mx_srv_life *life = &env->life[leg->server];

	return life->inc == leg->inc && life->era && life->era != leg->era;
}

/* Of the life before nothing is left: what the leg asks for is asked in the later one. */
static inline void mx_leg_follow(struct mx_leg *leg, const struct mx_env *env)
{
	if (mx_leg_later_life(leg, env))
		leg->era = env->life[leg->server].era;
}

/* Whether what a placement has brought may be on its server, as far as is known. */
static inline bool mx_leg_may_stay(const struct mx_leg *leg, const struct mx_env *env)
{
	return mx_leg_maybe_life(leg, env) || mx_leg_later_life(leg, env);
}

/* Whether what a leg has found was in the copy that counts now. */
static inline bool mx_leg_is_current(const struct mx_chunk *c, const struct mx_leg *leg)
{
	return mx_home_has(&c->home, leg->server, leg->inc, leg->era, leg->gen);
}

/* mx_op_legs.c */
/** mx_op_want() - put an operation on the todo list, or more to do for it */
void mx_op_want(struct mx_op *op, u8 bits, struct mx_todo *todo);
/** mx_op_any_sent() - is a leg waited for? */
bool mx_op_any_sent(const struct mx_op *op);
/** mx_op_may_come() - is there a tomb of what it asked @server for? */
bool mx_op_may_come(const struct mx_op *op, u8 server);
/** mx_op_holds_place() - is there a tomb that keeps its place? */
bool mx_op_holds_place(const struct mx_chunk *c, const struct mx_op *op);
/** mx_op_free_legs() - Return: legs that can be used */
u32 mx_op_free_legs(const struct mx_op *op);
/** mx_op_clear_legs() - forget what is settled, before another round of requests */
void mx_op_clear_legs(struct mx_op *op);
/** mx_op_send_leg() - a leg is to be sent, anew or again */
void mx_op_send_leg(struct mx_op *op, struct mx_leg *leg,
		    const struct mx_env *env, struct mx_todo *todo);
/** mx_op_ask_server() - ask a server, by a free leg, which there is */
struct mx_leg *mx_op_ask_server(struct mx_op *op, const struct mx_home_member *m,
				u8 what, u8 flags, u32 gen, const struct mx_env *env,
				struct mx_todo *todo);
/** mx_op_bury() - a leg is not waited for any more; its outcome is asked for */
void mx_op_bury(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		struct mx_todo *todo);
/** mx_op_in_way() - Return: operations in the way of one that comes last */
u32 mx_op_in_way(const struct mx_chunk *c, const struct mx_op *op);
/** mx_op_enter() - it is ACTIVE from now on */
void mx_op_enter(struct mx_chunk *c, struct mx_op *op);
/** mx_op_wait_at() - it waits, behind @where in the list */
void mx_op_wait_at(struct mx_op *op, struct list_head *where);
/** mx_op_retire() - nothing is left to be done for it but for tombs */
void mx_op_retire(struct mx_chunk *c, struct mx_op *op, struct mx_todo *todo);
/** mx_op_tell() - its owner is told, unless it was */
void mx_op_tell(struct mx_op *op, int err, struct mx_todo *todo);
/** mx_op_finish() - it has ended; a tomb may keep its place */
void mx_op_finish(struct mx_chunk *c, struct mx_op *op, int err,
		  struct mx_todo *todo);
/** mx_op_pause() - it starts over after a pause */
void mx_op_pause(struct mx_op *op, struct mx_todo *todo);
/** mx_op_start_over() - back to the head of the queue, where it keeps its turn among those
 * that it overlaps. mx_op_advance() is due
 */
void mx_op_start_over(struct mx_chunk *c, struct mx_op *op);
/** mx_op_again() - start over, at once (@now) the first time */
void mx_op_again(struct mx_chunk *c, struct mx_op *op, bool now,
		 struct mx_todo *todo);

/* mx_op.c */
/** mx_op_reader() - Return: the member in sync to be read from: alive, and not in
 * mx_op.tried, if there is one
 */
const struct mx_home_member *mx_op_reader(const struct mx_chunk *c,
					  const struct mx_op *op,
					  const struct mx_env *env);
/** mx_op_read_from() - ask a member for what has no effect */
void mx_op_read_from(struct mx_chunk *c, struct mx_op *op, u8 phase, u8 what,
		     const struct mx_env *env, struct mx_todo *todo);
/** mx_op_count() - how the legs of a write or discard have ended */
struct mx_tally mx_op_count(const struct mx_chunk *c, const struct mx_op *op);
/** mx_op_did_some() - has a copy that counts executed it, in this attempt or an earlier
 * one?
 */
bool mx_op_did_some(const struct mx_chunk *c, const struct mx_op *op);
/** mx_op_conclude() - pages are written or discarded where they have to be */
void mx_op_conclude(struct mx_chunk *c, struct mx_op *op,
		    const struct mx_env *env, struct mx_todo *todo);
/** mx_op_fail() - it fails, perhaps after some copies have executed it */
void mx_op_fail(struct mx_chunk *c, struct mx_op *op, int err,
		const struct mx_env *env, struct mx_todo *todo);
/** mx_op_judge() - all legs of a write or discard to the members are in, or given up */
void mx_op_judge(struct mx_chunk *c, struct mx_op *op,
		 const struct mx_env *env, struct mx_todo *todo);
/** mx_op_follow_up() - what a call may have made possible for other operations */
void mx_op_follow_up(struct mx_chunk *c, const struct mx_env *env,
		     struct mx_todo *todo);

/* mx_op_place.c */
/** mx_op_settle() - have the members in sync store the next generation, or wait for
 * whoever is at it
 */
void mx_op_settle(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo);
/** mx_op_settle_next() - nobody is settling the home: those that wait for it */
void mx_op_settle_next(struct mx_chunk *c, struct list_head *list,
		       const struct mx_env *env, struct mx_todo *todo);
/** mx_op_set_done() - all SETGEN are answered or given up */
void mx_op_set_done(struct mx_chunk *c, struct mx_op *op,
		    const struct mx_env *env, struct mx_todo *todo);
/** mx_op_pick() - @n more servers for the chunk */
void mx_op_pick(struct mx_op *op, u32 n, struct mx_todo *todo);
/** mx_op_take_back() - a server is told by @leg to release what it may have taken, as
 * soon as it is known to be in the leg's life
 */
void mx_op_take_back(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		     const struct mx_env *env, struct mx_todo *todo);
/** mx_op_unplaced() - it has answered that */
void mx_op_unplaced(struct mx_chunk *c, struct mx_leg *leg);
/** mx_op_repeat_unplace() - ask again if that was not executed. Return: whether anything
 * was done
 */
bool mx_op_repeat_unplace(struct mx_chunk *c, struct mx_op *op,
			  struct mx_leg *leg, const struct mx_env *env,
			  struct mx_todo *todo);
/** mx_op_tomb_placed() - the outcome of a placement that was given up is known */
void mx_op_tomb_placed(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
		       const struct mx_env *env, struct mx_todo *todo);
/** mx_op_place_done() - some servers have taken the chunk, and that will do */
void mx_op_place_done(struct mx_chunk *c, struct mx_op *op,
		      const struct mx_env *env, struct mx_todo *todo);
/** mx_op_place_round() - all servers that were to take the chunk have answered, or were
 * passed over
 */
void mx_op_place_round(struct mx_chunk *c, struct mx_op *op,
		       const struct mx_env *env, struct mx_todo *todo);
/** mx_op_place_answer() - one of them has answered */
void mx_op_place_answer(struct mx_chunk *c, struct mx_op *op, struct mx_leg *leg,
			const struct mx_env *env, struct mx_todo *todo);

#endif /* MX_OP_INT_H */
