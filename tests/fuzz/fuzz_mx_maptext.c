// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the decoder of chunk maps: whatever it accepts lies within the volume,
 * in order, and comes back when it is encoded and decoded again.
 */
#include "engine/mx_maptext.h"
#include "input.h"

enum { CHUNKS = 16384 };

/**
 * struct map - a decoded map
 * @chunks: of the volume
 * @next:   first chunk behind the last run
 * @who:    server by chunk, -1: none; a byte each, as that is filled at once
 */
struct map {
	u32 chunks;
	u32 next;
	s8 who[CHUNKS];
};

static struct map first, second;
static char text[CHUNKS * 2];

static int on_run(void *ctx, u32 at, u32 count, int server)
{
	struct map *m = ctx;

	must(at >= m->next && at < m->chunks);
	must(count && count <= m->chunks - at);
	must(server >= 0 && server < MX_MAP_SERVERS);
	m->next = at + count;
	memset(m->who + at, server, count);
	return 0;
}

static int who(void *ctx, u32 chunk)
{
	const struct map *m = ctx;

	must(chunk < m->chunks);
	return m->who[chunk];
}

static int read_map(struct map *m, u32 chunks, const char *from, size_t len)
{
	m->chunks = chunks;
	m->next = 0;
	memset(m->who, -1, sizeof(m->who));
	return mx_maptext_decode(from, len, chunks, on_run, m);
}

/* Input: two bytes of the volume's chunks, then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 chunks;
	int len, err;

	if (size < 2)
		return 0;
	chunks = (data[0] << 8 | data[1]) % (CHUNKS + 1);
	err = read_map(&first, chunks, (const char *)data + 2, size - 2);
	must(!err || err == -EBADMSG);
	if (err)
		return 0;
	len = mx_maptext_encode(who, &first, chunks, text, sizeof(text));
	must(len >= 0 && len < (int)sizeof(text) && len <= (int)chunks);
	must(!read_map(&second, chunks, text, len));
	must(!memcmp(first.who, second.who, chunks * sizeof(first.who[0])));
	return 0;
}
