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
	return xa_load(&vol->chunks, page >> vol->s.shift);
}

static u32 place_in_chunk(const struct mxs_vol *vol, u64 page)
{
	return page & ((1U << vol->s.shift) - 1);
}

static u8 *trailer_of(const struct mxs_chunk *chunk, u32 place)
{
	return chunk->trailer + place * MX_TRAILER_LEN;
}

static int chunk_admit(const struct mxs_chunk *chunk, struct mxs_try *t)
{
	return mx_store_chunk_admit(&mxs_srv.store, chunk ? &chunk->s : NULL,
				    &t->ask, &t->arg);
}

int mxs_chunk_admit(const struct mxs_chunk *chunk, struct mxs_try *t)
{
	int status = chunk_admit(chunk, t);

	if (status > MX_ST_MAX)
		return MXS_LATER;
	if (status == MX_ST_OK && mxs_orphan(t))
		return MX_ST_AGAIN;
	return status;
}

int mxs_chunk_absent(struct mxs_vol *vol, struct mxs_try *t)
{
	return chunk_of(vol, t->ask.page) ? MX_ST_OK : mxs_chunk_admit(NULL, t);
}

/* The pages as they are, and copies of their trailers to @trailers, if set. */
static void read_pages(struct mxs_chunk *chunk, u32 at, struct mxs_try *t,
		       u8 *trailers)
{
	u32 i;

	for (i = 0; i < t->ask.npages; i++) {
		struct page *page = chunk->page[at + i];

		if (!page)
			continue;
		get_page(page);
		if (trailers)
			memcpy(trailers + t->n * MX_TRAILER_LEN,
			       trailer_of(chunk, at + i), MX_TRAILER_LEN);
		t->page[t->n++] = page;
		t->mask |= 1U << i;
	}
}

int mxs_read(struct mxs_vol *vol, struct mxs_try *t)
{
	u32 at = place_in_chunk(vol, t->ask.page);
	struct mxs_chunk *chunk = chunk_of(vol, t->ask.page);
	struct page *trailers = NULL;
	int status;

	if (!chunk)
		return mxs_chunk_admit(NULL, t);
	if (vol->s.sealed) {
		/* RMAP frees it with the answer, so it is none of the stock. */
		trailers = alloc_page(GFP_NOWAIT | __GFP_NOWARN |
				      __GFP_NOMEMALLOC);
		if (!trailers)
			return MXS_LATER;
	}
	spin_lock_bh(&chunk->lock);
	status = mxs_chunk_admit(chunk, t);
	if (status == MX_ST_OK && mx_store_here(&chunk->s))
		read_pages(chunk, at, t,
			   trailers ? page_address(trailers) : NULL);
	spin_unlock_bh(&chunk->lock);
	if (t->n)
		t->page[t->n] = trailers;
	else if (trailers)
		__free_page(trailers);
	return status;
}

/* Puts the payload's pages in place of those before, which go to @freed. */
static u32 put_pages(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 at,
		     struct mxs_try *t, struct list_head *freed)
{
	u32 i, n = t->ask.npages, old = 0;

	for (i = 0; i < n; i++) {
		struct page *page = chunk->page[at + i];

		chunk->page[at + i] = t->page[i];
		if (page) {
			list_add(&page->lru, freed);
			old++;
		}
	}
	t->n = 0;
	if (vol->s.sealed)
		rmp_payload_copy(t->payload, n << MX_PAGE_SHIFT,
				 trailer_of(chunk, at), n * MX_TRAILER_LEN);
	if (n > old)
		mxs_stored(vol, chunk, n - old);
	return old;
}

int mxs_write(struct mxs_vol *vol, struct mxs_try *t)
{
	struct mxs_chunk *chunk = chunk_of(vol, t->ask.page);
	LIST_HEAD(freed);
	u32 old = 0;
	int status;

	if (!chunk)
		return mxs_chunk_admit(NULL, t);
	spin_lock_bh(&chunk->lock);
	status = mxs_chunk_admit(chunk, t);
	if (status == MX_ST_OK)
		old = put_pages(vol, chunk, place_in_chunk(vol, t->ask.page), t,
				&freed);
	spin_unlock_bh(&chunk->lock);
	if (old)
		mxs_stock_dirty(&freed, old);
	return status;
}

