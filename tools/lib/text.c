// SPDX-License-Identifier: GPL-2.0
/*
 * Text from elsewhere, made fit for terminals and for JSON.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "text.h"

int text_utf8(const char *s)
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

/* DEL and the C1 control characters, which come as two bytes. */
static bool is_late_control(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	return u[0] == 0x7f || (u[0] == 0xc2 && u[1] >= 0x80 && u[1] < 0xa0);
}

void text_print(const char *text, FILE *out)
{
	char *plain = text_plain(text);

	fputs(plain ? plain : "?", out);
	free(plain);
}

char *text_plain(const char *text)
{
	char *copy = malloc(strlen(text) + 1), *to = copy;
	int len;

	if (!copy)
		return NULL;
	for (; *text; text += len) {
		len = text_utf8(text);
		if (!len || (unsigned char)*text < 0x20 || is_late_control(text)) {
			*to++ = '?';
			len = len ? len : 1;
			continue;
		}
		memcpy(to, text, len);
		to += len;
	}
	*to = 0;
	return copy;
}

char *text_valid(const char *text)
{
	static const char bad[] = "\xef\xbf\xbd";
	char *copy = malloc(3 * strlen(text) + 1), *to = copy;
	int len;

	if (!copy)
		return NULL;
	for (; *text; text += len) {
		len = text_utf8(text);
		if (!len || is_late_control(text)) {
			memcpy(to, bad, 3);
			to += 3;
			len = len ? len : 1;
			continue;
		}
		memcpy(to, text, len);
		to += len;
	}
	*to = 0;
	return copy;
}
