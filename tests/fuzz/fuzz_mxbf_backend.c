// SPDX-License-Identifier: GPL-2.0
/*
 * A backend, honest until it is not, before the frontend's files as they are. It does
 * requests in any order. Whatever it answers, each bio ends once, and when it has
 * lied, all end with errors. As long as it is honest, a read has what the last write
 * of each sector left, discards of freed swap slots and new rings notwithstanding.
 *
 * Input: steps of a few bytes.
 */
#include "front/kernel.h"
#include "../../frontend/mxbf_io.c"
#include "../../frontend/mxbf_give.c"

enum { PAGES = 48, SECTORS = PAGES * 8, BIOS = 60 };

struct workqueue_struct *mxbf_wq;

/**
 * struct tag - the first bytes of a sector, and the last
 * @sector:  where it belongs
 * @version: of how many writes of it this is the last
 */
struct tag {
	u32 sector;
	u32 version;
};

/**
 * struct model - the disk, and what may be found there
 * @dev:     the frontend's
 * @ring:    shared with it
 * @req_cons: requests that the backend has taken
 * @held:    taken and not done
 * @nheld:   how many
 * @disk:    what the backend stores
 * @written: writes of each sector that were begun
 * @acked:   of each, the last write that was acknowledged
 * @writing: a bio is writing or discarding it
 * @loose:   may be anything: discarded, or a write of it has failed
 * @live:    bios that have not ended
 * @lied:    the backend was not honest
 * @failing: so the frontend's I/O fails
 */
static struct model {
	struct mxbf_dev *dev;
	struct blkif_sring ring;
	u32 req_cons;
	struct blkif_request held[MXBF_SLOTS];
	u32 nheld;
	u8 disk[SECTORS][512];
	u32 written[SECTORS];
	u32 acked[SECTORS];
	bool writing[SECTORS];
	bool loose[SECTORS];
	u32 live;
	bool lied;
	bool failing;
} m;

/**
 * struct job - a bio, and what it is checked by
 * @bio: the bio
 * @sector: first sector
 * @sectors: how many
 * @op:   its operation
 * @least: reads: of each sector, the version that was acknowledged before
 * @data: what it reads or writes
 */
struct job {
	struct bio bio;
	u32 sector;
	u32 sectors;
	u8 op;
	u32 least[SECTORS];
	u8 *data[BIO_VECS];
};

static struct gendisk disk;
static struct block_device bdev = { &disk, 0 };
static struct xenbus_device xdev;

/* --- bios ---------------------------------------------------------------------- */

/* A job's bytes, whole, to or from its pieces. */
static void job_copy(struct job *job, u8 *all, bool in)
{
	u32 i, at = 0;

	for (i = 0; i < BIO_VECS && job->data[i]; i++) {
		u32 n = job->bio.vec[i].bv_len;

		memcpy(in ? job->data[i] : all + at, in ? all + at : job->data[i], n);
		at += n;
	}
	must(at == job->sectors * 512);
}

static void check_read(struct job *job)
{
	static u8 all[SECTORS * 512];
	struct tag tag, end;
	u32 i, s;

	job_copy(job, all, false);
	for (i = 0; i < job->sectors && !m.lied; i++) {
		s = job->sector + i;
		memcpy(&tag, all + i * 512, sizeof(tag));
		memcpy(&end, all + i * 512 + 504, sizeof(end));
		if (m.loose[s])
			continue;
		must(!memcmp(&tag, &end, sizeof(tag)));
		must(tag.sector == (tag.version ? s : 0));
		must(tag.version >= job->least[i] && tag.version <= m.written[s]);
	}
}

void model_end(struct bio *bio)
{
	struct job *job = bio->model;
	u32 i, s;

	must(!m.dev->lock.held);
	if (!bio->bi_status)
		must(bio->began == bio->accounted && bio->began == job->sectors * 512);
	else
		must(m.lied || m.failing);
	if (job->op == REQ_OP_READ && !bio->bi_status)
		check_read(job);
	for (i = 0; i < job->sectors && job->op != REQ_OP_READ; i++) {
		s = job->sector + i;
		m.writing[s] = false;
		m.acked[s] = m.written[s];
		m.loose[s] = bio->bi_status || job->op == REQ_OP_DISCARD;
	}
	for (i = 0; i < BIO_VECS; i++)
		free(job->data[i]);
	free(job);
	m.live--;
}

