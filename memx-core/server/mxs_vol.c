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
		if (vol->s.id == id)
			return vol;
	return NULL;
}

static void heard(struct mxs_vol *vol)
{
	unsigned long now = jiffies;

	if (READ_ONCE(vol->heard) != now)
		WRITE_ONCE(vol->heard, now);
}

void mxs_vol_hear(const struct mxs_try *t)
{
	struct mxs_vol *vol;
	unsigned int seq;
	bool claims;

	rcu_read_lock();
	vol = mxs_vol_find(t->who.volume);
	if (vol) {
		do {
			seq = read_seqbegin(&vol->claims);
			claims = mx_store_claims(&vol->s, &t->who);
		} while (read_seqretry(&vol->claims, seq));
		if (claims)
			heard(vol);
	}
	rcu_read_unlock();
}

int mxs_vol_admit(struct mxs_try *t, struct mxs_vol **vol)
{
	unsigned int seq;
	int status;

	t->arg = 0;
	*vol = mxs_vol_find(t->who.volume);
	if (!*vol)
		return MX_ST_NOVOL;
	do {
		seq = read_seqbegin(&(*vol)->claims);
		status = mx_store_admit(&(*vol)->s, &t->who, &t->ask,
					t->payload->len, &t->arg);
	} while (read_seqretry(&(*vol)->claims, seq));
	if (status == MX_ST_OK)
		heard(*vol);
	return status;
}

static int vol_new(struct mxs_try *t, const char *name, size_t len)
{
	struct mxs_vol *vol = kzalloc(sizeof(*vol), MXS_GFP);

	if (!vol)
		return MXS_LATER;
	t->arg = mx_store_vol_init(&mxs_srv.store, &vol->s, &t->who, &t->ask,
				   name, len);
	vol->seq = ++mxs_srv.seq;
	vol->heard = jiffies;
	seqlock_init(&vol->claims);
	vol->fence = get_completed_synchronize_rcu();
	xa_init(&vol->chunks);
	list_add_tail(&vol->link, &mxs_srv.vols);
	hlist_add_head_rcu(&vol->hash, bucket(vol->s.id));
	mxs_stat_add(MXS_S_VOLUMES_CREATED, 1);
	return MX_ST_OK;
}

/* @fence: result, if it is MX_ST_OK: what to wait for. Caller: srv.table */
static int open_known(struct mxs_vol *vol, struct mxs_try *t, const char *name,
		      size_t len, unsigned long *fence)
{
	bool fenced = false;
	int status;

	write_seqlock_bh(&vol->claims);
	status = mx_store_open(&mxs_srv.store, &vol->s, &t->who, &t->ask, name,
			       len, &t->arg, &fenced);
	write_sequnlock_bh(&vol->claims);
	if (fenced)
		vol->fence = get_state_synchronize_rcu();
	if (status == MX_ST_OK) {
		*fence = vol->fence;
		heard(vol);
	}
	return status;
}

/* Caller: srv.table. @vol may be NULL. */
static int do_open(struct mxs_vol *vol, struct mxs_try *t, const char *name,
		   size_t len, unsigned long *fence)
{
	bool fenced;
	int status;

	if (vol)
		return open_known(vol, t, name, len, fence);
	status = mx_store_open(&mxs_srv.store, NULL, &t->who, &t->ask, name, len,
			       &t->arg, &fenced);
	return status == MX_STORE_MAKE ? vol_new(t, name, len) : status;
}

int mxs_vol_open(struct mxs_try *t, const char *name, size_t len)
{
	unsigned long fence = get_completed_synchronize_rcu();
	int status = MX_ST_AGAIN;

	mutex_lock(&mxs_srv.table);
	if (!mxs_orphan(t))
		status = do_open(mxs_vol_find(t->who.volume), t, name, len,
				 &fence);
	mutex_unlock(&mxs_srv.table);

	/*
	 * Requests that were let in under the old claim end before the answer. So
	 * they do before that to another OPEN of the new claim: the first one may
	 * still be waiting here.
	 */
	cond_synchronize_rcu(fence);
	return status;
}

static void unhash(struct mxs_vol *vol)
{
	hlist_del_rcu(&vol->hash);
	mxs_unreserve(vol);
	list_move_tail(&vol->link, &mxs_srv.dying);
}

void mxs_vol_free(struct mxs_vol *vol)
{
	lockdep_assert_held(&mxs_srv.table);
	unhash(vol);
	queue_work(mxs_srv.chores, &mxs_srv.reaper);
}

int mxs_vol_reserve(struct mxs_try *t)
{
	struct mxs_vol *vol;
	int status;

	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK)
		status = mxs_orphan(t) ? MX_ST_AGAIN : mxs_reserve(vol, &t->ask, &t->arg);
	mutex_unlock(&mxs_srv.table);
	return status;
}

/* Caller: srv.table. @vol may be NULL. */
static int do_drop(struct mxs_vol *vol, struct mxs_try *t)
{
	int status;

	if (!vol)
		return mx_store_drop(&mxs_srv.store, NULL, &t->who);
	write_seqlock_bh(&vol->claims);
	status = mx_store_drop(&mxs_srv.store, &vol->s, &t->who);
	write_sequnlock_bh(&vol->claims);
	if (status != MX_STORE_FREE)
		return status;
	mxs_vol_free(vol);
	mxs_stat_add(MXS_S_DROPS, 1);
	return MX_ST_OK;
}

int mxs_vol_drop(struct mxs_try *t)
{
	int status = MX_ST_AGAIN;

	mutex_lock(&mxs_srv.table);
	if (!mxs_orphan(t))
		status = do_drop(mxs_vol_find(t->who.volume), t);
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
		mx_store_vol_gone(&mxs_srv.store);
		mutex_unlock(&mxs_srv.table);
		kfree_rcu(vol, rcu);
		mxs_stat_add(MXS_S_VOLUMES_DESTROYED, 1);
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
