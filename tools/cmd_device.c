// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl device: disks of this host that are volumes.
 */
#include <stdlib.h>
#include <string.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "size.h"

static const struct schema device_schema = {
	.fields = FIELDS(
		{ MEMX_A_DEV, F_STR, "device", "DEVICE" },
		{ MEMX_A_NAME, F_STR, "volume", "VOLUME" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" }
	),
};

/* People want the path, which is what the kernel's name stands for. */
static int paths_make(struct ctl *ctl, struct table *table)
{
	struct cell *cell;
	unsigned int r;
	char *path;
	size_t size;

	for (r = 0; r < table->nrows; r++) {
		cell = &table->rows[r].cells[0];
		if (!cell->set) {
			complain("the kernel named no device");
			return CTL_FAILED;
		}
		size = strlen("/dev/") + strlen(cell->str) + 1;
		path = malloc(size);
		if (!path) {
			complain("out of memory");
			return CTL_FAILED;
		}
		snprintf(path, size, "/dev/%s", cell->str);
		free(cell->str);
		cell->str = path;
	}
	return CTL_OK;
}

static int device_create(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &device_schema };
	const struct opt none[] = { { 0 } };
	struct nlmsghdr *msg;
	const char *volume;
	int ret;

	if (args_parse(argc, argv, none, &volume, 1, 1) < 0)
		return CTL_USAGE;
	if (!name_valid(volume))
		return usage("'%s' is no name of a volume", volume);
	ret = ctl_family(ctl, NL_CLIENT, true);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_CLIENT, MEMX_C_DEV_NEW, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, volume);
	ret = ctl_do(ctl, table_add, &table);
	if (!ret)
		ret = paths_make(ctl, &table);
	if (!ret && !ctl->json && !ctl->field)
		ctl->field = "device";
	if (!ret)
		ret = ctl_show_one(ctl, &table);
	table_clear(&table);
	return ret;
}

static int device_remove(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	struct nlmsghdr *msg;
	const char *dev;
	int ret;

	if (args_parse(argc, argv, none, &dev, 1, 1) < 0)
		return CTL_USAGE;
	if (!strncmp(dev, "/dev/", 5))
		dev += 5;
	if (!*dev || strlen(dev) > 31)
		return usage("'%s' is no device of MemX", dev);
	ret = ctl_family(ctl, NL_CLIENT, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_CLIENT, MEMX_C_DEV_DEL, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_DEV, dev);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "removed", dev);
	return ret;
}

static int device_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &device_schema };
	const struct opt none[] = { { 0 } };
	int ret;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	ret = ctl_dump(ctl, NL_CLIENT, MEMX_C_DEV_GET, &table, 0, NULL);
	if (!ret)
		ret = paths_make(ctl, &table);
	if (!ret)
		ret = ctl_show(ctl, &table);
	table_clear(&table);
	return ret;
}

const struct command device_commands[] = {
	{ "device", "create", device_create, "VOLUME",
	  "make a disk of this host from a volume and print its path" },
	{ "device", "remove", device_remove, "DEVICE", "end that; the volume stays" },
	{ "device", "list", device_list, "", "list these disks" },
	{ 0 }
};
