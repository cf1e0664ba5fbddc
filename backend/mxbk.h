/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Xen backend: disks of guests whose `script` is block-memx, served from
 * MemX volumes by grant copy.
 *
 * Contexts. xenwatch, a retry work and sysfs see a disk (struct mxbk_dev) under
 * its mutex. A ring's requests are taken off and started by its tasklet alone;
 * they are ended in whatever context the volume calls back. The ring's spinlock
 * orders the two.
 */
#ifndef MXBK_H
#define MXBK_H

#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>
#include <xen/interface/io/blkif.h>

#include "core/mx_core.h"
#include "mx_xs_keys.h"
#include "mxbk_fsm.h"
#include "mxbk_queue.h"
#include "mxbk_req.h"

enum mxbk_tunables {
	MXBK_SWEEP	 = 64,	/* requests begun, or gone on with, in one run of
				 * the tasklet
				 */
	MXBK_BATCH	 = 64,	/* grant copies in one hypercall */
	MXBK_AGAIN_TRIES = 500,	/* for a guest page that Xen has paged out */
	MXBK_AGAIN_MS	 = 10,	/* between them */
	MXBK_DRAIN_MS	 = 1000, /* for I/O in flight when taken from a live guest */
	MXBK_DISCARDS	 = 8,	/* DISCARDs of a disk that are in the volume at once */
};

struct mxbk_ring;
struct mxbk_dev;

/**
 * struct mxbk_pend - a request in hand, from the ring's pool
 * @io:     I/O on the volume
 * @ring:   its ring
 * @req:    the request, private copy
 * @segs:   raw segments of an indirect request; in one frame of lowmem
 * @link:   in the ring's pool, @stalled, @again, @hungry or @discards, or in the
 *          tasklet's lists
 * @order:  in the ring's @order while it matters to a FLUSH
 * @left:   DISCARD: bytes not handed to the volume yet
 * @err:    what went wrong in a grant copy, or a FLUSH's result
 * @start:  when it was taken off the ring, ns
 * @npages: pages held in io.pages, not submitted yet
 * @tries:  how often a copy met a page that was not there
 * @again:  a copy met such a page in this try
 * @ended:  FLUSH: has nothing to wait for but earlier writes
 * @turn:   DISCARD: one of those that may be in the volume
 */
struct mxbk_pend {
	struct mx_io	 io;
	struct mxbk_ring *ring;
	struct mxbk_req	 req;
	u8		 *segs;
	struct list_head link;
	struct list_head order;
	u64		 left;
	u64		 start;
	int		 err;
	u16		 npages;
	u16		 tries;
	bool		 again;
	bool		 ended;
	bool		 turn;
};

/**
 * struct mxbk_batch - grant copies collected for one hypercall
 * @n:     number
 * @op:    the copies
 * @owner: the request that each belongs to; told of errors
 */
struct mxbk_batch {
	unsigned int	 n;
	struct gnttab_copy op[MXBK_BATCH];
	struct mxbk_pend *owner[MXBK_BATCH];
};

/**
 * enum mxbk_stat - counters of a disk, named as stock backends name theirs
 * @MXBK_S_RD_REQ:  read requests
 * @MXBK_S_WR_REQ:  write requests
 * @MXBK_S_F_REQ:   flush requests
 * @MXBK_S_DS_REQ:  discard requests
 * @MXBK_S_OO_REQ:  times that a write found the reserve of pages used up
 * @MXBK_S_RD_SECT: sectors read
 * @MXBK_S_WR_SECT: sectors written
 * @MXBK_S_ERR:     requests answered with an error; counted nowhere else
 * @MXBK_S_COUNT:   number of counters
 */
enum mxbk_stat {
	MXBK_S_RD_REQ,
	MXBK_S_WR_REQ,
	MXBK_S_F_REQ,
	MXBK_S_DS_REQ,
	MXBK_S_OO_REQ,
	MXBK_S_RD_SECT,
	MXBK_S_WR_SECT,
	MXBK_S_ERR,
	MXBK_S_COUNT,
};

/**
 * struct mxbk_stats - a set of counters
 * @n: by enum mxbk_stat
 * @latency: requests answered without an error, by enum mxbk_op and by the time from
 *     the ring to the response: rmp_lat_bucket()
 */
