/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks one memory server what it has of a volume, without any claim on it.
 */
#ifndef MX_LOOK_H
#define MX_LOOK_H

#include "engine/mx_wire.h"

struct netlink_ext_ack;

enum {
	MX_LOOK_PAGES	= 4,	/* of entries in one answer */
	MX_LOOK_CHUNKS	= MX_LOOK_PAGES * MX_PAGE_SIZE / sizeof(struct mx_wire_chunk),
};

/**
 * struct mx_looked - what a server has said
 * @inc:    the server's incarnation
 * @next:   chunk to go on with, or MX_LIST_END
 * @look:   the volume there
 * @roster: the roster stored there
 * @n:      entries of @chunk in use
 * @chunk:  chunks there
 * @page:   private: the answer's first page
 */
struct mx_looked {
	u32	inc;
	u64	next;
	struct mx_look look;
	struct mx_roster roster;
	u32	n;
	struct mx_listed chunk[MX_LOOK_CHUNKS];
	u8	page[MX_PAGE_SIZE];
};

/**
 * mx_look() - ask a server about a volume
 * @node:  the server's node id
 * @id:    the volume
 * @first: number of the first chunk that is of interest
 * @to:    result
 *
 * Waits for the answer, two seconds at most. Context: may sleep; no lock is held.
 *
 * Return: 0, or an error with @ack: -ENOENT: it does not know the volume;
 * -EIDRM: it has dropped it without its owner; -EHOSTDOWN: it is not alive;
 * -ETIMEDOUT; -EOPNOTSUPP: it is of an older version; -EAGAIN: it is busy;
 * -EBADMSG: its answer makes no sense; -ENOMEM; -EINTR
 */
int mx_look(u64 node, u64 id, u32 first, struct mx_looked *to,
	    struct netlink_ext_ack *ack);

#endif /* MX_LOOK_H */
