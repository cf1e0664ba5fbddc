// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of memxctl's JSON writer.
 */
#include "mxtest.h"
#include "../../tools/json.c"

static char text[1024];

static struct json begin(void)
{
	memset(text, 0, sizeof(text));
	return (struct json){ .out = fmemopen(text, sizeof(text), "w") };
}

static void end(struct json *j, const char *wanted)
{
	fclose(j->out);
	assert_string_equal(text, wanted);
}

static void str_is(const char *value, const char *wanted)
{
	struct json j = begin();

	json_str(&j, NULL, value);
	end(&j, wanted);
}

static void json_utf8__lengths(void **state)
{
	assert_int_equal(json_utf8("a"), 1);
	assert_int_equal(json_utf8("\xc3\xa4"), 2);
	assert_int_equal(json_utf8("\xe2\x82\xac"), 3);
	assert_int_equal(json_utf8("\xf0\x9f\x98\x80"), 4);
}

static void json_utf8__invalid(void **state)
{
	assert_int_equal(json_utf8("\x80"), 0);
	assert_int_equal(json_utf8("\xff"), 0);
	assert_int_equal(json_utf8("\xc3"), 0);
	assert_int_equal(json_utf8("\xc0\x80"), 0);		/* too long for a NUL */
	assert_int_equal(json_utf8("\xe0\x80\x80"), 0);
	assert_int_equal(json_utf8("\xed\xa0\x80"), 0);		/* surrogate */
	assert_int_equal(json_utf8("\xf4\x90\x80\x80"), 0);	/* past the last */
}

static void json_str__escapes(void **state)
{
	str_is("", "\"\"");
	str_is("a\"b\\c", "\"a\\\"b\\\\c\"");
	str_is("\n\t", "\"\\n\\t\"");
	str_is("\x01\x1b\x7f", "\"\\u0001\\u001b\\u007f\"");
	str_is("\xc3\xa4", "\"\xc3\xa4\"");
	str_is("a\xff\xc3z", "\"a\\ufffd\\ufffdz\"");
}

static void json_open__empty(void **state)
{
	struct json j = begin();

	json_open(&j, NULL, '[');
	json_close(&j, ']');
	end(&j, "[]\n");
}

static void json_open__nested(void **state)
{
	struct json j = begin();

	json_open(&j, NULL, '[');
	json_open(&j, NULL, '{');
	json_u64(&j, "n", UINT64_MAX);
	json_open(&j, "list", '[');
	json_null(&j, NULL);
	json_bool(&j, NULL, true);
	json_bool(&j, NULL, false);
	json_close(&j, ']');
	json_close(&j, '}');
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	end(&j, "[\n"
		"  {\n"
		"    \"n\": 18446744073709551615,\n"
		"    \"list\": [\n"
		"      null,\n"
		"      true,\n"
		"      false\n"
		"    ]\n"
		"  },\n"
		"  {}\n"
		"]\n");
}

static void json_open__too_deep(void **state)
{
	struct json j = begin();
	int i;

	for (i = 0; i < 2 * JSON_DEPTH; i++)
		json_open(&j, NULL, '[');
	for (i = 0; i < 2 * JSON_DEPTH; i++)
		json_close(&j, ']');
	fclose(j.out);
}

static void json_hex__digits(void **state)
{
	struct json j = begin();

	json_hex(&j, NULL, 0xabc, 8);
	end(&j, "\"00000abc\"");
}

static void text_print__replaces(void **state)
{
	struct json j = begin();

	text_print("a\x1b[1m\n\xc3\xa4\xff", j.out);
	end(&j, "a?[1m?\xc3\xa4?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(json_utf8__lengths),
		MXT(json_utf8__invalid),
		MXT(json_str__escapes),
		MXT(json_open__empty),
		MXT(json_open__nested),
		MXT(json_open__too_deep),
		MXT(json_hex__digits),
		MXT(text_print__replaces),
	};

	return MXT_RUN(tests);
}
