// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "memx_server"; uapi/memx_nl.h specifies it.
 */
#include <linux/module.h>
#include <net/genetlink.h>
#include "mx_compat_nl.h"
#include "mxs.h"
#include "uapi/memx_nl.h"

static struct genl_family family;

static const struct nla_policy start_policy[MEMX_A_MAX + 1] = {
	[MEMX_A_CAPACITY]	= { .type = NLA_U64 },
};

static const struct nla_policy stop_policy[MEMX_A_MAX + 1] = {
	[MEMX_A_FORCE]		= { .type = NLA_FLAG },
};

static const struct nla_policy set_policy[MEMX_A_MAX + 1] = {
	[MEMX_A_EXPIRY]		= { .type = NLA_U32 },
};

static const struct nla_policy drop_policy[MEMX_A_MAX + 1] = {
	[MEMX_A_NAME]		= { .type = NLA_NUL_STRING, .len = MX_NAME_MAX },
	[MEMX_A_ID]		= { .type = NLA_U64 },
	[MEMX_A_FORCE]		= { .type = NLA_FLAG },
};

static int nl_start(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, MEMX_A_CAPACITY)) {
		NL_SET_ERR_MSG(info->extack, "the capacity is missing");
		return -EINVAL;
	}
	return mxs_start(nla_get_u64(info->attrs[MEMX_A_CAPACITY]),
			 info->extack);
}

static int nl_stop(struct sk_buff *skb, struct genl_info *info)
{
	return mxs_stop(nla_get_flag(info->attrs[MEMX_A_FORCE]), info->extack);
}

static int nl_set(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, MEMX_A_EXPIRY)) {
		NL_SET_ERR_MSG(info->extack, "there is nothing to be set");
		return -EINVAL;
	}
	return mxs_expiry_set(nla_get_u32(info->attrs[MEMX_A_EXPIRY]),
			      info->extack);
}

static int nl_drop(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *name = info->attrs[MEMX_A_NAME];
	struct nlattr *id = info->attrs[MEMX_A_ID];

	if (!name == !id) {
		NL_SET_ERR_MSG(info->extack, "which volume? either its name or its id");
		return -EINVAL;
	}
	return mxs_vol_drop_here(name ? nla_data(name) : NULL,
				 id ? nla_get_u64(id) : 0,
				 nla_get_flag(info->attrs[MEMX_A_FORCE]),
				 info->extack);
}

static int nl_forget(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, MEMX_A_ID)) {
		NL_SET_ERR_MSG(info->extack, "the volume's id is missing");
		return -EINVAL;
	}
	return mxs_vol_forget(nla_get_u64(info->attrs[MEMX_A_ID]), info->extack);
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, MEMX_A_PAD);
}

static int put_server(struct sk_buff *skb)
{
	static const char * const state[] = {
		[MXS_STOPPED]	= "stopped",
		[MXS_RUNNING]	= "running",
		[MXS_STOPPING]	= "stopping",
	};
	struct mx_quota q;

	mxs_figures(&q);
	if (nla_put_string(skb, MEMX_A_STATE, state[READ_ONCE(mxs_srv.state)]) ||
	    put_u64(skb, MEMX_A_CAPACITY, q.capacity) ||
	    put_u64(skb, MEMX_A_FREE, mx_quota_free(&q)) ||
	    put_u64(skb, MEMX_A_USED, q.used) ||
	    put_u64(skb, MEMX_A_RESERVED, q.reserved + q.overhead) ||
	    put_u64(skb, MEMX_A_GUARANTEED, q.firm) ||
	    nla_put_u8(skb, MEMX_A_LOAD, READ_ONCE(mxs_srv.load)) ||
	    nla_put_u32(skb, MEMX_A_VOLUMES, READ_ONCE(mxs_srv.store.nvols)) ||
	    nla_put_u32(skb, MEMX_A_EXPIRY,
			div_u64(READ_ONCE(mxs_srv.store.expiry), MSEC_PER_SEC)))
		return -EMSGSIZE;
	return 0;
}

