// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend for virtual block devices that does what no driver should, to see that
 * the backend's domain and other guests do not suffer. Loaded in a guest in place
 * of xen-blkfront.
 *
 *	insmod memx_hostile.ko
 *	echo garbage >/sys/module/memx_hostile/parameters/mode
 *	cat /sys/module/memx_hostile/parameters/counts
 *
 * A change of mode begins with a connection as a driver would make it. Nothing is
 * read from the disk for anybody, and what it holds is overwritten.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/protocols.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

enum {
	PAGES	= 32,		/* granted to the backend */
	DEPTH	= 16,		/* requests in flight, of the 32 that a ring holds */
	SECTORS_PER_PAGE = 8,
};

/*
 * What a disk is treated to:
 * normal:   reads and writes, DEPTH at a time
 * fetch:    likewise, while another thread rewrites the slots of the ring
 * garbage:  descriptors of random bytes
 * grants:   references that were never made, were revoked or are read-only
 * storm:    events for nothing, as fast as it goes
 * states:   states, and nodes of the ring, at random
 * producer: a request index that cannot be
 * flood:    nodes in its own directory, as fast as it goes
 */
enum mode {
	MODE_OFF, MODE_NORMAL, MODE_FETCH, MODE_GARBAGE, MODE_GRANTS, MODE_STORM,
	MODE_STATES, MODE_PRODUCER, MODE_FLOOD, MODES,
};

static const char * const mode_names[MODES] = {
	"off", "normal", "fetch", "garbage", "grants", "storm", "states",
	"producer", "flood",
};

/**
 * struct hostile - a disk
 * @xdev:   its device
 * @ring:   requests and responses, the worker's
 * @shared: memory of the ring, or NULL
 * @rref:   its grant
 * @port:   event channel
 * @irq:    of it, or 0
 * @page:   granted pages
 * @ref:    their grants
 * @revoked: a reference that was one
 * @readonly: grant of a page that may be read only
 * @still:  page behind @readonly
 * @open:   requests not answered
 * @lock:   @shared is not taken away meanwhile
 * @worker: does what the mode says
 * @second: rewrites the ring in mode fetch
 */
struct hostile {
	struct xenbus_device *xdev;
	struct blkif_front_ring ring;
	void		*shared;
	grant_ref_t	rref;
	evtchn_port_t	port;
	int		irq;
	struct page	*page[PAGES];
	grant_ref_t	ref[PAGES];
	grant_ref_t	revoked;
	grant_ref_t	readonly;
	struct page	*still;
	unsigned int	open;
	struct mutex	lock;	/* see above */
	struct task_struct *worker;
	struct task_struct *second;
};

static enum mode mode;
/* By what there was: attempts of the mode, answers without and with an error,
 * connections. One disk's worker writes them.
 */
static unsigned long tried, good, refused, connections;

static int mode_set(const char *text, const struct kernel_param *kp)
{
	char *word = kstrdup(text, GFP_KERNEL);
	int n;

	if (!word)
		return -ENOMEM;
	n = match_string(mode_names, MODES, strim(word));
	kfree(word);
	if (n < 0)
		return n;
	WRITE_ONCE(mode, n);
	return 0;
}

static int mode_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", mode_names[READ_ONCE(mode)]);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};
module_param_cb(mode, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(mode, "off, normal, fetch, garbage, grants, storm, states, producer or flood");

static int counts_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "tried %lu good %lu refused %lu connections %lu\n",
			  READ_ONCE(tried), READ_ONCE(good), READ_ONCE(refused),
			  READ_ONCE(connections));
}

static const struct kernel_param_ops counts_ops = {
	.get = counts_get,
};
module_param_cb(counts, &counts_ops, NULL, 0444);
MODULE_PARM_DESC(counts, "what was tried, and what came of it");

/* --- the ring ----------------------------------------------------------------- */

static struct blkif_request *next_slot(struct hostile *h)
{
	struct blkif_request *req = RING_GET_REQUEST(&h->ring,
						     h->ring.req_prod_pvt);

	h->ring.req_prod_pvt++;
	h->open++;
	tried++;
	return req;
}

static void push(struct hostile *h)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&h->ring, notify);
	if (notify)
		notify_remote_via_irq(h->irq);
}

