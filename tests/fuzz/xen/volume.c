// SPDX-License-Identifier: GPL-2.0
/*
 * A volume under the fuzzed backend: a small disk whose I/O ends when the fuzzer
 * says, and a reserve of pages that is soon used up.
 */
#include "model.h"

enum {
	OPEN_MAX = 1024,
	PAGES_MAX = 128,
	WAITERS = 4,
};

/* Bits of volume_how. */
enum {
	HOW_AT_ONCE	= 1,	/* I/O ends within mx_submit() */
	HOW_ZEROS	= 2,	/* reads are of pages never written */
	HOW_BUSY	= 4,	/* it cannot be had */
	HOW_PIECES	= 8,	/* replies come in odd pieces */
};

struct mx_volume {
	bool claimed;
	bool aborted;
	struct mx_vol_watch *watch;
};

/**
 * struct reserved - a page of the reserve that is out
 * @page: it
 * @at:   byte of the disk that it is for
 */
struct reserved {
	u8 *page;
	u64 at;
};

u8 volume_how;
u8 (*volume_disk)[4096];

static struct mx_volume vol;
static struct mx_io *open_io[OPEN_MAX];
static u32 nopen, discards;
static struct reserved out[PAGES_MAX];
static u32 nout, reserve;
static struct mx_waiter *waiters[WAITERS];
static int plugs;

void volume_reset(u32 pages)
{
	static u8 disk[DISK_PAGES][4096] __aligned(4096);

	must(!nopen && !nout && !vol.claimed && !plugs);
	volume_disk = disk;
	volume_how = 0;
	reserve = pages;
	vol = (struct mx_volume) { 0 };
}

bool volume_claimed(void)
{
	return vol.claimed;
}

u32 volume_open(void)
{
	return nopen;
}

/* --- life ------------------------------------------------------------------- */

struct mx_volume *mx_volume_claim(const char *name, const char *user)
{
	might_sleep();
	must(!vol.claimed);
	must(strlen(user) < 48);
	if (volume_how & HOW_BUSY)
		return ERR_PTR(-EBUSY);
	if (strcmp(name, "v"))
		return ERR_PTR(-ENOENT);
	vol.claimed = true;
	vol.aborted = false;
	return &vol;
}

void mx_volume_release(struct mx_volume *v)
{
	might_sleep();
	must(v == &vol && vol.claimed && !nopen && !vol.watch && !nout);
	vol.claimed = false;
}

void mx_volume_info(struct mx_volume *v, struct mx_vol_info *info)
{
	must(vol.claimed);
	*info = (struct mx_vol_info) {
		.id = 5, .name = "v", .bytes = DISK_BYTES, .epoch = 1,
		.chunk_shift = 4, .discard_max = 1 << 16, .chunks = 4,
		.map_gen = model.now / 64,
	};
}

int mx_volume_map_text(struct mx_volume *v, char *servers, char *buf,
		       size_t size, u64 *gen)
{
	might_sleep();
	strcpy(servers, "A=1:1");
	strcpy(buf, model.now & 64 ? "A2-A" : "A4");
	*gen = model.now / 64;
	return strlen(buf);
}

void mx_volume_booking(struct mx_volume *v, struct mx_vol_booking *info)
{
	might_sleep();
	must(vol.claimed);
	*info = (struct mx_vol_booking) {
		.granted = model.now & 64 ? 0 : DISK_BYTES,
		.state = model.now & 64 ? "refused" : "granted",
	};
	if (model.now & 64)
		strcpy(info->why, "there is no room");
}

/* What comes here is in range. */
int mx_volume_tune(struct mx_volume *v, const struct mx_vol_tuning *tuning,
		   const char **why)
{
	might_sleep();
	must(vol.claimed && tuning->weight <= RMP_WEIGHT_MAX);
	must(!tuning->with_reserve || tuning->reserve <= S64_MAX);
	must(!tuning->with_limit || tuning->limit <= S64_MAX);
	if (!tuning->with_limit || !tuning->with_reserve || tuning->reserve <= tuning->limit)
		return 0;
	*why = "the reservation is larger than the limit";
	return -EINVAL;
}

