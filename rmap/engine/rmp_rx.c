// SPDX-License-Identifier: GPL-2.0
/*
 * The responder half: putting requests together, executing each at most once,
 * keeping replies until the requester needs them no more. Also reassembly as
 * such, which the requester half uses for replies.
 */
#include "rmp_priv.h"

void rmp_asm_start(struct rmp_asm *a, const struct rmp_info *info)
{
	a->len = info->msg_len;
	a->frag_size = info->frag_size;
	a->nfrags = rmp_frag_count(info->msg_len, info->frag_size);
	a->got = 0;
	/* @pkt stays as it is: only entries with a bit set are ever read. */
	memset(a->have, 0, sizeof(a->have));
}

/* Whether a fragment belongs to the message in progress. */
bool rmp_asm_fits(const struct rmp_asm *a, const struct rmp_info *info)
{
	return a->len == info->msg_len && a->frag_size == info->frag_size;
}

/* Return: whether the fragment was new. */
bool rmp_asm_add(struct rmp_run *r, struct rmp_asm *a, struct rmp_frame *f)
{
	u16 no = f->info.frag_no;

	MX_ASSERT(no < a->nfrags && a->nfrags <= RMP_FRAGS_MAX);
	if (rmp_bit(a->have, no)) {
		rmp_count(r, RMP_S_RX_DUP);
		return false;
	}
	rmp_bit_set(a->have, no);
	a->got++;
	if (f->info.plen) {
		a->pkt[no] = f->pkt;
		r->ev |= RMP_EV_KEPT;
	}
	MX_ASSERT(a->got <= a->nfrags);
	return true;
}

void rmp_asm_free(struct rmp_run *r, struct rmp_asm *a)
{
	u16 no;

	/* The only message without payload in a fragment is an empty one. */
	if (a->got && a->len)
		for (no = 0; no < a->nfrags; no++)
			if (rmp_bit(a->have, no))
				r->sink->free_pkt(r->sink, a->pkt[no]);
	memset(a->have, 0, sizeof(a->have));
	a->got = 0;
}

