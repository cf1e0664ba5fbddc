// SPDX-License-Identifier: GPL-2.0
/*
 * The run that tries RMAP: what a seed brings, what happens, and what has to
 * be so at the end. build/sim/sim [--seeds N] [--start S], or --seed S.
 */
#include "rmap_run.h"

static void plan(struct sim *s)
{
	struct rsim *rs = run_of(s);
	struct faults *f = &s->f;
	u32 mtu = sim_chance(s, 50000) ? draw_mtu(s) : 0;
	u32 i;

	s->hostile = sim_chance(s, 10000);
	s->nc = 1 + sim_below(s, SIM_CLIENTS);
	s->ns = 1 + sim_below(s, RUN_SERVERS);
	s->end = MS(200) + sim_below(s, SEC(4));
	f->delay = US(10) + sim_below(s, sim_chance(s, 80000) ? US(200) : MS(5));
	f->loss = draw_rate(s, sim_chance(s, 20000) ? 20000 : 3000);
	f->dup = draw_rate(s, 5000);
	f->reorder = draw_rate(s, 5000);
	f->corrupt = draw_rate(s, 3000);
	f->spike = draw_rate(s, 500);
	f->events = draw_rate(s, sim_chance(s, 70000) ? 8 : 30);
	rs->defer = draw_rate(s, 50000);
	rs->cancel = draw_rate(s, 10000);
	rs->rush = sim_chance(s, 7000);
	/* Not drawn, so that all other seeds stay as they are. */
	rs->oblivious = s->seed % 16 == 5 && !s->hostile;
	if (rs->oblivious) {
		f->events = 60;
		f->loss += 2000;
	}
	if (s->hostile)
		f->corrupt += 5000;
	fault_paths(s);
	for (i = 0; i < s->nodes; i++) {
		s->node[i].mtu = mtu ? mtu : draw_mtu(s);
		s->node[i].grant = draw_grant(s);
		s->node[i].budget = sim_chance(s, 30000) ? 1 + sim_below(s, 64) :
							   256;
		rs->node[i].depth = 1 + sim_below(s, sim_chance(s, 50000) ? 4 : 64);
		rs->node[i].quota = 5 + sim_below(s, 100);
		s->node[i].old = sim_chance(s, 10000);
		if (rs->rush) {
			rs->node[i].depth = 256;
			rs->node[i].quota += 300;
		}
	}
	fault_events(s);
	if (s->keyed)
		auth_plan(s);
}

/* A server that lives anew has nothing of what it was given. */
static void news(struct link *l, u32 events)
{
	u32 *seen;

	if (is_server(l->self))
		return;
	seen = &run_of(l->s)->node[l->self].seen[l->other - SIM_CLIENTS];
	if (events & RMP_EV_RESTARTED ||
	    (l->peer->ses.state == RMP_PEER_UP && l->peer->ses.inc != *seen)) {
		*seen = l->peer->ses.inc;
		client_server_lost(l->s, l->self, l->other);
	}
}

static void begin(struct sim *s, u8 node)
{
	if (!is_server(node))
		sim_push(s, (struct event){
			.kind = EV_SUBMIT, .at = s->now, .a = node,
			.gen = s->node[node].inc });
}

static void end(struct sim *s, u8 node)
{
	if (is_server(node))
		server_wipe(s, node);
}

static void happen(struct sim *s, struct event *ev, bool mine)
{
	if (!mine)
		return;
	if (ev->kind == EV_SUBMIT)
		client_next(s, ev->a);
	else if (ev->kind == EV_CANCEL)
		client_cancel(s, ev->a, ev->n);
	else
		server_answer(s, ev->a, ev->b, ev->n);
}

static bool waits(u8 kind)
{
	return kind != EV_SUBMIT;
}

static bool serves(struct sim *s, u8 node)
{
	return is_server(node) || s->hostile;
}

static void strike(struct sim *s)
{
	fault_strike(s, run_of(s)->oblivious ? FAULT_FORGET : FAULT_KINDS);
}

static u32 calls_open(struct sim *s)
{
	u32 i, open = 0;

	for (i = 0; i < SIM_CLIENTS; i++)
		open += run_of(s)->node[i].open;
	return open;
}

