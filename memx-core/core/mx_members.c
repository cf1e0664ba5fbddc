// SPDX-License-Identifier: GPL-2.0
/*
 * The memory servers of the cluster: heard of through RMAP, and the tick that
 * looks after them and after the volumes on them.
 */
#include "mx_event.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_recover.h"
#include "mx_volume.h"

struct mx_members mx_members;

static DEFINE_SPINLOCK(lock);	/* of the table and of nodes[] */
static struct rmp_node *nodes[MX_MEMBERS];
static unsigned long awake_since;	/* jiffies; written by the tick */

static void tick(struct work_struct *work);
static DECLARE_DELAYED_WORK(tick_work, tick);

void mx_members_kick(void)
{
	if (!READ_ONCE(mx_unloading))
		mod_delayed_work(mx_wq, &tick_work, 0);
}

/* Counts what has changed, and has volumes look at it. */
static void note(struct rmp_node *node, u32 events)
{
	if (events & MX_MEMBER_EV_NEW)
		mx_stat_inc(MX_S_SRV_NEW);
	if (events & MX_MEMBER_EV_RESTART)
		mx_stat_inc(MX_S_SRV_RESTART);
	if (events & MX_MEMBER_EV_TWIN) {
		mx_stat_inc(MX_S_SRV_TWIN);
		pr_warn_ratelimited("memx_core: memory server %s (%016llx) has its last but one incarnation again: do two hosts have this node id?\n",
				    rmp_node_name(node), rmp_node_id(node));
	}
	if (events)
		mx_members_kick();
}

static void on_advert(struct rmp_node *node, const u8 *head)
{
	struct rmp_node *old = NULL;
	struct mx_ad ad;
	u32 events = 0;
	int idx;

	if (mx_ad_decode(head, &ad)) {
		mx_stat_inc(MX_S_ADVERT_BAD);
		return;
	}
	spin_lock_bh(&lock);
	idx = mx_member_advert(&mx_members, rmp_node_id(node),
			       rmp_node_inc(node), &ad, &events);
	if (idx >= 0 && nodes[idx] != node) {
		old = nodes[idx];
		rmp_node_get(node);
		nodes[idx] = node;
	}
	spin_unlock_bh(&lock);

	if (old)
		rmp_node_put(old);
	if (idx == -ENOSPC)
		mx_stat_inc(MX_S_SRV_FULL);
	note(node, events);
}

static void on_event(struct rmp_node *node, u32 events)
{
	u32 what = 0;
	int idx;

	if (!(events & RMP_EV_RESTARTED))
		return;
	spin_lock_bh(&lock);
	idx = mx_member_find(&mx_members, rmp_node_id(node));
	if (idx >= 0)
		what = mx_member_restart(&mx_members.m[idx], rmp_node_inc(node));
	spin_unlock_bh(&lock);
	note(node, what);
}

void mx_members_restarted(u8 idx)
{
	struct rmp_node *node;
	u32 what = 0;

	spin_lock_bh(&lock);
	node = nodes[idx];
	if (node)
		what = mx_member_restart(&mx_members.m[idx], rmp_node_inc(node));
	spin_unlock_bh(&lock);
	/* Somebody holds a reference on the node as long as it is a volume's. */
	if (node)
		note(node, what);
}

/* The node said BYE, or (@cut) our interface towards it went down. */
static void unheard(struct rmp_node *node, bool cut)
{
	u32 what = 0;
	int idx;

	spin_lock_bh(&lock);
	idx = mx_member_find(&mx_members, rmp_node_id(node));
	if (idx >= 0)
		what = cut ? mx_member_cut(&mx_members.m[idx]) :
			     mx_member_gone(&mx_members.m[idx]);
	spin_unlock_bh(&lock);
	if (what)
		mx_members_kick();
}

static void on_gone(struct rmp_node *node)
{
	unheard(node, false);
}

static void on_cut(struct rmp_node *node)
{
	unheard(node, true);
}

static struct rmp_watcher watcher = {
	.advert	= on_advert,
	.event	= on_event,
	.gone	= on_gone,
	.cut	= on_cut,
};

