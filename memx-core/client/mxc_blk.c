// SPDX-License-Identifier: GPL-2.0
/*
 * Disks: made, opened, removed. They have no request queue: a bio goes straight
 * to the core.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include "mxc.h"
#include "mx_compat_blk.h"
#include "mx_compat_nl.h"

DEFINE_MUTEX(mxc_mutex);
LIST_HEAD(mxc_devs);

static int mxc_open_disk(struct gendisk *disk, bool write)
{
	struct mxc_dev *dev = disk->private_data;
	int err = 0;

	spin_lock_bh(&dev->lock);
	if (dev->dying)
		err = -ENXIO;
	else
		dev->opens++;
	spin_unlock_bh(&dev->lock);
	return err;
}

static void mxc_release_disk(struct gendisk *disk)
{
	struct mxc_dev *dev = disk->private_data;

	spin_lock_bh(&dev->lock);
	dev->opens--;
	spin_unlock_bh(&dev->lock);
}

MX_BLK_OPEN_RELEASE(mxc)

static const struct block_device_operations mxc_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= mxc_submit_bio,
	.open		= mxc_open,
	.release	= mxc_release,
};

/* memxa to memxz, memxaa to memxzz */
static void disk_name(int index, char *name)
{
	char *at = name + sprintf(name, "memx");

	if (index >= 26)
		*at++ = 'a' + index / 26 - 1;
	*at++ = 'a' + index % 26;
	*at = '\0';
}

static int free_index(void)
{
	struct mxc_dev *dev;
	int index = 0;

	lockdep_assert_held(&mxc_mutex);
	/* The list is in order of the index. */
	list_for_each_entry(dev, &mxc_devs, link) {
		if (dev->index != index)
			break;
		index++;
	}
	return index < MXC_DEVS_MAX ? index : -ENOSPC;
}

static void list_insert(struct mxc_dev *dev)
{
	struct mxc_dev *other;

	list_for_each_entry(other, &mxc_devs, link)
		if (other->index > dev->index)
			break;
	list_add_tail(&dev->link, &other->link);
}

static struct gendisk *make_disk(struct mxc_dev *dev)
{
	struct mx_vol_info info;
	struct queue_limits lim = {
		.logical_block_size	= SECTOR_SIZE,
		.physical_block_size	= MX_PAGE_SIZE,
		.io_min			= MX_PAGE_SIZE,
		.max_hw_sectors		= MX_IO_MAX_BYTES >> SECTOR_SHIFT,
		.max_segment_size	= UINT_MAX,
		.dma_alignment		= 3,
		.discard_granularity	= MX_PAGE_SIZE,
		.max_write_zeroes_sectors = MXC_DISCARD_MAX >> SECTOR_SHIFT,
	};
	struct gendisk *disk;

	mx_volume_info(dev->vol, &info);
	lim.max_hw_discard_sectors = min_t(u32, MXC_DISCARD_MAX, info.discard_max) >>
				     SECTOR_SHIFT;
	lim.chunk_sectors = 1U << (info.chunk_shift + PAGE_SECTORS_SHIFT);
	/* Without it io_uring would give each I/O to a thread of its own. */
	disk = mx_blk_alloc_disk(&lim, MX_BLK_NOWAIT, NUMA_NO_NODE);
	if (IS_ERR(disk))
		return disk;
	disk->fops = &mxc_fops;
	disk->private_data = dev;
	/* Not while it is being added, see find_partitions(). */
	set_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	disk_name(dev->index, disk->disk_name);
	set_capacity(disk, info.bytes >> SECTOR_SHIFT);
	return disk;
}

/*
 * add_disk() would read the partition table, and wait without limit for a server
 * that is silent, with mxc_mutex and netlink's locks held. So whoever opens the
 * disk first reads it; the event has udev do that.
 */
static void find_partitions(struct gendisk *disk)
{
	clear_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	set_bit(GD_NEED_PART_SCAN, &disk->state);
	kobject_uevent(&disk_to_dev(disk)->kobj, KOBJ_CHANGE);
}

/* Not in the watcher's callback: the event of a new size allocates and sleeps. */
static void resize(struct work_struct *work)
{
	struct mxc_dev *dev = container_of(work, struct mxc_dev, resize);
	struct mx_vol_info info;

	mx_volume_info(dev->vol, &info);
	set_capacity_and_notify(dev->disk, info.bytes >> SECTOR_SHIFT);
}

static void volume_changed(struct mx_vol_watch *watch)
{
	struct mxc_dev *dev = container_of(watch, struct mxc_dev, watch);
	struct mx_vol_info info;

	mx_volume_info(dev->vol, &info);
	if (info.bytes >> SECTOR_SHIFT != get_capacity(dev->disk))
		schedule_work(&dev->resize);
}

static struct mxc_dev *alloc_dev(int index)
{
	struct mxc_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int i;

