// SPDX-License-Identifier: GPL-2.0
/*
 * Looks at a domain in xenstore and puts right what stands there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "d0_look.h"
#include "mx_xs_domain.h"
#include "mx_xs_keys.h"
#include "size.h"

enum { TRIES = 5, DOMID_MOST = 0x7fff, HOME = 32 };

static const char own_script[] = "block-memx";

static const char *const domain_paths[D0_DOMAIN_KEYS] = {
	[D0_RESERVATION] = MX_XD_RESERVATION,
	[D0_LIMIT] = MX_XD_LIMIT,
	[D0_WEIGHT] = MX_XD_WEIGHT,
	[D0_TARGET + D0_RESERVATION] = MX_XD_TARGET_RESERVATION,
	[D0_TARGET + D0_LIMIT] = MX_XD_TARGET_LIMIT,
	[D0_TARGET + D0_WEIGHT] = MX_XD_TARGET_WEIGHT,
	[D0_ASKED] = MX_XD_ASKED,
	[D0_GRANTED] = MX_XD_GRANTED,
	[D0_USED] = MX_XD_USED,
	[D0_STATE] = MX_XD_STATE,
	[D0_ERROR] = MX_XD_ERROR,
};

static const char *const disk_paths[D0_DISK_KEYS] = {
	[D0_DISK_FIGURE + D0_RESERVATION] = MX_XS_RESERVE,
	[D0_DISK_FIGURE + D0_LIMIT] = MX_XS_LIMIT,
	[D0_DISK_FIGURE + D0_WEIGHT] = MX_XS_WEIGHT,
	[D0_DISK_UUID] = MX_XS_UUID,
};

/* Puts a path together. One that is too long is none of ours: -ENOENT. */
static int join(char *path, const char *dir, const char *name)
{
	return snprintf(path, D0_PATH, "%s/%s", dir, name) < D0_PATH ? 0 : -ENOENT;
}

/* A value, or empty text if there is none. Return: its length, or an error */
static int value_read(struct d0_store *store, const char *dir, const char *name,
		      char *value, size_t size)
{
	char path[D0_PATH];
	int len;

	value[0] = 0;
	len = join(path, dir, name);
	if (!len)
		len = store->ops->read(store, path, value, size);
	return len == -ENOENT ? 0 : len;
}

/* A number, or 0 if there is none or it is not one. */
static int number_read(struct d0_store *store, const char *dir, const char *name,
		       uint64_t most, struct d0_number *number)
{
	char text[D0_NUMBER];
	int len;

	memset(number, 0, sizeof(*number));
	len = value_read(store, dir, name, text, sizeof(text));
	if (len < 0)
		return len;
	number->there = len > 0 && len < D0_NUMBER && !number_parse(text, most, &number->n);
	if (!number->there)
		number->n = 0;
	return 0;
}

static int keys_read(struct d0_store *store, const char *dir, const char *const *paths,
		     struct d0_key *keys, int n)
{
	int i, len;

	for (i = 0; i < n; i++) {
		len = value_read(store, dir, paths[i], keys[i].now, sizeof(keys[i].now));
		if (len < 0)
			return len;
		keys[i].cut = len >= (int)sizeof(keys[i].now);
	}
	return 0;
}

/* What the backend says of the disk; it may be another domain, and may say anything. */
static int answer_read(struct d0_store *store, struct d0_disk *disk)
{
	struct d0_number used, granted, size;
	char word[16];
	int err;

	err = number_read(store, disk->backend, MX_XS_SIZE, D0_SIZE_MOST, &size);
	if (!err)
		err = number_read(store, disk->backend, MX_XS_USED,
				  D0_SIZE_MOST / SIZE_PAGE, &used);
	if (!err)
		err = number_read(store, disk->backend, MX_XS_GRANTED, D0_SIZE_MOST, &granted);
	if (err)
		return err;
	disk->size = size.there && size.n ? size : disk->target.size;
	disk->used = used.n * SIZE_PAGE;
	disk->granted = granted.n;
	err = value_read(store, disk->backend, MX_XS_RESERVE_STATE, word, sizeof(word));
	if (err < 0)
		return err;
	disk->answer = d0_state_parse(word);
	err = value_read(store, disk->backend, MX_XS_RESERVE_ERROR, disk->why,
			 sizeof(disk->why));
	return err < 0 ? err : 0;
}

/*
 * Why the disk is not connected: the script has failed, or the backend could not
 * even offer it. What the backend says later is about what the guest does, who could
 * have us say things as often as it likes.
 */
