// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the check of ring requests: whatever a frontend writes, a request that
 * passes stays within the disk, within its frames and within 32 segments.
 *
 * Input: one byte of choices, a slot, then the segments of an indirect request.
 */
#include <stdlib.h>
#include "mxbk_req.h"
#include "input.h"

static void check_segs(const struct mxbk_req *req)
{
	struct mxbk_cut cut;
	u32 pos = 0;
	u16 i;

	for (i = 0; i < req->nsegs; i++) {
		must(req->seg[i].pos == pos);
		must(req->seg[i].len && !(req->seg[i].len & 511));
		must(req->seg[i].off + req->seg[i].len <= MXBK_FRAME_SIZE);
		pos += req->seg[i].len;
	}
	must(pos == req->len);
	for (pos = 0; mxbk_req_cut(req, pos, 1368, &cut); pos += cut.len)
		must(cut.len && cut.off + cut.len <= MXBK_FRAME_SIZE);
	must(pos == req->len);
}

static void check(const struct mxbk_req *req, const struct mxbk_limits *lim)
{
	must(req->op <= MXBK_DISCARD);
	must(req->nsegs <= MXBK_SEGS_MAX);
	must(!req->len || req->pos + req->len <= lim->sectors * 512);
	must(req->pos + req->len >= req->pos);
	if (lim->readonly)
		must(req->op == MXBK_READ || !req->len);
	if (req->op != MXBK_DISCARD)
		check_segs(req);
	else
		must(lim->discard && !req->nsegs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mxbk_limits lim = { .sectors = 1 << 21, .discard = true };
	u8 raw[MXBK_SEGS_MAX * MXBK_SEG_BYTES] = { 0 };
	const struct mxbk_abi *abi;
	struct mxbk_req *req;
	u8 *slot;

	if (!size)
		return 0;
	abi = data[0] & 1 ? &mxbk_abi_64 : &mxbk_abi_32;
	lim.readonly = data[0] & 2;
	lim.discard = !(data[0] & 4);
	if (data[0] & 8)
		lim.sectors = ~0ULL >> 9;
	data++;
	size--;

	/* Of the exact size: a read past the slot is an error. */
	slot = calloc(1, abi->slot);
	req = malloc(sizeof(*req));
	if (!slot || !req)
		abort();
	memset(req, 0xa5, sizeof(*req));
	memcpy(slot, data, size < abi->slot ? size : abi->slot);
	if (size > abi->slot)
		memcpy(raw, data + abi->slot, min_t(size_t, sizeof(raw),
						    size - abi->slot));

	if (!mxbk_req_decode(slot, abi, &lim, req) &&
	    (!req->indirect || !mxbk_req_segs(raw, &lim, req)))
		check(req, &lim);
	free(req);
	free(slot);
	return 0;
}
