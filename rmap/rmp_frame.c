// SPDX-License-Identifier: GPL-2.0
/*
 * Frames out: an skb with the header in its linear part and the payload as
 * references to the caller's pages, tagged.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/pkt_sched.h>
#include "rmp.h"
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_frame.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_stats.h"
#include "rmp_tag.h"
#include "rmp_trace.h"

/*
 * A frame on its way out may be what frees memory, so it may dip into the
 * reserves; if there is nothing left it is a lost frame.
 */
#define RMP_GFP (GFP_ATOMIC | __GFP_NOWARN | __GFP_MEMALLOC)

static bool payload_sum = true;
module_param(payload_sum, bool, 0644);
MODULE_PARM_DESC(payload_sum, "integrity tag covers the payload of frames sent, not only their header (default Y)");

/* What HELLO and WELCOME are padded with. */
static struct page *zero_page;

int rmp_frame_init(void)
{
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	return zero_page ? 0 : -ENOMEM;
}

void rmp_frame_exit(void)
{
	/* Frames still in a queue have their own references. */
	put_page(zero_page);
}

/* @linear: bytes of payload behind the header, of a name or a handshake */
static struct sk_buff *frame_alloc(struct rmp_iface *iface, const u8 *dst,
				   const struct rmp_hdr *hdr, u16 linear)
{
	struct net_device *dev = iface->dev;
	int hlen = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb;

	skb = alloc_skb(hlen + RMP_HDR_LEN + linear + dev->needed_tailroom,
			RMP_GFP);
	if (!skb)
		return NULL;
	skb_reserve(skb, hlen);
	skb->dev = dev;
	skb->protocol = htons(RMP_ETHERTYPE);
	skb->priority = TC_PRIO_INTERACTIVE;
	skb_reset_network_header(skb);
	skb_put_data(skb, hdr, sizeof(*hdr));
	if (dev_hard_header(skb, dev, RMP_ETHERTYPE, dst, NULL, skb->len) < 0) {
		kfree_skb(skb);
		return NULL;
	}
	skb_reset_mac_header(skb);
	return skb;
}

static void frame_add(struct sk_buff *skb, struct page *page, u32 off, u32 len)
{
	int i = skb_shinfo(skb)->nr_frags;

	skb_fill_page_desc(skb, i, page, off, len);
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
}

/* Pages of the slab, or with no count, cannot be referred to: send a copy. */
static struct page *frame_page(struct page *page)
{
	struct page *copy;

	if (likely(sendpage_ok(page))) {
		get_page(page);
		return page;
	}
	copy = alloc_page(RMP_GFP);
	if (copy) {
		copy_highpage(copy, page);
		rmp_stat_inc(RMP_G_TX_COPIED);
	}
	return copy;
}

/*
 * rmp_frame_pages() - take references on the pages of a frame's payload
 *
 * Context: node's lock held, which keeps the pages. Return: false if memory is
 * short; the references taken are in @d.
 */
bool rmp_frame_pages(struct rmp_draft *d, const struct rmp_xmit *x)
{
	const struct rmp_buf *buf = x->buf;
	u32 pos = buf->off + x->off;
	u32 i, last = (pos + x->len - 1) >> PAGE_SHIFT;

	d->off = offset_in_page(pos);
	for (i = pos >> PAGE_SHIFT; i <= last; i++) {
		if (d->npages == MAX_SKB_FRAGS)
			return false;
		d->page[d->npages] = frame_page(buf->page[i]);
		if (!d->page[d->npages])
			return false;
		d->npages++;
	}
	return true;
}

/* Append the payload, with the references on its pages, and take it into @t if set. */
static void frame_payload(struct sk_buff *skb, struct rmp_draft *d,
			  struct rmp_tagger *t)
{
	u32 off = d->off, left = d->len, i;

	for (i = 0; i < d->npages; i++) {
		u32 n = min_t(u32, left, PAGE_SIZE - off);

		frame_add(skb, d->page[i], off, n);
		if (t) {
			const u8 *va = kmap_local_page(d->page[i]);

			rmp_tag_add(t, va + off, n);
			kunmap_local(va);
		}
		left -= n;
		off = 0;
	}
	d->npages = 0;
}

