/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges of bits in bitmaps of u64 words, lowest bit first.
 */
#ifndef MX_BITS_H
#define MX_BITS_H

#include "mx_port.h"

/* The bits of word @w that belong to @first ... @end - 1. */
static inline u64 mx_bits_mask(u32 w, u32 first, u32 end)
{
	u32 lo = w * 64, hi = lo + 64;
	u64 mask = ~0ULL;

	if (first > lo)
		mask &= ~0ULL << (first - lo);
	if (end < hi)
		mask &= ~0ULL >> (hi - end);
	return mask;
}

/** mx_bits_set() - Return: how many of the @n bits from @first were clear */
static inline u32 mx_bits_set(u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, changed = 0;

	for (w = first / 64; w * 64 < end; w++) {
		u64 fresh = mx_bits_mask(w, first, end) & ~map[w];

		map[w] |= fresh;
		changed += hweight64(fresh);
	}
	return changed;
}

/** mx_bits_clear() - Return: how many of the @n bits from @first were set */
static inline u32 mx_bits_clear(u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, changed = 0;

	for (w = first / 64; w * 64 < end; w++) {
		u64 old = mx_bits_mask(w, first, end) & map[w];

		map[w] &= ~old;
		changed += hweight64(old);
	}
	return changed;
}

/** mx_bits_count() - Return: how many of the @n bits from @first are set */
static inline u32 mx_bits_count(const u64 *map, u32 first, u32 n)
{
	u32 w, end = first + n, count = 0;

	for (w = first / 64; w * 64 < end; w++)
		count += hweight64(mx_bits_mask(w, first, end) & map[w]);
	return count;
}

/** mx_bits_get() - Return: up to 32 bits from @first on, lowest bit first */
static inline u32 mx_bits_get(const u64 *map, u32 first, u32 n)
{
	u32 w = first / 64, shift = first % 64;
	u64 bits = map[w] >> shift;

	if (shift && shift + n > 64)
		bits |= map[w + 1] << (64 - shift);
	return (u32)(n < 32 ? bits & (BIT_ULL(n) - 1) : bits);
}

#endif /* MX_BITS_H */
