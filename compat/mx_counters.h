/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free-running counters: one list for each set of them, which gives the
 * enumerators, the names and what is kept per CPU.
 *
 * A list is a macro LIST(X) of X(enumerator, name, help) for each counter. The
 * name is part of the interface to user space; the help is one line.
 */
#ifndef MX_COUNTERS_H
#define MX_COUNTERS_H

/**
 * struct mx_counter - a counter in words
 * @name: its name
 * @help: what it counts
 */
struct mx_counter {
	const char *name;
	const char *help;
};

#define MX_COUNTER_ID(id, _name, _help) id,
#define MX_COUNTER_WORDS(id, _name, _help) \
	[id] = { .name = _name, .help = _help },

/* The enumerators of a list, and in @count how many there are. */
#define MX_COUNTERS_ENUM(tag, count, LIST) \
	enum tag { \
		LIST(MX_COUNTER_ID) \
		count \
	}

/* The words of a list, by enumerator. */
#define MX_COUNTERS_WORDS(words, LIST) \
	const struct mx_counter words[] = { \
		LIST(MX_COUNTER_WORDS) \
	}

#ifdef __KERNEL__

#include <linux/cpumask.h>
#include <linux/percpu.h>

/*
 * A set that is kept per CPU, for a header: enum @tag, the words @set_words[],
 * and for any context @set_add(which, n), @set_inc(which) and @set_sum(which),
 * which adds up all CPUs.
 */
#define MX_COUNTERS_DECLARE(set, tag, count, LIST) \
	MX_COUNTERS_ENUM(tag, count, LIST); \
	struct set##_cpu { \
		u64 v[count]; \
	}; \
	DECLARE_PER_CPU(struct set##_cpu, set##_cpu); \
	extern const struct mx_counter set##_words[count]; \
	u64 set##_sum(enum tag which); \
	static inline void set##_add(enum tag which, u64 n) \
	{ \
		this_cpu_add(set##_cpu.v[which], n); \
	} \
	static inline void set##_inc(enum tag which) \
	{ \
		set##_add(which, 1); \
	}

/* The same set, for one source file. */
#define MX_COUNTERS_DEFINE(set, tag, LIST) \
	DEFINE_PER_CPU(struct set##_cpu, set##_cpu); \
	MX_COUNTERS_WORDS(set##_words, LIST); \
	u64 set##_sum(enum tag which) \
	{ \
		u64 sum = 0; \
		int cpu; \
		\
		for_each_possible_cpu(cpu) \
			sum += READ_ONCE(per_cpu_ptr(&set##_cpu, cpu)->v[which]); \
		return sum; \
	}

#endif /* __KERNEL__ */

#endif /* MX_COUNTERS_H */
