/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No bursts: when the next call may be sent.
 */
#ifndef RMP_PACE_H
#define RMP_PACE_H

#include "rmp_wire.h"

/* For the other files of the engine. */

struct rmp_run;

void rmp_pace_sent(struct rmp_run *r, u16 cost);
bool rmp_pace_may(struct rmp_run *r);

#endif /* RMP_PACE_H */
