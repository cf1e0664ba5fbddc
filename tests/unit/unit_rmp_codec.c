// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_codec.c: the layout of fragments at every boundary,
 * and that no header with a fault gets past the decoder.
 */
#include "mxtest.h"
#include "engine/rmp_run.h"

static const u16 sizes[] = { 1032, 1376, 2048, 4128, 8880, 12288, 61440 };

static void rmp_frag_unit__mtu_boundaries(void **state)
{
	static const struct { u32 mtu; u16 unit; } t[] = {
		{ 0, 0 }, { 1151, 0 }, { 1152, 1032 }, { 1159, 1032 },
		{ 1160, 1040 }, { 1500, 1376 }, { 9000, 8880 },
		{ 61560, 61440 }, { 65535, 61440 }, { 1000000, 61440 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(rmp_frag_unit(t[i].mtu), t[i].unit);
}

static void rmp_frag_valid__only_units(void **state)
{
	u32 size, n = 0;

	for (size = 0; size < 65536; size++)
		n += rmp_frag_valid(size);
	assert_int_equal(n, (61440 - 1032) / 8 + 1);
	for (size = 0; size < ARRAY_SIZE(sizes); size++)
		assert_true(rmp_frag_valid(sizes[size]));
}

static void rmp_frag_count__boundaries(void **state)
{
	assert_int_equal(rmp_frag_count(0, 1376), 1);
	assert_int_equal(rmp_frag_count(1, 1376), 1);
	assert_int_equal(rmp_frag_count(1376, 1376), 1);
	assert_int_equal(rmp_frag_count(1377, 1376), 2);
	assert_int_equal(rmp_frag_count(RMP_PAGE, 1376), 3);
	assert_int_equal(rmp_frag_count(RMP_PAGE + RMP_PAGE_EXTRA, 1376), 3);
	assert_int_equal(rmp_frag_count(RMP_MSG_MAX, 1032), RMP_FRAGS_MAX);
	assert_int_equal(rmp_frag_count(RMP_MSG_MAX, 1376), 96);
	assert_int_equal(rmp_frag_count(RMP_MSG_MAX, 8880), 15);
	assert_int_equal(rmp_frag_count(RMP_MSG_MAX, 61440), 3);
}

static void check_cover(u32 len, u16 size)
{
	u16 no, n = rmp_frag_count(len, size), bytes;
	u32 off, next = 0;

	for (no = 0; no < n; no++) {
		bytes = rmp_frag_range(len, size, no, &off);
		assert_int_equal(off, next);
		assert_true(bytes <= size && (bytes || !len));
		if (no + 1 < n)
			assert_int_equal(bytes, size);
		next += bytes;
	}
	assert_int_equal(next, len);
}

static void rmp_frag_range__covers_each_length(void **state)
{
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (len = 0; len < 3 * RMP_PAGE; len += 7)
			check_cover(len, sizes[i]);
		for (len = RMP_MSG_MAX - 5000; len <= RMP_MSG_MAX; len += 8)
			check_cover(len, sizes[i]);
	}
}

static void rmp_frag_range__ends_with_the_message(void **state)
{
	u32 off;

	assert_int_equal(rmp_frag_range(8192, 1376, 2, &off), 1376);
	assert_int_equal(off, 2752);
	assert_int_equal(rmp_frag_range(4100, 1376, 2, &off), 1348);
	assert_int_equal(off, 2752);
}

static void rmp_bitmap_count__ignores_bits_beyond(void **state)
{
	u64 map[2] = { ~0ULL, ~0ULL }, back[2];
	u8 head[RMP_HEAD_LEN];

	assert_int_equal(rmp_bitmap_count(map, 1), 1);
	assert_int_equal(rmp_bitmap_count(map, 63), 63);
	assert_int_equal(rmp_bitmap_count(map, 64), 64);
	assert_int_equal(rmp_bitmap_count(map, 65), 65);
	assert_int_equal(rmp_bitmap_count(map, 128), 128);
	map[0] = 1;
	map[1] = 1ULL << 63;
	rmp_bitmap_put(head, map);
	assert_int_equal(head[7], 1);
	assert_int_equal(head[8], 0x80);
	rmp_bitmap_get(head, back);
	assert_memory_equal(map, back, sizeof(map));
}

/* A good frame of each type, with the shortest length it may have. */
static u32 good(struct rmp_hdr *hdr, u8 type)
{
	rmp_make_hdr(hdr, type, 1, 2, 3, NULL, 0);
	hdr->msg = cpu_to_be64(10);
	hdr->frag_size = cpu_to_be16(1376);
	if (type == RMP_T_HELLO || type == RMP_T_WELCOME)
		return RMP_HDR_LEN + 1376;
	if (type == RMP_T_REQ || type == RMP_T_REP) {
		hdr->msg_len = cpu_to_be32(4096);
		hdr->frag_no = cpu_to_be16(2);
		hdr->plen = cpu_to_be16(1344);
		return RMP_HDR_LEN + 1344;
	}
	return RMP_HDR_LEN;
}

static void rmp_decode__accepts_each_type(void **state)
{
	struct rmp_info info;
	struct rmp_hdr hdr;
	u32 len;
	u8 type;

	for (type = 1; type <= RMP_T_MAX; type++) {
		len = good(&hdr, type);
		hdr.flags = RMP_F_SUM;
		assert_int_equal(rmp_decode(&hdr, len, &info), 0);
		assert_int_equal(info.type, type);
		assert_int_equal(info.node, 1);
		assert_int_equal(info.inc, 2);
		assert_int_equal(info.peer_inc, 3);
		assert_int_equal(rmp_decode(&hdr, len - 1, &info), -EBADMSG);
	}
}

/* Breaks one thing in a good frame of @type; it must not pass. */
#define REFUSED(type, how) do { \
	u32 len = good(&hdr, type); \
	(void)len; \
	how; \
	assert_int_equal(rmp_decode(&hdr, len, &info), -EBADMSG); \
} while (0)

