/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window that losses leave.
 */
#ifndef RMP_CWND_H
#define RMP_CWND_H

#include "rmp_wire.h"

struct rmp_peer;

void rmp_cwnd_init(struct rmp_peer *p);
void rmp_cwnd_grow(struct rmp_peer *p, u16 cost);
bool rmp_cwnd_cut(struct rmp_peer *p, u64 msg);
void rmp_cwnd_timeout(struct rmp_peer *p, u64 msg, u64 now_ns);
bool rmp_cwnd_undo(struct rmp_peer *p, u64 msg, u32 echo);

#endif /* RMP_CWND_H */
