// SPDX-License-Identifier: GPL-2.0
/*
 * The pages a volume has on this memory server, chunk by chunk: read by
 * reference, replaced by writes, never changed in place.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "mxs.h"

static struct mxs_chunk *chunk_of(struct mxs_vol *vol, u64 page)
{
	return xa_load(&vol->chunks, page >> vol->shift);
}

static u32 place_in_chunk(const struct mxs_vol *vol, u64 page)
{
	return page & ((1U << vol->shift) - 1);
}

bool mxs_chunk_ready(struct mxs_vol *vol, u64 page)
{
	return chunk_of(vol, page);
}

static u8 *trailer_of(const struct mxs_chunk *chunk, u32 place)
{
	return chunk->trailer + place * MX_TRAILER_LEN;
}

/* The pages as they are, and copies of their trailers to @trailers, if set. */
static void read_pages(struct mxs_chunk *chunk, u32 at, struct mxs_try *turn,
		       u8 *trailers)
{
	u32 i;

	spin_lock_bh(&chunk->lock);
	for (i = 0; i < turn->ask.npages; i++) {
		struct page *page = chunk->page[at + i];

		if (!page)
			continue;
		get_page(page);
		if (trailers)
			memcpy(trailers + turn->n * MX_TRAILER_LEN,
			       trailer_of(chunk, at + i), MX_TRAILER_LEN);
		turn->page[turn->n++] = page;
		turn->mask |= 1U << i;
	}
	spin_unlock_bh(&chunk->lock);
}

int mxs_read(struct mxs_vol *vol, struct mxs_try *turn)
{
	u32 at = place_in_chunk(vol, turn->ask.page);
	struct mxs_chunk *chunk = chunk_of(vol, turn->ask.page);
	struct page *trailers = NULL;

	turn->mask = 0;
	turn->n = 0;
	if (!chunk)
		return MX_ST_OK;
	if (vol->sealed) {
		/* RMAP frees it with the answer, so it is none of the stock. */
		trailers = alloc_page(GFP_NOWAIT | __GFP_NOWARN |
				      __GFP_NOMEMALLOC);
		if (!trailers)
			return MXS_LATER;
	}
	read_pages(chunk, at, turn, trailers ? page_address(trailers) : NULL);
	if (turn->n)
		turn->page[turn->n] = trailers;
	else if (trailers)
		__free_page(trailers);
	return MX_ST_OK;
}

int mxs_write(struct mxs_vol *vol, struct mxs_try *turn)
{
	u32 at = place_in_chunk(vol, turn->ask.page), i, old = 0;
	struct mxs_chunk *chunk = chunk_of(vol, turn->ask.page);
	LIST_HEAD(freed);
	u32 added;

	if (!chunk)
		return MXS_LATER;
	spin_lock_bh(&chunk->lock);
	if (chunk->dead) {
		spin_unlock_bh(&chunk->lock);
		return MXS_LATER;
	}
	for (i = 0; i < turn->ask.npages; i++) {
		struct page *page = chunk->page[at + i];

		chunk->page[at + i] = turn->page[i];
		if (page) {
			list_add(&page->lru, &freed);
			old++;
		}
	}
	if (vol->sealed)
		rmp_payload_copy(turn->payload,
				 turn->ask.npages << MX_PAGE_SHIFT,
				 trailer_of(chunk, at),
				 turn->ask.npages * MX_TRAILER_LEN);
	added = turn->ask.npages - old;
	chunk->used += added;
	if (added) {
		spin_lock(&mxs_srv.account);
		mx_quota_store(&mxs_srv.quota, &vol->share, added);
		spin_unlock(&mxs_srv.account);
	}
	spin_unlock_bh(&chunk->lock);
	turn->n = 0;
	if (old)
		mxs_stock_dirty(&freed, old);
	return MX_ST_OK;
}

/* Takes @n pages from position @at on out of the chunk, onto @freed. */
static u32 take_out(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 at, u32 n,
		    struct list_head *freed)
{
	u32 i, taken = 0;

	spin_lock_bh(&chunk->lock);
	for (i = at; i < at + n && chunk->used; i++) {
		struct page *page = chunk->page[i];

		if (!page)
			continue;
		chunk->page[i] = NULL;
		chunk->used--;
		list_add(&page->lru, freed);
		taken++;
	}
	if (taken) {
		spin_lock(&mxs_srv.account);
		mx_quota_drop(&mxs_srv.quota, &vol->share, taken);
		spin_unlock(&mxs_srv.account);
	}
	spin_unlock_bh(&chunk->lock);
	mxs_count(MXS_S_PAGES_FREED, taken);
	return taken;
}

/* Pages for the trailers of a chunk of @size pages. */
static u64 beside(const struct mxs_vol *vol, u32 size)
{
	return vol->sealed ? mx_trailer_pages(size) : 0;
}

static void discard_step(struct mxs_vol *vol, u64 page, u32 n)
{
	struct mxs_chunk *chunk = chunk_of(vol, page);
	LIST_HEAD(freed);
	u32 taken;

	if (!chunk)
		return;
	taken = take_out(vol, chunk, place_in_chunk(vol, page), n, &freed);
	if (taken)
		mxs_stock_dirty(&freed, taken);
}

