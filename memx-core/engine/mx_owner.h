/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a claim on a volume at its client: which servers have accepted
 * it, what they hold, and who may write. docs/ownership.md has the tables.
 *
 * Contract. Sans-IO: the caller serialises all calls on one claim. After each
 * input it takes what is to be done: mx_owner_next() until it returns false
 * (calls to be made), then mx_owner_note() until it returns false (news). It
 * reports how each call ended with mx_owner_answer(). There is at most one call
 * per server under way.
 *
 * Epochs. A claim with a fresh id starts and stays at epoch 1. A claim on an id
 * that servers know already is raised above the epoch in force and takes over:
 * it asks every server for its roster and its chunks. A claim that a server has
 * accepted and then refuses is never raised again.
 *
 * Proof. The roster is proved when all lives that the highest one seen lists
 * have answered. A chunk is proved when all members of the highest generation
 * seen have answered and, unless the hand-over was clean, the roster is proved
 * too: without it an older placement that was given up could be taken for the
 * chunk. A chunk that nobody lists is a hole when the roster is proved.
 */
#ifndef MX_OWNER_H
#define MX_OWNER_H

#include "mx_home.h"
#include "mx_member.h"
#include "mx_wire.h"

enum mx_owner_limits {
	MX_OWNER_RAISES		= 16,	/* epochs tried in one claim */
	/* An answer that is further above the claim makes no sense. */
	MX_OWNER_EPOCH_STEP	= 1 << 16,
	MX_OWNER_ASK_PAGES	= 2,	/* of entries asked for in a LIST */
	MX_OWNER_AGAIN_MS	= 5000,	/* until a server that refused is asked again */
	MX_OWNER_HELD_MS	= 1000,	/* until DROP is repeated if HELD or AGAIN */
	MX_OWNER_RENEW_MS	= 5000,	/* between OPENs that keep a lease alive */
};

/* No claim goes above this epoch, and no roster above this number. */
#define MX_OWNER_EPOCH_MAX	0xffff0000U
#define MX_OWNER_ROSTER_MAX	0x7fffffffU

/**
 * enum mx_owner_state - a claim
 * @MX_OWN_NONE:        no server was told of it
 * @MX_OWN_PROPOSING:   tentative OPENs and LISTs are under way
 * @MX_OWN_PROPOSED:    all servers that are alive know of the tentative claim
 * @MX_OWN_WITHDRAWING: the tentative claim is being withdrawn
 * @MX_OWN_CLAIMING:    OPENs are under way
 * @MX_OWN_LISTING:     all servers that are alive have accepted it, and are
 *                      asked what they hold
 * @MX_OWN_WAITING:     they have answered, and chunks are not proved
 * @MX_OWN_SERVING:     I/O is served
 * @MX_OWN_FENCED:      another claim is in force
 * @MX_OWN_LEAVING:     DROPs are under way
 * @MX_OWN_PARKED:      given up here; servers keep everything
 * @MX_OWN_GONE:        the servers have been told to forget the volume, or the
 *                      tentative claim
 */
enum mx_owner_state {
	MX_OWN_NONE,
	MX_OWN_PROPOSING,
	MX_OWN_PROPOSED,
	MX_OWN_WITHDRAWING,
	MX_OWN_CLAIMING,
	MX_OWN_LISTING,
	MX_OWN_WAITING,
	MX_OWN_SERVING,
	MX_OWN_FENCED,
	MX_OWN_LEAVING,
	MX_OWN_PARKED,
	MX_OWN_GONE,
	MX_OWN_STATES,
};

/**
 * enum mx_owner_srv_state - a server under a claim
 * @MX_OSRV_NONE:     it was told nothing
 * @MX_OSRV_OPENING:  OPEN is to be sent, or under way
 * @MX_OSRV_LISTING:  it has accepted the claim; ROSTER and LIST are under way
 * @MX_OSRV_OPEN:     it has accepted the claim and told all that it holds
 * @MX_OSRV_REFUSED:  it does not take part, see enum mx_owner_why; asked again
 *                    later
 * @MX_OSRV_FENCED:   it knows a higher claim; not asked again in this life
 * @MX_OSRV_DROPPING: DROP is to be sent, or under way
 * @MX_OSRV_DROPPED:  it has nothing of ours any more
 */