void mx_volume_watch(struct mx_volume *v, struct mx_vol_watch *watch)
{
	must(vol.claimed && !vol.watch);
	vol.watch = watch;
}

void mx_volume_unwatch(struct mx_volume *v, struct mx_vol_watch *watch)
{
	might_sleep();
	must(vol.watch == watch);
	vol.watch = NULL;
}

void volume_changed(void)
{
	if (vol.watch)
		vol.watch->changed(vol.watch);
}

/* --- pages ------------------------------------------------------------------- */

u8 mx_io_slot(struct mx_volume *v, u64 pos)
{
	return pos / 65536 % 4;
}

static u32 pages_of(const struct mx_io *io)
{
	return ((io->pos & 4095) + io->len + 4095) / 4096;
}

static bool wake_one(void)
{
	u32 i;

	for (i = 0; i < WAITERS; i++) {
		struct mx_waiter *waiter = waiters[i];

		if (!waiter)
			continue;
		waiters[i] = NULL;
		kernel_atomic++;
		waiter->wake(waiter);
		kernel_atomic--;
		return true;
	}
	return false;
}

static void wait_with(struct mx_waiter *waiter)
{
	u32 i, free = WAITERS;

	for (i = 0; i < WAITERS; i++) {
		if (waiters[i] == waiter)
			return;
		if (!waiters[i])
			free = i;
	}
	must(free < WAITERS);
	waiters[free] = waiter;
}

bool mx_pages_get(struct mx_io *io, struct mx_waiter *waiter)
{
	u32 n = pages_of(io), i;

	must(vol.claimed && io->vol == &vol && io->len && io->len <= MX_IO_MAX_BYTES);
	must(io->pos + io->len <= DISK_BYTES);
	if (n > reserve || nout + n > PAGES_MAX) {
		wait_with(waiter);
		return false;
	}
	reserve -= n;
	for (i = 0; i < n; i++) {
		u8 *page;

		must(!posix_memalign((void **)&page, 4096, 4096));
		memset(page, UNWRITTEN, 4096);
		io->pages[i] = (struct page *)page;
		out[nout++] = (struct reserved) {
			.page = page, .at = (io->pos & ~4095ULL) + i * 4096,
		};
	}
	io->npages = n;
	return true;
}

void mx_pages_put(struct mx_io *io)
{
	u32 i, k;

	must(io->npages);
	for (i = 0; i < io->npages; i++) {
		for (k = 0; k < nout && out[k].page != (u8 *)io->pages[i]; k++)
			;
		must(k < nout);
		out[k] = out[--nout];
		free(io->pages[i]);
	}
	reserve += io->npages;
	io->npages = 0;
}

void mx_waiter_cancel(struct mx_volume *v, struct mx_waiter *waiter)
{
	u32 i;

	for (i = 0; i < WAITERS; i++)
		if (waiters[i] == waiter)
			waiters[i] = NULL;
}

bool volume_refill(u32 pages)
{
	reserve += pages;
	return reserve && wake_one();
}

s64 volume_place(const u8 *local)
{
	u32 i;

	for (i = 0; i < nout; i++)
		if (local >= out[i].page && local < out[i].page + 4096)
			return out[i].at + (local - out[i].page);
	return -1;
}

/* --- I/O ---------------------------------------------------------------------- */

void mx_plug(void)
{
	plugs++;
}

void mx_unplug(void)
{
	must(plugs-- > 0);
}

static struct hold *hold_of(struct mx_io *io)
{
	struct mxbk_pend *pend = container_of(io, struct mxbk_pend, io);

	return hold_find(pend->req.id);
}

int mx_piece_walk(const struct mx_piece *piece,
		  int (*fn)(void *ctx, struct page *page, u32 page_off,
			    u32 len, u32 msg_off), void *ctx)
{
	u32 pos, step;
	int err = 0;

	for (pos = 0; pos < piece->len && !err; pos += step) {
		u32 at = piece->off + pos;

		step = min_t(u32, piece->len - pos, 4096 - at % 4096);
		if (volume_how & HOW_PIECES)
			step = min_t(u32, step, 1368);
		err = fn(ctx, piece->plain + at / 4096, at % 4096, step, 0);
	}
	return err;
}

