// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "memx": volumes, their map, servers and counters.
 * uapi/memx_nl.h is the specification.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include "mx_compat_nl.h"
#include "mx_keys.h"
#include "mx_look.h"
#include "mx_map.h"
#include "mx_members.h"
#include "mx_nl.h"
#include "mx_sealed.h"
#include "mx_volume.h"
#include "uapi/memx_nl.h"

/* Limits of 64-bit options are told in words, by mx_spec_check(). */
#define POLICY_BYTES(least, most)	{ .type = NLA_U64 }
#define POLICY_HEX64(least, most)	{ .type = NLA_U64 }
#define POLICY_FLAG(least, most)	{ .type = NLA_FLAG }
#define POLICY_CHUNK(least, most)	NLA_POLICY_RANGE(NLA_U8, least, most)
#define POLICY_CHOICE(least, most)	NLA_POLICY_RANGE(NLA_U8, least, most)
#define POLICY_NUMBER(least, most)	NLA_POLICY_RANGE(NLA_U32, least, most)

#define OPTION_POLICY(name, type, least, most, word, set, field, noun) \
	[MEMX_A_##name] = POLICY_##type(least, most),

static const struct nla_policy policy[MEMX_A_MAX + 1] = {
	[MEMX_A_NAME]		= { .type = NLA_NUL_STRING, .len = MX_NAME_MAX },
	[MEMX_A_KEY]		= NLA_POLICY_EXACT_LEN(MX_KEY_LEN),
	[MEMX_A_KEY_ID]		= { .type = NLA_U64 },
	[MEMX_A_NODE]		= { .type = NLA_U64 },
	[MEMX_A_CHUNK_FIRST]	= NLA_POLICY_RANGE(NLA_U32, 0, MX_CHUNKS_MAX - 1),
	MEMX_OPTIONS(OPTION_POLICY)
};

static_assert(MEMX_A_COUNT <= 96);

/**
 * struct option_field - where an option goes
 * @attr:   its attribute
 * @type:   enum memx_option_type
 * @offset: of its field in struct mx_vol_spec
 */
struct option_field {
	u16 attr;
	u8 type;
	u8 offset;
};

#define OPTION_FIELD(name, _type, least, most, word, set, field, noun) \
	{ .attr = MEMX_A_##name, .type = MEMX_OPTION_##_type, \
	  .offset = offsetof(struct mx_vol_spec, field) },

static const struct option_field option_fields[] = {
	MEMX_OPTIONS(OPTION_FIELD)
};

static struct genl_family family;

static const char *name_of(struct nlattr **attrs, struct netlink_ext_ack *ack)
{
	if (attrs && attrs[MEMX_A_NAME])
		return nla_data(attrs[MEMX_A_NAME]);
	NL_SET_ERR_MSG(ack, "the name of a volume is missing");
	return NULL;
}

/* The field's type follows from the option's. */
static void option_take(const struct nlattr *attr, u8 type, void *field)
{
	switch (type) {
	case MEMX_OPTION_BYTES:
	case MEMX_OPTION_HEX64:
		*(u64 *)field = nla_get_u64(attr);
		break;
	case MEMX_OPTION_CHUNK:
		*(u8 *)field = nla_get_u8(attr);
		break;
	case MEMX_OPTION_NUMBER:
		*(u32 *)field = nla_get_u32(attr);
		break;
	case MEMX_OPTION_FLAG:
		*(bool *)field = true;
		break;
	case MEMX_OPTION_CHOICE:
		*(u8 *)field = nla_get_u8(attr) ? MX_CHOICE_YES : MX_CHOICE_NO;
		break;
	}
}

static void options_take(struct nlattr **attrs, struct mx_vol_spec *spec)
{
	const struct option_field *f;
	int i;

	for (i = 0; i < ARRAY_SIZE(option_fields); i++) {
		f = &option_fields[i];
		if (attrs[f->attr])
			option_take(attrs[f->attr], f->type, (u8 *)spec + f->offset);
	}
}

static int vol_new(struct sk_buff *skb, struct genl_info *info)
{
	struct mx_vol_spec spec = { .name = name_of(info->attrs, info->extack) };

	if (!spec.name)
		return -EINVAL;
	if (!info->attrs[MEMX_A_SIZE]) {
		NL_SET_ERR_MSG(info->extack, "the size of the volume is missing");
		return -EINVAL;
	}
	options_take(info->attrs, &spec);
	return mx_volume_make(&spec, info->extack);
}

static int vol_set(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = name_of(info->attrs, info->extack);
	struct mx_vol_change change = {};
	struct nlattr *size = info->attrs[MEMX_A_SIZE];
	struct mx_vol_spec spec = {};
	int err = 0;

	if (!name)
		return -EINVAL;
	options_take(info->attrs, &spec);
	if (info->attrs[MEMX_A_WEIGHT])
		change.weight = spec.weight;
	if (info->attrs[MEMX_A_RESERVE])
		change.reserve = &spec.reserve;
	if (info->attrs[MEMX_A_LIMIT])
		change.limit = &spec.limit;
	if (!size && !change.weight && !change.reserve && !change.limit) {
		NL_SET_ERR_MSG(info->extack, "there is nothing to be set");
		return -EINVAL;
	}
	if (size)
		err = mx_volume_resize(name, spec.bytes, info->extack);
	if (!err && (change.weight || change.reserve || change.limit))
		err = mx_volume_change(name, &change, info->extack);
	return err;
}

static int vol_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = name_of(info->attrs, info->extack);

	return name ? mx_volume_remove(name, info->extack) : -EINVAL;
}

