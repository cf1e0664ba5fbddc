/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer under test with both its ends in hand: frames are fed in as decoded
 * headers, and everything that comes out is kept for inspection.
 */
#ifndef RMP_RIG_H
#define RMP_RIG_H

#include "mxtest.h"
#include "engine/rmp_out.h"

enum {
	RIG_NODE = 0x1111,
	RIG_INC	 = 31,
	RIG_SELF = 0x2222,
	RIG_SELF_INC = 41,
	RIG_SENT = 1024,
	RIG_ID	 = 5000,	/* the other side's first message id */
};

/**
 * struct rig_sent - a frame that came out
 * @info: its header, decoded
 * @off:  payload offset
 * @pad:  padding
 */
struct rig_sent {
	struct rmp_info info;
	u32 off;
	u16 pad;
};

/**
 * struct rig - a peer and what it did
 * @sink: first, so that callbacks find the rig
 * @p:    the peer
 * @now:  the time, ns
 * @sent: frames since rig_forget()
 * @nsent: how many
 * @slot: request delivered last
 * @ndelivered: requests delivered
 * @done: call ended last
 * @ndone: calls ended
 * @pkts: packets alive
 * @bufs: reply payloads given back
 * @room: pages of replies that may be asked for
 * @asked: pages of replies asked for
 * @spare: pages of requests that are not whole that may be kept
 * @held: pages kept of such requests
 * @ev:   what the last engine call returned
 */
struct rig {
	struct rmp_sink sink;
	struct rmp_peer *p;
	u64 now;
	struct rig_sent sent[RIG_SENT];
	u32 nsent;
	struct rmp_slot *slot;
	u32 ndelivered;
	struct rmp_call *done;
	u32 ndone;
	int pkts;
	int bufs;
	u32 room;
	u32 asked;
	u32 spare;
	u32 held;
	u32 ev;
};

static inline void rig_on_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct rig *rig = (struct rig *)sink;
	struct rig_sent *sent = &rig->sent[rig->nsent++];
	int err;

	assert_true(rig->nsent <= RIG_SENT);
	err = rmp_decode(x->hdr, RMP_HDR_LEN + x->len + x->pad, &sent->info);
	assert_int_equal(err, 0);
	assert_int_equal(x->len, sent->info.plen);
	sent->off = x->off;
	sent->pad = x->pad;
}

static inline void rig_on_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	((struct rig *)sink)->slot = slot;
	((struct rig *)sink)->ndelivered++;
}

static inline void rig_on_done(struct rmp_sink *sink, struct rmp_call *call)
{
	((struct rig *)sink)->done = call;
	((struct rig *)sink)->ndone++;
}

static inline void rig_on_free_pkt(struct rmp_sink *sink, void *pkt)
{
	((struct rig *)sink)->pkts--;
	free(pkt);
}

static inline void rig_on_free_buf(struct rmp_sink *sink, void *buf)
{
	((struct rig *)sink)->bufs++;
}

static inline bool rig_on_reserve(struct rmp_sink *sink, u16 pages)
{
	struct rig *rig = (struct rig *)sink;

	if (rig->asked && rig->asked + pages > rig->room)
		return false;
	rig->asked += pages;
	return true;
}

static inline void rig_on_unreserve(struct rmp_sink *sink, u16 pages)
{
	struct rig *rig = (struct rig *)sink;

	assert_true(rig->asked >= pages);
	rig->asked -= pages;
}

static inline bool rig_on_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	struct rig *rig = (struct rig *)sink;

	assert_int_equal(held, rig->held);
	if (held && held + pages > rig->spare)
		return false;
	rig->held += pages;
	return true;
}

static inline void rig_on_unhold(struct rmp_sink *sink, u16 pages)
{
	struct rig *rig = (struct rig *)sink;

	assert_true(rig->held >= pages);
	rig->held -= pages;
}

static inline struct rig *rig_new(u32 mtu)
{
	struct rmp_peer_cfg cfg = {
		.node = RIG_NODE, .self_node = RIG_SELF,
		.self_inc = RIG_SELF_INC, .mtu = mtu, .grant = 77,
	};
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->sink = (struct rmp_sink){ rig_on_xmit, rig_on_deliver, rig_on_done,
				       rig_on_free_pkt, rig_on_free_buf,
				       rig_on_reserve, rig_on_unreserve,
				       rig_on_hold, rig_on_unhold };
	rig->room = 1 << 20;
	rig->spare = 1 << 20;
	rig->p = calloc(1, sizeof(*rig->p));
	rig->now = RMP_MS(1000);
	rmp_peer_init(rig->p, &cfg);
	return rig;
}

/* Closes the peer, which must give everything back. */
static inline void rig_free(struct rig *rig)
{
	u8 head[RMP_HEAD_LEN] = {};
	u16 i;

	rmp_peer_close(rig->p, rig->now, &rig->sink);
	for (i = 0; i < RMP_WINDOW; i++)
		if (rig->p->rsp.slot[i].state == RMP_SLOT_ORPHAN)
			rmp_peer_reply(rig->p, &rig->p->rsp.slot[i], head, NULL, 0,
				       rig->now, &rig->sink);
	assert_int_equal(rig->pkts, 0);
	assert_int_equal(rig->p->req.inflight, 0);
	assert_int_equal(rig->asked, 0);
	assert_int_equal(rig->held, 0);
	free(rig->p);
	free(rig);
}

