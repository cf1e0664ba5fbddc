// SPDX-License-Identifier: GPL-2.0
/*
 * Which disks are ours, and how they get here although the stock backend
 * serves the same type of device.
 *
 * The bus offers a new device to the drivers in the order of their
 * registration, and the stock driver takes all. So our disks are taken from it
 * afterwards: in a watch's callback, that is in xenwatch, where devices are made
 * and removed, so that neither can happen meanwhile. By then the stock driver
 * has done no more than to write features and InitWait, and it will never serve
 * such a disk, for nobody writes physical-device.
 *
 * An admin who unbinds the stock driver from a device, or unloads that driver, holds
 * the device's lock and waits for xenwatch. xenbus itself takes that lock in xenwatch
 * when the device's nodes are removed, and so do we when we claim it. Nothing here
 * makes that window larger than xenbus has it; a disk of ours is bound to the
 * stock driver for a moment only.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/slab.h>

#include "mxbk.h"

#define SCRIPT_NAME "block-memx"
/* What xenbus writes when a probe() returns -ENODEV. */
#define DECLINED "19 xenbus_dev_probe on "

static struct xenbus_driver *claimant;
static bool leaving;
static bool gone;	/* for good: somebody may still write to the module's parameters */

bool mxbk_leaving(void)
{
	return READ_ONCE(leaving);
}

bool mxbk_is_ours(struct xenbus_device *xdev)
{
	char *script = xenbus_read(XBT_NIL, xdev->nodename, MX_XS_SCRIPT, NULL);
	bool ours;

	if (IS_ERR(script))
		return false;
	ours = !strcmp(kbasename(script), SCRIPT_NAME);
	kfree(script);
	return ours;
}

static bool is_disk(struct xenbus_device *xdev)
{
	return !strcmp(xdev->devicetype, "vbd") ||
	       !strcmp(xdev->devicetype, "vbd3");
}

/* @dir/@node: it is removed, and @dir too if nothing else is in it. */
static void remove_node(const char *dir, const char *node)
{
	unsigned int n;
	char **names;

	if (xenbus_rm(XBT_NIL, dir, node))
		return;
	names = xenbus_directory(XBT_NIL, dir, "", &n);
	if (IS_ERR(names))
		return;
	kfree(names);
	if (!n)
		xenbus_rm(XBT_NIL, dir, "");
}

/*
 * The bus offers us the disks of others if we were registered first, and leaves a
 * note in "error/" for each that we decline, which nobody else would take away.
 * Notes about anything else stay.
 */
static void forget_declined(struct xenbus_device *xdev)
{
	char *dir = kasprintf(GFP_KERNEL, "error/%s", xdev->nodename);
	char *words, *id;

	if (!dir)
		return;
	words = xenbus_read(XBT_NIL, dir, "error", NULL);
	id = strrchr(dir, '/');
	if (!IS_ERR(words)) {
		if (strstarts(words, DECLINED)) {
			*id = '\0';
			remove_node(dir, id + 1);
		}
		kfree(words);
	}
	kfree(dir);
}

static void claim(struct device *device)
{
	struct xenbus_device *xdev = to_xenbus_device(device);
	int err;

	if (READ_ONCE(gone) || device->driver == &claimant->driver || !is_disk(xdev))
		return;
	if (!mxbk_is_ours(xdev)) {
		forget_declined(xdev);
		return;
	}
	if (xenbus_exists(XBT_NIL, xdev->nodename, "physical-device"))
		return;
	device_release_driver(device);
	err = device_driver_attach(&claimant->driver, device);
	if (err)
		dev_warn(device, "cannot be claimed: error %d\n", err);
	else
		dev_dbg(device, "claimed\n");
}

static int claim_if_ours(struct device *device, void *unused)
{
	claim(device);
	return 0;
}

/* Whether @path is a node right below the device's. */
static int is_of_path(struct device *device, const void *path)
{
	const char *node = to_xenbus_device(device)->nodename;
	size_t len = strlen(node);

	return !strncmp(path, node, len) && ((const char *)path)[len] == '/';
}

/*
 * Of the many nodes written for a disk, `script` comes with the device and
 * `hotplug-status` last. The first call for a watch is for its root: then
 * everything that is there is looked at.
 */
static void disks_changed(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	const struct bus_type *bus = claimant->driver.bus;
	const char *last = kbasename(path);
	struct device *device;

	if (mxbk_leaving())
		return;
	if (!strcmp(path, watch->node)) {
		bus_for_each_dev((struct bus_type *)bus, NULL, NULL,
				 claim_if_ours);
		return;
	}
	if (strcmp(last, MX_XS_SCRIPT) && strcmp(last, MX_XS_HOTPLUG_STATUS))
		return;
	device = bus_find_device((struct bus_type *)bus, NULL, path,
				 is_of_path);
	if (!device)
		return;
	claim(device);
	put_device(device);
}

static struct xenbus_watch disks[] = {
	{ .node = "backend/vbd", .callback = disks_changed },
	{ .node = "backend/vbd3", .callback = disks_changed },
};

int mxbk_claim_init(struct xenbus_driver *driver)
{
	int err;

	claimant = driver;
	err = register_xenbus_watch(&disks[0]);
	if (err)
		return err;
	err = register_xenbus_watch(&disks[1]);
	if (err)
		unregister_xenbus_watch(&disks[0]);
	return err;
}

static int release_if_claimed(struct device *device, void *unused)
{
	if (device->driver == &claimant->driver)
		device_release_driver(device);
	return 0;
}

/**
 * struct errand - something to be done in xenwatch for each device of the bus
 * @watch: has it done: a watch is called once when it is registered
 * @what:  that
 * @done:  it was done
 */
struct errand {
	struct xenbus_watch watch;
	int (*what)(struct device *device, void *unused);
	struct completion done;
};

static void run_errand(struct xenbus_watch *watch, const char *path,
		       const char *token)
{
	struct errand *errand = container_of(watch, struct errand, watch);

	bus_for_each_dev((struct bus_type *)claimant->driver.bus, NULL, NULL,
			 errand->what);
	complete(&errand->done);
}

/*
 * Disks are given up in xenwatch, for the reason why they are claimed there: nobody
 * can remove one meanwhile, and wait for its lock in xenwatch while we hold that
 * lock and wait for xenwatch.
 */
static int in_xenwatch(int (*what)(struct device *device, void *unused))
{
	struct errand errand = {
		.watch = { .node = "backend", .callback = run_errand },
		.what = what,
	};
	int err;

	init_completion(&errand.done);
	err = register_xenbus_watch(&errand.watch);
	if (err)
		return err;
	wait_for_completion(&errand.done);
	unregister_xenbus_watch(&errand.watch);
	return 0;
}

int mxbk_claim_none(void)
{
	int err;

	/* A parameter given to modprobe is set before there is a driver. */
	if (!claimant)
		return -ENODEV;
	WRITE_ONCE(leaving, true);
	err = in_xenwatch(release_if_claimed);
	if (err)
		WRITE_ONCE(leaving, false);
	return err;
}

int mxbk_claim_all(void)
{
	if (!claimant)
		return -ENODEV;
	WRITE_ONCE(leaving, false);
	return in_xenwatch(claim_if_ours);
}

void mxbk_claim_exit(void)
{
	WRITE_ONCE(gone, true);
	WRITE_ONCE(leaving, true);
	unregister_xenbus_watch(&disks[1]);
	unregister_xenbus_watch(&disks[0]);
	in_xenwatch(release_if_claimed);
}
