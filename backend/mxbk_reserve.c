// SPDX-License-Identifier: GPL-2.0
/*
 * What others want of a disk's volume by xenstore: how much servers are to keep for
 * it, how much it may take, its weight; and the answer that is written beside that.
 */
#include <linux/ctype.h>

#include "mxbk.h"

/* Return: 0; -ENOENT: nothing is written there; -EINVAL: no decimal number */
static int read_number(struct mxbk_dev *dev, const char *node, u64 *value)
{
	char *text = xenbus_read(XBT_NIL, dev->xdev->nodename, node, NULL);
	int err;

	if (IS_ERR(text))
		return -ENOENT;
	err = isdigit(*text) ? kstrtou64(text, 10, value) : -EINVAL;
	kfree(text);
	return err ? -EINVAL : 0;
}

/* What is wrong with a node; the first one counts. Its content is not repeated. */
static void complain(char *said, size_t size, const char *node, const char *words)
{
	if (!*said)
		scnprintf(said, size, "%s %s", node, words);
}

/* Return: whether there is a good number. */
static bool take(struct mxbk_dev *dev, const char *node, u64 least, u64 most,
		 const char *words, u64 *value, char *said, size_t size)
{
	int err = read_number(dev, node, value);

	if (!err && *value >= least && *value <= most)
		return true;
	if (err != -ENOENT)
		complain(said, size, node, words);
	return false;
}

static void tune(struct work_struct *work)
{
	struct mxbk_dev *dev = container_of(work, struct mxbk_dev, tune);
	struct mx_vol_tuning tuning = {};
	char said[sizeof(dev->tune_said)] = "";
	const char *why;
	u64 weight;

	tuning.with_reserve = take(dev, MX_XS_RESERVE, 0, S64_MAX, "is no number of bytes",
				   &tuning.reserve, said, sizeof(said));
	tuning.with_limit = take(dev, MX_XS_LIMIT, 0, S64_MAX, "is no number of bytes",
				 &tuning.limit, said, sizeof(said));
	if (take(dev, MX_XS_WEIGHT, 1, RMP_WEIGHT_MAX, "is no number from 1 to 64", &weight,
		 said, sizeof(said)))
		tuning.weight = weight;
	if (mx_volume_tune(dev->vol, &tuning, &why) && !*said)
		strscpy(said, why, sizeof(said));
	spin_lock(&dev->tune_lock);
	strscpy(dev->tune_said, said, sizeof(dev->tune_said));
	spin_unlock(&dev->tune_lock);
	mxbk_record_soon(dev);
}

/* Of all that is below memx/, most is written by ourselves. */
static bool is_tuning(const char *path)
{
	static const char * const nodes[] = {
		MX_XS_RESERVE, MX_XS_LIMIT, MX_XS_WEIGHT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		if (!strcmp(kbasename(path), kbasename(nodes[i])))
			return true;
	return false;
}

void mxbk_reserve_changed(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	struct mxbk_dev *dev = container_of(watch, struct mxbk_dev, tuning);

	if (!is_tuning(path))
		return;
	spin_lock(&dev->tune_lock);
	if (dev->tune_on)
		queue_work(mxbk_wq, &dev->tune);
	spin_unlock(&dev->tune_lock);
}

void mxbk_reserve_init(struct mxbk_dev *dev)
{
	spin_lock_init(&dev->tune_lock);
	INIT_WORK(&dev->tune, tune);
}

void mxbk_reserve_start(struct mxbk_dev *dev)
{
	spin_lock(&dev->tune_lock);
	dev->tune_on = true;
	dev->tune_said[0] = '\0';
	queue_work(mxbk_wq, &dev->tune);
	spin_unlock(&dev->tune_lock);
}

void mxbk_reserve_stop(struct mxbk_dev *dev)
{
	spin_lock(&dev->tune_lock);
	dev->tune_on = false;
	spin_unlock(&dev->tune_lock);
	cancel_work_sync(&dev->tune);
}

static int write_error(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		       const char *why)
{
	char words[sizeof(((struct mx_vol_booking *)0)->why) + sizeof(dev->tune_said)];

	spin_lock(&dev->tune_lock);
	strscpy(words, *dev->tune_said ? dev->tune_said : why, sizeof(words));
	spin_unlock(&dev->tune_lock);
	if (*words)
		return xenbus_write(xbt, dev->xdev->nodename, MX_XS_RESERVE_ERROR, words);
	if (!xenbus_exists(xbt, dev->xdev->nodename, MX_XS_RESERVE_ERROR))
		return 0;
	return xenbus_rm(xbt, dev->xdev->nodename, MX_XS_RESERVE_ERROR);
}

int mxbk_reserve_write(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		       const struct mx_vol_booking *booking)
{
	const char *dir = dev->xdev->nodename;
	int err;

	err = xenbus_printf(xbt, dir, MX_XS_GRANTED, "%llu", booking->granted);
	if (!err)
		err = xenbus_write(xbt, dir, MX_XS_RESERVE_STATE, booking->state);
	if (!err)
		err = write_error(xbt, dev, booking->why);
	return err;
}
