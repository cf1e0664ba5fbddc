// SPDX-License-Identifier: GPL-2.0
/*
 * What the commands of memxctl share: arguments, requests, answers.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "memxctl.h"
#include "text.h"

enum { DUMP_TRIES = 10 };

static void say(const char *format, va_list args)
{
	char line[NL_WHY_BYTES + 128];

	vsnprintf(line, sizeof(line), format, args);
	fputs("memxctl: ", stderr);
	text_print(line, stderr);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

int usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return CTL_USAGE;
}

/* The option that @word is, and in @value what follows a '=' in it. */
static const struct opt *opt_find(const struct opt *opts, const char *word,
				  const char **value)
{
	size_t len = strcspn(word, "=");

	*value = word[len] ? word + len + 1 : NULL;
	for (; opts->name; opts++)
		if (strlen(opts->name) == len && !memcmp(opts->name, word, len))
			return opts;
	return NULL;
}

int args_parse(int argc, char **argv, const struct opt *opts, const char **pos,
	       int least, int most)
{
	const struct opt *opt;
	const char *value;
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (argv[i][0] != '-') {
			if (n == most)
				return usage("'%s' is one word too many", argv[i]), -1;
			pos[n++] = argv[i];
			continue;
		}
		opt = opt_find(opts, argv[i], &value);
		if (!opt)
			return usage("there is no option '%s' here", argv[i]), -1;
		if (opt->flag && value)
			return usage("%s takes no value", opt->name), -1;
		if (opt->flag) {
			*opt->flag = true;
			continue;
		}
		if (!value && ++i < argc)
			value = argv[i];
		if (!value)
			return usage("%s needs a value", opt->name), -1;
		if (*opt->value)
			return usage("%s is given twice", opt->name), -1;
		*opt->value = value;
	}
	if (n < least)
		return usage("something is missing; see memxctl help"), -1;
	return n;
}

int ctl_failed(struct ctl *ctl)
{
	complain("%s", ctl->nl.why);
	return CTL_FAILED;
}

int ctl_family(struct ctl *ctl, enum nl_family family, bool load)
{
	int err = nl_family(&ctl->nl, family, load);

	if (!err)
		return CTL_OK;
	complain("%s", ctl->nl.why);
	return err == -ENOENT || err == -EPROTO ? CTL_MISSING : CTL_FAILED;
}

/* Errors found on this side of the socket have no words yet. */
static void words_give(struct ctl *ctl, int err)
{
	if (ctl->nl.why[0])
		return;
	if (err == -EBADMSG)
		snprintf(ctl->nl.why, sizeof(ctl->nl.why),
			 "the kernel's answer makes no sense to this version of memxctl");
	else
		snprintf(ctl->nl.why, sizeof(ctl->nl.why), "%s", strerror(-err));
}

int ctl_do(struct ctl *ctl, nl_reply_fn reply, void *data)
{
	int err = nl_talk(&ctl->nl, reply, data);

	if (!err)
		return CTL_OK;
	words_give(ctl, err);
	return ctl_failed(ctl);
}

int ctl_list(struct ctl *ctl, enum nl_family family, uint8_t cmd,
	     struct table *table, uint16_t attr, const char *name)
{
	struct nlmsghdr *msg;
	int err, tries;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		table_clear(table);
		msg = nl_begin(&ctl->nl, family, cmd, NLM_F_DUMP);
		if (name)
			mnl_attr_put_strz(msg, attr, name);
		err = nl_talk(&ctl->nl, table_add, table);
		if (err != -EINTR)
			break;
	}
	if (err) {
		table_clear(table);
		words_give(ctl, err);
	}
	return err;
}

int ctl_dump(struct ctl *ctl, enum nl_family family, uint8_t cmd,
	     struct table *table, uint16_t attr, const char *name)
{
	int ret = ctl_family(ctl, family, false);

	if (ret)
		return ret;
	return ctl_list(ctl, family, cmd, table, attr, name) ? ctl_failed(ctl) : CTL_OK;
}

static int fields_show(struct ctl *ctl, const struct table *table,
		       unsigned int rows)
{
	unsigned int r;

	for (r = 0; r < rows; r++)
		if (row_fields(table, &table->rows[r], ctl->field, ctl->out))
			return usage("there is no field '%s'", ctl->field);
	return CTL_OK;
}

int ctl_show(struct ctl *ctl, const struct table *table)
{
	if (ctl->field)
		return fields_show(ctl, table, table->nrows);
	if (ctl->json)
		out_json(ctl->out, table_json(table));
	else
		table_print(table, ctl->out);
	return CTL_OK;
}

int ctl_show_one(struct ctl *ctl, const struct table *table)
{
	if (!table->nrows) {
		complain("the kernel gave no answer");
		return CTL_FAILED;
	}
	if (ctl->field)
		return fields_show(ctl, table, 1);
	if (ctl->json)
		out_json(ctl->out, row_json(table, &table->rows[0]));
	else
		row_print(table, &table->rows[0], ctl->out);
	return CTL_OK;
}

int ctl_show_list(struct ctl *ctl, enum nl_family family, uint8_t cmd,
		  const struct schema *schema)
{
	struct table table = { .schema = schema };
	int ret;

	ret = ctl_dump(ctl, family, cmd, &table, 0, NULL);
	if (!ret)
		ret = ctl_show(ctl, &table);
	table_clear(&table);
	return ret;
}

void ctl_said(struct ctl *ctl, const char *key, const char *value)
{
	struct json_object *doc;

	if (!ctl->json)
		return;
	doc = out_object();
	out_str(doc, key, value);
	out_json(ctl->out, doc);
}
