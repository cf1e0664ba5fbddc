// SPDX-License-Identifier: GPL-2.0
/*
 * A memory server's account of its pages.
 */
#include "mx_quota.h"

enum {
	MX_QUOTA_NEWS	= 16,	/* a change of free by 1/16 of all is news */
};

void mx_quota_init(struct mx_quota *q, u64 capacity, u64 room)
{
	*q = (struct mx_quota){ .capacity = capacity, .room = room };
}

void mx_quota_room(struct mx_quota *q, u64 room)
{
	q->room = room;
}

u64 mx_quota_free(const struct mx_quota *q)
{
	u64 owed = q->reserved - q->used;
	u64 left = q->capacity - q->reserved - q->overhead;

	return q->room > owed ? min(left, q->room - owed) : 0;
}

bool mx_quota_promise(struct mx_quota *q, struct mx_share *s, u64 pages,
		      u64 overhead)
{
	u64 left = mx_quota_free(q);

	if (overhead > left || pages > left - overhead)
		return false;
	q->reserved += pages;
	s->reserved += pages;
	q->overhead += overhead;
	q->room -= min(q->room, overhead);
	return true;
}

void mx_quota_withdraw(struct mx_quota *q, struct mx_share *s, u64 pages,
		       u64 overhead)
{
	MX_ASSERT(pages <= s->reserved - s->used);
	MX_ASSERT(s->reserved <= q->reserved && s->used <= q->used);
	MX_ASSERT(overhead <= q->overhead);
	q->reserved -= pages;
	s->reserved -= pages;
	q->overhead -= overhead;
	q->room += overhead;
}

void mx_quota_store(struct mx_quota *q, struct mx_share *s, u64 pages)
{
	MX_ASSERT(pages <= s->reserved - s->used);
	q->used += pages;
	s->used += pages;
	q->room -= min(q->room, pages);
}

void mx_quota_drop(struct mx_quota *q, struct mx_share *s, u64 pages)
{
	MX_ASSERT(pages <= s->used && s->used <= q->used);
	q->used -= pages;
	s->used -= pages;
	q->room += pages;
}

bool mx_quota_news(const struct mx_quota *q)
{
	u64 now = mx_quota_free(q);
	u64 moved = now > q->told ? now - q->told : q->told - now;

	return moved > q->capacity / MX_QUOTA_NEWS;
}

void mx_quota_told(struct mx_quota *q)
{
	q->told = mx_quota_free(q);
}
