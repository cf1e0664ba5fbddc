// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the engine behind the decoder: a stream of decoded frames, calls,
 * answers, cancellations and time, after which nothing may be left over.
 */
#include <stdlib.h>
#include "engine/rmp_engine.h"
#include "input.h"

enum {
	CALLS	 = 16,
	NODE	 = 0x11,
	SELF	 = 0x22,
	SELF_INC = 7,
};

/**
 * struct rig - a peer and what it holds of us
 * @sink: the engine's way out; first, so that callbacks find the rig
 * @peer: under test
 * @call: calls, in the engine's hands where @busy
 * @busy: the call is out
 * @owed: slots to answer
 * @nowed: how many
 * @pkts: packets alive
 * @bufs: reply payloads alive
 * @now:  time, ns
 */
struct rig {
	struct rmp_sink sink;
	struct rmp_peer *peer;
	struct rmp_call call[CALLS];
	bool busy[CALLS];
	struct rmp_slot *owed[RMP_WINDOW];
	u32 nowed;
	long pkts;
	long bufs;
	u64 now;
};

/* What goes out must be what a decoder lets in. */
static void sink_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct rmp_info info;

	must(!rmp_decode(x->hdr, RMP_HDR_LEN + x->len + x->pad, &info));
	must(info.node == SELF && info.inc == SELF_INC);
	must(!x->len || x->buf);
}

static void sink_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	struct rig *rig = (struct rig *)sink;

	must(rig->nowed < RMP_WINDOW);
	rig->owed[rig->nowed++] = slot;
}

static void sink_free_pkt(struct rmp_sink *sink, void *pkt)
{
	((struct rig *)sink)->pkts--;
	free(pkt);
}

static void sink_free_buf(struct rmp_sink *sink, void *buf)
{
	((struct rig *)sink)->bufs--;
	free(buf);
}

static bool sink_reserve(struct rmp_sink *sink, u16 pages)
{
	return pages < 16;
}

static void sink_unreserve(struct rmp_sink *sink, u16 pages)
{
}

static bool sink_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return !held || held + pages < 64;
}

static void sink_unhold(struct rmp_sink *sink, u16 pages)
{
}

static void sink_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct rig *rig = (struct rig *)sink;
	u16 no;

	must(rig->busy[call - rig->call]);
	rig->busy[call - rig->call] = false;
	if (call->status)
		return;
	for (no = 0; call->reply.len && no < call->reply.nfrags; no++)
		sink_free_pkt(sink, call->reply.pkt[no]);
}

/* A header near to what the peer's state makes interesting. */
static void draw_frame(struct rig *rig, struct input *in, struct rmp_hdr *hdr)
{
	static const u16 sizes[] = { 1032, 1376, 2048, 4096, 8192 };
	u16 size = sizes[byte(in) % ARRAY_SIZE(sizes)];
	u8 type = 1 + byte(in) % RMP_T_MAX, how = byte(in);
	u64 msg = type == RMP_T_REQ || (type == RMP_T_ACK && how & 4) ?
		  100 + byte(in) : rig->peer->req.next_msg - byte(in) % 32;
	u32 len = byte(in) * 300, off;
	u16 no;

	rmp_make_hdr(hdr, type, NODE, 1 + (how >> 6) / 3, SELF_INC, NULL, 0);
	hdr->flags = byte(in) & RMP_F_KNOWN;
	hdr->msg = cpu_to_be64(msg);
	hdr->back = cpu_to_be16(byte(in) % 40);
	hdr->volume = cpu_to_be64(how & 1 ? 100 : how);
	hdr->credit = cpu_to_be16(how & 2 ? 64 : 0);
	hdr->frag_size = cpu_to_be16(size);
	hdr->stamp = cpu_to_be32((u32)(rig->now / 1000));
	hdr->echo = cpu_to_be32((u32)(rig->now / 1000) - byte(in));
	memset(hdr->head, byte(in), RMP_HEAD_LEN);
	if (type == RMP_T_REQ || type == RMP_T_REP) {
		no = byte(in) % rmp_frag_count(len, size);
		hdr->msg_len = cpu_to_be32(len);
		hdr->frag_no = cpu_to_be16(no);
		hdr->plen = cpu_to_be16(rmp_frag_range(len, size, no, &off));
	}
}

