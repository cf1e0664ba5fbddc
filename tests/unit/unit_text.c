// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the text that the tools make fit for terminals and JSON.
 */
#include "mxtest.h"
#include "../../tools/lib/text.c"

static void text_utf8__lengths(void **state)
{
	assert_int_equal(text_utf8("a"), 1);
	assert_int_equal(text_utf8("\xc3\xa4"), 2);
	assert_int_equal(text_utf8("\xe2\x82\xac"), 3);
	assert_int_equal(text_utf8("\xf0\x9f\x98\x80"), 4);
}

static void text_utf8__invalid(void **state)
{
	assert_int_equal(text_utf8("\x80"), 0);
	assert_int_equal(text_utf8("\xff"), 0);
	assert_int_equal(text_utf8("\xc3"), 0);
	assert_int_equal(text_utf8("\xc0\x80"), 0);		/* too long for a NUL */
	assert_int_equal(text_utf8("\xe0\x80\x80"), 0);
	assert_int_equal(text_utf8("\xed\xa0\x80"), 0);		/* surrogate */
	assert_int_equal(text_utf8("\xf4\x90\x80\x80"), 0);	/* past the last */
}

static void text_print__replaces(void **state)
{
	char text[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	text_print("a\x1b[1m\n\xc3\xa4\xff", out);
	fclose(out);
	assert_string_equal(text, "a?[1m?\xc3\xa4?");
}

static void plain_is(const char *from, const char *wanted)
{
	char *text = text_plain(from);

	assert_string_equal(text, wanted);
	free(text);
}

static void text_plain__replaces(void **state)
{
	plain_is("", "");
	plain_is("a\tb\x7f", "a?b?");
	plain_is("\xc2\x9b\x32J\xc2\xa0", "?2J\xc2\xa0");	/* CSI; no-break space */
}

static void text_plain__no_memory(void **state)
{
	mxt_fail_nth(1);
	assert_null(text_plain("a"));
}

static void valid_is(const char *from, const char *wanted)
{
	char *text = text_valid(from);

	assert_string_equal(text, wanted);
	free(text);
}

static void text_valid__replaces(void **state)
{
	valid_is("", "");
	valid_is("\xc3\xa4\n", "\xc3\xa4\n");
	valid_is("\xff\xc3z", "\xef\xbf\xbd\xef\xbf\xbdz");
	valid_is("\x7f\xc2\x9b", "\xef\xbf\xbd\xef\xbf\xbd");
}

static void text_valid__no_memory(void **state)
{
	mxt_fail_nth(1);
	assert_null(text_valid("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(text_utf8__lengths),
		MXT(text_utf8__invalid),
		MXT(text_print__replaces),
		MXT(text_plain__replaces),
		MXT(text_plain__no_memory),
		MXT(text_valid__replaces),
		MXT(text_valid__no_memory),
	};

	return MXT_RUN(tests);
}
