// SPDX-License-Identifier: GPL-2.0
/*
 * RMAP headers: decoding with every check that needs no state, the layout of
 * fragments, headers for frames outside of sessions, bitmaps.
 */
#include "rmp_codec.h"

/* What the fields of a frame must satisfy, by type. */
enum rmp_need {
	RMP_N_PEER = 0x01,	/* names the receiver's incarnation */
	RMP_N_MSG  = 0x02,	/* has a message id */
	RMP_N_FRAG = 0x04,	/* payload is a fragment laid out by the rule */
	RMP_N_SIZE = 0x08,	/* frag_size is a fragment size */
	RMP_N_PAD  = 0x10,	/* is padded to frag_size */
	RMP_N_NAME = 0x20,	/* payload is a name */
};

/**
 * struct rmp_rule - what a frame type may look like
 * @need:  enum rmp_need
 * @flags: flags allowed
 */
struct rmp_rule {
	u8 need;
	u8 flags;
};

#define RMP_TAGGED (RMP_F_SUM | RMP_F_KEYED)

static const struct rmp_rule rmp_rules[RMP_T_MAX + 1] = {
	[RMP_T_SOLICIT]  = { 0, RMP_TAGGED },
	[RMP_T_ANNOUNCE] = { RMP_N_NAME, RMP_TAGGED },
	[RMP_T_HELLO]    = { RMP_N_MSG | RMP_N_SIZE | RMP_N_PAD, RMP_TAGGED },
	[RMP_T_WELCOME]  = { RMP_N_PEER | RMP_N_MSG | RMP_N_SIZE | RMP_N_PAD,
			     RMP_TAGGED },
	[RMP_T_REQ]      = { RMP_N_PEER | RMP_N_MSG | RMP_N_SIZE | RMP_N_FRAG,
			     RMP_TAGGED | RMP_F_WANT_ACK | RMP_F_VOID },
	[RMP_T_REP]      = { RMP_N_PEER | RMP_N_MSG | RMP_N_SIZE | RMP_N_FRAG,
			     RMP_TAGGED | RMP_F_WANT_ACK | RMP_F_VOID },
	[RMP_T_ACK]      = { RMP_N_PEER | RMP_N_MSG | RMP_N_SIZE,
			     RMP_TAGGED | RMP_F_WANT_ACK | RMP_F_REPLY |
			     RMP_F_PENDING },
	[RMP_T_RESET]    = { RMP_N_PEER, RMP_TAGGED },
	[RMP_T_BYE]      = { 0, RMP_TAGGED },
};

u16 rmp_frag_unit(u32 mtu)
{
	if (mtu < RMP_MTU_MIN)
		return 0;
	return (u16)round_down(min_t(u32, mtu - RMP_HDR_LEN, RMP_FRAG_MAX), 8);
}

bool rmp_frag_valid(u16 frag_size)
{
	return frag_size >= RMP_FRAG_MIN && frag_size <= RMP_FRAG_MAX &&
	       frag_size % 8 == 0;
}

u16 rmp_frag_count(u32 len, u16 frag_size)
{
	MX_ASSERT(rmp_frag_valid(frag_size));
	MX_ASSERT(len <= RMP_MSG_MAX);

	return len ? (u16)DIV_ROUND_UP(len, frag_size) : 1;
}

u16 rmp_frag_range(u32 len, u16 frag_size, u16 no, u32 *off)
{
	MX_ASSERT(no < rmp_frag_count(len, frag_size));

	*off = (u32)no * frag_size;
	return (u16)min_t(u32, frag_size, len - *off);
}

void rmp_bitmap_put(u8 *head, const u64 *map)
{
	__be64 raw[RMP_FRAGS_MAX / 64];
	u16 i;

	for (i = 0; i < ARRAY_SIZE(raw); i++)
		raw[i] = cpu_to_be64(map[i]);
	memcpy(head, raw, sizeof(raw));
}

void rmp_bitmap_get(const u8 *head, u64 *map)
{
	__be64 raw[RMP_FRAGS_MAX / 64];
	u16 i;

	memcpy(raw, head, sizeof(raw));
	for (i = 0; i < ARRAY_SIZE(raw); i++)
		map[i] = be64_to_cpu(raw[i]);
}

/* Bits set among the first @nfrags: a peer may set any others it likes. */
u16 rmp_bitmap_count(const u64 *map, u16 nfrags)
{
	u16 i, n = 0;

	for (i = 0; i < RMP_FRAGS_MAX / 64 && nfrags; i++) {
		u16 here = min_t(u16, nfrags, 64);
		u64 mask = here == 64 ? ~0ULL : (1ULL << here) - 1;

		n += (u16)hweight64(map[i] & mask);
		nfrags -= here;
	}
	return n;
}

