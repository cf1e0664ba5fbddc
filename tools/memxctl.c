// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl: sets up and shows everything that MemX does on a host.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "memxctl.h"

#define VERSION "0.1"

static const struct command *const command_sets[] = {
	rmap_commands, server_commands, volume_commands, device_commands, disk_commands,
	show_commands, key_commands, monitor_commands, lease_commands,
	postmortem_commands, upgrade_commands, domain_commands,
};

enum { SETS = sizeof(command_sets) / sizeof(command_sets[0]) };

static bool help_print(const char *object, FILE *out)
{
	const struct command *c;
	bool some = false;
	size_t i;

	for (i = 0; i < SETS; i++) {
		for (c = command_sets[i]; c->object; c++) {
			if (object && strcmp(c->object, object))
				continue;
			some = true;
			fprintf(out, "  memxctl %s%s%s%s%s\n      %s\n", c->object,
				c->verb ? " " : "", c->verb ? c->verb : "",
				*c->synopsis ? " " : "", c->synopsis, c->help);
		}
	}
	return some;
}

static void help_all(FILE *out)
{
	fputs("usage: memxctl [--json | --field KEY,…] COMMAND\n\n", out);
	help_print(NULL, out);
	fputs("\n"
	      "SIZE is a number with K, M, G or T behind it (powers of 1024; B or iB may\n"
	      "follow), or bytes. --json prints one JSON document (monitor: one a line);\n"
	      "--field only the values of these keys, a line for each object. Exit codes: 0 done, 1 refused or\n"
	      "failed, 2 wrong usage, 3 a kernel module is missing.\n", out);
}

static int help(const char *object)
{
	if (!object) {
		help_all(stdout);
		return CTL_OK;
	}
	if (!help_print(object, stdout))
		return usage("there is no command '%s'", object);
	return CTL_OK;
}

static const struct command *command_find(const char *object, const char *verb,
					  bool *known)
{
	const struct command *c;
	size_t i;

	for (i = 0; i < SETS; i++) {
		for (c = command_sets[i]; c->object; c++) {
			if (strcmp(c->object, object))
				continue;
			*known = true;
			if (!c->verb || (verb && !strcmp(c->verb, verb)))
				return c;
		}
	}
	return NULL;
}

/*
 * Takes the options that may stand anywhere out of the words.
 * Return: number of words left, or -1.
 */
static int globals_take(struct ctl *ctl, int argc, char **argv, bool *want_help)
{
	int from, to = 1;

	for (from = 1; from < argc; from++) {
		char *word = argv[from];

		if (!strcmp(word, "--json")) {
			ctl->json = true;
		} else if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			*want_help = true;
		} else if (!strcmp(word, "--field")) {
			if (from + 1 == argc) {
				usage("--field needs a value");
				return -1;
			}
			ctl->field = argv[++from];
		} else if (!strncmp(word, "--field=", 8)) {
			ctl->field = word + 8;
		} else {
			argv[to++] = word;
		}
	}
	argv[to] = NULL;
	return to;
}

/* Runs a command; only a whole answer reaches standard output. */
static int run(struct ctl *ctl, const struct command *c, int argc, char **argv)
{
	char *text = NULL;
	size_t len = 0;
	int ret;

	if (c->live) {
		ctl->out = stdout;
		return c->run(ctl, argc, argv);
	}
	ctl->out = open_memstream(&text, &len);
	if (!ctl->out) {
		complain("%s", strerror(errno));
		return CTL_FAILED;
	}
	ret = c->run(ctl, argc, argv);
	if (fclose(ctl->out)) {
		complain("%s", strerror(errno));
		ret = ret ? ret : CTL_FAILED;
	}
	if (!ret && (fwrite(text, 1, len, stdout) != len || fflush(stdout))) {
		complain("writing the answer: %s", strerror(errno));
		ret = CTL_FAILED;
	}
	free(text);
	return ret;
}

int main(int argc, char **argv)
{
	const struct command *c;
	bool want_help = false, known = false;
	struct ctl ctl = { 0 };
	int skip, ret;

	argc = globals_take(&ctl, argc, argv, &want_help);
	if (argc < 0)
		return CTL_USAGE;
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("memxctl " VERSION);
		return CTL_OK;
	}
	if (want_help || (argc > 1 && !strcmp(argv[1], "help"))) {
		skip = argc > 1 && !strcmp(argv[1], "help");
		return help(argc > 1 + skip ? argv[1 + skip] : NULL);
	}
	if (argc < 2) {
		help_all(stderr);
		return CTL_USAGE;
	}
	c = command_find(argv[1], argv[2], &known);
	if (!c && known && argc > 2)
		return usage("'%s' has no command '%s'; see memxctl help %s",
			     argv[1], argv[2], argv[1]);
	if (!c && known)
		return usage("'%s' needs a command; see memxctl help %s",
			     argv[1], argv[1]);
	if (!c)
		return usage("there is no command '%s'; see memxctl help", argv[1]);
	if (ctl.json && ctl.field)
		return usage("either --json or --field");
	if (nl_open(&ctl.nl)) {
		complain("%s", ctl.nl.why);
		return CTL_FAILED;
	}
	skip = c->verb ? 3 : 2;
	ret = run(&ctl, c, argc - skip, argv + skip);
	nl_close(&ctl.nl);
	return ret;
}
