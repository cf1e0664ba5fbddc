// SPDX-License-Identifier: GPL-2.0
/*
 * Bios become I/Os of the core. Nothing here sleeps or waits for memory: a bio
 * that cannot be begun waits in the device's list.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include "mxc.h"

#define UNPLUG_BYTES SZ_128K	/* begun in one go, or a little more */

/**
 * struct mxc_plug - bios that a submitter has gathered for a device
 * @cb:   of the submitter's plug; its data is the device
 * @bios: oldest first; only the submitter uses them
 */
struct mxc_plug {
	struct blk_plug_cb	cb;
	struct bio_list		bios;
};

static struct kmem_cache *io_cache;

static void construct(void *mio)
{
	memset(mio, 0, sizeof(struct mxc_io));
}

int mxc_io_init(void)
{
	io_cache = kmem_cache_create("mxc_io", sizeof(struct mxc_io), 0,
				     SLAB_HWCACHE_ALIGN, construct);
	return io_cache ? 0 : -ENOMEM;
}

void mxc_io_exit(void)
{
	kmem_cache_destroy(io_cache);
}

int mxc_io_reserve(struct mxc_dev *dev)
{
	u32 size = mx_share_size(0, MXC_IOS_SERVER, MX_MEMBERS);
	int err = mx_reserve_init(&dev->ios, io_cache, size, MXC_IOS_SERVER);

	/* It has its size already. */
	if (!err)
		mx_reserve_servers(&dev->ios, MX_MEMBERS);
	return err;
}

static void io_free(struct mxc_io *mio)
{
	struct mxc_dev *dev = mio->dev;

	mx_reserve_put(&dev->ios, mio, mio->from);
	mxc_stat_inc(MXC_S_IO_FREED);
	/* Bottom halves are off, which keeps the device until we return. */
	if (atomic_dec_and_test(&dev->inflight) && READ_ONCE(dev->dying))
		wake_up(&dev->idle);
	/* Pairs with told_later(): one of us sees what the other has done. */
	if (unlikely(!bitmap_empty(dev->lacking, MX_IO_SLOTS)))
		mxc_drain(dev);
}

static void io_done(struct mx_io *io, int err)
{
	struct mxc_io *mio = container_of(io, struct mxc_io, io);
	struct bio *bio = mio->bio;

	bio_end_io_acct(bio, mio->start);
	bio->bi_status = errno_to_blk_status(err);
	bio_endio(bio);
	io_free(mio);
}

/* A part of a read has arrived, or is zeros. */
static int io_place(struct mx_io *io, const struct mx_piece *piece)
{
	struct mxc_io *mio = container_of(io, struct mxc_io, io);
	struct bvec_iter iter = mio->bio->bi_iter;
	struct bio_vec bv;
	u32 off = 0;

	bio_advance_iter(mio->bio, &iter, piece->pos);
	iter.bi_size = piece->len;
	__bio_for_each_segment(bv, mio->bio, iter, iter) {
		void *to = bvec_kmap_local(&bv);

		mx_piece_copy(piece, off, to, bv.bv_len);
		flush_dcache_page(bv.bv_page);
		kunmap_local(to);
		off += bv.bv_len;
	}
	return 0;
}

/* What is written is copied first: nobody can change it on its way. */
static void copy_in(struct mxc_io *mio)
{
	u32 at = mio->io.pos & (MX_PAGE_SIZE - 1);
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, mio->bio, iter) {
		u8 *from = bvec_kmap_local(&bv);
		u32 done = 0;

		while (done < bv.bv_len) {
			u32 off = at & (MX_PAGE_SIZE - 1);
			u32 n = min_t(u32, bv.bv_len - done, MX_PAGE_SIZE - off);
			struct page *page = mio->io.pages[at >> MX_PAGE_SHIFT];

			memcpy(page_address(page) + off, from + done, n);
			done += n;
			at += n;
		}
		kunmap_local(from);
	}
}

/* What is made zeros is a write of zeros, and has the pages for one. */
static void copy_zeros(struct mxc_io *mio)
{
	u32 i, n = DIV_ROUND_UP((mio->io.pos & (MX_PAGE_SIZE - 1)) + mio->io.len,
				MX_PAGE_SIZE);

	for (i = 0; i < n; i++)
		clear_page(page_address(mio->io.pages[i]));
}

