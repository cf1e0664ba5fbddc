/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Generic netlink family "memx_rmap": how user space attaches network
 * interfaces to RMAP and looks at nodes and counters.
 *
 * Version 1. Requests are refused with an error number and a sentence in the
 * extended acknowledgement. Only the initial network namespace is served.
 * Unknown attributes in a request are an error. Integers are in host order.
 * "admin" below means that CAP_NET_ADMIN is needed.
 *
 * RMP_CMD_IFACE_ADD (admin): attach an interface; frames of RMAP are taken
 * from and sent to it from now on.
 *	RMP_A_IFNAME	its name; required
 *	RMP_A_MTU	use at most this many bytes of payload per Ethernet frame
 *			although the interface could carry more; optional
 *   Errors: ENODEV no such interface, EEXIST attached already, EINVAL not an
 *   Ethernet interface or MTU too small, ENETDOWN the interface is down,
 *   ENOKEY no cluster key and not insecure=1.
 *
 * RMP_CMD_IFACE_DEL (admin): detach it; sessions through it are closed and
 * the nodes behind it count as gone until they are heard again.
 *	RMP_A_IFNAME	required
 *   Errors: ENODEV not attached.
 *
 * RMP_CMD_IFACE_GET (dump): one message per attached interface.
 *	RMP_A_IFNAME, RMP_A_IFINDEX
 *	RMP_A_MTU	bytes of payload per Ethernet frame in use
 *	RMP_A_MAC	6 bytes
 *	RMP_A_FRAG_SIZE	largest fragment of a message that fits
 *	RMP_A_UP	flag: the interface is up
 *	RMP_A_RX_FRAMES, RMP_A_TX_FRAMES
 *
 * RMP_CMD_NODE_GET (do): this node.
 *	RMP_A_NODE_ID	0 while no interface has been attached
 *	RMP_A_INC	incarnation, drawn when the module was loaded
 *	RMP_A_NAME	host name as announced
 *	RMP_A_INSECURE	flag: works without a cluster key
 *	RMP_A_VERSION	string: version of the module
 *	RMP_A_PROTO	version of the protocol on the wire
 *	RMP_A_ANNOUNCING flag: this node announces a service
 *
 * RMP_CMD_PEER_GET (dump): one message per known node.
 *	RMP_A_NODE_ID, RMP_A_INC (0 while unknown), RMP_A_NAME (may be empty)
 *	RMP_A_STATE	enum rmp_nl_state
 *	RMP_A_IFNAME	interface towards it; absent while it has none
 *	RMP_A_MAC	its address on that interface
 *	RMP_A_SILENT_MS	milliseconds since anything was heard of it
 *	RMP_A_SRTT_US, RMP_A_RTTVAR_US, RMP_A_RTO_US	0 before any sample
 *	RMP_A_FRAG_SIZE	fragment size in force
 *	RMP_A_PATH_MTU	bytes of payload per Ethernet frame that pass for certain,
 *			0 to 7 less than could; absent without a session
 *	RMP_A_PATH_LIMIT	enum rmp_nl_limit; absent without a session
 *	RMP_A_CWND, RMP_A_CREDIT, RMP_A_INFLIGHT	pages of 4 KiB
 *	RMP_A_LATENCY	requests answered by it, by the time they took
 *	RMP_A_STATS	nest of RMP_A_STAT, each a nest of RMP_A_STAT_NAME,
 *			RMP_A_STAT_VALUE, RMP_A_STAT_HELP: the free-running
 *			counters of this peer
 *
 * RMP_CMD_STATS_GET (dump): one message per counter of the module.
 *	RMP_A_STAT_NAME, RMP_A_STAT_VALUE, RMP_A_STAT_HELP
 *   Counters run freely from 0 at load. Those named drop_* tell why a frame
 *   was not used.
 *
 * RMP_CMD_KEY_ADD (admin): configure a cluster key, which becomes the first
 * choice. At most two are held: a new one and an old one.
 *	RMP_A_KEY	32 bytes; required
 *   Errors: EBUSY loaded with insecure=1, EEXIST, ENOSPC, EINVAL all zeros.
 *
 * RMP_CMD_KEY_DEL (admin): forget a cluster key.
 *	RMP_A_KEY_HINT	its name; required
 *   Errors: ENOENT, EBUSY it is the only one and interfaces are attached.
 *
 * RMP_CMD_KEY_GET (admin, dump): one message per cluster key, newest first.
 *	RMP_A_KEY_HINT
 */
#ifndef RMP_NL_H
#define RMP_NL_H

#define RMP_GENL_NAME		"memx_rmap"
#define RMP_GENL_VERSION	1

/**
 * enum rmp_nl_cmd - commands, see above
 * @RMP_CMD_UNSPEC:    not used
 * @RMP_CMD_IFACE_ADD: attach an interface
 * @RMP_CMD_IFACE_DEL: detach an interface
 * @RMP_CMD_IFACE_GET: list the attached interfaces
 * @RMP_CMD_NODE_GET:  show this node
 * @RMP_CMD_PEER_GET:  list the nodes known
 * @RMP_CMD_STATS_GET: list the counters of the module
 * @RMP_CMD_KEY_ADD:   configure a cluster key
 * @RMP_CMD_KEY_DEL:   forget a cluster key
 * @RMP_CMD_KEY_GET:   list the cluster keys
 * @__RMP_CMD_MAX:     one more than the last
 */
