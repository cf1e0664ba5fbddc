/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A xenstore in memory for the tests of tools/dom0: transactions, watches, and
 * everything that can go wrong at a chosen step.
 */
#ifndef D0_FAKE_H
#define D0_FAKE_H

#include <errno.h>
#include "mxtest.h"
#include "../../tools/dom0/d0_store.h"

enum {
	FAKE_NODES	= 1024,
	FAKE_PATH	= 160,
	FAKE_VALUE	= 512,
	FAKE_EVENTS	= 4096,
	FAKE_WATCHES	= 512,
};

/**
 * struct fake_node - a node with a value
 * @path:    absolute
 * @value:   of it
 * @secured: domain whose node was made dom0's, or 0
 */
struct fake_node {
	char		path[FAKE_PATH];
	char		value[FAKE_VALUE];
	unsigned int	secured;
};

/**
 * struct fake_tree - all nodes
 * @nodes: in any order
 * @n:     how many
 */
struct fake_tree {
	struct fake_node	nodes[FAKE_NODES];
	unsigned int		n;
};

struct fake_pair {
	char path[FAKE_PATH];
	char token[32];
};

/**
 * struct fake - the store
 * @store:     for its users
 * @now:       what everybody sees
 * @trans:     what the transaction sees
 * @within:    one is under way
 * @gen:       changes of @now
 * @began:     @gen when the transaction began
 * @ops:       calls so far
 * @writes:    values written or removed for good
 * @fail_op:   the call that fails, from 1, or 0
 * @fail_err:  and how
 * @fail_path: every write to it fails with @fail_err, or empty
 * @die_op:    from this call on all fail as when the process is killed, or 0
 * @meanwhile: called once before a transaction is to end
 * @conflicts: so many transactions meet somebody else's
 * @watches:   that are set
 * @events:    that were not taken yet
 */
struct fake {
	struct d0_store		store;
	struct fake_tree	now;
	struct fake_tree	trans;
	bool			within;
	unsigned int		gen;
	unsigned int		began;
	unsigned int		ops;
	unsigned int		writes;
	unsigned int		fail_op;
	int			fail_err;
	char			fail_path[FAKE_PATH];
	unsigned int		die_op;
	void			(*meanwhile)(void);
	unsigned int		conflicts;
	struct fake_pair	watches[FAKE_WATCHES];
	unsigned int		nwatches;
	struct fake_pair	events[FAKE_EVENTS];
	unsigned int		nevents;
};

static struct fake fake;

static struct fake_node *fake_find(struct fake_tree *tree, const char *path)
{
	unsigned int i;

	for (i = 0; i < tree->n; i++)
		if (!strcmp(tree->nodes[i].path, path))
			return &tree->nodes[i];
	return NULL;
}

static bool fake_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (path[len] == '/' || !path[len]);
}

static bool fake_there(struct fake_tree *tree, const char *path)
{
	unsigned int i;

	for (i = 0; i < tree->n; i++)
		if (fake_below(tree->nodes[i].path, path))
			return true;
	return false;
}

static void fake_event(const char *path)
{
	unsigned int i;

	for (i = 0; i < fake.nwatches; i++) {
		if (!fake_below(path, fake.watches[i].path))
			continue;
		assert_true(fake.nevents < FAKE_EVENTS);
		strcpy(fake.events[fake.nevents].path, path);
		strcpy(fake.events[fake.nevents++].token, fake.watches[i].token);
	}
}

static void fake_tree_put(struct fake_tree *tree, const char *path, const char *value)
{
	struct fake_node *node = fake_find(tree, path);

	if (!node) {
		assert_true(tree->n < FAKE_NODES);
		node = &tree->nodes[tree->n++];
		memset(node, 0, sizeof(*node));
		strcpy(node->path, path);
	}
	assert_true(strlen(value) < FAKE_VALUE);
	strcpy(node->value, value);
}

static bool fake_tree_rm(struct fake_tree *tree, const char *path)
{
	unsigned int i, to = 0, was = tree->n;

	for (i = 0; i < tree->n; i++)
		if (!fake_below(tree->nodes[i].path, path))
			tree->nodes[to++] = tree->nodes[i];
	tree->n = to;
	return to < was;
}

/* What somebody else does: at once, whatever transaction is under way. */
static void fake_put(const char *path, const char *value)
{
	fake_tree_put(&fake.now, path, value);
	fake.gen++;
	fake_event(path);
}

