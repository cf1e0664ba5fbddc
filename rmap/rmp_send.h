/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames to devices.
 */
#ifndef RMP_SEND_H
#define RMP_SEND_H

#include <linux/skbuff.h>

void rmp_send_init(void);
void rmp_frame_send(struct sk_buff_head *list);
void rmp_frame_send_one(struct sk_buff *skb);

#endif /* RMP_SEND_H */
