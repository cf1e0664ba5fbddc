// SPDX-License-Identifier: GPL-2.0
/*
 * I/Os: divided into operations, read data handed out, completed.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include "mx_op.h"
#include "mx_trace.h"

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
static int place(struct mx_op *op, u32 i, u32 n, const struct source *src)
{
	struct mx_io *io = op->io;
	u64 start = (op->page + i) << MX_PAGE_SHIFT;
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

int mx_io_zeros(struct mx_op *op)
{
	const struct source zeros = {};
	int err;

	mx_vstat_inc(op->vol, MX_VS_ZERO_READS);
	local_bh_disable();
	err = place(op, 0, op->cop.n, &zeros);
	local_bh_enable();
	return err;
}

/* Sealed pages are opened and handed out a few at a time. */
static int place_sealed(struct mx_op *op, u32 i, u32 n, u32 at, u32 count)
{
	struct source src = {};
	int err = 0;
	u32 some;

	for (; n && !err; n -= some, i += some, at += some) {
		some = min_t(u32, n, MX_PLAIN_PAGES);
		src.plain = mx_unseal_pages(op, i, some, at, count);
		err = src.plain ? place(op, i, some, &src) : -EIO;
	}
	return err;
}

int mx_io_deliver(struct mx_op *op, u32 give, u32 mask)
{
	u32 i = 0, n = op->cop.n;
	int err = 0;

	while (i < n && !err) {
		bool have = give & BIT(i);
		struct source src = {};
		u32 first = i, at;

		while (i < n && have == !!(give & BIT(i)))
			i++;
		at = hweight32(mask & (BIT(first) - 1));
		if (have && op->vol->sealed) {
			err = place_sealed(op, first, i - first, at,
					   hweight32(mask));
			continue;
		}
		if (have) {
			src.reply = &op->nc.call.reply;
			src.at = at;
		}
		err = place(op, first, i - first, &src);
	}
	return err;
}

/* @op gets its pages, from @first on, and, if sealed, the one at @trailers. */
static void take_pages(struct mx_op *op, u32 first, u32 trailers)
{
	struct page **pages = op->io->pages;

	memcpy(op->buf.page, pages + first, op->cop.n * sizeof(*pages));
	if (op->vol->sealed)
		op->buf.page[op->cop.n] = pages[trailers];
}

/* The pages of a WRITE pass to its operations. */
static void hand_over(struct mx_io *io, struct mx_op *op, struct mx_op *second)
{
	u32 tail = (io->pos + io->len) & (MX_PAGE_SIZE - 1);
	u32 n = op->cop.n + (second ? second->cop.n : 0);
	struct mx_op *last = second ? second : op;

	take_pages(op, 0, n);
	if (second)
		take_pages(second, op->cop.n, n + 1);
	op->head = io->pos & (MX_PAGE_SIZE - 1);
	if (tail)
		last->tail = tail;
	if (op->head || op->tail < MX_PAGE_SIZE)
		op->phase = MX_OP_EDGE;
	if (tail)
		last->phase = MX_OP_EDGE;
}

/* The operations of a READ or WRITE: one, or two if it cannot be one. */
static void transfer(struct mx_io *io, struct mx_op *op, struct mx_op *second)
{
	struct mx_volume *vol = io->vol;
	u64 page = io->pos >> MX_PAGE_SHIFT;
	u64 end = (io->pos + io->len + MX_PAGE_SIZE - 1) >> MX_PAGE_SHIFT;
	u64 cut = min(page + MX_OP_PAGES, ((page >> vol->shift) + 1) << vol->shift);
	u8 kind = io->op == MX_IO_READ ? MX_COP_READ : MX_COP_WRITE;

	mx_op_set(op, kind, page, min(end, cut) - page);
	if (second)
		mx_op_set(second, kind, cut, end - cut);
	if (kind == MX_COP_WRITE)
		hand_over(io, op, second);
	atomic_set(&io->left, second ? 2 : 1);
	mx_op_start(op);
	if (second)
		mx_op_start(second);
}

static bool needs_two(const struct mx_io *io)
{
	u64 first = io->pos >> MX_PAGE_SHIFT;
	u64 last = (io->pos + io->len - 1) >> MX_PAGE_SHIFT;

	return last - first >= MX_OP_PAGES ||
	       first >> io->vol->shift != last >> io->vol->shift;
}

