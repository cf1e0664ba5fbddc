// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl volume: make, remove and show volumes.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "now.h"
#include "size.h"
#include "volopt.h"

enum {
	WAIT_MOST	= 3600,		/* seconds */
	CREATE_WAIT	= 3,
	RETRY_MS	= 200,
	SETTLE_MS	= 1000,
};

static const struct schema volume_schema = {
	.fields = FIELDS(
		{ MEMX_A_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_USED_PAGES, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_CHUNK_SHIFT, F_CHUNK, "chunk", "CHUNK" },
		{ MEMX_A_RESERVE, F_BYTES, "reserve", "RESERVE" },
		{ MEMX_A_GRANTED, F_BYTES, "granted", "GRANTED" },
		{ MEMX_A_RESERVE_STATE, F_STR, "reserve_state", "RESERVATION" },
		{ MEMX_A_RESERVE_ERROR, F_STR, "reserve_error" },
		{ MEMX_A_LIMIT, F_BYTES, "limit" },
		{ MEMX_A_PLACED, F_U32, "placed", "PLACED" },
		{ MEMX_A_CHUNKS, F_U32, "chunks", "CHUNKS" },
		{ MEMX_A_GROW, F_BYTES, "grow" },
		{ MEMX_A_WEIGHT, F_U32, "weight" },
		{ MEMX_A_USER, F_STR, "user", "USER" },
		{ MEMX_A_ID, F_ID64, "id" },
		{ MEMX_A_THIN, F_FLAG, "thin" },
		{ MEMX_A_SEALED, F_FLAG, "sealed" },
		{ MEMX_A_KEY_CHECK, F_ID64, "key_check" },
		{ MEMX_A_EPOCH, F_U32, "epoch" },
		{ MEMX_A_CLAIM, F_STR, "claim" },
		{ MEMX_A_SERVERS, F_STR, "servers" },
		{ MEMX_A_MAP_GEN, F_U64, "map_gen" },
		{ MEMX_A_READ_LATENCY, F_HIST, "read_latency" },
		{ MEMX_A_WRITE_LATENCY, F_HIST, "write_latency" },
		{ MEMX_A_STAT, F_STATS, "counters" }
	),
	.stat = MEMX_A_STAT,
	.stat_name = MEMX_A_STAT_NAME,
	.stat_value = MEMX_A_STAT_VALUE,
	.stat_help = MEMX_A_STAT_HELP,
};

static void pause_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static int seconds_parse(const char *text, uint64_t *ms)
{
	uint64_t seconds;

	if (!text)
		return CTL_OK;
	if (number_parse(text, WAIT_MOST, &seconds))
		return usage("'%s' is no number of seconds", text);
	*ms = seconds * 1000;
	return CTL_OK;
}

static int name_usable(const char *name)
{
	if (name_valid(name))
		return CTL_OK;
	return usage("'%s' is no name of a volume (letters, digits, '.', '_', '-', at most 63)",
		     name);
}

static int volume_new(struct ctl *ctl, const char *name, const struct volopts *options)
{
	struct nlmsghdr *msg;

	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_NEW, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, name);
	volopts_put(options, msg);
	return nl_talk(&ctl->nl, NULL, NULL);
}

static int volume_get(struct ctl *ctl, const char *name, struct table *table)
{
	struct nlmsghdr *msg;

	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_GET, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, name);
	return ctl_do(ctl, table_add, table);
}

static int volume_show_json(struct ctl *ctl, const char *name)
{
	struct table table = { .schema = &volume_schema };
	int ret = CTL_OK;

	if (ctl->json || ctl->field) {
		ret = volume_get(ctl, name, &table);
		if (!ret)
			ret = ctl_show_one(ctl, &table);
		table_clear(&table);
	}
	return ret;
}

/*
 * Servers announce themselves: right after an attach none is known yet, and a
 * moment later perhaps not all.
 */
static int volume_new_patiently(struct ctl *ctl, const char *name,
				const struct volopts *options, uint64_t wait_ms)
{
	uint64_t begin = now_ms(), waited;
	int err;

	for (;;) {
		err = volume_new(ctl, name, options);
		waited = now_ms() - begin;
		if (waited >= wait_ms || (err != -ENOTCONN && err != -ENOSPC) ||
		    (err == -ENOSPC && waited >= SETTLE_MS))
			return err;
		pause_ms(RETRY_MS);
	}
}

