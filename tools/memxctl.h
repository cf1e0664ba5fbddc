/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the commands of memxctl share.
 */
#ifndef MEMXCTL_H
#define MEMXCTL_H

#include <stdbool.h>
#include <stdio.h>
#include "nl.h"
#include "table.h"

/**
 * enum ctl_exit - exit codes
 * @CTL_OK:      done
 * @CTL_FAILED:  refused by the kernel, or failed
 * @CTL_USAGE:   the command line makes no sense
 * @CTL_MISSING: a kernel module is missing or of another version
 */
enum ctl_exit {
	CTL_OK,
	CTL_FAILED,
	CTL_USAGE,
	CTL_MISSING,
};

/**
 * struct ctl - one run of the program
 * @nl:    the kernel
 * @json:  --json
 * @field: --field's keys, or NULL
 * @out:   collects what goes to standard output once all has gone well
 */
struct ctl {
	struct nl	nl;
	bool		json;
	const char	*field;
	FILE		*out;
};

/**
 * struct command - one command
 * @object:  first word
 * @verb:    second word, or NULL
 * @run:     gets the words behind these; returns enum ctl_exit
 * @synopsis: its arguments
 * @help:    a line
 * @live:    prints as it goes on, not when all has gone well
 */
struct command {
	const char *object;
	const char *verb;
	int (*run)(struct ctl *ctl, int argc, char **argv);
	const char *synopsis;
	const char *help;
	bool live;
};

/* Each ended by one without object. */
extern const struct command rmap_commands[];
extern const struct command server_commands[];
extern const struct command volume_commands[];
extern const struct command device_commands[];
extern const struct command disk_commands[];
extern const struct command show_commands[];
extern const struct command key_commands[];
extern const struct command monitor_commands[];
extern const struct command lease_commands[];
extern const struct command postmortem_commands[];
extern const struct command domain_commands[];
extern const struct command upgrade_commands[];

/**
 * struct opt - an option of a command
 * @name:  with its dashes; NULL ends a list
 * @value: where its value goes, or
 * @flag:  what it sets
 */
struct opt {
	const char *name;
	const char **value;
	bool *flag;
};

/**
 * args_parse() - sort a command's words into options and others
 * @pos:   result: the others, @most places
 * @least: how many of them there must be
 *
 * Return: how many there are, or -1 after a message.
 */
int args_parse(int argc, char **argv, const struct opt *opts, const char **pos,
	       int least, int most);

/* A line on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** ctl_family() - have a family ready. Return: enum ctl_exit, after a message */
int ctl_family(struct ctl *ctl, enum nl_family family, bool load);

/** ctl_do() - finish the request begun. Return: enum ctl_exit, after a message */
int ctl_do(struct ctl *ctl, nl_reply_fn reply, void *data);

/**
 * ctl_dump() - a list into a table
 * @attr: attribute for @name, which narrows the list; @name may be NULL
 *
 * Return: enum ctl_exit, after a message.
 */
int ctl_dump(struct ctl *ctl, enum nl_family family, uint8_t cmd,
	     struct table *table, uint16_t attr, const char *name);

/** ctl_list() - ctl_dump() without a message: 0 or a negative error */
int ctl_list(struct ctl *ctl, enum nl_family family, uint8_t cmd,
	     struct table *table, uint16_t attr, const char *name);

/** ctl_show_list() - dump and show */
int ctl_show_list(struct ctl *ctl, enum nl_family family, uint8_t cmd,
		  const struct schema *schema);

/** ctl_show() - show a table; ctl_show_one(): its first row, as one object */
int ctl_show(struct ctl *ctl, const struct table *table);
int ctl_show_one(struct ctl *ctl, const struct table *table);

/** ctl_said() - with --json, one object with one string in it */
void ctl_said(struct ctl *ctl, const char *key, const char *value);

/** ctl_failed() - complain with the kernel's words. Return: CTL_FAILED */
int ctl_failed(struct ctl *ctl);

/** ctl_no_interface() - surely no interface is attached */
bool ctl_no_interface(struct ctl *ctl);

/** ctl_attach() - attach an interface; -EEXIST is left to the caller */
int ctl_attach(struct ctl *ctl, const char *iface, uint32_t mtu);

/** usage() - exit code CTL_USAGE after a message */
int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* MEMXCTL_H */
