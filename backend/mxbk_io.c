// SPDX-License-Identifier: GPL-2.0
/*
 * From a checked request to I/O on the volume and back. Nothing here allocates
 * or sleeps.
 *
 * A copy that meets a guest page which Xen has paged out (GNTST_eagain) is not
 * waited for: a write copies again later, a read is asked for again, since its
 * data is gone by then.
 */
#include "mxbk.h"

static bool has_data_in(const struct mxbk_pend *pend)
{
	return pend->req.op == MXBK_WRITE ||
	       (pend->req.op == MXBK_FLUSH && pend->req.nsegs);
}

static void drop_pages(struct mxbk_pend *pend)
{
	if (pend->npages)
		mx_pages_put(&pend->io);
	pend->npages = 0;
}

/* Return: true when the request has been ended or put off. */
static bool copy_went_wrong(struct mxbk_pend *pend)
{
	if (likely(!pend->err && !pend->again))
		return false;
	if (!pend->err && ++pend->tries < MXBK_AGAIN_TRIES) {
		mxbk_ring_later(pend, true);
		return true;
	}
	drop_pages(pend);
	mxbk_ring_end(pend, -EIO);
	return true;
}

/**
 * struct placing - a piece of a reply on its way into the guest
 * @pend:  request
 * @batch: where the copies are collected
 * @pos:   next byte within the request's data
 */
struct placing {
	struct mxbk_pend *pend;
	struct mxbk_batch *batch;
	u32		 pos;
};

/* A run within one frame of ours may cross several of the guest's segments. */
static int place_run(void *ctx, struct page *page, u32 off, u32 len, u32 msg_off)
{
	struct placing *p = ctx;
	struct mxbk_cut cut;

	page += off >> PAGE_SHIFT;
	off &= ~PAGE_MASK;
	while (mxbk_req_cut(&p->pend->req, p->pos, len, &cut)) {
		mxbk_copy_out(p->batch, p->pend, &cut, page, off);
		p->pos += cut.len;
		off += cut.len;
		len -= cut.len;
	}
	return len ? -EIO : 0;
}

static int place_zeros(struct placing *p, u32 len)
{
	int err = 0;

	while (len && !err) {
		u32 run = min_t(u32, len, PAGE_SIZE);

		err = place_run(p, mxbk_zeros, 0, run, 0);
		len -= run;
	}
	return err;
}

static int io_place(struct mx_io *io, const struct mx_piece *piece)
{
	struct mxbk_pend *pend = container_of(io, struct mxbk_pend, io);
	struct placing p = { .pend = pend, .pos = piece->pos };
	int err;

	p.batch = mxbk_batch_get();
	if (piece->reply || piece->plain)
		err = mx_piece_walk(piece, place_run, &p);
	else
		err = place_zeros(&p, piece->len);
	mxbk_batch_flush(p.batch);
	mxbk_batch_put(p.batch);
	return err ? err : pend->err;
}

static void io_done(struct mx_io *io, int err)
{
	struct mxbk_pend *pend = container_of(io, struct mxbk_pend, io);

	if (!err && pend->req.op == MXBK_READ && copy_went_wrong(pend))
		return;
	if (!err && pend->left)
		mxbk_ring_later(pend, false);
	else
		mxbk_ring_end(pend, err);
}

static void submit(struct mxbk_pend *pend, u8 op, u64 pos, u32 len)
{
	struct mx_io *io = &pend->io;

	io->op = op;
	io->pos = pos;
	io->len = len;
	io->zeros = false;
	io->keep = false;
	io->place = io_place;
	io->done = io_done;
	/* From here on they are the volume's. */
	pend->npages = 0;
	mx_submit(io);
}

static void submit_discard(struct mxbk_pend *pend)
{
	u32 max = pend->ring->dev->discard_max;
	u64 pos = pend->req.pos + pend->req.len - pend->left;
	u32 len = mxbk_req_part(&pend->req, pend->left, max);

	pend->left -= len;
	submit(pend, MX_IO_DISCARD, pos, len);
}

