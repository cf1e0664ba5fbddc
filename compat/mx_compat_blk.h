/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block layer shims: one way to make a disk from limits and features, and one
 * shape of open and release.
 */
#ifndef MX_COMPAT_BLK_H
#define MX_COMPAT_BLK_H

#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/err.h>

/* What a disk is; values of our own because older kernels have none. */
#define MX_BLK_WRITE_CACHE	BIT(0)	/* an acknowledged write needs a flush to last */
#define MX_BLK_FUA		BIT(1)	/* takes REQ_FUA writes */
#define MX_BLK_STABLE_WRITES	BIT(2)	/* data must not change while being written */
#define MX_BLK_SYNCHRONOUS	BIT(3)	/* completes in the submitter's context */
#define MX_BLK_NOWAIT		BIT(4)	/* ends a REQ_NOWAIT bio rather than sleep */

#ifdef HAVE_BLK_FEATURES

static inline blk_features_t mx_blk_features(u32 features)
{
	blk_features_t f = 0;

	if (features & MX_BLK_WRITE_CACHE)
		f |= BLK_FEAT_WRITE_CACHE;
	if (features & MX_BLK_FUA)
		f |= BLK_FEAT_FUA;
	if (features & MX_BLK_STABLE_WRITES)
		f |= BLK_FEAT_STABLE_WRITES;
	if (features & MX_BLK_SYNCHRONOUS)
		f |= BLK_FEAT_SYNCHRONOUS;
	if (features & MX_BLK_NOWAIT)
		f |= BLK_FEAT_NOWAIT;
	return f;
}

#else

static inline void mx_blk_set_features(struct request_queue *q, u32 features)
{
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	if (features & MX_BLK_WRITE_CACHE)
		blk_queue_write_cache(q, true, features & MX_BLK_FUA);
	if (features & MX_BLK_STABLE_WRITES)
		blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, q);
	if (features & MX_BLK_NOWAIT)
		blk_queue_flag_set(QUEUE_FLAG_NOWAIT, q);
#ifdef QUEUE_FLAG_SYNCHRONOUS
	if (features & MX_BLK_SYNCHRONOUS)
		blk_queue_flag_set(QUEUE_FLAG_SYNCHRONOUS, q);
#endif
}

#endif

#ifndef HAVE_BLK_LIMITS

/* Zero in a limit means the default, as it does on newer kernels. */
static inline void mx_blk_set_limits(struct request_queue *q,
				     const struct queue_limits *lim)
{
	if (lim->logical_block_size)
		blk_queue_logical_block_size(q, lim->logical_block_size);
	if (lim->physical_block_size)
		blk_queue_physical_block_size(q, lim->physical_block_size);
	if (lim->io_min)
		blk_queue_io_min(q, lim->io_min);
	if (lim->io_opt)
		blk_queue_io_opt(q, lim->io_opt);
	if (lim->max_hw_sectors)
		blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	if (lim->chunk_sectors)
		blk_queue_chunk_sectors(q, lim->chunk_sectors);
	if (lim->max_segments)
		blk_queue_max_segments(q, lim->max_segments);
	if (lim->max_segment_size)
		blk_queue_max_segment_size(q, lim->max_segment_size);
	if (lim->dma_alignment)
		blk_queue_dma_alignment(q, lim->dma_alignment);
	if (lim->max_hw_discard_sectors) {
		q->limits.discard_granularity = lim->discard_granularity;
		blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	}
	if (lim->max_discard_segments)
		blk_queue_max_discard_segments(q, lim->max_discard_segments);
	if (lim->max_write_zeroes_sectors)
		blk_queue_max_write_zeroes_sectors(q,
						   lim->max_write_zeroes_sectors);
}

#endif

/**
 * mx_blk_alloc_disk() - a bio-based disk, not yet added
 * @lim: limits; zero means the block layer's default. Discard wants
 *	max_hw_discard_sectors and discard_granularity. Features in it are
 *	overwritten.
 * @features: MX_BLK_* bits
 * @node: NUMA node of the allocation
 *
 * Return: the disk, to be freed by put_disk(), or an error pointer.
 */
static inline struct gendisk *mx_blk_alloc_disk(struct queue_limits *lim,
						u32 features, int node)
{
	struct gendisk *disk;

#ifdef HAVE_BLK_FEATURES
	lim->features = mx_blk_features(features);
#endif
#ifdef HAVE_BLK_LIMITS
	disk = blk_alloc_disk(lim, node);
	if (IS_ERR(disk))
		return disk;
#else
	disk = blk_alloc_disk(node);
	if (!disk)
		return ERR_PTR(-ENOMEM);
	mx_blk_set_limits(disk->queue, lim);
#endif
#ifndef HAVE_BLK_FEATURES
	mx_blk_set_features(disk->queue, features);
#endif
	return disk;
}

/*
 * MX_BLK_OPEN_RELEASE(pfx) makes pfx_open and pfx_release for a struct
 * block_device_operations out of two functions which the caller has written:
 * int pfx_open_disk(struct gendisk *disk, bool write) and
 * void pfx_release_disk(struct gendisk *disk).
 */
#ifdef HAVE_BLK_MODE
#define MX_BLK_OPEN_RELEASE(pfx) \
static int pfx##_open(struct gendisk *disk, blk_mode_t mode) \
{ \
	return pfx##_open_disk(disk, mode & BLK_OPEN_WRITE); \
} \
static void pfx##_release(struct gendisk *disk) \
{ \
	pfx##_release_disk(disk); \
}
#else
#define MX_BLK_OPEN_RELEASE(pfx) \
static int pfx##_open(struct block_device *bdev, fmode_t mode) \
{ \
	return pfx##_open_disk(bdev->bd_disk, mode & FMODE_WRITE); \
} \
static void pfx##_release(struct gendisk *disk, fmode_t mode) \
{ \
	pfx##_release_disk(disk); \
}
#endif

#endif /* MX_COMPAT_BLK_H */
