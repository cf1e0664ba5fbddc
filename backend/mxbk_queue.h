/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a frontend asks for: layout, size and number of its rings. From text
 * that a guest wrote to numbers within bounds, or a word why not. Sans-IO.
 */
#ifndef MXBK_QUEUE_H
#define MXBK_QUEUE_H

#include "mxbk_abi.h"

enum mxbk_queue_limits {
	MXBK_ORDER_MAX	= 4,			/* log2 of a ring's pages */
	MXBK_REFS_MAX	= 1 << MXBK_ORDER_MAX,	/* pages of a ring */
};

/**
 * struct mxbk_offer - what a frontend may ask for
 * @queues: rings of a disk at most, at least 1
 * @order:  log2 of the pages of each at most, up to MXBK_ORDER_MAX
 */
struct mxbk_offer {
	u32	queues;
	u32	order;
};

/**
 * mxbk_offer_make() - what to offer
 * @cpus:   processors; a ring for each is enough for any frontend
 * @queues: rings at most, as an admin wants it
 * @order:  likewise, log2 of pages
 */
void mxbk_offer_make(struct mxbk_offer *offer, u32 cpus, u32 queues, u32 order);

/** mxbk_offer_widen() - make @offer the larger of itself and @other in both */
void mxbk_offer_widen(struct mxbk_offer *offer, const struct mxbk_offer *other);

/**
 * struct mxbk_asked - nodes of the frontend as they are
 * @protocol: `protocol`, or NULL: there is none; likewise the others
 * @order:    `ring-page-order`
 * @queues:   `multi-queue-num-queues`
 */
struct mxbk_asked {
	const char *protocol;
	const char *order;
	const char *queues;
};

/**
 * struct mxbk_plan - rings to be opened
 * @abi:    layout
 * @order:  log2 of the pages of each
 * @queues: number
 */
struct mxbk_plan {
	const struct mxbk_abi *abi;
	u32	order;
	u32	queues;
};

/**
 * enum mxbk_refusal - why a frontend does not get what it asks for
 * @MXBK_ASK_OK:       it does
 * @MXBK_ASK_PROTOCOL: unknown layout
 * @MXBK_ASK_ORDER:    the size of rings is no number, or more than was offered
 * @MXBK_ASK_QUEUES:   the number of rings is no number, 0, or more than was offered
 * @MXBK_ASK_REF:      a page of a ring is named twice
 * @MXBK_ASK_EVENT:    two rings have one event channel
 */
enum mxbk_refusal {
	MXBK_ASK_OK,
	MXBK_ASK_PROTOCOL,
	MXBK_ASK_ORDER,
	MXBK_ASK_QUEUES,
	MXBK_ASK_REF,
	MXBK_ASK_EVENT,
};

/**
 * mxbk_plan_make() - understand what is asked for
 * @native: word for this machine's own layout
 * @offer:  what may be asked for
 * @plan:   result
 *
 * Return: enum mxbk_refusal.
 */
u8 mxbk_plan_make(const struct mxbk_asked *asked, const char *native,
		  const struct mxbk_offer *offer, struct mxbk_plan *plan);

/**
 * struct mxbk_says - what a frontend says of a ring
 * @evtchn: event channel
 * @nrefs:  pages of the ring, at most MXBK_REFS_MAX
 * @ref:    grants of them
 */
struct mxbk_says {
	u32	evtchn;
	u32	nrefs;
	u32	ref[MXBK_REFS_MAX];
};

/**
 * mxbk_says_check() - whether a ring stands on its own
 * @all: rings, the one in question last
 * @n:   number of them, at least 1
 *
 * Return: enum mxbk_refusal.
 */
u8 mxbk_says_check(const struct mxbk_says *all, u32 n);

/**
 * mxbk_number() - a number that somebody wrote into xenstore
 * @text: decimal digits and nothing else, or NULL
 *
 * Return: 0, -ENOENT (NULL), or -EINVAL (no number, or none of 32 bits).
 */
int mxbk_number(const char *text, u32 *value);

#endif /* MXBK_QUEUE_H */
