// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes RMAP's frame decoder: whatever it lets pass keeps the promises that
 * rmp_engine.h makes of a struct rmp_info.
 */
#include "engine/rmp_engine.h"
#include "input.h"

/* All fragments of a message lie one after the other and fill it. */
static void check_layout(u32 len, u16 frag_size)
{
	u16 no, n = rmp_frag_count(len, frag_size);
	u32 off, next = 0;

	must(n >= 1 && n <= RMP_FRAGS_MAX);
	for (no = 0; no < n; no++) {
		u16 bytes = rmp_frag_range(len, frag_size, no, &off);

		must(off == next && bytes <= frag_size);
		must(bytes || !len);
		must(bytes == frag_size || no == n - 1);
		next = off + bytes;
	}
	must(next == len);
}

static void check_info(const struct rmp_info *info, size_t size)
{
	u32 off;

	must(info->type && info->type <= RMP_T_MAX);
	must(!(info->flags & ~RMP_F_KNOWN));
	must(info->hlen >= RMP_HDR_LEN && info->hlen + info->plen <= size);
	must(info->node && info->inc);
	switch (info->type) {
	case RMP_T_REQ:
	case RMP_T_REP:
		must(info->msg_len <= RMP_MSG_MAX);
		must(info->frag_no < rmp_frag_count(info->msg_len, info->frag_size));
		must(info->plen == rmp_frag_range(info->msg_len, info->frag_size,
						  info->frag_no, &off));
		check_layout(info->msg_len, info->frag_size);
		fallthrough;
	case RMP_T_ACK:
	case RMP_T_HELLO:
	case RMP_T_WELCOME:
		must(info->msg && !(info->msg >> 63));
		must(rmp_frag_valid(info->frag_size));
		break;
	case RMP_T_ANNOUNCE:
		must(info->plen <= RMP_NAME_LEN);
		break;
	default:
		must(!info->plen);
	}
	if (info->type == RMP_T_REQ)
		must(info->back < info->msg && info->back < RMP_WINDOW);
}

/* Sets right what ends most runs before they get anywhere. */
static void mend(struct rmp_hdr *hdr)
{
	static const u16 sizes[] = { 1032, 1376, 2048, 4096, 8192, 61440 };
	u16 frag_size = sizes[hdr->tag[0] % ARRAY_SIZE(sizes)];
	u32 len = be32_to_cpu(hdr->msg_len) % (RMP_MSG_MAX + 1), off;
	u16 no = be16_to_cpu(hdr->frag_no) % rmp_frag_count(len, frag_size);

	hdr->version = RMP_VERSION;
	hdr->type = 1 + hdr->type % RMP_T_MAX;
	hdr->flags &= RMP_F_KNOWN;
	hdr->hlen = RMP_HDR_LEN / 8;
	if (hdr->tag[1] & 1)
		return;
	hdr->msg_len = cpu_to_be32(len);
	hdr->frag_size = cpu_to_be16(frag_size);
	hdr->frag_no = cpu_to_be16(no);
	hdr->plen = cpu_to_be16(rmp_frag_range(len, frag_size, no, &off));
	hdr->msg &= cpu_to_be64(~0ULL >> 1);
	hdr->back = cpu_to_be16(be16_to_cpu(hdr->back) % RMP_WINDOW);
}

/* The same twice: as it is, and mended. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmp_info info;
	struct rmp_hdr hdr;

	if (!rmp_decode(data, size, &info))
		check_info(&info, size);
	if (size < RMP_HDR_LEN)
		return 0;
	memcpy(&hdr, data, sizeof(hdr));
	mend(&hdr);
	/* Any length will do, since the payload is never looked at. */
	size += hdr.tag[2] * 256;
	if (!rmp_decode(&hdr, size, &info))
		check_info(&info, size);
	return 0;
}
