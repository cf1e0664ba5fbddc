/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One chunk of a volume: which server has it, which of its pages were written,
 * and which operations may run at the same time.
 *
 * Contract. Sans-IO: the caller serialises all calls on one chunk, carries out
 * what the calls decide and reports how it ended. An operation is the caller's
 * object; from mx_chunk_submit() until it has ended (mx_chunk_end(),
 * mx_chunk_read_end(), mx_chunk_unqueue(), or an act other than CALL, PLACE or
 * WAIT) it is linked here.
 *
 * Order. A write or discard excludes every overlapping operation; overlapping
 * operations run in the order in which they were submitted. So the server never
 * sees two of them at once, and a retransmitted write cannot overtake.
 *
 * Loss. When the server has lost the chunk its written pages become lost pages:
 * reading one fails, until it is written again or discarded. Operations that
 * were under way are told by their generation and start over.
 */
#ifndef MX_CHUNK_H
#define MX_CHUNK_H

#include "mx_port.h"

/**
 * enum mx_chunk_state - where a chunk is
 * @MX_CHUNK_HOLE:      no server; all pages read as zeros
 * @MX_CHUNK_PLACING:   a first write is looking for a server; other writes wait
 * @MX_CHUNK_PLACED:    a server has it
 * @MX_CHUNK_RELEASING: the server is being told to forget it
 * @MX_CHUNK_LOST:      no server, and pages that were written are gone
 */
enum mx_chunk_state {
	MX_CHUNK_HOLE,
	MX_CHUNK_PLACING,
	MX_CHUNK_PLACED,
	MX_CHUNK_RELEASING,
	MX_CHUNK_LOST,
};

enum mx_cop_kind {
	MX_COP_READ,
	MX_COP_WRITE,
	MX_COP_DISCARD,		/* of no page at all: give an empty chunk up */
};

/**
 * enum mx_cop_act - what the caller is to do with an operation
 * @MX_ACT_WAIT:  nothing; it comes back on a ready list
 * @MX_ACT_CALL:  send it to the chunk's server
 * @MX_ACT_PLACE: choose a server, send it there; mx_chunk_placed() if it took it
 * @MX_ACT_ZERO:  a read of zeros; it has ended
 * @MX_ACT_DONE:  there is nothing to do; it has ended
 * @MX_ACT_LOST:  pages asked for are lost; it has ended
 * @MX_ACT_FULL:  no server took the chunk; it has ended
 */
enum mx_cop_act {
	MX_ACT_WAIT,
	MX_ACT_CALL,
	MX_ACT_PLACE,
	MX_ACT_ZERO,
	MX_ACT_DONE,
	MX_ACT_LOST,
	MX_ACT_FULL,
};

/**
 * enum mx_cop_end - how an operation under way has ended
 * @MX_END_OK:     executed
 * @MX_END_FAILED: not executed, and never will be
 * @MX_END_FULL:   PLACE only: no server takes the chunk; waiting writes fail too
 * @MX_END_RETRY:  not executed: decide anew
 */
enum mx_cop_end {
	MX_END_OK,
	MX_END_FAILED,
	MX_END_FULL,
	MX_END_RETRY,
};

enum mx_cop_where {
	MX_COP_OUT,		/* not linked to a chunk */
	MX_COP_WAITING,
	MX_COP_ACTIVE,
};

/** enum mx_page - what is known of a page */
enum mx_page {
	MX_PAGE_ZERO,
	MX_PAGE_HAVE,
	MX_PAGE_LOST,
};

/**
 * struct mx_cop - an operation on a run of pages of one chunk
 * @link:  in one of the chunk's lists
 * @ready: in the list of operations that became ready, see mx_chunk_end()
 * @first: first page, counted from the chunk's start; set by the caller
 * @n:     pages; set by the caller
 * @gen:   the chunk's generation when it was started
 * @kind:  enum mx_cop_kind; set by the caller
 * @where: enum mx_cop_where
 * @act:   enum mx_cop_act, the last decision
 * @whole: a discard that empties the chunk: sent as a release, excludes all
 */
struct mx_cop {
	struct list_head link;
	struct list_head ready;
	u32	first;
	u32	n;
	u32	gen;
	u8	kind;
	u8	where;
	u8	act;
	bool	whole;
};

enum { MX_NO_SERVER = 0xff };

