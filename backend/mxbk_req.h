/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of a frontend: from the private copy of a ring slot to something
 * that may be trusted. Sans-IO: reads nothing but its arguments.
 */
#ifndef MXBK_REQ_H
#define MXBK_REQ_H

#include "mxbk_abi.h"

enum mxbk_op {
	MXBK_READ,
	MXBK_WRITE,
	MXBK_FLUSH,
	MXBK_DISCARD,
	MXBK_OPS,
};

/**
 * struct mxbk_limits - what the disk allows
 * @sectors:  of 512 bytes
 * @readonly: no WRITE, DISCARD or FLUSH with data
 * @discard:  DISCARD was offered
 */
struct mxbk_limits {
	u64	sectors;
	bool	readonly;
	bool	discard;
};

/**
 * struct mxbk_seg - a run of sectors in one granted frame
 * @gref: grant reference
 * @pos:  first byte of the run within the request's data
 * @off:  its first byte within the frame
 * @len:  bytes, 512 to 4096; @off + @len never exceeds the frame
 */
struct mxbk_seg {
	u32	gref;
	u32	pos;
	u16	off;
	u16	len;
};

/**
 * struct mxbk_req - a checked request
 * @id:      the frontend's, for the response
 * @ring_op: enum mxbk_ring_op for the response (the inner one if indirect)
 * @op:      enum mxbk_op
 * @indirect: the segments are in frame @gref; mxbk_req_segs() wants them
 * @nsegs:   segments, 0 in DISCARD and plain FLUSH
 * @gref:    grant reference of the frame with the segments
 * @pos:     first byte on the disk
 * @len:     bytes, at most 128 KiB but for DISCARD
 * @seg:     segments in the order of the data
 */
struct mxbk_req {
	u64	id;
	u8	ring_op;
	u8	op;
	bool	indirect;
	u16	nsegs;
	u32	gref;
	u64	pos;
	u64	len;
	struct mxbk_seg seg[MXBK_SEGS_MAX];
};

/**
 * mxbk_req_decode() - check a slot and turn it into a request
 * @slot: private copy, @abi->slot bytes
 * @abi:  the frontend's layout
 * @lim:  what is allowed
 * @req:  result; @id and @ring_op are good for a response whatever is returned
 *
 * Return: 0 (complete, or @indirect is set and mxbk_req_segs() must follow),
 * -EINVAL, -EOPNOTSUPP or, for a write to a read-only disk, -EROFS.
 */
int mxbk_req_decode(const u8 *slot, const struct mxbk_abi *abi,
		    const struct mxbk_limits *lim, struct mxbk_req *req);

/**
 * mxbk_req_segs() - check the segments of an indirect request
 * @raw: private copy, @req->nsegs * MXBK_SEG_BYTES bytes
 * @lim: as before
 * @req: request with @indirect set, which is cleared
 *
 * Return: 0 or -EINVAL.
 */
int mxbk_req_segs(const u8 *raw, const struct mxbk_limits *lim,
		  struct mxbk_req *req);

/**
 * struct mxbk_cut - a run of bytes within one segment
 * @gref: grant reference
 * @off:  first byte within the granted frame
 * @len:  bytes
 */
struct mxbk_cut {
	u32	gref;
	u16	off;
	u16	len;
};

/**
 * mxbk_req_cut() - where in the guest's frames a part of the data is
 * @req: complete request with segments
 * @pos: first byte within the data
 * @max: bytes wanted
 * @cut: result: as much of it as one segment holds
 *
 * Return: false when @pos lies past the data or @max is 0.
 */
bool mxbk_req_cut(const struct mxbk_req *req, u32 pos, u32 max,
		  struct mxbk_cut *cut);

/**
 * mxbk_req_part() - the next part of a DISCARD
 * @req:  request
 * @left: bytes of it that no part has had yet
 * @max:  bytes of a part at most, a power of two and at least a page
 *
 * Parts end on multiples of @max, so that no page is cut in two by us.
 *
 * Return: bytes.
 */
u32 mxbk_req_part(const struct mxbk_req *req, u64 left, u32 max);

