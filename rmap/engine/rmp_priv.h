/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the RMAP engine share among themselves and hide from
 * everybody else: constants, the state of one engine call, internal functions.
 */
#ifndef RMP_ENGINE_PRIV_H
#define RMP_ENGINE_PRIV_H

#include "rmp_engine.h"

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
	RMP_BURST	= 8,	/* fragments resent by one time-out, calls hurried by one answer */
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
#define RMP_LOOK_NS		RMP_MS(10000)	/* a least time is believed in so long */

/**
 * enum rmp_renew - why HELLO goes out although the session is UP
 * @RMP_RENEW_NONE:  it does not
 * @RMP_RENEW_PATH:  nothing gets through or the MTU changed: until answered
 * @RMP_RENEW_RAISE: the size in force is below what both interfaces can do: two
 *                   HELLOs at that size, see rmp_path_raise_tries()
 */
enum rmp_renew {
	RMP_RENEW_NONE,
	RMP_RENEW_PATH,
	RMP_RENEW_RAISE,
};

/**
 * struct rmp_run - one engine call in progress; lives on the caller's stack
 * @p:    the peer
 * @sink: where decisions go
 * @now:  the time the caller gave, ns
 * @ev:   enum rmp_event bits to return
 */
struct rmp_run {
	struct rmp_peer	*p;
	struct rmp_sink	*sink;
	u64		now;
	u32		ev;
};

/**
 * struct rmp_burst - fragments of one message to send
 * @hdr:       header with everything that is the same in all fragments
 * @buf:       payload handle of the message
 * @len:       payload bytes of the message
 * @frag_size: its fragmentation
 * @nfrags:    number of fragments
 * @max:       send at most so many
 * @skip:      bit per fragment not to send, or NULL
 * @flags:     enum rmp_flag that all have
 * @want_ack:  set RMP_F_WANT_ACK in the last one sent
 */
struct rmp_burst {
	struct rmp_hdr	*hdr;
	void		*buf;
	u32		len;
	u16		frag_size;
	u16		nfrags;
	u16		max;
	const u64	*skip;
	u8		flags;
	bool		want_ack;
};

static inline bool rmp_bit(const u64 *map, u16 no)
{
	return (map[no >> 6] >> (no & 63)) & 1;
}

static inline void rmp_bit_set(u64 *map, u16 no)
{
	map[no >> 6] |= 1ULL << (no & 63);
}

static inline void rmp_count(struct rmp_run *r, enum rmp_stat which)
{
	r->p->stat[which]++;
}

/* A page counts as one with its seal, too. */
static inline u16 rmp_pages(u32 bytes)
{
	return (u16)DIV_ROUND_UP(bytes, RMP_PAGE + RMP_PAGE_EXTRA);
}

/* The wire's clock; 0 means "none" there. */
static inline u32 rmp_stamp(u64 now_ns)
{
	u32 us = (u32)div64_u64(now_ns, 1000);

	return us ? us : 1;
}

/* How long ago the frame that @info echoes was sent, in us; stamps wrap. */
static inline u32 rmp_echo_age_us(const struct rmp_info *info, u64 now_ns)
{
	return rmp_stamp(now_ns) - info->echo;
}

/* Whether that was not before @since_ns. */
static inline bool rmp_echo_since(const struct rmp_info *info, u64 now_ns,
				  u64 since_ns)
{
	return rmp_echo_age_us(info, now_ns) <=
	       div64_u64(now_ns, 1000) - div64_u64(since_ns, 1000);
}

/* rmp_codec.c */
void rmp_bitmap_put(u8 *head, const u64 *map);
void rmp_bitmap_get(const u8 *head, u64 *map);
u16 rmp_bitmap_count(const u64 *map, u16 nfrags);

/* rmp_peer.c */
void rmp_arm(struct rmp_run *r, u64 when);
void rmp_hdr_start(struct rmp_run *r, struct rmp_hdr *hdr, u8 type);
void rmp_send_plain(struct rmp_run *r, struct rmp_hdr *hdr, u16 pad);
u16 rmp_send_frags(struct rmp_run *r, struct rmp_burst *b);
void rmp_send_hello(struct rmp_run *r);