/* Takes the answers that are there. */
static void collect(struct hostile *h)
{
	RING_IDX end = READ_ONCE(h->ring.sring->rsp_prod);
	struct blkif_response rsp;

	/* The index before the responses. */
	virt_rmb();
	for (; h->ring.rsp_cons != end && h->open; h->ring.rsp_cons++) {
		RING_COPY_RESPONSE(&h->ring, h->ring.rsp_cons, &rsp);
		h->open--;
		if (rsp.status == BLKIF_RSP_OKAY)
			good++;
		else
			refused++;
	}
}

static u64 some_sector(void)
{
	return (u64)get_random_u32() % 1024 * SECTORS_PER_PAGE;
}

static void ask_well(struct hostile *h)
{
	struct blkif_request *req = next_slot(h);
	u32 r = get_random_u32();

	memset(req, 0, sizeof(*req));
	req->operation = r & 1 ? BLKIF_OP_READ : BLKIF_OP_WRITE;
	req->u.rw.nr_segments = 1;
	req->u.rw.id = r;
	req->u.rw.sector_number = some_sector();
	req->u.rw.seg[0].gref = h->ref[r >> 8 & (PAGES - 1)];
	req->u.rw.seg[0].last_sect = SECTORS_PER_PAGE - 1;
}

static void ask_garbage(struct hostile *h)
{
	struct blkif_request *req = next_slot(h);
	u32 r = get_random_u32();

	get_random_bytes(req, sizeof(*req));
	/* Half of them get past the first look. */
	if (r & 1)
		req->operation = (r >> 1) % 7;
	if (r & 16)
		req->u.rw.sector_number = some_sector();
}

static void ask_grants(struct hostile *h)
{
	u32 r = get_random_u32(), i;
	const grant_ref_t odd[] = {
		h->revoked, h->readonly, ~0U, r >> 8, 0, h->rref, h->ref[0],
	};
	struct blkif_request *req;

	ask_well(h);
	req = RING_GET_REQUEST(&h->ring, h->ring.req_prod_pvt - 1);
	if (r & 1) {
		req->u.rw.nr_segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
		for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
			req->u.rw.seg[i].gref = i & 1 ? h->ref[i] : odd[(r >> 4) % 3];
			req->u.rw.seg[i].first_sect = 0;
			req->u.rw.seg[i].last_sect = SECTORS_PER_PAGE - 1;
		}
	} else if (r & 2) {
		req->u.indirect.indirect_op = r & 4 ? BLKIF_OP_READ : BLKIF_OP_WRITE;
		req->operation = BLKIF_OP_INDIRECT;
		req->u.indirect.nr_segments = 1 + (r >> 3) % 32;
		req->u.indirect.sector_number = some_sector();
		req->u.indirect.indirect_grefs[0] = odd[(r >> 4) % ARRAY_SIZE(odd)];
	} else {
		req->u.rw.seg[0].gref = odd[(r >> 4) % 4];
	}
}

/* Fills the ring to DEPTH by @ask, and takes answers. */
static void keep_busy(struct hostile *h, void (*ask)(struct hostile *h))
{
	bool asked = h->open < DEPTH;

	/* Looks for answers all the time: each mode takes a whole processor. */
	while (h->open < DEPTH)
		ask(h);
	if (asked)
		push(h);
	collect(h);
}

/* --- xenstore ------------------------------------------------------------------ */

