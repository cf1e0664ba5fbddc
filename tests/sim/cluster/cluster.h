/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run that tries the cluster: volumes of several clients on several memory
 * servers, with the engines that the kernel's modules have, over RMAP.
 *
 * What a page holds is a word here. Payloads of READ and WRITE are such words,
 * one for each page; other payloads are bytes as on the wire.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "../kit/kit.h"
#include "cl_model.h"
#include "engine/mx_booking.h"
#include "engine/mx_member.h"
#include "engine/mx_op.h"
#include "engine/mx_owner.h"
#include "engine/mx_store.h"

enum {
	CL_SERVERS	= 4,		/* at most, without a twin */
	CL_TWIN		= SIM_NODES - 1,
	CL_MEMBERS	= 8,		/* entries of a member table in use at most */
	CL_VOLS		= 3,
	CL_CHUNKS	= 5,		/* of a volume at most */
	CL_SHIFT	= MX_CHUNK_SHIFT_MIN,
	CL_CHUNK	= 1 << CL_SHIFT,
	CL_HOT		= 12,		/* pages of a chunk that are used most */
	CL_JOBS		= 512,
	CL_PORT		= 1,
	CL_TIMEOUT_MS	= 6000,	/* of writes and discards */
	CL_OPS		= 2000,		/* that a seed has at least */
	CL_FAULTS	= 5,		/* likewise */
	CL_SVOLS	= CL_VOLS + 1,	/* on a server: also one of the past */
	CL_PAST		= 8,		/* pages in use of that one */
};

/*
 * What an odd seed may have: ODD_OLD servers of the first version, ODD_PAST a
 * client of the first version, ODD_LIES answers that are nonsense, ODD_BUSY
 * requests that cannot be served or sent now, ODD_FEW servers that take few
 * volumes, ODD_SILENCE servers that forget clients which wait for them, ODD_RACK
 * several servers that fail together, ODD_LATE operations that are being sent
 * when all are given up, ODD_TAKEN what was listed is thrown away once it is
 * known, ODD_LEGS no more legs than a kernel's operations have, ODD_ENDS claims
 * that end in odd ways, ODD_LEASE servers that drop volumes whose owners they do not
 * hear.
 */
enum {
	ODD_OLD, ODD_PAST, ODD_LIES, ODD_BUSY, ODD_FEW, ODD_SILENCE, ODD_RACK,
	ODD_LATE, ODD_TAKEN, ODD_LEGS, ODD_ENDS, ODD_LEASE,
	ODD_KINDS
};

/* In a word that is stored: it stands for zeros, which no server should need to have. */
#define CL_ZEROS	BIT_ULL(63)

/* Events of this run. */
enum {
	EV_IO = EV_RUN,		/* a volume may begin another I/O */
	EV_TICK,		/* once a second, on each node */
	EV_JOB,			/* a worker of a server looks at a job */
	EV_WAKE,		/* an operation has waited */
	EV_CLAIM,		/* a client claims a volume */
	EV_COMMIT,		/* a tentative claim is decided about */
	EV_TWIN,		/* a twin leaves */
	EV_RESUME,		/* a server that was stopped serves again */
	EV_PAST,		/* the client of the first version goes on */
	EV_ODD,			/* something strikes that few seeds have */
	EV_FORGET_ALL,		/* a server forgets a client */
	EV_CRASH,		/* a server crashes */
	EV_LEASE,		/* once a second, on each server */
	EV_BOOK,		/* a volume wants other room kept */
};

/* --- servers ----------------------------------------------------------- */

/**
 * struct cl_chunk - a chunk on a server
 * @c:    the engine's part
 * @page: what its pages hold, 0: not stored
 */
struct cl_chunk {
	struct mx_store_chunk c;
	u64 page[CL_CHUNK];
};

/**
 * struct cl_claim - a claim as servers see it
 * @epoch: of it
 * @node:  whose it is
 */
struct cl_claim {
	u32 epoch;
	u64 node;
};

/**
 * struct cl_svol - a volume on a server
 * @v:     the engine's part
 * @id:    its id, 0: entry unused
 * @chunk: by number
 * @top:   oracle: highest claim that was committed here
 * @held:  oracle: when it was last asked for room for the time being, ns
 */
struct cl_svol {
	struct mx_store_vol v;
	u64 id;
	struct cl_chunk *chunk[CL_CHUNKS];
	struct cl_claim top;
	u64 held;
};

