// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_codec.c: what is made can be read again, and
 * what makes no sense is refused, at each boundary.
 */
#include "mxtest.h"
#include "engine/mx_wire.h"

enum { HEAD = 32 };

static const u64 vol_max = (u64)MX_CHUNKS_MAX << MX_CHUNK_SHIFT_MAX;

static int ask_trip(struct mx_ask ask, u32 len)
{
	struct mx_ask back;
	u8 head[HEAD];
	int err;

	memset(&back, 0xa5, sizeof(back));
	mx_ask_encode(&ask, head);
	err = mx_ask_decode(head, len, &back);
	if (err)
		return err;
	assert_int_equal(back.op, ask.op);
	assert_int_equal(back.flags, ask.flags);
	assert_int_equal(back.npages, ask.npages);
	assert_int_equal(back.gen, ask.gen);
	assert_int_equal(back.page, ask.page);
	assert_int_equal(back.arg, ask.arg);
	assert_int_equal(back.arg2, ask.arg2);
	return 0;
}

#define ASK(code, ...) ((struct mx_ask){ .op = MX_OP_##code, ##__VA_ARGS__ })
#define GOOD(len, ...) assert_int_equal(ask_trip(ASK(__VA_ARGS__), len), 0)
#define BAD(len, ...) assert_int_equal(ask_trip(ASK(__VA_ARGS__), len), -EBADMSG)

static void mx_ask_encode__layout(void **state)
{
	static const u8 expect[HEAD] = {
		5, 1, 0, 0, 0, 0, 0, 0,
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
		0, 0, 0, 0, 0, 0, 0x12, 0x34,
	};
	struct mx_ask ask = ASK(DISCARD, .flags = MX_F_RELEASE,
				.page = 0x0102030405060708ULL, .arg = 0x1234);
	u8 head[HEAD];

	memset(head, 0xff, sizeof(head));
	mx_ask_encode(&ask, head);
	assert_memory_equal(head, expect, HEAD);
}

static void mx_ask_encode__layout_gen(void **state)
{
	static const u8 expect[HEAD] = {
		1, 0x10, 0, 3, 0x0a, 0x0b, 0x0c, 0x0d,
		0, 0, 0, 0, 0, 0, 0, 9,
		0, 0, 0, 0, 0, 0, 0, 8,
		0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
	};
	struct mx_ask ask = ASK(OPEN, .flags = MX_F_FEATURES, .npages = 3,
				.gen = 0x0a0b0c0d, .page = 9, .arg = 8,
				.arg2 = 0x2122232425262728ULL);
	u8 head[HEAD];

	memset(head, 0xff, sizeof(head));
	mx_ask_encode(&ask, head);
	assert_memory_equal(head, expect, HEAD);
}

static void mx_ask_decode__open(void **state)
{
	GOOD(1, OPEN, .page = 1, .arg = MX_CHUNK_SHIFT_MIN);
	GOOD(MX_NAME_MAX, OPEN, .page = vol_max, .arg = MX_CHUNK_SHIFT_MAX);
	GOOD(4, OPEN, .page = (u64)MX_CHUNKS_MAX << 8, .arg = 8);
	BAD(4, OPEN, .page = ((u64)MX_CHUNKS_MAX << 8) + 1, .arg = 8);
	BAD(4, OPEN, .page = vol_max + 1, .arg = MX_CHUNK_SHIFT_MAX);
	BAD(4, OPEN, .page = 0, .arg = 8);
	BAD(0, OPEN, .page = 1, .arg = 8);
	BAD(MX_NAME_MAX + 1, OPEN, .page = 1, .arg = 8);
	BAD(4, OPEN, .page = 1, .arg = MX_CHUNK_SHIFT_MIN - 1);
	BAD(4, OPEN, .page = 1, .arg = MX_CHUNK_SHIFT_MAX + 1);
	BAD(4, OPEN, .page = 1, .arg = ~0ULL);
	BAD(4, OPEN, .page = 1, .arg = 8, .npages = 1);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = 1);
	GOOD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_SEALED);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_SEALED | 1);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = 4);
}

static void mx_ask_decode__open_features(void **state)
{
	GOOD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_FEATURES);
	GOOD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_FEATURES,
	     .arg2 = MX_FEAT_KNOWN);
	/* Later ones are not our business. */
	GOOD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_FEATURES, .arg2 = ~0ULL);
	GOOD(4, OPEN, .page = 1, .arg = 8,
	     .flags = MX_F_FEATURES | MX_F_TENTATIVE | MX_F_SEALED, .arg2 = 1);
	BAD(4, OPEN, .page = 1, .arg = 8, .arg2 = 1);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_TENTATIVE);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_FEATURES, .gen = 1);
	BAD(4, OPEN, .page = 1, .arg = 8, .flags = MX_F_FEATURES | 0x20);
}

