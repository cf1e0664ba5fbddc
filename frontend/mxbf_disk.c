// SPDX-License-Identifier: GPL-2.0
/*
 * The disk that the guest sees. It has no request queue: bios go straight to the ring.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mxbf.h"
#include "mx_compat_blk.h"

static int mxbf_open_disk(struct gendisk *disk, bool write)
{
	struct mxbf_dev *dev = disk->private_data;
	int err = 0;

	spin_lock_irq(&dev->lock);
	/* What is in use is opened anew to be given up: by swapoff, or umount. */
	if (dev->dying || (dev->closing && !dev->opens))
		err = -ENXIO;
	else
		dev->opens++;
	spin_unlock_irq(&dev->lock);
	return err;
}

static void mxbf_release_disk(struct gendisk *disk)
{
	struct mxbf_dev *dev = disk->private_data;

	spin_lock_irq(&dev->lock);
	/* A disk that the toolstack wants goes now. */
	if (!--dev->opens && dev->closing && !dev->dying)
		mod_delayed_work(mxbf_wq, &dev->look, 0);
	spin_unlock_irq(&dev->lock);
}

MX_BLK_OPEN_RELEASE(mxbf)

static void free_disk(struct gendisk *disk)
{
	kvfree(disk->private_data);
}

static const struct block_device_operations fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= mxbf_submit_bio,
	.open		= mxbf_open,
	.release	= mxbf_release,
	.free_disk	= free_disk,
	.swap_slot_free_notify = mxbf_slot_freed,
};

static struct gendisk *alloc_disk(struct mxbf_dev *dev)
{
	struct queue_limits lim = {
		.logical_block_size	= SECTOR_SIZE,
		.physical_block_size	= MXBF_FRAME,
		.io_min			= MXBF_FRAME,
		.max_hw_sectors		= SZ_1M >> SECTOR_SHIFT,
		.max_segment_size	= UINT_MAX,
		.dma_alignment		= 3,
	};

	if (dev->discard) {
		lim.discard_granularity = MXBF_FRAME;
		lim.max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT & ~(PAGE_SECTORS - 1);
	}
	return mx_blk_alloc_disk(&lim, MX_BLK_NOWAIT, NUMA_NO_NODE);
}

/*
 * Partitions are read by who opens the disk first: adding it does not wait for the
 * backend.
 */
int mxbf_disk_make(struct mxbf_dev *dev, u64 sectors, bool readonly)
{
	unsigned int vdev = xenbus_read_unsigned(dev->xdev->nodename, "virtual-device", 0);
	struct gendisk *disk = alloc_disk(dev);
	int err;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->fops = &fops;
	disk->private_data = dev;
	mxbf_name(vdev, disk->disk_name);
	set_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	set_capacity(disk, sectors);
	set_disk_ro(disk, readonly);
	err = device_add_disk(&dev->xdev->dev, disk, NULL);
	if (err) {
		/* It does not take @dev along. */
		disk->private_data = NULL;
		put_disk(disk);
		return err;
	}
	dev->disk = disk;
	dev->live = true;
	clear_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	set_bit(GD_NEED_PART_SCAN, &disk->state);
	kobject_uevent(&disk_to_dev(disk)->kobj, KOBJ_CHANGE);
	return 0;
}

void mxbf_disk_remove(struct mxbf_dev *dev)
{
	if (dev->live)
		del_gendisk(dev->disk);
	dev->live = false;
}

void mxbf_dev_put(struct mxbf_dev *dev)
{
	if (dev->disk)
		put_disk(dev->disk);
	else
		kvfree(dev);
}
