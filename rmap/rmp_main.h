/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module as a whole has.
 */
#ifndef RMP_MAIN_H
#define RMP_MAIN_H

#include <linux/workqueue.h>

#define RMP_MODULE_VERSION "0.1.0"

extern struct workqueue_struct *rmp_wq;
extern bool rmp_insecure;
extern u32 rmp_inc;		/* this node's incarnation */
extern u64 rmp_id;		/* this node's id; 0 until the first attachment */

/* rmp_nl.c: control over netlink, whose header is the interface (uapi/rmp_nl.h) */
int rmp_nl_init(void);
void rmp_nl_exit(void);

#endif /* RMP_MAIN_H */