static void mx_ask_decode__read(void **state)
{
	GOOD(0, READ, .npages = 1, .gen = ~0U);
	BAD(0, READ, .npages = 1, .gen = 1, .arg2 = 1);
	BAD(0, READ, .npages = 1, .gen = 1, .flags = MX_F_PLACE);
	GOOD(0, READ, .npages = 1);
	GOOD(0, READ, .npages = MX_OP_PAGES, .page = vol_max - MX_OP_PAGES);
	BAD(0, READ, .npages = MX_OP_PAGES, .page = vol_max - MX_OP_PAGES + 1);
	BAD(0, READ, .npages = 1, .page = vol_max);
	BAD(0, READ, .npages = 1, .page = ~0ULL);
	BAD(0, READ, .npages = 0);
	BAD(0, READ, .npages = MX_OP_PAGES + 1);
	BAD(1, READ, .npages = 1);
	BAD(MX_PAGE_SIZE, READ, .npages = 1);
	BAD(0, READ, .npages = 1, .arg = 1);
	BAD(0, READ, .npages = 1, .flags = 1);
	GOOD(0, READ, .npages = MX_OP_PAGES, .flags = MX_F_SEALED);
	BAD(MX_TRAILER_LEN, READ, .npages = 1, .flags = MX_F_SEALED);
	BAD(0, READ, .npages = 1, .flags = MX_F_SEALED | 1);
}

static void mx_ask_decode__write(void **state)
{
	GOOD(MX_PAGE_SIZE, WRITE, .npages = 1, .gen = 7);
	GOOD(MX_PAGE_SIZE, WRITE, .npages = 1, .gen = 1, .flags = MX_F_PLACE);
	BAD(MX_PAGE_SIZE, WRITE, .npages = 1, .flags = MX_F_PLACE);
	BAD(MX_PAGE_SIZE, WRITE, .npages = 1, .gen = 1, .arg2 = 1);
	GOOD(MX_PAGE_SIZE, WRITE, .npages = 1);
	GOOD(MX_PAGE_SIZE * MX_OP_PAGES, WRITE, .npages = MX_OP_PAGES);
	BAD(0, WRITE, .npages = 0);
	BAD(0, WRITE, .npages = 1);
	BAD(MX_PAGE_SIZE - 1, WRITE, .npages = 1);
	BAD(MX_PAGE_SIZE * 2, WRITE, .npages = 1);
	BAD(MX_PAGE_SIZE * 33, WRITE, .npages = 33);
	BAD(MX_PAGE_SIZE, WRITE, .npages = 1, .page = vol_max);
}

static void mx_ask_decode__write_sealed(void **state)
{
	const u32 one = MX_PAGE_SIZE + MX_TRAILER_LEN;
	u32 n;

	for (n = 1; n <= MX_OP_PAGES; n++) {
		GOOD(n * one, WRITE, .npages = n, .flags = MX_F_SEALED);
		BAD(n * one, WRITE, .npages = n);
		BAD(n * one - 1, WRITE, .npages = n, .flags = MX_F_SEALED);
		BAD(n * one + 1, WRITE, .npages = n, .flags = MX_F_SEALED);
		BAD(n * MX_PAGE_SIZE, WRITE, .npages = n, .flags = MX_F_SEALED);
	}
	BAD(33 * one, WRITE, .npages = 33, .flags = MX_F_SEALED);
	BAD(0, WRITE, .npages = 0, .flags = MX_F_SEALED);
	BAD(one, WRITE, .npages = 1, .flags = MX_F_SEALED | 1);
}

static void mx_ask_decode__discard(void **state)
{
	GOOD(0, DISCARD, .arg = 1);
	GOOD(0, DISCARD, .arg = 1, .gen = 5);
	BAD(0, DISCARD, .arg = 1, .arg2 = 1);
	BAD(0, DISCARD, .arg = 1, .flags = MX_F_PLACE);
	GOOD(0, DISCARD, .arg = 1 << MX_CHUNK_SHIFT_MAX);
	GOOD(0, DISCARD, .arg = 256, .flags = MX_F_RELEASE);
	GOOD(0, DISCARD, .page = vol_max - 1, .arg = 1);
	BAD(0, DISCARD, .page = vol_max - 1, .arg = 2);
	BAD(0, DISCARD, .arg = 0);
	BAD(0, DISCARD, .arg = (1 << MX_CHUNK_SHIFT_MAX) + 1);
	BAD(0, DISCARD, .page = 1, .arg = ~0ULL);
	BAD(0, DISCARD, .arg = 1, .flags = 2);
	BAD(0, DISCARD, .arg = 1, .npages = 1);
	BAD(1, DISCARD, .arg = 1);
}

