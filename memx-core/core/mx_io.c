// SPDX-License-Identifier: GPL-2.0
/*
 * I/Os: divided into operations, read data handed out, completed.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include "mx_io.h"
#include "mx_leg.h"
#include "mx_main.h"
#include "mx_sealed.h"
#include "mx_trace.h"
#include "engine/mx_span.h"
#include "engine/mx_zero.h"

static void count(struct mx_io *io)
{
	static const u8 which[] = {
		[MX_IO_READ]	= MX_VS_READS,
		[MX_IO_WRITE]	= MX_VS_WRITES,
		[MX_IO_DISCARD]	= MX_VS_DISCARDS,
		[MX_IO_FLUSH]	= MX_VS_FLUSHES,
	};
	struct mx_volume *vol = io->vol;
	u64 ns = ktime_get_ns() - io->start;

	mx_vstat_inc(vol, which[io->op]);
	if (io->op == MX_IO_READ)
		mx_vstat_add(vol, MX_VS_READ_BYTES, io->len);
	else if (io->op == MX_IO_WRITE)
		mx_vstat_add(vol, MX_VS_WRITE_BYTES, io->len);
	if (io->err)
		mx_vstat_inc(vol, MX_VS_ERRORS);
	if (io->op <= MX_IO_WRITE)
		this_cpu_inc(vol->stats->latency[io->op == MX_IO_WRITE]
						[rmp_lat_bucket(ns)]);
	mx_vstat_add(vol, MX_VS_LAT_NS, ns);
	/* Bottom halves are off: nobody else writes this CPU's maximum. */
	if (ns > this_cpu_read(vol->stats->v[MX_VS_LAT_MAX]))
		this_cpu_write(vol->stats->v[MX_VS_LAT_MAX], ns);
	trace_mx_io_done(io, ns);
}

void mx_io_part(struct mx_io *io, int err)
{
	if (unlikely(err))
		cmpxchg(&io->err, 0, err);
	if (!atomic_dec_and_test(&io->left))
		return;
	local_bh_disable();
	count(io);
	io->done(io, io->err);
	local_bh_enable();
}

void mx_piece_copy(const struct mx_piece *piece, u32 off, void *dst, u32 len)
{
	if (piece->reply)
		rmp_payload_copy(piece->reply, piece->off + off, dst, len);
	else if (piece->plain)
		memcpy(dst, page_address(piece->plain) + piece->off + off, len);
	else
		memset(dst, 0, len);
}
MX_EXPORT_SYMBOL(mx_piece_copy);

int mx_piece_walk(const struct mx_piece *piece,
		  int (*fn)(void *ctx, struct page *page, u32 page_off,
			    u32 len, u32 msg_off), void *ctx)
{
	u32 off = piece->off, end = off + piece->len, n;
	int err = 0;

	if (piece->reply)
		return rmp_payload_walk(piece->reply, off, piece->len, fn, ctx);
	for (; off < end && !err; off += n) {
		n = min_t(u32, end - off, PAGE_SIZE - offset_in_page(off));
		err = fn(ctx, piece->plain + (off >> PAGE_SHIFT),
			 offset_in_page(off), n, off);
	}
	return err;
}
MX_EXPORT_SYMBOL(mx_piece_walk);

/**
 * struct source - where the pages of a part of a run are: in either, else zeros
 * @reply: message
 * @plain: adjacent pages of memory
 * @at:    first page in these
 */
struct source {
	const struct rmp_asm *reply;
	struct page *plain;
	u32 at;
};

/* Hands out @n pages of a run from its page @i on; the I/O may be smaller. */
static int place(struct mx_vop *vop, u32 i, u32 n, const struct source *src)
{
	struct mx_io *io = vop->io;
	u64 start = (vop->page + i) << MX_PAGE_SHIFT;
	u64 from = max(start, io->pos);
	u64 end = min(start + ((u64)n << MX_PAGE_SHIFT), io->pos + io->len);
	struct mx_piece piece = {
		.pos	= from - io->pos,
		.len	= end - from,
		.reply	= src->reply,
		.plain	= src->plain,
		.off	= (src->at << MX_PAGE_SHIFT) + (from - start),
	};

	return io->place(io, &piece);
}

/* Sealed pages are opened and handed out a few at a time. */
static int place_sealed(struct mx_vop *vop, u32 i, u32 n, struct mx_sealed *from)
{
	struct source src = {};
	int err = 0;
	u32 some;

	for (; n && !err; n -= some, i += some, from->at += some) {
		some = min_t(u32, n, MX_PLAIN_PAGES);
		src.plain = mx_unseal_pages(vop->vol, from, vop->page + i, some);
		err = src.plain ? place(vop, i, some, &src) : -EIO;
	}
	return err;
}