/** mxbk_take() - move the first @n entries of a list, or all if there are fewer,
 * to the end of another. Return: how many
 */
u32 mxbk_take(struct list_head *from, struct list_head *to, u32 n);

/**
 * struct mxbk_turns - requests of a kind of which only some may be under way
 * @most: so many, at least 1
 * @busy: under way
 * @wait: those whose turn has not come, oldest first
 */
struct mxbk_turns {
	u32	most;
	u32	busy;
	struct list_head wait;
};

/** mxbk_turns_init() - @most may be under way; 0 is 1 */
void mxbk_turns_init(struct mxbk_turns *turns, u32 most);

/** mxbk_turn_take() - Return: true: it is @who's turn, whose end mxbk_turn_pass() has
 * to be told; false: @who waits in @wait
 */
bool mxbk_turn_take(struct mxbk_turns *turns, struct list_head *who);

/** mxbk_turn_pass() - one that had its turn has ended. Return: whose turn it is
 * instead, taken off @wait, or NULL
 */
struct list_head *mxbk_turn_pass(struct mxbk_turns *turns);

/**
 * struct mxbk_events - whether a frontend's events are for nothing
 * @grace: the next event without work is not held against the guest
 * @full:  there was a request to take, and the hand was full; none has ended since
 */
struct mxbk_events {
	bool	grace;
	bool	full;
};

/** mxbk_event_early() - requests were taken, perhaps before their event has come */
void mxbk_event_early(struct mxbk_events *e);

/** mxbk_event_full() - a request cannot be taken: the hand is full. An event for it is
 * excused once, and again only after a request has ended
 */
void mxbk_event_full(struct mxbk_events *e);

/** mxbk_event_spare() - a request has ended. Return: whether one may be waiting */
bool mxbk_event_spare(struct mxbk_events *e);

/** mxbk_event_spurious() - an event was dealt with. @worked: there was work for it.
 * Return: whether it was for nothing
 */
bool mxbk_event_spurious(struct mxbk_events *e, bool worked);

enum { MXBK_HUSH_S = 60 };	/* between lines of a log that a frontend can cause */

/**
 * struct mxbk_hush - keeps a frontend from filling the log
 * @until: second before which no line is due; 0: there was none
 */
struct mxbk_hush {
	u64 until;
};

/** mxbk_hush_over() - Return: whether a line is due at second @now, and then none is
 * for MXBK_HUSH_S
 */
bool mxbk_hush_over(struct mxbk_hush *h, u64 now);

/** mxbk_plain() - make text that a guest or xenstore gave fit for a log: what is no
 * printable ASCII becomes '?'
 */
void mxbk_plain(char *text);

/** mxbk_status() - the ring's word for 0 or a negative error */
s16 mxbk_status(int err);

/**
 * mxbk_response() - what a frontend is answered
 * @req: the request
 * @err: 0 or a negative error
 * @rsp: result, MXBK_RSP_MAX bytes; those that are no field are zeros, as they must
 *       not show the guest anything of ours
 */
void mxbk_response(const struct mxbk_req *req, int err, u8 *rsp);

/** mxbk_ring_slots() - slots in a ring of @bytes, a power of two */
u32 mxbk_ring_slots(const struct mxbk_abi *abi, u32 bytes);

enum { MXBK_HAND_MAX = 512 };	/* requests that a disk has in hand at once */

/**
 * mxbk_ring_hand() - requests that a ring may have in hand
 * @slots: of the ring
 * @rings: of its disk
 *
 * However many rings there are, and however large they are, those of a disk add
 * up to MXBK_HAND_MAX, or to one for each ring if these are more.
 */
u32 mxbk_ring_hand(u32 slots, u32 rings);

/**
 * mxbk_ring_todo() - how many requests may be taken from a ring
 * @req_prod: what the frontend says it has produced
 * @req_cons: consumed so far
 * @rsp_prod: responses produced so far
 * @slots:    of the ring
 *
 * Return: number, or -EPROTO when @req_prod cannot be true.
 */
int mxbk_ring_todo(u32 req_prod, u32 req_cons, u32 rsp_prod, u32 slots);

#endif /* MXBK_REQ_H */
