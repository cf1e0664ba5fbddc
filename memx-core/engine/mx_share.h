/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reserve of equal things divided among the servers that they are used for:
 * half of it in equal parts, which nobody else gets, and half for whoever comes
 * first. So a server that does not answer cannot use up what others need.
 *
 * A part must do for one I/O, however many servers there are: so a reserve grows
 * with them (mx_share_size()), and while it has not, more than half of it is in
 * parts.
 *
 * Contract. Sans-IO: the caller serialises all calls on one reserve, and keeps
 * the things themselves.
 */
#ifndef MX_SHARE_H
#define MX_SHARE_H

#include "mx_member.h"

/* A slot per server, and one for what has no server yet. */
enum {
	MX_SHARE_NONE	= MX_MEMBERS,
	MX_SHARE_SLOTS,
};

/**
 * struct mx_share - a reserve
 * @size: things in all
 * @least: things that one I/O takes at most
 * @slots: slots that have a part
 * @own:  things that each slot has for itself
 * @lent: things of the common half that are in use
 * @used: things in use, by slot
 */
struct mx_share {
	u32	size;
	u32	least;
	u32	slots;
	u32	own;
	u32	lent;
	u32	used[MX_SHARE_SLOTS];
};

/** mx_share_size() - things that a reserve for @n servers has to have, at least
 * @size, if an I/O takes up to @least
 */
u32 mx_share_size(u32 size, u32 least, u32 n);

/** mx_share_init() - a reserve of @size things, for no server yet. @least: things
 * that one I/O takes at most
 */
void mx_share_init(struct mx_share *s, u32 size, u32 least);

/** mx_share_grow() - there are @more things */
void mx_share_grow(struct mx_share *s, u32 more);

/** mx_share_servers() - there are @n servers now. What is in use may be more than
 * what may be taken now
 */
void mx_share_servers(struct mx_share *s, u32 n);

/** mx_share_room() - Return: whether @n more things may be taken for a slot */
bool mx_share_room(const struct mx_share *s, u32 slot, u32 n);

/** mx_share_take() - take @n things. Return: false if that is too many */
bool mx_share_take(struct mx_share *s, u32 slot, u32 n);

/** mx_share_give() - give @n things back */
void mx_share_give(struct mx_share *s, u32 slot, u32 n);

#endif /* MX_SHARE_H */