static u8 io_op(const struct bio *bio)
{
	switch (bio_op(bio)) {
	case REQ_OP_WRITE:
	case REQ_OP_WRITE_ZEROES:
		return MX_IO_WRITE;
	case REQ_OP_DISCARD:
		return MX_IO_DISCARD;
	default:
		return MX_IO_READ;
	}
}

static u8 slot_of(struct mxc_dev *dev, const struct bio *bio)
{
	return mx_io_slot(dev->vol, (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT);
}

/* Return: false if there is no object or page for it now. */
static bool begin(struct mxc_dev *dev, struct bio *bio)
{
	struct mx_reserved from;
	struct mxc_io *mio = mx_reserve_get(&dev->ios, slot_of(dev, bio), &from);

	if (!mio)
		return false;
	mio->from = from;
	mio->io.vol = dev->vol;
	mio->io.op = io_op(bio);
	mio->io.pos = (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
	mio->io.len = bio->bi_iter.bi_size;
	if (mio->io.op == MX_IO_WRITE &&
	    !mx_pages_get(&mio->io, &dev->waiter)) {
		mx_reserve_put(&dev->ios, mio, from);
		return false;
	}
	mxc_stat_inc(MXC_S_IO_MADE);
	atomic_inc(&dev->inflight);
	mio->dev = dev;
	mio->bio = bio;
	mio->io.place = io_place;
	mio->io.done = io_done;
	mio->io.zeros = bio_op(bio) == REQ_OP_WRITE_ZEROES;
	/* REQ_NOUNMAP: the range keeps its place, so that later writes find room. */
	mio->io.keep = !!(bio->bi_opf & REQ_NOUNMAP);
	if (mio->io.zeros)
		copy_zeros(mio);
	else if (mio->io.op == MX_IO_WRITE)
		copy_in(mio);
	mio->start = bio_start_io_acct(bio);
	mx_submit(&mio->io);
	return true;
}

static struct bio *next_pending(struct mxc_dev *dev, u8 slot)
{
	struct bio *bio;

	spin_lock_bh(&dev->lock);
	bio = bio_list_pop(&dev->pending[slot]);
	if (bio && --dev->waiting[slot] == MXC_WAITING_MAX / 2)
		wake_up_all(&dev->room);
	if (!dev->waiting[slot])
		clear_bit(slot, dev->lacking);
	spin_unlock_bh(&dev->lock);
	return bio;
}

static void wait_for_memory(struct mxc_dev *dev, struct bio *bio, u8 slot,
			    bool again)
{
	spin_lock_bh(&dev->lock);
	if (again)
		bio_list_add_head(&dev->pending[slot], bio);
	else
		bio_list_add(&dev->pending[slot], bio);
	dev->waiting[slot]++;
	set_bit(slot, dev->lacking);
	spin_unlock_bh(&dev->lock);
}

/*
 * Whether somebody will begin what has just been made to wait: the end of an
 * I/O, or the reserve when it has pages again. If not, what was lacking has
 * come back in between.
 */
static bool told_later(struct mxc_dev *dev)
{
	smp_mb();	/* the bio is on the list before either is read */
	return atomic_read(&dev->inflight) ||
	       !list_empty_careful(&dev->waiter.link);
}

/* Those of one slot, in order. Return: whether one of them still has to wait. */
static bool drain_slot(struct mxc_dev *dev, u8 slot)
{
	struct bio *bio;

	while ((bio = next_pending(dev, slot))) {
		if (READ_ONCE(dev->dying)) {
			bio_io_error(bio);
		} else if (!begin(dev, bio)) {
			wait_for_memory(dev, bio, slot, true);
			return true;
		}
	}
	return false;
}

static void drain(void *ctx)
{
	struct mxc_dev *dev = ctx;
	bool waits;
	u32 slot;

	do {
		waits = false;
		for_each_set_bit(slot, dev->lacking, MX_IO_SLOTS)
			waits |= drain_slot(dev, slot);
		if (!waits || told_later(dev))
			return;
		cpu_relax();
	} while (1);
}

/* Begins what is pending; an I/O may end meanwhile and come here again. */
void mxc_drain(struct mxc_dev *dev)
{
	mx_serial_run(&dev->serial, drain, dev);
}

void mxc_wake(struct mx_waiter *waiter)
{
	mxc_drain(container_of(waiter, struct mxc_dev, waiter));
}

static void pend(struct mxc_dev *dev, struct bio *bio, u8 slot)
{
	mxc_stat_inc(MXC_S_PENDED);
	wait_for_memory(dev, bio, slot, false);
	if (!told_later(dev))
		mxc_drain(dev);
}

/*
 * Submitters are held up when many bios wait, as they are where requests run
 * out of tags. Otherwise a machine that swaps here would have most of its
 * memory under writeback, and call that out of memory. Return: whether to go on.
 */
static bool make_room(struct mxc_dev *dev, struct bio *bio)
{
	u8 slot = slot_of(dev, bio);

	if (likely(READ_ONCE(dev->waiting[slot]) < MXC_WAITING_MAX))
		return true;
	if (bio->bi_opf & REQ_NOWAIT) {
		bio_wouldblock_error(bio);
		return false;
	}
	wait_event(dev->room, READ_ONCE(dev->waiting[slot]) < MXC_WAITING_MAX);
	return true;
}

static void submit(struct mxc_dev *dev, struct bio *bio)
{
	u8 slot = slot_of(dev, bio);

	if (unlikely(test_bit(slot, dev->lacking)) || !begin(dev, bio))
		pend(dev, bio, slot);
}

/* The end of a submitter's plug: what it has gathered leaves together. */
static void unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct mxc_plug *plug = container_of(cb, struct mxc_plug, cb);
	struct mxc_dev *dev = cb->data;
	u32 bytes = 0;
	struct bio *bio;

	mx_plug();
	while ((bio = bio_list_pop(&plug->bios))) {
		/* Others may want bottom halves. */
		if (bytes >= UNPLUG_BYTES) {
			mx_unplug();
			mx_plug();
			bytes = 0;
		}
		bytes += bio->bi_iter.bi_size;
		submit(dev, bio);
	}
	mx_unplug();
	kfree(plug);
}

/* Return: whether the submitter will come to unplug() with @bio. */
static bool gather(struct mxc_dev *dev, struct bio *bio)
{
	struct blk_plug_cb *cb = blk_check_plugged(unplug, dev,
						   sizeof(struct mxc_plug));

	if (!cb)
		return false;
	bio_list_add(&container_of(cb, struct mxc_plug, cb)->bios, bio);
	return true;
}

/*
 * As much of a WRITE_ZEROES as one I/O takes: whole pages, or a part of one, so
 * that what is not aligned costs no more than its ends.
 */
static struct bio *split_zeros(struct bio *bio)
{
	u32 size = bio->bi_iter.bi_size, most = MX_IO_MAX_BYTES;
	u32 at = (bio->bi_iter.bi_sector << SECTOR_SHIFT) & (MX_PAGE_SIZE - 1);
	struct bio *first;

	if (at)
		most = MX_PAGE_SIZE - at;
	else if (size > MX_PAGE_SIZE)
		most = min_t(u32, most, round_down(size, MX_PAGE_SIZE));
	if (size <= most)
		return bio;
	first = bio_split(bio, most >> SECTOR_SHIFT, GFP_NOIO,
			  &bio->bi_bdev->bd_disk->bio_split);
	if (IS_ERR_OR_NULL(first)) {
		bio_io_error(bio);
		return NULL;
	}
	bio_chain(first, bio);
	submit_bio_noacct(bio);
	return first;
}

void mxc_submit_bio(struct bio *bio)
{
	struct mxc_dev *dev = bio->bi_bdev->bd_disk->private_data;

	bio = bio_split_to_limits(bio);
	if (!bio)
		return;
	switch (bio_op(bio)) {
	case REQ_OP_WRITE_ZEROES:
		bio = split_zeros(bio);
		if (!bio)
			return;
		break;
	case REQ_OP_READ:
	case REQ_OP_WRITE:
	case REQ_OP_DISCARD:
		break;
	case REQ_OP_FLUSH:	/* a write ends when servers have it */
		bio_endio(bio);
		return;
	default:
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
		return;
	}
	if (!bio->bi_iter.bi_size)
		bio_endio(bio);
	else if (make_room(dev, bio) && !gather(dev, bio))
		submit(dev, bio);
}
