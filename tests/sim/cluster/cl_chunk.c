// SPDX-License-Identifier: GPL-2.0
/*
 * The chunks of a simulated claim: begun by what a take-over has found, lost
 * with their servers and back with them, looked after by a tick.
 */
#include "cluster.h"

enum { CL_BUDGET = 8 };	/* operations acted on under one hold of a chunk's lock */

/* What mx_op may know of the world now. */
void cl_env(struct cl_vol *v)
{
	struct cl_node *c = cl_client(v);
	u32 i;

	for (i = 0; i < CL_MEMBERS; i++)
		mx_owner_life(&v->o, i, &v->life[i]);
	v->env = (struct mx_env){
		.members = &c->members,
		.life = v->life,
		.now_ms = node_now(v->s, v->node) / 1000000,
		.timeout_ms = CL_TIMEOUT_MS,
		.awake_ms = (v->s->now - c->awake) / 1000000,
		.copies = v->truth->copies,
	};
}

static void adopt(struct cl_vol *v, struct mx_chunk *c,
		  const struct mx_owner_home *h)
{
	struct mx_home_member member[MX_COPIES_MAX];
	u32 i, n = 0;

	for (i = 0; i < h->n; i++)
		if (!(h->stale & BIT(i)))
			member[n++] = (struct mx_home_member){
				.inc = h->inc[i],
				.era = h->era[i],
				.server = h->server[i],
			};
	mx_chunk_adopt(c, member, n, h->gen);
	/* The others are not to count at the next take-over. */
	if (h->stale) {
		c->home.unsettled = true;
		c->home.behind = true;
	}
}

/* Servers that have something older of the chunk are to release it. */
static void release_others(struct cl_vol *v, u32 i, const struct mx_owner_home *h)
{
	u64 others = h->others;
	struct cl_op *co;
	u8 srv, k;

	for (k = 0; k < h->n; k++)
		if (h->stale & BIT(k))
			others |= BIT_ULL(h->server[k]);
	for (srv = 0; srv < CL_MEMBERS; srv++) {
		if (!(others & BIT_ULL(srv)) || !h->gen)
			continue;
		co = cl_op_new(v, i, MX_KIND_UNPLACE, MX_OWN_CLUSTER, 0, 0, 0);
		if (co)
			mx_op_unplace(&v->chunk[i].c, &co->op, srv, h->gen,
				      &v->env, &v->todo[i]);
		else
			v->chunk[i].c.others = true;
	}
}

static void chunk_begin(struct cl_vol *v, u32 i)
{
	struct mx_chunk *c = &v->chunk[i].c;
	struct mx_owner_home h;

	mx_owner_home(&v->o, i, &h);
	if (h.proof == MX_PROOF_NONE)
		return;
	v->chunk[i].begun = true;
	c->home.last = max(c->home.last, h.gen);
	sim_trace(v->s, "%u/%u chunk %u: proof %u gen %u pages %u on %u servers, first %u, stale %x others %llx",
		  v->node, v->truth->no, i, h.proof, h.gen, h.pages, h.n,
		  h.server[0], h.stale, (unsigned long long)h.others);
	if (h.proof == MX_PROOF_HOLE)
		mx_chunk_proved_hole(c);
	else if (h.proof == MX_PROOF_LOST)
		mx_chunk_proved_lost(c);
	else
		adopt(v, c, &h);
	release_others(v, i, &h);
	mx_op_advance(c, &v->env, &v->todo[i]);
}

void cl_chunks_begin(struct cl_vol *v)
{
	u32 i;

	cl_env(v);
	for (i = 0; i < v->truth->nchunks; i++) {
		if (v->chunk[i].begun)
			continue;
		if (v->o.spec.fresh)
			v->chunk[i].begun = true;
		else
			chunk_begin(v, i);
	}
	if (mx_owner_done(&v->o) && cl_odd(v->s, ODD_TAKEN, 100000))
		mx_owner_taken(&v->o);
	v->again = true;
}

/* What the owner has to know of them. */
static void tell_owner(struct cl_vol *v)
{
	u32 n[CL_MEMBERS] = {}, i, k;
	bool lossy = false;

	for (i = 0; i < v->truth->nchunks; i++) {
		const struct mx_chunk *c = &v->chunk[i].c;

		lossy |= c->nlost || !v->chunk[i].begun;
		if (c->state != MX_CHUNK_PLACED && c->state != MX_CHUNK_RELEASING)
			continue;
		for (k = 0; k < c->home.n; k++)
			n[c->home.member[k].server]++;
	}
	for (i = 0; i < CL_MEMBERS; i++)
		if (v->o.srv[i].node)
			mx_owner_chunks(&v->o, i, n[i]);
	mx_owner_lossy(&v->o, lossy);
	mx_owner_counted(&v->o);
}