enum rmp_nl_cmd {
	RMP_CMD_UNSPEC,
	RMP_CMD_IFACE_ADD,
	RMP_CMD_IFACE_DEL,
	RMP_CMD_IFACE_GET,
	RMP_CMD_NODE_GET,
	RMP_CMD_PEER_GET,
	RMP_CMD_STATS_GET,
	RMP_CMD_KEY_ADD,
	RMP_CMD_KEY_DEL,
	RMP_CMD_KEY_GET,
	__RMP_CMD_MAX,
};

#define RMP_CMD_MAX	(__RMP_CMD_MAX - 1)

/**
 * enum rmp_nl_state - the session with a peer
 * @RMP_NL_DOWN:  known, no session wanted
 * @RMP_NL_HELLO: HELLO is being repeated until it is answered
 * @RMP_NL_UP:    session open
 */
enum rmp_nl_state {
	RMP_NL_DOWN,
	RMP_NL_HELLO,
	RMP_NL_UP,
};

/**
 * enum rmp_nl_limit - why frames to a node are not larger
 * @RMP_NL_LIMIT_INTERFACE: our interface carries no larger ones
 * @RMP_NL_LIMIT_PEER:      the node's does not, as it says
 * @RMP_NL_LIMIT_PATH:      larger ones do not get through, though both could
 */
enum rmp_nl_limit {
	RMP_NL_LIMIT_INTERFACE,
	RMP_NL_LIMIT_PEER,
	RMP_NL_LIMIT_PATH,
};

/**
 * enum rmp_nl_attr - attributes, type in brackets
 * @RMP_A_UNSPEC:	not used
 * @RMP_A_PAD:		alignment of 64-bit attributes, to be skipped
 * @RMP_A_IFNAME:	[string] interface name
 * @RMP_A_IFINDEX:	[u32] interface index
 * @RMP_A_MTU:		[u32] bytes of payload per Ethernet frame
 * @RMP_A_MAC:		[6 bytes] Ethernet address
 * @RMP_A_FRAG_SIZE:	[u32] bytes of message per frame
 * @RMP_A_UP:		[flag] interface is up
 * @RMP_A_RX_FRAMES:	[u64] RMAP frames received
 * @RMP_A_TX_FRAMES:	[u64] RMAP frames sent
 * @RMP_A_NODE_ID:	[u64] node id
 * @RMP_A_INC:		[u32] incarnation
 * @RMP_A_NAME:		[string] host name
 * @RMP_A_INSECURE:	[flag] no cluster key in use
 * @RMP_A_VERSION:	[string] version of the module
 * @RMP_A_PROTO:	[u32] version of the protocol
 * @RMP_A_ANNOUNCING:	[flag] a service is announced
 * @RMP_A_STATE:	[u8] enum rmp_nl_state
 * @RMP_A_SILENT_MS:	[u32] milliseconds since the last frame
 * @RMP_A_SRTT_US:	[u32] smoothed round-trip time, microseconds
 * @RMP_A_RTTVAR_US:	[u32] its mean deviation, microseconds
 * @RMP_A_RTO_US:	[u32] retransmission time-out, microseconds
 * @RMP_A_CWND:		[u32] congestion window, pages
 * @RMP_A_CREDIT:	[u32] credit granted by the peer, pages
 * @RMP_A_INFLIGHT:	[u32] pages of requests open
 * @RMP_A_LATENCY:	[array of u64] how many took less than 64 us, how many
 *			of the others less than 128 us, and so on; the last
 *			entry has all the rest
 * @RMP_A_STATS:	[nest of RMP_A_STAT] counters
 * @RMP_A_STAT:		[nest] one counter
 * @RMP_A_STAT_NAME:	[string] its name
 * @RMP_A_STAT_VALUE:	[u64] its value
 * @RMP_A_STAT_HELP:	[string] what it counts
 * @RMP_A_KEY:		[32 bytes] a key
 * @RMP_A_KEY_HINT:	[u64] name of a key, which gives nothing of it away
 * @RMP_A_PATH_MTU:	[u32] bytes of payload per Ethernet frame towards a node
 * @RMP_A_PATH_LIMIT:	[u8] enum rmp_nl_limit
 * @__RMP_A_MAX:	one more than the last
 */
enum rmp_nl_attr {
	RMP_A_UNSPEC,
	RMP_A_PAD,
	RMP_A_IFNAME,
	RMP_A_IFINDEX,
	RMP_A_MTU,
	RMP_A_MAC,
	RMP_A_FRAG_SIZE,
	RMP_A_UP,
	RMP_A_RX_FRAMES,
	RMP_A_TX_FRAMES,
	RMP_A_NODE_ID,
	RMP_A_INC,
	RMP_A_NAME,
	RMP_A_INSECURE,
	RMP_A_VERSION,
	RMP_A_PROTO,
	RMP_A_ANNOUNCING,
	RMP_A_STATE,
	RMP_A_SILENT_MS,
	RMP_A_SRTT_US,
	RMP_A_RTTVAR_US,
	RMP_A_RTO_US,
	RMP_A_CWND,
	RMP_A_CREDIT,
	RMP_A_INFLIGHT,
	RMP_A_LATENCY,
	RMP_A_STATS,
	RMP_A_STAT,
	RMP_A_STAT_NAME,
	RMP_A_STAT_VALUE,
	RMP_A_STAT_HELP,
	RMP_A_KEY,
	RMP_A_KEY_HINT,
	RMP_A_PATH_MTU,
	RMP_A_PATH_LIMIT,
	__RMP_A_MAX,
};

#define RMP_A_MAX	(__RMP_A_MAX - 1)

#endif /* RMP_NL_H */
