// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps what xenstore says of a connected disk: state, volume, usage and the
 * chunk map. One transaction for each change, at most one a second, from a work
 * of its own.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "mxbk.h"

enum {
	MAP_BYTES = MX_XS_MAP_COUNT * MX_XS_MAP_MAX + 1,
	SERVERS_BYTES = 2048,
	CONFLICTS_MAX = 5,	/* transactions tried in a row */
};

/**
 * struct record - what is about to be written
 * @info:    of the volume
 * @booking: what servers keep for it
 * @map_len: bytes of map text, or a negative error; valid if @with_map
 * @map_gen: what it belongs to
 * @with_map: the map in xenstore is not this one
 */
struct record {
	struct mx_vol_info info;
	struct mx_vol_booking booking;
	int	map_len;
	u64	map_gen;
	bool	with_map;
};

static const char *state_word(u8 state)
{
	switch (state) {
	case MX_VOL_OK:
		return MX_XS_STATE_OK;
	case MX_VOL_STALLED:
		return MX_XS_STATE_STALLED;
	case MX_VOL_LOST:
		return MX_XS_STATE_LOST;
	case MX_VOL_FENCED:
		return MX_XS_STATE_FENCED;
	default:
		return MX_XS_STATE_ERROR;
	}
}

static unsigned int map_nodes(const struct record *rec)
{
	return rec->map_len > 0 ? DIV_ROUND_UP(rec->map_len, MX_XS_MAP_MAX) : 0;
}

static int write_part(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		      const struct record *rec, unsigned int i)
{
	char *part = dev->map + i * MX_XS_MAP_MAX;
	size_t len = min_t(size_t, rec->map_len - i * MX_XS_MAP_MAX,
			   MX_XS_MAP_MAX);
	char node[24], after = part[len];
	int err;

	snprintf(node, sizeof(node), MX_XS_MAP_FMT, i);
	part[len] = '\0';
	err = xenbus_write(xbt, dev->xdev->nodename, node, part);
	part[len] = after;
	return err;
}

/* Parts of an older, longer map would be read as the end of this one. */
static int remove_stale(struct xenbus_transaction xbt, struct mxbk_dev *dev,
			unsigned int first)
{
	unsigned int end = dev->map_known ? dev->map_nodes : MX_XS_MAP_COUNT;
	char node[24];
	int err = 0;

	for (; first < end && !err; first++) {
		snprintf(node, sizeof(node), MX_XS_MAP_FMT, first);
		if (xenbus_exists(xbt, dev->xdev->nodename, node))
			err = xenbus_rm(xbt, dev->xdev->nodename, node);
	}
	return err;
}

static int write_map_error(struct xenbus_transaction xbt, struct mxbk_dev *dev,
			   const struct record *rec)
{
	const char *dir = dev->xdev->nodename;

	if (rec->map_len < 0)
		return xenbus_write(xbt, dir, MX_XS_MAP_ERROR,
				    "the map does not fit into xenstore");
	if (!xenbus_exists(xbt, dir, MX_XS_MAP_ERROR))
		return 0;
	return xenbus_rm(xbt, dir, MX_XS_MAP_ERROR);
}

static int write_map(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		     const struct record *rec)
{
	unsigned int i;
	int err;

	err = xenbus_write(xbt, dev->xdev->nodename, MX_XS_SERVERS,
			   rec->map_len < 0 ? "" : dev->servers);
	for (i = 0; i < map_nodes(rec) && !err; i++)
		err = write_part(xbt, dev, rec, i);
	if (!err)
		err = remove_stale(xbt, dev, i);
	if (!err)
		err = write_map_error(xbt, dev, rec);
	return err;
}

static int remove_if_there(struct xenbus_transaction xbt, const char *dir,
			   const char *node)
{
	return xenbus_exists(xbt, dir, node) ? xenbus_rm(xbt, dir, node) : 0;
}