/* What is known of servers has changed: copies may be lost, or be back. */
void cl_chunks_life(struct cl_vol *v)
{
	u32 i;

	cl_env(v);
	for (i = 0; i < v->truth->nchunks; i++) {
		if (!v->chunk[i].begun)
			continue;
		mx_chunk_sync(&v->chunk[i].c, &v->env);
		mx_op_advance(&v->chunk[i].c, &v->env, &v->todo[i]);
	}
	tell_owner(v);
	v->again = true;
}

static void release_spare(struct cl_vol *v, u32 i)
{
	struct cl_op *co;

	if (v->leaving || !mx_chunk_spare(&v->chunk[i].c) ||
	    v->chunk[i].c.blind)
		return;
	co = cl_op_new(v, i, MX_KIND_DISCARD, MX_OWN_CLUSTER, 0, 0, 0);
	if (co)
		mx_op_submit(&v->chunk[i].c, &co->op, &v->env, &v->todo[i]);
}

/* Copies that the chunk left in lives of servers that are back. */
static void unplace_left(struct cl_vol *v, u32 i)
{
	struct mx_chunk *c = &v->chunk[i].c;
	struct cl_op *co;

	while (!v->leaving && mx_chunk_left(c, &v->env)) {
		co = cl_op_new(v, i, MX_KIND_UNPLACE, MX_OWN_CLUSTER, 0, 0, 0);
		if (!co)
			return;
		mx_op_unplace_left(c, &co->op, &v->env, &v->todo[i]);
	}
}

/*
 * What has no effect to protect is over at once when nobody waits for it, but
 * for what it does for the whole chunk.
 */
static void expect_no_reads(struct cl_vol *v, u32 i)
{
	struct cl_op *co;

	for (co = v->ops; co && !v->s->failed; co = co->next)
		if (co->chunk == i && co->op.kind == MX_KIND_READ && !co->late &&
		    co->op.phase != MX_OP_SETTLE)
			sim_fail(v->s, "%u/%u a read that was given up is still there",
				 v->node, v->truth->no);
}

/* Whoever was just sending has done so by now. */
static void all_sent(struct cl_vol *v, u32 i)
{
	struct cl_op *co;

	for (co = v->ops; co; co = co->next)
		if (co->chunk == i)
			co->late = false;
}

void cl_chunks_tick(struct cl_vol *v)
{
	bool more;
	u32 i;

	for (i = 0; i < v->truth->nchunks && !v->s->failed; i++) {
		struct mx_chunk *c = &v->chunk[i].c;

		do {
			cl_env(v);
			more = v->aborting ?
				mx_op_abandon(c, cl_op_not_late, CL_BUDGET, true,
					      &v->env, &v->todo[i]) :
				mx_op_tick(c, cl_op_sent, CL_BUDGET, &v->env,
					   &v->todo[i]);
			cl_run(v);
		} while (more && !v->s->failed);
		if (v->aborting) {
			expect_no_reads(v, i);
			mx_op_void_all(c, &v->todo[i]);
			all_sent(v, i);
			cl_run(v);
		}
		release_spare(v, i);
		unplace_left(v, i);
	}
	tell_owner(v);
	cl_run(v);
}

/* 6e: one server that says STALE costs its own chunks only. */
static void expect_all_fenced(const struct cl_vol *v)
{
	u32 i;

	for (i = 0; i < CL_MEMBERS && v->seq; i++)
		if (v->o.srv[i].chunks && v->o.srv[i].state != MX_OSRV_FENCED &&
		    v->o.srv[i].state != MX_OSRV_NONE)
			sim_fail(v->s, "%u/%u is fenced, but not by server %u, which has chunks",
				 v->node, v->truth->no, i);
}

/* Another claim has the volume: this one comes to its end. */
void cl_fenced(struct cl_vol *v)
{
	expect_all_fenced(v);
	if (!cl_of(v->s)->claimed_twice)
		sim_fail(v->s, "%u/%u is fenced, and there is no other claim",
			 v->node, v->truth->no);
	v->leaving = true;
	v->aborting = true;
	v->withdrawn = cl_odd(v->s, ODD_ENDS, 50000);
}

/* Can the volume be handed over without anybody else being asked? */
bool cl_chunks_tidy(struct cl_vol *v)
{
	u32 i;

	cl_env(v);
	for (i = 0; i < v->truth->nchunks; i++)
		if (!v->chunk[i].begun ||
		    !mx_chunk_tidy(&v->chunk[i].c, v->env.now_ms))
			return false;
	return true;
}
