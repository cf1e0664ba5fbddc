// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest has asked and the backend has not answered, read independently of
 * the backend's decoder from the bytes that it was given: by the published layouts.
 * Here is what must be true of each copy and of each answer.
 */
#include "model.h"

/* Where the fields of a slot are: bytes, by layout (64-bit, 32-bit). */
static const u8 at_sector[2] = { 16, 12 };
static const u8 at_segs[2] = { 24, 20 };
static const u8 at_count[2] = { 24, 20 };
static const u8 at_gref[2] = { 28, 24 };

static struct hold holds[HOLDS];
static struct hold *live[HOLDS];	/* those that are there */
static u32 nlive;
/* When the first and the last byte of each sector of a frame were copied to the
 * guest.
 */
static u32 stamp[FRAMES][8][2];

/**
 * struct seg - a segment as the guest gave it
 * @ref:   grant
 * @first: byte within the frame
 * @len:   bytes
 * @pos:   byte of the request's data
 */
struct seg {
	u32 ref;
	u32 first;
	u32 len;
	u32 pos;
};

static u64 get(const u8 *at, u32 bytes)
{
	u64 v = 0;

	memcpy(&v, at, bytes);
	return v;
}

static bool abi32(const struct hold *h)
{
	return model.ring[h->ring].abi32;
}

static bool indirect(const struct hold *h)
{
	return h->raw[0] == 6;
}

static u8 op_of(const struct hold *h)
{
	return indirect(h) ? h->raw[1] : h->raw[0];
}

static u32 nsegs(const struct hold *h)
{
	if (indirect(h))
		return get(h->raw + 2, 2);
	return op_of(h) == 0 || op_of(h) == 1 || op_of(h) == 3 ? h->raw[1] : 0;
}

static u64 sector(const struct hold *h)
{
	return get(h->raw + at_sector[abi32(h)], 8);
}

/* Return: false when there is no such segment, or none that makes sense. */
static bool seg_at(const struct hold *h, u32 i, struct seg *s)
{
	const u8 *raw = indirect(h) ? h->segs : h->raw + at_segs[abi32(h)];
	u32 k;

	if (i >= nsegs(h) || i >= (indirect(h) ? 32 : 11) ||
	    (indirect(h) && !h->copied))
		return false;
	for (s->pos = 0, s->len = 0, k = 0; k <= i; k++) {
		s->pos += s->len;
		if (raw[k * 8 + 4] > raw[k * 8 + 5] || raw[k * 8 + 5] > 7)
			return false;
		s->ref = get(raw + k * 8, 4);
		s->first = raw[k * 8 + 4] * 512;
		s->len = (raw[k * 8 + 5] + 1) * 512 - s->first;
	}
	return true;
}

/* Whether the disk allows what the slot says. */
static bool allowed(const struct hold *h)
{
	u32 n = nsegs(h), i;
	u64 count = 0;
	struct seg s;

	switch (op_of(h)) {
	case 5:
		if (indirect(h) || h->raw[1] & 1)
			return false;
		count = get(h->raw + at_count[abi32(h)], 8);
		break;
	case 3:
		if (indirect(h))
			return false;
		if (!n)
			return true;
		fallthrough;
	case 0:
	case 1:
		if (!n || n > (indirect(h) ? 32 : 11))
			return false;
		for (i = 0; i < n; i++) {
			if (!seg_at(h, i, &s))
				return false;
			count += s.len / 512;
		}
		break;
	default:
		return false;
	}
	if (model.readonly && op_of(h) != 0)
		return false;
	return sector(h) <= DISK_SECTORS && count <= DISK_SECTORS - sector(h);
}

void hold_reset(void)
{
	while (nlive)
		live[--nlive]->live = false;
	memset(stamp, 0, sizeof(stamp));
}

struct hold *hold_find(u64 id)
{
	struct hold *h = &holds[id % HOLDS];

	return h->live && h->id == id ? h : NULL;
}

struct hold *hold_take(u32 ring, bool abi32, const u8 *raw, u64 id)
{
	struct hold *h = &holds[id % HOLDS];

	must(!h->live);
	must(hold_count(ring) < model.ring[ring].slots);
	*h = (struct hold) {
		.live = true, .ring = ring, .id = id, .seq = model.now,
	};
	memcpy(h->raw, raw, abi32 ? 108 : 112);
	live[nlive++] = h;
	return h;
}

