/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the memory server: volumes, their chunks, the stock of pages.
 *
 * Where a request runs. READ, WRITE, small DISCARDs and STAT run to completion
 * in the softirq that brought them, as long as the chunk and enough stock
 * pages are at hand (mxs_try). All else, and what lacks something, goes to a
 * worker as a job (mxs_req.c) and is tried again there.
 *
 * Locks, outer before inner:
 *   srv.control  mutex; start and stop
 *   srv.table    mutex; which volumes and chunks there are (jobs, dumps)
 *   chunk->lock  which pages a chunk has
 *   srv.account  spinlock; the quota and the volumes' shares
 *   stock.lock   lists of pages that are not stored
 * The spinlocks are taken with bottom halves off. Volumes and chunks are
 * looked up under RCU and freed after a grace period; so who has raised a
 * volume's epoch, unhashed a volume or set srv.closing and then waits for a
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
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "rmp.h"
#include "engine/mx_quota.h"
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
 * @lock: guards @used, @dead, @page
 * @rcu:  it is freed after a grace period
 * @size: pages it stands for, all of them promised; constant
 * @used: pages stored
 * @dead: it is being given up; nothing may be stored in it any more
 * @trailer: sealed volumes: MX_TRAILER_LEN bytes for each page stored, behind
 *        @page; else NULL. Under @lock
 * @page: the stored pages, NULL where nothing was written. The chunk holds a
 *        reference on each; readers take theirs under @lock
 */
struct mxs_chunk {
	spinlock_t	lock;	/* pages and their count */
	struct rcu_head	rcu;
	u32		size;
	u32		used;
	bool		dead;
	u8		*trailer;
	struct page	*page[];
};

/**
 * struct mxs_vol - a volume that is open here
 * @hash:    in srv.hash; RCU for readers, srv.table for changes
 * @link:    in srv.vols, or in srv.dying once unhashed; srv.table
 * @rcu:     it is freed after a grace period
 * @id:      as in the requests' headers; constant
 * @seq:     counts volumes up as they are made; order of dumps
 * @name:    NUL-terminated; constant
 * @pages:   size; constant
 * @shift:   log2 of pages in a chunk; constant
 * @sealed:  its pages are sealed and have trailers; constant
 * @epoch:   highest seen in an OPEN; srv.table for changes, READ_ONCE
 * @owner:   node that opened it at that epoch; as @epoch
 * @heard:   jiffies of its last request; written without lock
 * @chunks:  struct mxs_chunk by index; RCU for readers, srv.table for changes
 * @nchunks: how many; srv.table
 * @share:   its part of the account; srv.account, reads of one field without
 */
