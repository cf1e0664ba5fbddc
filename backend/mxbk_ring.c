// SPDX-License-Identifier: GPL-2.0
/*
 * A ring shared with a frontend: takes requests off, puts responses on, and
 * keeps account of what is between. Everything read from the shared page is
 * read once and believed only as far as it has been checked.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/events.h>

#include "mxbk.h"

/* The decoder's tables against what Xen's header says of a 64-bit ring. */
static_assert(sizeof(struct blkif_request) == MXBK_SLOT_MAX);
static_assert(offsetof(struct blkif_sring, ring) == MXBK_RING_HDR);
static_assert(offsetof(struct blkif_request, u.rw.id) == 8);
static_assert(offsetof(struct blkif_request, u.rw.seg) == 24);
static_assert(offsetof(struct blkif_request, u.indirect.indirect_grefs) == 28);
static_assert(offsetof(struct blkif_request, u.discard.nr_sectors) == 24);
static_assert(offsetof(struct blkif_response, operation) == MXBK_RSP_OP);
static_assert(offsetof(struct blkif_response, status) == MXBK_RSP_STATUS);
static_assert(sizeof(struct blkif_response) == 16);
static_assert(sizeof(struct blkif_request_segment) == MXBK_SEG_BYTES);
static_assert(sizeof(grant_ref_t) == sizeof(u32));
static_assert(BLKIF_OP_READ == MXBK_RING_READ);
static_assert(BLKIF_OP_WRITE == MXBK_RING_WRITE);
static_assert(BLKIF_OP_FLUSH_DISKCACHE == MXBK_RING_FLUSH);
static_assert(BLKIF_OP_DISCARD == MXBK_RING_DISCARD);
static_assert(BLKIF_OP_INDIRECT == MXBK_RING_INDIRECT);

static u8 *slot_at(const struct mxbk_ring *ring, u32 index)
{
	return (u8 *)ring->sring + MXBK_RING_HDR +
	       (index & (ring->slots - 1)) * ring->abi->slot;
}

/* --- responses -------------------------------------------------------- */

static void count_request(struct mxbk_ring *ring, const struct mxbk_req *req,
			  u64 ns, int err)
{
	u64 *n = ring->stats.n;

	if (err) {
		n[MXBK_S_ERR]++;
		return;
	}
	ring->stats.latency[req->op][rmp_lat_bucket(ns)]++;
	switch (req->op) {
	case MXBK_READ:
		n[MXBK_S_RD_REQ]++;
		n[MXBK_S_RD_SECT] += req->len >> MXBK_SECTOR_SHIFT;
		break;
	case MXBK_WRITE:
		n[MXBK_S_WR_REQ]++;
		n[MXBK_S_WR_SECT] += req->len >> MXBK_SECTOR_SHIFT;
		break;
	case MXBK_FLUSH:
		n[MXBK_S_F_REQ]++;
		n[MXBK_S_WR_SECT] += req->len >> MXBK_SECTOR_SHIFT;
		break;
	default:
		n[MXBK_S_DS_REQ]++;
	}
}

/* The oldest DISCARD that waits goes on in this one's place. */
static void pass_turn(struct mxbk_ring *ring, struct mxbk_pend *pend)
{
	struct list_head *next = mxbk_turn_pass(&ring->discards);

	pend->turn = false;
	if (!next)
		return;
	list_entry(next, struct mxbk_pend, link)->turn = true;
	list_add_tail(next, &ring->stalled);
	tasklet_schedule(&ring->task);
}

static void put_response(struct mxbk_ring *ring, struct mxbk_pend *pend,
			 int err)
{
	u8 rsp[MXBK_RSP_MAX];

	/* Made here and copied at once: the guest sees no half of it. */
	mxbk_response(&pend->req, err, rsp);
	memcpy(slot_at(ring, ring->rsp_prod), rsp, ring->abi->rsp);
	count_request(ring, &pend->req, ktime_get_ns() - pend->start, err);
	if (pend->turn)
		pass_turn(ring, pend);
	/* Back in the pool before the slot can be used again. */
	list_add(&pend->link, &ring->pool);
	if (unlikely(mxbk_event_spare(&ring->events)))
		tasklet_schedule(&ring->task);
	ring->rsp_prod++;
	mxbk_count_freed(MXBK_N_REQ);
}