int mxs_setgen(struct mxs_vol *vol, struct mxs_try *t)
{
	struct mxs_chunk *chunk = chunk_of(vol, t->ask.page);
	struct mx_life self = { rmp_self_node(), rmp_self_inc() };
	int status;

	if (!chunk)
		return mxs_chunk_admit(NULL, t);
	spin_lock_bh(&chunk->lock);
	status = mxs_chunk_admit(chunk, t);
	if (status == MX_ST_OK)
		status = mx_store_setgen(&chunk->s, &t->ask, &self, t->member,
					 t->nmembers, &t->arg);
	spin_unlock_bh(&chunk->lock);
	return status;
}

/*
 * Takes @n pages from position @at on out of the chunk, onto @freed. Caller:
 * chunk->lock
 */
static u32 take_out(struct mxs_vol *vol, struct mxs_chunk *chunk, u32 at, u32 n,
		    struct list_head *freed)
{
	u32 i, taken = 0;

	for (i = at; i < at + n && taken < chunk->s.used; i++) {
		struct page *page = chunk->page[i];

		if (!page)
			continue;
		chunk->page[i] = NULL;
		list_add(&page->lru, freed);
		taken++;
	}
	if (taken)
		mxs_dropped(vol, chunk, taken);
	return taken;
}

/* DISCARD of a part of what is asked. */
static int discard_step(struct mxs_vol *vol, struct mxs_try *t, u64 page, u32 n)
{
	struct mxs_chunk *chunk = chunk_of(vol, page);
	LIST_HEAD(freed);
	u32 taken = 0;
	int status;

	if (!chunk)
		return mxs_chunk_admit(NULL, t);
	spin_lock_bh(&chunk->lock);
	status = mxs_chunk_admit(chunk, t);
	if (status == MX_ST_OK && mx_store_here(&chunk->s))
		taken = take_out(vol, chunk, place_in_chunk(vol, page), n,
				 &freed);
	spin_unlock_bh(&chunk->lock);
	mxs_stat_add(MXS_S_PAGES_FREED, taken);
	if (taken)
		mxs_stock_dirty(&freed, taken);
	return status;
}

int mxs_discard(struct mxs_vol *vol, struct mxs_try *t)
{
	int status;

	if (t->ask.arg > MXS_SOFT_DISCARD || t->ask.flags & MX_F_RELEASE)
		return MXS_LATER;
	status = discard_step(vol, t, t->ask.page, t->ask.arg);
	mxs_stock_kick();
	return status;
}

/* Caller has made sure that nobody else gives up the same chunk. */
static void chunk_free(struct mxs_vol *vol, struct mxs_chunk *chunk,
		       struct list_head *freed)
{
	u32 at, n, taken, size = chunk->s.size;

	for (at = 0; at < size; at += n) {
		n = min_t(u32, MXS_STEP, size - at);
		spin_lock_bh(&chunk->lock);
		mx_store_chunk_dead(&chunk->s);
		taken = take_out(vol, chunk, at, n, freed);
		spin_unlock_bh(&chunk->lock);
		mxs_stat_add(MXS_S_PAGES_FREED, taken);
		cond_resched();
	}
	mxs_withdraw(vol, size);
	kvfree_rcu(chunk, rcu);
	mxs_stat_add(MXS_S_CHUNKS_DESTROYED, 1);
}

/* Caller: srv.table */
static void chunk_forget(struct mxs_vol *vol, u64 index, struct mxs_chunk *chunk,
			 struct list_head *freed)
{
	xa_erase(&vol->chunks, index);
	vol->nchunks--;
	chunk_free(vol, chunk, freed);
}

/* Caller: srv.table */
static int release(struct mxs_vol *vol, struct mxs_try *t,
		   struct list_head *freed)
{
	struct mxs_chunk *chunk = chunk_of(vol, t->ask.page);
	int status;