static int trouble_read(struct d0_store *store, struct d0_disk *disk)
{
	char word[16];
	int len;

	len = value_read(store, disk->backend, MX_XS_HOTPLUG_STATUS, word, sizeof(word));
	if (len < 0)
		return len;
	if (!strcmp(word, MX_XS_HOTPLUG_STATUS_ERROR))
		len = value_read(store, disk->backend, MX_XS_HOTPLUG_ERROR, disk->trouble,
				 sizeof(disk->trouble));
	else if (!len)
		len = value_read(store, disk->backend, MX_XS_STATE, word, sizeof(word));
	else
		return 0;
	if (!len)
		len = value_read(store, disk->backend, MX_XS_ERROR, disk->trouble,
				 sizeof(disk->trouble));
	/* it has no volume that could have a part of the domain's figures */
	if (disk->trouble[0])
		memset(&disk->size, 0, sizeof(disk->size));
	return len < 0 ? len : 0;
}

/* Whether a path is that of a backend of this very disk; in which domain. */
static bool is_backend(const char *path, unsigned int domid, unsigned int devid,
		       unsigned int *backend)
{
	unsigned int guest, device;
	char kind[8], again[D0_PATH];

	if (sscanf(path, "/local/domain/%u/backend/%7[a-z0-9]/%u/%u", backend, kind,
		   &guest, &device) != 4)
		return false;
	snprintf(again, sizeof(again), "/local/domain/%u/backend/%s/%u/%u", *backend, kind,
		 domid, devid);
	return !strcmp(path, again) && (!strcmp(kind, "vbd") || !strcmp(kind, "vbd3"));
}

static bool is_own_script(const char *script)
{
	const char *slash = strrchr(script, '/');

	return !strcmp(slash ? slash + 1 : script, own_script);
}

/*
 * Says so if the driver domain of a disk that has no backend has ended. One that
 * is there is about to make or to remove it.
 */
static int gone_say(struct d0_store *store, struct d0_domain *domain, unsigned int backend,
		    const char *vdev)
{
	char path[D0_PATH], text[D0_NUMBER];
	int len;

	snprintf(path, sizeof(path), "/local/domain/%u", backend);
	len = store->ops->read(store, path, text, sizeof(text));
	if (len != -ENOENT)
		return len < 0 ? len : 0;
	d0_words(domain->gone, "%s: domain %u, which served it, is gone: its I/O waits for ever",
		 vdev, backend);
	return 0;
}

/*
 * Reads a disk by the toolstack's own record of it, which no other domain can
 * write. Return: 1 if it is MemX's and still there, 0 if not, or an error.
 */
static int disk_read(struct d0_store *store, struct d0_domain *domain, const char *dir,
		     unsigned int devid, struct d0_disk *disk)
{
	unsigned int backend;
	char text[2048];
	int len;

	memset(disk, 0, sizeof(*disk));
	disk->devid = devid;
	len = value_read(store, dir, MX_XS_SCRIPT, text, sizeof(text));
	if (len < 0 || !is_own_script(text))
		return len < 0 ? len : 0;
	len = value_read(store, dir, "backend", disk->backend, sizeof(disk->backend));
	if (len < 0 || !is_backend(disk->backend, domain->domid, devid, &backend))
		return len < 0 ? len : 0;
	len = value_read(store, dir, "dev", disk->vdev, sizeof(disk->vdev));
	if (len < 0)
		return len;
	if (!len)
		snprintf(disk->vdev, sizeof(disk->vdev), "%u", devid);
	/* a backend that has gone must not come to life by what is written there */
	len = value_read(store, disk->backend, MX_XS_SCRIPT, text, sizeof(text));
	if (!len)
		return gone_say(store, domain, backend, disk->vdev);
	if (len < 0)
		return len;
	len = value_read(store, dir, MX_XS_PARAMS, text, sizeof(text));
	if (len < 0)
		return len;
	d0_target_parse(text, &disk->target);
	len = answer_read(store, disk);
	if (!len)
		len = trouble_read(store, disk);
	if (!len)
		len = keys_read(store, disk->backend, disk_paths, disk->key, D0_DISK_KEYS);
	return len ? len : 1;
}

static int disk_order(const void *a, const void *b)
{
	const struct d0_disk *left = a, *right = b;

	return left->devid < right->devid ? -1 : left->devid > right->devid;
}

