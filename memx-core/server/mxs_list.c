// SPDX-License-Identifier: GPL-2.0
/*
 * What a claimant is told of a volume before it relies on it: the chunks that
 * are here, which of their pages are stored, and the roster; and what is told
 * to anybody who looks. All of it needs pages for the answer, so workers do it,
 * in steps.
 */
#include <linux/sched.h>
#include "mxs.h"

enum {
	ENTRY_LEN	= sizeof(struct mx_wire_chunk),
	LIST_STEP	= MX_PAGE_SIZE / ENTRY_LEN,	/* entries told in one step */
	BITMAP_STEP	= 4096,		/* pages of a chunk looked at in one step */
	BITS		= MX_PAGE_SIZE * 8,	/* in a page of bitmap */
};

/* One more page for the answer. Return: an enum mx_status or MXS_LATER */
static int page_add(struct mxs_try *t, u8 **to)
{
	struct page *page;

	if (!mxs_may_answer(t, t->n + 1))
		return MX_ST_AGAIN;
	page = alloc_page(MXS_GFP | __GFP_ZERO);
	if (!page)
		return MXS_LATER;
	t->page[t->n++] = page;
	*to = page_address(page);
	return MX_ST_OK;
}

static bool entry_put(struct mxs_chunk *chunk, u32 index, u8 *to)
{
	struct mx_listed l;
	bool here;

	spin_lock_bh(&chunk->lock);
	here = mx_store_list_entry(&chunk->s, index, &l);
	spin_unlock_bh(&chunk->lock);
	if (here)
		mx_listed_encode(&l, to);
	return here;
}

/*
 * A page of entries from chunk @t->arg on, which is moved on behind them.
 * Caller: srv.table
 */
static void list_page(struct mxs_vol *vol, struct mxs_try *t, u8 *to)
{
	unsigned long index = t->arg;
	struct mxs_chunk *chunk;
	u32 n = 0;

	chunk = xa_find(&vol->chunks, &index, ULONG_MAX, XA_PRESENT);
	while (chunk && n < LIST_STEP) {
		if (entry_put(chunk, index, to + n * ENTRY_LEN))
			n++;
		chunk = xa_find_after(&vol->chunks, &index, ULONG_MAX,
				      XA_PRESENT);
	}
	t->len += n * ENTRY_LEN;
	t->arg = chunk ? index : MX_LIST_END;
}

/* Whoever looks needs no claim, and is not its owner who was heard. */
static int find(struct mxs_try *t, struct mxs_vol **vol)
{
	if (t->ask.op != MX_OP_LOOK)
		return mxs_vol_admit(t, vol);
	*vol = mxs_vol_find(t->who.volume);
	return *vol ? MX_ST_OK : MX_ST_NOVOL;
}

/* The claim is looked at anew in each step. */
static int list_step(struct mxs_try *t, u64 from)
{
	struct mxs_vol *vol;
	int status;
	u8 *to;

	status = page_add(t, &to);
	if (status != MX_ST_OK)
		return status;
	mutex_lock(&mxs_srv.table);
	status = find(t, &vol);
	if (status == MX_ST_OK) {
		t->arg = from;
		list_page(vol, t, to);
	}
	mutex_unlock(&mxs_srv.table);
	return status;
}

int mxs_list(struct mxs_try *t)
{
	u64 from = t->ask.page;
	int status;
	u32 i;

	for (i = 0; i < t->ask.npages && from != MX_LIST_END; i++) {
		status = list_step(t, from);
		/* What is told already is an answer too. */
		if ((status == MXS_LATER || status == MX_ST_AGAIN) && i) {
			t->arg = from;
			break;
		}
		if (status != MX_ST_OK)
			return status;
		from = t->arg;
		cond_resched();
	}
	return MX_ST_OK;
}

/* Pages @from to @end - 1 of the chunk. Caller: chunk->lock */
static void bits_set(const struct mxs_chunk *chunk, u32 from, u32 end, u8 *to)
{
	u32 i;

	for (i = from; i < end; i++)
		if (chunk->page[i])
			to[i % BITS / 8] |= 1 << i % 8;
}

static int bitmap_step(struct mxs_try *t, u32 from, u32 *size, u8 *to)
{
	struct mxs_chunk *chunk = NULL;
	struct mxs_vol *vol;
	int status;

	rcu_read_lock();
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK) {
		chunk = xa_load(&vol->chunks, t->ask.page >> vol->s.shift);
		if (!chunk)
			status = mxs_chunk_admit(NULL, t);
	}
	if (chunk) {
		spin_lock_bh(&chunk->lock);
		status = mxs_chunk_admit(chunk, t);
		*size = chunk->s.size;
		if (status == MX_ST_OK)
			bits_set(chunk, from, min(*size, from + BITMAP_STEP),
				 to);
		spin_unlock_bh(&chunk->lock);
	}
	rcu_read_unlock();
	return status;
}

int mxs_bitmap(struct mxs_try *t)
{
	u32 from = 0, size = 0;
	u8 *to = NULL;
	int status = MX_ST_OK;

	do {
		if (!(from % BITS))
			status = page_add(t, &to);
		if (status != MX_ST_OK)
			return status;
		status = bitmap_step(t, from, &size, to);
		if (status != MX_ST_OK)
			return status;
		from += BITMAP_STEP;
		cond_resched();
	} while (from < size);
	t->len = DIV_ROUND_UP(size, 8);
	return MX_ST_OK;
}

/* Caller: srv.table */
static int roster_set(struct mxs_vol *vol, struct mxs_try *t, const u8 *raw)
{
	struct mx_roster *r = &mxs_srv.roster;

	if (mx_roster_decode(raw, t->payload->len, r))
		return MX_ST_INVAL;
	if (mxs_orphan(t))
		return MX_ST_AGAIN;
	return mx_store_roster_set(&vol->s, r, &t->arg);
}

/* A page holds the roster that comes, or the one that goes. */
int mxs_roster(struct mxs_try *t)
{
	bool set = t->payload->len;
	struct mxs_vol *vol;
	int status;
	u8 *page;

	status = page_add(t, &page);
	if (status != MX_ST_OK)
		return status;
	if (set)
		rmp_payload_copy(t->payload, 0, page, t->payload->len);
	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK && set)
		status = roster_set(vol, t, page);
	else if (status == MX_ST_OK)
		t->len = mx_roster_encode(&vol->s.roster, page);
	mutex_unlock(&mxs_srv.table);
	return status;
}

/* What there is to know of the volume but its chunks, as a page. */
static int look_head(struct mxs_try *t)
{
	struct mx_look look;
	struct mxs_vol *vol;
	int status;
	u8 *page;

	status = page_add(t, &page);
	if (status != MX_ST_OK)
		return status;
	mutex_lock(&mxs_srv.table);
	status = find(t, &vol);
	if (status == MX_ST_OK) {
		spin_lock_bh(&mxs_srv.account);
		mx_store_look(&vol->s, vol->nchunks, &look);
		spin_unlock_bh(&mxs_srv.account);
		mx_look_encode(&look, &vol->s.roster, page);
		t->len = MX_PAGE_SIZE;
	} else if (mx_store_tomb(&mxs_srv.store, t->who.volume)) {
		t->arg = MX_LOOK_DROPPED;
	}
	mutex_unlock(&mxs_srv.table);
	return status;
}

int mxs_look(struct mxs_try *t)
{
	int status = look_head(t);

	if (status != MX_ST_OK || t->ask.npages)
		return status != MX_ST_OK ? status : mxs_list(t);
	t->arg = MX_LIST_END;
	return MX_ST_OK;
}
