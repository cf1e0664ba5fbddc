// SPDX-License-Identifier: GPL-2.0
/*
 * Shares of a reserve by server.
 */
#include "mx_share.h"

/* The half for whoever comes first; less if the parts need more. */
static u32 common(const struct mx_share *s)
{
	return s->size - s->own * s->slots;
}

/* What a slot that uses @used has of the common half. */
static u32 lent_to(const struct mx_share *s, u32 used)
{
	return used > s->own ? used - s->own : 0;
}

static u32 slots_of(u32 n)
{
	return min_t(u32, n, MX_MEMBERS) + 1;
}

u32 mx_share_size(u32 size, u32 least, u32 n)
{
	return max_t(u32, size, 2 * least * slots_of(n));
}

static void divide(struct mx_share *s)
{
	u32 i;

	s->own = max_t(u32, s->size / 2 / s->slots, s->least);
	s->own = min_t(u32, s->own, s->size / s->slots);
	s->lent = 0;
	for (i = 0; i < MX_SHARE_SLOTS; i++)
		s->lent += lent_to(s, s->used[i]);
}

void mx_share_servers(struct mx_share *s, u32 n)
{
	s->slots = slots_of(n);
	divide(s);
}

void mx_share_init(struct mx_share *s, u32 size, u32 least)
{
	memset(s, 0, sizeof(*s));
	s->size = size;
	s->least = least;
	mx_share_servers(s, 0);
}

void mx_share_grow(struct mx_share *s, u32 more)
{
	s->size += more;
	divide(s);
}

bool mx_share_room(const struct mx_share *s, u32 slot, u32 n)
{
	u32 used = s->used[slot];
	u32 more = lent_to(s, used + n) - lent_to(s, used);

	return !more || s->lent + more <= common(s);
}

bool mx_share_take(struct mx_share *s, u32 slot, u32 n)
{
	u32 used = s->used[slot];

	if (!mx_share_room(s, slot, n))
		return false;
	s->lent += lent_to(s, used + n) - lent_to(s, used);
	s->used[slot] += n;
	return true;
}

void mx_share_give(struct mx_share *s, u32 slot, u32 n)
{
	u32 used = s->used[slot];

	MX_ASSERT(used >= n);
	s->lent -= lent_to(s, used) - lent_to(s, used - n);
	s->used[slot] -= n;
}
