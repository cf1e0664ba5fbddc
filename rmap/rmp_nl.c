// SPDX-License-Identifier: GPL-2.0
/*
 * Control: the generic netlink family described in uapi/rmp_nl.h.
 */
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/utsname.h>
#include <net/genetlink.h>
#include "mx_compat_nl.h"
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"
#include "rmp_stats.h"
#include "uapi/rmp_nl.h"

static_assert((int)RMP_NL_DOWN == (int)RMP_PEER_DOWN);
static_assert((int)RMP_NL_HELLO == (int)RMP_PEER_HELLO);
static_assert((int)RMP_NL_UP == (int)RMP_PEER_UP);
static_assert((int)RMP_NL_LIMIT_INTERFACE == (int)RMP_LIMIT_INTERFACE);
static_assert((int)RMP_NL_LIMIT_PEER == (int)RMP_LIMIT_PEER);
static_assert((int)RMP_NL_LIMIT_PATH == (int)RMP_LIMIT_PATH);

static struct genl_family nl_family;

static const struct nla_policy iface_policy[RMP_A_MTU + 1] = {
	[RMP_A_IFNAME]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[RMP_A_MTU]	= { .type = NLA_U32 },
};

static const struct nla_policy key_policy[RMP_A_KEY_HINT + 1] = {
	[RMP_A_KEY]	 = NLA_POLICY_EXACT_LEN(MX_KEY_LEN),
	[RMP_A_KEY_HINT] = { .type = NLA_U64 },
};

static MX_COUNTERS_WORDS(peer_words, RMP_STATS);

static const struct mx_nl_counter_attrs counter_attrs = {
	.name = RMP_A_STAT_NAME,
	.value = RMP_A_STAT_VALUE,
	.help = RMP_A_STAT_HELP,
	.pad = RMP_A_PAD,
};

static int iface_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	u32 mtu = 0;

	if (!info->attrs[RMP_A_IFNAME]) {
		NL_SET_ERR_MSG(info->extack, "the interface's name is missing");
		return -EINVAL;
	}
	if (info->attrs[RMP_A_MTU])
		mtu = nla_get_u32(info->attrs[RMP_A_MTU]);
	return rmp_iface_add(nla_data(info->attrs[RMP_A_IFNAME]), mtu,
			     info->extack);
}

static int iface_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	if (!info->attrs[RMP_A_IFNAME]) {
		NL_SET_ERR_MSG(info->extack, "the interface's name is missing");
		return -EINVAL;
	}
	return rmp_iface_del(nla_data(info->attrs[RMP_A_IFNAME]), info->extack);
}

