// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that a receiver drops: one for each rule of the decoder, and a frame
 * of each type with every byte of its header changed in turn, of which the
 * decoder itself says whether they pass. Also good ones at the edges.
 */
#include "frames.h"

enum {
	CHANGES = 5,		/* that are made to each byte */
};

static u64 now = 100000000000ULL;
static u8 bytes[FRAME_MAX];
static u32 len;

static struct rmp_hdr *hdr(void)
{
	return (struct rmp_hdr *)bytes;
}

/* A good frame of @type in @bytes; no two types are of one exchange. */
static void good(u8 type)
{
	static const u8 zeros[RMP_PAGE];
	struct rmp_hdr h;
	u32 pad = 0;

	rmp_make_hdr(&h, type, 0x51, 0x10000001 + type, 0x20000002 + type, NULL,
		     0);
	h.msg = cpu_to_be64(0x123456789aULL);
	h.volume = cpu_to_be64(0x1234567800ULL);
	h.frag_size = cpu_to_be16(1376);
	h.epoch = cpu_to_be32(7);
	h.credit = cpu_to_be16(300);
	h.port = cpu_to_be16(PORT_MEMORY);
	h.stamp = cpu_to_be32(0xfedcba98);
	h.echo = cpu_to_be32(0x01020304);
	h.head[0] = 1;
	if (type == RMP_T_HELLO || type == RMP_T_WELCOME)
		pad = 1376;
	if (type == RMP_T_REQ || type == RMP_T_REP) {
		h.back = cpu_to_be16(3);
		h.msg_len = cpu_to_be32(1508);
		h.frag_no = cpu_to_be16(1);
		h.plen = cpu_to_be16(132);
	}
	if (type == RMP_T_ANNOUNCE)
		h.plen = cpu_to_be16(5);
	if (type == RMP_T_ACK) {
		h.flags = RMP_F_REPLY;
		h.msg_len = cpu_to_be32(RMP_MSG_MAX);
		h.head[4] = 0x5a;
		h.head[15] = 0x81;
	}
	len = frame_put(bytes, &h, type == RMP_T_ANNOUNCE ? (void *)"hosts" :
			(void *)zeros, pad);
}

static struct frame *put(void)
{
	now += 1000;
	return frame_add(bytes, len, now, 9);
}

/* The frame in @bytes, after its header was changed, has fault @why. */
static void bad(const char *why)
{
	struct rmp_info info;
	int err = rmp_decode(bytes, len, &info);

	if (!err != !why)
		fprintf(stderr, "the decoder says %d to %s\n", err,
			why ? why : "a good frame");
	assert(!err == !why);
	frame_seal(bytes);
	put()->bad = why;
}

static void bad_any(void)
{
	good(RMP_T_BYE);
	len = RMP_HDR_LEN - 1;
	bad("short");
	good(RMP_T_BYE);
	hdr()->version = 2;
	bad("version");
	good(RMP_T_BYE);
	hdr()->type = RMP_T_MAX + 1;
	bad("type");
	hdr()->type = 0;
	bad("type");
	good(RMP_T_BYE);
	hdr()->flags |= RMP_F_WANT_ACK;
	bad("flags");
	hdr()->flags = 0x80;
	bad("flags");
	good(RMP_T_BYE);
	hdr()->node = 0;
	bad("node");
	good(RMP_T_BYE);
	hdr()->inc = 0;
	bad("inc");
	good(RMP_T_BYE);
	hdr()->plen = cpu_to_be16(1);
	bad("length");
	len++;
	bad("payload");
	good(RMP_T_BYE);
	hdr()->hlen--;
	bad("hlen");
	good(RMP_T_RESET);
	hdr()->peer_inc = 0;
	bad("peer_inc");
}

static void bad_session(void)
{
	good(RMP_T_HELLO);
	hdr()->frag_size = cpu_to_be16(1377);
	bad("frag_size");
	good(RMP_T_HELLO);
	len--;
	bad("pad");
	good(RMP_T_HELLO);
	hdr()->msg = 0;
	bad("id");
	hdr()->msg = cpu_to_be64(1ULL << 63);
	bad("id");
	hdr()->msg = cpu_to_be64((1ULL << 63) - 1);
	bad(NULL);
	good(RMP_T_ANNOUNCE);
	hdr()->plen = cpu_to_be16(RMP_NAME_LEN + 1);
	len = RMP_HDR_LEN + RMP_NAME_LEN + 1;
	bad("name");
	good(RMP_T_ACK);
	hdr()->flags |= RMP_F_PENDING;
	bad("flags");
	good(RMP_T_ACK);
	hdr()->back = cpu_to_be16(RMP_WINDOW);
	bad("back");
	hdr()->back = cpu_to_be16(RMP_WINDOW - 1);
	bad(NULL);
	hdr()->flags = 0;
	hdr()->back = cpu_to_be16(RMP_WINDOW);
	bad(NULL);
}

