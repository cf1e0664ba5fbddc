// SPDX-License-Identifier: GPL-2.0
/*
 * A disk on the backend bus: offers features, watches what frontend, toolstack
 * and script do, and carries out what the state table decides.
 *
 * Nearly all of it runs in xenwatch, the one thread that serves every watch of
 * this domain; so nothing here waits for a server. xenbus_dev_fatal() is not
 * used: it would close a disk that a guest may be swapping to.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mxbk.h"

static unsigned int max_ring_page_order = MXBK_ORDER_MAX;
module_param(max_ring_page_order, uint, 0644);
MODULE_PARM_DESC(max_ring_page_order, "largest ring offered, log2 of pages");

static unsigned int max_queues = 4;
module_param(max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues, "rings offered for a disk, one for each processor at most");

/* --- what is offered ---------------------------------------------------- */

#define NODE_QUEUES	"multi-queue-max-queues"
#define NODE_ORDER	"max-ring-page-order"

/*
 * A driver that had the disk before us has made an offer, and the frontend may have
 * read that one: the stock backend, or this module before it was loaded anew. One
 * that is connected may have read any older offer.
 */
static void make_offer(struct mxbk_dev *dev, bool connected)
{
	const char *dir = dev->xdev->nodename;
	struct mxbk_offer before = { nr_cpu_ids, MXBK_ORDER_MAX };

	if (!connected) {
		before.queues = min_t(unsigned int, nr_cpu_ids,
				      xenbus_read_unsigned(dir, NODE_QUEUES, 1));
		before.order = xenbus_read_unsigned(dir, NODE_ORDER, 0);
	}
	mxbk_offer_make(&dev->offer, num_online_cpus(), READ_ONCE(max_queues),
			READ_ONCE(max_ring_page_order));
	dev->accept = dev->offer;
	mxbk_offer_widen(&dev->accept, &before);
}

static int publish(struct mxbk_dev *dev)
{
	bool discard = xenbus_read_unsigned(dev->xdev->nodename,
					    "discard-enable", 1);
	const struct mxbk_number offers[] = {
		{ MX_XS_FEATURE, 1 },
		{ "feature-flush-cache", 1 },
		{ "feature-barrier", 0 },
		{ "feature-persistent", 0 },
		{ "feature-discard", discard },
		{ "discard-granularity", MX_PAGE_SIZE },
		{ "discard-alignment", 0 },
		{ "discard-secure", 0 },
		{ "feature-max-indirect-segments", MXBK_SEGS_MAX },
		{ NODE_ORDER, dev->offer.order },
		{ NODE_QUEUES, dev->offer.queues },
	};

	return mxbk_xs_write(dev, offers, ARRAY_SIZE(offers),
			     MX_XS_STATE_WAITING);
}

/* --- what is done -------------------------------------------------------- */

static bool script_is_done(struct mxbk_dev *dev)
{
	char *word = xenbus_read(XBT_NIL, dev->xdev->nodename,
				 MX_XS_HOTPLUG_STATUS, NULL);
	bool done;

	if (IS_ERR(word))
		return false;
	done = !strcmp(word, MX_XS_HOTPLUG_STATUS_CONNECTED);
	kfree(word);
	return done;
}

static void connect(struct mxbk_dev *dev)
{
	mxbk_disconnect(dev, false);
	if (mxbk_parked()) {
		if (!dev->dying)
			queue_delayed_work(mxbk_wq, &dev->retry, HZ);
		return;
	}
	if (mxbk_connect(dev) == -EAGAIN && !dev->dying)
		queue_delayed_work(mxbk_wq, &dev->retry, HZ);
	if (!dev->vol)
		mxbk_record_state(dev, MX_XS_STATE_ERROR);
}

static void leave(struct mxbk_dev *dev, u8 state, const char *word)
{
	mxbk_disconnect(dev, false);
	mxbk_record_state(dev, word);
	mxbk_switch(dev->xdev, state);
	/* Who begins anew reads the offer anew. */
	dev->accept = dev->offer;
}

/* Of a guest that was destroyed there is no such node, and nothing to be said. */
static void say_odd_state(struct mxbk_dev *dev)
{
	if (xenbus_exists(XBT_NIL, dev->xdev->otherend, "state"))
		mxbk_blame(dev, -EPROTO,
			   "the frontend says that it has no state: closed until it begins anew");
}