struct mxbk_stats {
	u64	n[MXBK_S_COUNT];
	u64	latency[MXBK_OPS][RMP_LAT_BUCKETS];
};

/**
 * enum mxbk_told - what memx/error has said of a frontend's ring
 * @MXBK_TOLD_NONE:   nothing
 * @MXBK_TOLD_ODD:    that requests were refused
 * @MXBK_TOLD_BROKEN: that the ring was stopped
 */
enum mxbk_told {
	MXBK_TOLD_NONE,
	MXBK_TOLD_ODD,
	MXBK_TOLD_BROKEN,
};

/**
 * struct mxbk_ring - a ring shared with the frontend
 * @dev:     disk
 * @sring:   shared memory: indices, then slots of abi->slot bytes
 * @abi:     layout
 * @slots:   number of slots
 * @hand:    requests that it may have in hand
 * @irq:     of the event channel; set before @live
 * @eoi:     interrupt that awaits its EOI, or 0; handler sets, tasklet takes
 * @live:    set when all of this may be used
 * @task:    takes requests and starts them
 * @cons:    tasklet: requests consumed
 * @now:     tasklet: when this run of it began, ns
 * @batch:   tasklet: grant copies
 * @pend:    @hand requests
 *
 * @lock:    guards what follows; BHs off
 * @pool:    unused requests
 * @events:  what events are held against the guest. Its @full: @pool was empty when
 *           there was a request to take, and the tasklet goes on when one is back;
 *           its @grace is the tasklet's own
 * @stalled: requests for the tasklet to go on with
 * @again:   requests that wait for @timer
 * @discards: DISCARDs that are in the volume, and those that wait for their turn
 * @order:   WRITEs, DISCARDs and FLUSHes not answered yet, oldest first. A FLUSH is
 *           answered after those before it on its own ring. It need not wait for
 *           other rings: what was acknowledged there is on the servers
 * @rsp_prod: responses produced
 * @inflight: requests taken and not answered
 * @stats:   counters; OO_REQ is the tasklet's
 * @quiet:   take no more requests
 * @stop:    end what there is with an error, start nothing
 * @broken:  the frontend contradicted itself; nothing is taken any more
 * @odd:     the frontend has asked what no driver asks, and was refused
 * @told:    the record's work: enum mxbk_told, of this ring
 * @hungry:  requests that lack pages for their data and wait for @waiter
 * @refilled: @waiter was called: the tasklet tries @hungry again
 * @starved: tasklet, cleared by @waiter: slots (mx_io_slot()) that lack pages; a
 *           request for another one does not wait for them
 *
 * @waiter:  wakes the tasklet when the reserve has pages again
 * @timer:   moves @again to @stalled
 * @idle:    woken when @inflight reaches 0
 */
struct mxbk_ring {
	struct mxbk_dev	*dev;
	struct blkif_sring *sring;
	const struct mxbk_abi *abi;
	u32		slots;
	u32		hand;
	int		irq;
	int		eoi;
	bool		live;
	struct tasklet_struct task;
	u32		cons;
	u64		now;
	struct mxbk_batch *batch;
	struct mxbk_pend *pend;

	spinlock_t	lock;	/* see above */
	struct list_head pool;
	struct mxbk_events events;
	struct list_head stalled;
	struct list_head again;
	struct mxbk_turns discards;
	struct list_head order;
	u32		rsp_prod;
	u32		inflight;
	struct mxbk_stats stats;
	bool		quiet;
	bool		stop;
	bool		broken;
	bool		odd;
	u8		told;
	struct list_head hungry;
	bool		refilled;
	DECLARE_BITMAP(starved, MX_IO_SLOTS);

	struct mx_waiter waiter;
	struct timer_list timer;
	wait_queue_head_t idle;
};

