// SPDX-License-Identifier: GPL-2.0
/*
 * Leases: which owners of volumes are heard, and what is dropped without them.
 * engine/mx_store_lease.c decides.
 */
#include <linux/sched.h>
#include "mx_compat_nl.h"
#include "mxs.h"

/* What came since @since was asked by somebody with a claim. Caller: srv.table */
static void look(struct mxs_vol *vol, unsigned long since)
{
	struct rmp_node *node = rmp_node_find(vol->s.claim.node);
	u32 inc = node ? rmp_node_inc(node) : 0;

	if (node)
		rmp_node_put(node);
	if (inc)
		mx_store_seen(&vol->s, inc);
	if (time_after_eq(READ_ONCE(vol->heard), since))
		mx_store_heard(&mxs_srv.store, &vol->s);
}

static void drop(struct mxs_vol *vol, const char *why)
{
	pr_warn_ratelimited("memx_server: volume %s (%016llx) of node %012llx: %s after %llu s of silence, %llu pages freed\n",
			    vol->s.name, vol->s.id, vol->s.claim.node, why,
			    div_u64(mx_store_age(&mxs_srv.store, &vol->s),
				    MSEC_PER_SEC),
			    READ_ONCE(vol->s.share.used));
	if (!mx_store_bury(&mxs_srv.store, &vol->s))
		pr_warn_ratelimited("memx_server: the first of %u volumes that were dropped without their owners is forgotten: its id is free\n",
				    MX_TOMBS_MAX);
	mxs_vol_free(vol);
}

void mxs_leases_tick(void)
{
	static unsigned long last;
	struct mxs_vol *vol, *next;
	unsigned long now = jiffies;

	mutex_lock(&mxs_srv.table);
	mx_store_tick(&mxs_srv.store, ktime_to_ms(ktime_get()), rmp_hears());
	list_for_each_entry_safe(vol, next, &mxs_srv.vols, link) {
		look(vol, last);
		mxs_unhold(vol);
		if (!mx_store_expired(&mxs_srv.store, &vol->s))
			continue;
		drop(vol, "lease expired");
		mxs_stat_add(MXS_S_EXPIRED, 1);
	}
	mutex_unlock(&mxs_srv.table);
	last = now;
}

int mxs_expiry_set(u32 seconds, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&mxs_srv.table);
	err = mx_store_expiry_set(&mxs_srv.store, (u64)seconds * MSEC_PER_SEC);
	mutex_unlock(&mxs_srv.table);
	if (err)
		mx_extack_fmt(extack, "a lease cannot expire after less than %u s",
			      MX_LEASE_LEAST_MS / 1000);
	return err;
}

/* Caller: srv.table. Return: the volume, NULL, or ERR_PTR(-ENOTUNIQ) */
static struct mxs_vol *find(const char *name, u64 id)
{
	struct mxs_vol *vol, *found = NULL;

	if (!name)
		return mxs_vol_find(id);
	list_for_each_entry(vol, &mxs_srv.vols, link) {
		if (strcmp(vol->s.name, name))
			continue;
		if (found)
			return ERR_PTR(-ENOTUNIQ);
		found = vol;
	}
	return found;
}

/* Caller: srv.table */
static int drop_here(const char *name, u64 id, bool force,
		     struct netlink_ext_ack *extack)
{
	struct mxs_vol *vol = find(name, id);
	u8 lease;

	if (IS_ERR(vol)) {
		NL_SET_ERR_MSG(extack, "several volumes here have this name: say which one by its id");
		return PTR_ERR(vol);
	}
	if (!vol && !name && mx_store_tomb(&mxs_srv.store, id)) {
		NL_SET_ERR_MSG(extack, "it was dropped here before; 'server volume forget' makes its id free for a new one");
		return -ENOENT;
	}
	if (!vol) {
		NL_SET_ERR_MSG(extack, "there is no such volume here");
		return -ENOENT;
	}
	lease = mx_store_lease(&mxs_srv.store, &vol->s);
	if (!force && lease == MX_LEASE_ALIVE) {
		NL_SET_ERR_MSG(extack, "the volume's owner is alive, and would lose what it has stored here");
		return -EBUSY;
	}
	if (!force && lease == MX_LEASE_UNKNOWN) {
		NL_SET_ERR_MSG(extack, "the volume's owner may be alive: its version asks for nothing while it is idle");
		return -EBUSY;
	}
	drop(vol, "dropped by an admin");
	mxs_stat_add(MXS_S_DROPPED_HERE, 1);
	return 0;
}

int mxs_vol_forget(u64 id, struct netlink_ext_ack *extack)
{
	bool known;

	mutex_lock(&mxs_srv.table);
	known = mx_store_unbury(&mxs_srv.store, id);
	mutex_unlock(&mxs_srv.table);
	if (!known) {
		NL_SET_ERR_MSG(extack, "no volume of this id was dropped here without its owner");
		return -ENOENT;
	}
	pr_info("memx_server: volume %016llx, dropped before, is forgotten: its id is free\n", id);
	return 0;
}

int mxs_vol_drop_here(const char *name, u64 id, bool force,
		      struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&mxs_srv.table);
	err = drop_here(name, id, force, extack);
	mutex_unlock(&mxs_srv.table);
	return err;
}
