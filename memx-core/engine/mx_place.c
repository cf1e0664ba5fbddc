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

/* Return: id, or -1: nobody keeps room for the volume. */
static int pick_own(const struct mx_cand *cand, u32 n, int prefer, u32 rnd)
{
	u32 i, most = 0, ties = 0, at;

	for (i = 0; i < n; i++) {
		if (cand[i].own && cand[i].id == prefer)
			return prefer;
		if (cand[i].own > most) {
			most = cand[i].own;
			ties = 0;
		}
		ties += cand[i].own == most;
	}
	if (!most)
		return -1;
	at = (u64)ties * rnd >> 32;
	for (i = 0; cand[i].own != most || at; i++)
		at -= cand[i].own == most;
	return cand[i].id;
}

int mx_place_pick(const struct mx_cand *cand, u32 n, u64 need, int prefer,
		  const u32 rnd[2])
{
	const struct mx_cand *a, *b;
	u64 total = 0;
	int own;
	u32 i;

	if (!n)
		return -1;
	own = pick_own(cand, n, prefer, rnd[0]);
	if (own >= 0)
		return own;
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
