/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shows the records of disks to people and as JSON.
 */
#ifndef MX_XS_SHOW_H
#define MX_XS_SHOW_H

#include "xs_record.h"

/** xs_trouble() - why a disk is not as it should be, as script or backend say; may be empty */
const char *xs_trouble(const struct xs_disk *disk);

/**
 * xs_is_hopeless() - whether the disk could not be set up, and stays so until an
 * admin takes it away: the script has failed, or the backend could not offer it
 */
bool xs_is_hopeless(const struct xs_disk *disk);

/** xs_show_list() - a line, or an object, for each disk */
void xs_show_list(const struct xs_store *store, bool json);

/** xs_show_records() - all that is known of each disk. Return: 0 or -ENOMEM */
int xs_show_records(const struct xs_store *store, bool json);

#endif /* MX_XS_SHOW_H */
