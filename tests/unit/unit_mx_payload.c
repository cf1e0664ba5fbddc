// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_payload.c: members, entries of LIST, rosters
 * and answers to LOOK come back as they were, and what makes no sense is refused.
 */
#include "mxtest.h"
#include "engine/mx_wire.h"

static const struct mx_life a = { 0x0a0b, 0x11 };
static const struct mx_life b = { 0x0b0c, 0x22 };
static const struct mx_life c = { 0x0c0d, 0x33 };

static void assert_same(const struct mx_life *x, const struct mx_life *y)
{
	assert_int_equal(x->node, y->node);
	assert_int_equal(x->inc, y->inc);
}

static void mx_members_encode__layout(void **state)
{
	static const u8 expect[16] = {
		0, 0, 0, 0, 0, 0, 0x0a, 0x0b, 0, 0, 0, 0x11, 0, 0, 0, 0,
	};
	u8 payload[16];

	memset(payload, 0xff, sizeof(payload));
	assert_int_equal(mx_members_encode(&a, 1, payload), 16);
	assert_memory_equal(payload, expect, 16);
}

static int members(const struct mx_life *member, u32 n)
{
	struct mx_life back[MX_COPIES_MAX];
	u8 payload[16 * (MX_COPIES_MAX + 1)];
	u32 len = mx_members_encode(member, n, payload);
	int err = mx_members_decode(payload, len, back);
	int i;

	for (i = 0; i < err; i++)
		assert_same(&member[i], &back[i]);
	return err;
}

static void mx_members_decode__bounds(void **state)
{
	const struct mx_life all[] = { a, b, c, { 4, 4 } };
	const struct mx_life twice[] = { a, { a.node, a.inc + 1 } };
	struct mx_life back[MX_COPIES_MAX];
	u8 payload[64];

	assert_int_equal(members(all, 1), 1);
	assert_int_equal(members(all, 3), 3);
	assert_int_equal(members(all, 4), -EBADMSG);
	assert_int_equal(members(all, 0), -EBADMSG);
	assert_int_equal(members(twice, 2), -EBADMSG);
	assert_int_equal(members(&(struct mx_life){ 0, 1 }, 1), -EBADMSG);
	assert_int_equal(members(&(struct mx_life){ 1, 0 }, 1), -EBADMSG);
	mx_members_encode(all, 1, payload);
	assert_int_equal(mx_members_decode(payload, 15, back), -EBADMSG);
	assert_int_equal(mx_members_decode(payload, 17, back), -EBADMSG);
	payload[15] = 1;
	assert_int_equal(mx_members_decode(payload, 16, back), -EBADMSG);
}

static int listed(const struct mx_listed *l)
{
	struct mx_listed back;
	u8 entry[64];
	u32 i;

	memset(entry, 0xff, sizeof(entry));
	memset(&back, 0xa5, sizeof(back));
	mx_listed_encode(l, entry);
	if (mx_listed_decode(entry, &back))
		return -EBADMSG;
	assert_int_equal(back.index, l->index);
	assert_int_equal(back.gen, l->gen);
	assert_int_equal(back.pages, l->pages);
	assert_int_equal(back.nmembers, l->nmembers);
	assert_int_equal(back.state, l->state);
	for (i = 0; i < MX_COPIES_MAX; i++)
		assert_same(&back.member[i], &l->member[i]);
	return 0;
}

#define LISTED(...) listed(&(struct mx_listed){ __VA_ARGS__ })
#define ONE .nmembers = 1, .member = { a }

static void mx_listed_decode__bounds(void **state)
{
	assert_int_equal(LISTED(.gen = 1, ONE), 0);
	assert_int_equal(LISTED(.gen = ~0U, .index = MX_CHUNKS_MAX - 1,
				.pages = 1 << MX_CHUNK_SHIFT_MAX,
				.state = MX_COPY_FILLING, ONE), 0);
	assert_int_equal(LISTED(.gen = 1, .nmembers = 3, .member = { a, b, c }),
			 0);
	assert_int_equal(LISTED(.gen = 1, .index = MX_CHUNKS_MAX, ONE), -EBADMSG);
	assert_int_equal(LISTED(.gen = 0, ONE), -EBADMSG);
	assert_int_equal(LISTED(.gen = 1, .pages = (1 << MX_CHUNK_SHIFT_MAX) + 1,
				ONE), -EBADMSG);
	assert_int_equal(LISTED(.gen = 1, .state = MX_COPY_FILLING + 1, ONE),
			 -EBADMSG);
	assert_int_equal(LISTED(.gen = 1), -EBADMSG);
	assert_int_equal(LISTED(.gen = 1, .nmembers = 2, .member = { a, a }),
			 -EBADMSG);
	assert_int_equal(LISTED(.gen = 1, .nmembers = 2, .member = { a }),
			 -EBADMSG);
}

