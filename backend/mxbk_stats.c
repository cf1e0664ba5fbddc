// SPDX-License-Identifier: GPL-2.0
/*
 * A disk's counters in sysfs, in a group like the stock backend's:
 * /sys/bus/xen-backend/devices/vbd-<domain>-<device>/statistics/.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "mxbk.h"

void mxbk_stats_add(struct mxbk_stats *to, const struct mxbk_stats *from)
{
	unsigned int i;

	for (i = 0; i < MXBK_S_COUNT; i++)
		to->n[i] += from->n[i];
}

/**
 * struct stat_attr - a counter's file
 * @attr: the attribute
 * @stat: enum mxbk_stat
 */
struct stat_attr {
	struct device_attribute attr;
	enum mxbk_stat	stat;
};

static ssize_t show_stat(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	enum mxbk_stat stat = container_of(attr, struct stat_attr, attr)->stat;
	struct mxbk_dev *dev = dev_get_drvdata(device);
	unsigned int i;
	u64 sum;

	if (!dev)
		return -ENODEV;
	mutex_lock(&dev->lock);
	sum = dev->stats.n[stat];
	for (i = 0; i < dev->nrings; i++)
		sum += READ_ONCE(dev->rings[i].stats.n[stat]);
	mutex_unlock(&dev->lock);
	return sysfs_emit(buf, "%llu\n", sum);
}

#define STAT_ATTR(file, number) \
	static struct stat_attr stat_##file = { \
		.attr = __ATTR(file, 0444, show_stat, NULL), \
		.stat = number, \
	}

STAT_ATTR(rd_req, MXBK_S_RD_REQ);
STAT_ATTR(wr_req, MXBK_S_WR_REQ);
STAT_ATTR(f_req, MXBK_S_F_REQ);
STAT_ATTR(ds_req, MXBK_S_DS_REQ);
STAT_ATTR(oo_req, MXBK_S_OO_REQ);
STAT_ATTR(rd_sect, MXBK_S_RD_SECT);
STAT_ATTR(wr_sect, MXBK_S_WR_SECT);
STAT_ATTR(err, MXBK_S_ERR);

static struct attribute *stats_attrs[] = {
	&stat_rd_req.attr.attr,
	&stat_wr_req.attr.attr,
	&stat_f_req.attr.attr,
	&stat_ds_req.attr.attr,
	&stat_oo_req.attr.attr,
	&stat_rd_sect.attr.attr,
	&stat_wr_sect.attr.attr,
	&stat_err.attr.attr,
	NULL
};

static const struct attribute_group stats_group = {
	.name = "statistics",
	.attrs = stats_attrs,
};

const struct attribute_group *mxbk_groups[] = {
	&stats_group,
	NULL
};
