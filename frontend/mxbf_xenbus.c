// SPDX-License-Identifier: GPL-2.0
/*
 * Which disks are ours, and their life: offered, connected, resized, saved and
 * restored, taken away.
 *
 * A disk is MemX's if its script is block-memx: the toolstack writes that together with
 * the disk's other nodes, so that it is there whenever a driver is asked. What the
 * backend says itself, feature-memx, may come later: it is looked at then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "mxbf.h"
#include "mx_xs_keys.h"

#define SCRIPT_NAME "block-memx"

enum { LEAVE_MS = 2000 };

struct workqueue_struct *mxbf_wq;

static bool is_ours(struct xenbus_device *xdev)
{
	char *script = xenbus_read(XBT_NIL, xdev->otherend, MX_XS_SCRIPT, NULL);
	bool ours;

	if (IS_ERR(script))
		return false;
	ours = !strcmp(kbasename(script), SCRIPT_NAME);
	kfree(script);
	return ours;
}

/* A backend that has made its offer has said what it is. */
static bool backend_is_ours(struct xenbus_device *xdev)
{
	return xenbus_read_unsigned(xdev->otherend, MX_XS_FEATURE, 0) == 1;
}

/* --- connecting --------------------------------------------------------------- */

/*
 * The stock backend may have the disk before block-memx gives it to MemX's, and the state
 * need not change by that: it is looked at again for as long as a script may take.
 */
static bool is_early(struct mxbf_dev *dev)
{
	if (dev->looks++ >= MXBF_LOOKS)
		return false;
	queue_delayed_work(mxbf_wq, &dev->look, msecs_to_jiffies(MXBF_LOOK_MS));
	return true;
}

static void offered(struct mxbf_dev *dev)
{
	struct xenbus_device *xdev = dev->xdev;
	int err;

	if (!backend_is_ours(xdev)) {
		if (is_early(dev))
			return;
		xenbus_dev_error(xdev, -EPROTO,
				 "the backend is none of MemX, or an older one: bind the disk to the stock driver");
		return;
	}
	dev->looks = 0;
	err = mxbf_ring_open(dev);
	if (!err)
		err = xenbus_switch_state(xdev, XenbusStateInitialised);
	if (err)
		xenbus_dev_error(xdev, err, "cannot make a ring");
}

/* Return: whether the backend gives a size that can be. */
static bool read_sectors(struct mxbf_dev *dev, u64 *sectors)
{
	const char *dir = dev->xdev->otherend;

	return xenbus_scanf(XBT_NIL, dir, "sectors", "%llu", sectors) == 1 &&
	       *sectors <= (u64)LLONG_MAX >> SECTOR_SHIFT &&
	       xenbus_read_unsigned(dir, "sector-size", 0) == SECTOR_SIZE;
}

static void resize(struct mxbf_dev *dev)
{
	u64 sectors;

	if (!dev->disk || !read_sectors(dev, &sectors) || sectors == get_capacity(dev->disk))
		return;
	mxbf_give_size(dev, sectors);
	set_capacity_and_notify(dev->disk, sectors);
	dev_info_ratelimited(&dev->xdev->dev, "%s has %llu MiB now\n", dev->disk->disk_name,
			     sectors >> (20 - SECTOR_SHIFT));
}

static void connect(struct mxbf_dev *dev)
{
	const char *dir = dev->xdev->otherend;
	u64 sectors;
	int err;

	if (!read_sectors(dev, &sectors)) {
		xenbus_dev_error(dev->xdev, -EPROTO, "the backend gives no size of the disk");
		return;
	}
	WRITE_ONCE(dev->discard, xenbus_read_unsigned(dir, "feature-discard", 0));
	if (dev->disk) {
		resize(dev);
	} else {
		mxbf_give_size(dev, sectors);
		err = mxbf_disk_make(dev, sectors,
				     xenbus_read_unsigned(dir, "info", 0) & VDISK_READONLY);
		if (err) {
			xenbus_dev_error(dev->xdev, err, "cannot make the disk");
			return;
		}
		dev_info(&dev->xdev->dev, "%s, %llu MiB\n", dev->disk->disk_name,
			 sectors >> (20 - SECTOR_SHIFT));
	}
	xenbus_switch_state(dev->xdev, XenbusStateConnected);
	mxbf_go(dev);
}

/* --- going ---------------------------------------------------------------------- */

/* @force: also under somebody who has it open. Return: whether the disk goes. */
static bool begin_end(struct mxbf_dev *dev, bool force)
{
	bool told = dev->closing;

	spin_lock_irq(&dev->lock);
	dev->closing = true;
	if (force || !dev->opens)
		dev->dying = true;
	spin_unlock_irq(&dev->lock);
	if (!dev->dying && !told)
		xenbus_dev_error(dev->xdev, -EBUSY, "in use: goes when it is not any more");
	return dev->dying;
}

/* I/O ends here, whatever the backend does. */
static void end(struct mxbf_dev *dev)
{
	mxbf_fail(dev);
	mxbf_disk_remove(dev);
}

static void closing(struct mxbf_dev *dev, bool gone)
{
	/* The system goes down, and waits for this. */
	if (dev->xdev->state != XenbusStateClosing) {
		if (!begin_end(dev, gone))
			return;
		end(dev);
	}
	xenbus_frontend_closed(dev->xdev);
}