static void do_frame(struct rig *rig, struct input *in)
{
	struct rmp_frame f;
	struct rmp_hdr hdr;
	u8 flip;

	draw_frame(rig, in, &hdr);
	flip = byte(in);
	if (flip < RMP_HDR_LEN)
		((u8 *)&hdr)[flip] ^= byte(in);
	if (rmp_decode(&hdr, RMP_HDR_LEN + 61440, &f.info) ||
	    f.info.node != NODE)
		return;
	f.pkt = malloc(1);
	rig->pkts++;
	if (!(rmp_peer_rx(rig->peer, &f, rig->now, &rig->sink) & RMP_EV_KEPT))
		sink_free_pkt(&rig->sink, f.pkt);
}

static void do_call(struct rig *rig, struct input *in)
{
	u8 i = byte(in) % CALLS;
	struct rmp_call *call = &rig->call[i];

	if (rig->busy[i] && call->len & 4) {
		rmp_peer_revoke(rig->peer, call, rig->now, &rig->sink);
		return;
	}
	if (rig->busy[i]) {
		rmp_peer_cancel(rig->peer, call, rig->now, &rig->sink);
		must(!rig->busy[i]);
		return;
	}
	call->len = byte(in) * 500;
	call->buf = call->len ? rig : NULL;
	call->max_reply = byte(in) * 500;
	rig->busy[i] = true;
	rmp_peer_call(rig->peer, call, rig->now, &rig->sink);
}

static void do_answer(struct rig *rig, struct input *in)
{
	u8 head[RMP_HEAD_LEN] = {};
	u32 i, len = byte(in) * 500;
	struct rmp_slot *slot;

	if (!rig->nowed)
		return;
	i = byte(in) % rig->nowed;
	slot = rig->owed[i];
	rig->owed[i] = rig->owed[--rig->nowed];
	rig->bufs++;
	rmp_peer_reply(rig->peer, slot, head, malloc(1), len, rig->now,
		       &rig->sink);
}

static void step(struct rig *rig, struct input *in)
{
	u64 due;

	switch (byte(in) % 8) {
	case 0:
		do_call(rig, in);
		break;
	case 1:
		do_answer(rig, in);
		break;
	case 2:
		due = rmp_peer_deadline(rig->peer);
		if (due != RMP_NEVER && due > rig->now)
			rig->now = due;
		rmp_peer_timer(rig->peer, rig->now, &rig->sink);
		break;
	case 3:
		rig->now += byte(in) * 10000;
		break;
	case 4:
		if (byte(in) < 16)
			rmp_peer_set_mtu(rig->peer, byte(in) * 50, rig->now,
					 &rig->sink);
		break;
	default:
		do_frame(rig, in);
	}
	must(rig->peer->req.next_msg - rig->peer->req.una <= RMP_WINDOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rmp_peer_cfg cfg = {
		.node = NODE, .self_node = SELF, .self_inc = SELF_INC,
		.mtu = 9000, .grant = 64,
	};
	struct input in = { data, size };
	struct rig rig = {
		.sink = { sink_xmit, sink_deliver, sink_done, sink_free_pkt,
			  sink_free_buf, sink_reserve, sink_unreserve,
			  sink_hold, sink_unhold },
		.now = 1000000000,
	};
	static struct rmp_peer peer;
	u32 i;

	memset(&peer, 0, sizeof(peer));
	rig.peer = &peer;
	rmp_peer_init(rig.peer, &cfg);
	while (in.left)
		step(&rig, &in);
	rmp_peer_close(rig.peer, rig.now, &rig.sink);
	while (rig.nowed)
		do_answer(&rig, &in);
	for (i = 0; i < CALLS; i++)
		must(!rig.busy[i]);
	must(!rig.pkts && !rig.bufs && !rig.peer->req.inflight);
	return 0;
}