/* A run of pages that are in the answer, from its page @at on. */
static int place_run(struct mx_vop *vop, u32 first, u32 n, u32 at)
{
	u8 leg = vop->op.from;
	struct mx_sealed from = {
		.reply	= &vop->leg[leg].nc.call.reply,
		.server	= vop->op.leg[leg].server,
		.at	= at,
		.count	= hweight32(vop->op.mask),
	};
	struct source src = { .reply = from.reply, .at = at };

	if (vop->vol->sealed)
		return place_sealed(vop, first, n, &from);
	return place(vop, first, n, &src);
}

static int deliver(struct mx_vop *vop)
{
	u32 give = vop->op.give, mask = vop->op.mask, i = 0, n = vop->op.n;
	const struct source zeros = {};
	int err = 0;

	while (i < n && !err) {
		bool have = give & BIT(i);
		u32 first = i;

		while (i < n && have == !!(give & BIT(i)))
			i++;
		if (have)
			err = place_run(vop, first, i - first,
					hweight32(mask & (BIT(first) - 1)));
		else
			err = place(vop, first, i - first, &zeros);
	}
	return err;
}

int mx_io_read_done(struct mx_vop *vop)
{
	int err;

	if (!vop->op.give)
		mx_vstat_inc(vop->vol, MX_VS_ZERO_READS);
	local_bh_disable();
	err = deliver(vop);
	local_bh_enable();
	if (vop->op.give)
		mx_leg_done(vop, vop->op.from);
	return err;
}

bool mx_io_edge(struct mx_vop *vop, u32 i, const struct rmp_asm *reply, u8 server)
{
	u8 *to = page_address(vop->buf.page[i]);
	u32 head = i ? 0 : vop->head;
	u32 tail = i == vop->op.n - 1 ? vop->tail : MX_PAGE_SIZE;
	struct mx_piece from = { .len = MX_PAGE_SIZE };

	if (reply)
		mx_vstat_inc(vop->vol, MX_VS_EDGE_READS);
	if (reply && vop->vol->sealed) {
		struct mx_sealed sealed = {
			.reply = reply, .server = server, .count = 1,
		};

		from.plain = mx_unseal_pages(vop->vol, &sealed, vop->page + i, 1);
		if (!from.plain)
			return false;
	} else {
		from.reply = reply;
	}
	mx_piece_copy(&from, 0, to, head);
	mx_piece_copy(&from, tail, to + tail, MX_PAGE_SIZE - tail);
	return true;
}

/* Ends of a write that do not fill their page: see mx_op.edges. */
static u8 edges_of(const struct mx_vop *vop, u32 n)
{
	bool tail = vop->tail < MX_PAGE_SIZE;
	u8 edges = 0;

	if (vop->head || (tail && n == 1))
		edges |= 1;
	if (tail && n > 1)
		edges |= 2;
	return edges;
}

/* The page behind the last one. */
static u64 page_end(const struct mx_io *io)
{
	return (io->pos + io->len + MX_PAGE_SIZE - 1) >> MX_PAGE_SHIFT;
}

/* Where the run from @page on has to end. */
static u64 run_end(const struct mx_io *io, u64 page)
{
	u8 shift = io->vol->shift;

	return min3(page_end(io), page + MX_OP_PAGES, ((page >> shift) + 1) << shift);
}

/* The operations of a READ: one, or two if it cannot be one. */
static void begin_read(struct mx_io *io, struct mx_vop *vop, struct mx_vop *second)
{
	u64 page = io->pos >> MX_PAGE_SHIFT;
	u64 cut = run_end(io, page);

	mx_vop_set(vop, MX_KIND_READ, page, cut - page, 0);
	if (second)
		mx_vop_set(second, MX_KIND_READ, cut, run_end(io, cut) - cut, 0);
	atomic_set(&io->left, second ? 2 : 1);
	mx_run_start(vop);
	if (second)
		mx_run_start(second);
}

/* Pages of a WRITE; behind them it has those for trailers. */
static u32 data_pages(const struct mx_io *io)
{
	return page_end(io) - (io->pos >> MX_PAGE_SHIFT);
}

