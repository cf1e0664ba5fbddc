// SPDX-License-Identifier: GPL-2.0
/*
 * The map that the record of a disk holds.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mx_xs_keys.h"
#include "xs_record.h"

char xs_letter(int server)
{
	return server < 26 ? 'A' + server : 'a' + server - 26;
}

static int letter_index(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	return -1;
}

/* 1 to @digits hexadecimal digits. Return: behind them, or NULL */
static const char *hex_take(const char *s, int digits, uint64_t *value)
{
	int n;

	*value = 0;
	for (n = 0; isxdigit((unsigned char)*s); n++, s++) {
		if (n == digits)
			return NULL;
		*value = *value << 4 |
			 (isdigit((unsigned char)*s) ? *s - '0' :
			  tolower((unsigned char)*s) - 'a' + 10);
	}
	return n ? s : NULL;
}

int xs_servers_parse(const char *s, struct xs_server *servers)
{
	uint64_t node, inc;
	int index;

	memset(servers, 0, MX_MAP_SERVERS * sizeof(*servers));
	if (!*s)
		return 0;
	for (;;) {
		index = letter_index(*s);
		if (index < 0 || servers[index].known || s[1] != '=')
			return -EBADMSG;
		s = hex_take(s + 2, 16, &node);
		if (!s || *s != ':')
			return -EBADMSG;
		s = hex_take(s + 1, 8, &inc);
		if (!s)
			return -EBADMSG;
		servers[index] = (struct xs_server){ true, node, inc };
		if (!*s)
			return 0;
		if (*s++ != ',')
			return -EBADMSG;
	}
}

static int run_add(void *ctx, uint32_t first, uint32_t count, int server)
{
	struct xs_map *map = ctx;
	struct xs_run *last = map->nruns ? &map->runs[map->nruns - 1] : NULL;
	struct xs_run *grown;

	if (!map->servers[server].known)
		return -ENOENT;
	if (last && last->server == server && last->first + last->count == first) {
		last->count += count;
		return 0;
	}
	grown = reallocarray(map->runs, map->nruns + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	map->runs = grown;
	grown[map->nruns++] = (struct xs_run){ first, count, server };
	return 0;
}

/* How many chunks there may be: what the record says, or else any number. */
static uint32_t chunks_of(const struct xs_disk *disk)
{
	uint64_t size = strtoull(xs_value(disk, MX_XS_SIZE), NULL, 10);
	uint64_t chunk = strtoull(xs_value(disk, MX_XS_CHUNK), NULL, 10);
	uint64_t chunks;

	if (!size || !chunk)
		return UINT32_MAX;
	chunks = size / chunk + !!(size % chunk);
	return chunks < UINT32_MAX ? chunks : UINT32_MAX;
}

/* The parts, one after another. */
static char *map_text(const struct xs_disk *disk)
{
	size_t size = 1, len = 0;
	const struct xs_pair *part;
	char key[32], *text, *grown;
	unsigned int i;

	text = calloc(1, 1);
	for (i = 0; text && i < MX_XS_MAP_COUNT; i++) {
		snprintf(key, sizeof(key), MX_XS_MAP_FMT, i);
		part = xs_pair(disk, key);
		if (!part)
			break;
		size += part->len;
		grown = realloc(text, size);
		if (!grown) {
			free(text);
			return NULL;
		}
		text = grown;
		memcpy(text + len, part->value, part->len);
		len += part->len;
		text[len] = 0;
	}
	return text;
}

int xs_map_read(const struct xs_disk *disk, struct xs_map *map,
		const char **key, const char **words)
{
	char *text;
	int err;

	memset(map, 0, sizeof(*map));
	if (xs_servers_parse(xs_value(disk, MX_XS_SERVERS), map->servers)) {
		*key = MX_XS_SERVERS;
		*words = "is not a list such as A=1f:2,B=20:3";
		return -EBADMSG;
	}
	text = map_text(disk);
	if (!text)
		return -ENOMEM;
	err = mx_maptext_decode(text, strlen(text), chunks_of(disk), run_add, map);
	free(text);
	*key = MX_XS_MAP;
	if (err == -ENOENT)
		*words = "has a letter that is not in " MX_XS_SERVERS;
	else if (err == -EBADMSG)
		*words = "is no map, or of more chunks than the volume has";
	return err == -ENOENT ? -EBADMSG : err;
}

void xs_map_clear(struct xs_map *map)
{
	free(map->runs);
	map->runs = NULL;
	map->nruns = 0;
}