/* rmp_path.c: the size of frames */
u16 rmp_path_hello_size(const struct rmp_peer *p);
u8 rmp_path_raise_tries(const struct rmp_peer *p);
void rmp_path_set(struct rmp_run *r, u16 size);
void rmp_path_told(struct rmp_run *r, const struct rmp_info *info);
void rmp_path_hint(struct rmp_run *r);
void rmp_path_raise(struct rmp_run *r);
void rmp_path_renew(struct rmp_run *r);
void rmp_path_interface(struct rmp_run *r, u16 size);

/* A message is being sent, in an open session: a larger size may be due. */
static inline void rmp_path_traffic(struct rmp_run *r)
{
	if (r->now >= r->p->raise_ns)
		rmp_path_raise(r);
}

/* rmp_tx.c: the requester half */
void rmp_tx_rep(struct rmp_run *r, struct rmp_frame *f);
void rmp_tx_ack(struct rmp_run *r, const struct rmp_info *info);
void rmp_tx_timer(struct rmp_run *r);
void rmp_tx_start_waiting(struct rmp_run *r);
void rmp_tx_session_up(struct rmp_run *r, bool forgotten);
void rmp_tx_session_down(struct rmp_run *r);
void rmp_tx_narrowed(struct rmp_run *r);
void rmp_tx_send_idle(struct rmp_run *r);
void rmp_tx_fail_all(struct rmp_run *r, int status);

/* rmp_delay.c: the window by delay */
void rmp_delay_init(struct rmp_delay *d);
void rmp_delay_sample(struct rmp_run *r, const struct rmp_call *call, u32 us);
void rmp_delay_sent(struct rmp_peer *p, const struct rmp_call *call);
u32 rmp_delay_window(const struct rmp_peer *p);

/* rmp_pace.c: no bursts */
void rmp_pace_sent(struct rmp_run *r, u16 cost);
bool rmp_pace_may(struct rmp_run *r);

/* rmp_flow.c: whose turn it is */
void rmp_flow_add(struct rmp_peer *p, struct rmp_call *call);
void rmp_flow_remove(struct rmp_peer *p, struct rmp_call *call);
struct rmp_call *rmp_flow_next(struct rmp_peer *p);
void rmp_flow_take(struct rmp_peer *p, struct rmp_call *call);
struct rmp_call *rmp_flow_any(struct rmp_peer *p);

/* rmp_rx.c: the responder half, and reassembly for both */
void rmp_rx_req(struct rmp_run *r, struct rmp_frame *f);
void rmp_rx_ack(struct rmp_run *r, const struct rmp_info *info);
void rmp_rx_base(struct rmp_run *r, u64 base);
void rmp_rx_drop_all(struct rmp_run *r);
void rmp_asm_start(struct rmp_asm *a, const struct rmp_info *info);
bool rmp_asm_fits(const struct rmp_asm *a, const struct rmp_info *info);
bool rmp_asm_add(struct rmp_run *r, struct rmp_asm *a, struct rmp_frame *f);
void rmp_asm_free(struct rmp_run *r, struct rmp_asm *a);

/* rmp_rtt.c */
void rmp_rtt_init(struct rmp_rtt *rtt);
u32 rmp_rtt_sample(struct rmp_rtt *rtt, u64 now_ns, u32 echo);
u64 rmp_rtt_wait_ns(const struct rmp_rtt *rtt, u8 tries, u32 floor_us,
		    u32 max_us);
void rmp_cwnd_init(struct rmp_peer *p);
void rmp_cwnd_grow(struct rmp_peer *p, u16 cost);
bool rmp_cwnd_cut(struct rmp_peer *p, u64 msg);
void rmp_cwnd_timeout(struct rmp_peer *p, u64 msg, u64 now_ns);
bool rmp_cwnd_undo(struct rmp_peer *p, u64 msg, u32 echo);

#endif /* RMP_ENGINE_PRIV_H */
