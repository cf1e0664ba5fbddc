// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl attach, detach, interfaces, node, peers: the network side.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include "memxctl.h"
#include "rmp_nl.h"
#include "size.h"

enum { MTU_MOST = 65535 };

static const char *const peer_states[] = { "down", "hello", "up", NULL };

static const char *const path_limits[] = { "interface", "peer", "path", NULL };

static const struct schema interface_schema = {
	.fields = FIELDS(
		{ RMP_A_IFNAME, F_STR, "interface", "INTERFACE" },
		{ RMP_A_UP, F_FLAG, "up", "UP" },
		{ RMP_A_MTU, F_U32, "mtu", "MTU" },
		{ RMP_A_FRAG_SIZE, F_U32, "fragment_bytes", "FRAGMENT" },
		{ RMP_A_MAC, F_MAC, "mac", "MAC" },
		{ RMP_A_RX_FRAMES, F_U64, "rx_frames", "RX" },
		{ RMP_A_TX_FRAMES, F_U64, "tx_frames", "TX" },
		{ RMP_A_IFINDEX, F_U32, "ifindex" }
	),
};

static const struct schema node_schema = {
	.fields = FIELDS(
		{ RMP_A_NODE_ID, F_ID64, "node", "NODE" },
		{ RMP_A_INC, F_ID32, "incarnation", "INCARNATION" },
		{ RMP_A_NAME, F_STR, "host", "HOST" },
		{ RMP_A_INSECURE, F_FLAG, "insecure", "INSECURE" },
		{ RMP_A_ANNOUNCING, F_FLAG, "announcing", "ANNOUNCING" },
		{ RMP_A_VERSION, F_STR, "version", "VERSION" },
		{ RMP_A_PROTO, F_U32, "protocol", "PROTOCOL" }
	),
};

static const struct schema peer_schema = {
	.fields = FIELDS(
		{ RMP_A_NODE_ID, F_ID64, "node", "NODE" },
		{ RMP_A_NAME, F_STR, "host", "HOST" },
		{ RMP_A_STATE, F_WORD, "state", "STATE", peer_states },
		{ RMP_A_IFNAME, F_STR, "interface", "INTERFACE" },
		{ RMP_A_MAC, F_MAC, "mac", "MAC" },
		{ RMP_A_SILENT_MS, F_U32, "silent_ms", "SILENT_MS" },
		{ RMP_A_SRTT_US, F_U32, "srtt_us", "SRTT_US" },
		{ RMP_A_RTO_US, F_U32, "rto_us", "RTO_US" },
		{ RMP_A_RTTVAR_US, F_U32, "rttvar_us" },
		{ RMP_A_PATH_MTU, F_U32, "path_mtu", "PATH_MTU" },
		{ RMP_A_PATH_LIMIT, F_WORD, "limited_by", "LIMITED_BY", path_limits },
		{ RMP_A_FRAG_SIZE, F_U32, "fragment_bytes" },
		{ RMP_A_CWND, F_U32, "window_pages", "WINDOW" },
		{ RMP_A_CREDIT, F_U32, "credit_pages", "CREDIT" },
		{ RMP_A_INFLIGHT, F_U32, "inflight_pages", "INFLIGHT" },
		{ RMP_A_INC, F_ID32, "incarnation" },
		{ RMP_A_LATENCY, F_HIST, "latency", "ANSWERED IN" },
		{ RMP_A_STATS, F_STATS, "counters" }
	),
	.stat = RMP_A_STAT,
	.stat_name = RMP_A_STAT_NAME,
	.stat_value = RMP_A_STAT_VALUE,
	.stat_help = RMP_A_STAT_HELP,
};

int ctl_attach(struct ctl *ctl, const char *iface, uint32_t mtu)
{
	struct nlmsghdr *msg;

	msg = nl_begin(&ctl->nl, NL_RMAP, RMP_CMD_IFACE_ADD, NLM_F_ACK);
	mnl_attr_put_strz(msg, RMP_A_IFNAME, iface);
	if (mtu)
		mnl_attr_put_u32(msg, RMP_A_MTU, mtu);
	return nl_talk(&ctl->nl, NULL, NULL);
}

bool ctl_no_interface(struct ctl *ctl)
{
	struct table table = { .schema = &interface_schema };
	bool none;

	if (nl_family(&ctl->nl, NL_RMAP, false))
		return false;
	none = !ctl_list(ctl, NL_RMAP, RMP_CMD_IFACE_GET, &table, 0, NULL) &&
	       !table.nrows;
	table_clear(&table);
	return none;
}

static int iface_usable(const char *iface)
{
	if (!*iface || strlen(iface) >= IF_NAMESIZE)
		return usage("'%s' is no name of an interface", iface);
	return CTL_OK;
}

static int attach(struct ctl *ctl, int argc, char **argv)
{
	const char *iface, *mtu_text = NULL;
	const struct opt opts[] = { { "--mtu", &mtu_text }, { 0 } };
	uint64_t mtu = 0;
	int ret;

	if (args_parse(argc, argv, opts, &iface, 1, 1) < 0 || iface_usable(iface))
		return CTL_USAGE;
	if (mtu_text && (number_parse(mtu_text, MTU_MOST, &mtu) || !mtu))
		return usage("'%s' is no MTU", mtu_text);
	ret = ctl_family(ctl, NL_RMAP, true);
	if (ret)
		return ret;
	if (ctl_attach(ctl, iface, mtu))
		return ctl_failed(ctl);
	ctl_said(ctl, "interface", iface);
	return CTL_OK;
}

static int detach(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	struct nlmsghdr *msg;
	const char *iface;
	int ret;

	if (args_parse(argc, argv, none, &iface, 1, 1) < 0 || iface_usable(iface))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_RMAP, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_RMAP, RMP_CMD_IFACE_DEL, NLM_F_ACK);
	mnl_attr_put_strz(msg, RMP_A_IFNAME, iface);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "interface", iface);
	return ret;
}

static int interfaces(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_RMAP, RMP_CMD_IFACE_GET, &interface_schema);
}

static int peers(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_RMAP, RMP_CMD_PEER_GET, &peer_schema);
}

static int node(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &node_schema };
	const struct opt none[] = { { 0 } };
	int ret;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_RMAP, false);
	if (ret)
		return ret;
	nl_begin(&ctl->nl, NL_RMAP, RMP_CMD_NODE_GET, NLM_F_ACK);
	ret = ctl_do(ctl, table_add, &table);
	if (!ret)
		ret = ctl_show_one(ctl, &table);
	table_clear(&table);
	return ret;
}

const struct command rmap_commands[] = {
	{ "attach", NULL, attach, "IFACE [--mtu N]",
	  "let MemX use a network interface" },
	{ "detach", NULL, detach, "IFACE", "end that" },
	{ "interfaces", NULL, interfaces, "", "list the interfaces in use" },
	{ "node", NULL, node, "", "show this node" },
	{ "peers", NULL, peers, "", "list the nodes known, with their sessions" },
	{ 0 }
};
