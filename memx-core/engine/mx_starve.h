/* SPDX-License-Identifier: GPL-2.0 */
/*
 * I/Os that wait for objects of a reserve, by the slot of their share.
 *
 * Contract. Sans-IO: the caller serialises all calls on one queue, but may read
 * mx_starve.n without. Whoever gives an object back looks at @n afterwards, and
 * if it is not 0 sees to it that those who wait are tried again. So an I/O that
 * is being tried has to count until it has got its object: it may fail a moment
 * before one comes back, and nobody else would know that it waits.
 */
#ifndef MX_STARVE_H
#define MX_STARVE_H

#include "mx_share.h"

/**
 * struct mx_starve - I/Os that wait
 * @list: them, oldest first, by slot
 * @n:    how many, with those that are being tried
 */
struct mx_starve {
	struct list_head list[MX_SHARE_SLOTS];
	u32	n;
};

static inline void mx_starve_init(struct mx_starve *s)
{
	u32 i;

	for (i = 0; i < MX_SHARE_SLOTS; i++)
		INIT_LIST_HEAD(&s->list[i]);
	s->n = 0;
}

/** mx_starve_add() - one more has to wait */
static inline void mx_starve_add(struct mx_starve *s, struct list_head *io, u32 slot)
{
	list_add_tail(io, &s->list[slot]);
	WRITE_ONCE(s->n, s->n + 1);
}

/** mx_starve_take() - the oldest of a slot, to be tried. It still counts, until
 * mx_starve_back() or mx_starve_fed(). Return: NULL if there is none
 */
static inline struct list_head *mx_starve_take(struct mx_starve *s, u32 slot)
{
	struct list_head *io = s->list[slot].next;

	if (list_empty(&s->list[slot]))
		return NULL;
	list_del_init(io);
	return io;
}

/** mx_starve_pull() - as mx_starve_take(), for one that is on a list */
static inline void mx_starve_pull(struct mx_starve *s, struct list_head *io)
{
	list_del_init(io);
}

/** mx_starve_back() - it has to wait on, before all others of its slot */
static inline void mx_starve_back(struct mx_starve *s, struct list_head *io, u32 slot)
{
	list_add(io, &s->list[slot]);
}

/** mx_starve_fed() - it waits no more */
static inline void mx_starve_fed(struct mx_starve *s)
{
	MX_ASSERT(s->n);
	WRITE_ONCE(s->n, s->n - 1);
}

#endif /* MX_STARVE_H */
