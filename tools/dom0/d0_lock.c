// SPDX-License-Identifier: GPL-2.0
/*
 * The lock that the one service of a host holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "d0_lock.h"

/* One that was killed just now holds its lock for a moment. */
enum { TRIES = 10, TRY_US = 100000 };

static const char *lock_dir(void)
{
	const char *dir = getenv("MEMX_RUN_DIR");

	return dir && *dir ? dir : "/run/memx";
}

static int lock_open(int flags)
{
	char path[512];
	int len, fd;

	len = snprintf(path, sizeof(path), "%s/dom0.lock", lock_dir());
	if (len >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

int d0_lock_take(void)
{
	int fd, err, tries;

	if (mkdir(lock_dir(), 0755) && errno != EEXIST)
		return -errno;
	fd = lock_open(O_RDWR | O_CREAT);
	if (fd < 0)
		return fd;
	for (tries = 0; tries < TRIES; tries++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		err = -errno;
		if (err != -EWOULDBLOCK)
			break;
		usleep(TRY_US);
	}
	close(fd);
	return err;
}

int d0_lock_sign(int fd)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != len)
		return -errno;
	return 0;
}

int d0_lock_held(void)
{
	int fd = lock_open(O_RDONLY), held;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	held = flock(fd, LOCK_SH | LOCK_NB) ? -errno : 0;
	close(fd);
	return held == -EWOULDBLOCK ? 1 : held;
}