static void mx_ask_decode__bare(void **state)
{
	GOOD(0, DROP);
	GOOD(0, STAT);
	BAD(1, DROP);
	BAD(0, DROP, .page = 1);
	BAD(0, DROP, .arg = 1);
	BAD(0, STAT, .npages = 1);
	BAD(0, STAT, .flags = 1);
}

static void mx_ask_decode__setgen(void **state)
{
	const u32 one = sizeof(struct mx_wire_node);

	GOOD(one, SETGEN, .gen = 1);
	GOOD(3 * one, SETGEN, .gen = ~0U, .page = vol_max - 256,
	     .flags = MX_F_PLACE);
	BAD(one, SETGEN, .gen = 0);
	BAD(0, SETGEN, .gen = 1);
	BAD(4 * one, SETGEN, .gen = 1);
	BAD(one + 1, SETGEN, .gen = 1);
	BAD(one - 1, SETGEN, .gen = 1);
	BAD(one, SETGEN, .gen = 1, .page = 255);
	BAD(one, SETGEN, .gen = 1, .page = vol_max);
	BAD(one, SETGEN, .gen = 1, .npages = 1);
	BAD(one, SETGEN, .gen = 1, .arg = 1);
	BAD(one, SETGEN, .gen = 1, .arg2 = 1);
	BAD(one, SETGEN, .gen = 1, .flags = MX_F_SEALED);
}

static void mx_ask_decode__list(void **state)
{
	GOOD(0, LIST, .npages = 1);
	GOOD(0, LIST, .npages = MX_OP_PAGES, .page = MX_CHUNKS_MAX - 1);
	BAD(0, LIST, .npages = 0);
	BAD(0, LIST, .npages = MX_OP_PAGES + 1);
	BAD(0, LIST, .npages = 1, .page = MX_CHUNKS_MAX);
	BAD(0, LIST, .npages = 1, .page = MX_LIST_END);
	BAD(1, LIST, .npages = 1);
	BAD(0, LIST, .npages = 1, .gen = 1);
	BAD(0, LIST, .npages = 1, .arg = 1);
	BAD(0, LIST, .npages = 1, .arg2 = 1);
	BAD(0, LIST, .npages = 1, .flags = 1);
}

static void mx_ask_decode__bitmap(void **state)
{
	GOOD(0, BITMAP, .gen = 1);
	GOOD(0, BITMAP, .gen = 9, .page = vol_max - 256);
	BAD(0, BITMAP, .gen = 0);
	BAD(0, BITMAP, .gen = 1, .page = 128);
	BAD(0, BITMAP, .gen = 1, .page = vol_max);
	BAD(0, BITMAP, .gen = 1, .npages = 1);
	BAD(0, BITMAP, .gen = 1, .arg = 1);
	BAD(0, BITMAP, .gen = 1, .flags = 1);
	BAD(1, BITMAP, .gen = 1);
}

static void mx_ask_decode__roster(void **state)
{
	GOOD(0, ROSTER);
	GOOD(16 + 16, ROSTER);
	GOOD(16 + 16 * MX_ROSTER_MAX, ROSTER);
	BAD(16, ROSTER);
	BAD(1, ROSTER);
	BAD(24, ROSTER);
	BAD(16 + 17, ROSTER);
	BAD(16 + 16 * (MX_ROSTER_MAX + 1), ROSTER);
	BAD(~0U - 15, ROSTER);
	BAD(0, ROSTER, .page = 1);
	BAD(0, ROSTER, .gen = 1);
	BAD(0, ROSTER, .flags = 1);
	BAD(0, ROSTER, .arg2 = 1);
}

