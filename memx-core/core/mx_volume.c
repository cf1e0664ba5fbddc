// SPDX-License-Identifier: GPL-2.0
/*
 * The life of volumes: made, claimed, released, removed, watched.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "mx_compat_nl.h"
#include "mx_event.h"
#include "mx_io.h"
#include "mx_keys.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_recover.h"
#include "mx_run.h"
#include "mx_volume.h"

DEFINE_MUTEX(mx_vols_mutex);
LIST_HEAD(mx_vols);

static void notify(struct work_struct *work);
static void drop(struct work_struct *work);

struct mx_volume *mx_volume_find(const char *name)
{
	struct mx_volume *vol;

	lockdep_assert_held(&mx_vols_mutex);
	list_for_each_entry(vol, &mx_vols, link)
		if (!strcmp(vol->name, name))
			return vol;
	return NULL;
}

static struct mx_volume *find_id(u64 id)
{
	struct mx_volume *vol;

	list_for_each_entry(vol, &mx_vols, link)
		if (vol->id == id)
			return vol;
	return NULL;
}

/* Chunk objects, bitmaps and the index, all at once: none is made later. */
static int make_chunks(struct mx_volume *vol)
{
	u32 i, words = mx_chunk_words(1U << vol->shift);
	u64 left = vol->pages;

	vol->cks = kvcalloc(vol->nchunks, sizeof(*vol->cks),
			    GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	vol->bitmaps = kvcalloc((size_t)vol->nchunks * 2 * words, sizeof(u64),
				GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	if (!vol->cks || !vol->bitmaps)
		return -ENOMEM;
	for (i = 0; i < vol->nchunks; i++) {
		u64 *have = vol->bitmaps + (size_t)i * 2 * words;
		u32 pages = min_t(u64, left, 1U << vol->shift);
		int err;

		spin_lock_init(&vol->cks[i].lock);
		mx_chunk_init(&vol->cks[i].c, have, have + words, pages);
		mx_todo_init(&vol->cks[i].todo);
		/* Servers may have it. */
		if (vol->id)
			mx_chunk_unknown(&vol->cks[i].c);
		left -= pages;
		err = xa_err(xa_store_bh(&vol->map, i, &vol->cks[i], GFP_KERNEL));
		if (err)
			return err;
	}
	mx_stat_add(MX_S_CHUNK_MADE, vol->nchunks);
	return 0;
}

static int make_reserves(struct mx_volume *vol)
{
	vol->stats = alloc_percpu(struct mx_vol_stats);
	if (!vol->stats || mx_run_reserve(vol) || mx_claim_make(vol, vol->id))
		return -ENOMEM;
	return mx_pool_init(&vol->pool, mx_reserve_pages);
}

void mx_volume_free(struct mx_volume *vol)
{
	timer_delete_sync(&vol->timer);
	cancel_work_sync(&vol->feed);
	mx_claim_free(vol);
	/* The claim's last work may have queued it. */
	cancel_delayed_work_sync(&vol->notify);
	mx_vsrv_free_all(vol);
	if (vol->pool.free)
		mx_pool_destroy(&vol->pool);
	if (vol->ops.free)
		mx_reserve_destroy(&vol->ops);
	free_percpu(vol->stats);
	if (vol->cks && vol->bitmaps)
		mx_stat_add(MX_S_CHUNK_FREED, vol->nchunks);
	xa_destroy(&vol->map);
	kvfree(vol->bitmaps);
	kvfree(vol->cks);
	mx_wipe(&vol->seal, sizeof(vol->seal));
	kfree(vol);
	mx_stat_inc(MX_S_VOL_FREED);
}

static void init_lists(struct mx_volume *vol)
{
	INIT_LIST_HEAD(&vol->retry);
	mx_starve_init(&vol->starved);
	INIT_WORK(&vol->feed, mx_io_feed);
	timer_setup(&vol->timer, mx_run_timer, 0);
	init_waitqueue_head(&vol->wq);
	mutex_init(&vol->watch_mutex);
	INIT_LIST_HEAD(&vol->watches);
	INIT_DELAYED_WORK(&vol->notify, notify);
	INIT_WORK(&vol->drop, drop);
}

static struct mx_volume *alloc_volume(const struct mx_vol_spec *spec)
{
	struct mx_volume *vol = kzalloc(sizeof(*vol), GFP_KERNEL);
	int err;

	if (!vol)
		return NULL;
	mx_stat_inc(MX_S_VOL_MADE);
	strscpy(vol->name, spec->name, sizeof(vol->name));
	vol->id = spec->id;
	vol->bytes = spec->bytes;
	vol->pages = spec->grow >> MX_PAGE_SHIFT;
	vol->epoch = 1;
	vol->shift = spec->shift;
	vol->nchunks = (vol->pages + (1ULL << vol->shift) - 1) >> vol->shift;
	vol->thin = spec->thin;
	vol->sealed = spec->encrypt == MX_CHOICE_YES;
	vol->weight = max_t(u16, spec->weight, 1);
	xa_init_flags(&vol->map, XA_FLAGS_LOCK_BH);
	spin_lock_init(&vol->lock);
	init_lists(vol);
	err = make_chunks(vol);
	if (!err)
		err = make_reserves(vol);
	if (err) {
		mx_volume_free(vol);
		return NULL;
	}
	return vol;
}

/* Names and ids are unique; the id decides the key. */
static int enter(struct mx_volume *vol, u64 key_check, struct netlink_ext_ack *ack)
{
	int err = 0;

	mutex_lock(&mx_vols_mutex);
	if (mx_volume_find(vol->name)) {
		NL_SET_ERR_MSG(ack, "a volume with this name exists");
		err = -EEXIST;
	} else if (vol->id && find_id(vol->id)) {
		NL_SET_ERR_MSG(ack, "a volume with this id exists");
		err = -EEXIST;
	} else {
		while (!vol->id || find_id(vol->id))
			vol->id = get_random_u64();
		if (vol->sealed)
			err = mx_keys_seal(vol->id, key_check, &vol->seal, ack);
	}
	if (!err) {
		strscpy(vol->user, "its maker", sizeof(vol->user));
		__module_get(THIS_MODULE);
		list_add_tail(&vol->link, &mx_vols);
		mx_event_volume(vol, "made", NULL);
		mx_claim_begin(vol);
	}
	mutex_unlock(&mx_vols_mutex);
	return err;
}

static void user_clear(struct mx_volume *vol, const char *event)
{
	mutex_lock(&mx_vols_mutex);
	vol->user[0] = '\0';
	if (event)
		mx_event_volume(vol, event, NULL);
	mutex_unlock(&mx_vols_mutex);
}

int mx_volume_make(const struct mx_vol_spec *want, struct netlink_ext_ack *ack)
{
	struct mx_vol_spec spec = *want;
	struct mx_volume *vol;
	const char *why;
	int err;

	err = mx_spec_check(&spec, ack);
	if (err)
		return err;
	vol = alloc_volume(&spec);
	if (!vol) {
		NL_SET_ERR_MSG(ack, "not enough memory on this host for the volume's map and reserve");
		return -ENOMEM;
	}
	err = enter(vol, spec.key_check, ack);
	if (err) {
		mx_volume_free(vol);
		return err;
	}
	/*
	 * Until it is released nobody else can remove it. What is wanted was checked:
	 * neither contradicts the other.
	 */
	mx_book_set(vol, spec.reserve ? &spec.reserve : NULL,
		    spec.limit ? &spec.limit : NULL, &why);
	err = mx_claim_wait(vol, ack);
	if (!err && spec.id && !mx_claim_taken(vol))
		err = mx_spec_room(&spec, ack);
	if (!err)
		err = mx_book_wait(vol);
	user_clear(vol, NULL);
	if (err)
		mx_volume_remove(spec.name, NULL);
	return err;
}

/* Runs until the servers have been told, or went away. */
static void drop(struct work_struct *work)
{
	struct mx_volume *vol = container_of(work, struct mx_volume, drop);

	mx_recover_end(vol);
	mx_claim_drop(vol);
	mx_volume_free(vol);
}

/* The mutex keeps servers from being added meanwhile. */
static void weigh(struct mx_volume *vol, u16 weight)
{
	int i;

	WRITE_ONCE(vol->weight, weight);
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (s)
			rmp_weigh(s->node, &s->flow, weight);
	}
}

int mx_volume_change(const char *name, const struct mx_vol_change *change,
		     struct netlink_ext_ack *ack)
{
	struct mx_volume *vol;
	const char *why;
	int err = 0;

	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (!vol) {
		NL_SET_ERR_MSG(ack, "there is no such volume");
		err = -ENOENT;
		goto out;
	}
	err = mx_book_set(vol, change->reserve, change->limit, &why);
	if (err)
		mx_extack_fmt(ack, "%s", why);
	else if (change->weight)
		weigh(vol, change->weight);
out:
	mutex_unlock(&mx_vols_mutex);
	return err;
}

int mx_volume_tune(struct mx_volume *vol, const struct mx_vol_tuning *tuning,
		   const char **why)
{
	u16 weight = min_t(u32, tuning->weight, RMP_WEIGHT_MAX);
	int err;

	err = mx_book_set(vol, tuning->with_reserve ? &tuning->reserve : NULL,
			  tuning->with_limit ? &tuning->limit : NULL, why);
	if (err || !weight)
		return err;
	mutex_lock(&mx_vols_mutex);
	weigh(vol, weight);
	mutex_unlock(&mx_vols_mutex);
	return 0;
}
MX_EXPORT_SYMBOL(mx_volume_tune);

void mx_volume_booking(struct mx_volume *vol, struct mx_vol_booking *info)
{
	mx_book_info(vol, info);
}
MX_EXPORT_SYMBOL(mx_volume_booking);

int mx_volume_remove(const char *name, struct netlink_ext_ack *ack)
{
	struct mx_volume *vol;
	int err = 0;

	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (!vol) {
		NL_SET_ERR_MSG(ack, "there is no such volume");
		err = -ENOENT;
	} else if (vol->user[0]) {
		mx_extack_fmt(ack, "the volume is in use by %s", vol->user);
		err = -EBUSY;
	} else {
		list_del(&vol->link);
		mx_event_volume(vol, "removed", NULL);
		set_bit(MX_VF_DYING, &vol->flags);
		queue_work(mx_slow_wq, &vol->drop);
		module_put(THIS_MODULE);
	}
	mutex_unlock(&mx_vols_mutex);
	return err;
}

struct mx_volume *mx_volume_claim(const char *name, const char *user)
{
	struct mx_volume *vol;

	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (!vol) {
		vol = ERR_PTR(-ENOENT);
	} else if (vol->user[0]) {
		vol = ERR_PTR(-EBUSY);
	} else {
		strscpy(vol->user, user[0] ? user : "?", sizeof(vol->user));
		clear_bit(MX_VF_ABORTED, &vol->flags);
		mx_event_volume(vol, "used", vol->user);
	}
	mutex_unlock(&mx_vols_mutex);
	return vol;
}
MX_EXPORT_SYMBOL(mx_volume_claim);

void mx_volume_release(struct mx_volume *vol)
{
	user_clear(vol, "released");
}
MX_EXPORT_SYMBOL(mx_volume_release);

void mx_volume_abort(struct mx_volume *vol)
{
	mx_recover_abort(vol);
}
MX_EXPORT_SYMBOL(mx_volume_abort);

void mx_volume_servers(struct mx_volume *vol)
{
	bool pages = mx_pool_servers(&vol->pool, vol->nsrv);

	if (!mx_reserve_servers(&vol->ops, vol->nsrv) || !pages)
		set_bit(MX_VF_SMALL, &vol->flags);
}

void mx_volume_env(const struct mx_volume *vol, struct mx_env *env)
{
	*env = (struct mx_env) {
		.members	= &mx_members,
		.life		= vol->life,
		.now_ms		= mx_volume_now_ms(),
		.timeout_ms	= mx_write_timeout_s * MSEC_PER_SEC,
		.awake_ms	= mx_members_awake_ms(),
		.copies		= 1,
	};
}

void mx_volume_changed(struct mx_volume *vol)
{
	if (test_bit(MX_VF_CHANGED, &vol->flags) ||
	    test_and_set_bit(MX_VF_CHANGED, &vol->flags))
		return;
	queue_delayed_work(mx_wq, &vol->notify, msecs_to_jiffies(MX_NOTIFY_MS));
}

static void notify(struct work_struct *work)
{
	struct mx_volume *vol = container_of(to_delayed_work(work),
					     struct mx_volume, notify);
	struct mx_vol_watch *watch;

	clear_bit(MX_VF_CHANGED, &vol->flags);
	mx_event_state(vol);
	mutex_lock(&vol->watch_mutex);
	list_for_each_entry(watch, &vol->watches, link)
		watch->changed(watch);
	mutex_unlock(&vol->watch_mutex);
}

void mx_volume_watch(struct mx_volume *vol, struct mx_vol_watch *watch)
{
	mutex_lock(&vol->watch_mutex);
	list_add_tail(&watch->link, &vol->watches);
	mutex_unlock(&vol->watch_mutex);
}
MX_EXPORT_SYMBOL(mx_volume_watch);

void mx_volume_unwatch(struct mx_volume *vol, struct mx_vol_watch *watch)
{
	mutex_lock(&vol->watch_mutex);
	list_del(&watch->link);
	mutex_unlock(&vol->watch_mutex);
}
MX_EXPORT_SYMBOL(mx_volume_unwatch);
