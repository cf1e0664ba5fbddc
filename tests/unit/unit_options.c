// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the table of a volume's options: its limits are the engines'.
 */
#include "mxtest.h"
#include "engine/rmp_flow.h"
#include "engine/mx_wire.h"
#include "uapi/memx_options.h"

/**
 * struct line - of the table
 * @word:  of the option
 * @least: smallest value
 * @most:  largest
 */
struct line {
	const char *word;
	u64 least;
	u64 most;
};

#define LINE(name, type, _least, _most, _word, set, field, noun) \
	{ .word = _word, .least = _least, .most = _most },

static const struct line lines[] = { MEMX_OPTIONS(LINE) };

static const struct line *find(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strcmp(lines[i].word, word))
			return &lines[i];
	fail_msg("there is no option %s", word);
	return NULL;
}

static void options__size(void **state)
{
	const struct line *line = find("size");

	assert_int_equal(line->least, MX_PAGE_SIZE);
	assert_true(line->most ==
		    (u64)MX_CHUNKS_MAX << (MX_CHUNK_SHIFT_MAX + MX_PAGE_SHIFT));
}

static void options__grow(void **state)
{
	assert_int_equal(find("grow")->least, find("size")->least);
	assert_true(find("grow")->most == find("size")->most);
}

static void options__chunk(void **state)
{
	assert_int_equal(find("chunk")->least, MX_CHUNK_SHIFT_MIN);
	assert_int_equal(find("chunk")->most, MX_CHUNK_SHIFT_MAX);
}

static void options__weight(void **state)
{
	assert_int_equal(find("weight")->least, 1);
	assert_int_equal(find("weight")->most, RMP_WEIGHT_MAX);
}

/* Neither may be less than nothing, nor so large that its pages do not fit in 64 bits. */
static void options__reserve(void **state)
{
	assert_int_equal(find("reserve")->least, 0);
	assert_true(find("reserve")->most == find("size")->most);
	assert_int_equal(find("limit")->least, 0);
	assert_true(find("limit")->most > MX_COPIES_MAX * find("size")->most);
	assert_int_equal(MEMX_A_RESERVE, 96);
	assert_int_equal(MEMX_A_LIMIT, 97);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(options__size),
		MXT(options__grow),
		MXT(options__chunk),
		MXT(options__weight),
		MXT(options__reserve),
	};

	return MXT_RUN(tests);
}