/* Which pages need not be stored, since they are zeros. */
static void find_zeros(struct mx_io *io)
{
	u32 at = io->pos & (MX_PAGE_SIZE - 1), end = at + io->len, n;

	io->zero = io->zeros ? ~0ULL : 0;
	/* Of a sealed volume, servers would learn which pages are. */
	if (io->zeros || io->vol->sealed)
		return;
	for (; at < end; at += n) {
		u32 page = at >> MX_PAGE_SHIFT, off = at & (MX_PAGE_SIZE - 1);

		n = min_t(u32, end - at, MX_PAGE_SIZE - off);
		if (!memchr_inv(page_address(io->pages[page]) + off, 0, n))
			io->zero |= BIT_ULL(page);
	}
}

/* Pages in the next run of a WRITE; 0: there is none. */
static u32 next_run(const struct mx_io *io)
{
	u64 page = (io->pos >> MX_PAGE_SHIFT) + io->next;
	u32 n = data_pages(io), most;
	u64 part = 0;

	if (io->next == n)
		return 0;
	most = run_end(io, page) - page;
	/* There is a page for the trailers of two runs only. */
	if (io->vol->sealed)
		return most;
	if (io->pos & (MX_PAGE_SIZE - 1))
		part |= 1;
	if ((io->pos + io->len) & (MX_PAGE_SIZE - 1))
		part |= BIT_ULL(n - 1);
	return mx_zero_run(io->zero, part, io->next, io->next + most);
}

/* The operation gets the next @n pages of its WRITE, and a page for their trailers. */
static void take_pages(struct mx_vop *vop, u32 n)
{
	struct mx_io *io = vop->io;

	memcpy(vop->buf.page, io->pages + io->next, n * sizeof(*io->pages));
	if (vop->vol->sealed)
		vop->buf.page[n++] = io->pages[data_pages(io) + !!io->next];
	vop->npages = n;
	vop->slot = io->slot;
}

static void begin_run(struct mx_io *io, struct mx_vop *vop, u32 n)
{
	u64 page = (io->pos >> MX_PAGE_SHIFT) + io->next;
	u32 tail = (io->pos + io->len) & (MX_PAGE_SIZE - 1);

	vop->io = io;
	if (!io->next)
		vop->head = io->pos & (MX_PAGE_SIZE - 1);
	if (tail && io->next + n == data_pages(io))
		vop->tail = tail;
	mx_vop_set(vop, MX_KIND_WRITE, page, n, edges_of(vop, n));
	if (io->zero & BIT_ULL(io->next))
		mx_op_zeros(&vop->op, io->keep);
	take_pages(vop, n);
	io->next += n;
	atomic_inc(&io->left);
	mx_run_start(vop);
}

/*
 * Goes on with a WRITE, all runs at once as far as there are objects. Return:
 * false if there is none for the next run now.
 */
static bool write_on(struct mx_io *io, struct mx_vop *vop)
{
	u32 n;

	while ((n = next_run(io))) {
		if (!vop)
			vop = mx_vop_get(io->vol, io->slot);
		if (!vop)
			return false;
		begin_run(io, vop, n);
		vop = NULL;
	}
	mx_io_part(io, 0);
	return true;
}

/* Gives back what no operation has got. */
static void put_rest(struct mx_io *io)
{
	u32 first = io->next, n = data_pages(io);
	u32 used = n + (first && io->vol->sealed);
	struct mx_pool *pool = &io->vol->pool;

	mx_pool_put(pool, io->pages + first, n - first, io->slot);
	if (io->npages > used)
		mx_pool_put(pool, io->pages + used, io->npages - used, io->slot);
}

static bool needs_two(const struct mx_io *io)
{
	u64 first = io->pos >> MX_PAGE_SHIFT;
	u64 last = (io->pos + io->len - 1) >> MX_PAGE_SHIFT;

	return last - first >= MX_OP_PAGES ||
	       first >> io->vol->shift != last >> io->vol->shift;
}

static u64 discard_end(const struct mx_io *io)
{
	return (io->pos + io->len) >> MX_PAGE_SHIFT;
}

static void begin_discard(struct mx_io *io)
{
	io->next = DIV_ROUND_UP_ULL(io->pos, MX_PAGE_SIZE);
}

/* Goes on with a discard, chunk by chunk, until one waits. */
static void discard(struct mx_io *io, struct mx_vop *vop)
{
	u64 end = discard_end(io), first;
	int err = 0;
	u32 n;

	vop->io = io;
	while (!err && (n = mx_span_take(&io->next, end, vop->vol->shift, &first))) {
		mx_vop_set(vop, MX_KIND_DISCARD, first, n, 0);
		if (!mx_run_discard(vop, &err))
			return;
	}
	mx_vop_put(vop);
	mx_io_part(io, err);
}

