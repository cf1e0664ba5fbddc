// SPDX-License-Identifier: GPL-2.0
/*
 * Misfortune: what may befall machines and wires, and the end of it.
 */
#include "kit.h"

u32 draw_mtu(struct sim *s)
{
	static const u32 mtus[] = {
		1152, 1479, 1480, 1500, 1500, 1500, 2160, 4215, 4216, 9000, 9000,
		9000, 16384, 65535,
	};

	return mtus[sim_below(s, ARRAY_SIZE(mtus))];
}

u16 draw_grant(struct sim *s)
{
	static const u16 grants[] = { 0, 1, 8, 32, 64, 256, 1024, 65535 };

	return grants[sim_below(s, ARRAY_SIZE(grants))];
}

/* Zero for many seeds, else up to @most. */
u32 draw_rate(struct sim *s, u32 most)
{
	return sim_chance(s, 40000) ? 0 : (u32)sim_below(s, most);
}

/* Narrow stretches between two interfaces that know nothing of them. */
void fault_paths(struct sim *s)
{
	u8 i, k;

	for (i = 0; i < s->nodes; i++)
		for (k = 0; k < s->nodes; k++)
			s->wire[i][k].mtu = sim_chance(s, 5000) ? 1500 : 65535;
}

/* Misfortune will strike f.events times, any time before the end. */
void fault_events(struct sim *s)
{
	u32 i;

	for (i = 0; i < s->f.events; i++)
		sim_push(s, (struct event){
			.kind = EV_FAULT, .at = sim_below(s, s->end) });
}

u8 draw_node(struct sim *s)
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

void fault_crash(struct sim *s, u8 node)
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

/*
 * At once, or at @until; before and after that what it sends may be late, so that it
 * arrives when there is another session, and among what is sent there.
 */
static void forget(struct sim *s, u8 node, u8 other, u64 until)
{
	if (!is_server(node)) {
		link_forget(s, node, other);
		return;
	}
	s->wire[node][other].slow = until + MS(500);
	sim_push(s, (struct event){
		.kind = EV_FORGET, .at = min(until, s->end), .a = node,
		.b = other, .gen = s->node[node].inc });
}

/* One of the kit's kinds; @kind FAULT_KINDS: which, is drawn. */
void fault_strike(struct sim *s, u32 kind)
{
	u8 node = draw_node(s), other = draw_node(s);
	u64 until = s->now + sim_below(s, sim_chance(s, 80000) ? MS(300) : SEC(2));

	if (kind == FAULT_KINDS)
		kind = sim_below(s, FAULT_KINDS);
	switch (kind) {
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
		fault_crash(s, node);
		break;
	case FAULT_FORGET:
		if (is_server(node) != is_server(other))
			forget(s, node, other, until);
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
	for (i = 0; i < SIM_NODES; i++) {
		s->node[i].resume = 0;
		s->node[i].down = 0;
		for (k = 0; k < SIM_NODES; k++) {
			s->wire[i][k].cut = 0;
			s->wire[i][k].burst = 0;
			s->wire[i][k].slow = 0;
		}
	}
}
