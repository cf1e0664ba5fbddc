// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, replies and adverts between their wire form and host order, with
 * every check that needs no state.
 */
#include "mx_wire.h"

enum {
	MX_VOL_PAGES_MAX_SHIFT	= 32,	/* MX_CHUNKS_MAX << MX_CHUNK_SHIFT_MAX */
	MX_DISCARD_MAX		= 1 << MX_CHUNK_SHIFT_MAX,
};

static_assert((u64)MX_CHUNKS_MAX << MX_CHUNK_SHIFT_MAX ==
	       1ULL << MX_VOL_PAGES_MAX_SHIFT, "largest volume");
static_assert(MX_OP_PAGES == 32, "a mask has a bit per page");

void mx_ask_encode(const struct mx_ask *ask, u8 *head)
{
	struct mx_req req = {
		.op	= ask->op,
		.flags	= ask->flags,
		.npages	= cpu_to_be16(ask->npages),
		.page	= cpu_to_be64(ask->page),
		.arg	= cpu_to_be64(ask->arg),
	};

	memcpy(head, &req, sizeof(req));
}

static bool open_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->npages || ask->flags & ~MX_F_SEALED || !len || len > MX_NAME_MAX)
		return false;
	if (ask->arg < MX_CHUNK_SHIFT_MIN || ask->arg > MX_CHUNK_SHIFT_MAX)
		return false;
	return ask->page && ask->page <= (u64)MX_CHUNKS_MAX << ask->arg;
}

/* Whether @n pages from @page can be in any volume at all. */
static bool range_valid(u64 page, u64 n, u64 most)
{
	const u64 end = 1ULL << MX_VOL_PAGES_MAX_SHIFT;

	return n && n <= most && page < end && n <= end - page;
}

static bool transfer_valid(const struct mx_ask *ask, u32 len)
{
	u32 pages = ask->op == MX_OP_WRITE ? ask->npages : 0;

	if (ask->flags & ~MX_F_SEALED || ask->arg ||
	    !range_valid(ask->page, ask->npages, MX_OP_PAGES))
		return false;
	return len == mx_payload_len(pages, ask->flags & MX_F_SEALED);
}

static bool discard_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags & ~MX_F_RELEASE || ask->npages || len)
		return false;
	return range_valid(ask->page, ask->arg, MX_DISCARD_MAX);
}

static bool bare_valid(const struct mx_ask *ask, u32 len)
{
	return !ask->flags && !ask->npages && !ask->page && !ask->arg && !len;
}

int mx_ask_decode(const u8 *head, u32 len, struct mx_ask *ask)
{
	struct mx_req req;
	bool valid = false;

	memcpy(&req, head, sizeof(req));
	/* First, since the refusal of a bad request names its operation. */
	ask->op = req.op;
	ask->flags = req.flags;
	ask->npages = be16_to_cpu(req.npages);
	ask->page = be64_to_cpu(req.page);
	ask->arg = be64_to_cpu(req.arg);
	if (req.gen || req.arg2)
		return -EBADMSG;

	switch (ask->op) {
	case MX_OP_OPEN:
		valid = open_valid(ask, len);
		break;
	case MX_OP_READ:
	case MX_OP_WRITE:
		valid = transfer_valid(ask, len);
		break;
	case MX_OP_DISCARD:
		valid = discard_valid(ask, len);
		break;
	case MX_OP_DROP:
	case MX_OP_STAT:
		valid = bare_valid(ask, len);
		break;
	}
	return valid ? 0 : -EBADMSG;
}

void mx_answer_encode(const struct mx_answer *ans, u8 *head)
{
	struct mx_rep rep = {
		.status		= cpu_to_be16(ans->status),
		.op		= ans->op,
		.load		= ans->load,
		.mask		= cpu_to_be32(ans->mask),
		.free		= cpu_to_be64(ans->free),
		.vol_pages	= cpu_to_be64(ans->vol_pages),
	};

	memcpy(head, &rep, sizeof(rep));
}

int mx_answer_decode(const u8 *head, u32 len, const struct mx_ask *ask,
		     struct mx_answer *ans)
{
	struct mx_rep rep;
	u32 allowed = 0;

	memcpy(&rep, head, sizeof(rep));
	ans->status = be16_to_cpu(rep.status);
	ans->op = rep.op;
	ans->load = rep.load;
	ans->mask = be32_to_cpu(rep.mask);
	ans->free = be64_to_cpu(rep.free);
	ans->vol_pages = be64_to_cpu(rep.vol_pages);

	if (ans->status > MX_ST_MAX || ans->op != ask->op || rep.arg)
		return -EBADMSG;
	/* Only a READ that went well has a mask, and a page per bit of it. */
	if (ans->op == MX_OP_READ && ans->status == MX_ST_OK)
		allowed = (u32)((1ULL << ask->npages) - 1);
	if (ans->mask & ~allowed)
		return -EBADMSG;
	if (len != mx_payload_len(hweight32(ans->mask), ask->flags & MX_F_SEALED))
		return -EBADMSG;
	return 0;
}

void mx_ad_encode(const struct mx_ad *ad, u8 *head)
{
	struct mx_advert raw = {
		.roles		= ad->roles,
		.load		= ad->load,
		.capacity	= cpu_to_be64(ad->capacity),
		.free		= cpu_to_be64(ad->free),
		.used		= cpu_to_be64(ad->used),
	};

	memcpy(head, &raw, sizeof(raw));
}

int mx_ad_decode(const u8 *head, struct mx_ad *ad)
{
	struct mx_advert raw;

	memcpy(&raw, head, sizeof(raw));
	ad->roles = raw.roles;
	ad->load = raw.load;
	ad->capacity = be64_to_cpu(raw.capacity);
	ad->free = be64_to_cpu(raw.free);
	ad->used = be64_to_cpu(raw.used);

	if (raw.flags || raw.reserved || ad->roles & ~MX_ROLE_KNOWN)
		return -EBADMSG;
	/* Whoever adds these up must be able to trust that nothing overflows. */
	if (ad->capacity > 1ULL << (63 - MX_PAGE_SHIFT) ||
	    ad->used > ad->capacity || ad->free > ad->capacity - ad->used)
		return -EBADMSG;
	return 0;
}

static bool alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

bool mx_name_valid(const char *name, size_t len)
{
	size_t i;

	if (!len || len > MX_NAME_MAX || !alnum(name[0]))
		return false;
	for (i = 1; i < len; i++)
		if (!alnum(name[i]) && name[i] != '.' && name[i] != '_' &&
		    name[i] != '-')
			return false;
	return true;
}

int mx_chunk_shift(u64 pages)
{
	int shift;

	for (shift = MX_CHUNK_SHIFT_MIN; shift <= MX_CHUNK_SHIFT_MAX; shift++)
		if (pages <= (u64)MX_CHUNKS_MAX << shift)
			return shift;
	return -EFBIG;
}
