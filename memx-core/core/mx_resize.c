// SPDX-License-Identifier: GPL-2.0
/*
 * Volumes that become larger or smaller while they exist.
 *
 * A volume has chunk objects and bitmaps for all that it may grow to, and that is
 * the size that servers know; so growing asks nobody, and no object moves. What
 * changes is how much of it users may use.
 */
#include "mx_book.h"
#include "mx_compat_nl.h"
#include "mx_event.h"
#include "mx_spec.h"
#include "mx_volume.h"

static bool chunk_clear(struct mx_vchunk *ck, u32 first)
{
	bool clear;

	spin_lock_bh(&ck->lock);
	clear = mx_chunk_clear_from(&ck->c, first);
	spin_unlock_bh(&ck->lock);
	return clear;
}

static int check_shrink(struct mx_volume *vol, u64 bytes,
			struct netlink_ext_ack *ack)
{
	u64 page = bytes >> MX_PAGE_SHIFT;
	u32 first = page & ((1U << vol->shift) - 1);
	u32 i;

	if (vol->user[0]) {
		mx_extack_fmt(ack, "the volume is in use by %s: it can only grow meanwhile",
			      vol->user);
		return -EBUSY;
	}
	for (i = page >> vol->shift; i < vol->nchunks; i++, first = 0) {
		if (chunk_clear(&vol->cks[i], first))
			continue;
		NL_SET_ERR_MSG(ack, "something is stored beyond that size, or may be; discard it first");
		return -ENOTEMPTY;
	}
	return 0;
}

static int check_grow(struct mx_volume *vol, u64 bytes,
		      struct netlink_ext_ack *ack)
{
	struct mx_vol_spec more = {
		.bytes = bytes - vol->bytes,
		.thin = vol->thin,
		.encrypt = vol->sealed ? MX_CHOICE_YES : MX_CHOICE_NO,
	};

	if (bytes > vol->pages << MX_PAGE_SHIFT) {
		mx_extack_fmt(ack, "it can grow to %llu KiB at most, as it was made (grow)",
			      vol->pages << (MX_PAGE_SHIFT - 10));
		return -EFBIG;
	}
	return mx_spec_room(&more, ack);
}

static int resize(struct mx_volume *vol, u64 bytes, struct netlink_ext_ack *ack)
{
	int err;

	lockdep_assert_held(&mx_vols_mutex);
	if (bytes == vol->bytes)
		return 0;
	err = bytes < vol->bytes ? check_shrink(vol, bytes, ack) :
				   check_grow(vol, bytes, ack);
	if (err)
		return err;
	WRITE_ONCE(vol->bytes, bytes);
	mx_book_resized(vol);
	mx_event_volume(vol, "resized", NULL);
	mx_volume_changed(vol);
	return 0;
}

int mx_volume_resize(const char *name, u64 bytes, struct netlink_ext_ack *ack)
{
	struct mx_volume *vol;
	int err;

	if (!bytes || bytes & (MX_PAGE_SIZE - 1)) {
		NL_SET_ERR_MSG(ack, "the size must be a multiple of 4 KiB");
		return -EINVAL;
	}
	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (vol) {
		err = resize(vol, bytes, ack);
	} else {
		NL_SET_ERR_MSG(ack, "there is no such volume");
		err = -ENOENT;
	}
	mutex_unlock(&mx_vols_mutex);
	return err;
}
