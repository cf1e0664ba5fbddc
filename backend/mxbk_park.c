// SPDX-License-Identifier: GPL-2.0
/*
 * Lets go of all disks at once, with their guests running, so that the module can
 * be replaced: once nothing of any ring is unanswered. Rings and states stay as
 * they are for the guests, who wait; whoever gets the devices next goes on where
 * the rings stand. If something is not answered in time, all go on as before.
 *
 * Nobody waits with a lock held: disks are told, then looked at again and again.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "mxbk.h"

enum {
	PARK_MS = 5000,	/* for what is in flight */
	LOOK_US = 500,	/* between looks at it */
};

static DEFINE_MUTEX(disks_mutex);
static LIST_HEAD(disks);	/* all disks; under disks_mutex */
static bool parked;		/* no disk is to be connected; under the parameter's lock */

bool mxbk_parked(void)
{
	return READ_ONCE(parked);
}

void mxbk_park_add(struct mxbk_dev *dev)
{
	mutex_lock(&disks_mutex);
	list_add_tail(&dev->link, &disks);
	mutex_unlock(&disks_mutex);
}

void mxbk_park_del(struct mxbk_dev *dev)
{
	mutex_lock(&disks_mutex);
	list_del(&dev->link);
	mutex_unlock(&disks_mutex);
}

/* Calls @what for each disk with its lock held. Return: sum of what it returned */
static u32 each(u32 (*what)(struct mxbk_dev *dev))
{
	struct mxbk_dev *dev;
	u32 sum = 0;

	mutex_lock(&disks_mutex);
	list_for_each_entry(dev, &disks, link) {
		mutex_lock(&dev->lock);
		sum += what(dev);
		mutex_unlock(&dev->lock);
	}
	mutex_unlock(&disks_mutex);
	return sum;
}

/*
 * A disk that the toolstack is taking from its guest: without a driver its state
 * would become Closed, whether the guest has let go of it or not.
 */
static u32 detaching(struct mxbk_dev *dev)
{
	if (!dev->vol || (xenbus_dev_is_online(dev->xdev) &&
			  mxbk_xs_state(dev->xdev) == MXBK_XB_CONNECTED))
		return 0;
	dev_warn(&dev->xdev->dev, "is being detached: the module stays until then\n");
	return 1;
}

static u32 quiet(struct mxbk_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_quiet(&dev->rings[i], true);
	return 0;
}

static u32 unquiet(struct mxbk_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_quiet(&dev->rings[i], false);
	return 0;
}

static u32 unanswered(struct mxbk_dev *dev)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < dev->nrings; i++)
		sum += READ_ONCE(dev->rings[i].inflight);
	return sum;
}

static u32 tell_unanswered(struct mxbk_dev *dev)
{
	u32 sum = unanswered(dev);

	if (sum)
		dev_warn(&dev->xdev->dev,
			 "goes on: %u requests have not been answered within %u s\n",
			 sum, PARK_MS / 1000);
	return sum;
}

static void go_on(void)
{
	WRITE_ONCE(parked, false);
	each(unquiet);
}

static int park(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(PARK_MS);
	int err;

	if (each(detaching))
		return -EBUSY;
	/* No disk is connected from here on, and those that are take nothing more. */
	WRITE_ONCE(parked, true);
	each(quiet);
	while (each(unanswered)) {
		if (time_before(jiffies, end) && !signal_pending(current)) {
			usleep_range(LOOK_US, 2 * LOOK_US);
			continue;
		}
		if (!signal_pending(current)) {
			each(tell_unanswered);
			err = -ETIMEDOUT;
		} else {
			err = -EINTR;
		}
		go_on();
		return err;
	}
	/* A device that is bound holds the module, connected or not. */
	err = each(detaching) ? -EBUSY : mxbk_claim_none();
	if (err)
		go_on();
	return err;
}

static int park_set(const char *value, const struct kernel_param *kp)
{
	bool want;
	int err = kstrtobool(value, &want);

	if (err || want == mxbk_parked())
		return err;
	if (want)
		return park();
	WRITE_ONCE(parked, false);
	return mxbk_claim_all();
}

static int park_get(char *value, const struct kernel_param *kp)
{
	return sysfs_emit(value, "%c\n", mxbk_parked() ? 'Y' : 'N');
}

static const struct kernel_param_ops park_ops = {
	.set = park_set,
	.get = park_get,
};

module_param_cb(parked, &park_ops, NULL, 0644);
MODULE_PARM_DESC(parked, "let go of all disks, with their guests waiting, so that this module can be replaced");
