// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of memx-xs: reading a snapshot, decoding and checking records.
 */
#include "mxtest.h"
#include "../../xenstore/xs_store.c"
#include "../../xenstore/xs_record.c"
#include "../../xenstore/xs_check.c"

#define NODE "/local/domain/0/backend/vbd/3/268521984/"

/* A record without a fault. */
static const char *const good[][2] = {
	{ "script", "/etc/xen/scripts/block-memx" },
	{ "params", "vol=swap0,size=64M" },
	{ "hotplug-status", "connected" },
	{ "memx/volume", "swap0" },
	{ "memx/state", "ok" },
	{ "memx/id", "1f2e3d4c5b6a7988" },
	{ "memx/epoch", "1" },
	{ "memx/size", "67108864" },
	{ "memx/grow", "134217728" },
	{ "memx/chunk", "1048576" },
	{ "memx/used", "300" },
	{ "memx/servers", "A=525400000001:deadbeef,B=2:1" },
	{ "memx/map/0", "A8B8-16A" },
	{ "memx/map/1", "B4" },
	{ "memx/gen", "7" },
};

static void put(struct xs_store *store, const char *key, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), NODE "%s", key);
	assert_int_equal(xs_store_add(store, path, value, strlen(value)), 0);
}

/* The good record with one key changed, added, or (value NULL) left out. */
static void fill(struct xs_store *store, const char *key, const char *value)
{
	bool known = false;
	size_t i;

	memset(store, 0, sizeof(*store));
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (key && !strcmp(good[i][0], key)) {
			known = true;
			if (value)
				put(store, key, value);
		} else {
			put(store, good[i][0], good[i][1]);
		}
	}
	if (key && !known && value)
		put(store, key, value);
}

static void log_fault(void *ctx, const char *key, const char *words)
{
	mxt_log("%s %s", key, words);
}

/* Exactly this is found when the key is changed; "; " between faults. */
static void fault(const char *key, const char *value, const char *wanted)
{
	unsigned int faults = !!*wanted;
	struct xs_store store;
	const char *s;

	for (s = wanted; (s = strstr(s, "; ")); s += 2)
		faults++;
	fill(&store, key, value);
	assert_int_equal(xs_check(&store.disks[0], log_fault, NULL), faults);
	assert_string_equal(mxt_log_take(), wanted);
	xs_store_clear(&store);
}

static void xs_store_add__others(void **state)
{
	static const char *const paths[] = {
		"", "/", "/local/domain/0/backend/vbd/3/7", "/local/domain/0/backend/vbd/3/7/",
		"/local/domain/0/backend/vif/3/7/x", "/local/domain/x/backend/vbd/3/7/x",
		"/local/domain/0/backend/vbd/3x/7/x", "/local/domain/0/backend/vbd/3",
		"/local/domain/0/backend/vbd/99999999999999999999/7/x", "/vm/0",
	};
	struct xs_store store = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(xs_store_add(&store, paths[i], "", 0), 0);
	assert_int_equal(store.ndisks, 0);
	assert_int_equal(xs_store_add(&store, "/local/domain/1/backend/vbd3/4/5/a/b",
				      "v", 1), 0);
	assert_int_equal(store.ndisks, 1);
	assert_int_equal(store.disks[0].domid, 4);
	assert_int_equal(store.disks[0].devid, 5);
	assert_string_equal(xs_value(&store.disks[0], "a/b"), "v");
	xs_store_clear(&store);
}

static void xs_store_add__no_memory(void **state)
{
	unsigned int n;
	int err = -1;

	for (n = 1; err; n++) {
		struct xs_store store = { 0 };

		mxt_fail_nth(n);
		err = xs_store_add(&store, NODE "a", "v", 1);
		mxt_fail_nth(0);
		if (err)
			assert_int_equal(err, -ENOMEM);
		xs_store_clear(&store);
	}
	assert_true(n > 2);
}

static int dump(struct xs_store *store, const char *text)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int err;

	memset(store, 0, sizeof(*store));
	err = xs_store_dump(store, in);
	fclose(in);
	return err;
}

