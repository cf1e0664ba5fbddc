// SPDX-License-Identifier: GPL-2.0
/*
 * Who is there: announcing this node, asking for others, saying good-bye.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/utsname.h>
#include "rmp.h"
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_frame.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_send.h"
#include "rmp_stats.h"

#define SOON_MS		50	/* shortest gap between announcements */
#define SOLICIT_ROUNDS	3	/* at once, after 0.3 s, after 1 s */

static unsigned int announce_ms = 1000;
module_param(announce_ms, uint, 0644);
MODULE_PARM_DESC(announce_ms, "milliseconds between announcements of this node, at least 100 (default 1000)");

/*
 * Fills in this node's advert; NULL: it announces nothing. Replaced with
 * nobody in an RCU read section that still sees the old one afterwards.
 */
static void (*advert_fill)(u8 *head);

static void announce_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(announce_work, announce_work_fn);
static void solicit_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(solicit_work, solicit_work_fn);
static unsigned long announced;		/* jiffies; only blurred by races */
static unsigned long solicited;		/* likewise */

/*
 * rmp_announce_fill() - this node's advert
 * @head: RMP_HEAD_LEN bytes to fill in, left alone if there is none; or NULL
 *
 * Return: whether this node announces itself. Context: any, RCU read section.
 */
bool rmp_announce_fill(u8 *head)
{
	void (*fill)(u8 *head) = READ_ONCE(advert_fill);

	if (fill && head)
		fill(head);
	return fill;
}

/*
 * rmp_announce_frame() - an ANNOUNCE, with zeros if there is no advert
 * @which: number of the cluster key
 */
struct sk_buff *rmp_announce_frame(struct rmp_iface *iface, const u8 *dst,
				   u8 which)
{
	const char *name = init_utsname()->nodename;
	u16 len = strnlen(name, RMP_NAME_LEN);
	struct rmp_hdr hdr;

	rmp_make_hdr(&hdr, RMP_T_ANNOUNCE, rmp_id, rmp_inc, 0, NULL, len);
	rmp_announce_fill(hdr.head);
	rmp_stat_inc(RMP_G_ANNOUNCES);
	return rmp_frame_plain(iface, dst, &hdr, name, len, which);
}

static void send_under(struct rmp_iface *iface, u8 type, u8 which)
{
	struct rmp_hdr hdr;
	u8 dst[ETH_ALEN];

	eth_broadcast_addr(dst);
	if (type == RMP_T_ANNOUNCE) {
		rmp_frame_send_one(rmp_announce_frame(iface, dst, which));
		return;
	}
	rmp_make_hdr(&hdr, type, rmp_id, rmp_inc, 0, NULL, 0);
	rmp_frame_send_one(rmp_frame_plain(iface, dst, &hdr, NULL, 0, which));
	if (type == RMP_T_SOLICIT)
		rmp_stat_inc(RMP_G_SOLICITS);
}

/* Under each cluster key, as not all may have the same one meanwhile. */
static void send_to_all(struct rmp_iface *iface, u8 type)
{
	u8 which;

	for (which = 0; which < rmp_cluster_keys(); which++)
		send_under(iface, type, which);
}

static void send_everywhere(u8 type)
{
	struct rmp_iface *iface;

	local_bh_disable();
	rcu_read_lock();
	list_for_each_entry_rcu(iface, &rmp_ifaces, link)
		if (READ_ONCE(iface->up))
			send_to_all(iface, type);
	rcu_read_unlock();
	local_bh_enable();
}

/** rmp_announce_bye() - this node leaves the segment behind @iface */
void rmp_announce_bye(struct rmp_iface *iface)
{
	local_bh_disable();
	rcu_read_lock();
	send_to_all(iface, RMP_T_BYE);
	rcu_read_unlock();
	local_bh_enable();
}

static void announce_work_fn(struct work_struct *work)
{
	u32 ms = max(READ_ONCE(announce_ms), 100U);
	u32 jitter = ms / 10;
	bool have;

	rcu_read_lock();
	have = rmp_announce_fill(NULL);
	rcu_read_unlock();
	if (!have)
		return;
	WRITE_ONCE(announced, jiffies);
	send_everywhere(RMP_T_ANNOUNCE);
	ms = ms - jitter + get_random_u32_below(2 * jitter + 1);
	queue_delayed_work(rmp_wq, &announce_work, msecs_to_jiffies(ms));
}

static void solicit_work_fn(struct work_struct *work)
{
	WRITE_ONCE(solicited, jiffies);
	send_everywhere(RMP_T_SOLICIT);
}

/* Run @work now, or as soon as SOON_MS have passed since @last. */
static void run_soon(struct delayed_work *work, unsigned long last)
{
	unsigned long next = last + msecs_to_jiffies(SOON_MS);
	unsigned long now = jiffies;

	mod_delayed_work(rmp_wq, work, time_before(now, next) ? next - now : 0);
}

void rmp_advert_now(void)
{
	if (READ_ONCE(advert_fill))
		run_soon(&announce_work, READ_ONCE(announced));
}
MX_EXPORT_SYMBOL(rmp_advert_now);

void rmp_solicit(void)
{
	run_soon(&solicit_work, READ_ONCE(solicited));
}
MX_EXPORT_SYMBOL(rmp_solicit);

/** rmp_announce_elsewhere() - who was behind @iface may be behind others, too */
void rmp_announce_elsewhere(const struct rmp_iface *iface)
{
	struct rmp_iface *other;
	bool any = false;

	rcu_read_lock();
	list_for_each_entry_rcu(other, &rmp_ifaces, link)
		any |= other != iface && READ_ONCE(other->up);
	rcu_read_unlock();
	if (any)
		rmp_solicit();
}

void rmp_advert_set(void (*fill)(u8 *head))
{
	bool had = xchg(&advert_fill, fill);

	synchronize_rcu();
	if (fill) {
		rmp_advert_now();
	} else if (had) {
		cancel_delayed_work_sync(&announce_work);
		send_everywhere(RMP_T_BYE);
	}
}
MX_EXPORT_SYMBOL(rmp_advert_set);

/** rmp_announce_iface_work() - ask who is there, some times in a row */
void rmp_announce_iface_work(struct work_struct *work)
{
	struct rmp_iface *iface = container_of(to_delayed_work(work),
					       struct rmp_iface, work);
	int ms = iface->rounds == SOLICIT_ROUNDS ? 300 : 700;

	local_bh_disable();
	rcu_read_lock();
	if (READ_ONCE(iface->up)) {
		send_to_all(iface, RMP_T_SOLICIT);
		if (rmp_announce_fill(NULL))
			send_to_all(iface, RMP_T_ANNOUNCE);
	}
	rcu_read_unlock();
	local_bh_enable();
	if (--iface->rounds > 0)
		queue_delayed_work(rmp_wq, &iface->work, msecs_to_jiffies(ms));
}

/** rmp_announce_iface() - frames may pass through @iface from now on */
void rmp_announce_iface(struct rmp_iface *iface)
{
	cancel_delayed_work_sync(&iface->work);
	iface->rounds = SOLICIT_ROUNDS;
	queue_delayed_work(rmp_wq, &iface->work, 0);
}

/* No interface is attached any more. */
void rmp_announce_exit(void)
{
	cancel_delayed_work_sync(&announce_work);
	cancel_delayed_work_sync(&solicit_work);
}