static void push_responses(struct mxbk_ring *ring, u32 count)
{
	u32 new = ring->rsp_prod;

	/* The frontend sees responses before it sees their number. */
	virt_wmb();
	WRITE_ONCE(ring->sring->rsp_prod, new);
	/* It sees the number before we check whether it sleeps. */
	virt_mb();
	if (new - READ_ONCE(ring->sring->rsp_event) < count)
		notify_remote_via_irq(ring->irq);
}

/* A FLUSH is answered when nothing older is left in front of it. */
static u32 end_in_order(struct mxbk_ring *ring, struct mxbk_pend *pend, int err)
{
	u32 ended = 0;

	if (pend->req.op == MXBK_FLUSH) {
		pend->ended = true;
		pend->err = err;
	} else {
		list_del_init(&pend->order);
		put_response(ring, pend, err);
		ended++;
	}
	while (!list_empty(&ring->order)) {
		pend = list_first_entry(&ring->order, struct mxbk_pend, order);
		if (!pend->ended)
			break;
		list_del_init(&pend->order);
		put_response(ring, pend, pend->err);
		ended++;
	}
	return ended;
}

static void end_locked(struct mxbk_ring *ring, struct mxbk_pend *pend, int err)
{
	u32 ended = 1;

	if (list_empty(&pend->order))
		put_response(ring, pend, err);
	else
		ended = end_in_order(ring, pend, err);
	if (!ended)
		return;
	push_responses(ring, ended);
	ring->inflight -= ended;
	if (!ring->inflight)
		wake_up(&ring->idle);
}

void mxbk_ring_end(struct mxbk_pend *pend, int err)
{
	struct mxbk_ring *ring = pend->ring;

	spin_lock_bh(&ring->lock);
	end_locked(ring, pend, err);
	spin_unlock_bh(&ring->lock);
}

/* --- requests in hand ------------------------------------------------- */

void mxbk_ring_later(struct mxbk_pend *pend, bool in_a_while)
{
	struct mxbk_ring *ring = pend->ring;

	spin_lock_bh(&ring->lock);
	if (ring->stop && !pend->npages) {
		end_locked(ring, pend, -EIO);
	} else if (in_a_while && !ring->stop) {
		list_add_tail(&pend->link, &ring->again);
		mod_timer(&ring->timer,
			  jiffies + msecs_to_jiffies(MXBK_AGAIN_MS));
	} else {
		list_add_tail(&pend->link, &ring->stalled);
		tasklet_schedule(&ring->task);
	}
	spin_unlock_bh(&ring->lock);
}

/* The record's work has not been stopped as long as @stop is not set. */
void mxbk_ring_odd(struct mxbk_ring *ring)
{
	if (READ_ONCE(ring->odd))
		return;
	spin_lock_bh(&ring->lock);
	if (!ring->stop && !ring->odd) {
		WRITE_ONCE(ring->odd, true);
		mxbk_record_soon(ring->dev);
	}
	spin_unlock_bh(&ring->lock);
}

void mxbk_ring_hungry(struct mxbk_pend *pend)
{
	struct mxbk_ring *ring = pend->ring;

	spin_lock_bh(&ring->lock);
	if (ring->stop)
		end_locked(ring, pend, -EIO);
	else
		list_add_tail(&pend->link, &ring->hungry);
	spin_unlock_bh(&ring->lock);
}

bool mxbk_ring_turn(struct mxbk_pend *pend)
{
	struct mxbk_ring *ring = pend->ring;
	bool now = false;

	spin_lock_bh(&ring->lock);
	if (ring->stop) {
		end_locked(ring, pend, -EIO);
	} else {
		now = mxbk_turn_take(&ring->discards, &pend->link);
		pend->turn = now;
	}
	spin_unlock_bh(&ring->lock);
	return now;
}

static void again_timer(struct timer_list *timer)
{
	struct mxbk_ring *ring = timer_container_of(ring, timer, timer);

	spin_lock_bh(&ring->lock);
	list_splice_tail_init(&ring->again, &ring->stalled);
	spin_unlock_bh(&ring->lock);
	tasklet_schedule(&ring->task);
}

