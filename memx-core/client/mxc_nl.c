// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "memx_client"; uapi/memx_nl.h is the
 * specification.
 */
#include <net/genetlink.h>
#include "mxc.h"
#include "mx_compat_nl.h"
#include "uapi/memx_nl.h"

static const struct nla_policy policy[MEMX_A_MAX + 1] = {
	[MEMX_A_NAME]	= { .type = NLA_NUL_STRING, .len = MX_NAME_MAX },
	[MEMX_A_DEV]	= { .type = NLA_NUL_STRING, .len = DISK_NAME_LEN + 5 },
};

static struct genl_family family;

static int dev_new(struct sk_buff *skb, struct genl_info *info)
{
	char name[DISK_NAME_LEN];
	struct sk_buff *msg;
	void *head;
	int err;

	if (!info->attrs[MEMX_A_NAME]) {
		NL_SET_ERR_MSG(info->extack, "the name of a volume is missing");
		return -EINVAL;
	}
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = mxc_dev_make(nla_data(info->attrs[MEMX_A_NAME]), name,
			   info->extack);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	/* An empty message of this size has room for one name. */
	head = genlmsg_put_reply(msg, info, &family, 0, MEMX_C_DEV_NEW);
	if (!head || nla_put_string(msg, MEMX_A_DEV, name)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}

static int dev_del(struct sk_buff *skb, struct genl_info *info)
{
	if (!info->attrs[MEMX_A_DEV]) {
		NL_SET_ERR_MSG(info->extack, "the name of a device is missing");
		return -EINVAL;
	}
	return mxc_dev_remove(nla_data(info->attrs[MEMX_A_DEV]), info->extack);
}

static int put_dev(struct sk_buff *skb, const void *what)
{
	const struct mxc_dev *dev = what;

	return nla_put_string(skb, MEMX_A_DEV, dev->disk->disk_name) ||
	       nla_put_string(skb, MEMX_A_NAME, dev->volume) ||
	       nla_put_u64_64bit(skb, MEMX_A_SIZE,
				 get_capacity(dev->disk) << SECTOR_SHIFT,
				 MEMX_A_PAD);
}

static int dev_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mxc_dev *dev;

	/* By index, so that a change in between skips and repeats nothing. */
	mutex_lock(&mxc_mutex);
	list_for_each_entry(dev, &mxc_devs, link) {
		if (dev->index < cb->args[0])
			continue;
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_DEV_GET, put_dev, dev))
			break;
		cb->args[0] = dev->index + 1;
	}
	mutex_unlock(&mxc_mutex);
	return skb->len;
}

static const struct mx_nl_counter_attrs counter_attrs = MX_NL_COUNTER_ATTRS;

static int put_stat(struct sk_buff *skb, const void *what)
{
	enum mxc_stat i = *(const long *)what;

	return mx_nl_put_counter(skb, &counter_attrs, &mxc_stat_words[i], mxc_stat_sum(i));
}

static int stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	for (; cb->args[0] < MXC_S_COUNT; cb->args[0]++)
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_STATS_GET,
				    put_stat, &cb->args[0]))
			break;
	return skb->len;
}

static const struct genl_ops ops[] = {
	{ .cmd = MEMX_C_DEV_NEW, .doit = dev_new, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_DEV_DEL, .doit = dev_del, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_DEV_GET, .dumpit = dev_dump },
	{ .cmd = MEMX_C_STATS_GET, .dumpit = stats_dump },
};

static struct genl_family family __ro_after_init = {
	.name		= MEMX_NL_CLIENT,
	.version	= MEMX_NL_VERSION,
	.maxattr	= MEMX_A_MAX,
	.policy		= policy,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.resv_start_op	= MEMX_C_UNSPEC + 1,
};

int __init mxc_nl_init(void)
{
	return genl_register_family(&family);
}

void mxc_nl_exit(void)
{
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(MEMX_NL_CLIENT);