enum mx_owner_srv_state {
	MX_OSRV_NONE,
	MX_OSRV_OPENING,
	MX_OSRV_LISTING,
	MX_OSRV_OPEN,
	MX_OSRV_REFUSED,
	MX_OSRV_FENCED,
	MX_OSRV_DROPPING,
	MX_OSRV_DROPPED,
	MX_OSRV_STATES,
};

/**
 * enum mx_owner_why - why a server is REFUSED
 * @MX_WHY_NONE:   it is not
 * @MX_WHY_FULL:   it has no room for the volume
 * @MX_WHY_OTHER:  its volume with this id has another size, name or kind
 * @MX_WHY_OLD:    it cannot say what it holds: it speaks an older protocol
 * @MX_WHY_EPOCH:  the epoch that it names makes no sense, or is the last one
 * @MX_WHY_BAD:    its answers make no sense
 * @MX_WHY_MUTE:   the call ended without an answer
 */
enum mx_owner_why {
	MX_WHY_NONE,
	MX_WHY_FULL,
	MX_WHY_OTHER,
	MX_WHY_OLD,
	MX_WHY_EPOCH,
	MX_WHY_BAD,
	MX_WHY_MUTE,
};

/**
 * enum mx_owner_kind - a call to a server
 * @MX_CALL_NONE:       none
 * @MX_CALL_OPEN:       OPEN; see struct mx_owner_call
 * @MX_CALL_LIST:       LIST of at most MX_OWNER_ASK_PAGES from chunk @from on
 * @MX_CALL_ROSTER_GET: ROSTER without payload
 * @MX_CALL_ROSTER_SET: ROSTER with mx_owner_roster_out() as payload
 * @MX_CALL_DROP:       DROP
 * @MX_CALL_CANCEL:     end the call under way: nobody waits for its answer
 */
enum mx_owner_kind {
	MX_CALL_NONE,
	MX_CALL_OPEN,
	MX_CALL_LIST,
	MX_CALL_ROSTER_GET,
	MX_CALL_ROSTER_SET,
	MX_CALL_DROP,
	MX_CALL_CANCEL,
};

/**
 * struct mx_owner_call - a call to be made
 * @epoch:     in the call's head
 * @from:      LIST: first chunk
 * @server:    index of the server
 * @kind:      enum mx_owner_kind
 * @old:       OPEN: in the form of the protocol's first version, without
 *             MX_F_FEATURES
 * @tentative: OPEN: with MX_F_TENTATIVE
 */
struct mx_owner_call {
	u32	epoch;
	u32	from;
	u8	server;
	u8	kind;
	bool	old;
	bool	tentative;
};

/**
 * enum mx_owner_news - what the caller is told
 * @MX_NEWS_SERVING: the claim is SERVING: all chunks are to be looked at with
 *                   mx_owner_home() before I/O begins, if it has taken over
 * @MX_NEWS_CHUNKS:  more chunks may be proved (a clean hand-over only)
 * @MX_NEWS_FENCED:  another owner has the volume
 * @MX_NEWS_WAITING: chunks are not proved: mx_owner_unproved(),
 *                   mx_owner_missing()
 * @MX_NEWS_LIFE:    mx_owner_life() of @server has changed: copies there may have
 *                   been lost, or be there again
 * @MX_NEWS_READY:   whether chunks can be placed on @server has changed, see
 *                   mx_owner_ready()
 * @MX_NEWS_EXPIRED: @server had dropped the volume, see MX_LACK_EXPIRED
 * @MX_NEWS_ENDED:   PARKED or GONE, and no call is under way
 */
enum mx_owner_news {
	MX_NEWS_NONE,
	MX_NEWS_SERVING,
	MX_NEWS_CHUNKS,
	MX_NEWS_FENCED,
	MX_NEWS_WAITING,
	MX_NEWS_LIFE,
	MX_NEWS_READY,
	MX_NEWS_EXPIRED,
	MX_NEWS_ENDED,
};

