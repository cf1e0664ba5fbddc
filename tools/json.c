// SPDX-License-Identifier: GPL-2.0
/*
 * A small JSON writer: correct commas, indentation and escapes; and text made
 * fit for terminals.
 */
#include <inttypes.h>
#include "json.h"

int json_utf8(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c, least;
	int len, i;

	if (u[0] < 0x80) {
		return 1;
	} else if ((u[0] & 0xe0) == 0xc0) {
		len = 2;
		least = 0x80;
		c = u[0] & 0x1f;
	} else if ((u[0] & 0xf0) == 0xe0) {
		len = 3;
		least = 0x800;
		c = u[0] & 0x0f;
	} else if ((u[0] & 0xf8) == 0xf0) {
		len = 4;
		least = 0x10000;
		c = u[0] & 0x07;
	} else {
		return 0;
	}
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

static void put_char(FILE *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c == '\n')
		fputs("\\n", out);
	else if (c == '\t')
		fputs("\\t", out);
	else if (c < 0x20 || c == 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		fputc(c, out);
}

static void put_string(FILE *out, const char *s)
{
	int len;

	fputc('"', out);
	while (*s) {
		len = json_utf8(s);
		if (len == 1)
			put_char(out, *s);
		else if (len)
			fwrite(s, 1, len, out);
		else
			fputs("\\ufffd", out);
		s += len ? len : 1;
	}
	fputc('"', out);
}

/* What goes before a value: comma, new line, indentation, key. */
static void lead(struct json *j, const char *key)
{
	if (j->some[j->depth])
		fputc(',', j->out);
	j->some[j->depth] = true;
	if (j->depth)
		fprintf(j->out, "\n%*s", 2 * j->depth, "");
	if (key) {
		put_string(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	lead(j, key);
	fputc(bracket, j->out);
	if (j->depth < JSON_DEPTH)
		j->depth++;
	j->some[j->depth] = false;
}

void json_close(struct json *j, char bracket)
{
	bool some = j->some[j->depth];

	if (j->depth)
		j->depth--;
	if (some)
		fprintf(j->out, "\n%*s", 2 * j->depth, "");
	fputc(bracket, j->out);
	if (!j->depth)
		fputc('\n', j->out);
}

void json_str(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	put_string(j->out, value);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	lead(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_hex(struct json *j, const char *key, uint64_t value, int digits)
{
	lead(j, key);
	fprintf(j->out, "\"%0*" PRIx64 "\"", digits, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->out);
}

void text_print(const char *text, FILE *out)
{
	int len;

	while (*text) {
		len = json_utf8(text);
		if (!len || (len == 1 && (*text < 0x20 || *text == 0x7f))) {
			fputc('?', out);
			len = 1;
		} else {
			fwrite(text, 1, len, out);
		}
		text += len;
	}
}
