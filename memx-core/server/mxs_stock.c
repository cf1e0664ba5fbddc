// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the memory server that store nothing: a stock of clean ones for the
 * next writes, and those that were freed and must be cleared first.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include "mx_compat_mm.h"
#include "mxs.h"

enum {
	STOCK_BATCH	= 64,	/* pages moved between looks at the host, or pauses */
	STOCK_MIN	= 256,	/* kept ready by the smallest server */
	LIMBO_MS	= 50,	/* between looks at pages that are being sent */
	SQUEEZE_MS	= 5000,	/* stay small so long after memory was short */
	STOP_WAIT_MS	= 3000,	/* for limbo to empty, at stop */
	EXIT_WAIT_MS	= 10000, /* the same at unload */
};

static unsigned int stock_pages = 2048;
module_param(stock_pages, uint, 0444);
MODULE_PARM_DESC(stock_pages, "clean pages kept ready for writes (2048)");

/**
 * struct mxs_stock - pages that store nothing, linked by page->lru
 * @lock:   guards the lists and their lengths
 * @clean:  ready for a write; the only reference is ours
 * @dirty:  freed; content of some volume
 * @limbo:  freed, and found in use by an answer being kept or sent
 * @nclean: length of @clean
 * @ndirty: length of @dirty
 * @nlimbo: length of @limbo
 * @target: wanted length of @clean, 0 while the server is stopped
 * @squeezed: the host has been short of memory
 * @easy:   jiffies when that is forgotten
 * @tending: one at a time clears and fills
 * @tend:   does it soon
 * @again:  does it after a while
 * @shrinker: asks for @clean when the host is short
 */
struct mxs_stock {
	spinlock_t	lock;	/* the lists */
	struct list_head clean;
	struct list_head dirty;
	struct list_head limbo;
	unsigned int	nclean;
	unsigned int	ndirty;
	unsigned int	nlimbo;
	unsigned int	target;
	bool		squeezed;
	unsigned long	easy;
	struct mutex	tending;	/* one at a time */
	struct work_struct tend;
	struct delayed_work again;
	struct shrinker	*shrinker;
};

static struct mxs_stock stock;

u64 mxs_host_room(void)
{
	u64 keep = max_t(u64, SZ_64M >> PAGE_SHIFT, totalram_pages() / 20);
	long avail = si_mem_available();

	return avail > 0 && avail > keep ? avail - keep : 0;
}

/* What the stock should hold now. */
static unsigned int wanted(void)
{
	unsigned int target = READ_ONCE(stock.target);

	if (READ_ONCE(stock.squeezed)) {
		if (time_before(jiffies, READ_ONCE(stock.easy)))
			return target / 4;
		WRITE_ONCE(stock.squeezed, false);
	}
	return target;
}

bool mxs_stock_take(struct page **page, unsigned int n)
{
	unsigned int i, left;

	spin_lock_bh(&stock.lock);
	if (stock.nclean < n) {
		spin_unlock_bh(&stock.lock);
		mxs_stat_add(MXS_S_STOCK_DRY, 1);
		mxs_stock_kick();
		return false;
	}
	for (i = 0; i < n; i++) {
		page[i] = list_first_entry(&stock.clean, struct page, lru);
		list_del(&page[i]->lru);
	}
	stock.nclean -= n;
	left = stock.nclean + stock.ndirty;
	spin_unlock_bh(&stock.lock);
	if (left < wanted() / 4 * 3)
		mxs_stock_kick();
	return true;
}

static void give_back(struct list_head *pages)
{
	struct page *page, *next;
	u64 n = 0;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		__free_page(page);
		n++;
	}
	mxs_stat_add(MXS_S_PAGES_DESTROYED, n);
}

/* Takes up to @most clean pages off the stock, as long as @keep stay. */
static unsigned int take_surplus(struct list_head *pages, unsigned int keep,
				 unsigned int most)
{
	unsigned int n = 0;

	spin_lock_bh(&stock.lock);
	while (n < most && stock.nclean > keep) {
		list_move(stock.clean.next, pages);
		stock.nclean--;
		n++;
	}
	spin_unlock_bh(&stock.lock);
	return n;
}