/**
 * struct mx_owner_note - a piece of news
 * @server: LIFE, READY, EXPIRED: index
 * @what:   enum mx_owner_news
 */
struct mx_owner_note {
	u8	server;
	u8	what;
};

enum { MX_OWNER_LIVES = 4 };

/**
 * struct mx_owner_life - a life of a server that may come back
 * @inc: incarnation
 * @era: see struct mx_owner_srv, 0: the entry is not in use
 */
struct mx_owner_life {
	u32	inc;
	u32	era;
};

/**
 * struct mx_owner_srv - a server under a claim; private, but may be read
 * @node:     node id, 0: the entry is not in use
 * @due:      ms: not asked before
 * @sure:     ms: when it has accepted the claim last
 * @inc:      incarnation that the state is about
 * @era:      the volume's life on the server within @inc, from 1 on
 * @eras:     the last one given out
 * @past:     lives before this one
 * @call_inc: incarnation when the call under way was made
 * @call_epoch: the call under way: its epoch
 * @call_arg: the call under way: LIST: first chunk; ROSTER_SET: the roster's number
 * @features: enum mx_feature, as told in its answer to OPEN
 * @roster:   number of the roster that it has stored in this life
 * @stored:   number of the roster that it had when it was listed
 * @epoch:    of the claim when it accepted it, if @accepted
 * @next:     LIST: chunk to go on with
 * @chunks:   chunks placed there now; the caller's, mx_owner_chunks()
 * @ghost:    a life that nobody has, which stands for what it has lost; 0: none
 * @news:     BIT(enum mx_owner_news) to be told
 * @state:    enum mx_owner_srv_state
 * @why:      enum mx_owner_why; of the last answer while it is asked again
 * @call:     enum mx_owner_kind under way
 * @call_old: mx_owner_call.old of the call under way
 * @call_tentative: likewise
 * @strikes:  answers in this life that did not help
 * @alive:    it can be asked
 * @old:      it speaks the first version only
 * @accepted: it has accepted this claim in this life, at some epoch
 * @told:     it may know of the volume: DROP is owed to it
 * @limbo:    it is not known whether what it took in @era is there
 * @made:     OPEN has made the volume there: whatever it had in this life is gone
 * @expired:  it has said so together with @made: it had dropped the volume
 * @blank:    like @made, and it has stored no roster since: it may say so again
 * @remade:   like @made, while the claim served: it gets a roster only when all
 *            others have said that they still know the claim
 * @purge:    what it holds is another claim's: DROP goes before OPEN
 * @has_roster: LISTING: its roster is known
 * @bad_list: LISTING: the answer that comes next is not to be believed
 * @in_roster: it has stored a roster of this claim's that lists it
 * @verify:   OPEN is repeated: does it still know our claim?
 * @cancel:   the call under way is to be ended
 * @was_ready: mx_owner_ready() as last told
 */
struct mx_owner_srv {
	u64	node;
	u64	due;
	u64	sure;
	u32	inc;
	u32	era;
	u32	eras;
	struct mx_owner_life past[MX_OWNER_LIVES];
	u32	call_inc;
	u32	call_epoch;
	u32	call_arg;
	u32	features;
	u32	roster;
	u32	stored;
	u32	epoch;
	u32	next;
	u32	chunks;
	u32	ghost;
	u16	news;
	u8	state;
	u8	why;
	u8	call;
	bool	call_old;
	bool	call_tentative;
	u8	strikes;
	bool	alive;
	bool	old;
	bool	accepted;
	bool	told;
	bool	limbo;
	bool	made;
	bool	expired;
	bool	blank;
	bool	remade;
	bool	purge;
	bool	has_roster;
	bool	bad_list;
	bool	in_roster;
	bool	verify;
	bool	cancel;
	bool	was_ready;
};

/**
 * struct mx_owner_chunk - what servers tell of a chunk in a take-over; private
 * @member:   of the highest generation seen
 * @copies:   bit per server that has a live copy of that generation
 * @others:   bit per server that has something older, or half filled
 * @gen:      highest generation seen
 * @pages:    pages stored, at most, by one of @copies
 * @nmembers: entries of @member in use
 * @listed:   some server has it
 * @split:    servers name different members for @gen: nothing can be proved
 */