static const char *state_word(u8 state)
{
	static const char * const word[] = {
		[MX_MEMBER_NONE]	= "unknown",
		[MX_MEMBER_ALIVE]	= "alive",
		[MX_MEMBER_SUSPECT]	= "suspect",
		[MX_MEMBER_DEAD]	= "dead",
		[MX_MEMBER_GONE]	= "gone",
	};

	return state < ARRAY_SIZE(word) ? word[state] : "unknown";
}

unsigned int mx_members_awake_ms(void)
{
	return jiffies_to_msecs(jiffies - READ_ONCE(awake_since));
}

/*
 * A host that did not run for a while (a paused virtual machine) has heard
 * nobody, which says nothing about the others.
 */
static void notice_sleep(void)
{
	static unsigned long last;

	if (!last || time_after(jiffies, last + msecs_to_jiffies(4 * MX_TICK_MS)))
		WRITE_ONCE(awake_since, jiffies);
	last = jiffies;
}

/* Return: whether the state of a server has changed since the last tick. */
static bool watch_silence(u8 idx)
{
	spin_lock_bh(&lock);
	if (nodes[idx])
		mx_member_silence(&mx_members.m[idx],
				  min(rmp_node_silent_ms(nodes[idx]),
				      mx_members_awake_ms()));
	spin_unlock_bh(&lock);
	return mx_event_server(idx);
}

static void tick(struct work_struct *work)
{
	struct mx_volume *vol;
	bool changed = false;
	int i;

	notice_sleep();
	for (i = 0; i < MX_MEMBERS; i++)
		changed |= watch_silence(i);
	mutex_lock(&mx_vols_mutex);
	list_for_each_entry(vol, &mx_vols, link) {
		mx_claim_tick(vol);
		mx_recover_tick(vol);
		if (changed)
			mx_volume_changed(vol);
	}
	mutex_unlock(&mx_vols_mutex);
	if (!READ_ONCE(mx_unloading))
		queue_delayed_work(mx_wq, &tick_work,
				   msecs_to_jiffies(MX_TICK_MS));
}

struct rmp_node *mx_members_node(u8 idx, u32 *inc)
{
	struct rmp_node *node;

	spin_lock_bh(&lock);
	node = nodes[idx];
	if (node)
		rmp_node_get(node);
	*inc = mx_members.m[idx].inc;
	spin_unlock_bh(&lock);
	return node;
}

void mx_members_use(u8 idx, int by)
{
	spin_lock_bh(&lock);
	mx_members.m[idx].users += by;
	spin_unlock_bh(&lock);
}

u64 mx_members_room(unsigned int *alive)
{
	u64 room = 0;
	int i;

	*alive = 0;
	spin_lock_bh(&lock);
	for (i = 0; i < MX_MEMBERS; i++) {
		if (mx_members.m[i].state != MX_MEMBER_ALIVE)
			continue;
		room += mx_members.m[i].free;
		(*alive)++;
	}
	spin_unlock_bh(&lock);
	return room;
}

bool mx_members_show(u8 idx, struct mx_member_info *info)
{
	bool known;

	spin_lock_bh(&lock);
	info->m = mx_members.m[idx];
	known = nodes[idx] && info->m.state != MX_MEMBER_NONE;
	if (known) {
		strscpy(info->host, rmp_node_name(nodes[idx]),
			sizeof(info->host));
		info->silent_ms = rmp_node_silent_ms(nodes[idx]);
		info->state = state_word(info->m.state);
	}
	spin_unlock_bh(&lock);
	return known;
}

void mx_members_init(void)
{
	rmp_watcher_register(&watcher);
	rmp_solicit();
	queue_delayed_work(mx_wq, &tick_work, 0);
}

void mx_members_exit(void)
{
	int i;

	rmp_watcher_unregister(&watcher);
	cancel_delayed_work_sync(&tick_work);
	for (i = 0; i < MX_MEMBERS; i++)
		if (nodes[i])
			rmp_node_put(nodes[i]);
}
