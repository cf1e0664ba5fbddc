// SPDX-License-Identifier: GPL-2.0
/*
 * Checks what a frontend put on its ring. Everything here works on private
 * copies; nothing of a request is believed before it has been checked.
 */
#include "mxbk_req.h"

const struct mxbk_abi mxbk_abi_64 = {
	.id = 8, .sector = 16, .segs = 24, .count = 24, .gref = 28,
	.slot = 112, .rsp = 16,
};

const struct mxbk_abi mxbk_abi_32 = {
	.id = 4, .sector = 12, .segs = 20, .count = 20, .gref = 24,
	.slot = 108, .rsp = 12,
};

static u64 get_u64(const u8 *at)
{
	u64 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static u32 get_u32(const u8 *at)
{
	u32 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static u16 get_u16(const u8 *at)
{
	u16 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* Also sets pos. Written so that no sum can wrap. */
static int check_range(struct mxbk_req *req, u64 sector, u64 count,
		       const struct mxbk_limits *lim)
{
	if (sector > lim->sectors || count > lim->sectors - sector)
		return -EINVAL;
	req->pos = sector << MXBK_SECTOR_SHIFT;
	return 0;
}

static int check_segs(const u8 *raw, struct mxbk_req *req)
{
	u32 pos = 0;
	u16 i;

	for (i = 0; i < req->nsegs; i++, raw += MXBK_SEG_BYTES) {
		struct mxbk_seg *seg = &req->seg[i];
		u8 first = raw[MXBK_SEG_FIRST];
		u8 last = raw[MXBK_SEG_LAST];

		if (first > last || last >= MXBK_SECTORS_PER_FRAME)
			return -EINVAL;
		seg->gref = get_u32(raw + MXBK_SEG_GREF);
		seg->pos = pos;
		seg->off = first << MXBK_SECTOR_SHIFT;
		seg->len = (last - first + 1) << MXBK_SECTOR_SHIFT;
		pos += seg->len;
	}
	req->len = pos;
	return 0;
}

static int decode_direct(const u8 *slot, const struct mxbk_abi *abi,
			 const struct mxbk_limits *lim, struct mxbk_req *req)
{
	int err;

	req->nsegs = slot[MXBK_REQ_NSEGS];
	if (req->nsegs > MXBK_SEGS_DIRECT)
		return -EINVAL;
	/* A flush without data says nothing about sectors. */
	if (!req->nsegs)
		return req->op == MXBK_FLUSH ? 0 : -EINVAL;
	if (req->op != MXBK_READ && lim->readonly)
		return -EROFS;
	err = check_segs(slot + abi->segs, req);
	if (err)
		return err;
	return check_range(req, get_u64(slot + abi->sector),
			   req->len >> MXBK_SECTOR_SHIFT, lim);
}

static int decode_indirect(const u8 *slot, const struct mxbk_abi *abi,
			   const struct mxbk_limits *lim, struct mxbk_req *req)
{
	req->ring_op = slot[MXBK_REQ_INNER_OP];
	switch (req->ring_op) {
	case MXBK_RING_READ:
		req->op = MXBK_READ;
		break;
	case MXBK_RING_WRITE:
		if (lim->readonly)
			return -EROFS;
		req->op = MXBK_WRITE;
		break;
	default:
		return -EOPNOTSUPP;
	}
	req->nsegs = get_u16(slot + MXBK_REQ_INNER_NSEGS);
	if (!req->nsegs || req->nsegs > MXBK_SEGS_MAX)
		return -EINVAL;
	req->indirect = true;
	req->gref = get_u32(slot + abi->gref);
	/* Its length is not known before the segments are. */
	return check_range(req, get_u64(slot + abi->sector), 1, lim);
}

static int decode_discard(const u8 *slot, const struct mxbk_abi *abi,
			  const struct mxbk_limits *lim, struct mxbk_req *req)
{
	u64 count = get_u64(slot + abi->count);
	int err;

	req->op = MXBK_DISCARD;
	if (!lim->discard || slot[MXBK_REQ_FLAG] & MXBK_DISCARD_SECURE)
		return -EOPNOTSUPP;
	if (lim->readonly)
		return -EROFS;
	err = check_range(req, get_u64(slot + abi->sector), count, lim);
	if (!err)
		req->len = count << MXBK_SECTOR_SHIFT;
	return err;
}

int mxbk_req_decode(const u8 *slot, const struct mxbk_abi *abi,
		    const struct mxbk_limits *lim, struct mxbk_req *req)
{
	req->id = get_u64(slot + abi->id);
	req->ring_op = slot[MXBK_REQ_OP];
	req->indirect = false;
	req->nsegs = 0;
	req->pos = 0;
	req->len = 0;

	switch (req->ring_op) {
	case MXBK_RING_READ:
		req->op = MXBK_READ;
		return decode_direct(slot, abi, lim, req);
	case MXBK_RING_WRITE:
		req->op = MXBK_WRITE;
		return decode_direct(slot, abi, lim, req);
	case MXBK_RING_FLUSH:
		req->op = MXBK_FLUSH;
		return decode_direct(slot, abi, lim, req);
	case MXBK_RING_DISCARD:
		return decode_discard(slot, abi, lim, req);
	case MXBK_RING_INDIRECT:
		return decode_indirect(slot, abi, lim, req);
	default:
		return -EOPNOTSUPP;
	}
}

int mxbk_req_segs(const u8 *raw, const struct mxbk_limits *lim,
		  struct mxbk_req *req)
{
	int err;

	MX_ASSERT(req->indirect && req->nsegs <= MXBK_SEGS_MAX);
	err = check_segs(raw, req);
	if (err)
		return err;
	req->indirect = false;
	return check_range(req, req->pos >> MXBK_SECTOR_SHIFT,
			   req->len >> MXBK_SECTOR_SHIFT, lim);
}

bool mxbk_req_cut(const struct mxbk_req *req, u32 pos, u32 max,
		  struct mxbk_cut *cut)
{
	/* No segment is longer than a frame: none before this one has @pos. */
	u32 i = pos >> MXBK_FRAME_SHIFT;

	if (!max || pos >= req->len)
		return false;
	while (i < req->nsegs && pos >= req->seg[i].pos + req->seg[i].len)
		i++;
	if (i >= req->nsegs)
		return false;
	pos -= req->seg[i].pos;
	cut->gref = req->seg[i].gref;
	cut->off = req->seg[i].off + pos;
	cut->len = min_t(u32, max, req->seg[i].len - pos);
	return true;
}

u32 mxbk_req_part(const struct mxbk_req *req, u64 left, u32 max)
{
	u64 pos = req->pos + req->len - left;

	return min_t(u64, left, max - (pos & (max - 1)));
}

u32 mxbk_take(struct list_head *from, struct list_head *to, u32 n)
{
	u32 taken;

	for (taken = 0; taken < n && !list_empty(from); taken++)
		list_move_tail(from->next, to);
	return taken;
}

void mxbk_turns_init(struct mxbk_turns *turns, u32 most)
{
	turns->most = max_t(u32, most, 1);
	turns->busy = 0;
	INIT_LIST_HEAD(&turns->wait);
}

bool mxbk_turn_take(struct mxbk_turns *turns, struct list_head *who)
{
	if (turns->busy < turns->most) {
		turns->busy++;
		return true;
	}
	list_add_tail(who, &turns->wait);
	return false;
}

struct list_head *mxbk_turn_pass(struct mxbk_turns *turns)
{
	struct list_head *next = turns->wait.next;

	MX_ASSERT(turns->busy);
	if (list_empty(&turns->wait)) {
		turns->busy--;
		return NULL;
	}
	list_del(next);
	return next;
}

void mxbk_event_early(struct mxbk_events *e)
{
	e->grace = true;
}

void mxbk_event_full(struct mxbk_events *e)
{
	if (!e->full)
		e->grace = true;
	e->full = true;
}

bool mxbk_event_spare(struct mxbk_events *e)
{
	bool was = e->full;

	e->full = false;
	return was;
}

bool mxbk_event_spurious(struct mxbk_events *e, bool worked)
{
	bool excused = worked || e->grace;

	e->grace = false;
	return !excused;
}

bool mxbk_hush_over(struct mxbk_hush *h, u64 now)
{
	if (h->until && now < h->until)
		return false;
	h->until = now + MXBK_HUSH_S;
	return true;
}

void mxbk_plain(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

s16 mxbk_status(int err)
{
	if (!err)
		return MXBK_RSP_OKAY;
	return err == -EOPNOTSUPP ? MXBK_RSP_EOPNOTSUPP : MXBK_RSP_ERROR;
}

void mxbk_response(const struct mxbk_req *req, int err, u8 *rsp)
{
	s16 status = mxbk_status(err);

	memset(rsp, 0, MXBK_RSP_MAX);
	memcpy(rsp + MXBK_RSP_ID, &req->id, sizeof(req->id));
	rsp[MXBK_RSP_OP] = req->ring_op;
	memcpy(rsp + MXBK_RSP_STATUS, &status, sizeof(status));
}

u32 mxbk_ring_slots(const struct mxbk_abi *abi, u32 bytes)
{
	u32 fit = (bytes - MXBK_RING_HDR) / abi->slot;
	u32 slots = 1;

	while (slots * 2 <= fit)
		slots *= 2;
	return slots;
}

u32 mxbk_ring_hand(u32 slots, u32 rings)
{
	return min_t(u32, slots, max_t(u32, MXBK_HAND_MAX / rings, 1));
}

int mxbk_ring_todo(u32 req_prod, u32 req_cons, u32 rsp_prod, u32 slots)
{
	/* Indices run freely and wrap; only differences mean anything. */
	u32 open = req_cons - rsp_prod;
	u32 asked = req_prod - rsp_prod;

	if (asked > slots || asked < open)
		return -EPROTO;
	return asked - open;
}
