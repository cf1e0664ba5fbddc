// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl disk: guests' disks that this domain serves, with what sysfs says of
 * each: requests, and how long they took from the ring to the response.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disks.h"
#include "module.h"
#include "size.h"

#define DISKS "bus/xen-backend/drivers/memx-vbd"

enum { PATH_BYTES = 512, LINE_BYTES = 1024 };

static const struct field fields[] = {
	{ 0, F_STR, "disk", "DISK" },
	{ 0, F_U32, "domain", "DOMAIN" },
	{ 0, F_STR, "volume", "VOLUME" },
	{ 0, F_U32, "rings", "RINGS" },
	{ 0, F_U64, "reads", "READS" },
	{ 0, F_U64, "writes", "WRITES" },
	{ 0, F_U64, "flushes", "FLUSHES" },
	{ 0, F_U64, "discards", "DISCARDS" },
	{ 0, F_U64, "errors", "ERRORS" },
	{ 0, F_U64, "read_sectors" },
	{ 0, F_U64, "written_sectors" },
	{ 0, F_U64, "no_pages" },
	{ 0, F_HIST, "read_latency", "READ IN" },
	{ 0, F_HIST, "write_latency", "WRITTEN IN" },
	{ 0, F_HIST, "flush_latency" },
	{ 0, F_HIST, "discard_latency" },
	{ 0 }
};

enum { CELL_DISK, CELL_DOMAIN, CELL_FILES };

/* By number of the field; those of the first two are made from the disk's name. */
static const char *const files[] = {
	[CELL_FILES] = "volume", "rings", "rd_req", "wr_req", "f_req", "ds_req",
	"err", "rd_sect", "wr_sect", "oo_req", "latency_read", "latency_write",
	"latency_flush", "latency_discard",
};

enum { CELLS = sizeof(files) / sizeof(files[0]) };

_Static_assert((int)CELLS + 1 == (int)(sizeof(fields) / sizeof(fields[0])), "a file for each field");
_Static_assert((int)CELLS <= (int)TABLE_FIELDS, "a row has no room for so many");

static const struct schema disk_schema = { .fields = fields };

/* The first line of a disk's file, without its end. Return: whether there is one */
static bool line_read(const char *disk, const char *file, char *line)
{
	char path[PATH_BYTES];
	FILE *f;
	bool got;

	if (snprintf(path, sizeof(path), "%s/" DISKS "/%s/statistics/%s", module_sysfs(),
		     disk, file) >= (int)sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	got = fgets(line, LINE_BYTES, f);
	fclose(f);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

static void hist_parse(struct cell *cell, char *line)
{
	char *word, *rest = line;
	uint64_t value;

	cell->hist = out_need(calloc(HIST_MOST, sizeof(*cell->hist)));
	while ((word = strsep(&rest, " ")) && cell->num < HIST_MOST)
		if (!number_parse(word, UINT64_MAX, &value))
			cell->hist[cell->num++] = value;
	cell->set = cell->num;
}

static void cell_parse(struct cell *cell, uint8_t kind, char *line)
{
	switch (kind) {
	case F_STR:
		cell->str = out_need(strdup(line));
		cell->set = true;
		break;
	case F_HIST:
		hist_parse(cell, line);
		break;
	default:
		cell->set = !number_parse(line, UINT64_MAX, &cell->num);
	}
}

/* What a disk has not, as an older module, or one that is just going, is "-". */
static void row_fill(struct row *row, const char *disk, uint64_t domain)
{
	char line[LINE_BYTES];
	unsigned int i;

	row->cells[CELL_DISK].str = out_need(strdup(disk));
	row->cells[CELL_DISK].set = true;
	row->cells[CELL_DOMAIN].num = domain;
	row->cells[CELL_DOMAIN].set = true;
	for (i = CELL_FILES; i < CELLS; i++)
		if (line_read(disk, files[i], line))
			cell_parse(&row->cells[i], fields[i].kind, line);
}

/* vbd-<domain>-<device>, or vbd3-… */
static bool is_disk(const char *name, uint64_t *domain)
{
	unsigned int number, device;
	int end = 0;

	if (sscanf(name, "vbd-%u-%u%n", &number, &device, &end) != 2 &&
	    sscanf(name, "vbd3-%u-%u%n", &number, &device, &end) != 2)
		return false;
	*domain = number;
	return !name[end];
}

static int by_disk(const void *a, const void *b)
{
	const struct cell *x = ((const struct row *)a)->cells;
	const struct cell *y = ((const struct row *)b)->cells;

	if (x[CELL_DOMAIN].num != y[CELL_DOMAIN].num)
		return x[CELL_DOMAIN].num < y[CELL_DOMAIN].num ? -1 : 1;
	return strcmp(x[CELL_DISK].str, y[CELL_DISK].str);
}

const char *disk_name(const struct row *row)
{
	return row->cells[CELL_DISK].str;
}

bool disk_exists(const char *disk)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/bus/xen-backend/devices/%s", module_sysfs(), disk);
	return !access(path, F_OK);
}

unsigned int disk_rings(const char *disk)
{
	char line[LINE_BYTES];
	uint64_t rings;

	if (!line_read(disk, "rings", line) || number_parse(line, UINT32_MAX, &rings))
		return 0;
	return rings;
}

int disks_read(struct table *table, const char *only)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	uint64_t domain;
	DIR *dir;

	table->schema = &disk_schema;
	snprintf(path, sizeof(path), "%s/" DISKS, module_sysfs());
	dir = opendir(path);
	if (!dir) {
		complain("the kernel module memx_blkback is not loaded");
		return CTL_MISSING;
	}
	while ((entry = readdir(dir))) {
		if (!is_disk(entry->d_name, &domain) ||
		    (only && strcmp(only, entry->d_name)))
			continue;
		table->rows = out_need(reallocarray(table->rows, table->nrows + 1,
						    sizeof(*table->rows)));
		memset(&table->rows[table->nrows], 0, sizeof(*table->rows));
		row_fill(&table->rows[table->nrows++], entry->d_name, domain);
	}
	closedir(dir);
	if (table->nrows)
		qsort(table->rows, table->nrows, sizeof(*table->rows), by_disk);
	return CTL_OK;
}

static int disk_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { 0 };
	const struct opt none[] = { { 0 } };
	int ret;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	ret = disks_read(&table, NULL);
	if (!ret)
		ret = ctl_show(ctl, &table);
	table_clear(&table);
	return ret;
}

static int disk_show(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { 0 };
	const struct opt none[] = { { 0 } };
	uint64_t domain;
	const char *disk;
	int ret;

	if (args_parse(argc, argv, none, &disk, 1, 1) < 0)
		return CTL_USAGE;
	if (!is_disk(disk, &domain))
		return usage("'%s' is no disk; memxctl disk list names them", disk);
	ret = disks_read(&table, disk);
	if (!ret && !table.nrows) {
		complain("there is no disk %s", disk);
		ret = CTL_FAILED;
	}
	if (!ret)
		ret = ctl_show_one(ctl, &table);
	table_clear(&table);
	return ret;
}

const struct command disk_commands[] = {
	{ "disk", "list", disk_list, "", "list guests' disks that this domain serves" },
	{ "disk", "show", disk_show, "DISK", "show one, with the times its requests take" },
	{ 0 }
};
