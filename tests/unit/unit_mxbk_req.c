// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of backend/mxbk_req.c. Slots are written byte by byte after the
 * published layouts, not with the decoder's own tables.
 */
#include "mxtest.h"
#include "mxbk_req.h"

enum { SECTORS = 2097152 };		/* 1 GiB */

static const struct mxbk_limits limits = {
	.sectors = SECTORS, .discard = true,
};

static const struct mxbk_limits limits_ro = {
	.sectors = SECTORS, .readonly = true, .discard = true,
};

static u8 slot[MXBK_SLOT_MAX];
static u8 raw[MXBK_SEGS_MAX * MXBK_SEG_BYTES];
static struct mxbk_req req;

static void put(u8 *at, u64 v, unsigned int bytes)
{
	memcpy(at, &v, bytes);
}

static void put_seg(u8 *at, u32 gref, u8 first, u8 last)
{
	put(at, gref, 4);
	at[4] = first;
	at[5] = last;
	put(at + 6, 0xdead, 2);
}

/* READ, WRITE or FLUSH in the 64-bit layout, with whole-frame segments */
static void make_rw(u8 op, u64 sector, u8 nsegs)
{
	u8 i;

	memset(slot, 0xee, sizeof(slot));
	slot[0] = op;
	slot[1] = nsegs;
	put(slot + 8, 0x1122334455667788ULL, 8);
	put(slot + 16, sector, 8);
	for (i = 0; i < MXBK_SEGS_DIRECT; i++)
		put_seg(slot + 24 + 8 * i, 100 + i, 0, 7);
}

static void make_discard(u8 flag, u64 sector, u64 count)
{
	memset(slot, 0xee, sizeof(slot));
	slot[0] = 5;
	slot[1] = flag;
	put(slot + 8, 77, 8);
	put(slot + 16, sector, 8);
	put(slot + 24, count, 8);
}

static void make_indirect(u8 inner, u64 sector, u16 nsegs)
{
	u16 i;

	memset(slot, 0xee, sizeof(slot));
	slot[0] = 6;
	slot[1] = inner;
	put(slot + 2, nsegs, 2);
	put(slot + 8, 99, 8);
	put(slot + 16, sector, 8);
	put(slot + 28, 4242, 4);
	for (i = 0; i < MXBK_SEGS_MAX; i++)
		put_seg(raw + 8 * i, 1000 + i, 0, 7);
}

static int decode(const struct mxbk_limits *lim)
{
	memset(&req, 0xaa, sizeof(req));
	return mxbk_req_decode(slot, &mxbk_abi_64, lim, &req);
}

static void decode__read(void **state)
{
	make_rw(0, 4096, 2);
	put_seg(slot + 32, 0xffffffff, 3, 5);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.id, 0x1122334455667788ULL);
	assert_int_equal(req.ring_op, MXBK_RING_READ);
	assert_int_equal(req.op, MXBK_READ);
	assert_false(req.indirect);
	assert_int_equal(req.nsegs, 2);
	assert_int_equal(req.pos, 4096 * 512);
	assert_int_equal(req.len, 4096 + 3 * 512);
	assert_int_equal(req.seg[0].gref, 100);
	assert_int_equal(req.seg[0].pos, 0);
	assert_int_equal(req.seg[0].off, 0);
	assert_int_equal(req.seg[0].len, 4096);
	assert_int_equal(req.seg[1].gref, 0xffffffff);
	assert_int_equal(req.seg[1].pos, 4096);
	assert_int_equal(req.seg[1].off, 3 * 512);
	assert_int_equal(req.seg[1].len, 3 * 512);
}

static void decode__layout_32(void **state)
{
	memset(slot, 0xee, sizeof(slot));
	slot[0] = 1;
	slot[1] = 1;
	put(slot + 4, 0xabcdef0123456789ULL, 8);
	put(slot + 12, 8, 8);
	put_seg(slot + 20, 5, 7, 7);
	memset(&req, 0xaa, sizeof(req));
	assert_int_equal(mxbk_req_decode(slot, &mxbk_abi_32, &limits, &req), 0);
	assert_int_equal(req.id, 0xabcdef0123456789ULL);
	assert_int_equal(req.op, MXBK_WRITE);
	assert_int_equal(req.pos, 4096);
	assert_int_equal(req.len, 512);
	assert_int_equal(req.seg[0].gref, 5);
	assert_int_equal(req.seg[0].off, 3584);

	slot[0] = 5;
	slot[1] = 0;
	put(slot + 20, 16, 8);
	assert_int_equal(mxbk_req_decode(slot, &mxbk_abi_32, &limits, &req), 0);
	assert_int_equal(req.len, 8192);

	slot[0] = 6;
	slot[1] = 0;
	put(slot + 2, 3, 2);
	put(slot + 4, 31, 8);
	put(slot + 24, 606, 4);
	assert_int_equal(mxbk_req_decode(slot, &mxbk_abi_32, &limits, &req), 0);
	assert_true(req.indirect);
	assert_int_equal(req.id, 31);
	assert_int_equal(req.gref, 606);
	assert_int_equal(req.nsegs, 3);
}