static void trim(unsigned int keep)
{
	LIST_HEAD(pages);

	while (take_surplus(&pages, keep, STOCK_BATCH)) {
		give_back(&pages);
		cond_resched();
	}
}

static void add_clean(struct list_head *pages, unsigned int n)
{
	spin_lock_bh(&stock.lock);
	list_splice(pages, &stock.clean);
	stock.nclean += n;
	spin_unlock_bh(&stock.lock);
}

/* A short batch; the host is asked in between whether it can spare the next. */
static unsigned int get_batch(unsigned int most)
{
	LIST_HEAD(pages);
	unsigned int n;

	for (n = 0; n < most; n++) {
		struct page *page = alloc_page(MXS_GFP);

		if (!page)
			break;
		list_add(&page->lru, &pages);
	}
	mxs_stat_add(MXS_S_PAGES_CREATED, n);
	add_clean(&pages, n);
	return n;
}

bool mxs_stock_fill(unsigned int n)
{
	unsigned int have = READ_ONCE(stock.nclean);

	while (have < n) {
		unsigned int batch = min_t(unsigned int, n - have, STOCK_BATCH);

		if (mxs_host_room() < batch || get_batch(batch) < batch)
			return false;
		cond_resched();
		have = READ_ONCE(stock.nclean);
	}
	return true;
}

/*
 * Nobody can find a freed page any more, so one that has no reference but ours
 * will not get another; clearing it cannot change what an answer says.
 */
static void clear(struct list_head *pages)
{
	struct page *page, *next;
	unsigned int nclean = 0, nbusy = 0;
	LIST_HEAD(clean);
	LIST_HEAD(busy);

	list_for_each_entry_safe(page, next, pages, lru) {
		if (page_count(page) > 1) {
			list_move(&page->lru, &busy);
			nbusy++;
			continue;
		}
		clear_highpage(page);
		list_move(&page->lru, &clean);
		nclean++;
	}
	mxs_stat_add(MXS_S_SCRUBBED, nclean);
	spin_lock_bh(&stock.lock);
	list_splice(&clean, &stock.clean);
	stock.nclean += nclean;
	list_splice(&busy, &stock.limbo);
	stock.nlimbo += nbusy;
	spin_unlock_bh(&stock.lock);
}

static void clear_in_steps(struct list_head *pages)
{
	LIST_HEAD(batch);

	while (!list_empty(pages)) {
		unsigned int n;

		for (n = 0; n < STOCK_BATCH && !list_empty(pages); n++)
			list_move_tail(pages->next, &batch);
		clear(&batch);
		trim(wanted());
		cond_resched();
	}
}

void mxs_stock_scrub(struct list_head *pages)
{
	clear_in_steps(pages);
	if (READ_ONCE(stock.nlimbo))
		queue_delayed_work(mxs_srv.chores, &stock.again,
				   msecs_to_jiffies(LIMBO_MS));
}

void mxs_stock_dirty(struct list_head *pages, unsigned int n)
{
	bool enough;

	spin_lock_bh(&stock.lock);
	list_splice_tail(pages, &stock.dirty);
	stock.ndirty += n;
	enough = stock.ndirty >= STOCK_BATCH;
	spin_unlock_bh(&stock.lock);
	if (enough)
		mxs_stock_kick();
}

static void take_freed(struct list_head *pages)
{
	spin_lock_bh(&stock.lock);
	list_splice_init(&stock.dirty, pages);
	stock.ndirty = 0;
	list_splice_tail_init(&stock.limbo, pages);
	stock.nlimbo = 0;
	spin_unlock_bh(&stock.lock);
}

