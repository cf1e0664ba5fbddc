/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One chunk of a volume: its home, which of its pages were written, and which
 * operations are on it. What the operations do is in mx_op.h.
 *
 * Contract. Sans-IO: the caller serialises all calls on one chunk and on the
 * operations that are on it.
 *
 * Order. A write or discard excludes every overlapping operation; overlapping
 * operations run in the order in which they were submitted. An operation that
 * has ended with a leg whose outcome is not known keeps its place.
 *
 * Loss. When no server has a copy in sync any more, pages that were written
 * become lost pages: reading one fails, until it is written again or discarded.
 * The home is remembered until the chunk is placed anew: if the server comes
 * back in the life in which it took the copy, the pages are there again.
 */
#ifndef MX_CHUNK_H
#define MX_CHUNK_H

#include "mx_bits.h"
#include "mx_home.h"
#include "mx_member.h"

struct mx_op;
struct mx_todo;

/**
 * struct mx_env - what an engine may know of the world; the caller keeps it
 * @members:    servers and whether they can be reached
 * @life:       the volume on each of them, by the same index
 * @now_ms:     monotonic clock
 * @timeout_ms: a write or discard ends after so long, whatever servers do
 * @awake_ms:   since when this host has been running without a pause
 * @copies:     copies of a chunk that is placed: 1 to MX_COPIES_MAX
 */
struct mx_env {
	const struct mx_members *members;
	const struct mx_srv_life *life;
	u64	now_ms;
	u32	timeout_ms;
	u32	awake_ms;
	u8	copies;
};

enum mx_left_limits {
	MX_LEFT_MAX	= 2,		/* left-overs remembered */
	MX_LEFT_MS	= 600000,	/* while a chunk is not released for their sake */
};

/**
 * struct mx_left - a copy that may be left in a life of a server that is over,
 * as far as is known, while the chunk was placed anew
 * @inc:    the life
 * @era:    likewise
 * @gen:    generation of the copy, at most
 * @server: index of the server
 */
struct mx_left {
	u32	inc;
	u32	era;
	u32	gen;
	u8	server;
};

/**
 * enum mx_chunk_state - where a chunk is
 * @MX_CHUNK_HOLE:      no server; all pages read as zeros
 * @MX_CHUNK_UNKNOWN:   after a take-over: not proved yet; operations wait
 * @MX_CHUNK_PLACING:   a first write is looking for servers; other writes wait
 * @MX_CHUNK_PLACED:    some server has it
 * @MX_CHUNK_RELEASING: the servers are being told to forget it
 * @MX_CHUNK_LOST:      no server has it, and pages that were written are gone
 */
enum mx_chunk_state {
	MX_CHUNK_HOLE,
	MX_CHUNK_UNKNOWN,
	MX_CHUNK_PLACING,
	MX_CHUNK_PLACED,
	MX_CHUNK_RELEASING,
	MX_CHUNK_LOST,
};

/** enum mx_page - what is known of a page */
enum mx_page {
	MX_PAGE_ZERO,
	MX_PAGE_HAVE,
	MX_PAGE_LOST,
};

/**
 * enum mx_lost_of - what the copies that may come back have of the lost pages
 * @MX_LOST_OF_COPY: all
 * @MX_LOST_MIXED:   some, as others were lost before: those stay lost
 * @MX_LOST_UNKNOWN: those that were written; the bitmap was not known when the
 *                   last copy was lost
 */
enum mx_lost_of {
	MX_LOST_OF_COPY,
	MX_LOST_MIXED,
	MX_LOST_UNKNOWN,
};

/**
 * struct mx_chunk - one chunk
 * @have:    bit per page: written, and the home has it
 * @lost:    bit per page: written, and gone
 * @pages:   pages in the chunk
 * @nhave:   bits set in @have
 * @nlost:   bits set in @lost
 * @home:    its copies. Those of a LOST chunk, or of a HOLE that was lost, may
 *           come back
 * @state:   enum mx_chunk_state
 * @server:  first member in sync while PLACED or RELEASING, else MX_NO_SERVER;
 *           may be read without the caller's lock
 * @blind:   @have is not known (after a take-over): it is fetched first
 * @lost_of: enum mx_lost_of; also while @blind after a copy came back
 * @avoid:   bit per server that may have taken the chunk without our knowing,
 *           and has not released it: the chunk is not placed there meanwhile
 * @left:    copies to be released if their lives come back. While they are not
 *           forgotten the chunk is not released for some time: after a take-over
 *           the newer copy, even empty, has to be there to count more
 * @nleft:   how many
 * @others:  there may be more of which nothing is remembered, for good
 * @left_ms: when the last one was left, 0: since the last mx_chunk_sync()
 * @unsure:  a member in sync may have pages that are not in @have: of a write that
 *           has failed, or discarded while the copy was thought lost
 * @held:    it keeps its place though it is empty: pages were made zeros, and not
 *           given up
 * @placer:  the write that is looking for servers while PLACING
 * @setter:  the operation that is settling the home
 * @settling: some operation may be waiting for that
 * @fetcher: the operation that is fetching the bitmap
 * @readers: reads under way
 * @writers: writes and discards under way, and those that have ended with an
 *           outcome that is not known
 * @waiting: operations not started, oldest first
 * @tombs:   operations that have no place any more, but open legs
 */
