/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer: the other node as seen from here, and all that may be done with it.
 */
#ifndef RMP_PEER_H
#define RMP_PEER_H

#include "rmp_requester.h"
#include "rmp_responder.h"
#include "rmp_session.h"

#define RMP_NEVER	(~0ULL)		/* a deadline that never comes */

/**
 * enum rmp_path_limit - what keeps the frames towards a peer small
 * @RMP_LIMIT_INTERFACE: our interface: no larger ones could be sent
 * @RMP_LIMIT_PEER:      the peer's interface, as the peer says
 * @RMP_LIMIT_PATH:      something between the two, or a peer that does not say
 */
enum rmp_path_limit {
	RMP_LIMIT_INTERFACE,
	RMP_LIMIT_PEER,
	RMP_LIMIT_PATH,
};

/**
 * struct rmp_peer - the other node as seen from here; large, caller allocates
 * @node:      its node id
 * @self_node: our node id
 * @self_inc:  our incarnation
 * @wake_ns:   not later than the earliest deadline; may be earlier, since it
 *             is only made exact by rmp_peer_timer()
 * @heard_ns:  when the last valid frame came
 * @ses:       the session with it
 * @req:       we ask it
 * @rsp:       it asks us
 * @stat:      counters, enum rmp_stat
 */
struct rmp_peer {
	u64		node;
	u64		self_node;
	u32		self_inc;
	u64		wake_ns;
	u64		heard_ns;
	struct rmp_session ses;
	struct rmp_requester req;
	struct rmp_responder rsp;
	u64		stat[RMP_S_COUNT];
};

/**
 * struct rmp_peer_cfg - what a peer needs to know from the start
 * @node:      the peer's node id
 * @self_node: ours
 * @self_inc:  ours
 * @mtu:       of the interface towards the peer
 * @grant:     pages we let the peer have in flight towards us
 * @raise_ns:  longest time between attempts at larger frames on a path that
 *             carries less than both interfaces, ns; 0: ten minutes
 */
struct rmp_peer_cfg {
	u64	node;
	u64	self_node;
	u32	self_inc;
	u32	mtu;
	u16	grant;
	u64	raise_ns;
};

/** rmp_peer_init() - prepare zeroed memory as a peer in state DOWN */
void rmp_peer_init(struct rmp_peer *peer, const struct rmp_peer_cfg *cfg);

/** rmp_peer_kick() - there may be room again after sink->reserve had none */
u32 rmp_peer_kick(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_tidy() - to be called from time to time: gives back the fragments of
 * requests that have not become more for long
 */
u32 rmp_peer_tidy(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_believes() - whether rmp_peer_rx() would take a frame's sender for
 * the peer's present life
 */
bool rmp_peer_believes(const struct rmp_peer *peer, const struct rmp_info *info,
		       u64 now_ns);

/**
 * rmp_peer_rekey() - the session's keys are to be renewed: HELLO is sent until
 * it is answered
 * @starved: frames could not be sent meanwhile; what is open is repeated then
 */
u32 rmp_peer_rekey(struct rmp_peer *peer, bool starved, u64 now_ns,
		   struct rmp_sink *sink);

/** rmp_peer_ask() - find out by HELLO, but not often, which life the peer lives */
u32 rmp_peer_ask(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/** rmp_peer_confirm() - send a frame of the session, whatever it says */
u32 rmp_peer_confirm(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_rx() - a decoded frame from this peer (info.node matches)
 *
 * Takes every type but SOLICIT, whichever incarnations it names; RESET in
 * answer to frames of a session that is not open is sent from here, too, so
 * the caller sends RESET for nodes without a peer object only.
 */
u32 rmp_peer_rx(struct rmp_peer *peer, struct rmp_frame *frame, u64 now_ns,
		struct rmp_sink *sink);

/**
 * rmp_peer_call() - submit a request
 *
 * Never fails: without a session or window the call waits inside the engine,
 * and is told by @done when it ends. Connects if the peer is DOWN.
 */
u32 rmp_peer_call(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		  struct rmp_sink *sink);

/**
 * rmp_peer_cancel() - give a call back with -ECANCELED
 *
 * For calls without an effect that has to be protected: the peer may still
 * execute it, even after a newer one. A call that is not in the engine is left
 * alone.
 */
u32 rmp_peer_cancel(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink);

/**
 * rmp_peer_revoke() - give up a call's effect, but not its id
 *
 * The engine does not use @call->buf any more when this returns. A call that
 * still waits ends at once with -ECANCELED. One that has been sent stays open
 * until its outcome is known: 0 (it was executed), -ECANCELED (it was not, and
 * never will be; but see rmp_call.doubt) or -ESTALE. A peer without
 * RMP_FEAT_VOID cannot be told: then it stays open until the peer answers what
 * it has got, or restarts. Idempotent; a call that is not in the engine is left
 * alone.
 */
u32 rmp_peer_revoke(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink);

/**
 * rmp_peer_reply() - answer a delivered request
 * @slot: from sink->deliver
 * @head: RMP_HEAD_LEN bytes
 * @buf:  reply payload handle or NULL; the engine owns it until free_buf
 * @len:  payload bytes, at most RMP_MSG_MAX
 */
u32 rmp_peer_reply(struct rmp_peer *peer, struct rmp_slot *slot, const u8 *head,
		   void *buf, u32 len, u64 now_ns, struct rmp_sink *sink);

/** rmp_peer_timer() - the time of rmp_peer_deadline() has come */
u32 rmp_peer_timer(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_deadline() - when rmp_peer_timer() is due; RMP_NEVER: never
 *
 * May be earlier than anything there is to do (calls that end do not move it
 * away): a timer call then does nothing but make it exact. It only moves nearer
 * in other calls, which say so by RMP_EV_DEADLINE.
 */
u64 rmp_peer_deadline(const struct rmp_peer *peer);

/** rmp_peer_path_limit() - what keeps the frames of an open session small */
enum rmp_path_limit rmp_peer_path_limit(const struct rmp_peer *peer);

/**
 * rmp_peer_cut() - our interface towards the peer is gone
 *
 * The session is closed as by a BYE: calls stay open under their ids, slots stay
 * as they are.
 */
u32 rmp_peer_cut(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_moved() - the peer is reached another way from now on
 * @mtu: of the interface there
 *
 * An open session goes on; HELLOs prove what the new path carries and show the
 * peer the way back.
 */
u32 rmp_peer_moved(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		   struct rmp_sink *sink);

/** rmp_peer_set_grant() - change the credit given to the peer, in pages */
void rmp_peer_set_grant(struct rmp_peer *peer, u16 pages);

/**
 * rmp_peer_set_mtu() - the interface's MTU changed
 *
 * A smaller one is obeyed at once; the peer is told by a new HELLO.
 */
u32 rmp_peer_set_mtu(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		     struct rmp_sink *sink);

/**
 * rmp_peer_close() - give everything back: calls end with -EHOSTDOWN, packets
 * and reply buffers go to the sink, delivered slots become orphans
 *
 * Final: frames are ignored and new calls end with -EHOSTDOWN. Answers still
 * owed must be given (rmp_peer_reply()) before the memory is freed.
 */
u32 rmp_peer_close(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

#endif /* RMP_PEER_H */
