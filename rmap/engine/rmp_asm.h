/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reassembly of messages, for both halves of a peer.
 */
#ifndef RMP_ASM_H
#define RMP_ASM_H

#include "rmp_sink.h"

struct rmp_run;

/**
 * struct rmp_asm - a message being put together, or put together
 * @len:       payload bytes of the whole message
 * @frag_size: fragment size in force for this assembly, 0 if none yet
 * @nfrags:    fragments that make the message
 * @got:       fragments here
 * @have:      bit per fragment
 * @pkt:       handle per fragment, valid where @have is set and the fragment
 *             has payload
 */
struct rmp_asm {
	u32	len;
	u16	frag_size;
	u16	nfrags;
	u16	got;
	u64	have[RMP_FRAGS_MAX / 64];
	void	*pkt[RMP_FRAGS_MAX];
};

/* For the other files of the engine. */

void rmp_asm_start(struct rmp_asm *a, const struct rmp_info *info);
bool rmp_asm_fits(const struct rmp_asm *a, const struct rmp_info *info);
bool rmp_asm_add(struct rmp_run *r, struct rmp_asm *a, struct rmp_frame *f);
void rmp_asm_free(struct rmp_run *r, struct rmp_asm *a);

#endif /* RMP_ASM_H */
