/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the memory server: volumes, their chunks, the stock of pages.
 *
 * What is decided about a request is decided by engine/mx_store.c; here are
 * the tables, the pages, the locks and the workers.
 *
 * Where a request runs. READ, WRITE, SETGEN, small DISCARDs and STAT run to
 * completion in the softirq that brought them, as long as the chunk and enough
 * stock pages are at hand (mxs_try). All else, and what lacks something, goes to
 * a worker as a job (mxs_job.c) and is tried again there. Whether a request is an
 * orphan is asked under the lock under which it takes effect, right before it
 * does: what the requester has given up is not done after what it sent next. A
 * softirq may be late too, when another processor takes in the next frames.
 *
 * Locks, outer before inner:
 *   srv.control  mutex; start and stop
 *   srv.table    mutex; which volumes and chunks there are (jobs, dumps)
 *   vol->claims  seqlock; who may use a volume. Written under srv.table too
 *   chunk->lock  a chunk's generation, and which pages it has
 *   srv.account  spinlock; the quota and the volumes' shares
 *   stock.lock   lists of pages that are not stored
 * The spinlocks are taken with bottom halves off. Volumes and chunks are
 * looked up under RCU and freed after a grace period; so who has changed a
 * volume's claim, unhashed a volume or set srv.store.state and then waits for a
 * grace period knows that no request goes by the old state any more.
 *
 * A page's way: host -> stock (clean) -> chunk -> dirty -> [limbo, while an
 * answer that refers to it is kept or being sent] -> cleared -> stock or host.
 * A stored page is never written to: a WRITE puts fresh pages in its place.
 */
#ifndef MXS_H
#define MXS_H

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "rmp.h"
#include "engine/mx_store.h"
#include "engine/mx_wire.h"
#include "mxs_stats.h"

/* No allocation of the server's may take reserves, kill or complain. */
#define MXS_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC)

/* Not an enum mx_status: this wants process context, or memory, and a retry. */
#define MXS_LATER (-EAGAIN)

enum mxs_limits {
	MXS_STEP	= 512,	/* pages freed under one lock, or without a pause */
	MXS_SOFT_DISCARD = 256,	/* pages freed at most in softirq */
};

/**
 * struct mxs_chunk - an aligned run of a volume's pages
 * @lock: guards @s, @page and what @trailer points to
 * @rcu:  it is freed after a grace period
 * @s:    the engine's half
 * @trailer: sealed volumes: MX_TRAILER_LEN bytes for each page stored, behind
 *        @page; else NULL
 * @page: the stored pages, NULL where nothing was written. The chunk holds a
 *        reference on each; readers take theirs under @lock
 */
struct mxs_chunk {
	spinlock_t	lock;	/* generation, pages and their count */
	struct rcu_head	rcu;
	struct mx_store_chunk s;
	u8		*trailer;
	struct page	*page[];
};

/**
 * struct mxs_vol - a volume that is known here
 * @hash:    in srv.hash; RCU for readers, srv.table for changes
 * @link:    in srv.vols, or in srv.dying once unhashed; srv.table
 * @rcu:     it is freed after a grace period
 * @seq:     counts volumes up as they are made; order of dumps
 * @claims:  for the claims in @s, which are changed under srv.table too
 * @fence:   cookie of the grace period after which no request of a former claim is
 *           running; srv.table
 * @s:       the engine's half. Its share: srv.account, reads of one field
 *           without; its roster: srv.table
 * @heard:   jiffies of its last request; written without lock, read by the tick
 * @chunks:  struct mxs_chunk by index; RCU for readers, srv.table for changes
 * @nchunks: how many; srv.table
 */
struct mxs_vol {
	struct hlist_node hash;
	struct list_head link;
	struct rcu_head	rcu;
	u64		seq;
	seqlock_t	claims;	/* read in softirq */
	unsigned long	fence;
	struct mx_store_vol s;
	unsigned long	heard;
	struct xarray	chunks;
	u32		nchunks;
};

/**
 * enum mxs_state - the server's life
 * @MXS_STOPPED:  nothing is served, nothing stored
 * @MXS_RUNNING:  requests are answered
 * @MXS_STOPPING: the volumes are being freed
 */
