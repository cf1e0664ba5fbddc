// SPDX-License-Identifier: GPL-2.0
/*
 * The running xenstore, by libxenstore.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>
#include "d0_store.h"

/**
 * struct live - a connection
 * @store: for its users
 * @xs:    libxenstore's
 * @t:     transaction under way, or XBT_NULL
 */
struct live {
	struct d0_store store;
	struct xs_handle *xs;
	xs_transaction_t t;
};

static struct live *live_of(struct d0_store *store)
{
	return (struct live *)store;
}

bool d0_lost(int err)
{
	switch (-err) {
	case EBADF:
	case EIO:
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return true;
	default:
		return false;
	}
}

/* libxenstore's errors are xenstored's words as errno; it may leave none. */
static int failed(void)
{
	return errno ? -errno : -EIO;
}

static int live_begin(struct d0_store *store)
{
	struct live *live = live_of(store);

	live->t = xs_transaction_start(live->xs);
	return live->t == XBT_NULL ? failed() : 0;
}

static int live_end(struct d0_store *store, bool commit)
{
	struct live *live = live_of(store);
	xs_transaction_t t = live->t;

	live->t = XBT_NULL;
	return xs_transaction_end(live->xs, t, !commit) ? 0 : failed();
}

static int live_read(struct d0_store *store, const char *path, char *value, size_t size)
{
	struct live *live = live_of(store);
	unsigned int len, have;
	char *text;

	text = xs_read(live->xs, live->t, path, &len);
	if (!text)
		return failed();
	have = len < size ? len : size - 1;
	memcpy(value, text, have);
	value[have] = 0;
	free(text);
	return len;
}

static int live_write(struct d0_store *store, const char *path, const char *value)
{
	struct live *live = live_of(store);

	return xs_write(live->xs, live->t, path, value, strlen(value)) ? 0 : failed();
}

static int live_remove(struct d0_store *store, const char *path)
{
	struct live *live = live_of(store);

	return xs_rm(live->xs, live->t, path) ? 0 : failed();
}

static int live_list(struct d0_store *store, const char *path, char ***names, unsigned int *n)
{
	struct live *live = live_of(store);

	*names = xs_directory(live->xs, live->t, path, n);
	return *names ? 0 : failed();
}

/* Not written where it is right already: that would be a change to all watches. */
static int live_secure(struct d0_store *store, const char *path, unsigned int domid)
{
	struct xs_permissions want[2] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = domid, .perms = XS_PERM_READ },
	};
	struct live *live = live_of(store);
	struct xs_permissions *now;
	unsigned int i, n = 0;
	bool same;

	now = xs_get_permissions(live->xs, live->t, path, &n);
	if (!now)
		return failed();
	same = n == 2;
	for (i = 0; i < 2 && same; i++)
		same = now[i].id == want[i].id && now[i].perms == want[i].perms;
	free(now);
	if (same || xs_set_permissions(live->xs, live->t, path, want, 2))
		return 0;
	return failed();
}

static int live_watch(struct d0_store *store, const char *path, const char *token)
{
	return xs_watch(live_of(store)->xs, path, token) ? 0 : failed();
}

static int live_unwatch(struct d0_store *store, const char *path, const char *token)
{
	return xs_unwatch(live_of(store)->xs, path, token) ? 0 : failed();
}

static const struct d0_store_ops live_ops = {
	.begin = live_begin,
	.end = live_end,
	.read = live_read,
	.write = live_write,
	.remove = live_remove,
	.list = live_list,
	.secure = live_secure,
	.watch = live_watch,
	.unwatch = live_unwatch,
};

int d0_live_open(struct d0_store **store)
{
	struct live *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return -ENOMEM;
	live->store.ops = &live_ops;
	live->t = XBT_NULL;
	errno = 0;
	live->xs = xs_open(0);
	if (!live->xs) {
		err = failed();
		free(live);
		return err;
	}
	*store = &live->store;
	return 0;
}

void d0_live_close(struct d0_store *store)
{
	if (!store)
		return;
	xs_close(live_of(store)->xs);
	free(store);
}

int d0_live_fd(struct d0_store *store)
{
	return xs_fileno(live_of(store)->xs);
}

int d0_live_event(struct d0_store *store, char ***event)
{
	*event = xs_check_watch(live_of(store)->xs);
	return *event ? 0 : failed();
}