static int put_iface(struct sk_buff *skb, const void *what)
{
	const struct rmp_iface *iface = what;
	const struct net_device *dev = iface->dev;
	u32 mtu = READ_ONCE(iface->mtu);
	u64 rx, tx;

	rmp_iface_frames(iface, &rx, &tx);
	if (nla_put_string(skb, RMP_A_IFNAME, dev->name) ||
	    nla_put_u32(skb, RMP_A_IFINDEX, dev->ifindex) ||
	    nla_put_u32(skb, RMP_A_MTU, mtu) ||
	    nla_put(skb, RMP_A_MAC, ETH_ALEN, dev->dev_addr) ||
	    nla_put_u32(skb, RMP_A_FRAG_SIZE, rmp_frag_unit(mtu)) ||
	    (iface->up && nla_put_flag(skb, RMP_A_UP)) ||
	    nla_put_u64_64bit(skb, RMP_A_RX_FRAMES, rx, RMP_A_PAD) ||
	    nla_put_u64_64bit(skb, RMP_A_TX_FRAMES, tx, RMP_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int iface_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct rmp_iface *iface;
	long i = 0;

	rtnl_lock();
	list_for_each_entry(iface, &rmp_ifaces, link) {
		if (i++ < cb->args[0])
			continue;
		if (!mx_nl_dump_one(skb, cb, &nl_family, RMP_CMD_IFACE_GET,
				    put_iface, iface))
			break;
		cb->args[0] = i;
	}
	rtnl_unlock();
	return skb->len;
}

static int put_self(struct sk_buff *skb)
{
	bool announcing;

	rcu_read_lock();
	announcing = rmp_announce_fill(NULL);
	rcu_read_unlock();
	if (nla_put_u64_64bit(skb, RMP_A_NODE_ID, rmp_id, RMP_A_PAD) ||
	    nla_put_u32(skb, RMP_A_INC, rmp_inc) ||
	    nla_put_string(skb, RMP_A_NAME, init_utsname()->nodename) ||
	    (rmp_insecure && nla_put_flag(skb, RMP_A_INSECURE)) ||
	    nla_put_string(skb, RMP_A_VERSION, RMP_MODULE_VERSION) ||
	    nla_put_u32(skb, RMP_A_PROTO, RMP_VERSION) ||
	    (announcing && nla_put_flag(skb, RMP_A_ANNOUNCING)))
		return -EMSGSIZE;
	return 0;
}

static int node_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *msg;

	if (!reply)
		return -ENOMEM;
	msg = genlmsg_put_reply(reply, info, &nl_family, 0, RMP_CMD_NODE_GET);
	if (!msg || put_self(reply)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, msg);
	return genlmsg_reply(reply, info);
}

static int put_peer_stats(struct sk_buff *skb, const struct rmp_peer *peer)
{
	struct nlattr *all = nla_nest_start(skb, RMP_A_STATS);
	int i;

	if (!all)
		return -EMSGSIZE;
	for (i = 0; i < RMP_S_COUNT; i++) {
		struct nlattr *one = nla_nest_start(skb, RMP_A_STAT);

		if (!one || mx_nl_put_counter(skb, &counter_attrs, &peer_words[i],
					      peer->stat[i]))
			return -EMSGSIZE;
		nla_nest_end(skb, one);
	}
	nla_nest_end(skb, all);
	return 0;
}

/* What an open session has found out about the path. */
static int put_path(struct sk_buff *skb, const struct rmp_peer *peer)
{
	if (peer->ses.state != RMP_PEER_UP)
		return 0;
	if (nla_put_u32(skb, RMP_A_PATH_MTU, peer->ses.frag_size + RMP_HDR_LEN) ||
	    nla_put_u8(skb, RMP_A_PATH_LIMIT, rmp_peer_path_limit(peer)))
		return -EMSGSIZE;
	return 0;
}

static int put_peer_locked(struct sk_buff *skb, const struct rmp_node *node)
{
	const struct rmp_peer *peer = &node->peer;

	if (nla_put_u64_64bit(skb, RMP_A_NODE_ID, node->id, RMP_A_PAD) ||
	    nla_put_u32(skb, RMP_A_INC, peer->ses.inc) ||
	    nla_put_string(skb, RMP_A_NAME, node->name) ||
	    nla_put_u8(skb, RMP_A_STATE, peer->ses.state) ||
	    nla_put_u32(skb, RMP_A_SILENT_MS, rmp_node_silent_ms(node)) ||
	    nla_put_u32(skb, RMP_A_SRTT_US, peer->req.rtt.srtt_us) ||
	    nla_put_u32(skb, RMP_A_RTTVAR_US, peer->req.rtt.rttvar_us) ||
	    nla_put_u32(skb, RMP_A_RTO_US, peer->req.rtt.rto_us) ||
	    nla_put_u32(skb, RMP_A_FRAG_SIZE, peer->ses.frag_size) ||
	    nla_put_u32(skb, RMP_A_CWND, peer->req.cwnd) ||
	    nla_put_u32(skb, RMP_A_CREDIT, peer->req.credit) ||
	    nla_put_u32(skb, RMP_A_INFLIGHT, peer->req.inflight) ||
	    nla_put(skb, RMP_A_LATENCY, sizeof(peer->req.latency), peer->req.latency))
		return -EMSGSIZE;
	if (node->way.iface &&
	    (nla_put_string(skb, RMP_A_IFNAME, node->way.iface->dev->name) ||
	     nla_put(skb, RMP_A_MAC, ETH_ALEN, node->way.mac)))
		return -EMSGSIZE;
	if (put_path(skb, peer))
		return -EMSGSIZE;
	return put_peer_stats(skb, peer);
}

/* Under the node's lock, so that the figures belong together. */
static int put_peer(struct sk_buff *skb, const void *what)
{
	struct rmp_node *node = (struct rmp_node *)what;
	int err;

	spin_lock_bh(&node->lock);
	err = put_peer_locked(skb, node);
	spin_unlock_bh(&node->lock);
	return err;
}

/**
 * struct peer_dump - a dump of the nodes in progress
 * @skb:  message buffer
 * @cb:   the dump; args[0] nodes have been dumped before
 * @i:    nodes visited
 * @full: @skb has no room for more
 */
struct peer_dump {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;
	long			i;
	bool			full;
};

static void peer_dump_one(struct rmp_node *node, void *arg)
{
	struct peer_dump *d = arg;

	if (d->full || d->i++ < d->cb->args[0])
		return;
	if (mx_nl_dump_one(d->skb, d->cb, &nl_family, RMP_CMD_PEER_GET,
			   put_peer, node))
		d->cb->args[0] = d->i;
	else
		d->full = true;
}

static int peer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct peer_dump d = { .skb = skb, .cb = cb };

	rmp_node_for_each(peer_dump_one, &d);
	return skb->len;
}

