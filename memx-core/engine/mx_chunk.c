// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a chunk and its bitmaps.
 */
#include "mx_chunk.h"

static void set_state(struct mx_chunk *c, u8 state)
{
	u8 server = MX_NO_SERVER;
	int i;

	if (state == MX_CHUNK_PLACED || state == MX_CHUNK_RELEASING)
		for (i = 0; i < c->home.n && server == MX_NO_SERVER; i++)
			if (c->home.member[i].state == MX_HOME_IN_SYNC)
				server = c->home.member[i].server;
	c->state = state;
	/* Others read it without a lock: written once. */
	if (c->server != server)
		c->server = server;
}

static void set_homeless(struct mx_chunk *c)
{
	set_state(c, c->nlost ? MX_CHUNK_LOST : MX_CHUNK_HOLE);
}

static bool is_placed(const struct mx_chunk *c)
{
	return c->state == MX_CHUNK_PLACED || c->state == MX_CHUNK_RELEASING;
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
	INIT_LIST_HEAD(&c->tombs);
}

enum mx_page mx_chunk_page(const struct mx_chunk *c, u32 page)
{
	if (c->nlost && mx_bits_get(c->lost, page, 1))
		return MX_PAGE_LOST;
	return mx_bits_get(c->have, page, 1) ? MX_PAGE_HAVE : MX_PAGE_ZERO;
}

bool mx_chunk_idle(const struct mx_chunk *c)
{
	return list_empty(&c->readers) && list_empty(&c->writers) &&
	       list_empty(&c->waiting) && list_empty(&c->tombs);
}

bool mx_chunk_spare(const struct mx_chunk *c)
{
	return c->state == MX_CHUNK_PLACED && !c->blind && !c->nhave &&
	       mx_chunk_idle(c);
}

bool mx_chunk_clear_from(const struct mx_chunk *c, u32 first)
{
	u32 n = c->pages - min_t(u32, first, c->pages);

	if (!mx_chunk_idle(c))
		return false;
	if (c->state == MX_CHUNK_HOLE)
		return true;
	if (!first || c->state == MX_CHUNK_UNKNOWN || c->blind || c->unsure)
		return false;
	return !mx_bits_count(c->have, first, n) &&
	       !mx_bits_count(c->lost, first, n);
}

bool mx_chunk_check(struct mx_chunk *c, u32 first, u32 n, u32 mask)
{
	u32 i, missing = mx_bits_get(c->have, first, n) & ~mask;

	for (i = 0; missing && i < n; i++) {
		if (!(missing & BIT(i)))
			continue;
		c->nhave -= mx_bits_clear(c->have, first + i, 1);
		c->nlost += mx_bits_set(c->lost, first + i, 1);
	}
	return !missing;
}

void mx_chunk_reelect(struct mx_chunk *c)
{
	set_state(c, c->state);
}

void mx_chunk_release(struct mx_chunk *c, bool back)
{
	if (back && c->state == MX_CHUNK_RELEASING)
		set_state(c, MX_CHUNK_PLACED);
	else if (!back)
		set_state(c, MX_CHUNK_RELEASING);
}

void mx_chunk_wrote(struct mx_chunk *c, u32 first, u32 n)
{
	c->nhave += mx_bits_set(c->have, first, n);
	if (c->nlost)
		c->nlost -= mx_bits_clear(c->lost, first, n);
}

void mx_chunk_freed(struct mx_chunk *c, u32 first, u32 n)
{
	c->nhave -= mx_bits_clear(c->have, first, n);
	if (c->nlost)
		c->nlost -= mx_bits_clear(c->lost, first, n);
	if (c->state == MX_CHUNK_LOST && !c->nlost)
		set_state(c, MX_CHUNK_HOLE);
}

void mx_chunk_learn(struct mx_chunk *c, u32 first, const u8 *bits, u32 len)
{
	u32 i, page = first;

	MX_ASSERT(!(first % 8));
	/* Of a copy that was lost, or replaced, while it was asked for. */
	if (c->state != MX_CHUNK_PLACED || !c->blind)
		return;
	for (i = 0; i < len && page < c->pages; i++, page += 8) {
		u64 byte = bits[i];

		if (c->pages - page < 8)
			byte &= BIT(c->pages - page) - 1;
		byte = (byte << page % 64) & ~c->have[page / 64];
		/* Others were discarded since the copy was lost. */
		if (c->lost_of != MX_LOST_OF_COPY)
			byte &= c->lost[page / 64];
		c->have[page / 64] |= byte;
		c->nhave += hweight64(byte);
		c->nlost -= hweight64(byte & c->lost[page / 64]);
		c->lost[page / 64] &= ~byte;
	}
}

static void clear_blind(struct mx_chunk *c)
{
	c->blind = false;
	c->lost_of = MX_LOST_OF_COPY;
}

void mx_chunk_learned(struct mx_chunk *c)
{
	/* What it does not have was never written. */
	if (c->lost_of == MX_LOST_UNKNOWN)
		c->nlost -= mx_bits_clear(c->lost, 0, c->pages);
	clear_blind(c);
}

