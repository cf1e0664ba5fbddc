/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services, watchers, and calls.
 */
#ifndef RMP_CALL_H
#define RMP_CALL_H

#include <linux/types.h>

struct rmp_node;
struct rmp_req;

void rmp_call_deliver(struct rmp_req *req);
void rmp_call_advert(struct rmp_node *node);
void rmp_call_event(struct rmp_node *node, u32 events);
void rmp_call_gone(struct rmp_node *node);
void rmp_call_cut(struct rmp_node *node);
bool rmp_call_served(u16 port);
u16 rmp_call_grant(void);

#endif /* RMP_CALL_H */
