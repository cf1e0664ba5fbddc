/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the record of a disk means, and whether it keeps to keys.def.
 */
#ifndef MX_XS_RECORD_H
#define MX_XS_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "engine/mx_maptext.h"
#include "xs_store.h"

/**
 * struct xs_server - one of the map's letters
 * @known: the letter is in the list
 * @node:  node id
 * @inc:   incarnation
 */
struct xs_server {
	bool		known;
	uint64_t	node;
	uint32_t	inc;
};

/**
 * struct xs_run - chunks in a row on one server
 * @first:  chunk
 * @count:  chunks
 * @server: index of its letter
 */
struct xs_run {
	uint32_t first;
	uint32_t count;
	int server;
};

/**
 * struct xs_map - a decoded map
 * @servers: by index of the letter
 * @runs:    owned; neighbours on one server are one run
 * @nruns:   how many
 */
struct xs_map {
	struct xs_server servers[MX_MAP_SERVERS];
	struct xs_run	*runs;
	unsigned int	nruns;
};

/**
 * typedef xs_fault_fn - told of each thing that is wrong with a record
 * @key:   with which key
 * @words: what
 */
typedef void (*xs_fault_fn)(void *ctx, const char *key, const char *words);

/** xs_servers_parse() - the value of memx/servers. Return: 0 or -EBADMSG */
int xs_servers_parse(const char *text, struct xs_server *servers);

/**
 * xs_map_read() - decode a disk's map
 *
 * Return: 0; -EBADMSG with @key and @words saying which key is wrong and how;
 * -ENOMEM. xs_map_clear() is due in any case.
 */
int xs_map_read(const struct xs_disk *disk, struct xs_map *map,
		const char **key, const char **words);
void xs_map_clear(struct xs_map *map);

/** xs_letter() - the letter of a server in the map */
char xs_letter(int server);

/** xs_check() - find what is wrong with a record. Return: number of faults */
unsigned int xs_check(const struct xs_disk *disk, xs_fault_fn fault, void *ctx);

#endif /* MX_XS_RECORD_H */
