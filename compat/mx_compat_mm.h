/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory management shims: one way to have a shrinker.
 */
#ifndef MX_COMPAT_MM_H
#define MX_COMPAT_MM_H

#include <linux/shrinker.h>
#include <linux/slab.h>

typedef unsigned long (*mx_shrinker_fn)(struct shrinker *s,
					struct shrink_control *sc);

/**
 * mx_shrinker_new() - make and register a shrinker with default seeks
 * @name: for debugfs
 * @count: how much could be given back
 * @scan: gives back
 *
 * Return: the shrinker, or NULL.
 */
static inline struct shrinker *mx_shrinker_new(const char *name,
					       mx_shrinker_fn count,
					       mx_shrinker_fn scan)
{
	struct shrinker *s;

#ifdef HAVE_SHRINKER_ALLOC
	s = shrinker_alloc(0, "%s", name);
#else
	s = kzalloc(sizeof(*s), GFP_KERNEL);
#endif
	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_register(s);
#else
	if (register_shrinker(s, "%s", name)) {
		kfree(s);
		return NULL;
	}
#endif
	return s;
}

/** mx_shrinker_free() - the opposite; neither function runs when it returns */
static inline void mx_shrinker_free(struct shrinker *s)
{
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_free(s);
#else
	unregister_shrinker(s);
	kfree(s);
#endif
}

#endif /* MX_COMPAT_MM_H */
