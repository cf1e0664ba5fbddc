// SPDX-License-Identifier: GPL-2.0
/*
 * One leg on the simulated wire: encodes what is asked, sends it, and says what
 * the answer means, as mx_leg.c does in a kernel.
 */
#include "cluster.h"

static u8 verdict_of(struct cl_leg *leg, struct mx_answer *ans)
{
	static const u8 of[] = {
		[MX_ST_OK]	= MX_V_OK,
		[MX_ST_FULL]	= MX_V_FULL,
		[MX_ST_NOVOL]	= MX_V_NOVOL,
		[MX_ST_STALE]	= MX_V_STALE,
		[MX_ST_INVAL]	= MX_V_BAD,
		[MX_ST_AGAIN]	= MX_V_AGAIN,
		[MX_ST_NOCHUNK]	= MX_V_NOCHUNK,
		[MX_ST_OLDGEN]	= MX_V_OLDGEN,
		[MX_ST_HELD]	= MX_V_BAD,
	};
	const struct rmp_call *call = &leg->nc.call;

	switch (call->status) {
	case 0:
		break;
	case -ESTALE:
		return MX_V_GONE;
	case -ENOBUFS:
		return MX_V_AGAIN;
	case -ECANCELED:
		if (leg->op->vol->aborting)
			return MX_V_OVER;
		return call->doubt ? MX_V_DOUBT : MX_V_VOID;
	default:
		return MX_V_BAD;
	}
	if (mx_answer_decode(call->rhead, call->reply.len, &leg->ask, ans))
		return MX_V_BAD;
	return of[ans->status];
}

/* The word of page @page of the request, if the answer has it. */
u64 cl_leg_page(struct cl_op *co, u8 i, u32 mask, u32 page)
{
	struct cl_leg *leg = &co->leg[i];
	struct pbuf *b = asm_buf(co->vol->s, &leg->nc.call.reply);
	u64 value;

	if (!(mask & BIT(page)) || !b)
		return 0;
	memcpy(&value, b->data + 8 * hweight32(mask & (BIT(page) - 1)), 8);
	return value;
}

/* What the answer has is put where it belongs, before mx_op hears of it. */
static void take_in(struct cl_leg *leg, const struct mx_answer *ans)
{
	struct cl_op *co = leg->op;
	struct pbuf *b;

	if (leg->ask.op == MX_OP_READ && co->op.kind == MX_KIND_WRITE)
		cl_io_edge(co, mx_op_edge_page(&co->op),
			   cl_leg_page(co, leg->i, ans->mask, 0));
	if (leg->ask.op != MX_OP_BITMAP)
		return;
	b = asm_buf(co->vol->s, &leg->nc.call.reply);
	if (b)
		mx_chunk_learn(&co->vol->chunk[co->chunk].c, 0, b->data, b->len);
}

static void tell_owner(struct cl_vol *v, const struct mx_leg *leg, u8 verdict)
{
	if (verdict == MX_V_STALE)
		mx_owner_stale(&v->o, leg->server, leg->inc);
	else if (verdict == MX_V_NOVOL || (verdict == MX_V_BAD && leg->gens))
		mx_owner_novol(&v->o, leg->server, leg->inc);
}

static void leg_done(struct cl_call *nc)
{
	struct cl_leg *leg = container_of(nc, struct cl_leg, nc);
	struct cl_op *co = leg->op;
	struct cl_vol *v = co->vol;
	struct mx_leg *ml = &co->op.leg[leg->i];
	struct mx_result res = {};
	struct mx_answer ans = {};

	leg->busy = false;
	if (!v->s->node[v->node].up) {
		cl_reply_free(v->s, nc);
		return;
	}
	res.verdict = verdict_of(leg, &ans);
	res.mask = ans.mask;
	res.gen = ans.arg;
	sim_trace(v->s, "%u/%u op %u chunk %u leg %u to %u: verdict %u arg %llx",
		  v->node, v->truth->no, co->op.kind, co->chunk, leg->i,
		  ml->server, res.verdict, (unsigned long long)ans.arg);
	if (!nc->call.status)
		mx_member_figures(&cl_client(v)->members.m[ml->server], ans.free,
				  ans.load);
	tell_owner(v, ml, res.verdict);
	if (res.verdict == MX_V_OK && ml->state == MX_LEG_SENT)
		take_in(leg, &ans);
	if (leg->ask.op != MX_OP_READ || co->op.kind != MX_KIND_READ ||
	    res.verdict != MX_V_OK)
		cl_reply_free(v->s, nc);
	else
		leg->kept = true;
	cl_env(v);
	mx_op_leg(&v->chunk[co->chunk].c, &co->op, leg->i, &res, &v->env,
		  &v->todo[co->chunk]);
	cl_run(v);
}