struct mx_chunk {
	u64	*have;
	u64	*lost;
	u32	pages;
	u32	nhave;
	u32	nlost;
	struct mx_home home;
	u8	state;
	u8	server;
	bool	blind;
	u8	lost_of;
	bool	settling;
	u64	avoid;
	struct mx_left left[MX_LEFT_MAX];
	u8	nleft;
	bool	others;
	bool	unsure;
	bool	held;
	u64	left_ms;
	struct mx_op *placer;
	struct mx_op *setter;
	struct mx_op *fetcher;
	struct list_head readers;
	struct list_head writers;
	struct list_head waiting;
	struct list_head tombs;
};

/** mx_chunk_words() - u64 words in a bitmap of a chunk of @pages */
static inline u32 mx_chunk_words(u32 pages)
{
	return (pages + 63) / 64;
}

/** mx_chunk_init() - an empty chunk; @have and @lost: zeroed bitmaps */
void mx_chunk_init(struct mx_chunk *c, u64 *have, u64 *lost, u32 pages);

/** mx_chunk_page() - what is known of a page */
enum mx_page mx_chunk_page(const struct mx_chunk *c, u32 page);

/** mx_chunk_idle() - no operation is on it, not even one with open legs only */
bool mx_chunk_idle(const struct mx_chunk *c);

/** mx_chunk_spare() - idle, and has a home but no page in it */
bool mx_chunk_spare(const struct mx_chunk *c);

/** mx_chunk_clear_from() - is it certain that nothing of the pages from @first on is
 * stored or lost, and with @first 0, that no server keeps room for the chunk?
 */
bool mx_chunk_clear_from(const struct mx_chunk *c, u32 first);

/**
 * mx_chunk_check() - compare what a server has with what it should have
 * @mask: pages from @first on that it has, lowest bit first
 *
 * Pages that it lacks are lost from now on. Return: whether it had all.
 */
bool mx_chunk_check(struct mx_chunk *c, u32 first, u32 n, u32 mask);

/** mx_chunk_reelect() - members have become stale: @server may be another one */
void mx_chunk_reelect(struct mx_chunk *c);

/** mx_chunk_release() - RELEASING begins, or (@back) was not executed */
void mx_chunk_release(struct mx_chunk *c, bool back);

/** mx_chunk_wrote() - pages were written to the home */
void mx_chunk_wrote(struct mx_chunk *c, u32 first, u32 n);

/** mx_chunk_freed() - pages were discarded */
void mx_chunk_freed(struct mx_chunk *c, u32 first, u32 n);

/** mx_chunk_learn() - a part of the bitmap of a blind chunk from a server; ignored if
 * the chunk is not blind or not placed any more
 * @first: page of the first bit, multiple of 8
 * @bits:  @len bytes, lowest bit of the first byte first
 */
void mx_chunk_learn(struct mx_chunk *c, u32 first, const u8 *bits, u32 len);

/** mx_chunk_learned() - all of the bitmap of a blind chunk is known */
void mx_chunk_learned(struct mx_chunk *c);

/** mx_chunk_take() - PLACING: a server has taken the chunk. With the first one,
 * the older home becomes left-overs
 */
void mx_chunk_take(struct mx_chunk *c, u8 server,
		   const struct mx_srv_life *life, u32 gen);

/** mx_chunk_leave_lost() - the home goes on without its lost members, which
 * become left-overs
 */
void mx_chunk_leave_lost(struct mx_chunk *c);

/** mx_chunk_left() - a left-over whose life is back. Return: NULL if there is none
 * that is not being released already
 */
const struct mx_left *mx_chunk_left(const struct mx_chunk *c,
				    const struct mx_env *env);

