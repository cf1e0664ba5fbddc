/* SPDX-License-Identifier: GPL-2.0 */
/*
 * More than one processor for many frames.
 */
#ifndef RMP_STEER_H
#define RMP_STEER_H

#include <linux/skbuff.h>

int rmp_steer_init(void);
void rmp_steer_exit(void);
bool rmp_steer(struct sk_buff *skb);

#endif /* RMP_STEER_H */
