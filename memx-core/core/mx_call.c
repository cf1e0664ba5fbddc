// SPDX-License-Identifier: GPL-2.0
/*
 * An operation's calls to servers and what their answers mean.
 */
#include <linux/mm.h>
#include "mx_op.h"

/**
 * enum verdict - how a call has ended
 * @V_OK:     executed
 * @V_FULL:   declined for want of room
 * @V_AGAIN:  not executed; may be asked again
 * @V_LOST:   the server has forgotten the volume
 * @V_FENCED: another owner has the volume
 * @V_BAD:    not executed, or the answer makes no sense
 */
enum verdict {
	V_OK,
	V_FULL,
	V_AGAIN,
	V_LOST,
	V_FENCED,
	V_BAD,
};

/**
 * enum next - what becomes of an operation after an answer
 * @N_END:   it has left the chunk
 * @N_SEND:  it goes on with another call
 * @N_QUEUE: it starts over, and is out of our hands
 */
enum next {
	N_END,
	N_SEND,
	N_QUEUE,
};

/**
 * struct outcome - an answer digested
 * @ans:  decoded
 * @give: READ: pages to take from the answer
 * @err:  N_END: result
 */
struct outcome {
	struct mx_answer ans;
	u32 give;
	int err;
};

/* The write's page that is read to complete it. */
static u32 edge_index(const struct mx_op *op)
{
	return op->phase == MX_OP_EDGE ? 0 : op->cop.n - 1;
}

static bool edge_missing(const struct mx_op *op)
{
	bool tail = op->tail < MX_PAGE_SIZE;

	if (op->phase == MX_OP_EDGE)
		return op->head || (op->cop.n == 1 && tail);
	return op->cop.n > 1 && tail;
}

/*
 * Completes a page of a write from the answer, if that has it, or with zeros.
 * Return: false if what is in the answer is not what was written.
 */
static bool edge_fill(struct mx_op *op, bool have)
{
	u32 i = edge_index(op);
	u8 *to = page_address(op->buf.page[i]);
	u32 head = i ? 0 : op->head;
	u32 tail = i == op->cop.n - 1 ? op->tail : MX_PAGE_SIZE;
	struct mx_piece from = { .len = MX_PAGE_SIZE };

	if (have && op->vol->sealed) {
		from.plain = mx_unseal_pages(op, i, 1, 0, 1);
		if (!from.plain)
			return false;
	} else if (have) {
		from.reply = &op->nc.call.reply;
	}
	mx_piece_copy(&from, 0, to, head);
	mx_piece_copy(&from, tail, to + tail, MX_PAGE_SIZE - tail);
	return true;
}

static void ask_of(const struct mx_op *op, struct mx_ask *ask)
{
	u8 shift = op->vol->shift;

	memset(ask, 0, sizeof(*ask));
	ask->page = op->page;
	if (op->phase <= MX_OP_EDGE2) {
		ask->op = MX_OP_READ;
		ask->page += edge_index(op);
		ask->npages = 1;
	} else if (op->phase == MX_OP_UNPLACE || op->cop.whole) {
		ask->op = MX_OP_DISCARD;
		ask->flags = MX_F_RELEASE;
		ask->page = op->page >> shift << shift;
		ask->arg = op->ck->c.pages;
	} else if (op->cop.kind == MX_COP_DISCARD) {
		ask->op = MX_OP_DISCARD;
		ask->arg = op->cop.n;
	} else {
		ask->op = op->cop.kind == MX_COP_READ ? MX_OP_READ : MX_OP_WRITE;
		ask->npages = op->cop.n;
	}
	if (op->vol->sealed && ask->op != MX_OP_DISCARD)
		ask->flags |= MX_F_SEALED;
}

static void call_done(struct rmp_node_call *nc);

static void dispatch(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;
	struct rmp_call *call = &op->nc.call;
	struct mx_ask ask;
	u32 bytes;

	ask_of(op, &ask);
	bytes = mx_payload_len(ask.npages, vol->sealed);
	mx_ask_encode(&ask, call->head);
	call->volume = vol->id;
	call->epoch = vol->epoch;
	call->port = RMP_PORT_MEMORY;
	call->flow = &vol->srv[op->srv]->flow;
	call->buf = ask.op == MX_OP_WRITE ? &op->buf : NULL;
	call->len = ask.op == MX_OP_WRITE ? bytes : 0;
	call->max_reply = ask.op == MX_OP_READ ? bytes : 0;
	op->nc.done = call_done;
	rmp_call(vol->srv[op->srv]->node, &op->nc);
}

