/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of the module as a whole: free-running, per CPU, named once here
 * for the code, netlink and the documentation.
 */
#ifndef RMP_STATS_H
#define RMP_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

/*
 * Each X(symbol, name, help). drop_* say why a frame was not used; a frame
 * that is used but changes nothing is counted by its peer (enum rmp_stat).
 */
#define RMP_GSTATS(X) \
	X(RX_FRAMES,	"rx_frames",	"RMAP frames received") \
	X(TX_FRAMES,	"tx_frames",	"RMAP frames given to a device") \
	X(TX_TRAINS,	"tx_trains",	"times several frames were given to a device together") \
	X(DROP_SHORT,	"drop_short",	"frames shorter than a header") \
	X(DROP_VERSION,	"drop_version",	"frames of another protocol version") \
	X(DROP_HEADER,	"drop_header",	"frames with a header that breaks the rules") \
	X(DROP_TAG,	"drop_tag",	"frames whose integrity tag is wrong") \
	X(DROP_INSECURE, "drop_insecure", "frames without a key's tag, while this node has keys") \
	X(DROP_KEYED,	"drop_keyed",	"frames with a key's tag, while this node runs insecure") \
	X(DROP_NOKEY,	"drop_nokey",	"frames under a key that is not, or no longer, known") \
	X(DROP_REPLAY,	"drop_replay",	"frames with a good tag that came before") \
	X(DROP_HANDSHAKE, "drop_handshake", "handshakes that make no sense") \
	X(DROP_OWN,	"drop_own",	"frames with the node id of this node") \
	X(DROP_UNKNOWN,	"drop_unknown",	"frames of nodes not known, other than HELLO and ANNOUNCE") \
	X(DROP_NEW,	"drop_new",	"first frames of nodes dropped as too many came at once") \
	X(DROP_NODES,	"drop_nodes",	"first frames of nodes beyond max_nodes") \
	X(DROP_SERVICE,	"drop_service",	"requests to a port that no service serves") \
	X(DROP_MEMORY,	"drop_memory",	"frames dropped as memory was short") \
	X(RX_COPIED,	"rx_copied",	"frames copied on arrival, mostly as their pages are a guest's") \
	X(TWINS,	"twins",	"times a former life of a node came back: two nodes with one id") \
	X(DROP_SPREAD,	"drop_spread",	"frames dropped as too many waited for a processor") \
	X(SPREAD,	"rx_spread",	"frames given to another processor") \
	X(TX_NOMEM,	"tx_nomem",	"frames not sent as memory was short") \
	X(TX_NOIFACE,	"tx_noiface",	"frames not sent as no interface leads to the node") \
	X(TX_REFUSED,	"tx_refused",	"frames refused by the device or its queue") \
	X(TX_COPIED,	"tx_copied",	"pages copied for sending as they allow no reference") \
	X(TX_NOKEY,	"tx_nokey",	"frames not sent for want of a key") \
	X(HANDSHAKES,	"handshakes",	"handshakes begun or answered") \
	X(NO_ROOM,	"no_room",	"times a request waited for room for its reply") \
	X(RESETS,	"resets_sent",	"RESET frames sent to nodes not known") \
	X(ANNOUNCES,	"announces_sent", "ANNOUNCE frames sent") \
	X(SOLICITS,	"solicits_sent", "SOLICIT frames sent") \
	X(LIMITED,	"answers_limited", "answers (RESET, ANNOUNCE, WELCOME) left out by the rate limits") \
	X(TIMER,	"timer_runs",	"times a node's timer expired") \
	X(NODES_NEW,	"nodes_created", "nodes that became known") \
	X(NODES_FREED,	"nodes_destroyed", "nodes forgotten and freed") \
	X(PKT_KEPT,	"packets_kept",	"received packets kept for their payload") \
	X(PKT_FREED,	"packets_freed", "kept packets freed again")

enum rmp_gstat {
#define RMP_GSTAT_ENUM(sym, name, help) RMP_G_##sym,
	RMP_GSTATS(RMP_GSTAT_ENUM)
#undef RMP_GSTAT_ENUM
	RMP_G_COUNT
};

/**
 * struct rmp_gstats - one CPU's share of the counters
 * @v: by enum rmp_gstat; written by the owning CPU only, read by anyone
 */
struct rmp_gstats {
	u64 v[RMP_G_COUNT];
};

DECLARE_PER_CPU(struct rmp_gstats, rmp_gstats);

static inline void rmp_stat_add(enum rmp_gstat stat, unsigned int n)
{
	this_cpu_add(rmp_gstats.v[stat], n);
}

static inline void rmp_stat_inc(enum rmp_gstat stat)
{
	rmp_stat_add(stat, 1);
}

/** rmp_stat_sum() - Return: the counter over all CPUs. Any context. */
u64 rmp_stat_sum(enum rmp_gstat stat);

const char *rmp_stat_name(enum rmp_gstat stat);
const char *rmp_stat_help(enum rmp_gstat stat);

#endif /* RMP_STATS_H */
