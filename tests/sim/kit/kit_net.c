// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated Ethernet: carries frames late, twice, in other order, damaged
 * or not at all; and what a node's receive path does before the engine.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "kit.h"

const char *net_type(u8 type)
{
	static const char * const names[] = {
		"?", "SOLICIT", "ANNOUNCE", "HELLO", "WELCOME", "REQ", "REP",
		"ACK", "RESET", "BYE",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "?";
}

static void trace_frame(struct sim *s, const char *what, u8 from, u8 to,
			const struct frame *f)
{
	struct rmp_info i;

	if (!s->verbose)
		return;
	if (rmp_decode(f->data, f->len, &i)) {
		sim_trace(s, "%s %u>%u undecodable", what, from, to);
		return;
	}
	sim_trace(s, "%s %u>%u %s%s%s%s msg %llx-%u frag %u/%u len %u inc %u>%u at %u of %u",
		  what, from, to, net_type(i.type),
		  i.flags & RMP_F_WANT_ACK ? "?" : i.flags & RMP_F_VOID ? "|VOID" : "",
		  i.flags & RMP_F_REPLY ? "|REPLY" : "",
		  i.flags & RMP_F_PENDING ? "|PENDING" : "",
		  (unsigned long long)i.msg, i.back, i.frag_no, i.frag_size,
		  i.msg_len, i.inc, i.peer_inc, i.stamp, i.echo);
}

/* The tag of version 1, as rmp_wire.h has it. */
static void tag_make(const struct frame *f, u32 hlen, u32 plen, u8 *tag)
{
	static const u8 zeros[RMP_TAG_LEN];
	const u32 at = offsetof(struct rmp_hdr, tag);
	const struct rmp_hdr *hdr = (const void *)f->data;
	XXH64_state_t st;
	__be64 sum;

	XXH64_reset(&st, 0);
	XXH64_update(&st, f->data, at);
	XXH64_update(&st, zeros, RMP_TAG_LEN);
	XXH64_update(&st, f->data + RMP_HDR_LEN, hlen - RMP_HDR_LEN);
	if (hdr->flags & RMP_F_SUM)
		XXH64_update(&st, f->data + hlen, plen);
	sum = cpu_to_be64(XXH64_digest(&st));
	memset(tag, 0, RMP_TAG_LEN);
	memcpy(tag, &sum, sizeof(sum));
}

/* The payload goes with the frame by handle, and no tag is made. */
static struct frame *frame_light(struct sim *s, const struct rmp_xmit *x)
{
	struct frame *f = frame_new(s, RMP_HDR_LEN + x->len + x->pad, RMP_HDR_LEN);
	struct pbuf *b = x->buf;

	memcpy(f->data, x->hdr, RMP_HDR_LEN);
	if (!x->len)
		return f;
	if (!b || x->off + x->len > b->len || !b->refs) {
		sim_fail(s, "the engine sends beyond a payload");
		return f;
	}
	b->refs++;
	f->buf = b;
	f->off = x->off;
	return f;
}

/* Return: NULL if there is no key for it. */
static struct frame *frame_heavy(struct sim *s, u8 from, u8 to,
				 const struct rmp_xmit *x)
{
	u32 hs = x->pad ? RMP_HS_LEN : 0;
	struct frame *f = frame_new(s, RMP_HDR_LEN + x->len + x->pad,
				    RMP_HDR_LEN + x->len + hs);
	struct rmp_hdr *hdr = (void *)f->data;
	const struct pbuf *b = x->buf;

	memcpy(f->data, x->hdr, RMP_HDR_LEN);
	if (s->node[from].old &&
	    (hdr->type == RMP_T_HELLO || hdr->type == RMP_T_WELCOME))
		hdr->epoch = 0;
	if (s->node[to].old && hdr->flags & RMP_F_VOID && !s->hostile)
		sim_fail(s, "%u is sent a flag that it does not know", to);
	if (x->len) {
		if (!b || x->off + x->len > b->len || !b->refs)
			sim_fail(s, "the engine sends beyond a payload");
		else
			memcpy(f->data + RMP_HDR_LEN, b->data + x->off, x->len);
	}
	if (s->keyed) {
		if (auth_seal(s, from, to, f, x->len))
			return f;
		frame_put(s, f);
		return NULL;
	}
	hdr->flags |= RMP_F_SUM;
	tag_make(f, RMP_HDR_LEN, x->len, hdr->tag);
	return f;
}

static struct frame *frame_build(struct sim *s, u8 from, u8 to,
				 const struct rmp_xmit *x)
{
	if (s->run->advert && (x->hdr->type == RMP_T_HELLO ||
			       x->hdr->type == RMP_T_WELCOME ||
			       x->hdr->type == RMP_T_ANNOUNCE))
		s->run->advert(s, from, x->hdr->head);
	return s->run->light ? frame_light(s, x) : frame_heavy(s, from, to, x);
}

static struct frame *frame_damaged(struct sim *s, const struct frame *f)
{
	struct frame *d = frame_new(s, f->len, f->stored);
	u32 flips = 1 + sim_below(s, 4);

	memcpy(d->data, f->data, f->stored);
	d->damaged = s->run->light;
	while (flips--) {
		/* The header is where it hurts; payload is most of the rest. */
		u32 room = sim_chance(s, 70000) ? RMP_HDR_LEN : f->stored;
		u32 at = sim_below(s, room);

		d->data[at] ^= 1 << sim_below(s, 8);
	}
	return d;
}

static u64 travel(struct sim *s, struct wire *w)
{
	u64 at = s->now + s->f.delay + sim_below(s, s->f.delay / 4 + 1);

	if (s->now < w->slow && sim_chance(s, 50000))
		return at + sim_below(s, SEC(1));
	if (sim_chance(s, s->f.spike))
		return at + sim_below(s, MS(500));
	if (sim_chance(s, s->f.reorder))
		return at + sim_below(s, 4 * s->f.delay);
	if (at <= w->last)
		at = w->last + 1;
	w->last = at;
	return at;
}

static void launch(struct sim *s, u8 from, u8 to, struct frame *f)
{
	struct wire *w = &s->wire[from][to];

	sim_push(s, (struct event){
		.kind = EV_FRAME, .at = travel(s, w), .a = to, .b = from,
		.gen = w->gen, .frame = f });
}

void net_send(struct sim *s, u8 from, u8 to, const struct rmp_xmit *x)
{
	struct wire *w = &s->wire[from][to];
	struct frame *f = frame_build(s, from, to, x);
	u32 mtu = min(min(s->node[from].mtu, s->node[to].mtu), w->mtu);
	bool lost;

	if (!f)
		return;
	lost = s->now < w->cut || s->now < s->node[from].down ||
	       s->now < s->node[to].down || f->len > mtu || sim_chance(s, s->f.loss) ||
	       (s->now < w->burst && sim_chance(s, 70000));

	trace_frame(s, lost ? "lose" : "send", from, to, f);
	if (!lost) {
		if (sim_chance(s, s->f.corrupt)) {
			launch(s, from, to, frame_damaged(s, f));
		} else {
			f->refs++;
			launch(s, from, to, f);
		}
		if (sim_chance(s, s->f.dup)) {
			f->refs++;
			launch(s, from, to, f);
		}
	}
	if (s->keyed)
		auth_eavesdrop(s, f, sim_chance(s, 50000) ? to : from);
	frame_put(s, f);
}

/* The engine's decoder and the tag. Return: whether the frame is good. */
static bool receive_check(struct sim *s, u8 self, const struct frame *f,
			  struct rmp_info *info, struct rmp_auth_in *in)
{
	const struct rmp_hdr *hdr = (const void *)f->data;
	u8 tag[RMP_TAG_LEN];
	int node;

	if (f->damaged || rmp_decode(f->data, f->len, info))
		return false;
	if (!s->run->light && (u32)info->hlen + info->plen > f->stored)
		return false;
	node = node_by_id(s, info->node);
	if (node < 0 || is_server(node) == is_server(self))
		return false;
	if (s->run->light)
		return true;
	if (s->keyed)
		return auth_check(s, self, node, f, info, in);
	tag_make(f, info->hlen, info->plen, tag);
	if (memcmp(tag, hdr->tag, RMP_TAG_LEN))
		return s->hostile && sim_chance(s, 80000);
	return true;
}

/* No peer object for the sender. */
static void receive_unknown(struct sim *s, u8 self, u8 from,
			    const struct rmp_info *info)
{
	struct rmp_xmit x = {};
	struct rmp_hdr hdr;

	if (info->type < RMP_T_REQ || info->type > RMP_T_ACK)
		return;
	rmp_make_reset(&hdr, node_id(s, self), s->node[self].inc, info,
		       node_now(s, self));
	x.hdr = &hdr;
	net_send(s, self, from, &x);
}

/*
 * As the kernel's receive path: who is not believed is answered where it was
 * heard, and the others' frames outside of sessions show where they are.
 */
static u32 receive_from(struct link *l, u8 from, struct rmp_frame *rf)
{
	u64 now = node_now(l->s, l->self);
	bool believed = rmp_peer_believes(l->peer, &rf->info, now);
	u8 addr = l->addr;
	u32 events;

	if (!believed || !rmp_is_session(rf->info.type))
		l->addr = from;
	events = rmp_peer_rx(l->peer, rf, now, &l->sink);
	if (!believed && l->peer->ses.inc != rf->info.inc)
		l->addr = addr;
	return events;
}

static void receive(struct sim *s, u8 self, u8 from, struct frame *f)
{
	struct rmp_frame rf = {};
	struct rmp_auth_in in;
	struct link *l;
	struct pkt *pkt;
	u32 events;
	int node;

	if (!receive_check(s, self, f, &rf.info, &in))
		return;
	node = node_by_id(s, rf.info.node);
	trace_frame(s, "recv", from, self, f);
	l = s->node[self].link[node];
	if (rf.info.type == RMP_T_REQ && s->run->listens &&
	    !s->run->listens(s, self))
		return;
	if (!l->peer && (rf.info.type == RMP_T_HELLO ||
			 rf.info.type == RMP_T_ANNOUNCE))
		l = link_get(s, self, node);
	if (!l->peer) {
		if (!s->keyed)
			receive_unknown(s, self, node, &rf.info);
		return;
	}
	if (s->keyed && !auth_good(l, &in)) {
		link_after(l, 0);
		return;
	}
	l->in = s->keyed ? &in : NULL;
	pkt = pkt_new(s, f, rf.info.hlen, rf.info.plen);
	rf.pkt = pkt;
	events = s->twins ? receive_from(l, from, &rf) :
			    rmp_peer_rx(l->peer, &rf, node_now(s, self), &l->sink);
	if (s->run->heard)
		s->run->heard(l, &rf.info);
	if (!(events & RMP_EV_KEPT))
		pkt_free(s, pkt);
	link_after(l, events);
	l->in = NULL;
}

void net_arrive(struct sim *s, struct event *ev)
{
	struct node *n = &s->node[ev->a];

	if (!n->up || ev->gen != s->wire[ev->b][ev->a].gen) {
		frame_put(s, ev->frame);
		return;
	}
	if (s->now < n->resume) {
		ev->at = n->resume;
		sim_push(s, *ev);
		return;
	}
	receive(s, ev->a, ev->b, ev->frame);
	frame_put(s, ev->frame);
}