/**
 * struct mx_chunk - one chunk
 * @have:    bit per page: written, and the server has it
 * @lost:    bit per page: written, and gone
 * @pages:   pages in the chunk
 * @nhave:   bits set in @have
 * @nlost:   bits set in @lost
 * @gen:     changes when the chunk gets or loses its server
 * @era:     caller's token of the server's state when it took the chunk
 * @state:   enum mx_chunk_state
 * @server:  index of the server if PLACED or RELEASING, else MX_NO_SERVER
 * @trust:   @have is not known: believe the server (volume found in a record)
 * @placer:  the write that is looking for a server while PLACING
 * @readers: reads under way
 * @writers: writes and discards under way
 * @waiting: operations not started, oldest first
 */
struct mx_chunk {
	u64	*have;
	u64	*lost;
	u32	pages;
	u32	nhave;
	u32	nlost;
	u32	gen;
	u32	era;
	u8	state;
	u8	server;
	bool	trust;
	struct mx_cop *placer;
	struct list_head readers;
	struct list_head writers;
	struct list_head waiting;
};

/** mx_chunk_words() - u64 words in a bitmap of a chunk of @pages */
static inline u32 mx_chunk_words(u32 pages)
{
	return (pages + 63) / 64;
}

/** mx_chunk_init() - an empty chunk; @have and @lost: zeroed bitmaps */
void mx_chunk_init(struct mx_chunk *c, u64 *have, u64 *lost, u32 pages);

/** mx_chunk_submit() - a new operation. Return: enum mx_cop_act */
u8 mx_chunk_submit(struct mx_chunk *c, struct mx_cop *cop);

/** mx_chunk_placed() - a server took the placing write, which still is under
 * way: mx_chunk_end() comes next
 */
void mx_chunk_placed(struct mx_chunk *c, struct mx_cop *cop, u8 server, u32 era);

/**
 * mx_chunk_end() - a write or discard under way has ended
 * @how:   enum mx_cop_end
 * @ready: operations that can be carried out now are appended, by their ready
 *         link, with act set (never WAIT)
 *
 * What was executed by a server that has since lost the chunk counts as not
 * executed: the operation starts over.
 *
 * Return: true if it has ended; false if it starts over: it waits here or is in
 * @ready.
 */
bool mx_chunk_end(struct mx_chunk *c, struct mx_cop *cop, u8 how,
		  struct list_head *ready);

/**
 * mx_chunk_read_end() - a read under way was answered
 * @mask: pages the server says were written, lowest bit first
 * @give: result: pages to be taken from the answer, the others are zeros
 *
 * Return: MX_ACT_DONE: ended, @give is valid. MX_ACT_LOST: ended, the server
 * lacks pages that it had taken; they are lost from now on. MX_ACT_WAIT: starts
 * over as with mx_chunk_end().
 */
u8 mx_chunk_read_end(struct mx_chunk *c, struct mx_cop *cop, u32 mask, u32 *give,
		     struct list_head *ready);

/**
 * mx_chunk_check() - compare what a server has with what it should have
 * @mask: pages from @first on that it has, lowest bit first
 *
 * Pages that it lacks are lost from now on. Return: whether it had all.
 */
bool mx_chunk_check(struct mx_chunk *c, u32 first, u32 n, u32 mask);

/** mx_chunk_unqueue() - take back an operation that is WAITING */
void mx_chunk_unqueue(struct mx_chunk *c, struct mx_cop *cop,
		      struct list_head *ready);

/** mx_chunk_swap() - let @heir, which is OUT, take the place of @cop, which is
 * under way and OUT afterwards
 */
void mx_chunk_swap(struct mx_chunk *c, struct mx_cop *cop, struct mx_cop *heir);

/**
 * mx_chunk_lose() - the server does not have the chunk any more
 * @gen: the generation this is about; another one: nothing happens
 *
 * Operations under way stay so until they end.
 *
 * Return: whether the chunk lost its server.
 */
bool mx_chunk_lose(struct mx_chunk *c, u32 gen);

/** mx_chunk_page() - what is known of a page */
enum mx_page mx_chunk_page(const struct mx_chunk *c, u32 page);

/** mx_chunk_idle() - no operation is linked */
bool mx_chunk_idle(const struct mx_chunk *c);

/** mx_chunk_spare() - idle, and has a server but no page on it */
bool mx_chunk_spare(const struct mx_chunk *c);

#endif /* MX_CHUNK_H */
