// SPDX-License-Identifier: GPL-2.0
/*
 * The workload of a volume: I/Os that overlap, and what each of them may find
 * (cl_model.h).
 */
#include "cluster.h"

enum {
	/*
	 * A write may end so much after its time-out: a pause, a tick, and one more if
	 * the volume goes away just when it is about to be sent.
	 */
	LATE_MS		= 5500,
};

static u64 word(u64 uid, u32 page)
{
	return uid << 20 | (page + 1);
}

/* What a word that was stored means to the model. */
static u64 meant(u64 value)
{
	return value & CL_ZEROS ? 0 : value;
}

/* One write in so many is of zeros. The dice have nothing to do with that: without
 * it a seed was the same.
 */
static bool draws_zeros(const struct cl_op *co)
{
	return co->uid * 0x9e3779b97f4a7c15ULL >> 61 == 3;
}

static void check(struct cl_op *co, u32 page, const char *wrong)
{
	struct cl_vol *v = co->vol;

	if (wrong)
		sim_fail(v->s, "%u/%u claim %u page %u: %s", v->node,
			 v->truth->no, v->no, page, wrong);
}

/* Pages that an I/O writes, as the model counts them. */
static u32 pages_of(const struct cl_op *co)
{
	return co->op.n;
}

void cl_io_begin(struct cl_vol *v, u8 kind, u32 page, u32 n)
{
	u32 chunk = page / CL_CHUNK, i;
	struct cl_op *co;
	u8 edges = 0;

	if (kind == MX_KIND_WRITE && sim_chance(v->s, 20000))
		edges = n > 1 ? sim_below(v->s, 4) : sim_below(v->s, 2);
	co = cl_op_new(v, chunk, kind, MX_OWN_IO, page % CL_CHUNK, n, edges);
	if (!co)
		return;
	cl_of(v->s)->begun++;
	co->edges = edges;
	co->since = model_now(&v->truth->model);
	if (kind != MX_KIND_READ)
		co->uid = ++cl_of(v->s)->uid;
	if (kind == MX_KIND_WRITE && !edges && draws_zeros(co)) {
		co->zeros = true;
		mx_op_zeros(&co->op, co->uid & 1);
	}
	for (i = 0; i < n && kind != MX_KIND_READ; i++) {
		u64 value = kind == MX_KIND_WRITE ? word(co->uid, page + i) : 0;

		if (co->zeros)
			value |= CL_ZEROS;
		if (kind == MX_KIND_WRITE)
			co->data[i] = value;
		model_write(&v->truth->model, page + i, co->uid, meant(value),
			    v->seq);
	}
	sim_trace(v->s, "%u/%u io %u page %u n %u edges %u zeros %u uid %llu",
		  v->node, v->truth->no, kind, page, n, edges, co->zeros,
		  (unsigned long long)co->uid);
	mx_op_submit(&v->chunk[chunk].c, &co->op, &v->env, &v->todo[chunk]);
	cl_run(v);
}

/* The rest of an incomplete page has come. */
void cl_io_edge(struct cl_op *co, u32 page, u64 value)
{
	struct cl_vol *v = co->vol;

	sim_trace(v->s, "%u/%u page %u is completed from %llx", v->node,
		  v->truth->no, co->page + page, (unsigned long long)value);
	co->rest[page ? 1 : 0] = meant(value);
}

/* What incomplete pages were put together with has to be what they held. */
static void check_edges(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	u32 i;

	for (i = 0; i < 2 && cl_vol_newest(v); i++) {
		u32 page = co->page + (i ? co->op.n - 1 : 0);

		if (co->edges & BIT(i))
			check(co, page, model_read(&v->truth->model, page,
						   co->since, co->rest[i], false));
	}
}

static void read_end(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	u32 i;

	for (i = 0; i < co->op.n; i++) {
		u64 value = 0;

		if (co->op.give & BIT(i))
			value = meant(cl_leg_page(co, co->op.from, co->op.mask, i));
		sim_trace(v->s, "%u/%u page %u holds %llx", v->node,
			  v->truth->no, co->page + i, (unsigned long long)value);
		/* What an owner reads that was fenced, helps nobody. */
		if (!cl_vol_newest(v))
			continue;
		check(co, co->page + i,
		      model_read(&v->truth->model, co->page + i, co->since,
				 value, true));
		co->data[i] = value;
	}
}

/* Has it asked nobody? */
static bool by_itself(const struct cl_op *co)
{
	u32 i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (co->op.leg[i].state != MX_LEG_FREE)
			return false;
	return true;
}

/* Pages that are lost or holes are discarded without asking anybody. */
static void note_ghosts(struct cl_op *co)
{
	u32 i;

	if (!by_itself(co))
		return;
	for (i = 0; i < co->op.n; i++)
		co->vol->truth->ghost[co->page + i] = true;
}