static bool frame_pad(struct sk_buff *skb, u32 len)
{
	while (len) {
		u32 n = min_t(u32, len, PAGE_SIZE);

		if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
			return false;
		get_page(zero_page);
		frame_add(skb, zero_page, 0, n);
		len -= n;
	}
	return true;
}

/* Begin the tag of a frame with its header. */
static void frame_tag(struct rmp_tagger *t, const struct sk_buff *skb,
		      struct rmp_hdr *hdr, bool covers, const struct rmp_seal *seal)
{
	memset(hdr->tag, 0, sizeof(hdr->tag));
	if (covers && !seal)
		hdr->flags |= RMP_F_SUM;
	rmp_tag_begin(t, seal);
	rmp_tag_ends(t, eth_hdr(skb), hdr->type);
	rmp_tag_add(t, hdr, sizeof(*hdr));
}

/* Append what the engine wants in the frame, and tag it. */
static bool frame_fill(struct sk_buff *skb, struct rmp_hdr *hdr,
		       struct rmp_draft *d)
{
	const struct rmp_seal *seal = rmp_insecure ? NULL : &d->key.seal;
	bool covers = d->len && (seal || payload_sum);
	u16 hs = d->key.hlen;
	struct rmp_tagger t mx_noinit;

	frame_tag(&t, skb, hdr, covers, seal);
	if (hs) {
		skb_put_data(skb, &d->key.hs, hs);
		rmp_tag_add(&t, &d->key.hs, hs);
	}
	frame_payload(skb, d, covers ? &t : NULL);
	rmp_tag_end(&t, hdr->tag);
	return frame_pad(skb, d->pad - hs);
}

/*
 * rmp_frame_build() - a frame that the engine wants sent
 *
 * The payload's references pass to the frame. Context: bottom halves off, no lock
 * needed. Return: the skb, or NULL, which is counted.
 */
struct sk_buff *rmp_frame_build(struct rmp_draft *d)
{
	struct sk_buff *skb = frame_alloc(d->iface, d->mac, &d->hdr, d->key.hlen);
	struct rmp_hdr *hdr;

	if (!skb)
		goto nomem;
	hdr = (struct rmp_hdr *)skb_network_header(skb);
	if (hdr->type == RMP_T_HELLO || hdr->type == RMP_T_WELCOME)
		rmp_announce_fill(hdr->head);
	if (!frame_fill(skb, hdr, d))
		goto nomem;
	this_cpu_inc(d->iface->stats->tx);
	return skb;
nomem:
	kfree_skb(skb);
	rmp_stat_inc(RMP_G_TX_NOMEM);
	return NULL;
}

/*
 * rmp_frame_plain() - a frame outside of any session
 * @hdr:   complete but for the tag and what keys add
 * @data:  @len bytes of payload, at most RMP_NAME_LEN
 * @which: number of the cluster key
 *
 * Context: RCU read section, bottom halves off. Return: the skb, or NULL, which
 * is counted.
 */
struct sk_buff *rmp_frame_plain(struct rmp_iface *iface, const u8 *dst,
				struct rmp_hdr *hdr, const void *data, u16 len,
				u8 which)
{
	struct rmp_tagger t;
	struct rmp_seal seal;
	struct sk_buff *skb;

	if (!rmp_insecure && rmp_cluster_key_tx_group(which, hdr, &seal)) {
		rmp_stat_inc(RMP_G_TX_NOKEY);
		return NULL;
	}
	skb = frame_alloc(iface, dst, hdr, len);
	if (!skb) {
		mx_wipe(&seal, sizeof(seal));
		rmp_stat_inc(RMP_G_TX_NOMEM);
		return NULL;
	}
	hdr = (struct rmp_hdr *)skb_network_header(skb);
	frame_tag(&t, skb, hdr, len, rmp_insecure ? NULL : &seal);
	rmp_tag_add(&t, skb_put_data(skb, data, len), len);
	rmp_tag_end(&t, hdr->tag);
	mx_wipe(&seal, sizeof(seal));
	this_cpu_inc(iface->stats->tx);
	trace_rmp_tx(0, hdr->type, hdr->flags, 0, 0, len);
	return skb;
}