static void act(struct mxbk_dev *dev, u8 action, u32 front)
{
	switch (action) {
	case MXBK_DO_INIT_WAIT:
		leave(dev, MXBK_XB_INIT_WAIT, MX_XS_STATE_WAITING);
		break;
	case MXBK_DO_CONNECT:
		connect(dev);
		break;
	case MXBK_DO_CLOSING:
		mxbk_switch(dev->xdev, MXBK_XB_CLOSING);
		break;
	case MXBK_DO_CLOSE:
		leave(dev, MXBK_XB_CLOSED, MX_XS_STATE_CLOSED);
		if (front == MXBK_XB_UNKNOWN)
			say_odd_state(dev);
		break;
	}
}

/* As the guest wrote it: any number; 0 if there is none. */
static u32 frontend_state(struct mxbk_dev *dev)
{
	return xenbus_read_unsigned(dev->xdev->otherend, "state",
				    MXBK_XB_UNKNOWN);
}

/*
 * Whether the guest has the disk, as it reads our state, though the driver was taken
 * away since.
 */
static bool is_connected(struct mxbk_dev *dev)
{
	u32 front = frontend_state(dev);

	return (u8)dev->xdev->state == MXBK_XB_CONNECTED &&
	       (front == MXBK_XB_INITIALISED || front == MXBK_XB_CONNECTED);
}

/*
 * The toolstack runs the script when it sees InitWait, and only if it sees just
 * that. A disk that was connected when its driver was taken away stays so for its
 * guest, and is connected again by decide_and_act().
 */
static int start(struct mxbk_dev *dev)
{
	struct xenbus_device *xdev = dev->xdev;
	bool connected;
	int err;

	/* A driver before us may have had another one in mind. */
	xdev->state = (enum xenbus_state)mxbk_xs_state(xdev);
	connected = is_connected(dev);
	make_offer(dev, connected);
	err = publish(dev);
	if (err)
		return err;
	if (!connected)
		return mxbk_switch(xdev, MXBK_XB_INIT_WAIT);
	xdev->state = (enum xenbus_state)MXBK_XB_INIT_WAIT;
	return 0;
}

/* What kept the features from being written may be over. */
static void offer_again(struct mxbk_dev *dev)
{
	dev->offered = !start(dev);
	if (dev->offered)
		mxbk_say_nothing(dev);
}

/*
 * @front: the frontend's state, or NULL: as it is now
 * @only_connect: nothing else is to be done in this context
 */
static void decide_and_act(struct mxbk_dev *dev, const u32 *front, bool only_connect)
{
	struct mxbk_view view;
	u8 action;

	mutex_lock(&dev->lock);
	view.front = front ? *front : frontend_state(dev);
	view.own = dev->xdev->state;
	view.online = xenbus_dev_is_online(dev->xdev);
	view.ready = script_is_done(dev);
	action = mxbk_fsm(&view);
	if (only_connect && action != MXBK_DO_CONNECT)
		action = MXBK_DO_NOTHING;
	if (!dev->offered && action != MXBK_DO_CLOSING && action != MXBK_DO_CLOSE) {
		action = MXBK_DO_NOTHING;
		if (view.online && !only_connect)
			offer_again(dev);
	}
	if (action != MXBK_DO_NOTHING)
		dev_dbg(&dev->xdev->dev, "frontend %s, own %s: %s\n",
			xenbus_strstate((enum xenbus_state)view.front),
			xenbus_strstate((enum xenbus_state)view.own),
			mxbk_action_name(action));
	act(dev, action, view.front);
	mutex_unlock(&dev->lock);
}

static void retry(struct work_struct *work)
{
	struct mxbk_dev *dev = container_of(work, struct mxbk_dev, retry.work);

	decide_and_act(dev, NULL, true);
}

static void frontend_changed(struct xenbus_device *xdev,
			     enum xenbus_state state)
{
	struct mxbk_dev *dev = dev_get_drvdata(&xdev->dev);
	const u32 front = state;

	if (dev)
		decide_and_act(dev, &front, false);
}

static void look_again(struct mxbk_dev *dev)
{
	decide_and_act(dev, NULL, false);
}

static void hotplug_changed(struct xenbus_watch *watch, const char *path,
			    const char *token)
{
	look_again(container_of(watch, struct mxbk_dev, hotplug));
}

static void online_changed(struct xenbus_watch *watch, const char *path,
			   const char *token)
{
	look_again(container_of(watch, struct mxbk_dev, online));
}

/* --- life ---------------------------------------------------------------- */

static int watch_node(struct mxbk_dev *dev, struct xenbus_watch *watch,
		      const char *node,
		      void (*changed)(struct xenbus_watch *, const char *,
				      const char *))
{
	int err;

	watch->node = kasprintf(GFP_KERNEL, "%s/%s", dev->xdev->nodename, node);
	if (!watch->node)
		return -ENOMEM;
	watch->callback = changed;
	err = register_xenbus_watch(watch);
	if (err) {
		kfree(watch->node);
		watch->node = NULL;
	}
	return err;
}