static void decode__segment_count(void **state)
{
	make_rw(1, 0, 0);
	assert_int_equal(decode(&limits), -EINVAL);
	make_rw(1, 0, 11);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.len, 11 * 4096);
	make_rw(1, 0, 12);
	assert_int_equal(decode(&limits), -EINVAL);
	make_rw(0, 0, 255);
	assert_int_equal(decode(&limits), -EINVAL);
	assert_int_equal(req.id, 0x1122334455667788ULL);
}

static void decode__segment_bounds(void **state)
{
	unsigned int first, last;

	for (first = 0; first < 256; first++)
		for (last = 0; last < 256; last++) {
			bool good = first <= last && last < 8;

			make_rw(0, 0, 1);
			put_seg(slot + 24, 1, first, last);
			assert_int_equal(decode(&limits), good ? 0 : -EINVAL);
			if (good) {
				assert_int_equal(req.len,
						 (last - first + 1) * 512);
				assert_true(req.seg[0].off + req.seg[0].len <=
					    4096);
			}
		}
}

static void decode__range(void **state)
{
	static const u64 far[] = {
		SECTORS - 7, SECTORS, SECTORS + 1, 1ULL << 55,
		(1ULL << 55) - 1, ~0ULL, ~0ULL - 7, ~0ULL >> 9,
	};
	unsigned int i;

	make_rw(0, SECTORS - 8, 1);
	assert_int_equal(decode(&limits), 0);
	make_rw(0, SECTORS - 8, 2);
	assert_int_equal(decode(&limits), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		make_rw(1, far[i], 1);
		assert_int_equal(decode(&limits), -EINVAL);
	}
}

static void decode__read_only(void **state)
{
	make_rw(0, 0, 1);
	assert_int_equal(decode(&limits_ro), 0);
	make_rw(1, 0, 1);
	assert_int_equal(decode(&limits_ro), -EROFS);
	make_rw(3, 0, 1);
	assert_int_equal(decode(&limits_ro), -EROFS);
	make_rw(3, 0, 0);
	assert_int_equal(decode(&limits_ro), 0);
	make_discard(0, 0, 8);
	assert_int_equal(decode(&limits_ro), -EROFS);
	make_indirect(1, 0, 12);
	assert_int_equal(decode(&limits_ro), -EROFS);
	make_indirect(0, 0, 12);
	assert_int_equal(decode(&limits_ro), 0);
}

static void decode__flush(void **state)
{
	make_rw(3, ~0ULL, 0);		/* the sector means nothing */
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.op, MXBK_FLUSH);
	assert_int_equal(req.len, 0);
	make_rw(3, 16, 2);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.op, MXBK_FLUSH);
	assert_int_equal(req.len, 8192);
	make_rw(3, ~0ULL, 1);
	assert_int_equal(decode(&limits), -EINVAL);
}

static void decode__discard(void **state)
{
	struct mxbk_limits none = limits;

	make_discard(0, 8, SECTORS - 8);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.op, MXBK_DISCARD);
	assert_int_equal(req.pos, 4096);
	assert_int_equal(req.len, (u64)(SECTORS - 8) * 512);
	assert_int_equal(req.nsegs, 0);
	make_discard(0, 8, SECTORS - 7);
	assert_int_equal(decode(&limits), -EINVAL);
	make_discard(0, 8, ~0ULL);
	assert_int_equal(decode(&limits), -EINVAL);
	make_discard(0, ~0ULL, 2);
	assert_int_equal(decode(&limits), -EINVAL);
	make_discard(0, 8, 1ULL << 55);	/* 0 after the shift to bytes */
	assert_int_equal(decode(&limits), -EINVAL);
	make_discard(0, 0, 0);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(req.len, 0);

	make_discard(MXBK_DISCARD_SECURE, 0, 8);
	assert_int_equal(decode(&limits), -EOPNOTSUPP);
	none.discard = false;
	make_discard(0, 0, 8);
	assert_int_equal(decode(&none), -EOPNOTSUPP);
	assert_int_equal(req.id, 77);
	assert_int_equal(req.ring_op, MXBK_RING_DISCARD);
}

