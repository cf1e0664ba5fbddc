/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The time that waits and deadlines are measured by.
 */
#ifndef MX_NOW_H
#define MX_NOW_H

#include <stdint.h>
#include <time.h>

/** now_ms() - milliseconds since some moment in the past; does not jump */
static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

#endif /* MX_NOW_H */
