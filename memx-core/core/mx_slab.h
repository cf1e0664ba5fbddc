/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reserves of objects that are set up when their slab is made, not each time.
 *
 * Distributions have the kernel zero whatever is allocated (init_on_alloc), for
 * an operation and an I/O two KiB for each read. Caches with a constructor are
 * exempt, but mempool_create_slab_pool() does not take these.
 */
#ifndef MX_SLAB_H
#define MX_SLAB_H

#include <linux/mempool.h>
#include <linux/slab.h>

static inline void *mx_slab_get(gfp_t gfp, void *cache)
{
	return kmem_cache_alloc(cache, gfp);
}

static inline void mx_slab_put(void *object, void *cache)
{
	kmem_cache_free(cache, object);
}

/** mx_slab_pool() - at least @min objects of @cache; mempool_destroy() ends it */
static inline mempool_t *mx_slab_pool(int min, struct kmem_cache *cache)
{
	return mempool_create(min, mx_slab_get, mx_slab_put, cache);
}

#endif /* MX_SLAB_H */
