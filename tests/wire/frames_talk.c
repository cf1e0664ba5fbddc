// SPDX-License-Identifier: GPL-2.0
/*
 * What two nodes say to each other: two peers of the engine with a wire in
 * between that loses chosen frames, and the frames of nodes without a session.
 */
#include "engine/rmp_out.h"
#include "frames.h"

enum {
	CLIENT = 1,
	SERVER = 2,
	WIRE_NS = 100000,	/* a frame's way */
	QUEUE = 64,
};

/**
 * struct end - a node
 * @sink: first, so that callbacks find the end
 * @peer: the other node as seen from here
 * @no:   CLIENT or SERVER
 * @ad:   its advert
 */
struct end {
	struct rmp_sink sink;
	struct rmp_peer *peer;
	u8 no;
	struct mx_ad ad;
};

static struct end client, server;
static u64 now = 1000000000;
static u32 queue[QUEUE];	/* numbers of frames on their way */
static u32 queued;
static u32 taking;		/* number of the frame being taken in */
static int lose;		/* this one of the next frames is lost, 1: next */
static bool slow;		/* the server does not answer yet */
static struct rmp_slot *owed;
static u8 page[RMP_PAGE];
static u32 asked[64];		/* frame that asked first, by call */
static u64 asked_id[64];
static u32 nasked;

static u64 node_of(const struct end *end)
{
	return 0x020000000000ULL + end->no;
}

static u32 inc_of(const struct end *end)
{
	return 0xabc00000 + end->no;
}

static u32 first_of(u64 msg)
{
	u32 i;

	for (i = 0; i < nasked; i++)
		if (asked_id[i] == msg)
			return asked[i];
	return 0;
}

static bool same_part(const struct frame *a, const struct frame *b)
{
	const struct rmp_hdr *x = (const struct rmp_hdr *)a->bytes;
	const struct rmp_hdr *y = (const struct rmp_hdr *)b->bytes;

	return x->type == RMP_T_REQ && y->type == RMP_T_REQ &&
	       x->msg == y->msg && x->frag_size == y->frag_size &&
	       x->frag_no == y->frag_no;
}

/* Which frames belong together, as far as one that is captured now tells. */
static void link_frame(struct frame *f)
{
	const struct rmp_hdr *hdr = (const struct rmp_hdr *)f->bytes;
	u64 msg = be64_to_cpu(hdr->msg);
	u32 i;

	f->linked = true;
	if (hdr->type < RMP_T_REQ || hdr->type > RMP_T_ACK)
		return;
	f->first = first_of(msg);
	if (!f->first && hdr->type == RMP_T_REQ) {
		asked_id[nasked] = msg;
		asked[nasked++] = nframes;
	}
	for (i = 1; i < nframes && !f->again; i++)
		if (same_part(&frames[i], f))
			f->again = i;
}

static void on_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct end *end = (struct end *)sink;
	struct rmp_hdr hdr = *x->hdr;
	static u8 bytes[FRAME_MAX];
	const u8 *data = x->buf;
	u32 len;

	now += 1000;
	if (lose && !--lose)
		return;
	if (hdr.type == RMP_T_HELLO || hdr.type == RMP_T_WELCOME)
		mx_ad_encode(&end->ad, hdr.head);
	len = frame_put(bytes, &hdr, data ? data + x->off : NULL, x->pad);
	link_frame(frame_add(bytes, len, now, end->no));
	assert(queued < QUEUE);
	queue[queued++] = nframes;
}

static void on_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	owed = slot;
}

/* The frame just taken in made the reply whole. */
static void on_done(struct rmp_sink *sink, struct rmp_call *call)
{
	u32 first = first_of(call->msg), i;

	assert(!call->status);
	for (i = first; i <= nframes; i++) {
		const struct rmp_hdr *hdr = (const struct rmp_hdr *)frames[i].bytes;

		if (i != taking && hdr->type >= RMP_T_REQ &&
		    hdr->type <= RMP_T_ACK && be64_to_cpu(hdr->msg) == call->msg)
			frames[i].whole = taking;
	}
	frames[taking].took = frames[taking].now - frames[first].now;
}

static bool on_reserve(struct rmp_sink *sink, u16 pages)
{
	return true;
}

static void on_unreserve(struct rmp_sink *sink, u16 pages)
{
}

static bool on_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return true;
}

static void on_unhold(struct rmp_sink *sink, u16 pages)
{
}

static void on_free(struct rmp_sink *sink, void *what)
{
}