static int put_gstat(struct sk_buff *skb, const void *what)
{
	enum rmp_gstat stat = *(const long *)what;

	return mx_nl_put_counter(skb, &counter_attrs, &rmp_stat_words[stat],
				 rmp_stat_sum(stat));
}

static int stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	for (; cb->args[0] < RMP_G_COUNT; cb->args[0]++)
		if (!mx_nl_dump_one(skb, cb, &nl_family, RMP_CMD_STATS_GET,
				    put_gstat, &cb->args[0]))
			break;
	return skb->len;
}

static int key_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *key = info->attrs[RMP_A_KEY];
	int err;

	if (!key) {
		NL_SET_ERR_MSG(info->extack, "the key is missing");
		return -EINVAL;
	}
	rtnl_lock();
	err = rmp_cluster_key_add(nla_data(key), info->extack);
	rtnl_unlock();
	/* The message's memory will be somebody else's. */
	memzero_explicit(nla_data(key), MX_KEY_LEN);
	return err;
}

static int key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (!info->attrs[RMP_A_KEY_HINT]) {
		NL_SET_ERR_MSG(info->extack, "the key's name is missing");
		return -EINVAL;
	}
	rtnl_lock();
	err = rmp_cluster_key_drop(nla_get_u64(info->attrs[RMP_A_KEY_HINT]), info->extack);
	rtnl_unlock();
	return err;
}

static int put_hint(struct sk_buff *skb, const void *what)
{
	return nla_put_u64_64bit(skb, RMP_A_KEY_HINT, *(const u64 *)what,
				 RMP_A_PAD);
}

static int key_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 hint;

	rtnl_lock();
	for (; rmp_cluster_key_hint(cb->args[0], &hint); cb->args[0]++)
		if (!mx_nl_dump_one(skb, cb, &nl_family, RMP_CMD_KEY_GET,
				    put_hint, &hint))
			break;
	rtnl_unlock();
	return skb->len;
}

static const struct genl_ops nl_ops[] = {
	{
		.cmd = RMP_CMD_IFACE_ADD,
		.flags = GENL_ADMIN_PERM,
		.policy = iface_policy,
		.maxattr = RMP_A_MTU,
		.doit = iface_add_doit,
	},
	{
		.cmd = RMP_CMD_IFACE_DEL,
		.flags = GENL_ADMIN_PERM,
		.policy = iface_policy,
		.maxattr = RMP_A_IFNAME,
		.doit = iface_del_doit,
	},
	{ .cmd = RMP_CMD_IFACE_GET, .dumpit = iface_dump },
	{ .cmd = RMP_CMD_NODE_GET, .doit = node_doit },
	{ .cmd = RMP_CMD_PEER_GET, .dumpit = peer_dump },
	{ .cmd = RMP_CMD_STATS_GET, .dumpit = stats_dump },
	{
		.cmd = RMP_CMD_KEY_ADD,
		.flags = GENL_ADMIN_PERM,
		.policy = key_policy,
		.maxattr = RMP_A_KEY,
		.doit = key_add_doit,
	},
	{
		.cmd = RMP_CMD_KEY_DEL,
		.flags = GENL_ADMIN_PERM,
		.policy = key_policy,
		.maxattr = RMP_A_KEY_HINT,
		.doit = key_del_doit,
	},
	{ .cmd = RMP_CMD_KEY_GET, .flags = GENL_ADMIN_PERM, .dumpit = key_dump },
};

static struct genl_family nl_family __ro_after_init = {
	.name = RMP_GENL_NAME,
	.version = RMP_GENL_VERSION,
	.module = THIS_MODULE,
	.ops = nl_ops,
	.n_ops = ARRAY_SIZE(nl_ops),
	.resv_start_op = RMP_CMD_UNSPEC + 1,
};

int rmp_nl_init(void)
{
	return genl_register_family(&nl_family);
}

void rmp_nl_exit(void)
{
	genl_unregister_family(&nl_family);
}