struct mx_owner_chunk {
	struct mx_life member[MX_COPIES_MAX];
	u64	copies;
	u64	others;
	u32	gen;
	u32	pages;
	u8	nmembers;
	bool	listed;
	bool	split;
};

/**
 * struct mx_owner_spec - what is claimed
 * @chunk:    memory for a take-over, @nchunks entries; NULL if @fresh. The
 *            caller's again after mx_owner_taken()
 * @nchunks:  chunks in the volume
 * @chunk_pages: pages in a chunk, at most
 * @epoch:    first epoch to try; 0: 1
 * @fresh:    nobody can know the id: no take-over
 * @clean:    the owner before has stopped writing, and all of its chunks were
 *            mx_chunk_tidy(): each is served as soon as it is proved by its own
 *            members
 * @may_be_new: if no server knows the volume, and all that are known have
 *            answered, it is a new one; likewise, if there are chunks and no
 *            roster, it is one of the first version, and these are all of it
 */
struct mx_owner_spec {
	struct mx_owner_chunk *chunk;
	u32	nchunks;
	u32	chunk_pages;
	u32	epoch;
	bool	fresh;
	bool	clean;
	bool	may_be_new;
};

/**
 * struct mx_owner - a claim; may be read, changed by the functions only
 * @spec:        what is claimed
 * @now:         ms, of the last mx_owner_tick()
 * @give_up:     LEAVING: ms when servers that do not answer are given up, 0: never
 * @verified:    ms when servers were last asked whether they still know the claim
 * @acked:       bit per server that has stored @pending
 * @base:        roster in force
 * @pending:     roster that is being stored; its number is 0 if there is none
 * @seen:        highest roster seen in a take-over
 * @epoch:       of the claim
 * @raises:      how often it was raised
 * @drops_given_up: servers that could not be told to forget the volume
 * @news:        BIT(enum mx_owner_news) to be told
 * @state:       enum mx_owner_state
 * @taking:      servers knew the volume before this claim
 * @tentative:   calls carry MX_F_TENTATIVE
 * @served:      it has been SERVING
 * @accepted:    an admin has decided to go on without proof
 * @lossy:       some pages of the volume are lost; the caller's, mx_owner_lossy()
 * @recount:     how often chunks have to be counted before it can be fenced
 * @rewrite:     the roster has to be stored anew though its members stay
 * @dirty:       something has changed that a proof may follow from
 * @roster_proved: all lives in @seen have answered
 * @roster_lossy: @seen says that pages have been lost
 * @ended:       ENDED was told
 * @srv:         servers by index
 */
struct mx_owner {
	struct mx_owner_spec spec;
	u64	now;
	u64	give_up;
	u64	verified;
	u64	acked;
	struct mx_roster base;
	struct mx_roster pending;
	struct mx_roster seen;
	u32	epoch;
	u32	raises;
	u32	drops_given_up;
	u16	news;
	u8	state;
	bool	taking;
	bool	tentative;
	bool	served;
	bool	accepted;
	bool	lossy;
	u8	recount;
	bool	rewrite;
	bool	dirty;
	bool	roster_proved;
	bool	roster_lossy;
	bool	ended;
	struct mx_owner_srv srv[MX_MEMBERS];
};

/* --- Inputs ------------------------------------------------------------ */

/** mx_owner_init() - a claim in state NONE; @o: any memory */
void mx_owner_init(struct mx_owner *o, const struct mx_owner_spec *spec);

/**
 * mx_owner_server() - what is known of a server: when it is first heard of and
 * whenever something of it changes; repeating it is harmless
 * @i:     its index in the server table, which stays the same
 * @alive: it can be asked now
 */
void mx_owner_server(struct mx_owner *o, u32 i, u64 node, u32 inc, bool alive);

/** mx_owner_chunks() - @n chunks of the volume are placed on server @i now */
void mx_owner_chunks(struct mx_owner *o, u32 i, u32 n);

