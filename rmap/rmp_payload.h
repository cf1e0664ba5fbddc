/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Payload of received packets.
 */
#ifndef RMP_PAYLOAD_H
#define RMP_PAYLOAD_H

#include <linux/skbuff.h>
#include "rmp_tag.h"

/**
 * struct rmp_skb_cb - what is kept with a received packet
 * @off: payload's offset from skb->data
 */
struct rmp_skb_cb {
	u32 off;
};

static inline struct rmp_skb_cb *rmp_skb_cb(struct sk_buff *skb)
{
	return (struct rmp_skb_cb *)skb->cb;
}

void rmp_skb_tag(struct sk_buff *skb, const struct rmp_hdr *hdr, u32 len,
		 struct rmp_tagger *t, u8 *tag);

#endif /* RMP_PAYLOAD_H */