/**
 * struct cl_job - a request that is not answered yet
 * @slot: RMAP's, NULL: entry unused
 * @ask:  what is asked
 * @who:  by which node
 * @inc:  and in which of its lives
 * @good: whether @ask could be decoded
 * @since: when it came, ns
 * @due:  when a worker looks at it next, ns
 * @mask: READ: pages in the reply
 * @arg:  of the answer
 * @reply: payload of the reply, or NULL
 */
struct cl_job {
	struct rmp_slot *slot;
	struct mx_ask ask;
	u8 who;
	u32 inc;
	bool good;
	u64 since;
	u64 due;
	u32 mask;
	u64 arg;
	struct pbuf *reply;
};

/**
 * struct cl_server - a memory server
 * @st:      the engine's part
 * @vol:     volumes
 * @job:     requests not answered yet
 * @serving: it runs
 * @life:    counts up with each start; in it nothing may be executed twice
 * @mute:    until then it answers nothing, though it announces, ns
 * @dry:     until then it has no pages, ns
 * @poor:    until then it cannot allocate, ns
 * @forgot:  a client was forgotten: it may execute something again
 * @busy:    until then it has no memory for some requests, ns
 * @lies:    until then some of its answers are nonsense, ns
 * @rate:    how many, in 1/100000
 * @stubborn: these are such that nothing is placed there and nothing released
 * @capacity: pages that it is started with; outlives it, as what follows does
 * @most:    volumes that it takes, 0: any number
 * @old:     it is of the first version
 * @expiry:  ms of silence after which it drops a volume, 0: never
 * @buried:  what it remembers over a stop, in the life of its machine @buried_inc
 * @nburied: how many of @buried
 * @buried_inc: see there
 */
struct cl_server {
	struct mx_store st;
	struct cl_svol vol[CL_SVOLS];
	struct cl_job job[CL_JOBS];
	bool serving;
	u32 life;
	u64 mute;
	u64 dry;
	u64 poor;
	bool forgot;
	u64 busy;
	u64 lies;
	u32 rate;
	bool stubborn;
	u64 capacity;
	u32 most;
	bool old;
	u64 expiry;
	struct mx_store_tomb buried[MX_TOMBS_MAX];
	u32 nburied;
	u32 buried_inc;
};

/* --- clients ----------------------------------------------------------- */

/**
 * struct cl_call - a call of the cluster's
 * @call: the engine's
 * @done: what comes when it has ended
 */
struct cl_call {
	struct rmp_call call;
	void (*done)(struct cl_call *nc);
};

struct cl_vol;

/**
 * struct cl_srv - a server of a claim
 * @nc:   the owner's call, under way if @busy
 * @vol:  whose
 * @idx:  of the server in the member table
 * @oc:   what is asked
 * @ask:  the same as on the wire
 * @flow: of all calls to it
 * @busy: see @nc
 * @bnc:  the booking's call, under way if @bbusy
 * @bask: what that asks
 * @bbusy: see @bnc
 */
struct cl_srv {
	struct cl_call nc;
	struct cl_vol *vol;
	u8 idx;
	struct mx_owner_call oc;
	struct mx_ask ask;
	struct rmp_flow flow;
	bool busy;
	struct cl_call bnc;
	struct mx_ask bask;
	bool bbusy;
};

struct cl_op;

/**
 * struct cl_leg - a leg on the wire
 * @nc:   its call
 * @op:   its operation
 * @i:    its number in it
 * @ask:  what is asked
 * @busy: the call is under way
 * @kept: a reply is kept until the operation has ended
 */
struct cl_leg {
	struct cl_call nc;
	struct cl_op *op;
	u8 i;
	struct mx_ask ask;
	bool busy;
	bool kept;
};

/**
 * struct cl_op - an operation, and the I/O that it is done for
 * @op:     the engine's
 * @vol:    whose
 * @next:   in cl_vol.ops
 * @prev:   likewise
 * @chunk:  number of its chunk
 * @page:   first page, within the volume
 * @uid:    of the write or discard, for the model
 * @since:  READ: when it began, for the model
 * @began:  ns
 * @data:   WRITE: what it stores, by page
 * @rest:   WRITE: what incomplete pages were completed from: the first, the last
 * @edges:  WRITE: which of them were incomplete
 * @zeros:  WRITE: of zeros
 * @leg:    its legs
 * @wakes:  number of the newest EV_WAKE
 * @io:     somebody waits for it
 * @late:   it is just being sent when all of the claim's are given up
 * @ended:  how it has ended: 1 or an error; 0: it has not
 */