static void write_rings(struct hostile *h)
{
	const char *dir = h->xdev->nodename;

	xenbus_printf(XBT_NIL, dir, "ring-ref", "%u", h->rref);
	xenbus_printf(XBT_NIL, dir, "event-channel", "%u", h->port);
	xenbus_printf(XBT_NIL, dir, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
	xenbus_printf(XBT_NIL, dir, "multi-queue-num-queues", "1");
	xenbus_printf(XBT_NIL, dir, "ring-page-order", "0");
	xenbus_rm(XBT_NIL, dir, "ring-ref0");
}

static void odd_states(struct hostile *h)
{
	static const char * const nodes[] = {
		"ring-ref", "event-channel", "ring-page-order", "protocol",
		"multi-queue-num-queues", "ring-ref0",
	};
	const char *dir = h->xdev->nodename;
	u32 r = get_random_u32();

	tried++;
	if (r & 1)
		xenbus_printf(XBT_NIL, dir, nodes[(r >> 8) % ARRAY_SIZE(nodes)],
			      r & 2 ? "%u" : "x%u\033[2J", r & 4 ? r >> 16 : r >> 29);
	/* As it should be, so that some connections come about. */
	if (r & 8)
		write_rings(h);
	xenbus_printf(XBT_NIL, dir, "state", "%u",
		      r & 0x100 ? (r >> 12) % 8 : r & 0x200 ? 3 : 1);
}

static void flood(struct hostile *h)
{
	char node[24];

	snprintf(node, sizeof(node), "flood-%lu", tried % 64);
	xenbus_printf(XBT_NIL, h->xdev->nodename, node, "%lu", tried);
	/* The one node that the backend's domain watches. */
	xenbus_printf(XBT_NIL, h->xdev->nodename, "state", "4");
	tried++;
}

/* --- connecting ----------------------------------------------------------------- */

static irqreturn_t event(int irq, void *data)
{
	return IRQ_HANDLED;
}

static void disconnect(struct hostile *h)
{
	if (h->irq)
		unbind_from_irqhandler(h->irq, h);
	h->irq = 0;
	mutex_lock(&h->lock);
	if (h->shared)
		xenbus_teardown_ring(&h->shared, 1, &h->rref);
	h->shared = NULL;
	mutex_unlock(&h->lock);
	h->open = 0;
}

static int make_ring(struct hostile *h)
{
	int err = xenbus_setup_ring(h->xdev, GFP_KERNEL, &h->shared, 1, &h->rref);

	if (err)
		return err;
	XEN_FRONT_RING_INIT(&h->ring, (struct blkif_sring *)h->shared, PAGE_SIZE);
	err = xenbus_alloc_evtchn(h->xdev, &h->port);
	if (err)
		return err;
	err = bind_evtchn_to_irqhandler(h->port, event, 0, "memx-hostile", h);
	if (err < 0)
		return err;
	h->irq = err;
	return 0;
}

static void await(struct hostile *h, enum xenbus_state state)
{
	while (!kthread_should_stop() &&
	       xenbus_read_unsigned(h->xdev->otherend, "state", 0) != state)
		msleep(20);
}

/* As a driver that has just come. */
static int reconnect(struct hostile *h)
{
	const char *dir = h->xdev->nodename;
	int err;

	xenbus_printf(XBT_NIL, dir, "state", "%d", XenbusStateInitialising);
	await(h, XenbusStateInitWait);
	disconnect(h);
	err = make_ring(h);
	if (err)
		return err;
	write_rings(h);
	xenbus_printf(XBT_NIL, dir, "state", "%d", XenbusStateInitialised);
	await(h, XenbusStateConnected);
	xenbus_printf(XBT_NIL, dir, "state", "%d", XenbusStateConnected);
	connections++;
	return 0;
}

/* --- what is done -------------------------------------------------------------- */

static void act(struct hostile *h, enum mode now)
{
	int i;

	switch (now) {
	case MODE_NORMAL:
	case MODE_FETCH:
		keep_busy(h, ask_well);
		break;
	case MODE_GARBAGE:
		keep_busy(h, ask_garbage);
		break;
	case MODE_GRANTS:
		keep_busy(h, ask_grants);
		break;
	case MODE_STORM:
		for (i = 0; i < 1000; i++)
			notify_remote_via_irq(h->irq);
		tried += i;
		break;
	case MODE_STATES:
		odd_states(h);
		break;
	case MODE_PRODUCER:
		WRITE_ONCE(h->ring.sring->req_prod,
			   h->ring.sring->rsp_prod + 33 + get_random_u32() % 1000000);
		notify_remote_via_irq(h->irq);
		tried++;
		break;
	case MODE_FLOOD:
		flood(h);
		break;
	default:
		msleep(20);
	}
	cond_resched();
}

static int work(void *data)
{
	struct hostile *h = data;
	enum mode now = MODE_OFF;

	while (!kthread_should_stop()) {
		enum mode next = READ_ONCE(mode);

		if (next != now && next != MODE_OFF && reconnect(h)) {
			pr_warn("cannot connect\n");
			msleep(1000);
			continue;
		}
		now = next;
		act(h, now);
	}
	return 0;
}

/* Rewrites what says most: operation, number of segments, first and last sector. */
static void rewrite_some(u8 *slots)
{
	u32 i, r;

	for (i = 0; i < 1000; i++) {
		r = get_random_u32();
		slots[(r & 31) * 112 + (r & 32 ? 0 : 28) + (r >> 6 & 1)] = r >> 8;
	}
}

/* On another processor, if there is one; as busy in each mode. */
static int rewrite(void *data)
{
	static u8 nothing[PAGE_SIZE];
	struct hostile *h = data;

	while (!kthread_should_stop()) {
		if (READ_ONCE(mode) == MODE_OFF) {
			msleep(20);
			continue;
		}
		mutex_lock(&h->lock);
		if (READ_ONCE(mode) == MODE_FETCH && h->shared)
			rewrite_some((u8 *)h->shared + 64);
		else
			rewrite_some(nothing);
		mutex_unlock(&h->lock);
		cond_resched();
	}
	return 0;
}

/* --- the disk ------------------------------------------------------------------ */

static void free_pages_of(struct hostile *h)
{
	int i;

	/* Freed once the backend is done with them, if it ever is. */
	for (i = 0; i < PAGES; i++)
		if (h->page[i])
			gnttab_end_foreign_access(h->ref[i], h->page[i]);
	if (h->still)
		gnttab_end_foreign_access(h->readonly, h->still);
}

static int grant(struct hostile *h, struct page **page, bool readonly)
{
	int ref;

	*page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!*page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(h->xdev->otherend_id,
					  xen_page_to_gfn(*page), readonly);
	if (ref >= 0)
		return ref;
	__free_page(*page);
	*page = NULL;
	return ref;
}

static int make_pages(struct hostile *h)
{
	struct page *gone;
	int ref, i;

	for (i = 0; i < PAGES; i++) {
		ref = grant(h, &h->page[i], false);
		if (ref < 0)
			return ref;
		h->ref[i] = ref;
	}
	ref = grant(h, &h->still, true);
	if (ref < 0)
		return ref;
	h->readonly = ref;
	ref = grant(h, &gone, false);
	if (ref < 0)
		return ref;
	h->revoked = ref;
	gnttab_end_foreign_access(ref, gone);
	return 0;
}

static void remove(struct xenbus_device *xdev)
{
	struct hostile *h = dev_get_drvdata(&xdev->dev);

	if (!h)
		return;
	if (!IS_ERR_OR_NULL(h->worker))
		kthread_stop(h->worker);
	if (!IS_ERR_OR_NULL(h->second))
		kthread_stop(h->second);
	disconnect(h);
	free_pages_of(h);
	kfree(h);
}

static int probe(struct xenbus_device *xdev, const struct xenbus_device_id *id)
{
	struct hostile *h = kzalloc(sizeof(*h), GFP_KERNEL);
	int err;

	if (!h)
		return -ENOMEM;
	h->xdev = xdev;
	mutex_init(&h->lock);
	dev_set_drvdata(&xdev->dev, h);
	err = make_pages(h);
	if (err)
		goto err;
	h->worker = kthread_run(work, h, "memx-hostile");
	h->second = kthread_run(rewrite, h, "memx-hostile-2");
	err = -ENOMEM;
	if (IS_ERR(h->worker) || IS_ERR(h->second))
		goto err;
	return 0;
err:
	remove(xdev);
	dev_set_drvdata(&xdev->dev, NULL);
	return err;
}

static const struct xenbus_device_id ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver driver = {
	.name = "memx-hostile",
	.ids = ids,
	.probe = probe,
	.remove = remove,
};

static int __init hostile_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	return xenbus_register_frontend(&driver);
}

static void __exit hostile_exit(void)
{
	xenbus_unregister_driver(&driver);
}

module_init(hostile_init);
module_exit(hostile_exit);

MODULE_DESCRIPTION("MemX: a hostile block frontend for tests");
MODULE_LICENSE("GPL");
