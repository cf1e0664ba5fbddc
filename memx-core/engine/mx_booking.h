/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The room that servers keep for a volume: which of them is asked for what, and what
 * becomes of it. docs/reservations.md has the rules.
 *
 * Contract. Sans-IO: the caller serialises all calls on one booking. After each input
 * it makes the calls that mx_booking_next() tells of until that returns false, and
 * reports how each has ended with mx_booking_answer(). There is at most one call to
 * a server under way.
 *
 * A round. What is lacking is asked of the servers one after the other, in the order
 * of their node ids, for the time being (MX_F_TENTATIVE). When nothing is lacking any
 * more, all are asked for it for good; if something is, all is given back. A server
 * whose room others hold for the time being says AGAIN, and is asked again until it
 * is known what they got. Who waits holds something on servers of lower ids only,
 * so there is always one who does not wait, and nobody is refused for what another
 * one gives back.
 */
#ifndef MX_BOOKING_H
#define MX_BOOKING_H

#include "mx_owner.h"

enum mx_booking_limits {
	MX_BOOK_CALL_MS		= 3000,	/* until an answer is given up */
	MX_BOOK_RENEW_MS	= 1500,	/* between calls that renew what is held */
	MX_BOOK_BUSY_MS		= 50,	/* first pause while others hold room, doubles */
	MX_BOOK_BUSY_MOST_MS	= 400,
	MX_BOOK_BUSY_ALL_MS	= 30000, /* so long at one server at most */
	MX_BOOK_COMING_MS	= 3000,	/* servers that may be asked soon are awaited */
	MX_BOOK_AGAIN_MS	= 1000,	/* first pause before another round, doubles */
	MX_BOOK_AGAIN_MOST_MS	= 16000,
};

static_assert((int)MX_BOOK_RENEW_MS + (int)MX_BOOK_CALL_MS < 5000,
	      "less than a server's MX_HOLD_MS");

/**
 * enum mx_booking_state - what has become of it
 * @MX_BOOK_NONE:     nothing is wanted
 * @MX_BOOK_ASKING:   servers are being asked for the first time
 * @MX_BOOK_GRANTED:  all that is wanted is kept
 * @MX_BOOK_REFUSED:  it cannot be had; what was kept for a smaller figure still is
 * @MX_BOOK_DEGRADED: it was, and some of it was lost together with servers
 */
enum mx_booking_state {
	MX_BOOK_NONE,
	MX_BOOK_ASKING,
	MX_BOOK_GRANTED,
	MX_BOOK_REFUSED,
	MX_BOOK_DEGRADED,
	MX_BOOK_STATES,
};

/**
 * enum mx_booking_why - why it is not granted
 * @MX_BOOK_WHY_NONE:    there is nothing to be said
 * @MX_BOOK_WHY_ROOM:    servers have no more room
 * @MX_BOOK_WHY_SERVERS: there is no server that keeps room
 * @MX_BOOK_WHY_SILENT:  some server has not answered, or lost what it held
 */
enum mx_booking_why {
	MX_BOOK_WHY_NONE,
	MX_BOOK_WHY_ROOM,
	MX_BOOK_WHY_SERVERS,
	MX_BOOK_WHY_SILENT,
};

/**
 * enum mx_booking_kind - a call to a server: RESERVE
 * @MX_BOOK_CALL_NONE:   none
 * @MX_BOOK_CALL_TELL:   with MX_F_TELL
 * @MX_BOOK_CALL_HOLD:   with MX_F_TENTATIVE
 * @MX_BOOK_CALL_KEEP:   for good
 * @MX_BOOK_CALL_CANCEL: end the call under way: nobody waits for its answer
 */
enum mx_booking_kind {
	MX_BOOK_CALL_NONE,
	MX_BOOK_CALL_TELL,
	MX_BOOK_CALL_HOLD,
	MX_BOOK_CALL_KEEP,
	MX_BOOK_CALL_CANCEL,
};

/**
 * struct mx_booking_call - a call to be made
 * @ask:    the request, but for CANCEL
 * @epoch:  of the claim, in the call's head
 * @server: index of the server
 * @kind:   enum mx_booking_kind
 */
struct mx_booking_call {
	struct mx_ask ask;
	u32	epoch;
	u8	server;
	u8	kind;
};

/**
 * enum mx_booking_avail - can a server be asked?
 * @MX_BOOK_AWAY:   no
 * @MX_BOOK_COMING: perhaps soon
 * @MX_BOOK_OLD:    it keeps no room for anybody: it is of an older version
 * @MX_BOOK_OPEN:   yes
 */
enum mx_booking_avail {
	MX_BOOK_AWAY,
	MX_BOOK_COMING,
	MX_BOOK_OLD,
	MX_BOOK_OPEN,
};

/**
 * struct mx_booking_srv - a server; private. Numbers are of chunks
 * @node:    node id, 0: the entry is not in use
 * @due:     ms: not asked before
 * @since:   ms: when the call under way was made
 * @busy:    ms: since when it says AGAIN, 0: it does not
 * @renewed: ms: when what is held was last asked for
 * @free:    pages that it can still promise
 * @inc:     incarnation that the numbers are about
 * @era:     likewise, see struct mx_owner_srv
 * @placed:  chunks that it has now
 * @firm:    kept there for good, as far as is known
 * @keep:    to be kept there for good, but for the round under way
 * @hold:    may be held there for the time being, 0: nothing
 * @all:     as told there last: see MX_OP_RESERVE
 * @sent:    the call under way: number asked for
 * @sent_all: likewise
 * @call:    enum mx_booking_kind under way
 * @avail:   enum mx_booking_avail
 * @known:   @firm is what it has said in this life
 * @fresh:   nothing was ever known of this life: what it says is to be kept
 * @shy:     it has not kept as much as it has of the volume when it was asked to
 * @gone:    that life is over, it is silent for good, or does not let us have the volume
 * @cancel:  the call under way is to be ended
 * @over:    the call under way is about a life that is over
 */