	if (!chunk)
		return mxs_chunk_admit(NULL, t);
	spin_lock_bh(&chunk->lock);
	status = mxs_chunk_admit(chunk, t);
	if (status == MX_ST_OK)
		mx_store_chunk_dead(&chunk->s);
	spin_unlock_bh(&chunk->lock);
	if (status == MX_ST_OK)
		chunk_forget(vol, t->ask.page >> vol->s.shift, chunk, freed);
	return status;
}

static int release_slow(struct mxs_try *t)
{
	struct mxs_vol *vol;
	LIST_HEAD(freed);
	int status;

	mutex_lock(&mxs_srv.table);
	status = mxs_vol_admit(t, &vol);
	if (status == MX_ST_OK)
		status = release(vol, t, &freed);
	mutex_unlock(&mxs_srv.table);
	mxs_stock_scrub(&freed);
	return status;
}

int mxs_discard_slow(struct mxs_try *t)
{
	struct mxs_vol *vol;
	int status = MX_ST_OK;
	u64 done;
	u32 n;

	if (t->ask.flags & MX_F_RELEASE)
		return release_slow(t);
	for (done = 0; done < t->ask.arg && status == MX_ST_OK; done += n) {
		n = min_t(u64, MXS_STEP, t->ask.arg - done);
		rcu_read_lock();
		status = mxs_vol_admit(t, &vol);
		if (status == MX_ST_OK)
			status = discard_step(vol, t, t->ask.page + done, n);
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
	size_t trailers = vol->s.sealed ? (size_t)size * MX_TRAILER_LEN : 0;

	if (mxs_host_room() < DIV_ROUND_UP(bytes + trailers, PAGE_SIZE))
		return NULL;
	/* kvmalloc() knows this way of not calling the OOM killer. */
	chunk = kvzalloc(bytes + trailers,
			 GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!chunk)
		return NULL;
	spin_lock_init(&chunk->lock);
	if (vol->s.sealed)
		chunk->trailer = (u8 *)chunk + bytes;
	return chunk;
}

/* There is none, and the request is the one that makes it. */
static int chunk_new(struct mxs_vol *vol, struct mxs_try *t)
{
	struct mx_life self = { rmp_self_node(), rmp_self_inc() };
	u64 index = t->ask.page >> vol->s.shift;
	u32 size = mx_store_chunk_pages(&vol->s, index);
	int status = mxs_promise(vol, index);
	struct mxs_chunk *chunk;

	if (status != MX_ST_OK)
		return status;
	chunk = chunk_alloc(vol, size);
	if (!chunk)
		goto no_memory;
	mx_store_chunk_init(&chunk->s, &vol->s, &t->ask, &self, t->member,
			    t->nmembers);
	if (xa_err(xa_store(&vol->chunks, index, chunk, MXS_GFP)))
		goto no_memory;
	vol->nchunks++;
	mxs_stat_add(MXS_S_CHUNKS_CREATED, 1);
	return MX_ST_OK;

no_memory:
	kvfree(chunk);
	mxs_withdraw(vol, size);
	return MXS_LATER;
}

/*
 * As mxs_chunk_admit(), and what is to be made is told; a left-over is dead from
 * here on. Caller: srv.table
 */
static int what_to_make(struct mxs_chunk *chunk, struct mxs_try *t)
{
	int status = MX_ST_AGAIN;

	if (!chunk)
		return mxs_orphan(t) ? MX_ST_AGAIN : chunk_admit(NULL, t);
	spin_lock_bh(&chunk->lock);
	if (!mxs_orphan(t))
		status = mx_store_chunk_make(&mxs_srv.store, &chunk->s, &t->ask,
					     &t->arg);
	spin_unlock_bh(&chunk->lock);
	return status;
}

int mxs_chunk_make(struct mxs_vol *vol, struct mxs_try *t,
		   struct list_head *freed)
{
	struct mxs_chunk *chunk = chunk_of(vol, t->ask.page);
	int status;

	lockdep_assert_held(&mxs_srv.table);
	status = what_to_make(chunk, t);
	if (status <= MX_ST_MAX)
		return status;
	if (status == MX_STORE_RENEW)
		chunk_forget(vol, t->ask.page >> vol->s.shift, chunk, freed);
	return chunk_new(vol, t);
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
