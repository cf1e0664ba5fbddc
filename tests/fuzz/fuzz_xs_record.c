// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes memx-xs with what xenstore might hold: the input is the output of
 * xenstore-ls -f.
 */
#include "../../xenstore/xs_store.c"
#include "../../xenstore/xs_record.c"
#include "../../xenstore/xs_check.c"
#include "input.h"

static void count_fault(void *ctx, const char *key, const char *words)
{
	must(*key && *words);
	++*(unsigned int *)ctx;
}

/* A map that decodes is in order, without overlap, on servers that are known. */
static bool try_map(const struct xs_disk *disk)
{
	const char *key = NULL, *words = NULL;
	struct xs_map map;
	uint64_t end = 0;
	unsigned int i;
	int err;

	err = xs_map_read(disk, &map, &key, &words);
	for (i = 0; !err && i < map.nruns; i++) {
		const struct xs_run *run = &map.runs[i];

		must(run->count && run->first >= end);
		must(map.servers[run->server].known);
		end = (uint64_t)run->first + run->count;
	}
	must(!err || (key && words));
	xs_map_clear(&map);
	return !err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xs_store store = { 0 };
	unsigned int i, faults;
	FILE *in;

	if (!size)
		return 0;
	in = fmemopen((void *)data, size, "r");
	must(in);
	xs_store_dump(&store, in);
	fclose(in);
	for (i = 0; i < store.ndisks; i++) {
		faults = 0;
		must(xs_check(&store.disks[i], count_fault, &faults) == faults);
		must(try_map(&store.disks[i]) || faults);
	}
	xs_store_own(&store);
	xs_store_clear(&store);
	return 0;
}