enum mxs_state {
	MXS_STOPPED,
	MXS_RUNNING,
	MXS_STOPPING,
};

/**
 * struct mxs_server - the one server of this host
 * @control: serialises start and stop
 * @table:   guards @vols, @dying, @store.nvols, @seq and changes of @hash,
 *           volumes and their chunks
 * @account: guards @store.quota and the volumes' shares
 * @store:   the engine's half. Its state: @control for changes, RCU
 * @state:   enum mxs_state; @control for changes, READ_ONCE
 * @load:    0 idle to 255 saturated; written by the tick only, READ_ONCE
 * @seq:     see struct mxs_vol
 * @roster:  one that is being looked at; it is large for a stack; @table
 * @vols:    volumes that can be found
 * @dying:   volumes unhashed and not freed yet
 * @hash:    @vols by id
 * @jobs:    workers for what cannot be done in softirq
 * @chores:  workers for what nobody waits for
 * @reaper:  frees @dying
 * @tick:    once a second: room on the host, load, news
 * @told:    jiffies of the last announcement asked for
 */
struct mxs_server {
	struct mutex	control;	/* start, stop */
	struct mutex	table;	/* volumes and chunks */
	spinlock_t	account;	/* quota and shares */
	struct mx_store	store;
	u8		state;
	u8		load;
	u64		seq;
	struct mx_roster roster;
	struct list_head vols;
	struct list_head dying;
	struct hlist_head hash[256];
	struct workqueue_struct *jobs;
	struct workqueue_struct *chores;
	struct work_struct reaper;
	struct delayed_work tick;
	unsigned long	told;
};

extern struct mxs_server mxs_srv;

/* --- mxs_main.c ------------------------------------------------------ */

int mxs_start(u64 capacity, struct netlink_ext_ack *extack);
int mxs_stop(bool force, struct netlink_ext_ack *extack);

extern unsigned int mxs_max_volumes;

/* --- mxs_account.c --------------------------------------------------- */

/* Any context but hard interrupt, unless it says more. */

void mxs_account_start(u64 capacity, u64 room);

/** mxs_account_room() - what the host can spare now, beyond what is stored */
void mxs_account_room(u64 room);

/** mxs_figures() - a consistent copy of the account */
void mxs_figures(struct mx_quota *q);

/** mxs_news() - announce at once if free has changed much. Process context. */
void mxs_news(void);

/** mxs_promise() - room for a chunk. Return: enum mx_status */
int mxs_promise(struct mxs_vol *vol, u64 index);
void mxs_withdraw(struct mxs_vol *vol, u32 size);

/** mxs_reserve() - a RESERVE that was admitted. Return: enum mx_status. Caller: srv.table */
int mxs_reserve(struct mxs_vol *vol, const struct mx_ask *ask, u64 *arg);
/** mxs_unhold() - look whether somebody still wants what is held for the volume for the
 * time being. Caller: srv.table
 */
void mxs_unhold(struct mxs_vol *vol);
/** mxs_unreserve() - nothing is kept for the volume any more */
void mxs_unreserve(struct mxs_vol *vol);

/** mxs_stored() - @n more pages are in the chunk. Caller: chunk->lock */
void mxs_stored(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 n);
/** mxs_dropped() - @n fewer. Caller: chunk->lock */
void mxs_dropped(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 n);

/* --- mxs_req.c ------------------------------------------------------- */

/**
 * struct mxs_try - one attempt at a request
 * @req:  the request
 * @payload: its payload
 * @who:  its sender
 * @ask:  what is asked
 * @member: SETGEN: the members
 * @nmembers: how many
 * @mask: READ: result, which pages there are
 * @arg:  result, the answer's argument
 * @page: READ: result, these pages with a reference each, and behind them, of a
 *        sealed volume, a page with their trailers; WRITE: fresh pages with the
 *        payload, taken over if the result is MX_ST_OK; LIST, BITMAP, ROSTER,
 *        LOOK: result, pages with the answer's payload
 * @n:    how many, the page of trailers not counted
 * @len:  LIST, BITMAP, ROSTER, LOOK: result, bytes of payload in @page
 */