struct cl_op {
	struct mx_op op;
	struct cl_vol *vol;
	struct cl_op *next;
	struct cl_op *prev;
	u32 chunk;
	u32 page;
	u64 uid;
	u64 since;
	u64 began;
	u64 data[MX_OP_PAGES];
	u64 rest[2];
	u8 edges;
	bool zeros;
	struct cl_leg leg[MX_COPIES_MAX];
	u64 wakes;
	bool io;
	bool late;
	int ended;
};

/**
 * struct cl_vchunk - a chunk at its owner
 * @c:     the engine's
 * @have:  bitmap
 * @lost:  bitmap
 * @begun: it is known what servers have of it
 * @counted: PLACING: it counts against the limit
 */
struct cl_vchunk {
	struct mx_chunk c;
	u64 have[CL_CHUNK / 64];
	u64 lost[CL_CHUNK / 64];
	bool begun;
	bool counted;
};

/**
 * struct cl_truth - a volume, as nobody in the cluster knows it
 * @no:      its number
 * @id:      its id
 * @name:    its name
 * @pages:   its size
 * @nchunks: the same in chunks
 * @copies:  of each chunk
 * @model:   what it may hold
 * @claims:  claims begun so far
 * @top:     the newest claim that has served, as servers know it
 * @seq:     counts those up
 * @keeper:  client that claims it when it has started
 * @gen:     highest generation of each chunk that a server has stored
 * @ghost:   pages that were discarded without asking a server
 * @twinned: when two nodes had one id first, for the model
 * @forked:  an admin has gone on without proof beside an owner that serves
 * @written: a write was acknowledged at some time
 * @dropped: it is given up
 * @left:    a claim went on without proof while another had servers, where a
 *           take-over may find what that one has left
 * @figure:  chunks that servers are to keep room for
 * @kept:    chunks that they kept when all had settled last, each copy counted
 * @limit:   chunks that may be placed at most
 */
struct cl_truth {
	u8 no;
	u64 id;
	char name[16];
	u32 pages;
	u32 nchunks;
	u8 copies;
	struct model model;
	u32 claims;
	struct cl_claim top;
	u32 seq;
	u8 keeper;
	u32 gen[CL_CHUNKS];
	bool ghost[CL_CHUNKS * CL_CHUNK];
	u64 twinned;
	bool forked;
	bool written;
	bool dropped;
	bool left;
	u32 figure;
	u32 kept;
	u32 limit;
};

/**
 * struct cl_vol - a claim on a volume at a client
 * @s:      the simulation
 * @truth:  the volume
 * @node:   the client
 * @no:     number of the claim among those on the volume, from 1 on
 * @o:      the claim
 * @b:      what servers keep for it
 * @found:  for its take-over
 * @srv:    servers, by index in the member table
 * @life:   what mx_op may know of them
 * @env:    likewise
 * @chunk:  chunks
 * @todo:   of mx_op, by chunk
 * @ops:    all operations
 * @nops:   how many
 * @ios:    those that somebody waits for
 * @seq:    cl_truth.seq when it began to serve as the newest, or 0
 * @since:  when it was begun, ns
 * @depth:  I/Os at once at most
 * @running: cl_run() is in it
 * @again:  and has to look once more
 * @tentative: it was begun as one
 * @leaving: it begins nothing any more, for whatever reason
 * @aborting: what is under way is given up
 * @handing: the next claim is to follow it at once
 * @dropping: the volume is to be deleted
 * @withdrawn: it ends as one that is withdrawn, though it is fenced
 * @outlaw:  an admin has decided that it is over, and it may not know that yet
 * @last_err: how the last I/O has ended
 * @ended:  mx_owner has nothing more to do
 */
struct cl_vol {
	struct sim *s;
	struct cl_truth *truth;
	u8 node;
	u32 no;
	struct mx_owner o;
	struct mx_booking b;
	struct mx_owner_chunk found[CL_CHUNKS];
	struct cl_srv srv[CL_MEMBERS];
	struct mx_srv_life life[MX_MEMBERS];
	struct mx_env env;
	struct cl_vchunk chunk[CL_CHUNKS];
	struct mx_todo todo[CL_CHUNKS];
	struct cl_op *ops;
	u32 nops;
	u32 ios;
	u32 seq;
	u64 since;
	u32 depth;
	bool running;
	bool again;
	bool tentative;
	bool leaving;
	bool aborting;
	bool handing;
	bool dropping;
	bool withdrawn;
	bool outlaw;
	int last_err;
	bool ended;
};

