/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frontend's engine: the table of requests that the backend has in hand, what of
 * a bio goes into one, whether an answer is believed, and what a disk is called.
 *
 * The backend is not trusted: numbers that come from it reach nothing before they
 * were checked here. No function sleeps, allocates or takes a lock; the caller
 * holds the one of the table's disk.
 */
#ifndef MXBF_REQ_H
#define MXBF_REQ_H

#include "mx_port.h"

enum mxbf_limits {
	MXBF_SLOTS	= 32,	/* requests in a ring of one page */
	MXBF_SEGS	= 11,	/* frames in one */
	MXBF_FRAME	= 4096,	/* bytes in a frame */
	MXBF_FRAME_SECTORS = MXBF_FRAME / 512,
	MXBF_BYTES	= MXBF_SEGS * MXBF_FRAME,	/* read or written by one request */
	MXBF_PARTS	= 11,	/* bios, or parts of them, in one */
	MXBF_GIVES	= 4,	/* discards of freed swap slots in hand at a time */
	MXBF_NAME	= 24,	/* bytes for a disk's name, less than DISK_NAME_LEN */
};

/* As the ring has them. */
enum mxbf_op {
	MXBF_READ	= 0,
	MXBF_WRITE	= 1,
	MXBF_DISCARD	= 5,
};

enum mxbf_slot_state {
	MXBF_FREE,	/* nobody's */
	MXBF_OUT,	/* in the backend's hand */
	MXBF_DONE,	/* answered, or given up; its memory is still in use */
};

/**
 * struct mxbf_slot - a request
 * @id:     what the backend is told and has to answer: unlike that of every request before
 * @sector: first sector, of 512 bytes
 * @sectors: how many
 * @op:     enum mxbf_op
 * @state:  enum mxbf_slot_state
 * @parts:  bios in it
 * @give:   a discard of freed swap slots, which no bio asked for
 */
struct mxbf_slot {
	u64	id;
	u64	sector;
	u64	sectors;
	u8	op;
	u8	state;
	u8	parts;
	bool	give;
};

/**
 * struct mxbf_table - the requests of a disk
 * @slot:  all of them
 * @free:  numbers of those that are free; the last one was used last and is used next
 * @nfree: how many
 * @out:   how many are in the backend's hand
 * @gives: how many of these have @give
 * @seq:   requests so far
 */
struct mxbf_table {
	struct mxbf_slot slot[MXBF_SLOTS];
	u8	free[MXBF_SLOTS];
	u32	nfree;
	u32	out;
	u32	gives;
	u64	seq;
};

void mxbf_table_init(struct mxbf_table *table);

static inline u32 mxbf_index(const struct mxbf_table *table, const struct mxbf_slot *slot)
{
	return slot - table->slot;
}

/**
 * mxbf_slot_take() - a free slot becomes a request in the backend's hand
 * @table: the table
 * @op: enum mxbf_op
 * @sector: first sector
 *
 * Return: the slot, with no sectors yet, or NULL if all are in use.
 */
struct mxbf_slot *mxbf_slot_take(struct mxbf_table *table, u8 op, u64 sector);

/* @slot is to be one for freed swap slots. Return: whether another one may be begun. */
bool mxbf_slot_give(struct mxbf_table *table, struct mxbf_slot *slot, u64 sectors);

/* What was MXBF_OUT is not waited for any more. */
void mxbf_slot_done(struct mxbf_table *table, struct mxbf_slot *slot);

/* What was MXBF_DONE can be used anew. */
void mxbf_slot_free(struct mxbf_table *table, struct mxbf_slot *slot);

/**
 * mxbf_slot_add() - how much of a bio a request takes
 * @slot: the request, just taken or with what it has taken so far
 * @op: operation of the bio
 * @sector: first sector of what is left of the bio
 * @bytes: how many are left, a multiple of 512
 *
 * Reads and writes that lie side by side share a request. A discard has one of its own.
 *
 * Return: bytes that @slot has now more, from @sector on; 0: the bio is for another one.
 */
u32 mxbf_slot_add(struct mxbf_slot *slot, u8 op, u64 sector, u32 bytes);

/**
 * mxbf_unread() - how many answers are on the ring
 * @table: the table
 * @cons: answers taken so far
 * @prod: what the backend says it has written, read once
 *
 * Return: how many, at most as many as are in its hand; -EPROTO: that cannot be.
 */
int mxbf_unread(const struct mxbf_table *table, u32 cons, u32 prod);

/**
 * mxbf_answer() - looks up an answered request, which is MXBF_DONE then
 * @table: the table
 * @id: of the response, as the backend wrote it
 * @op: likewise
 *
 * Return: the request, or NULL if the backend has none like that in hand.
 */
struct mxbf_slot *mxbf_answer(struct mxbf_table *table, u64 id, u8 op);

/* Whether freed swap slots are being discarded that lie in a range of sectors. */
bool mxbf_gives_meet(const struct mxbf_table *table, u64 sector, u64 sectors);

/**
 * mxbf_name() - what a disk is called below /dev
 * @vdev: number of the virtual device
 * @name: MXBF_NAME bytes
 *
 * xvdma to xvdmz are memxa to memxz; others have the stock driver's name behind
 * "memx-", or their number if there is none.
 */
void mxbf_name(u32 vdev, char *name);

#endif /* MXBF_REQ_H */
