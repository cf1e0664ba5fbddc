// SPDX-License-Identifier: GPL-2.0
/*
 * The volumes that are open on this memory server: found by id under RCU,
 * opened, taken over and dropped by workers.
 */
#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "mxs.h"

static struct hlist_head *bucket(u64 id)
{
	return &mxs_srv.hash[hash_64(id, ilog2(ARRAY_SIZE(mxs_srv.hash)))];
}

struct mxs_vol *mxs_vol_find(u64 id)
{
	struct mxs_vol *vol;

	hlist_for_each_entry_rcu(vol, bucket(id), hash,
				 lockdep_is_held(&mxs_srv.table))
		if (vol->id == id)
			return vol;
	return NULL;
}

static int owner_check(struct mxs_vol *vol, u64 node, u32 epoch)
{
	u32 current_epoch = READ_ONCE(vol->epoch);
	unsigned long now = jiffies;

	if (epoch < current_epoch)
		return MX_ST_STALE;
	if (epoch > current_epoch)
		return MX_ST_INVAL;	/* it has to OPEN first */
	if (READ_ONCE(vol->owner) != node)
		return MX_ST_STALE;
	if (READ_ONCE(vol->heard) != now)
		WRITE_ONCE(vol->heard, now);
	return MX_ST_OK;
}

static bool range_valid(const struct mxs_vol *vol, const struct mx_ask *ask)
{
	u64 n = ask->op == MX_OP_DISCARD ? ask->arg : ask->npages;
	u64 index = ask->page >> vol->shift;

	if (ask->page >= vol->pages || n > vol->pages - ask->page)
		return false;
	if ((ask->page + n - 1) >> vol->shift != index)
		return false;
	if (!(ask->flags & MX_F_RELEASE))
		return true;
	return ask->page == index << vol->shift &&
	       n == mx_chunk_pages(vol->pages, vol->shift, index);
}

/* Ciphertext taken for data, or the reverse, would be of no use to anybody. */
static bool kind_valid(const struct mxs_vol *vol, const struct mx_ask *ask)
{
	if (ask->op != MX_OP_READ && ask->op != MX_OP_WRITE)
		return true;
	return mxs_sealed(ask) == vol->sealed;
}

int mxs_vol_admit(const struct mxs_claim *who, const struct mx_ask *ask,
		  struct mxs_vol **vol)
{
	int status;

	*vol = mxs_vol_find(who->id);
	if (!*vol)
		return MX_ST_NOVOL;
	status = owner_check(*vol, who->node, who->epoch);
	if (status == MX_ST_OK &&
	    (!range_valid(*vol, ask) || !kind_valid(*vol, ask)))
		status = MX_ST_INVAL;
	return status;
}

static int vol_new(const struct mxs_claim *who, const struct mx_ask *ask,
		   const char *name, size_t len)
{
	struct mxs_vol *vol;

	if (mxs_srv.nvols >= mxs_max_volumes)
		return MX_ST_FULL;
	vol = kzalloc(sizeof(*vol), MXS_GFP);
	if (!vol)
		return MXS_LATER;
	vol->id = who->id;
	vol->seq = ++mxs_srv.seq;
	memcpy(vol->name, name, len);
	vol->pages = ask->page;
	vol->shift = ask->arg;
	vol->sealed = mxs_sealed(ask);
	vol->epoch = who->epoch;
	vol->owner = who->node;
	vol->heard = jiffies;
	xa_init(&vol->chunks);
	mxs_srv.nvols++;
	list_add_tail(&vol->link, &mxs_srv.vols);
	hlist_add_head_rcu(&vol->hash, bucket(vol->id));
	mxs_count(MXS_S_VOLUMES_CREATED, 1);
	return MX_ST_OK;
}

static bool same_volume(const struct mxs_vol *vol, const struct mx_ask *ask,
			const char *name, size_t len)
{
	return vol->pages == ask->page && vol->shift == ask->arg &&
	       vol->sealed == mxs_sealed(ask) &&
	       strlen(vol->name) == len && !memcmp(vol->name, name, len);
}

/* Nobody but who opened it last, with the highest epoch, gets at a volume. */
static int take_over(struct mxs_vol *vol, const struct mxs_claim *who,
		     bool *raised)
{
	if (who->epoch <= vol->epoch)
		return owner_check(vol, who->node, who->epoch);
	WRITE_ONCE(vol->owner, who->node);
	WRITE_ONCE(vol->epoch, who->epoch);
	WRITE_ONCE(vol->heard, jiffies);
	*raised = true;
	return MX_ST_OK;
}

int mxs_vol_open(const struct mxs_claim *who, const struct mx_ask *ask,
		 const char *name, size_t len)
{
	struct mxs_vol *vol;
	bool raised = false;
	int status;

	if (!who->id || !mx_name_valid(name, len))
		return MX_ST_INVAL;
	mutex_lock(&mxs_srv.table);
	vol = mxs_vol_find(who->id);
	if (!vol)
		status = vol_new(who, ask, name, len);
	else if (!same_volume(vol, ask, name, len))
		status = MX_ST_INVAL;
	else
		status = take_over(vol, who, &raised);
	mutex_unlock(&mxs_srv.table);

	/* Requests that were let in at the old epoch end before the answer. */
	if (raised)
		synchronize_rcu();
	return status;
}

static void unhash(struct mxs_vol *vol)
{
	hlist_del_rcu(&vol->hash);
	list_move_tail(&vol->link, &mxs_srv.dying);
}

int mxs_vol_drop(const struct mxs_claim *who)
{
	struct mxs_vol *vol;
	int status = MX_ST_OK;

	mutex_lock(&mxs_srv.table);
	vol = mxs_vol_find(who->id);
	if (vol && who->epoch <= vol->epoch)
		status = owner_check(vol, who->node, who->epoch);
	if (vol && status == MX_ST_OK) {
		unhash(vol);
		mxs_count(MXS_S_DROPS, 1);
		queue_work(mxs_srv.chores, &mxs_srv.reaper);
	}
	mutex_unlock(&mxs_srv.table);
	return status;
}

void mxs_vols_reap(struct work_struct *work)
{
	struct mxs_vol *vol, *next;
	LIST_HEAD(dead);

	mutex_lock(&mxs_srv.table);
	list_splice_init(&mxs_srv.dying, &dead);
	mutex_unlock(&mxs_srv.table);
	if (list_empty(&dead))
		return;

	/* A request that had found one of them may still be storing pages. */
	synchronize_rcu();
	list_for_each_entry_safe(vol, next, &dead, link) {
		mxs_chunks_free(vol);
		mutex_lock(&mxs_srv.table);
		mxs_srv.nvols--;
		mutex_unlock(&mxs_srv.table);
		kfree_rcu(vol, rcu);
		mxs_count(MXS_S_VOLUMES_DESTROYED, 1);
		cond_resched();
	}
	mxs_news();
}

void mxs_vols_drop_all(void)
{
	struct mxs_vol *vol, *next;

	mutex_lock(&mxs_srv.table);
	list_for_each_entry_safe(vol, next, &mxs_srv.vols, link)
		unhash(vol);
	queue_work(mxs_srv.chores, &mxs_srv.reaper);
	mutex_unlock(&mxs_srv.table);
	flush_work(&mxs_srv.reaper);
}
