/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A discard that goes over several chunks: it is dealt with chunk by chunk, by
 * one operation after the other.
 */
#ifndef MX_SPAN_H
#define MX_SPAN_H

#include "mx_wire.h"

enum {
	/* Chunks of one discard: with holes all of it is done without a pause. */
	MX_SPAN_CHUNKS	= 64,
	MX_SPAN_BYTES	= 1 << 30,
};

/**
 * enum mx_span_step - what follows when the operation on a chunk has ended
 * @MX_SPAN_OVER:    nothing: the discard has ended
 * @MX_SPAN_SAME:    the next chunk, with the same operation object
 * @MX_SPAN_ANOTHER: the next chunk, with another one: the object is not ours
 *                   yet, since the outcome of one of its legs is not known
 */
enum mx_span_step {
	MX_SPAN_OVER,
	MX_SPAN_SAME,
	MX_SPAN_ANOTHER,
};

/**
 * mx_span_max() - the longest discard in bytes, a power of two
 * @shift: log2 of pages per chunk
 */
static inline u32 mx_span_max(u8 shift)
{
	return min_t(u64, (u64)MX_SPAN_CHUNKS << shift << MX_PAGE_SHIFT,
		     MX_SPAN_BYTES);
}

/**
 * mx_span_take() - the part of a discard that lies in its next chunk
 * @next:  its next page; moved on
 * @end:   the page behind its last one
 * @shift: log2 of pages per chunk
 * @first: result: first page of the part
 *
 * Return: pages in the part, 0: there is no more.
 */
static inline u32 mx_span_take(u64 *next, u64 end, u8 shift, u64 *first)
{
	u64 chunk_end = ((*next >> shift) + 1) << shift;

	*first = *next;
	if (*next >= end)
		return 0;
	*next = min(end, chunk_end);
	return *next - *first;
}

/**
 * mx_span_step() - the operation on a chunk has ended
 * @next:  the discard's next page
 * @end:   the page behind its last one
 * @err:   the operation's result
 * @freed: its object is ours again
 */
static inline enum mx_span_step mx_span_step(u64 next, u64 end, int err,
					     bool freed)
{
	if (err || next >= end)
		return MX_SPAN_OVER;
	return freed ? MX_SPAN_SAME : MX_SPAN_ANOTHER;
}

#endif /* MX_SPAN_H */
