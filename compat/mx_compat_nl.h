/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink: formatted messages in an extended ack, and the messages of a dump,
 * which are no difference of kernels, but no module is below all that have one.
 */
#ifndef MX_COMPAT_NL_H
#define MX_COMPAT_NL_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

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

/**
 * mx_nl_dump_one() - add a message to a dump
 * @family: that the dump is of
 * @cmd:    of the message
 * @fill:   puts the attributes of @what; returns non-zero if they do not fit
 *
 * Context: that of @fill. Return: whether the message fits; if not, nothing of
 * it is left, and the dump goes on with it later.
 */
static inline bool mx_nl_dump_one(struct sk_buff *skb,
				  const struct netlink_callback *cb,
				  const struct genl_family *family, u8 cmd,
				  int (*fill)(struct sk_buff *skb, const void *what),
				  const void *what)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, family, NLM_F_MULTI, cmd);

	if (!head)
		return false;
	if (fill(skb, what)) {
		genlmsg_cancel(skb, head);
		return false;
	}
	genlmsg_end(skb, head);
	return true;
}

#endif /* MX_COMPAT_NL_H */