/** mx_owner_counted() - mx_owner_chunks() was told of all servers, after a look at all
 * chunks; to be told now and then
 */
void mx_owner_counted(struct mx_owner *o);

/** mx_owner_lossy() - whether pages of the volume are lost now; to be told before
 * the next input after LIFE
 */
void mx_owner_lossy(struct mx_owner *o, bool lossy);

/** mx_owner_claim() - begin; from NONE. Return: 0 or -EINVAL (wrong state, or
 * an epoch that is too high)
 */
int mx_owner_claim(struct mx_owner *o);
/** mx_owner_propose() - begin tentatively; from NONE. Return: as above */
int mx_owner_propose(struct mx_owner *o);
/** mx_owner_commit() - from PROPOSING or PROPOSED to CLAIMING. Return: as above */
int mx_owner_commit(struct mx_owner *o);
/** mx_owner_withdraw() - end a tentative claim. Return: as above */
int mx_owner_withdraw(struct mx_owner *o);

/** mx_owner_accept() - go on without proof, from LISTING or WAITING, or from
 * SERVING if chunks are not proved after a clean hand-over: those are what the
 * highest generation seen says, or LOST. Return: as above
 */
int mx_owner_accept(struct mx_owner *o);

/**
 * mx_owner_drop() - servers forget the volume
 * @give_up: ms when servers that have not answered are given up, 0: never
 *
 * A claim that is FENCED is PARKED instead, and a tentative one withdrawn. A
 * claim that was to take over and has not come to serve makes those servers only
 * forget that did not know the volume before. May be repeated with another time.
 */
void mx_owner_drop(struct mx_owner *o, u64 give_up);
/** mx_owner_park() - end here; servers keep everything */
void mx_owner_park(struct mx_owner *o);

/** mx_owner_tick() - time goes on */
void mx_owner_tick(struct mx_owner *o, u64 now);

/** mx_owner_entry() - an entry of the answer to a LIST, before mx_owner_answer().
 * Return: 0 or -EBADMSG: no more entries of this answer are to be given
 */
int mx_owner_entry(struct mx_owner *o, u32 i, const struct mx_listed *l);
/** mx_owner_roster() - the roster in the answer to ROSTER_GET, likewise */
int mx_owner_roster(struct mx_owner *o, u32 i, const struct mx_roster *r);

/**
 * mx_owner_answer() - the call to server @i has ended
 * @err: 0, -ESTALE (it has restarted), -ECANCELED, -ENOBUFS (there was no memory
 *       to make it), or -EBADMSG (answered, and the answer could not be decoded)
 * @ans: if @err is 0
 */
void mx_owner_answer(struct mx_owner *o, u32 i, int err,
		     const struct mx_answer *ans);

/** mx_owner_stale() - a leg of this claim was answered with STALE by server @i
 * in its life @inc
 */
void mx_owner_stale(struct mx_owner *o, u32 i, u32 inc);
/** mx_owner_novol() - a leg was answered with NOVOL, likewise */
void mx_owner_novol(struct mx_owner *o, u32 i, u32 inc);

/* --- Outputs ----------------------------------------------------------- */

/** mx_owner_next() - a call to be made; it counts as under way from now on,
 * unless it is a CANCEL. Return: false if there is none now
 */
bool mx_owner_next(struct mx_owner *o, struct mx_owner_call *call);

/**
 * mx_owner_ask() - the request that a call consists of
 * @call:   not a CANCEL
 * @pages:  of the volume
 * @shift:  log2 of pages per chunk
 * @sealed: its pages are sealed
 * @ask:    result; the volume's id and the epoch are not in it, nor is a payload:
 *          of OPEN the volume's name, of ROSTER_SET mx_owner_roster_out()
 */
void mx_owner_ask(const struct mx_owner_call *call, u64 pages, u8 shift,
		  bool sealed, struct mx_ask *ask);

/** mx_owner_note() - Return: false if there is no more news */
bool mx_owner_note(struct mx_owner *o, struct mx_owner_note *note);

/** mx_owner_ready() - whether chunks can be placed on server @i now: the claim
 * is SERVING, the server has accepted it and the roster has it
 */
