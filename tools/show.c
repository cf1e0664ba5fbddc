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

static size_t width_of(const struct table *table, unsigned int i)
{
	const struct field *field = &table->schema->fields[i];
	size_t width = strlen(field->title);
	char text[CELL_TEXT];
	unsigned int r;

	for (r = 0; r < table->nrows; r++) {
		const char *s = cell_text(field, &table->rows[r].cells[i], true, text);

		if (strlen(s) > width)
			width = strlen(s);
	}
	return width;
}

static void column(const char *text, int pad, bool right, bool last, FILE *out)
{
	if (right)
		fprintf(out, "%*s", pad, "");
	text_print(text, out);
	if (!right && !last)
		fprintf(out, "%*s", pad, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *table, FILE *out)
{
	const struct field *field = table->schema->fields;
	size_t width[TABLE_FIELDS] = { 0 };
	unsigned int i, r, last = 0;
	char text[CELL_TEXT];
	const char *s;

	if (!table->nrows)
		return;
	for (i = 0; field[i].key; i++) {
		if (!field[i].title)
			continue;
		width[i] = width_of(table, i);
		last = i;
	}
	for (r = 0; r <= table->nrows; r++) {
		for (i = 0; i <= last; i++) {
			if (!field[i].title)
				continue;
			s = field[i].title;
			if (r)
				s = cell_text(&field[i], &table->rows[r - 1].cells[i],
					      true, text);
			column(s, width[i] - strlen(s), is_number(field[i].kind),
			       i == last, out);
		}
	}
}

static void counters_print(const struct row *row, FILE *out)
{
	unsigned int i;
	int width = 0;

	for (i = 0; i < row->ncounters; i++)
		if ((int)strlen(row->counters[i].name) > width)
			width = strlen(row->counters[i].name);
	for (i = 0; i < row->ncounters; i++) {
		const struct counter *counter = &row->counters[i];

		fprintf(out, "  %-*s  %12" PRIu64 "  ", width, counter->name,
			counter->value);
		text_print(counter->help ? counter->help : "", out);
		fputc('\n', out);
	}
}

void row_print(const struct table *table, const struct row *row, FILE *out)
{
	const struct field *field = table->schema->fields;
	char text[CELL_TEXT];
	unsigned int i;
	int width = 0;

	for (i = 0; field[i].key; i++)
		if ((int)strlen(field[i].key) > width)
			width = strlen(field[i].key);
	for (i = 0; field[i].key; i++) {
		if (field[i].kind == F_STATS)
			continue;
		fprintf(out, "%-*s  ", width, field[i].key);
		text_print(cell_text(&field[i], &row->cells[i], true, text), out);
		fputc('\n', out);
	}
	if (row->ncounters) {
		fputs("counters\n", out);
		counters_print(row, out);
	}
}

static void counters_json(const struct row *row, struct json *j, const char *key)
{
	unsigned int i;

	json_open(j, key, '{');
	for (i = 0; i < row->ncounters; i++)
		json_u64(j, row->counters[i].name, row->counters[i].value);
	json_close(j, '}');
}

static void hist_json(const struct cell *cell, struct json *j, const char *key)
{
	uint64_t i;

	json_open(j, key, '[');
	for (i = 0; i < cell->num; i++)
		json_u64(j, NULL, cell->hist[i]);
	json_close(j, ']');
}

static void cell_json(const struct field *field, const struct cell *cell,
		      struct json *j)
{
	char text[CELL_TEXT];

	if (field->kind == F_FLAG)
		json_bool(j, field->key, cell->set);
	else if (!cell->set)
		json_null(j, field->key);
	else if (field->kind == F_HIST)
		hist_json(cell, j, field->key);
	else if (is_number(field->kind))
		json_u64(j, field->key, cell->num);
	else
		json_str(j, field->key, cell_text(field, cell, false, text));
}

void row_json(const struct table *table, const struct row *row, struct json *j,
	      const char *key)
{
	const struct field *field = table->schema->fields;
	unsigned int i;

	json_open(j, key, '{');
	for (i = 0; field[i].key; i++) {
		if (field[i].kind == F_STATS)
			continue;
		cell_json(&field[i], &row->cells[i], j);
	}
	if (row->ncounters)
		counters_json(row, j, "counters");
	json_close(j, '}');
}

void table_json(const struct table *table, struct json *j, const char *key)
{
	unsigned int r;

	json_open(j, key, '[');
	for (r = 0; r < table->nrows; r++)
		row_json(table, &table->rows[r], j, NULL);
	json_close(j, ']');
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