struct mxs_try {
	struct rmp_req	*req;
	const struct rmp_asm *payload;
	struct mx_store_who who;
	struct mx_ask	ask;
	struct mx_life	member[MX_COPIES_MAX];
	u8		nmembers;
	u32		mask;
	u64		arg;
	struct page	*page[RMP_BUF_PAGES];
	unsigned int	n;
	u32		len;
};

static inline bool mxs_sealed(const struct mx_ask *ask)
{
	return ask->flags & MX_F_SEALED;
}

/** mxs_try_init() - what is asked, and nothing done yet
 * Return: MX_ST_OK, or MX_ST_INVAL if it makes no sense
 */
int mxs_try_init(struct mxs_try *t, struct rmp_req *req);

/** mxs_try() - an attempt that neither sleeps nor allocates. BHs are off.
 * Return: an enum mx_status or MXS_LATER
 */
int mxs_try(struct mxs_try *t);

/** mxs_may_answer() - may its sender be given @pages more? If not it has to take
 * what it was given first: MX_ST_AGAIN
 */
bool mxs_may_answer(const struct mxs_try *t, u32 pages);

/** mxs_orphan() - nobody wants the effect any more. Caller: the lock under which
 * the effect is ordered among others
 */
bool mxs_orphan(const struct mxs_try *t);

/** mxs_answer() - BHs are off. The references on @t->page pass to RMAP */
void mxs_answer(struct mxs_try *t, int status);

int mxs_service_start(void);
/** mxs_service_stop() - every request is answered when it returns */
void mxs_service_stop(void);

/* --- mxs_job.c ------------------------------------------------------- */

int mxs_jobs_init(void);
void mxs_jobs_exit(void);
unsigned int mxs_jobs_waiting(void);

/** mxs_defer() - let a worker do it. Return: false if there are too many */
bool mxs_defer(const struct mxs_try *t);

/* --- mxs_vol.c ------------------------------------------------------- */

/** mxs_vol_find() - Return: the volume or NULL. Caller: rcu_read_lock() */
struct mxs_vol *mxs_vol_find(u64 id);

/** mxs_vol_hear() - somebody opens a volume: if he has a claim on it, he is heard. Any
 * context
 */
void mxs_vol_hear(const struct mxs_try *t);

/**
 * mxs_vol_admit() - find the volume that a request is about
 * @vol: result, if it may go on
 *
 * Return: an enum mx_status. Caller: rcu_read_lock() or srv.table
 */
int mxs_vol_admit(struct mxs_try *t, struct mxs_vol **vol);

/** mxs_vol_open() - do an OPEN; @name is not yet checked
 * Return: an enum mx_status or MXS_LATER. May sleep.
 */
int mxs_vol_open(struct mxs_try *t, const char *name, size_t len);

/** mxs_vol_drop() - do a DROP; the pages are freed later. May sleep.
 * Return: an enum mx_status
 */
int mxs_vol_drop(struct mxs_try *t);

/** mxs_vol_reserve() - do a RESERVE. May sleep. Return: an enum mx_status */
int mxs_vol_reserve(struct mxs_try *t);

/** mxs_vol_free() - no request finds it from now on; its pages are freed later. Caller:
 * srv.table
 */
void mxs_vol_free(struct mxs_vol *vol);

/** mxs_vols_drop_all() - no volume is left when it returns. May sleep long. */
void mxs_vols_drop_all(void);

void mxs_vols_reap(struct work_struct *work);

/* --- mxs_lease.c ----------------------------------------------------- */

/** mxs_leases_tick() - who is heard of the volumes' owners; drops what has expired.
 * Once a second, by a worker
 */
void mxs_leases_tick(void);

/** mxs_expiry_set() - seconds of silence after which a volume is dropped, 0: never.
 * May sleep. Return: 0 or -EINVAL
 */
int mxs_expiry_set(u32 seconds, struct netlink_ext_ack *extack);

/** mxs_vol_forget() - what is remembered of a volume that was dropped. May sleep.
 * Return: 0 or -ENOENT
 */
int mxs_vol_forget(u64 id, struct netlink_ext_ack *extack);