static void mx_ask_decode__look(void **state)
{
	GOOD(0, RESERVE);
	GOOD(0, RESERVE, .flags = MX_F_TELL);
	GOOD(0, RESERVE, .flags = MX_F_TENTATIVE, .arg = MX_CHUNKS_MAX, .arg2 = MX_CHUNKS_MAX);
	BAD(0, RESERVE, .flags = MX_F_TELL | MX_F_TENTATIVE);
	BAD(0, RESERVE, .flags = MX_F_TELL, .arg = 1);
	BAD(0, RESERVE, .flags = MX_F_TELL, .arg2 = 1);
	BAD(0, RESERVE, .flags = MX_F_RELEASE);
	BAD(0, RESERVE, .arg = MX_CHUNKS_MAX + 1);
	BAD(0, RESERVE, .arg2 = MX_CHUNKS_MAX + 1);
	BAD(0, RESERVE, .gen = 1);
	BAD(0, RESERVE, .page = 1);
	BAD(0, RESERVE, .npages = 1);
	BAD(1, RESERVE);
	GOOD(0, LOOK);
	GOOD(0, LOOK, .npages = MX_OP_PAGES - 1, .page = MX_CHUNKS_MAX - 1);
	BAD(0, LOOK, .npages = MX_OP_PAGES);
	BAD(0, LOOK, .page = MX_CHUNKS_MAX);
	BAD(0, LOOK, .gen = 1);
	BAD(0, LOOK, .flags = 1);
	BAD(0, LOOK, .arg = 1);
	BAD(0, LOOK, .arg2 = 1);
	BAD(1, LOOK);
}

static void mx_ask_decode__unknown_op(void **state)
{
	struct mx_ask ask = { 0 };
	unsigned int op;

	for (op = 0; op < 256; op++) {
		if (op >= MX_OP_OPEN && op <= MX_OP_MAX)
			continue;
		ask.op = op;
		assert_int_equal(ask_trip(ask, 0), -EBADMSG);
	}
}

static void mx_ask_decode__reserved(void **state)
{
	struct mx_ask ask = ASK(STAT), back;
	u8 head[HEAD];
	int i;

	for (i = 0; i < HEAD; i++) {
		mx_ask_encode(&ask, head);
		head[i] |= 0x80;
		memset(&back, 0xee, sizeof(back));
		assert_int_equal(mx_ask_decode(head, 0, &back), -EBADMSG);
		/* The refusal says what is refused. */
		assert_int_equal(back.op, head[0]);
	}
}

static int answer_trip(struct mx_answer ans, struct mx_ask ask, u32 len)
{
	struct mx_answer back;
	u8 head[HEAD];
	int err;

	memset(&back, 0xa5, sizeof(back));
	mx_answer_encode(&ans, head);
	err = mx_answer_decode(head, len, &ask, &back);
	if (err)
		return err;
	assert_int_equal(back.status, ans.status);
	assert_int_equal(back.op, ans.op);
	assert_int_equal(back.load, ans.load);
	assert_int_equal(back.mask, ans.mask);
	assert_int_equal(back.free, ans.free);
	assert_int_equal(back.vol_pages, ans.vol_pages);
	assert_int_equal(back.arg, ans.arg);
	return 0;
}

#define ANSWER(code, ...) \
	((struct mx_answer){ .op = MX_OP_##code, ##__VA_ARGS__ })

static void mx_answer_encode__layout(void **state)
{
	static const u8 expect[HEAD] = {
		0, 5, 4, 0xfe, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0x01, 0x02,
		0, 0, 0, 0, 0, 0, 0, 0x07,
	};
	struct mx_answer ans = ANSWER(WRITE, .status = MX_ST_AGAIN, .load = 254,
				      .free = 0x102, .vol_pages = 7);
	u8 head[HEAD];

	memset(head, 0xff, sizeof(head));
	mx_answer_encode(&ans, head);
	assert_memory_equal(head, expect, HEAD);
}

static void mx_answer_decode__read_mask(void **state)
{
	struct mx_ask one = ASK(READ, .npages = 1);
	struct mx_ask all = ASK(READ, .npages = MX_OP_PAGES);
	const u32 whole = MX_OP_PAGES * MX_PAGE_SIZE;

	assert_int_equal(answer_trip(ANSWER(READ, .load = 255, .free = 9,
					    .vol_pages = ~0ULL), one, 0), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 1), one,
				     MX_PAGE_SIZE), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = ~0U), all, whole), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 1U << 31), all,
				     MX_PAGE_SIZE), 0);
	/* A page not asked for, too little and too much. */
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 2), one,
				     MX_PAGE_SIZE), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 1), one, 0), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ), one, MX_PAGE_SIZE), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = ~0U), all, whole - 1),
			 -EBADMSG);
}

static void mx_answer_decode__sealed(void **state)
{
	struct mx_ask two = ASK(READ, .npages = 2, .flags = MX_F_SEALED);
	const u32 one = MX_PAGE_SIZE + MX_TRAILER_LEN;

	assert_int_equal(answer_trip(ANSWER(READ), two, 0), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 2), two, one), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 3), two, 2 * one), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 3), two, 2 * one - 1), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 1), two, MX_PAGE_SIZE), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ), two, MX_TRAILER_LEN), -EBADMSG);
	two.flags = 0;
	assert_int_equal(answer_trip(ANSWER(READ, .mask = 1), two, one), -EBADMSG);
}

