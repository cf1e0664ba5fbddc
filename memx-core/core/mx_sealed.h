/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of sealed volumes.
 */
#ifndef MX_SEALED_H
#define MX_SEALED_H

#include "mx_run.h"

enum {
	MX_PLAIN_ORDER	= 3,
	MX_PLAIN_PAGES	= 1 << MX_PLAIN_ORDER,	/* opened at a time */
};

/** mx_sealed_init() - memory that opened pages pass through; repeating it is
 * harmless. The caller serialises. May sleep. Return: 0 or -ENOMEM
 */
int mx_sealed_init(void);
void mx_sealed_exit(void);

/** mx_seal_pages() - seal the pages of a write, if that is still to be done;
 * nobody else looks at the operation
 */
void mx_seal_pages(struct mx_vop *vop);

/**
 * struct mx_sealed - pages in an answer
 * @reply:  the answer
 * @server: index of the server that gave it
 * @at:     place of the first one among the answer's pages
 * @count:  pages in the answer
 */
struct mx_sealed {
	const struct rmp_asm *reply;
	u8	server;
	u32	at;
	u32	count;
};

/**
 * mx_unseal_pages() - open pages
 * @from: where they are
 * @page: the first one's number in the volume
 * @n:    pages, at most MX_PLAIN_PAGES
 *
 * Context: bottom halves off. Return: the first of @n adjacent pages that hold
 * the plain text until bottom halves are on again or this is called again; NULL,
 * counted and logged, if one of them is not what was written.
 */
struct page *mx_unseal_pages(struct mx_volume *vol, const struct mx_sealed *from,
			     u64 page, u32 n);

#endif /* MX_SEALED_H */
