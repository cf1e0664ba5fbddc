/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of RMAP: frames out and in, calls that end, what happens to nodes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memx_rmap

#if !defined(RMP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RMP_TRACE_H

#include <linux/tracepoint.h>
#include "engine/rmp_engine.h"

#define show_rmp_type(type) \
	__print_symbolic(type, \
		{ RMP_T_SOLICIT, "SOLICIT" }, { RMP_T_ANNOUNCE, "ANNOUNCE" }, \
		{ RMP_T_HELLO, "HELLO" }, { RMP_T_WELCOME, "WELCOME" }, \
		{ RMP_T_REQ, "REQ" }, { RMP_T_REP, "REP" }, \
		{ RMP_T_ACK, "ACK" }, { RMP_T_RESET, "RESET" }, \
		{ RMP_T_BYE, "BYE" })

#define show_rmp_flags(flags) \
	__print_flags(flags, "|", \
		{ RMP_F_SUM, "SUM" }, { RMP_F_WANT_ACK, "WANT_ACK" }, \
		{ RMP_F_REPLY, "REPLY" }, { RMP_F_PENDING, "PENDING" })

DECLARE_EVENT_CLASS(rmp_frame,
	TP_PROTO(u64 node, u8 type, u8 flags, u64 msg, u16 frag, u16 plen),
	TP_ARGS(node, type, flags, msg, frag, plen),
	TP_STRUCT__entry(
		__field(u64, node)
		__field(u64, msg)
		__field(u16, frag)
		__field(u16, plen)
		__field(u8, type)
		__field(u8, flags)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->msg = msg;
		__entry->frag = frag;
		__entry->plen = plen;
		__entry->type = type;
		__entry->flags = flags;
	),
	TP_printk("node=%012llx %s msg=%llu frag=%u plen=%u flags=%s",
		  __entry->node, show_rmp_type(__entry->type), __entry->msg,
		  __entry->frag, __entry->plen, show_rmp_flags(__entry->flags))
);

DEFINE_EVENT(rmp_frame, rmp_tx,
	TP_PROTO(u64 node, u8 type, u8 flags, u64 msg, u16 frag, u16 plen),
	TP_ARGS(node, type, flags, msg, frag, plen)
);

DEFINE_EVENT(rmp_frame, rmp_rx,
	TP_PROTO(u64 node, u8 type, u8 flags, u64 msg, u16 frag, u16 plen),
	TP_ARGS(node, type, flags, msg, frag, plen)
);

TRACE_EVENT(rmp_call_done,
	TP_PROTO(u64 node, u64 msg, int status, u64 ns),
	TP_ARGS(node, msg, status, ns),
	TP_STRUCT__entry(
		__field(u64, node)
		__field(u64, msg)
		__field(u64, ns)
		__field(int, status)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->msg = msg;
		__entry->ns = ns;
		__entry->status = status;
	),
	TP_printk("node=%012llx msg=%llu status=%d ns=%llu", __entry->node,
		  __entry->msg, __entry->status, __entry->ns)
);

TRACE_EVENT(rmp_node_event,
	TP_PROTO(u64 node, u32 inc, u32 events),
	TP_ARGS(node, inc, events),
	TP_STRUCT__entry(
		__field(u64, node)
		__field(u32, inc)
		__field(u32, events)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->inc = inc;
		__entry->events = events;
	),
	TP_printk("node=%012llx inc=%08x %s", __entry->node, __entry->inc,
		  __print_flags(__entry->events, "|", { RMP_EV_UP, "UP" },
				{ RMP_EV_RESTARTED, "RESTARTED" },
				{ RMP_EV_DOWN, "DOWN" }))
);

#endif /* RMP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE rmp_trace
#include <trace/define_trace.h>