/** mx_chunk_left_gone() - it has been released */
void mx_chunk_left_gone(struct mx_chunk *c, u8 server, u32 inc, u32 era);

/** mx_chunk_kept() - must the chunk stay where it is, though it is empty? Somebody
 * may have an older copy, which a take-over would find without the newer one
 */
bool mx_chunk_kept(const struct mx_chunk *c, u64 now_ms);

/** mx_chunk_tidy() - can no server have a copy but those in sync? If so of all
 * chunks, the volume can be handed over as clean: the next owner takes what it finds
 * first (mx_owner_spec.clean)
 */
bool mx_chunk_tidy(const struct mx_chunk *c, u64 now_ms);

/** mx_chunk_sole() - can no server ever show a copy but those in sync? Other than
 * mx_chunk_tidy() it never gives up to wait for a life to come back
 */
bool mx_chunk_sole(const struct mx_chunk *c);

/**
 * enum mx_release - whether a chunk can be given back to its servers
 * @MX_RELEASE_NEVER: it has pages, or it is not known whether it has, or it has no
 *                    home, or keeps its place
 * @MX_RELEASE_LATER: it is empty, and in use or kept
 * @MX_RELEASE_NOW:   yes, by a DISCARD of no page
 */
enum mx_release {
	MX_RELEASE_NEVER,
	MX_RELEASE_LATER,
	MX_RELEASE_NOW,
};

/** mx_chunk_release_due() - Return: enum mx_release */
enum mx_release mx_chunk_release_due(const struct mx_chunk *c, u64 now_ms);

/** mx_chunk_placed() - PLACING is over: those that took it are the home */
void mx_chunk_placed(struct mx_chunk *c);

/**
 * mx_chunk_place_failed() - PLACING is over: nobody has it
 * @c:     chunk
 * @first: first page
 * @n:     pages that somebody had taken before he was lost, 0: nobody had. They
 *         are lost, since he may come back with them
 */
void mx_chunk_place_failed(struct mx_chunk *c, u32 first, u32 n);

/** mx_chunk_unplaced() - the chunk has no home any more and no pages in it */
void mx_chunk_unplaced(struct mx_chunk *c);

/**
 * mx_chunk_lose() - a server does not have the chunk any more
 * @inc: in which life of the server it was taken
 * @era: likewise; a copy of another life is left alone
 *
 * Operations under way find out when their legs end. mx_op_advance() is due.
 *
 * Return: whether the chunk has lost its last copy in sync by this.
 */
bool mx_chunk_lose(struct mx_chunk *c, u8 server, u32 inc, u32 era);

/** mx_chunk_gone() - as mx_chunk_lose(), by the server's own word: the copy does
 * not come back with that life
 */
bool mx_chunk_gone(struct mx_chunk *c, u8 server, u32 inc, u32 era);

/** mx_chunk_regain() - a server is in the life in which it took the chunk again
 *
 * Nothing happens unless the chunk was lost and has not been placed anew, and
 * nobody is just doing that.
 *
 * Return: whether the chunk is PLACED again.
 */
bool mx_chunk_regain(struct mx_chunk *c, u8 server,
		     const struct mx_srv_life *life);

/** mx_chunk_sync() - lose and regain copies by what is known of the servers now.
 * Return: whether the chunk has lost its last copy in sync by this
 */
bool mx_chunk_sync(struct mx_chunk *c, const struct mx_env *env);

/** mx_chunk_unknown() - take-over has begun: nothing is known of the chunk, which
 * is a HOLE
 */
void mx_chunk_unknown(struct mx_chunk *c);

/** mx_chunk_proved_hole() - no server has it. mx_op_advance() is due */
void mx_chunk_proved_hole(struct mx_chunk *c);

/** mx_chunk_proved_lost() - servers had it, and it is gone. mx_op_advance() is
 * due
 */
void mx_chunk_proved_lost(struct mx_chunk *c);

/**
 * mx_chunk_adopt() - take-over: the servers that have it are known
 * @member: n of them, IN_SYNC or STALE; with a STALE one the next generation has
 *          to be stored before anything else
 * @gen:    their generation
 *
 * The chunk is blind from now on. Also for a chunk that was proved lost, and has
 * turned up before it was placed anew. mx_op_advance() is due.
 */
void mx_chunk_adopt(struct mx_chunk *c, const struct mx_home_member *member,
		    u32 n, u32 gen);

#endif /* MX_CHUNK_H */
