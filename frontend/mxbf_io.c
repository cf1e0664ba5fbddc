// SPDX-License-Identifier: GPL-2.0
/*
 * Bios become requests on the ring, and responses end them. Nothing here allocates
 * for a request or waits for the backend; a bio that has no slot waits in the disk's list.
 */
#include <linux/highmem.h>
#include <linux/slab.h>
#include <xen/events.h>

#include "mxbf.h"

/**
 * struct mxbf_plug - bios that a submitter has gathered for a disk
 * @cb:   of the submitter's plug; its data is the disk
 * @bios: oldest first; only the submitter uses them
 */
struct mxbf_plug {
	struct blk_plug_cb	cb;
	struct bio_list		bios;
};

static struct mxbf_work *work_of(struct mxbf_dev *dev, const struct mxbf_slot *slot)
{
	return &dev->work[mxbf_index(&dev->table, slot)];
}

static u32 first_frame(struct mxbf_dev *dev, const struct mxbf_slot *slot)
{
	return mxbf_index(&dev->table, slot) * MXBF_SEGS;
}

/* --- data ------------------------------------------------------------------- */

/* A part's bytes, to or from frames; @at: where they are in the request. */
static void copy_part(struct mxbf_dev *dev, u32 frame, u32 at, struct mxbf_part *part, bool in)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	__bio_for_each_segment(bv, part->bio, iter, part->iter) {
		u8 *data = bvec_kmap_local(&bv);
		u32 done, n;

		for (done = 0; done < bv.bv_len; done += n, at += n) {
			u32 off = at % MXBF_FRAME;
			u8 *shared = page_address(dev->page[frame + at / MXBF_FRAME]);

			n = min_t(u32, bv.bv_len - done, MXBF_FRAME - off);
			if (in)
				memcpy(data + done, shared + off, n);
			else
				memcpy(shared + off, data + done, n);
		}
		if (in)
			flush_dcache_page(bv.bv_page);
		kunmap_local(data);
	}
}

/* What a part adds to the disk's statistics. The bio's own iterator is on its way. */
static unsigned long account_start(struct mxbf_part *part)
{
	struct bvec_iter keep = part->bio->bi_iter;
	unsigned long start;

	part->bio->bi_iter = part->iter;
	start = bio_start_io_acct(part->bio);
	part->bio->bi_iter = keep;
	return start;
}

static void account_end(struct mxbf_part *part, unsigned long start)
{
	struct bvec_iter keep = part->bio->bi_iter;

	part->bio->bi_iter = part->iter;
	bio_end_io_acct(part->bio, start);
	part->bio->bi_iter = keep;
}

/* --- requests --------------------------------------------------------------- */

void mxbf_put(struct mxbf_dev *dev, const struct mxbf_slot *slot)
{
	struct blkif_request *req = RING_GET_REQUEST(&dev->ring, dev->ring.req_prod_pvt++);
	u32 i, n, frame = first_frame(dev, slot);

	memset(req, 0, sizeof(*req));
	req->operation = slot->op;
	if (slot->op == MXBF_DISCARD) {
		req->u.discard.id = slot->id;
		req->u.discard.sector_number = slot->sector;
		req->u.discard.nr_sectors = slot->sectors;
		return;
	}
	n = DIV_ROUND_UP((u32)slot->sectors, MXBF_FRAME_SECTORS);
	req->u.rw.id = slot->id;
	req->u.rw.sector_number = slot->sector;
	req->u.rw.nr_segments = n;
	for (i = 0; i < n; i++) {
		req->u.rw.seg[i].gref = dev->ref[frame + i];
		req->u.rw.seg[i].last_sect =
			min_t(u32, slot->sectors - i * MXBF_FRAME_SECTORS, MXBF_FRAME_SECTORS) - 1;
	}
}

void mxbf_push(struct mxbf_dev *dev)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&dev->ring, notify);
	if (notify)
		notify_remote_via_irq(dev->irq);
}

/* Return: whether all of the oldest bio that waits is in @slot now. */
static bool add_pending(struct mxbf_dev *dev, struct mxbf_slot *slot)
{
	struct mxbf_work *work = work_of(dev, slot);
	struct mxbf_part *part = &work->part[slot->parts];
	struct bio *bio = bio_list_peek(&dev->pending);
	u32 at = slot->sectors << SECTOR_SHIFT;
	u32 n;

	n = mxbf_slot_add(slot, slot->op, bio->bi_iter.bi_sector, bio->bi_iter.bi_size);
	if (!n)
		return false;
	part->bio = bio;
	part->iter = bio->bi_iter;
	part->iter.bi_size = n;
	work->start = account_start(part);
	if (slot->op == MXBF_WRITE) {
		copy_part(dev, first_frame(dev, slot), at, part, false);
		mxbf_give_not(dev, part->iter.bi_sector, n >> SECTOR_SHIFT);
	}
	if (n < bio->bi_iter.bi_size) {
		bio_inc_remaining(bio);
		bio_advance_iter(bio, &bio->bi_iter, n);
		return false;
	}
	bio_list_pop(&dev->pending);
	dev->waiting--;
	return true;
}

