// SPDX-License-Identifier: GPL-2.0
/*
 * Misfortune: which kinds a seed brings, when they strike, and their end.
 */
#include "sim.h"

static u32 draw_mtu(struct sim *s)
{
	static const u32 mtus[] = {
		1152, 1479, 1480, 1500, 1500, 1500, 2160, 4215, 4216, 9000, 9000,
		9000, 16384, 65535,
	};

	return mtus[sim_below(s, ARRAY_SIZE(mtus))];
}

static u16 draw_grant(struct sim *s)
{
	static const u16 grants[] = { 0, 1, 8, 32, 64, 256, 1024, 65535 };

	return grants[sim_below(s, ARRAY_SIZE(grants))];
}

/* Zero for many seeds, else up to @most. */
static u32 draw_rate(struct sim *s, u32 most)
{
	return sim_chance(s, 40000) ? 0 : (u32)sim_below(s, most);
}

/* Narrow stretches between two interfaces that know nothing of them. */
static void plan_paths(struct sim *s)
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES; k++)
			s->wire[i][k].mtu = sim_chance(s, 5000) ? 1500 : 65535;
}

void fault_plan(struct sim *s)
{
	struct faults *f = &s->f;
	u32 mtu = sim_chance(s, 50000) ? draw_mtu(s) : 0;
	u32 i;

	s->hostile = sim_chance(s, 10000);
	s->nc = 1 + sim_below(s, SIM_CLIENTS);
	s->ns = 1 + sim_below(s, SIM_SERVERS);
	s->end = MS(200) + sim_below(s, SEC(4));
	f->delay = US(10) + sim_below(s, sim_chance(s, 80000) ? US(200) : MS(5));
	f->loss = draw_rate(s, sim_chance(s, 20000) ? 20000 : 3000);
	f->dup = draw_rate(s, 5000);
	f->reorder = draw_rate(s, 5000);
	f->corrupt = draw_rate(s, 3000);
	f->spike = draw_rate(s, 500);
	f->events = draw_rate(s, sim_chance(s, 70000) ? 8 : 30);
	f->defer = draw_rate(s, 50000);
	f->cancel = draw_rate(s, 10000);
	f->rush = sim_chance(s, 7000);
	if (s->hostile)
		f->corrupt += 5000;
	plan_paths(s);
	for (i = 0; i < SIM_NODES; i++) {
		s->node[i].mtu = mtu ? mtu : draw_mtu(s);
		s->node[i].grant = draw_grant(s);
		s->node[i].budget = sim_chance(s, 30000) ? 1 + sim_below(s, 64) :
							   256;
		s->node[i].depth = 1 + sim_below(s, sim_chance(s, 50000) ? 4 : 64);
		s->node[i].quota = 5 + sim_below(s, 100);
		s->node[i].old = sim_chance(s, 10000);
		if (f->rush) {
			s->node[i].depth = 256;
			s->node[i].quota += 300;
		}
	}
	for (i = 0; i < f->events; i++)
		sim_push(s, (struct event){
			.kind = EV_FAULT, .at = sim_below(s, s->end) });
	if (s->keyed)
		auth_plan(s);
}

static u8 draw_node(struct sim *s)
{
	u8 n = sim_below(s, s->nc + s->ns);

	return n < s->nc ? n : n - s->nc + SIM_CLIENTS;
}

/* Between @node and all others, one way or both. */
static void cut(struct sim *s, u8 node, u64 until)
{
	u64 ways = 1 + sim_below(s, 3);
	u8 i;

	for (i = 0; i < SIM_NODES; i++) {
		if (ways & 1)
			s->wire[node][i].cut = until;
		if (ways & 2)
			s->wire[i][node].cut = until;
	}
	sim_trace(s, "partition %u ways %u", node, (u32)ways);
}

/* Frames from @node dawdle somewhere: later lives of it will meet them. */
static void dawdle(struct sim *s, u8 node, u64 until)
{
	u8 i;

	sim_trace(s, "frames from %u dawdle", node);
	for (i = 0; i < SIM_NODES; i++)
		s->wire[node][i].slow = until;
}

static void crash(struct sim *s, u8 node)
{
	if (!s->node[node].up)
		return;
	if (sim_chance(s, 30000))
		dawdle(s, node, s->now + SEC(1));
	node_crash(s, node, sim_chance(s, 30000));
	sim_push(s, (struct event){
		.kind = EV_START, .a = node,
		.at = min(s->now + sim_below(s, SEC(1)), s->end) });
}

/* Of the interface, or another interface is used from now on. */
static void change_mtu(struct sim *s, u8 node)
{
	struct node *n = &s->node[node];
	bool moves;
	u8 i;

	n->mtu = draw_mtu(s);
	moves = sim_chance(s, 30000);
	sim_trace(s, "mtu of %u is %u%s", node, n->mtu, moves ? ", elsewhere" : "");
	for (i = 0; i < SIM_NODES; i++)
		if (n->link[i] && n->link[i]->peer)
			link_after(n->link[i],
				   (moves ? rmp_peer_moved : rmp_peer_set_mtu)
				   (n->link[i]->peer, n->mtu, node_now(s, node),
				    &n->link[i]->sink));
}

static void change_grant(struct sim *s, u8 node)
{
	struct node *n = &s->node[node];
	u8 i;

	n->grant = draw_grant(s);
	for (i = 0; i < SIM_NODES; i++)
		if (n->link[i] && n->link[i]->peer)
			rmp_peer_set_grant(n->link[i]->peer, n->grant);
}

/* Somewhere between two nodes, and neither is told. */
static void change_path(struct sim *s, u8 node, u8 other)
{
	struct wire *w = &s->wire[node][other];

	w->mtu = w->mtu == 1500 ? 65535 : 1500;
	sim_trace(s, "path %u>%u carries %u", node, other, w->mtu);
}

void fault_strike(struct sim *s)
{
	u8 node = draw_node(s), other = draw_node(s);
	u64 until = s->now + sim_below(s, sim_chance(s, 80000) ? MS(300) : SEC(2));

	switch (sim_below(s, 12)) {
	case 0:
		cut(s, node, until);
		break;
	case 1:
		s->wire[node][other].cut = until;
		break;
	case 2:
		s->wire[node][other].burst = until;
		break;
	case 3:
		dawdle(s, node, until);
		break;
	case 4:
		sim_trace(s, "pause %u", node);
		s->node[node].resume = until;
		break;
	case 5:
		crash(s, node);
		break;
	case 6:
		if (is_server(node) != is_server(other))
			link_forget(s, node, other);
		break;
	case 7:
		change_mtu(s, node);
		break;
	case 8:
		change_grant(s, node);
		break;
	case 9:
		change_path(s, node, other);
		break;
	case 10:
		node_bye(s, node, until);
		break;
	case 11:
		node_bye(s, node, s->now);
		break;
	}
}

/* From here on all is well. */
void fault_end(struct sim *s)
{
	u8 i, k;

	sim_trace(s, "faults end");
	s->calm = true;
	s->f.loss = 0;
	s->f.dup = 0;
	s->f.reorder = 0;
	s->f.corrupt = 0;
	s->f.spike = 0;
	s->f.cancel = 0;
	for (i = 0; i < SIM_NODES; i++) {
		s->node[i].resume = 0;
		s->node[i].down = 0;
		for (k = 0; k < SIM_NODES; k++) {
			s->wire[i][k].cut = 0;
			s->wire[i][k].burst = 0;
			s->wire[i][k].slow = 0;
		}
	}
	client_end(s);
}