	if (!dev)
		return NULL;
	if (mxc_io_reserve(dev)) {
		kfree(dev);
		return NULL;
	}
	mxc_stat_inc(MXC_S_DEV_MADE);
	dev->index = index;
	spin_lock_init(&dev->lock);
	for (i = 0; i < MX_IO_SLOTS; i++)
		bio_list_init(&dev->pending[i]);
	init_waitqueue_head(&dev->room);
	init_waitqueue_head(&dev->idle);
	mx_waiter_init(&dev->waiter, mxc_wake);
	dev->watch.changed = volume_changed;
	INIT_WORK(&dev->resize, resize);
	return dev;
}

static void free_dev(struct mxc_dev *dev)
{
	mx_reserve_destroy(&dev->ios);
	kfree(dev);
	mxc_stat_inc(MXC_S_DEV_FREED);
}

static int claim(struct mxc_dev *dev, const char *volume,
		 struct netlink_ext_ack *ack)
{
	char name[DISK_NAME_LEN], user[DISK_NAME_LEN + 8];

	disk_name(dev->index, name);
	snprintf(user, sizeof(user), "/dev/%s", name);
	dev->vol = mx_volume_claim(volume, user);
	if (!IS_ERR(dev->vol)) {
		strscpy(dev->volume, volume, sizeof(dev->volume));
		return 0;
	}
	if (PTR_ERR(dev->vol) == -EBUSY)
		NL_SET_ERR_MSG(ack, "the volume is in use");
	else
		NL_SET_ERR_MSG(ack, "there is no such volume");
	return PTR_ERR(dev->vol);
}

int mxc_dev_make(const char *volume, char *name, struct netlink_ext_ack *ack)
{
	struct mxc_dev *dev;
	int index, err;

	mutex_lock(&mxc_mutex);
	index = free_index();
	err = index;
	if (index < 0) {
		mx_extack_fmt(ack, "there are %d devices already", MXC_DEVS_MAX);
		goto unlock;
	}
	err = -ENOMEM;
	dev = alloc_dev(index);
	if (!dev)
		goto unlock;
	err = claim(dev, volume, ack);
	if (err)
		goto free_dev;
	dev->disk = make_disk(dev);
	err = PTR_ERR_OR_ZERO(dev->disk);
	if (err)
		goto release;
	err = add_disk(dev->disk);
	if (err)
		goto put_disk;
	list_insert(dev);
	mx_volume_watch(dev->vol, &dev->watch);
	/* It may have been resized since make_disk() looked. */
	schedule_work(&dev->resize);
	find_partitions(dev->disk);
	strscpy(name, dev->disk->disk_name, DISK_NAME_LEN);
	mutex_unlock(&mxc_mutex);
	return 0;
put_disk:
	put_disk(dev->disk);
release:
	mx_volume_release(dev->vol);
free_dev:
	free_dev(dev);
unlock:
	mutex_unlock(&mxc_mutex);
	return err;
}

/* Return: whether nobody has it open; nobody can open it any more then. */
static bool kill(struct mxc_dev *dev)
{
	spin_lock_bh(&dev->lock);
	if (!dev->opens)
		WRITE_ONCE(dev->dying, true);
	spin_unlock_bh(&dev->lock);
	return dev->dying;
}

static void destroy(struct mxc_dev *dev)
{
	list_del(&dev->link);
	mx_volume_unwatch(dev->vol, &dev->watch);
	cancel_work_sync(&dev->resize);
	/* Read-ahead may be under way, to a server that is silent. */
	mx_volume_abort(dev->vol);
	del_gendisk(dev->disk);
	mxc_drain(dev);
	wait_event(dev->idle, !atomic_read(&dev->inflight));
	mx_waiter_cancel(dev->vol, &dev->waiter);
	/* The last I/O's callback, see io_free(). */
	synchronize_rcu();
	mx_volume_release(dev->vol);
	put_disk(dev->disk);
	free_dev(dev);
}

int mxc_dev_remove(const char *name, struct netlink_ext_ack *ack)
{
	struct mxc_dev *dev, *found = NULL;
	int err = 0;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	mutex_lock(&mxc_mutex);
	list_for_each_entry(dev, &mxc_devs, link)
		if (!strcmp(dev->disk->disk_name, name))
			found = dev;
	if (!found) {
		NL_SET_ERR_MSG(ack, "there is no such device");
		err = -ENODEV;
	} else if (!kill(found)) {
		NL_SET_ERR_MSG(ack, "the device is open");
		err = -EBUSY;
	} else {
		destroy(found);
	}
	mutex_unlock(&mxc_mutex);
	return err;
}

void mxc_dev_remove_all(void)
{
	struct mxc_dev *dev, *next;

	mutex_lock(&mxc_mutex);
	list_for_each_entry_safe(dev, next, &mxc_devs, link) {
		kill(dev);
		destroy(dev);
	}
	mutex_unlock(&mxc_mutex);
}