/**
 * struct mxbk_dev - a disk
 * @link:    in the list of disks, from probe to remove (mxbk_park.c)
 * @xdev:    its device on the backend bus
 * @lock:    guards the fields below; nests outside of nothing but xenbus' own
 * @hotplug: watch on hotplug-status
 * @online:  watch on online
 * @retry:   connects when the volume could not be had at first
 * @offered: the frontend can read what is offered; without that the disk can only go
 * @dying:   @retry must not be queued any more
 * @vol:     the volume while connected, else NULL
 * @name:    its name
 * @offer:   rings that are offered
 * @accept:  rings that the frontend may ask for: it may have read an earlier offer,
 *           of the stock backend or of ours before the module was loaded anew
 * @lim:     what requests may do
 * @told_sectors: size that the frontend can read
 * @discard_max: bytes of a DISCARD that are handed on at a time
 * @rings:   rings while connected
 * @nrings:  number of them
 * @stats:   counters of rings that are gone
 * @say_lock: guards @said and @blamed: the record's work has something to say, too,
 *           and who holds @lock may wait for that
 * @said:    the words in memx/error, or empty
 * @blamed:  when the log may have the next line about the frontend
 * @greeted: when it may say that the disk is connected
 *
 * @watch:   tells of changes of the volume
 * @record:  writes the record to xenstore; only while connected
 * @map:     buffer for the map's text, MX_XS_MAP_COUNT nodes of it
 * @servers: buffer for the servers' list
 * @map_gen: map in xenstore, if @map_known
 * @map_nodes: nodes of it
 * @map_known: @map_gen and @map_nodes are true
 * @gen:     generation of the record
 *
 * @tuning:  watch on what others write of the volume's figures
 * @tune:    applies them; only while @tune_on
 * @tune_lock: guards @tune_on with the queueing of @tune, and @tune_said
 * @tune_on: connected
 * @tune_said: what is wrong with them, or empty
 */
struct mxbk_dev {
	struct list_head link;
	struct xenbus_device *xdev;
	struct mutex	lock;	/* see above */
	struct xenbus_watch hotplug;
	struct xenbus_watch online;
	struct delayed_work retry;
	bool		offered;
	bool		dying;
	struct mx_volume *vol;
	char		name[MX_NAME_MAX + 1];
	struct mxbk_offer offer;
	struct mxbk_offer accept;
	struct mxbk_limits lim;
	u64		told_sectors;
	u32		discard_max;
	struct mxbk_ring *rings;
	unsigned int	nrings;
	struct mxbk_stats stats;
	struct mutex	say_lock;	/* see above */
	char		said[160];
	struct mxbk_hush blamed;
	struct mxbk_hush greeted;

	struct mx_vol_watch watch;
	struct delayed_work record;
	char		*map;
	char		*servers;
	u64		map_gen;
	unsigned int	map_nodes;
	bool		map_known;
	u64		gen;

	struct xenbus_watch tuning;
	struct work_struct tune;
	spinlock_t	tune_lock;	/* see above */
	bool		tune_on;
	char		tune_said[120];
};

/* mxbk_main.c */
extern struct workqueue_struct *mxbk_wq;
extern struct page *mxbk_zeros;	/* 4096 of them, to be copied from */
extern atomic64_t mxbk_made[], mxbk_freed[];
/* Things counted; equal at unload, or memory was lost. */
enum mxbk_thing { MXBK_N_DEV, MXBK_N_RING, MXBK_N_REQ, MXBK_N_THINGS };

static inline void mxbk_count_made(enum mxbk_thing thing)
{
	atomic64_inc(&mxbk_made[thing]);
}

static inline void mxbk_count_freed(enum mxbk_thing thing)
{
	atomic64_inc(&mxbk_freed[thing]);
}

/* mxbk_claim.c */
bool mxbk_is_ours(struct xenbus_device *xdev);
/** mxbk_leaving() - the module is going: no more disks are taken */
bool mxbk_leaving(void);
/** mxbk_claim_none() - give up all disks, as remove() does, and take none. May sleep.
 * Return: 0, or an error and nothing was done
 */
int mxbk_claim_none(void);
/** mxbk_claim_all() - take disks again, all there are. May sleep. Return: 0 or an error */
int mxbk_claim_all(void);
int mxbk_claim_init(struct xenbus_driver *driver);
void mxbk_claim_exit(void);