static void rmp_decode__refuses_faults_of_all(void **state)
{
	struct rmp_info info;
	struct rmp_hdr hdr;

	good(&hdr, RMP_T_REQ);
	hdr.version = 2;
	assert_int_equal(rmp_decode(&hdr, 9000, &info), -EPROTONOSUPPORT);
	REFUSED(RMP_T_BYE, len = 0);
	REFUSED(RMP_T_BYE, hdr.type = 0);
	REFUSED(RMP_T_BYE, hdr.type = RMP_T_MAX + 1);
	REFUSED(RMP_T_BYE, hdr.node = 0);
	REFUSED(RMP_T_BYE, hdr.inc = 0);
	REFUSED(RMP_T_BYE, hdr.hlen = 14);
	REFUSED(RMP_T_BYE, hdr.hlen = 16);
	REFUSED(RMP_T_BYE, hdr.flags = 0x40);
	REFUSED(RMP_T_BYE, hdr.flags = RMP_F_VOID);
	REFUSED(RMP_T_ACK, hdr.flags = RMP_F_VOID);
	REFUSED(RMP_T_BYE, hdr.flags = RMP_F_WANT_ACK);
	REFUSED(RMP_T_BYE, hdr.plen = cpu_to_be16(1); len++);
	REFUSED(RMP_T_ANNOUNCE, hdr.plen = cpu_to_be16(65); len += 65);
	REFUSED(RMP_T_RESET, hdr.peer_inc = 0);
}

