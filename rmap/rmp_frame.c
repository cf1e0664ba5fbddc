// SPDX-License-Identifier: GPL-2.0
/*
 * Frames out: an skb with the header in its linear part and the payload as
 * references to the caller's pages, tagged, and given to the device.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/pkt_sched.h>
#include <linux/sched/mm.h>
#include <linux/xxhash.h>
#include "rmp_priv.h"
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

static struct sk_buff *frame_alloc(struct rmp_iface *iface, const u8 *dst,
				   const struct rmp_hdr *hdr)
{
	struct net_device *dev = iface->dev;
	int hlen = LL_RESERVED_SPACE(dev);
	struct sk_buff *skb;

	skb = alloc_skb(hlen + RMP_HDR_LEN + RMP_NAME_LEN + dev->needed_tailroom,
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

/* Append @len bytes of @buf from @off on, and take them into @state if set. */
static bool frame_payload(struct sk_buff *skb, const struct rmp_buf *buf,
			  u32 off, u32 len, struct xxh64_state *state)
{
	u32 pos = buf->off + off;

	while (len) {
		u32 in_page = offset_in_page(pos);
		u32 n = min_t(u32, len, PAGE_SIZE - in_page);
		struct page *page;

		if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
			return false;
		page = frame_page(buf->page[pos >> PAGE_SHIFT]);
		if (!page)
			return false;
		frame_add(skb, page, in_page, n);
		if (state) {
			const u8 *va = kmap_local_page(page);

			xxh64_update(state, va + in_page, n);
			kunmap_local(va);
		}
		pos += n;
		len -= n;
	}
	return true;
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

static void frame_tag(struct rmp_hdr *hdr, u64 sum)
{
	__be64 tag = cpu_to_be64(sum);

	memcpy(hdr->tag, &tag, sizeof(tag));
}

/*
 * Tag a frame whose bytes after the header, if any, lie at @linear. Padding
 * is not covered.
 */
static void frame_seal(struct rmp_hdr *hdr, const void *linear, u32 len)
{
	struct xxh64_state state;

	memset(hdr->tag, 0, sizeof(hdr->tag));
	if (!len) {
		frame_tag(hdr, xxh64(hdr, sizeof(*hdr), 0));
		return;
	}
	hdr->flags |= RMP_F_SUM;
	xxh64_reset(&state, 0);
	xxh64_update(&state, hdr, sizeof(*hdr));
	xxh64_update(&state, linear, len);
	frame_tag(hdr, xxh64_digest(&state));
}

/* Append the payload and tag the frame over it. */
static bool frame_seal_payload(struct sk_buff *skb, struct rmp_hdr *hdr,
			       const struct rmp_xmit *x)
{
	struct xxh64_state state;

	if (!payload_sum) {
		frame_seal(hdr, NULL, 0);
		return frame_payload(skb, x->buf, x->off, x->len, NULL);
	}
	memset(hdr->tag, 0, sizeof(hdr->tag));
	hdr->flags |= RMP_F_SUM;
	xxh64_reset(&state, 0);
	xxh64_update(&state, hdr, sizeof(*hdr));
	if (!frame_payload(skb, x->buf, x->off, x->len, &state))
		return false;
	frame_tag(hdr, xxh64_digest(&state));
	return true;
}

/*
 * rmp_frame_build() - a frame that the engine wants sent
 *
 * Context: bottom halves off. Return: the skb, or NULL, which is counted.
 */
struct sk_buff *rmp_frame_build(struct rmp_iface *iface, const u8 *dst,
				const struct rmp_xmit *x)
{
	struct sk_buff *skb = frame_alloc(iface, dst, x->hdr);
	struct rmp_hdr *hdr;

	if (!skb)
		goto nomem;
	hdr = (struct rmp_hdr *)skb_network_header(skb);
	if (hdr->type == RMP_T_HELLO || hdr->type == RMP_T_WELCOME)
		rmp_announce_fill(hdr->head);

	if (!x->len)
		frame_seal(hdr, NULL, 0);
	else if (!frame_seal_payload(skb, hdr, x))
		goto nomem;
	if (!frame_pad(skb, x->pad))
		goto nomem;
	this_cpu_inc(iface->stats->tx);
	return skb;
nomem:
	kfree_skb(skb);
	rmp_stat_inc(RMP_G_TX_NOMEM);
	return NULL;
}

/*
 * rmp_frame_plain() - a frame outside of any session
 * @hdr:  complete but for the tag
 * @data: @len bytes of payload, at most RMP_NAME_LEN
 */
struct sk_buff *rmp_frame_plain(struct rmp_iface *iface, const u8 *dst,
				const struct rmp_hdr *hdr, const void *data,
				u16 len)
{
	struct sk_buff *skb = frame_alloc(iface, dst, hdr);
	void *payload;

	if (!skb) {
		rmp_stat_inc(RMP_G_TX_NOMEM);
		return NULL;
	}
	payload = skb_put_data(skb, data, len);
	frame_seal((struct rmp_hdr *)skb_network_header(skb), payload, len);
	this_cpu_inc(iface->stats->tx);
	trace_rmp_tx(0, hdr->type, len ? RMP_F_SUM : 0, 0, 0, len);
	return skb;
}

/* @n: frames in @skb */
static void frame_xmit(struct sk_buff *skb, unsigned int n)
{
	rmp_stat_add(RMP_G_TX_FRAMES, n);
	if (unlikely(dev_queue_xmit(skb)))
		rmp_stat_add(RMP_G_TX_REFUSED, n);
}

/*
 * rmp_frame_send() - give frames to their devices
 *
 * Context: bottom halves off since before the frames were built, so that their
 * device cannot be unregistered; no lock held.
 */
void rmp_frame_send(struct sk_buff_head *list)
{
	unsigned int flags;
	struct sk_buff *skb;

	if (skb_queue_empty(list))
		return;
	flags = memalloc_noreclaim_save();
	while ((skb = __skb_dequeue(list)))
		frame_xmit(skb, rmp_gso_train(skb, list));
	memalloc_noreclaim_restore(flags);
}

/** rmp_frame_send_one() - as rmp_frame_send(); @skb may be NULL */
void rmp_frame_send_one(struct sk_buff *skb)
{
	struct sk_buff_head list;

	if (!skb)
		return;
	__skb_queue_head_init(&list);
	__skb_queue_tail(&list, skb);
	rmp_frame_send(&list);
}