static inline void rig_forget(struct rig *rig)
{
	rig->nsent = 0;
}

/* A frame as the other side would send it. */
static inline struct rmp_frame rig_frame(u8 type)
{
	struct rmp_frame f = { .info = {
		.type = type, .hlen = RMP_HDR_LEN, .node = RIG_NODE,
		.inc = RIG_INC, .peer_inc = RIG_SELF_INC, .msg = RIG_ID,
		.credit = 1000, .frag_size = 1376, .stamp = 900,
	} };

	if (type == RMP_T_HELLO || type == RMP_T_WELCOME)
		f.info.volume = RIG_ID;
	return f;
}

/* A fragment of a REQ or REP. */
static inline struct rmp_frame rig_fragment(u8 type, u64 msg, u32 len,
					    u16 frag_size, u16 no)
{
	struct rmp_frame f = rig_frame(type);
	u32 off;

	f.info.msg = msg;
	f.info.msg_len = len;
	f.info.frag_size = frag_size;
	f.info.frag_no = no;
	f.info.plen = rmp_frag_range(len, frag_size, no, &off);
	return f;
}

static inline u32 rig_rx(struct rig *rig, struct rmp_frame f)
{
	f.pkt = malloc(1);
	rig->pkts++;
	rig->ev = rmp_peer_rx(rig->p, &f, rig->now, &rig->sink);
	if (!(rig->ev & RMP_EV_KEPT))
		rig_on_free_pkt(&rig->sink, f.pkt);
	return rig->ev;
}

static inline u32 rig_req(struct rig *rig, u64 msg, u32 len, u16 frag_size,
			  u16 no)
{
	return rig_rx(rig, rig_fragment(RMP_T_REQ, msg, len, frag_size, no));
}

static inline u32 rig_rep(struct rig *rig, u64 msg, u32 len, u16 frag_size,
			  u16 no)
{
	return rig_rx(rig, rig_fragment(RMP_T_REP, msg, len, frag_size, no));
}

static inline u32 rig_stamp(const struct rig *rig)
{
	return rmp_stamp(rig->now);
}

static inline struct rmp_call *rig_call(struct rig *rig, u32 len, u32 max_reply);
static inline void rig_call_free(struct rig *rig, struct rmp_call *call);

/* Asks for a session by a call that is given up before there is one. */
static inline void rig_connect(struct rig *rig)
{
	struct rmp_call *call = rig_call(rig, 0, 0);

	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig->done = NULL;
	rig->ndone = 0;
	rig->p->stat[RMP_S_CALLS] = 0;
	rig->p->stat[RMP_S_CALLS_FAILED] = 0;
}

/* A session with the largest size of the interface, opened from here. */
static inline struct rig *rig_up(u32 mtu)
{
	struct rig *rig = rig_new(mtu);
	struct rmp_frame f = rig_frame(RMP_T_WELCOME);

	rig_connect(rig);
	f.info.frag_size = rmp_frag_unit(mtu);
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.state, RMP_PEER_UP);
	rig_forget(rig);
	return rig;
}

/* Lets time pass until the timer has something to do, and does it. */
static inline void rig_timer(struct rig *rig)
{
	u64 due = rmp_peer_deadline(rig->p);

	assert_true(due != RMP_NEVER);
	if (rig->now < due)
		rig->now = due;
	rig->ev = rmp_peer_timer(rig->p, rig->now, &rig->sink);
}

/* Timer calls until something was sent. */
static inline void rig_until_sent(struct rig *rig)
{
	int i;

	rig_forget(rig);
	for (i = 0; i < 10 && !rig->nsent; i++)
		rig_timer(rig);
	assert_true(rig->nsent);
}

static inline struct rmp_call *rig_call(struct rig *rig, u32 len, u32 max_reply)
{
	struct rmp_call *call = calloc(1, sizeof(*call));

	call->len = len;
	call->max_reply = max_reply;
	call->buf = len ? rig : NULL;
	call->port = 9;
	call->volume = 0x77;
	call->epoch = 5;
	memset(call->head, 0xab, RMP_HEAD_LEN);
	rig->ev = rmp_peer_call(rig->p, call, rig->now, &rig->sink);
	return call;
}

/* Frees a call that has ended, with its reply. */
static inline void rig_call_free(struct rig *rig, struct rmp_call *call)
{
	u16 no;

	assert_int_equal(call->state, RMP_CALL_DONE);
	if (!call->status && call->reply.len)
		for (no = 0; no < call->reply.nfrags; no++)
			rig_on_free_pkt(&rig->sink, call->reply.pkt[no]);
	free(call);
}

static inline struct rmp_info *rig_last(struct rig *rig)
{
	assert_true(rig->nsent);
	return &rig->sent[rig->nsent - 1].info;
}

#endif /* RMP_RIG_H */
