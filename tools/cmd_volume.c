// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl volume: make, remove and show volumes.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "size.h"

enum {
	WAIT_MOST	= 3600,		/* seconds */
	CREATE_WAIT	= 3,
	RETRY_MS	= 200,
	SETTLE_MS	= 1000,
	WEIGHT_MOST	= 64,
};

static const struct schema volume_schema = {
	.fields = (const struct field[]){
		{ MEMX_A_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_USED_PAGES, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_CHUNK_SHIFT, F_CHUNK, "chunk", "CHUNK" },
		{ MEMX_A_PLACED, F_U32, "placed", "PLACED" },
		{ MEMX_A_CHUNKS, F_U32, "chunks", "CHUNKS" },
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
		{ MEMX_A_STAT, F_STATS, "counters" },
		{ 0 }
	},
	.stat = MEMX_A_STAT,
	.stat_name = MEMX_A_STAT_NAME,
	.stat_value = MEMX_A_STAT_VALUE,
	.stat_help = MEMX_A_STAT_HELP,
};

/**
 * struct vol_spec - a volume to be made
 * @name:  its name
 * @size:  bytes
 * @shift: log2 of pages in a chunk, or 0: the kernel chooses
 * @weight: share among the host's volumes, 0: the usual
 * @thin:  may be larger than what the servers can promise now
 * @encrypt: --encrypt
 * @plain: --no-encrypt
 * @id:    of a volume made elsewhere, 0: a new one
 * @check: its key's check value, 0: it is not encrypted, or new
 */