void mx_chunk_left_gone(struct mx_chunk *c, u8 server, u32 inc, u32 era)
{
	u8 i = 0;

	while (i < c->nleft) {
		const struct mx_left *l = &c->left[i];

		if (l->server == server && l->inc == inc && l->era == era)
			c->left[i] = c->left[--c->nleft];
		else
			i++;
	}
}

const struct mx_left *mx_chunk_left(const struct mx_chunk *c,
				    const struct mx_env *env)
{
	u8 i;

	for (i = 0; i < c->nleft; i++) {
		const struct mx_left *l = &c->left[i];
		const struct mx_srv_life *life = &env->life[l->server];

		if (life->inc == l->inc && life->era == l->era &&
		    !(c->avoid & BIT_ULL(l->server)))
			return l;
	}
	return NULL;
}

/* A copy that was left may come back. */
static bool haunted(const struct mx_chunk *c, u64 now_ms)
{
	/* mx_chunk_sync() has not seen the clock yet if it is 0. */
	return c->nleft && (!c->left_ms ||
			    (s64)(now_ms - c->left_ms) < MX_LEFT_MS);
}

bool mx_chunk_kept(const struct mx_chunk *c, u64 now_ms)
{
	return c->avoid || c->home.n != mx_home_in_sync(&c->home) ||
	       haunted(c, now_ms);
}

bool mx_chunk_tidy(const struct mx_chunk *c, u64 now_ms)
{
	return !c->home.unsettled && !mx_chunk_kept(c, now_ms);
}

bool mx_chunk_sole(const struct mx_chunk *c)
{
	return !c->avoid && !c->nleft && !c->others &&
	       c->home.n == mx_home_in_sync(&c->home);
}

enum mx_release mx_chunk_release_due(const struct mx_chunk *c, u64 now_ms)
{
	if (!is_placed(c) || c->blind || c->nhave || c->held)
		return MX_RELEASE_NEVER;
	if (!mx_chunk_spare(c) || mx_chunk_kept(c, now_ms))
		return MX_RELEASE_LATER;
	return MX_RELEASE_NOW;
}

/* The home goes on without a copy that may come back. */
static void leave_one(struct mx_chunk *c, const struct mx_home_member *m)
{
	MX_COVER(chunk_left);
	if (c->nleft == MX_LEFT_MAX) {
		c->others = true;
		memmove(c->left, c->left + 1, --c->nleft * sizeof(c->left[0]));
	}
	c->left[c->nleft++] = (struct mx_left) {
		.inc	= m->inc,
		.era	= m->era,
		.gen	= c->home.gen,
		.server	= m->server,
	};
	c->left_ms = 0;
}

void mx_chunk_leave_lost(struct mx_chunk *c)
{
	u8 i;

	for (i = 0; i < c->home.n; i++)
		if (c->home.member[i].state == MX_HOME_LOST)
			leave_one(c, &c->home.member[i]);
}

void mx_chunk_take(struct mx_chunk *c, u8 server,
		   const struct mx_srv_life *life, u32 gen)
{
	MX_ASSERT(c->state == MX_CHUNK_PLACING && !c->nhave);
	if (!mx_home_in_sync(&c->home)) {
		mx_chunk_leave_lost(c);
		mx_home_clear(&c->home);
		clear_blind(c);
		c->unsure = false;
	}
	/* A copy that was left there has been replaced. */
	mx_chunk_left_gone(c, server, life->inc, life->era);
	mx_home_add(&c->home, server, life, gen);
}

void mx_chunk_placed(struct mx_chunk *c)
{
	MX_ASSERT(c->state == MX_CHUNK_PLACING && mx_home_in_sync(&c->home));
	MX_COVER(chunk_placed);
	set_state(c, MX_CHUNK_PLACED);
}

void mx_chunk_place_failed(struct mx_chunk *c, u32 first, u32 n)
{
	MX_COVER(chunk_place_failed);
	c->nlost += mx_bits_set(c->lost, first, n);
	set_homeless(c);
}

void mx_chunk_unplaced(struct mx_chunk *c)
{
	MX_ASSERT(!c->nhave);
	MX_COVER(chunk_unplaced);
	mx_home_clear(&c->home);
	clear_blind(c);
	c->unsure = false;
	set_homeless(c);
}

/* The last copy is gone; all that was in it is lost, for the time being. */
static void lose_all(struct mx_chunk *c)
{
	bool unknown = c->blind && c->lost_of == MX_LOST_OF_COPY;
	u32 w;

	/* Of those lost before, the copy has none. */
	if (unknown)
		c->lost_of = MX_LOST_UNKNOWN;
	else if (c->nlost && c->lost_of == MX_LOST_OF_COPY)
		c->lost_of = MX_LOST_MIXED;
	for (w = 0; w < mx_chunk_words(c->pages); w++) {
		c->lost[w] |= c->have[w];
		c->have[w] = 0;
	}
	c->nlost += c->nhave;
	c->nhave = 0;
	/* It stays blind, for when it comes back. */
	if (unknown)
		c->nlost += mx_bits_set(c->lost, 0, c->pages);
	set_homeless(c);
}

