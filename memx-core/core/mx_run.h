/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The runner: carries out what the engine of operations decides, after the lock
 * of the chunk was dropped.
 *
 * Life of an operation object. It is made with one reference, which MX_DO_FREE
 * drops. Whoever carries out anything that others may end meanwhile holds
 * another one. After the last leg was sent, and nothing else was to be done, the
 * object may be gone.
 */
#ifndef MX_RUN_H
#define MX_RUN_H

#include "mx_map.h"

/* Legs of an operation: one under way, and one for a server that is silent. */
enum { MX_VOP_LEGS = 2 };

/**
 * struct mx_vleg - a request to a server
 * @nc:  call
 * @vop: operation
 * @i:   index of the leg
 */
struct mx_vleg {
	struct rmp_node_call nc;
	struct mx_vop	*vop;
	u8		i;
};

/**
 * struct mx_vop - an operation on a volume
 * @op:     engine
 * @buf:    WRITE: its pages, as many as @op.n, and one for their trailers if the
 *          volume is sealed
 * @vol:    volume
 * @ck:     chunk
 * @io:     the I/O it is a part of, NULL: it is the cluster's
 * @link:   in mx_volume.retry; under mx_volume.lock, as @due
 * @refs:   see above
 * @due:    jiffies when mx_op_wake() is due
 * @page:   first page in the volume
 * @from:   where the object comes from
 * @slot:   WRITE: mx_pool's slot of the pages
 * @npages: WRITE: pages that it has in @buf
 * @head:   WRITE: bytes missing at the start of the first page
 * @tail:   WRITE: where the data ends in the last page
 * @sealed: WRITE: the pages have been sealed; only whoever is about to send
 *          looks at it
 * @leg:    requests
 */
struct mx_vop {
	struct mx_op	op;
	struct rmp_buf	buf;
	struct mx_volume *vol;
	struct mx_vchunk *ck;
	struct mx_io	*io;
	struct list_head link;
	refcount_t	refs;
	unsigned long	due;
	u64		page;
	struct mx_reserved from;
	u8		slot;
	u16		npages;
	u16		head;
	u16		tail;
	bool		sealed;
	struct mx_vleg	leg[MX_VOP_LEGS];
};

static inline struct mx_vop *mx_vop_of(struct mx_op *op)
{
	return container_of(op, struct mx_vop, op);
}

int mx_run_init(void);
void mx_run_exit(void);
/** mx_run_reserve() - a volume's reserve of operations. Return: 0 or -ENOMEM */
int mx_run_reserve(struct mx_volume *vol);
/** mx_vop_get() - an operation, without a range yet
 * @slot: of mx_volume.ops
 *
 * Return: NULL if there is no memory: mx_volume.feed runs when there is.
 */
struct mx_vop *mx_vop_get(struct mx_volume *vol, u8 slot);
void mx_vop_put(struct mx_vop *vop);
/** mx_vop_return() - give back one that was not used, and tell nobody */
void mx_vop_return(struct mx_vop *vop);
/** mx_vop_set() - @n pages from @page of the volume. @edges: see mx_op_init() */
void mx_vop_set(struct mx_vop *vop, u8 kind, u64 page, u32 n, u8 edges);
/** mx_run_start() - submit it to its chunk. It may be gone afterwards */
void mx_run_start(struct mx_vop *vop);
/**
 * mx_run_discard() - likewise for a DISCARD
 * @err: result, if it has ended
 *
 * Return: whether it has ended at once, and is the caller's again.
 */
bool mx_run_discard(struct mx_vop *vop, int *err);
/** mx_run_unlock() - mx_map_unlock(), and what is on the chunk's todo list */
void mx_run_unlock(struct mx_volume *vol, struct mx_vchunk *ck,
		   struct mx_snap *snap);
/** mx_run_timer() - the pause of some operation is over */
void mx_run_timer(struct timer_list *timer);

#endif /* MX_RUN_H */
