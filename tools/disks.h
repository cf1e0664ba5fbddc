/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests' disks that this domain serves, as sysfs has them.
 */
#ifndef MX_DISKS_H
#define MX_DISKS_H

#include "memxctl.h"

/**
 * disks_read() - a row for each disk, in order of domains
 * @table: gets them and its schema; empty before
 * @only:  name of the disk wanted, or NULL: all
 *
 * Return: enum ctl_exit, after a message.
 */
int disks_read(struct table *table, const char *only);

/** disk_name() - of a row */
const char *disk_name(const struct row *row);
/** disk_exists() - whether there still is such a disk, served or not */
bool disk_exists(const char *disk);
/** disk_rings() - rings by which it is served now; 0: it is not connected */
unsigned int disk_rings(const char *disk);

#endif /* MX_DISKS_H */