/* All pages are read again by all, which also tells the servers they are idle. */
static void ask_all(struct sim *s)
{
	u8 c, m;

	for (c = 0; c < s->nc; c++)
		for (m = 0; m < s->ns; m++) {
			struct scall want = {
				.op = OP_READ, .client = c,
				.server = SIM_CLIENTS + m, .n = RMP_MSG_PAGES,
			};

			client_submit(s, &want);
			want.start = RMP_MSG_PAGES;
			client_submit(s, &want);
		}
}

static void expect_clean(struct sim *s, struct link *l)
{
	u32 i;

	if (!l->peer)
		return;
	if (l->peer->req.inflight || l->peer->req.una != l->peer->req.next_msg ||
	    l->peer->req.nwaiting)
		sim_fail(s, "%u>%u: %u pages in flight at the end", l->self,
			 l->other, l->peer->req.inflight);
	for (i = 0; i < RMP_WINDOW; i++)
		if (l->peer->rsp.slot[i].state != RMP_SLOT_FREE)
			sim_fail(s, "%u>%u: slot %u in state %u at the end",
				 l->self, l->other, i, l->peer->rsp.slot[i].state);
	if (l->peer->rsp.held)
		sim_fail(s, "%u>%u: %u pages kept of nothing at the end", l->self,
			 l->other, l->peer->rsp.held);
}

/*
 * With traffic, and nothing lost, each side finds the largest size that it
 * can: what both interfaces carry, else what HELLO has for a narrow path. It
 * may take a narrow path for a wide one until it has something large to send.
 * Return: that size.
 */
static u16 size_due(struct sim *s, struct link *l)
{
	u32 goal = min(s->node[l->self].mtu, s->node[l->other].mtu);
	u32 path = min(s->wire[l->self][l->other].mtu,
		       s->wire[l->other][l->self].mtu);

	return rmp_frag_unit(min(goal, path));
}

static bool too_small(struct sim *s, struct link *l)
{
	return l->peer && l->peer->ses.state == RMP_PEER_UP &&
	       l->peer->ses.frag_size < size_due(s, l);
}

static void expect_size(struct sim *s, struct link *l)
{
	if (too_small(s, l))
		sim_fail(s, "%u>%u: fragments of %u, not of %u", l->self,
			 l->other, l->peer->ses.frag_size, size_due(s, l));
}

static bool any_too_small(struct sim *s)
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES; k++)
			if (s->node[i].link[k] && too_small(s, s->node[i].link[k]))
				return true;
	return false;
}

/*
 * Some traffic, with time between. The first calls may end because they find
 * out about a restart, the next ones because they find out about another, the
 * third open a session with small frames, and the fourth may try larger ones.
 */
static void use_paths(struct sim *s)
{
	u32 i;

	for (i = 0; !s->failed && (i < 3 || (i < 5 && any_too_small(s))); i++) {
		ask_all(s);
		run_idle(s);
		run_to(s, s->now + SEC(2), false);
	}
}

static void expect_all(struct sim *s,
		       void (*expect)(struct sim *s, struct link *l))
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES && !s->failed; k++)
			if (s->node[i].link[k])
				expect(s, s->node[i].link[k]);
}

static void settle(struct sim *s)
{
	client_end(s);
	run_idle(s);
	if (s->failed)
		return;
	use_paths(s);
	run_to(s, s->now + SEC(2), false);
	expect_all(s, expect_size);
	expect_all(s, expect_clean);
}

static void hangs(struct sim *s, u32 seconds)
{
	struct rsim *rs = run_of(s);
	u32 i;

	for (i = 0; i < rs->ncalls; i++)
		if (rs->calls[i]->open)
			break;
	sim_fail(s, "call %u hangs: none has ended for %u s", i, seconds);
}

static void free_calls(struct sim *s)
{
	u32 i;

	for (i = 0; i < run_of(s)->ncalls; i++)
		free(run_of(s)->calls[i]);
}

static const struct run_ops rmap_run = {
	.name = "sim",
	.past = "tests/sim/seeds.txt",
	.size = sizeof(struct rsim),
	.nodes = SIM_CLIENTS + RUN_SERVERS,
	.plan = plan,
	.begin = begin,
	.end = end,
	.event = happen,
	.waits = waits,
	.serves = serves,
	.news = news,
	.done = client_done,
	.deliver = server_deliver,
	.orphans = server_orphans,
	.forget = server_forget,
	.strike = strike,
	.open = calls_open,
	.hangs = hangs,
	.settle = settle,
	.free = free_calls,
};

int main(int argc, char **argv)
{
	return kit_main(&rmap_run, argc, argv);
}
