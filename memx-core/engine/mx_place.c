// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of a server for a chunk.
 */
#include "mx_place.h"

/* One more, so that full servers differ from none and can be drawn at all. */
static u64 weight(const struct mx_cand *c, u64 need)
{
	if (c->room < need)
		return 0;
	return (c->room >> 8) + 1;
}

static const struct mx_cand *draw(const struct mx_cand *cand, u32 n, u64 need,
				  u64 total, u32 rnd)
{
	u64 at = total * rnd >> 32;
	u32 i;

	for (i = 0; i < n; i++) {
		u64 w = weight(&cand[i], need);

		if (at < w)
			break;
		at -= w;
	}
	MX_ASSERT(i < n);
	return &cand[i];
}

static u64 score(const struct mx_cand *c)
{
	return (c->room >> 8) * (256 - c->load);
}

int mx_place_pick(const struct mx_cand *cand, u32 n, u64 need, int prefer,
		  const u32 rnd[2])
{
	const struct mx_cand *a, *b;
	u64 total = 0;
	u32 i;

	if (!n)
		return -1;
	for (i = 0; i < n; i++) {
		u64 w = weight(&cand[i], need);

		if (w && cand[i].id == prefer)
			return prefer;
		total += w;
	}
	/* The product with a 32-bit random number must fit. */
	if (total >> 32)
		total = (u32)~0U;
	if (!total)
		return cand[(u64)n * rnd[0] >> 32].id;
	a = draw(cand, n, need, total, rnd[0]);
	b = draw(cand, n, need, total, rnd[1]);
	return score(b) > score(a) ? b->id : a->id;
}
