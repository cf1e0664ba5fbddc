// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly of messages from their fragments.
 */
#include "rmp_run.h"

void rmp_asm_start(struct rmp_asm *a, const struct rmp_info *info)
{
	a->len = info->msg_len;
	a->frag_size = info->frag_size;
	a->nfrags = rmp_frag_count(info->msg_len, info->frag_size);
	a->got = 0;
	/* @pkt need not be cleared: only entries whose bit is set are read. */
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

	/* Only an empty message has a fragment without payload. */
	if (a->got && a->len)
		for (no = 0; no < a->nfrags; no++)
			if (rmp_bit(a->have, no))
				r->sink->free_pkt(r->sink, a->pkt[no]);
	memset(a->have, 0, sizeof(a->have));
	a->got = 0;
}
