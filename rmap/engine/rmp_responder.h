/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The responder half of a peer: its requests to us.
 */
#ifndef RMP_RESPONDER_H
#define RMP_RESPONDER_H

#include "rmp_asm.h"

struct rmp_run;

/**
 * enum rmp_slot_state - where a received request is
 * @RMP_SLOT_FREE:      no message
 * @RMP_SLOT_PARTIAL:   some fragments are here
 * @RMP_SLOT_DELIVERED: whole and given to the service, which owes an answer
 * @RMP_SLOT_REPLIED:   answered; the reply is kept for retransmission
 * @RMP_SLOT_ORPHAN:    DELIVERED when the requester restarted or gave up the
 *                      call; the answer will be thrown away, until then the
 *                      slot cannot be used. The service must not execute it
 *                      after a later request, so it looks at the state right
 *                      before any effect
 */
enum rmp_slot_state {
	RMP_SLOT_FREE,
	RMP_SLOT_PARTIAL,
	RMP_SLOT_DELIVERED,
	RMP_SLOT_REPLIED,
	RMP_SLOT_ORPHAN,
};

/**
 * struct rmp_slot - one received request, at index msg % RMP_WINDOW
 * @state:     enum rmp_slot_state; ORPHAN may be read without the peer's lock
 * @voided:    REPLIED: given up by the requester before it was whole, so it was
 *             not executed
 * @msg:       its message id
 * @volume:    from the header
 * @epoch:     from the header
 * @port:      from the header
 * @head:      request head
 * @req:       request payload; the service may read it until it answers, the
 *             engine gives its packets back then
 * @held:      PARTIAL: pages accounted with sink->hold
 * @most:      PARTIAL: most of the request that was here at a time, bytes, even
 *             if it was thrown away since
 * @grew_ns:   when @most last grew; what does not make it grow is no progress
 * @rhead:     reply head
 * @rbuf:      handle of the reply payload, or NULL; given back through
 *             sink->free_buf when the slot is recycled
 * @rlen:      reply payload bytes
 * @rfrag_size: fragmentation of the reply
 * @rnfrags:   fragments of the reply
 * @stamp:     stamp of the newest copy of the request, echoed in the reply
 * @rsent_ns:  when the whole reply was last sent
 * @nacked_ns: when a part of it was last sent again because it was asked for; 0: not yet
 */
struct rmp_slot {
	u8		state;
	bool		voided;
	u64		msg;
	u64		volume;
	u32		epoch;
	u16		port;
	u8		head[RMP_HEAD_LEN];
	struct rmp_asm	req;
	u16		held;
	u32		most;
	u64		grew_ns;
	u8		rhead[RMP_HEAD_LEN];
	void		*rbuf;
	u32		rlen;
	u16		rfrag_size;
	u16		rnfrags;
	u32		stamp;
	u64		rsent_ns;
	u64		nacked_ns;
};

/**
 * struct rmp_responder - the window of requests received
 * @base:      ids below are finished; 0 until the peer's HELLO or
 *             WELCOME told its lowest open id
 * @grant:     pages we let the peer have in flight
 * @held:      pages of requests that are not whole, see sink->hold
 * @swept_ns:  when those without progress were last looked for
 * @slot:      received requests, index msg % RMP_WINDOW
 */
struct rmp_responder {
	u64		base;
	u16		grant;
	u32		held;
	u64		swept_ns;
	struct rmp_slot	slot[RMP_WINDOW];
};

/* For the other files of the engine. */

void rmp_responder_req(struct rmp_run *r, struct rmp_frame *f);
void rmp_responder_ack(struct rmp_run *r, const struct rmp_info *info);
void rmp_responder_base(struct rmp_run *r, u64 base);
void rmp_responder_drop(struct rmp_run *r);
void rmp_responder_sweep(struct rmp_run *r, u64 idle_ns);

#endif /* RMP_RESPONDER_H */
