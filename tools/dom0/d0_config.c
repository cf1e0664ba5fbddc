// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration of a domain that libxl keeps in a file.
 *
 * The names of the files and how they are locked are those of libxl
 * (libxl__userdata_path(), libxl__lock_file()): whoever has locked a file that is no
 * longer the one of that name has not got the lock, and the lock's file is removed
 * before it is let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "d0_config.h"
#include "mx_xs_domain.h"

enum {
	NAME		= 512,
	BYTES_MOST	= 4 << 20,
	LOCK_TRIES	= 10,
};

static const char *const figure_keys[] = { MX_XD_RESERVATION, MX_XD_LIMIT, MX_XD_WEIGHT };

/* @what: d for the file, n for its successor, l for a lock */
static int name_make(char *name, const char *dir, const struct d0_domain *domain,
		     char what, const char *id)
{
	int len = snprintf(name, NAME, "%s/userdata-%c.%u.%s.%s", dir, what, domain->domid,
			   domain->uuid, id);

	return len < NAME ? 0 : -ENAMETOOLONG;
}

/* Return: a descriptor of the lock that is held, or an error. */
static int lock_take(const char *name)
{
	struct stat have, there;
	int fd, err, tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return -errno;
		err = flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &have) ? -errno : 0;
		if (!err && !stat(name, &there) && there.st_dev == have.st_dev &&
		    there.st_ino == have.st_ino)
			return fd;
		close(fd);
		if (err && err != -EINTR)
			return err;
	}
	return -EAGAIN;
}

static void lock_give(const char *name, int fd)
{
	unlink(name);
	close(fd);
}

static int all_read(int fd, char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = read(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EBADMSG;
		text += n;
		len -= n;
	}
	return 0;
}

static int all_write(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= n;
	}
	return 0;
}

/* One document, and behind it nothing but spaces and the NUL that libxl writes. */
static int document_parse(const char *text, size_t len, struct json_object **doc)
{
	struct json_tokener *tok = json_tokener_new();
	size_t end;

	*doc = NULL;
	if (!tok)
		return -ENOMEM;
	len = strnlen(text, len);
	*doc = json_tokener_parse_ex(tok, text, len);
	end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (end < len && strchr(" \t\r\n", text[end]))
		end++;
	if (*doc && end == len && json_object_is_type(*doc, json_type_object))
		return 0;
	json_object_put(*doc);
	*doc = NULL;
	return -EBADMSG;
}

/* Reads the file. Return: 0 with its document and what stat() says of it, or an error */
static int file_read(const char *name, struct json_object **doc, struct stat *st)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), err = 0;
	char *text = NULL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st))
		err = -errno;
	else if (!S_ISREG(st->st_mode) || !st->st_size || st->st_size > BYTES_MOST)
		err = -EBADMSG;
	if (!err)
		text = malloc(st->st_size);
	if (!err && !text)
		err = -ENOMEM;
	if (!err)
		err = all_read(fd, text, st->st_size);
	if (!err)
		err = document_parse(text, st->st_size, doc);
	free(text);
	close(fd);
	return err;
}

/* c_info.xsdata, made if need be. */
static int xsdata_get(struct json_object *doc, struct json_object **info,
		      struct json_object **data)
{
	if (!json_object_object_get_ex(doc, "c_info", info) ||
	    !json_object_is_type(*info, json_type_object))
		return -EBADMSG;
	if (json_object_object_get_ex(*info, "xsdata", data) && *data)
		return json_object_is_type(*data, json_type_object) ? 0 : -EBADMSG;
	*data = json_object_new_object();
	if (*data && !json_object_object_add(*info, "xsdata", *data))
		return 0;
	json_object_put(*data);
	return -ENOMEM;
}