/**
 * struct cl_node - a client
 * @members: its table of servers
 * @heard:   when each was heard last, ns
 * @awake:   since when it has run without a pause, ns
 * @ticked:  its last tick, ns
 * @vol:     its claims, by volume
 */
struct cl_node {
	struct mx_members members;
	u64 heard[MX_MEMBERS];
	u64 awake;
	u64 ticked;
	struct cl_vol *vol[CL_VOLS];
};

/**
 * struct cl_odd - what only some seeds have
 * @rng:   state of its own dice
 * @kinds: bits of what the seed has, 0: it is like most
 * @lied:  a server answers nonsense at times
 */
struct cl_odd {
	u64 rng;
	u32 kinds;
	bool lied;
};

/**
 * struct cl_past - a client of the first version
 * @nc:     its call, under way if @busy
 * @s:      the simulation, NULL: there is no such client
 * @id:     of its volume
 * @node:   on which machine it is
 * @server: the one that it uses
 * @inc:    the life of @server that has answered last
 * @ask:    what is asked
 * @flow:   of its calls
 * @page:   that is asked about
 * @next:   what it holds then
 * @last:   word written last
 * @sure:   of each page: it is known what it holds
 * @word:   that
 * @busy:   see @nc
 * @opened: the server has accepted its claim
 * @dropping: the volume is to be deleted
 * @over:   it asks for nothing any more
 */
struct cl_past {
	struct cl_call nc;
	struct sim *s;
	u64 id;
	u8 node;
	u8 server;
	u32 inc;
	struct mx_ask ask;
	struct rmp_flow flow;
	u32 page;
	u64 next;
	u64 last;
	bool sure[CL_PAST];
	u64 word[CL_PAST];
	bool busy;
	bool opened;
	bool dropping;
	bool over;
};

/**
 * struct cl_sim - one run
 * @s:      what the kit knows of; first
 * @server: memory servers, the last one for twins
 * @client: clients
 * @truth:  volumes
 * @nvols:  how many
 * @quota:  I/Os to begin
 * @begun:  I/Os begun
 * @faults: faults that have struck
 * @slow:   chance that a request is left to a worker, in 1/100000
 * @refuse: chance that a client cannot allocate, likewise
 * @uid:    last one given to a write
 * @life:   last one given to a server
 * @done:   life of the server that has executed a payload, by its uid
 * @ndone:  entries of @done
 * @ops:    operations alive
 * @claimed_twice: some volume had two claims, or may have
 * @odd:    what only some seeds have
 * @past:   likewise
 * @booked: volumes have room kept for them, and limits
 * @contest: nothing fails any more, and volumes compete for the last room
 * @book_rng: dice for that
 */
struct cl_sim {
	struct sim s;
	struct cl_server server[SIM_SERVERS];
	struct cl_node client[SIM_CLIENTS];
	struct cl_truth truth[CL_VOLS];
	u8 nvols;
	u32 quota;
	u32 begun;
	u32 faults;
	u32 slow;
	u32 refuse;
	u64 uid;
	u32 life;
	u32 *done;
	u64 ndone;
	long ops;
	bool claimed_twice;
	struct cl_odd odd;
	struct cl_past past;
	bool booked;
	bool contest;
	u64 book_rng;
};

static inline struct cl_sim *cl_of(struct sim *s)
{
	return container_of(s, struct cl_sim, s);
}

static inline struct cl_node *cl_client(const struct cl_vol *v)
{
	return &cl_of(v->s)->client[v->node];
}

/* cl_server.c */
void cl_server_start(struct sim *s, u8 node);
void cl_server_stop(struct sim *s, u8 node);
void cl_server_deliver(struct link *l, struct rmp_slot *slot);
void cl_server_orphans(struct link *l);
bool cl_server_forget(struct link *l);
void cl_server_wake(struct sim *s, u8 node);
void cl_server_lease(struct sim *s, u8 node);
void cl_server_job(struct sim *s, u8 node, u32 no);
void cl_server_check(struct sim *s, u8 node);
bool cl_server_others(const struct cl_vol *v);
bool cl_server_unlisted(const struct cl_vol *v, u8 idx);
bool cl_server_empty(struct sim *s, u8 node);
u32 cl_server_kept(const struct cl_vol *v, u8 idx, u64 *free);
bool cl_server_knows(struct sim *s, u64 volume, const struct cl_claim *c);
bool cl_claim_below(const struct cl_claim *a, const struct cl_claim *b);

