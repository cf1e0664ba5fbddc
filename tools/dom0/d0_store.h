/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the service reaches xenstore: the running one, or one that a test makes.
 */
#ifndef MX_D0_STORE_H
#define MX_D0_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct d0_store;

/**
 * struct d0_store_ops - what a store can do
 *
 * All return 0 or a negative error; -ENOENT: there is no such node. d0_lost()
 * tells the errors after which the connection is of no use.
 *
 * @begin:   start a transaction, of which there is one at a time; what follows
 *           belongs to it
 * @end:     end it. -EAGAIN: somebody changed what it used, and none of it was done
 * @read:    a value, cut to @size and ended by NUL. Return: its length as it is
 * @write:   a value
 * @remove:  a node with all below it
 * @list:    names below a node, in one block that is to be freed
 * @secure:  make a domain's node dom0's, which the domain may read; nobody else may
 * @watch:   have changes at a path and below it told, with @token
 * @unwatch: no more
 */
struct d0_store_ops {
	int (*begin)(struct d0_store *store);
	int (*end)(struct d0_store *store, bool commit);
	int (*read)(struct d0_store *store, const char *path, char *value, size_t size);
	int (*write)(struct d0_store *store, const char *path, const char *value);
	int (*remove)(struct d0_store *store, const char *path);
	int (*list)(struct d0_store *store, const char *path, char ***names, unsigned int *n);
	int (*secure)(struct d0_store *store, const char *path, unsigned int domid);
	int (*watch)(struct d0_store *store, const char *path, const char *token);
	int (*unwatch)(struct d0_store *store, const char *path, const char *token);
};

/**
 * struct d0_store - a store; the first member of what an implementation needs
 * @ops: what it can do
 */
struct d0_store {
	const struct d0_store_ops *ops;
};

/** d0_lost() - whether an error means that the connection is gone */
bool d0_lost(int err);

/** d0_live_open() - connect to the running xenstore. Return: 0 or an error */
int d0_live_open(struct d0_store **store);
/** d0_live_close() - end the connection and free it; NULL is nothing */
void d0_live_close(struct d0_store *store);

/** d0_live_fd() - becomes readable when something watched has changed */
int d0_live_fd(struct d0_store *store);

/**
 * d0_live_event() - the next change, if there is one
 * @event: result: path and token, to be freed in one go
 *
 * Return: 0, -EAGAIN when there is none, or another error: the connection is gone.
 */
int d0_live_event(struct d0_store *store, char ***event);

#endif /* MX_D0_STORE_H */
