// SPDX-License-Identifier: GPL-2.0
/*
 * A disk's counters and latencies in sysfs, in a group like the stock backend's:
 * /sys/bus/xen-backend/devices/vbd-<domain>-<device>/statistics/.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "mxbk.h"

void mxbk_stats_add(struct mxbk_stats *to, const struct mxbk_stats *from)
{
	unsigned int i, k;

	for (i = 0; i < MXBK_S_COUNT; i++)
		to->n[i] += READ_ONCE(from->n[i]);
	for (i = 0; i < MXBK_OPS; i++)
		for (k = 0; k < RMP_LAT_BUCKETS; k++)
			to->latency[i][k] += READ_ONCE(from->latency[i][k]);
}

/* Of all rings that there are and were. Return: 0 or -ENODEV */
static int stats_sum(struct device *device, struct mxbk_stats *sum)
{
	struct mxbk_dev *dev = dev_get_drvdata(device);
	unsigned int i;

	if (!dev)
		return -ENODEV;
	mutex_lock(&dev->lock);
	*sum = dev->stats;
	for (i = 0; i < dev->nrings; i++)
		mxbk_stats_add(sum, &dev->rings[i].stats);
	mutex_unlock(&dev->lock);
	return 0;
}

/**
 * struct stat_attr - a file
 * @attr:  the attribute
 * @which: enum mxbk_stat, or enum mxbk_op of a histogram
 */
struct stat_attr {
	struct device_attribute attr;
	unsigned int	which;
};

static unsigned int which_of(struct device_attribute *attr)
{
	return container_of(attr, struct stat_attr, attr)->which;
}

static ssize_t show_stat(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	struct mxbk_stats sum;
	int err = stats_sum(device, &sum);

	return err ? err : sysfs_emit(buf, "%llu\n", sum.n[which_of(attr)]);
}

/* One line of numbers: how many took less than 64 us, less than 128 us, and so on. */
static ssize_t show_latency(struct device *device,
			    struct device_attribute *attr, char *buf)
{
	unsigned int which = which_of(attr), i;
	struct mxbk_stats sum;
	int err = stats_sum(device, &sum);
	int len = 0;

	if (err)
		return err;
	for (i = 0; i < RMP_LAT_BUCKETS; i++)
		len += sysfs_emit_at(buf, len, "%s%llu", i ? " " : "",
				     sum.latency[which][i]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t show_rings(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	struct mxbk_dev *dev = dev_get_drvdata(device);
	unsigned int n;

	if (!dev)
		return -ENODEV;
	mutex_lock(&dev->lock);
	n = dev->nrings;
	mutex_unlock(&dev->lock);
	return sysfs_emit(buf, "%u\n", n);
}

static ssize_t show_volume(struct device *device, struct device_attribute *attr,
			   char *buf)
{
	struct mxbk_dev *dev = dev_get_drvdata(device);
	int len;

	if (!dev)
		return -ENODEV;
	mutex_lock(&dev->lock);
	len = sysfs_emit(buf, "%s\n", dev->vol ? dev->name : "");
	mutex_unlock(&dev->lock);
	return len;
}

#define STAT_ATTR(file, show, number) \
	static struct stat_attr stat_##file = { \
		.attr = __ATTR(file, 0444, show, NULL), \
		.which = number, \
	}

STAT_ATTR(rd_req, show_stat, MXBK_S_RD_REQ);
STAT_ATTR(wr_req, show_stat, MXBK_S_WR_REQ);
STAT_ATTR(f_req, show_stat, MXBK_S_F_REQ);
STAT_ATTR(ds_req, show_stat, MXBK_S_DS_REQ);
STAT_ATTR(oo_req, show_stat, MXBK_S_OO_REQ);
STAT_ATTR(rd_sect, show_stat, MXBK_S_RD_SECT);
STAT_ATTR(wr_sect, show_stat, MXBK_S_WR_SECT);
STAT_ATTR(err, show_stat, MXBK_S_ERR);
STAT_ATTR(latency_read, show_latency, MXBK_READ);
STAT_ATTR(latency_write, show_latency, MXBK_WRITE);
STAT_ATTR(latency_flush, show_latency, MXBK_FLUSH);
STAT_ATTR(latency_discard, show_latency, MXBK_DISCARD);
STAT_ATTR(rings, show_rings, 0);
STAT_ATTR(volume, show_volume, 0);

static struct attribute *stats_attrs[] = {
	&stat_rd_req.attr.attr,
	&stat_wr_req.attr.attr,
	&stat_f_req.attr.attr,
	&stat_ds_req.attr.attr,
	&stat_oo_req.attr.attr,
	&stat_rd_sect.attr.attr,
	&stat_wr_sect.attr.attr,
	&stat_err.attr.attr,
	&stat_latency_read.attr.attr,
	&stat_latency_write.attr.attr,
	&stat_latency_flush.attr.attr,
	&stat_latency_discard.attr.attr,
	&stat_rings.attr.attr,
	&stat_volume.attr.attr,
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
