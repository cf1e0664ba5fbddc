/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text from elsewhere, made fit for terminals and for JSON.
 */
#ifndef MX_TEXT_H
#define MX_TEXT_H

#include <stdio.h>

/**
 * text_utf8() - length of the UTF-8 character at @s
 *
 * Return: 1 to 4, or 0 when no valid character starts there.
 */
int text_utf8(const char *s);

/** text_print() - a string with all but printable characters replaced by "?" */
void text_print(const char *text, FILE *out);

/** text_plain() - such a string as a copy, to be freed; NULL: out of memory */
char *text_plain(const char *text);

/**
 * text_valid() - a copy for JSON
 *
 * U+FFFD stands for each byte that is no UTF-8, and for control characters from
 * 0x7f on, which terminals obey and writers of JSON do not escape.
 *
 * Return: the copy, to be freed; NULL: out of memory.
 */
char *text_valid(const char *text);

#endif /* MX_TEXT_H */
