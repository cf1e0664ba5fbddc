// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl upgrade: replaces memx_blkback with guests running. It is told to let go
 * of all disks, which it does once no guest waits for an answer; then the module
 * is exchanged, and the new one goes on with the rings where they stand.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "disks.h"
#include "module.h"
#include "now.h"

#define MODULE "memx_blkback"

enum {
	SERVED_MS	= 10000,	/* until the new module serves what the old one did */
	LOOK_NS		= 1000000,
	PARAM_BYTES	= 64,
};

static const struct schema upgrade_schema = {
	.fields = FIELDS(
		{ 0, F_U32, "disks", "DISKS" },
		{ 0, F_U32, "waited_ms", "WAITED_MS" }
	),
};

/* What an admin may have set since the module was loaded. */
static const char *const kept[] = { "max_queues", "max_ring_page_order" };

enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

/**
 * struct params - parameters of the module that is replaced
 * @word: "name=value", and a NULL behind the last
 * @text: where these are
 * @line: the same in one line
 */
struct params {
	char	*word[KEPT + 1];
	char	text[KEPT][PARAM_BYTES];
	char	line[KEPT * PARAM_BYTES + KEPT];
};

static void params_read(struct params *params)
{
	char value[PARAM_BYTES / 2];
	int i, n = 0, len = 0;

	memset(params, 0, sizeof(*params));
	for (i = 0; i < KEPT; i++) {
		if (module_param_get(MODULE, kept[i], value, sizeof(value)))
			continue;
		snprintf(params->text[n], PARAM_BYTES, "%s=%s", kept[i], value);
		params->word[n] = params->text[n];
		len += snprintf(params->line + len, sizeof(params->line) - len, "%s ",
				params->text[n++]);
	}
}

static int park(void)
{
	int err = module_param_set(MODULE, "parked", "1");

	switch (err) {
	case 0:
		return CTL_OK;
	case -ETIMEDOUT:
		complain("refused: requests of guests are not answered (the kernel's log says of which disk, memxctl servers which server is silent); all goes on as before");
		break;
	case -EBUSY:
		complain("refused: a disk is being detached (the kernel's log says which); all goes on as before");
		break;
	case -EINTR:
		complain("interrupted; all goes on as before");
		break;
	case -ENOENT:
		complain("the " MODULE " that is loaded cannot be replaced while guests run");
		break;
	default:
		complain("letting go of the disks: %s", strerror(-err));
	}
	return CTL_FAILED;
}

/* Return: whether the module that is installed is loaded now. */
static bool load_installed(const struct params *params)
{
	if (!module_probe(MODULE, params->word))
		return true;
	complain("no " MODULE " is loaded: guests' disks wait until one is (modprobe " MODULE ")");
	return false;
}

/* @fd: the module's file, or -1: the one that is installed */
static int load(int fd, const struct params *params)
{
	int err;

	if (fd < 0)
		return load_installed(params) ? CTL_OK : CTL_FAILED;
	err = module_insert(fd, params->line);
	if (!err)
		return CTL_OK;
	complain("the file was not taken: %s (the kernel's log says more)", strerror(-err));
	if (load_installed(params))
		complain("the installed module serves the disks instead");
	return CTL_FAILED;
}

static int exchange(int fd)
{
	struct params params;
	int err;

	params_read(&params);
	err = module_remove(MODULE);
	if (!err)
		return load(fd, &params);
	complain("unloading " MODULE ": %s", strerror(-err));
	if (module_param_set(MODULE, "parked", "0"))
		complain("guests' disks wait: echo 0 > /sys/module/" MODULE "/parameters/parked");
	else
		complain("all goes on as before");
	return CTL_FAILED;
}

/* Waits until each of the disks is served again, or is gone. Return: how many are not */
static unsigned int wait_served(const struct table *disks, const bool *served)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint64_t end = now_ms() + SERVED_MS;
	unsigned int r = 0, missing = 0;

	while (r < disks->nrows) {
		const char *disk = disk_name(&disks->rows[r]);

		if (!served[r] || disk_rings(disk) || !disk_exists(disk)) {
			r++;
			continue;
		}
		if (now_ms() >= end) {
			complain("disk %s is not served again; memx-xs show says why", disk);
			missing++;
			r++;
			continue;
		}
		nanosleep(&pause, NULL);
	}
	return missing;
}

static int replace(struct ctl *ctl, const struct table *disks, int fd)
{
	struct row row = { .cells = { { .set = true }, { .set = true } } };
	struct table result = { .schema = &upgrade_schema, .rows = &row, .nrows = 1 };
	bool served[disks->nrows + 1];
	unsigned int r;
	uint64_t begin;
	int ret;

	for (r = 0; r < disks->nrows; r++) {
		served[r] = disk_rings(disk_name(&disks->rows[r]));
		row.cells[0].num += served[r];
	}
	begin = now_ms();
	ret = park();
	if (!ret)
		ret = exchange(fd);
	if (ret)
		return ret;
	if (wait_served(disks, served))
		return CTL_FAILED;
	row.cells[1].num = now_ms() - begin;
	return ctl_show_one(ctl, &result);
}

/* What would go wrong later, when guests wait, is found before they do. */
static int ready(struct ctl *ctl, int fd)
{
	if (ctl->field && !fields_known(&upgrade_schema, ctl->field))
		return usage("there is no field '%s'", ctl->field);
	if (fd < 0 && !module_installed(MODULE)) {
		complain("no " MODULE " is installed for this kernel: nothing was done");
		return CTL_FAILED;
	}
	return CTL_OK;
}

static int upgrade(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	const char *file = NULL;
	struct table disks = { 0 };
	int ret, fd = -1;

	if (args_parse(argc, argv, none, &file, 0, 1) < 0)
		return CTL_USAGE;
	if (file) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			complain("%s: %s", file, strerror(errno));
			return CTL_FAILED;
		}
	}
	ret = ready(ctl, fd);
	if (!ret)
		ret = disks_read(&disks, NULL);
	if (ret == CTL_MISSING)
		complain("nothing is to be exchanged: modprobe " MODULE ", and disks that wait go on");
	if (!ret)
		ret = replace(ctl, &disks, fd);
	table_clear(&disks);
	if (fd >= 0)
		close(fd);
	return ret;
}

const struct command upgrade_commands[] = {
	{ "upgrade", NULL, upgrade, "[FILE]",
	  "exchange memx_blkback for the installed one, or FILE, with guests running" },
	{ 0 }
};
