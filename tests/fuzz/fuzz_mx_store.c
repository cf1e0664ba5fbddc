// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes a memory server's decisions: whatever some nodes ask, promises and
 * pages add up, claims stay in order, and each answer is one that its client's
 * decoder takes.
 */
#include "mx_store_rig.h"
#include "input.h"

enum { REQUESTS = 200 };

static struct mx_life draw_life(u8 seed)
{
	static const struct mx_life lives[] = {
		{ 0x50, 0x51 }, { 0x50, 0x52 }, { 0x60, 0x61 }, { 0x70, 0x71 },
	};

	return lives[seed % ARRAY_SIZE(lives)];
}

static struct mx_store_who draw_who(struct input *in)
{
	u8 seed = byte(in);

	/* Mostly one of the claims that there are. */
	if (here && seed & 0x80)
		return WHO(vol.claim.node, vol.claim.inc, vol.claim.epoch);
	if (here && seed & 0x40)
		return WHO(vol.tentative.node, vol.tentative.inc,
			   vol.tentative.epoch);
	return WHO(1 + seed % 3, 1 + seed / 4 % 2, seed / 8 % 8);
}

static struct mx_ask draw_ask(struct input *in)
{
	struct mx_ask ask = { .op = byte(in) % (MX_OP_MAX + 2) };
	u8 shape = byte(in);

	ask.flags = byte(in);
	if (ask.op == MX_OP_OPEN) {
		ask.page = PAGES;
		ask.arg = SHIFT;
		ask.arg2 = shape & 3;
		return ask;
	}
	if (ask.op == MX_OP_RESERVE) {
		ask.arg = shape % (CHUNKS + 2);
		ask.arg2 = shape / 16 % (CHUNKS + 2);
		return ask;
	}
	ask.npages = shape & 0x80 ? 0 : shape % 34;
	ask.gen = byte(in) % 8;
	ask.page = byte(in) << 8;
	if (shape & 0x40)
		ask.page += byte(in);
	if (shape & 0x80)
		ask.arg = byte(in) + (shape & 1);
	return ask;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u32 i;

	start();
	for (i = 0; i < REQUESTS && in.left; i++) {
		struct mx_store_who who = draw_who(&in);
		struct mx_ask ask = draw_ask(&in);
		u8 seed = byte(&in);

		nmembers = 1 + seed % MX_COPIES_MAX;
		members[0] = draw_life(seed >> 2);
		members[1] = peer_b;
		members[2] = peer_c;
		st.state = seed >> 6 == 3 ? MX_STORE_CLOSING :
			   seed >> 6 == 2 ? MX_STORE_DRAINING : MX_STORE_RUNNING;
		if (ask.op == MX_OP_OPEN)
			serve(who, ask, "one", 3);
		else
			serve(who, ask, NULL, seed & 0x20 ? seed : len_of(&ask));
		check_sums();
		must(arg < 2 * MX_OPENED_EXPIRED);
	}
	return 0;
}