static void xs_store_dump__lines(void **state)
{
	struct xs_store store;

	assert_int_equal(dump(&store,
			      "/local/domain/0 = \"\"\n\n"
			      NODE "a = \"x \\\"y\\\\z\\t\\012\\303\"   (n0,r3)\n"
			      NODE "b = \" = \"q\"\"\n"), 0);
	assert_int_equal(store.ndisks, 1);
	assert_string_equal(xs_value(&store.disks[0], "a"), "x \"y\\z\t\n\xc3");
	assert_string_equal(xs_value(&store.disks[0], "b"), " = \"q\"");
	xs_store_clear(&store);
}

static void xs_store_dump__bad_line(void **state)
{
	struct xs_store store;

	assert_int_equal(dump(&store, "/a = \"b\"\n/local\n"), -EINVAL);
	assert_string_equal(store.why, "line 2: is not: path = \"value\"");
	xs_store_clear(&store);
}

static void xs_store_own__only_ours(void **state)
{
	struct xs_store store;

	fill(&store, NULL, NULL);
	xs_store_add(&store, "/local/domain/0/backend/vbd/3/7/script", "block", 5);
	xs_store_add(&store, "/local/domain/0/backend/vbd/3/8/dev", "xvda", 4);
	xs_store_add(&store, "/local/domain/0/backend/vbd/3/9/script", "block-memx", 10);
	xs_store_own(&store);
	assert_int_equal(store.ndisks, 2);
	assert_int_equal(store.disks[0].devid, 268521984);
	assert_int_equal(store.disks[1].devid, 9);
	xs_store_clear(&store);
}

static void xs_servers_parse__good(void **state)
{
	struct xs_server servers[MX_MAP_SERVERS];

	assert_int_equal(xs_servers_parse("", servers), 0);
	assert_int_equal(xs_servers_parse("A=1:2,z=FFFFffffffffffff:FFFFFFFF", servers), 0);
	assert_true(servers[0].known && servers[51].known && !servers[1].known);
	assert_int_equal(servers[0].node, 1);
	assert_int_equal(servers[51].node, UINT64_MAX);
	assert_int_equal(servers[51].inc, UINT32_MAX);
}

static void xs_servers_parse__bad(void **state)
{
	static const char *const bad[] = {
		"A", "A=", "A=1", "A=1:", "A=1:2,", ",A=1:2", "A=1:2;B=1:2", "1=1:2",
		"A=1:2,A=3:4", "A=x:2", "A=1:2 ", "A=11111111111111111:2", "A=1:222222222",
	};
	struct xs_server servers[MX_MAP_SERVERS];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(xs_servers_parse(bad[i], servers), -EBADMSG);
}

static void map_is(const char *first, const char *second, const char *wanted)
{
	const char *key, *words;
	struct xs_store store;
	struct xs_map map;
	unsigned int i;

	fill(&store, "memx/map/0", first);
	free(store.disks[0].pairs[store.disks[0].npairs - 2].value);
	store.disks[0].pairs[store.disks[0].npairs - 2].value = strdup(second);
	store.disks[0].pairs[store.disks[0].npairs - 2].len = strlen(second);
	assert_int_equal(xs_map_read(&store.disks[0], &map, &key, &words), 0);
	for (i = 0; i < map.nruns; i++)
		mxt_log("%c%u+%u", xs_letter(map.runs[i].server), map.runs[i].first,
			map.runs[i].count);
	assert_string_equal(mxt_log_take(), wanted);
	xs_map_clear(&map);
	xs_store_clear(&store);
}

static void xs_map_read__runs(void **state)
{
	map_is("A8B8-16A", "B4", "A0+8; B8+8; A32+1; B33+4");
	map_is("", "", "");
	map_is("A2A3", "A", "A0+6");
	map_is("A1", "6", "A0+16");	/* a part may end in a number */
	map_is("A2-A", "", "A0+2; A3+1");
}

static void xs_map_read__no_memory(void **state)
{
	const char *key, *words;
	struct xs_store store;
	unsigned int n;
	int err = -1;

	fill(&store, NULL, NULL);
	for (n = 1; err; n++) {
		struct xs_map map;

		mxt_fail_nth(n);
		err = xs_map_read(&store.disks[0], &map, &key, &words);
		mxt_fail_nth(0);
		if (err)
			assert_int_equal(err, -ENOMEM);
		xs_map_clear(&map);
	}
	assert_true(n > 3);
	xs_store_clear(&store);
}