/* mxbk_xenbus.c */
extern struct xenbus_driver mxbk_driver;
/** mxbk_switch() - go to a state of enum mxbk_xb_state */
static inline int mxbk_switch(struct xenbus_device *xdev, u8 state)
{
	return xenbus_switch_state(xdev, (enum xenbus_state)state);
}

/* mxbk_park.c */
/** mxbk_parked() - the module is to be replaced: no disk is to be connected */
bool mxbk_parked(void);
void mxbk_park_add(struct mxbk_dev *dev);
/** mxbk_park_del() - nobody looks at the disk any more. Caller does not hold dev->lock */
void mxbk_park_del(struct mxbk_dev *dev);

/* mxbk_xs.c: may sleep, not for the network */
/**
 * struct mxbk_number - a node of the backend's directory with a number in it
 * @node:  name
 * @value: its number
 */
struct mxbk_number {
	const char	*node;
	u64		value;
};

/**
 * mxbk_xs_write() - write numbers in one transaction
 * @state: also for memx/state, or NULL
 *
 * Return: 0, -ENOENT (the toolstack has removed the disk's directory: it is not
 * made anew), or xenbus' error.
 */
int mxbk_xs_write(struct mxbk_dev *dev, const struct mxbk_number *numbers,
		  unsigned int count, const char *state);
/** mxbk_xs_word() - likewise, text for one node */
int mxbk_xs_word(struct mxbk_dev *dev, const char *node, const char *word);
/** mxbk_xs_there() - whether the disk's directory is there, within a transaction */
bool mxbk_xs_there(struct xenbus_transaction xbt, struct mxbk_dev *dev);
/** mxbk_xs_state() - our state as everybody reads it, enum mxbk_xb_state or nonsense */
u32 mxbk_xs_state(struct xenbus_device *xdev);
/** mxbk_say() - tell why not, in memx/error and the log */
void mxbk_say(struct mxbk_dev *dev, int err, const char *fmt, ...)
	__printf(3, 4);
/** mxbk_say_nothing() - there is nothing wrong any more: memx/error goes */
void mxbk_say_nothing(struct mxbk_dev *dev);
/** mxbk_blame() - likewise, what the frontend has done; the log has one such line of a
 * disk in MXBK_HUSH_S
 */
void mxbk_blame(struct mxbk_dev *dev, int err, const char *fmt, ...)
	__printf(3, 4);

/* mxbk_connect.c: caller holds dev->lock; may sleep, not for the network */
/** mxbk_connect() - Return: 0, -EAGAIN: try again later, or an error; says why */
int mxbk_connect(struct mxbk_dev *dev);
/** mxbk_disconnect() - give up rings and volume, if any. @drain: the guest is
 * alive: let I/O end that can before the rest is failed
 */
void mxbk_disconnect(struct mxbk_dev *dev, bool drain);

/* mxbk_rings.c: caller holds dev->lock; may sleep, not for the network */
/** mxbk_rings_open() - open what the frontend asks for; says why not. What is open
 * when it fails, the caller has to stop and close
 */
int mxbk_rings_open(struct mxbk_dev *dev);
/** mxbk_rings_stop() - nothing is started any more. @drain: let I/O in flight end
 * that can
 */
void mxbk_rings_stop(struct mxbk_dev *dev, bool drain);
/** mxbk_rings_close() - wait for what is in the volume, which has been aborted */
void mxbk_rings_close(struct mxbk_dev *dev);

/* mxbk_ring.c */
/**
 * struct mxbk_ring_cfg - how to open a ring
 * @abi:   layout
 * @says:  what the frontend says of it
 * @rings: rings of the disk
 */
struct mxbk_ring_cfg {
	const struct mxbk_abi *abi;
	const struct mxbk_says *says;
	unsigned int	rings;
};

/** mxbk_ring_open() - map a ring and bind its event; serves it at once */
int mxbk_ring_open(struct mxbk_ring *ring, struct mxbk_dev *dev,
		   const struct mxbk_ring_cfg *cfg);
