// SPDX-License-Identifier: GPL-2.0
/*
 * What the programs print: JSON by json-c and columns by libsmartcols.
 */
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include "out.h"
#include "text.h"

static const int pretty = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;
static const int plain = JSON_C_TO_STRING_NOSLASHESCAPE;

/* Nothing was printed yet: output is collected, or a document at a time. */
static void no_memory(void)
{
	fputs("out of memory\n", stderr);
	exit(1);
}

void *out_need(void *memory)
{
	if (!memory)
		no_memory();
	return memory;
}

struct json_object *out_object(void)
{
	return out_need(json_object_new_object());
}

struct json_object *out_array(void)
{
	return out_need(json_object_new_array());
}

void out_add(struct json_object *to, const char *key, struct json_object *value)
{
	char *name;
	int err;

	if (!key) {
		if (json_object_array_add(to, value))
			no_memory();
		return;
	}
	name = out_need(text_valid(key));
	err = json_object_object_add(to, name, value);
	free(name);
	if (err)
		no_memory();
}

void out_str(struct json_object *to, const char *key, const char *value)
{
	char *text = out_need(text_valid(value));

	out_add(to, key, out_need(json_object_new_string(text)));
	free(text);
}

void out_u64(struct json_object *to, const char *key, uint64_t value)
{
	out_add(to, key, out_need(json_object_new_uint64(value)));
}

void out_hex(struct json_object *to, const char *key, uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*" PRIx64, digits, value);
	out_str(to, key, text);
}

void out_bool(struct json_object *to, const char *key, bool value)
{
	out_add(to, key, out_need(json_object_new_boolean(value)));
}

/* json-c has no object for null. */
void out_null(struct json_object *to, const char *key)
{
	out_add(to, key, NULL);
}

static void document_print(FILE *out, struct json_object *doc, int flags)
{
	fputs(out_need((void *)json_object_to_json_string_ext(doc, flags)), out);
	fputc('\n', out);
	json_object_put(doc);
}

void out_json(FILE *out, struct json_object *doc)
{
	document_print(out, doc, pretty);
}

void out_json_line(FILE *out, struct json_object *doc)
{
	document_print(out, doc, plain);
}

struct libscols_table *out_table(FILE *out, bool titles)
{
	struct libscols_table *table;

	/* For the width of characters; what is a letter stays that of ASCII. */
	setlocale(LC_CTYPE, "C.UTF-8");
	table = out_need(scols_new_table());
	if (scols_table_set_stream(table, out) ||
	    scols_table_enable_noheadings(table, !titles) ||
	    scols_table_set_column_separator(table, "  ") ||
	    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER))
		no_memory();
	return table;
}

void out_column(struct libscols_table *table, const char *title, bool right)
{
	out_need(scols_table_new_column(table, title, 0, right ? SCOLS_FL_RIGHT : 0));
}

struct libscols_line *out_line(struct libscols_table *table)
{
	return out_need(scols_table_new_line(table, NULL));
}

void out_cell(struct libscols_line *line, unsigned int column, const char *text)
{
	char *copy = out_need(text_plain(text));

	if (scols_line_set_data(line, column, copy))
		no_memory();
	free(copy);
}

void out_table_print(struct libscols_table *table)
{
	if (scols_table_get_nlines(table) && scols_print_table(table))
		no_memory();
	scols_unref_table(table);
}
