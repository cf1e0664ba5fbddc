// SPDX-License-Identifier: GPL-2.0
/*
 * Shows tables: aligned for people, bare for scripts, or as JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "size.h"
#include "table.h"
#include "text.h"

enum { CELL_TEXT = 256 };

static const char *word_of(const struct field *field, uint64_t num)
{
	uint64_t i;

	for (i = 0; field->words[i]; i++)
		if (i == num)
			return field->words[i];
	return "unknown";
}

static void mac_text(uint64_t mac, char *text, size_t size)
{
	snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x",
		 (unsigned int)(mac >> 40) & 0xff, (unsigned int)(mac >> 32) & 0xff,
		 (unsigned int)(mac >> 24) & 0xff, (unsigned int)(mac >> 16) & 0xff,
		 (unsigned int)(mac >> 8) & 0xff, (unsigned int)mac & 0xff);
}

/* The end of the bucket that @percent of the @total times do not exceed. */
static void percentile(const struct cell *cell, uint64_t total,
		       unsigned int percent, char *text, size_t size)
{
	uint64_t sum = 0, us = 1ULL << HIST_SHIFT;
	unsigned int i, last = cell->num - 1;

	for (i = 0; i < last; i++, us *= 2) {
		sum += cell->hist[i];
		if (sum * 100 >= total * percent)
			break;
	}
	/* The last bucket has no end: it has a beginning. */
	if (i == last)
		us /= 2;
	if (us < 1000)
		snprintf(text, size, "%s%u us", i == last ? ">" : "<", (unsigned int)us);
	else if (us < 1000000)
		snprintf(text, size, "%s%.1f ms", i == last ? ">" : "<", us / 1e3);
	else
		snprintf(text, size, "%s%.1f s", i == last ? ">" : "<", us / 1e6);
}

static void hist_text(const struct cell *cell, char *text)
{
	char median[32], most[32];
	uint64_t i, total = 0;

	for (i = 0; i < cell->num; i++)
		total += cell->hist[i];
	if (!total) {
		snprintf(text, CELL_TEXT, "-");
		return;
	}
	percentile(cell, total, 50, median, sizeof(median));
	percentile(cell, total, 99, most, sizeof(most));
	snprintf(text, CELL_TEXT, "half %s, 99%% %s", median, most);
}

/* @human: sizes with a unit and "-" for what is not there. */
static const char *cell_text(const struct field *field, const struct cell *cell,
			     bool human, char *text)
{
	if (field->kind == F_FLAG)
		return cell->set ? "yes" : "no";
	if (!cell->set)
		return human ? "-" : "";
	switch (field->kind) {
	case F_STR:
		return *cell->str || !human ? cell->str : "-";
	case F_ID32:
		snprintf(text, CELL_TEXT, "%08" PRIx64, cell->num);
		return text;
	case F_ID64:
		snprintf(text, CELL_TEXT, "%016" PRIx64, cell->num);
		return text;
	case F_MAC:
		mac_text(cell->num, text, CELL_TEXT);
		return text;
	case F_WORD:
		return word_of(field, cell->num);
	case F_HIST:
		hist_text(cell, text);
		return text;
	case F_BYTES:
	case F_CHUNK:
		if (human)
			return size_format(cell->num, text);
		break;
	case F_PAGES:
		if (human && cell->num <= UINT64_MAX / SIZE_PAGE)
			return size_format(cell->num * SIZE_PAGE, text);
		break;
	}
	snprintf(text, CELL_TEXT, "%" PRIu64, cell->num);
	return text;
}

/* Columns that a reader wants on the right edge. */
static bool is_number(uint8_t kind)
{
	return kind == F_U8 || kind == F_U32 || kind == F_U64 || kind == F_BYTES ||
	       kind == F_PAGES || kind == F_CHUNK;
}

void table_print(const struct table *table, FILE *out)
{
	const struct field *field = table->schema->fields;
	struct libscols_table *shown = out_table(out, true);
	struct libscols_line *line;
	unsigned int i, r, column;
	char text[CELL_TEXT];

	for (i = 0; field[i].key; i++)
		if (field[i].title)
			out_column(shown, field[i].title, is_number(field[i].kind));
	for (r = 0; r < table->nrows; r++) {
		line = out_line(shown);
		for (i = 0, column = 0; field[i].key; i++)
			if (field[i].title)
				out_cell(line, column++,
					 cell_text(&field[i], &table->rows[r].cells[i],
						   true, text));
	}
	out_table_print(shown);
}

