/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The requester half of a peer: our calls to it.
 */
#ifndef RMP_REQUESTER_H
#define RMP_REQUESTER_H

#include "rmp_asm.h"
#include "rmp_delay.h"
#include "rmp_flow.h"
#include "rmp_peer_stats.h"
#include "rmp_rtt.h"

struct rmp_peer;
struct rmp_run;

/**
 * enum rmp_call_state - where a request is
 * @RMP_CALL_IDLE:    not in the engine's hands
 * @RMP_CALL_WAITING: submitted; waits for a session, an id or window
 * @RMP_CALL_SENT:    has an id; its fragments have been sent at least once
 * @RMP_CALL_PENDING: the responder has it whole and executes it
 * @RMP_CALL_DONE:    given back through sink->done
 */
enum rmp_call_state {
	RMP_CALL_IDLE,
	RMP_CALL_WAITING,
	RMP_CALL_SENT,
	RMP_CALL_PENDING,
	RMP_CALL_DONE,
};

/**
 * struct rmp_call - one request and its reply
 *
 * The submitter fills in the first group and keeps the object and @buf alive
 * until sink->done; the engine owns everything else in between.
 *
 * @volume:    goes into the header
 * @epoch:     goes into the header
 * @port:      service asked
 * @head:      request head
 * @buf:       handle of the request payload; it must not change until done
 * @len:       request payload bytes, at most RMP_MSG_MAX
 * @max_reply: longest reply payload acceptable, at most RMP_MSG_MAX
 * @flow:      what it waits in line with; NULL: those that have none
 *
 * @status:    0, or -ESTALE (the peer restarted: whether the request was
 *             executed before is not known, and all it held is gone),
 *             -ECANCELED (rmp_peer_cancel(), or rmp_peer_revoke() with the
 *             outcome that it was not executed and never will be), -EMSGSIZE
 *             (reply longer than @max_reply, or request longer than
 *             RMP_MSG_MAX), -EHOSTDOWN (the peer object is going away)
 * @rhead:     reply head, valid if @status is 0
 * @reply:     reply payload, valid if @status is 0; the submitter frees the
 *             packets in it. With any other status it is empty
 * @doubt:     the peer lost its session state after the request had been sent
 *             (a minute without a frame either way): it may have been executed
 *             before, whatever @status says of later
 *
 * @link:      in its flow while it waits
 * @msg:       message id once SENT
 * @state:     enum rmp_call_state
 * @frag_size: fragmentation of the request, fixed when first sent
 * @nfrags:    fragments of the request
 * @tries:     time-outs in a row without progress, for back-off
 * @skips:     later calls answered since anything was last asked for it or came
 * @most:      most of the reply that was here at a time, bytes; more than ever before
 *             is progress
 * @fast:      more was asked because later calls were answered before it
 * @voided:    rmp_peer_revoke() has taken its payload away
 * @cost:      pages accounted to the window
 * @asked:     pages of its reply reserved with sink->reserve
 * @acked:     request fragments known to have arrived
 * @sent_ns:   when last (re)sent, whole or in part
 * @first_ns:  when first sent, for latency figures
 * @due_ns:    when the timer acts on it
 * @nack_ns:   when missing reply fragments were last asked for
 */
struct rmp_call {
	u64		volume;
	u32		epoch;
	u16		port;
	u8		head[RMP_HEAD_LEN];
	void		*buf;
	u32		len;
	u32		max_reply;
	struct rmp_flow	*flow;

	int		status;
	u8		rhead[RMP_HEAD_LEN];
	struct rmp_asm	reply;
	bool		doubt;

	struct list_head link;
	u64		msg;
	u8		state;
	u16		frag_size;
	u16		nfrags;
	u8		tries;
	u8		skips;
	u32		most;
	bool		fast;
	bool		voided;
	u16		cost;
	u16		asked;
	u64		acked[RMP_FRAGS_MAX / 64];
	u64		sent_ns;
	u64		first_ns;
	u64		due_ns;
	u64		nack_ns;
};

/**
 * struct rmp_requester - the window of open calls, and what limits it
 * @shared_ns: when the peer was last found to have forgotten the session: what
 *             answers calls as sent before is void
 * @idle_due:  when to tell the responder that no call is open, or RMP_NEVER
 * @idle_left: how often still
 * @rtt:       estimator
 * @next_msg:  next message id to give out
 * @una:       lowest id still open; all below are finished
 * @redo_msg:  calls from this id on are still to be repeated since the session has
 *             opened; RMP_NEVER: none
 * @inflight:  pages of calls SENT or PENDING
 * @cwnd:      pages that loss and RTT let us have in flight
 * @pace_ns:   when what has been sent should be through, at the pace of then,
 *             less what may go at once
 * @cwnd_cnt:  pages acknowledged since @cwnd last grew
 * @ssthresh:  slow start below this many pages
 * @cut_msg:   first id sent after the last reduction, so that one loss event
 *             halves the window once
 * @undo_cwnd: @cwnd before a time-out cut it, 0: nothing to take back
 * @undo_ssthresh: @ssthresh before that
 * @undo_msg: the call that timed out
 * @undo_stamp: when, as in rmp_hdr.stamp
 * @delay:     what delay says about @cwnd
 * @credit:    pages the peer lets us have in flight
 * @call:      open calls, index msg % RMP_WINDOW
 * @flows:     flows with calls not sent yet, the next one's turn first
 * @flow:      of the calls that name none
 * @nwaiting:  calls in all flows
 * @latency:   calls answered, by the time since they were first sent
 */
struct rmp_requester {
	u64		shared_ns;
	u64		idle_due;
	u8		idle_left;
	struct rmp_rtt	rtt;
	u64		next_msg;
	u64		una;
	u64		redo_msg;
	u32		inflight;
	u32		cwnd;
	u64		pace_ns;
	u32		cwnd_cnt;
	u32		ssthresh;
	u64		cut_msg;
	u32		undo_cwnd;
	u32		undo_ssthresh;
	u64		undo_msg;
	u32		undo_stamp;
	struct rmp_delay delay;
	u16		credit;
	struct rmp_call	*call[RMP_WINDOW];
	struct list_head flows;
	struct rmp_flow	flow;
	u32		nwaiting;
	u64		latency[RMP_LAT_BUCKETS];
};

/* For the other files of the engine. */

void rmp_requester_init(struct rmp_peer *p);
bool rmp_requester_busy(const struct rmp_peer *p);
void rmp_requester_rep(struct rmp_run *r, struct rmp_frame *f);
void rmp_requester_ack(struct rmp_run *r, const struct rmp_info *info);
void rmp_requester_timer(struct rmp_run *r);
void rmp_requester_start(struct rmp_run *r);
void rmp_requester_up(struct rmp_run *r, bool forgotten);
void rmp_requester_down(struct rmp_run *r);
void rmp_requester_narrowed(struct rmp_run *r);
void rmp_requester_idle(struct rmp_run *r);
void rmp_requester_fail(struct rmp_run *r, int status);

#endif /* RMP_REQUESTER_H */
