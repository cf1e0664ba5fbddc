/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Formatted messages in a netlink extended ack.
 */
#ifndef MX_COMPAT_NL_H
#define MX_COMPAT_NL_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/netlink.h>

/*
 * mx_extack_fmt(extack, fmt, …): at most 79 bytes. Older kernels keep only a
 * pointer until the ack is sent, so the text stands in one of a few buffers: a
 * mix-up needs 16 refused requests at the same moment, and harms nobody.
 */
#ifdef HAVE_EXTACK_FMT
#define mx_extack_fmt(extack, fmt, args...) \
	NL_SET_ERR_MSG_FMT(extack, fmt, ##args)
#else
#define mx_extack_fmt(extack, fmt, args...) \
	do { \
		static char mx_text[16][80]; \
		static atomic_t mx_turn; \
		struct netlink_ext_ack *mx_ack = (extack); \
		char *mx_at = mx_text[atomic_inc_return(&mx_turn) & 15]; \
		\
		scnprintf(mx_at, sizeof(mx_text[0]), fmt, ##args); \
		if (mx_ack) \
			mx_ack->_msg = mx_at; \
	} while (0)
#endif

#endif /* MX_COMPAT_NL_H */