static void xs_check__good(void **state)
{
	fault(NULL, NULL, "");
	fault("memx/map", "", "");
	fault("memx/error", "", "");
	fault("frontend", "/local/domain/3/device/vbd/268521984", "");
}

static void xs_check__types(void **state)
{
	fault("memx/volume", "a/b", "memx/volume is no name of a volume");
	fault("memx/volume", "", "memx/volume is no name of a volume");
	fault("memx/state", "fine",
	      "memx/state is none of waiting,ok,stalled,lost,fenced,closed,error");
	fault("memx/state", "", "memx/state is none of waiting,ok,stalled,lost,fenced,closed,error");
	fault("memx/id", "xyz", "memx/id is not 1 to 16 hex digits");
	fault("memx/epoch", "-1", "memx/epoch is no number");
	fault("memx/epoch", "", "memx/epoch is no number");
	fault("memx/gen", "99999999999999999999", "memx/gen is no number");
	fault("memx/size", "67108865", "memx/size is no multiple of 4096");
	fault("memx/error", "a\x1b", "memx/error holds characters that cannot be printed");
	fault("hotplug-status", "done", "hotplug-status is none of connected,error");
}

static void xs_check__keys(void **state)
{
	fault("memx/colour", "red", "memx/colour is not in keys.def");
	fault("memx/map/16", "A", "memx/map/16 is not in keys.def");
	fault("memx/map/01", "A", "memx/map/01 is not in keys.def");
	fault("memx/map/x", "A", "memx/map/x is not in keys.def");
	fault("memx/map/0/x", "A", "memx/map/0/x is not in keys.def");
}

static void xs_check__limits(void **state)
{
	char value[300];

	memset(value, 'a', sizeof(value));
	value[64] = 0;
	fault("memx/volume", value, "memx/volume has 64 bytes, at most 63 are allowed");
	value[64] = 'a';
	value[256] = 0;
	fault("memx/map-error", value,
	      "memx/map-error has 256 bytes, at most 255 are allowed; "
	      "memx/map-error says there is no map, but there is one");
}

static void xs_check__map(void **state)
{
	fault("memx/map/0", "A8B8-16A?", "memx/map is no map, or of more chunks than the volume has");
	fault("memx/map/0", "A61", "memx/map is no map, or of more chunks than the volume has");
	fault("memx/map/0", "C", "memx/map has a letter that is not in memx/servers");
	fault("memx/map/0", NULL, "memx/map/1 has no part before it");
	fault("memx/map/3", "A", "memx/map/3 has no part before it");
	fault("memx/servers", "A:1", "memx/servers is not a list such as A=1f:2,B=20:3");
}

static void xs_check__whole(void **state)
{
	fault("memx/epoch", NULL, "memx/epoch is missing although there is memx/gen");
	fault("memx/used", "16385", "memx/used is more than the volume's size");
	fault("memx/used", "16384", "");
}

static void xs_check__zero_byte(void **state)
{
	struct xs_store store;

	fill(&store, NULL, NULL);
	assert_int_equal(xs_store_add(&store, NODE "memx/error", "a\0b", 3), 0);
	assert_int_equal(xs_check(&store.disks[0], log_fault, NULL), 1);
	assert_string_equal(mxt_log_take(), "memx/error holds a zero byte");
	xs_store_clear(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(xs_store_add__others),
		MXT(xs_store_add__no_memory),
		MXT(xs_store_dump__lines),
		MXT(xs_store_dump__bad_line),
		MXT(xs_store_own__only_ours),
		MXT(xs_servers_parse__good),
		MXT(xs_servers_parse__bad),
		MXT(xs_map_read__runs),
		MXT(xs_map_read__no_memory),
		MXT(xs_check__good),
		MXT(xs_check__types),
		MXT(xs_check__keys),
		MXT(xs_check__limits),
		MXT(xs_check__map),
		MXT(xs_check__whole),
		MXT(xs_check__zero_byte),
	};

	return MXT_RUN(tests);
}