bool mx_chunk_lose(struct mx_chunk *c, u8 server, u32 inc, u32 era)
{
	int i = mx_home_find(&c->home, server);

	if (i < 0 || c->home.member[i].inc != inc || c->home.member[i].era != era)
		return false;
	/* A home has no place for one that is lost and was not in sync. */
	if (c->home.member[i].state == MX_HOME_STALE)
		leave_one(c, &c->home.member[i]);
	if (!mx_home_lose(&c->home, server) || !is_placed(c))
		return false;
	if (mx_home_in_sync(&c->home)) {
		set_state(c, c->state);
		return false;
	}
	MX_COVER(chunk_lost);
	lose_all(c);
	return true;
}

bool mx_chunk_gone(struct mx_chunk *c, u8 server, u32 inc, u32 era)
{
	int i = mx_home_find(&c->home, server);
	bool last;

	if (i < 0 || c->home.member[i].inc != inc || c->home.member[i].era != era)
		return false;
	last = mx_chunk_lose(c, server, inc, era);
	mx_home_forget(&c->home, server);
	mx_chunk_left_gone(c, server, inc, era);
	return last;
}

bool mx_chunk_regain(struct mx_chunk *c, u8 server,
		     const struct mx_srv_life *life)
{
	u32 w = 0;

	if ((c->state != MX_CHUNK_LOST && c->state != MX_CHUNK_HOLE) ||
	    !mx_home_regain(&c->home, server, life))
		return false;
	set_state(c, MX_CHUNK_PLACED);
	/* What was discarded meanwhile, it has. */
	c->unsure = true;
	if (c->lost_of == MX_LOST_UNKNOWN && c->nlost == c->pages) {
		/* Nothing was discarded: it is as it was. */
		MX_COVER(chunk_regained_blind);
		c->nlost -= mx_bits_clear(c->lost, 0, c->pages);
		c->lost_of = MX_LOST_OF_COPY;
		return true;
	}
	/* Of a server that cannot tell all stays lost: it may have older pages. */
	if (c->lost_of != MX_LOST_OF_COPY) {
		MX_COVER(chunk_regained_mixed);
		c->blind = life->gens;
		if (!c->blind)
			c->lost_of = MX_LOST_OF_COPY;
		return true;
	}
	MX_COVER(chunk_regained);
	for (; w < mx_chunk_words(c->pages); w++) {
		c->have[w] |= c->lost[w];
		c->lost[w] = 0;
	}
	c->nhave = c->nlost;
	c->nlost = 0;
	return true;
}

static bool same_life(const struct mx_home_member *m,
		      const struct mx_srv_life *life)
{
	return m->inc == life->inc && m->era == life->era;
}

bool mx_chunk_sync(struct mx_chunk *c, const struct mx_env *env)
{
	bool lost = false;
	int i;

	if (unlikely(c->nleft && !c->left_ms))
		c->left_ms = env->now_ms;
	/* Backwards, since a member that is not in sync is taken out. */
	for (i = c->home.n - 1; i >= 0; i--) {
		const struct mx_home_member m = c->home.member[i];

		if (!same_life(&m, &env->life[m.server]))
			lost |= mx_chunk_lose(c, m.server, m.inc, m.era);
		else if (m.state == MX_HOME_LOST)
			mx_chunk_regain(c, m.server, &env->life[m.server]);
	}
	return lost && !is_placed(c);
}

void mx_chunk_unknown(struct mx_chunk *c)
{
	MX_ASSERT(c->state == MX_CHUNK_HOLE && !c->nhave && !c->nlost);
	set_state(c, MX_CHUNK_UNKNOWN);
}

void mx_chunk_proved_hole(struct mx_chunk *c)
{
	if (c->state != MX_CHUNK_UNKNOWN)
		return;
	MX_COVER(chunk_proved_hole);
	set_state(c, MX_CHUNK_HOLE);
}

void mx_chunk_proved_lost(struct mx_chunk *c)
{
	if (c->state != MX_CHUNK_UNKNOWN)
		return;
	MX_COVER(chunk_proved_lost);
	c->nlost = mx_bits_set(c->lost, 0, c->pages);
	/* Lives that are over had it. */
	c->others = true;
	set_state(c, MX_CHUNK_LOST);
}

void mx_chunk_adopt(struct mx_chunk *c, const struct mx_home_member *member,
		    u32 n, u32 gen)
{
	bool gone = c->state == MX_CHUNK_LOST && !c->home.n;
	u32 i;

	if ((c->state != MX_CHUNK_UNKNOWN && !gone) || !n || n > MX_COPIES_MAX)
		return;
	MX_COVER(chunk_adopted);
	if (gone)
		c->nlost -= mx_bits_clear(c->lost, 0, c->pages);
	mx_home_clear(&c->home);
	for (i = 0; i < n; i++) {
		c->home.member[i] = member[i];
		c->home.unsettled |= member[i].state != MX_HOME_IN_SYNC;
	}
	c->home.n = n;
	c->home.behind = c->home.unsettled;
	c->home.gen = gen;
	c->home.last = max(c->home.last, gen);
	c->blind = true;
	set_state(c, MX_CHUNK_PLACED);
}
