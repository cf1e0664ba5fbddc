/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames given to a device together.
 */
#ifndef RMP_GSO_H
#define RMP_GSO_H

#include <linux/skbuff.h>

void rmp_gso_init(void);
void rmp_gso_exit(void);
unsigned int rmp_gso_train(struct sk_buff *skb, struct sk_buff_head *list);

#endif /* RMP_GSO_H */
