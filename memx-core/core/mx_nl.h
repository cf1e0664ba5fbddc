/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memx_core's netlink family.
 */
#ifndef MX_NL_H
#define MX_NL_H

int mx_nl_init(void);
void mx_nl_exit(void);

#endif /* MX_NL_H */
