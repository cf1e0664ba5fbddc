// SPDX-License-Identifier: GPL-2.0
/*
 * The floor under any block device of remote memory: each bio, a read of one
 * page, becomes a request frame, and ends when its answer is there. Nothing is
 * checked or kept in order; what is not there after a second is asked again.
 */
#include <linux/bio.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include "floor.h"
#include "mx_compat_blk.h"

/**
 * struct floor_read - a read under way, of the slot DEPTH_MAX further on
 * @lock:  protects the other fields and the slot
 * @bio:   what is read; NULL: nothing
 * @since: when it was asked for, jiffies
 */
struct floor_read {
	spinlock_t	lock;
	struct bio	*bio;
	unsigned long	since;
};

static struct floor_read reads[DEPTH_MAX];
static DECLARE_BITMAP(busy, DEPTH_MAX);	/* bit per read under way */
static DECLARE_WAIT_QUEUE_HEAD(idle_wait);
static struct gendisk *disk;

static unsigned int repeated;
module_param(repeated, uint, 0444);
MODULE_PARM_DESC(repeated, "reads of the disk that were asked for again");

static void watch_fn(struct timer_list *timer);
static DEFINE_TIMER(watch, watch_fn);

static int claim(void)
{
	unsigned int i;

	do {
		i = find_first_zero_bit(busy, DEPTH_MAX);
		if (i == DEPTH_MAX)
			return -EBUSY;
	} while (test_and_set_bit(i, busy));
	return i;
}

static void submit(struct bio *bio)
{
	struct bio_vec bv = bio_iovec(bio);
	struct floor_slot *slot;
	struct floor_read *read;
	int i = -EBUSY;

	if (bio_op(bio) == REQ_OP_READ && bio->bi_iter.bi_size == bv.bv_len &&
	    bv.bv_len <= PAGE_SIZE)
		i = claim();
	if (i < 0) {
		bio_io_error(bio);
		return;
	}
	read = &reads[i];
	slot = &floor_slots[DEPTH_MAX + i];
	spin_lock_bh(&read->lock);
	slot->to = page_address(bv.bv_page) + bv.bv_offset;
	slot->size = bv.bv_len;
	read->since = jiffies;
	read->bio = bio;
	floor_ask(DEPTH_MAX + i);
	spin_unlock_bh(&read->lock);
}

void floor_disk_take(unsigned int i, const struct sk_buff *skb,
		     const struct floor_hdr *hdr)
{
	struct floor_read *read = &reads[i];
	struct bio *bio;

	spin_lock(&read->lock);
	bio = read->bio;
	if (bio && floor_take(&floor_slots[DEPTH_MAX + i], skb, hdr))
		read->bio = NULL;
	else
		bio = NULL;
	spin_unlock(&read->lock);
	if (!bio)
		return;
	clear_bit(i, busy);
	bio_endio(bio);
	if (unlikely(wq_has_sleeper(&idle_wait)))
		wake_up(&idle_wait);
}

/* Once a second: what has been under way for longer was lost. */
static void watch_fn(struct timer_list *timer)
{
	unsigned int i;

	for_each_set_bit(i, busy, DEPTH_MAX) {
		struct floor_read *read = &reads[i];

		spin_lock(&read->lock);
		if (read->bio && time_after(jiffies, read->since + LOST_AFTER)) {
			read->since = jiffies;
			repeated++;
			floor_ask(DEPTH_MAX + i);
		}
		spin_unlock(&read->lock);
	}
	mod_timer(timer, jiffies + LOST_AFTER);
}

static const struct block_device_operations fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= submit,
};

int floor_disk_init(unsigned int mib)
{
	struct queue_limits lim = {
		.logical_block_size	= PAGE_SIZE,
		.physical_block_size	= PAGE_SIZE,
		.max_hw_sectors		= PAGE_SECTORS,
		.max_segments		= 1,
		.max_segment_size	= PAGE_SIZE,
		.dma_alignment		= 3,
	};
	unsigned int i;
	int err;

	if (!mib)
		return 0;
	for (i = 0; i < DEPTH_MAX; i++)
		spin_lock_init(&reads[i].lock);
	disk = mx_blk_alloc_disk(&lim, MX_BLK_NOWAIT, NUMA_NO_NODE);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->fops = &fops;
	disk->flags |= GENHD_FL_NO_PART;
	strscpy(disk->disk_name, "memx_floor", DISK_NAME_LEN);
	set_capacity(disk, (sector_t)mib << (20 - SECTOR_SHIFT));
	err = add_disk(disk);
	if (err) {
		put_disk(disk);
		disk = NULL;
		return err;
	}
	mod_timer(&watch, jiffies + LOST_AFTER);
	return 0;
}

void floor_disk_exit(void)
{
	if (IS_ERR_OR_NULL(disk))
		return;
	del_gendisk(disk);
	wait_event(idle_wait, bitmap_empty(busy, DEPTH_MAX));
	timer_delete_sync(&watch);
	put_disk(disk);
}
