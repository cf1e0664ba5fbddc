// SPDX-License-Identifier: GPL-2.0
/*
 * What requests and replies carry besides pages, between its wire form and host
 * order: the members of a home, the entries of LIST and rosters.
 */
#include "mx_wire.h"

enum {
	MX_MEMBER_LEN		= sizeof(struct mx_wire_node),
	MX_ROSTER_HEAD_LEN	= sizeof(struct mx_wire_roster),
	MX_CHUNK_PAGES_MAX	= 1 << MX_CHUNK_SHIFT_MAX,
};

static void life_encode(const struct mx_life *life, struct mx_wire_node *raw)
{
	*raw = (struct mx_wire_node){
		.node	= cpu_to_be64(life->node),
		.inc	= cpu_to_be32(life->inc),
	};
}

static bool life_decode(const struct mx_wire_node *raw, struct mx_life *life)
{
	life->node = be64_to_cpu(raw->node);
	life->inc = be32_to_cpu(raw->inc);
	return life->node && life->inc && !raw->reserved;
}

static bool life_is_zero(const struct mx_wire_node *raw)
{
	return !raw->node && !raw->inc && !raw->reserved;
}

/* The members of a home are different nodes. */
static bool has_node(const struct mx_life *life, u32 n, u64 node)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (life[i].node == node)
			return true;
	return false;
}

/* A roster may have a node in two lives, of which one is thought to be over. */
static bool has_life(const struct mx_life *life, u32 n, const struct mx_life *one)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (life[i].node == one->node && life[i].inc == one->inc)
			return true;
	return false;
}

u32 mx_members_encode(const struct mx_life *member, u32 n, u8 *payload)
{
	struct mx_wire_node raw;
	u32 i;

	for (i = 0; i < n; i++) {
		life_encode(&member[i], &raw);
		memcpy(payload + i * MX_MEMBER_LEN, &raw, MX_MEMBER_LEN);
	}
	return n * MX_MEMBER_LEN;
}

int mx_members_decode(const u8 *payload, u32 len, struct mx_life *member)
{
	u32 n = len / MX_MEMBER_LEN, i;
	struct mx_wire_node raw;

	if (!n || n > MX_COPIES_MAX || len % MX_MEMBER_LEN)
		return -EBADMSG;
	for (i = 0; i < n; i++) {
		memcpy(&raw, payload + i * MX_MEMBER_LEN, MX_MEMBER_LEN);
		if (!life_decode(&raw, &member[i]) ||
		    has_node(member, i, member[i].node))
			return -EBADMSG;
	}
	return n;
}

void mx_listed_encode(const struct mx_listed *l, u8 *entry)
{
	struct mx_wire_chunk raw = {
		.index		= cpu_to_be32(l->index),
		.gen		= cpu_to_be32(l->gen),
		.pages		= cpu_to_be32(l->pages),
		.nmembers	= l->nmembers,
		.state		= l->state,
	};
	u32 i;

	for (i = 0; i < l->nmembers; i++)
		life_encode(&l->member[i], &raw.member[i]);
	memcpy(entry, &raw, sizeof(raw));
}

static bool listed_members(const struct mx_wire_chunk *raw, struct mx_listed *l)
{
	u32 i;

	if (!l->nmembers || l->nmembers > MX_COPIES_MAX)
		return false;
	for (i = 0; i < MX_COPIES_MAX; i++) {
		l->member[i] = (struct mx_life){};
		if (i >= l->nmembers) {
			if (!life_is_zero(&raw->member[i]))
				return false;
			continue;
		}
		if (!life_decode(&raw->member[i], &l->member[i]) ||
		    has_node(l->member, i, l->member[i].node))
			return false;
	}
	return true;
}

int mx_listed_decode(const u8 *entry, struct mx_listed *l)
{
	struct mx_wire_chunk raw;

	memcpy(&raw, entry, sizeof(raw));
	l->index = be32_to_cpu(raw.index);
	l->gen = be32_to_cpu(raw.gen);
	l->pages = be32_to_cpu(raw.pages);
	l->nmembers = raw.nmembers;
	l->state = raw.state;
	if (l->index >= MX_CHUNKS_MAX || !l->gen ||
	    l->pages > MX_CHUNK_PAGES_MAX || l->state > MX_COPY_FILLING ||
	    raw.reserved)
		return -EBADMSG;
	return listed_members(&raw, l) ? 0 : -EBADMSG;
}

u32 mx_roster_encode(const struct mx_roster *r, u8 *payload)
{
	struct mx_wire_roster head = {
		.epoch	= cpu_to_be32(r->epoch),
		.number	= cpu_to_be32(r->number),
		.n	= cpu_to_be32(r->n),
	};

	memcpy(payload, &head, sizeof(head));
	return MX_ROSTER_HEAD_LEN +
	       mx_members_encode(r->member, r->n, payload + MX_ROSTER_HEAD_LEN);
}

