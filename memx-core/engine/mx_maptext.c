// SPDX-License-Identifier: GPL-2.0
/*
 * The chunk map as text: run-length coder and decoder.
 */
#include "mx_maptext.h"

/**
 * struct out - text being written
 * @buf:  where
 * @size: bytes in @buf
 * @len:  bytes written; past @size - 1 nothing is stored any more
 */
struct out {
	char	*buf;
	size_t	size;
	size_t	len;
};

static void put_char(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_run(struct out *o, char who, u32 count)
{
	char digit[10];
	int n = 0;

	put_char(o, who);
	if (count == 1)
		return;
	for (; count; count /= 10)
		digit[n++] = '0' + count % 10;
	while (n--)
		put_char(o, digit[n]);
}

static char letter(int server)
{
	if (server < 0)
		return '-';
	return server < 26 ? 'A' + server : 'a' + server - 26;
}

static int server_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	return -1;
}

int mx_maptext_encode(int (*who)(void *ctx, u32 chunk), void *ctx, u32 chunks,
		      char *buf, size_t size)
{
	struct out o = { .buf = buf, .size = size };
	u32 i = 0;

	while (i < chunks) {
		u32 first = i;
		int server = who(ctx, i);

		if (server >= MX_MAP_SERVERS)
			return -ERANGE;
		for (i++; i < chunks && who(ctx, i) == server; i++)
			;
		if (server >= 0 || i < chunks)
			put_run(&o, letter(server), i - first);
		if (o.len >= size)
			return -E2BIG;
	}
	if (!size)
		return -E2BIG;
	buf[o.len] = '\0';
	return (int)o.len;
}

/* A count, absent meaning 1. Return: bytes used, or -EBADMSG */
static int get_count(const char *text, size_t len, u32 *count)
{
	u32 n = 0;
	int i = 0;

	*count = 1;
	if (!len || text[0] < '0' || text[0] > '9')
		return 0;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (i == 9)
			return -EBADMSG;
		n = n * 10 + (text[i] - '0');
	}
	if (text[0] == '0' || n < 2)
		return -EBADMSG;
	*count = n;
	return i;
}

int mx_maptext_decode(const char *text, size_t len, u32 chunks,
		      int (*run)(void *ctx, u32 first, u32 count, int server),
		      void *ctx)
{
	u32 at = 0, count;
	size_t i = 0;
	int ret;

	while (i < len) {
		int server = server_of(text[i]);

		if (server < 0 && text[i] != '-')
			return -EBADMSG;
		i++;
		ret = get_count(text + i, len - i, &count);
		if (ret < 0)
			return ret;
		i += ret;
		if (count > chunks - at)
			return -EBADMSG;
		if (server >= 0) {
			ret = run(ctx, at, count, server);
			if (ret)
				return ret;
		}
		at += count;
	}
	return 0;
}
