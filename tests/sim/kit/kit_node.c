// SPDX-License-Identifier: GPL-2.0
/*
 * Simulated machines: their start and end, their peers, and what they do with
 * the engine's decisions.
 */
#include "kit.h"

static const u64 first_id = 0x525400000001ULL;

u64 node_id(const struct sim *s, u8 node)
{
	return first_id + s->node[node].as;
}

int node_by_id(struct sim *s, u64 id)
{
	u64 n = id - first_id;

	return n < s->nodes && s->node[n].link[is_server(n) ? 0 : SIM_CLIENTS] ?
	       (int)n : -1;
}

u64 node_now(struct sim *s, u8 node)
{
	return s->now + s->node[node].skew;
}

static void sink_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct link *l = (struct link *)sink;

	l->planned++;
	if (l->s->node[l->self].up)
		net_send(l->s, l->self, l->addr, x);
}

static void sink_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	struct link *l = (struct link *)sink;

	if (l->nslots == RMP_WINDOW ||
	    !l->s->run->serves(l->s, l->self)) {
		sim_fail(l->s, "too many requests delivered");
		return;
	}
	l->slots[l->nslots++] = slot;
}

static void sink_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct link *l = (struct link *)sink;

	l->done[l->ndone++] = call;
}

static void sink_free_pkt(struct rmp_sink *sink, void *pkt)
{
	pkt_free(((struct link *)sink)->s, pkt);
}

static void sink_free_buf(struct rmp_sink *sink, void *buf)
{
	pbuf_put(((struct link *)sink)->s, buf);
}

static bool sink_reserve(struct rmp_sink *sink, u16 pages)
{
	struct link *l = (struct link *)sink;
	struct node *n = &l->s->node[l->self];

	if (n->asked && n->asked + pages > n->budget) {
		l->blocked = true;
		return false;
	}
	n->asked += pages;
	return true;
}

static void sink_unreserve(struct rmp_sink *sink, u16 pages)
{
	struct link *l = (struct link *)sink;
	struct node *n = &l->s->node[l->self];
	u8 i;

	if (n->asked < pages)
		sim_fail(l->s, "%u gives back pages that it has not asked for",
			 l->self);
	n->asked -= pages;
	for (i = 0; i < SIM_NODES; i++)
		if (n->link[i] && n->link[i]->blocked)
			break;
	if (i < SIM_NODES)
		sim_push(l->s, (struct event){
			.kind = EV_KICK, .at = l->s->now, .a = l->self,
			.gen = n->inc });
}

/* What the node keeps of requests is bounded by as many pages as replies are. */
static bool sink_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	struct link *l = (struct link *)sink;
	struct node *n = &l->s->node[l->self];

	if (held && held + n->held + pages > n->budget)
		return false;
	n->held += pages;
	return true;
}

static void sink_unhold(struct rmp_sink *sink, u16 pages)
{
	struct link *l = (struct link *)sink;
	struct node *n = &l->s->node[l->self];

	if (n->held < pages)
		sim_fail(l->s, "%u gives back pages that it does not keep", l->self);
	n->held -= pages;
}

static struct link *link_new(struct sim *s, u8 self, u8 other)
{
	struct link *l = calloc(1, sizeof(*l));
	u8 i;

	if (!l)
		abort();
	l->sink = (struct rmp_sink){
		.xmit = sink_xmit,
		.deliver = sink_deliver,
		.done = sink_done,
		.free_pkt = sink_free_pkt,
		.free_buf = sink_free_buf,
		.reserve = sink_reserve,
		.unreserve = sink_unreserve,
		.hold = sink_hold,
		.unhold = sink_unhold,
	};
	l->s = s;
	l->self = self;
	l->other = other;
	l->addr = other;
	l->armed = RMP_NEVER;
	for (i = 0; i < SIM_FLOWS; i++)
		rmp_flow_init(&l->flow[i], 1 + sim_below(s, RMP_WEIGHT_MAX));
	return l;
}

