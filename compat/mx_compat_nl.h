/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink: formatted messages in an extended ack; the messages of a dump and
 * counters in them, which are no difference of kernels, but no module is below
 * all that have some.
 */
#ifndef MX_COMPAT_NL_H
#define MX_COMPAT_NL_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include "mx_counters.h"

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

/**
 * struct mx_nl_counter_attrs - a family's attributes for a counter
 * @name:  string
 * @value: u64
 * @help:  string
 * @pad:   between others
 */
struct mx_nl_counter_attrs {
	u16 name;
	u16 value;
	u16 help;
	u16 pad;
};

/* Of the families in memx_nl.h. */
#define MX_NL_COUNTER_ATTRS { \
	.name = MEMX_A_STAT_NAME, .value = MEMX_A_STAT_VALUE, \
	.help = MEMX_A_STAT_HELP, .pad = MEMX_A_PAD }

/** mx_nl_put_counter() - put a counter into a message. Return: 0 or -EMSGSIZE */
static inline int mx_nl_put_counter(struct sk_buff *skb,
				    const struct mx_nl_counter_attrs *attrs,
				    const struct mx_counter *words, u64 value)
{
	return nla_put_string(skb, attrs->name, words->name) ?:
	       nla_put_u64_64bit(skb, attrs->value, value, attrs->pad) ?:
	       nla_put_string(skb, attrs->help, words->help);
}

#endif /* MX_COMPAT_NL_H */