/* The end of an operation that nobody waits for; under the chunk's lock. */
static void zombie_drop(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;

	spin_lock(&vol->lock);
	list_del_init(&op->link);
	spin_unlock(&vol->lock);
	if (op->orphan && op->srv != MX_NO_SERVER)
		op->ck->avoid &= ~BIT_ULL(op->srv);
}

/* The rest of zombie_drop(), without the lock. */
static void zombie_free(struct mx_op *op)
{
	u32 i, n = op->cop.kind == MX_COP_WRITE ? mx_op_npages(op) : 0;

	if (n && op->pages == MX_PAGES_POOL) {
		mx_pool_put(&op->vol->pool, op->buf.page, n);
		n = 0;
	}
	if (op->pages == MX_PAGES_OWN)
		mx_stat_add(MX_S_PAGE_FREED, n);
	for (i = 0; i < n; i++)
		put_page(op->buf.page[i]);
	mx_op_put(op);
}

/* Under the chunk's lock: a zombie that has no call under way. */
static void zombie_idle(struct mx_op *op, struct list_head *ready)
{
	if (op->cop.where == MX_COP_ACTIVE)
		mx_chunk_end(&op->ck->c, &op->cop, MX_END_FAILED, ready);
	zombie_drop(op);
}

/*
 * Completes the first and the last page of a write. Return: true when both are
 * whole; false: a page is being read, or the write has failed.
 */
static bool edges_done(struct mx_op *op)
{
	struct mx_ck *ck = op->ck;
	enum { E_WHOLE, E_READ, E_LOST, E_GONE } how = E_WHOLE;
	struct mx_snap snap;
	LIST_HEAD(ready);

	mx_ck_lock(ck, &snap);
	for (; op->phase != MX_OP_MAIN && how == E_WHOLE; ) {
		enum mx_page what = mx_chunk_page(&ck->c, op->cop.first +
						  edge_index(op));

		if (op->state == MX_OP_ZOMBIE) {
			zombie_idle(op, &ready);
			how = E_GONE;
		} else if (edge_missing(op) && what == MX_PAGE_HAVE) {
			how = E_READ;
		} else if (edge_missing(op) && what == MX_PAGE_LOST) {
			op->state = MX_OP_ENDING;
			mx_chunk_end(&ck->c, &op->cop, MX_END_FAILED, &ready);
			how = E_LOST;
		} else {
			if (edge_missing(op))
				edge_fill(op, false);
			op->phase++;
		}
	}
	mx_op_unlock(op->vol, ck, &snap, &ready);

	if (how == E_READ) {
		mx_vstat_inc(op->vol, MX_VS_EDGE_READS);
		dispatch(op);
	} else if (how == E_LOST) {
		mx_op_finish(op, -EIO);
	} else if (how == E_GONE) {
		zombie_free(op);
	}
	mx_op_ready(&ready);
	return how == E_WHOLE;
}

/* A server for the chunk of a placing write. Return: whether there is one. */
static bool choose(struct mx_op *op)
{
	struct mx_volume *vol = op->vol;
	struct mx_ck *ck = op->ck;
	int idx = mx_vsrv_pick(vol, ck - vol->cks, op->tried,
			       READ_ONCE(ck->avoid));
	bool zombie, full = false;
	struct mx_snap snap;
	LIST_HEAD(ready);

	mx_ck_lock(ck, &snap);
	zombie = op->state == MX_OP_ZOMBIE;
	if (zombie) {
		zombie_idle(op, &ready);
	} else if (idx >= 0) {
		op->srv = idx;
		op->era = READ_ONCE(vol->srv[idx]->era);
	} else if (idx == -ENOSPC) {
		full = true;
		op->state = MX_OP_ENDING;
		mx_chunk_end(&ck->c, &op->cop, MX_END_FULL, &ready);
	} else {
		mx_op_later(op);
	}
	mx_op_unlock(vol, ck, &snap, &ready);

	if (zombie)
		zombie_free(op);
	else if (full)
		mx_op_finish(op, -ENOSPC);
	mx_op_ready(&ready);
	return !zombie && idx >= 0;
}

/* A write or discard for a server that cannot be reached ends at once. */
static void refuse(struct mx_op *op)
{
	struct mx_ck *ck = op->ck;
	struct mx_snap snap;
	LIST_HEAD(ready);
	bool zombie;

	mx_ck_lock(ck, &snap);
	zombie = op->state == MX_OP_ZOMBIE;
	if (zombie) {
		zombie_idle(op, &ready);
	} else {
		op->state = MX_OP_ENDING;
		mx_chunk_end(&ck->c, &op->cop, MX_END_FAILED, &ready);
	}
	mx_op_unlock(op->vol, ck, &snap, &ready);
	if (zombie)
		zombie_free(op);
	else
		mx_op_finish(op, -EIO);
	mx_op_ready(&ready);
}