static bool take_pages(struct mxbk_ring *ring, struct mxbk_pend *pend)
{
	u8 slot;

	if (pend->npages)
		return true;
	slot = mx_io_slot(ring->dev->vol, pend->req.pos);
	if (test_bit(slot, ring->starved))
		return false;
	/* Set first: the waiter may be called before the call returns. */
	set_bit(slot, ring->starved);
	pend->io.pos = pend->req.pos;
	pend->io.len = pend->req.len;
	if (!mx_pages_get(&pend->io, &ring->waiter)) {
		ring->stats.n[MXBK_S_OO_REQ]++;
		return false;
	}
	clear_bit(slot, ring->starved);
	pend->npages = pend->io.npages;
	return true;
}

/* Data goes where it will be in the volume's pages, so frames need not match. */
static void copy_data_in(struct mxbk_ring *ring, struct mxbk_pend *pend)
{
	u32 edge = offset_in_page(pend->req.pos);
	struct mxbk_cut cut;
	u32 pos = 0;

	while (pos < pend->req.len) {
		u32 at = edge + pos;
		u32 room = PAGE_SIZE - offset_in_page(at);

		if (!mxbk_req_cut(&pend->req, pos, room, &cut))
			break;
		mxbk_copy_in(ring->batch, pend, &cut,
			     pend->io.pages[at >> PAGE_SHIFT],
			     offset_in_page(at));
		pos += cut.len;
	}
}

static void fetch_segs(struct mxbk_ring *ring, struct list_head *list)
{
	struct mxbk_pend *pend, *next;

	list_for_each_entry(pend, list, link) {
		struct mxbk_cut cut = {
			.gref = pend->req.gref,
			.len = pend->req.nsegs * MXBK_SEG_BYTES,
		};

		pend->err = 0;
		pend->again = false;
		if (pend->req.indirect)
			mxbk_copy_in(ring->batch, pend, &cut,
				     virt_to_page(pend->segs),
				     offset_in_page(pend->segs));
	}
	mxbk_batch_flush(ring->batch);
	list_for_each_entry_safe(pend, next, list, link) {
		int err;

		if (!pend->req.indirect)
			continue;
		list_del(&pend->link);
		if (copy_went_wrong(pend))
			continue;
		err = mxbk_req_segs(pend->segs, &ring->dev->lim, &pend->req);
		if (err) {
			mxbk_ring_odd(ring);
			mxbk_ring_end(pend, err);
		} else {
			list_add_tail(&pend->link, &next->link);
		}
	}
}

static void start(struct mxbk_ring *ring, struct mxbk_pend *pend,
		  struct list_head *writes)
{
	if (has_data_in(pend)) {
		if (take_pages(ring, pend)) {
			copy_data_in(ring, pend);
			list_add_tail(&pend->link, writes);
		} else {
			mxbk_ring_hungry(pend);
		}
		return;
	}
	switch (pend->req.op) {
	case MXBK_READ:
		submit(pend, MX_IO_READ, pend->req.pos, pend->req.len);
		break;
	case MXBK_DISCARD:
		if (!pend->left)
			mxbk_ring_end(pend, 0);
		else if (pend->turn || mxbk_ring_turn(pend))
			submit_discard(pend);
		break;
	default:
		mxbk_ring_end(pend, 0);
	}
}

void mxbk_io_start(struct mxbk_ring *ring, struct list_head *list)
{
	struct mxbk_pend *pend, *next;
	LIST_HEAD(writes);

	fetch_segs(ring, list);
	/* Reads leave at once; writes when all have been copied. */
	mx_plug();
	list_for_each_entry_safe(pend, next, list, link) {
		list_del(&pend->link);
		start(ring, pend, &writes);
	}
	mx_unplug();
	mxbk_batch_flush(ring->batch);
	mx_plug();
	list_for_each_entry_safe(pend, next, &writes, link) {
		list_del(&pend->link);
		if (!copy_went_wrong(pend))
			submit(pend, MX_IO_WRITE, pend->req.pos, pend->req.len);
	}
	mx_unplug();
}
