// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl domain: what domains have of the servers' memory. Only a Xen host's dom0
 * knows, by xenstore; the program that reads it is a part of its own, so that
 * memxctl needs nothing of Xen on other hosts.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "memxctl.h"

enum { WORDS_MOST = 16 };

static const char helper[] = "memx-dom0";

/* Runs it from where memxctl is itself, or from where the shell would. */
static int helper_run(char **words)
{
	char path[PATH_MAX];
	ssize_t len;
	char *slash;

	len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(helper));
	if (len > 0) {
		path[len] = 0;
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, helper);
		execv(path, words);
	}
	if (len <= 0 || errno == ENOENT)
		execvp(helper, words);
	if (errno == ENOENT)
		complain("%s is not installed: it is for the dom0 of a Xen host, and is built where libxenstore is",
			 helper);
	else
		complain("%s: %s", helper, strerror(errno));
	return CTL_FAILED;
}

static int domain_do(struct ctl *ctl, const char *verb, int argc, char **argv)
{
	char *words[WORDS_MOST + 5] = { "memxctl", "domain", (char *)verb };
	int n = 3, i;

	if (ctl->field)
		return usage("--field is not for domains; there is --json");
	if (argc > WORDS_MOST)
		return usage("'%s' is one word too many", argv[WORDS_MOST]);
	for (i = 0; i < argc; i++)
		words[n++] = argv[i];
	if (ctl->json)
		words[n++] = "--json";
	return helper_run(words);
}

static int domain_list(struct ctl *ctl, int argc, char **argv)
{
	return domain_do(ctl, "list", argc, argv);
}

static int domain_set(struct ctl *ctl, int argc, char **argv)
{
	return domain_do(ctl, "set", argc, argv);
}

const struct command domain_commands[] = {
	{ "domain", "list", domain_list, "",
	  "in a Xen host's dom0: what each domain has reserved, was granted and uses",
	  true },
	{ "domain", "set", domain_set,
	  "DOMAIN [--reservation SIZE] [--limit SIZE] [--weight N] [--wait SECONDS]",
	  "change that, by name or number; `default`: as its disks' targets say. Waits for an answer",
	  true },
	{ 0 }
};