static void reserve_refilled(struct mx_waiter *waiter)
{
	struct mxbk_ring *ring = container_of(waiter, struct mxbk_ring, waiter);

	bitmap_zero(ring->starved, MX_IO_SLOTS);
	spin_lock_bh(&ring->lock);
	ring->refilled = true;
	spin_unlock_bh(&ring->lock);
	tasklet_schedule(&ring->task);
}

/* --- taking requests -------------------------------------------------- */

static struct mxbk_pend *pend_get(struct mxbk_ring *ring)
{
	struct mxbk_pend *pend = NULL;

	spin_lock_bh(&ring->lock);
	/* Whoever has made it quiet counts on @inflight not to grow. */
	if (ring->quiet)
		goto out;
	pend = list_first_entry_or_null(&ring->pool, struct mxbk_pend, link);
	if (pend) {
		list_del(&pend->link);
		ring->inflight++;
	} else {
		mxbk_event_full(&ring->events);
	}
out:
	spin_unlock_bh(&ring->lock);
	return pend;
}

/* Return: false if there are too many in hand, or no more are to be taken. */
static bool take_one(struct mxbk_ring *ring, struct list_head *list)
{
	struct mxbk_pend *pend = pend_get(ring);
	u8 slot[MXBK_SLOT_MAX];
	int err;

	if (!pend)
		return false;
	mxbk_count_made(MXBK_N_REQ);
	memcpy(slot, slot_at(ring, ring->cons), ring->abi->slot);
	/* What is checked is the copy; the guest may be changing the slot. */
	barrier();
	ring->cons++;

	err = mxbk_req_decode(slot, ring->abi, &ring->dev->lim, &pend->req);
	pend->err = 0;
	pend->tries = 0;
	pend->ended = false;
	pend->left = 0;
	pend->turn = false;
	pend->start = ring->now;
	INIT_LIST_HEAD(&pend->order);
	if (err) {
		if (err == -EINVAL)
			mxbk_ring_odd(ring);
		mxbk_ring_end(pend, err);
		return true;
	}
	if (pend->req.op == MXBK_DISCARD)
		pend->left = pend->req.len;
	if (pend->req.op != MXBK_READ) {
		spin_lock_bh(&ring->lock);
		list_add_tail(&pend->order, &ring->order);
		spin_unlock_bh(&ring->lock);
	}
	list_add_tail(&pend->link, list);
	return true;
}

/* Return: requests to take, 0, or -EPROTO. */
static int requests_ready(struct mxbk_ring *ring)
{
	u32 prod = READ_ONCE(ring->sring->req_prod);

	/*
	 * Slots are read after the index that says they are there. And our
	 * own index after the guest's: with an older one of ours, requests
	 * that the guest was free to make would seem too many.
	 */
	virt_rmb();
	return mxbk_ring_todo(prod, ring->cons, READ_ONCE(ring->rsp_prod),
			      ring->slots);
}

static void break_ring(struct mxbk_ring *ring)
{
	ring->broken = true;
	mxbk_record_soon(ring->dev);
}

/* Return: requests taken; fewer than @budget: the guest will send an event, or the
 * end of a request brings us back
 */
static unsigned int take_requests(struct mxbk_ring *ring,
				  struct list_head *list, unsigned int budget)
{
	unsigned int taken = 0;
	bool armed = false;
	int todo;

	for (;;) {
		todo = requests_ready(ring);
		if (todo < 0) {
			break_ring(ring);
			break;
		}
		if (!todo) {
			if (armed)
				break;
			WRITE_ONCE(ring->sring->req_event, ring->cons + 1);
			/* Ask for an event, then make sure none was missed. */
			virt_mb();
			armed = true;
			continue;
		}
		armed = false;
		while (todo-- && taken < budget) {
			if (!take_one(ring, list))
				return taken;
			taken++;
		}
		if (taken == budget)
			break;
	}
	return taken;
}

static void end_of_interrupt(struct mxbk_ring *ring, bool worked)
{
	int irq = xchg(&ring->eoi, 0);

	if (!irq)
		return;
	xen_irq_lateeoi(irq, mxbk_event_spurious(&ring->events, worked) ?
			     XEN_EOI_FLAG_SPURIOUS : 0);
}

/* Requests to go on with: at most half of a sweep, the rest is for new ones.
 * Return: whether there are more
 */