/* Return: false if there is no operation object for it now. */
static bool begin(struct mx_io *io)
{
	struct mx_vop *vop, *second = NULL;
	struct mx_volume *vol = io->vol;

	vop = mx_vop_get(vol, io->slot);
	if (!vop)
		return false;
	if (io->op == MX_IO_DISCARD) {
		discard(io, vop);
		return true;
	}
	if (io->op == MX_IO_WRITE)
		return write_on(io, vop);
	vop->io = io;
	if (needs_two(io)) {
		second = mx_vop_get(vol, io->slot);
		if (!second) {
			/* Not a reason for those who wait to try again. */
			mx_vop_return(vop);
			return false;
		}
		second->io = io;
	}
	begin_read(io, vop, second);
	return true;
}

static int refuse(const struct mx_io *io)
{
	const struct mx_volume *vol = io->vol;
	u64 bytes = READ_ONCE(vol->bytes);

	if ((io->pos | io->len) & (MX_SECTOR - 1) ||
	    io->pos > bytes || io->len > bytes - io->pos)
		return -EINVAL;
	if (io->op <= MX_IO_WRITE && (!io->len || io->len > MX_IO_MAX_BYTES))
		return -EINVAL;
	if (io->op == MX_IO_DISCARD && io->len > mx_span_max(vol->shift))
		return -EINVAL;
	if (mx_claim_fenced(vol))
		return -ESTALE;
	if (test_bit(MX_VF_ABORTED, &vol->flags))
		return -EIO;
	return 0;
}

/* Ends an I/O that has no operations, or begins no more. */
static void end_now(struct mx_io *io, int err)
{
	if (io->op == MX_IO_WRITE)
		put_rest(io);
	mx_io_part(io, err);
}

static void starve(struct mx_io *io)
{
	struct mx_volume *vol = io->vol;

	mx_vstat_inc(vol, MX_VS_STARVED);
	spin_lock_bh(&vol->lock);
	mx_starve_add(&vol->starved, &io->link, io->slot);
	spin_unlock_bh(&vol->lock);
	/* Objects may have come back before anybody saw that it waits. */
	queue_work(mx_wq, &vol->feed);
}

u8 mx_io_slot(struct mx_volume *vol, u64 pos)
{
	u64 chunk = pos >> MX_PAGE_SHIFT >> vol->shift;
	u8 server = MX_NO_SERVER;

	if (chunk < vol->nchunks)
		server = READ_ONCE(vol->cks[chunk].c.server);
	return server == MX_NO_SERVER ? MX_SHARE_NONE : server;
}
MX_EXPORT_SYMBOL(mx_io_slot);

void mx_io_discard_ended(struct mx_io *io, struct mx_vop *vop, int err, bool freed)
{
	enum mx_span_step step = mx_span_step(io->next, discard_end(io), err, freed);

	if (step == MX_SPAN_SAME) {
		discard(io, vop);
		return;
	}
	if (freed)
		mx_vop_put(vop);
	if (step == MX_SPAN_OVER) {
		mx_io_part(io, err);
		return;
	}
	/* Waits with those for the server of the next chunk. */
	io->slot = mx_io_slot(io->vol, io->next << MX_PAGE_SHIFT);
	if (!begin(io))
		starve(io);
}

void mx_submit(struct mx_io *io)
{
	int err;

	local_bh_disable();
	io->start = ktime_get_ns();
	io->err = 0;
	io->next = 0;
	atomic_set(&io->left, 1);
	if (io->op != MX_IO_WRITE)
		io->slot = mx_io_slot(io->vol, io->pos);
	if (io->op == MX_IO_DISCARD)
		begin_discard(io);
	trace_mx_io_start(io);
	err = refuse(io);
	if (io->op == MX_IO_WRITE && !err)
		find_zeros(io);
	if (unlikely(err) || io->op == MX_IO_FLUSH)
		end_now(io, err);
	else if (unlikely(!begin(io)))
		starve(io);
	local_bh_enable();
}
MX_EXPORT_SYMBOL(mx_submit);

void mx_plug(void)
{
	rmp_cork();
}
MX_EXPORT_SYMBOL(mx_plug);

void mx_unplug(void)
{
	rmp_uncork();
}
MX_EXPORT_SYMBOL(mx_unplug);

