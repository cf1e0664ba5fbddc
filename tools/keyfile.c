// SPDX-License-Identifier: GPL-2.0
/*
 * Files that hold one key: a line of hexadecimal digits that only its owner
 * may read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "keyfile.h"
#include "memxctl.h"

enum {
	DIGITS		= 2 * KEYFILE_KEY,
	LINE		= DIGITS + 1,	/* with its end */
	MODE		= 0600,
	MODE_OTHERS	= 077,
};

static int failed(const char *path, const char *what)
{
	int err = errno;

	complain("%s '%s': %s", what, path, strerror(err));
	return -err;
}

/*
 * Whoever may write to the file or replace what it says chooses the key, and
 * whoever may read it has it, so it is no use then.
 */
static int file_check(const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return failed(path, "looking at");
	if (!S_ISREG(st.st_mode)) {
		complain("'%s' is no regular file", path);
		return -EINVAL;
	}
	if (st.st_uid && st.st_uid != geteuid()) {
		complain("'%s' belongs to another user (%lu); a key file is yours or root's",
			 path, (unsigned long)st.st_uid);
		return -EPERM;
	}
	if (st.st_mode & MODE_OTHERS) {
		complain("'%s' is open to others (mode %04o); chmod 0600 it, and make a new key if somebody may have read it",
			 path, (unsigned int)(st.st_mode & 07777));
		return -EPERM;
	}
	return 0;
}

/* Return: bytes read, at most @len, or a negative error. */
static ssize_t read_all(int fd, char *text, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, text + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += n;
	}
	return have;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text is a secret: what is wrong with it is not said letter by letter. */
static bool line_parse(const char *text, size_t len, unsigned char *key)
{
	int i, high, low;

	if (len != DIGITS && !(len == LINE && text[DIGITS] == '\n'))
		return false;
	for (i = 0; i < KEYFILE_KEY; i++) {
		high = digit(text[2 * i]);
		low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		key[i] = high << 4 | low;
	}
	return true;
}

static int content_read(const char *path, int fd, unsigned char *key)
{
	char text[LINE + 1];
	ssize_t len;
	int ret = 0;

	len = read_all(fd, text, sizeof(text));
	if (len < 0) {
		errno = -len;
		ret = failed(path, "reading");
	} else if (!line_parse(text, len, key)) {
		complain("'%s' holds no key: one line of %d hexadecimal digits and nothing else (memxctl key generate makes one)",
			 path, DIGITS);
		ret = -EINVAL;
	}
	explicit_bzero(text, sizeof(text));
	if (ret)
		explicit_bzero(key, KEYFILE_KEY);
	return ret;
}

int keyfile_read(const char *path, unsigned char key[KEYFILE_KEY])
{
	int fd, ret;

	/* not blocking: a pipe would be waited for before it can be refused */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP) {
		complain("'%s' is a symbolic link; name the key file itself", path);
		return -ELOOP;
	}
	if (fd < 0)
		return failed(path, "opening");
	ret = file_check(path, fd);
	if (!ret)
		ret = content_read(path, fd, key);
	close(fd);
	return ret;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= n;
	}
	return 0;
}

static int content_write(const char *path, int fd, const unsigned char *key)
{
	static const char digits[] = "0123456789abcdef";
	char text[LINE];
	int i, ret = 0;

	for (i = 0; i < KEYFILE_KEY; i++) {
		text[2 * i] = digits[key[i] >> 4];
		text[2 * i + 1] = digits[key[i] & 15];
	}
	text[DIGITS] = '\n';
	/* whatever the umask is; and a key that is in use must not be lost */
	if (fchmod(fd, MODE) || write_all(fd, text, sizeof(text)) || fsync(fd))
		ret = failed(path, "writing");
	explicit_bzero(text, sizeof(text));
	return ret;
}

int keyfile_create(const char *path, const unsigned char key[KEYFILE_KEY])
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (fd < 0 && errno == EEXIST) {
		complain("'%s' is there already; a key is never overwritten", path);
		return -EEXIST;
	}
	if (fd < 0)
		return failed(path, "creating");
	ret = content_write(path, fd, key);
	if (close(fd) && !ret)
		ret = failed(path, "writing");
	if (ret)
		unlink(path);
	return ret;
}