static bool take_stalled(struct mxbk_ring *ring, struct list_head *list,
			 unsigned int *budget)
{
	bool more;

	spin_lock_bh(&ring->lock);
	if (ring->refilled)
		list_splice_init(&ring->hungry, &ring->stalled);
	ring->refilled = false;
	*budget -= mxbk_take(&ring->stalled, list, *budget / 2);
	more = !list_empty(&ring->stalled);
	spin_unlock_bh(&ring->lock);
	return more;
}

static void ring_task(struct tasklet_struct *task)
{
	struct mxbk_ring *ring = from_tasklet(ring, task, task);
	unsigned int taken = 0, budget = MXBK_SWEEP;
	LIST_HEAD(list);
	bool more;

	/* Pairs with the release in mxbk_ring_open(): irq and all is set. */
	if (!smp_load_acquire(&ring->live) || READ_ONCE(ring->stop))
		return;
	ring->now = ktime_get_ns();
	more = take_stalled(ring, &list, &budget);
	if (!ring->broken && !READ_ONCE(ring->quiet))
		taken = take_requests(ring, &list, budget);
	if (!list_empty(&list))
		mxbk_io_start(ring, &list);
	if (more || taken == budget)
		tasklet_schedule(&ring->task);
	/* A broken ring's event stays masked: nothing will come of it. */
	if (ring->broken)
		return;
	end_of_interrupt(ring, taken);
	if (taken)
		mxbk_event_early(&ring->events);
}

static irqreturn_t ring_event(int irq, void *data)
{
	struct mxbk_ring *ring = data;

	WRITE_ONCE(ring->eoi, irq);
	tasklet_schedule(&ring->task);
	return IRQ_HANDLED;
}

/* --- life ------------------------------------------------------------- */

static void pool_free(struct mxbk_ring *ring)
{
	u32 i;

	for (i = 0; ring->pend && i < ring->hand; i++)
		kfree(ring->pend[i].segs);
	kvfree(ring->pend);
	kfree(ring->batch);
	ring->pend = NULL;
	ring->batch = NULL;
}

static int pool_make(struct mxbk_ring *ring)
{
	u32 i;

	ring->batch = kzalloc(sizeof(*ring->batch), GFP_KERNEL);
	ring->pend = kvcalloc(ring->hand, sizeof(*ring->pend), GFP_KERNEL);
	if (!ring->batch || !ring->pend)
		goto err;
	for (i = 0; i < ring->hand; i++) {
		struct mxbk_pend *pend = &ring->pend[i];

		/* A power of two in size is aligned to it: within a frame. */
		pend->segs = kmalloc(MXBK_SEGS_MAX * MXBK_SEG_BYTES, GFP_KERNEL);
		if (!pend->segs)
			goto err;
		pend->ring = ring;
		pend->io.vol = ring->dev->vol;
		INIT_LIST_HEAD(&pend->order);
		list_add_tail(&pend->link, &ring->pool);
	}
	return 0;
err:
	pool_free(ring);
	return -ENOMEM;
}

static void ring_init(struct mxbk_ring *ring, struct mxbk_dev *dev,
		      const struct mxbk_ring_cfg *cfg)
{
	ring->dev = dev;
	ring->abi = cfg->abi;
	ring->slots = mxbk_ring_slots(cfg->abi, cfg->says->nrefs * PAGE_SIZE);
	ring->hand = mxbk_ring_hand(ring->slots, cfg->rings);
	spin_lock_init(&ring->lock);
	INIT_LIST_HEAD(&ring->pool);
	INIT_LIST_HEAD(&ring->stalled);
	INIT_LIST_HEAD(&ring->hungry);
	INIT_LIST_HEAD(&ring->again);
	INIT_LIST_HEAD(&ring->order);
	mxbk_turns_init(&ring->discards, MXBK_DISCARDS / cfg->rings);
	init_waitqueue_head(&ring->idle);
	tasklet_setup(&ring->task, ring_task);
	timer_setup(&ring->timer, again_timer, 0);
	mx_waiter_init(&ring->waiter, reserve_refilled);
}

/* A ring whose backend went away under it goes on where that stopped. */
static int ring_attach(struct mxbk_ring *ring)
{
	u32 at = READ_ONCE(ring->sring->rsp_prod);

	ring->cons = at;
	ring->rsp_prod = at;
	return requests_ready(ring) < 0 ? -EPROTO : 0;
}