static void rmp_info_load(struct rmp_info *info, const struct rmp_hdr *hdr)
{
	info->type = hdr->type;
	info->flags = hdr->flags;
	info->hlen = (u16)(hdr->hlen * 8);
	info->plen = be16_to_cpu(hdr->plen);
	info->back = be16_to_cpu(hdr->back);
	info->node = be64_to_cpu(hdr->node);
	info->inc = be32_to_cpu(hdr->inc);
	info->peer_inc = be32_to_cpu(hdr->peer_inc);
	info->msg = be64_to_cpu(hdr->msg);
	info->volume = be64_to_cpu(hdr->volume);
	info->epoch = be32_to_cpu(hdr->epoch);
	info->credit = be16_to_cpu(hdr->credit);
	info->port = be16_to_cpu(hdr->port);
	info->msg_len = be32_to_cpu(hdr->msg_len);
	info->frag_size = be16_to_cpu(hdr->frag_size);
	info->frag_no = be16_to_cpu(hdr->frag_no);
	info->stamp = be32_to_cpu(hdr->stamp);
	info->echo = be32_to_cpu(hdr->echo);
	memcpy(info->head, hdr->head, RMP_HEAD_LEN);
	info->nonce = be64_to_cpu(hdr->nonce);
}

static bool rmp_fragment_ok(const struct rmp_info *info)
{
	u32 off;

	if (info->flags & RMP_F_VOID && info->msg_len)
		return false;
	return info->msg_len <= RMP_MSG_MAX &&
	       info->frag_no < rmp_frag_count(info->msg_len, info->frag_size) &&
	       info->plen == rmp_frag_range(info->msg_len, info->frag_size,
					    info->frag_no, &off);
}

/* The id, and how far back the requester's oldest open one is. */
static bool rmp_msg_ok(const struct rmp_info *info)
{
	if (!info->msg || info->msg >> 63)
		return false;
	if (info->type == RMP_T_REQ ||
	    (info->type == RMP_T_ACK && info->flags & RMP_F_REPLY))
		return info->back < RMP_WINDOW && info->back < info->msg;
	return true;
}

/* A tag is either a sum or made with a key, which the nonce names. */
static bool rmp_tag_ok(const struct rmp_info *info)
{
	if (info->flags & RMP_F_KEYED)
		return !(info->flags & RMP_F_SUM);
	return !info->nonce;
}

static bool rmp_payload_ok(const struct rmp_info *info, u8 need, u32 len)
{
	if (info->hlen < RMP_HDR_LEN || (u32)info->hlen + info->plen > len)
		return false;
	if (need & RMP_N_FRAG)
		return rmp_fragment_ok(info);
	if (need & RMP_N_NAME)
		return info->plen <= RMP_NAME_LEN;
	if (need & RMP_N_PAD) {
		/* The handshake takes the place of as much padding. */
		if ((u32)info->hlen + info->frag_size > len)
			return false;
		return info->plen == (info->flags & RMP_F_KEYED ? RMP_HS_LEN : 0);
	}
	return !info->plen;
}

int rmp_decode(const void *raw, u32 len, struct rmp_info *info)
{
	const struct rmp_rule *rule;
	struct rmp_hdr hdr mx_noinit;

	if (len < RMP_HDR_LEN)
		return -EBADMSG;
	memcpy(&hdr, raw, sizeof(hdr));
	if (hdr.version != RMP_VERSION)
		return -EPROTONOSUPPORT;
	if (!hdr.type || hdr.type > RMP_T_MAX)
		return -EBADMSG;
	rule = &rmp_rules[hdr.type];
	rmp_info_load(info, &hdr);
	if (info->flags & ~rule->flags ||
	    (info->flags & RMP_F_PENDING && info->flags & RMP_F_REPLY) ||
	    !rmp_tag_ok(info))
		return -EBADMSG;
	if (!info->node || !info->inc ||
	    (rule->need & RMP_N_PEER && !info->peer_inc))
		return -EBADMSG;
	if (rule->need & RMP_N_SIZE && !rmp_frag_valid(info->frag_size))
		return -EBADMSG;
	if (rule->need & RMP_N_MSG && !rmp_msg_ok(info))
		return -EBADMSG;
	return rmp_payload_ok(info, rule->need, len) ? 0 : -EBADMSG;
}

void rmp_make_hdr(struct rmp_hdr *hdr, u8 type, u64 node, u32 inc, u32 peer_inc,
		  const u8 *head, u16 plen)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->version = RMP_VERSION;
	hdr->type = type;
	hdr->hlen = RMP_HDR_LEN / 8;
	hdr->plen = cpu_to_be16(plen);
	hdr->node = cpu_to_be64(node);
	hdr->inc = cpu_to_be32(inc);
	hdr->peer_inc = cpu_to_be32(peer_inc);
	if (head)
		memcpy(hdr->head, head, RMP_HEAD_LEN);
}

void rmp_make_reset(struct rmp_hdr *hdr, u64 node, u32 inc,
		    const struct rmp_info *info, u64 now_ns)
{
	rmp_make_hdr(hdr, RMP_T_RESET, node, inc, info->inc, NULL, 0);
	hdr->stamp = cpu_to_be32(rmp_stamp(now_ns));
	hdr->echo = cpu_to_be32(info->stamp);
}
