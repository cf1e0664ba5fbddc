/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a volume may hold, page by page, as its users can know it: the oracle of
 * the cluster's simulation. A page is a register: a read returns what the last
 * acknowledged write has left, or what a write has that was under way at some
 * time while the read was, or of which nobody knows how it has ended.
 */
#ifndef SIM_CL_MODEL_H
#define SIM_CL_MODEL_H

#include "../kit/kit.h"

enum {
	MODEL_VALUES	= 24,	/* of a page that are remembered */
};

/**
 * struct model_value - what a page may hold
 * @uid:    the write or discard that it is from; they count up. 0: none yet
 * @value:  what it stores, 0 for a discard
 * @claim:  on behalf of which claim, counted up in the order of their begin
 * @since:  when it was submitted, in ticks of the model
 * @ended:  when it has ended, 0: it has not
 * @acked:  it was acknowledged
 * @may_return: it has failed, a read has not found it, and nothing was acknowledged
 *          since but hints
 * @until:  when it was known that the page does not hold it, 0: it may
 */
struct model_value {
	u64 uid;
	u64 value;
	u32 claim;
	u64 since;
	u64 ended;
	bool acked;
	bool may_return;
	u64 until;
};

/**
 * struct model_page - one page
 * @v:     what it may hold, and what it held a while ago
 * @n:     entries of @v in use
 * @blind: before then entries were thrown away
 * @unseen: writes under way that have no entry
 * @unseen_end: when the last of these has ended
 */
struct model_page {
	struct model_value v[MODEL_VALUES];
	u8 n;
	u64 blind;
	u32 unseen;
	u64 unseen_end;
};

/**
 * struct model - one volume
 * @page:  by number
 * @pages: how many
 * @tick:  counts up with each input
 */
struct model {
	struct model_page *page;
	u32 pages;
	u64 tick;
};

void model_init(struct model *m, u32 pages);
void model_free(struct model *m);

/** model_write() - a write or discard (@value 0) of a page is submitted */
void model_write(struct model *m, u32 page, u64 uid, u64 value, u32 claim);

/**
 * model_written() - it has ended
 * @ok:   it was acknowledged
 * @hint: the next owner need not know of it: what a write may have left that has failed
 *        can be there again
 *
 * Return: NULL or what is wrong.
 */
const char *model_written(struct model *m, u32 page, u64 uid, bool ok, bool hint);

/** model_now() - stamp for the begin of a read */
u64 model_now(struct model *m);

/**
 * model_read() - a read that began at @since has found @value
 * @settle: it tells of all that was before, if nothing was under way
 *
 * Return: NULL or what is wrong.
 */
const char *model_read(struct model *m, u32 page, u64 since, u64 value,
		       bool settle);

/** model_forgive() - anything may be found until a read has settled it */
void model_forgive(struct model *m, u32 page);

/** model_written_since() - has a write been acknowledged since that tick? */
bool model_written_since(const struct model *m, u32 page, u64 since);

/**
 * model_return() - a write that has failed may be found now, though it was not
 * before: nobody knew whether it had been executed
 */
void model_return(struct model *m);

/** model_forget() - whatever the volume holds from now on is right */
void model_forget(struct model *m);

/** model_only() - the one value that a page can hold. Return: whether there is one */
bool model_only(const struct model *m, u32 page, u64 *value);

#endif /* SIM_CL_MODEL_H */