/* cl_client.c */
void cl_client_start(struct sim *s, u8 node);
void cl_client_stop(struct sim *s, u8 node);
void cl_client_tick(struct sim *s, u8 node);
void cl_client_heard(struct link *l, const struct rmp_info *info);
void cl_client_news(struct link *l, u32 events);
void cl_client_cut(struct link *l);
struct cl_vol *cl_vol_new(struct sim *s, u8 node, u8 vol, bool clean);
void cl_vol_begin(struct cl_vol *v, bool tentative);
void cl_claim(struct sim *s, u8 node, u8 vol, bool clean);
void cl_commit(struct sim *s, u8 node, u8 vol, u64 claim);
void cl_vol_park(struct cl_vol *v);
void cl_vol_serves(struct cl_vol *v);
void cl_vol_outlaw(struct cl_vol *v);
bool cl_vol_newest(const struct cl_vol *v);
void cl_run(struct cl_vol *v);
void cl_done(struct link *l, struct rmp_call *call);
void cl_reply_free(struct sim *s, struct cl_call *nc);

/* cl_owner.c */
struct link *cl_link(struct cl_vol *v, u8 server);
bool cl_owner_run(struct cl_vol *v);
void cl_owner_servers(struct cl_vol *v);

/* cl_chunk.c */
void cl_env(struct cl_vol *v);
void cl_chunks_begin(struct cl_vol *v);
void cl_chunks_life(struct cl_vol *v);
void cl_chunks_tick(struct cl_vol *v);
void cl_fenced(struct cl_vol *v);
bool cl_chunks_tidy(struct cl_vol *v);

/* cl_op.c */
struct cl_op *cl_op_new(struct cl_vol *v, u32 chunk, u8 kind, u8 owner, u32 first,
			u32 n, u8 edges);
bool cl_op_run(struct cl_vol *v, u32 chunk);
void cl_op_wake(struct sim *s, u8 node, u8 vol, u64 wakes);
bool cl_op_sent(const struct mx_op *op);
bool cl_op_not_late(const struct mx_op *op);
void cl_op_crash(struct cl_op *co);

/* cl_leg.c */
void cl_leg_send(struct cl_op *co, u8 i);
void cl_leg_void(struct cl_op *co, u8 i);
void cl_leg_free(struct cl_op *co);
u64 cl_leg_page(struct cl_op *co, u8 i, u32 mask, u32 page);

/* cl_io.c */
void cl_io_next(struct sim *s, u8 node, u8 vol, u64 claim);
void cl_io_begin(struct cl_vol *v, u8 kind, u32 page, u32 n);
void cl_io_edge(struct cl_op *co, u32 page, u64 value);
void cl_io_end(struct cl_op *co);

/* cl_main.c */
extern u8 cl_copies;	/* of each chunk, 0: as the seed draws */

/* cl_fault.c */
void cl_plan(struct sim *s);
void cl_strike(struct sim *s);
void cl_mend(struct sim *s, struct event *ev);

/* cl_odd.c */
u64 cl_odd_below(struct sim *s, u64 n);
bool cl_odd(struct sim *s, u32 kind, u32 per_100000);
void cl_odd_plan(struct sim *s);
void cl_odd_event(struct sim *s, struct event *ev);
u64 cl_odd_late(struct sim *s, const struct cl_server *srv, const struct cl_job *job);
int cl_odd_refuse(struct sim *s, u8 node, struct cl_job *job);
int cl_odd_twist(struct sim *s, u8 node, struct cl_job *job, int status);
void cl_odd_answered(struct sim *s, u8 node, const struct cl_job *job);
void cl_odd_ends(struct sim *s);
void cl_odd_over(struct sim *s);

/* cl_book.c */
void cl_book_plan(struct sim *s);
void cl_book_begin(struct cl_vol *v);
void cl_book_event(struct sim *s, struct event *ev);
bool cl_book_run(struct cl_vol *v);
void cl_book_tick(struct cl_vol *v);
bool cl_book_may_place(struct cl_vol *v, u32 chunk);
bool cl_book_within(const struct cl_vol *v);
void cl_book_end(struct sim *s);

/* cl_past.c */
void cl_past_start(struct sim *s, u8 node);
void cl_past_next(struct sim *s);
void cl_past_end(struct sim *s);

#endif /* SIM_CLUSTER_H */