/* Return: false if there is no operation object for it now. */
static bool begin(struct mx_io *io)
{
	struct mx_op *op, *second = NULL;
	struct mx_volume *vol = io->vol;

	op = mx_op_alloc(vol);
	if (!op)
		return false;
	op->io = io;
	if (io->op == MX_IO_DISCARD) {
		io->next = DIV_ROUND_UP_ULL(io->pos, MX_PAGE_SIZE);
		op->cop.kind = MX_COP_DISCARD;
		atomic_set(&io->left, 1);
		mx_op_discard(op);
		return true;
	}
	if (needs_two(io)) {
		second = mx_op_alloc(vol);
		if (!second) {
			mx_op_put(op);
			return false;
		}
		second->io = io;
	}
	transfer(io, op, second);
	return true;
}

static int refuse(const struct mx_io *io)
{
	const struct mx_volume *vol = io->vol;

	if ((io->pos | io->len) & (MX_SECTOR - 1) ||
	    io->pos > vol->bytes || io->len > vol->bytes - io->pos)
		return -EINVAL;
	if (io->op <= MX_IO_WRITE && (!io->len || io->len > MX_IO_MAX_BYTES))
		return -EINVAL;
	if (test_bit(MX_VF_FENCED, &vol->flags))
		return -ESTALE;
	if (test_bit(MX_VF_ABORTED, &vol->flags))
		return -EIO;
	return 0;
}

/* Ends an I/O that has no operations. */
static void end_now(struct mx_io *io, int err)
{
	if (io->op == MX_IO_WRITE)
		mx_pages_put(io);
	atomic_set(&io->left, 1);
	mx_io_part(io, err);
}

void mx_submit(struct mx_io *io)
{
	struct mx_volume *vol = io->vol;
	int err;

	local_bh_disable();
	io->start = ktime_get_ns();
	io->err = 0;
	trace_mx_io_start(io);
	err = refuse(io);
	if (unlikely(err) || io->op == MX_IO_FLUSH) {
		end_now(io, err);
	} else if (unlikely(!begin(io))) {
		mx_vstat_inc(vol, MX_VS_STARVED);
		spin_lock(&vol->lock);
		list_add_tail(&io->link, &vol->starved);
		spin_unlock(&vol->lock);
	}
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

static struct mx_io *next_starved(struct mx_volume *vol)
{
	struct mx_io *io;

	spin_lock_bh(&vol->lock);
	io = list_first_entry_or_null(&vol->starved, struct mx_io, link);
	if (io)
		list_del(&io->link);
	spin_unlock_bh(&vol->lock);
	return io;
}

static void feed(void *ctx)
{
	struct mx_volume *vol = ctx;
	struct mx_io *io;

	while ((io = next_starved(vol))) {
		if (test_bit(MX_VF_ABORTED, &vol->flags)) {
			end_now(io, -EIO);
		} else if (!begin(io)) {
			spin_lock_bh(&vol->lock);
			list_add(&io->link, &vol->starved);
			spin_unlock_bh(&vol->lock);
			return;
		}
	}
}

void mx_io_feed(struct mx_volume *vol)
{
	mx_serial_run(&vol->feeding, feed, vol);
}

void mx_io_fail_starved(struct mx_volume *vol)
{
	struct mx_io *io;

	while ((io = next_starved(vol)))
		end_now(io, -EIO);
}

bool mx_pages_get(struct mx_io *io, struct mx_waiter *waiter)
{
	u64 end = io->pos + io->len + MX_PAGE_SIZE - 1;
	struct mx_volume *vol = io->vol;
	u32 n = (end >> MX_PAGE_SHIFT) - (io->pos >> MX_PAGE_SHIFT);

	if (vol->sealed)
		n += needs_two(io) ? 2 : 1;
	if (likely(mx_pool_get(&vol->pool, io->pages, n, waiter))) {
		io->npages = n;
		return true;
	}
	mx_vstat_inc(vol, MX_VS_NO_PAGES);
	return false;
}
MX_EXPORT_SYMBOL(mx_pages_get);

void mx_pages_put(struct mx_io *io)
{
	mx_pool_put(&io->vol->pool, io->pages, io->npages);
}
MX_EXPORT_SYMBOL(mx_pages_put);

void mx_waiter_cancel(struct mx_volume *vol, struct mx_waiter *waiter)
{
	mx_pool_cancel(&vol->pool, waiter);
}
MX_EXPORT_SYMBOL(mx_waiter_cancel);
