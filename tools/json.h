/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small JSON writer: correct commas, indentation and escapes; and text made
 * fit for terminals.
 */
#ifndef MX_JSON_H
#define MX_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH = 8 };

/**
 * struct json - a document being written; zero-initialise all but @out
 * @out:   where to
 * @depth: open objects and arrays
 * @some:  per level: has an element already
 */
struct json {
	FILE		*out;
	unsigned int	depth;
	bool		some[JSON_DEPTH + 1];
};

/*
 * @key: name of the member; NULL in an array and at the top. json_open()'s
 * @bracket is '{' or '[', and json_close()'s '}' or ']'.
 */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_str(struct json *j, const char *key, const char *value);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_hex(struct json *j, const char *key, uint64_t value, int digits);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

/**
 * json_utf8() - length of the UTF-8 character at @s
 *
 * Return: 1 to 4, or 0 when no valid character starts there.
 */
int json_utf8(const char *s);

/** text_print() - a string with all but printable characters replaced by "?" */
void text_print(const char *text, FILE *out);

#endif /* MX_JSON_H */
