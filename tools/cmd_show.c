// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl servers, map, counters: what a volume's owner sees of the cluster.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "rmp_nl.h"
#include "size.h"

static const struct schema servers_schema = {
	.fields = FIELDS(
		{ MEMX_A_NODE, F_ID64, "node", "NODE" },
		{ MEMX_A_HOST, F_STR, "host", "HOST" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_LOAD, F_U8, "load", "LOAD" },
		{ MEMX_A_CAPACITY, F_PAGES, "capacity_pages", "CAPACITY" },
		{ MEMX_A_FREE, F_PAGES, "free_pages", "FREE" },
		{ MEMX_A_USED, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_SILENT_MS, F_U32, "silent_ms", "SILENT_MS" },
		{ MEMX_A_INC, F_ID32, "incarnation" }
	),
};

static const struct schema map_schema = {
	.fields = FIELDS(
		{ MEMX_A_CHUNK_FIRST, F_U32, "first", "FIRST" },
		{ MEMX_A_CHUNK_COUNT, F_U32, "count", "CHUNKS" },
		{ MEMX_A_NODE, F_ID64, "node", "NODE" },
		{ MEMX_A_INC, F_ID32, "incarnation", "INCARNATION" }
	),
};

/*
 * The shape of a counters table; part is not of the kernel: no attribute has
 * the number it is given here.
 */
static const struct schema core_counters = {
	.fields = FIELDS(
		{ UINT16_MAX, F_STR, "part", "PART" },
		{ MEMX_A_STAT_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_STAT_VALUE, F_U64, "value", "VALUE" },
		{ MEMX_A_STAT_HELP, F_STR, "help", "MEANING" }
	),
};

static const struct schema rmap_counters = {
	.fields = FIELDS(
		{ UINT16_MAX, F_STR, "part", "PART" },
		{ RMP_A_STAT_NAME, F_STR, "name", "NAME" },
		{ RMP_A_STAT_VALUE, F_U64, "value", "VALUE" },
		{ RMP_A_STAT_HELP, F_STR, "help", "MEANING" }
	),
};

static int servers(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_CORE, MEMX_C_SERVER_GET, &servers_schema);
}

static int by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->cells[0].num;
	uint64_t y = ((const struct row *)b)->cells[0].num;

	return x < y ? -1 : x > y;
}

/*
 * Neighbouring runs on one server become one, so that two maps are equal if
 * and only if they look equal. Rows of this schema own no strings.
 */
static void runs_merge(struct table *table)
{
	unsigned int from, to = 0;

	if (!table->nrows)
		return;
	qsort(table->rows, table->nrows, sizeof(*table->rows), by_first);
	for (from = 1; from < table->nrows; from++) {
		struct cell *last = table->rows[to].cells;
		const struct cell *cell = table->rows[from].cells;

		if (last[0].num + last[1].num == cell[0].num &&
		    last[2].num == cell[2].num && last[3].num == cell[3].num)
			last[1].num += cell[1].num;
		else
			table->rows[++to] = table->rows[from];
	}
	table->nrows = to + 1;
}

static int map(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &map_schema };
	const struct opt none[] = { { 0 } };
	const char *volume;
	int ret;

	if (args_parse(argc, argv, none, &volume, 1, 1) < 0)
		return CTL_USAGE;
	if (!name_valid(volume))
		return usage("'%s' is no name of a volume", volume);
	ret = ctl_dump(ctl, NL_CORE, MEMX_C_MAP_GET, &table, MEMX_A_NAME, volume);
	if (!ret) {
		runs_merge(&table);
		ret = ctl_show(ctl, &table);
	}
	table_clear(&table);
	return ret;
}

/* Names the part in each of a table's rows. */
static int part_set(struct table *table, const char *part)
{
	unsigned int r;

	for (r = 0; r < table->nrows; r++) {
		struct cell *cell = &table->rows[r].cells[0];

		cell->str = strdup(part);
		if (!cell->str)
			return -ENOMEM;
		cell->set = true;
	}
	return 0;
}

/* Moves the rows of @more to the end of @all. */
static int rows_move(struct table *all, struct table *more)
{
	struct row *grown;

	grown = reallocarray(all->rows, all->nrows + more->nrows, sizeof(*grown));
	if (!grown && all->nrows + more->nrows)
		return -ENOMEM;
	all->rows = grown;
	if (more->nrows)
		memcpy(grown + all->nrows, more->rows, more->nrows * sizeof(*grown));
	all->nrows += more->nrows;
	free(more->rows);
	more->rows = NULL;
	more->nrows = 0;
	return 0;
}

static int part_counters(struct ctl *ctl, enum nl_family family, struct table *all)
{
	bool rmap = family == NL_RMAP;
	struct table part = { .schema = rmap ? &rmap_counters : &core_counters };
	int cmd = rmap ? (int)RMP_CMD_STATS_GET : (int)MEMX_C_STATS_GET;

	if (ctl_list(ctl, family, cmd, &part, 0, NULL))
		return ctl_failed(ctl);
	if (part_set(&part, nl_family_word(family)) || rows_move(all, &part)) {
		table_clear(&part);
		complain("out of memory");
		return CTL_FAILED;
	}
	return CTL_OK;
}

/* Without a part: of all that are loaded. */
static int counters(struct ctl *ctl, int argc, char **argv)
{
	struct table all = { .schema = &core_counters };
	const struct opt none[] = { { 0 } };
	const char *part = NULL;
	bool some = false;
	int i, ret = CTL_OK;

	if (args_parse(argc, argv, none, &part, 0, 1) < 0)
		return CTL_USAGE;
	for (i = 0; i < NL_FAMILIES && !ret; i++) {
		if (part && strcmp(part, nl_family_word(i)))
			continue;
		if (part)
			ret = ctl_family(ctl, i, false);
		else if (nl_family(&ctl->nl, i, false))
			continue;
		some = true;
		if (!ret)
			ret = part_counters(ctl, i, &all);
	}
	if (!some && part) {
		ret = usage("there is no part '%s' (rmap, core, client, server)", part);
	} else if (!some) {
		complain("no kernel module of MemX is loaded");
		ret = CTL_MISSING;
	}
	if (!ret)
		ret = ctl_show(ctl, &all);
	table_clear(&all);
	return ret;
}

const struct command show_commands[] = {
	{ "servers", NULL, servers, "", "list the memory servers known" },
	{ "map", NULL, map, "VOLUME", "show which chunks are on which server" },
	{ "counters", NULL, counters, "[rmap|core|client|server]",
	  "show the modules' counters" },
	{ 0 }
};
