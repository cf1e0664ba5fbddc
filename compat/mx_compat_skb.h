/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zero-copy buffers of sk_buffs, for all kernels: one way to say what is called
 * when the network is done with one.
 */
#ifndef MX_COMPAT_SKB_H
#define MX_COMPAT_SKB_H

#include <linux/skbuff.h>

/* Defines @name for mx_ubuf_init(); @fn(skb, ubuf, success) is called. */
#ifdef HAVE_UBUF_INFO_OPS
#define MX_UBUF_DONE(name, fn) \
	static const struct ubuf_info_ops name = { .complete = fn }
#define mx_ubuf_init(ubuf, name) ((ubuf)->ops = &(name))
#else
#define MX_UBUF_DONE(name, fn) \
	static void (* const name)(struct sk_buff *, struct ubuf_info *, bool) = fn
#define mx_ubuf_init(ubuf, name) ((ubuf)->callback = (name))
#endif

#endif /* MX_COMPAT_SKB_H */
