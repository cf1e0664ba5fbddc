// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a chunk, its bitmaps, and the order of its operations.
 */
#include "mx_chunk.h"

/* The bits of word @w that belong to pages @first to @end - 1. */
static u64 word_mask(u32 w, u32 first, u32 end)
{
	u32 lo = w * 64, hi = lo + 64;
	u64 mask = ~0ULL;

	if (first > lo)
		mask &= ~0ULL << (first - lo);
	if (end < hi)
		mask &= ~0ULL >> (hi - end);
	return mask;
}

static u32 bits_set(u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, changed = 0;

	for (w = first / 64; w * 64 < end; w++) {
		u64 fresh = word_mask(w, first, end) & ~map[w];

		map[w] |= fresh;
		changed += hweight64(fresh);
	}
	return changed;
}

static u32 bits_clear(u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, changed = 0;

	for (w = first / 64; w * 64 < end; w++) {
		u64 old = word_mask(w, first, end) & map[w];

		map[w] &= ~old;
		changed += hweight64(old);
	}
	return changed;
}

static u32 bits_count(const u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, count = 0;

	for (w = first / 64; w * 64 < end; w++)
		count += hweight64(word_mask(w, first, end) & map[w]);
	return count;
}

/* Up to 32 bits from @first on, lowest bit first. */
static u32 bits_get(const u64 *map, u32 first, u32 n)
{
	u32 w = first / 64, shift = first % 64;
	u64 bits = map[w] >> shift;

	if (shift && shift + n > 64)
		bits |= map[w + 1] << (64 - shift);
	return (u32)(n < 32 ? bits & (BIT_ULL(n) - 1) : bits);
}

static bool overlap(const struct mx_cop *a, const struct mx_cop *b)
{
	if (a->kind == MX_COP_READ && b->kind == MX_COP_READ)
		return false;
	if (a->whole || b->whole)
		return true;
	return a->first < b->first + b->n && b->first < a->first + a->n;
}

static bool blocked_by(const struct list_head *list, const struct mx_cop *cop)
{
	struct mx_cop *other;

	list_for_each_entry(other, list, link) {
		if (other == cop)
			return false;	/* the waiting list: those behind */
		if (overlap(other, cop))
			return true;
	}
	return false;
}

static bool blocked(const struct mx_chunk *c, const struct mx_cop *cop)
{
	if (blocked_by(&c->writers, cop) || blocked_by(&c->waiting, cop))
		return true;
	return cop->kind != MX_COP_READ && blocked_by(&c->readers, cop);
}

static void set_unplaced(struct mx_chunk *c)
{
	c->state = c->nlost ? MX_CHUNK_LOST : MX_CHUNK_HOLE;
	c->server = MX_NO_SERVER;
	c->placer = NULL;
	c->gen++;
}

static u8 decide_read(const struct mx_chunk *c, const struct mx_cop *cop)
{
	if (c->nlost && bits_count(c->lost, cop->first, cop->n))
		return MX_ACT_LOST;
	if (c->state != MX_CHUNK_PLACED)
		return MX_ACT_ZERO;
	if (c->trust || bits_count(c->have, cop->first, cop->n))
		return MX_ACT_CALL;
	return MX_ACT_ZERO;
}

static u8 decide_write(struct mx_chunk *c, struct mx_cop *cop)
{
	if (c->state == MX_CHUNK_PLACED)
		return MX_ACT_CALL;
	if (c->state == MX_CHUNK_PLACING)
		return MX_ACT_WAIT;
	c->state = MX_CHUNK_PLACING;
	c->placer = cop;
	return MX_ACT_PLACE;
}

static u8 decide_discard(struct mx_chunk *c, struct mx_cop *cop)
{
	u32 hit;

	c->nlost -= bits_clear(c->lost, cop->first, cop->n);
	if (c->state == MX_CHUNK_LOST && !c->nlost)
		c->state = MX_CHUNK_HOLE;
	if (c->state != MX_CHUNK_PLACED)
		return MX_ACT_DONE;
	hit = bits_count(c->have, cop->first, cop->n);
	cop->whole = hit == c->nhave && (!c->trust || cop->n == c->pages) &&
		     list_empty(&c->readers) && list_empty(&c->writers) &&
		     list_empty(&c->waiting);
	if (cop->whole)
		c->state = MX_CHUNK_RELEASING;
	else if (!hit && !c->trust)
		return MX_ACT_DONE;
	return cop->n || cop->whole ? MX_ACT_CALL : MX_ACT_DONE;
}