/* The link with a peer object in it. */
struct link *link_get(struct sim *s, u8 self, u8 other)
{
	struct node *n = &s->node[self];
	struct link *l = n->link[other];
	struct rmp_peer_cfg cfg = {
		.node = node_id(s, other),
		.self_node = node_id(s, self),
		.self_inc = n->inc,
		.mtu = n->mtu,
		.grant = n->grant,
		.raise_ns = MS(200),
	};

	if (l->peer)
		return l;
	l->peer = calloc(1, sizeof(*l->peer));
	if (!l->peer)
		abort();
	rmp_peer_init(l->peer, &cfg);
	rmp_auth_init(&l->auth, l->peer, 1000 * self);
	l->armed = RMP_NEVER;
	return l;
}

static void link_arm(struct link *l)
{
	struct sim *s = l->s;
	u64 due, at;

	due = rmp_peer_deadline(l->peer);
	if (due == RMP_NEVER)
		return;
	at = due - s->node[l->self].skew;
	if (due < node_now(s, l->self))
		at = s->now;
	if (at >= l->armed)
		return;
	l->armed = at;
	sim_push(s, (struct event){
		.kind = EV_TIMER, .at = at, .a = l->self, .b = l->other,
		.gen = s->node[l->self].inc, .n = at });
}

static void link_check(struct link *l)
{
	const struct rmp_peer *p = l->peer;
	bool open;

	if (p->req.una > p->req.next_msg || p->req.next_msg - p->req.una > RMP_WINDOW)
		sim_fail(l->s, "window of %u>%u is %llx..%llx", l->self, l->other,
			 (unsigned long long)p->req.una,
			 (unsigned long long)p->req.next_msg);
	open = p->req.una < p->req.next_msg;
	if (open == !p->req.inflight)
		sim_fail(l->s, "%u pages in flight in %u>%u", p->req.inflight,
			 l->self, l->other);
}

/* To be called after each call of the engine: works off what it has told. */
void link_after(struct link *l, u32 events)
{
	u32 i;

	if (l->s->keyed)
		events |= rmp_auth_after(&l->auth, l->peer,
					 node_now(l->s, l->self), &l->sink);
	if (l->planned > RMP_PLAN_MAX)
		sim_fail(l->s, "%u sends %u frames to %u in one call", l->self,
			 l->planned, l->other);
	l->planned = 0;
	if (events & RMP_EV_RESTARTED && l->peer->ses.inc < l->opened &&
	    !l->s->hostile && !l->s->twins)
		sim_fail(l->s, "%u falls back from inc %u of %u to %u", l->self,
			 l->opened, l->other, l->peer->ses.inc);
	if (l->peer->ses.state == RMP_PEER_UP ||
	    (events & RMP_EV_RESTARTED && l->opened))
		l->opened = l->peer->ses.inc;
	l->s->run->news(l, events);
	if (l->draining)
		return;
	l->draining = true;
	for (i = 0; i < l->ndone; i++)
		l->s->run->done(l, l->done[i]);
	l->ndone = 0;
	for (i = 0; i < l->nslots; i++)
		l->s->run->deliver(l, l->slots[i]);
	l->nslots = 0;
	l->draining = false;
	link_check(l);
	link_arm(l);
}

void link_timer(struct sim *s, struct event *ev)
{
	struct node *n = &s->node[ev->a];
	struct link *l = n->link[ev->b];

	if (!n->up || ev->gen != n->inc || !l->peer || l->armed != ev->n)
		return;
	if (s->now < n->resume) {
		ev->at = n->resume;
		ev->n = n->resume;
		l->armed = n->resume;
		sim_push(s, *ev);
		return;
	}
	l->armed = RMP_NEVER;
	link_after(l, rmp_peer_timer(l->peer, node_now(s, l->self), &l->sink));
}