static void unwatch_node(struct xenbus_watch *watch)
{
	if (!watch->node)
		return;
	unregister_xenbus_watch(watch);
	kfree(watch->node);
	watch->node = NULL;
}

static void dev_free(struct mxbk_dev *dev)
{
	mxbk_record_free(dev);
	mutex_destroy(&dev->say_lock);
	mutex_destroy(&dev->lock);
	kfree(dev);
	mxbk_count_freed(MXBK_N_DEV);
}

static struct mxbk_dev *dev_alloc(struct xenbus_device *xdev)
{
	struct mxbk_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	mxbk_count_made(MXBK_N_DEV);
	dev->xdev = xdev;
	mutex_init(&dev->lock);
	mutex_init(&dev->say_lock);
	INIT_DELAYED_WORK(&dev->retry, retry);
	mxbk_reserve_init(dev);
	if (mxbk_record_init(dev)) {
		dev_free(dev);
		return NULL;
	}
	return dev;
}

static bool guest_is_alive(struct mxbk_dev *dev)
{
	return dev->vol && frontend_state(dev) == MXBK_XB_CONNECTED &&
	       xenbus_dev_is_online(dev->xdev);
}

/* The disk may be connected, or become so any moment. */
static void retire(struct mxbk_dev *dev)
{
	mxbk_park_del(dev);
	unwatch_node(&dev->tuning);
	unwatch_node(&dev->online);
	unwatch_node(&dev->hotplug);
	mutex_lock(&dev->lock);
	dev->dying = true;
	mutex_unlock(&dev->lock);
	cancel_delayed_work_sync(&dev->retry);

	mutex_lock(&dev->lock);
	mxbk_disconnect(dev, guest_is_alive(dev));
	mutex_unlock(&dev->lock);
	dev_set_drvdata(&dev->xdev->dev, NULL);
	dev_free(dev);
}

static int watch_all(struct mxbk_dev *dev)
{
	int err;

	err = watch_node(dev, &dev->hotplug, MX_XS_HOTPLUG_STATUS, hotplug_changed);
	if (!err)
		err = watch_node(dev, &dev->online, "online", online_changed);
	if (!err)
		err = watch_node(dev, &dev->tuning, "memx", mxbk_reserve_changed);
	return err;
}

/*
 * Nothing of what was to be written is there then, so there is room for the words,
 * as a rule, even if xenstore takes no more nodes of this domain. Of oxenstored's
 * word for that, EQUOTA, Linux makes EINVAL.
 */
static void say_not_offered(struct mxbk_dev *dev, int err)
{
	if (err == -ENOSPC || err == -EINVAL)
		mxbk_say(dev, err,
			 "xenstore takes no more nodes of this domain: its quota is used up");
	else
		mxbk_say(dev, err, "the disk's features cannot be written to xenstore");
}

static int probe(struct xenbus_device *xdev, const struct xenbus_device_id *id)
{
	struct mxbk_dev *dev;
	int err;

	if (mxbk_leaving() || !mxbk_is_ours(xdev))
		return -ENODEV;
	dev = dev_alloc(xdev);
	if (!dev)
		return -ENOMEM;
	dev_set_drvdata(&xdev->dev, dev);
	err = start(dev);
	dev->offered = !err;
	if (err == -ENOENT) {
		dev_set_drvdata(&xdev->dev, NULL);
		dev_free(dev);
		return err;
	}
	/*
	 * A disk whose features cannot be written is kept all the same, as somebody must
	 * close it when the toolstack takes it away: it would wait in vain, and the
	 * script's `remove` would not be run.
	 */
	if (err)
		say_not_offered(dev, err);
	mxbk_park_add(dev);
	/* From the first one on xenwatch may connect it. */
	err = watch_all(dev);
	if (err)
		retire(dev);
	return err;
}

static void remove(struct xenbus_device *xdev)
{
	struct mxbk_dev *dev = dev_get_drvdata(&xdev->dev);

	if (dev)
		retire(dev);
}

static const struct xenbus_device_id ids[] = {
	{ "vbd" },
	{ "vbd3" },
	{ "" }
};

struct xenbus_driver mxbk_driver = {
	.name = "memx-vbd",
	.ids = ids,
	.allow_rebind = true,
	.probe = probe,
	.remove = remove,
	.otherend_changed = frontend_changed,
	.driver.dev_groups = mxbk_groups,
};
