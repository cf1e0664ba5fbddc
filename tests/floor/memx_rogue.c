// SPDX-License-Identifier: GPL-2.0
/*
 * A memory server that does not behave: it takes every volume and then, as
 * told, refuses, keeps silent about, or pretends to do what is asked of it.
 *
 *	insmod memx_rogue.ko mode=stale
 *	echo mute > /sys/module/memx_rogue/parameters/mode
 *	cat /sys/module/memx_rogue/parameters/asked
 *
 * stale: OPEN is done, anything else is of an older epoch; mute: what is about
 * pages is not answered until the mode changes, what is about the volume is
 * done; deaf: nothing is answered; ok: everything is done, and nothing is
 * stored. Unless told otherwise it announces more room than any other server.
 */
#include <linux/module.h>
#include <linux/spinlock.h>
#include "rmp.h"
#include "engine/mx_wire.h"

MX_IMPORT_NS(MEMX);

#define GRANT		512
#define HELD_MAX	1024

enum rogue_mode { ROGUE_OK, ROGUE_STALE, ROGUE_MUTE, ROGUE_DEAF, ROGUE_MODES };

static const char * const mode_name[] = { "ok", "stale", "mute", "deaf" };

static enum rogue_mode mode = ROGUE_STALE;
static DEFINE_SPINLOCK(held_lock);		/* held, nheld, mode */
static struct rmp_req *held[HELD_MAX];	/* not answered */
static unsigned int nheld;

static unsigned int room = BIT(24);
module_param(room, uint, 0644);
MODULE_PARM_DESC(room, "pages that it announces to have room for (default 16777216)");

static unsigned int asked;
module_param(asked, uint, 0444);
MODULE_PARM_DESC(asked, "requests other than OPEN so far");

static bool about_volume(u8 op)
{
	return op == MX_OP_OPEN || op == MX_OP_ROSTER || op == MX_OP_LIST ||
	       op == MX_OP_STAT;
}

static u64 answer_arg(const struct mx_ask *ask)
{
	if (ask->op == MX_OP_LIST)
		return MX_LIST_END;
	if (ask->op == MX_OP_OPEN && ask->flags & MX_F_FEATURES)
		return MX_FEAT_GEN | MX_OPENED_NEW;
	return 0;
}

static void answer(struct rmp_req *req, u16 status)
{
	const struct rmp_slot *slot = rmp_req_slot(req);
	struct mx_answer ans = { .status = status, .free = READ_ONCE(room) };
	struct page *page = NULL;
	u8 head[RMP_HEAD_LEN];
	struct mx_ask ask;

	mx_ask_decode(slot->head, slot->req.len, &ask);
	ans.op = ask.op;
	if (status == MX_ST_OK)
		ans.arg = answer_arg(&ask);
	/* Who asks for the roster gets an empty one. */
	if (status == MX_ST_OK && ask.op == MX_OP_ROSTER && !slot->req.len)
		page = alloc_page(GFP_ATOMIC | __GFP_ZERO);
	mx_answer_encode(&ans, head);
	rmp_reply(req, head, &page, page ? 1 : 0,
		  page ? sizeof(struct mx_wire_roster) : 0);
}

/* Return: whether the request is kept; if not, it is to be answered. */
static bool hold(struct rmp_req *req, u8 op)
{
	bool kept;

	spin_lock_bh(&held_lock);
	kept = (mode == ROGUE_DEAF ||
		(mode == ROGUE_MUTE && !about_volume(op))) &&
	       nheld < HELD_MAX;
	if (kept)
		held[nheld++] = req;
	spin_unlock_bh(&held_lock);
	return kept;
}

static void rogue_request(struct rmp_req *req)
{
	const struct rmp_slot *slot = rmp_req_slot(req);
	struct mx_ask ask;
	bool stale;

	mx_ask_decode(slot->head, slot->req.len, &ask);
	if (ask.op != MX_OP_OPEN)
		asked++;
	if (hold(req, ask.op))
		return;
	stale = READ_ONCE(mode) == ROGUE_STALE && ask.op != MX_OP_OPEN;
	answer(req, stale ? MX_ST_STALE : MX_ST_OK);
}

/* Nothing that was kept has been done, and its sender may ask again. */
static void let_go(void)
{
	struct rmp_req *req;

	for (;;) {
		spin_lock_bh(&held_lock);
		req = nheld ? held[--nheld] : NULL;
		spin_unlock_bh(&held_lock);
		if (!req)
			return;
		local_bh_disable();
		answer(req, MX_ST_AGAIN);
		local_bh_enable();
	}
}

static int mode_set(const char *text, const struct kernel_param *kp)
{
	int found = sysfs_match_string(mode_name, text);

	if (found < 0)
		return found;
	spin_lock_bh(&held_lock);
	mode = found;
	spin_unlock_bh(&held_lock);
	let_go();
	return 0;
}

static int mode_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", mode_name[READ_ONCE(mode)]);
}

static const struct kernel_param_ops mode_ops = {
	.set = mode_set,
	.get = mode_get,
};
module_param_cb(mode, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(mode, "ok, stale, mute or deaf");

static const struct rmp_service rogue_service = {
	.port = RMP_PORT_MEMORY,
	.grant = GRANT,
	.request = rogue_request,
};

static void rogue_advert(u8 *head)
{
	const struct mx_ad ad = {
		.roles = MX_ROLE_SERVER,
		.capacity = BIT(24),
		.free = READ_ONCE(room),
	};

	mx_ad_encode(&ad, head);
}

static int __init rogue_init(void)
{
	int err = rmp_service_register(&rogue_service);

	if (err)
		return err;
	rmp_advert_set(rogue_advert);
	rmp_advert_now();
	return 0;
}

static void __exit rogue_exit(void)
{
	spin_lock_bh(&held_lock);
	mode = ROGUE_OK;
	spin_unlock_bh(&held_lock);
	rmp_advert_set(NULL);
	let_go();
	rmp_service_unregister(&rogue_service);
}

module_init(rogue_init);
module_exit(rogue_exit);

MODULE_DESCRIPTION("MemX test: a memory server that does not behave");
MODULE_LICENSE("GPL");