static void answer(void)
{
	struct mx_answer ans = { .op = MX_OP_STAT, .load = 3, .free = 4711 };
	struct rmp_slot *slot = owed;
	u8 head[RMP_HEAD_LEN];
	u32 len = 0;

	owed = NULL;
	ans.op = slot->head[offsetof(struct mx_req, op)];
	if (ans.op == MX_OP_READ) {
		ans.mask = 1;
		ans.vol_pages = 12;
		len = RMP_PAGE;
	} else if (ans.op == MX_OP_DISCARD) {
		ans.status = MX_ST_NOVOL;
	} else if (ans.op == MX_OP_LIST) {
		ans.arg = 0x1234;
		len = sizeof(struct mx_wire_chunk);
	} else if (ans.op == MX_OP_SETGEN) {
		ans.status = MX_ST_OLDGEN;
		ans.arg = 9;
	}
	mx_answer_encode(&ans, head);
	rmp_peer_reply(server.peer, slot, head, len ? page : NULL, len, now,
		       &server.sink);
}

/* Lets frames arrive until there are none. */
static void pump(void)
{
	while (queued || (owed && !slow)) {
		struct rmp_frame f = { .pkt = page };
		struct end *to;
		u32 i;

		if (!queued) {
			answer();
			continue;
		}
		taking = queue[0];
		for (i = 1; i < queued; i++)
			queue[i - 1] = queue[i];
		queued--;
		if (now < frames[taking].now + WIRE_NS)
			now = frames[taking].now + WIRE_NS;
		to = frames[taking].from == CLIENT ? &server : &client;
		assert(!rmp_decode(frames[taking].bytes, frames[taking].len,
				   &f.info));
		rmp_peer_rx(to->peer, &f, now, &to->sink);
	}
}

static void timer(struct end *end)
{
	now = max(now, rmp_peer_deadline(end->peer));
	rmp_peer_timer(end->peer, now, &end->sink);
	pump();
}

static void start(struct end *end, u8 no, const struct end *other, u8 other_no)
{
	struct rmp_peer_cfg cfg = { .mtu = 1500, .grant = 256 };

	end->sink = (struct rmp_sink){ on_xmit, on_deliver, on_done, on_free,
				       on_free,
				       on_reserve, on_unreserve,
				       on_hold, on_unhold };
	end->no = no;
	end->peer = calloc(1, sizeof(*end->peer));
	cfg.self_node = node_of(end);
	cfg.self_inc = inc_of(end);
	cfg.node = 0x020000000000ULL + other_no;
	rmp_peer_init(end->peer, &cfg);
}

/* A frame outside of the session. */
static void plain(const struct end *end, u8 type, const char *name)
{
	static u8 bytes[FRAME_MAX];
	u8 head[RMP_HEAD_LEN] = {};
	struct rmp_hdr hdr;
	u32 len;

	if (name)
		mx_ad_encode(&end->ad, head);
	rmp_make_hdr(&hdr, type, node_of(end), inc_of(end), 0, head,
		     name ? strlen(name) : 0);
	len = frame_put(bytes, &hdr, name, 0);
	now += 1000;
	frame_add(bytes, len, now, end->no)->linked = true;
}

static void say(const char *info)
{
	frames[nframes].info = strdup(info);
}

static struct rmp_call *ask(struct mx_ask ask, const void *data, u32 len)
{
	struct rmp_call *call = calloc(1, sizeof(*call));

	mx_ask_encode(&ask, call->head);
	call->volume = 0x1122334455667788ULL;
	call->epoch = 4;
	call->port = PORT_MEMORY;
	call->buf = (void *)data;
	call->len = len;
	if (ask.op == MX_OP_READ || ask.op == MX_OP_LIST)
		call->max_reply = ask.npages * RMP_PAGE;
	rmp_peer_call(client.peer, call, now, &client.sink);
	return call;
}

/* The text of frame @no, with the id that its call got in front of @rest. */
static void expect(u32 no, const char *name, u64 msg, const char *rest)
{
	char text[200];

	snprintf(text, sizeof(text), "%s %llu %s", name,
		 (unsigned long long)msg, rest);
	frames[no].info = strdup(text);
}

static void write_with_loss(void)
{
	struct mx_ask write = { .op = MX_OP_WRITE, .npages = 1, .page = 42 };
	struct rmp_call *call;
	u32 at = nframes;

	lose = 2;
	call = ask(write, page, RMP_PAGE);
	expect(at + 1, "REQ", call->msg, "0/3 WRITE 1 page at 42");
	expect(at + 2, "REQ", call->msg, "2/3 WRITE 1 page at 42");
	pump();
	expect(at + 3, "ACK", call->msg, "missing 1 of 3");
	expect(at + 4, "REQ|WANT_ACK", call->msg, "1/3 WRITE 1 page at 42");
	expect(at + 5, "REP", call->msg, "0/1 WRITE OK");
	assert(nframes == at + 5);
}