static void cut(struct input *in, struct job *job)
{
	u32 left = job->sectors * 512, i, n;

	for (i = 0; left; i++) {
		n = i == BIO_VECS - 1 ? left : min_t(u32, left, 4 * (1 + byte(in) * (1 + i * 40)));
		job->data[i] = calloc(1, n);
		job->bio.vec[i].bv_page = job->data[i];
		job->bio.vec[i].bv_len = n;
		left -= n;
	}
}

static void fill(struct job *job)
{
	static u8 all[SECTORS * 512];
	u32 i;

	for (i = 0; i < job->sectors; i++) {
		u32 s = job->sector + i;
		struct tag tag = { s, ++m.written[s] };

		memset(all + i * 512, (u8)tag.version, 512);
		memcpy(all + i * 512, &tag, sizeof(tag));
		memcpy(all + i * 512 + 504, &tag, sizeof(tag));
	}
	job_copy(job, all, true);
}

static void submit_one(u8 op, u32 sector, u32 sectors, struct input *in)
{
	struct job *job;
	u32 i;

	sectors = min_t(u32, sectors, SECTORS - sector);
	/* Nobody writes what is being written, or discards it. */
	for (i = 0; i < sectors; i++)
		if (m.writing[sector + i] && op != REQ_OP_READ)
			return;
	if (m.live == BIOS)
		return;
	job = calloc(1, sizeof(*job));
	job->sector = sector;
	job->sectors = sectors;
	job->op = op;
	job->bio.model = job;
	job->bio.bi_bdev = &bdev;
	job->bio.bi_opf = op;
	job->bio.remaining = 1;
	job->bio.bi_iter.bi_sector = sector;
	job->bio.bi_iter.bi_size = sectors * 512;
	m.live++;
	memcpy(job->least, &m.acked[sector], sectors * sizeof(u32));
	if (op != REQ_OP_DISCARD)
		cut(in, job);
	if (op == REQ_OP_WRITE)
		fill(job);
	if (op == REQ_OP_DISCARD)
		memset(&m.loose[sector], true, sectors);
	if (op != REQ_OP_READ)
		memset(&m.writing[sector], true, sectors);
	mxbf_submit_bio(&job->bio);
}

static void unplug_now(void)
{
	struct blk_plug_cb *cb = kernel_plug;

	kernel_plugged = false;
	kernel_plug = NULL;
	if (cb)
		cb->callback(cb, false);
}

/* --- the backend ------------------------------------------------------------------ */

static void take_requests(void)
{
	while (m.req_cons != m.ring.req_prod) {
		/* One that lies may have answered what it still holds. */
		must(m.nheld < MXBF_SLOTS || m.lied);
		if (m.nheld == MXBF_SLOTS)
			m.nheld = 0;
		m.held[m.nheld++] = m.ring.ring[m.req_cons++ & 31].req;
	}
}

static void transfer(const struct blkif_request *req)
{
	u32 i, s, at = req->u.rw.sector_number;

	must(req->u.rw.nr_segments >= 1 && req->u.rw.nr_segments <= MXBF_SEGS);
	for (i = 0; i < req->u.rw.nr_segments; i++) {
		const struct blkif_segment *seg = &req->u.rw.seg[i];

		must(seg->gref && seg->gref <= MXBF_FRAMES && !seg->first_sect);
		must(seg->last_sect == 7 || i == req->u.rw.nr_segments - 1u);
		for (s = 0; s <= seg->last_sect; s++, at++) {
			u8 *frame = m.dev->page[seg->gref - 1]->bytes + s * 512;

			must(at < SECTORS);
			if (req->operation == MXBF_WRITE)
				memcpy(m.disk[at], frame, 512);
			else
				memcpy(frame, m.disk[at], 512);
		}
	}
}

static void respond(u64 id, u8 op, s16 status)
{
	struct blkif_response rsp = { id, op, status };

	m.ring.ring[m.ring.rsp_prod++ & 31].rsp = rsp;
}

static void serve(u32 which)
{
	struct blkif_request req;

	take_requests();
	if (!m.nheld)
		return;
	which %= m.nheld;
	req = m.held[which];
	m.held[which] = m.held[--m.nheld];
	if (req.operation == MXBF_DISCARD) {
		must(req.u.discard.sector_number + req.u.discard.nr_sectors <= SECTORS);
		memset(m.disk[req.u.discard.sector_number], 0, req.u.discard.nr_sectors * 512);
		respond(req.u.discard.id, req.operation, 0);
	} else {
		transfer(&req);
		respond(req.u.rw.id, req.operation, 0);
	}
}

static void event(void)
{
	mxbf_event(0, m.dev);
	if (m.dev->broken) {
		must(m.lied && !m.live + kernel_plugged && kernel_errors == 1);
		m.failing = true;
	}
}