static int nl_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &family, 0, MEMX_C_SRV_GET);
	if (!hdr || put_server(msg)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/* Caller: srv.table */
static int put_lease(struct sk_buff *skb, const struct mxs_vol *vol)
{
	static const char * const state[] = {
		[MX_LEASE_ALIVE]	= "alive",
		[MX_LEASE_SILENT]	= "silent",
		[MX_LEASE_OVER]		= "over",
		[MX_LEASE_UNKNOWN]	= "unknown",
	};
	u64 age = mx_store_age(&mxs_srv.store, &vol->s);

	if (put_u64(skb, MEMX_A_NODE, vol->s.claim.node) ||
	    nla_put_u32(skb, MEMX_A_INC, vol->s.claim.inc) ||
	    nla_put_string(skb, MEMX_A_STATE,
			   state[mx_store_lease(&mxs_srv.store, &vol->s)]) ||
	    nla_put_u32(skb, MEMX_A_SILENT_MS, min_t(u64, age, U32_MAX)))
		return -EMSGSIZE;
	return 0;
}

static int put_volume(struct sk_buff *skb, const void *what)
{
	const struct mxs_vol *vol = what;
	struct mx_share share;

	spin_lock_bh(&mxs_srv.account);
	share = vol->s.share;
	spin_unlock_bh(&mxs_srv.account);
	if (put_u64(skb, MEMX_A_ID, vol->s.id) ||
	    nla_put_string(skb, MEMX_A_NAME, vol->s.name) ||
	    put_u64(skb, MEMX_A_SIZE, vol->s.pages << MX_PAGE_SHIFT) ||
	    nla_put_u32(skb, MEMX_A_EPOCH, vol->s.claim.epoch) ||
	    nla_put_u8(skb, MEMX_A_CHUNK_SHIFT, vol->s.shift) ||
	    (vol->s.sealed && nla_put_flag(skb, MEMX_A_SEALED)) ||
	    put_u64(skb, MEMX_A_USED_PAGES, share.used) ||
	    put_u64(skb, MEMX_A_RESERVED, share.reserved) ||
	    put_u64(skb, MEMX_A_GUARANTEED, share.firm) ||
	    nla_put_u32(skb, MEMX_A_CHUNKS, vol->nchunks) ||
	    nla_put_u8(skb, MEMX_A_PROTOCOL, !mx_store_old(&vol->s)))
		return -EMSGSIZE;
	return put_lease(skb, vol);
}

/* args[0]: number of the last volume told; they are listed as they were made. */
static int nl_volumes(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mxs_vol *vol;

	mutex_lock(&mxs_srv.table);
	list_for_each_entry(vol, &mxs_srv.vols, link) {
		if (vol->seq <= cb->args[0])
			continue;
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_SVOL_GET, put_volume, vol))
			break;
		cb->args[0] = vol->seq;
	}
	mutex_unlock(&mxs_srv.table);
	return skb->len;
}

static const struct mx_nl_counter_attrs counter_attrs = MX_NL_COUNTER_ATTRS;

static MX_COUNTERS_WORDS(gauge_words, MXS_GAUGES);

/**
 * struct figure - a counter or level as memxctl shows it
 * @words: its name and help
 * @value: now
 */
struct figure {
	const struct mx_counter *words;
	u64		value;
};

static int put_figure(struct sk_buff *skb, const void *what)
{
	const struct figure *f = what;

	return mx_nl_put_counter(skb, &counter_attrs, f->words, f->value);
}

/* args[0]: the next figure; levels come after counters. */
static int nl_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 gauge[MXS_G_COUNT];
	struct figure f;
	long i;

	mxs_stock_gauges(gauge);
	gauge[MXS_G_WAITING] = mxs_jobs_waiting();
	gauge[MXS_G_ANSWERS] = rmp_kept();
	for (; cb->args[0] < MXS_S_COUNT + MXS_G_COUNT; cb->args[0]++) {
		i = cb->args[0];
		if (i < MXS_S_COUNT) {
			f.words = &mxs_stat_words[i];
			f.value = mxs_stat_sum(i);
		} else {
			f.words = &gauge_words[i - MXS_S_COUNT];
			f.value = gauge[i - MXS_S_COUNT];
		}
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_STATS_GET, put_figure, &f))
			break;
	}
	return skb->len;
}

static const struct genl_ops ops[] = {
	{
		.cmd	= MEMX_C_SRV_START,
		.flags	= GENL_ADMIN_PERM,
		.policy	= start_policy,
		.maxattr = MEMX_A_MAX,
		.doit	= nl_start,
	},
	{
		.cmd	= MEMX_C_SRV_STOP,
		.flags	= GENL_ADMIN_PERM,
		.policy	= stop_policy,
		.maxattr = MEMX_A_MAX,
		.doit	= nl_stop,
	},
	{
		.cmd	= MEMX_C_SRV_GET,
		.doit	= nl_get,
	},
	{
		.cmd	= MEMX_C_SVOL_GET,
		.dumpit	= nl_volumes,
	},
	{
		.cmd	= MEMX_C_STATS_GET,
		.dumpit	= nl_stats,
	},
	{
		.cmd	= MEMX_C_SRV_SET,
		.flags	= GENL_ADMIN_PERM,
		.policy	= set_policy,
		.maxattr = MEMX_A_MAX,
		.doit	= nl_set,
	},
	{
		.cmd	= MEMX_C_SVOL_DEL,
		.flags	= GENL_ADMIN_PERM,
		.policy	= drop_policy,
		.maxattr = MEMX_A_MAX,
		.doit	= nl_drop,
	},
	{
		.cmd	= MEMX_C_SVOL_FORGET,
		.flags	= GENL_ADMIN_PERM,
		.policy	= drop_policy,
		.maxattr = MEMX_A_MAX,
		.doit	= nl_forget,
	},
};

/* A stop may take long, so operations do not hold up other families. */
static struct genl_family family __ro_after_init = {
	.name		= MEMX_NL_SERVER,
	.version	= MEMX_NL_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.resv_start_op	= MEMX_C_SVOL_GET + 1,
};

int __init mxs_nl_init(void)
{
	return genl_register_family(&family);
}

void mxs_nl_exit(void)
{
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(MEMX_NL_SERVER);
