// SPDX-License-Identifier: GPL-2.0
/*
 * Connects a disk's rings to its volume, and takes them apart. All that the
 * frontend says is looked at as numbers within bounds; what is wrong is said in
 * words in memx/error, and the disk stays where it was.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/interface/io/protocols.h>

#include "mxbk.h"

/* A number in the frontend's directory. Return: 0, -ENOENT or -EINVAL */
static int read_number(const char *dir, const char *node, unsigned int *value)
{
	int got = xenbus_scanf(XBT_NIL, dir, node, "%u", value);

	if (got == 1)
		return 0;
	return got == -ENOENT ? -ENOENT : -EINVAL;
}

static const struct mxbk_abi *read_abi(struct mxbk_dev *dev)
{
	const char *otherend = dev->xdev->otherend;
	const struct mxbk_abi *abi = NULL;
	char *word = xenbus_read(XBT_NIL, otherend, "protocol", NULL);

	if (IS_ERR(word))
		return &mxbk_abi_64;
	if (!*word || !strcmp(word, XEN_IO_PROTO_ABI_NATIVE) ||
	    !strcmp(word, XEN_IO_PROTO_ABI_X86_64))
		abi = &mxbk_abi_64;
	else if (!strcmp(word, XEN_IO_PROTO_ABI_X86_32))
		abi = &mxbk_abi_32;
	else
		mxbk_say(dev, -EINVAL, "frontend speaks unknown protocol \"%.20s\"",
			 word);
	kfree(word);
	return abi;
}

static int read_refs(struct mxbk_dev *dev, const char *dir, bool many,
		     struct mxbk_ring_cfg *cfg)
{
	char node[24];
	unsigned int i;
	int err = 0;

	if (!many && !read_number(dir, "ring-ref", &cfg->ref[0]))
		return 0;
	for (i = 0; i < cfg->nrefs && !err; i++) {
		snprintf(node, sizeof(node), "ring-ref%u", i);
		err = read_number(dir, node, &cfg->ref[i]);
	}
	return err;
}

static int open_ring(struct mxbk_dev *dev, struct mxbk_ring *ring,
		     const char *dir, const struct mxbk_ring_cfg *what)
{
	struct mxbk_ring_cfg cfg = *what;
	unsigned int evtchn;
	int err;

	err = read_refs(dev, dir, cfg.nrefs > 1, &cfg);
	if (err) {
		mxbk_say(dev, err, "frontend's ring references are missing");
		return err;
	}
	err = read_number(dir, "event-channel", &evtchn);
	if (err) {
		mxbk_say(dev, err, "frontend's event channel is missing");
		return err;
	}
	cfg.evtchn = evtchn;
	err = mxbk_ring_open(ring, dev, &cfg);
	if (err == -EPROTO)
		mxbk_say(dev, err, "frontend's ring indices contradict each other");
	else if (err)
		mxbk_say(dev, err, "cannot map the ring or bind its event");
	return err;
}

static int open_rings(struct mxbk_dev *dev, const struct mxbk_abi *abi,
		      unsigned int order, unsigned int count)
{
	const struct mxbk_ring_cfg cfg = {
		.abi = abi, .nrefs = 1U << order, .rings = count,
	};
	const char *otherend = dev->xdev->otherend;
	int err = 0;

	while (dev->nrings < count && !err) {
		struct mxbk_ring *ring = &dev->rings[dev->nrings];
		char *dir;

		if (count == 1) {
			err = open_ring(dev, ring, otherend, &cfg);
		} else {
			dir = kasprintf(GFP_KERNEL, "%s/queue-%u", otherend,
					dev->nrings);
			err = dir ? open_ring(dev, ring, dir, &cfg) : -ENOMEM;
			kfree(dir);
		}
		if (!err)
			dev->nrings++;
	}
	return err;
}

/*
 * One queue is offered. But if a stock backend was bound first, the frontend
 * may have read that one's offer, which is a queue for each CPU.
 */
static int read_rings(struct mxbk_dev *dev)
{
	const char *otherend = dev->xdev->otherend;
	const struct mxbk_abi *abi = read_abi(dev);
	unsigned int order, count;

	if (!abi)
		return -EINVAL;
	order = xenbus_read_unsigned(otherend, "ring-page-order", 0);
	if (order > MXBK_ORDER_MAX) {
		mxbk_say(dev, -EINVAL, "frontend wants rings of 2^%u pages", order);
		return -EINVAL;
	}
	count = xenbus_read_unsigned(otherend, "multi-queue-num-queues", 1);
	if (!count || count > num_online_cpus()) {
		mxbk_say(dev, -EINVAL, "frontend wants %u queues", count);
		return -EINVAL;
	}
	dev->rings = kvcalloc(count, sizeof(*dev->rings), GFP_KERNEL);
	if (!dev->rings)
		return -ENOMEM;
	return open_rings(dev, abi, order, count);
}

/* --- the volume -------------------------------------------------------- */

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
	read_limits(dev);
	err = write_geometry(dev);
	if (!err)
		err = read_rings(dev);
	if (!err)
		err = mxbk_switch(dev->xdev, MXBK_XB_CONNECTED);
	if (err) {
		if (err == -ENOMEM)
			mxbk_say(dev, err, "out of memory");
		mxbk_disconnect(dev, false);
		return err == -EAGAIN ? -EIO : err;
	}
	xenbus_rm(XBT_NIL, dev->xdev->nodename, MX_XS_ERROR);
	dev->said[0] = '\0';
	mxbk_record_start(dev);
	mxbk_reserve_start(dev);
	dev_info_ratelimited(&dev->xdev->dev,
			     "connected to volume %s, %u ring(s)%s\n",
			     dev->name, dev->nrings,
			     dev->lim.readonly ? ", read-only" : "");
	return 0;
}

void mxbk_disconnect(struct mxbk_dev *dev, bool drain)
{
	unsigned long end = jiffies + msecs_to_jiffies(MXBK_DRAIN_MS);
	unsigned int i;

	if (!dev->vol)
		return;
	for (i = 0; drain && i < dev->nrings; i++)
		mxbk_ring_drain(&dev->rings[i],
				max_t(long, end - jiffies, 1));
	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_stop(&dev->rings[i]);
	mxbk_reserve_stop(dev);
	mxbk_record_stop(dev);
	/* What servers have not answered ends here: nobody waits for them. */
	mx_volume_abort(dev->vol);
	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_close(&dev->rings[i]);
	kvfree(dev->rings);
	dev->rings = NULL;
	dev->nrings = 0;
	mx_volume_release(dev->vol);
	dev->vol = NULL;
	module_put(THIS_MODULE);
}