static const struct mx_nl_counter_attrs counter_attrs = MX_NL_COUNTER_ATTRS;

static int put_vol_stats(struct sk_buff *skb, struct mx_volume *vol)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < MX_VS_COUNT; i++) {
		nest = nla_nest_start(skb, MEMX_A_STAT);
		if (!nest || mx_nl_put_counter(skb, &counter_attrs, &mx_vol_stat_words[i],
					       mx_vol_stat_sum(vol->stats, i)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_latency(struct sk_buff *skb, struct mx_volume *vol, int attr,
		       bool write)
{
	u64 sum[RMP_LAT_BUCKETS];

	mx_vol_latency(vol->stats, write, sum);
	return nla_put(skb, attr, sizeof(sum), sum);
}

enum { SERVERS_TEXT = 2048 };

/* A volume's servers in words, which are put together in @text. */
static int put_servers(struct sk_buff *skb, struct mx_volume *vol, char *text)
{
	mx_claim_text(vol, text, SERVERS_TEXT);
	return nla_put_string(skb, MEMX_A_SERVERS, text);
}

int mx_nl_put_booking(struct sk_buff *skb, struct mx_volume *vol)
{
	struct mx_vol_booking b;

	mx_volume_booking(vol, &b);
	if (nla_put_u64_64bit(skb, MEMX_A_RESERVE, b.asked, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_GRANTED, b.granted, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_LIMIT, b.limit, MEMX_A_PAD) ||
	    nla_put_string(skb, MEMX_A_RESERVE_STATE, b.state) ||
	    (b.why[0] && nla_put_string(skb, MEMX_A_RESERVE_ERROR, b.why)))
		return -EMSGSIZE;
	return 0;
}

static int put_volume(struct sk_buff *skb, struct mx_volume *vol)
{
	struct mx_vol_info info;

	mx_volume_info(vol, &info);
	if (nla_put_string(skb, MEMX_A_NAME, info.name) ||
	    nla_put_u64_64bit(skb, MEMX_A_ID, info.id, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_SIZE, info.bytes, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_GROW, info.grow, MEMX_A_PAD) ||
	    nla_put_u32(skb, MEMX_A_EPOCH, info.epoch) ||
	    nla_put_string(skb, MEMX_A_STATE, mx_vol_state_name(info.state)) ||
	    nla_put_string(skb, MEMX_A_CLAIM, mx_claim_word(vol)) ||
	    (vol->user[0] && nla_put_string(skb, MEMX_A_USER, vol->user)) ||
	    nla_put_u8(skb, MEMX_A_CHUNK_SHIFT, info.chunk_shift) ||
	    nla_put_u32(skb, MEMX_A_CHUNKS, info.chunks) ||
	    nla_put_u32(skb, MEMX_A_PLACED, info.placed) ||
	    (vol->thin && nla_put_flag(skb, MEMX_A_THIN)) ||
	    (vol->sealed && nla_put_flag(skb, MEMX_A_SEALED)) ||
	    (info.key_check && nla_put_u64_64bit(skb, MEMX_A_KEY_CHECK,
						 info.key_check, MEMX_A_PAD)) ||
	    nla_put_u32(skb, MEMX_A_WEIGHT, READ_ONCE(vol->weight)) ||
	    mx_nl_put_booking(skb, vol) ||
	    nla_put_u64_64bit(skb, MEMX_A_USED_PAGES, info.used_pages, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_MAP_GEN, info.map_gen, MEMX_A_PAD) ||
	    put_latency(skb, vol, MEMX_A_READ_LATENCY, false) ||
	    put_latency(skb, vol, MEMX_A_WRITE_LATENCY, true))
		return -EMSGSIZE;
	return put_vol_stats(skb, vol);
}

static int put_named(struct sk_buff *skb, const char *name, char *text,
		     struct netlink_ext_ack *ack)
{
	struct mx_volume *vol;
	int err;

	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (vol) {
		err = put_volume(skb, vol) ?: put_servers(skb, vol, text);
	} else {
		NL_SET_ERR_MSG(ack, "there is no such volume");
		err = -ENOENT;
	}
	mutex_unlock(&mx_vols_mutex);
	return err;
}

static int vol_get(struct sk_buff *skb, struct genl_info *info)
{
	const char *name = name_of(info->attrs, info->extack);
	struct sk_buff *msg;
	char *text;
	void *head;
	int err = -EMSGSIZE;

	if (!name)
		return -EINVAL;
	msg = genlmsg_new(SZ_8K, GFP_KERNEL);
	text = kmalloc(SERVERS_TEXT, GFP_KERNEL);
	if (!msg || !text) {
		err = -ENOMEM;
		goto fail;
	}
	head = genlmsg_put_reply(msg, info, &family, 0, MEMX_C_VOL_GET);
	if (head)
		err = put_named(msg, name, text, info->extack);
	if (err)
		goto fail;
	kfree(text);
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
fail:
	kfree(text);
	nlmsg_free(msg);
	return err;
}

static int fill_volume(struct sk_buff *skb, const void *what)
{
	return put_volume(skb, (struct mx_volume *)what);
}

static int vol_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mx_volume *vol;
	long i = 0;

	mutex_lock(&mx_vols_mutex);
	list_for_each_entry(vol, &mx_vols, link) {
		if (i++ < cb->args[0])
			continue;
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_VOL_GET, fill_volume, vol))
			break;
		cb->args[0]++;
	}
	mutex_unlock(&mx_vols_mutex);
	return skb->len;
}

