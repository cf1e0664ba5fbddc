// SPDX-License-Identifier: GPL-2.0
/*
 * The workload and what it may expect: the last acknowledged write of a page
 * wins, nothing is torn, each reply belongs to its request.
 */
#include "rmap_run.h"

u64 page_key(u8 client, u8 server, u32 page, u32 version)
{
	return (u64)version << 32 | (u64)client << 24 | (u64)server << 16 | page;
}

static struct sim_page *page_of(struct sim *s, const struct scall *sc, u32 i)
{
	return &run_of(s)->node[sc->client].page[sc->server - SIM_CLIENTS][sc->start + i];
}

/* A write may start only where no other is or may still be under way. */
static u32 writable(struct sim *s, const struct scall *want)
{
	u32 i;

	for (i = 0; i < want->n; i++) {
		const struct sim_page *page = page_of(s, want, i);

		if (page->writing || page->frozen || page->nmaybe >= SIM_MAYBE - 1)
			break;
	}
	return i;
}

static void prepare_write(struct sim *s, struct scall *sc)
{
	struct pbuf *b = pbuf_new(s, sc->n * RMP_PAGE);
	u32 i;

	sc->version = run_of(s)->node[sc->client].version + 1;
	run_of(s)->node[sc->client].version += sc->n;
	for (i = 0; i < sc->n; i++) {
		struct sim_page *page = page_of(s, sc, i);

		page->writing = true;
		page->last = sc->version + i;
		fill(b->data + i * RMP_PAGE,
		     page_key(sc->client, sc->server, sc->start + i,
			      sc->version + i), RMP_PAGE);
		/* The first word tells the version; the others prove it. */
		memcpy(b->data + i * RMP_PAGE, &page->last, sizeof(page->last));
	}
	sc->call.buf = b;
	sc->call.len = b->len;
}

static void prepare(struct sim *s, struct scall *sc)
{
	struct pbuf *b;
	u32 i;

	switch (sc->op) {
	case OP_WRITE:
		prepare_write(s, sc);
		break;
	case OP_READ:
		sc->call.max_reply = sc->n * RMP_PAGE;
		for (i = 0; i < sc->n; i++)
			sc->acked[i] = page_of(s, sc, i)->acked;
		break;
	case OP_ECHO:
		if (sc->call.len) {
			b = pbuf_new(s, sc->call.len);
			fill(b->data, sc->uid, b->len);
			sc->call.buf = b;
		}
		break;
	}
}

static void put_head(struct scall *sc)
{
	u32 words[6] = { sc->op, sc->start, sc->n, sc->version, sc->rlen,
			 sc->client };

	memset(sc->call.head, 0, RMP_HEAD_LEN);
	memcpy(sc->call.head, &sc->uid, 8);
	memcpy(sc->call.head + 8, words, sizeof(words));
}

/* Submits a call like @want, if that is allowed now. */
void client_submit(struct sim *s, struct scall *want)
{
	struct node *n = &s->node[want->client];
	struct scall *sc;
	struct link *l;

	if (want->op == OP_WRITE)
		want->n = writable(s, want);
	if ((want->op != OP_ECHO && !want->n) || run_of(s)->ncalls == SIM_CALLS)
		return;
	sc = calloc(1, sizeof(*sc));
	if (!sc)
		abort();
	*sc = *want;
	sc->uid = run_of(s)->ncalls;
	run_of(s)->calls[run_of(s)->ncalls++] = sc;
	sc->inc = n->inc;
	sc->open = true;
	run_of(s)->node[want->client].open++;
	prepare(s, sc);
	put_head(sc);
	sc->call.volume = sim_draw(s);
	sc->call.epoch = (u32)sim_draw(s);
	sc->call.port = (u16)sim_draw(s);
	sim_trace(s, "call %llu %u>%u op %u start %u n %u len %u",
		  (unsigned long long)sc->uid, sc->client, sc->server, sc->op,
		  sc->start, sc->n, sc->call.len);
	if (!s->calm && sim_chance(s, run_of(s)->cancel))
		sim_push(s, (struct event){
			.kind = EV_CANCEL, .at = s->now + sim_below(s, MS(20)),
			.a = sc->client, .gen = n->inc, .n = sc->uid });
	l = link_get(s, sc->client, sc->server);
	sc->call.flow = sc->uid % (SIM_FLOWS + 1) ?
			&l->flow[sc->uid % (SIM_FLOWS + 1) - 1] : NULL;
	link_after(l, rmp_peer_call(l->peer, &sc->call, node_now(s, sc->client),
				    &l->sink));
}

