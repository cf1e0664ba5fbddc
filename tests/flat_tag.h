/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tag of a keyed frame whose bytes lie in a row, as they do in tests.
 */
#ifndef FLAT_TAG_H
#define FLAT_TAG_H

#include "engine/rmp_auth.h"

/**
 * flat_tag() - the tag that a frame should have
 * @frame:   header first; its own tag counts as zeros
 * @covered: bytes under the tag, the header among them
 * @tag:     result, RMP_TAG_LEN bytes; may be the frame's own
 *
 * Without the Ethernet addresses, which the bearer adds.
 */
static inline void flat_tag(const u8 *frame, u32 covered,
			    const struct rmp_seal *seal, u8 *tag)
{
	struct rmp_hdr hdr;
	struct mx_mac m;

	memcpy(&hdr, frame, sizeof(hdr));
	memset(hdr.tag, 0, sizeof(hdr.tag));
	mx_mac_init(&m, seal->key, seal->nonce);
	mx_mac_update(&m, &hdr, sizeof(hdr));
	mx_mac_update(&m, frame + sizeof(hdr), covered - sizeof(hdr));
	mx_mac_final(&m, tag);
}

#endif /* FLAT_TAG_H */
