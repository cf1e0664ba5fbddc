// SPDX-License-Identifier: GPL-2.0
/*
 * A client of the first version, beside those of today: it has a volume of its
 * own on one server, asks for one thing at a time, and expects to read what it
 * has written, in this life of its machine and in later ones.
 */
#include "cluster.h"

enum { PAUSE_MS = 150 };

static struct cl_past *past_of(struct sim *s)
{
	return &cl_of(s)->past;
}

static void forget_all(struct cl_past *p)
{
	memset(p->sure, 0, sizeof(p->sure));
	memset(p->word, 0, sizeof(p->word));
	p->opened = false;
}

static void read_done(struct sim *s, struct cl_past *p, const struct mx_answer *ans)
{
	struct pbuf *b = asm_buf(s, &p->nc.call.reply);
	u64 word = 0;

	if (ans->mask && b)
		memcpy(&word, b->data, 8);
	if (p->sure[p->page] && word != p->word[p->page])
		sim_fail(s, "a client of the first version reads %llx, not %llx, in page %u",
			 (unsigned long long)word,
			 (unsigned long long)p->word[p->page], p->page);
	p->sure[p->page] = true;
	p->word[p->page] = word;
}

static void answered(struct sim *s, struct cl_past *p, const struct mx_answer *ans)
{
	bool ok = ans->status == MX_ST_OK;

	switch (p->ask.op) {
	case MX_OP_OPEN:
		/* It may have been made anew: nobody says that to such a client. */
		if (ok && !ans->vol_pages)
			forget_all(p);
		p->opened = ok;
		/* Another server has no room for it. */
		p->over |= ans->status == MX_ST_FULL;
		break;
	case MX_OP_READ:
		if (ok)
			read_done(s, p, ans);
		break;
	case MX_OP_WRITE:
	case MX_OP_DISCARD:
		p->sure[p->page] = ok;
		p->word[p->page] = p->next;
		break;
	case MX_OP_DROP:
		p->over |= ok;
		break;
	}
	if (ans->status == MX_ST_NOVOL)
		forget_all(p);
	if (ans->status == MX_ST_STALE)
		sim_fail(s, "a client of the first version is fenced by nobody");
}

static void past_done(struct cl_call *nc)
{
	struct cl_past *p = container_of(nc, struct cl_past, nc);
	struct sim *s = p->s;
	struct link *l = s->node[p->node].link[p->server];
	struct mx_answer ans;
	int err = nc->call.status;
	bool moved;

	p->busy = false;
	moved = l->peer && l->peer->ses.inc != p->inc;
	if (moved) {
		p->inc = l->peer->ses.inc;
		forget_all(p);
	}
	/* Whether it was done, is not known then. */
	p->sure[p->page] &= p->ask.op == MX_OP_READ;
	if (!err && s->node[p->node].up) {
		err = mx_answer_decode(nc->call.rhead, nc->call.reply.len,
				       &p->ask, &ans);
		sim_trace(s, "past: op %u page %u: %d status %u", p->ask.op,
			  p->page, err, ans.status);
		if (err)
			sim_fail(s, "a client of the first version is not understood");
		/* One of two nodes with this id may know a former life of ours. */
		else if (moved && ans.status == MX_ST_STALE)
			p->opened = false;
		else
			answered(s, p, &ans);
	} else if (err == -ESTALE) {
		forget_all(p);
	}
	cl_reply_free(s, nc);
}

static struct pbuf *past_payload(struct sim *s, struct cl_past *p)
{
	static const char name[] = "past";
	struct pbuf *b;

	if (p->ask.op == MX_OP_OPEN) {
		b = pbuf_light(s, 4, 4);
		memcpy(b->data, name, 4);
	} else if (p->ask.op == MX_OP_WRITE) {
		b = pbuf_light(s, mx_payload_len(1, false), 8);
		memcpy(b->data, &p->next, 8);
	} else {
		return NULL;
	}
	return b;
}

static void ask(struct sim *s, struct cl_past *p)
{
	struct link *l = link_get(s, p->node, p->server);
	struct rmp_call *call = &p->nc.call;

	memset(&p->nc, 0, sizeof(p->nc));
	p->nc.done = past_done;
	p->busy = true;
	mx_ask_encode(&p->ask, call->head);
	call->volume = p->id;
	call->epoch = 1;
	call->port = CL_PORT;
	call->flow = &p->flow;
	call->buf = past_payload(s, p);
	call->len = call->buf ? ((struct pbuf *)call->buf)->len : 0;
	if (p->ask.op == MX_OP_READ)
		call->max_reply = MX_PAGE_SIZE;
	link_after(l, rmp_peer_call(l->peer, call, node_now(s, p->node),
				    &l->sink));
}

static void choose(struct sim *s, struct cl_past *p)
{
	u32 dice = cl_odd_below(s, 10);

	p->ask = (struct mx_ask){ .op = MX_OP_OPEN, .page = CL_CHUNK,
				  .arg = CL_SHIFT };
	p->next = 0;
	if (p->dropping)
		p->ask = (struct mx_ask){ .op = MX_OP_DROP };
	if (!p->opened || p->dropping)
		return;
	p->page = cl_odd_below(s, CL_PAST);
	if (dice < 5)
		p->ask = (struct mx_ask){ .op = MX_OP_READ, .page = p->page,
					  .npages = 1 };
	else if (dice < 9)
		p->ask = (struct mx_ask){ .op = MX_OP_WRITE, .page = p->page,
					  .npages = 1 };
	else
		p->ask = (struct mx_ask){ .op = MX_OP_DISCARD, .page = p->page,
					  .arg = 1 };
	if (p->ask.op == MX_OP_WRITE)
		p->next = ++p->last;
}

static void later(struct sim *s, struct cl_past *p)
{
	sim_push(s, (struct event){
		.kind = EV_PAST, .at = s->now + MS(PAUSE_MS), .a = p->node,
		.gen = s->node[p->node].inc });
}

void cl_past_next(struct sim *s)
{
	struct cl_past *p = past_of(s);

	if (p->over)
		return;
	if (!p->busy) {
		choose(s, p);
		ask(s, p);
	}
	later(s, p);
}

/* Its machine has started. */
void cl_past_start(struct sim *s, u8 node)
{
	struct cl_past *p = past_of(s);

	if (!(cl_of(s)->odd.kinds & BIT(ODD_PAST)) || (p->s && p->node != node))
		return;
	if (!p->s) {
		p->s = s;
		p->id = 0x6000000000000000ULL + s->seed;
		p->node = node;
		p->server = SIM_CLIENTS + cl_odd_below(s, s->ns);
		rmp_flow_init(&p->flow, 1);
	}
	p->busy = false;
	p->opened = false;
	later(s, p);
}

/* It deletes its volume. */
void cl_past_end(struct sim *s)
{
	past_of(s)->dropping = true;
}
