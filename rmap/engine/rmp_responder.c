// SPDX-License-Identifier: GPL-2.0
/*
 * The responder half: putting requests together, executing each at most once,
 * keeping replies until the requester needs them no more.
 */
#include "rmp_out.h"
#include "rmp_path.h"

/* Its fragments are not kept any more, or they are a whole request. */
static void rmp_slot_unhold(struct rmp_run *r, struct rmp_slot *slot)
{
	if (!slot->held)
		return;
	MX_ASSERT(r->p->rsp.held >= slot->held);
	r->p->rsp.held -= slot->held;
	r->sink->unhold(r->sink, slot->held);
	slot->held = 0;
}

/* Takes back all a slot holds, unless the service still reads the request. */
static void rmp_slot_recycle(struct rmp_run *r, struct rmp_slot *slot)
{
	switch (slot->state) {
	case RMP_SLOT_PARTIAL:
		rmp_asm_free(r, &slot->req);
		rmp_slot_unhold(r, slot);
		break;
	case RMP_SLOT_REPLIED:
		if (slot->rbuf)
			r->sink->free_buf(r->sink, slot->rbuf);
		slot->rbuf = NULL;
		break;
	case RMP_SLOT_DELIVERED:
		/* The service reads it without our caller's lock. */
		WRITE_ONCE(slot->state, RMP_SLOT_ORPHAN);
		return;
	case RMP_SLOT_ORPHAN:
		return;
	}
	slot->state = RMP_SLOT_FREE;
}

/* The requester has nothing open below @base. */
void rmp_responder_base(struct rmp_run *r, u64 base)
{
	struct rmp_peer *p = r->p;
	u64 msg, end;

	if (base <= p->rsp.base)
		return;
	end = min_t(u64, base, p->rsp.base + RMP_WINDOW);
	for (msg = p->rsp.base; msg < end; msg++)
		rmp_slot_recycle(r, &p->rsp.slot[msg % RMP_WINDOW]);
	p->rsp.base = base;
}

void rmp_responder_drop(struct rmp_run *r)
{
	u16 i;

	for (i = 0; i < RMP_WINDOW; i++)
		rmp_slot_recycle(r, &r->p->rsp.slot[i]);
}

/*
 * Gives back requests that are not whole and have made no progress for @idle_ns:
 * what they hold is not there for others. Their requester repeats them.
 */
void rmp_responder_sweep(struct rmp_run *r, u64 idle_ns)
{
	struct rmp_slot *slot;
	u16 i;

	for (i = 0; i < RMP_WINDOW && r->p->rsp.held; i++) {
		slot = &r->p->rsp.slot[i];
		if (slot->state == RMP_SLOT_PARTIAL &&
		    r->now - slot->grew_ns >= idle_ns)
			rmp_slot_recycle(r, slot);
	}
}

static void rmp_send_req_ack(struct rmp_run *r, const struct rmp_slot *slot,
			     u32 echo)
{
	struct rmp_hdr hdr;

	rmp_out_header(r, &hdr, RMP_T_ACK);
	if (slot->state != RMP_SLOT_PARTIAL)
		hdr.flags = RMP_F_PENDING;
	hdr.msg = cpu_to_be64(slot->msg);
	hdr.volume = cpu_to_be64(slot->volume);
	hdr.epoch = cpu_to_be32(slot->epoch);
	hdr.port = cpu_to_be16(slot->port);
	hdr.msg_len = cpu_to_be32(slot->req.len);
	hdr.frag_size = cpu_to_be16(slot->req.frag_size);
	hdr.echo = cpu_to_be32(echo);
	rmp_bitmap_put(hdr.head, slot->req.have);
	rmp_out_plain(r, &hdr, 0);
}

/* Sends the reply's fragments that are not in @skip. Return: how many. */
static u16 rmp_send_reply(struct rmp_run *r, struct rmp_slot *slot,
			  const u64 *skip)
{
	struct rmp_hdr hdr mx_noinit;
	struct rmp_burst b = {
		.hdr = &hdr,
		.buf = slot->rbuf,
		.len = slot->rlen,
		.max = RMP_FRAGS_MAX,
		.skip = skip,
		.flags = slot->voided ? RMP_F_VOID : 0,
	};

	if (!skip || slot->rfrag_size > r->p->ses.frag_size) {
		slot->rfrag_size = r->p->ses.frag_size;
		slot->rnfrags = rmp_frag_count(slot->rlen, slot->rfrag_size);
		slot->rsent_ns = r->now;
		b.skip = NULL;
	}
	rmp_out_header(r, &hdr, RMP_T_REP);
	hdr.msg = cpu_to_be64(slot->msg);
	hdr.volume = cpu_to_be64(slot->volume);
	hdr.epoch = cpu_to_be32(slot->epoch);
	hdr.port = cpu_to_be16(slot->port);
	hdr.echo = cpu_to_be32(slot->stamp);
	memcpy(hdr.head, slot->rhead, RMP_HEAD_LEN);
	b.frag_size = slot->rfrag_size;
	b.nfrags = slot->rnfrags;
	return rmp_out_frags(r, &b);
}