static void lie(struct input *in)
{
	u32 which = byte(in);

	m.lied = true;
	take_requests();
	switch (which % 4) {
	case 0:
		m.ring.rsp_prod += (s8)byte(in);
		break;
	case 1:
		respond(m.dev->table.slot[which / 4 % MXBF_SLOTS].id, byte(in), 0);
		break;
	case 2:
		respond(1ULL << (which / 4), MXBF_READ, -1);
		break;
	default:
		if (m.nheld) {
			respond(m.held[0].u.rw.id, m.held[0].operation, (s8)byte(in));
			if (which & 4)
				m.held[0] = m.held[--m.nheld];
		}
	}
	event();
}

/* --- the rest of the world ---------------------------------------------------------- */

static void free_slot(u32 page)
{
	u32 i;

	for (i = 0; i < 8; i++)
		if (m.writing[page * 8 + i])
			return;
	memset(&m.loose[page * 8], true, 8);
	mxbf_slot_freed(&bdev, page);
}

static void run_work(void)
{
	if (!m.dev->give.work.queued)
		return;
	m.dev->give.work.queued = false;
	m.dev->give.work.func(&m.dev->give.work);
}

/* Another backend, of the same disk. */
static void resume(void)
{
	m.dev->connected = false;
	memset(&m.ring, 0, sizeof(m.ring));
	m.ring.rsp_event = 1;
	m.req_cons = 0;
	m.nheld = 0;
	m.dev->ring = (struct blkif_front_ring){ .sring = &m.ring };
	mxbf_go(m.dev);
}

static void begin(void)
{
	u32 i;

	memset(&m, 0, sizeof(m));
	kernel_errors = 0;
	m.dev = calloc(1, sizeof(*m.dev));
	disk.private_data = m.dev;
	m.dev->xdev = &xdev;
	mxbf_table_init(&m.dev->table);
	mxbf_give_init(m.dev);
	m.dev->discard = true;
	for (i = 0; i < MXBF_FRAMES; i++) {
		m.dev->page[i] = calloc(1, sizeof(struct page));
		m.dev->ref[i] = i + 1;
	}
	mxbf_give_size(m.dev, SECTORS);
	resume();
}

/* All that was begun ends: with an honest backend by itself. */
static void finish(struct input *in)
{
	u32 i;

	unplug_now();
	for (i = 0; i < 10000 && !m.lied; i++) {
		if (!m.live && !m.dev->table.out && !m.dev->give.work.queued)
			break;
		serve(0);
		event();
		run_work();
	}
	if (!m.lied) {
		must(find_next_bit(m.dev->freed, PAGES, 0) == PAGES);
		for (i = 0; i < SECTORS; i += 64)
			submit_one(REQ_OP_READ, i, 64, in);
		for (i = 0; i < 1000 && m.live; i++) {
			serve(i);
			event();
		}
	}
	m.failing |= m.live;
	must(m.lied || !m.live);
	m.dev->dying = true;
	mxbf_fail(m.dev);
	must(!m.live && !m.dev->table.out && m.dev->table.nfree == MXBF_SLOTS && !m.dev->waiting);
	for (i = 0; i < MXBF_FRAMES; i++)
		free(m.dev->page[i]);
	free(m.dev->freed);
	free(m.dev);
}

static void step(struct input *in)
{
	static const u8 ops[] = { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_WRITE, REQ_OP_DISCARD };
	u8 what = byte(in), op;
	u32 at;

	switch (what % 16) {
	case 0:
	case 1:
	case 2:
		op = ops[what >> 4 & 3];
		at = (byte(in) | byte(in) << 8) % SECTORS;
		submit_one(op, at, 1 + byte(in) % 140, in);
		break;
	case 3:
	case 4:
	case 5:	/* as swap does it */
		at = byte(in) % PAGES;
		submit_one(what & 16 ? REQ_OP_READ : REQ_OP_WRITE, at * 8, 8, in);
		break;
	case 6:
	case 7:
	case 8:
		serve(byte(in));
		break;
	case 9:
	case 10:
		event();
		break;
	case 11:
		free_slot(byte(in) % PAGES);
		break;
	case 12:
		run_work();
		break;
	case 13:
		if (!m.lied)
			resume();
		break;
	case 14:
		if (kernel_plugged)
			unplug_now();
		else
			kernel_plugged = true;
		break;
	default:
		if (what == 0xff)
			lie(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	begin();
	while (in.left)
		step(&in);
	finish(&in);
	return 0;
}
