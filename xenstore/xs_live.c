// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the disks of MemX from the running xenstore.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>
#include "mx_xs_keys.h"
#include "xs_live.h"

enum { PATH_BYTES = 256, TRIES = 10 };

static const char *const kinds[] = { "vbd", "vbd3" };

/* Keys of a disk outside of memx/ that are of interest. */
static const char *const others[] = {
	MX_XS_SCRIPT, MX_XS_PARAMS, MX_XS_HOTPLUG_STATUS, MX_XS_HOTPLUG_ERROR, "dev",
};

struct xs_handle *xs_live_open(struct xs_store *store)
{
	struct xs_handle *xs = xs_open(0);

	if (!xs)
		snprintf(store->why, sizeof(store->why),
			 "cannot connect to xenstore: %s", strerror(errno));
	return xs;
}

void xs_live_close(struct xs_handle *xs)
{
	if (xs)
		xs_close(xs);
}

/* Puts a path of PATH_BYTES together. A longer one is none of a disk's. */
static bool join(char *path, const char *dir, const char *name)
{
	return snprintf(path, PATH_BYTES, "%s/%s", dir, name) < PATH_BYTES;
}

static int key_read(struct xs_handle *xs, xs_transaction_t t,
		    struct xs_store *store, const char *path)
{
	unsigned int len;
	char *value;
	int err;

	value = xs_read(xs, t, path, &len);
	if (!value)
		return errno == ENOENT ? 0 : -errno;
	err = xs_store_add(store, path, value, len);
	free(value);
	return err;
}

/* A node and all below it; MemX's trees are three deep at most. */
static int tree_read(struct xs_handle *xs, xs_transaction_t t,
		     struct xs_store *store, const char *path, int depth)
{
	char child[PATH_BYTES];
	unsigned int i, n = 0;
	char **names;
	int err = 0;

	names = depth ? xs_directory(xs, t, path, &n) : NULL;
	for (i = 0; i < n && !err; i++) {
		if (!join(child, path, names[i]))
			continue;
		err = key_read(xs, t, store, child);
		if (!err)
			err = tree_read(xs, t, store, child, depth - 1);
	}
	free(names);
	return err;
}

static int disk_read_once(struct xs_handle *xs, struct xs_store *store,
			  const char *path)
{
	xs_transaction_t t = xs_transaction_start(xs);
	char key[PATH_BYTES];
	size_t i;
	int err = 0;

	if (t == XBT_NULL)
		return -errno;
	for (i = 0; i < sizeof(others) / sizeof(others[0]) && !err; i++)
		if (join(key, path, others[i]))
			err = key_read(xs, t, store, key);
	if (!err && join(key, path, MX_XS_DIR))
		err = tree_read(xs, t, store, key, 3);
	if (!xs_transaction_end(xs, t, false) && !err)
		err = -errno;
	return err;
}

/* Moves what a record's own little store holds to the end of the big one. */
static int disks_move(struct xs_store *store, struct xs_store *from)
{
	struct xs_disk *grown;

	if (!from->ndisks)
		return 0;
	grown = reallocarray(store->disks, store->ndisks + from->ndisks,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + store->ndisks, from->disks, from->ndisks * sizeof(*grown));
	store->disks = grown;
	store->ndisks += from->ndisks;
	free(from->disks);
	from->disks = NULL;
	from->ndisks = 0;
	return 0;
}

static int disk_read(struct xs_handle *xs, struct xs_store *store,
		     const char *path)
{
	struct xs_store one = { 0 };
	int tries, err = -EAGAIN;

	for (tries = 0; tries < TRIES && err == -EAGAIN; tries++) {
		xs_store_clear(&one);
		err = disk_read_once(xs, &one, path);
	}
	if (!err)
		err = disks_move(store, &one);
	xs_store_clear(&one);
	return err;
}

static int guests_read(struct xs_handle *xs, struct xs_store *store,
		       const char *backend)
{
	char path[PATH_BYTES], guest[PATH_BYTES];
	unsigned int g, d, nguests = 0, ndisks;
	char **guests, **disks;
	int err = 0;

	guests = xs_directory(xs, XBT_NULL, backend, &nguests);
	for (g = 0; guests && g < nguests && !err; g++) {
		if (!join(guest, backend, guests[g]))
			continue;
		ndisks = 0;
		disks = xs_directory(xs, XBT_NULL, guest, &ndisks);
		for (d = 0; disks && d < ndisks && !err; d++)
			if (join(path, guest, disks[d]))
				err = disk_read(xs, store, path);
		free(disks);
	}
	free(guests);
	return err;
}

static int domain_read(struct xs_handle *xs, struct xs_store *store,
		       const char *domain)
{
	char backend[64];
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++)
		if (snprintf(backend, sizeof(backend), "/local/domain/%s/backend/%s",
			     domain, kinds[i]) < (int)sizeof(backend))
			err = guests_read(xs, store, backend);
	return err;
}

int xs_live_read(struct xs_handle *xs, struct xs_store *store)
{
	unsigned int i, n = 0;
	char **domains, *self;
	int err = 0;

	domains = xs_directory(xs, XBT_NULL, "/local/domain", &n);
	for (i = 0; domains && i < n && !err; i++)
		err = domain_read(xs, store, domains[i]);
	if (!domains) {
		/* A driver domain sees only itself. */
		self = xs_read(xs, XBT_NULL, "domid", NULL);
		err = self ? domain_read(xs, store, self) : -errno;
		free(self);
	}
	free(domains);
	if (err)
		snprintf(store->why, sizeof(store->why), "reading xenstore: %s",
			 strerror(-err));
	return err;
}

int xs_live_watch(struct xs_handle *xs, const char *path)
{
	return xs_watch(xs, path, "memx-xs") ? 0 : -errno;
}

void xs_live_pause(struct xs_handle *xs, int ms)
{
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	unsigned int n;
	char **event;

	if (poll(&fd, 1, ms) <= 0)
		return;
	event = xs_read_watch(xs, &n);
	free(event);
}
