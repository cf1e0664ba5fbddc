// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes and names as people write them.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "size.h"

enum {
	NAME_MOST	= 63,
	CHUNK_LEAST	= 8,	/* log2 of pages: 1 MiB */
	CHUNK_MOST	= 18,	/* 1 GiB */
};

static const char units[] = "KMGT";

/* Reads digits; *text is left behind them. */
static int digits(const char **text, uint64_t *value)
{
	const char *s = *text;
	bool over = false;

	*value = 0;
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++) {
		unsigned int digit = *s - '0';

		if (*value > (UINT64_MAX - digit) / 10)
			over = true;
		else
			*value = *value * 10 + digit;
	}
	*text = s;
	return over ? -ERANGE : 0;
}

int number_parse(const char *text, uint64_t most, uint64_t *value)
{
	int ret = digits(&text, value);

	if (ret == -EINVAL || *text)
		return -EINVAL;
	return ret ? ret : *value > most ? -ERANGE : 0;
}

int size_parse(const char *text, uint64_t *bytes)
{
	unsigned int shift = 0;
	const char *unit;
	int ret;

	ret = digits(&text, bytes);
	if (ret == -EINVAL)
		return ret;
	if (*text) {
		unit = strchr(units, toupper((unsigned char)*text));
		if (unit) {
			shift = 10 * (unit - units + 1);
			text++;
		}
		if (unit && text[0] == 'i' && text[1] == 'B')
			text += 2;
		else if (text[0] == 'B')
			text++;
		if (*text)
			return -EINVAL;
	}
	if (ret)
		return ret;
	if (shift && *bytes >> (64 - shift))
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}

const char *size_format(uint64_t bytes, char *text)
{
	int unit = -1;
	uint64_t one;

	while (unit < 3 && bytes >> (10 * (unit + 2)))
		unit++;
	if (unit < 0) {
		snprintf(text, SIZE_TEXT, "%" PRIu64, bytes);
		return text;
	}
	one = 1ULL << (10 * (unit + 1));
	if (bytes % one)
		snprintf(text, SIZE_TEXT, "%.1f%c", (double)bytes / one, units[unit]);
	else
		snprintf(text, SIZE_TEXT, "%" PRIu64 "%c", bytes / one, units[unit]);
	return text;
}

int hex_parse(const char *text, uint64_t *value)
{
	size_t n;

	if (text[0] == '0' && text[1] == 'x')
		text += 2;
	*value = 0;
	for (n = 0; isxdigit((unsigned char)text[n]); n++) {
		int c = tolower((unsigned char)text[n]);

		*value = *value << 4 | (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return n && n <= 16 && !text[n] ? 0 : -EINVAL;
}

int chunk_shift(uint64_t bytes)
{
	int shift;

	for (shift = CHUNK_LEAST; shift <= CHUNK_MOST; shift++)
		if (bytes == (uint64_t)SIZE_PAGE << shift)
			return shift;
	return -EINVAL;
}

bool name_valid(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		unsigned char c = name[i];

		if (c >= 0x80 || !(isalnum(c) || (i && strchr("._-", c))))
			return false;
	}
	return i && i <= NAME_MOST;
}