static void counters_print(const struct row *row, FILE *out)
{
	struct libscols_table *shown = out_table(out, false);
	struct libscols_line *line;
	char text[CELL_TEXT];
	unsigned int i;

	out_column(shown, "name", false);
	out_column(shown, "value", true);
	out_column(shown, "help", false);
	for (i = 0; i < row->ncounters; i++) {
		const struct counter *counter = &row->counters[i];

		line = out_line(shown);
		snprintf(text, sizeof(text), "  %s", counter->name);
		out_cell(line, 0, text);
		snprintf(text, sizeof(text), "%" PRIu64, counter->value);
		out_cell(line, 1, text);
		out_cell(line, 2, counter->help ? counter->help : "");
	}
	out_table_print(shown);
}

void row_print(const struct table *table, const struct row *row, FILE *out)
{
	const struct field *field = table->schema->fields;
	struct libscols_table *shown = out_table(out, false);
	struct libscols_line *line;
	char text[CELL_TEXT];
	unsigned int i;

	out_column(shown, "key", false);
	out_column(shown, "value", false);
	for (i = 0; field[i].key; i++) {
		if (field[i].kind == F_STATS)
			continue;
		line = out_line(shown);
		out_cell(line, 0, field[i].key);
		out_cell(line, 1, cell_text(&field[i], &row->cells[i], true, text));
	}
	out_table_print(shown);
	if (row->ncounters) {
		fputs("counters\n", out);
		counters_print(row, out);
	}
}

static struct json_object *counters_json(const struct row *row)
{
	struct json_object *all = out_object();
	unsigned int i;

	for (i = 0; i < row->ncounters; i++)
		out_u64(all, row->counters[i].name, row->counters[i].value);
	return all;
}

static struct json_object *hist_json(const struct cell *cell)
{
	struct json_object *buckets = out_array();
	uint64_t i;

	for (i = 0; i < cell->num; i++)
		out_u64(buckets, NULL, cell->hist[i]);
	return buckets;
}

static void cell_json(const struct field *field, const struct cell *cell,
		      struct json_object *to)
{
	char text[CELL_TEXT];

	if (field->kind == F_FLAG)
		out_bool(to, field->key, cell->set);
	else if (!cell->set)
		out_null(to, field->key);
	else if (field->kind == F_HIST)
		out_add(to, field->key, hist_json(cell));
	else if (is_number(field->kind))
		out_u64(to, field->key, cell->num);
	else
		out_str(to, field->key, cell_text(field, cell, false, text));
}

struct json_object *row_json(const struct table *table, const struct row *row)
{
	const struct field *field = table->schema->fields;
	struct json_object *one = out_object();
	unsigned int i;

	for (i = 0; field[i].key; i++)
		if (field[i].kind != F_STATS)
			cell_json(&field[i], &row->cells[i], one);
	if (row->ncounters)
		out_add(one, "counters", counters_json(row));
	return one;
}

struct json_object *table_json(const struct table *table)
{
	struct json_object *all = out_array();
	unsigned int r;

	for (r = 0; r < table->nrows; r++)
		out_add(all, NULL, row_json(table, &table->rows[r]));
	return all;
}

static const struct field *field_find(const struct schema *schema,
				      const char *key, size_t len)
{
	const struct field *field;

	for (field = schema->fields; field->key; field++)
		if (field->kind != F_STATS && strlen(field->key) == len &&
		    !memcmp(field->key, key, len))
			return field;
	return NULL;
}

void row_value(const struct table *table, const struct row *row, const char *key,
	       FILE *out)
{
	const struct field *field = field_find(table->schema, key, strlen(key));
	char text[CELL_TEXT];

	if (field)
		text_print(cell_text(field, &row->cells[field - table->schema->fields],
				     true, text), out);
}

bool fields_known(const struct schema *schema, const char *keys)
{
	size_t len;

	for (;; keys += len + 1) {
		len = strcspn(keys, ",");
		if (!field_find(schema, keys, len))
			return false;
		if (!keys[len])
			return true;
	}
}

int row_fields(const struct table *table, const struct row *row,
	       const char *keys, FILE *out)
{
	const struct field *field;
	char text[CELL_TEXT];
	const char *s;
	size_t len;

	for (;;) {
		len = strcspn(keys, ",");
		field = field_find(table->schema, keys, len);
		if (!field)
			return -ENOENT;
		s = cell_text(field, &row->cells[field - table->schema->fields],
			      false, text);
		text_print(s, out);
		if (!keys[len])
			break;
		fputc('\t', out);
		keys += len + 1;
	}
	fputc('\n', out);
	return 0;
}