/* Return: 1 if it was changed, 0, or an error. */
static int figure_put(struct json_object *data, const char *key, enum d0_keep keep,
		      const char *value)
{
	struct json_object *now = NULL, *text;
	bool there = json_object_object_get_ex(data, key, &now);

	if (keep == D0_KEEP_AS_IS || (keep == D0_KEEP_NONE && !there))
		return 0;
	if (keep == D0_KEEP_NONE) {
		json_object_object_del(data, key);
		return 1;
	}
	if (json_object_is_type(now, json_type_string) &&
	    !strcmp(json_object_get_string(now), value))
		return 0;
	text = json_object_new_string(value);
	if (!text)
		return -ENOMEM;
	if (!json_object_object_add(data, key, text))
		return 1;
	json_object_put(text);
	return -ENOMEM;
}

/* Return: whether the document was changed, or an error. */
static int document_change(struct json_object *doc, const struct d0_domain *domain)
{
	struct json_object *info, *data;
	int f, ret, changed = 0;

	ret = xsdata_get(doc, &info, &data);
	for (f = 0; f < D0_FIGURES && ret >= 0; f++) {
		ret = figure_put(data, figure_keys[f], domain->keep[f],
				 domain->key[f].want);
		changed |= ret > 0;
	}
	if (ret < 0)
		return ret;
	if (!json_object_object_length(data))
		json_object_object_del(info, "xsdata");
	return changed;
}

/* libxl reads it as a string, whose end belongs to the file. */
static int file_write(const char *name, const char *successor, const struct stat *old,
		      struct json_object *doc)
{
	const char *text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE);
	int fd, err;

	if (!text)
		return -ENOMEM;
	fd = open(successor, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, old->st_mode & 07777) ||
	      (geteuid() == 0 && fchown(fd, old->st_uid, old->st_gid)) ? -errno : 0;
	if (!err)
		err = all_write(fd, text, strlen(text) + 1);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(successor, name))
		err = -errno;
	if (err)
		unlink(successor);
	return err;
}

static void dir_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int locked_sync(const char *dir, const char *name, const struct d0_domain *domain)
{
	struct json_object *doc = NULL;
	char successor[NAME];
	struct stat st;
	int ret;

	ret = name_make(successor, dir, domain, 'n', "libxl-json");
	if (!ret)
		ret = file_read(name, &doc, &st);
	if (!ret)
		ret = document_change(doc, domain);
	if (ret > 0) {
		ret = file_write(name, successor, &st, doc);
		if (!ret)
			dir_sync(dir);
	}
	json_object_put(doc);
	return ret;
}

/* Whether nothing has changed since the file was looked at. */
static bool is_known(const struct d0_config *config, const struct stat *st,
		     const struct d0_domain *domain)
{
	const struct stat *was = &config->file;
	int f;

	if (!config->known || was->st_ino != st->st_ino || was->st_dev != st->st_dev ||
	    was->st_size != st->st_size || was->st_mtim.tv_sec != st->st_mtim.tv_sec ||
	    was->st_mtim.tv_nsec != st->st_mtim.tv_nsec)
		return false;
	for (f = 0; f < D0_FIGURES; f++)
		if (config->keep[f] != domain->keep[f] ||
		    strcmp(config->value[f], domain->key[f].want))
			return false;
	return true;
}

static void remember(struct d0_config *config, int err, const char *name,
		     const struct d0_domain *domain)
{
	int f;

	config->err = err;
	config->known = !stat(name, &config->file);
	for (f = 0; f < D0_FIGURES; f++) {
		config->keep[f] = domain->keep[f];
		memcpy(config->value[f], domain->key[f].want, D0_TEXT);
	}
}

int d0_config_sync(struct d0_config *config, const char *dir, const struct d0_domain *domain)
{
	char name[NAME], lock[NAME];
	struct stat st;
	int fd, err;

	err = name_make(name, dir, domain, 'd', "libxl-json");
	if (!err)
		err = name_make(lock, dir, domain, 'l', "domain-userdata-lock");
	if (err)
		return err;
	if (stat(name, &st))
		return -errno;
	if (is_known(config, &st, domain))
		return config->err;
	config->known = false;
	fd = lock_take(lock);
	if (fd < 0)
		return fd;
	err = locked_sync(dir, name, domain);
	if (!err || err == -EBADMSG)
		remember(config, err, name, domain);
	lock_give(lock, fd);
	return err;
}