static void mx_listed_decode__reserved(void **state)
{
	const struct mx_listed one = { .gen = 1, .nmembers = 1, .member = { a } };
	struct mx_listed back;
	u8 entry[64];
	u32 i;

	for (i = 0; i < sizeof(entry); i++) {
		bool reserved = i == 14 || i == 15 || i >= 28;

		mx_listed_encode(&one, entry);
		assert_int_equal(mx_listed_decode(entry, &back), 0);
		entry[i] ^= 0x01;
		if (reserved)
			assert_int_equal(mx_listed_decode(entry, &back), -EBADMSG);
	}
	mx_listed_encode(&one, entry);
	entry[12] = MX_COPIES_MAX + 1;
	assert_int_equal(mx_listed_decode(entry, &back), -EBADMSG);
	entry[12] = 255;
	assert_int_equal(mx_listed_decode(entry, &back), -EBADMSG);
}

static int roster(const struct mx_roster *r)
{
	static u8 payload[MX_PAGE_SIZE];
	struct mx_roster back;
	u32 len = mx_roster_encode(r, payload), i;

	assert_int_equal(len, 16 + 16 * r->n);
	if (mx_roster_decode(payload, len, &back))
		return -EBADMSG;
	assert_int_equal(back.epoch, r->epoch);
	assert_int_equal(back.number, r->number);
	assert_int_equal(back.n, r->n);
	for (i = 0; i < r->n; i++)
		assert_same(&back.member[i], &r->member[i]);
	return 0;
}

static void mx_roster_decode__bounds(void **state)
{
	struct mx_roster r = { .epoch = 7, .number = 1 };
	u32 i;

	for (i = 0; i < MX_ROSTER_MAX; i++)
		r.member[i] = (struct mx_life){ 100 + i, 1 };
	r.n = MX_ROSTER_MAX;
	assert_int_equal(roster(&r), 0);
	r.n = 1;
	assert_int_equal(roster(&r), 0);
	r.n = 0;
	assert_int_equal(roster(&r), -EBADMSG);
	r.number = 0;
	assert_int_equal(roster(&r), -EBADMSG);
	r.epoch = 0;
	assert_int_equal(roster(&r), 0);
	r.n = 1;
	assert_int_equal(roster(&r), -EBADMSG);
	/* One node in two lives is no contradiction, one life twice is. */
	r = (struct mx_roster){ .epoch = 1, .number = 9, .n = 2,
				.member = { a, { a.node, a.inc + 1 } } };
	assert_int_equal(roster(&r), 0);
	r.member[1] = a;
	assert_int_equal(roster(&r), -EBADMSG);
	r.member[1].inc = 0;
	assert_int_equal(roster(&r), -EBADMSG);
}

static void mx_roster_decode__length(void **state)
{
	const struct mx_roster r = { .epoch = 1, .number = 1, .n = 2,
				     .member = { a, b } };
	u8 payload[16 + 16 * 3] = {};
	struct mx_roster back;
	u32 len;

	mx_roster_encode(&r, payload);
	for (len = 0; len <= sizeof(payload); len++)
		assert_int_equal(mx_roster_decode(payload, len, &back),
				 len == 16 + 32 ? 0 : -EBADMSG);
	payload[8] = 0x10;	/* n, whose bytes would wrap around */
	assert_int_equal(mx_roster_decode(payload, 16 + 32, &back), -EBADMSG);
	payload[8] = 0;
	payload[15] = 1;
	assert_int_equal(mx_roster_decode(payload, 16 + 32, &back), -EBADMSG);
}

static u8 page[MX_PAGE_SIZE];

static const struct mx_look looked = {
	.pages = 1000, .used = 7, .promised = 512, .nchunks = 2, .shift = 8,
	.sealed = true, .claim = { 0x0a0b, 3, 0x11, MX_FEAT_GEN }, .name = "vol-1",
};

