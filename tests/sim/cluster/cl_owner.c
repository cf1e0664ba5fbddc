// SPDX-License-Identifier: GPL-2.0
/*
 * A claim of a simulated client: carries out what mx_owner asks for, as
 * memx-core/core does in a kernel.
 */
#include "cluster.h"

/* The link to a server of the member table, with a peer in it. */
struct link *cl_link(struct cl_vol *v, u8 server)
{
	struct sim *s = v->s;
	int node = node_by_id(s, cl_client(v)->members.m[server].node);

	return link_get(s, v->node, node);
}

static void owner_ask(struct cl_vol *v, const struct mx_owner_call *oc,
		      struct mx_ask *ask)
{
	mx_owner_ask(oc, v->truth->pages, CL_SHIFT, false, ask);
}

static struct pbuf *owner_payload(struct cl_vol *v, u8 kind)
{
	u8 raw[MX_PAGE_SIZE];
	struct pbuf *b;
	u32 len;

	switch (kind) {
	case MX_CALL_OPEN:
		len = strlen(v->truth->name);
		memcpy(raw, v->truth->name, len);
		break;
	case MX_CALL_ROSTER_SET:
		len = mx_roster_encode(mx_owner_roster_out(&v->o), raw);
		break;
	default:
		return NULL;
	}
	b = pbuf_light(v->s, len, len);
	memcpy(b->data, raw, len);
	return b;
}

/* What the answer has besides its head. Return: 0 or -EBADMSG */
static int owner_read(struct cl_vol *v, struct cl_srv *srv)
{
	struct pbuf *b = asm_buf(v->s, &srv->nc.call.reply);
	struct mx_listed listed;
	struct mx_roster roster;
	u32 at, len = srv->nc.call.reply.len;

	if (!b)
		return len ? -EBADMSG : 0;
	if (srv->oc.kind == MX_CALL_ROSTER_GET) {
		if (mx_roster_decode(b->data, len, &roster))
			return -EBADMSG;
		return mx_owner_roster(&v->o, srv->idx, &roster);
	}
	for (at = 0; at < len; at += sizeof(struct mx_wire_chunk))
		if (mx_listed_decode(b->data + at, &listed) ||
		    mx_owner_entry(&v->o, srv->idx, &listed))
			return -EBADMSG;
	return 0;
}

static void owner_done(struct cl_call *nc)
{
	struct cl_srv *srv = container_of(nc, struct cl_srv, nc);
	struct cl_vol *v = srv->vol;
	struct mx_answer ans = {};
	int err = nc->call.status;

	srv->busy = false;
	if (!v->s->node[v->node].up) {
		cl_reply_free(v->s, nc);
		return;
	}
	if (!err)
		err = mx_answer_decode(nc->call.rhead, nc->call.reply.len,
				       &srv->ask, &ans);
	if (!err && ans.status == MX_ST_OK)
		err = owner_read(v, srv);
	cl_reply_free(v->s, nc);
	if (err == -EHOSTDOWN || err == -EMSGSIZE)
		err = -EBADMSG;
	if (!err)
		mx_member_figures(&cl_client(v)->members.m[srv->idx], ans.free,
				  ans.load);
	sim_trace(v->s, "%u/%u owner call %u to %u: %d status %u arg %llx", v->node,
		  v->truth->no, srv->oc.kind, srv->idx, err, ans.status,
		  (unsigned long long)ans.arg);
	/* A server that has forgotten newer claims is right in this one's eyes. */
	if (!err && ans.status == MX_ST_OK && srv->oc.kind == MX_CALL_OPEN &&
	    ans.arg & MX_OPENED_NEW && v->seq && !cl_vol_newest(v)) {
		v->outlaw = true;
		/* Then nobody is left to tell of them. */
		v->truth->forked |= !cl_server_knows(v->s, v->truth->id,
						     &v->truth->top);
	}
	mx_owner_answer(&v->o, srv->idx, err, &ans);
	cl_run(v);
}

