/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Volumes: what they consist of, and their life.
 *
 * Locks, outermost first. mx_vols_mutex: the list of volumes and who uses them.
 * mx_claim.mutex: what servers know of the volume. mx_vchunk.lock: one chunk and
 * the operations on it. mx_volume.lock: the volume's lists of operations, and
 * @life. mx_pool.lock, mx_reserve.lock and the lock of the server table are
 * leaves. All but the mutexes are taken with bottom halves off. RMAP is called,
 * and I/Os are completed, with none of these held.
 */
#ifndef MX_VOLUME_H
#define MX_VOLUME_H

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "mx_claim.h"
#include "mx_core.h"
#include "mx_pool.h"
#include "mx_reserve.h"
#include "mx_spec.h"
#include "mx_stats.h"
#include "mx_vsrv.h"
#include "engine/mx_op.h"
#include "engine/mx_seal.h"
#include "engine/mx_starve.h"

enum {
	MX_TICK_MS		= 500,
	MX_NOTIFY_MS		= 100,	/* changes told to watchers together */
	MX_OPS_RESERVED		= 64,	/* operations that need no memory, or more if
					 * there are many servers
					 */
	MX_OPS_IO		= 2,	/* operations of one I/O */
};

/* Chunks that have a server; marks of mx_volume.map. */
#define MX_MARK_PLACED	XA_MARK_1

/**
 * struct mx_vchunk - a chunk of a volume
 * @lock: protects it, and the operations on it
 * @c:    engine
 * @todo: what the engine wants; taken from here by whoever changed the chunk
 * @counted: it counts against the volume's limit
 */
struct mx_vchunk {
	spinlock_t	lock;
	struct mx_chunk	c;
	struct mx_todo	todo;
	bool		counted;
};

/* Bits of mx_volume.flags. */
enum mx_vol_flag {
	MX_VF_ABORTED,		/* all I/O fails until the volume is claimed anew */
	MX_VF_DYING,		/* being deleted: no new calls but DROP */
	MX_VF_CANCEL,		/* likewise, and what servers do does not matter */
	MX_VF_CHANGED,		/* watchers have to be told */
	MX_VF_SPARE,		/* some placed chunk has become empty */
	MX_VF_BLIND,		/* of some chunk it is not known which pages it has */
	MX_VF_LIMITED,		/* a chunk was not placed because of the limit */
	MX_VF_SMALL,		/* reserves have not grown with the servers yet */
};

/**
 * struct mx_vol_told - what listeners were told of a volume last
 * @state: enum mx_vol_state
 * @epoch: of the claim
 * @claim: its state in a word, NULL: nothing was told
 * @booking: enum mx_booking_state
 * @granted: chunks that servers keep
 * @limited: its limit was reached
 */
struct mx_vol_told {
	u8	state;
	u32	epoch;
	const char *claim;
	u8	booking;
	u32	granted;
	bool	limited;
};

/**
 * struct mx_volume - a volume
 * @link:    in the list of volumes; under mx_vols_mutex
 * @name:    constant, as are @id, @pages, @nchunks, @shift and @thin
 * @id:      random, non-zero
 * @bytes:   size; changed under mx_vols_mutex, read without. Becomes smaller only
 *           while nobody uses it
 * @pages:   pages that it may grow to; for servers its size
 * @epoch:   of the claim, in every call; changes before it serves only
 * @nchunks: chunks
 * @shift:   log2 of pages per chunk
 * @thin:    larger than the servers could promise when it was made
 * @weight:  share among the volumes of this host; under mx_vols_mutex, read
 *           without
 * @sealed:  its pages are sealed; constant, as is @seal
 * @seal:    with what
 * @user:    who has claimed it, empty: nobody; under mx_vols_mutex
 * @flags:   enum mx_vol_flag
 * @map:     chunk number to struct mx_vchunk; entries never change,
 *           MX_MARK_PLACED does
 * @cks:     the chunks
 * @bitmaps: two per chunk
 * @pool:    private pages
 * @ops:     reserve of operation objects
 * @lock:    protects @retry, @starved, the state in @srv and @life
 * @srv:     servers by index of the server table; an entry, once set, stays
 * @life:    the volume on each of them, as the engines know it; read without a
 *           lock
 * @nsrv:    entries of @srv that are set; only the tick writes it
 * @retry:   operations that are tried again later
 * @starved: I/Os that wait for operation objects; @n is read without the lock
 * @feed:    begins those
 * @timer:   for @retry
 * @nops:    operation objects in use
 * @wq:      woken when @nops or a server's state changes
 * @used:    pages written and not discarded
 * @lost:    pages written and lost
 * @placed:  chunks that have a server
 * @map_gen: changes with the chunk map
 * @stats:   counters
 * @watch_mutex: protects @watches and their callbacks
 * @watches: struct mx_vol_watch
 * @notify:  tells @watches and listeners
 * @told:    what listeners were told; only @notify uses it
 * @drop:    deletes the volume
 * @claim:   what servers were told of it, and what they answered
 */