static void decode__unknown_ops(void **state)
{
	unsigned int op;

	for (op = 0; op < 256; op++) {
		make_rw(op, 0, 1);
		if (op == 0 || op == 1 || op == 3 || op == 5 || op == 6)
			continue;
		assert_int_equal(decode(&limits), -EOPNOTSUPP);
		assert_int_equal(req.ring_op, op);
		assert_int_equal(req.id, 0x1122334455667788ULL);
	}
}

static void decode__indirect(void **state)
{
	unsigned int n, op;

	for (op = 2; op < 256; op++) {
		make_indirect(op, 0, 1);
		assert_int_equal(decode(&limits), -EOPNOTSUPP);
		assert_int_equal(req.ring_op, op);
	}
	for (n = 0; n < 65536; n += n < 40 ? 1 : 997) {
		make_indirect(1, 0, n);
		assert_int_equal(decode(&limits),
				 n >= 1 && n <= 32 ? 0 : -EINVAL);
	}
	make_indirect(1, SECTORS, 1);
	assert_int_equal(decode(&limits), -EINVAL);
	make_indirect(1, 800, 32);
	assert_int_equal(decode(&limits), 0);
	assert_true(req.indirect);
	assert_int_equal(req.gref, 4242);
	assert_int_equal(req.ring_op, MXBK_RING_WRITE);
}

static void segs__complete(void **state)
{
	make_indirect(0, 800, 32);
	put_seg(raw, 9, 7, 7);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(mxbk_req_segs(raw, &limits, &req), 0);
	assert_false(req.indirect);
	assert_int_equal(req.len, 512 + 31 * 4096);
	assert_int_equal(req.pos, 800 * 512);
	assert_int_equal(req.seg[31].gref, 1031);
	assert_int_equal(req.seg[31].pos, 512 + 30 * 4096);
}

static void segs__checks(void **state)
{
	make_indirect(0, SECTORS - 8, 2);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(mxbk_req_segs(raw, &limits, &req), -EINVAL);

	make_indirect(0, SECTORS - 9, 2);
	put_seg(raw + 8, 1, 4, 4);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(mxbk_req_segs(raw, &limits, &req), 0);

	make_indirect(0, 0, 20);
	put_seg(raw + 19 * 8, 1, 0, 8);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(mxbk_req_segs(raw, &limits, &req), -EINVAL);
	make_indirect(0, 0, 20);
	put_seg(raw + 19 * 8, 1, 5, 4);
	assert_int_equal(decode(&limits), 0);
	assert_int_equal(mxbk_req_segs(raw, &limits, &req), -EINVAL);
}

/* Every byte of the data is found once, in order, whatever the pieces. */
static void cut__covers(void **state)
{
	static const u32 steps[] = { 512, 1368, 2048, 3072, 4096, 131072 };
	unsigned int s, seed, i;

	for (seed = 0; seed < 64; seed++)
		for (s = 0; s < ARRAY_SIZE(steps); s++) {
			struct mxbk_cut cut;
			u32 pos = 0;
			u16 seg = 0;

			make_indirect(0, 0, 1 + seed % 32);
			for (i = 0; i < 32; i++) {
				u8 first = (seed * 7 + i * 3) % 8;
				u8 last = first + (seed + i * 5) % (8 - first);

				put_seg(raw + 8 * i, i, first, last);
			}
			assert_int_equal(decode(&limits), 0);
			assert_int_equal(mxbk_req_segs(raw, &limits, &req), 0);
			while (mxbk_req_cut(&req, pos, steps[s], &cut)) {
				assert_true(cut.len && cut.len <= steps[s]);
				while (req.seg[seg].pos + req.seg[seg].len <= pos)
					seg++;
				assert_int_equal(cut.gref, seg);
				assert_int_equal(cut.off, req.seg[seg].off +
						 pos - req.seg[seg].pos);
				assert_true(cut.off + cut.len <=
					    req.seg[seg].off + req.seg[seg].len);
				pos += cut.len;
			}
			assert_int_equal(pos, req.len);
		}
}

