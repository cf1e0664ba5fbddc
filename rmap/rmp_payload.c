// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the payload of received packets where it lies, and freeing it.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include "rmp.h"
#include "rmp_payload.h"
#include "rmp_stats.h"
#include "rmp_tag.h"

static_assert(PAGE_SIZE == RMP_PAGE, "RMAP needs 4 KiB pages");

/**
 * struct walk - a visit to the memory behind a run of bytes
 * @fn:  as in rmp_payload_walk()
 * @ctx: for @fn
 * @pos: offset of the next byte in the message
 */
struct walk {
	int	(*fn)(void *ctx, struct page *page, u32 page_off, u32 len,
		      u32 msg_off);
	void	*ctx;
	u32	pos;
};

/* @off may lie beyond the first frame of memory of a compound page. */
static int walk_page(struct walk *w, struct page *page, u32 off, u32 len)
{
	int err = 0;

	page += off >> PAGE_SHIFT;
	off &= ~PAGE_MASK;
	while (len && !err) {
		u32 n = min_t(u32, len, PAGE_SIZE - off);

		err = w->fn(w->ctx, page, off, n, w->pos);
		w->pos += n;
		len -= n;
		off = 0;
		page++;
	}
	return err;
}

/* Packets with a fragment list have been made linear on arrival. */
static int walk_skb(struct walk *w, struct sk_buff *skb, u32 off, u32 len)
{
	u32 start = skb_headlen(skb);
	int err, i;

	if (off < start) {
		void *data = skb->data + off;
		u32 n = min(len, start - off);

		err = walk_page(w, virt_to_page(data), offset_in_page(data), n);
		if (err)
			return err;
		off += n;
		len -= n;
	}
	for (i = 0; len && i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		u32 size = skb_frag_size(frag);

		if (off < start + size) {
			u32 n = min(len, start + size - off);

			err = walk_page(w, skb_frag_page(frag),
					skb_frag_off(frag) + off - start, n);
			if (err)
				return err;
			off += n;
			len -= n;
		}
		start += size;
	}
	return 0;
}

int rmp_payload_walk(const struct rmp_asm *a, u32 off, u32 len,
		     int (*fn)(void *ctx, struct page *page, u32 page_off,
			       u32 len, u32 msg_off), void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx, .pos = off };
	u16 no;

	if (off >= a->len)
		return 0;
	len = min(len, a->len - off);
	for (no = off / a->frag_size; len && no < a->nfrags; no++) {
		struct sk_buff *skb = a->pkt[no];
		u32 start, n, skip;
		int err;

		n = rmp_frag_range(a->len, a->frag_size, no, &start);
		skip = w.pos - start;
		n = min(len, n - skip);
		err = walk_skb(&w, skb, rmp_skb_cb(skb)->off + skip, n);
		if (err)
			return err;
		len -= n;
	}
	return 0;
}
MX_EXPORT_SYMBOL(rmp_payload_walk);

/**
 * struct copy - destination of rmp_payload_copy()
 * @dst:  memory for the first byte copied
 * @base: offset of that byte in the message
 */
struct copy {
	u8	*dst;
	u32	base;
};

static int copy_piece(void *ctx, struct page *page, u32 page_off, u32 len,
		      u32 msg_off)
{
	const struct copy *c = ctx;

	memcpy_from_page(c->dst + (msg_off - c->base), page, page_off, len);
	return 0;
}

void rmp_payload_copy(const struct rmp_asm *a, u32 off, void *dst, u32 len)
{
	struct copy c = { .dst = dst, .base = off };

	rmp_payload_walk(a, off, len, copy_piece, &c);
}
MX_EXPORT_SYMBOL(rmp_payload_copy);

void rmp_payload_free(struct rmp_asm *a)
{
	u16 no;

	for (no = 0; a->len && no < a->nfrags; no++) {
		if (!(a->have[no / 64] & BIT_ULL(no % 64)))
			continue;
		consume_skb(a->pkt[no]);
		rmp_stat_inc(RMP_G_PKT_FREED);
	}
	a->len = 0;
	a->nfrags = 0;
}
MX_EXPORT_SYMBOL(rmp_payload_free);

static int tag_piece(void *ctx, struct page *page, u32 page_off, u32 len,
		     u32 msg_off)
{
	const u8 *va = kmap_local_page(page);

	rmp_tag_add(ctx, va + page_off, len);
	kunmap_local(va);
	return 0;
}

/*
 * rmp_skb_tag() - what the tag of a received frame should be
 * @skb: the frame, data at the RMAP header, without a fragment list
 * @hdr: copy of the header with the tag zeroed
 * @len: bytes after @hdr that the tag covers
 * @t:   just begun
 * @tag: result
 */
void rmp_skb_tag(struct sk_buff *skb, const struct rmp_hdr *hdr, u32 len,
		 struct rmp_tagger *t, u8 *tag)
{
	struct walk w = { .fn = tag_piece, .ctx = t };

	rmp_tag_add(t, hdr, sizeof(*hdr));
	if (len)
		walk_skb(&w, skb, sizeof(*hdr), len);
	rmp_tag_end(t, tag);
}
