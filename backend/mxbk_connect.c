// SPDX-License-Identifier: GPL-2.0
/*
 * Connects a disk's rings to its volume, and takes them apart. What is wrong is
 * said in words in memx/error, and the disk stays where it was.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mxbk.h"

static int read_volume_name(struct mxbk_dev *dev)
{
	char *name = xenbus_read(XBT_NIL, dev->xdev->nodename, MX_XS_VOLUME,
				 NULL);
	int err = 0;

	if (IS_ERR(name))
		return -ENOENT;
	if (strscpy(dev->name, name, sizeof(dev->name)) < 0 || !*name)
		err = -EINVAL;
	/* No volume has a name that this changes. */
	mxbk_plain(dev->name);
	kfree(name);
	return err;
}

static int claim_volume(struct mxbk_dev *dev)
{
	struct xenbus_device *xdev = dev->xdev;
	struct mx_volume *vol;
	char user[48];
	char *vdev;

	if (read_volume_name(dev)) {
		mxbk_say(dev, -ENOENT, "the script named no volume in %s",
			 MX_XS_VOLUME);
		return -EAGAIN;
	}
	vdev = xenbus_read(XBT_NIL, xdev->nodename, "dev", NULL);
	snprintf(user, sizeof(user), "%.16s of domain %d",
		 IS_ERR(vdev) ? "disk" : vdev, xdev->otherend_id);
	mxbk_plain(user);
	if (!IS_ERR(vdev))
		kfree(vdev);
	vol = mx_volume_claim(dev->name, user);
	if (!IS_ERR(vol)) {
		dev->vol = vol;
		return 0;
	}
	if (vol == ERR_PTR(-EBUSY))
		mxbk_say(dev, -EBUSY, "volume %s is in use", dev->name);
	else if (vol == ERR_PTR(-ENOENT))
		mxbk_say(dev, -ENOENT, "there is no volume %s", dev->name);
	else
		mxbk_say(dev, PTR_ERR(vol), "cannot have volume %s", dev->name);
	return -EAGAIN;
}

static bool is_readonly(struct mxbk_dev *dev)
{
	char *mode = xenbus_read(XBT_NIL, dev->xdev->nodename, "mode", NULL);
	bool readonly;

	if (IS_ERR(mode))
		return true;
	readonly = !strchr(mode, 'w');
	kfree(mode);
	return readonly;
}

static int write_geometry(struct mxbk_dev *dev)
{
	const struct mxbk_number numbers[] = {
		{ "sectors", dev->lim.sectors },
		{ "info", dev->lim.readonly ? VDISK_READONLY : 0 },
		{ "sector-size", 1 << MXBK_SECTOR_SHIFT },
		{ "physical-sector-size", MX_PAGE_SIZE },
	};

	dev->told_sectors = dev->lim.sectors;
	return mxbk_xs_write(dev, numbers, ARRAY_SIZE(numbers), NULL);
}

static void read_limits(struct mxbk_dev *dev)
{
	struct mx_vol_info info;

	mx_volume_info(dev->vol, &info);
	dev->lim.sectors = info.bytes >> MXBK_SECTOR_SHIFT;
	dev->discard_max = info.discard_max;
	dev->lim.readonly = is_readonly(dev);
	dev->lim.discard = xenbus_read_unsigned(dev->xdev->nodename,
						"discard-enable", 1);
}

int mxbk_connect(struct mxbk_dev *dev)
{
	int err;

	/* A live ring holds the module: unloading it would take disks away. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	err = claim_volume(dev);
	if (err) {
		module_put(THIS_MODULE);
		return err;
	}
	/* Before there are rings: what they give reason to say stays. */
	mxbk_say_nothing(dev);
	read_limits(dev);
	err = write_geometry(dev);
	if (!err)
		err = mxbk_rings_open(dev);
	if (!err)
		err = mxbk_switch(dev->xdev, MXBK_XB_CONNECTED);
	if (err) {
		if (err == -ENOMEM)
			mxbk_say(dev, err, "out of memory");
		mxbk_disconnect(dev, false);
		return err == -EAGAIN ? -EIO : err;
	}
	mxbk_record_start(dev);
	mxbk_reserve_start(dev);
	/* A guest can come back as often as it likes. */
	if (mxbk_hush_over(&dev->greeted, ktime_get_seconds()))
		dev_info(&dev->xdev->dev,
			 "connected to volume %s, %u ring(s)%s\n",
			 dev->name, dev->nrings,
			 dev->lim.readonly ? ", read-only" : "");
	return 0;
}

void mxbk_disconnect(struct mxbk_dev *dev, bool drain)
{
	if (!dev->vol)
		return;
	mxbk_rings_stop(dev, drain);
	mxbk_reserve_stop(dev);
	mxbk_record_stop(dev);
	/* What servers have not answered ends here: nobody waits for them. */
	mx_volume_abort(dev->vol);
	mxbk_rings_close(dev);
	mx_volume_release(dev->vol);
	dev->vol = NULL;
	module_put(THIS_MODULE);
}