/* With keys; the tags are none, but the dissector cannot tell. */
static void keyed(void)
{
	good(RMP_T_BYE);
	hdr()->flags = RMP_F_KEYED;
	hdr()->nonce = cpu_to_be64(0x1234000000000007ULL);
	bad(NULL);
	hdr()->flags |= RMP_F_SUM;
	bad("flags");
	hdr()->flags = 0;
	bad("nonce");
	good(RMP_T_HELLO);
	hdr()->flags = RMP_F_KEYED;
	bad("payload");
	hdr()->plen = cpu_to_be16(RMP_HS_LEN);
	memset(bytes + RMP_HDR_LEN, 0x3c, RMP_HS_LEN);
	bad(NULL);
	hdr()->flags = 0;
	bad("payload");
	good(RMP_T_REQ);
	hdr()->flags = RMP_F_KEYED;
	bad(NULL);
}

static void bad_fragment(void)
{
	good(RMP_T_REQ);
	hdr()->msg = cpu_to_be64(3);
	bad("back");
	good(RMP_T_REQ);
	hdr()->msg_len = cpu_to_be32(RMP_MSG_MAX + 1);
	bad("msg_len");
	good(RMP_T_REQ);
	hdr()->frag_no = cpu_to_be16(2);
	bad("frag_no");
	good(RMP_T_REQ);
	hdr()->plen = cpu_to_be16(131);
	bad("plen");
	good(RMP_T_REQ);
	len--;
	bad("length");
}

static void given_up(u8 type)
{
	good(type);
	hdr()->flags |= RMP_F_VOID;
	bad("msg_len");
	hdr()->msg_len = 0;
	hdr()->frag_no = 0;
	hdr()->plen = 0;
	len = RMP_HDR_LEN;
	bad(NULL);
}

static void bad_tags(void)
{
	good(RMP_T_REQ);
	bytes[RMP_HDR_LEN + 7] ^= 1;
	put();
	good(RMP_T_REQ);
	hdr()->flags &= ~RMP_F_SUM;	/* does not cover the payload then */
	frame_seal(bytes);
	bytes[RMP_HDR_LEN + 7] ^= 1;
	put();
	good(RMP_T_REQ);
	hdr()->tag[15] = 1;
	put();
}

/* What a later version may send: more header, then the payload, then padding. */
static void longer_header(void)
{
	u8 payload[132];
	u32 more = 24;

	good(RMP_T_REQ);
	memcpy(payload, bytes + RMP_HDR_LEN, sizeof(payload));
	memset(bytes + RMP_HDR_LEN, 0xee, more);
	memcpy(bytes + RMP_HDR_LEN + more, payload, sizeof(payload));
	hdr()->hlen += more / 8;
	len += more + 5;
	bad(NULL);
}

/* Every fragment of messages around each boundary of the layout. */
static void layouts(void)
{
	static const u16 sizes[] = { 1032, 1376, 2048, 4096, 8192 };
	static const u32 lens[] = { 0, 1, 4095, 4097, 9000, 16384 };
	static u8 data[8192];
	u16 no, plen;
	u32 i, k, off;

	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(lens); i++) {
		u16 size = sizes[i / ARRAY_SIZE(lens)];

		k = lens[i % ARRAY_SIZE(lens)];
		for (no = 0; no < rmp_frag_count(k, size); no++) {
			struct rmp_hdr h;

			good(RMP_T_REP);
			h = *hdr();
			plen = rmp_frag_range(k, size, no, &off);
			memset(data, (u8)(off / 8 + 1), sizeof(data));
			h.flags = 0;
			h.plen = cpu_to_be16(plen);
			h.msg_len = cpu_to_be32(k);
			h.frag_size = cpu_to_be16(size);
			h.frag_no = cpu_to_be16(no);
			h.port = cpu_to_be16(PORT_MEMORY + 1);
			len = frame_put(bytes, &h, data, 0);
			bad(NULL);
		}
	}
}

/* Return: whether @byte is another one now. */
static bool change(u8 *byte, u32 how)
{
	u8 was = *byte;
	const u8 other[CHANGES] = { 0, 0xff, was ^ 1, was + 1, was ^ 0x80 };

	*byte = other[how];
	return *byte != was;
}

/* Changes every byte of the header in turn; the decoder says what of it. */
static void blind(u8 type)
{
	u32 at, k;

	for (at = 0; at < RMP_HDR_LEN; at++) {
		for (k = 0; k < CHANGES; k++) {
			good(type);
			if (!change(&bytes[at], k))
				continue;
			if (at < offsetof(struct rmp_hdr, tag))
				frame_seal(bytes);
			put();
		}
	}
}

void faults(void)
{
	u8 type;

	bad_any();
	keyed();
	bad_session();
	given_up(RMP_T_REQ);
	given_up(RMP_T_REP);
	bad_fragment();
	bad_tags();
	longer_header();
	layouts();
	for (type = 1; type <= RMP_T_MAX; type++)
		blind(type);
}
