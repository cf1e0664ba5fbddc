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

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

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
	case -ENOENT:
		complain("the " MODULE " that is loaded cannot be replaced while guests run");
		break;
	default:
		complain("letting go of the disks: %s", strerror(-err));
	}
	return CTL_FAILED;
}

/* @fd: the module's file, or -1: the one that is installed */
static int load(int fd, const struct params *params)
{
	int err;

	if (fd < 0)
		return module_probe(MODULE, params->word) ? CTL_FAILED : CTL_OK;
	err = module_insert(fd, params->line);
	if (!err)
		return CTL_OK;
	complain("the file was not taken: %s (the kernel's log says more); loading the installed module",
		 strerror(-err));
	return module_probe(MODULE, params->word) ? CTL_FAILED : CTL_OK;
}

static int exchange(int fd)
{
	struct params params;
	int err;

	params_read(&params);
	err = module_remove(MODULE);
	if (err) {
		complain("unloading " MODULE ": %s", strerror(-err));
		module_param_set(MODULE, "parked", "0");
		return CTL_FAILED;
	}
	if (!load(fd, &params))
		return CTL_OK;
	complain("no " MODULE " is loaded: guests' disks wait until one is (modprobe " MODULE ")");
	return CTL_FAILED;
}

/* Whether each of the disks is served again, or is gone, before its time is over. */
static bool wait_served(const struct table *disks, const bool *served)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	uint64_t end = now_ms() + SERVED_MS;
	unsigned int r = 0;

	while (r < disks->nrows) {
		if (!served[r] || disk_rings(disk_name(&disks->rows[r]))) {
			r++;
			continue;
		}
		if (now_ms() >= end) {
			complain("disk %s is not served again; memx-xs show says why",
				 disk_name(&disks->rows[r]));
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
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
	if (!wait_served(disks, served))
		return CTL_FAILED;
	row.cells[1].num = now_ms() - begin;
	return ctl_show_one(ctl, &result);
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
	ret = disks_read(&disks, NULL);
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
