// SPDX-License-Identifier: GPL-2.0
/*
 * The memory server's account: what is promised and stored, and when to tell
 * others that it has changed.
 */
#include "mxs.h"

enum {
	TELL_MS		= 100,	/* between announcements out of turn */
};

void mxs_account_start(u64 capacity, u64 room)
{
	spin_lock_bh(&mxs_srv.account);
	mx_store_start(&mxs_srv.store, capacity, room);
	mx_quota_told(&mxs_srv.store.quota);
	spin_unlock_bh(&mxs_srv.account);
}

void mxs_account_room(u64 room)
{
	spin_lock_bh(&mxs_srv.account);
	mx_quota_room(&mxs_srv.store.quota, room);
	spin_unlock_bh(&mxs_srv.account);
}

void mxs_figures(struct mx_quota *q)
{
	spin_lock_bh(&mxs_srv.account);
	*q = mxs_srv.store.quota;
	spin_unlock_bh(&mxs_srv.account);
}

void mxs_news(void)
{
	bool tell = false;

	spin_lock_bh(&mxs_srv.account);
	if (mx_quota_news(&mxs_srv.store.quota) &&
	    time_after(jiffies, mxs_srv.told + msecs_to_jiffies(TELL_MS))) {
		mx_quota_told(&mxs_srv.store.quota);
		mxs_srv.told = jiffies;
		tell = true;
	}
	spin_unlock_bh(&mxs_srv.account);
	if (tell)
		rmp_advert_now();
}

int mxs_promise(struct mxs_vol *vol, u64 index)
{
	int status;

	spin_lock_bh(&mxs_srv.account);
	status = mx_store_promise(&mxs_srv.store, &vol->s, index);
	spin_unlock_bh(&mxs_srv.account);
	return status;
}

void mxs_withdraw(struct mxs_vol *vol, u32 size)
{
	spin_lock_bh(&mxs_srv.account);
	mx_store_withdraw(&mxs_srv.store, &vol->s, size);
	spin_unlock_bh(&mxs_srv.account);
}

int mxs_reserve(struct mxs_vol *vol, const struct mx_ask *ask, u64 *arg)
{
	int status;

	lockdep_assert_held(&mxs_srv.table);
	spin_lock_bh(&mxs_srv.account);
	status = mx_store_reserve(&mxs_srv.store, &vol->s, ask, arg);
	spin_unlock_bh(&mxs_srv.account);
	return status;
}

void mxs_unhold(struct mxs_vol *vol)
{
	lockdep_assert_held(&mxs_srv.table);
	spin_lock_bh(&mxs_srv.account);
	mx_store_unhold(&mxs_srv.store, &vol->s);
	spin_unlock_bh(&mxs_srv.account);
}

void mxs_unreserve(struct mxs_vol *vol)
{
	spin_lock_bh(&mxs_srv.account);
	mx_store_unreserve(&mxs_srv.store, &vol->s);
	spin_unlock_bh(&mxs_srv.account);
}

void mxs_stored(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 n)
{
	lockdep_assert_held(&chunk->lock);
	spin_lock(&mxs_srv.account);
	mx_store_stored(&mxs_srv.store, &vol->s, &chunk->s, n);
	spin_unlock(&mxs_srv.account);
}

void mxs_dropped(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 n)
{
	lockdep_assert_held(&chunk->lock);
	spin_lock(&mxs_srv.account);
	mx_store_dropped(&mxs_srv.store, &vol->s, &chunk->s, n);
	spin_unlock(&mxs_srv.account);
}
