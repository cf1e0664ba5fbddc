/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a memory server decides: who may use a volume, whether a request fits
 * the chunk that it is about, what is promised, and what a claimant is told of
 * what is stored.
 *
 * Contract. Sans-IO: the caller has the tables of volumes and chunks, the pages
 * and the locks. It serialises the calls on one volume, those on one chunk and
 * those on the account (struct mx_store's quota and the shares). A request goes
 * this way:
 *
 *   OPEN, DROP  mx_store_open(), mx_store_drop()
 *   STAT        answered at once
 *   LOOK        mx_store_look(), whoever asks
 *   RESERVE     mx_store_admit(), then mx_store_reserve()
 *   the others  mx_store_admit(); if they are about pages then
 *               mx_store_chunk_admit(), under the same hold of the chunk's lock
 *               as the effect, so that SETGEN is answered when nothing of an
 *               older generation can take effect any more
 *
 * mx_store_admit() only reads, follows no pointer and has no loop: it may run at
 * the same time as a change of the volume if the caller then drops its result and
 * calls it again.
 *
 * Versions. A claim without MX_FEAT_GEN is of a node from before generations:
 * its requests have generation 0, which fits every chunk, and none of the
 * answers that are about generations is given to it.
 */
#ifndef MX_STORE_H
#define MX_STORE_H

#include "mx_quota.h"
#include "mx_wire.h"

/**
 * enum mx_store_more - results that are no enum mx_status
 * @MX_STORE_MAKE:  OPEN: the volume has to be made: mx_store_vol_init(); else
 *                  the chunk: mx_store_promise(), mx_store_chunk_init()
 * @MX_STORE_RENEW: the chunk is the left-over of a placement that was given up:
 *                  free it with all its pages, then as MX_STORE_MAKE
 * @MX_STORE_FREE:  DROP: done, and the volume has to be freed
 */
enum mx_store_more {
	MX_STORE_MAKE	= MX_ST_MAX + 1,
	MX_STORE_RENEW,
	MX_STORE_FREE,
};

/**
 * enum mx_store_state - what a server takes
 * @MX_STORE_RUNNING:  everything
 * @MX_STORE_DRAINING: no new chunks
 * @MX_STORE_CLOSING:  nothing that would be stored; it is about to stop
 */
enum mx_store_state {
	MX_STORE_RUNNING,
	MX_STORE_DRAINING,
	MX_STORE_CLOSING,
};

enum mx_store_limits {
	MX_TOMBS_MAX	= 1024,	/* volumes dropped that are remembered */
	MX_TOMB_EPOCHS	= 65536, /* so far above what is remembered may a claim be */
	MX_HOLD_MS	= 5000,	/* what is kept for the time being is, without a word */
	MX_LEASE_STEP_MS = 4000, /* time that counts at most, from tick to tick */
	MX_LEASE_ALIVE_MS = 10000, /* an owner is SILENT after that */
	MX_LEASE_LEAST_MS = 30000, /* shortest expiry */
};

/**
 * enum mx_lease - what a server knows of a volume's owner
 * @MX_LEASE_ALIVE:  it has asked for something within MX_LEASE_ALIVE_MS
 * @MX_LEASE_SILENT: it has not
 * @MX_LEASE_OVER:   its node has another incarnation: this claim will not come back,
 *                   but another one may be made
 * @MX_LEASE_UNKNOWN: it has not, but is of a version that asks for nothing while it
 *                   is idle
 */
enum mx_lease {
	MX_LEASE_ALIVE,
	MX_LEASE_SILENT,
	MX_LEASE_OVER,
	MX_LEASE_UNKNOWN,
};

/**
 * struct mx_store_claim - a claim on a volume; they are ordered by epoch, then
 * by node
 * @node:     whose it is; 0: there is none
 * @epoch:    its epoch
 * @inc:      the node's incarnation
 * @features: enum mx_feature of that node
 */
struct mx_store_claim {
	u64	node;
	u32	epoch;
	u32	inc;
	u32	features;
};

/**
 * struct mx_store_tomb - a volume that was dropped without its owner
 * @id:    the volume's
 * @claim: highest claim that was in force on it here
 */
struct mx_store_tomb {
	u64	id;
	struct mx_store_claim claim;
};

/**
 * struct mx_store - a memory server
 * @quota:    what is promised and stored; account
 * @nvols:    volumes that there are, those that are being freed too; caller's
 *            lock for the table of volumes
 * @max_vols: at most so many; constant
 * @max_answers: pages in answers that a client has not taken yet, at most; constant
 *            while requests come
 * @state:    enum mx_store_state; written by one byte, read without lock
 * @clock:    ms in which it could hear owners; lock for the table of volumes, as
 *            for all that follows
 * @ticked:   ms: when @clock was last wound, 0: never
 * @expiry:   ms of silence after which a volume is dropped, 0: never
 * @ntombs:   entries of @tomb in use
 * @tomb:     volumes that were dropped without their owners, oldest first
 */
struct mx_store {
	struct mx_quota	quota;
	u32		nvols;
	u32		max_vols;
	u32		max_answers;
	u8		state;
	u64		clock;
	u64		ticked;
	u64		expiry;
	u32		ntombs;
	struct mx_store_tomb tomb[MX_TOMBS_MAX];
};

/**
 * struct mx_store_who - whom a request is from
 * @volume: id of the volume that it is about
 * @node:   the sender
 * @inc:    its incarnation
 * @epoch:  its epoch of the volume
 */
struct mx_store_who {
	u64	volume;
	u64	node;
	u32	inc;
	u32	epoch;
};

/**
 * struct mx_store_vol - a volume that is known here
 * @id:        as in the requests' headers; constant
 * @pages:     size; constant
 * @name:      NUL-terminated; constant
 * @shift:     log2 of pages in a chunk; constant
 * @sealed:    its pages are sealed and have trailers; constant
 * @claim:     the claim in force; none if all there was is a tentative one
 * @tentative: a higher claim that is not committed, or none
 * @share:     its part of the account
 * @figure:    chunks that its owner wants kept on all servers together, as last told
 *             with what is kept here for good; with the account, as @held_at
 * @held_at:   mx_store.clock when @share.hold was last asked for
 * @heard:     mx_store.clock when a claimant last asked for something; caller's lock
 *             for the table of volumes
 * @over:      the node of @claim has another incarnation; likewise
 * @maker:     whose OPEN has made it, as long as no roster was stored and nobody
 *             else has taken it over: a repeated OPEN is told so again, and no chunk
 *             is placed
 * @roster:    as last stored; number 0: none was
 */
struct mx_store_vol {
	u64		id;
	u64		pages;
	char		name[MX_NAME_MAX + 1];
	u8		shift;
	bool		sealed;
	struct mx_store_claim claim;
	struct mx_store_claim tentative;
	struct mx_share	share;
	u32		figure;
	u64		held_at;
	u64		heard;
	bool		over;
	struct mx_life	maker;
	struct mx_roster roster;
};

/**
 * enum mx_store_chunk_state - what a server has of a chunk
 * @MX_SC_LIVE:    a copy that was in sync when it was last told a generation
 * @MX_SC_FILLING: a copy that is no member: it cannot be read
 * @MX_SC_DEAD:    it is being freed; to all requests it is not here
 */
enum mx_store_chunk_state {
	MX_SC_LIVE	= MX_COPY_LIVE,
	MX_SC_FILLING	= MX_COPY_FILLING,
	MX_SC_DEAD,
};

/**
 * struct mx_store_chunk - a chunk that is here
 * @gen:      its generation, not 0
 * @size:     pages it stands for, all of them promised; constant
 * @used:     pages stored
 * @state:    enum mx_store_chunk_state
 * @nmembers: entries of @member in use, not 0
 * @member:   those in sync in @gen
 */
struct mx_store_chunk {
	u32		gen;
	u32		size;
	u32		used;
	u8		state;
	u8		nmembers;
	struct mx_life	member[MX_COPIES_MAX];
};

/* --- the server -------------------------------------------------------- */

void mx_store_init(struct mx_store *st, u32 max_vols);

/** mx_store_start() - @capacity, @room: as for mx_quota_init() */
void mx_store_start(struct mx_store *st, u64 capacity, u64 room);

/**
 * mx_store_may_answer() - may a client be given @pages more?
 * @kept: pages in answers that it has not taken yet
 *
 * Whoever asks for much and takes nothing would pin memory that is in no account:
 * of LIST, and of READ once the pages were overwritten. If not, the answer is
 * AGAIN. A client that has taken everything is never refused.
 */
bool mx_store_may_answer(const struct mx_store *st, u32 kept, u32 pages);

/* --- volumes and claims ------------------------------------------------ */

/**
 * mx_store_open() - an OPEN
 * @v:      the volume, or NULL if it is not known
 * @name:   payload, @len bytes
 * @arg:    result: the answer's argument
 * @fenced: result: another claim was in force. Before it answers, the caller
 *          waits until no request is running that was admitted before
 *
 * Return: an enum mx_status, or MX_STORE_MAKE.
 */
int mx_store_open(const struct mx_store *st, struct mx_store_vol *v,
		  const struct mx_store_who *who, const struct mx_ask *ask,
		  const char *name, u32 len, u64 *arg, bool *fenced);

/** mx_store_vol_init() - make a volume of an OPEN; it counts from now on.
 * Return: the answer's argument
 */
u64 mx_store_vol_init(struct mx_store *st, struct mx_store_vol *v,
		      const struct mx_store_who *who, const struct mx_ask *ask,
		      const char *name, u32 len);

/** mx_store_vol_gone() - a volume with all its chunks has been freed */
void mx_store_vol_gone(struct mx_store *st);

/**
 * mx_store_drop() - a DROP
 * @v: the volume, or NULL if it is not known
 *
 * If the volume had been dropped here before without its owner, that stays
 * remembered: who made it anew may be somebody who has given up taking it over.
 *
 * Return: an enum mx_status, or MX_STORE_FREE.
 */
int mx_store_drop(struct mx_store *st, struct mx_store_vol *v,
		  const struct mx_store_who *who);

/**
 * mx_store_admit() - may the sender ask this of the volume?
 * @v:   the volume, or NULL if it is not known
 * @ask: any but OPEN, DROP and LOOK
 * @len: bytes of its payload
 * @arg: result: the answer's argument
 *
 * Checks claim, version, range and kind of the volume. A placement is answered AGAIN
 * until the owner has shown by its roster that it knows of the volume being made.
 *
 * Return: an enum mx_status.
 */
int mx_store_admit(const struct mx_store_vol *v, const struct mx_store_who *who,
		   const struct mx_ask *ask, u32 len, u64 *arg);

/** mx_store_roster_set() - store a roster. Return: enum mx_status */
int mx_store_roster_set(struct mx_store_vol *v, const struct mx_roster *r,
			u64 *arg);

/** mx_store_look() - what anybody may know of a volume that has @nchunks chunks */
void mx_store_look(const struct mx_store_vol *v, u32 nchunks, struct mx_look *look);

/** mx_store_old() - a volume whose owner knows no generations */
bool mx_store_old(const struct mx_store_vol *v);

/* --- leases: mx_store_lease.c -------------------------------------------- */

/*
 * All of this under the caller's lock for the table of volumes. Time is that of
 * mx_store.clock: it stands still while this server could hear nobody.
 */

/**
 * mx_store_tick() - time goes on; to be called once a second or so
 * @now:   ms, any clock that does not go back
 * @hears: this host could hear others since the last call. If it could not, or was
 *         not called for long (a host that did not run), the time counts for nobody
 */
void mx_store_tick(struct mx_store *st, u64 now, bool hears);

/** mx_store_heard() - a request of somebody with a claim on the volume was admitted */
void mx_store_heard(const struct mx_store *st, struct mx_store_vol *v);

/** mx_store_seen() - the node of the claim in force lives in incarnation @inc now. That
 * it lives says nothing about the volume, of which it may know nothing any more
 */
void mx_store_seen(struct mx_store_vol *v, u32 inc);

/** mx_store_claims() - whether @who has the claim in force, or the tentative one. Like
 * mx_store_admit() it may run at the same time as a change of the volume
 */
bool mx_store_claims(const struct mx_store_vol *v, const struct mx_store_who *who);

/** mx_store_age() - ms since mx_store_heard() */
u64 mx_store_age(const struct mx_store *st, const struct mx_store_vol *v);

/** mx_store_lease() - Return: enum mx_lease */
u8 mx_store_lease(const struct mx_store *st, const struct mx_store_vol *v);

/** mx_store_expired() - the volume's time is over: mx_store_bury() and free it. Never if a
 * claimant has no MX_FEAT_LEASE: it asks for nothing while it is idle
 */
bool mx_store_expired(const struct mx_store *st, const struct mx_store_vol *v);

/** mx_store_expiry_set() - @ms: see mx_store.expiry. Return: 0 or -EINVAL: too short */
int mx_store_expiry_set(struct mx_store *st, u64 ms);

/** mx_store_bury() - the volume goes without its owner, and that is remembered if
 * anybody has used it; the caller frees it. Return: false if another one was
 * forgotten for it
 */
bool mx_store_bury(struct mx_store *st, const struct mx_store_vol *v);

/** mx_store_tomb() - Return: what is remembered of a volume that is not here, or NULL */
const struct mx_store_tomb *mx_store_tomb(const struct mx_store *st, u64 id);

/** mx_store_unbury() - forget that. Return: whether anything was remembered */
bool mx_store_unbury(struct mx_store *st, u64 id);

/* --- chunks ------------------------------------------------------------ */

/** mx_store_chunk_pages() - pages in chunk @index: less in the last one */
u32 mx_store_chunk_pages(const struct mx_store_vol *v, u64 index);

/**
 * mx_store_chunk_admit() - does an admitted request fit its chunk?
 * @c:   the chunk, or NULL if it is not here
 * @ask: READ, WRITE, DISCARD, SETGEN or BITMAP
 * @arg: result: the answer's argument
 *
 * Return: an enum mx_status, MX_STORE_MAKE or MX_STORE_RENEW. If it is MX_ST_OK
 * and @c is not here, or dead, there is nothing to be done.
 */
int mx_store_chunk_admit(const struct mx_store *st,
			 const struct mx_store_chunk *c,
			 const struct mx_ask *ask, u64 *arg);

/**
 * mx_store_chunk_make() - as mx_store_chunk_admit(), by who makes the chunk if it
 * is to be made
 *
 * A left-over (MX_STORE_RENEW) is dead when this returns: no request can have an
 * effect on it between the decision and the moment when its pages are freed, which
 * may be later and under other holds of the chunk's lock.
 */
int mx_store_chunk_make(const struct mx_store *st, struct mx_store_chunk *c,
			const struct mx_ask *ask, u64 *arg);

/** mx_store_here() - whether there is a chunk: @c may be NULL */
static inline bool mx_store_here(const struct mx_store_chunk *c)
{
	return c && c->state != MX_SC_DEAD;
}

/**
 * mx_store_chunk_init() - make a chunk for the request that needs it
 * @ask:    the request: WRITE or SETGEN
 * @self:   this server
 * @member: SETGEN: its members, @n of them
 */
void mx_store_chunk_init(struct mx_store_chunk *c, const struct mx_store_vol *v,
			 const struct mx_ask *ask, const struct mx_life *self,
			 const struct mx_life *member, u32 n);

/**
 * mx_store_setgen() - a SETGEN that fits
 * @self:   this server
 * @member: its members, @n of them
 * @arg:    result: the answer's argument
 *
 * Return: an enum mx_status.
 */
int mx_store_setgen(struct mx_store_chunk *c, const struct mx_ask *ask,
		    const struct mx_life *self, const struct mx_life *member,
		    u32 n, u64 *arg);

/** mx_store_chunk_dead() - from here on nothing can be stored in the chunk */
void mx_store_chunk_dead(struct mx_store_chunk *c);

/** mx_store_list_entry() - Return: false if the chunk is not to be listed */
bool mx_store_list_entry(const struct mx_store_chunk *c, u32 index,
			 struct mx_listed *l);

/* --- the account ------------------------------------------------------- */

/** mx_store_promise() - room for all of chunk @index. Return: enum mx_status. A server
 * that is DRAINING keeps what it has promised
 */
int mx_store_promise(struct mx_store *st, struct mx_store_vol *v, u64 index);

/**
 * mx_store_reserve() - a RESERVE that was admitted
 * @arg: result: the answer's argument
 *
 * Return: enum mx_status. AGAIN: there is not enough, and what others hold for the
 * time being may be back soon.
 */
int mx_store_reserve(struct mx_store *st, struct mx_store_vol *v,
		     const struct mx_ask *ask, u64 *arg);

/** mx_store_unhold() - to be called now and then: what is held for the time being
 * ends if nobody has asked for it any more
 */
void mx_store_unhold(struct mx_store *st, struct mx_store_vol *v);

/** mx_store_unreserve() - nothing is kept for the volume any more: it is about to be
 * freed
 */
void mx_store_unreserve(struct mx_store *st, struct mx_store_vol *v);

/** mx_store_withdraw() - give up the room of a chunk of @size that is empty */
void mx_store_withdraw(struct mx_store *st, struct mx_store_vol *v, u32 size);

/** mx_store_stored() - @n more pages are stored in a chunk. Its lock is held
 * too
 */
void mx_store_stored(struct mx_store *st, struct mx_store_vol *v,
		     struct mx_store_chunk *c, u32 n);

/** mx_store_dropped() - the opposite; the promise stays */
void mx_store_dropped(struct mx_store *st, struct mx_store_vol *v,
		      struct mx_store_chunk *c, u32 n);

#endif /* MX_STORE_H */
