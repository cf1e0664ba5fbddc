/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The session with a peer: HELLO and WELCOME, incarnations, RESET, BYE.
 */
#ifndef RMP_SESSION_H
#define RMP_SESSION_H

#include "rmp_sink.h"

struct rmp_peer;
struct rmp_run;

/**
 * enum rmp_peer_state - the session with a peer
 * @RMP_PEER_DOWN:  known, no session needed
 * @RMP_PEER_HELLO: HELLO sent, repeated with back-off until answered
 * @RMP_PEER_UP:    session open both ways
 * @RMP_PEER_CLOSED: after rmp_peer_close(): only owed answers are accepted
 */
enum rmp_peer_state {
	RMP_PEER_DOWN,
	RMP_PEER_HELLO,
	RMP_PEER_UP,
	RMP_PEER_CLOSED,
};

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
 * struct rmp_session - who the peer is, and what is agreed with it
 * @inc:       its incarnation, 0 while unknown
 * @former:    incarnation believed before @inc, 0: none
 * @features:  what it can do, enum rmp_feature; 0 while unknown
 * @since_ns:  when @inc was first believed or the session last opened; only
 *             frames that echo a stamp of ours from after that may end it
 * @state:     enum rmp_peer_state
 * @frag_max:  largest fragment size our interface can carry
 * @frag_size: fragment size in force for the session
 * @peer_max:  largest fragment size that the peer's interface can carry, as its
 *             newest HELLO or WELCOME said; 0: it did not
 * @raises:    attempts at a larger size since @frag_size, @frag_max or @peer_max
 *             changed, up to RMP_RAISES_MAX
 * @raise_ns:  the first message from then on makes the next attempt, ns;
 *             RMP_NEVER: @frag_size is as large as the interfaces allow
 * @raise_most_ns: longest time between attempts, ns
 * @known:     there has been a session, with whatever incarnation
 * @renew:     enum rmp_renew: HELLO is being sent though the state is UP
 * @hello_tries: HELLOs since the last answer
 * @hello_due: when to send the next HELLO, ns
 * @proof:     stamp of the RESET that answered a HELLO, to be echoed in the
 *             next; 0 if none
 * @proof_sent: the last HELLO went out at once with @proof
 * @asking:    a HELLO was sent and no WELCOME has come since
 * @renew_stamp: stamp of the first HELLO since the last answer
 * @hello_stamp: stamp of the newest HELLO received, 0 if none
 * @hello_ns:  when it came
 * @birth:     first message id we gave or shall give to this peer object, 0
 *             until the first HELLO or WELCOME is sent
 * @peer_birth: the same of the peer's object for us, 0 while unknown
 * @starved:   frames could not be sent for want of keys
 * @reset_ns:  when the last RESET was sent
 * @doubt_ns:  when an ANNOUNCE of another life was last looked into
 */
struct rmp_session {
	u32		inc;
	u32		former;
	u32		features;
	u64		since_ns;
	u8		state;
	u16		frag_max;
	u16		frag_size;
	u16		peer_max;
	u8		raises;
	u64		raise_ns;
	u64		raise_most_ns;
	bool		known;
	u8		renew;
	u8		hello_tries;
	u64		hello_due;
	u32		proof;
	bool		proof_sent;
	bool		asking;
	u32		renew_stamp;
	u32		hello_stamp;
	u64		hello_ns;
	u64		birth;
	u64		peer_birth;
	bool		starved;
	u64		reset_ns;
	u64		doubt_ns;
};

/* For the other files of the engine. */

void rmp_session_send_hello(struct rmp_run *r);
void rmp_session_send_reset(struct rmp_run *r, const struct rmp_info *info,
			    u64 gap);
void rmp_session_begin(struct rmp_run *r);
void rmp_session_leave(struct rmp_run *r);
void rmp_session_down(struct rmp_run *r);
void rmp_session_ask(struct rmp_run *r);
void rmp_session_timer(struct rmp_run *r);
bool rmp_session_check(struct rmp_run *r, const struct rmp_info *info);
void rmp_session_rx(struct rmp_run *r, const struct rmp_info *info);

#endif /* RMP_SESSION_H */