static void owner_call(struct cl_vol *v, const struct mx_owner_call *oc)
{
	struct cl_srv *srv = &v->srv[oc->server];
	struct rmp_call *call = &srv->nc.call;
	struct link *l = cl_link(v, oc->server);

	sim_trace(v->s, "%u/%u owner asks %u: %u epoch %u%s", v->node,
		  v->truth->no, oc->server, oc->kind, oc->epoch,
		  oc->tentative ? " tentative" : "");
	if (oc->kind == MX_CALL_CANCEL) {
		link_after(l, rmp_peer_cancel(l->peer, call,
					      node_now(v->s, v->node), &l->sink));
		return;
	}
	if (srv->busy) {
		sim_fail(v->s, "the owner calls server %u twice", oc->server);
		return;
	}
	srv->busy = true;
	srv->oc = *oc;
	owner_ask(v, oc, &srv->ask);
	memset(&srv->nc, 0, sizeof(srv->nc));
	srv->nc.done = owner_done;
	mx_ask_encode(&srv->ask, call->head);
	call->volume = v->truth->id;
	call->epoch = oc->epoch;
	call->port = CL_PORT;
	call->flow = &srv->flow;
	call->buf = owner_payload(v, oc->kind);
	call->len = call->buf ? ((struct pbuf *)call->buf)->len : 0;
	if (oc->kind == MX_CALL_LIST)
		call->max_reply = MX_OWNER_ASK_PAGES * MX_PAGE_SIZE;
	else if (oc->kind == MX_CALL_ROSTER_GET)
		call->max_reply = MX_PAGE_SIZE;
	link_after(l, rmp_peer_call(l->peer, call, node_now(v->s, v->node),
				    &l->sink));
}

/* What a take-over may find although it is not what was there last. */
static void amnesty(struct cl_vol *v)
{
	struct cl_truth *t = v->truth;
	u32 i;

	model_return(&t->model);
	/* None of the servers that it knows had the volume, and it was not new. */
	if (v->o.spec.may_be_new) {
		t->forked |= t->written;
		cl_vol_outlaw(v);
	}
	/*
	 * Two have written to it, each to servers that the other did not reach;
	 * or servers have told anything.
	 */
	if (t->forked || t->left || cl_of(v->s)->odd.lied)
		model_forget(&t->model);
	/*
	 * Of two nodes with one id: a life that was believed lost has come back
	 * with pages that were discarded meanwhile: its owner knows that, a
	 * take-over does not. Or all was written, rosters as well, to the one that
	 * has left.
	 */
	for (i = 0; i < t->pages && v->s->twins; i++)
		if (t->ghost[i] ||
		    model_written_since(&t->model, i, t->twinned))
			model_forgive(&t->model, i);
}

static void owner_news(struct cl_vol *v, const struct mx_owner_note *note)
{
	sim_trace(v->s, "%u/%u owner news %u server %u state %s", v->node,
		  v->truth->no, note->what, note->server,
		  mx_owner_state_name(v->o.state));
	switch (note->what) {
	case MX_NEWS_SERVING:
	case MX_NEWS_CHUNKS:
		if (note->what == MX_NEWS_SERVING && v->no > 1)
			amnesty(v);
		cl_vol_serves(v);
		cl_chunks_begin(v);
		break;
	case MX_NEWS_FENCED:
		cl_fenced(v);
		break;
	case MX_NEWS_LIFE:
		cl_chunks_life(v);
		break;
	case MX_NEWS_ENDED:
		v->ended = true;
		break;
	}
}

bool cl_owner_run(struct cl_vol *v)
{
	struct mx_owner_call oc;
	struct mx_owner_note note;
	bool any = false;

	while (mx_owner_next(&v->o, &oc)) {
		owner_call(v, &oc);
		any = true;
	}
	while (mx_owner_note(&v->o, &note)) {
		owner_news(v, &note);
		any = true;
	}
	return any;
}

/* What the member table knows, the claim is told. */
void cl_owner_servers(struct cl_vol *v)
{
	struct mx_members *t = &cl_client(v)->members;
	u32 i;

	for (i = 0; i < CL_MEMBERS; i++)
		if (t->m[i].state != MX_MEMBER_NONE)
			mx_owner_server(&v->o, i, t->m[i].node, t->m[i].inc,
					t->m[i].state == MX_MEMBER_ALIVE);
}