/**
 * struct map_run - chunks in a row on one server
 * @first: first chunk
 * @count: chunks
 * @node:  server's node id
 * @inc:   server's incarnation
 */
struct map_run {
	u32 first;
	u32 count;
	u64 node;
	u32 inc;
};

static int fill_run(struct sk_buff *skb, const void *what)
{
	const struct map_run *run = what;

	return nla_put_u32(skb, MEMX_A_CHUNK_FIRST, run->first) ||
	       nla_put_u32(skb, MEMX_A_CHUNK_COUNT, run->count) ||
	       nla_put_u64_64bit(skb, MEMX_A_NODE, run->node, MEMX_A_PAD) ||
	       nla_put_u32(skb, MEMX_A_INC, run->inc);
}

/* The run from chunk @first on. Return: whether there is one. */
static bool next_run(struct mx_volume *vol, u32 first, struct map_run *run)
{
	struct mx_vsrv *s;
	int server = -1;
	u32 i;

	for (i = first; i < vol->nchunks && server < 0; i++)
		server = mx_map_server(vol, i);
	if (server < 0)
		return false;
	run->first = i - 1;
	while (i < vol->nchunks && mx_map_server(vol, i) == server)
		i++;
	run->count = i - run->first;
	s = vol->srv[server];
	run->node = rmp_node_id(s->node);
	run->inc = READ_ONCE(vol->life[server].inc);
	return true;
}