static void fake_rm(const char *path)
{
	fake_tree_rm(&fake.now, path);
	fake.gen++;
	fake_event(path);
}

static const char *fake_get(const char *path)
{
	struct fake_node *node = fake_find(&fake.now, path);

	return node ? node->value : "";
}

static struct fake_tree *fake_tree(void)
{
	return fake.within ? &fake.trans : &fake.now;
}

static int fake_step(void)
{
	fake.ops++;
	if (fake.die_op && fake.ops >= fake.die_op)
		return -EIO;
	return fake.ops == fake.fail_op ? fake.fail_err : 0;
}

static int fake_begin(struct d0_store *store)
{
	int err = fake_step();

	assert_false(fake.within);
	if (err)
		return err;
	fake.within = true;
	fake.trans = fake.now;
	fake.began = fake.gen;
	return 0;
}

/* Watches learn of what a transaction has changed when it has ended. */
static void fake_commit(void)
{
	static struct fake_tree old;
	unsigned int i;

	old = fake.now;
	fake.now = fake.trans;
	fake.gen++;
	for (i = 0; i < old.n; i++) {
		if (fake_find(&fake.now, old.nodes[i].path))
			continue;
		fake.writes++;
		fake_event(old.nodes[i].path);
	}
	for (i = 0; i < fake.now.n; i++) {
		struct fake_node *was = fake_find(&old, fake.now.nodes[i].path);

		if (was && !strcmp(was->value, fake.now.nodes[i].value))
			continue;
		fake.writes++;
		fake_event(fake.now.nodes[i].path);
	}
}

static int fake_end(struct d0_store *store, bool commit)
{
	void (*meanwhile)(void) = fake.meanwhile;
	int err = fake_step();

	assert_true(fake.within);
	fake.within = false;
	fake.meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	if (err || !commit)
		return err;
	if (fake.conflicts && fake.conflicts--)
		return -EAGAIN;
	if (fake.began != fake.gen)
		return -EAGAIN;
	fake_commit();
	return 0;
}

static int fake_read(struct d0_store *store, const char *path, char *value, size_t size)
{
	struct fake_node *node;
	int err = fake_step();

	if (err)
		return err;
	node = fake_find(fake_tree(), path);
	if (!node && !fake_there(fake_tree(), path))
		return -ENOENT;
	snprintf(value, size, "%s", node ? node->value : "");
	return node ? strlen(node->value) : 0;
}

static int fake_write(struct d0_store *store, const char *path, const char *value)
{
	int err = fake_step();

	if (err)
		return err;
	if (fake.fail_path[0] && fake_below(path, fake.fail_path))
		return fake.fail_err;
	assert_true(fake.within);
	fake_tree_put(&fake.trans, path, value);
	return 0;
}

static int fake_remove(struct d0_store *store, const char *path)
{
	int err = fake_step();

	if (err)
		return err;
	assert_true(fake.within);
	return fake_tree_rm(&fake.trans, path) ? 0 : -ENOENT;
}

static bool fake_named(char **names, unsigned int n, const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return true;
	return false;
}

static int fake_list(struct d0_store *store, const char *path, char ***names, unsigned int *n)
{
	struct fake_tree *tree = fake_tree();
	size_t dir = strlen(path) + 1, len;
	unsigned int i;
	int err = fake_step();
	char *text;

	if (err)
		return err;
	if (!fake_there(tree, path))
		return -ENOENT;
	*names = malloc((tree->n + 1) * (sizeof(char *) + FAKE_PATH));
	if (!*names)
		return -ENOMEM;
	text = (char *)(*names + tree->n + 1);
	*n = 0;
	for (i = 0; i < tree->n; i++) {
		const char *child = tree->nodes[i].path;

		if (!fake_below(child, path) || strlen(child) <= dir)
			continue;
		child += dir;
		len = strcspn(child, "/");
		if (fake_named(*names, *n, child, len))
			continue;
		memcpy(text, child, len);
		text[len] = 0;
		(*names)[(*n)++] = text;
		text += len + 1;
	}
	return 0;
}

static int fake_secure(struct d0_store *store, const char *path, unsigned int domid)
{
	struct fake_node *node;
	int err = fake_step();

	if (err)
		return err;
	if (!fake_there(fake_tree(), path))
		return -ENOENT;
	node = fake_find(fake_tree(), path);
	if (node)
		node->secured = domid;
	return 0;
}

