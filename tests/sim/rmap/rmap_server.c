// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated memory server: executes requests, at once or later, and
 * watches that none is executed twice or differs from what was asked.
 */
#include "rmap_run.h"

/* The answers that a link's node has yet to give on it. */
static struct answer *owed_by(struct link *l)
{
	return run_of(l->s)->node[l->self].owed[l->other];
}

static struct scall *call_of(struct sim *s, const struct rmp_slot *slot)
{
	u64 uid;

	memcpy(&uid, slot->head, 8);
	return uid < run_of(s)->ncalls ? run_of(s)->calls[uid] : NULL;
}

/* Is it, to the last byte, what some client has asked of this server? */
static void check_request(struct link *l, const struct rmp_slot *slot,
			  const struct scall *sc)
{
	static u8 data[RMP_MSG_MAX];
	const struct pbuf *b;

	if (!sc || sc->server != l->self || sc->client != l->other ||
	    memcmp(slot->head, sc->call.head, RMP_HEAD_LEN) ||
	    slot->volume != sc->call.volume || slot->epoch != sc->call.epoch ||
	    slot->port != sc->call.port || slot->req.len != sc->call.len) {
		sim_fail(l->s, "server %u gets what nobody asked", l->self);
		return;
	}
	if (l->peer->ses.inc != sc->inc)
		sim_fail(l->s, "server %u executes for inc %u in a session with %u",
			 l->self, sc->inc, l->peer->ses.inc);
	b = sc->call.buf;
	asm_read(&slot->req, data);
	/* The payload may go once the call has ended, so compare the pattern. */
	if (sc->op == OP_ECHO && !filled(data, sc->uid, 0, sc->call.len))
		sim_fail(l->s, "call %llu arrives damaged",
			 (unsigned long long)sc->uid);
	if (sc->op == OP_WRITE && sc->open && !sc->revoked && memcmp(data, b->data, b->len))
		sim_fail(l->s, "call %llu arrives damaged",
			 (unsigned long long)sc->uid);
}

static void check_once(struct link *l, struct scall *sc)
{
	u32 life = l->s->node[l->self].inc;

	if (sc->server_life == life && !sc->forgiven)
		sim_fail(l->s, "call %llu is executed twice",
			 (unsigned long long)sc->uid);
	if (sc->never)
		sim_fail(l->s, "call %llu is executed after it was given up",
			 (unsigned long long)sc->uid);
	sc->server_life = life;
	sc->forgiven = false;
}

void server_deliver(struct link *l, struct rmp_slot *slot)
{
	struct sim *s = l->s;
	struct scall *sc = call_of(s, slot);
	struct answer *owed = owed_by(l);
	u64 wait = 0;
	u32 i;

	if (!s->hostile) {
		check_request(l, slot, sc);
		if (s->failed || !sc)
			return;
		check_once(l, sc);
	} else {
		sc = NULL;
	}
	for (i = 0; owed[i].slot; i++)
		if (i == RMP_WINDOW - 1) {
			sim_fail(s, "server %u owes more than a window", l->self);
			return;
		}
	owed[i] = (struct answer){ .slot = slot, .sc = sc, .inc = l->peer->ses.inc };
	if (sim_chance(s, run_of(s)->defer))
		wait = sim_chance(s, 10000) ? sim_below(s, SEC(2)) :
					      sim_below(s, MS(20));
	if (wait)
		sim_push(s, (struct event){
			.kind = EV_ANSWER, .at = s->now + wait, .a = l->self,
			.b = l->other, .gen = s->node[l->self].inc, .n = i });
	else
		server_answer(s, l->self, l->other, i);
}

static void store_pages(struct sim *s, const struct scall *sc,
			const struct rmp_slot *slot)
{
	static u8 data[RMP_MSG_MAX];
	u32 i;

	asm_read(&slot->req, data);
	for (i = 0; i < sc->n; i++) {
		u8 **at = &run_of(s)->node[sc->server].store[sc->client][sc->start + i];

		if (!*at)
			*at = malloc(RMP_PAGE);
		if (!*at)
			abort();
		memcpy(*at, data + i * RMP_PAGE, RMP_PAGE);
	}
}

static struct pbuf *load_pages(struct sim *s, const struct scall *sc)
{
	struct pbuf *b = pbuf_new(s, sc->n * RMP_PAGE);
	u32 i;

	for (i = 0; i < sc->n; i++) {
		const u8 *page = run_of(s)->node[sc->server].store[sc->client][sc->start + i];

		if (page)
			memcpy(b->data + i * RMP_PAGE, page, RMP_PAGE);
		else
			memset(b->data + i * RMP_PAGE, 0, RMP_PAGE);
	}
	return b;
}

/* Does what is asked. Return: payload of the reply, may be NULL. */
static struct pbuf *execute(struct sim *s, const struct answer *a, u64 exec)
{
	struct pbuf *b;

	if (!a->sc)
		return NULL;
	switch (a->sc->op) {
	case OP_WRITE:
		store_pages(s, a->sc, a->slot);
		return NULL;
	case OP_READ:
		return load_pages(s, a->sc);
	}
	if (!a->sc->rlen)
		return NULL;
	b = pbuf_new(s, a->sc->rlen);
	fill(b->data, ~exec, b->len);
	if (b->len >= sizeof(exec))
		memcpy(b->data, &exec, sizeof(exec));
	return b;
}

void server_answer(struct sim *s, u8 server, u8 client, u64 index)
{
	struct link *l = s->node[server].link[client];
	struct answer a = owed_by(l)[index];
	u8 head[RMP_HEAD_LEN] = {};
	struct pbuf *b = NULL;
	u64 exec = ++run_of(s)->execs;

	owed_by(l)[index].slot = NULL;
	/* Two executions of a request are not to be told apart by the head. */
	memcpy(head, a.slot->head, 8);
	/*
	 * What a client asked in a former life, or has given up, must not touch
	 * what it asked after that.
	 */
	if (a.slot->state != RMP_SLOT_ORPHAN)
		b = execute(s, &a, exec);
	link_after(l, rmp_peer_reply(l->peer, a.slot, head, b, b ? b->len : 0,
				     node_now(s, server), &l->sink));
}

/* The peer object is going: all answers still owed are given now. */
void server_orphans(struct link *l)
{
	struct answer *owed = owed_by(l);
	u8 head[RMP_HEAD_LEN] = {};
	struct pbuf *b;
	u32 i;

	for (i = 0; i < RMP_WINDOW; i++) {
		if (!owed[i].slot)
			continue;
		b = pbuf_new(l->s, 1);
		rmp_peer_reply(l->peer, owed[i].slot, head, b, b->len,
			       node_now(l->s, l->self), &l->sink);
		owed[i].slot = NULL;
	}
}

/* What a server has forgotten of a client, it may execute again. */
bool server_forget(struct link *l)
{
	struct rsim *rs = run_of(l->s);
	u32 i;

	for (i = 0; i < RMP_WINDOW; i++)
		if (owed_by(l)[i].slot)
			return false;
	for (i = 0; i < rs->ncalls; i++)
		if (rs->calls[i]->open && rs->calls[i]->client == l->other &&
		    rs->calls[i]->server == l->self)
			rs->calls[i]->forgiven = true;
	return true;
}

void server_wipe(struct sim *s, u8 server)
{
	u32 c, i;

	for (c = 0; c < SIM_CLIENTS; c++)
		for (i = 0; i < SIM_PAGES; i++) {
			free(run_of(s)->node[server].store[c][i]);
			run_of(s)->node[server].store[c][i] = NULL;
		}
}
