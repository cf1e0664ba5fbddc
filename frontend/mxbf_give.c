// SPDX-License-Identifier: GPL-2.0
/*
 * Freed swap slots are given back: each is a bit, and a moment later runs of bits are
 * discards. A slot that is written anew meanwhile costs nothing.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "mxbf.h"

void mxbf_give_again(struct mxbf_dev *dev)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->lock, flags);
	if (dev->connected && dev->freed)
		queue_delayed_work(mxbf_wq, &dev->give, msecs_to_jiffies(MXBF_GIVE_MS));
	spin_unlock_irqrestore(&dev->lock, flags);
}

void mxbf_slot_freed(struct block_device *bdev, unsigned long index)
{
	struct mxbf_dev *dev = bdev->bd_disk->private_data;
	sector_t sector = get_start_sect(bdev) + ((sector_t)index << PAGE_SECTORS_SHIFT);
	sector_t page = sector >> PAGE_SECTORS_SHIFT;
	unsigned long flags;

	/* In a partition that is not aligned, a slot is no page of the disk's. */
	if (sector & (PAGE_SECTORS - 1))
		return;
	spin_lock_irqsave(&dev->lock, flags);
	if (page < dev->pages && dev->discard && !dev->dying) {
		__set_bit(page, dev->freed);
		queue_delayed_work(mxbf_wq, &dev->give, msecs_to_jiffies(MXBF_GIVE_MS));
	}
	spin_unlock_irqrestore(&dev->lock, flags);
}

void mxbf_give_not(struct mxbf_dev *dev, u64 sector, u64 sectors)
{
	u64 first = sector >> PAGE_SECTORS_SHIFT;
	u64 last = (sector + sectors - 1) >> PAGE_SECTORS_SHIFT;

	for (; first <= last && first < dev->pages; first++)
		__clear_bit(first, dev->freed);
}

/* The next run of freed slots, from where the last one ended. dev->lock held. */
static bool next_run(struct mxbf_dev *dev, unsigned long *first, unsigned long *n)
{
	unsigned long end;

	*first = find_next_bit(dev->freed, dev->pages, dev->next);
	if (*first >= dev->pages)
		*first = find_next_bit(dev->freed, dev->pages, 0);
	if (*first >= dev->pages)
		return false;
	end = min(dev->pages, *first + MXBF_GIVE_RUN);
	*n = find_next_zero_bit(dev->freed, end, *first) - *first;
	return true;
}

static void give(struct work_struct *work)
{
	struct mxbf_dev *dev = container_of(work, struct mxbf_dev, give.work);
	bool more = true, any = false;
	struct mxbf_slot *slot;
	unsigned long first, n;

	spin_lock_irq(&dev->lock);
	while (more && dev->connected && dev->discard && dev->table.gives < MXBF_GIVES &&
	       next_run(dev, &first, &n)) {
		slot = mxbf_slot_take(&dev->table, MXBF_DISCARD, (u64)first << PAGE_SECTORS_SHIFT);
		if (!slot) {
			queue_delayed_work(mxbf_wq, &dev->give, msecs_to_jiffies(MXBF_GIVE_MS));
			break;
		}
		more = mxbf_slot_give(&dev->table, slot, (u64)n << PAGE_SECTORS_SHIFT);
		bitmap_clear(dev->freed, first, n);
		dev->next = first + n;
		mxbf_put(dev, slot);
		any = true;
	}
	if (any)
		mxbf_push(dev);
	spin_unlock_irq(&dev->lock);
}

void mxbf_give_init(struct mxbf_dev *dev)
{
	INIT_DELAYED_WORK(&dev->give, give);
}

void mxbf_give_size(struct mxbf_dev *dev, u64 sectors)
{
	unsigned long pages = min_t(u64, sectors >> PAGE_SECTORS_SHIFT, MXBF_GIVE_PAGES);
	unsigned long *old, *freed;

	if (pages <= dev->pages)
		return;
	freed = kvcalloc(BITS_TO_LONGS(pages), sizeof(long), GFP_NOIO | __GFP_NOWARN);
	if (!freed)
		return;
	spin_lock_irq(&dev->lock);
	old = dev->freed;
	if (old)
		bitmap_copy(freed, old, dev->pages);
	dev->freed = freed;
	dev->pages = pages;
	spin_unlock_irq(&dev->lock);
	kvfree(old);
}