/* The operation is out of all lists and nothing is in its way. */
static u8 decide(struct mx_chunk *c, struct mx_cop *cop)
{
	u8 act;

	switch (cop->kind) {
	case MX_COP_READ:
		act = decide_read(c, cop);
		break;
	case MX_COP_WRITE:
		act = decide_write(c, cop);
		break;
	default:
		act = decide_discard(c, cop);
		break;
	}
	cop->act = act;
	if (act == MX_ACT_CALL || act == MX_ACT_PLACE) {
		cop->gen = c->gen;
		cop->where = MX_COP_ACTIVE;
		list_add_tail(&cop->link, cop->kind == MX_COP_READ ?
			      &c->readers : &c->writers);
	}
	return act;
}

static void wait_at(struct mx_cop *cop, struct list_head *where)
{
	cop->act = MX_ACT_WAIT;
	cop->where = MX_COP_WAITING;
	list_add(&cop->link, where);
}

static void leave(struct mx_chunk *c, struct mx_cop *cop)
{
	list_del_init(&cop->link);
	cop->where = MX_COP_OUT;
}

/* Starts what can be started, oldest first. */
static void advance(struct mx_chunk *c, struct list_head *ready)
{
	struct mx_cop *cop, *next;

	list_for_each_entry_safe(cop, next, &c->waiting, link) {
		struct list_head *before = cop->link.prev;

		if (blocked(c, cop))
			continue;
		leave(c, cop);
		if (decide(c, cop) == MX_ACT_WAIT)
			wait_at(cop, before);
		else
			list_add_tail(&cop->ready, ready);
	}
}

/* No server takes the chunk: the writes that wait for one end. */
static void fail_waiting(struct mx_chunk *c, struct list_head *ready)
{
	struct mx_cop *cop, *next;

	list_for_each_entry_safe(cop, next, &c->waiting, link) {
		if (cop->kind != MX_COP_WRITE)
			continue;
		leave(c, cop);
		cop->act = MX_ACT_FULL;
		list_add_tail(&cop->ready, ready);
	}
}

/* Back to the head of the queue: it keeps its turn among those it overlaps. */
static void start_over(struct mx_chunk *c, struct mx_cop *cop,
		       struct list_head *ready)
{
	leave(c, cop);
	cop->whole = false;
	wait_at(cop, &c->waiting);
	advance(c, ready);
}

static void executed(struct mx_chunk *c, struct mx_cop *cop)
{
	if (cop->kind == MX_COP_WRITE) {
		c->nhave += bits_set(c->have, cop->first, cop->n);
		c->nlost -= bits_clear(c->lost, cop->first, cop->n);
	} else if (cop->whole) {
		c->nhave -= bits_clear(c->have, 0, c->pages);
		MX_ASSERT(!c->nhave);
		c->trust = false;
		set_unplaced(c);
	} else {
		c->nhave -= bits_clear(c->have, cop->first, cop->n);
	}
}

void mx_chunk_init(struct mx_chunk *c, u64 *have, u64 *lost, u32 pages)
{
	memset(c, 0, sizeof(*c));
	c->have = have;
	c->lost = lost;
	c->pages = pages;
	c->server = MX_NO_SERVER;
	INIT_LIST_HEAD(&c->readers);
	INIT_LIST_HEAD(&c->writers);
	INIT_LIST_HEAD(&c->waiting);
}

u8 mx_chunk_submit(struct mx_chunk *c, struct mx_cop *cop)
{
	MX_ASSERT(cop->first <= c->pages && cop->n <= c->pages - cop->first);
	MX_ASSERT(cop->n || cop->kind == MX_COP_DISCARD);
	cop->where = MX_COP_OUT;
	cop->whole = false;
	if (blocked(c, cop) || decide(c, cop) == MX_ACT_WAIT)
		wait_at(cop, c->waiting.prev);
	return cop->act;
}