static int disk_add(struct d0_store *store, struct d0_domain *domain, const char *dir,
		    const char *name)
{
	struct d0_disk *grown;
	char path[D0_PATH];
	uint64_t devid;
	int ret;

	if (number_parse(name, 0x7fffffff, &devid) || join(path, dir, name) ||
	    domain->ndisks == D0_DISKS)
		return 0;
	grown = reallocarray(domain->disks, domain->ndisks + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	domain->disks = grown;
	ret = disk_read(store, domain, path, devid, &grown[domain->ndisks]);
	if (ret <= 0)
		return ret;
	domain->ndisks++;
	return 0;
}

static int disks_read(struct d0_store *store, struct d0_domain *domain)
{
	unsigned int i, n = 0;
	char dir[D0_PATH];
	char **names;
	int err;

	snprintf(dir, sizeof(dir), "/libxl/%u/device/vbd", domain->domid);
	err = store->ops->list(store, dir, &names, &n);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (i = 0; i < n && !err; i++)
		err = disk_add(store, domain, dir, names[i]);
	free(names);
	if (domain->ndisks)
		qsort(domain->disks, domain->ndisks, sizeof(*domain->disks), disk_order);
	return err;
}

/* /vm/<uuid>; it becomes part of a file's name, so it is one or nothing. */
static int uuid_read(struct d0_store *store, const char *dir, char *uuid)
{
	char text[64];
	int i, len;

	len = value_read(store, dir, "vm", text, sizeof(text));
	if (len < 0)
		return len;
	if (len != 4 + D0_UUID - 1 || strncmp(text, "/vm/", 4))
		return -ENOENT;
	for (i = 0; i < D0_UUID - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (!strchr(dash ? "-" : "0123456789abcdef", text[4 + i]))
			return -ENOENT;
	}
	memcpy(uuid, text + 4, D0_UUID);
	return 0;
}

static void home_path(char *path, unsigned int domid)
{
	snprintf(path, HOME, "/local/domain/%u", domid);
}

int d0_domain_read(struct d0_store *store, unsigned int domid, struct d0_domain *domain)
{
	char home[HOME], path[D0_PATH], **names;
	unsigned int n;
	int err;

	memset(domain, 0, sizeof(*domain));
	domain->domid = domid;
	home_path(home, domid);
	err = uuid_read(store, home, domain->uuid);
	if (!err)
		err = disks_read(store, domain);
	if (err)
		return err;
	join(path, home, MX_XD_DIR);
	err = store->ops->list(store, path, &names, &n);
	if (err)
		return err == -ENOENT ? 0 : err;
	free(names);
	domain->there = true;
	return keys_read(store, home, domain_paths, domain->key, D0_DOMAIN_KEYS);
}

bool d0_domain_matters(const struct d0_domain *domain)
{
	return domain->ndisks || domain->gone[0] || domain->there;
}

void d0_domain_clear(struct d0_domain *domain)
{
	free(domain->disks);
	domain->disks = NULL;
	domain->ndisks = 0;
}

int d0_domains(struct d0_store *store, unsigned int **domids, unsigned int *n)
{
	unsigned int i, count = 0;
	char **names;
	uint64_t id;
	int err;

	*n = 0;
	*domids = NULL;
	err = store->ops->list(store, "/libxl", &names, &count);
	if (err)
		return err == -ENOENT ? 0 : err;
	*domids = calloc(count + 1, sizeof(**domids));
	for (i = 0; i < count && *domids; i++)
		if (!number_parse(names[i], DOMID_MOST, &id))
			(*domids)[(*n)++] = id;
	free(names);
	return *domids ? 0 : -ENOMEM;
}

/* Return: how many were written or removed, or an error. */
static int keys_write(struct d0_store *store, const char *dir, const char *const *paths,
		      const struct d0_key *keys, int n)
{
	int i, err, wrote = 0;
	char path[D0_PATH];

	for (i = 0; i < n; i++) {
		if (!d0_key_stale(&keys[i]))
			continue;
		err = join(path, dir, paths[i]);
		if (!err && keys[i].want[0])
			err = store->ops->write(store, path, keys[i].want);
		else if (!err)
			err = store->ops->remove(store, path);
		if (err && (err != -ENOENT || keys[i].want[0]))
			return err;
		wrote++;
	}
	return wrote;
}

/* Errors that concern one node only: the rest of the domain goes on without it. */
static bool is_refusal(int err)
{
	return err == -EACCES || err == -EPERM || err == -ENOSPC || err == -EDQUOT ||
	       err == -E2BIG;
}

static int disks_write(struct d0_store *store, struct d0_domain *domain)
{
	unsigned int i;
	int n, wrote = 0;

	for (i = 0; i < domain->ndisks; i++) {
		struct d0_disk *disk = &domain->disks[i];

		n = keys_write(store, disk->backend, disk_paths, disk->key, D0_DISK_KEYS);
		if (n < 0 && !is_refusal(n))
			return n;
		if (n < 0) {
			d0_words(domain->why, "%s: its backend's node cannot be written: %s",
				 disk->vdev, strerror(-n));
			disk->answer = D0_REFUSED;
		}
		wrote += n < 0 ? 0 : n;
	}
	return wrote;
}

/* Who has set a key by hand may have set its rights too. */
static int rights_write(struct d0_store *store, const struct d0_domain *domain)
{
	char home[HOME], path[D0_PATH];
	int i, err;

	home_path(home, domain->domid);
	join(path, home, MX_XD_DIR);
	err = store->ops->secure(store, path, domain->domid);
	for (i = 0; i < D0_DOMAIN_KEYS && !err; i++) {
		if (!domain->key[i].want[0])
			continue;
		join(path, home, domain_paths[i]);
		err = store->ops->secure(store, path, domain->domid);
	}
	return err == -ENOENT ? 0 : err;
}

static int domain_write(struct d0_store *store, struct d0_domain *domain)
{
	char home[HOME];

	home_path(home, domain->domid);
	return keys_write(store, home, domain_paths, domain->key, D0_DOMAIN_KEYS);
}

/* One try. Return: whether something is to be committed, or an error. */
static int look_once(struct d0_store *store, unsigned int domid, bool secure,
		     struct d0_domain *domain)
{
	int err, wrote;

	err = d0_domain_read(store, domid, domain);
	if (err || !d0_domain_matters(domain))
		return err;
	d0_plan_ask(domain);
	wrote = disks_write(store, domain);
	if (wrote < 0)
		return wrote;
	d0_plan_answer(domain);
	err = domain_write(store, domain);
	if (err < 0)
		return err;
	wrote += err;
	if (!secure)
		return wrote > 0;
	err = rights_write(store, domain);
	return err ? err : 1;
}

int d0_look(struct d0_store *store, unsigned int domid, bool secure,
	    struct d0_domain *domain)
{
	int tries, ret, err = -EAGAIN;

	memset(domain, 0, sizeof(*domain));
	for (tries = 0; tries < TRIES && err == -EAGAIN; tries++) {
		d0_domain_clear(domain);
		err = store->ops->begin(store);
		if (err)
			continue;
		ret = look_once(store, domid, secure, domain);
		err = store->ops->end(store, ret > 0);
		if (ret < 0)
			err = ret;
	}
	return err;
}

static int set_once(struct d0_store *store, unsigned int domid, const char *const *text,
		    struct d0_domain *after)
{
	struct d0_key keys[D0_FIGURES];
	char home[HOME];
	int f, err;

	err = d0_domain_read(store, domid, after);
	if (err || !after->ndisks)
		return err ? err : -ENODEV;
	memset(keys, 0, sizeof(keys));
	for (f = 0; f < D0_FIGURES; f++) {
		struct d0_key *key = &after->key[f];

		memcpy(keys[f].now, key->now, sizeof(key->now));
		keys[f].cut = key->cut;
		if (text[f]) {
			snprintf(key->now, sizeof(key->now), "%s", text[f]);
			key->cut = false;
		}
		memcpy(keys[f].want, key->now, sizeof(key->now));
	}
	d0_plan_ask(after);
	for (f = 0; f < D0_FIGURES; f++)
		if (text[f] && (after->bad[f] || (f == D0_RESERVATION && after->over)))
			return -EINVAL;
	home_path(home, domid);
	return keys_write(store, home, domain_paths, keys, D0_FIGURES);
}

int d0_set(struct d0_store *store, unsigned int domid, const char *const *text,
	   struct d0_domain *after)
{
	int tries, ret, err = -EAGAIN;

	memset(after, 0, sizeof(*after));
	for (tries = 0; tries < TRIES && err == -EAGAIN; tries++) {
		d0_domain_clear(after);
		err = store->ops->begin(store);
		if (err)
			continue;
		ret = set_once(store, domid, text, after);
		err = store->ops->end(store, ret > 0);
		if (ret < 0)
			err = ret;
	}
	return err;
}
