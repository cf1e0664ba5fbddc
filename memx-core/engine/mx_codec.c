// SPDX-License-Identifier: GPL-2.0
/*
 * Requests, replies and adverts between their wire form and host order, with
 * every check that needs no state.
 */
#include "mx_wire.h"

enum {
	MX_VOL_PAGES_MAX_SHIFT	= 32,	/* MX_CHUNKS_MAX << MX_CHUNK_SHIFT_MAX */
	MX_CHUNK_PAGES_MAX	= 1 << MX_CHUNK_SHIFT_MAX,
	MX_MEMBER_LEN		= sizeof(struct mx_wire_node),
	MX_ROSTER_HEAD_LEN	= sizeof(struct mx_wire_roster),
	MX_LISTED_LEN		= sizeof(struct mx_wire_chunk),
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
		.gen	= cpu_to_be32(ask->gen),
		.page	= cpu_to_be64(ask->page),
		.arg	= cpu_to_be64(ask->arg),
		.arg2	= cpu_to_be64(ask->arg2),
	};

	memcpy(head, &req, sizeof(req));
}

/* Features that are not known here are no fault: the sender may be newer. */
static bool open_valid(const struct mx_ask *ask, u32 len)
{
	bool features = ask->flags & MX_F_FEATURES;

	if (ask->flags & ~(MX_F_SEALED | MX_F_TENTATIVE | MX_F_FEATURES))
		return false;
	if (!features && (ask->arg2 || ask->flags & MX_F_TENTATIVE))
		return false;
	if (ask->npages || ask->gen || !len || len > MX_NAME_MAX)
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

/* Whether @page can be the first of a chunk. */
static bool chunk_valid(u64 page)
{
	return range_valid(page, 1, 1) && !(page % (1 << MX_CHUNK_SHIFT_MIN));
}

static bool transfer_valid(const struct mx_ask *ask, u32 len)
{
	bool write = ask->op == MX_OP_WRITE;
	u8 known = MX_F_SEALED | (write ? MX_F_PLACE : 0);

	if (ask->flags & ~known || ask->arg || ask->arg2)
		return false;
	if (ask->flags & MX_F_PLACE && !ask->gen)
		return false;
	if (!range_valid(ask->page, ask->npages, MX_OP_PAGES))
		return false;
	return len == mx_payload_len(write ? ask->npages : 0,
				     ask->flags & MX_F_SEALED);
}

static bool discard_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags & ~MX_F_RELEASE || ask->npages || ask->arg2 || len)
		return false;
	return range_valid(ask->page, ask->arg, MX_CHUNK_PAGES_MAX);
}

static bool bare_valid(const struct mx_ask *ask)
{
	return !ask->flags && !ask->npages && !ask->gen && !ask->page &&
	       !ask->arg && !ask->arg2;
}

static bool setgen_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags & ~MX_F_PLACE || ask->npages || ask->arg || ask->arg2)
		return false;
	return ask->gen && chunk_valid(ask->page) && len &&
	       !(len % MX_MEMBER_LEN) && len / MX_MEMBER_LEN <= MX_COPIES_MAX;
}

static bool list_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags || ask->gen || ask->arg || ask->arg2 || len)
		return false;
	return ask->npages && ask->npages <= MX_OP_PAGES &&
	       ask->page < MX_CHUNKS_MAX;
}

static bool look_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags || ask->gen || ask->arg || ask->arg2 || len)
		return false;
	return ask->npages < MX_OP_PAGES && ask->page < MX_CHUNKS_MAX;
}

static bool reserve_valid(const struct mx_ask *ask, u32 len)
{
	bool tell = ask->flags & MX_F_TELL;

	if (ask->flags & ~(MX_F_TENTATIVE | MX_F_TELL) || ask->npages || ask->gen ||
	    ask->page || len)
		return false;
	if (tell && (ask->flags & MX_F_TENTATIVE || ask->arg || ask->arg2))
		return false;
	return ask->arg <= MX_CHUNKS_MAX && ask->arg2 <= MX_CHUNKS_MAX;
}

static bool bitmap_valid(const struct mx_ask *ask, u32 len)
{
	if (ask->flags || ask->npages || ask->arg || ask->arg2 || len)
		return false;
	return ask->gen && chunk_valid(ask->page);
}

/* Whether @len bytes are a roster of @least or more servers. */
static bool roster_len_valid(u32 len, u32 least)
{
	u32 n = (len - MX_ROSTER_HEAD_LEN) / MX_MEMBER_LEN;

	return len >= MX_ROSTER_HEAD_LEN && n >= least && n <= MX_ROSTER_MAX &&
	       len == MX_ROSTER_HEAD_LEN + n * MX_MEMBER_LEN;
}

static bool ask_valid(const struct mx_ask *ask, u32 len)
{
	switch (ask->op) {
	case MX_OP_OPEN:
		return open_valid(ask, len);
	case MX_OP_READ:
	case MX_OP_WRITE:
		return transfer_valid(ask, len);
	case MX_OP_DISCARD:
		return discard_valid(ask, len);
	case MX_OP_DROP:
	case MX_OP_STAT:
		return bare_valid(ask) && !len;
	case MX_OP_SETGEN:
		return setgen_valid(ask, len);
	case MX_OP_LIST:
		return list_valid(ask, len);
	case MX_OP_BITMAP:
		return bitmap_valid(ask, len);
	case MX_OP_ROSTER:
		return bare_valid(ask) && (!len || roster_len_valid(len, 1));
	case MX_OP_LOOK:
		return look_valid(ask, len);
	case MX_OP_RESERVE:
		return reserve_valid(ask, len);
	}
	return false;
}

