/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Constants of the protocol; the reasons are in docs/rmap-protocol.md.
 */
#ifndef RMP_LIMITS_H
#define RMP_LIMITS_H

#include "rmp_wire.h"

/* Windows, in pages; the reasons are in docs/rmap-protocol.md. */
enum rmp_window_limits {
	RMP_CWND_INIT	= 16,
	RMP_CWND_MIN	= 8,
	RMP_CWND_MAX	= 1024,
	RMP_CWND_STEP	= 4,	/* pages more per round trip while there is room */
};

enum rmp_delay_limits {
	RMP_QUEUE_LOW	= 32,	/* pages waiting on the way: below, cwnd grows */
	RMP_QUEUE_HIGH	= 96,	/* above, it shrinks */
};

enum rmp_pace_limits {
	RMP_PACE_BURST	= 64,	/* pages that may go at once */
	RMP_PACE_GAIN	= 2,	/* windows in a round trip beyond them */
};

enum rmp_flow_limits {
	RMP_QUANTUM	= 4,	/* pages a round for weight 1 */
	RMP_PASSES	= 8,	/* reads in a row that may pass a waiting write */
};

enum rmp_resend_limits {
	RMP_BURST	= 8,	/* fragments resent by a time-out, fast retransmits by an answer */
	RMP_ACK_BURST	= 16,	/* fragments resent by one ACK */
	RMP_TIMEOUTS	= 4,	/* calls that time out together */
	RMP_SKIPS	= 3,	/* later calls done before the oldest counts as lost */
	RMP_TRIES_PATH	= 3,	/* time-outs in a row before the path is proven anew */
	RMP_TRIES_MAX	= 16,	/* where rmp_call.tries stops counting */
	RMP_HELLO_BIG	= 2,	/* HELLOs at full size before smaller ones mix in */
	RMP_RAISES_MAX	= 2,	/* where rmp_peer.raises stops counting */
	RMP_HELLO_WRAP	= 16,	/* where hello_tries starts over, at half of it */
	RMP_IDLE_ACKS	= 2,	/* lone ACKs that tell the responder of idleness */
};

enum rmp_rto_us {
	RMP_RTO_MIN_US	= 20000,
	RMP_RTO_LOST_US	= 1000,	/* the same where it is known that the responder answers */
	RMP_RTO_INIT_US	= 100000,
	RMP_RTO_MAX_US	= 1000000,
	RMP_PROBE_MAX_US = 200000,	/* longest gap between probes of a pending call */
	RMP_RTT_MAX_US	= 10000000,	/* samples above are nonsense */
	RMP_FRESH_US	= 10000000,	/* oldest echo that proves anything */
};

#define RMP_MS(n)	((u64)(n) * 1000000)
#define RMP_HELLO_FIRST_NS	RMP_MS(100)
#define RMP_HELLO_LAST_NS	RMP_MS(2000)
#define RMP_RAISE_FIRST_NS	RMP_MS(1000)	/* before a larger size is tried */
#define RMP_RAISE_AGAIN_NS	RMP_MS(60000)	/* then once more */
#define RMP_RAISE_MOST_NS	RMP_MS(600000)	/* and from then on, unless told otherwise */
#define RMP_IDLE_NS		RMP_MS(200)
#define RMP_IDLE_AGAIN_NS	RMP_MS(1000)
#define RMP_RESET_GAP_NS	RMP_MS(10)
#define RMP_DOUBT_GAP_NS	RMP_MS(1)
#define RMP_ASK_GAP_NS		RMP_MS(1000)
#define RMP_REREPLY_GAP_NS	(RMP_MS(1) / 10)
#define RMP_RENACK_GAP_NS	(RMP_MS(1) / 2)
#define RMP_SWEEP_GAP_NS	RMP_MS(10)
#define RMP_HOLD_IDLE_NS	RMP_MS(1000)	/* then others get the room */
#define RMP_HOLD_MOST_NS	RMP_MS(10000)	/* then it is given back anyway */
#define RMP_ROOM_MOST_NS	RMP_MS(1000)	/* for which a reply has room */
#define RMP_LEAST_NS		RMP_MS(10000)	/* a least time is believed in so long */

#endif /* RMP_LIMITS_H */
