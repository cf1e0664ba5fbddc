/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a peer, and the latencies of its calls.
 */
#ifndef RMP_PEER_STATS_H
#define RMP_PEER_STATS_H

#include "rmp_wire.h"

/**
 * enum rmp_stat - free-running counters of a peer
 *
 * Each X(symbol, name, help). Generates the enum here, names in memxctl and
 * the table in docs.
 */
#define RMP_STATS(X) \
	X(TX_FRAMES,	"tx_frames",	"frames handed to the bearer") \
	X(RX_FRAMES,	"rx_frames",	"valid frames received") \
	X(CALLS,	"calls",	"requests submitted") \
	X(CALLS_DONE,	"calls_done",	"requests answered") \
	X(CALLS_FAILED,	"calls_failed",	"requests ended without an answer") \
	X(SERVED,	"served",	"requests executed") \
	X(RETRANS,	"retrans",	"fragments sent again") \
	X(TIMEOUTS,	"timeouts",	"retransmission time-outs") \
	X(SPURIOUS,	"spurious",	"time-outs that proved to be slow answers") \
	X(REVOKED,	"revoked",	"requests given up after they had been sent") \
	X(VOIDED,	"voided",	"requests of the peer not executed as it had given them up") \
	X(FAST_RETRANS,	"fast_retrans",	"times more was asked as later requests were answered first") \
	X(RX_DUP,	"rx_dup",	"duplicate fragments and requests received") \
	X(RX_OLD,	"rx_old",	"frames of finished messages received") \
	X(RX_WINDOW,	"rx_window",	"requests beyond the window, dropped") \
	X(RX_ROOM,	"rx_room",	"first fragments dropped as too many requests are not whole") \
	X(RX_STALE_INC,	"rx_stale_inc",	"frames for or from another incarnation") \
	X(RX_BAD,	"rx_bad",	"frames that contradict their message") \
	X(RESTARTS,	"restarts",	"restarts of the peer noticed") \
	X(TWINS,	"twins",	"times a former life of the peer came back: two nodes with one id") \
	X(FORGOTTEN,	"forgotten",	"times the peer had lost the session") \
	X(TX_RESETS,	"tx_resets",	"RESETs sent") \
	X(PATH_PROBES,	"path_probes",	"times larger frames were tried") \
	X(PATH_RAISED,	"path_raised",	"times frames became larger") \
	X(PATH_NARROWED, "path_narrowed", "times frames became smaller")

enum rmp_stat {
#define RMP_STAT_ENUM(sym, name, help) RMP_S_##sym,
	RMP_STATS(RMP_STAT_ENUM)
#undef RMP_STAT_ENUM
	RMP_S_COUNT
};

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