static void mx_answer_decode__no_payload_otherwise(void **state)
{
	struct mx_ask read = ASK(READ, .npages = 1);
	struct mx_ask write = ASK(WRITE, .npages = 1);

	assert_int_equal(answer_trip(ANSWER(WRITE), write, 0), 0);
	assert_int_equal(answer_trip(ANSWER(WRITE), write, 1), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(WRITE, .mask = 1), write,
				     MX_PAGE_SIZE), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(READ, .status = MX_ST_NOVOL), read,
				     0), 0);
	assert_int_equal(answer_trip(ANSWER(READ, .status = MX_ST_AGAIN,
					    .mask = 1), read, MX_PAGE_SIZE),
			 -EBADMSG);
}

static void mx_answer_decode__mismatch(void **state)
{
	struct mx_ask drop = ASK(DROP);
	u32 status;

	for (status = 0; status < 16; status++) {
		bool fits = status <= MX_ST_AGAIN || status == MX_ST_HELD;

		assert_int_equal(answer_trip(ANSWER(DROP, .status = status),
					     drop, 0), fits ? 0 : -EBADMSG);
		assert_int_equal(answer_trip(ANSWER(DROP, .status = status,
						    .arg = 1), drop, 0),
				 status == MX_ST_STALE ? 0 : -EBADMSG);
	}
	assert_int_equal(answer_trip(ANSWER(DROP, .status = 0xffff), drop, 0),
			 -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(STAT), drop, 0), -EBADMSG);
}

/* Who asks without generations gets no answer that is about them. */
static void mx_answer_decode__v0(void **state)
{
	struct mx_ask asks[] = {
		ASK(OPEN, .page = 1, .arg = 8), ASK(READ, .npages = 1),
		ASK(WRITE, .npages = 1), ASK(DISCARD, .arg = 1),
	};
	u32 i, status;

	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		for (status = 0; status < 16; status++) {
			struct mx_answer ans = { .op = asks[i].op,
						 .status = status };

			assert_int_equal(answer_trip(ans, asks[i], 0),
					 status <= MX_ST_AGAIN ? 0 : -EBADMSG);
			ans.arg = 1;
			assert_int_equal(answer_trip(ans, asks[i], 0), -EBADMSG);
		}
	}
}

static void mx_answer_decode__open_arg(void **state)
{
	struct mx_ask open = ASK(OPEN, .flags = MX_F_FEATURES, .page = 1, .arg = 8);
	const struct mx_answer expired = ANSWER(OPEN, .arg = MX_OPENED_NEW |
						MX_OPENED_EXPIRED | 3);

	/* Only to who knows that, and of what was made. */
	assert_int_equal(answer_trip(expired, open, 0), -EBADMSG);
	open.arg2 = MX_FEAT_KNOWN;
	assert_int_equal(answer_trip(expired, open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .arg = MX_OPENED_EXPIRED | 3),
				     open, 0), -EBADMSG);
	open.arg2 = 0;

	assert_int_equal(answer_trip(ANSWER(OPEN), open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .arg = 0xffffffff), open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .arg = MX_OPENED_NEW | 1),
				     open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .arg = MX_OPENED_OVER | 1),
				     open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .arg = 2 * MX_OPENED_EXPIRED),
				     open, 0), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(OPEN, .status = MX_ST_STALE,
					    .arg = 0xffffffff), open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .status = MX_ST_STALE,
					    .arg = 1ULL << 32), open, 0),
			 -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(OPEN, .status = MX_ST_FULL,
					    .arg = 1), open, 0), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(OPEN, .status = MX_ST_INVAL,
					    .arg = 1), open, 0), 0);
	assert_int_equal(answer_trip(ANSWER(OPEN, .status = MX_ST_INVAL,
					    .arg = MX_OPENED_NEW), open, 0),
			 -EBADMSG);
}