struct mx_volume {
	struct list_head link;
	char		name[MX_NAME_MAX + 1];
	u64		id;
	u64		bytes;
	u64		pages;
	u32		epoch;
	u32		nchunks;
	u8		shift;
	bool		thin;
	u16		weight;
	bool		sealed;
	struct mx_seal	seal;
	char		user[64];
	unsigned long	flags;

	struct xarray	map;
	struct mx_vchunk *cks;
	u64		*bitmaps;
	struct mx_pool	pool;
	struct mx_reserve ops;

	spinlock_t	lock;
	struct mx_vsrv	*srv[MX_MEMBERS];
	struct mx_srv_life life[MX_MEMBERS];
	unsigned int	nsrv;
	struct list_head retry;
	struct mx_starve starved;
	struct work_struct feed;
	struct timer_list timer;

	atomic_t	nops;
	wait_queue_head_t wq;
	atomic64_t	used;
	atomic64_t	lost;
	atomic_t	placed;
	atomic64_t	map_gen;
	struct mx_vol_stats __percpu *stats;

	struct mutex	watch_mutex;
	struct list_head watches;
	struct delayed_work notify;
	struct mx_vol_told told;
	struct work_struct drop;
	struct mx_claim	*claim;
};

static inline void mx_vstat_add(struct mx_volume *vol, enum mx_vol_stat which,
				u64 n)
{
	this_cpu_add(vol->stats->v[which], n);
}

static inline void mx_vstat_inc(struct mx_volume *vol, enum mx_vol_stat which)
{
	mx_vstat_add(vol, which, 1);
}

/** mx_volume_now_ms() - the engines' clock; cheap, and some ms behind */
static inline u64 mx_volume_now_ms(void)
{
	return div_u64(ktime_get_coarse_ns(), NSEC_PER_MSEC);
}

extern struct mutex mx_vols_mutex;
extern struct list_head mx_vols;
struct netlink_ext_ack;

int mx_volume_make(const struct mx_vol_spec *spec, struct netlink_ext_ack *ack);
int mx_volume_remove(const char *name, struct netlink_ext_ack *ack);
/**
 * struct mx_vol_change - what is to be changed of a volume
 * @weight:  0: as it is
 * @reserve: bytes, or NULL: as it is; see mx_book_set()
 * @limit:   likewise
 */
struct mx_vol_change {
	u16	weight;
	const u64 *reserve;
	const u64 *limit;
};

int mx_volume_change(const char *name, const struct mx_vol_change *change,
		     struct netlink_ext_ack *ack);
/** mx_volume_resize() - give it another size (mx_resize.c). May sleep, not for the
 * network. Return: 0, -EINVAL, -ENOENT, -EFBIG: it was not made to grow so far,
 * -ENOSPC, -EBUSY: it is in use and would become smaller, -ENOTEMPTY
 */
int mx_volume_resize(const char *name, u64 bytes, struct netlink_ext_ack *ack);
/** mx_volume_find() - under mx_vols_mutex. Return: NULL if there is none */
struct mx_volume *mx_volume_find(const char *name);
void mx_volume_free(struct mx_volume *vol);
/** mx_volume_changed() - map, state or usage: watchers will be told */
void mx_volume_changed(struct mx_volume *vol);
/** mx_volume_servers() - a server was added: reserves grow and are shared out anew;
 * if there is no memory for that, the tick tries again
 */
void mx_volume_servers(struct mx_volume *vol);
/** mx_volume_env() - what the engines may know */
void mx_volume_env(const struct mx_volume *vol, struct mx_env *env);

#endif /* MX_VOLUME_H */
