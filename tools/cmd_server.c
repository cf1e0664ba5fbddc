// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl server: lend this host's memory to others.
 */
#include <errno.h>
#include <string.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "size.h"

static const struct schema server_schema = {
	.fields = FIELDS(
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_CAPACITY, F_PAGES, "capacity_pages", "CAPACITY" },
		{ MEMX_A_RESERVED, F_PAGES, "reserved_pages", "RESERVED" },
		{ MEMX_A_GUARANTEED, F_PAGES, "guaranteed_pages", "GUARANTEED" },
		{ MEMX_A_FREE, F_PAGES, "free_pages", "FREE" },
		{ MEMX_A_USED, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_LOAD, F_U8, "load", "LOAD" },
		{ MEMX_A_VOLUMES, F_U32, "volumes", "VOLUMES" },
		{ MEMX_A_EXPIRY, F_U32, "expiry_s", "EXPIRY_S" }
	),
};

static const struct schema stored_schema = {
	.fields = FIELDS(
		{ MEMX_A_ID, F_ID64, "id", "ID" },
		{ MEMX_A_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" },
		{ MEMX_A_EPOCH, F_U32, "epoch", "EPOCH" },
		{ MEMX_A_USED_PAGES, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_RESERVED, F_PAGES, "reserved_pages", "RESERVED" },
		{ MEMX_A_GUARANTEED, F_PAGES, "guaranteed_pages", "GUARANTEED" },
		{ MEMX_A_CHUNK_SHIFT, F_CHUNK, "chunk", "CHUNK" },
		{ MEMX_A_CHUNKS, F_U32, "chunks", "CHUNKS" },
		{ MEMX_A_NODE, F_ID64, "owner", "OWNER" },
		{ MEMX_A_SILENT_MS, F_U32, "silent_ms", "SILENT_MS" },
		{ MEMX_A_SEALED, F_FLAG, "sealed" },
		{ MEMX_A_PROTOCOL, F_U8, "protocol" }
	),
};

static int capacity_parse(const char *text, uint64_t *pages)
{
	uint64_t bytes;

	if (!text)
		return usage("how much? --memory SIZE, such as --memory 8G");
	if (size_parse(text, &bytes))
		return usage("'%s' is no size; say 8G, 512M, …", text);
	*pages = bytes / SIZE_PAGE;
	if (!*pages)
		return usage("--memory %s is less than a page", text);
	return CTL_OK;
}

/* An interface that is attached already is what the caller wants. */
static int interface_attach(struct ctl *ctl, const char *iface)
{
	int ret = ctl_family(ctl, NL_RMAP, true);

	if (ret)
		return ret;
	ret = ctl_attach(ctl, iface, 0);
	return ret && ret != -EEXIST ? ctl_failed(ctl) : CTL_OK;
}

static int server_start(struct ctl *ctl, int argc, char **argv)
{
	const char *dev = NULL, *memory = NULL;
	const struct opt opts[] = {
		{ "--dev", &dev }, { "--memory", &memory }, { 0 }
	};
	struct nlmsghdr *msg;
	uint64_t pages;
	int ret;

	if (args_parse(argc, argv, opts, NULL, 0, 0) < 0 ||
	    capacity_parse(memory, &pages))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_SERVER, true);
	if (!ret && dev)
		ret = interface_attach(ctl, dev);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_SERVER, MEMX_C_SRV_START, NLM_F_ACK);
	mnl_attr_put_u64(msg, MEMX_A_CAPACITY, pages);
	ret = ctl_do(ctl, NULL, NULL);
	if (ret)
		return ret;
	if (ctl_no_interface(ctl))
		complain("note: no interface is attached, so nobody can reach this server");
	ctl_said(ctl, "server", "started");
	return CTL_OK;
}

static int server_stop(struct ctl *ctl, int argc, char **argv)
{
	bool force = false;
	const struct opt opts[] = { { "--force", NULL, &force }, { 0 } };
	struct nlmsghdr *msg;
	int ret;

	if (args_parse(argc, argv, opts, NULL, 0, 0) < 0)
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_SERVER, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_SERVER, MEMX_C_SRV_STOP, NLM_F_ACK);
	if (force)
		mnl_attr_put(msg, MEMX_A_FORCE, 0, NULL);
	ret = ctl_do(ctl, NULL, NULL);
	if (!ret)
		ctl_said(ctl, "server", "stopped");
	return ret;
}

static int server_show(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .schema = &server_schema };
	const struct opt none[] = { { 0 } };
	int ret;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_SERVER, false);
	if (ret)
		return ret;
	nl_begin(&ctl->nl, NL_SERVER, MEMX_C_SRV_GET, NLM_F_ACK);
	ret = ctl_do(ctl, table_add, &table);
	if (!ret)
		ret = ctl_show_one(ctl, &table);
	table_clear(&table);
	return ret;
}

static int server_volumes(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	return ctl_show_list(ctl, NL_SERVER, MEMX_C_SVOL_GET, &stored_schema);
}

const struct command server_commands[] = {
	{ "server", "start", server_start, "[--dev IFACE] --memory SIZE",
	  "lend at most SIZE of this host's memory; attach IFACE first" },
	{ "server", "stop", server_stop, "[--force]",
	  "take it back; --force: although pages are stored, which are lost" },
	{ "server", "show", server_show, "", "what is lent and used" },
	{ "server", "volumes", server_volumes, "", "list the volumes stored here" },
	{ 0 }
};
