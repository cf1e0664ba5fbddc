/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What goes into the engine and comes out of it: frames, events, and the sink that
 * its decisions go to.
 */
#ifndef RMP_SINK_H
#define RMP_SINK_H

#include "rmp_codec.h"

struct rmp_call;
struct rmp_slot;

/**
 * struct rmp_frame - one received frame on its way into the engine
 * @info: decoded header
 * @pkt:  the caller's handle of the frame's payload. The engine keeps it when
 *        it needs the payload (RMP_EV_KEPT) and gives it back through
 *        sink->free_pkt, or with the call or slot that it belongs to
 */
struct rmp_frame {
	struct rmp_info	info;
	void		*pkt;
};

/**
 * struct rmp_xmit - one frame to send
 * @hdr: complete but for tag, nonce, RMP_F_SUM and RMP_F_KEYED; valid during the sink call only
 * @buf: payload handle, or NULL
 * @off: first payload byte within @buf
 * @len: payload bytes (hdr->plen)
 * @pad: zero bytes to append (path probing in HELLO and WELCOME)
 */
struct rmp_xmit {
	struct rmp_hdr	*hdr;
	void		*buf;
	u32		off;
	u16		len;
	u16		pad;
};

/*
 * What one call of the engine sends. Its caller holds a lock and has to remember every
 * frame: after RMP_PLAN_FRAMES no more messages are begun or repeated, and the timer
 * is due at once to carry on. All else is less than RMP_PLAN_REST.
 */
enum rmp_plan_limits {
	RMP_PLAN_FRAMES	= 64,
	RMP_PLAN_REST	= 32,
	RMP_PLAN_MAX	= RMP_PLAN_FRAMES + RMP_FRAGS_MAX + RMP_PLAN_REST,
};

/**
 * struct rmp_sink - where the engine's decisions go; all members are required
 * @xmit:     send a frame; may fail silently, as wires do. At most RMP_PLAN_MAX in a
 *            call of the engine
 * @deliver:  a request is whole; answer with rmp_peer_reply(), exactly once,
 *            after the engine call has returned
 * @done:     a call is finished, see struct rmp_call
 * @free_pkt: the engine needs a received payload no more
 * @free_buf: the engine needs a reply payload no more
 * @reserve:  whether the reply of a call may be asked for, @pages long: all
 *            peers of a node together ask for no more than it can take in. If
 *            not, the caller sees to it that rmp_peer_kick() is called soon
 * @unreserve: @pages that had been reserved have come, or are given up
 * @hold:     whether a peer may keep fragments of one more request that is not
 *            whole, @pages long, while it has @held pages of such requests: all
 *            peers of a node together may pin no more than it can spare. A peer
 *            that has none is not to be refused
 * @unhold:   a request of @pages is whole, or its fragments are given back
 */
struct rmp_sink {
	void (*xmit)(struct rmp_sink *sink, const struct rmp_xmit *x);
	void (*deliver)(struct rmp_sink *sink, struct rmp_slot *slot);
	void (*done)(struct rmp_sink *sink, struct rmp_call *call);
	void (*free_pkt)(struct rmp_sink *sink, void *pkt);
	void (*free_buf)(struct rmp_sink *sink, void *buf);
	bool (*reserve)(struct rmp_sink *sink, u16 pages);
	void (*unreserve)(struct rmp_sink *sink, u16 pages);
	bool (*hold)(struct rmp_sink *sink, u32 held, u16 pages);
	void (*unhold)(struct rmp_sink *sink, u16 pages);
};

/**
 * enum rmp_event - bits returned by the calls that take a sink
 * @RMP_EV_KEPT:      rmp_peer_rx(): the engine keeps frame->pkt; otherwise the
 *                    caller still owns it
 * @RMP_EV_UP:        the session has opened
 * @RMP_EV_RESTARTED: the peer has a new incarnation: all it held is gone
 * @RMP_EV_DOWN:      the session is closed (BYE, RESET, restart); calls stay
 *                    open unless the peer restarted
 * @RMP_EV_DEADLINE:  rmp_peer_deadline() has moved nearer
 */
enum rmp_event {
	RMP_EV_KEPT	 = 0x01,
	RMP_EV_UP	 = 0x02,
	RMP_EV_RESTARTED = 0x04,
	RMP_EV_DOWN	 = 0x08,
	RMP_EV_DEADLINE	 = 0x10,
};

#endif /* RMP_SINK_H */