int mx_ask_decode(const u8 *head, u32 len, struct mx_ask *ask)
{
	struct mx_req req;

	memcpy(&req, head, sizeof(req));
	/* First, since the refusal of a bad request names its operation. */
	ask->op = req.op;
	ask->flags = req.flags;
	ask->npages = be16_to_cpu(req.npages);
	ask->gen = be32_to_cpu(req.gen);
	ask->page = be64_to_cpu(req.page);
	ask->arg = be64_to_cpu(req.arg);
	ask->arg2 = be64_to_cpu(req.arg2);
	return ask_valid(ask, len) ? 0 : -EBADMSG;
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
		.arg		= cpu_to_be64(ans->arg),
	};

	memcpy(head, &rep, sizeof(rep));
}

/* Whether a request is about a chunk in a generation. */
static bool has_gen(const struct mx_ask *ask)
{
	return ask->op == MX_OP_READ || ask->op == MX_OP_WRITE ||
	       ask->op == MX_OP_DISCARD || ask->op == MX_OP_SETGEN ||
	       ask->op == MX_OP_BITMAP;
}

/* Whether a request shows that its sender is one without MX_FEAT_GEN. */
static bool is_v0(const struct mx_ask *ask)
{
	if (ask->op == MX_OP_OPEN)
		return !(ask->flags & MX_F_FEATURES);
	return has_gen(ask) && !ask->gen;
}

/* Answer to what is of an older generation, or members that differ. */
static bool oldgen_valid(const struct mx_ask *ask, u64 arg)
{
	if (!arg || arg >> 32)
		return false;
	if (ask->op == MX_OP_ROSTER)
		return true;
	return has_gen(ask) &&
	       (arg > ask->gen || (arg == ask->gen && ask->op == MX_OP_SETGEN));
}

static bool ok_arg_valid(const struct mx_ask *ask, u64 arg)
{
	if (ask->op == MX_OP_OPEN)
		return arg < 2 * MX_OPENED_EXPIRED &&
		       (!(arg & MX_OPENED_EXPIRED) ||
			(arg & MX_OPENED_NEW && ask->arg2 & MX_FEAT_LEASE));
	if (ask->op == MX_OP_LIST || ask->op == MX_OP_LOOK)
		return arg == MX_LIST_END ||
		       (arg > ask->page && arg < MX_CHUNKS_MAX);
	if (ask->op == MX_OP_RESERVE)
		return MX_RESERVED_HERE(arg) <= MX_CHUNKS_MAX &&
		       MX_RESERVED_ALL(arg) <= MX_CHUNKS_MAX;
	return !arg;
}

/* Whether the status can answer the request at all, and with this argument. */
static bool status_valid(const struct mx_answer *ans, const struct mx_ask *ask)
{
	if (is_v0(ask))
		return ans->status < MX_ST_NOCHUNK && !ans->arg;
	switch (ans->status) {
	case MX_ST_OK:
		return ok_arg_valid(ask, ans->arg);
	case MX_ST_STALE:
		return !(ans->arg >> 32);
	case MX_ST_INVAL:
		return !(ask->op == MX_OP_OPEN ? ans->arg >> 32 : ans->arg);
	case MX_ST_NOVOL:
		return ans->arg <= (ask->op == MX_OP_LOOK ? MX_LOOK_DROPPED : 0);
	case MX_ST_NOCHUNK:
		return has_gen(ask) && !ans->arg &&
		       !(ask->flags & (MX_F_PLACE | MX_F_RELEASE));
	case MX_ST_OLDGEN:
		return oldgen_valid(ask, ans->arg);
	case MX_ST_HELD:
		return ask->op == MX_OP_DROP && !ans->arg;
	}
	return ans->status <= MX_ST_MAX && !ans->arg;
}

/* Only a READ that went well has a mask, and a page per bit of it. */
static bool mask_valid(const struct mx_answer *ans, const struct mx_ask *ask)
{
	u32 allowed = 0;

	if (ans->op == MX_OP_READ && ans->status == MX_ST_OK)
		allowed = (u32)((1ULL << ask->npages) - 1);
	return !(ans->mask & ~allowed);
}

static bool payload_valid(const struct mx_answer *ans, const struct mx_ask *ask,
			  u32 len)
{
	if (ans->status != MX_ST_OK)
		return !len;
	switch (ans->op) {
	case MX_OP_READ:
		return len == mx_payload_len(hweight32(ans->mask),
					     ask->flags & MX_F_SEALED);
	case MX_OP_LIST:
		return !(len % MX_LISTED_LEN) &&
		       len <= (u32)ask->npages << MX_PAGE_SHIFT;
	case MX_OP_LOOK:
		return len >= MX_PAGE_SIZE && !(len % MX_LISTED_LEN) &&
		       len <= ((u32)ask->npages + 1) << MX_PAGE_SHIFT;
	case MX_OP_BITMAP:
		return len && len <= MX_CHUNK_PAGES_MAX / 8;
	case MX_OP_ROSTER:
		return !len || roster_len_valid(len, 0);
	}
	return !len;
}

int mx_answer_decode(const u8 *head, u32 len, const struct mx_ask *ask,
		     struct mx_answer *ans)
{
	struct mx_rep rep;

	memcpy(&rep, head, sizeof(rep));
	ans->status = be16_to_cpu(rep.status);
	ans->op = rep.op;
	ans->load = rep.load;
	ans->mask = be32_to_cpu(rep.mask);
	ans->free = be64_to_cpu(rep.free);
	ans->vol_pages = be64_to_cpu(rep.vol_pages);
	ans->arg = be64_to_cpu(rep.arg);

	if (ans->op != ask->op || !status_valid(ans, ask) ||
	    !mask_valid(ans, ask) || !payload_valid(ans, ask, len))
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
