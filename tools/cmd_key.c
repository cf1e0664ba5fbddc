// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl key: make keys.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "keyfile.h"
#include "memxctl.h"

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

const struct command key_commands[] = {
	{ "key", "generate", key_generate, "FILE",
	  "draw a key and write it to a new file that only its owner may read" },
	{ 0 }
};