/* Takes back all a slot holds, unless the service still reads the request. */
static void rmp_slot_recycle(struct rmp_run *r, struct rmp_slot *slot)
{
	switch (slot->state) {
	case RMP_SLOT_PARTIAL:
		rmp_asm_free(r, &slot->req);
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
void rmp_rx_base(struct rmp_run *r, u64 base)
{
	struct rmp_peer *p = r->p;
	u64 msg, end;

	if (base <= p->base)
		return;
	end = min_t(u64, base, p->base + RMP_WINDOW);
	for (msg = p->base; msg < end; msg++)
		rmp_slot_recycle(r, &p->slot[msg % RMP_WINDOW]);
	p->base = base;
}

void rmp_rx_drop_all(struct rmp_run *r)
{
	u16 i;

	for (i = 0; i < RMP_WINDOW; i++)
		rmp_slot_recycle(r, &r->p->slot[i]);
}

static void rmp_send_req_ack(struct rmp_run *r, const struct rmp_slot *slot,
			     u32 echo)
{
	struct rmp_hdr hdr;

	rmp_hdr_start(r, &hdr, RMP_T_ACK);
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
	rmp_send_plain(r, &hdr, 0);
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

	if (!skip || slot->rfrag_size > r->p->frag_size) {
		slot->rfrag_size = r->p->frag_size;
		slot->rnfrags = rmp_frag_count(slot->rlen, slot->rfrag_size);
		slot->rsent_ns = r->now;
		b.skip = NULL;
	}
	rmp_hdr_start(r, &hdr, RMP_T_REP);
	hdr.msg = cpu_to_be64(slot->msg);
	hdr.volume = cpu_to_be64(slot->volume);
	hdr.epoch = cpu_to_be32(slot->epoch);
	hdr.port = cpu_to_be16(slot->port);
	hdr.echo = cpu_to_be32(slot->stamp);
	memcpy(hdr.head, slot->rhead, RMP_HEAD_LEN);
	b.frag_size = slot->rfrag_size;
	b.nfrags = slot->rnfrags;
	return rmp_send_frags(r, &b);
}

/* Sends them once more. */
static void rmp_resend_reply(struct rmp_run *r, struct rmp_slot *slot,
			     const u64 *skip)
{
	r->p->stat[RMP_S_RETRANS] += rmp_send_reply(r, slot, skip);
}

/* A copy of a request that is whole already. */
static void rmp_rx_repeat(struct rmp_run *r, struct rmp_slot *slot,
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

/* Whether a fragment says the same of its message as the ones before. */
static bool rmp_slot_agrees(const struct rmp_slot *slot,
			    const struct rmp_info *info)
{
	return slot->volume == info->volume && slot->epoch == info->epoch &&
	       slot->port == info->port && slot->req.len == info->msg_len &&
	       !memcmp(slot->head, info->head, RMP_HEAD_LEN);
}

static void rmp_rx_fragment(struct rmp_run *r, struct rmp_slot *slot,
			    struct rmp_frame *f)
{
	const struct rmp_info *info = &f->info;

	if (slot->state == RMP_SLOT_FREE) {
		rmp_slot_start(slot, info);
	} else if (!rmp_slot_agrees(slot, info) ||
		   !rmp_asm_fits(&slot->req, info)) {
		/*
		 * Another fragmentation after the path changed; else one of
		 * the two is wrong, and repetition shows which.
		 */
		if (!rmp_slot_agrees(slot, info))
			rmp_count(r, RMP_S_RX_BAD);
		rmp_asm_free(r, &slot->req);
		rmp_slot_start(slot, info);
	}
	slot->stamp = info->stamp;
	rmp_asm_add(r, &slot->req, f);
	if (slot->req.got == slot->req.nfrags) {
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
static void rmp_rx_void(struct rmp_run *r, struct rmp_slot *slot,
			const struct rmp_info *info)
{
	rmp_asm_free(r, &slot->req);
	rmp_slot_start(slot, info);
	slot->state = RMP_SLOT_REPLIED;
	slot->voided = true;
	memset(slot->rhead, 0, sizeof(slot->rhead));
	slot->rbuf = NULL;
	slot->rlen = 0;
	slot->stamp = info->stamp;
	rmp_count(r, RMP_S_VOIDED);
	rmp_send_reply(r, slot, NULL);
}

void rmp_rx_req(struct rmp_run *r, struct rmp_frame *f)
{
	const struct rmp_info *info = &f->info;
	struct rmp_peer *p = r->p;
	struct rmp_slot *slot = &p->slot[info->msg % RMP_WINDOW];

	rmp_rx_base(r, info->msg - info->back);
	if (info->msg < p->base) {
		rmp_count(r, RMP_S_RX_OLD);
		return;
	}
	if (info->msg - p->base >= RMP_WINDOW || slot->state == RMP_SLOT_ORPHAN) {
		rmp_count(r, RMP_S_RX_WINDOW);
		return;
	}
	if (slot->state == RMP_SLOT_FREE || slot->state == RMP_SLOT_PARTIAL) {
		if (info->flags & RMP_F_VOID)
			rmp_rx_void(r, slot, info);
		else
			rmp_rx_fragment(r, slot, f);
		return;
	}
	MX_ASSERT(slot->msg == info->msg);
	rmp_rx_repeat(r, slot, info);
}

/* The requester tells which reply fragments it has, or that it is idle. */
void rmp_rx_ack(struct rmp_run *r, const struct rmp_info *info)
{
	struct rmp_peer *p = r->p;
	struct rmp_slot *slot = &p->slot[info->msg % RMP_WINDOW];
	u64 have[RMP_FRAGS_MAX / 64];

	rmp_rx_base(r, info->msg - info->back);
	if (info->msg < p->base || info->msg - p->base >= RMP_WINDOW ||
	    slot->msg != info->msg || slot->state != RMP_SLOT_REPLIED) {
		rmp_count(r, RMP_S_RX_OLD);
		return;
	}
	slot->stamp = info->stamp;
	if (info->frag_size != slot->rfrag_size) {
		if (r->now - slot->rsent_ns >= RMP_REREPLY_GAP_NS)
			rmp_resend_reply(r, slot, NULL);
		return;
	}
	rmp_bitmap_get(info->head, have);
	if (rmp_bitmap_count(have, slot->rnfrags) < slot->rnfrags)
		rmp_resend_reply(r, slot, have);
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
	slot->rfrag_size = peer->frag_size;
	slot->rnfrags = rmp_frag_count(len, slot->rfrag_size);
	slot->rsent_ns = now_ns;
	if (peer->state == RMP_PEER_UP) {
		rmp_send_reply(&r, slot, NULL);
		rmp_path_traffic(&r);
	}
	return r.ev;
}
