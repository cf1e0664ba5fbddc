/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memx_client: block devices /dev/memxa, memxb, … on volumes.
 *
 * Locks: mxc_mutex protects the list of devices and is never taken in the I/O
 * path; mxc_dev.lock is a leaf, taken with bottom halves off.
 */
#ifndef MXC_H
#define MXC_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "core/mx_core.h"
#include "core/mx_reserve.h"
#include "mx_counters.h"

enum {
	MXC_DEVS_MAX	 = 702,	/* memxa to memxzz */
	MXC_IOS_SERVER	 = 8,	/* I/Os for one server that need no memory; as many
				 * again for all servers together
				 */
	MXC_WAITING_MAX	 = 128,	/* bios that wait before submitters are held up,
				 * for each slot of mx_io_slot()
				 */
	MXC_DISCARD_MAX	 = 64 << 20, /* bytes in one discard, and in one write-zeroes */
};

/* Counters of the module. */
#define MXC_STATS(X) \
	X(MXC_S_DEV_MADE,	"devices_created",	"block devices made") \
	X(MXC_S_DEV_FREED,	"devices_destroyed",	"block devices freed") \
	X(MXC_S_IO_MADE,	"ios_created",		"I/Os begun") \
	X(MXC_S_IO_FREED,	"ios_destroyed",	"I/Os ended") \
	X(MXC_S_PENDED,	"bios_pended",		"bios that waited for memory")

MX_COUNTERS_DECLARE(mxc_stat, mxc_stat, MXC_S_COUNT, MXC_STATS)

/**
 * struct mxc_dev - a block device
 * @link:     in mxc_devs; under mxc_mutex
 * @index:    0 for memxa
 * @vol:      its volume, claimed
 * @volume:   the volume's name
 * @disk:     the disk
 * @watch:    tells of changes of the volume
 * @resize:   gives the disk the volume's size
 * @ios:      struct mxc_io objects
 * @waiter:   told when the volume has private pages again
 * @lock:     protects @pending, @waiting, @opens, @dying
 * @pending:  bios that wait for an object or pages, oldest first, by slot
 * @waiting:  how many, by slot
 * @lacking:  slots of which some wait; set under @lock, read without
 * @serial:   of whoever begins what is pending
 * @room:     submitters that wait until they are fewer
 * @opens:    how often it is open
 * @dying:    being removed: not opened any more, I/O fails
 * @inflight: I/Os under way
 * @idle:     woken when @inflight becomes 0 while @dying
 */
struct mxc_dev {
	struct list_head link;
	int		index;
	struct mx_volume *vol;
	char		volume[MX_NAME_MAX + 1];
	struct gendisk	*disk;
	struct mx_vol_watch watch;
	struct work_struct resize;
	struct mx_reserve ios;
	struct mx_waiter waiter;
	spinlock_t	lock;
	struct bio_list	pending[MX_IO_SLOTS];
	unsigned int	waiting[MX_IO_SLOTS];
	DECLARE_BITMAP(lacking, MX_IO_SLOTS);
	struct mx_serial	serial;
	wait_queue_head_t room;
	unsigned int	opens;
	bool		dying;
	atomic_t	inflight;
	wait_queue_head_t idle;
};

/**
 * struct mxc_io - a bio under way
 * @io:    the core's half
 * @dev:   device
 * @bio:   whose data it is
 * @from:  where the object comes from
 * @start: of I/O accounting, jiffies
 */
struct mxc_io {
	struct mx_io	io;
	struct mxc_dev	*dev;
	struct bio	*bio;
	struct mx_reserved from;
	unsigned long	start;
};

struct netlink_ext_ack;

/* mxc_blk.c */
extern struct mutex mxc_mutex;
extern struct list_head mxc_devs;
/** mxc_dev_make() - @name: result, at least DISK_NAME_LEN bytes */
int mxc_dev_make(const char *volume, char *name, struct netlink_ext_ack *ack);
int mxc_dev_remove(const char *name, struct netlink_ext_ack *ack);
/** mxc_dev_remove_all() - none is open any more */
void mxc_dev_remove_all(void);

/* mxc_io.c */
int mxc_io_init(void);
void mxc_io_exit(void);
/** mxc_io_reserve() - Return: 0 or -ENOMEM */
int mxc_io_reserve(struct mxc_dev *dev);
void mxc_submit_bio(struct bio *bio);
/** mxc_wake() - private pages are back */
void mxc_wake(struct mx_waiter *waiter);
/** mxc_drain() - begin the bios that wait, or fail them if the device is dying */
void mxc_drain(struct mxc_dev *dev);

/* mxc_nl.c */
int mxc_nl_init(void);
void mxc_nl_exit(void);

#endif /* MXC_H */