static int fake_watch(struct d0_store *store, const char *path, const char *token)
{
	int err = fake_step();

	if (err)
		return err;
	assert_true(fake.nwatches < FAKE_WATCHES);
	strcpy(fake.watches[fake.nwatches].path, path);
	strcpy(fake.watches[fake.nwatches++].token, token);
	assert_true(fake.nevents < FAKE_EVENTS);
	strcpy(fake.events[fake.nevents].path, path);
	strcpy(fake.events[fake.nevents++].token, token);
	return 0;
}

static int fake_unwatch(struct d0_store *store, const char *path, const char *token)
{
	int err = fake_step();
	unsigned int i;

	if (err)
		return err;
	for (i = 0; i < fake.nwatches; i++) {
		if (strcmp(fake.watches[i].path, path) || strcmp(fake.watches[i].token, token))
			continue;
		fake.watches[i] = fake.watches[--fake.nwatches];
		return 0;
	}
	return -ENOENT;
}

static inline bool fake_watched(const char *path)
{
	unsigned int i;

	for (i = 0; i < fake.nwatches; i++)
		if (!strcmp(fake.watches[i].path, path))
			return true;
	return false;
}

static const struct d0_store_ops fake_ops = {
	.begin = fake_begin,
	.end = fake_end,
	.read = fake_read,
	.write = fake_write,
	.remove = fake_remove,
	.list = fake_list,
	.secure = fake_secure,
	.watch = fake_watch,
	.unwatch = fake_unwatch,
};

bool d0_lost(int err)
{
	return err == -EIO;
}

/* The connection ends with the process: so do its watches and its transaction. */
static void fake_disconnect(void)
{
	fake.within = false;
	fake.nwatches = 0;
	fake.nevents = 0;
	fake.die_op = 0;
	fake.fail_op = 0;
}

static void fake_init(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.store.ops = &fake_ops;
}

#define FAKE_UUID "01234567-89ab-cdef-0123-456789abcdef"

/* A domain as the toolstack makes it. */
static void fake_domain(unsigned int domid)
{
	char path[FAKE_PATH];

	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	fake_put(path, "/vm/" FAKE_UUID);
	snprintf(path, sizeof(path), "/libxl/%u/type", domid);
	fake_put(path, "pvh");
}

static void fake_disk_path(char *path, unsigned int backend, unsigned int domid,
			   unsigned int devid)
{
	snprintf(path, FAKE_PATH, "/local/domain/%u/backend/vbd/%u/%u", backend, domid, devid);
}

/* And a disk of it. */
static void fake_disk(unsigned int backend, unsigned int domid, unsigned int devid,
		      const char *target)
{
	char home[2][FAKE_PATH], path[2 * FAKE_PATH], vdev[16];
	static const char *const keys[] = { "script", "params", "dev" };
	const char *const values[] = { "/etc/xen/scripts/block-memx", target, vdev };
	unsigned int i, k;

	snprintf(vdev, sizeof(vdev), "d%u", devid);
	fake_disk_path(home[0], backend, domid, devid);
	snprintf(home[1], FAKE_PATH, "/libxl/%u/device/vbd/%u", domid, devid);
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%.120s/%s", home[i], keys[k]);
			fake_put(path, values[k]);
		}
	}
	snprintf(path, sizeof(path), "%.120s/backend", home[1]);
	fake_put(path, home[0]);
}

static void fake_disk_rm(unsigned int backend, unsigned int domid, unsigned int devid)
{
	char path[FAKE_PATH];

	fake_disk_path(path, backend, domid, devid);
	fake_rm(path);
	snprintf(path, sizeof(path), "/libxl/%u/device/vbd/%u", domid, devid);
	fake_rm(path);
}

/* A key of a disk. */
static const char *fake_disk_get(unsigned int backend, unsigned int domid,
				 unsigned int devid, const char *key)
{
	char home[FAKE_PATH], path[2 * FAKE_PATH];

	fake_disk_path(home, backend, domid, devid);
	snprintf(path, sizeof(path), "%s/memx/%s", home, key);
	return fake_get(path);
}

static void fake_disk_put(unsigned int backend, unsigned int domid, unsigned int devid,
			  const char *key, const char *value)
{
	char home[FAKE_PATH], path[2 * FAKE_PATH];

	fake_disk_path(home, backend, domid, devid);
	snprintf(path, sizeof(path), "%.120s/memx/%s", home, key);
	fake_put(path, value);
}

#endif /* D0_FAKE_H */
