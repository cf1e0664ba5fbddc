// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_maptext.c: what is written can be read, nothing
 * is written past the buffer, and nonsense is refused.
 */
#include "mxtest.h"
#include "engine/mx_maptext.h"
#include "engine/mx_wire.h"

static int map[MX_CHUNKS_MAX];

static int who(void *ctx, u32 chunk)
{
	return map[chunk];
}

static void clear(void)
{
	memset(map, 0xff, sizeof(map));
}

static void expect(u32 chunks, const char *text)
{
	char buf[64];
	size_t size, len = strlen(text);

	assert_int_equal(mx_maptext_encode(who, NULL, chunks, buf, sizeof(buf)),
			 len);
	assert_string_equal(buf, text);
	/* It needs all of its bytes and the NUL, and writes no more. */
	for (size = 0; size <= len; size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(mx_maptext_encode(who, NULL, chunks, buf, size),
				 -E2BIG);
		assert_int_equal(buf[size], '#');
	}
	assert_int_equal(mx_maptext_encode(who, NULL, chunks, buf, len + 1), len);
}

static void mx_maptext_encode__runs(void **state)
{
	clear();
	expect(0, "");
	expect(10, "");
	map[0] = 0;
	expect(1, "A");
	expect(10, "A");
	map[9] = 25;
	expect(10, "A-8Z");
	expect(11, "A-8Z");
	map[1] = 0;
	map[2] = 26;
	map[3] = 51;
	expect(10, "A2az-5Z");
	map[0] = -1;
	expect(10, "-Aaz-5Z");
	map[0] = 51;
	map[1] = 51;
	map[2] = 51;
	expect(4, "z4");
}

static void mx_maptext_encode__no_letter(void **state)
{
	char buf[8];

	clear();
	map[3] = MX_MAP_SERVERS;
	assert_int_equal(mx_maptext_encode(who, NULL, 4, buf, sizeof(buf)), -ERANGE);
	assert_int_equal(mx_maptext_encode(who, NULL, 3, buf, sizeof(buf)), 0);
}

static void mx_maptext_encode__worst_case_fits(void **state)
{
	char *buf = malloc(MX_MAP_NODES * MX_MAP_NODE_BYTES);
	int i;

	for (i = 0; i < MX_CHUNKS_MAX; i++)
		map[i] = i % MX_MAP_SERVERS;
	assert_int_equal(mx_maptext_encode(who, NULL, MX_CHUNKS_MAX, buf,
					   MX_MAP_NODES * MX_MAP_NODE_BYTES),
			 MX_CHUNKS_MAX);
	assert_true(MX_CHUNKS_MAX <= 9 * MX_MAP_NODE_BYTES);
	for (i = 0; i < MX_CHUNKS_MAX; i++)
		map[i] = 1;
	expect(MX_CHUNKS_MAX, "B16384");
	free(buf);
}

/**
 * struct seen - what a decoder has told
 * @map:  server by chunk, -1: none
 * @stop: value to return at the n-th run
 * @n:    runs until then, 0: never
 */
struct seen {
	int map[MX_CHUNKS_MAX];
	int stop;
	int n;
};

static int on_run(void *ctx, u32 first, u32 count, int server)
{
	struct seen *seen = ctx;
	u32 i;

	assert_true(count && first < MX_CHUNKS_MAX &&
		    count <= MX_CHUNKS_MAX - first);
	assert_in_range(server, 0, MX_MAP_SERVERS - 1);
	for (i = first; i < first + count; i++)
		seen->map[i] = server;
	return seen->n && !--seen->n ? seen->stop : 0;
}

static void mx_maptext_decode__round_trip(void **state)
{
	struct seen *seen = malloc(sizeof(*seen));
	char *buf = malloc(MX_CHUNKS_MAX * 2);
	u64 seed = 88172645463325252ULL;
	int i, round, len, server = 0;

	for (round = 1; round < 60; round++) {
		for (i = 0; i < MX_CHUNKS_MAX; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			if ((seed >> 40) % round == 0)
				server = (int)((seed >> 20) % 53) - 1;
			map[i] = server;
		}
		len = mx_maptext_encode(who, NULL, MX_CHUNKS_MAX, buf,
					MX_CHUNKS_MAX * 2);
		assert_true(len > 0);
		memset(seen, 0xff, sizeof(*seen));
		seen->n = 0;
		assert_int_equal(mx_maptext_decode(buf, len, MX_CHUNKS_MAX,
						   on_run, seen), 0);
		assert_memory_equal(seen->map, map, sizeof(map));
	}
	free(buf);
	free(seen);
}

static int decode(const char *text, u32 chunks)
{
	static struct seen seen;

	seen.n = 0;
	return mx_maptext_decode(text, strlen(text), chunks, on_run, &seen);
}

static void mx_maptext_decode__refuses(void **state)
{
	static const char * const bad[] = {
		"3", "A1", "A0", "A02", "A 2", "a,b", "A2-3\n", "?", "@", "[", "`",
		"{", "AAAAAAAAAAA", "A11", "-11", "A10-", "A4294967297", "A9999999999",
		"B4A\xff",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(decode(bad[i], 10), -EBADMSG);
	assert_int_equal(decode("", 0), 0);
	assert_int_equal(decode("A", 0), -EBADMSG);
	assert_int_equal(decode("A10", 10), 0);
	assert_int_equal(decode("-10", 10), 0);
	assert_int_equal(decode("A9z", 10), 0);
	assert_int_equal(decode("AAAA2AA", 10), 0);
}

static void mx_maptext_decode__stops(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	seen->n = 2;
	seen->stop = -EINTR;
	assert_int_equal(mx_maptext_decode("A-B?", 4, 10, on_run, seen), -EINTR);
	assert_int_equal(mx_maptext_decode("A-B?", 4, 10, on_run, seen), -EBADMSG);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_maptext_encode__runs),
		MXT(mx_maptext_encode__no_letter),
		MXT(mx_maptext_encode__worst_case_fits),
		MXT(mx_maptext_decode__round_trip),
		MXT(mx_maptext_decode__refuses),
		MXT(mx_maptext_decode__stops),
	};

	return MXT_RUN(tests);
}
