// SPDX-License-Identifier: GPL-2.0
/*
 * Frames out: headers of the session, and the fragments of messages.
 */
#include "rmp_out.h"

void rmp_out_header(struct rmp_run *r, struct rmp_hdr *hdr, u8 type)
{
	struct rmp_peer *p = r->p;

	rmp_make_hdr(hdr, type, p->self_node, p->self_inc, p->ses.inc, NULL, 0);
	hdr->credit = cpu_to_be16(p->rsp.grant);
	hdr->stamp = cpu_to_be32(rmp_stamp(r->now));
}

/* A frame without payload. */
void rmp_out_plain(struct rmp_run *r, struct rmp_hdr *hdr, u16 pad)
{
	struct rmp_xmit x = { .hdr = hdr, .pad = pad };

	rmp_count(r, RMP_S_TX_FRAMES);
	r->frames++;
	r->sink->xmit(r->sink, &x);
}

static void rmp_out_frag(struct rmp_run *r, struct rmp_burst *b, u16 no,
			 u8 flags)
{
	struct rmp_xmit x = { .hdr = b->hdr, .buf = b->buf };

	x.len = rmp_frag_range(b->len, b->frag_size, no, &x.off);
	b->hdr->flags = b->flags | flags;
	b->hdr->plen = cpu_to_be16(x.len);
	b->hdr->frag_no = cpu_to_be16(no);
	memset(b->hdr->tag, 0, RMP_TAG_LEN);
	rmp_count(r, RMP_S_TX_FRAMES);
	r->frames++;
	r->sink->xmit(r->sink, &x);
}

/* Sends the fragments not in @b->skip, in order. Return: how many. */
u16 rmp_out_frags(struct rmp_run *r, struct rmp_burst *b)
{
	u16 no, prev = 0, n = 0;

	b->hdr->msg_len = cpu_to_be32(b->len);
	b->hdr->frag_size = cpu_to_be16(b->frag_size);
	/* One behind, since only the last one asks for an ACK. */
	for (no = 0; no < b->nfrags && n < b->max; no++) {
		if (b->skip && rmp_bit(b->skip, no))
			continue;
		if (n++)
			rmp_out_frag(r, b, prev, 0);
		prev = no;
	}
	if (n)
		rmp_out_frag(r, b, prev, b->want_ack ? RMP_F_WANT_ACK : 0);
	return n;
}