struct mxs_vol {
	struct hlist_node hash;
	struct list_head link;
	struct rcu_head	rcu;
	u64		id;
	u64		seq;
	char		name[MX_NAME_MAX + 1];
	u64		pages;
	u8		shift;
	bool		sealed;
	u32		epoch;
	u64		owner;
	unsigned long	heard;
	struct xarray	chunks;
	u32		nchunks;
	struct mx_share	share;
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
 * @table:   guards @vols, @dying, @nvols, @seq and changes of @hash, volumes
 *           and their chunks
 * @account: guards @quota and the volumes' shares
 * @quota:   what is promised and stored
 * @state:   enum mxs_state; @control for changes, READ_ONCE
 * @closing: WRITEs are answered with AGAIN; @control for changes, RCU
 * @load:    0 idle to 255 saturated; written by the tick only, READ_ONCE
 * @seq:     see struct mxs_vol
 * @nvols:   volumes in @vols and @dying together
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
	struct mx_quota	quota;
	u8		state;
	bool		closing;
	u8		load;
	u64		seq;
	u32		nvols;
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

/** mxs_news() - announce at once if free has changed much. Process context. */
void mxs_news(void);

/** mxs_figures() - a consistent copy of the account. Any context but hardirq */
void mxs_figures(struct mx_quota *q);

/* --- mxs_vol.c ------------------------------------------------------- */

extern unsigned int mxs_max_volumes;

/** mxs_vol_find() - Return: the volume or NULL. Caller: rcu_read_lock() */
struct mxs_vol *mxs_vol_find(u64 id);

/**
 * struct mxs_claim - whom a request is from
 * @id:    of the volume
 * @node:  the sender
 * @epoch: its epoch
 */
struct mxs_claim {
	u64	id;
	u64	node;
	u32	epoch;
};

/**
 * mxs_vol_admit() - find the volume that a request is about
 * @vol: result, if it may go on
 *
 * Checks epoch, owner and, for what is about pages, that these are the
 * volume's and in one chunk, and sealed or not as its pages are.
 *
 * Return: an enum mx_status. Caller: rcu_read_lock() or srv.table
 */
int mxs_vol_admit(const struct mxs_claim *who, const struct mx_ask *ask,
		  struct mxs_vol **vol);

/** mxs_vol_open() - do an OPEN; @name is not yet checked
 * Return: an enum mx_status or MXS_LATER. May sleep.
 */
int mxs_vol_open(const struct mxs_claim *who, const struct mx_ask *ask,
		 const char *name, size_t len);

/** mxs_vol_drop() - do a DROP; the pages are freed later. May sleep.
 * Return: an enum mx_status
 */
int mxs_vol_drop(const struct mxs_claim *who);

/** mxs_vols_drop_all() - no volume is left when it returns. May sleep long. */
void mxs_vols_drop_all(void);

void mxs_vols_reap(struct work_struct *work);

/* --- mxs_chunk.c ----------------------------------------------------- */

/**
 * struct mxs_try - one attempt at a request
 * @ask:  what is asked
 * @payload: WRITE: the request's payload
 * @mask: READ: result, which pages there are
 * @page: READ: result, these pages with a reference each, and behind them, of a
 *        sealed volume, a page with their trailers; WRITE: fresh pages with the
 *        payload, taken over if the result is MX_ST_OK
 * @n:    how many, the page of trailers not counted
 */
struct mxs_try {
	struct mx_ask	ask;
	const struct rmp_asm *payload;
	u32		mask;
	struct page	*page[RMP_BUF_PAGES];
	unsigned int	n;
};

static inline bool mxs_sealed(const struct mx_ask *ask)
{
	return ask->flags & MX_F_SEALED;
}

/* Each returns an enum mx_status or MXS_LATER. Caller: rcu_read_lock() */
int mxs_read(struct mxs_vol *vol, struct mxs_try *turn);
int mxs_write(struct mxs_vol *vol, struct mxs_try *turn);
int mxs_discard(struct mxs_vol *vol, const struct mx_ask *ask);

/** mxs_chunk_ready() - is there a chunk to write to? Caller: rcu_read_lock() */
bool mxs_chunk_ready(struct mxs_vol *vol, u64 page);

/** mxs_chunk_make() - make the chunk of @page if there is none. Caller: table
 * Return: an enum mx_status or MXS_LATER
 */
int mxs_chunk_make(struct mxs_vol *vol, u64 page);

/** mxs_discard_slow() - a DISCARD of any length. May sleep.
 * Return: an enum mx_status
 */
int mxs_discard_slow(const struct mxs_claim *who, const struct mx_ask *ask);

/** mxs_chunks_free() - free all chunks of a volume that no request can find */
void mxs_chunks_free(struct mxs_vol *vol);

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

/** mxs_stock_size() - pages that the stock holds, clean or about to be */
u64 mxs_stock_size(void);

void mxs_stock_gauges(u64 *gauge);

/** mxs_host_room() - pages that the host can spare beyond what it must keep */
u64 mxs_host_room(void);

/* --- mxs_req.c ------------------------------------------------------- */

int mxs_jobs_init(void);
void mxs_jobs_exit(void);
unsigned int mxs_jobs_waiting(void);
int mxs_service_start(void);
/** mxs_service_stop() - every request is answered when it returns */
void mxs_service_stop(void);

/* --- mxs_nl.c -------------------------------------------------------- */

int mxs_nl_init(void);
void mxs_nl_exit(void);

#endif /* MXS_H */