/* Sends them once more. */
static void rmp_resend_reply(struct rmp_run *r, struct rmp_slot *slot,
			     const u64 *skip)
{
	r->p->stat[RMP_S_RETRANS] += rmp_send_reply(r, slot, skip);
}

/* A copy of a request that is whole already. */
static void rmp_responder_repeat(struct rmp_run *r, struct rmp_slot *slot,
				 const struct rmp_info *info)
{
	bool asks = info->flags & RMP_F_WANT_ACK ||
		    rmp_frag_count(info->msg_len, info->frag_size) == 1;

	rmp_count(r, RMP_S_RX_DUP);
	slot->stamp = info->stamp;
	if (!asks)
		return;
	if (slot->state == RMP_SLOT_DELIVERED) {
		rmp_send_req_ack(r, slot, info->stamp);
		return;
	}
	/* Copies that arrive in a bunch are one question. */
	if (r->now - slot->rsent_ns < RMP_REREPLY_GAP_NS)
		return;
	rmp_resend_reply(r, slot, NULL);
}

static void rmp_slot_start(struct rmp_slot *slot, const struct rmp_info *info)
{
	slot->state = RMP_SLOT_PARTIAL;
	slot->voided = false;
	slot->msg = info->msg;
	slot->volume = info->volume;
	slot->epoch = info->epoch;
	slot->port = info->port;
	memcpy(slot->head, info->head, RMP_HEAD_LEN);
	rmp_asm_start(&slot->req, info);
}

/*
 * Whether there is room for the rest of a request whose first fragment has
 * come. A request of one fragment needs none, as it is whole at once.
 */
static bool rmp_slot_hold(struct rmp_run *r, struct rmp_slot *slot,
			  const struct rmp_info *info)
{
	struct rmp_responder *rsp = &r->p->rsp;
	u16 pages = rmp_pages(info->msg_len);

	if (rmp_frag_count(info->msg_len, info->frag_size) == 1)
		return true;
	if (!r->sink->hold(r->sink, rsp->held, pages)) {
		/* Fragments that are dropped must not make much work. */
		if (r->now - rsp->swept_ns < RMP_SWEEP_GAP_NS)
			return false;
		rsp->swept_ns = r->now;
		rmp_responder_sweep(r, RMP_HOLD_IDLE_NS);
		if (!r->sink->hold(r->sink, rsp->held, pages))
			return false;
	}
	slot->held = pages;
	rsp->held += pages;
	return true;
}

/* Whether a fragment says the same of its message as the ones before. */
static bool rmp_slot_agrees(const struct rmp_slot *slot,
			    const struct rmp_info *info)
{
	return slot->volume == info->volume && slot->epoch == info->epoch &&
	       slot->port == info->port && slot->req.len == info->msg_len &&
	       !memcmp(slot->head, info->head, RMP_HEAD_LEN);
}

/*
 * Makes a slot ready for a fragment. Return: false if there is no room for its
 * request; the requester repeats it.
 */
static bool rmp_slot_prepare(struct rmp_run *r, struct rmp_slot *slot,
			     const struct rmp_info *info)
{
	if (slot->state == RMP_SLOT_FREE) {
		slot->most = 0;
		slot->grew_ns = r->now;
	} else if (!rmp_slot_agrees(slot, info) ||
		   !rmp_asm_fits(&slot->req, info)) {
		/*
		 * Another fragmentation after the path changed; else one of
		 * the two is wrong, and repetition shows which.
		 */
		if (!rmp_slot_agrees(slot, info))
			rmp_count(r, RMP_S_RX_BAD);
		rmp_slot_recycle(r, slot);
	} else {
		return true;
	}
	if (!rmp_slot_hold(r, slot, info)) {
		rmp_count(r, RMP_S_RX_ROOM);
		return false;
	}
	rmp_slot_start(slot, info);
	return true;
}

static void rmp_responder_fragment(struct rmp_run *r, struct rmp_slot *slot,
				   struct rmp_frame *f)
{
	const struct rmp_info *info = &f->info;

	if (!rmp_slot_prepare(r, slot, info))
		return;
	slot->stamp = info->stamp;
	rmp_asm_add(r, &slot->req, f);
	if ((u32)slot->req.got * slot->req.frag_size > slot->most) {
		slot->most = (u32)slot->req.got * slot->req.frag_size;
		slot->grew_ns = r->now;
	}
	if (slot->req.got == slot->req.nfrags) {
		rmp_slot_unhold(r, slot);
		slot->state = RMP_SLOT_DELIVERED;
		rmp_count(r, RMP_S_SERVED);
		r->sink->deliver(r->sink, slot);
	} else if (info->frag_no == slot->req.nfrags - 1 ||
		   info->flags & RMP_F_WANT_ACK) {
		rmp_send_req_ack(r, slot, info->stamp);
	}
}