int mx_roster_decode(const u8 *payload, u32 len, struct mx_roster *r)
{
	struct mx_wire_roster head;
	struct mx_wire_node raw;
	u32 i;

	if (len < MX_ROSTER_HEAD_LEN)
		return -EBADMSG;
	memcpy(&head, payload, sizeof(head));
	r->epoch = be32_to_cpu(head.epoch);
	r->number = be32_to_cpu(head.number);
	r->n = be32_to_cpu(head.n);
	if (r->n > MX_ROSTER_MAX || !r->number != !r->n ||
	    !r->number != !r->epoch || head.reserved ||
	    len != MX_ROSTER_HEAD_LEN + r->n * MX_MEMBER_LEN)
		return -EBADMSG;
	for (i = 0; i < r->n; i++) {
		memcpy(&raw, payload + MX_ROSTER_HEAD_LEN + i * MX_MEMBER_LEN,
		       sizeof(raw));
		if (!life_decode(&raw, &r->member[i]) ||
		    has_life(r->member, i, &r->member[i]))
			return -EBADMSG;
	}
	return 0;
}

static void claimed_encode(const struct mx_claimed *c, struct mx_wire_claim *raw)
{
	*raw = (struct mx_wire_claim){
		.node		= cpu_to_be64(c->node),
		.epoch		= cpu_to_be32(c->epoch),
		.inc		= cpu_to_be32(c->inc),
		.features	= cpu_to_be32(c->features),
	};
}

void mx_look_encode(const struct mx_look *look, const struct mx_roster *r, u8 *page)
{
	struct mx_wire_look raw = {
		.pages		= cpu_to_be64(look->pages),
		.used		= cpu_to_be64(look->used),
		.promised	= cpu_to_be64(look->promised),
		.nchunks	= cpu_to_be32(look->nchunks),
		.shift		= look->shift,
		.sealed		= look->sealed,
	};

	claimed_encode(&look->claim, &raw.claim);
	claimed_encode(&look->tentative, &raw.tentative);
	memcpy(raw.name, look->name, strlen(look->name));
	memcpy(page, &raw, sizeof(raw));
	mx_roster_encode(r, page + sizeof(raw));
}

/* A claim that is not there has nothing else either. */
static bool claimed_decode(const struct mx_wire_claim *raw, struct mx_claimed *c)
{
	c->node = be64_to_cpu(raw->node);
	c->epoch = be32_to_cpu(raw->epoch);
	c->inc = be32_to_cpu(raw->inc);
	c->features = be32_to_cpu(raw->features);
	if (raw->reserved)
		return false;
	return c->node ? c->epoch : !c->epoch && !c->inc && !c->features;
}

static bool zeros(const u8 *from, const u8 *end)
{
	for (; from < end; from++)
		if (*from)
			return false;
	return true;
}

static bool name_decode(const u8 *raw, char *name)
{
	size_t len;

	memcpy(name, raw, MX_NAME_MAX + 1);
	if (name[MX_NAME_MAX])
		return false;
	len = strlen(name);
	return mx_name_valid(name, len) && zeros(raw + len, raw + MX_NAME_MAX + 1);
}

int mx_look_decode(const u8 *page, struct mx_look *look, struct mx_roster *r)
{
	struct mx_wire_roster head;
	struct mx_wire_look raw;
	u32 n, len;

	memcpy(&raw, page, sizeof(raw));
	look->pages = be64_to_cpu(raw.pages);
	look->used = be64_to_cpu(raw.used);
	look->promised = be64_to_cpu(raw.promised);
	look->nchunks = be32_to_cpu(raw.nchunks);
	look->shift = raw.shift;
	look->sealed = raw.sealed;
	if (raw.sealed > 1 || raw.reserved || look->shift < MX_CHUNK_SHIFT_MIN ||
	    look->shift > MX_CHUNK_SHIFT_MAX || !look->pages ||
	    look->pages > (u64)MX_CHUNKS_MAX << look->shift ||
	    look->used > look->pages || look->nchunks > MX_CHUNKS_MAX ||
	    !claimed_decode(&raw.claim, &look->claim) ||
	    !claimed_decode(&raw.tentative, &look->tentative) ||
	    !name_decode(raw.name, look->name))
		return -EBADMSG;
	memcpy(&head, page + sizeof(raw), sizeof(head));
	n = be32_to_cpu(head.n);
	if (n > MX_ROSTER_MAX)
		return -EBADMSG;
	len = MX_ROSTER_HEAD_LEN + n * MX_MEMBER_LEN;
	if (!zeros(page + sizeof(raw) + len, page + MX_PAGE_SIZE))
		return -EBADMSG;
	return mx_roster_decode(page + sizeof(raw), len, r);
}
