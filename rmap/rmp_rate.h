/* SPDX-License-Identifier: GPL-2.0 */
/*
 * At most so many of something.
 */
#ifndef RMP_RATE_H
#define RMP_RATE_H

#include <linux/atomic.h>
#include <linux/jiffies.h>

/**
 * struct rmp_rate - at most so many of something per tenth of a second
 * @since: start of the running tenth, jiffies; races only blur the limit
 * @n:     so many since then
 */
struct rmp_rate {
	unsigned long	since;
	atomic_t	n;
};

static inline bool rmp_rate_ok(struct rmp_rate *rate, int burst)
{
	unsigned long now = jiffies;

	if (time_after(now, READ_ONCE(rate->since) + HZ / 10)) {
		WRITE_ONCE(rate->since, now);
		atomic_set(&rate->n, 0);
	}
	return atomic_inc_return(&rate->n) <= burst;
}

#endif /* RMP_RATE_H */
