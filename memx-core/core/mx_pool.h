/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The private pages of a volume: allocated with it, used for the data of writes
 * until the server has answered, never waited for in the I/O path.
 */
#ifndef MX_POOL_H
#define MX_POOL_H

#include <linux/spinlock.h>
#include <linux/timer.h>
#include "mx_core.h"

/**
 * struct mx_pool - a reserve of pages
 * @lock:    protects all below; taken with bottom halves off, a leaf
 * @min:     pages in all if it is for few servers, constant
 * @free:    stack of pages ready for use
 * @nfree:   pages in @free
 * @limbo:   pages given back to which a frame in a NIC's queue still refers
 * @nlimbo:  pages in @limbo
 * @share:   what each server's writes have of it
 * @waiters: struct mx_waiter, oldest first
 * @timer:   looks after @limbo while somebody waits
 */
struct mx_pool {
	spinlock_t		lock;
	unsigned int		min;
	struct page		**free;
	unsigned int		nfree;
	struct page		**limbo;
	unsigned int		nlimbo;
	struct mx_share		share;
	struct list_head	waiters;
	struct timer_list	timer;
};

/** mx_pool_init() - allocate @size pages, for no server yet. Return: 0 or -ENOMEM.
 * May sleep
 */
int mx_pool_init(struct mx_pool *pool, unsigned int size);

/** mx_pool_destroy() - free them; all must have been put. Waits for frames that
 * refer to them. May sleep
 */
void mx_pool_destroy(struct mx_pool *pool);

/** mx_pool_servers() - the reserve is for @n servers now, and grows with them. One
 * caller at a time. Return: false if there is no memory for that: call it again
 */
bool mx_pool_servers(struct mx_pool *pool, unsigned int n);

/** mx_pool_get() - take @n pages of a slot's share; see mx_pages_get() */
bool mx_pool_get(struct mx_pool *pool, struct page **pages, unsigned int n,
		 u8 slot, struct mx_waiter *waiter);

/** mx_pool_put() - give @n pages back, which frames may still refer to */
void mx_pool_put(struct mx_pool *pool, struct page **pages, unsigned int n,
		 u8 slot);

/** mx_pool_cancel() - see mx_waiter_cancel() */
void mx_pool_cancel(struct mx_pool *pool, struct mx_waiter *waiter);

#endif /* MX_POOL_H */
