// SPDX-License-Identifier: GPL-2.0
/*
 * Shares of a reserve by server.
 */
#include "mx_share.h"

/* What a slot that uses @used has of the common half. */
static u32 lent_to(const struct mx_share *s, u32 used)
{
	return used > s->own ? used - s->own : 0;
}

void mx_share_servers(struct mx_share *s, u32 n)
{
	u32 i, slots = min_t(u32, n, MX_MEMBERS) + 1;

	s->own = s->size / 2 / slots;
	s->lent = 0;
	for (i = 0; i < MX_SHARE_SLOTS; i++)
		s->lent += lent_to(s, s->used[i]);
}

void mx_share_init(struct mx_share *s, u32 size)
{
	memset(s, 0, sizeof(*s));
	s->size = size;
	mx_share_servers(s, 0);
}

bool mx_share_room(const struct mx_share *s, u32 slot, u32 n)
{
	u32 used = s->used[slot];
	u32 more = lent_to(s, used + n) - lent_to(s, used);

	return !more || s->lent + more <= s->size - s->size / 2;
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
