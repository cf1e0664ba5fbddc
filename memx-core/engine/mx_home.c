// SPDX-License-Identifier: GPL-2.0
/*
 * The members of a chunk's home, and the generation that names them.
 */
#include "mx_home.h"

u32 mx_home_next(struct mx_home *h)
{
	return ++h->last;
}

void mx_home_clear(struct mx_home *h)
{
	h->n = 0;
	h->unsettled = false;
	h->behind = false;
}

void mx_home_add(struct mx_home *h, u8 server, const struct mx_srv_life *life,
		 u32 gen)
{
	int i;

	/* Who has lost what it took a moment ago is passed by. */
	for (i = h->n - 1; i >= 0; i--)
		if (h->member[i].state == MX_HOME_LOST)
			h->member[i] = h->member[--h->n];
	MX_ASSERT(h->n < MX_COPIES_MAX && mx_home_find(h, server) < 0);
	h->member[h->n++] = (struct mx_home_member) {
		.inc	= life->inc,
		.era	= life->era,
		.since	= gen,
		.server	= server,
		.state	= MX_HOME_IN_SYNC,
	};
	if (h->n == 1) {
		MX_COVER(home_first);
		h->gen = gen;
		h->unsettled = false;
		h->behind = false;
	} else {
		MX_COVER(home_further);
		h->unsettled = true;
		h->behind = true;
	}
	h->last = max(h->last, gen);
}

int mx_home_find(const struct mx_home *h, u8 server)
{
	int i;

	for (i = 0; i < h->n; i++)
		if (h->member[i].server == server)
			return i;
	return -1;
}

u32 mx_home_in_sync(const struct mx_home *h)
{
	u32 i, n = 0;

	for (i = 0; i < h->n; i++)
		n += h->member[i].state == MX_HOME_IN_SYNC;
	return n;
}

bool mx_home_has(const struct mx_home *h, u8 server, u32 inc, u32 era, u32 gen)
{
	int i = mx_home_find(h, server);

	return i >= 0 && h->member[i].state == MX_HOME_IN_SYNC &&
	       h->member[i].inc == inc && h->member[i].era == era &&
	       h->member[i].since <= gen;
}

bool mx_home_predates(const struct mx_home *h, u8 server, u32 gen)
{
	int i = mx_home_find(h, server);

	return i >= 0 && gen < h->member[i].since;
}

bool mx_home_stale(struct mx_home *h, u8 server)
{
	int i = mx_home_find(h, server);

	if (i < 0 || h->member[i].state != MX_HOME_IN_SYNC)
		return true;
	if (mx_home_in_sync(h) == 1)
		return false;
	MX_COVER(home_stale);
	h->member[i].state = MX_HOME_STALE;
	h->unsettled = true;
	return true;
}

bool mx_home_lose(struct mx_home *h, u8 server)
{
	int i = mx_home_find(h, server);
	bool in_sync;

	if (i < 0 || h->member[i].state == MX_HOME_LOST)
		return false;
	in_sync = h->member[i].state == MX_HOME_IN_SYNC;
	/* Only a copy that was in sync may come back. */
	if (!in_sync) {
		MX_COVER(home_lose_stale);
		h->member[i] = h->member[--h->n];
		return true;
	}
	MX_COVER(home_lose);
	h->member[i].state = MX_HOME_LOST;
	h->unsettled = true;
	return true;
}

void mx_home_forget(struct mx_home *h, u8 server)
{
	int i = mx_home_find(h, server);

	if (i < 0 || h->member[i].state != MX_HOME_LOST)
		return;
	MX_COVER(home_forget);
	h->member[i] = h->member[--h->n];
}

bool mx_home_regain(struct mx_home *h, u8 server, const struct mx_srv_life *life)
{
	int i = mx_home_find(h, server);

	if (i < 0 || h->member[i].state != MX_HOME_LOST ||
	    h->member[i].inc != life->inc || h->member[i].era != life->era ||
	    mx_home_in_sync(h))
		return false;
	MX_COVER(home_regain);
	h->member[i].state = MX_HOME_IN_SYNC;
	/* The others, if there are any, may have what this one lacks, and must not come
	 * back when it was read. And a placement that was given up must not count as
	 * newer than this home.
	 */
	h->behind = life->gens && (h->n > 1 || h->last > h->gen);
	h->unsettled = h->n > 1 || h->behind;
	return true;
}

void mx_home_differs(struct mx_home *h)
{
	if (!mx_home_in_sync(h))
		return;
	MX_COVER(home_differs);
	h->unsettled = true;
	h->behind = true;
}

void mx_home_behind(struct mx_home *h, u32 gen)
{
	h->last = max(h->last, gen);
	if (!mx_home_in_sync(h) || gen <= h->gen)
		return;
	MX_COVER(home_behind);
	h->unsettled = true;
	h->behind = true;
}

void mx_home_settled(struct mx_home *h, u32 gen)
{
	u8 i = 0;

	MX_ASSERT(mx_home_in_sync(h));
	MX_COVER(home_settled);
	while (i < h->n) {
		if (h->member[i].state == MX_HOME_LOST)
			h->member[i] = h->member[--h->n];
		else
			i++;
	}
	h->gen = gen;
	h->unsettled = false;
	h->behind = false;
}
