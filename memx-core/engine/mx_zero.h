/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A write is divided where pages of zeros, which need not be stored, and others
 * meet.
 */
#ifndef MX_ZERO_H
#define MX_ZERO_H

#include "mx_port.h"

/**
 * mx_zero_run() - the next run of pages that are alike
 * @zeros: bit per page of the write: what it brings of the page is zeros
 * @part:  bit per page: it brings a part of the page only
 * @from:  the run's first page
 * @end:   behind the last page that it may have; above @from, at most 64
 *
 * A part of zeros makes a run by itself: only if the rest of its page is not
 * stored, nothing has to be.
 *
 * Return: pages in the run.
 */
static inline u32 mx_zero_run(u64 zeros, u64 part, u32 from, u32 end)
{
	u64 alone = zeros & part;
	u64 other = zeros & BIT_ULL(from) ? ~zeros : zeros;
	u64 stop = other | alone;
	u32 at = from + 1;

	if (alone & BIT_ULL(from))
		return 1;
	while (at < end && !(stop & BIT_ULL(at)))
		at++;
	return at - from;
}

#endif /* MX_ZERO_H */
