// SPDX-License-Identifier: GPL-2.0
/*
 * The runner of operations: carries out what mx_op asks for, as mx_run.c does
 * in a kernel.
 */
#include "engine/mx_place.h"
#include "cluster.h"

/* Return: NULL if there is no memory for it. */
struct cl_op *cl_op_new(struct cl_vol *v, u32 chunk, u8 kind, u8 owner, u32 first,
			u32 n, u8 edges)
{
	struct cl_sim *cs = cl_of(v->s);
	struct cl_op *co;
	u8 i;

	if (!v->s->calm && sim_chance(v->s, cs->refuse))
		return NULL;
	co = calloc(1, sizeof(*co));
	if (!co)
		abort();
	co->vol = v;
	co->chunk = chunk;
	co->page = chunk * CL_CHUNK + first;
	co->began = v->s->now;
	co->io = owner == MX_OWN_IO;
	co->late = cl_odd(v->s, ODD_LATE, 30000);
	co->next = v->ops;
	if (v->ops)
		v->ops->prev = co;
	v->ops = co;
	v->nops++;
	v->ios += co->io;
	cs->ops++;
	for (i = 0; i < MX_COPIES_MAX; i++) {
		co->leg[i].op = co;
		co->leg[i].i = i;
	}
	cl_env(v);
	mx_op_init(&co->op, kind, owner, first, n, edges, v->env.now_ms);
	if (v->truth->copies == 1 && cl_odd(v->s, ODD_LEGS, 100000))
		co->op.nlegs = 2;
	return co;
}

static void op_free(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	u8 i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (co->leg[i].busy)
			sim_fail(v->s, "an operation is freed with leg %u under way", i);
	if (co->io)
		sim_fail(v->s, "an operation is freed before it has ended");
	cl_leg_free(co);
	if (co->prev)
		co->prev->next = co->next;
	else
		v->ops = co->next;
	if (co->next)
		co->next->prev = co->prev;
	v->nops--;
	cl_of(v->s)->ops--;
	free(co);
}

/* Its node has crashed, and all calls with it. */
void cl_op_crash(struct cl_op *co)
{
	struct cl_vol *v = co->vol;

	if (co->io) {
		co->op.err = -EIO;
		cl_io_end(co);
	}
	cl_leg_free(co);
	v->nops--;
	cl_of(v->s)->ops--;
	free(co);
}

/* Chunks that a server keeps room for and does not have. */
static u32 unused(const struct cl_vol *v, u32 i)
{
	u32 kept = mx_booking_kept(&v->b, i), has = v->o.srv[i].chunks;

	return kept > has ? kept - has : 0;
}

/* Servers for the chunk of a placing write, as mx_vsrv_pick() has it. */
static void pick(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	struct mx_chunk *c = &v->chunk[co->chunk].c;
	u64 not = co->op.tried | c->avoid;
	struct mx_cand cand[CL_MEMBERS];
	u8 server[MX_COPIES_MAX];
	bool later = !co->op.tried;
	bool may = cl_book_may_place(v, co->chunk);
	u32 got, n, i, rnd[2];
	int id;

	later &= may;
	for (got = 0; may && got < co->op.want && got < MX_COPIES_MAX; got++) {
		for (i = 0, n = 0; i < CL_MEMBERS; i++) {
			const struct mx_member *m = &cl_client(v)->members.m[i];

			if (m->state != MX_MEMBER_ALIVE || not & BIT_ULL(i))
				continue;
			if (mx_owner_ready(&v->o, i))
				cand[n++] = (struct mx_cand){ .room = m->free,
					.own = unused(v, i),
					.id = i, .load = m->load };
			else if (v->o.srv[i].state != MX_OSRV_REFUSED)
				later = true;
		}
		rnd[0] = sim_draw(v->s);
		rnd[1] = sim_draw(v->s);
		id = mx_place_pick(cand, n, c->pages, -1, rnd);
		if (id < 0)
			break;
		if (cl_server_unlisted(v, id))
			sim_fail(v->s, "%u/%u places a chunk on server %u, which no roster lists",
				 v->node, v->truth->no, id);
		server[got] = id;
		not |= BIT_ULL(id);
	}
	sim_trace(v->s, "%u/%u chunk %u picks %u of %u, first %d", v->node,
		  v->truth->no, co->chunk, got, co->op.want, got ? server[0] : -1);
	later |= may && cl_book_within(v);
	mx_op_picked(c, &co->op, server, got, later, &v->env, &v->todo[co->chunk]);
}

/* The rest of an incomplete page is zeros. */
static void fill_zeros(struct cl_op *co)
{
	if (co->op.fill & 1)
		cl_io_edge(co, 0, 0);
	if (co->op.fill & 2)
		cl_io_edge(co, co->op.n - 1, 0);
}

static void wait_for(struct cl_op *co)
{
	struct cl_vol *v = co->vol;

	co->wakes = ++cl_of(v->s)->uid;
	sim_push(v->s, (struct event){
		.kind = EV_WAKE, .a = v->node, .b = v->truth->no,
		.at = v->s->now + MS(co->op.wait_ms),
		.gen = v->s->node[v->node].inc, .n = co->wakes });
}

void cl_op_wake(struct sim *s, u8 node, u8 vol, u64 wakes)
{
	struct cl_vol *v = cl_of(s)->client[node].vol[vol];
	struct cl_op *co;

	for (co = v ? v->ops : NULL; co; co = co->next)
		if (co->wakes == wakes)
			break;
	if (!co)
		return;
	cl_env(v);
	mx_op_wake(&v->chunk[co->chunk].c, &co->op, &v->env, &v->todo[co->chunk]);
	cl_run(v);
}

/* For mx_op_tick() and the like: nothing of it is still to be sent. */
bool cl_op_sent(const struct mx_op *op)
{
	const struct cl_op *co = container_of(op, struct cl_op, op);
	u8 i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (op->leg[i].state == MX_LEG_SENT && !co->leg[i].busy)
			return false;
	return true;
}

/* Likewise, where somebody may be just about to send. */
bool cl_op_not_late(const struct mx_op *op)
{
	return !container_of(op, struct cl_op, op)->late && cl_op_sent(op);
}

static void carry_out(struct mx_todo_item *item)
{
	struct cl_op *co = container_of(item->op, struct cl_op, op);
	u8 i;

	if (item->bits & MX_DO_FILL)
		fill_zeros(co);
	for (i = 0; i < MX_COPIES_MAX; i++)
		if (item->bits & MX_DO_VOID && item->legs_void & BIT(i))
			cl_leg_void(co, i);
	for (i = 0; i < MX_COPIES_MAX; i++)
		if (item->bits & MX_DO_SEND && item->legs_send & BIT(i))
			cl_leg_send(co, i);
	if (item->bits & MX_DO_WAIT)
		wait_for(co);
	if (item->bits & MX_DO_END)
		cl_io_end(co);
	if (item->bits & MX_DO_FREE)
		op_free(co);
}

bool cl_op_run(struct cl_vol *v, u32 chunk)
{
	struct mx_todo_item item;
	bool any = false;

	while (!v->s->failed && mx_todo_take(&v->todo[chunk], &item)) {
		any = true;
		cl_env(v);
		if (item.bits & MX_DO_PICK)
			pick(container_of(item.op, struct cl_op, op));
		carry_out(&item);
	}
	return any;
}
