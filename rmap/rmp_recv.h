/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames in: what the hooks of the interfaces hand over.
 */
#ifndef RMP_RECV_H
#define RMP_RECV_H

#include <linux/skbuff.h>

struct rmp_iface;

void rmp_recv(struct rmp_iface *iface, struct sk_buff *skb);
struct sk_buff *rmp_recv_own(struct sk_buff *skb);
int rmp_recv_init(void);
void rmp_recv_exit(void);

#endif /* RMP_RECV_H */
