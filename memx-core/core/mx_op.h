/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations: one run of pages within one chunk, on its way to a server.
 *
 * Life. An operation is QUEUED in its chunk, CALLED (with RMAP, or about to
 * be), in RETRY, or in the hands of the function that ends it (ENDING); the
 * state changes under the chunk's lock. If the I/O is given up while the call
 * is with RMAP, the operation becomes a ZOMBIE: the I/O is completed with an
 * error, but a write keeps its pages and its place among the chunk's operations
 * until the server has answered or restarted, so that no later write can be
 * overwritten by a late copy.
 */
#ifndef MX_OP_H
#define MX_OP_H

#include "mx_priv.h"

enum mx_op_state {
	MX_OP_QUEUED,
	MX_OP_CALLED,
	MX_OP_RETRY,
	MX_OP_ENDING,
	MX_OP_ZOMBIE,
};

/**
 * enum mx_op_phase - what the call under way is for
 * @MX_OP_EDGE:    reading the first page of a write, to complete it
 * @MX_OP_EDGE2:   reading the last page of a write, to complete it
 * @MX_OP_MAIN:    the operation itself
 * @MX_OP_UNPLACE: taking back a placement that was abandoned
 */
enum mx_op_phase {
	MX_OP_EDGE,
	MX_OP_EDGE2,
	MX_OP_MAIN,
	MX_OP_UNPLACE,
};

/**
 * enum mx_op_pages - whose are the pages of a write?
 * @MX_PAGES_POOL:   the volume's reserve's
 * @MX_PAGES_SHARED: another operation's; we only have references
 * @MX_PAGES_OWN:    nobody else's: the reserve gets others instead, so that
 *                   operations of a dead server cannot use it up
 */
enum mx_op_pages {
	MX_PAGES_POOL,
	MX_PAGES_SHARED,
	MX_PAGES_OWN,
};

/**
 * struct mx_op - an operation
 * @cop:    the chunk engine's part
 * @nc:     call to the server
 * @buf:    WRITE: its pages, as many as @cop.n, and one for their trailers if
 *          the volume is sealed
 * @vol:    volume
 * @ck:     chunk; under its own lock, as all of the following
 * @io:     the I/O it is a part of, NULL: nobody waits for it
 * @link:   in mx_volume.retry or mx_volume.zombies
 * @refs:   one for its life, one for a look at it from the side
 * @began:  jiffies when the I/O was submitted
 * @due:    jiffies when RETRY ends
 * @tried:  bit per server that declined the chunk
 * @page:   first page in the volume
 * @era:    of the server when the call was made
 * @head:   WRITE: bytes missing at the start of the first page
 * @tail:   WRITE: where the data ends in the last page
 * @srv:    index of the server called
 * @state:  enum mx_op_state
 * @phase:  enum mx_op_phase
 * @tries:  retries so far, for back-off
 * @orphan: a placing write that was abandoned: its answer only tells whether
 *          the server has to be told to release the chunk
 * @pages:  enum mx_op_pages
 * @sealed: WRITE: the pages have been sealed; without a lock, as only whoever
 *          is about to call looks at it
 */
struct mx_op {
	struct mx_cop	cop;
	struct rmp_node_call nc;
	struct rmp_buf	buf;
	struct mx_volume *vol;
	struct mx_ck	*ck;
	struct mx_io	*io;
	struct list_head link;
	refcount_t	refs;
	unsigned long	began;
	unsigned long	due;
	u64		tried;
	u64		page;
	u32		era;
	u16		head;
	u16		tail;
	u8		srv;
	u8		state;
	u8		phase;
	u8		tries;
	bool		orphan;
	u8		pages;
	bool		sealed;
};

/* Pages in the buffer of a write. */
static inline u32 mx_op_npages(const struct mx_op *op)
{
	return op->cop.n + op->vol->sealed;
}

