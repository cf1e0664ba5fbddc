// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of what xenstore says about MemX's disks, and how it is read from
 * the output of xenstore-ls -f.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mx_xs_keys.h"
#include "xs_store.h"

static const char own_script[] = "block-memx";

/* A decimal number that ends before '/' or the end of the text. */
static bool number_take(const char **text, unsigned int *number)
{
	unsigned long n;
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	n = strtoul(*text, &end, 10);
	if (errno || n > 0x7fffffff || (*end && *end != '/'))
		return false;
	*number = n;
	*text = end;
	return true;
}

/*
 * Takes /local/domain/<n>/backend/vbd/<domid>/<devid> apart; vbd3 is the same.
 * Return: bytes of that, or 0 if @path does not begin so.
 */
static size_t node_parse(const char *path, unsigned int *domid,
			 unsigned int *devid)
{
	static const char home[] = "/local/domain/";
	const char *s = path;
	unsigned int backend;

	if (strncmp(s, home, sizeof(home) - 1))
		return 0;
	s += sizeof(home) - 1;
	if (!number_take(&s, &backend))
		return 0;
	if (!strncmp(s, "/backend/vbd/", 13))
		s += 13;
	else if (!strncmp(s, "/backend/vbd3/", 14))
		s += 14;
	else
		return 0;
	if (!number_take(&s, domid) || *s != '/')
		return 0;
	s++;
	if (!number_take(&s, devid))
		return 0;
	return s - path;
}

static struct xs_disk *disk_get(struct xs_store *store, const char *path,
				size_t len)
{
	struct xs_disk *grown, *disk;
	unsigned int i;

	for (i = store->ndisks; i--; ) {
		disk = &store->disks[i];
		if (strlen(disk->path) == len && !memcmp(disk->path, path, len))
			return disk;
	}
	grown = reallocarray(store->disks, store->ndisks + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	store->disks = grown;
	disk = &grown[store->ndisks];
	memset(disk, 0, sizeof(*disk));
	disk->path = strndup(path, len);
	if (!disk->path)
		return NULL;
	node_parse(path, &disk->domid, &disk->devid);
	store->ndisks++;
	return disk;
}

int xs_store_add(struct xs_store *store, const char *path, const char *value,
		 size_t len)
{
	struct xs_pair pair = { .len = len }, *grown;
	unsigned int domid, devid;
	struct xs_disk *disk;
	size_t node;

	node = node_parse(path, &domid, &devid);
	if (!node || path[node] != '/' || !path[node + 1])
		return 0;
	disk = disk_get(store, path, node);
	if (!disk)
		return -ENOMEM;
	grown = reallocarray(disk->pairs, disk->npairs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	disk->pairs = grown;
	pair.key = strdup(path + node + 1);
	pair.value = malloc(len + 1);
	if (!pair.key || !pair.value) {
		free(pair.key);
		free(pair.value);
		return -ENOMEM;
	}
	memcpy(pair.value, value, len);
	pair.value[len] = 0;
	grown[disk->npairs++] = pair;
	return 0;
}

/* Undoes xenstore-ls's escapes in place. Return: bytes */
static size_t unescape(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		if (from[0] != '\\' || !from[1]) {
			*to++ = *from++;
			continue;
		}
		from++;
		if (*from >= '0' && *from <= '3') {
			char octal[4] = { 0 };
			int n = 0;

			while (n < 3 && *from >= '0' && *from <= '7')
				octal[n++] = *from++;
			*to++ = (char)strtoul(octal, NULL, 8);
			continue;
		}
		*to++ = *from == 'n' ? '\n' : *from == 'r' ? '\r' :
			*from == 't' ? '\t' : *from;
		from++;
	}
	*to = 0;
	return to - text;
}

/* path = "value", and perhaps permissions after it */
static int line_take(struct xs_store *store, char *line)
{
	static const char between[] = " = \"";
	char *value = strstr(line, between), *end;

	if (!value)
		return -EINVAL;
	*value = 0;
	value += sizeof(between) - 1;
	end = strrchr(value, '"');
	if (!end)
		return -EINVAL;
	*end = 0;
	return xs_store_add(store, line, value, unescape(value));
}

int xs_store_dump(struct xs_store *store, FILE *in)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	while (!err && getline(&line, &size, in) >= 0) {
		number++;
		line[strcspn(line, "\n")] = 0;
		if (!*line)
			continue;
		err = line_take(store, line);
		if (err)
			snprintf(store->why, sizeof(store->why), "line %u: %s",
				 number, err == -EINVAL ?
				 "is not: path = \"value\"" : strerror(-err));
	}
	if (!err && ferror(in)) {
		err = -EIO;
		snprintf(store->why, sizeof(store->why), "cannot be read");
	}
	free(line);
	return err;
}

static void disk_clear(struct xs_disk *disk)
{
	unsigned int i;

	for (i = 0; i < disk->npairs; i++) {
		free(disk->pairs[i].key);
		free(disk->pairs[i].value);
	}
	free(disk->pairs);
	free(disk->path);
}

void xs_store_own(struct xs_store *store)
{
	unsigned int i, to = 0;

	for (i = 0; i < store->ndisks; i++) {
		const char *script = xs_value(&store->disks[i], MX_XS_SCRIPT);
		const char *slash = strrchr(script, '/');

		if (strcmp(slash ? slash + 1 : script, own_script))
			disk_clear(&store->disks[i]);
		else
			store->disks[to++] = store->disks[i];
	}
	store->ndisks = to;
}

void xs_store_clear(struct xs_store *store)
{
	unsigned int i;

	for (i = 0; i < store->ndisks; i++)
		disk_clear(&store->disks[i]);
	free(store->disks);
	store->disks = NULL;
	store->ndisks = 0;
}

const struct xs_pair *xs_pair(const struct xs_disk *disk, const char *key)
{
	unsigned int i;

	for (i = 0; i < disk->npairs; i++)
		if (!strcmp(disk->pairs[i].key, key))
			return &disk->pairs[i];
	return NULL;
}

const char *xs_value(const struct xs_disk *disk, const char *key)
{
	const struct xs_pair *pair = xs_pair(disk, key);

	return pair ? pair->value : "";
}