static void look(struct work_struct *work)
{
	struct mxbf_dev *dev = container_of(work, struct mxbf_dev, look.work);
	struct xenbus_device *xdev = dev->xdev;
	unsigned int state = xenbus_read_unsigned(xdev->otherend, "state", XenbusStateUnknown);

	if (READ_ONCE(dev->dying))
		return;
	switch (state) {
	case XenbusStateInitWait:
		if (xdev->state == XenbusStateInitialising && !dev->shared)
			offered(dev);
		break;
	case XenbusStateConnected:
		if (xdev->state == XenbusStateInitialised)
			connect(dev);
		else if (xdev->state == XenbusStateConnected)
			resize(dev);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		/* Before we have begun, that is the end of a driver before us. */
		if (xdev->state != XenbusStateInitialising && xdev->state != XenbusStateClosed)
			closing(dev, state == XenbusStateClosed);
		break;
	}
}

static void backend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct mxbf_dev *dev = dev_get_drvdata(&xdev->dev);

	if (dev)
		mod_delayed_work(mxbf_wq, &dev->look, 0);
}

/* --- the bus ---------------------------------------------------------------------- */

static struct mxbf_dev *dev_alloc(struct xenbus_device *xdev)
{
	struct mxbf_dev *dev = kvzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->xdev = xdev;
	spin_lock_init(&dev->lock);
	mxbf_table_init(&dev->table);
	bio_list_init(&dev->pending);
	init_waitqueue_head(&dev->room);
	INIT_DELAYED_WORK(&dev->look, look);
	mxbf_give_init(dev);
	return dev;
}

static int probe(struct xenbus_device *xdev, const struct xenbus_device_id *id)
{
	struct mxbf_dev *dev;
	int err;

	if (!is_ours(xdev))
		return -ENODEV;
	dev = dev_alloc(xdev);
	if (!dev)
		return -ENOMEM;
	err = mxbf_frames_make(dev);
	/* Who had the disk before us has left another one. */
	if (!err)
		err = xenbus_switch_state(xdev, XenbusStateInitialising);
	if (err) {
		mxbf_frames_free(dev);
		kvfree(dev);
		return err;
	}
	dev_set_drvdata(&xdev->dev, dev);
	return 0;
}

/*
 * The disk is as new for the next driver; which must not take the backend for one
 * that is connected already, so it is given a moment to see that.
 */
static void leave(struct xenbus_device *xdev)
{
	int i;

	xenbus_switch_state(xdev, XenbusStateInitialising);
	for (i = 0; i < LEAVE_MS / 20; i++) {
		if (xenbus_read_unsigned(xdev->nodename, "state", 0) != XenbusStateInitialising ||
		    xenbus_read_unsigned(xdev->otherend, "state", 0) != XenbusStateConnected)
			return;
		msleep(20);
	}
}

/* By the toolstack, or by an admin who gives the disk to another driver. */
static void remove(struct xenbus_device *xdev)
{
	struct mxbf_dev *dev = dev_get_drvdata(&xdev->dev);

	dev_set_drvdata(&xdev->dev, NULL);
	begin_end(dev, true);
	mxbf_fail(dev);
	cancel_delayed_work_sync(&dev->look);
	end(dev);
	cancel_delayed_work_sync(&dev->give);
	mxbf_ring_close(dev);
	if (xdev->state != XenbusStateClosed)
		leave(xdev);
	mxbf_frames_free(dev);
	spin_lock_irq(&dev->lock);
	dev->pages = 0;
	spin_unlock_irq(&dev->lock);
	kvfree(dev->freed);
	mxbf_dev_put(dev);
}

/* Another backend, perhaps on another host: all that was shared is to be shared anew. */
static int resume(struct xenbus_device *xdev)
{
	struct mxbf_dev *dev = dev_get_drvdata(&xdev->dev);
	int err;

	cancel_delayed_work_sync(&dev->look);
	mxbf_ring_close(dev);
	err = mxbf_frames_again(dev);
	spin_lock_irq(&dev->lock);
	dev->broken = err;
	dev->closing = dev->dying;
	spin_unlock_irq(&dev->lock);
	if (err) {
		xenbus_dev_error(xdev, err, "no memory to share: I/O fails");
		mxbf_fail(dev);
		return err;
	}
	/* The backend may be the one of before, and still have us as connected. */
	xenbus_printf(XBT_NIL, xdev->nodename, "state", "%d", XenbusStateInitialising);
	return 0;
}

static const struct xenbus_device_id ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver driver = {
	.name = "memx-vbd-front",
	.ids = ids,
	.allow_rebind = true,
	.probe = probe,
	.remove = remove,
	.resume = resume,
	.otherend_changed = backend_changed,
};

static int __init mxbf_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	mxbf_wq = alloc_workqueue("memx_blkfront", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!mxbf_wq)
		return -ENOMEM;
	err = xenbus_register_frontend(&driver);
	if (err)
		destroy_workqueue(mxbf_wq);
	return err;
}

static void __exit mxbf_exit(void)
{
	xenbus_unregister_driver(&driver);
	destroy_workqueue(mxbf_wq);
}

module_init(mxbf_init);
module_exit(mxbf_exit);

MODULE_DESCRIPTION("MemX: Xen block frontend for disks of other machines' memory");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vbd");