static void mx_answer_decode__nochunk(void **state)
{
	const struct mx_answer r = ANSWER(READ, .status = MX_ST_NOCHUNK);
	const struct mx_answer w = ANSWER(WRITE, .status = MX_ST_NOCHUNK);
	const struct mx_answer d = ANSWER(DISCARD, .status = MX_ST_NOCHUNK);
	const struct mx_answer b = ANSWER(BITMAP, .status = MX_ST_NOCHUNK);
	const struct mx_answer l = ANSWER(LIST, .status = MX_ST_NOCHUNK);

	assert_int_equal(answer_trip(r, ASK(READ, .npages = 1, .gen = 1), 0), 0);
	assert_int_equal(answer_trip(w, ASK(WRITE, .npages = 1, .gen = 1), 0), 0);
	assert_int_equal(answer_trip(w, ASK(WRITE, .npages = 1, .gen = 1,
					    .flags = MX_F_PLACE), 0), -EBADMSG);
	assert_int_equal(answer_trip(d, ASK(DISCARD, .arg = 1, .gen = 1), 0), 0);
	assert_int_equal(answer_trip(d, ASK(DISCARD, .arg = 1, .gen = 1,
					    .flags = MX_F_RELEASE), 0), -EBADMSG);
	assert_int_equal(answer_trip(b, ASK(BITMAP, .gen = 1), 0), 0);
	assert_int_equal(answer_trip(l, ASK(LIST, .npages = 1), 0), -EBADMSG);
}

static void mx_answer_decode__oldgen(void **state)
{
	struct mx_answer old = ANSWER(READ, .status = MX_ST_OLDGEN, .arg = 5);

	assert_int_equal(answer_trip(old, ASK(READ, .npages = 1, .gen = 4), 0), 0);
	assert_int_equal(answer_trip(old, ASK(READ, .npages = 1, .gen = 5), 0),
			 -EBADMSG);
	old.arg = 1ULL << 32;
	assert_int_equal(answer_trip(old, ASK(READ, .npages = 1, .gen = 4), 0),
			 -EBADMSG);
	old = ANSWER(SETGEN, .status = MX_ST_OLDGEN, .arg = 5);
	assert_int_equal(answer_trip(old, ASK(SETGEN, .gen = 4), 0), 0);
	assert_int_equal(answer_trip(old, ASK(SETGEN, .gen = 5), 0), 0);
	assert_int_equal(answer_trip(old, ASK(SETGEN, .gen = 6), 0), -EBADMSG);
	old = ANSWER(ROSTER, .status = MX_ST_OLDGEN, .arg = 5);
	assert_int_equal(answer_trip(old, ASK(ROSTER), 0), 0);
	old.arg = 0;
	assert_int_equal(answer_trip(old, ASK(ROSTER), 0), -EBADMSG);
	old = ANSWER(STAT, .status = MX_ST_OLDGEN, .arg = 5);
	assert_int_equal(answer_trip(old, ASK(STAT), 0), -EBADMSG);
}

#define LISTED(next, len) \
	answer_trip(ANSWER(LIST, .arg = next), list, len)

static void mx_answer_decode__list(void **state)
{
	struct mx_ask list = ASK(LIST, .npages = 2, .page = 10);

	assert_int_equal(LISTED(MX_LIST_END, 0), 0);
	assert_int_equal(LISTED(MX_LIST_END, 64), 0);
	assert_int_equal(LISTED(11, 2 * MX_PAGE_SIZE), 0);
	assert_int_equal(LISTED(11, 0), 0);
	assert_int_equal(LISTED(MX_CHUNKS_MAX - 1, 64), 0);
	assert_int_equal(LISTED(MX_CHUNKS_MAX, 64), -EBADMSG);
	assert_int_equal(LISTED(10, 64), -EBADMSG);
	assert_int_equal(LISTED(0, 64), -EBADMSG);
	assert_int_equal(LISTED(11, 63), -EBADMSG);
	assert_int_equal(LISTED(11, 2 * MX_PAGE_SIZE + 64), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(LIST, .status = MX_ST_NOVOL), list,
				     64), -EBADMSG);
}

static void mx_answer_decode__payload_of_others(void **state)
{
	struct mx_ask bitmap = ASK(BITMAP, .gen = 1), roster = ASK(ROSTER);
	struct mx_ask setgen = ASK(SETGEN, .gen = 1);

	assert_int_equal(answer_trip(ANSWER(BITMAP), bitmap, 0), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(BITMAP), bitmap, 1), 0);
	assert_int_equal(answer_trip(ANSWER(BITMAP), bitmap, 1 << 15), 0);
	assert_int_equal(answer_trip(ANSWER(BITMAP), bitmap, (1 << 15) + 1),
			 -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(BITMAP, .arg = 1), bitmap, 1),
			 -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(ROSTER), roster, 0), 0);
	assert_int_equal(answer_trip(ANSWER(ROSTER), roster, 16), 0);
	assert_int_equal(answer_trip(ANSWER(ROSTER), roster, 16 + 16 * 64), 0);
	assert_int_equal(answer_trip(ANSWER(ROSTER), roster, 16 + 16 * 65),
			 -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(ROSTER), roster, 9), -EBADMSG);
	assert_int_equal(answer_trip(ANSWER(SETGEN), setgen, 0), 0);
	assert_int_equal(answer_trip(ANSWER(SETGEN), setgen, 16), -EBADMSG);
}