static u32 draw_len(struct sim *s)
{
	u32 pages = sim_below(s, 4);

	switch (sim_below(s, 4)) {
	case 0:
		return 0;
	case 1:
		return sim_below(s, 3 * RMP_PAGE);
	case 2:
		return pages * RMP_PAGE + sim_below(s, 3) * 1376;
	}
	return sim_chance(s, 20000) ? RMP_MSG_MAX - sim_below(s, 2) :
				      sim_below(s, 100);
}

/* One more call of the workload, and when to come back. */
void client_next(struct sim *s, u8 client)
{
	struct rsim *rs = run_of(s);
	struct rnode *n = &rs->node[client];
	struct scall want = { .client = client };
	u32 most;

	if (s->calm || !n->quota)
		return;
	sim_push(s, (struct event){
		.kind = EV_SUBMIT, .at = s->now + 1 +
			sim_below(s, rs->rush ? MS(1) : s->end / n->quota),
		.a = client, .gen = s->node[client].inc });
	if (s->now < s->node[client].resume || n->open >= n->depth)
		return;
	n->quota--;
	/* One draw a statement: the order within one is the compiler's. */
	want.server = SIM_CLIENTS + sim_below(s, s->ns);
	want.op = sim_below(s, 5) / 2;
	want.start = sim_below(s, SIM_PAGES);
	most = SIM_PAGES - want.start;
	want.n = sim_chance(s, 60000) ? 1 : 1 + sim_below(s, sim_chance(s, 70000) ?
							  8 : RMP_MSG_PAGES);
	want.n = min(want.n, most);
	if (want.op == OP_ECHO) {
		want.call.len = draw_len(s);
		want.rlen = draw_len(s);
		want.call.max_reply = sim_chance(s, 95000) ? want.rlen :
				      want.rlen / 2;
	}
	client_submit(s, &want);
}

static bool may_read(const struct scall *sc, u32 i, const struct sim_page *page,
		     u32 version)
{
	u32 k;

	if (version == sc->acked[i])
		return true;
	for (k = 0; k < page->nmaybe; k++)
		if (page->maybe[k] == version)
			return true;
	return version > sc->acked[i] && version <= page->last;
}

static void check_read(struct sim *s, struct scall *sc, const u8 *data)
{
	static const u8 zeros[RMP_PAGE];
	u32 i, version;

	if (sc->call.reply.len != sc->n * RMP_PAGE) {
		sim_fail(s, "call %llu read %u bytes",
			 (unsigned long long)sc->uid, sc->call.reply.len);
		return;
	}
	for (i = 0; i < sc->n; i++) {
		const u8 *at = data + i * RMP_PAGE;
		u64 key;

		memcpy(&version, at, sizeof(version));
		key = page_key(sc->client, sc->server, sc->start + i, version);
		if (version ? !filled(at + 8, key, 8, RMP_PAGE - 8) :
			      !!memcmp(at, zeros, RMP_PAGE))
			sim_fail(s, "call %llu: page %u is torn",
				 (unsigned long long)sc->uid, sc->start + i);
		else if (!may_read(sc, i, page_of(s, sc, i), version))
			sim_fail(s, "call %llu: page %u has version %u, not %u",
				 (unsigned long long)sc->uid, sc->start + i,
				 version, sc->acked[i]);
	}
}

static void check_reply(struct sim *s, struct scall *sc)
{
	static u8 data[RMP_MSG_MAX];
	u64 uid, exec = 0;

	memcpy(&uid, sc->call.rhead, 8);
	if (s->hostile)
		return;
	if (uid != sc->uid) {
		sim_fail(s, "call %llu got the reply of %llu",
			 (unsigned long long)sc->uid, (unsigned long long)uid);
		return;
	}
	asm_read(&sc->call.reply, data);
	/* The first word tells which execution; the others prove it. */
	if (sc->rlen >= sizeof(exec))
		memcpy(&exec, data, sizeof(exec));
	if (sc->op == OP_READ)
		check_read(s, sc, data);
	else if (sc->call.reply.len != sc->rlen)
		sim_fail(s, "call %llu: reply of %u bytes, not %u",
			 (unsigned long long)uid, sc->call.reply.len, sc->rlen);
	else if (exec && !filled(data + 8, ~exec, 8, sc->rlen - 8))
		sim_fail(s, "call %llu: reply not from execution %llu alone",
			 (unsigned long long)uid, (unsigned long long)exec);
}

