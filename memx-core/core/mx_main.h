/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memx_core as a module: work queues and parameters.
 */
#ifndef MX_MAIN_H
#define MX_MAIN_H

#include <linux/workqueue.h>

extern struct workqueue_struct *mx_wq;		/* may be needed to free memory */
extern struct workqueue_struct *mx_slow_wq;	/* waits for servers */
extern unsigned int mx_write_timeout_s;
extern unsigned int mx_reserve_pages;
extern bool mx_unloading;

#endif /* MX_MAIN_H */
