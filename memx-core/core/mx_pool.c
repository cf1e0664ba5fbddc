// SPDX-License-Identifier: GPL-2.0
/*
 * A volume's reserve of private pages. A page that comes back while a frame
 * still refers to it rests in limbo: its content must not change before the NIC
 * has let go of it.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mx_pool.h"
#include "mx_stats.h"

/* Moves what nobody else refers to any more from limbo to the free pages. */
static void reap(struct mx_pool *pool)
{
	unsigned int i, kept = 0;

	lockdep_assert_held(&pool->lock);
	for (i = 0; i < pool->nlimbo; i++) {
		struct page *page = pool->limbo[i];

		if (page_count(page) == 1)
			pool->free[pool->nfree++] = page;
		else
			pool->limbo[kept++] = page;
	}
	pool->nlimbo = kept;
}

/* Is there enough for one of the slots that a waiter waits for? */
static bool enough_for(struct mx_pool *pool, const struct mx_waiter *waiter)
{
	u32 slot;

	for (slot = 0; slot < MX_IO_SLOTS; slot++) {
		u8 need = waiter->need[slot];

		if (!need || !mx_share_room(&pool->share, slot, need))
			continue;
		if (pool->nfree < need)
			reap(pool);
		if (pool->nfree >= need)
			return true;
		if (pool->nlimbo)
			mod_timer(&pool->timer, jiffies + 1);
	}
	return false;
}

static struct mx_waiter *next_waiter(struct mx_pool *pool)
{
	struct mx_waiter *waiter;

	list_for_each_entry(waiter, &pool->waiters, link) {
		if (!enough_for(pool, waiter))
			continue;
		list_del_init(&waiter->link);
		memset(waiter->need, 0, sizeof(waiter->need));
		waiter->busy++;
		return waiter;
	}
	return NULL;
}

/* Tells those who wait, as long as there is enough for one of them. */
static void wake_waiters(struct mx_pool *pool)
{
	struct mx_waiter *waiter, *first = NULL;

	spin_lock_bh(&pool->lock);
	while ((waiter = next_waiter(pool))) {
		bool again = waiter == first;

		if (!first)
			first = waiter;
		spin_unlock_bh(&pool->lock);
		local_bh_disable();
		waiter->wake(waiter);
		local_bh_enable();
		spin_lock_bh(&pool->lock);
		waiter->busy--;
		if (again)
			break;
	}
	spin_unlock_bh(&pool->lock);
}

static void on_timer(struct timer_list *timer)
{
	struct mx_pool *pool = timer_container_of(pool, timer, timer);

	wake_waiters(pool);
}

static void free_pages_of(struct page **pages, unsigned int n)
{
	mx_stat_add(MX_S_PAGE_FREED, n);
	while (n)
		__free_page(pages[--n]);
}

int mx_pool_init(struct mx_pool *pool, unsigned int size)
{
	u32 most = mx_share_size(size, MX_IO_PAGES, MX_MEMBERS);

	memset(pool, 0, sizeof(*pool));
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->waiters);
	timer_setup(&pool->timer, on_timer, 0);
	pool->min = size;
	mx_share_init(&pool->share, size, MX_IO_PAGES);
	pool->free = kvcalloc(most, sizeof(*pool->free), GFP_KERNEL);
	pool->limbo = kvcalloc(most, sizeof(*pool->limbo), GFP_KERNEL);
	if (!pool->free || !pool->limbo)
		goto fail;
	for (; pool->nfree < size; pool->nfree++) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY |
					       __GFP_NOWARN);

		if (!page)
			goto fail;
		pool->free[pool->nfree] = page;
		mx_stat_inc(MX_S_PAGE_MADE);
	}
	return 0;
fail:
	mx_pool_destroy(pool);
	return -ENOMEM;
}

void mx_pool_destroy(struct mx_pool *pool)
{
	timer_delete_sync(&pool->timer);
	/* Frames leave a NIC's queue in milliseconds; a page that does not
	 * come back is the NIC's to free.
	 */
	if (pool->free)
		free_pages_of(pool->free, pool->nfree);
	if (pool->limbo)
		free_pages_of(pool->limbo, pool->nlimbo);
	kvfree(pool->free);
	kvfree(pool->limbo);
	pool->free = NULL;
	pool->limbo = NULL;
}

bool mx_pool_servers(struct mx_pool *pool, unsigned int n)
{
	u32 want = mx_share_size(pool->min, MX_IO_PAGES, n);

	spin_lock_bh(&pool->lock);
	mx_share_servers(&pool->share, n);
	spin_unlock_bh(&pool->lock);
	while (pool->share.size < want) {
		struct page *page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);

		if (!page)
			break;
		mx_stat_inc(MX_S_PAGE_MADE);
		spin_lock_bh(&pool->lock);
		pool->free[pool->nfree++] = page;
		mx_share_grow(&pool->share, 1);
		spin_unlock_bh(&pool->lock);
	}
	wake_waiters(pool);
	return pool->share.size >= want;
}

static void arm(struct mx_pool *pool, struct mx_waiter *waiter, unsigned int n,
		u8 slot)
{
	u8 need = waiter->need[slot];

	waiter->need[slot] = need ? min_t(u8, need, n) : n;
	if (list_empty(&waiter->link))
		list_add_tail(&waiter->link, &pool->waiters);
	if (pool->nlimbo)
		mod_timer(&pool->timer, jiffies + 1);
}

bool mx_pool_get(struct mx_pool *pool, struct page **pages, unsigned int n,
		 u8 slot, struct mx_waiter *waiter)
{
	bool enough;

	spin_lock_bh(&pool->lock);
	if (pool->nfree < n)
		reap(pool);
	enough = pool->nfree >= n && mx_share_take(&pool->share, slot, n);
	if (enough) {
		pool->nfree -= n;
		memcpy(pages, pool->free + pool->nfree, n * sizeof(*pages));
	} else if (waiter) {
		arm(pool, waiter, n, slot);
	}
	spin_unlock_bh(&pool->lock);
	return enough;
}

void mx_pool_put(struct mx_pool *pool, struct page **pages, unsigned int n,
		 u8 slot)
{
	bool wake;
	unsigned int i;

	spin_lock_bh(&pool->lock);
	for (i = 0; i < n; i++) {
		if (page_count(pages[i]) == 1)
			pool->free[pool->nfree++] = pages[i];
		else
			pool->limbo[pool->nlimbo++] = pages[i];
	}
	mx_share_give(&pool->share, slot, n);
	wake = !list_empty(&pool->waiters);
	spin_unlock_bh(&pool->lock);
	if (wake)
		wake_waiters(pool);
}

void mx_pool_cancel(struct mx_pool *pool, struct mx_waiter *waiter)
{
	bool busy;

	do {
		spin_lock_bh(&pool->lock);
		list_del_init(&waiter->link);
		busy = waiter->busy;
		spin_unlock_bh(&pool->lock);
		cpu_relax();
	} while (busy);
}