/** mxbk_ring_quiet() - take nothing more, or (not @quiet) take again */
void mxbk_ring_quiet(struct mxbk_ring *ring, bool quiet);
/** mxbk_ring_drain() - wait a little for what is in flight on a quiet ring */
void mxbk_ring_drain(struct mxbk_ring *ring, unsigned long timeout);
/** mxbk_ring_stop() - start nothing more; fail what is not in the volume */
void mxbk_ring_stop(struct mxbk_ring *ring);
/** mxbk_ring_close() - wait for what is in the volume, which has been aborted */
void mxbk_ring_close(struct mxbk_ring *ring);
/** mxbk_ring_end() - answer a request; any context but hard interrupt */
void mxbk_ring_end(struct mxbk_pend *pend, int err);
/** mxbk_ring_later() - hand a request back to the tasklet, now or in a while */
void mxbk_ring_later(struct mxbk_pend *pend, bool in_a_while);
/** mxbk_ring_odd() - a request was refused that no driver makes: this will be told.
 * Any context but hard interrupt
 */
void mxbk_ring_odd(struct mxbk_ring *ring);
/** mxbk_ring_hungry() - the tasklet goes on with it when there are pages */
void mxbk_ring_hungry(struct mxbk_pend *pend);
/** mxbk_ring_turn() - may a DISCARD begin? If not, the tasklet goes on with it when
 * it may, or it has been ended
 */
bool mxbk_ring_turn(struct mxbk_pend *pend);

/* mxbk_io.c: the tasklet's */
/** mxbk_io_start() - start requests; @list is empty afterwards */
void mxbk_io_start(struct mxbk_ring *ring, struct list_head *list);

/* mxbk_grant.c */
int mxbk_grant_init(void);
void mxbk_grant_exit(void);
struct mxbk_batch *mxbk_batch_get(void);
void mxbk_batch_put(struct mxbk_batch *batch);
/**
 * mxbk_copy_in() - from a guest's frame into memory of ours
 * @page: ours; @off: byte within it. Neither side may leave its frame.
 */
void mxbk_copy_in(struct mxbk_batch *batch, struct mxbk_pend *pend,
		  const struct mxbk_cut *from, struct page *page,
		  unsigned int off);
/** mxbk_copy_out() - from a page that we can read into a guest's frame */
void mxbk_copy_out(struct mxbk_batch *batch, struct mxbk_pend *pend,
		   const struct mxbk_cut *to, struct page *page,
		   unsigned int off);
/**
 * mxbk_grants_good() - whether frames of the frontend can be mapped
 * @ref: grants, MXBK_REFS_MAX at most; @n: how many
 *
 * Maps each for a moment. xenbus would find out as well, but takes that for the end
 * of the disk, and for worth a line in the log each time. May sleep.
 */
bool mxbk_grants_good(struct mxbk_dev *dev, const u32 *ref, u32 n);
/** mxbk_batch_flush() - do it; errors are left in pend->err and pend->again */
void mxbk_batch_flush(struct mxbk_batch *batch);

/* mxbk_record.c */
int mxbk_record_init(struct mxbk_dev *dev);
void mxbk_record_free(struct mxbk_dev *dev);
void mxbk_record_start(struct mxbk_dev *dev);
void mxbk_record_stop(struct mxbk_dev *dev);
/** mxbk_record_soon() - something has changed; any context */
void mxbk_record_soon(struct mxbk_dev *dev);
/** mxbk_record_state() - write memx/state alone; may sleep */
void mxbk_record_state(struct mxbk_dev *dev, const char *word);

/* mxbk_reserve.c */
void mxbk_reserve_init(struct mxbk_dev *dev);
/** mxbk_reserve_changed() - for the watch on memx/ */
void mxbk_reserve_changed(struct xenbus_watch *watch, const char *path,
			  const char *token);
/** mxbk_reserve_start() - connected: what is written of the volume's figures counts */
void mxbk_reserve_start(struct mxbk_dev *dev);
void mxbk_reserve_stop(struct mxbk_dev *dev);
/** mxbk_reserve_write() - a part of the record. Return: 0 or what xenbus says */
int mxbk_reserve_write(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		       const struct mx_vol_booking *booking);

/* mxbk_stats.c */
extern const struct attribute_group *mxbk_groups[];
void mxbk_stats_add(struct mxbk_stats *to, const struct mxbk_stats *from);

#endif /* MXBK_H */
