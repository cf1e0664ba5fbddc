/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RMAP headers in host byte order: decoding with every check that needs no state,
 * the layout of fragments, frames outside of sessions.
 */
#ifndef RMP_CODEC_H
#define RMP_CODEC_H

#include "rmp_wire.h"

/**
 * struct rmp_info - a frame's header in host byte order
 *
 * Fields as in struct rmp_hdr. Made by rmp_decode() only, so whoever holds one
 * may trust that lengths, counts and enums are within the protocol's limits.
 */
struct rmp_info {
	u8	type;
	u8	flags;
	u16	hlen;		/* bytes */
	u16	plen;
	u16	back;
	u64	node;
	u32	inc;
	u32	peer_inc;
	u64	msg;
	u64	volume;
	u32	epoch;
	u16	credit;
	u16	port;
	u32	msg_len;
	u16	frag_size;
	u16	frag_no;
	u32	stamp;
	u32	echo;
	u8	head[RMP_HEAD_LEN];
	u64	nonce;
};

/**
 * rmp_decode() - check a header and turn it into host byte order
 * @raw:   the first bytes of the frame, at least RMP_HDR_LEN of them
 * @len:   bytes of the whole frame after the Ethernet header
 * @info:  result
 *
 * Everything that needs no state is checked here: version, type, flags,
 * lengths against @len, fragment number and length against the layout rule,
 * nodes and incarnations that may not be 0. The tag is the caller's to check
 * (it alone can walk the payload): see rmp_sum_*().
 *
 * Return: 0, or -EPROTONOSUPPORT (version), or -EBADMSG.
 */
int rmp_decode(const void *raw, u32 len, struct rmp_info *info);

/**
 * rmp_frag_unit() - fragment size for a path
 * @mtu: bytes an Ethernet frame may carry
 *
 * What fits into a frame with the header, rounded down to 8 bytes: a sealed page goes in
 * three at MTU 1500.
 *
 * Return: bytes, or 0 if @mtu is below RMP_MTU_MIN.
 */
u16 rmp_frag_unit(u32 mtu);

/** rmp_frag_count() - fragments of a message of @len bytes; at least 1 */
u16 rmp_frag_count(u32 len, u16 frag_size);

/**
 * rmp_frag_range() - which bytes of a message a fragment holds
 * @len:       message length
 * @frag_size: a value that rmp_frag_unit() can return
 * @no:        fragment number, below rmp_frag_count()
 * @off:       result: first byte
 *
 * Return: bytes in the fragment.
 */
u16 rmp_frag_range(u32 len, u16 frag_size, u16 no, u32 *off);

/** rmp_frag_valid() - whether @frag_size is a value rmp_frag_unit() returns */
bool rmp_frag_valid(u16 frag_size);

/**
 * rmp_make_hdr() - a header for a frame outside of any peer: SOLICIT,
 * ANNOUNCE, BYE
 * @hdr:  result, complete but for tag
 * @type: RMP_T_SOLICIT, RMP_T_ANNOUNCE or RMP_T_BYE
 * @node: our node id
 * @inc:  our incarnation
 * @peer_inc: 0
 * @head: RMP_HEAD_LEN bytes, or NULL for zeros
 * @plen: payload bytes that will follow
 */
void rmp_make_hdr(struct rmp_hdr *hdr, u8 type, u64 node, u32 inc, u32 peer_inc,
		  const u8 *head, u16 plen);

/**
 * rmp_make_reset() - a RESET in answer to a REQ, REP or ACK of a node for which
 * there is no peer object
 * @hdr:  result, complete but for tag
 * @node: our node id
 * @inc:  our incarnation
 * @info: the frame answered; its stamp is echoed, else RESET is not believed
 * @now_ns: time
 */
void rmp_make_reset(struct rmp_hdr *hdr, u64 node, u32 inc,
		    const struct rmp_info *info, u64 now_ns);

/* For the other files of the engine. */

/* The wire's clock; 0 means "none" there. */
static inline u32 rmp_stamp(u64 now_ns)
{
	u32 us = (u32)div64_u64(now_ns, 1000);

	return us ? us : 1;
}

void rmp_bitmap_put(u8 *head, const u64 *map);
void rmp_bitmap_get(const u8 *head, u64 *map);
u16 rmp_bitmap_count(const u64 *map, u16 nfrags);

#endif /* RMP_CODEC_H */