static void cut__ends(void **state)
{
	struct mxbk_cut cut;

	make_rw(0, 0, 3);
	assert_int_equal(decode(&limits), 0);
	assert_false(mxbk_req_cut(&req, 0, 0, &cut));
	assert_true(mxbk_req_cut(&req, 3 * 4096 - 1, 100, &cut));
	assert_int_equal(cut.len, 1);
	assert_int_equal(cut.gref, 102);
	assert_false(mxbk_req_cut(&req, 3 * 4096, 1, &cut));
	assert_false(mxbk_req_cut(&req, ~0u, 1, &cut));
	make_discard(0, 0, 64);
	assert_int_equal(decode(&limits), 0);
	assert_false(mxbk_req_cut(&req, 0, 512, &cut));
}

static void status__words(void **state)
{
	assert_int_equal(mxbk_status(0), 0);
	assert_int_equal(mxbk_status(-EIO), -1);
	assert_int_equal(mxbk_status(-EROFS), -1);
	assert_int_equal(mxbk_status(-ENOSPC), -1);
	assert_int_equal(mxbk_status(-EOPNOTSUPP), -2);
}

static void slots__orders(void **state)
{
	u32 pages, want;

	for (pages = 1, want = 32; pages <= 16; pages *= 2, want *= 2) {
		assert_int_equal(mxbk_ring_slots(&mxbk_abi_64, pages * 4096),
				 want);
		assert_int_equal(mxbk_ring_slots(&mxbk_abi_32, pages * 4096),
				 want);
	}
}

static void todo__bounds(void **state)
{
	u32 base[] = { 0, 31, 0x7fffffff, 0xfffffff0, 0xffffffff };
	u32 i, open, ask;

	for (i = 0; i < ARRAY_SIZE(base); i++)
		for (open = 0; open <= 32; open++) {
			u32 rsp = base[i], cons = rsp + open;

			for (ask = 0; ask <= 40; ask++) {
				int want = ask < open || ask > 32 ? -EPROTO :
					   (int)(ask - open);

				assert_int_equal(mxbk_ring_todo(rsp + ask, cons,
								rsp, 32), want);
			}
			assert_int_equal(mxbk_ring_todo(rsp - 1, cons, rsp, 32),
					 -EPROTO);
			assert_int_equal(mxbk_ring_todo(rsp + 0x80000000, cons,
							rsp, 32), -EPROTO);
		}
}

/* A part is never longer than what a pass may cost, and cuts no page. */
static void part__covers(void **state)
{
	struct mxbk_req r = { .pos = 5 << 9, .len = (3ULL << 30) + 512 };
	const u32 max = 64 << 20;
	u64 left = r.len, pos = r.pos;
	u32 n = 0;

	while (left) {
		u32 len = mxbk_req_part(&r, left, max);

		assert_in_range(len, 1, max);
		left -= len;
		pos += len;
		assert_true(!left || !(pos % max));
		n++;
	}
	assert_int_equal(n, 49);
}

/* What a disk has under way must not depend on what the guest asks for. */
static void hand__bounded(void **state)
{
	u32 rings, slots;

	for (rings = 1; rings <= 256; rings++)
		for (slots = 32; slots <= 512; slots *= 2) {
			u32 hand = mxbk_ring_hand(slots, rings);

			assert_in_range(hand, 1, slots);
			assert_true(hand * rings <= MXBK_HAND_MAX);
		}
	/* What is offered to all guests is not less than it was. */
	assert_int_equal(mxbk_ring_hand(512, 1), 512);
	assert_int_equal(mxbk_ring_hand(32, 4), 32);
	assert_int_equal(mxbk_ring_hand(512, 4), 128);
	assert_int_equal(mxbk_ring_hand(32, 1000), 1);
}

static void take__budget(void **state)
{
	struct list_head from, to, entry[5];
	int i;

	INIT_LIST_HEAD(&from);
	INIT_LIST_HEAD(&to);
	for (i = 0; i < 5; i++)
		list_add_tail(&entry[i], &from);
	assert_int_equal(mxbk_take(&from, &to, 2), 2);
	assert_ptr_equal(from.next, &entry[2]);
	assert_ptr_equal(to.next, &entry[0]);
	assert_ptr_equal(to.prev, &entry[1]);
	assert_int_equal(mxbk_take(&from, &to, 8), 3);
	assert_true(list_empty(&from));
	assert_ptr_equal(to.prev, &entry[4]);
	assert_int_equal(mxbk_take(&from, &to, 8), 0);
}