/*
 * The requester gives up a request that is not whole here. The slot says from
 * now on that it was not executed, so that a late copy of it is not either.
 */
static void rmp_responder_void(struct rmp_run *r, struct rmp_slot *slot,
			       const struct rmp_info *info)
{
	rmp_asm_free(r, &slot->req);
	rmp_slot_unhold(r, slot);
	rmp_slot_start(slot, info);
	slot->state = RMP_SLOT_REPLIED;
	slot->voided = true;
	memset(slot->rhead, 0, sizeof(slot->rhead));
	slot->rbuf = NULL;
	slot->rlen = 0;
	slot->nacked_ns = 0;
	slot->stamp = info->stamp;
	rmp_count(r, RMP_S_VOIDED);
	rmp_send_reply(r, slot, NULL);
}

void rmp_responder_req(struct rmp_run *r, struct rmp_frame *f)
{
	const struct rmp_info *info = &f->info;
	struct rmp_peer *p = r->p;
	struct rmp_slot *slot = &p->rsp.slot[info->msg % RMP_WINDOW];

	rmp_responder_base(r, info->msg - info->back);
	if (info->msg < p->rsp.base) {
		rmp_count(r, RMP_S_RX_OLD);
		return;
	}
	if (info->msg - p->rsp.base >= RMP_WINDOW || slot->state == RMP_SLOT_ORPHAN) {
		rmp_count(r, RMP_S_RX_WINDOW);
		return;
	}
	if (slot->state == RMP_SLOT_FREE || slot->state == RMP_SLOT_PARTIAL) {
		if (info->flags & RMP_F_VOID)
			rmp_responder_void(r, slot, info);
		else
			rmp_responder_fragment(r, slot, f);
		return;
	}
	MX_ASSERT(slot->msg == info->msg);
	rmp_responder_repeat(r, slot, info);
}

/*
 * Sends what is missing of a reply. Not at any rate: a few bytes of question make
 * up to a whole message of answer.
 */
static void rmp_responder_missing(struct rmp_run *r, struct rmp_slot *slot,
				  const struct rmp_info *info)
{
	u64 have[RMP_FRAGS_MAX / 64];

	if (slot->nacked_ns && r->now - slot->nacked_ns < RMP_RENACK_GAP_NS)
		return;
	if (info->frag_size != slot->rfrag_size) {
		if (r->now - slot->rsent_ns < RMP_REREPLY_GAP_NS)
			return;
		rmp_resend_reply(r, slot, NULL);
	} else {
		rmp_bitmap_get(info->head, have);
		if (rmp_bitmap_count(have, slot->rnfrags) == slot->rnfrags)
			return;
		rmp_resend_reply(r, slot, have);
	}
	slot->nacked_ns = r->now;
}

/* The requester tells which reply fragments it has, or that it is idle. */
void rmp_responder_ack(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	struct rmp_slot *slot = &p->rsp.slot[info->msg % RMP_WINDOW];

	rmp_responder_base(r, info->msg - info->back);
	if (info->msg < p->rsp.base || info->msg - p->rsp.base >= RMP_WINDOW ||
	    slot->msg != info->msg || slot->state != RMP_SLOT_REPLIED) {
		rmp_count(r, RMP_S_RX_OLD);
		return;
	}
	slot->stamp = info->stamp;
	rmp_responder_missing(r, slot, info);
}

u32 rmp_peer_reply(struct rmp_peer *peer, struct rmp_slot *slot, const u8 *head,
		   void *buf, u32 len, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r = { .p = peer, .sink = sink, .now = now_ns };

	MX_ASSERT(slot->state == RMP_SLOT_DELIVERED ||
		  slot->state == RMP_SLOT_ORPHAN);
	MX_ASSERT(len <= RMP_MSG_MAX && (buf || !len));

	rmp_asm_free(&r, &slot->req);
	if (slot->state == RMP_SLOT_ORPHAN) {
		if (buf)
			sink->free_buf(sink, buf);
		slot->state = RMP_SLOT_FREE;
		return r.ev;
	}
	slot->state = RMP_SLOT_REPLIED;
	memcpy(slot->rhead, head, RMP_HEAD_LEN);
	slot->rbuf = buf;
	slot->rlen = len;
	slot->rfrag_size = peer->ses.frag_size;
	slot->rnfrags = rmp_frag_count(len, slot->rfrag_size);
	slot->rsent_ns = now_ns;
	slot->nacked_ns = 0;
	if (peer->ses.state == RMP_PEER_UP) {
		rmp_send_reply(&r, slot, NULL);
		rmp_path_traffic(&r);
	}
	return r.ev;
}