struct mx_booking_srv {
	u64	node;
	u64	due;
	u64	since;
	u64	busy;
	u64	renewed;
	u64	free;
	u32	inc;
	u32	era;
	u32	placed;
	u32	firm;
	u32	keep;
	u32	hold;
	u32	all;
	u32	sent;
	u32	sent_all;
	u8	call;
	u8	avail;
	bool	known;
	bool	fresh;
	bool	shy;
	bool	gone;
	bool	cancel;
	bool	over;
};

/**
 * struct mx_booking - what is kept for a volume; may be read, changed by the
 * functions only
 * @now:     ms, of the last input that has told it
 * @began:   ms: when the round, or the waiting for one, has begun
 * @again:   ms: no round before
 * @cursor:  HOLD: node id of the server that was asked last
 * @chunks:  wanted, each counted once
 * @most:    chunks of the volume
 * @unit:    pages that a chunk takes on a server, with trailers
 * @less:    so many fewer does the volume's last chunk take
 * @lacked:  chunks, each copy counted, that were lacking when it was refused last
 * @epoch:   of the claim
 * @pause:   ms: until the next round but one
 * @cur:     HOLD: index of the server that is being asked, or -1
 * @copies:  of each chunk
 * @phase:   private
 * @why:     enum mx_booking_why
 * @on:      the claim serves
 * @said:    somebody has said what is wanted; if not, servers may know
 * @learn:   servers may know the volume from another owner
 * @ask:     a round is due, whatever servers say of their room
 * @met:     all that is wanted was kept at some time
 * @refused: it was refused, and not kept since
 * @soft:    a round has failed otherwise than by room
 * @ended:   no call is made any more
 * @srv:     servers, by index in the member table
 */
struct mx_booking {
	u64	now;
	u64	began;
	u64	again;
	u64	cursor;
	u32	chunks;
	u32	most;
	u32	unit;
	u32	less;
	u32	lacked;
	u32	epoch;
	u32	pause;
	int	cur;
	u8	copies;
	u8	phase;
	u8	why;
	bool	on;
	bool	said;
	bool	learn;
	bool	ask;
	bool	met;
	bool	refused;
	bool	soft;
	bool	ended;
	struct mx_booking_srv srv[MX_MEMBERS];
};

/**
 * mx_booking_init() - nothing is wanted yet; @b: any memory
 * @chunks: of the volume
 * @unit:   pages that a chunk takes on a server, with trailers
 * @less:   so many fewer does its last chunk take
 * @learn:  servers may keep room for it since another owner has asked
 */
void mx_booking_init(struct mx_booking *b, u32 chunks, u32 unit, u32 less, u8 copies,
		     bool learn);

/** mx_booking_chunks() - chunks that @bytes of the volume take at most
 * @shift: log2 of pages per chunk
 * @most:  chunks of the volume
 */
u32 mx_booking_chunks(u64 bytes, u8 shift, u32 most);

/** mx_booking_limit() - chunks that may be placed so that all copies take no more than
 * @bytes on servers. @unit, @copies: as for mx_booking_init()
 */
u64 mx_booking_limit(u64 bytes, u32 unit, u8 copies);

/** mx_booking_set() - so many chunks are wanted from now on; the same number once more
 * has servers asked again at once if they have refused
 */
void mx_booking_set(struct mx_booking *b, u32 chunks);

/** mx_booking_tick() - time goes on, and this is what is known of servers now */
void mx_booking_tick(struct mx_booking *b, const struct mx_owner *o,
		     const struct mx_members *members, u64 now);

/**
 * mx_booking_answer() - the call to server @i has ended
 * @err: 0 or how it has failed, as for mx_owner_answer()
 * @ans: if @err is 0
 */
void mx_booking_answer(struct mx_booking *b, u32 i, int err, const struct mx_answer *ans);

/** mx_booking_end() - the volume goes away: calls under way are cancelled */
void mx_booking_end(struct mx_booking *b);

/** mx_booking_next() - a call to be made; it counts as under way from now on, unless it
 * is a CANCEL. Return: false if there is none now
 */
bool mx_booking_next(struct mx_booking *b, struct mx_booking_call *call);

/** mx_booking_busy() - some call is under way */
bool mx_booking_busy(const struct mx_booking *b);

/** mx_booking_state() - Return: enum mx_booking_state */
u8 mx_booking_state(const struct mx_booking *b);

/** mx_booking_granted() - chunks that are kept, each with all copies */
u32 mx_booking_granted(const struct mx_booking *b);

/** mx_booking_kept() - chunks that server @i keeps room for, those included that it has */
u32 mx_booking_kept(const struct mx_booking *b, u32 i);

/** mx_booking_room() - chunks that server @i could keep beyond what it keeps, if it can
 * promise @free pages. It may be one more
 */
u32 mx_booking_room(const struct mx_booking *b, u32 i, u64 free);

/** mx_booking_settled() - nothing is under way, nor due but by a change of room */
bool mx_booking_settled(const struct mx_booking *b);

/** mx_booking_old() - servers that keep no room, as they are of an older version */
u32 mx_booking_old(const struct mx_booking *b);

/* "granted" */
const char *mx_booking_name(u8 state);

#endif /* MX_BOOKING_H */