static int map_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const char *name = name_of(genl_info_dump(cb)->attrs, cb->extack);
	struct mx_volume *vol;
	struct map_run run;
	int err = 0;

	if (!name)
		return -EINVAL;
	mutex_lock(&mx_vols_mutex);
	vol = mx_volume_find(name);
	if (!vol) {
		NL_SET_ERR_MSG(cb->extack, "there is no such volume");
		err = -ENOENT;
	}
	while (vol && next_run(vol, cb->args[0], &run)) {
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_MAP_GET, fill_run, &run))
			break;
		cb->args[0] = run.first + run.count;
	}
	mutex_unlock(&mx_vols_mutex);
	return err ? err : skb->len;
}

static int fill_server(struct sk_buff *skb, const void *what)
{
	const struct mx_member_info *info = what;
	const struct mx_member *m = &info->m;

	return nla_put_u64_64bit(skb, MEMX_A_NODE, m->node, MEMX_A_PAD) ||
	       nla_put_u32(skb, MEMX_A_INC, m->inc) ||
	       nla_put_string(skb, MEMX_A_HOST, info->host) ||
	       nla_put_string(skb, MEMX_A_STATE, info->state) ||
	       nla_put_u8(skb, MEMX_A_LOAD, m->load) ||
	       nla_put_u64_64bit(skb, MEMX_A_CAPACITY, m->capacity, MEMX_A_PAD) ||
	       nla_put_u64_64bit(skb, MEMX_A_FREE, m->free, MEMX_A_PAD) ||
	       nla_put_u64_64bit(skb, MEMX_A_USED, m->used, MEMX_A_PAD) ||
	       nla_put_u32(skb, MEMX_A_SILENT_MS, info->silent_ms);
}

static int server_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mx_member_info info;

	for (; cb->args[0] < MX_MEMBERS; cb->args[0]++)
		if (mx_members_show(cb->args[0], &info) &&
		    !mx_nl_dump_one(skb, cb, &family, MEMX_C_SERVER_GET, fill_server, &info))
			break;
	return skb->len;
}

static int fill_stat(struct sk_buff *skb, const void *what)
{
	enum mx_stat stat = *(const long *)what;

	return mx_nl_put_counter(skb, &counter_attrs, &mx_stat_words[stat],
				 mx_stat_sum(stat));
}

static int stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	for (; cb->args[0] < MX_S_COUNT; cb->args[0]++)
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_STATS_GET, fill_stat,
				    &cb->args[0]))
			break;
	return skb->len;
}

static int key_add(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *key = info->attrs[MEMX_A_KEY];
	int err;

	if (!key) {
		NL_SET_ERR_MSG(info->extack, "the key is missing");
		return -EINVAL;
	}
	err = mx_keys_add(nla_data(key), info->extack);
	/* The message lives on for a while, and its memory after it. */
	mx_wipe(nla_data(key), nla_len(key));
	return err;
}

static int key_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[MEMX_A_KEY_ID];

	return mx_keys_drop(id ? nla_get_u64(id) : 0, info->extack);
}

static int fill_key(struct sk_buff *skb, const void *what)
{
	return nla_put_u64_64bit(skb, MEMX_A_KEY_ID, *(const u64 *)what,
				 MEMX_A_PAD);
}

static int key_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 ids[MX_CLIENT_KEYS];
	unsigned int n = mx_keys_list(ids);

	for (; cb->args[0] < n; cb->args[0]++)
		if (!mx_nl_dump_one(skb, cb, &family, MEMX_C_KEY_GET, fill_key,
				    &ids[cb->args[0]]))
			break;
	return skb->len;
}

enum { LOOK_BYTES = MX_LOOK_CHUNKS * sizeof(struct memx_listed) + 4096 };