bool mx_owner_ready(const struct mx_owner *o, u32 i);

/** mx_owner_life() - the volume on server @i as far as is known now. Its era is 0
 * while it is not known whether anything that it took is there
 */
void mx_owner_life(const struct mx_owner *o, u32 i, struct mx_srv_life *life);

/** mx_owner_roster_out() - payload of ROSTER_SET, as of the last mx_owner_next() */
const struct mx_roster *mx_owner_roster_out(const struct mx_owner *o);

/** mx_owner_done() - the claim is SERVING, and mx_owner_home() has said all it
 * will say
 */
bool mx_owner_done(const struct mx_owner *o);
/** mx_owner_taken() - mx_owner_spec.chunk is the caller's again; if done */
void mx_owner_taken(struct mx_owner *o);

/**
 * enum mx_owner_proof - what a take-over says of a chunk
 * @MX_PROOF_NONE:   not proved: I/O waits
 * @MX_PROOF_HOLE:   nobody has it
 * @MX_PROOF_PLACED: it is where struct mx_owner_home says
 * @MX_PROOF_LOST:   an admin went on without it: all of its pages are lost
 */
enum mx_owner_proof {
	MX_PROOF_NONE,
	MX_PROOF_HOLE,
	MX_PROOF_PLACED,
	MX_PROOF_LOST,
};

/**
 * struct mx_owner_home - a chunk after a take-over
 * @others: bit per server that has something older of it: to be released
 * @stale:  bit per entry of @server that must not be read before it was
 *          compared: after an unclean end copies may differ. The others have to
 *          store the next generation before a write is acknowledged
 * @gen:    generation; the next one is higher, for a hole too
 * @pages:  PLACED: pages stored, at most
 * @server: PLACED: its servers by index
 * @inc:    PLACED: and their lives
 * @era:    PLACED: likewise
 * @n:      PLACED: how many
 * @proof:  enum mx_owner_proof
 */
struct mx_owner_home {
	u64	others;
	u8	stale;
	u32	gen;
	u32	pages;
	u8	server[MX_COPIES_MAX];
	u32	inc[MX_COPIES_MAX];
	u32	era[MX_COPIES_MAX];
	u8	n;
	u8	proof;
};

/** mx_owner_home() - what is known of chunk @index */
void mx_owner_home(const struct mx_owner *o, u32 index, struct mx_owner_home *h);

/** mx_owner_unproved() - chunks that are not proved */
u32 mx_owner_unproved(const struct mx_owner *o);

/**
 * enum mx_owner_lack - why a life in the roster has not answered
 * @MX_LACK_UNKNOWN:   its node is not known here
 * @MX_LACK_SILENT:    it cannot be asked
 * @MX_LACK_RESTARTED: it has another life now, or has lost the volume
 * @MX_LACK_BUSY:      it was asked and has not answered yet
 * @MX_LACK_REFUSED:   it is REFUSED, see mx_owner_srv.why
 * @MX_LACK_FENCED:    it knows a higher claim
 * @MX_LACK_EXPIRED:   it has dropped the volume as it did not hear the owner, or
 *                     as an admin wanted it to
 */
enum mx_owner_lack {
	MX_LACK_UNKNOWN,
	MX_LACK_SILENT,
	MX_LACK_RESTARTED,
	MX_LACK_BUSY,
	MX_LACK_REFUSED,
	MX_LACK_FENCED,
	MX_LACK_EXPIRED,
};

/**
 * mx_owner_missing() - a life that the proof of the roster lacks
 * @nth:    from 0 on
 * @life:   result
 * @server: result: its index, or MX_MEMBERS
 *
 * Return: enum mx_owner_lack, or -ENOENT: there are no more.
 */
int mx_owner_missing(const struct mx_owner *o, u32 nth, struct mx_life *life,
		     u32 *server);

/* Words for people: "serving", "open", "has no room for it". */
const char *mx_owner_state_name(u8 state);
const char *mx_owner_srv_name(u8 state);
const char *mx_owner_why_name(u8 why);
const char *mx_owner_lack_name(int lack);

#endif /* MX_OWNER_H */