static int ad_trip(struct mx_ad ad)
{
	struct mx_ad back;
	u8 head[HEAD];
	int err;

	memset(&back, 0xa5, sizeof(back));
	memset(head, 0xff, sizeof(head));
	mx_ad_encode(&ad, head);
	err = mx_ad_decode(head, &back);
	if (err)
		return err;
	assert_int_equal(back.roles, ad.roles);
	assert_int_equal(back.load, ad.load);
	assert_int_equal(back.capacity, ad.capacity);
	assert_int_equal(back.free, ad.free);
	assert_int_equal(back.used, ad.used);
	return 0;
}

#define AD(...) ad_trip((struct mx_ad){ __VA_ARGS__ })

static void mx_ad_decode__figures(void **state)
{
	const u64 most = 1ULL << 51;

	assert_int_equal(AD(.roles = 0), 0);
	assert_int_equal(AD(.roles = MX_ROLE_SERVER, .load = 255,
			    .capacity = 100, .free = 60, .used = 40), 0);
	assert_int_equal(AD(.capacity = most, .free = most), 0);
	assert_int_equal(AD(.capacity = most + 1), -EBADMSG);
	assert_int_equal(AD(.capacity = 100, .free = 61, .used = 40), -EBADMSG);
	assert_int_equal(AD(.capacity = 100, .used = 101), -EBADMSG);
	assert_int_equal(AD(.capacity = 100, .free = ~0ULL, .used = 2), -EBADMSG);
}

static void mx_ad_decode__reserved(void **state)
{
	struct mx_ad back;
	u8 head[HEAD] = { 0 };
	int i;

	assert_int_equal(AD(.roles = MX_ROLE_KNOWN), 0);
	assert_int_equal(AD(.roles = MX_ROLE_KNOWN + 1), -EBADMSG);
	for (i = 2; i < 8; i++) {
		head[i] = 1;
		assert_int_equal(mx_ad_decode(head, &back), -EBADMSG);
		head[i] = 0;
	}
}

static void mx_name_valid__charset(void **state)
{
	char name[2] = "a";
	int c, good = 0;

	for (c = 0; c < 256; c++) {
		name[1] = (char)c;
		good += mx_name_valid(name, 2);
	}
	assert_int_equal(good, 26 + 26 + 10 + 3);
	assert_true(mx_name_valid("swap0.d-1_b", 11));
	assert_false(mx_name_valid("-a", 2));
	assert_false(mx_name_valid(".a", 2));
	assert_false(mx_name_valid("_a", 2));
	assert_false(mx_name_valid("a/b", 3));
	assert_false(mx_name_valid("a\0b", 3));
}