/* Attributes are aligned to 4 bytes only, so structs are copied into them. */
static struct memx_life life_of(const struct mx_life *life)
{
	return (struct memx_life){ .node = life->node, .inc = life->inc };
}

static int put_claimed(struct sk_buff *skb, int attr, const struct mx_claimed *c)
{
	struct nlattr *nest;

	if (!c->node)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || nla_put_u64_64bit(skb, MEMX_A_NODE, c->node, MEMX_A_PAD) ||
	    nla_put_u32(skb, MEMX_A_INC, c->inc) ||
	    nla_put_u32(skb, MEMX_A_EPOCH, c->epoch))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_roster(struct sk_buff *skb, const struct mx_roster *r)
{
	struct nlattr *nest, *lives;
	struct memx_life life;
	u32 i;

	if (!r->number)
		return 0;
	nest = nla_nest_start(skb, MEMX_A_ROSTER);
	if (!nest || nla_put_u32(skb, MEMX_A_EPOCH, r->epoch) ||
	    nla_put_u32(skb, MEMX_A_NUMBER, r->number))
		return -EMSGSIZE;
	lives = nla_reserve(skb, MEMX_A_LIVES, r->n * sizeof(life));
	if (!lives)
		return -EMSGSIZE;
	for (i = 0; i < r->n; i++) {
		life = life_of(&r->member[i]);
		memcpy(nla_data(lives) + i * sizeof(life), &life, sizeof(life));
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_listed(struct sk_buff *skb, const struct mx_looked *looked)
{
	struct memx_listed one;
	struct nlattr *attr;
	u32 i, k;

	static_assert(ARRAY_SIZE(one.member) >= MX_COPIES_MAX);
	attr = nla_reserve(skb, MEMX_A_LISTED, looked->n * sizeof(one));
	if (!attr)
		return -EMSGSIZE;
	for (i = 0; i < looked->n; i++) {
		const struct mx_listed *l = &looked->chunk[i];

		memset(&one, 0, sizeof(one));
		one.index = l->index;
		one.gen = l->gen;
		one.pages = l->pages;
		one.nmembers = l->nmembers;
		one.filling = l->state == MX_COPY_FILLING;
		for (k = 0; k < l->nmembers; k++)
			one.member[k] = life_of(&l->member[k]);
		memcpy(nla_data(attr) + i * sizeof(one), &one, sizeof(one));
	}
	return 0;
}

static int put_looked(struct sk_buff *skb, const struct mx_looked *looked)
{
	const struct mx_look *l = &looked->look;

	if (nla_put_u32(skb, MEMX_A_INC, looked->inc) ||
	    nla_put_string(skb, MEMX_A_NAME, l->name) ||
	    nla_put_u64_64bit(skb, MEMX_A_SIZE, l->pages << MX_PAGE_SHIFT, MEMX_A_PAD) ||
	    nla_put_u8(skb, MEMX_A_CHUNK_SHIFT, l->shift) ||
	    (l->sealed && nla_put_flag(skb, MEMX_A_SEALED)) ||
	    nla_put_u64_64bit(skb, MEMX_A_USED_PAGES, l->used, MEMX_A_PAD) ||
	    nla_put_u64_64bit(skb, MEMX_A_RESERVED, l->promised, MEMX_A_PAD) ||
	    nla_put_u32(skb, MEMX_A_CHUNKS, l->nchunks) ||
	    put_claimed(skb, MEMX_A_OWNER, &l->claim) ||
	    put_claimed(skb, MEMX_A_TENTATIVE, &l->tentative) ||
	    put_roster(skb, &looked->roster) || put_listed(skb, looked) ||
	    (looked->next != MX_LIST_END &&
	     nla_put_u32(skb, MEMX_A_CHUNK_NEXT, looked->next)))
		return -EMSGSIZE;
	return 0;
}

static int look_reply(const struct mx_looked *looked, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(LOOK_BYTES, GFP_KERNEL);
	void *head;

	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &family, 0, MEMX_C_LOOK);
	if (!head || put_looked(msg, looked)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return genlmsg_reply(msg, info);
}

static int look(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct mx_looked *looked;
	int err;

	if (!a[MEMX_A_NODE] || !a[MEMX_A_ID]) {
		NL_SET_ERR_MSG(info->extack, "the server's node or the volume's id is missing");
		return -EINVAL;
	}
	looked = kvzalloc(sizeof(*looked), GFP_KERNEL);
	if (!looked)
		return -ENOMEM;
	err = mx_look(nla_get_u64(a[MEMX_A_NODE]), nla_get_u64(a[MEMX_A_ID]),
		      a[MEMX_A_CHUNK_FIRST] ? nla_get_u32(a[MEMX_A_CHUNK_FIRST]) : 0,
		      looked, info->extack);
	if (!err)
		err = look_reply(looked, info);
	kvfree(looked);
	return err;
}

static const struct genl_ops ops[] = {
	{ .cmd = MEMX_C_VOL_NEW, .doit = vol_new, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_VOL_SET, .doit = vol_set, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_VOL_DEL, .doit = vol_del, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_VOL_GET, .doit = vol_get, .dumpit = vol_dump },
	{ .cmd = MEMX_C_MAP_GET, .dumpit = map_dump },
	{ .cmd = MEMX_C_SERVER_GET, .dumpit = server_dump },
	{ .cmd = MEMX_C_STATS_GET, .dumpit = stats_dump },
	{ .cmd = MEMX_C_KEY_ADD, .doit = key_add, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_KEY_DEL, .doit = key_del, .flags = GENL_ADMIN_PERM },
	{ .cmd = MEMX_C_KEY_GET, .dumpit = key_dump },
	{ .cmd = MEMX_C_LOOK, .doit = look, .flags = GENL_ADMIN_PERM },
};

enum { EVENT_GROUP, EVENT_BYTES = 512 };

static const struct genl_multicast_group groups[] = {
	[EVENT_GROUP] = { .name = MEMX_NL_EVENTS },
};

static struct genl_family family __ro_after_init = {
	.name		= MEMX_NL_CORE,
	.version	= MEMX_NL_VERSION,
	.maxattr	= MEMX_A_MAX,
	.policy		= policy,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	.resv_start_op	= MEMX_C_UNSPEC + 1,
};

static DEFINE_MUTEX(event_mutex);	/* of the two below, and the order of events */
static bool event_open;
static u64 event_seq;

static int event_send(u8 cmd, int (*fill)(struct sk_buff *skb, const void *what),
		      const void *what)
{
	struct sk_buff *msg = genlmsg_new(EVENT_BYTES, GFP_NOWAIT | __GFP_NOWARN);
	void *head;

	if (!msg)
		return -ENOMEM;
	head = genlmsg_put(msg, 0, 0, &family, 0, cmd);
	if (!head || nla_put_u64_64bit(msg, MEMX_A_SEQ, event_seq, MEMX_A_PAD) ||
	    fill(msg, what)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	/* Those who cannot take it are told by netlink itself. */
	genlmsg_multicast(&family, msg, 0, EVENT_GROUP, GFP_NOWAIT | __GFP_NOWARN);
	return 0;
}

void mx_nl_event(u8 cmd, int (*fill)(struct sk_buff *skb, const void *what),
		 const void *what)
{
	mutex_lock(&event_mutex);
	if (!event_open)
		goto out;
	event_seq++;
	if (genl_has_listeners(&family, &init_net, EVENT_GROUP) &&
	    event_send(cmd, fill, what)) {
		mx_stat_inc(MX_S_EVENT_LOST);
		genl_set_err(&family, &init_net, 0, EVENT_GROUP, -ENOBUFS);
	}
out:
	mutex_unlock(&event_mutex);
}

static void event_allow(bool allowed)
{
	mutex_lock(&event_mutex);
	event_open = allowed;
	mutex_unlock(&event_mutex);
}

int __init mx_nl_init(void)
{
	int err = genl_register_family(&family);

	if (!err)
		event_allow(true);
	return err;
}

void mx_nl_exit(void)
{
	/* The group's number may be another family's from then on. */
	event_allow(false);
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(MEMX_NL_CORE);