/* mx_op.c: making, starting and ending */
int mx_op_init(void);
void mx_op_exit(void);
/** mx_op_pool() - a volume's reserve of operations */
mempool_t *mx_op_pool(void);
/** mx_op_alloc() - Return: NULL if there is no memory: wait for mx_op_put() */
struct mx_op *mx_op_alloc(struct mx_volume *vol);
void mx_op_put(struct mx_op *op);
/** mx_op_set() - the run of @n pages from @page of the volume */
void mx_op_set(struct mx_op *op, u8 kind, u64 page, u32 n);
/** mx_op_start() - submit to its chunk */
void mx_op_start(struct mx_op *op);
/** mx_op_ready() - carry out what a change of the chunk has made possible */
void mx_op_ready(struct list_head *ready);
/** mx_op_finish() - it has left its chunk; complete its part of the I/O */
void mx_op_finish(struct mx_op *op, int err);
/** mx_op_unlock() - mx_ck_unlock() for changes that make operations ready */
void mx_op_unlock(struct mx_volume *vol, struct mx_ck *ck,
		  const struct mx_snap *snap, struct list_head *ready);
/** mx_op_later() - try again after a pause; under the chunk's lock */
void mx_op_later(struct mx_op *op);
/** mx_op_retry_timer() - the pause of some operation is over */
void mx_op_retry_timer(struct timer_list *timer);
/** mx_op_discard() - go on with a discard, chunk by chunk, until one waits */
void mx_op_discard(struct mx_op *op);

/* mx_call.c: calls and their answers */
/** mx_call_send() - send what @op is to do now; state CALLED */
void mx_call_send(struct mx_op *op);

/* mx_scan.c: operations seen from the side */
/** mx_scan_abort() - give up all I/O of a volume */
void mx_scan_abort(struct mx_volume *vol);
/** mx_scan_tick() - give up what has waited too long for a silent server */
void mx_scan_tick(struct mx_volume *vol);
/** mx_scan_lost() - chunks of an older era of server @idx are lost */
void mx_scan_lost(struct mx_volume *vol, u8 idx, u32 era);
/** mx_scan_cancel() - end the calls of all zombies of a volume that goes away */
void mx_scan_cancel(struct mx_volume *vol);

/* mx_sealed.c: pages of sealed volumes */
enum {
	MX_PLAIN_ORDER	= 3,
	MX_PLAIN_PAGES	= 1 << MX_PLAIN_ORDER,	/* opened at a time */
};

/** mx_seal_pages() - seal the pages of a write, if that is still to be done;
 * no server has been chosen or called yet
 */
void mx_seal_pages(struct mx_op *op);
/**
 * mx_unseal_pages() - open pages in the answer to a read
 * @i:     first page, counted from the operation's
 * @n:     pages, at most MX_PLAIN_PAGES
 * @at:    the first one's place among the answer's pages
 * @count: pages in the answer
 *
 * Context: bottom halves off. Return: the first of @n adjacent pages that hold
 * the plain text until bottom halves are on again or this is called again; NULL,
 * counted and logged, if one of them is not what was written.
 */
struct page *mx_unseal_pages(struct mx_op *op, u32 i, u32 n, u32 at, u32 count);

/* mx_io.c */
/** mx_io_part() - a part of an I/O has ended; the last one completes it */
void mx_io_part(struct mx_io *io, int err);
/** mx_io_zeros() - a run reads as zeros. Return: as mx_io.place */
int mx_io_zeros(struct mx_op *op);
/** mx_io_deliver() - pages @give of a run are in the answer, which holds pages
 * @mask; the others are zeros. Return: as mx_io.place
 */
int mx_io_deliver(struct mx_op *op, u32 give, u32 mask);
/** mx_io_feed() - operation objects are free again: start I/Os that wait */
void mx_io_feed(struct mx_volume *vol);
/** mx_io_fail_starved() - end I/Os that wait for operation objects */
void mx_io_fail_starved(struct mx_volume *vol);

#endif /* MX_OP_H */