int mxs_discard(struct mxs_vol *vol, const struct mx_ask *ask)
{
	if (ask->arg > MXS_SOFT_DISCARD || ask->flags & MX_F_RELEASE)
		return MXS_LATER;
	discard_step(vol, ask->page, ask->arg);
	mxs_stock_kick();
	return MX_ST_OK;
}

/* Caller has made sure that nobody else gives up the same chunk. */
static void chunk_free(struct mxs_vol *vol, struct mxs_chunk *chunk,
		       struct list_head *freed)
{
	u32 at;

	spin_lock_bh(&chunk->lock);
	chunk->dead = true;
	spin_unlock_bh(&chunk->lock);
	for (at = 0; at < chunk->size; at += MXS_STEP) {
		take_out(vol, chunk, at, min_t(u32, MXS_STEP, chunk->size - at),
			 freed);
		cond_resched();
	}
	spin_lock_bh(&mxs_srv.account);
	mx_quota_withdraw(&mxs_srv.quota, &vol->share, chunk->size,
			  beside(vol, chunk->size));
	spin_unlock_bh(&mxs_srv.account);
	kvfree_rcu(chunk, rcu);
	mxs_count(MXS_S_CHUNKS_DESTROYED, 1);
}

static int release(const struct mxs_claim *who, const struct mx_ask *ask)
{
	struct mxs_chunk *chunk;
	struct mxs_vol *vol;
	LIST_HEAD(freed);
	int status;

	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(who, ask, &vol);
	if (status == MX_ST_OK) {
		chunk = xa_erase(&vol->chunks, ask->page >> vol->shift);
		if (chunk) {
			vol->nchunks--;
			chunk_free(vol, chunk, &freed);
		}
	}
	mutex_unlock(&mxs_srv.table);
	mxs_stock_scrub(&freed);
	return status;
}

int mxs_discard_slow(const struct mxs_claim *who, const struct mx_ask *ask)
{
	struct mxs_vol *vol;
	int status = MX_ST_OK;
	u64 done;
	u32 n;

	if (ask->flags & MX_F_RELEASE)
		return release(who, ask);
	for (done = 0; done < ask->arg && status == MX_ST_OK; done += n) {
		n = min_t(u64, MXS_STEP, ask->arg - done);
		rcu_read_lock();
		status = mxs_vol_admit(who, ask, &vol);
		if (status == MX_ST_OK)
			discard_step(vol, ask->page + done, n);
		rcu_read_unlock();
		mxs_stock_kick();
		cond_resched();
	}
	return status;
}

/* Return: NULL if the host cannot spare the memory. */
static struct mxs_chunk *chunk_alloc(const struct mxs_vol *vol, u32 size)
{
	struct mxs_chunk *chunk = NULL;
	size_t bytes = struct_size(chunk, page, size);
	size_t trailers = vol->sealed ? (size_t)size * MX_TRAILER_LEN : 0;

	if (mxs_host_room() < DIV_ROUND_UP(bytes + trailers, PAGE_SIZE))
		return NULL;
	/* kvmalloc() knows this way of not calling the OOM killer. */
	chunk = kvzalloc(bytes + trailers,
			 GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!chunk)
		return NULL;
	spin_lock_init(&chunk->lock);
	chunk->size = size;
	if (vol->sealed)
		chunk->trailer = (u8 *)chunk + bytes;
	return chunk;
}

int mxs_chunk_make(struct mxs_vol *vol, u64 page)
{
	u64 index = page >> vol->shift;
	u64 size = mx_chunk_pages(vol->pages, vol->shift, index);
	struct mxs_chunk *chunk = NULL;
	bool promised;

	lockdep_assert_held(&mxs_srv.table);
	if (xa_load(&vol->chunks, index))
		return MX_ST_OK;
	spin_lock_bh(&mxs_srv.account);
	promised = mx_quota_promise(&mxs_srv.quota, &vol->share, size,
				    beside(vol, size));
	spin_unlock_bh(&mxs_srv.account);
	if (!promised)
		return MX_ST_FULL;

	chunk = chunk_alloc(vol, size);
	if (!chunk)
		goto no_memory;
	if (xa_err(xa_store(&vol->chunks, index, chunk, MXS_GFP)))
		goto no_memory;
	vol->nchunks++;
	mxs_count(MXS_S_CHUNKS_CREATED, 1);
	return MX_ST_OK;

no_memory:
	kvfree(chunk);
	spin_lock_bh(&mxs_srv.account);
	mx_quota_withdraw(&mxs_srv.quota, &vol->share, size, beside(vol, size));
	spin_unlock_bh(&mxs_srv.account);
	return MXS_LATER;
}

void mxs_chunks_free(struct mxs_vol *vol)
{
	struct mxs_chunk *chunk;
	unsigned long index;

	xa_for_each(&vol->chunks, index, chunk) {
		LIST_HEAD(freed);

		chunk_free(vol, chunk, &freed);
		mxs_stock_scrub(&freed);
	}
	xa_destroy(&vol->chunks);
}