/* The peer object goes; the other side learns nothing of it. */
void link_close(struct sim *s, u8 self, u8 other)
{
	struct link *l = s->node[self].link[other];
	u16 i;

	if (!l->peer)
		return;
	rmp_peer_close(l->peer, node_now(s, self), &l->sink);
	rmp_auth_wipe(&l->auth);
	for (i = 0; i < l->ndone; i++)
		s->run->done(l, l->done[i]);
	l->ndone = 0;
	s->run->orphans(l);
	for (i = 0; i < RMP_WINDOW; i++)
		if (l->peer->rsp.slot[i].state != RMP_SLOT_FREE || l->peer->req.call[i])
			sim_fail(s, "%u>%u closed, but not empty", self, other);
	if (l->peer->req.inflight || l->peer->req.nwaiting || l->peer->rsp.held)
		sim_fail(s, "%u>%u closed with calls in it, or parts of requests", self, other);
	free(l->peer);
	l->peer = NULL;
	l->opened = 0;
	l->blocked = false;
	l->armed = RMP_NEVER;
}

/* A peer object is collected after long silence, as the kernel does. */
void link_forget(struct sim *s, u8 self, u8 other)
{
	struct link *l = s->node[self].link[other];

	if (!l->peer || !s->node[self].up)
		return;
	if (l->peer->req.una != l->peer->req.next_msg || l->peer->req.nwaiting)
		return;
	if (!s->run->forget(l))
		return;
	sim_trace(s, "%u forgets %u", self, other);
	/*
	 * It has heard nothing for long, so nothing is on the way to it any more. But
	 * what it has sent itself may be: it stood still meanwhile, and its frames with
	 * it.
	 */
	s->wire[other][self].gen++;
	link_close(s, self, other);
}

/* There is room for replies again: those that had none try, in turn. */
void node_kick(struct sim *s, u8 self)
{
	struct node *n = &s->node[self];
	u8 i, first = sim_below(s, s->nodes);

	for (i = 0; i < s->nodes; i++) {
		struct link *l = n->link[(first + i) % s->nodes];

		if (!l || !l->peer || !l->blocked)
			continue;
		l->blocked = false;
		link_after(l, rmp_peer_kick(l->peer, node_now(s, self),
					    &l->sink));
	}
}

static void others(struct sim *s, u8 self, u8 *from, u8 *to)
{
	*from = is_server(self) ? 0 : SIM_CLIENTS;
	*to = is_server(self) ? SIM_CLIENTS : s->nodes;
}

/* To all that may have an id: what is for everybody reaches twins, too. */
static void send_to(struct sim *s, u8 self, u8 other, const struct rmp_xmit *x)
{
	u8 i;

	for (i = 0; i < SIM_NODES; i++)
		if (s->node[i].as == other && (i == other || s->node[i].up))
			net_send(s, self, i, x);
}

static void send_to_all(struct sim *s, u8 self, u8 type)
{
	struct rmp_xmit x = {};
	struct rmp_hdr hdr;
	u8 i, end;

	x.hdr = &hdr;
	for (others(s, self, &i, &end); i < end; i++) {
		if (!s->node[self].link[i])
			continue;
		rmp_make_hdr(&hdr, type, node_id(s, self), s->node[self].inc, 0,
			     NULL, 0);
		send_to(s, self, i, &x);
	}
}

void node_announce(struct sim *s, u8 self)
{
	if (s->now >= s->node[self].resume)
		send_to_all(s, self, RMP_T_ANNOUNCE);
	sim_push(s, (struct event){
		.kind = EV_ANNOUNCE, .at = s->now + MS(900) + sim_below(s, MS(200)),
		.a = self, .gen = s->node[self].inc });
}

/* At once, beside those that are sent from time to time. */
void node_tell(struct sim *s, u8 self)
{
	send_to_all(s, self, RMP_T_ANNOUNCE);
}

/*
 * It says BYE; with @until above now its interface goes down until then, and for
 * its own engine the others have gone. It lives on, with all that it knows.
 */
