/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The running xenstore.
 */
#ifndef MX_XS_LIVE_H
#define MX_XS_LIVE_H

#include "xs_store.h"

struct xs_handle;

/** xs_live_open() - connect. Return: the connection, or NULL with store->why */
struct xs_handle *xs_live_open(struct xs_store *store);
void xs_live_close(struct xs_handle *xs);

/**
 * xs_live_read() - all disks that this domain may see; each record is read in
 * one transaction. Return: 0, or an error with store->why.
 */
int xs_live_read(struct xs_handle *xs, struct xs_store *store);

/** xs_live_watch() - have xs_live_pause() see changes of a key. 0 or an error */
int xs_live_watch(struct xs_handle *xs, const char *path);

/** xs_live_pause() - until something watched changes, at most @ms */
void xs_live_pause(struct xs_handle *xs, int ms);

#endif /* MX_XS_LIVE_H */
