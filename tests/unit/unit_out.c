// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of what the tools print: JSON and columns.
 */
#include "mxtest.h"
#include "../../tools/lib/text.c"
#include "../../tools/lib/out.c"

static char text[1024];

static FILE *begin(void)
{
	memset(text, 0, sizeof(text));
	return fmemopen(text, sizeof(text), "w");
}

static void end(FILE *out, const char *wanted)
{
	fclose(out);
	assert_string_equal(text, wanted);
}

static void str_is(const char *value, const char *wanted)
{
	struct json_object *doc = out_array();
	char line[128];
	FILE *out = begin();

	out_str(doc, NULL, value);
	out_json_line(out, doc);
	snprintf(line, sizeof(line), "[%s]\n", wanted);
	end(out, line);
}

static void out_str__escapes(void **state)
{
	str_is("", "\"\"");
	str_is("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	str_is("\n\t", "\"\\n\\t\"");
	str_is("\x01\x1b", "\"\\u0001\\u001b\"");
	str_is("\xc3\xa4", "\"\xc3\xa4\"");
	str_is("a\xff\xc3z", "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
}

static void out_add__key_is_made_valid(void **state)
{
	struct json_object *doc = out_object();
	FILE *out = begin();

	out_u64(doc, "a\xff", 1);
	out_json_line(out, doc);
	end(out, "{\"a\xef\xbf\xbd\":1}\n");
}

static void out_hex__digits(void **state)
{
	struct json_object *doc = out_object();
	FILE *out = begin();

	out_hex(doc, "id", 0xabc, 8);
	out_json_line(out, doc);
	end(out, "{\"id\":\"00000abc\"}\n");
}

/* Where an empty one breaks its line is up to json-c. */
static void out_json__empty(void **state)
{
	struct json_object *again;
	FILE *out = begin();

	out_json(out, out_array());
	fclose(out);
	again = json_tokener_parse(text);
	assert_true(json_object_is_type(again, json_type_array));
	assert_int_equal(json_object_array_length(again), 0);
	json_object_put(again);
}

/* The largest number, null, order of the keys, indentation. */
static void out_json__nested(void **state)
{
	struct json_object *doc = out_array(), *one = out_object(), *list = out_array();
	FILE *out = begin();

	out_null(list, NULL);
	out_bool(list, NULL, true);
	out_bool(list, NULL, false);
	out_u64(one, "n", UINT64_MAX);
	out_add(one, "list", list);
	out_null(one, "a");
	out_add(doc, NULL, one);
	out_json(out, doc);
	end(out, "[\n"
		 "  {\n"
		 "    \"n\": 18446744073709551615,\n"
		 "    \"list\": [\n"
		 "      null,\n"
		 "      true,\n"
		 "      false\n"
		 "    ],\n"
		 "    \"a\": null\n"
		 "  }\n"
		 "]\n");
}

static void row_add(struct libscols_table *table, const char *a, const char *b)
{
	struct libscols_line *line = out_line(table);

	out_cell(line, 0, a);
	out_cell(line, 1, b);
}

static void out_table__aligns(void **state)
{
	FILE *out = begin();
	struct libscols_table *table = out_table(out, true);

	out_column(table, "A", true);
	out_column(table, "LAST", false);
	row_add(table, "12", "x");
	row_add(table, "\xc3\xa4", "one that is longer");
	out_table_print(table);
	end(out, " A  LAST\n12  x\n \xc3\xa4  one that is longer\n");
}

/* More than a terminal is wide: it is neither cut nor folded. */
static void out_table__wide(void **state)
{
	char wide[301] = "", wanted[400];
	FILE *out = begin();
	struct libscols_table *table = out_table(out, false);

	memset(wide, 'w', sizeof(wide) - 1);
	out_column(table, "a", false);
	out_column(table, "b", false);
	row_add(table, wide, "x");
	out_table_print(table);
	snprintf(wanted, sizeof(wanted), "%s  x\n", wide);
	end(out, wanted);
}

static void out_table__empty(void **state)
{
	FILE *out = begin();
	struct libscols_table *table = out_table(out, true);

	out_column(table, "A", false);
	out_table_print(table);
	end(out, "");
}

static void out_cell__replaces(void **state)
{
	FILE *out = begin();
	struct libscols_table *table = out_table(out, false);

	out_column(table, "a", false);
	out_column(table, "b", false);
	row_add(table, "\x1b[1m", "a\nb\xff");
	out_table_print(table);
	end(out, "?[1m  a?b?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(out_add__key_is_made_valid),
		MXT(out_str__escapes),
		MXT(out_hex__digits),
		MXT(out_json__empty),
		MXT(out_json__nested),
		MXT(out_table__aligns),
		MXT(out_table__wide),
		MXT(out_table__empty),
		MXT(out_cell__replaces),
	};

	return MXT_RUN(tests);
}