void node_bye(struct sim *s, u8 self, u64 until)
{
	struct node *n = &s->node[self];
	u8 i;

	if (!n->up || s->now < n->down)
		return;
	sim_trace(s, "bye of %u, back in %llu us", self,
		  (unsigned long long)(until - s->now) / 1000);
	send_to_all(s, self, RMP_T_BYE);
	if (until == s->now)
		return;
	n->down = until;
	for (i = 0; i < SIM_NODES; i++) {
		/* What is on the way to it is lost. */
		s->wire[i][self].gen++;
		if (n->link[i] && n->link[i]->peer)
			link_after(n->link[i],
				   rmp_peer_cut(n->link[i]->peer, node_now(s, self),
						&n->link[i]->sink));
		if (n->link[i] && n->link[i]->peer && s->run->cut)
			s->run->cut(n->link[i]);
	}
	sim_push(s, (struct event){
		.kind = EV_UP, .at = until, .a = self, .gen = n->inc });
}

/* Its interface is up again: it tells, and asks who is there. */
void node_back(struct sim *s, u8 self)
{
	struct rmp_xmit x = {};
	struct rmp_hdr hdr;
	u8 i;

	s->node[self].down = 0;
	if (is_server(self))
		send_to_all(s, self, RMP_T_ANNOUNCE);
	x.hdr = &hdr;
	for (i = SIM_CLIENTS; i < s->nodes && !is_server(self); i++) {
		if (!s->node[i].up || !s->node[i].link[self])
			continue;
		rmp_make_hdr(&hdr, RMP_T_ANNOUNCE, node_id(s, i),
			     s->node[i].inc, 0, NULL, 0);
		net_send(s, i, self, &x);
	}
}

void node_start(struct sim *s, u8 self)
{
	struct node *n = &s->node[self];
	u8 i, end;

	n->up = true;
	n->inc = (s->inc += 1 + sim_below(s, 1000));
	/* Clocks differ, and the stamps on the wire may wrap any time. */
	n->skew = SEC(1) + sim_below(s, SEC(3600));
	if (sim_chance(s, 30000))
		n->skew = US(1ULL << 32) - s->now - sim_below(s, SEC(3));
	n->resume = 0;
	n->down = 0;
	if (s->keyed)
		auth_start(s, self);
	sim_trace(s, "start %u inc %u mtu %u grant %u", self, n->inc, n->mtu,
		  n->grant);
	for (others(s, self, &i, &end); i < end; i++)
		if (!n->link[i] && (is_server(i) ? i - SIM_CLIENTS < s->ns : i < s->nc))
			n->link[i] = link_new(s, self, i);
	if (is_server(self) || sim_chance(s, 50000))
		node_announce(s, self);
	s->run->begin(s, self);
}

/* Another machine with the id of @of, which does not know of it. */
void node_twin(struct sim *s, u8 node, u8 of)
{
	s->twins = true;
	s->node[node].as = of;
	s->node[node].mtu = s->node[of].mtu;
	s->node[node].grant = s->node[of].grant;
	s->node[node].budget = s->node[of].budget;
	sim_trace(s, "%u is a twin of %u", node, of);
	node_start(s, node);
}

/* A machine ends at once, or says BYE before. All its memory is gone. */
void node_crash(struct sim *s, u8 self, bool polite)
{
	struct node *n = &s->node[self];
	u8 i, end;

	sim_trace(s, "%s %u inc %u", polite ? "leave" : "crash", self, n->inc);
	if (polite)
		send_to_all(s, self, RMP_T_BYE);
	n->up = false;
	for (others(s, self, &i, &end); i < end; i++)
		if (n->link[i])
			link_close(s, self, i);
	if (n->asked || n->held)
		sim_fail(s, "%u has gone, but asked for %u pages and keeps %u", self,
			 n->asked, n->held);
	s->run->end(s, self);
}