/* It counts until fed(): see mx_starve.h. */
static struct mx_io *next_starved(struct mx_volume *vol, u8 slot)
{
	struct list_head *link;

	spin_lock_bh(&vol->lock);
	link = mx_starve_take(&vol->starved, slot);
	spin_unlock_bh(&vol->lock);
	return link ? list_entry(link, struct mx_io, link) : NULL;
}

static void fed(struct mx_volume *vol)
{
	spin_lock_bh(&vol->lock);
	mx_starve_fed(&vol->starved);
	spin_unlock_bh(&vol->lock);
}

static void starve_on(struct mx_io *io, u8 slot)
{
	struct mx_volume *vol = io->vol;

	spin_lock_bh(&vol->lock);
	mx_starve_back(&vol->starved, &io->link, slot);
	spin_unlock_bh(&vol->lock);
	/* Whoever ends all I/O may not have found it on the list. */
	if (test_bit(MX_VF_ABORTED, &vol->flags))
		queue_work(mx_wq, &vol->feed);
}

/* Return: false if there is still no object for it. */
static bool feed_one(struct mx_io *io)
{
	bool begun = true;

	local_bh_disable();
	if (test_bit(MX_VF_ABORTED, &io->vol->flags))
		end_now(io, -EIO);
	else
		begun = begin(io);
	local_bh_enable();
	return begun;
}

/* Those for one server; if one of them still has to wait, so do the others. */
static void feed(struct mx_volume *vol, u8 slot)
{
	struct mx_io *io;

	while ((io = next_starved(vol, slot))) {
		if (!feed_one(io)) {
			starve_on(io, slot);
			return;
		}
		fed(vol);
	}
}

void mx_io_feed(struct work_struct *work)
{
	struct mx_volume *vol = container_of(work, struct mx_volume, feed);
	u8 slot;

	for (slot = 0; slot < MX_SHARE_SLOTS; slot++)
		feed(vol, slot);
}

/* Writes and discards that have waited for an object until their deadline. */
static struct mx_io *next_late(struct mx_volume *vol, u8 slot, u64 before)
{
	struct mx_io *io, *found = NULL;

	spin_lock_bh(&vol->lock);
	list_for_each_entry(io, &vol->starved.list[slot], link) {
		if (io->op == MX_IO_READ || io->start > before)
			continue;
		mx_starve_pull(&vol->starved, &io->link);
		mx_starve_fed(&vol->starved);
		found = io;
		break;
	}
	spin_unlock_bh(&vol->lock);
	return found;
}

void mx_io_fail_late(struct mx_volume *vol)
{
	u64 timeout = (u64)mx_write_timeout_s * NSEC_PER_SEC;
	u64 now = ktime_get_ns();
	struct mx_io *io;
	u8 slot;

	for (slot = 0; now > timeout && slot < MX_SHARE_SLOTS; slot++)
		while ((io = next_late(vol, slot, now - timeout)))
			end_now(io, -EIO);
}

void mx_io_fail_starved(struct mx_volume *vol)
{
	struct mx_io *io;
	u8 slot;

	for (slot = 0; slot < MX_SHARE_SLOTS; slot++)
		while ((io = next_starved(vol, slot))) {
			end_now(io, -EIO);
			fed(vol);
		}
}

bool mx_pages_get(struct mx_io *io, struct mx_waiter *waiter)
{
	u64 end = io->pos + io->len + MX_PAGE_SIZE - 1;
	struct mx_volume *vol = io->vol;
	u32 n = (end >> MX_PAGE_SHIFT) - (io->pos >> MX_PAGE_SHIFT);

	if (vol->sealed)
		n += needs_two(io) ? 2 : 1;
	io->slot = mx_io_slot(vol, io->pos);
	if (likely(mx_pool_get(&vol->pool, io->pages, n, io->slot, waiter))) {
		io->npages = n;
		return true;
	}
	mx_vstat_inc(vol, MX_VS_NO_PAGES);
	return false;
}
MX_EXPORT_SYMBOL(mx_pages_get);

void mx_pages_put(struct mx_io *io)
{
	mx_pool_put(&io->vol->pool, io->pages, io->npages, io->slot);
}
MX_EXPORT_SYMBOL(mx_pages_put);

void mx_waiter_cancel(struct mx_volume *vol, struct mx_waiter *waiter)
{
	mx_pool_cancel(&vol->pool, waiter);
}
MX_EXPORT_SYMBOL(mx_waiter_cancel);
