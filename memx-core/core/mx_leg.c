// SPDX-License-Identifier: GPL-2.0
/*
 * One leg of an operation on the wire: encoded, sent, and its answer judged.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "mx_io.h"
#include "mx_leg.h"
#include "mx_members.h"

static void call_done(struct rmp_node_call *nc);

void mx_leg_init(struct mx_vop *vop)
{
	u32 i;

	vop->op.nlegs = MX_VOP_LEGS;
	for (i = 0; i < MX_VOP_LEGS; i++) {
		vop->leg[i].vop = vop;
		vop->leg[i].i = i;
		vop->leg[i].nc.call.state = RMP_CALL_IDLE;
	}
}

static void ask_of(const struct mx_vop *vop, u32 i, struct mx_ask *ask)
{
	const struct mx_volume *vol = vop->vol;

	mx_op_ask(&vop->ck->c, &vop->op, i, ask);
	ask->page += (u64)(vop->ck - vol->cks) << vol->shift;
	if (vol->sealed && (ask->op == MX_OP_READ || ask->op == MX_OP_WRITE))
		ask->flags |= MX_F_SEALED;
}

/* Return: the payload of SETGEN, or NULL if there is no memory. */
static struct rmp_buf *members_of(const struct mx_vop *vop, u32 *len)
{
	struct mx_life member[MX_COPIES_MAX];
	u8 leg[MX_COPIES_MAX];
	u32 i, n = mx_op_setting(&vop->op, leg);
	struct rmp_buf *buf;

	buf = kmalloc(sizeof(*buf), GFP_NOWAIT | __GFP_NOWARN);
	if (!buf)
		return NULL;
	buf->off = 0;
	buf->page[0] = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	if (!buf->page[0]) {
		kfree(buf);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		const struct mx_leg *l = &vop->op.leg[leg[i]];

		member[i].node = rmp_node_id(vop->vol->srv[l->server]->node);
		member[i].inc = l->inc;
	}
	*len = mx_members_encode(member, n, page_address(buf->page[0]));
	return buf;
}

static void free_members(struct rmp_call *call)
{
	struct rmp_buf *buf = call->buf;

	put_page(buf->page[0]);
	kfree(buf);
}

/* The longest answer to a request. */
static u32 reply_len(const struct mx_vop *vop, const struct mx_ask *ask)
{
	if (ask->op == MX_OP_READ)
		return mx_payload_len(ask->npages, vop->vol->sealed);
	if (ask->op == MX_OP_BITMAP)
		return (vop->ck->c.pages + 7) / 8;
	return 0;
}

void mx_leg_call(struct mx_vop *vop, u32 i)
{
	struct mx_volume *vol = vop->vol;
	struct rmp_node_call *nc = &vop->leg[i].nc;
	struct mx_vsrv *srv = vol->srv[vop->op.leg[i].server];
	struct rmp_call *call = &nc->call;
	struct mx_ask ask;

	ask_of(vop, i, &ask);
	mx_ask_encode(&ask, call->head);
	call->volume = vol->id;
	call->epoch = vol->epoch;
	call->port = RMP_PORT_MEMORY;
	call->flow = &srv->flow;
	call->buf = NULL;
	call->len = 0;
	call->max_reply = reply_len(vop, &ask);
	nc->done = call_done;
	if (ask.op == MX_OP_WRITE) {
		call->buf = &vop->buf;
		call->len = mx_payload_len(ask.npages, vol->sealed);
	} else if (ask.op == MX_OP_SETGEN) {
		call->buf = members_of(vop, &call->len);
		if (!call->buf) {
			call->status = -ENOBUFS;
			call_done(nc);
			return;
		}
	}
	rmp_call(srv->node, nc);
}

static bool has_effect(const struct mx_leg *leg)
{
	return leg->ask == MX_OP_WRITE || leg->ask == MX_OP_DISCARD ||
	       leg->ask == MX_OP_SETGEN;
}

void mx_leg_void(struct mx_vop *vop, u32 i)
{
	const struct mx_leg *leg = &vop->op.leg[i];
	struct rmp_node *node = vop->vol->srv[leg->server]->node;

	if (has_effect(leg) && !test_bit(MX_VF_CANCEL, &vop->vol->flags))
		rmp_revoke(node, &vop->leg[i].nc);
	else
		rmp_cancel(node, &vop->leg[i].nc);
}

bool mx_leg_sent(const struct mx_op *op)
{
	const struct mx_vop *vop = container_of_const(op, struct mx_vop, op);
	u32 i;

	for (i = 0; i < MX_VOP_LEGS; i++)
		if (op->leg[i].state == MX_LEG_SENT &&
		    READ_ONCE(vop->leg[i].nc.call.state) == RMP_CALL_IDLE)
			return false;
	return true;
}

void mx_leg_done(struct mx_vop *vop, u32 i)
{
	rmp_payload_free(&vop->leg[i].nc.call.reply);
}

static u8 judge_status(const struct mx_answer *ans, struct mx_volume *vol)
{
	switch (ans->status) {
	case MX_ST_OK:
		return MX_V_OK;
	case MX_ST_FULL:
		mx_vstat_inc(vol, MX_VS_DECLINED);
		return MX_V_FULL;
	case MX_ST_AGAIN:
		return MX_V_AGAIN;
	case MX_ST_NOVOL:
		return MX_V_NOVOL;
	case MX_ST_STALE:
		return MX_V_STALE;
	case MX_ST_NOCHUNK:
		return MX_V_NOCHUNK;
	case MX_ST_OLDGEN:
		return MX_V_OLDGEN;
	}
	mx_vstat_inc(vol, MX_VS_BAD_REPLIES);
	return MX_V_BAD;
}