static u8 op_of(const struct bio *bio)
{
	switch (bio_op(bio)) {
	case REQ_OP_WRITE:
		return MXBF_WRITE;
	case REQ_OP_DISCARD:
		return MXBF_DISCARD;
	default:
		return MXBF_READ;
	}
}

/* A write waits while the freed slot that was there is being discarded. */
static bool must_wait(struct mxbf_dev *dev, const struct bio *bio)
{
	return op_of(bio) == MXBF_WRITE &&
	       mxbf_gives_meet(&dev->table, bio->bi_iter.bi_sector, bio_sectors(bio));
}

/* Begins what waits, in order, as far as there are slots. dev->lock held. */
static void begin_pending(struct mxbf_dev *dev)
{
	struct mxbf_slot *slot = NULL;
	bool any = false;
	struct bio *bio;

	if (!dev->connected)
		return;
	while ((bio = bio_list_peek(&dev->pending)) && !must_wait(dev, bio)) {
		if (slot && slot->op == op_of(bio) && add_pending(dev, slot))
			continue;
		if (slot)
			mxbf_put(dev, slot);
		slot = mxbf_slot_take(&dev->table, op_of(bio), bio->bi_iter.bi_sector);
		if (!slot)
			break;
		any = true;
		if (!add_pending(dev, slot)) {
			mxbf_put(dev, slot);
			slot = NULL;
		}
	}
	if (slot)
		mxbf_put(dev, slot);
	if (any)
		mxbf_push(dev);
	if (dev->waiting <= MXBF_WAITING_MAX / 2 && wq_has_sleeper(&dev->room))
		wake_up_all(&dev->room);
}

void mxbf_go(struct mxbf_dev *dev)
{
	struct mxbf_slot *slot;

	spin_lock_irq(&dev->lock);
	dev->connected = !dev->broken && !dev->dying;
	/* The ring is new: all of these were asked on the one before. */
	for (slot = dev->table.slot; slot < dev->table.slot + MXBF_SLOTS; slot++)
		if (dev->connected && slot->state == MXBF_OUT)
			mxbf_put(dev, slot);
	mxbf_push(dev);
	begin_pending(dev);
	spin_unlock_irq(&dev->lock);
	mxbf_give_again(dev);
}

/* --- the end of requests ------------------------------------------------------ */

static void end_bio(struct bio *bio, int err)
{
	if (err && !bio->bi_status)
		bio->bi_status = errno_to_blk_status(err);
	bio_endio(bio);
}

/* Nobody else knows the request any more. */
static void end_request(struct mxbf_dev *dev, struct mxbf_slot *slot)
{
	struct mxbf_work *work = work_of(dev, slot);
	u32 i, at = 0;

	for (i = 0; i < slot->parts; i++) {
		struct mxbf_part *part = &work->part[i];

		if (slot->op == MXBF_READ && !work->err)
			copy_part(dev, first_frame(dev, slot), at, part, true);
		at += part->iter.bi_size;
	}
	for (i = 0; i < slot->parts; i++)
		end_bio(work->part[i].bio, work->err);
}

/* dev->lock held. */
static void to_end(struct mxbf_dev *dev, struct mxbf_slot *slot, int err, struct list_head *done)
{
	struct mxbf_work *work = work_of(dev, slot);
	u32 i;

	work->err = err;
	for (i = 0; i < slot->parts; i++)
		account_end(&work->part[i], work->start);
	list_add_tail(&work->link, done);
}

static void end_requests(struct mxbf_dev *dev, struct list_head *done)
{
	struct mxbf_work *work, *next;
	unsigned long flags;
	bool gave = false;

	if (list_empty(done))
		return;
	list_for_each_entry(work, done, link)
		end_request(dev, &dev->table.slot[work - dev->work]);
	spin_lock_irqsave(&dev->lock, flags);
	list_for_each_entry_safe(work, next, done, link) {
		struct mxbf_slot *slot = &dev->table.slot[work - dev->work];

		gave |= slot->give;
		list_del(&work->link);
		mxbf_slot_free(&dev->table, slot);
	}
	begin_pending(dev);
	spin_unlock_irqrestore(&dev->lock, flags);
	if (gave)
		mxbf_give_again(dev);
}

static void broken(struct mxbf_dev *dev, const char *what)
{
	if (!dev->broken)
		dev_err(&dev->xdev->dev,
			"the backend has written %s: I/O fails until the disk is connected anew\n",
			what);
	dev->broken = true;
	dev->connected = false;
}

/* A response, copied off the ring. Return: whether it was one. */
static bool take(struct mxbf_dev *dev, const struct blkif_response *rsp, struct list_head *done)
{
	struct mxbf_slot *slot = mxbf_answer(&dev->table, rsp->id, rsp->operation);
	int err = 0;

	if (!slot)
		return false;
	if (rsp->status == BLKIF_RSP_EOPNOTSUPP && slot->op == MXBF_DISCARD) {
		dev->discard = false;
		err = -EOPNOTSUPP;
	} else if (rsp->status != BLKIF_RSP_OKAY) {
		err = -EIO;
	}
	to_end(dev, slot, err, done);
	return true;
}