static int volume_create(struct ctl *ctl, int argc, char **argv)
{
	const char *name, *wait = NULL;
	uint64_t wait_ms = CREATE_WAIT * 1000;
	struct volopts options;
	int ret;

	volopts_init(&options, false);
	volopts_extra(&options, "--wait", &wait);
	if (args_parse(argc, argv, options.opts, &name, 1, 1) < 0 || name_usable(name) ||
	    volopts_check(&options) || seconds_parse(wait, &wait_ms))
		return CTL_USAGE;
	if (!volopts_given(&options, MEMX_A_SIZE))
		return usage("how large? --size SIZE, such as --size 1G");
	if (volopts_given(&options, MEMX_A_KEY_CHECK) && !volopts_given(&options, MEMX_A_ID))
		return usage("--key-check is of no use without --id");
	ret = ctl_family(ctl, NL_CORE, true);
	if (ret)
		return ret;
	if (ctl_no_interface(ctl)) {
		complain("no interface is attached, so no server can be reached (memxctl attach IFACE)");
		return CTL_FAILED;
	}
	if (volume_new_patiently(ctl, name, &options, wait_ms))
		return ctl_failed(ctl);
	return volume_show_json(ctl, name);
}

static int volume_set(struct ctl *ctl, int argc, char **argv)
{
	struct volopts options;
	struct nlmsghdr *msg;
	const char *name;
	int ret;

	volopts_init(&options, true);
	if (args_parse(argc, argv, options.opts, &name, 1, 1) < 0 || name_usable(name) ||
	    volopts_check(&options))
		return CTL_USAGE;
	if (!volopts_some(&options))
		return usage("what is to be set? %s", MEMX_OPTIONS_SET);
	ret = ctl_family(ctl, NL_CORE, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_SET, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, name);
	volopts_put(&options, msg);
	if (nl_talk(&ctl->nl, NULL, NULL))
		return ctl_failed(ctl);
	return volume_show_json(ctl, name);
}

static int volume_resize(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	const char *words[2];
	struct nlmsghdr *msg;
	uint64_t bytes;
	int ret;

	if (args_parse(argc, argv, none, words, 2, 2) < 0 || name_usable(words[0]))
		return CTL_USAGE;
	if (size_parse(words[1], &bytes) || !bytes || bytes % SIZE_PAGE)
		return usage("'%s' is no size that is a multiple of 4K", words[1]);
	ret = ctl_family(ctl, NL_CORE, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_SET, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, words[0]);
	mnl_attr_put_u64(msg, MEMX_A_SIZE, bytes);
	if (nl_talk(&ctl->nl, NULL, NULL))
		return ctl_failed(ctl);
	return volume_show_json(ctl, words[0]);
}

static int volume_remove(struct ctl *ctl, int argc, char **argv)
{
	const char *name, *wait = NULL;
	const struct opt opts[] = { { "--wait", &wait }, { 0 } };
	uint64_t wait_ms = 0, end;
	struct nlmsghdr *msg;
	int ret, err;

	if (args_parse(argc, argv, opts, &name, 1, 1) < 0 || name_usable(name) ||
	    seconds_parse(wait, &wait_ms))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_CORE, false);
	if (ret)
		return ret;
	end = now_ms() + wait_ms;
	for (;;) {
		msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_DEL, NLM_F_ACK);
		mnl_attr_put_strz(msg, MEMX_A_NAME, name);
		err = nl_talk(&ctl->nl, NULL, NULL);
		if (err != -EBUSY || now_ms() >= end)
			break;
		pause_ms(RETRY_MS);
	}
	if (err)
		return ctl_failed(ctl);
	ctl_said(ctl, "removed", name);
	return CTL_OK;
}

static int volume_list(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_CORE, MEMX_C_VOL_GET, &volume_schema);
}

static int volume_show(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &volume_schema };
	const struct opt none[] = { { 0 } };
	const char *name;
	int ret;

	if (args_parse(argc, argv, none, &name, 1, 1) < 0 || name_usable(name))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_CORE, false);
	if (!ret)
		ret = volume_get(ctl, name, &table);
	if (!ret)
		ret = ctl_show_one(ctl, &table);
	table_clear(&table);
	return ret;
}

const struct command volume_commands[] = {
	{ "volume", "create", volume_create,
	  "NAME " MEMX_OPTIONS_CREATE " [--wait SECONDS]",
	  "make a volume on the memory servers; wait for one to show up (3 s)" },
	{ "volume", "set", volume_set, "NAME " MEMX_OPTIONS_SET,
	  "change its reservation, its limit, or its share among this host's volumes" },
	{ "volume", "resize", volume_resize, "NAME SIZE",
	  "give it another size: larger, up to --grow, also while it is in use" },
	{ "volume", "remove", volume_remove, "NAME [--wait SECONDS]",
	  "remove it and free its memory; wait while it is in use (0 s)" },
	{ "volume", "list", volume_list, "", "list this host's volumes" },
	{ "volume", "show", volume_show, "NAME", "show one, with its counters" },
	{ 0 }
};