/* What a new user of the volume compares its key with. */
static int write_key_check(struct xenbus_transaction xbt, const char *dir,
			   u64 check)
{
	if (check)
		return xenbus_printf(xbt, dir, MX_XS_KEY_CHECK, "%llx", check);
	return remove_if_there(xbt, dir, MX_XS_KEY_CHECK);
}

/* Servers know it by the size that it may grow to. */
static int write_sizes(struct xenbus_transaction xbt, const char *dir,
		       const struct mx_vol_info *info)
{
	int err = xenbus_printf(xbt, dir, MX_XS_SIZE, "%llu", info->bytes);

	if (err)
		return err;
	if (info->grow != info->bytes)
		return xenbus_printf(xbt, dir, MX_XS_GROW, "%llu", info->grow);
	return remove_if_there(xbt, dir, MX_XS_GROW);
}

static int write_identity(struct xenbus_transaction xbt, const char *dir,
			  const struct mx_vol_info *info)
{
	int err;

	err = xenbus_printf(xbt, dir, MX_XS_ID, "%llx", info->id);
	if (!err)
		err = xenbus_printf(xbt, dir, MX_XS_EPOCH, "%u", info->epoch);
	if (!err)
		err = write_sizes(xbt, dir, info);
	if (!err)
		err = xenbus_printf(xbt, dir, MX_XS_CHUNK, "%llu",
				    (u64)MX_PAGE_SIZE << info->chunk_shift);
	if (!err)
		err = write_key_check(xbt, dir, info->key_check);
	return err;
}

static int write_all(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		     const struct record *rec)
{
	const char *dir = dev->xdev->nodename;
	int err = 0;

	if (!mxbk_xs_there(xbt, dev))
		return -ENOENT;
	if (!dev->map_known)
		err = write_identity(xbt, dir, &rec->info);
	if (!err)
		err = xenbus_write(xbt, dir, MX_XS_STATE,
				   state_word(rec->info.state));
	if (!err)
		err = xenbus_printf(xbt, dir, MX_XS_USED, "%llu",
				    rec->info.used_pages);
	if (!err)
		err = mxbk_reserve_write(xbt, dev, &rec->booking);
	if (!err && rec->with_map)
		err = write_map(xbt, dev, rec);
	/* Last, so that an equal number before and after means one record. */
	if (!err)
		err = xenbus_printf(xbt, dir, MX_XS_GEN, "%llu", dev->gen + 1);
	return err;
}

static int commit(struct mxbk_dev *dev, const struct record *rec)
{
	struct xenbus_transaction xbt;
	unsigned int tries = 0;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = write_all(xbt, dev, rec);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN && ++tries < CONFLICTS_MAX);
	return err;
}

static void gather(struct mxbk_dev *dev, struct record *rec)
{
	mx_volume_info(dev->vol, &rec->info);
	mx_volume_booking(dev->vol, &rec->booking);
	rec->with_map = !dev->map_known || rec->info.map_gen != dev->map_gen;
	if (!rec->with_map)
		return;
	rec->map_gen = rec->info.map_gen;
	rec->map_len = mx_volume_map_text(dev->vol, dev->servers, dev->map,
					  MAP_BYTES, &rec->map_gen);
	if (rec->map_len >= 0 && strlen(dev->servers) > MX_XS_SERVERS_MAX)
		rec->map_len = -E2BIG;
}

static void blame_for_rings(struct mxbk_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nrings; i++) {
		struct mxbk_ring *ring = &dev->rings[i];

		if (READ_ONCE(ring->broken) && ring->told < MXBK_TOLD_BROKEN) {
			ring->told = MXBK_TOLD_BROKEN;
			mxbk_blame(dev, -EPROTO,
				   "ring %u was stopped: the frontend's request index is impossible",
				   i);
		} else if (READ_ONCE(ring->odd) && ring->told < MXBK_TOLD_ODD) {
			ring->told = MXBK_TOLD_ODD;
			mxbk_blame(dev, -EINVAL,
				   "ring %u has requests that are malformed or have no good grants: they are refused",
				   i);
		}
	}
}

