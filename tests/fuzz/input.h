/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fuzzers share: an input taken byte by byte, and what must hold.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * struct input - what is left of the fuzzer's bytes
 * @at:   next
 * @left: how many
 */
struct input {
	const uint8_t *at;
	size_t left;
};

/* The next byte; zeros after the last. */
static inline uint8_t byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline void must(bool cond)
{
	if (!cond)
		abort();
}

#endif /* FUZZ_INPUT_H */