void mx_call_send(struct mx_op *op)
{
	if (op->cop.act == MX_ACT_CALL && op->cop.kind != MX_COP_READ &&
	    unlikely(mx_member_dead(op->srv))) {
		refuse(op);
		return;
	}
	if (op->phase != MX_OP_MAIN && !edges_done(op))
		return;
	/* Before anybody can take over the pages of a call to a silent server. */
	if (op->vol->sealed && op->cop.kind == MX_COP_WRITE)
		mx_seal_pages(op);
	if (op->cop.act == MX_ACT_PLACE && !choose(op))
		return;
	dispatch(op);
}

static enum verdict judge(struct mx_op *op, struct mx_answer *ans)
{
	const struct rmp_call *call = &op->nc.call;
	struct mx_ask ask;

	memset(ans, 0, sizeof(*ans));
	if (call->status == -ESTALE)
		return V_LOST;
	if (call->status == -EHOSTDOWN)
		return V_AGAIN;
	if (call->status == -ECANCELED)
		return V_BAD;
	ask_of(op, &ask);
	if (call->status ||
	    mx_answer_decode(call->rhead, call->reply.len, &ask, ans)) {
		mx_vstat_inc(op->vol, MX_VS_BAD_REPLIES);
		return V_BAD;
	}
	mx_member_figures(&mx_members.m[op->srv], ans->free, ans->load);
	switch (ans->status) {
	case MX_ST_OK:
		return V_OK;
	case MX_ST_FULL:
		mx_vstat_inc(op->vol, MX_VS_DECLINED);
		return V_FULL;
	case MX_ST_AGAIN:
		return V_AGAIN;
	case MX_ST_NOVOL:
		return V_LOST;
	case MX_ST_STALE:
		return V_FENCED;
	}
	mx_vstat_inc(op->vol, MX_VS_BAD_REPLIES);
	return V_BAD;
}

/*
 * The server took the chunk. If it has lost the volume since, the chunk is lost
 * at once; else the search for chunks of an older era will find it.
 */
static void placed(struct mx_op *op)
{
	struct mx_chunk *c = &op->ck->c;

	mx_chunk_placed(c, &op->cop, op->srv, op->era);
	if (READ_ONCE(op->vol->srv[op->srv]->era) != op->era)
		mx_chunk_lose(c, c->gen);
}

static enum next fail(struct mx_op *op, struct outcome *out, int err,
		      struct list_head *ready)
{
	mx_chunk_end(&op->ck->c, &op->cop, MX_END_FAILED, ready);
	out->err = err;
	return N_END;
}

static enum next again(struct mx_op *op, struct list_head *ready)
{
	if (op->tries) {
		mx_op_later(op);
		return N_QUEUE;
	}
	op->tries++;
	op->tried = 0;
	op->state = MX_OP_QUEUED;
	mx_chunk_end(&op->ck->c, &op->cop, MX_END_RETRY, ready);
	return N_QUEUE;
}

/* Anything but V_OK. */
static enum next unserved(struct mx_op *op, enum verdict v, struct outcome *out,
			  struct list_head *ready)
{
	struct mx_chunk *c = &op->ck->c;

	switch (v) {
	case V_FULL:
		if (c->placer == &op->cop) {
			op->tried |= BIT_ULL(op->srv);
			op->srv = MX_NO_SERVER;
			op->state = MX_OP_CALLED;
			return N_SEND;
		}
		if (op->cop.kind != MX_COP_WRITE)
			return fail(op, out, -EIO, ready);
		/* It does not have the chunk that it had taken. */
		mx_chunk_lose(c, op->cop.gen);
		return again(op, ready);
	case V_LOST:
		return again(op, ready);
	case V_AGAIN:
		mx_op_later(op);
		return N_QUEUE;
	case V_FENCED:
		return fail(op, out, -ESTALE, ready);
	default:
		return fail(op, out, -EIO, ready);
	}
}

/* A page that completes a write has been read. */
static enum next edge_read(struct mx_op *op, struct outcome *out,
			   struct list_head *ready)
{
	struct mx_chunk *c = &op->ck->c;
	bool have = out->ans.mask & 1;

