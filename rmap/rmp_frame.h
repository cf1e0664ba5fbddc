/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames out: packets made of what was decided on.
 */
#ifndef RMP_FRAME_H
#define RMP_FRAME_H

#include <linux/if_ether.h>
#include <linux/skbuff.h>
#include "engine/rmp_keys.h"
#include "engine/rmp_sink.h"

struct rmp_iface;

/**
 * struct rmp_frame_key - what a frame gets of its key
 * @seal: what the tag is made with
 * @hs:   HELLO, WELCOME: payload
 * @hlen: bytes of @hs: all, or 0
 */
struct rmp_frame_key {
	struct rmp_seal	seal;
	struct rmp_hs	hs;
	u16		hlen;
};

/**
 * struct rmp_draft - a frame that is decided on, to be built without a lock
 * @iface:    device to send it through; stays, since bottom halves are off
 * @mac:      its destination
 * @hdr:      header, complete but for the tag, the advert and RMP_F_SUM
 * @key:      not insecure: what it gets of its key; the seal is wiped after use
 * @page:     pages of its payload, one reference on each
 * @npages:   how many
 * @off:      first payload byte in @page[0]
 * @len:      payload bytes
 * @pad:      zero bytes to append
 * @announce: an ANNOUNCE is to follow
 * @which:    number of the cluster key of that
 */
struct rmp_draft {
	struct rmp_iface	*iface;
	u8			mac[ETH_ALEN];
	struct rmp_hdr		hdr;
	struct rmp_frame_key	key;
	struct page		*page[MAX_SKB_FRAGS];
	u16			npages;
	u16			off;
	u16			len;
	u16			pad;
	bool			announce;
	u8			which;
};

int rmp_frame_init(void);
void rmp_frame_exit(void);
bool rmp_frame_pages(struct rmp_draft *d, const struct rmp_xmit *x);
struct sk_buff *rmp_frame_build(struct rmp_draft *d);
struct sk_buff *rmp_frame_plain(struct rmp_iface *iface, const u8 *dst,
				struct rmp_hdr *hdr, const void *data, u16 len,
				u8 which);

#endif /* RMP_FRAME_H */