struct vol_spec {
	const char	*name;
	uint64_t	size;
	int		shift;
	uint32_t	weight;
	bool		thin;
	bool		encrypt;
	bool		plain;
	uint64_t	id;
	uint64_t	check;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

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

static int weight_parse(const char *text, uint32_t *weight)
{
	uint64_t n;

	if (!text)
		return CTL_OK;
	if (number_parse(text, WEIGHT_MOST, &n) || !n)
		return usage("'%s' is no weight; it is a number from 1 to %d", text,
			     WEIGHT_MOST);
	*weight = n;
	return CTL_OK;
}

static int vol_spec_parse(struct vol_spec *vol_spec, const char *size, const char *chunk)
{
	uint64_t bytes;

	if (name_usable(vol_spec->name))
		return CTL_USAGE;
	if (!size)
		return usage("how large? --size SIZE, such as --size 1G");
	if (size_parse(size, &vol_spec->size))
		return usage("'%s' is no size; say 8G, 512M, …", size);
	if (!vol_spec->size || vol_spec->size % SIZE_PAGE)
		return usage("the size must be a multiple of 4K, and not 0");
	if (!chunk)
		return CTL_OK;
	if (size_parse(chunk, &bytes))
		return usage("'%s' is no size of a chunk", chunk);
	vol_spec->shift = chunk_shift(bytes);
	if (vol_spec->shift < 0)
		return usage("a chunk is 1M, 2M, 4M, … up to 1G");
	return CTL_OK;
}

static int volume_new(struct ctl *ctl, const struct vol_spec *vol_spec)
{
	struct nlmsghdr *msg;

	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_NEW, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, vol_spec->name);
	mnl_attr_put_u64(msg, MEMX_A_SIZE, vol_spec->size);
	if (vol_spec->shift)
		mnl_attr_put_u8(msg, MEMX_A_CHUNK_SHIFT, vol_spec->shift);
	if (vol_spec->weight)
		mnl_attr_put_u32(msg, MEMX_A_WEIGHT, vol_spec->weight);
	if (vol_spec->thin)
		mnl_attr_put(msg, MEMX_A_THIN, 0, NULL);
	if (vol_spec->encrypt || vol_spec->plain)
		mnl_attr_put_u8(msg, MEMX_A_ENCRYPT, vol_spec->encrypt);
	if (vol_spec->id)
		mnl_attr_put_u64(msg, MEMX_A_ID, vol_spec->id);
	if (vol_spec->check)
		mnl_attr_put_u64(msg, MEMX_A_KEY_CHECK, vol_spec->check);
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
static int volume_new_patiently(struct ctl *ctl, const struct vol_spec *vol_spec,
				uint64_t wait_ms)
{
	uint64_t begin = now_ms(), waited;
	int err;

	for (;;) {
		err = volume_new(ctl, vol_spec);
		waited = now_ms() - begin;
		if (waited >= wait_ms || (err != -ENOTCONN && err != -ENOSPC) ||
		    (err == -ENOSPC && waited >= SETTLE_MS))
			return err;
		pause_ms(RETRY_MS);
	}
}

static int identity_parse(struct vol_spec *vol_spec, const char *id, const char *check)
{
	if (vol_spec->encrypt && vol_spec->plain)
		return usage("either --encrypt or --no-encrypt");
	if (id && (hex_parse(id, &vol_spec->id) || !vol_spec->id))
		return usage("'%s' is no id of a volume", id);
	if (check && (hex_parse(check, &vol_spec->check) || !vol_spec->check))
		return usage("'%s' is no check value of a key", check);
	if (check && !id)
		return usage("--key-check is of no use without --id");
	return CTL_OK;
}

static int volume_create(struct ctl *ctl, int argc, char **argv)
{
	const char *size = NULL, *chunk = NULL, *wait = NULL, *weight = NULL;
	const char *id = NULL, *check = NULL;
	struct vol_spec vol_spec = { 0 };
	const struct opt opts[] = {
		{ "--size", &size }, { "--chunk", &chunk }, { "--wait", &wait },
		{ "--weight", &weight }, { "--thin", NULL, &vol_spec.thin },
		{ "--encrypt", NULL, &vol_spec.encrypt },
		{ "--no-encrypt", NULL, &vol_spec.plain },
		{ "--id", &id }, { "--key-check", &check }, { 0 }
	};
	uint64_t wait_ms = CREATE_WAIT * 1000;
	int ret;

	if (args_parse(argc, argv, opts, &vol_spec.name, 1, 1) < 0 ||
	    vol_spec_parse(&vol_spec, size, chunk) || weight_parse(weight, &vol_spec.weight) ||
	    identity_parse(&vol_spec, id, check) || seconds_parse(wait, &wait_ms))
		return CTL_USAGE;
	ret = ctl_family(ctl, NL_CORE, true);
	if (ret)
		return ret;
	if (ctl_no_interface(ctl)) {
		complain("no interface is attached, so no server can be reached (memxctl attach IFACE)");
		return CTL_FAILED;
	}
	if (volume_new_patiently(ctl, &vol_spec, wait_ms))
		return ctl_failed(ctl);
	return volume_show_json(ctl, vol_spec.name);
}

static int volume_set(struct ctl *ctl, int argc, char **argv)
{
	const char *name, *text = NULL;
	const struct opt opts[] = { { "--weight", &text }, { 0 } };
	struct nlmsghdr *msg;
	uint32_t weight = 0;
	int ret;

	if (args_parse(argc, argv, opts, &name, 1, 1) < 0 || name_usable(name) ||
	    weight_parse(text, &weight))
		return CTL_USAGE;
	if (!weight)
		return usage("what is to be set? --weight NUMBER");
	ret = ctl_family(ctl, NL_CORE, false);
	if (ret)
		return ret;
	msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_VOL_SET, NLM_F_ACK);
	mnl_attr_put_strz(msg, MEMX_A_NAME, name);
	mnl_attr_put_u32(msg, MEMX_A_WEIGHT, weight);
	if (nl_talk(&ctl->nl, NULL, NULL))
		return ctl_failed(ctl);
	return volume_show_json(ctl, name);
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
	  "NAME --size SIZE [--chunk SIZE] [--weight N] [--thin] [--encrypt | --no-encrypt] [--id ID [--key-check CHECK]] [--wait SECONDS]",
	  "make a volume on the memory servers; wait for one to show up (3 s)" },
	{ "volume", "set", volume_set, "NAME --weight N",
	  "its share among this host's volumes when they compete, 1 to 64" },
	{ "volume", "remove", volume_remove, "NAME [--wait SECONDS]",
	  "remove it and free its memory; wait while it is in use (0 s)" },
	{ "volume", "list", volume_list, "", "list this host's volumes" },
	{ "volume", "show", volume_show, "NAME", "show one, with its counters" },
	{ 0 }
};