	if (!have && op->cop.gen == c->gen &&
	    !mx_chunk_check(c, op->cop.first + edge_index(op), 1, 0))
		return again(op, ready);
	if (!have && op->cop.gen != c->gen)
		return again(op, ready);
	if (!edge_fill(op, have))
		return fail(op, out, -EIO, ready);
	op->phase++;
	op->state = MX_OP_CALLED;
	return N_SEND;
}

static enum next served(struct mx_op *op, struct outcome *out,
			struct list_head *ready)
{
	struct mx_chunk *c = &op->ck->c;
	bool ended;

	if (op->phase != MX_OP_MAIN)
		return edge_read(op, out, ready);
	if (op->cop.kind == MX_COP_READ) {
		u8 act;

		op->state = MX_OP_QUEUED;
		act = mx_chunk_read_end(c, &op->cop, out->ans.mask, &out->give,
					ready);
		if (act == MX_ACT_WAIT)
			return N_QUEUE;
		op->state = MX_OP_ENDING;
		out->err = act == MX_ACT_LOST ? -EIO : 0;
		return N_END;
	}
	if (c->placer == &op->cop)
		placed(op);
	if (op->cop.whole)
		mx_vstat_inc(op->vol, MX_VS_RELEASED);
	op->state = MX_OP_QUEUED;
	ended = mx_chunk_end(c, &op->cop, MX_END_OK, ready);
	if (!ended)
		return N_QUEUE;
	op->state = MX_OP_ENDING;
	out->err = 0;
	return N_END;
}

/* An abandoned placement. Return: whether it has come to its end. */
static bool orphan_done(struct mx_op *op, enum verdict v)
{
	bool took = op->phase == MX_OP_MAIN && v == V_OK;

	if (!took || test_bit(MX_VF_DYING, &op->vol->flags))
		return true;
	op->phase = MX_OP_UNPLACE;
	return false;
}

/* The call of an operation that nobody waits for has ended. */
static void zombie_done(struct mx_op *op, enum verdict v,
			const struct mx_snap *snap)
{
	struct mx_chunk *c = &op->ck->c;
	struct mx_ck *ck = op->ck;
	bool gone = true;
	LIST_HEAD(ready);

	if (op->orphan) {
		gone = orphan_done(op, v);
	} else if (op->cop.where == MX_COP_ACTIVE) {
		bool ok = v == V_OK && op->cop.gen == c->gen;

		mx_chunk_end(c, &op->cop, ok ? MX_END_OK : MX_END_FAILED,
			     &ready);
	}
	if (gone)
		zombie_drop(op);
	if (!op->nc.call.status)
		rmp_payload_free(&op->nc.call.reply);
	mx_op_unlock(op->vol, ck, snap, &ready);
	if (gone)
		zombie_free(op);
	else
		dispatch(op);
	mx_op_ready(&ready);
}

static void call_done(struct rmp_node_call *nc)
{
	struct mx_op *op = container_of(nc, struct mx_op, nc);
	struct mx_volume *vol = op->vol;
	struct mx_ck *ck = op->ck;
	struct outcome out = {};
	struct mx_snap snap;
	enum verdict v;
	enum next next;
	LIST_HEAD(ready);

	v = judge(op, &out.ans);
	if (unlikely(v == V_LOST))
		mx_vsrv_lose(vol, op->srv, op->era);
	if (unlikely(v == V_FENCED && !test_and_set_bit(MX_VF_FENCED, &vol->flags)))
		mx_volume_changed(vol);

	mx_ck_lock(ck, &snap);
	if (v == V_LOST && mx_chunk_lose(&ck->c, op->cop.gen))
		mx_vstat_inc(vol, MX_VS_LOSSES);
	if (unlikely(op->state == MX_OP_ZOMBIE)) {
		zombie_done(op, v, &snap);
		return;
	}
	op->state = MX_OP_ENDING;
	next = v == V_OK ? served(op, &out, &ready) :
			   unserved(op, v, &out, &ready);
	/* Whoever takes it from the queue needs the call. */
	if (next != N_END && !nc->call.status)
		rmp_payload_free(&nc->call.reply);
	mx_op_unlock(vol, ck, &snap, &ready);

	if (next == N_SEND) {
		mx_call_send(op);
	} else if (next == N_END) {
		if (!out.err && op->cop.kind == MX_COP_READ)
			out.err = mx_io_deliver(op, out.give, out.ans.mask);
		if (!nc->call.status)
			rmp_payload_free(&nc->call.reply);
		mx_op_finish(op, out.err);
	}
	mx_op_ready(&ready);
}
