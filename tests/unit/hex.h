/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Known answers in hex, and bytes to try things on, for tests of cryptography.
 */
#ifndef HEX_H
#define HEX_H

/* Bytes of a hex string; spaces are for the reader. Return: how many. */
static inline u32 unhex(u8 *out, const char *hex)
{
	unsigned int byte;
	u32 n = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = byte;
		hex += 2;
	}
	return n;
}

static inline void assert_hex(const u8 *got, const char *hex)
{
	u8 want[256];

	assert_memory_equal(got, want, unhex(want, hex));
}

/* Bytes that look random and are the same in each run. */
static inline void fill(u8 *out, u32 len, u32 seed)
{
	while (len--) {
		seed = seed * 1664525 + 1013904223;
		*out++ = seed >> 24;
	}
}

#endif /* HEX_H */
