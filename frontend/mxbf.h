/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memx_blkfront: a guest's driver for disks of MemX, /dev/memxa and so on.
 *
 * The backend is not trusted. All that it can reach is the ring's page and the disk's
 * frames, which hold nothing but what was read from or written to this disk; a bio's
 * own pages are never granted. So a bio can be ended at any time, whatever the backend
 * does with the frames.
 *
 * Locks: mxbf_dev.lock is a leaf, taken with interrupts off, also with a swap area's
 * lock held. What sleeps is done by the work @look, by probe, resume and remove.
 */
#ifndef MXBF_H
#define MXBF_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>
#include <xen/interface/io/blkif.h>

#include "mxbf_req.h"

enum {
	MXBF_FRAMES	 = MXBF_SLOTS * MXBF_SEGS,
	MXBF_WAITING_MAX = 128,		/* bios that wait before submitters are held up */
	MXBF_GIVE_PAGES	 = 1 << 24,	/* of a disk: freed swap slots beyond are not given back */
	MXBF_GIVE_RUN	 = 8192,	/* pages in one discard of freed slots */
	MXBF_LOOK_MS	 = 250,		/* between looks at an offer that is not MemX's */
	MXBF_LOOKS	 = 120,		/* such looks, before that is taken for what it is */
	MXBF_GIVE_MS	 = 10,		/* slots freed within this time are given back together */
};

/**
 * struct mxbf_part - what a request does for a bio
 * @bio:  the bio, or NULL
 * @iter: the part of it
 */
struct mxbf_part {
	struct bio		*bio;
	struct bvec_iter	iter;
};

/**
 * struct mxbf_work - a request's bios; goes with the slot of the same number
 * @link:  in a list of answered requests, its maker's
 * @err:   how the request ended, 0 or a negative error
 * @start: when it was begun, jiffies
 * @part:  bios in order of their sectors; as many as the slot's parts
 */
struct mxbf_work {
	struct list_head	link;
	int			err;
	unsigned long		start;
	struct mxbf_part	part[MXBF_PARTS];
};

/**
 * struct mxbf_dev - a disk
 * @xdev:   its device on the bus
 * @lock:   protects what is marked with (l)
 * @table:  requests (l)
 * @work:   their bios
 * @page:   frames, MXBF_SEGS for each slot, granted for as long as there is the disk
 * @ref:    their grants
 * @ring:   requests and responses; its sring is NULL when there is none (l)
 * @shared: the ring's page
 * @ring_ref: its grant
 * @irq:    of the event channel, or 0
 * @connected: requests may be put on the ring (l)
 * @broken: the backend did what it must not: I/O fails until it is another one (l)
 * @dying:  the disk goes: I/O fails for good (l)
 * @closing: the toolstack wants the disk, which is in use (l)
 * @discard: the backend takes discards (l)
 * @pending: bios that wait for a slot or the backend, oldest first (l)
 * @waiting: how many (l; read without)
 * @room:   submitters that wait until these are fewer
 * @opens:  how often the disk is open (l)
 * @disk:   the disk once it has been connected, or NULL
 * @live:   it is there for the guest; of whoever may make and remove it
 * @look:   looks at the backend's state and does what follows
 * @looks:  times that it has seen an offer that was not MemX's; of @look alone
 * @give:   discards freed swap slots
 * @freed:  bit for each page that is a freed swap slot, or NULL (l)
 * @pages:  bits in it (l)
 * @next:   where @give goes on looking (l)
 */
struct mxbf_dev {
	struct xenbus_device	*xdev;
	spinlock_t		lock;	/* see above */
	struct mxbf_table	table;
	struct mxbf_work	work[MXBF_SLOTS];
	struct page		*page[MXBF_FRAMES];
	grant_ref_t		ref[MXBF_FRAMES];
	struct blkif_front_ring	ring;
	void			*shared;
	grant_ref_t		ring_ref;
	int			irq;
	bool			connected;
	bool			broken;
	bool			dying;
	bool			closing;
	bool			discard;
	struct bio_list		pending;
	u32			waiting;
	wait_queue_head_t	room;
	u32			opens;
	struct gendisk		*disk;
	bool			live;
	struct delayed_work	look;
	u32			looks;
	struct delayed_work	give;
	unsigned long		*freed;
	unsigned long		pages;
	unsigned long		next;
};

extern struct workqueue_struct *mxbf_wq;

/* mxbf_io.c */

void mxbf_submit_bio(struct bio *bio);
irqreturn_t mxbf_event(int irq, void *dev);

/**
 * mxbf_go() - the ring may be used: what is outstanding is asked again, what waits begins
 * @dev: the disk, with a ring that the backend has
 */
void mxbf_go(struct mxbf_dev *dev);

/**
 * mxbf_fail() - ends all I/O with errors, without the backend
 * @dev: the disk; @broken or @dying is set, so nothing begins meanwhile
 *
 * Context: any.
 */
void mxbf_fail(struct mxbf_dev *dev);

/* Puts a request on the ring, not yet pushed. dev->lock held. */
void mxbf_put(struct mxbf_dev *dev, const struct mxbf_slot *slot);
void mxbf_push(struct mxbf_dev *dev);

/* mxbf_give.c */

void mxbf_give_init(struct mxbf_dev *dev);
/* Room for slots of a disk of so many sectors, as far as there is memory. May sleep. */
void mxbf_give_size(struct mxbf_dev *dev, u64 sectors);
void mxbf_give_again(struct mxbf_dev *dev);
/* Pages that are written are no free slots any more. dev->lock held. */
void mxbf_give_not(struct mxbf_dev *dev, u64 sector, u64 sectors);
/* In struct block_device_operations: called under spinlocks for each freed slot. */
void mxbf_slot_freed(struct block_device *bdev, unsigned long index);

/* mxbf_ring.c: all of it may sleep */

int mxbf_frames_make(struct mxbf_dev *dev);
/* After resume: grants of before are none any more. */
int mxbf_frames_again(struct mxbf_dev *dev);
void mxbf_frames_free(struct mxbf_dev *dev);
/* Makes a ring and writes it to xenstore. */
int mxbf_ring_open(struct mxbf_dev *dev);
void mxbf_ring_close(struct mxbf_dev *dev);

/* mxbf_disk.c: all of it may sleep */

int mxbf_disk_make(struct mxbf_dev *dev, u64 sectors, bool readonly);
/* Nobody has it open then, or it is gone under who has. */
void mxbf_disk_remove(struct mxbf_dev *dev);
/* Frees @dev, now or when the last one closes the disk. */
void mxbf_dev_put(struct mxbf_dev *dev);

#endif /* MXBF_H */
