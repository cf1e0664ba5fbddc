// SPDX-License-Identifier: GPL-2.0
/*
 * A memory server's decisions about owners that it does not hear: how long a volume
 * waits for one, and what is remembered of a volume that was dropped without it.
 */
#include "mx_store.h"

void mx_store_tick(struct mx_store *st, u64 now, bool hears)
{
	u64 step = st->ticked && now > st->ticked ? now - st->ticked : 0;

	st->ticked = now;
	/* Who did not run has heard nobody, which says nothing about the others. */
	if (hears && step <= MX_LEASE_STEP_MS)
		st->clock += step;
}

void mx_store_heard(const struct mx_store *st, struct mx_store_vol *v)
{
	v->heard = st->clock;
	v->over = false;
}

void mx_store_seen(struct mx_store_vol *v, u32 inc)
{
	v->over = v->claim.node && v->claim.inc != inc;
	if (v->over)
		MX_COVER(store_lease_over);
}

u64 mx_store_age(const struct mx_store *st, const struct mx_store_vol *v)
{
	return st->clock - v->heard;
}

static bool renews(const struct mx_store_claim *c)
{
	return !c->node || c->features & MX_FEAT_LEASE;
}

u8 mx_store_lease(const struct mx_store *st, const struct mx_store_vol *v)
{
	bool heard = mx_store_age(st, v) < MX_LEASE_ALIVE_MS;

	/* Who is heard may be another one who is about to take the volume over. */
	if (v->over && !(heard && v->tentative.node))
		return MX_LEASE_OVER;
	if (heard)
		return MX_LEASE_ALIVE;
	return renews(&v->claim) && renews(&v->tentative) ? MX_LEASE_SILENT :
							    MX_LEASE_UNKNOWN;
}

bool mx_store_expired(const struct mx_store *st, const struct mx_store_vol *v)
{
	return st->expiry && renews(&v->claim) && renews(&v->tentative) &&
	       mx_store_age(st, v) >= st->expiry;
}

int mx_store_expiry_set(struct mx_store *st, u64 ms)
{
	if (ms && ms < MX_LEASE_LEAST_MS)
		return -EINVAL;
	st->expiry = ms;
	return 0;
}

static u32 tomb_index(const struct mx_store *st, u64 id)
{
	u32 i;

	for (i = 0; i < st->ntombs; i++)
		if (st->tomb[i].id == id)
			break;
	return i;
}

static void tomb_remove(struct mx_store *st, u32 i)
{
	st->ntombs--;
	memmove(&st->tomb[i], &st->tomb[i + 1],
		(st->ntombs - i) * sizeof(st->tomb[0]));
}

/* Nobody has stored anything in it. */
static bool was_never_used(const struct mx_store_vol *v)
{
	return v->maker.node && !v->share.reserved;
}

bool mx_store_bury(struct mx_store *st, const struct mx_store_vol *v)
{
	struct mx_store_tomb tomb = { .id = v->id, .claim = v->claim };
	u32 i = tomb_index(st, v->id);
	bool full = false;

	if (i == st->ntombs && was_never_used(v))
		return true;
	MX_COVER(store_bury);
	if (i < st->ntombs) {
		/* A tentative claim says nothing about the order of the others. */
		if (!tomb.claim.node)
			tomb.claim = st->tomb[i].claim;
		tomb_remove(st, i);
	} else if (st->ntombs == MX_TOMBS_MAX) {
		full = true;
		tomb_remove(st, 0);
	}
	st->tomb[st->ntombs++] = tomb;
	return !full;
}

const struct mx_store_tomb *mx_store_tomb(const struct mx_store *st, u64 id)
{
	u32 i = tomb_index(st, id);

	return i < st->ntombs ? &st->tomb[i] : NULL;
}

bool mx_store_unbury(struct mx_store *st, u64 id)
{
	u32 i = tomb_index(st, id);

	if (i == st->ntombs)
		return false;
	tomb_remove(st, i);
	return true;
}
