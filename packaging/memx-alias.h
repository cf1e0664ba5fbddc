/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1 */
/*
 * Other names for some of Xen's virtual disks: memx and memxa are xvdma, memxb
 * is xvdmb, and so on to memxz. A disk is given its own name where its
 * specification is parsed, so that nothing that is stored or sent to another
 * host has the other one.
 *
 * The shim for a stock xl is compiled with it, and the patch for Xen brings it
 * along.
 */
#ifndef MEMX_ALIAS_H
#define MEMX_ALIAS_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>

#define MEMX_ALIAS "memx"
#define MEMX_ALIAS_DISK "xvdm"
#define MEMX_ALIAS_SCRIPT "block-memx"

/* Bytes of a disk's own name, with its end. */
#define MEMX_ALIAS_BYTES sizeof(MEMX_ALIAS_DISK "a")

/**
 * memx_alias() - the disk of which something is another name
 * @vdev: as somebody has written it; NULL is nobody's name
 * @disk: the disk's own name is put here; left alone when there is none
 *
 * Return: whether it is another name for a disk.
 */
static inline bool memx_alias(const char *vdev, char disk[MEMX_ALIAS_BYTES])
{
	const size_t len = strlen(MEMX_ALIAS);
	char letter = 'a';

	if (!vdev || strncmp(vdev, MEMX_ALIAS, len))
		return false;
	if (vdev[len]) {
		letter = vdev[len];
		if (letter < 'a' || letter > 'z' || vdev[len + 1])
			return false;
	}
	memcpy(disk, MEMX_ALIAS_DISK, sizeof(MEMX_ALIAS_DISK));
	disk[strlen(MEMX_ALIAS_DISK)] = letter;
	disk[MEMX_ALIAS_BYTES - 1] = '\0';
	return true;
}

/* Gives *text a copy of @value unless it has one; 0 or ENOMEM. */
static inline int memx_alias_default(char **text, const char *value)
{
	if (!*text)
		*text = strdup(value);
	return *text ? 0 : ENOMEM;
}

/**
 * memx_alias_apply() - give a disk its own name
 * @disk: as it was parsed. If its name is another one it gets its own, and,
 *        unless it is a CD-ROM drive, MemX's script and an empty target where
 *        it has none. Its strings are of malloc()
 *
 * Return: 0, or ENOMEM; the disk may be disposed of in either case.
 */
static inline int memx_alias_apply(libxl_device_disk *disk)
{
	char name[MEMX_ALIAS_BYTES];
	char *vdev;

	if (!memx_alias(disk->vdev, name))
		return 0;
	vdev = strdup(name);
	if (!vdev)
		return ENOMEM;
	free(disk->vdev);
	disk->vdev = vdev;
	if (disk->is_cdrom)
		return 0;
	return memx_alias_default(&disk->script, MEMX_ALIAS_SCRIPT) ?:
	       memx_alias_default(&disk->pdev_path, "");
}

#endif /* MEMX_ALIAS_H */
