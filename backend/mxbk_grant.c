// SPDX-License-Identifier: GPL-2.0
/*
 * Grant copies in batches. Copying instead of mapping keeps what is sent stable,
 * marks the guest's pages dirty for a migration at the moment they change, and
 * needs no TLB flush.
 */
#include <linux/local_lock.h>
#include <linux/percpu.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

#include "mxbk.h"

static_assert(PAGE_SIZE == MXBK_FRAME_SIZE);
static_assert(XEN_PAGE_SIZE == MXBK_FRAME_SIZE);

/**
 * struct scratch - a CPU's batch for copies out of replies
 * @lock:  held while the batch is in use; BHs are off
 * @batch: the batch
 */
struct scratch {
	local_lock_t	lock;
	struct mxbk_batch batch;
};

static DEFINE_PER_CPU(struct scratch, scratch) = {
	.lock = INIT_LOCAL_LOCK(lock),
};

struct mxbk_batch *mxbk_batch_get(void)
{
	local_lock(&scratch.lock);
	return this_cpu_ptr(&scratch.batch);
}

void mxbk_batch_put(struct mxbk_batch *batch)
{
	local_unlock(&scratch.lock);
}

static struct gnttab_copy *next_op(struct mxbk_batch *batch,
				   struct mxbk_pend *pend)
{
	if (batch->n == MXBK_BATCH)
		mxbk_batch_flush(batch);
	batch->owner[batch->n] = pend;
	return &batch->op[batch->n++];
}

static void set_guest(struct gnttab_copy_ptr *ptr, const struct mxbk_pend *pend,
		      const struct mxbk_cut *cut)
{
	ptr->u.ref = cut->gref;
	ptr->domid = pend->ring->dev->xdev->otherend_id;
	ptr->offset = cut->off;
}

static void set_local(struct gnttab_copy_ptr *ptr, struct page *page,
		      unsigned int off)
{
	ptr->u.gmfn = xen_page_to_gfn(page);
	ptr->domid = DOMID_SELF;
	ptr->offset = off;
}

void mxbk_copy_in(struct mxbk_batch *batch, struct mxbk_pend *pend,
		  const struct mxbk_cut *from, struct page *page,
		  unsigned int off)
{
	struct gnttab_copy *op = next_op(batch, pend);

	set_guest(&op->source, pend, from);
	set_local(&op->dest, page, off);
	op->len = from->len;
	op->flags = GNTCOPY_source_gref;
}

void mxbk_copy_out(struct mxbk_batch *batch, struct mxbk_pend *pend,
		   const struct mxbk_cut *to, struct page *page,
		   unsigned int off)
{
	struct gnttab_copy *op = next_op(batch, pend);
	struct xen_page_foreign *foreign = xen_page_foreign(page);

	set_guest(&op->dest, pend, to);
	op->len = to->len;
	op->flags = GNTCOPY_dest_gref;
	if (!foreign) {
		set_local(&op->source, page, off);
		return;
	}
	/* The reply came from another guest, over a bridge and its vif. */
	op->source.u.ref = foreign->gref;
	op->source.domid = foreign->domid;
	op->source.offset = off;
	op->flags |= GNTCOPY_source_gref;
}

/* Where grants are mapped for a moment; under trial_mutex. No memory is behind it. */
static struct page *trial;
static DEFINE_MUTEX(trial_mutex);

int mxbk_grant_init(void)
{
	return gnttab_alloc_pages(1, &trial);
}

void mxbk_grant_exit(void)
{
	gnttab_free_pages(1, &trial);
}

static bool can_be_mapped(domid_t domain, u32 ref)
{
	unsigned long at = (unsigned long)page_address(trial);
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_map_grant_ref map;

	gnttab_set_map_op(&map, at, GNTMAP_host_map, ref, domain);
	if (HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &map, 1))
		return false;
	/* Xen has paged it out, and brings it back: xenbus waits for that. */
	if (map.status == GNTST_eagain)
		return true;
	if (map.status != GNTST_okay)
		return false;
	gnttab_set_unmap_op(&unmap, at, GNTMAP_host_map, map.handle);
	return !HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1) &&
	       unmap.status == GNTST_okay;
}

bool mxbk_grants_good(struct mxbk_dev *dev, const u32 *ref, u32 n)
{
	u32 i;

	mutex_lock(&trial_mutex);
	for (i = 0; i < n; i++)
		if (!can_be_mapped(dev->xdev->otherend_id, ref[i]))
			break;
	mutex_unlock(&trial_mutex);
	return i == n;
}

void mxbk_batch_flush(struct mxbk_batch *batch)
{
	unsigned int i;
	bool failed;

	if (!batch->n)
		return;
	failed = HYPERVISOR_grant_table_op(GNTTABOP_copy, batch->op, batch->n);
	for (i = 0; i < batch->n; i++) {
		struct mxbk_pend *pend = batch->owner[i];
		s16 status = batch->op[i].status;

		if (likely(!failed && status == GNTST_okay))
			continue;
		if (!failed && status == GNTST_eagain) {
			pend->again = true;
			continue;
		}
		pend->err = -EIO;
		if (!failed)
			mxbk_ring_odd(pend->ring);
	}
	batch->n = 0;
}
