/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of the module as a whole: free-running, per CPU, named once here
 * for the code, netlink and the documentation.
 */
#ifndef RMP_STATS_H
#define RMP_STATS_H

#include <linux/types.h>
#include "mx_counters.h"

/*
 * drop_* say why a frame was not used; a frame that is used but changes nothing
 * is counted by its peer (enum rmp_stat).
 */
#define RMP_GSTATS(X) \
	X(RMP_G_RX_FRAMES,	"rx_frames",	"RMAP frames received") \
	X(RMP_G_TX_FRAMES,	"tx_frames",	"RMAP frames given to a device") \
	X(RMP_G_TX_TRAINS,	"tx_trains",	"times several frames were given to a device together") \
	X(RMP_G_DROP_SHORT,	"drop_short",	"frames shorter than a header") \
	X(RMP_G_DROP_VERSION,	"drop_version",	"frames of another protocol version") \
	X(RMP_G_DROP_HEADER,	"drop_header",	"frames with a header that breaks the rules") \
	X(RMP_G_DROP_TAG,	"drop_tag",	"frames whose integrity tag is wrong") \
	X(RMP_G_DROP_INSECURE, "drop_insecure", "frames without a key's tag, while this node has keys") \
	X(RMP_G_DROP_KEYED,	"drop_keyed",	"frames with a key's tag, while this node runs insecure") \
	X(RMP_G_DROP_NOKEY,	"drop_nokey",	"frames under a key that is not, or no longer, known") \
	X(RMP_G_DROP_REPLAY,	"drop_replay",	"frames with a good tag that came before") \
	X(RMP_G_DROP_HANDSHAKE, "drop_handshake", "handshakes that make no sense") \
	X(RMP_G_DROP_OWN,	"drop_own",	"frames with the node id of this node") \
	X(RMP_G_DROP_UNKNOWN,	"drop_unknown",	"frames of nodes not known, other than HELLO and ANNOUNCE") \
	X(RMP_G_DROP_NEW,	"drop_new",	"first frames of nodes dropped as too many came at once") \
	X(RMP_G_DROP_NODES,	"drop_nodes",	"first frames of nodes beyond max_nodes") \
	X(RMP_G_DROP_SERVICE,	"drop_service",	"requests to a port that no service serves") \
	X(RMP_G_DROP_MEMORY,	"drop_memory",	"frames dropped as memory was short") \
	X(RMP_G_RX_COPIED,	"rx_copied",	"frames copied on arrival, mostly as their pages are a guest's") \
	X(RMP_G_TWINS,	"twins",	"times a former life of a node came back: two nodes with one id") \
	X(RMP_G_DROP_SPREAD,	"drop_spread",	"frames dropped as too many waited for a processor") \
	X(RMP_G_SPREAD,	"rx_spread",	"frames given to another processor") \
	X(RMP_G_TX_NOMEM,	"tx_nomem",	"frames not sent as memory was short") \
	X(RMP_G_TX_NOIFACE,	"tx_noiface",	"frames not sent as no interface leads to the node") \
	X(RMP_G_TX_REFUSED,	"tx_refused",	"frames refused by the device or its queue") \
	X(RMP_G_TX_COPIED,	"tx_copied",	"pages copied for sending as they allow no reference") \
	X(RMP_G_TX_NOKEY,	"tx_nokey",	"frames not sent for want of a key") \
	X(RMP_G_HANDSHAKES,	"handshakes",	"handshakes begun or answered") \
	X(RMP_G_NO_ROOM,	"no_room",	"times a request waited for room for its reply") \
	X(RMP_G_RESETS,	"resets_sent",	"RESET frames sent to nodes not known") \
	X(RMP_G_ANNOUNCES,	"announces_sent", "ANNOUNCE frames sent") \
	X(RMP_G_SOLICITS,	"solicits_sent", "SOLICIT frames sent") \
	X(RMP_G_LIMITED,	"answers_limited", "answers (RESET, ANNOUNCE, WELCOME) left out by the rate limits") \
	X(RMP_G_TIMER,	"timer_runs",	"times a node's timer expired") \
	X(RMP_G_NODES_NEW,	"nodes_created", "nodes that became known") \
	X(RMP_G_NODES_FREED,	"nodes_destroyed", "nodes forgotten and freed") \
	X(RMP_G_PKT_KEPT,	"packets_kept",	"received packets kept for their payload") \
	X(RMP_G_PKT_FREED,	"packets_freed", "kept packets freed again")

MX_COUNTERS_DECLARE(rmp_stat, rmp_gstat, RMP_G_COUNT, RMP_GSTATS)

#endif /* RMP_STATS_H */
