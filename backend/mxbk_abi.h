/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a block ring looks like: the layouts of a 64-bit and of a 32-bit x86
 * frontend, as offsets, so that one decoder serves both.
 */
#ifndef MXBK_ABI_H
#define MXBK_ABI_H

#include "mx_port.h"

enum mxbk_ring_op {
	MXBK_RING_READ		= 0,
	MXBK_RING_WRITE		= 1,
	MXBK_RING_BARRIER	= 2,
	MXBK_RING_FLUSH		= 3,
	MXBK_RING_DISCARD	= 5,
	MXBK_RING_INDIRECT	= 6,
};

/* What a frontend is answered. */
enum mxbk_ring_status {
	MXBK_RSP_OKAY		= 0,
	MXBK_RSP_ERROR		= -1,
	MXBK_RSP_EOPNOTSUPP	= -2,
};

enum mxbk_abi_limits {
	MXBK_FRAME_SHIFT	= 12,
	MXBK_FRAME_SIZE		= 1 << MXBK_FRAME_SHIFT,
	MXBK_SECTOR_SHIFT	= 9,
	MXBK_SECTORS_PER_FRAME	= 1 << (MXBK_FRAME_SHIFT - MXBK_SECTOR_SHIFT),
	MXBK_SEGS_DIRECT	= 11,	/* segments in a slot of the ring */
	MXBK_SEGS_MAX		= 32,	/* in an indirect request: 128 KiB */
	MXBK_SEG_BYTES		= 8,	/* gref u32, first u8, last u8, pad u16 */
	MXBK_SLOT_MAX		= 112,	/* bytes in a slot of either layout */
	MXBK_RSP_MAX		= 16,	/* bytes in a response of either layout */
	MXBK_RING_HDR		= 64,	/* bytes before the first slot */
	MXBK_DISCARD_SECURE	= 0x01,
};

/* Fields at the same place in both layouts. */
enum mxbk_abi_fixed {
	MXBK_REQ_OP		= 0,	/* u8 */
	MXBK_REQ_NSEGS		= 1,	/* u8: READ, WRITE, FLUSH */
	MXBK_REQ_FLAG		= 1,	/* u8: DISCARD */
	MXBK_REQ_INNER_OP	= 1,	/* u8: INDIRECT */
	MXBK_REQ_INNER_NSEGS	= 2,	/* u16: INDIRECT */
	MXBK_SEG_GREF		= 0,	/* u32, within a segment */
	MXBK_SEG_FIRST		= 4,	/* u8 */
	MXBK_SEG_LAST		= 5,	/* u8 */
	MXBK_RSP_ID		= 0,	/* u64 */
	MXBK_RSP_OP		= 8,	/* u8 */
	MXBK_RSP_STATUS		= 10,	/* s16 */
};

/**
 * struct mxbk_abi - where the other fields are, in bytes
 * @id:      u64, the frontend's, echoed in the response
 * @sector:  u64, first sector
 * @segs:    READ, WRITE, FLUSH: the segments
 * @count:   DISCARD: u64, number of sectors
 * @gref:    INDIRECT: u32, the frame with the segments
 * @slot:    bytes in a slot of the ring
 * @rsp:     bytes in a response
 */
struct mxbk_abi {
	u8	id;
	u8	sector;
	u8	segs;
	u8	count;
	u8	gref;
	u8	slot;
	u8	rsp;
};

extern const struct mxbk_abi mxbk_abi_64;
extern const struct mxbk_abi mxbk_abi_32;

#endif /* MXBK_ABI_H */