void mx_chunk_placed(struct mx_chunk *c, struct mx_cop *cop, u8 server, u32 era)
{
	MX_ASSERT(c->state == MX_CHUNK_PLACING && c->placer == cop);
	MX_ASSERT(!c->nhave);
	c->state = MX_CHUNK_PLACED;
	c->server = server;
	c->era = era;
	c->placer = NULL;
	c->gen++;
	cop->gen = c->gen;
}

bool mx_chunk_end(struct mx_chunk *c, struct mx_cop *cop, u8 how,
		  struct list_head *ready)
{
	bool current_gen = cop->gen == c->gen;

	MX_ASSERT(cop->where == MX_COP_ACTIVE);
	if (c->placer == cop)
		set_unplaced(c);
	else if (cop->whole && current_gen && how != MX_END_OK)
		c->state = MX_CHUNK_PLACED;
	if (how == MX_END_RETRY || (how == MX_END_OK && !current_gen)) {
		start_over(c, cop, ready);
		return false;
	}
	leave(c, cop);
	if (how == MX_END_OK)
		executed(c, cop);
	else if (how == MX_END_FULL)
		fail_waiting(c, ready);
	advance(c, ready);
	return true;
}

bool mx_chunk_check(struct mx_chunk *c, u32 first, u32 n, u32 mask)
{
	u32 i, missing = bits_get(c->have, first, n) & ~mask;

	for (i = 0; missing && i < n; i++) {
		if (!(missing & BIT(i)))
			continue;
		c->nhave -= bits_clear(c->have, first + i, 1);
		c->nlost += bits_set(c->lost, first + i, 1);
	}
	return !missing;
}

u8 mx_chunk_read_end(struct mx_chunk *c, struct mx_cop *cop, u32 mask, u32 *give,
		     struct list_head *ready)
{
	bool whole;

	MX_ASSERT(cop->kind == MX_COP_READ && cop->n <= 32);
	MX_ASSERT(cop->where == MX_COP_ACTIVE);
	if (cop->gen != c->gen) {
		start_over(c, cop, ready);
		return MX_ACT_WAIT;
	}
	whole = mx_chunk_check(c, cop->first, cop->n, mask);
	*give = c->trust ? mask : bits_get(c->have, cop->first, cop->n);
	leave(c, cop);
	advance(c, ready);
	return whole ? MX_ACT_DONE : MX_ACT_LOST;
}

void mx_chunk_unqueue(struct mx_chunk *c, struct mx_cop *cop,
		      struct list_head *ready)
{
	MX_ASSERT(cop->where == MX_COP_WAITING);
	leave(c, cop);
	advance(c, ready);
}

void mx_chunk_swap(struct mx_chunk *c, struct mx_cop *cop, struct mx_cop *heir)
{
	MX_ASSERT(cop->where == MX_COP_ACTIVE && heir->where == MX_COP_OUT);
	heir->gen = cop->gen;
	heir->act = cop->act;
	heir->whole = cop->whole;
	heir->where = MX_COP_ACTIVE;
	list_add(&heir->link, &cop->link);
	leave(c, cop);
	if (c->placer == cop)
		c->placer = heir;
}

bool mx_chunk_lose(struct mx_chunk *c, u32 gen)
{
	u32 w;

	if (gen != c->gen || c->server == MX_NO_SERVER)
		return false;
	for (w = 0; w < mx_chunk_words(c->pages); w++) {
		c->lost[w] |= c->have[w];
		c->have[w] = 0;
	}
	c->nlost += c->nhave;
	c->nhave = 0;
	if (c->trust)
		c->nlost += bits_set(c->lost, 0, c->pages);
	c->trust = false;
	set_unplaced(c);
	return true;
}

enum mx_page mx_chunk_page(const struct mx_chunk *c, u32 page)
{
	if (bits_get(c->lost, page, 1))
		return MX_PAGE_LOST;
	if (c->state == MX_CHUNK_PLACED &&
	    (c->trust || bits_get(c->have, page, 1)))
		return MX_PAGE_HAVE;
	return MX_PAGE_ZERO;
}

bool mx_chunk_idle(const struct mx_chunk *c)
{
	return list_empty(&c->readers) && list_empty(&c->writers) &&
	       list_empty(&c->waiting);
}

bool mx_chunk_spare(const struct mx_chunk *c)
{
	return c->state == MX_CHUNK_PLACED && !c->trust && !c->nhave &&
	       mx_chunk_idle(c);
}