static void read_with_loss(void)
{
	struct mx_ask read = { .op = MX_OP_READ, .flags = MX_F_SEALED,
			       .npages = 1, .page = 43 };
	struct rmp_call *call;
	u32 at = nframes;

	call = ask(read, NULL, 0);
	lose = 2;
	pump();
	expect(at + 1, "REQ", call->msg, "0/1 READ 1 page at 43 SEALED");
	expect(at + 3, "REP", call->msg, "2/3 READ OK");
	expect(at + 4, "ACK|REPLY", call->msg, "missing 1 of 3");
	expect(at + 5, "REP", call->msg, "1/3 READ OK");
	assert(nframes == at + 5);
}

static void slow_discard(void)
{
	struct mx_ask discard = { .op = MX_OP_DISCARD, .flags = MX_F_RELEASE,
				  .page = 256, .arg = 256 };
	struct rmp_call *call;
	u32 at = nframes;

	slow = true;
	call = ask(discard, NULL, 0);
	pump();
	timer(&client);
	while (nframes < at + 3)
		timer(&client);
	slow = false;
	pump();
	expect(at + 1, "REQ", call->msg, "0/1 DISCARD 256 pages at 256 RELEASE");
	expect(at + 2, "REQ|WANT_ACK", call->msg,
	       "0/1 DISCARD 256 pages at 256 RELEASE (again)");
	expect(at + 3, "ACK|PENDING", call->msg, "is being executed");
	expect(at + 4, "REP", call->msg, "0/1 DISCARD NOVOL");
	assert(nframes == at + 4);
}

/* What comes with generations. */
static void generations(void)
{
	struct mx_ask place = { .op = MX_OP_WRITE, .flags = MX_F_PLACE,
				.npages = 1, .gen = 3, .page = 44 };
	struct mx_ask setgen = { .op = MX_OP_SETGEN, .gen = 4, .page = 256 };
	struct mx_ask list = { .op = MX_OP_LIST, .npages = 2, .page = 7 };
	u32 at = nframes;
	u64 msg;

	msg = ask(place, page, RMP_PAGE)->msg;
	pump();
	expect(at + 1, "REQ", msg, "0/3 WRITE 1 page at 44 gen 3 PLACE");
	expect(at + 4, "REP", msg, "0/1 WRITE OK");
	msg = ask(setgen, page, sizeof(struct mx_wire_node))->msg;
	pump();
	expect(at + 5, "REQ", msg, "0/1 SETGEN at 256 gen 4");
	expect(at + 6, "REP", msg, "0/1 SETGEN OLDGEN 0x0000000000000009");
	msg = ask(list, NULL, 0)->msg;
	pump();
	expect(at + 7, "REQ", msg, "0/1 LIST from chunk 7");
	expect(at + 8, "REP", msg, "0/1 LIST OK 0x0000000000001234");
	assert(nframes == at + 8);
}

static void idle(void)
{
	u32 at = nframes;

	while (nframes == at)
		timer(&client);
	expect(at + 1, "ACK|REPLY", client.peer->req.next_msg, "nothing open below");
}

static void reset(void)
{
	struct rmp_info info = { .inc = 0xabc00077, .stamp = 12345 };
	static u8 bytes[FRAME_MAX];
	struct rmp_hdr hdr;
	u32 len;

	now += 1000;
	rmp_make_reset(&hdr, node_of(&server), inc_of(&server), &info, now);
	len = frame_put(bytes, &hdr, NULL, 0);
	frame_add(bytes, len, now, SERVER)->linked = true;
	say("RESET no session between abc00002 and abc00077");
}

void talk(void)
{
	struct mx_ask open = { .op = MX_OP_OPEN, .flags = MX_F_FEATURES,
			       .page = 4096, .arg = 8, .arg2 = MX_FEAT_KNOWN };
	u32 i;

	for (i = 0; i < sizeof(page); i++)
		page[i] = (u8)(i * 7 + i / 256);
	start(&client, CLIENT, &server, SERVER);
	start(&server, SERVER, &client, CLIENT);
	client.ad = (struct mx_ad){ .roles = MX_ROLE_CLIENT };
	server.ad = (struct mx_ad){ .roles = MX_ROLE_SERVER, .load = 9,
				    .capacity = 2048, .free = 1000, .used = 24 };
	plain(&client, RMP_T_SOLICIT, NULL);
	say("SOLICIT who is there?");
	plain(&server, RMP_T_ANNOUNCE, "host-a");
	say("ANNOUNCE host-a: server, 1000 of 2048 pages free");
	ask(open, "swap0", 5);
	pump();
	write_with_loss();
	read_with_loss();
	slow_discard();
	generations();
	idle();
	reset();
	plain(&server, RMP_T_BYE, NULL);
	say("BYE this node is leaving");
}