/**
 * mxs_vol_drop_here() - an admin drops a volume
 * @name:  of the volume, or NULL: that with @id
 * @force: although its owner is alive
 *
 * May sleep. Return: 0, -ENOENT, -ENOTUNIQ or -EBUSY.
 */
int mxs_vol_drop_here(const char *name, u64 id, bool force,
		      struct netlink_ext_ack *extack);

/* --- mxs_chunk.c ----------------------------------------------------- */

/* Each returns an enum mx_status or MXS_LATER. Caller: rcu_read_lock() */
int mxs_read(struct mxs_vol *vol, struct mxs_try *t);
int mxs_write(struct mxs_vol *vol, struct mxs_try *t);
int mxs_discard(struct mxs_vol *vol, struct mxs_try *t);
int mxs_setgen(struct mxs_vol *vol, struct mxs_try *t);

/** mxs_chunk_absent() - what to do if there is no chunk to write to
 * Return: MX_ST_OK if there is one; an enum mx_status or MXS_LATER. Caller:
 * rcu_read_lock()
 */
int mxs_chunk_absent(struct mxs_vol *vol, struct mxs_try *t);

/** mxs_chunk_admit() - does the request fit its chunk, which may be NULL?
 * Return: an enum mx_status or MXS_LATER. Caller: chunk->lock
 */
int mxs_chunk_admit(const struct mxs_chunk *chunk, struct mxs_try *t);

/**
 * mxs_chunk_make() - make the request's chunk if there is none, or in place of a
 * left-over
 * @freed: result, the left-over's pages
 *
 * Return: an enum mx_status or MXS_LATER. Caller: srv.table
 */
int mxs_chunk_make(struct mxs_vol *vol, struct mxs_try *t,
		   struct list_head *freed);

/** mxs_discard_slow() - a DISCARD of any length. May sleep.
 * Return: an enum mx_status
 */
int mxs_discard_slow(struct mxs_try *t);

/** mxs_chunks_free() - free all chunks of a volume that no request can find */
void mxs_chunks_free(struct mxs_vol *vol);

/* --- mxs_list.c ------------------------------------------------------ */

/* Each returns an enum mx_status or MXS_LATER. May sleep. */
int mxs_list(struct mxs_try *t);
int mxs_bitmap(struct mxs_try *t);
int mxs_roster(struct mxs_try *t);
int mxs_look(struct mxs_try *t);

/* --- mxs_stock.c ----------------------------------------------------- */

int mxs_stock_init(void);
/** mxs_stock_exit() - waits a while for pages that are still being sent */
void mxs_stock_exit(void);
void mxs_stock_start(u64 capacity);
/** mxs_stock_stop() - all stock goes back to the host; waits a little for
 * pages that are still being sent, and leaves them to be cleared later
 */
void mxs_stock_stop(void);

/** mxs_stock_take() - @n clean pages. Return: false, with none, if too few */
bool mxs_stock_take(struct page **page, unsigned int n);

/** mxs_stock_fill() - get pages from the host until @n are there. May sleep.
 * Return: false if the host can spare no more
 */
bool mxs_stock_fill(unsigned int n);

/** mxs_stock_dirty() - take over @n freed pages, linked by page->lru. Any
 * context but hard interrupt; a worker clears them
 */
void mxs_stock_dirty(struct list_head *pages, unsigned int n);

/** mxs_stock_scrub() - as mxs_stock_dirty(), but clears them now. May sleep. */
void mxs_stock_scrub(struct list_head *pages);

/** mxs_stock_kick() - let a worker look after stock and dirty pages */
void mxs_stock_kick(void);

/** mxs_stock_low() - whether the stock is used up */
bool mxs_stock_low(void);

/** mxs_stock_room() - pages that can be stored in, at once or when cleared */
u64 mxs_stock_room(void);

void mxs_stock_gauges(u64 *gauge);

/** mxs_host_room() - pages that the host can spare beyond what it must keep */
u64 mxs_host_room(void);

/* --- mxs_nl.c -------------------------------------------------------- */

int mxs_nl_init(void);
void mxs_nl_exit(void);

#endif /* MXS_H */
