/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tag of a frame in progress, with a key or without.
 */
#ifndef RMP_TAG_H
#define RMP_TAG_H

#include <linux/if_ether.h>
#include <linux/xxhash.h>
#include "engine/rmp_keys.h"
#include "engine/rmp_wire.h"

/**
 * struct rmp_tagger - the tag of a frame in progress
 * @keyed: under a key, else a sum
 * @mac:   @keyed
 * @sum:   not @keyed
 */
struct rmp_tagger {
	bool			keyed;
	union {
		struct mx_mac		mac;
		struct xxh64_state	sum;
	};
};

static inline void rmp_tag_begin(struct rmp_tagger *t, const struct rmp_seal *seal)
{
	t->keyed = seal;
	if (seal)
		mx_mac_init(&t->mac, seal->key, seal->nonce);
	else
		xxh64_reset(&t->sum, 0);
}

static inline void rmp_tag_add(struct rmp_tagger *t, const void *data, u32 len)
{
	if (t->keyed)
		mx_mac_update(&t->mac, data, len);
	else
		xxh64_update(&t->sum, data, len);
}

static inline void rmp_tag_end(struct rmp_tagger *t, u8 *tag)
{
	__be64 sum;

	if (t->keyed) {
		mx_mac_final(&t->mac, tag);
		return;
	}
	sum = cpu_to_be64(xxh64_digest(&t->sum));
	memcpy(tag, &sum, sizeof(sum));
	memset(tag + sizeof(sum), 0, RMP_TAG_LEN - sizeof(sum));
}

/*
 * Frames outside of sessions name no receiver, so the addresses that they
 * travel between are in their tags: they cannot be sent on to others, nor from
 * elsewhere. @eth: the frame's Ethernet header.
 */
static inline void rmp_tag_ends(struct rmp_tagger *t, const struct ethhdr *eth,
				u8 type)
{
	if (t->keyed && !rmp_is_session(type))
		rmp_tag_add(t, eth, offsetof(struct ethhdr, h_proto));
}

#endif /* RMP_TAG_H */