static int ring_bind(struct mxbk_ring *ring, evtchn_port_t port)
{
	struct xenbus_device *xdev = ring->dev->xdev;
	int irq;

	irq = bind_interdomain_evtchn_to_irqhandler_lateeoi(xdev, port,
							    ring_event, 0,
							    "memx-blkback",
							    ring);
	if (irq < 0)
		return irq;
	ring->irq = irq;
	return 0;
}

int mxbk_ring_open(struct mxbk_ring *ring, struct mxbk_dev *dev,
		   const struct mxbk_ring_cfg *cfg)
{
	grant_ref_t ref[MXBK_REFS_MAX];
	void *mem;
	int err;

	if (!mxbk_grants_good(dev, cfg->says->ref, cfg->says->nrefs))
		return -ENXIO;
	ring_init(ring, dev, cfg);
	err = pool_make(ring);
	if (err)
		return err;
	memcpy(ref, cfg->says->ref, sizeof(ref));
	err = xenbus_map_ring_valloc(dev->xdev, ref, cfg->says->nrefs, &mem);
	if (err)
		goto err_pool;
	ring->sring = mem;
	err = ring_attach(ring);
	if (err)
		goto err_unmap;
	err = ring_bind(ring, cfg->says->evtchn);
	if (err)
		goto err_unmap;
	/* Pairs with the acquire in ring_task(). */
	smp_store_release(&ring->live, true);
	mxbk_count_made(MXBK_N_RING);
	tasklet_schedule(&ring->task);
	return 0;

err_unmap:
	tasklet_kill(&ring->task);
	xenbus_unmap_ring_vfree(dev->xdev, mem);
err_pool:
	pool_free(ring);
	return err;
}

void mxbk_ring_quiet(struct mxbk_ring *ring, bool quiet)
{
	spin_lock_bh(&ring->lock);
	ring->quiet = quiet;
	spin_unlock_bh(&ring->lock);
	/* There may be requests whose event has come meanwhile. */
	if (!quiet)
		tasklet_schedule(&ring->task);
}

void mxbk_ring_drain(struct mxbk_ring *ring, unsigned long timeout)
{
	wait_event_timeout(ring->idle, !READ_ONCE(ring->inflight), timeout);
}

static void fail_list(struct mxbk_ring *ring, struct list_head *list)
{
	struct mxbk_pend *pend, *next;

	list_for_each_entry_safe(pend, next, list, link) {
		list_del(&pend->link);
		if (pend->npages)
			mx_pages_put(&pend->io);
		pend->npages = 0;
		mxbk_ring_end(pend, -EIO);
	}
}

void mxbk_ring_stop(struct mxbk_ring *ring)
{
	LIST_HEAD(list);

	spin_lock_bh(&ring->lock);
	ring->stop = true;
	spin_unlock_bh(&ring->lock);
	/* Nobody starts, puts off or waits for anything after these. */
	tasklet_kill(&ring->task);
	mx_waiter_cancel(ring->dev->vol, &ring->waiter);
	timer_delete_sync(&ring->timer);

	spin_lock_bh(&ring->lock);
	list_splice_init(&ring->stalled, &list);
	list_splice_tail_init(&ring->again, &list);
	list_splice_tail_init(&ring->hungry, &list);
	list_splice_tail_init(&ring->discards.wait, &list);
	spin_unlock_bh(&ring->lock);
	fail_list(ring, &list);
}

void mxbk_ring_close(struct mxbk_ring *ring)
{
	struct mxbk_dev *dev = ring->dev;

	while (!wait_event_timeout(ring->idle, !READ_ONCE(ring->inflight),
				   5 * HZ))
		dev_warn(&dev->xdev->dev, "%u requests do not end\n",
			 ring->inflight);
	/* Whoever ended the last one still holds the lock. */
	spin_lock_bh(&ring->lock);
	spin_unlock_bh(&ring->lock);

	unbind_from_irqhandler(ring->irq, ring);
	tasklet_kill(&ring->task);
	xenbus_unmap_ring_vfree(dev->xdev, ring->sring);
	pool_free(ring);
	mxbk_stats_add(&dev->stats, &ring->stats);
	mxbk_count_freed(MXBK_N_RING);
}