/* Each turn takes requests off the backend's hands, so there are few. dev->lock held. */
static void collect(struct mxbf_dev *dev, struct list_head *done)
{
	struct blkif_front_ring *ring = &dev->ring;
	struct blkif_response rsp;
	int n;

	while (ring->sring && !dev->broken) {
		n = mxbf_unread(&dev->table, ring->rsp_cons, READ_ONCE(ring->sring->rsp_prod));
		if (n <= 0) {
			if (n < 0)
				broken(dev, "an impossible index");
			return;
		}
		virt_rmb();	/* the index before the responses */
		while (n--) {
			RING_COPY_RESPONSE(ring, ring->rsp_cons++, &rsp);
			if (!take(dev, &rsp, done)) {
				broken(dev, "a response to nothing that was asked");
				return;
			}
		}
		ring->sring->rsp_event = ring->rsp_cons + 1;
		virt_mb();	/* where to tell us, before we look once more */
	}
}

irqreturn_t mxbf_event(int irq, void *data)
{
	struct mxbf_dev *dev = data;
	unsigned long flags;
	bool fails, none;
	LIST_HEAD(done);

	spin_lock_irqsave(&dev->lock, flags);
	collect(dev, &done);
	fails = dev->broken;
	spin_unlock_irqrestore(&dev->lock, flags);
	none = list_empty(&done);
	end_requests(dev, &done);
	if (unlikely(fails))
		mxbf_fail(dev);
	xen_irq_lateeoi(irq, none ? XEN_EOI_FLAG_SPURIOUS : 0);
	return IRQ_HANDLED;
}

void mxbf_fail(struct mxbf_dev *dev)
{
	struct bio_list bios = BIO_EMPTY_LIST;
	struct mxbf_slot *slot;
	unsigned long flags;
	struct bio *bio;
	LIST_HEAD(done);

	spin_lock_irqsave(&dev->lock, flags);
	dev->connected = false;
	for (slot = dev->table.slot; slot < dev->table.slot + MXBF_SLOTS; slot++)
		if (slot->state == MXBF_OUT) {
			mxbf_slot_done(&dev->table, slot);
			to_end(dev, slot, -EIO, &done);
		}
	bio_list_merge(&bios, &dev->pending);
	bio_list_init(&dev->pending);
	dev->waiting = 0;
	wake_up_all(&dev->room);
	spin_unlock_irqrestore(&dev->lock, flags);
	end_requests(dev, &done);
	while ((bio = bio_list_pop(&bios)))
		end_bio(bio, -EIO);
}

/* --- submitters --------------------------------------------------------------- */

static void submit(struct mxbf_dev *dev, struct bio_list *bios)
{
	unsigned long flags;
	struct bio *bio;
	bool fails;

	spin_lock_irqsave(&dev->lock, flags);
	fails = dev->broken || dev->dying;
	if (likely(!fails)) {
		dev->waiting += bio_list_size(bios);
		bio_list_merge(&dev->pending, bios);
		begin_pending(dev);
	}
	spin_unlock_irqrestore(&dev->lock, flags);
	while (unlikely(fails) && (bio = bio_list_pop(bios)))
		bio_io_error(bio);
}

/* The end of a submitter's plug: neighbours that it has gathered leave together. */
static void unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct mxbf_plug *plug = container_of(cb, struct mxbf_plug, cb);

	submit(cb->data, &plug->bios);
	kfree(plug);
}

/* Return: whether the submitter will come to unplug() with @bio. */
static bool gather(struct mxbf_dev *dev, struct bio *bio)
{
	struct blk_plug_cb *cb = blk_check_plugged(unplug, dev, sizeof(struct mxbf_plug));

	if (!cb)
		return false;
	bio_list_add(&container_of(cb, struct mxbf_plug, cb)->bios, bio);
	return true;
}

/* As many wait as a queue would have: memory under writeback has a bound. */
static bool make_room(struct mxbf_dev *dev, struct bio *bio)
{
	if (likely(READ_ONCE(dev->waiting) < MXBF_WAITING_MAX))
		return true;
	if (bio->bi_opf & REQ_NOWAIT) {
		bio_wouldblock_error(bio);
		return false;
	}
	wait_event(dev->room, READ_ONCE(dev->waiting) < MXBF_WAITING_MAX);
	return true;
}

void mxbf_submit_bio(struct bio *bio)
{
	struct mxbf_dev *dev = bio->bi_bdev->bd_disk->private_data;
	struct bio_list one = BIO_EMPTY_LIST;

	switch (bio_op(bio)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		break;
	case REQ_OP_DISCARD:
		if (READ_ONCE(dev->discard))
			break;
		fallthrough;
	default:
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
		return;
	}
	if (!bio->bi_iter.bi_size) {
		bio_endio(bio);
	} else if (make_room(dev, bio) && !gather(dev, bio)) {
		bio_list_add(&one, bio);
		submit(dev, &one);
	}
}
