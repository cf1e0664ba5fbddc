/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The options of a volume as attributes of netlink messages, and as a table:
 * X(name, type, least, most, word, set, field, noun).
 * Made by gen-options.sh from options.def; do not edit.
 */
#ifndef MEMX_OPTIONS_H
#define MEMX_OPTIONS_H

/* How an option's attribute looks, and how people write it: options.def. */
enum memx_option_type {
MEMX_OPTION_BYTES,
MEMX_OPTION_CHUNK,
MEMX_OPTION_NUMBER,
MEMX_OPTION_HEX64,
MEMX_OPTION_FLAG,
MEMX_OPTION_CHOICE,
};

enum memx_option_attr {
	MEMX_A_SIZE = 4,	/* u64: bytes */
	MEMX_A_GROW = 104,	/* u64: bytes */
	MEMX_A_CHUNK_SHIFT = 8,	/* u8: log2 of pages */
	MEMX_A_WEIGHT = 14,	/* u32 */
	MEMX_A_RESERVE = 96,	/* u64: bytes */
	MEMX_A_LIMIT = 97,	/* u64: bytes */
	MEMX_A_THIN = 13,	/* flag */
	MEMX_A_ENCRYPT = 35,	/* u8: 1 yes, 0 no */
	MEMX_A_ID = 3,	/* u64, not 0 */
	MEMX_A_KEY_CHECK = 37,	/* u64, not 0 */
};

#define MEMX_OPTIONS(X) \
	X(SIZE, BYTES, 4096, 17592186044416ULL, "size", 0, bytes, "size") \
	X(GROW, BYTES, 4096, 17592186044416ULL, "grow", 0, grow, "size to grow to") \
	X(CHUNK_SHIFT, CHUNK, 8, 18, "chunk", 0, shift, "size of a chunk") \
	X(WEIGHT, NUMBER, 1, 64, "weight", 1, weight, "weight") \
	X(RESERVE, BYTES, 0, 17592186044416ULL, "reserve", 1, reserve, "reservation") \
	X(LIMIT, BYTES, 0, 70368744177664ULL, "limit", 1, limit, "limit") \
	X(THIN, FLAG, 1, 1, "thin", 0, thin, "-") \
	X(ENCRYPT, CHOICE, 0, 1, "encrypt", 0, encrypt, "-") \
	X(ID, HEX64, 1, 18446744073709551615ULL, "id", 0, id, "id of a volume") \
	X(KEY_CHECK, HEX64, 1, 18446744073709551615ULL, "key-check", 0, key_check, "check value of a key")

/* The arguments of memxctl volume create and set. */
#define MEMX_OPTIONS_CREATE \
	"--size SIZE" \
	" [--grow SIZE]" \
	" [--chunk SIZE]" \
	" [--weight N]" \
	" [--reserve SIZE]" \
	" [--limit SIZE]" \
	" [--thin]" \
	" [--encrypt | --no-encrypt]" \
	" [--id ID]" \
	" [--key-check CHECK]"
#define MEMX_OPTIONS_SET \
	"[--weight N]" \
	" [--reserve SIZE]" \
	" [--limit SIZE]"

#endif /* MEMX_OPTIONS_H */
