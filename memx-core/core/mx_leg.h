/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One leg of an operation on the wire: encoded, sent, and its answer judged.
 */
#ifndef MX_LEG_H
#define MX_LEG_H

#include "mx_run.h"

/** mx_leg_init() - for a new operation */
void mx_leg_init(struct mx_vop *vop);
/** mx_leg_call() - send leg @i. If it was the last one @vop may be gone */
void mx_leg_call(struct mx_vop *vop, u32 i);
/** mx_leg_void() - find out how leg @i ends: mx_op_leg() follows */
void mx_leg_void(struct mx_vop *vop, u32 i);
/** mx_leg_sent() - are all legs that are SENT with RMAP? Under the chunk's lock */
bool mx_leg_sent(const struct mx_op *op);
/** mx_leg_done() - the payload of a READ's answer is not needed any more */
void mx_leg_done(struct mx_vop *vop, u32 i);

#endif /* MX_LEG_H */