u32 hold_count(u32 ring)
{
	u32 i, n = 0;

	for (i = 0; i < nlive; i++)
		n += live[i]->ring == ring;
	return n;
}

static void check_read(const struct hold *h)
{
	struct seg s;
	u32 i, k;

	for (i = 0; seg_at(h, i, &s); i++)
		for (k = s.first / 512; k < (s.first + s.len) / 512; k++)
			must(stamp[s.ref - FRAME_REF][k][0] > h->seq &&
			     stamp[s.ref - FRAME_REF][k][1] > h->seq);
}

/* Nothing that changes the disk and was asked before is left. */
static void check_flush(const struct hold *h)
{
	u32 i;

	for (i = 0; i < nlive; i++) {
		const struct hold *other = live[i];

		if (other->ring == h->ring && other->seq < h->seq)
			must(op_of(other) != 1 && op_of(other) != 5);
	}
}

static void drop(struct hold *h)
{
	u32 i;

	for (i = 0; live[i] != h; i++)
		must(i < nlive);
	live[i] = live[--nlive];
	h->live = false;
}

void hold_answer(struct hold *h, u8 op, s16 status)
{
	must(h->live && op == op_of(h));
	must(status == 0 || status == -1 || status == -2);
	drop(h);
	if (status)
		return;
	must(allowed(h));
	if (op == 3)
		check_flush(h);
	if (op == 0)
		check_read(h);
	/* What needs the volume has been there and back. */
	if (op == 0 || op == 1 || (op == 3 && nsegs(h)))
		must(h->done);
}

/* Whether a request in hand has a segment with these bytes; @op: 0 or 1; @at: the
 * byte of the disk that they are, or -1 if any will do.
 */
static bool asked(u8 op, u32 ref, u32 off, u32 len, s64 at)
{
	struct seg s;
	u32 i, k;

	for (i = 0; i < nlive; i++) {
		const struct hold *h = live[i];

		if (!op_of(h) != !op || !allowed(h))
			continue;
		for (k = 0; seg_at(h, k, &s); k++)
			if (s.ref == ref && off >= s.first &&
			    off + len <= s.first + s.len &&
			    (at < 0 || at == (s64)(sector(h) * 512 + s.pos + off - s.first)))
				return true;
	}
	return false;
}

static bool is_zeros(const u8 *local)
{
	const u8 *zeros = (const u8 *)mxbk_zeros;

	return local >= zeros && local < zeros + 4096;
}

static bool is_disk(const u8 *local)
{
	return local >= ((u8 *)volume_disk) && local < volume_disk[DISK_PAGES];
}

void hold_copied_out(u32 ref, u32 off, u32 len, const u8 *local)
{
	s64 at = is_disk(local) ? local - ((u8 *)volume_disk) : -1;
	u32 i;

	must(at >= 0 || is_zeros(local));
	must(asked(0, ref, off, len, at));
	for (i = off / 512; i * 512 < off + len; i++) {
		if (off <= i * 512)
			stamp[ref - FRAME_REF][i][0] = model.now;
		if (off + len >= (i + 1) * 512)
			stamp[ref - FRAME_REF][i][1] = model.now;
	}
}

/* The request that the segments copied to @local are of, by the backend's account. */
static struct hold *owner_of(const u8 *local)
{
	struct mxbk_dev *dev = dev_get_drvdata(&model.xdev.dev);
	u32 i, k;

	for (i = 0; i < RINGS; i++) {
		struct mxbk_ring *ring = model.ring[i].ring;

		if (!model.ring[i].mapped || !dev->rings)
			continue;
		for (k = 0; k < ring->hand; k++)
			if (ring->pend[k].segs == local)
				return hold_find(ring->pend[k].req.id);
	}
	return NULL;
}

void hold_copied_in(u32 ref, u32 off, u32 len, u8 *local)
{
	s64 at = volume_place(local);
	struct hold *h;

	if (at >= 0) {
		must(asked(1, ref, off, len, at));
		return;
	}
	h = owner_of(local);
	must(h && h->live && indirect(h) && nsegs(h) <= 32);
	must(ref == get(h->raw + at_gref[abi32(h)], 4));
	must(off == 0 && len == nsegs(h) * 8);
	memcpy(h->segs, local, len);
	h->copied = true;
}
