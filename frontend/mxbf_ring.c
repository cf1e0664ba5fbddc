// SPDX-License-Identifier: GPL-2.0
/*
 * What a disk shares with its backend: frames, a ring and an event channel. What the
 * backend still holds when it is taken back is freed by the kernel once it lets go.
 */
#include <linux/mm.h>
#include <xen/events.h>
#include <xen/interface/io/protocols.h>
#include <xen/page.h>

#include "mxbf.h"

static int make_frame(struct mxbf_dev *dev, u32 i, gfp_t gfp)
{
	struct page *page = alloc_page(gfp | __GFP_ZERO);
	int ref;

	if (!page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(dev->xdev->otherend_id, xen_page_to_gfn(page), 0);
	if (ref < 0) {
		__free_page(page);
		return ref;
	}
	dev->page[i] = page;
	dev->ref[i] = ref;
	return 0;
}

int mxbf_frames_make(struct mxbf_dev *dev)
{
	int err = 0;
	u32 i;

	for (i = 0; i < MXBF_FRAMES && !err; i++)
		err = make_frame(dev, i, GFP_KERNEL);
	return err;
}

/* A frame that a backend of before still holds is left to it. */
int mxbf_frames_again(struct mxbf_dev *dev)
{
	struct page *old;
	grant_ref_t ref;
	int err;
	u32 i;

	for (i = 0; i < MXBF_FRAMES; i++) {
		old = dev->page[i];
		ref = dev->ref[i];
		if (gnttab_end_foreign_access_ref(ref)) {
			gnttab_grant_foreign_access_ref(ref, dev->xdev->otherend_id,
							xen_page_to_gfn(old), 0);
			continue;
		}
		err = make_frame(dev, i, GFP_NOIO | __GFP_HIGH);
		if (err)
			return err;
		copy_page(page_address(dev->page[i]), page_address(old));
		gnttab_end_foreign_access(ref, old);
	}
	return 0;
}

void mxbf_frames_free(struct mxbf_dev *dev)
{
	u32 i;

	for (i = 0; i < MXBF_FRAMES; i++) {
		if (dev->page[i])
			gnttab_end_foreign_access(dev->ref[i], dev->page[i]);
		dev->page[i] = NULL;
	}
}

static int make_ring(struct mxbf_dev *dev)
{
	struct xenbus_device *xdev = dev->xdev;
	evtchn_port_t port;
	int err;

	err = xenbus_setup_ring(xdev, GFP_NOIO | __GFP_HIGH, &dev->shared, 1, &dev->ring_ref);
	if (err)
		return err;
	spin_lock_irq(&dev->lock);
	BUILD_BUG_ON(__CONST_RING_SIZE(blkif, XEN_PAGE_SIZE) != MXBF_SLOTS);
	XEN_FRONT_RING_INIT(&dev->ring, (struct blkif_sring *)dev->shared, XEN_PAGE_SIZE);
	spin_unlock_irq(&dev->lock);
	err = xenbus_alloc_evtchn(xdev, &port);
	if (err)
		return err;
	err = bind_evtchn_to_irqhandler_lateeoi(port, mxbf_event, 0, "memx-blkfront", dev);
	if (err < 0) {
		xenbus_free_evtchn(xdev, port);
		return err;
	}
	dev->irq = err;
	return port;
}

/* The last two are what the stock driver may have left there. */
static int write_ring(struct mxbf_dev *dev, struct xenbus_transaction xbt, evtchn_port_t port)
{
	const char *dir = dev->xdev->nodename;
	int err;

	err = xenbus_printf(xbt, dir, "ring-ref", "%u", dev->ring_ref);
	if (!err)
		err = xenbus_printf(xbt, dir, "event-channel", "%u", port);
	if (!err)
		err = xenbus_printf(xbt, dir, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
	if (!err)
		err = xenbus_printf(xbt, dir, "multi-queue-num-queues", "1");
	if (!err)
		err = xenbus_printf(xbt, dir, "ring-page-order", "0");
	return err;
}

static int tell_ring(struct mxbf_dev *dev, evtchn_port_t port)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = write_ring(dev, xbt, port);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

int mxbf_ring_open(struct mxbf_dev *dev)
{
	int err = make_ring(dev);

	if (err >= 0)
		err = tell_ring(dev, err);
	if (err < 0)
		mxbf_ring_close(dev);
	return err;
}

void mxbf_ring_close(struct mxbf_dev *dev)
{
	spin_lock_irq(&dev->lock);
	dev->connected = false;
	dev->ring.sring = NULL;
	spin_unlock_irq(&dev->lock);
	if (dev->irq)
		unbind_from_irqhandler(dev->irq, dev);
	dev->irq = 0;
	if (dev->shared)
		xenbus_teardown_ring(&dev->shared, 1, &dev->ring_ref);
}