void cl_leg_free(struct cl_op *co)
{
	u8 i;

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (co->leg[i].kept) {
			cl_reply_free(co->vol->s, &co->leg[i].nc);
			co->leg[i].kept = false;
		}
}

static struct pbuf *members_payload(struct cl_op *co)
{
	struct mx_life member[MX_COPIES_MAX];
	struct cl_vol *v = co->vol;
	u8 legs[MX_COPIES_MAX];
	u8 raw[MX_PAGE_SIZE];
	struct pbuf *b;
	u32 n, i, len;

	n = mx_op_setting(&co->op, legs);
	for (i = 0; i < n; i++) {
		const struct mx_leg *l = &co->op.leg[legs[i]];

		member[i].node = cl_client(v)->members.m[l->server].node;
		member[i].inc = l->inc;
	}
	len = mx_members_encode(member, n, raw);
	b = pbuf_light(v->s, len, len);
	memcpy(b->data, raw, len);
	return b;
}

static struct pbuf *payload(struct cl_leg *leg)
{
	struct cl_op *co = leg->op;
	struct pbuf *b;

	if (leg->ask.op == MX_OP_SETGEN)
		return members_payload(co);
	if (leg->ask.op != MX_OP_WRITE)
		return NULL;
	b = pbuf_light(co->vol->s, mx_payload_len(co->op.n, false), 8 * co->op.n);
	memcpy(b->data, co->data, 8 * co->op.n);
	return b;
}

void cl_leg_send(struct cl_op *co, u8 i)
{
	struct cl_leg *leg = &co->leg[i];
	struct rmp_call *call = &leg->nc.call;
	struct cl_vol *v = co->vol;
	struct mx_leg *ml = &co->op.leg[i];
	struct link *l = cl_link(v, ml->server);

	if (leg->busy) {
		sim_fail(v->s, "a leg is sent twice");
		return;
	}
	if (leg->kept)
		cl_reply_free(v->s, &leg->nc);
	memset(&leg->nc, 0, sizeof(leg->nc));
	leg->kept = false;
	leg->busy = true;
	leg->nc.done = leg_done;
	mx_op_ask(&v->chunk[co->chunk].c, &co->op, i, &leg->ask);
	leg->ask.page += (u64)co->chunk * CL_CHUNK;
	sim_trace(v->s, "%u/%u op %u chunk %u leg %u to %u: ask %u flags %x page %llu n %u gen %u",
		  v->node, v->truth->no, co->op.kind, co->chunk, i, ml->server,
		  leg->ask.op, leg->ask.flags,
		  (unsigned long long)leg->ask.page, leg->ask.npages,
		  leg->ask.gen);
	if (leg->ask.op == MX_OP_SETGEN && cl_odd(v->s, ODD_BUSY, 5000)) {
		/* No memory for its payload. */
		call->status = -ENOBUFS;
		leg_done(&leg->nc);
		return;
	}
	mx_ask_encode(&leg->ask, call->head);
	call->volume = v->truth->id;
	call->epoch = v->o.epoch;
	call->port = CL_PORT;
	call->flow = &v->srv[ml->server].flow;
	call->buf = payload(leg);
	call->len = call->buf ? ((struct pbuf *)call->buf)->len : 0;
	if (leg->ask.op == MX_OP_READ)
		call->max_reply = mx_payload_len(leg->ask.npages, false);
	else if (leg->ask.op == MX_OP_BITMAP)
		call->max_reply = CL_CHUNK / 8;
	link_after(l, rmp_peer_call(l->peer, call, node_now(v->s, v->node),
				    &l->sink));
}

/* Find out how it ends: with an effect by its id, else at once. */
void cl_leg_void(struct cl_op *co, u8 i)
{
	struct cl_leg *leg = &co->leg[i];
	struct cl_vol *v = co->vol;
	u8 ask = co->op.leg[i].ask;
	struct link *l;
	u32 events;

	if (!leg->busy)
		return;
	l = cl_link(v, co->op.leg[i].server);
	if (v->aborting || (ask != MX_OP_WRITE && ask != MX_OP_DISCARD && ask != MX_OP_SETGEN)) {
		link_after(l, rmp_peer_cancel(l->peer, &leg->nc.call,
					      node_now(v->s, v->node), &l->sink));
		return;
	}
	events = rmp_peer_revoke(l->peer, &leg->nc.call, node_now(v->s, v->node),
				 &l->sink);
	/* From here on the engine must not look at the payload. */
	if (leg->nc.call.buf)
		pbuf_put(v->s, leg->nc.call.buf);
	leg->nc.call.buf = NULL;
	link_after(l, events);
}
