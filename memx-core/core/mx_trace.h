/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of memx_core: I/Os on volumes, and what becomes of chunks.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memx

#if !defined(MX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MX_TRACE_H

#include <linux/tracepoint.h>
#include "mx_volume.h"

#define mx_show_io(op) __print_symbolic(op, \
	{ MX_IO_READ, "read" }, { MX_IO_WRITE, "write" }, \
	{ MX_IO_DISCARD, "discard" }, { MX_IO_FLUSH, "flush" })

TRACE_EVENT(mx_io_start,
	TP_PROTO(const struct mx_io *io),
	TP_ARGS(io),
	TP_STRUCT__entry(
		__field(u64, volume)
		__field(u64, pos)
		__field(u32, len)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->volume = io->vol->id;
		__entry->pos = io->pos;
		__entry->len = io->len;
		__entry->op = io->op;
	),
	TP_printk("volume=%llx %s pos=%llu len=%u", __entry->volume,
		  mx_show_io(__entry->op), __entry->pos, __entry->len)
);

TRACE_EVENT(mx_io_done,
	TP_PROTO(const struct mx_io *io, u64 ns),
	TP_ARGS(io, ns),
	TP_STRUCT__entry(
		__field(u64, volume)
		__field(u64, pos)
		__field(u64, ns)
		__field(u32, len)
		__field(int, err)
		__field(u8, op)
	),
	TP_fast_assign(
		__entry->volume = io->vol->id;
		__entry->pos = io->pos;
		__entry->ns = ns;
		__entry->len = io->len;
		__entry->err = io->err;
		__entry->op = io->op;
	),
	TP_printk("volume=%llx %s pos=%llu len=%u err=%d ns=%llu",
		  __entry->volume, mx_show_io(__entry->op), __entry->pos,
		  __entry->len, __entry->err, __entry->ns)
);

TRACE_EVENT(mx_chunk_moved,
	TP_PROTO(const struct mx_volume *vol, u32 chunk, int from, int to),
	TP_ARGS(vol, chunk, from, to),
	TP_STRUCT__entry(
		__field(u64, volume)
		__field(u32, chunk)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->volume = vol->id;
		__entry->chunk = chunk;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("volume=%llx chunk=%u server %d -> %d", __entry->volume,
		  __entry->chunk, __entry->from, __entry->to)
);

#endif /* MX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH core
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mx_trace
#include <trace/define_trace.h>
