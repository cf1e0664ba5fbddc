/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lets the modules be written for the newest kernel: gives its names to older
 * ones. Keyed on compile probes only (compat/probes, see compat/README.md).
 * This file is included before everything else in each module object, so it
 * holds macros and pulls in no kernel header; mx_compat_blk.h has the shims
 * that need one.
 */
#ifndef MX_COMPAT_H
#define MX_COMPAT_H

#include "mx_have.h"

/*
 * Softirqs can be interrupted there and spinlocks sleep, so what is per CPU with
 * bottom halves off, and a call from a timer or the receive path, would need
 * other protection.
 */
#ifdef CONFIG_PREEMPT_RT
#error "MemX does not support PREEMPT_RT kernels: see docs/operations.md"
#endif

/* MX_IMPORT_NS(MEMX) and MX_EXPORT_SYMBOL(name): one spelling everywhere. */
#ifdef HAVE_NS_STRING
#define MX_IMPORT_NS(ns) MODULE_IMPORT_NS(#ns)
#define MX_EXPORT_SYMBOL(sym) EXPORT_SYMBOL_NS_GPL(sym, "MEMX")
#else
#define MX_IMPORT_NS(ns) MODULE_IMPORT_NS(ns)
#define MX_EXPORT_SYMBOL(sym) EXPORT_SYMBOL_NS_GPL(sym, MEMX)
#endif

#ifndef HAVE_TIMER_DELETE
#define timer_delete del_timer
#define timer_delete_sync del_timer_sync
#endif

#ifndef HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, timer, field) from_timer(var, timer, field)
#endif

#ifndef HAVE_HRTIMER_SETUP
#define hrtimer_setup(timer, fn, clock, mode) \
	do { \
		struct hrtimer *mx_timer = (timer); \
		\
		hrtimer_init(mx_timer, clock, mode); \
		mx_timer->function = (fn); \
	} while (0)
#endif

#ifndef HAVE_GENL_INFO_USERHDR
#define genl_info_userhdr(info) ((info)->userhdr)
#endif

/* Use of its attrs only. */
#ifndef HAVE_GENL_INFO_DUMP
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

/* The operation type that a family's pre_doit and post_doit are handed. */
#ifdef HAVE_GENL_SPLIT_OPS
#define mx_genl_hook_ops genl_split_ops
#else
#define mx_genl_hook_ops genl_ops
#endif

#ifndef HAVE_SKB_FRAG_FILL
#define skb_frag_fill_page_desc(frag, page, offset, size) \
	do { \
		skb_frag_t *mx_frag = (frag); \
		\
		__skb_frag_set_page(mx_frag, page); \
		skb_frag_off_set(mx_frag, offset); \
		skb_frag_size_set(mx_frag, size); \
	} while (0)
#endif

#ifndef HAVE_RANDOM_BELOW
#define get_random_u32_below(ceil) prandom_u32_max(ceil)
#endif

#ifndef HAVE_CLASS_CREATE_NAME
#define mx_class_create(name) class_create(THIS_MODULE, name)
#else
#define mx_class_create(name) class_create(name)
#endif

#ifndef HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#define system_percpu_wq system_wq
#endif

#endif /* MX_COMPAT_H */
