// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a capture of RMAP frames of every type, good and malformed, made by
 * the engine, and a table of what the dissector is to say of each.
 *
 * usage: frames CAPTURE TABLE
 */
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "frames.h"

struct frame frames[FRAMES_MAX];
u32 nframes;

struct frame *frame_add(const void *bytes, u32 len, u64 now, u8 from)
{
	struct frame *f = &frames[++nframes];

	assert(nframes < FRAMES_MAX && len <= FRAME_MAX);
	f->bytes = malloc(len);
	memcpy(f->bytes, bytes, len);
	f->len = len;
	f->now = now;
	f->from = from;
	return f;
}

/* Puts the tag in, which covers the payload if the flag says so. */
void frame_seal(u8 *bytes)
{
	struct rmp_hdr *hdr = (struct rmp_hdr *)bytes;
	u32 len = hdr->hlen * 8;
	__be64 tag;

	memset(hdr->tag, 0, sizeof(hdr->tag));
	if (hdr->flags & RMP_F_SUM)
		len += be16_to_cpu(hdr->plen);
	if (len > FRAME_MAX)
		return;
	tag = cpu_to_be64(XXH64(bytes, len, 0));
	memcpy(hdr->tag, &tag, sizeof(tag));
}

/* Header, hdr->plen bytes of @data and zeros. Return: length of the frame. */
u32 frame_put(u8 *bytes, struct rmp_hdr *hdr, const void *data, u32 pad)
{
	u32 plen = be16_to_cpu(hdr->plen);

	if (plen)
		hdr->flags |= RMP_F_SUM;
	memset(bytes, 0, FRAME_MAX);
	memcpy(bytes, hdr, sizeof(*hdr));
	if (plen)
		memcpy(bytes + hdr->hlen * 8, data, plen);
	frame_seal(bytes);
	return hdr->hlen * 8 + plen + pad;
}

static void put32(FILE *out, u32 v)
{
	fwrite(&v, sizeof(v), 1, out);
}

/* The format of captures with nanoseconds, in this machine's byte order. */
static void capture_write(FILE *out)
{
	static const u8 broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	u8 from[6] = { 2, 0, 0, 0, 0, 0 };
	__be16 proto = cpu_to_be16(RMP_ETHERTYPE);
	u32 i;

	put32(out, 0xa1b23c4d);
	put32(out, 2 | 4 << 16);	/* version 2.4 */
	put32(out, 0);
	put32(out, 0);
	put32(out, 65535);
	put32(out, 1);			/* Ethernet */
	for (i = 1; i <= nframes; i++) {
		struct frame *f = &frames[i];

		put32(out, (u32)(f->now / 1000000000));
		put32(out, (u32)(f->now % 1000000000));
		put32(out, f->len + 14);
		put32(out, f->len + 14);
		from[5] = f->from;
		fwrite(broadcast, 6, 1, out);
		fwrite(from, 6, 1, out);
		fwrite(&proto, 2, 1, out);
		fwrite(f->bytes, f->len, 1, out);
	}
}

static FILE *must_open(const char *name)
{
	FILE *file = fopen(name, "w");

	if (!file) {
		perror(name);
		exit(1);
	}
	return file;
}

int main(int argc, char **argv)
{
	FILE *out;

	if (argc != 3) {
		fprintf(stderr, "usage: frames CAPTURE TABLE\n");
		return 2;
	}
	talk();
	faults();
	out = must_open(argv[1]);
	capture_write(out);
	if (fclose(out))
		return 1;
	out = must_open(argv[2]);
	want_write(out);
	return fclose(out) != 0;
}
