// SPDX-License-Identifier: GPL-2.0
/*
 * Shows the records of disks to people and as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../tools/json.h"
#include "../tools/size.h"
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
	{ MX_XS_CHUNK, "chunk", true },
	{ MX_XS_KEY_CHECK, "key_check", false },
	{ MX_XS_USED, "used_pages", true },
	{ MX_XS_GEN, "gen", true },
	{ MX_XS_MAP_ERROR, "map_error", false },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static bool number_of(const char *text, uint64_t *n)
{
	return !number_parse(text, UINT64_MAX, n);
}

/* The value in full when it is a number, else as it stands. */
static void key_json(struct json *j, const struct xs_disk *disk,
		     const struct shown *shown)
{
	const struct xs_pair *pair = xs_pair(disk, shown->key);
	uint64_t n;

	if (!pair)
		json_null(j, shown->name);
	else if (shown->number && number_of(pair->value, &n))
		json_u64(j, shown->name, n);
	else if ((!strcmp(shown->key, MX_XS_ID) ||
		  !strcmp(shown->key, MX_XS_KEY_CHECK)) &&
		 strspn(pair->value, "0123456789abcdef") == pair->len)
		json_hex(j, shown->name, strtoull(pair->value, NULL, 16), 16);
	else
		json_str(j, shown->name, pair->value);
}

static void disk_json(struct json *j, const struct xs_disk *disk)
{
	unsigned int i;

	json_str(j, "backend", disk->path);
	json_u64(j, "domain", disk->domid);
	json_u64(j, "device", disk->devid);
	for (i = 0; i < KEYS; i++)
		key_json(j, disk, &keys[i]);
}

static void server_json(struct json *j, const struct xs_server *server)
{
	json_hex(j, "node", server->node, 16);
	json_hex(j, "incarnation", server->inc, 8);
}

static void map_json(struct json *j, const struct xs_map *map)
{
	unsigned int i;
	char letter[2] = "";

	json_open(j, "servers", '[');
	for (i = 0; i < MX_MAP_SERVERS; i++) {
		if (!map->servers[i].known)
			continue;
		letter[0] = xs_letter(i);
		json_open(j, NULL, '{');
		json_str(j, "letter", letter);
		server_json(j, &map->servers[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "map", '[');
	for (i = 0; i < map->nruns; i++) {
		json_open(j, NULL, '{');
		json_u64(j, "first", map->runs[i].first);
		json_u64(j, "count", map->runs[i].count);
		server_json(j, &map->servers[map->runs[i].server]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static int record_json(struct json *j, const struct xs_disk *disk)
{
	const char *key = NULL, *words = NULL;
	struct xs_map map;
	int err;

	err = xs_map_read(disk, &map, &key, &words);
	if (err != -ENOMEM) {
		json_open(j, NULL, '{');
		disk_json(j, disk);
		if (!err)
			map_json(j, &map);
		else
			json_null(j, "map");
		json_close(j, '}');
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

void xs_show_list(const struct xs_store *store, bool json)
{
	char size[SIZE_TEXT], used[SIZE_TEXT];
	struct json j = { .out = stdout };
	unsigned int i;

	if (json) {
		json_open(&j, NULL, '[');
		for (i = 0; i < store->ndisks; i++) {
			json_open(&j, NULL, '{');
			disk_json(&j, &store->disks[i]);
			json_close(&j, '}');
		}
		json_close(&j, ']');
		return;
	}
	if (store->ndisks)
		printf("%-6s  %-9s  %-16s  %-8s  %8s  %8s\n", "DOMAIN", "VDEV",
		       "VOLUME", "STATE", "SIZE", "USED");
	for (i = 0; i < store->ndisks; i++) {
		const struct xs_disk *disk = &store->disks[i];

		printf("%-6u  %-9s  %-16s  %-8s  %8s  %8s\n", disk->domid,
		       xs_value(disk, "dev"), xs_value(disk, MX_XS_VOLUME),
		       xs_value(disk, MX_XS_STATE),
		       size_text(xs_value(disk, MX_XS_SIZE), 1, size),
		       size_text(xs_value(disk, MX_XS_USED), SIZE_PAGE, used));
	}
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
	struct json j = { .out = stdout };
	unsigned int i;
	int err = 0;

	if (json)
		json_open(&j, NULL, '[');
	for (i = 0; i < store->ndisks && !err; i++)
		err = json ? record_json(&j, &store->disks[i]) :
			     record_print(&store->disks[i]);
	if (json)
		json_close(&j, ']');
	return err;
}