static void rmp_decode__refuses_faults_of_messages(void **state)
{
	struct rmp_info info;
	struct rmp_hdr hdr;

	REFUSED(RMP_T_REQ, hdr.peer_inc = 0);
	REFUSED(RMP_T_REQ, hdr.msg = 0);
	REFUSED(RMP_T_REQ, hdr.msg = cpu_to_be64(1ULL << 63));
	REFUSED(RMP_T_REQ, hdr.back = cpu_to_be16(10));
	REFUSED(RMP_T_REQ, hdr.msg = cpu_to_be64(1000); hdr.back = cpu_to_be16(128));
	REFUSED(RMP_T_REQ, hdr.frag_size = cpu_to_be16(1380));
	REFUSED(RMP_T_REQ, hdr.frag_size = 0);
	REFUSED(RMP_T_REQ, hdr.frag_no = cpu_to_be16(3));
	REFUSED(RMP_T_REQ, hdr.frag_no = cpu_to_be16(1); len += 8);
	REFUSED(RMP_T_REQ, hdr.plen = cpu_to_be16(1343));
	REFUSED(RMP_T_REQ, hdr.msg_len = cpu_to_be32(RMP_MSG_MAX + 1));
	REFUSED(RMP_T_REQ, hdr.msg_len = ~0);
	REFUSED(RMP_T_REQ, hdr.flags = RMP_F_REPLY);
	REFUSED(RMP_T_REQ, hdr.flags = RMP_F_VOID);
	REFUSED(RMP_T_REP, hdr.flags = RMP_F_VOID);
	REFUSED(RMP_T_REP, hdr.flags = RMP_F_PENDING);
	REFUSED(RMP_T_ACK, hdr.flags = RMP_F_PENDING | RMP_F_REPLY);
	REFUSED(RMP_T_ACK, hdr.flags = RMP_F_REPLY; hdr.back = cpu_to_be16(10));
	REFUSED(RMP_T_ACK, hdr.frag_size = cpu_to_be16(1000));
	REFUSED(RMP_T_HELLO, hdr.frag_size = cpu_to_be16(2048));
	REFUSED(RMP_T_HELLO, hdr.msg = 0);
}

static void rmp_decode__longer_header(void **state)
{
	u8 raw[2000] = {};
	struct rmp_info info;
	struct rmp_hdr hdr;
	u32 len = good(&hdr, RMP_T_REQ);

	hdr.hlen = RMP_HDR_LEN / 8 + 2;
	memcpy(raw, &hdr, sizeof(hdr));
	assert_int_equal(rmp_decode(raw, len, &info), -EBADMSG);
	assert_int_equal(rmp_decode(raw, len + 16, &info), 0);
	assert_int_equal(info.hlen, RMP_HDR_LEN + 16);
	/* A short frame is padded by the wire; that is no part of it. */
	assert_int_equal(rmp_decode(raw, len + 50, &info), 0);
	assert_int_equal(info.plen, 1344);
}

static void rmp_make_hdr__layout(void **state)
{
	static const u8 expect[] = {
		1, 2, 0, 15, 0, 5, 0, 0,
		0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 7, 0, 0, 0, 0,
	};
	u8 head[RMP_HEAD_LEN];
	struct rmp_hdr hdr;

	memset(head, 0x5a, sizeof(head));
	memset(&hdr, 0xff, sizeof(hdr));
	rmp_make_hdr(&hdr, RMP_T_ANNOUNCE, 0x1234, 7, 0, head, 5);
	assert_memory_equal(&hdr, expect, sizeof(expect));
	assert_memory_equal(hdr.head, head, RMP_HEAD_LEN);
	assert_int_equal(hdr.tag[0] | hdr.tag[15], 0);
}

static void rmp_make_reset__echoes(void **state)
{
	struct rmp_info in = { .inc = 9, .stamp = 0x01020304 }, info;
	struct rmp_hdr hdr;

	rmp_make_reset(&hdr, 5, 6, &in, 7000);
	assert_int_equal(rmp_decode(&hdr, RMP_HDR_LEN, &info), 0);
	assert_int_equal(info.type, RMP_T_RESET);
	assert_int_equal(info.peer_inc, 9);
	assert_int_equal(info.echo, 0x01020304);
	assert_int_equal(info.stamp, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_frag_unit__mtu_boundaries),
		MXT(rmp_frag_valid__only_units),
		MXT(rmp_frag_count__boundaries),
		MXT(rmp_frag_range__covers_each_length),
		MXT(rmp_frag_range__ends_with_the_message),
		MXT(rmp_bitmap_count__ignores_bits_beyond),
		MXT(rmp_decode__accepts_each_type),
		MXT(rmp_decode__refuses_faults_of_all),
		MXT(rmp_decode__refuses_faults_of_messages),
		MXT(rmp_decode__longer_header),
		MXT(rmp_make_hdr__layout),
		MXT(rmp_make_reset__echoes),
	};

	return MXT_RUN(tests);
}
