/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Room for replies, and for requests that are not whole, of all nodes together.
 */
#ifndef RMP_BUDGET_H
#define RMP_BUDGET_H

#include <linux/types.h>

struct rmp_node;

bool rmp_budget_take(struct rmp_node *node, u16 pages, bool turn);
bool rmp_budget_give(u16 pages);
void rmp_budget_kick(void);
bool rmp_budget_hold(u32 mine, u16 pages);
void rmp_budget_unhold(u16 pages);
void rmp_budget_leave(struct rmp_node *node);

#endif /* RMP_BUDGET_H */