/* So many at once, then one for each that ends, the oldest first. */
static void turns__in_order(void **state)
{
	struct mxbk_turns turns;
	struct list_head who[5];
	int i;

	mxbk_turns_init(&turns, 2);
	for (i = 0; i < 5; i++)
		assert_int_equal(mxbk_turn_take(&turns, &who[i]), i < 2);
	for (i = 2; i < 5; i++)
		assert_ptr_equal(mxbk_turn_pass(&turns), &who[i]);
	assert_int_equal(turns.busy, 2);
	assert_null(mxbk_turn_pass(&turns));
	assert_null(mxbk_turn_pass(&turns));
	assert_int_equal(turns.busy, 0);
	assert_true(mxbk_turn_take(&turns, &who[0]));
}

/* A disk of more rings than turns has one for each ring. */
static void turns__one_at_least(void **state)
{
	struct mxbk_turns turns;
	struct list_head who[2];

	mxbk_turns_init(&turns, 0);
	assert_true(mxbk_turn_take(&turns, &who[0]));
	assert_false(mxbk_turn_take(&turns, &who[1]));
}

/* A full hand excuses one event; only a request that ends excuses another. */
static void event__full_hand(void **state)
{
	struct mxbk_events e = {};
	int i;

	mxbk_event_full(&e);
	assert_false(mxbk_event_spurious(&e, false));
	for (i = 0; i < 5; i++) {
		mxbk_event_full(&e);
		assert_true(mxbk_event_spurious(&e, false));
	}
	assert_true(mxbk_event_spare(&e));
	assert_false(mxbk_event_spare(&e));
	mxbk_event_full(&e);
	assert_false(mxbk_event_spurious(&e, false));
	mxbk_event_full(&e);
	assert_true(mxbk_event_spurious(&e, false));
}

/* The event of a request that was seen before it is excused, one more is not. */
static void event__early(void **state)
{
	struct mxbk_events e = {};

	assert_true(mxbk_event_spurious(&e, false));
	assert_false(mxbk_event_spurious(&e, true));
	mxbk_event_early(&e);
	assert_false(mxbk_event_spurious(&e, false));
	assert_true(mxbk_event_spurious(&e, false));
}

/* One line, then none for a minute, however many would be due. */
static void hush__minute(void **state)
{
	struct mxbk_hush h = {};

	assert_true(mxbk_hush_over(&h, 5));
	assert_false(mxbk_hush_over(&h, 5));
	assert_false(mxbk_hush_over(&h, 64));
	assert_true(mxbk_hush_over(&h, 65));
	assert_false(mxbk_hush_over(&h, 65));
}

/* What is no field of a response is zeros, whatever was there before. */
static void response__whole(void **state)
{
	static const u8 want[MXBK_RSP_MAX] = {
		8, 7, 6, 5, 4, 3, 2, 1, MXBK_RING_WRITE, 0, 0xff, 0xff,
	};
	u8 rsp[MXBK_RSP_MAX];

	memset(rsp, 0xee, sizeof(rsp));
	memset(&req, 0xee, sizeof(req));
	req.id = 0x0102030405060708ULL;
	req.ring_op = MXBK_RING_WRITE;
	mxbk_response(&req, -EIO, rsp);
	assert_memory_equal(rsp, want, sizeof(want));
}

static void plain__text(void **state)
{
	char text[] = "x86_64\n<0>memx: \x1b[2J\t\x7f\xc3\xa9 \"~";

	mxbk_plain(text);
	assert_string_equal(text, "x86_64?<0>memx: ?[2J???? \"~");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(decode__read),
		MXT(decode__layout_32),
		MXT(decode__segment_count),
		MXT(decode__segment_bounds),
		MXT(decode__range),
		MXT(decode__read_only),
		MXT(decode__flush),
		MXT(decode__discard),
		MXT(decode__unknown_ops),
		MXT(decode__indirect),
		MXT(segs__complete),
		MXT(segs__checks),
		MXT(cut__covers),
		MXT(cut__ends),
		MXT(status__words),
		MXT(slots__orders),
		MXT(todo__bounds),
		MXT(part__covers),
		MXT(take__budget),
		MXT(turns__in_order),
		MXT(turns__one_at_least),
		MXT(hand__bounded),
		MXT(event__full_hand),
		MXT(event__early),
		MXT(hush__minute),
		MXT(response__whole),
		MXT(plain__text),
	};

	return MXT_RUN(tests);
}
