// SPDX-License-Identifier: GPL-2.0
/*
 * Understands what a frontend asks for. Nothing of it is believed: numbers are
 * held against what was offered, and rings against each other, since two rings
 * on one page or one event channel would answer into each other.
 */
#include "mxbk_queue.h"

void mxbk_offer_make(struct mxbk_offer *offer, u32 cpus, u32 queues, u32 order)
{
	offer->queues = max_t(u32, min_t(u32, cpus, queues), 1);
	offer->order = min_t(u32, order, MXBK_ORDER_MAX);
}

void mxbk_offer_widen(struct mxbk_offer *offer, const struct mxbk_offer *other)
{
	offer->queues = max_t(u32, offer->queues, other->queues);
	offer->order = max_t(u32, offer->order,
			     min_t(u32, other->order, MXBK_ORDER_MAX));
}

int mxbk_number(const char *text, u32 *value)
{
	u64 sum = 0;

	if (!text)
		return -ENOENT;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		sum = sum * 10 + (*text - '0');
		if ((u32)sum != sum)
			return -EINVAL;
	}
	*value = sum;
	return 0;
}

/* Return: whether the node is good: absent, or a number from @least to @most */
static bool number_within(const char *text, u32 absent, u32 least, u32 most,
			  u32 *value)
{
	*value = absent;
	if (!text)
		return true;
	return !mxbk_number(text, value) && *value >= least && *value <= most;
}

static const struct mxbk_abi *abi_of(const char *word, const char *native)
{
	if (!word || !*word || !strcmp(word, native) ||
	    !strcmp(word, "x86_64-abi"))
		return &mxbk_abi_64;
	return strcmp(word, "x86_32-abi") ? NULL : &mxbk_abi_32;
}

u8 mxbk_plan_make(const struct mxbk_asked *asked, const char *native,
		  const struct mxbk_offer *offer, struct mxbk_plan *plan)
{
	plan->abi = abi_of(asked->protocol, native);
	if (!plan->abi)
		return MXBK_ASK_PROTOCOL;
	if (!number_within(asked->order, 0, 0, offer->order, &plan->order))
		return MXBK_ASK_ORDER;
	if (!number_within(asked->queues, 1, 1, offer->queues, &plan->queues))
		return MXBK_ASK_QUEUES;
	return MXBK_ASK_OK;
}

static bool has_ref(const struct mxbk_says *says, u32 nrefs, u32 ref)
{
	u32 i;

	for (i = 0; i < nrefs; i++)
		if (says->ref[i] == ref)
			return true;
	return false;
}

u8 mxbk_says_check(const struct mxbk_says *all, u32 n)
{
	const struct mxbk_says *last = &all[n - 1];
	u32 i, k;

	MX_ASSERT(n && last->nrefs <= MXBK_REFS_MAX);
	for (i = 0; i < last->nrefs; i++) {
		if (has_ref(last, i, last->ref[i]))
			return MXBK_ASK_REF;
		for (k = 0; k < n - 1; k++)
			if (has_ref(&all[k], all[k].nrefs, last->ref[i]))
				return MXBK_ASK_REF;
	}
	for (k = 0; k < n - 1; k++)
		if (all[k].evtchn == last->evtchn)
			return MXBK_ASK_EVENT;
	return MXBK_ASK_OK;
}
