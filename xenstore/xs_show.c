// SPDX-License-Identifier: GPL-2.0
/*
 * Shows the records of disks to people and as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../tools/lib/out.h"
#include "../tools/lib/size.h"
#include "../tools/lib/text.h"
#include "mx_xs_keys.h"
#include "xs_show.h"

/**
 * struct shown - a key as it appears in JSON
 * @key:    in xenstore
 * @name:   in JSON
 * @number: is one
 */
struct shown {
	const char *key;
	const char *name;
	bool number;
};

static const struct shown keys[] = {
	{ "dev", "vdev", false },
	{ MX_XS_PARAMS, "target", false },
	{ MX_XS_HOTPLUG_STATUS, "hotplug_status", false },
	{ MX_XS_HOTPLUG_ERROR, "hotplug_error", false },
	{ MX_XS_VOLUME, "volume", false },
	{ MX_XS_STATE, "state", false },
	{ MX_XS_ERROR, "error", false },
	{ MX_XS_ID, "id", false },
	{ MX_XS_EPOCH, "epoch", true },
	{ MX_XS_SIZE, "size", true },
	{ MX_XS_GROW, "grow", true },
	{ MX_XS_CHUNK, "chunk", true },
	{ MX_XS_KEY_CHECK, "key_check", false },
	{ MX_XS_USED, "used_pages", true },
	{ MX_XS_RESERVE, "reserve", true },
	{ MX_XS_GRANTED, "granted", true },
	{ MX_XS_RESERVE_STATE, "reserve_state", false },
	{ MX_XS_RESERVE_ERROR, "reserve_error", false },
	{ MX_XS_LIMIT, "limit", true },
	{ MX_XS_WEIGHT, "weight", true },
	{ MX_XS_GEN, "gen", true },
	{ MX_XS_MAP_ERROR, "map_error", false },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static bool number_of(const char *text, uint64_t *n)
{
	return !number_parse(text, UINT64_MAX, n);
}

/* The value in full when it is a number, else as it stands. */
static void key_json(struct json_object *to, const struct xs_disk *disk,
		     const struct shown *shown)
{
	const struct xs_pair *pair = xs_pair(disk, shown->key);
	uint64_t n;

	if (!pair)
		out_null(to, shown->name);
	else if (shown->number && number_of(pair->value, &n))
		out_u64(to, shown->name, n);
	else if ((!strcmp(shown->key, MX_XS_ID) ||
		  !strcmp(shown->key, MX_XS_KEY_CHECK)) &&
		 strspn(pair->value, "0123456789abcdef") == pair->len)
		out_hex(to, shown->name, strtoull(pair->value, NULL, 16), 16);
	else
		out_str(to, shown->name, pair->value);
}

static struct json_object *disk_json(const struct xs_disk *disk)
{
	struct json_object *one = out_object();
	unsigned int i;

	out_str(one, "backend", disk->path);
	out_u64(one, "domain", disk->domid);
	out_u64(one, "device", disk->devid);
	for (i = 0; i < KEYS; i++)
		key_json(one, disk, &keys[i]);
	return one;
}

static void server_json(struct json_object *to, const struct xs_server *server)
{
	out_hex(to, "node", server->node, 16);
	out_hex(to, "incarnation", server->inc, 8);
}

static struct json_object *servers_json(const struct xs_map *map)
{
	struct json_object *all = out_array(), *one;
	char letter[2] = "";
	unsigned int i;

	for (i = 0; i < MX_MAP_SERVERS; i++) {
		if (!map->servers[i].known)
			continue;
		letter[0] = xs_letter(i);
		one = out_object();
		out_str(one, "letter", letter);
		server_json(one, &map->servers[i]);
		out_add(all, NULL, one);
	}
	return all;
}

static struct json_object *runs_json(const struct xs_map *map)
{
	struct json_object *all = out_array(), *one;
	unsigned int i;

	for (i = 0; i < map->nruns; i++) {
		one = out_object();
		out_u64(one, "first", map->runs[i].first);
		out_u64(one, "count", map->runs[i].count);
		server_json(one, &map->servers[map->runs[i].server]);
		out_add(all, NULL, one);
	}
	return all;
}

static int record_json(struct json_object *all, const struct xs_disk *disk)
{
	const char *key = NULL, *words = NULL;
	struct json_object *one;
	struct xs_map map;
	int err;

	err = xs_map_read(disk, &map, &key, &words);
	if (err != -ENOMEM) {
		one = disk_json(disk);
		if (!err) {
			out_add(one, "servers", servers_json(&map));
			out_add(one, "map", runs_json(&map));
		} else {
			out_null(one, "map");
		}
		out_add(all, NULL, one);
		err = 0;
	}
	xs_map_clear(&map);
	return err;
}

/* A size for people, or the value as it stands. */
static const char *size_text(const char *value, uint64_t unit, char *text)
{
	uint64_t n;

	if (!number_of(value, &n) || n > UINT64_MAX / unit)
		return *value ? value : "-";
	return size_format(n * unit, text);
}

static void list_json(const struct xs_store *store)
{
	struct json_object *all = out_array();
	unsigned int i;

	for (i = 0; i < store->ndisks; i++)
		out_add(all, NULL, disk_json(&store->disks[i]));
	out_json(stdout, all);
}

const char *xs_trouble(const struct xs_disk *disk)
{
	if (!strcmp(xs_value(disk, MX_XS_HOTPLUG_STATUS), MX_XS_HOTPLUG_STATUS_ERROR) &&
	    *xs_value(disk, MX_XS_HOTPLUG_ERROR))
		return xs_value(disk, MX_XS_HOTPLUG_ERROR);
	return xs_value(disk, MX_XS_ERROR);
}

bool xs_is_hopeless(const struct xs_disk *disk)
{
	return !strcmp(xs_value(disk, MX_XS_HOTPLUG_STATUS), MX_XS_HOTPLUG_STATUS_ERROR) ||
	       (!*xs_value(disk, MX_XS_STATE) && *xs_value(disk, MX_XS_ERROR));
}

void xs_show_list(const struct xs_store *store, bool json)
{
	struct libscols_table *table;
	struct libscols_line *line;
	char text[SIZE_TEXT];
	unsigned int i;

	if (json) {
		list_json(store);
		return;
	}
	table = out_table(stdout, true);
	out_column(table, "DOMAIN", false);
	out_column(table, "VDEV", false);
	out_column(table, "VOLUME", false);
	out_column(table, "STATE", false);
	out_column(table, "SIZE", true);
	out_column(table, "USED", true);
	out_column(table, "WHY", false);
	for (i = 0; i < store->ndisks; i++) {
		const struct xs_disk *disk = &store->disks[i];

		line = out_line(table);
		snprintf(text, sizeof(text), "%u", disk->domid);
		out_cell(line, 0, text);
		out_cell(line, 1, xs_value(disk, "dev"));
		out_cell(line, 2, xs_value(disk, MX_XS_VOLUME));
		out_cell(line, 3, xs_value(disk, MX_XS_STATE));
		out_cell(line, 4, size_text(xs_value(disk, MX_XS_SIZE), 1, text));
		out_cell(line, 5, size_text(xs_value(disk, MX_XS_USED), SIZE_PAGE, text));
		out_cell(line, 6, xs_trouble(disk));
	}
	out_table_print(table);
}

static void map_print(const struct xs_map *map)
{
	const struct xs_server *server;
	unsigned int i;

	for (i = 0; i < map->nruns; i++) {
		const struct xs_run *run = &map->runs[i];

		server = &map->servers[run->server];
		printf("  chunks %u-%u on %c = node %016" PRIx64 ", incarnation %08x\n",
		       run->first, run->first + run->count - 1,
		       xs_letter(run->server), server->node, server->inc);
	}
}

static int record_print(const struct xs_disk *disk)
{
	const char *key = NULL, *words = NULL;
	const struct xs_pair *pair;
	struct xs_map map;
	unsigned int i;
	int err;

	printf("%s\n", disk->path);
	for (i = 0; i < KEYS; i++) {
		pair = xs_pair(disk, keys[i].key);
		if (!pair)
			continue;
		printf("  %-15s  ", keys[i].key);
		text_print(pair->value, stdout);
		putchar('\n');
	}
	err = xs_map_read(disk, &map, &key, &words);
	if (!err)
		map_print(&map);
	else if (err == -EBADMSG)
		printf("  %s %s\n", key, words);
	xs_map_clear(&map);
	return err == -EBADMSG ? 0 : err;
}

int xs_show_records(const struct xs_store *store, bool json)
{
	struct json_object *all = json ? out_array() : NULL;
	unsigned int i;
	int err = 0;

	for (i = 0; i < store->ndisks && !err; i++)
		err = json ? record_json(all, &store->disks[i]) :
			     record_print(&store->disks[i]);
	if (!json)
		return err;
	if (err)
		json_object_put(all);
	else
		out_json(stdout, all);
	return err;
}
