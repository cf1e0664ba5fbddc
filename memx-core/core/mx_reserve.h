/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects for the I/O path: from their slab if it has memory, else from a
 * reserve that is divided among servers, so that those used for a silent server
 * are not all.
 *
 * The slab has a constructor, since distributions have the kernel zero whatever
 * is allocated without one (init_on_alloc): kilobytes for each I/O.
 */
#ifndef MX_RESERVE_H
#define MX_RESERVE_H

#include <linux/slab.h>
#include <linux/spinlock.h>
#include "engine/mx_share.h"

/**
 * struct mx_reserve - a source of objects
 * @cache: the slab
 * @lock:  protects the rest; taken with bottom halves off, a leaf
 * @share: what is used of the reserve, by slot
 * @free:  objects of the reserve that are not in use
 * @nfree: how many
 * @min:   objects in the reserve if it is for few servers; constant
 */
struct mx_reserve {
	struct kmem_cache *cache;
	spinlock_t	lock;
	struct mx_share	share;
	void		**free;
	unsigned int	nfree;
	unsigned int	min;
};

/**
 * struct mx_reserved - where an object comes from; the user keeps it with it
 * @slot: mx_reserve.share's, given by the user
 * @own:  it is one of the reserve's
 */
struct mx_reserved {
	u8	slot;
	bool	own;
};

/**
 * mx_reserve_init() - a reserve for no server yet
 * @size:  objects in it at least
 * @least: objects that one I/O takes at most
 *
 * Return: 0 or -ENOMEM. May sleep.
 */
int mx_reserve_init(struct mx_reserve *r, struct kmem_cache *cache,
		    unsigned int size, unsigned int least);
/** mx_reserve_destroy() - all objects have been put. May sleep; idempotent */
void mx_reserve_destroy(struct mx_reserve *r);
/** mx_reserve_servers() - the reserve is for @n servers now, and grows with them. One
 * caller at a time. Return: false if there is no memory for that: call it again
 */
bool mx_reserve_servers(struct mx_reserve *r, unsigned int n);
/** mx_reserve_get() - Return: an object, or NULL: some of @slot's come back later
 * @from: result; for mx_reserve_put()
 */
void *mx_reserve_get(struct mx_reserve *r, u8 slot, struct mx_reserved *from);
void mx_reserve_put(struct mx_reserve *r, void *object, struct mx_reserved from);

#endif /* MX_RESERVE_H */
