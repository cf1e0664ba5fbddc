// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl key: make keys, and give them to the modules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "keyfile.h"
#include "memxctl.h"
#include "rmp_nl.h"

static const struct schema cluster_schema = {
	.fields = (const struct field[]){
		{ RMP_A_KEY_HINT, F_ID64, "key", "KEY" },
		{ 0 }
	},
};

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

/* The only kind so far; the word is asked for as there will be others. */
static int kind_usable(const char *kind)
{
	if (strcmp(kind, "cluster"))
		return usage("'%s' is no kind of key: cluster", kind);
	return CTL_OK;
}

static int key_send(struct ctl *ctl, const unsigned char *key)
{
	struct nlmsghdr *msg;
	int ret;

	msg = nl_begin(&ctl->nl, NL_RMAP, RMP_CMD_KEY_ADD, NLM_F_ACK);
	mnl_attr_put(msg, RMP_A_KEY, KEYFILE_KEY, key);
	ret = ctl_do(ctl, NULL, NULL);
	nl_wipe(&ctl->nl);
	return ret;
}

static int key_add(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	unsigned char key[KEYFILE_KEY];
	const char *pos[2];
	int ret;

	if (args_parse(argc, argv, none, pos, 2, 2) < 0 || kind_usable(pos[0]))
		return CTL_USAGE;
	if (keyfile_read(pos[1], key))
		return CTL_FAILED;
	ret = ctl_family(ctl, NL_RMAP, true);
	if (!ret)
		ret = key_send(ctl, key);
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
	struct nlmsghdr *msg;
	const char *pos[2];
	uint64_t name = 0;
	int ret;

	if (args_parse(argc, argv, none, pos, 2, 2) < 0 || kind_usable(pos[0]) ||
	    key_name(pos[1], &name))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_RMAP, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_RMAP, RMP_CMD_KEY_DEL, NLM_F_ACK);
	mnl_attr_put_u64(msg, RMP_A_KEY_HINT, name);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "key", pos[1]);
	return ret;
}

static int key_list(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_RMAP, RMP_CMD_KEY_GET, &cluster_schema);
}

const struct command key_commands[] = {
	{ "key", "generate", key_generate, "FILE",
	  "draw a key and write it to a new file that only its owner may read" },
	{ "key", "add", key_add, "cluster FILE",
	  "use a cluster key from now on; two at a time, the newest first" },
	{ "key", "drop", key_drop, "cluster KEY",
	  "forget a cluster key, named as the list does" },
	{ "key", "list", key_list, "", "list the cluster keys, newest first" },
	{ 0 }
};
