// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the memory protocol's decoders: whatever passes them is within the
 * limits that its users rely on, and turns into the same bytes again.
 */
#include "engine/mx_wire.h"
#include "input.h"

enum { HEAD = 32, NODE = sizeof(struct mx_wire_node) };

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
	switch (ask.op) {
	case MX_OP_WRITE:
		must(ask.npages &&
		     len == mx_payload_len(ask.npages, ask.flags & MX_F_SEALED));
		break;
	case MX_OP_OPEN:
		must(ask.page && len && len <= MX_NAME_MAX &&
		     ask.page >> ask.arg <= MX_CHUNKS_MAX);
		break;
	case MX_OP_SETGEN:
		must(ask.gen && len >= NODE && len <= MX_COPIES_MAX * NODE);
		break;
	case MX_OP_ROSTER:
		must(len <= MX_PAGE_SIZE);
		break;
	default:
		must(!len);
	}
	if (ask.op == MX_OP_DISCARD)
		must(ask.arg && ask.page + ask.arg <= end);
	if (ask.op == MX_OP_LIST)
		must(ask.page < MX_CHUNKS_MAX && ask.npages);
}

static void try_answer(const u8 *head, u32 len, const struct mx_ask *ask)
{
	struct mx_answer ans;
	u8 again[HEAD];

	if (mx_answer_decode(head, len, ask, &ans))
		return;
	mx_answer_encode(&ans, again);
	must(!memcmp(head, again, HEAD));
	must(ans.status <= MX_ST_MAX && ans.op == ask->op);
	must(!((u64)ans.mask >> ask->npages));
	must(len <= mx_payload_len(MX_OP_PAGES, true));
	if (ask->op == MX_OP_READ)
		must(len == mx_payload_len(hweight32(ans.mask),
					   ask->flags & MX_F_SEALED));
	if (ask->op == MX_OP_LOOK && ans.status == MX_ST_OK)
		must(len >= MX_PAGE_SIZE);
	if (ask->op == MX_OP_LIST && ans.status == MX_ST_OK)
		must(ans.arg > ask->page && !(len % sizeof(struct mx_wire_chunk)));
	if (ans.status != MX_ST_OK)
		must(!len);
}

static void try_members(const u8 *data, u32 len)
{
	struct mx_life member[MX_COPIES_MAX];
	u8 again[MX_COPIES_MAX * NODE];
	int n = mx_members_decode(data, len, member);

	if (n < 0)
		return;
	must(n > 0 && n <= MX_COPIES_MAX);
	must(mx_members_encode(member, n, again) == len);
	must(!memcmp(data, again, len));
}

static void try_listed(const u8 *data)
{
	u8 again[sizeof(struct mx_wire_chunk)];
	struct mx_listed l;

	if (mx_listed_decode(data, &l))
		return;
	mx_listed_encode(&l, again);
	must(!memcmp(data, again, sizeof(again)));
	must(l.nmembers && l.nmembers <= MX_COPIES_MAX && l.gen);
}

static void try_roster(const u8 *data, u32 len)
{
	static u8 again[MX_PAGE_SIZE];
	struct mx_roster r;

	if (mx_roster_decode(data, len, &r))
		return;
	must(mx_roster_encode(&r, again) == len);
	must(!memcmp(data, again, len));
}

static void try_look(const u8 *data, size_t size)
{
	static u8 page[MX_PAGE_SIZE], again[MX_PAGE_SIZE];
	struct mx_roster r;
	struct mx_look look;

	memset(page, 0, sizeof(page));
	memset(again, 0, sizeof(again));
	memcpy(page, data, size < sizeof(page) ? size : sizeof(page));
	if (mx_look_decode(page, &look, &r))
		return;
	must(r.n <= MX_ROSTER_MAX && strlen(look.name) <= MX_NAME_MAX);
	mx_look_encode(&look, &r, again);
	must(!memcmp(page, again, sizeof(page)));
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

/* Input: a head, three bytes of length, one of operation, one of pages, one of
 * flags, one of generation; what follows is a name or a payload.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const u8 *rest = data + HEAD + 7;
	struct mx_ask ask = {};
	u32 len;

	if (size < HEAD + 7)
		return 0;
	size -= HEAD + 7;
	len = data[HEAD] << 16 | data[HEAD + 1] << 8 | data[HEAD + 2];
	ask.op = data[HEAD + 3];
	ask.npages = data[HEAD + 4] % (MX_OP_PAGES + 1);
	ask.flags = data[HEAD + 5];
	ask.gen = data[HEAD + 6];
	try_ask(data, len);
	try_answer(data, len, &ask);
	try_ad(data);
	try_members(rest, size);
	try_roster(rest, size);
	try_look(rest, size);
	if (size >= sizeof(struct mx_wire_chunk))
		try_listed(rest);
	if (mx_name_valid((const char *)rest, size))
		must(size <= MX_NAME_MAX);
	must(mx_chunk_shift((u64)len << 12) <= MX_CHUNK_SHIFT_MAX);
	return 0;
}
