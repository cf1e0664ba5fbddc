// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl key: make keys, give them to the modules, and take them back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "keyfile.h"
#include "memx_nl.h"
#include "memxctl.h"
#include "rmp_nl.h"

/* The kinds' lists are put into one table, so the fields are the same. */
#define KEY_SCHEMA(attr) { \
	.fields = (const struct field[]){ \
		{ RMP_A_NAME, F_STR, "kind", "KIND" }, \
		{ attr, F_ID64, "key", "KEY" }, \
		{ 0 } \
	}, \
}

enum { KIND };	/* number of the field */

static const struct schema cluster_schema = KEY_SCHEMA(RMP_A_KEY_HINT);
static const struct schema client_schema = KEY_SCHEMA(MEMX_A_KEY_ID);

/**
 * struct kind - a kind of key
 * @word:    what people call it
 * @family:  who uses it
 * @add:     command
 * @drop:    command
 * @get:     command
 * @key:     attribute with the key itself
 * @name:    attribute with its name
 * @oldest:  without a name the oldest is dropped
 * @schema:  of its list
 */
struct kind {
	const char	*word;
	enum nl_family	family;
	uint8_t		add;
	uint8_t		drop;
	uint8_t		get;
	uint16_t	key;
	uint16_t	name;
	bool		oldest;
	const struct schema *schema;
};

static const struct kind kinds[] = {
	{ "cluster", NL_RMAP, RMP_CMD_KEY_ADD, RMP_CMD_KEY_DEL, RMP_CMD_KEY_GET,
	  RMP_A_KEY, RMP_A_KEY_HINT, false, &cluster_schema },
	{ "client", NL_CORE, MEMX_C_KEY_ADD, MEMX_C_KEY_DEL, MEMX_C_KEY_GET,
	  MEMX_A_KEY, MEMX_A_KEY_ID, true, &client_schema },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static int key_draw(unsigned char *key)
{
	ssize_t n;

	do {
		n = getrandom(key, KEYFILE_KEY, 0);
	} while (n < 0 && errno == EINTR);
	if (n == KEYFILE_KEY)
		return CTL_OK;
	complain("drawing random numbers: %s", n < 0 ? strerror(errno) : "too few");
	return CTL_FAILED;
}

static int key_generate(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	unsigned char key[KEYFILE_KEY];
	const char *path;
	int ret;

	if (args_parse(argc, argv, none, &path, 1, 1) < 0)
		return CTL_USAGE;
	ret = key_draw(key);
	if (!ret && keyfile_create(path, key))
		ret = CTL_FAILED;
	explicit_bzero(key, sizeof(key));
	if (!ret)
		ctl_said(ctl, "file", path);
	return ret;
}

/* Return: the kind, or NULL after a message. */
static const struct kind *kind_find(const char *word)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].word, word))
			return &kinds[i];
	usage("'%s' is no kind of key: cluster, client", word);
	return NULL;
}

static int key_send(struct ctl *ctl, const struct kind *kind, const unsigned char *key)
{
	struct nlmsghdr *msg;
	int ret;

	msg = nl_begin(&ctl->nl, kind->family, kind->add, NLM_F_ACK);
	mnl_attr_put(msg, kind->key, KEYFILE_KEY, key);
	ret = ctl_do(ctl, NULL, NULL);
	nl_wipe(&ctl->nl);
	return ret;
}

static int key_add(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	unsigned char key[KEYFILE_KEY];
	const struct kind *kind;
	const char *pos[2];
	int ret;

	if (args_parse(argc, argv, none, pos, 2, 2) < 0)
		return CTL_USAGE;
	kind = kind_find(pos[0]);
	if (!kind)
		return CTL_USAGE;
	if (keyfile_read(pos[1], key))
		return CTL_FAILED;
	ret = ctl_family(ctl, kind->family, true);
	if (!ret)
		ret = key_send(ctl, kind, key);
	explicit_bzero(key, sizeof(key));
	if (!ret)
		ctl_said(ctl, "file", pos[1]);
	return ret;
}

static int key_name(const char *text, uint64_t *name)
{
	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return usage("'%s' is no name of a key: 16 digits, see memxctl key list", text);
	*name = strtoull(text, NULL, 16);
	return CTL_OK;
}

static int key_drop(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	const char *pos[2] = { NULL, NULL };
	const struct kind *kind;
	struct nlmsghdr *msg;
	uint64_t name = 0;
	int ret;

	if (args_parse(argc, argv, none, pos, 1, 2) < 0)
		return CTL_USAGE;
	kind = kind_find(pos[0]);
	if (!kind || (pos[1] && key_name(pos[1], &name)))
		return CTL_USAGE;
	if (!pos[1] && !kind->oldest)
		return usage("which one? see memxctl key list");
	ret = ctl_family(ctl, kind->family, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, kind->family, kind->drop, NLM_F_ACK);
	if (pos[1])
		mnl_attr_put_u64(msg, kind->name, name);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "dropped", pos[1] ? pos[1] : pos[0]);
	return ret;
}

/* Moves the rows of @from behind those of @to, with their kind. */
static int rows_move(struct table *to, struct table *from, const char *kind)
{
	struct row *rows;
	unsigned int r;

	if (!from->nrows)
		return CTL_OK;
	rows = realloc(to->rows, (to->nrows + from->nrows) * sizeof(*rows));
	if (!rows)
		goto no_memory;
	to->rows = rows;
	memcpy(rows + to->nrows, from->rows, from->nrows * sizeof(*rows));
	rows += to->nrows;
	to->nrows += from->nrows;
	for (r = 0; r < from->nrows; r++) {
		rows[r].cells[KIND].str = strdup(kind);
		if (!rows[r].cells[KIND].str) {
			from->nrows = 0;
			goto no_memory;
		}
		rows[r].cells[KIND].set = true;
	}
	from->nrows = 0;
	return CTL_OK;
no_memory:
	complain("out of memory");
	return CTL_FAILED;
}

/* Return: -ENOENT: the module that uses this kind is not there. */
static int kind_list(struct ctl *ctl, const struct kind *kind, struct table *all)
{
	struct table table = { .schema = kind->schema };
	int ret;

	if (nl_family(&ctl->nl, kind->family, false) == -ENOENT)
		return -ENOENT;
	ret = ctl_dump(ctl, kind->family, kind->get, &table, 0, NULL);
	if (!ret)
		ret = rows_move(all, &table, kind->word);
	table_clear(&table);
	return ret;
}

static int key_list(struct ctl *ctl, int argc, char **argv)
{
	struct table all = { .schema = &cluster_schema };
	const struct opt none[] = { { 0 } };
	unsigned int i, missing = 0;
	int ret = CTL_OK;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	for (i = 0; i < KINDS && ret <= CTL_OK; i++) {
		ret = kind_list(ctl, &kinds[i], &all);
		if (ret == -ENOENT)
			missing++;
	}
	if (missing == KINDS) {
		complain("%s", ctl->nl.why);
		ret = CTL_MISSING;
	}
	if (ret <= CTL_OK)
		ret = ctl_show(ctl, &all);
	table_clear(&all);
	return ret;
}

const struct command key_commands[] = {
	{ "key", "generate", key_generate, "FILE",
	  "draw a key and write it to a new file that only its owner may read" },
	{ "key", "add", key_add, "cluster|client FILE",
	  "use a key from now on, for frames or for new volumes; two at a time" },
	{ "key", "drop", key_drop, "cluster KEY | client [KEY]",
	  "forget a key, named as the list does, or the oldest; volumes keep theirs" },
	{ "key", "list", key_list, "", "name the keys, newest first, without telling them" },
	{ 0 }
};