static int look_trip(const struct mx_look *look, const struct mx_roster *r)
{
	struct mx_look back;
	struct mx_roster again;
	int err;

	memset(page, 0, sizeof(page));
	mx_look_encode(look, r, page);
	err = mx_look_decode(page, &back, &again);
	if (err)
		return err;
	assert_true(back.pages == look->pages && back.used == look->used);
	assert_true(back.promised == look->promised && back.nchunks == look->nchunks);
	assert_true(back.shift == look->shift && back.sealed == look->sealed);
	assert_memory_equal(&back.claim, &look->claim, sizeof(back.claim));
	assert_memory_equal(&back.tentative, &look->tentative, sizeof(back.claim));
	assert_string_equal(back.name, look->name);
	assert_int_equal(again.number, r->number);
	assert_int_equal(again.n, r->n);
	return 0;
}

static void mx_look_decode__trip(void **state)
{
	struct mx_look look = looked;
	struct mx_roster r = { .epoch = 3, .number = 9, .n = 2, .member = { a, b } };
	u32 i;

	assert_int_equal(look_trip(&look, &r), 0);
	look.tentative = (struct mx_claimed){ 0x0b0c, 4, 0x22, MX_FEAT_KNOWN };
	assert_int_equal(look_trip(&look, &(struct mx_roster){}), 0);
	/* The longest that there is. */
	memset(look.name, 'n', MX_NAME_MAX);
	r.n = MX_ROSTER_MAX;
	for (i = 0; i < r.n; i++)
		r.member[i] = (struct mx_life){ i + 1, 1 };
	assert_int_equal(look_trip(&look, &r), 0);
}

#define BAD_LOOK(change) \
	do { \
		struct mx_look look = looked; \
		look.change; \
		assert_int_equal(look_trip(&look, &none), -EBADMSG); \
	} while (0)

static void mx_look_decode__bounds(void **state)
{
	const struct mx_roster none = {};

	BAD_LOOK(pages = 0);
	BAD_LOOK(pages = ((u64)MX_CHUNKS_MAX << 8) + 1);
	BAD_LOOK(used = 1001);
	BAD_LOOK(nchunks = MX_CHUNKS_MAX + 1);
	BAD_LOOK(shift = MX_CHUNK_SHIFT_MIN - 1);
	BAD_LOOK(shift = MX_CHUNK_SHIFT_MAX + 1);
	BAD_LOOK(claim.epoch = 0);
	BAD_LOOK(claim.node = 0);
	BAD_LOOK(tentative.inc = 1);
	BAD_LOOK(name[0] = '-');
	BAD_LOOK(name[0] = 0);
}

/* No bit of what is zero may be set. */
static void mx_look_decode__reserved(void **state)
{
	const struct mx_roster r = { .epoch = 3, .number = 9, .n = 1, .member = { a } };
	const size_t tail = sizeof(struct mx_wire_look) + 16 + 16;
	const size_t name = offsetof(struct mx_wire_look, name);
	struct mx_roster back;
	struct mx_look look;
	size_t at;

	for (at = 0; at < sizeof(page); at++) {
		if (at < tail && (at < name + 5 || at >= name + MX_NAME_MAX + 1) &&
		    at != offsetof(struct mx_wire_look, reserved) &&
		    at != offsetof(struct mx_wire_look, sealed) &&
		    at != offsetof(struct mx_wire_look, claim.reserved))
			continue;
		memset(page, 0, sizeof(page));
		mx_look_encode(&looked, &r, page);
		assert_int_equal(mx_look_decode(page, &look, &back), 0);
		page[at] |= 0x80;
		assert_int_equal(mx_look_decode(page, &look, &back), -EBADMSG);
	}
	/* A roster that does not fit. */
	memset(page, 0, sizeof(page));
	mx_look_encode(&looked, &r, page);
	page[sizeof(struct mx_wire_look) + 8] = 0xff;
	assert_int_equal(mx_look_decode(page, &look, &back), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_members_encode__layout),
		MXT(mx_members_decode__bounds),
		MXT(mx_listed_decode__bounds),
		MXT(mx_listed_decode__reserved),
		MXT(mx_roster_decode__bounds),
		MXT(mx_roster_decode__length),
		MXT(mx_look_decode__trip),
		MXT(mx_look_decode__bounds),
		MXT(mx_look_decode__reserved),
	};

	return MXT_RUN(tests);
}
