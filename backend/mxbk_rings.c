// SPDX-License-Identifier: GPL-2.0
/*
 * The rings of a disk: what the frontend says of them, all of it read and looked
 * at before the first is opened. What is wrong is said in words in memx/error.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/interface/io/protocols.h>

#include "mxbk.h"

/* Return: text of a node, to be freed, or NULL if there is none. */
static char *node_text(const char *dir, const char *node)
{
	char *text = xenbus_read(XBT_NIL, dir, node, NULL);

	return IS_ERR(text) ? NULL : text;
}

static int node_number(const char *dir, const char *node, u32 *value)
{
	char *text = node_text(dir, node);
	int err = mxbk_number(text, value);

	kfree(text);
	return err;
}

static void say_plan(struct mxbk_dev *dev, u8 refusal,
		     const struct mxbk_asked *asked)
{
	switch (refusal) {
	case MXBK_ASK_PROTOCOL:
		mxbk_blame(dev, -EINVAL,
			   "frontend speaks unknown protocol \"%.20s\"",
			   asked->protocol);
		break;
	case MXBK_ASK_ORDER:
		mxbk_blame(dev, -EINVAL,
			   "frontend wants rings of 2^\"%.12s\" pages, not of 2^0 to 2^%u",
			   asked->order, dev->accept.order);
		break;
	default:
		mxbk_blame(dev, -EINVAL,
			   "frontend wants \"%.12s\" rings, not 1 to %u",
			   asked->queues, dev->accept.queues);
	}
}

static int read_plan(struct mxbk_dev *dev, struct mxbk_plan *plan)
{
	const char *dir = dev->xdev->otherend;
	char *protocol = node_text(dir, "protocol");
	char *order = node_text(dir, "ring-page-order");
	char *queues = node_text(dir, "multi-queue-num-queues");
	const struct mxbk_asked asked = { protocol, order, queues };
	u8 refusal;

	refusal = mxbk_plan_make(&asked, XEN_IO_PROTO_ABI_NATIVE, &dev->accept,
				 plan);
	if (refusal)
		say_plan(dev, refusal, &asked);
	kfree(protocol);
	kfree(order);
	kfree(queues);
	return refusal ? -EINVAL : 0;
}

static int read_refs(struct mxbk_dev *dev, const char *dir, u32 ring,
		     struct mxbk_says *says)
{
	char node[24];
	int err = 0;
	u32 i;

	if (says->nrefs == 1) {
		err = node_number(dir, "ring-ref", &says->ref[0]);
		if (err != -ENOENT)
			goto out;
	}
	for (i = 0; i < says->nrefs; i++) {
		snprintf(node, sizeof(node), "ring-ref%u", i);
		err = node_number(dir, node, &says->ref[i]);
		if (err)
			break;
	}
out:
	if (err)
		mxbk_blame(dev, err,
			   "frontend's references to ring %u are missing or no numbers",
			   ring);
	return err;
}

static int read_says(struct mxbk_dev *dev, const char *dir, u32 ring,
		     struct mxbk_says *all)
{
	int err = read_refs(dev, dir, ring, &all[ring]);

	if (err)
		return err;
	err = node_number(dir, "event-channel", &all[ring].evtchn);
	if (err) {
		mxbk_blame(dev, err,
			   "frontend's event channel of ring %u is missing or no number",
			   ring);
		return err;
	}
	switch (mxbk_says_check(all, ring + 1)) {
	case MXBK_ASK_OK:
		return 0;
	case MXBK_ASK_REF:
		mxbk_blame(dev, -EINVAL, "frontend names a page of ring %u twice",
			   ring);
		break;
	default:
		mxbk_blame(dev, -EINVAL,
			   "frontend names one event channel for ring %u and another one",
			   ring);
	}
	return -EINVAL;
}

/* A single ring stands in the frontend's directory itself. */
static int read_all_says(struct mxbk_dev *dev, const struct mxbk_plan *plan,
			 struct mxbk_says *all)
{
	const char *otherend = dev->xdev->otherend;
	u32 i;
	int err = 0;

	for (i = 0; i < plan->queues && !err; i++) {
		char *dir;

		all[i].nrefs = 1U << plan->order;
		if (plan->queues == 1)
			return read_says(dev, otherend, 0, all);
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", otherend, i);
		err = dir ? read_says(dev, dir, i, all) : -ENOMEM;
		kfree(dir);
	}
	return err;
}

static int open_all(struct mxbk_dev *dev, const struct mxbk_plan *plan,
		    const struct mxbk_says *all)
{
	int err = 0;

	dev->rings = kvcalloc(plan->queues, sizeof(*dev->rings), GFP_KERNEL);
	if (!dev->rings)
		return -ENOMEM;
	while (dev->nrings < plan->queues && !err) {
		const struct mxbk_ring_cfg cfg = {
			.abi = plan->abi, .says = &all[dev->nrings],
			.rings = plan->queues,
		};

		err = mxbk_ring_open(&dev->rings[dev->nrings], dev, &cfg);
		if (!err)
			dev->nrings++;
	}
	if (err == -EPROTO)
		mxbk_blame(dev, err,
			   "frontend's indices of ring %u contradict each other",
			   dev->nrings);
	else if (err && err != -ENOMEM)
		mxbk_blame(dev, err, "cannot map ring %u or bind its event",
			   dev->nrings);
	return err;
}

int mxbk_rings_open(struct mxbk_dev *dev)
{
	struct mxbk_plan plan;
	struct mxbk_says *all;
	int err;

	err = read_plan(dev, &plan);
	if (err)
		return err;
	all = kvcalloc(plan.queues, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	err = read_all_says(dev, &plan, all);
	if (!err)
		err = open_all(dev, &plan, all);
	kvfree(all);
	return err;
}

void mxbk_rings_stop(struct mxbk_dev *dev, bool drain)
{
	unsigned long end = jiffies + msecs_to_jiffies(MXBK_DRAIN_MS);
	unsigned int i;

	/* None takes anything while another is being drained. */
	for (i = 0; drain && i < dev->nrings; i++)
		mxbk_ring_quiet(&dev->rings[i], true);
	for (i = 0; drain && i < dev->nrings; i++)
		mxbk_ring_drain(&dev->rings[i],
				max_t(long, end - jiffies, 1));
	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_stop(&dev->rings[i]);
}

void mxbk_rings_close(struct mxbk_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nrings; i++)
		mxbk_ring_close(&dev->rings[i]);
	kvfree(dev->rings);
	dev->rings = NULL;
	dev->nrings = 0;
}
