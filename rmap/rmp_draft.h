/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames decided on under a node's lock.
 */
#ifndef RMP_DRAFT_H
#define RMP_DRAFT_H

#include <linux/types.h>

struct rmp_ctx;
struct rmp_iface;
struct rmp_xmit;

int rmp_draft_init(void);
void rmp_draft_exit(void);
unsigned int rmp_draft_mark(void);
void rmp_draft_add(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   const struct rmp_xmit *x);
void rmp_draft_build(struct rmp_ctx *ctx);

#endif /* RMP_DRAFT_H */
