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

/* What a floor keeps beyond what the share's chunks take. */
static u64 kept(const struct mx_share *s, u64 floor)
{
	u64 taken = s->reserved + s->overhead;

	return floor > taken ? floor - taken : 0;
}

static u64 spare(const struct mx_share *s)
{
	return kept(s, max(s->firm, s->hold));
}

static u64 passing(const struct mx_share *s)
{
	return spare(s) - kept(s, s->firm);
}

/* Around each change of a share: its part of the sums. */
static void leave(struct mx_quota *q, const struct mx_share *s)
{
	MX_ASSERT(spare(s) <= q->spare && passing(s) <= q->passing);
	q->spare -= spare(s);
	q->firm -= s->firm;
	q->passing -= passing(s);
}

static void enter(struct mx_quota *q, const struct mx_share *s)
{
	q->spare += spare(s);
	q->firm += s->firm;
	q->passing += passing(s);
}

u64 mx_quota_free(const struct mx_quota *q)
{
	u64 owed = q->reserved - q->used + q->spare;
	u64 left = q->capacity - q->reserved - q->overhead - q->spare;

	return q->room > owed ? min(left, q->room - owed) : 0;
}

bool mx_quota_promise(struct mx_quota *q, struct mx_share *s, u64 pages,
		      u64 overhead)
{
	u64 left = mx_quota_free(q) + spare(s);

	if (overhead > left || pages > left - overhead)
		return false;
	leave(q, s);
	q->reserved += pages;
	s->reserved += pages;
	q->overhead += overhead;
	s->overhead += overhead;
	enter(q, s);
	q->room -= min(q->room, overhead);
	return true;
}

void mx_quota_withdraw(struct mx_quota *q, struct mx_share *s, u64 pages,
		       u64 overhead)
{
	MX_ASSERT(pages <= s->reserved - s->used);
	MX_ASSERT(s->reserved <= q->reserved && s->used <= q->used);
	MX_ASSERT(overhead <= s->overhead && s->overhead <= q->overhead);
	leave(q, s);
	q->reserved -= pages;
	s->reserved -= pages;
	q->overhead -= overhead;
	s->overhead -= overhead;
	enter(q, s);
	q->room += overhead;
}

u64 mx_quota_most(const struct mx_quota *q, const struct mx_share *s)
{
	return s->reserved + s->overhead + spare(s) + mx_quota_free(q);
}

void mx_quota_floor(struct mx_quota *q, struct mx_share *s, u64 firm, u64 hold)
{
	MX_ASSERT(max(firm, hold) <= max(mx_quota_most(q, s), max(s->firm, s->hold)));
	leave(q, s);
	s->firm = firm;
	s->hold = hold;
	enter(q, s);
}

u64 mx_quota_passing(const struct mx_quota *q, const struct mx_share *s)
{
	return q->passing - passing(s);
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
