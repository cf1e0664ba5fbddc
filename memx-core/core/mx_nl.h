/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memx_core's netlink family.
 */
#ifndef MX_NL_H
#define MX_NL_H

#include <linux/types.h>

struct sk_buff;

int mx_nl_init(void);
void mx_nl_exit(void);

/**
 * mx_nl_event() - tell those who listen
 * @cmd:  of the message
 * @fill: puts the attributes of @what; returns non-zero if they do not fit
 *
 * Never waits for memory: an event that finds none is lost, and listeners are
 * told so. Nothing happens while the family is not registered.
 *
 * Context: may sleep, for other events only.
 */
void mx_nl_event(u8 cmd, int (*fill)(struct sk_buff *skb, const void *what),
		 const void *what);

struct mx_volume;
/** mx_nl_put_booking() - what servers keep for a volume, as attributes. May sleep.
 * Return: 0 or -EMSGSIZE
 */
int mx_nl_put_booking(struct sk_buff *skb, struct mx_volume *vol);

#endif /* MX_NL_H */
