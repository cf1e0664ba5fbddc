// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl server volume, server set: volumes stored here whose owners are not heard.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "size.h"

static const struct schema stored_schema = {
	.fields = FIELDS(
		{ MEMX_A_ID, F_ID64, "id", "ID" },
		{ MEMX_A_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" },
		{ MEMX_A_USED_PAGES, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_GUARANTEED, F_PAGES, "guaranteed_pages", "GUARANTEED" },
		{ MEMX_A_NODE, F_ID64, "owner", "OWNER" },
		{ MEMX_A_INC, F_ID32, "owner_incarnation", "INCARNATION" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_SILENT_MS, F_U32, "silent_ms", "SILENT_MS" }
	),
};

/*
 * Has the server do something with a volume, by its id (@text) or its @name, and says
 * so. @force: with MEMX_A_FORCE
 */
static int volume_do(struct ctl *ctl, uint8_t cmd, const char *name, const char *text,
		     bool force, const char *done)
{
	struct nlmsghdr *msg;
	uint64_t id = 0;
	int ret;

	if (text && hex_parse(text, &id))
		return usage("'%s' is no id", text);
	ret = ctl_family(ctl, NL_SERVER, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_SERVER, cmd, NLM_F_ACK);
	if (text)
		mnl_attr_put_u64(msg, MEMX_A_ID, id);
	else
		mnl_attr_put_strz(msg, MEMX_A_NAME, name);
	if (force)
		mnl_attr_put(msg, MEMX_A_FORCE, 0, NULL);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, done, text ? text : name);
	return ret;
}

static int volume_drop(struct ctl *ctl, int argc, char **argv)
{
	const char *which = NULL, *text = NULL;
	bool force = false;
	const struct opt opts[] = { { "--id", &text }, { "--force", NULL, &force }, { 0 } };

	if (args_parse(argc, argv, opts, &which, 0, 1) < 0)
		return CTL_USAGE;
	if (!which == !text)
		return usage("which volume? NAME, or --id ID");
	return volume_do(ctl, MEMX_C_SVOL_DEL, which, text, force, "dropped");
}

static int volume_forget(struct ctl *ctl, int argc, char **argv)
{
	const char *text = NULL;
	const struct opt opts[] = { { "--id", &text }, { 0 } };

	if (args_parse(argc, argv, opts, NULL, 0, 0) < 0)
		return CTL_USAGE;
	if (!text)
		return usage("which volume? --id ID");
	return volume_do(ctl, MEMX_C_SVOL_FORGET, NULL, text, false, "forgotten");
}

static int volume_list(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_SERVER, MEMX_C_SVOL_GET, &stored_schema);
}

static int server_volume(struct ctl *ctl, int argc, char **argv)
{
	if (argc && !strcmp(argv[0], "list"))
		return volume_list(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "drop"))
		return volume_drop(ctl, argc - 1, argv + 1);
	if (argc && !strcmp(argv[0], "forget"))
		return volume_forget(ctl, argc - 1, argv + 1);
	return usage("server volume list, drop NAME, drop --id ID, or forget --id ID");
}

static int expiry_parse(const char *text, uint32_t *seconds)
{
	unsigned long value;
	char *end;

	*seconds = 0;
	if (!text)
		return usage("what is to be set? --expiry SECONDS, or --expiry off");
	if (!strcmp(text, "off"))
		return CTL_OK;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value || value > UINT32_MAX)
		return usage("'%s' is no number of seconds, and not off", text);
	*seconds = value;
	return CTL_OK;
}

static int server_set(struct ctl *ctl, int argc, char **argv)
{
	const char *expiry = NULL;
	const struct opt opts[] = { { "--expiry", &expiry }, { 0 } };
	struct nlmsghdr *msg;
	uint32_t seconds;
	int ret;

	if (args_parse(argc, argv, opts, NULL, 0, 0) < 0 ||
	    expiry_parse(expiry, &seconds))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_SERVER, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_SERVER, MEMX_C_SRV_SET, NLM_F_ACK);
	mnl_attr_put_u32(msg, MEMX_A_EXPIRY, seconds);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "expiry", expiry);
	return ret;
}

const struct command lease_commands[] = {
	{ "server", "volume", server_volume, "list | drop NAME | drop --id ID | forget --id ID [--force]",
	  "volumes stored here and their owners; drop one, --force: although its owner is alive; "
	  "forget one that was dropped" },
	{ "server", "set", server_set, "--expiry SECONDS|off",
	  "drop volumes whose owners were not heard for so long; off: never" },
	{ 0 }
};