/* Return: whether the stock and its waiting rooms are empty. */
static bool tend(void)
{
	LIST_HEAD(pages);
	bool empty;

	mutex_lock(&stock.tending);
	take_freed(&pages);
	clear_in_steps(&pages);
	trim(wanted());
	mxs_stock_fill(wanted());
	empty = !mxs_stock_room() && !READ_ONCE(stock.nlimbo);
	mutex_unlock(&stock.tending);
	if (READ_ONCE(stock.nlimbo))
		queue_delayed_work(mxs_srv.chores, &stock.again,
				   msecs_to_jiffies(LIMBO_MS));
	return empty;
}

static void tend_work(struct work_struct *work)
{
	tend();
}

void mxs_stock_kick(void)
{
	queue_work(mxs_srv.chores, &stock.tend);
}

bool mxs_stock_low(void)
{
	return READ_ONCE(stock.nclean) < wanted() / 8;
}

/* What is in limbo is held by answers that clients have not taken. */
u64 mxs_stock_room(void)
{
	return READ_ONCE(stock.nclean) + READ_ONCE(stock.ndirty);
}

void mxs_stock_gauges(u64 *gauge)
{
	spin_lock_bh(&stock.lock);
	gauge[MXS_G_STOCK] = stock.nclean;
	gauge[MXS_G_STOCK_TARGET] = wanted();
	gauge[MXS_G_DIRTY] = stock.ndirty;
	gauge[MXS_G_LIMBO] = stock.nlimbo;
	spin_unlock_bh(&stock.lock);
}

static unsigned long stock_count(struct shrinker *s, struct shrink_control *sc)
{
	return READ_ONCE(stock.nclean);
}

static unsigned long stock_scan(struct shrinker *s, struct shrink_control *sc)
{
	unsigned int n;
	LIST_HEAD(pages);

	WRITE_ONCE(stock.easy, jiffies + msecs_to_jiffies(SQUEEZE_MS));
	WRITE_ONCE(stock.squeezed, true);
	n = take_surplus(&pages, 0, sc->nr_to_scan);
	give_back(&pages);
	mxs_stat_add(MXS_S_SQUEEZED, n);
	return n ? n : SHRINK_STOP;
}

void mxs_stock_start(u64 capacity)
{
	u64 target = max_t(u64, STOCK_MIN, capacity / 8);

	WRITE_ONCE(stock.target, min_t(u64, target, stock_pages));
	tend();
}

/* Tends until nothing is in limbo. Return: false when the time is over. */
static bool settle(unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	for (;;) {
		if (tend())
			return true;
		if (time_after(jiffies, end))
			return false;
		schedule_timeout_uninterruptible(msecs_to_jiffies(LIMBO_MS));
	}
}

void mxs_stock_stop(void)
{
	WRITE_ONCE(stock.target, 0);
	if (!settle(STOP_WAIT_MS))
		pr_info("memx_server: %u freed pages are still being sent, and will be cleared and freed later\n",
			READ_ONCE(stock.nlimbo));
}

int mxs_stock_init(void)
{
	spin_lock_init(&stock.lock);
	INIT_LIST_HEAD(&stock.clean);
	INIT_LIST_HEAD(&stock.dirty);
	INIT_LIST_HEAD(&stock.limbo);
	mutex_init(&stock.tending);
	INIT_WORK(&stock.tend, tend_work);
	INIT_DELAYED_WORK(&stock.again, tend_work);
	stock.shrinker = mx_shrinker_new("memx_server", stock_count, stock_scan);
	return stock.shrinker ? 0 : -ENOMEM;
}

void mxs_stock_exit(void)
{
	unsigned int left;
	LIST_HEAD(pages);

	mx_shrinker_free(stock.shrinker);
	settle(EXIT_WAIT_MS);
	cancel_work_sync(&stock.tend);
	cancel_delayed_work_sync(&stock.again);
	left = stock.nlimbo;
	if (!left)
		return;
	/* The answers that keep them outlive us, and must not be falsified. */
	pr_warn("memx_server: %u pages are still being sent, and are freed without clearing\n",
		left);
	mxs_stat_add(MXS_S_UNSCRUBBED, left);
	take_freed(&pages);
	give_back(&pages);
}
