/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is there.
 */
#ifndef RMP_ANNOUNCE_H
#define RMP_ANNOUNCE_H

#include <linux/skbuff.h>
#include <linux/workqueue.h>

struct rmp_iface;

void rmp_announce_exit(void);
void rmp_announce_iface(struct rmp_iface *iface);
void rmp_announce_iface_work(struct work_struct *work);
bool rmp_announce_fill(u8 *head);
struct sk_buff *rmp_announce_frame(struct rmp_iface *iface, const u8 *dst,
				   u8 which);
void rmp_announce_bye(struct rmp_iface *iface);
void rmp_announce_elsewhere(const struct rmp_iface *iface);

#endif /* RMP_ANNOUNCE_H */