static void write_end(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	bool ok = !co->op.err;
	u32 i;

	bool asks = co->op.kind == MX_KIND_WRITE &&
		    !(co->op.frees && by_itself(co));
	/*
	 * A discard on a chunk that no server is known to have undoes for this owner
	 * alone what a write may have left there that was to place it, and failed.
	 */
	bool hint = co->op.kind == MX_KIND_DISCARD && by_itself(co) &&
		    v->chunk[co->chunk].c.state != MX_CHUNK_PLACED;

	/*
	 * What an old owner takes for a hole, it discards without asking, and
	 * writes zeros there; what one has given up that goes on without proof,
	 * the next may find.
	 */
	if (v->outlaw || (!asks && (!cl_vol_newest(v) || v->o.accepted)))
		ok = false;

	if (ok)
		check_edges(co);
	if (ok && co->op.kind == MX_KIND_DISCARD)
		note_ghosts(co);
	for (i = 0; i < pages_of(co); i++)
		check(co, co->page + i,
		      model_written(&v->truth->model, co->page + i, co->uid, ok,
				    hint));
	if (ok)
		v->truth->written = true;
}

/* Whatever servers do, writes and discards end in time. */
static void check_time(struct cl_op *co)
{
	struct cl_vol *v = co->vol;
	u64 took = v->s->now - co->began;
	u64 slept = v->s->now - cl_client(v)->awake;

	if (co->op.kind == MX_KIND_READ || !v->s->node[v->node].up ||
	    v->s->now - cl_client(v)->ticked > SEC(4))
		return;
	if (took > MS(CL_TIMEOUT_MS + LATE_MS) &&
	    slept > MS(CL_TIMEOUT_MS + LATE_MS))
		sim_fail(v->s, "an operation of %u/%u took %llu ms", v->node,
			 v->truth->no, (unsigned long long)(took / 1000000));
}

void cl_io_end(struct cl_op *co)
{
	struct cl_vol *v = co->vol;

	sim_trace(v->s, "%u/%u io %u page %u n %u uid %llu ends: %d", v->node,
		  v->truth->no, co->op.kind, co->page, co->op.n,
		  (unsigned long long)co->uid, co->op.err);
	if (!co->io) {
		if (co->op.owner == MX_OWN_IO)
			sim_fail(v->s, "an operation ends twice");
		return;
	}
	co->io = false;
	v->ios--;
	check_time(co);
	if (co->op.kind != MX_KIND_READ)
		write_end(co);
	else if (!co->op.err)
		read_end(co);
	v->last_err = co->op.err;
	co->ended = co->op.err ? co->op.err : 1;
	cl_leg_free(co);
}

static u32 draw_pages(struct sim *s, u32 most)
{
	u32 n = sim_chance(s, 70000) ? 1 :
		1 + sim_below(s, sim_chance(s, 80000) ? 4 : MX_OP_PAGES);

	return min(n, most);
}

static void draw_io(struct cl_vol *v)
{
	struct sim *s = v->s;
	u32 chunk = sim_below(s, v->truth->nchunks);
	u32 size = v->chunk[chunk].c.pages;
	u32 at = sim_below(s, sim_chance(s, 90000) ? min_t(u32, CL_HOT, size) : size);
	u32 dice = sim_below(s, 100);
	u32 n = draw_pages(s, size - at);

	if (!v->chunk[chunk].begun)
		return;
	if (dice < 45)
		cl_io_begin(v, MX_KIND_READ, chunk * CL_CHUNK + at, n);
	else if (dice < 92)
		cl_io_begin(v, MX_KIND_WRITE, chunk * CL_CHUNK + at, n);
	else if (dice < 98)
		cl_io_begin(v, MX_KIND_DISCARD, chunk * CL_CHUNK + at, n);
	else
		cl_io_begin(v, MX_KIND_DISCARD, chunk * CL_CHUNK, size);
}

static bool may_begin(const struct cl_vol *v)
{
	const struct cl_sim *cs = cl_of(v->s);

	return !v->leaving && v->ios < v->depth && cs->begun < cs->quota &&
	       v->s->now >= v->s->node[v->node].resume &&
	       (v->o.state == MX_OWN_SERVING || v->o.spec.clean);
}

/* One more I/O, and when to come back. */
void cl_io_next(struct sim *s, u8 node, u8 no, u64 claim)
{
	struct cl_vol *v = cl_of(s)->client[node].vol[no];
	u64 pace = s->end / (cl_of(s)->quota / cl_of(s)->nvols);

	if (!v || v->no != claim)
		return;
	sim_push(s, (struct event){
		.kind = EV_IO, .a = node, .b = no, .n = claim,
		.at = s->now + 1 + sim_below(s, sim_chance(s, 10000) ? 8 * pace :
					     pace),
		.gen = s->node[node].inc });
	if (may_begin(v))
		draw_io(v);
}