static void write_done(struct sim *s, struct scall *sc, int status)
{
	u32 i;

	for (i = 0; i < sc->n; i++) {
		struct sim_page *page = page_of(s, sc, i);

		page->writing = false;
		if (!status) {
			page->acked = sc->version + i;
			page->nmaybe = 0;
		} else if (status != -ESTALE && !sc->never) {
			page->maybe[page->nmaybe++] = sc->version + i;
			/* A new life of the client cannot be overtaken. */
			page->frozen = s->node[sc->client].up && !sc->revoked;
		}
	}
}

static bool status_expected(struct sim *s, const struct scall *sc)
{
	switch (sc->call.status) {
	case 0:
	case -ESTALE:
	case -ECANCELED:
		return true;
	case -EHOSTDOWN:
		/* Only with the peer object. */
		return !s->node[sc->client].up;
	}
	return sc->call.status == -EMSGSIZE && sc->call.max_reply < sc->rlen;
}

/* A call that was given up has not been executed, and must not be. */
static void check_never(struct sim *s, struct scall *sc)
{
	/* Unless the server has forgotten what it did, or was not told. */
	if (sc->call.doubt || s->node[sc->server].old)
		return;
	sc->never = true;
	if (sc->server_life == s->node[sc->server].inc && !s->hostile)
		sim_fail(s, "call %llu ends as not executed, but it was",
			 (unsigned long long)sc->uid);
}

void client_done(struct link *l, struct rmp_call *call)
{
	struct scall *sc = container_of(call, struct scall, call);
	struct sim *s = l->s;

	sim_trace(s, "done %llu status %d", (unsigned long long)sc->uid,
		  call->status);
	if (!sc->open || call->state != RMP_CALL_DONE) {
		sim_fail(s, "call %llu ends twice", (unsigned long long)sc->uid);
		return;
	}
	sc->open = false;
	run_of(s)->node[l->self].open--;
	if (!status_expected(s, sc) && !s->hostile)
		sim_fail(s, "call %llu ends with %d",
			 (unsigned long long)sc->uid, call->status);
	if (!call->status) {
		check_reply(s, sc);
		asm_free(s, &call->reply);
	} else if (call->reply.got) {
		sim_fail(s, "a failed call has a reply");
	}
	if (sc->revoked && call->status == -ECANCELED)
		check_never(s, sc);
	if (sc->op == OP_WRITE)
		write_done(s, sc, call->status);
	if (call->buf && !sc->revoked)
		pbuf_put(s, call->buf);
}

/* The payload is given back at once, whatever becomes of the call. */
static void client_revoke(struct sim *s, struct link *l, struct scall *sc)
{
	bool first = sc->open && !sc->revoked;

	sim_trace(s, "revoke %llu", (unsigned long long)sc->uid);
	if (first)
		sc->revoked = true;
	link_after(l, rmp_peer_revoke(l->peer, &sc->call, node_now(s, l->self),
				      &l->sink));
	if (first && sc->call.buf)
		pbuf_put(s, sc->call.buf);
}

void client_cancel(struct sim *s, u8 client, u64 uid)
{
	struct scall *sc = run_of(s)->calls[uid];
	struct link *l = s->node[client].link[sc->server];

	/* Also calls that are done: the engine must leave those alone. */
	if (!l->peer)
		return;
	if (!s->node[client].old && sim_chance(s, 70000)) {
		client_revoke(s, l, sc);
		return;
	}
	sim_trace(s, "cancel %llu", (unsigned long long)uid);
	link_after(l, rmp_peer_cancel(l->peer, &sc->call, node_now(s, client),
				      &l->sink));
}

void client_server_lost(struct sim *s, u8 client, u8 server)
{
	u32 i, k;

	sim_trace(s, "%u finds %u empty", client, server);
	for (i = 0; i < SIM_PAGES; i++) {
		struct sim_page *page;

		page = &run_of(s)->node[client].page[server - SIM_CLIENTS][i];
		page->acked = 0;
		page->nmaybe = 0;
		page->frozen = false;
	}
	for (i = 0; i < run_of(s)->ncalls; i++)
		if (run_of(s)->calls[i]->client == client && run_of(s)->calls[i]->server == server)
			for (k = 0; k < RMP_MSG_PAGES; k++)
				run_of(s)->calls[i]->acked[k] = 0;
}

/*
 * No server restarts any more, so what was revoked at one that cannot be told of
 * it may stay open for ever.
 */
void client_end(struct sim *s)
{
	u32 i;

	for (i = 0; i < run_of(s)->ncalls; i++) {
		struct scall *sc = run_of(s)->calls[i];
		struct link *l = s->node[sc->client].link[sc->server];

		if (sc->open && sc->revoked && s->node[sc->server].old)
			link_after(l, rmp_peer_cancel(l->peer, &sc->call,
						      node_now(s, l->self),
						      &l->sink));
	}
}
