/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A snapshot of what xenstore says about MemX's disks.
 */
#ifndef MX_XS_STORE_H
#define MX_XS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { XS_WHY_BYTES = 256 };

/**
 * struct xs_pair - one key
 * @key:   relative to the backend's node, owned
 * @value: its value, owned, NUL-terminated
 * @len:   bytes in @value, which may hold NULs
 */
struct xs_pair {
	char	*key;
	char	*value;
	size_t	len;
};

/**
 * struct xs_disk - one disk
 * @path:   the backend's node, absolute, owned
 * @domid:  of the guest
 * @devid:  number of the disk
 * @pairs:  its keys, owned
 * @npairs: how many
 */
struct xs_disk {
	char		*path;
	unsigned int	domid;
	unsigned int	devid;
	struct xs_pair	*pairs;
	unsigned int	npairs;
};

/**
 * struct xs_store - all disks
 * @disks:  owned
 * @ndisks: how many
 * @why:    after a failure: the reason in words
 */
struct xs_store {
	struct xs_disk	*disks;
	unsigned int	ndisks;
	char		why[XS_WHY_BYTES];
};

/** xs_store_add() - take a key in; others than a disk's are ignored. -ENOMEM */
int xs_store_add(struct xs_store *store, const char *path, const char *value,
		 size_t len);

/** xs_store_dump() - read what `xenstore-ls -f` has printed. 0, or an error */
int xs_store_dump(struct xs_store *store, FILE *in);

/** xs_store_own() - forget the disks that are not MemX's */
void xs_store_own(struct xs_store *store);

void xs_store_clear(struct xs_store *store);

/** xs_pair() - a key of a disk, or NULL */
const struct xs_pair *xs_pair(const struct xs_disk *disk, const char *key);

/** xs_value() - a key's value, or "" */
const char *xs_value(const struct xs_disk *disk, const char *key);

#endif /* MX_XS_STORE_H */
