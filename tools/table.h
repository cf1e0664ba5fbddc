/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replies as tables: attributes read into rows by a description of their
 * fields, then shown to people or as JSON.
 */
#ifndef MX_TABLE_H
#define MX_TABLE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "out.h"

enum {
	TABLE_FIELDS	= 32,	/* of a row at most */
	HIST_MOST	= 32,	/* buckets of a histogram */
	HIST_SHIFT	= 6,	/* the first one: less than 64 us */
};

/**
 * enum field_kind - type of an attribute and how it is shown
 * @F_STR:   string
 * @F_U8:    number of 8 bits
 * @F_U32:   number of 32 bits
 * @F_U64:   number of 64 bits
 * @F_BYTES: number of 64 bits; people see 1.5G
 * @F_PAGES: number of 64 bits, pages of 4 KiB; people see 1.5G
 * @F_ID32:  id of 32 bits, in hexadecimal
 * @F_ID64:  id of 64 bits, in hexadecimal
 * @F_CHUNK: number of 8 bits, log2 of the pages in a chunk; shown as bytes
 * @F_FLAG:  there or not
 * @F_MAC:   6 bytes
 * @F_WORD:  number of 8 bits that stands for one of struct field's words
 * @F_HIST:  histogram of times, an array of numbers of 64 bits: how many took
 *           less than 64 us, how many of the others less than 128 us, and so on;
 *           people see the median and the 99th percentile
 * @F_STATS: counters; not in tables
 */
enum field_kind {
	F_STR,
	F_U8,
	F_U32,
	F_U64,
	F_BYTES,
	F_PAGES,
	F_ID32,
	F_ID64,
	F_CHUNK,
	F_FLAG,
	F_MAC,
	F_WORD,
	F_HIST,
	F_STATS,
};

/**
 * struct field - one column
 * @attr:  attribute's type
 * @kind:  enum field_kind
 * @key:   its name in JSON
 * @title: column's title; NULL: not in tables, only with one object and in JSON
 * @words: for F_WORD, ended by NULL
 */
struct field {
	uint16_t	attr;
	uint8_t		kind;
	const char	*key;
	const char	*title;
	const char	*const *words;
};

/* An array of fields, ended by one without key; as many as a row has at most. */
#define FIELDS(...) \
	(&(const struct field[]){ __VA_ARGS__, { 0 } }[0 * sizeof(struct { \
		_Static_assert(sizeof((const struct field[]){ __VA_ARGS__ }) <= \
			       TABLE_FIELDS * sizeof(struct field), \
			       "a row has no room for so many"); \
		char c; })])

/**
 * struct schema - what a family's messages look like
 * @fields:     FIELDS(…)
 * @stat:       attribute that nests one counter, 0: none
 * @stat_name:  in it
 * @stat_value: in it
 * @stat_help:  in it
 */
struct schema {
	const struct field *fields;
	uint16_t stat;
	uint16_t stat_name;
	uint16_t stat_value;
	uint16_t stat_help;
};

/**
 * struct counter - one of a row's counters
 * @name:  its name, owned
 * @help:  what it counts, owned
 * @value: its value
 */
struct counter {
	char		*name;
	char		*help;
	uint64_t	value;
};

/**
 * struct cell - value of a field in a row
 * @set: the attribute was there
 * @num: for all kinds but strings; F_HIST: number of buckets
 * @str: F_STR, owned
 * @hist: F_HIST, owned
 */
struct cell {
	bool		set;
	uint64_t	num;
	char		*str;
	uint64_t	*hist;
};

/**
 * struct row - one message
 * @cells:     by number of the field
 * @counters:  owned
 * @ncounters: how many
 */
struct row {
	struct cell	cells[TABLE_FIELDS];
	struct counter	*counters;
	unsigned int	ncounters;
};

/**
 * struct table - the messages of a reply
 * @schema: of the messages
 * @rows:   owned
 * @nrows:  how many
 */
struct table {
	const struct schema *schema;
	struct row	*rows;
	unsigned int	nrows;
};

/** table_add() - take a message in; a nl_reply_fn. -EBADMSG, -ENOMEM */
int table_add(const struct nlmsghdr *msg, void *table);
/** table_add_attrs() - the same from bare attributes, @len bytes of them */
int table_add_attrs(struct table *table, const void *attrs, size_t len);
void table_clear(struct table *table);

/** row_cell() - a field's value by the field's key; never NULL */
const struct cell *row_cell(const struct table *table, const struct row *row,
			    const char *key);

/** table_print() - for people: a line per row under titles */
void table_print(const struct table *table, FILE *out);
/** row_print() - for people: a line per field, then the counters */
void row_print(const struct table *table, const struct row *row, FILE *out);
/** table_json() - an array of objects, the caller's */
struct json_object *table_json(const struct table *table);
/** row_json() - one object, the caller's */
struct json_object *row_json(const struct table *table, const struct row *row);
/** row_value() - for people: one field's value, by its key */
void row_value(const struct table *table, const struct row *row, const char *key,
	       FILE *out);
/** fields_known() - whether row_fields() would know @keys */
bool fields_known(const struct schema *schema, const char *keys);
/**
 * row_fields() - bare values in a line, as scripts like it
 * @keys: separated by commas; the values are separated by tabs
 *
 * Return: 0, or -ENOENT: there is no such key.
 */
int row_fields(const struct table *table, const struct row *row,
	       const char *keys, FILE *out);

#endif /* MX_TABLE_H */
