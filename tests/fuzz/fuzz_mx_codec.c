// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the memory protocol's decoders: whatever passes them is within the
 * limits that its users rely on, and turns into the same bytes again.
 */
#include "engine/mx_wire.h"
#include "input.h"

enum { HEAD = 32 };

static void try_ask(const u8 *head, u32 len)
{
	const u64 end = (u64)MX_CHUNKS_MAX << MX_CHUNK_SHIFT_MAX;
	u8 again[HEAD];
	struct mx_ask ask;

	if (mx_ask_decode(head, len, &ask))
		return;
	mx_ask_encode(&ask, again);
	must(!memcmp(head, again, HEAD));
	must(ask.npages <= MX_OP_PAGES);
	must(ask.page <= end && ask.page + ask.npages <= end);
	if (ask.op == MX_OP_WRITE)
		must(ask.npages &&
		     len == mx_payload_len(ask.npages, ask.flags & MX_F_SEALED));
	else if (ask.op == MX_OP_OPEN)
		must(ask.page && len && len <= MX_NAME_MAX &&
		     ask.page >> ask.arg <= MX_CHUNKS_MAX);
	else
		must(!len);
	if (ask.op == MX_OP_DISCARD)
		must(ask.arg && ask.page + ask.arg <= end);
}

static void try_answer(const u8 *head, u32 len, u8 op, u16 npages)
{
	bool sealed = npages & 0x8000;
	struct mx_ask ask = {
		.op = op,
		.flags = sealed ? MX_F_SEALED : 0,
		.npages = npages % (MX_OP_PAGES + 1),
	};
	struct mx_answer ans;
	u8 again[HEAD];

	if (mx_answer_decode(head, len, &ask, &ans))
		return;
	mx_answer_encode(&ans, again);
	must(!memcmp(head, again, HEAD));
	must(ans.status <= MX_ST_MAX && ans.op == op);
	must(!((u64)ans.mask >> ask.npages));
	must(len <= mx_payload_len(ask.npages, sealed));
	must(len == mx_payload_len(hweight32(ans.mask), sealed));
}

static void try_ad(const u8 *head)
{
	u8 again[HEAD];
	struct mx_ad ad;

	if (mx_ad_decode(head, &ad))
		return;
	mx_ad_encode(&ad, again);
	must(!memcmp(head, again, HEAD));
	must(ad.used + ad.free <= ad.capacity);
}

/* Input: a head, three bytes of length, one of operation, one of pages; what
 * follows is a name.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 len;

	if (size < HEAD + 5)
		return 0;
	len = data[HEAD] << 16 | data[HEAD + 1] << 8 | data[HEAD + 2];
	try_ask(data, len);
	try_answer(data, len, data[HEAD + 3], data[HEAD + 4]);
	try_ad(data);
	if (mx_name_valid((const char *)data + HEAD + 5, size - HEAD - 5))
		must(size - HEAD - 5 <= MX_NAME_MAX);
	must(mx_chunk_shift((u64)len << 12) <= MX_CHUNK_SHIFT_MAX);
	return 0;
}