static void judge(const struct mx_vop *vop, u32 i, struct mx_result *res)
{
	const struct rmp_call *call = &vop->leg[i].nc.call;
	struct mx_volume *vol = vop->vol;
	struct mx_answer ans;
	struct mx_ask ask;

	*res = (struct mx_result) { .verdict = MX_V_BAD };
	switch (call->status) {
	case 0:
		break;
	case -ESTALE:
		res->verdict = MX_V_GONE;
		return;
	case -ECANCELED:
		res->verdict = call->doubt ? MX_V_DOUBT : MX_V_VOID;
		if (test_bit(MX_VF_DYING, &vol->flags))
			res->verdict = MX_V_OVER;
		return;
	case -ENOBUFS:
		res->verdict = MX_V_AGAIN;
		return;
	default:
		mx_vstat_inc(vol, MX_VS_BAD_REPLIES);
		return;
	}
	ask_of(vop, i, &ask);
	if (mx_answer_decode(call->rhead, call->reply.len, &ask, &ans)) {
		mx_vstat_inc(vol, MX_VS_BAD_REPLIES);
		return;
	}
	mx_member_figures(&mx_members.m[vop->op.leg[i].server], ans.free,
			  ans.load);
	res->verdict = judge_status(&ans, vol);
	res->mask = ans.mask;
	if (res->verdict == MX_V_OLDGEN)
		res->gen = min_t(u64, ans.arg, U32_MAX - 1);
}

/* What an answer says of the volume on that server. */
static void tell(struct mx_vop *vop, u32 i, u8 verdict)
{
	const struct mx_leg *leg = &vop->op.leg[i];

	switch (verdict) {
	case MX_V_GONE:
		mx_vsrv_gone(vop->vol, leg->server, leg->inc, leg->era);
		break;
	case MX_V_NOVOL:
		mx_vsrv_novol(vop->vol, leg->server, leg->inc, leg->era);
		break;
	case MX_V_STALE:
		mx_vsrv_fenced(vop->vol, leg->server);
		break;
	case MX_V_BAD:
		/*
		 * A server that lost the volume may have it from an owner that
		 * was overtaken: then it refuses our epoch until it is told
		 * of our claim again.
		 */
		if (leg->gens)
			mx_vsrv_novol(vop->vol, leg->server, leg->inc, leg->era);
		break;
	}
}

static void learn(struct mx_vop *vop, const struct rmp_asm *reply)
{
	u32 at, n, len = min_t(u32, reply->len, (vop->ck->c.pages + 7) / 8);
	u8 bits[256];

	for (at = 0; at < len; at += n) {
		n = min_t(u32, len - at, sizeof(bits));
		rmp_payload_copy(reply, at, bits, n);
		mx_chunk_learn(&vop->ck->c, at * 8, bits, n);
	}
}

/* Under the chunk's lock: the payload of an answer that goes into the chunk or
 * into the operation's own pages, while somebody waits for it.
 */
static void take_payload(struct mx_vop *vop, u32 i, struct mx_result *res)
{
	const struct rmp_asm *reply = &vop->leg[i].nc.call.reply;
	const struct mx_leg *leg = &vop->op.leg[i];

	if (res->verdict != MX_V_OK || leg->state != MX_LEG_SENT)
		return;
	if (leg->ask == MX_OP_BITMAP)
		learn(vop, reply);
	else if (leg->ask == MX_OP_READ && vop->op.kind == MX_KIND_WRITE &&
		 res->mask & 1 &&
		 !mx_io_edge(vop, mx_op_edge_page(&vop->op), reply, leg->server))
		res->verdict = MX_V_BAD;
}

/* Is the answer what the READ ends with? Whoever hands it out frees it. */
static bool is_result(const struct mx_op *op, u32 i)
{
	return op->bits & MX_DO_END && op->kind == MX_KIND_READ && !op->err &&
	       op->give && op->from == i;
}

static void call_done(struct rmp_node_call *nc)
{
	struct mx_vleg *vleg = container_of(nc, struct mx_vleg, nc);
	struct mx_vop *vop = vleg->vop;
	struct mx_volume *vol = vop->vol;
	struct mx_vchunk *ck = vop->ck;
	u32 i = vleg->i;
	struct mx_result res;
	struct mx_snap snap;
	struct mx_env env;

	judge(vop, i, &res);
	tell(vop, i, res.verdict);
	mx_volume_env(vol, &env);

	mx_map_lock(ck, &snap);
	take_payload(vop, i, &res);
	if (vop->op.leg[i].ask == MX_OP_SETGEN && nc->call.buf)
		free_members(&nc->call);
	WRITE_ONCE(nc->call.state, RMP_CALL_IDLE);
	mx_op_leg(&ck->c, &vop->op, i, &res, &env, &ck->todo);
	if (!nc->call.status && !is_result(&vop->op, i))
		rmp_payload_free(&nc->call.reply);
	mx_run_unlock(vol, ck, &snap);
}