static void mx_name_valid__length(void **state)
{
	char name[MX_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	assert_false(mx_name_valid(name, 0));
	assert_true(mx_name_valid(name, 1));
	assert_true(mx_name_valid(name, MX_NAME_MAX));
	assert_false(mx_name_valid(name, MX_NAME_MAX + 1));
}

static void mx_chunk_shift__bounds(void **state)
{
	int shift;

	assert_int_equal(mx_chunk_shift(1), MX_CHUNK_SHIFT_MIN);
	for (shift = MX_CHUNK_SHIFT_MIN; shift < MX_CHUNK_SHIFT_MAX; shift++) {
		assert_int_equal(mx_chunk_shift((u64)MX_CHUNKS_MAX << shift),
				 shift);
		assert_int_equal(mx_chunk_shift(((u64)MX_CHUNKS_MAX << shift) + 1),
				 shift + 1);
	}
	assert_int_equal(mx_chunk_shift(vol_max), MX_CHUNK_SHIFT_MAX);
	assert_int_equal(mx_chunk_shift(vol_max + 1), -EFBIG);
	assert_int_equal(mx_chunk_shift(~0ULL), -EFBIG);
}

/* Its first page is there whenever the volume is; entries follow as with LIST. */
static void mx_answer_decode__look(void **state)
{
	struct mx_ask ask = ASK(LOOK, .npages = 2, .page = 5);
	struct mx_answer ans = { .op = MX_OP_LOOK, .arg = MX_LIST_END };

	assert_int_equal(answer_trip(ans, ask, 4096), 0);
	assert_int_equal(answer_trip(ans, ask, 4096 + 64), 0);
	assert_int_equal(answer_trip(ans, ask, 3 * 4096), 0);
	assert_int_equal(answer_trip(ans, ask, 3 * 4096 + 64), -EBADMSG);
	assert_int_equal(answer_trip(ans, ask, 4096 + 63), -EBADMSG);
	assert_int_equal(answer_trip(ans, ask, 0), -EBADMSG);
	ans.arg = 6;
	assert_int_equal(answer_trip(ans, ask, 4096), 0);
	ans.arg = 5;
	assert_int_equal(answer_trip(ans, ask, 4096), -EBADMSG);
	ans.arg = 0;
	ans.status = MX_ST_NOVOL;
	assert_int_equal(answer_trip(ans, ask, 0), 0);
	assert_int_equal(answer_trip(ans, ask, 4096), -EBADMSG);
	ans.arg = MX_LOOK_DROPPED;
	assert_int_equal(answer_trip(ans, ask, 0), 0);
	ans.arg++;
	assert_int_equal(answer_trip(ans, ask, 0), -EBADMSG);
	ans.arg = 0;
	/* what a server of an older version says */
	ans.status = MX_ST_INVAL;
	assert_int_equal(answer_trip(ans, ask, 0), 0);
}

static int reserved(u16 status, u64 arg, u32 len)
{
	struct mx_ask ask = ASK(RESERVE, .arg = 3, .arg2 = 5);
	struct mx_answer ans = { .op = MX_OP_RESERVE, .status = status, .arg = arg }, back;
	u8 head[HEAD];

	mx_answer_encode(&ans, head);
	return mx_answer_decode(head, len, &ask, &back);
}

static void mx_answer_decode__reserve(void **state)
{
	assert_int_equal(reserved(MX_ST_OK, MX_RESERVED(3, 5), 0), 0);
	assert_int_equal(reserved(MX_ST_OK, MX_RESERVED(MX_CHUNKS_MAX, MX_CHUNKS_MAX), 0), 0);
	assert_int_equal(reserved(MX_ST_OK, MX_RESERVED(MX_CHUNKS_MAX + 1, 0), 0), -EBADMSG);
	assert_int_equal(reserved(MX_ST_OK, MX_RESERVED(0, MX_CHUNKS_MAX + 1), 0), -EBADMSG);
	assert_int_equal(reserved(MX_ST_OK, 0, 1), -EBADMSG);
	assert_int_equal(reserved(MX_ST_AGAIN, 0, 0), 0);
	assert_int_equal(reserved(MX_ST_AGAIN, 1, 0), -EBADMSG);
	assert_int_equal(reserved(MX_ST_STALE, 9, 0), 0);
	assert_int_equal(reserved(MX_ST_HELD, 0, 0), -EBADMSG);
	assert_int_equal(MX_RESERVED_HERE(MX_RESERVED(3, 5)), 3);
	assert_int_equal(MX_RESERVED_ALL(MX_RESERVED(3, 5)), 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_ask_encode__layout),
		MXT(mx_answer_decode__reserve),
		MXT(mx_ask_encode__layout_gen),
		MXT(mx_ask_decode__open),
		MXT(mx_ask_decode__open_features),
		MXT(mx_ask_decode__read),
		MXT(mx_ask_decode__write),
		MXT(mx_ask_decode__write_sealed),
		MXT(mx_ask_decode__discard),
		MXT(mx_ask_decode__bare),
		MXT(mx_ask_decode__setgen),
		MXT(mx_ask_decode__list),
		MXT(mx_ask_decode__bitmap),
		MXT(mx_ask_decode__roster),
		MXT(mx_ask_decode__look),
		MXT(mx_ask_decode__unknown_op),
		MXT(mx_ask_decode__reserved),
		MXT(mx_answer_encode__layout),
		MXT(mx_answer_decode__read_mask),
		MXT(mx_answer_decode__sealed),
		MXT(mx_answer_decode__no_payload_otherwise),
		MXT(mx_answer_decode__mismatch),
		MXT(mx_answer_decode__v0),
		MXT(mx_answer_decode__open_arg),
		MXT(mx_answer_decode__nochunk),
		MXT(mx_answer_decode__oldgen),
		MXT(mx_answer_decode__list),
		MXT(mx_answer_decode__payload_of_others),
		MXT(mx_ad_decode__figures),
		MXT(mx_ad_decode__reserved),
		MXT(mx_name_valid__charset),
		MXT(mx_name_valid__length),
		MXT(mx_chunk_shift__bounds),
		MXT(mx_answer_decode__look),
	};

	return MXT_RUN(tests);
}
