/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How frames are put together and handed to the sink.
 */
#ifndef RMP_OUT_H
#define RMP_OUT_H

#include "rmp_run.h"

/**
 * struct rmp_burst - fragments of one message to send
 * @hdr:       header with everything that is the same in all fragments
 * @buf:       payload handle of the message
 * @len:       payload bytes of the message
 * @frag_size: its fragmentation
 * @nfrags:    number of fragments
 * @max:       send at most so many
 * @skip:      bit per fragment not to send, or NULL
 * @flags:     enum rmp_flag that all have
 * @want_ack:  set RMP_F_WANT_ACK in the last one sent
 */
struct rmp_burst {
	struct rmp_hdr	*hdr;
	void		*buf;
	u32		len;
	u16		frag_size;
	u16		nfrags;
	u16		max;
	const u64	*skip;
	u8		flags;
	bool		want_ack;
};

void rmp_out_header(struct rmp_run *r, struct rmp_hdr *hdr, u8 type);
void rmp_out_plain(struct rmp_run *r, struct rmp_hdr *hdr, u16 pad);
u16 rmp_out_frags(struct rmp_run *r, struct rmp_burst *b);

#endif /* RMP_OUT_H */
