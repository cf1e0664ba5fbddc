/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs print: JSON by json-c and columns by libsmartcols.
 *
 * Text may be anything; what is no UTF-8 or no printable character is replaced.
 * A program that runs out of memory here ends with exit code 1 and a message,
 * so no function fails.
 */
#ifndef MX_OUT_H
#define MX_OUT_H

#include <json-c/json.h>
#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** out_need() - @memory, or the end of the program if that is NULL */
void *out_need(void *memory);

struct json_object *out_object(void);
struct json_object *out_array(void);

/*
 * A member of an object, or with @key NULL the next element of an array. @to
 * owns @value of out_add() from then on.
 */
void out_add(struct json_object *to, const char *key, struct json_object *value);
void out_str(struct json_object *to, const char *key, const char *value);
void out_u64(struct json_object *to, const char *key, uint64_t value);
void out_hex(struct json_object *to, const char *key, uint64_t value, int digits);
void out_bool(struct json_object *to, const char *key, bool value);
void out_null(struct json_object *to, const char *key);

/** out_json() - print a document, indented, and free it */
void out_json(FILE *out, struct json_object *doc);
/** out_json_line() - print a document as one line, and free it */
void out_json_line(FILE *out, struct json_object *doc);

/**
 * out_table() - begin a table that goes to @out
 * @titles: with a line of titles above it
 */
struct libscols_table *out_table(FILE *out, bool titles);
/** out_column() - add a column. @right: numbers stand at the right edge */
void out_column(struct libscols_table *table, const char *title, bool right);
/** out_line() - add a line; its cells are empty */
struct libscols_line *out_line(struct libscols_table *table);
/** out_cell() - set a cell of a line; @column counts from 0 */
void out_cell(struct libscols_line *line, unsigned int column, const char *text);
/** out_table_print() - print a table and free it; one without lines is nothing */
void out_table_print(struct libscols_table *table);

#endif /* MX_OUT_H */