/* Frontends look at the number of sectors when the state is written anew. */
static void tell_size(struct mxbk_dev *dev)
{
	const struct mxbk_number numbers[] = {
		{ "sectors", dev->lim.sectors }, { "state", MXBK_XB_CONNECTED },
	};
	int err = mxbk_xs_write(dev, numbers, ARRAY_SIZE(numbers), NULL);

	if (!err) {
		dev->told_sectors = dev->lim.sectors;
	} else if (err != -ENOENT) {
		dev_warn_ratelimited(&dev->xdev->dev,
				     "cannot tell the guest of %llu sectors yet: error %d\n",
				     dev->lim.sectors, err);
		mxbk_record_soon(dev);
	}
}

/*
 * The volume has another size, perhaps. @dev->lock keeps the state from changing
 * meanwhile; who holds it may be waiting for this work.
 */
static void follow_size(struct mxbk_dev *dev)
{
	struct mx_vol_info info;
	u64 sectors;

	mx_volume_info(dev->vol, &info);
	sectors = info.bytes >> MXBK_SECTOR_SHIFT;
	if (sectors == dev->told_sectors)
		return;
	if (!mutex_trylock(&dev->lock)) {
		mxbk_record_soon(dev);
		return;
	}
	if ((u8)dev->xdev->state == MXBK_XB_CONNECTED) {
		WRITE_ONCE(dev->lim.sectors, sectors);
		/* The record has the size, too. */
		dev->map_known = false;
		tell_size(dev);
	}
	mutex_unlock(&dev->lock);
}

static void record_work(struct work_struct *work)
{
	struct mxbk_dev *dev = container_of(work, struct mxbk_dev, record.work);
	struct record rec;
	int err;

	blame_for_rings(dev);
	follow_size(dev);
	gather(dev, &rec);
	err = commit(dev, &rec);
	/* The toolstack has removed the disk. */
	if (err == -ENOENT)
		return;
	if (err) {
		if (err != -EAGAIN)
			dev_warn_ratelimited(&dev->xdev->dev,
					     "cannot write the record: error %d\n",
					     err);
		mxbk_record_soon(dev);
		return;
	}
	dev->gen++;
	if (rec.with_map) {
		dev->map_known = true;
		dev->map_gen = rec.map_gen;
		dev->map_nodes = map_nodes(&rec);
	}
}

void mxbk_record_soon(struct mxbk_dev *dev)
{
	queue_delayed_work(mxbk_wq, &dev->record, HZ);
}

static void volume_changed(struct mx_vol_watch *watch)
{
	mxbk_record_soon(container_of(watch, struct mxbk_dev, watch));
}

void mxbk_record_state(struct mxbk_dev *dev, const char *word)
{
	mxbk_xs_word(dev, MX_XS_STATE, word);
}

void mxbk_record_start(struct mxbk_dev *dev)
{
	dev->map_known = false;
	dev->gen = xenbus_read_unsigned(dev->xdev->nodename, MX_XS_GEN, 0);
	dev->watch.changed = volume_changed;
	mx_volume_watch(dev->vol, &dev->watch);
	mod_delayed_work(mxbk_wq, &dev->record, 0);
}

void mxbk_record_stop(struct mxbk_dev *dev)
{
	if (dev->watch.changed)
		mx_volume_unwatch(dev->vol, &dev->watch);
	dev->watch.changed = NULL;
	cancel_delayed_work_sync(&dev->record);
}

int mxbk_record_init(struct mxbk_dev *dev)
{
	INIT_DELAYED_WORK(&dev->record, record_work);
	dev->map = kvzalloc(MAP_BYTES, GFP_KERNEL);
	dev->servers = kzalloc(SERVERS_BYTES, GFP_KERNEL);
	return dev->map && dev->servers ? 0 : -ENOMEM;
}

void mxbk_record_free(struct mxbk_dev *dev)
{
	kvfree(dev->map);
	kfree(dev->servers);
}