static int read_disk(struct mx_io *io)
{
	struct mx_piece piece;
	u32 pos, step;
	int err = 0;

	for (pos = 0; pos < io->len && !err; pos += step) {
		step = volume_how & HOW_PIECES ? 4096 - (io->pos + pos) % 4096 :
						 io->len;
		step = min_t(u32, step, io->len - pos);
		piece = (struct mx_piece) {
			.pos = pos, .len = step, .off = io->pos + pos,
			.plain = volume_how & HOW_ZEROS ?
				 NULL : (struct page *)((u8 *)volume_disk),
		};
		err = io->place(io, &piece);
	}
	return err;
}

static void write_disk(const struct mx_io *io)
{
	u32 pos;

	for (pos = 0; pos < io->len; pos += 512) {
		u64 at = io->pos % 4096 + pos;

		memcpy(((u8 *)volume_disk) + io->pos + pos,
		       io->pages[at / 4096]->bytes + at % 4096, 512);
	}
}

/* @held: the submitter has asked in this very call */
static void end(struct mx_io *io, int err)
{
	struct hold *h = hold_of(io);

	if (h)
		must(h->out && !h->done);
	discards -= io->op == MX_IO_DISCARD;
	kernel_atomic++;
	if (io->op == MX_IO_READ && !err)
		err = read_disk(io);
	if (io->op == MX_IO_WRITE && !err)
		write_disk(io);
	if (io->op == MX_IO_WRITE)
		mx_pages_put(io);
	if (h) {
		h->out = false;
		/* A part of a discard is not all of it. */
		h->done = !err && io->op != MX_IO_DISCARD;
	}
	/* A read may be asked for again, if the guest's page was away. */
	if (h && io->op == MX_IO_READ && container_of(io, struct mxbk_pend, io)->again)
		h->done = false;
	io->done(io, err);
	kernel_atomic--;
}

bool volume_end_one(u32 n, int err)
{
	struct mx_io *io;

	if (!nopen)
		return false;
	n %= nopen;
	io = open_io[n];
	open_io[n] = open_io[--nopen];
	end(io, err);
	return true;
}

/* Every byte that will be stored is the guest's. */
static void check_written(const struct mx_io *io)
{
	u32 pos;

	for (pos = 0; pos < io->len; pos += 512) {
		u64 at = io->pos % 4096 + pos;

		must(io->pages[at / 4096]->bytes[at % 4096] != UNWRITTEN);
		must(io->pages[at / 4096]->bytes[at % 4096 + 511] != UNWRITTEN);
	}
}

static void check_discard(const struct mx_io *io)
{
	must(io->len <= 1 << 16 && io->pos >> 16 == (io->pos + io->len - 1) >> 16);
	must(++discards <= MXBK_DISCARDS);
}

void mx_submit(struct mx_io *io)
{
	struct hold *h = hold_of(io);

	must(vol.claimed && io->vol == &vol && io->len && !(io->pos & 511));
	must(io->pos + io->len <= DISK_BYTES && !(io->len & 511));
	must(!model.readonly || io->op == MX_IO_READ);
	if (io->op != MX_IO_DISCARD)
		must(io->len <= MX_IO_MAX_BYTES);
	else
		check_discard(io);
	if (io->op == MX_IO_WRITE)
		check_written(io);
	if (h) {
		must(!h->out);
		h->out = true;
	}
	if (vol.aborted) {
		end(io, -EIO);
	} else if (volume_how & HOW_AT_ONCE) {
		end(io, 0);
	} else {
		must(nopen < OPEN_MAX);
		open_io[nopen++] = io;
	}
}

void mx_volume_abort(struct mx_volume *v)
{
	must(v == &vol && vol.claimed);
	vol.aborted = true;
	while (volume_end_one(0, -EIO))
		;
}
