/* {"have": "HAVE_GENL_SPLIT_OPS", "since": "6.2", "reason": "pre_doit and post_doit of a family are handed the split form of an operation"} */
#include <net/genetlink.h>

static int mx_pre(const struct genl_split_ops *ops, struct sk_buff *skb,
		  struct genl_info *info)
{
	return ops->cmd;
}

const struct genl_family mx_probe = {
	.pre_doit = mx_pre,
};
