/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a peer, and the latencies of its calls.
 */
#ifndef RMP_PEER_STATS_H
#define RMP_PEER_STATS_H

#include "mx_counters.h"
#include "rmp_wire.h"

/* Of a peer. */
#define RMP_STATS(X) \
	X(RMP_S_TX_FRAMES,	"tx_frames",	"frames handed to the bearer") \
	X(RMP_S_RX_FRAMES,	"rx_frames",	"valid frames received") \
	X(RMP_S_CALLS,	"calls",	"requests submitted") \
	X(RMP_S_CALLS_DONE,	"calls_done",	"requests answered") \
	X(RMP_S_CALLS_FAILED,	"calls_failed",	"requests ended without an answer") \
	X(RMP_S_SERVED,	"served",	"requests executed") \
	X(RMP_S_RETRANS,	"retrans",	"fragments sent again") \
	X(RMP_S_TIMEOUTS,	"timeouts",	"retransmission time-outs") \
	X(RMP_S_SPURIOUS,	"spurious",	"time-outs that proved to be slow answers") \
	X(RMP_S_REVOKED,	"revoked",	"requests given up after they had been sent") \
	X(RMP_S_VOIDED,	"voided",	"requests of the peer not executed as it had given them up") \
	X(RMP_S_FAST_RETRANS,	"fast_retrans",	"times more was asked as later requests were answered first") \
	X(RMP_S_RX_DUP,	"rx_dup",	"duplicate fragments and requests received") \
	X(RMP_S_RX_OLD,	"rx_old",	"frames of finished messages received") \
	X(RMP_S_RX_WINDOW,	"rx_window",	"requests beyond the window, dropped") \
	X(RMP_S_RX_ROOM,	"rx_room",	"first fragments dropped as too many requests are not whole") \
	X(RMP_S_RX_STALE_INC,	"rx_stale_inc",	"frames for or from another incarnation") \
	X(RMP_S_RX_BAD,	"rx_bad",	"frames that contradict their message") \
	X(RMP_S_RESTARTS,	"restarts",	"restarts of the peer noticed") \
	X(RMP_S_TWINS,	"twins",	"times a former life of the peer came back: two nodes with one id") \
	X(RMP_S_FORGOTTEN,	"forgotten",	"times the peer had lost the session") \
	X(RMP_S_TX_RESETS,	"tx_resets",	"RESETs sent") \
	X(RMP_S_PATH_PROBES,	"path_probes",	"times larger frames were tried") \
	X(RMP_S_PATH_RAISED,	"path_raised",	"times frames became larger") \
	X(RMP_S_PATH_NARROWED, "path_narrowed", "times frames became smaller")

MX_COUNTERS_ENUM(rmp_stat, RMP_S_COUNT, RMP_STATS);

/*
 * Latencies are counted in buckets: 0 is below 64 us, each next one reaches
 * twice as far, and the last has all the rest, from 4.2 s on.
 */
enum {
	RMP_LAT_SHIFT	= 6,
	RMP_LAT_BUCKETS	= 18,
};

/** rmp_lat_bucket() - which of RMP_LAT_BUCKETS a time belongs to */
static inline u8 rmp_lat_bucket(u64 ns)
{
	u64 n = div64_u64(ns, 1000) >> RMP_LAT_SHIFT;

	return n ? min_t(u8, ilog2(n) + 1, RMP_LAT_BUCKETS - 1) : 0;
}

#endif /* RMP_PEER_STATS_H */
