// SPDX-License-Identifier: GPL-2.0
/*
 * Objects for the I/O path, with a reserve that servers share.
 */
#include <linux/module.h>
#include "mx_reserve.h"

int mx_reserve_init(struct mx_reserve *r, struct kmem_cache *cache,
		    unsigned int size, unsigned int least)
{
	memset(r, 0, sizeof(*r));
	r->cache = cache;
	r->min = size;
	spin_lock_init(&r->lock);
	mx_share_init(&r->share, size, least);
	/* Room for what it may grow to. */
	r->free = kcalloc(mx_share_size(size, least, MX_MEMBERS),
			  sizeof(*r->free), GFP_KERNEL);
	if (!r->free)
		return -ENOMEM;
	while (r->nfree < size) {
		void *object = kmem_cache_alloc(cache, GFP_KERNEL);

		if (!object) {
			mx_reserve_destroy(r);
			return -ENOMEM;
		}
		r->free[r->nfree++] = object;
	}
	return 0;
}
MX_EXPORT_SYMBOL(mx_reserve_init);

void mx_reserve_destroy(struct mx_reserve *r)
{
	while (r->nfree)
		kmem_cache_free(r->cache, r->free[--r->nfree]);
	kfree(r->free);
	r->free = NULL;
}
MX_EXPORT_SYMBOL(mx_reserve_destroy);

bool mx_reserve_servers(struct mx_reserve *r, unsigned int n)
{
	u32 want = mx_share_size(r->min, r->share.least, n);

	spin_lock_bh(&r->lock);
	mx_share_servers(&r->share, n);
	spin_unlock_bh(&r->lock);
	while (r->share.size < want) {
		void *object = kmem_cache_alloc(r->cache,
						GFP_NOWAIT | __GFP_NOWARN);

		if (!object)
			return false;
		spin_lock_bh(&r->lock);
		r->free[r->nfree++] = object;
		mx_share_grow(&r->share, 1);
		spin_unlock_bh(&r->lock);
	}
	return true;
}
MX_EXPORT_SYMBOL(mx_reserve_servers);

void *mx_reserve_get(struct mx_reserve *r, u8 slot, struct mx_reserved *from)
{
	void *object = kmem_cache_alloc(r->cache, GFP_NOWAIT | __GFP_NOWARN |
					__GFP_NORETRY | __GFP_NOMEMALLOC);

	from->slot = slot;
	from->own = false;
	if (likely(object))
		return object;
	spin_lock_bh(&r->lock);
	if (r->nfree && mx_share_take(&r->share, slot, 1)) {
		object = r->free[--r->nfree];
		from->own = true;
	}
	spin_unlock_bh(&r->lock);
	return object;
}
MX_EXPORT_SYMBOL(mx_reserve_get);

void mx_reserve_put(struct mx_reserve *r, void *object, struct mx_reserved from)
{
	if (likely(!from.own)) {
		kmem_cache_free(r->cache, object);
		return;
	}
	spin_lock_bh(&r->lock);
	mx_share_give(&r->share, from.slot, 1);
	r->free[r->nfree++] = object;
	spin_unlock_bh(&r->lock);
}
MX_EXPORT_SYMBOL(mx_reserve_put);
