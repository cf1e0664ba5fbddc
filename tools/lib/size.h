/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sizes and names as people write them.
 */
#ifndef MX_SIZE_H
#define MX_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIZE_TEXT = 24, SIZE_PAGE = 4096 };

/**
 * size_parse() - read a size: digits, then nothing (bytes) or one of K M G T
 * (powers of 1024), which B or iB may follow
 *
 * Return: 0, -EINVAL, or -ERANGE when it does not fit 64 bits.
 */
int size_parse(const char *text, uint64_t *bytes);

/** size_format() - the shortest text for a size; @text holds SIZE_TEXT bytes */
const char *size_format(uint64_t bytes, char *text);

/** number_parse() - a decimal number up to @most. Return: 0, -EINVAL, -ERANGE */
int number_parse(const char *text, uint64_t most, uint64_t *value);

/** hex_parse() - an id, 1 to 16 hexadecimal digits, 0x before them or not
 *
 * Return: 0 or -EINVAL.
 */
int hex_parse(const char *text, uint64_t *value);

/** chunk_shift() - log2 of the pages in a chunk of @bytes, or -EINVAL */
int chunk_shift(uint64_t bytes);

/**
 * name_valid() - a volume's name: a letter or digit, then letters, digits,
 * '.', '_' and '-', at most 63 bytes in all
 */
bool name_valid(const char *name);

#endif /* MX_SIZE_H */
