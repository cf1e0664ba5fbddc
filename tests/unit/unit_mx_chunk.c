// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_chunk.c: each transition, each rule of order,
 * and a random walk against a model of what a page must read as.
 */
#include "mxtest.h"
#include "engine/mx_chunk.h"

enum { PAGES = 256, WORDS = PAGES / 64 };

/**
 * struct rig - a chunk under test
 * @c:     chunk
 * @have:  its bitmap
 * @lost:  its bitmap
 * @ready: what calls have made ready
 */
struct rig {
	struct mx_chunk c;
	u64 have[WORDS];
	u64 lost[WORDS];
	struct list_head ready;
};

static struct rig *rig(void)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	mx_chunk_init(&r.c, r.have, r.lost, PAGES);
	INIT_LIST_HEAD(&r.ready);
	return &r;
}

static struct mx_cop cop(u8 kind, u32 first, u32 n)
{
	return (struct mx_cop) { .kind = kind, .first = first, .n = n };
}

/* The only operation that became ready has this decision. */
static void assert_ready(struct rig *r, struct mx_cop *op, u8 act)
{
	assert_false(list_empty(&r->ready));
	assert_ptr_equal(list_first_entry(&r->ready, struct mx_cop, ready), op);
	assert_int_equal(op->act, act);
	list_del_init(&op->ready);
}

static void assert_none_ready(struct rig *r)
{
	assert_true(list_empty(&r->ready));
}

/* Writes pages; the first time through a placement on server 3. */
static void write_pages(struct rig *r, u32 first, u32 n)
{
	struct mx_cop w = cop(MX_COP_WRITE, first, n);
	u8 act = mx_chunk_submit(&r->c, &w);

	if (act == MX_ACT_PLACE)
		mx_chunk_placed(&r->c, &w, 3, 1);
	else
		assert_int_equal(act, MX_ACT_CALL);
	assert_true(mx_chunk_end(&r->c, &w, MX_END_OK, &r->ready));
	assert_none_ready(r);
}

static void mx_chunk_submit__hole(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 0, 32);
	struct mx_cop d = cop(MX_COP_DISCARD, 0, PAGES);
	struct mx_cop give_up = cop(MX_COP_DISCARD, 0, 0);

	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_ZERO);
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_DONE);
	assert_int_equal(mx_chunk_submit(&r->c, &give_up), MX_ACT_DONE);
	assert_true(mx_chunk_idle(&r->c));
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_chunk_submit__first_write_places(void **state)
{
	struct rig *r = rig();
	struct mx_cop w1 = cop(MX_COP_WRITE, 0, 2), w2 = cop(MX_COP_WRITE, 9, 1);
	struct mx_cop over = cop(MX_COP_READ, 1, 2), off = cop(MX_COP_READ, 2, 7);
	struct mx_cop behind = cop(MX_COP_READ, 9, 1);

	assert_int_equal(mx_chunk_submit(&r->c, &w1), MX_ACT_PLACE);
	assert_int_equal(r->c.state, MX_CHUNK_PLACING);
	assert_int_equal(mx_chunk_submit(&r->c, &w2), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &over), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &off), MX_ACT_ZERO);
	assert_int_equal(mx_chunk_submit(&r->c, &behind), MX_ACT_WAIT);

	mx_chunk_placed(&r->c, &w1, 5, 77);
	assert_true(mx_chunk_end(&r->c, &w1, MX_END_OK, &r->ready));
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(r->c.server, 5);
	assert_int_equal(r->c.era, 77);
	assert_int_equal(r->c.nhave, 2);
	assert_ready(r, &w2, MX_ACT_CALL);
	assert_ready(r, &over, MX_ACT_CALL);
	assert_none_ready(r);
	assert_true(mx_chunk_end(&r->c, &w2, MX_END_OK, &r->ready));
	assert_ready(r, &behind, MX_ACT_CALL);
}

static void mx_chunk_submit__order(void **state)
{
	struct rig *r = rig();
	struct mx_cop r1 = cop(MX_COP_READ, 0, 8), r2 = cop(MX_COP_READ, 4, 8);
	struct mx_cop w = cop(MX_COP_WRITE, 7, 1), r3 = cop(MX_COP_READ, 7, 1);
	struct mx_cop far = cop(MX_COP_WRITE, 100, 1);

	write_pages(r, 0, 32);
	assert_int_equal(mx_chunk_submit(&r->c, &r1), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &r2), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_WAIT);
	/* A later read does not overtake the write, nor does it starve it. */
	assert_int_equal(mx_chunk_submit(&r->c, &r3), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &far), MX_ACT_CALL);

	assert_true(mx_chunk_end(&r->c, &r1, MX_END_FAILED, &r->ready));
	assert_none_ready(r);
	assert_true(mx_chunk_end(&r->c, &r2, MX_END_FAILED, &r->ready));
	assert_ready(r, &w, MX_ACT_CALL);
	assert_none_ready(r);
	assert_true(mx_chunk_end(&r->c, &w, MX_END_OK, &r->ready));
	assert_ready(r, &r3, MX_ACT_CALL);
}

static void mx_chunk_submit__touching_is_not_overlapping(void **state)
{
	struct rig *r = rig();
	struct mx_cop a = cop(MX_COP_WRITE, 10, 10), b = cop(MX_COP_WRITE, 20, 10);
	struct mx_cop c = cop(MX_COP_WRITE, 9, 1), d = cop(MX_COP_WRITE, 19, 2);

	write_pages(r, 0, 1);
	assert_int_equal(mx_chunk_submit(&r->c, &a), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &b), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &c), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_WAIT);
}

static void mx_chunk_end__full(void **state)
{
	struct rig *r = rig();
	struct mx_cop w1 = cop(MX_COP_WRITE, 0, 1), w2 = cop(MX_COP_WRITE, 1, 1);
	struct mx_cop rd = cop(MX_COP_READ, 1, 1);

	assert_int_equal(mx_chunk_submit(&r->c, &w1), MX_ACT_PLACE);
	assert_int_equal(mx_chunk_submit(&r->c, &w2), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_WAIT);
	assert_true(mx_chunk_end(&r->c, &w1, MX_END_FULL, &r->ready));
	assert_ready(r, &w2, MX_ACT_FULL);
	assert_ready(r, &rd, MX_ACT_ZERO);
	assert_true(mx_chunk_idle(&r->c));
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_chunk_end__placing_fails_next_places(void **state)
{
	struct rig *r = rig();
	struct mx_cop w1 = cop(MX_COP_WRITE, 0, 1), w2 = cop(MX_COP_WRITE, 1, 1);
	struct mx_cop w3 = cop(MX_COP_WRITE, 2, 1);

	assert_int_equal(mx_chunk_submit(&r->c, &w1), MX_ACT_PLACE);
	assert_int_equal(mx_chunk_submit(&r->c, &w2), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &w3), MX_ACT_WAIT);
	assert_true(mx_chunk_end(&r->c, &w1, MX_END_FAILED, &r->ready));
	assert_ready(r, &w2, MX_ACT_PLACE);
	assert_none_ready(r);
	/* Tried again, it goes on being the one that places. */
	assert_false(mx_chunk_end(&r->c, &w2, MX_END_RETRY, &r->ready));
	assert_ready(r, &w2, MX_ACT_PLACE);
	assert_none_ready(r);
}

static void mx_chunk_end__discard(void **state)
{
	struct rig *r = rig();
	struct mx_cop part = cop(MX_COP_DISCARD, 4, 8), none = cop(MX_COP_DISCARD, 64, 64);
	struct mx_cop all = cop(MX_COP_DISCARD, 0, 40), w = cop(MX_COP_WRITE, 200, 1);
	struct mx_cop rd = cop(MX_COP_READ, 0, 1);

	write_pages(r, 0, 32);
	assert_int_equal(mx_chunk_submit(&r->c, &none), MX_ACT_DONE);
	assert_int_equal(mx_chunk_submit(&r->c, &part), MX_ACT_CALL);
	assert_false(part.whole);
	assert_true(mx_chunk_end(&r->c, &part, MX_END_OK, &r->ready));
	assert_int_equal(r->c.nhave, 24);
	assert_int_equal(mx_chunk_page(&r->c, 4), MX_PAGE_ZERO);
	assert_int_equal(mx_chunk_page(&r->c, 12), MX_PAGE_HAVE);

	/* What leaves the chunk empty releases it, and excludes everything. */
	assert_int_equal(mx_chunk_submit(&r->c, &all), MX_ACT_CALL);
	assert_true(all.whole);
	assert_int_equal(r->c.state, MX_CHUNK_RELEASING);
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_WAIT);
	assert_true(mx_chunk_end(&r->c, &all, MX_END_OK, &r->ready));
	assert_ready(r, &w, MX_ACT_PLACE);
	assert_ready(r, &rd, MX_ACT_ZERO);
	assert_int_equal(r->c.nhave, 0);
}

static void mx_chunk_end__release_fails(void **state)
{
	struct rig *r = rig();
	struct mx_cop all = cop(MX_COP_DISCARD, 0, PAGES), rd = cop(MX_COP_READ, 0, 1);

	write_pages(r, 0, 1);
	assert_int_equal(mx_chunk_submit(&r->c, &all), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_WAIT);
	assert_true(mx_chunk_end(&r->c, &all, MX_END_FAILED, &r->ready));
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_ready(r, &rd, MX_ACT_CALL);
}

static void mx_chunk_end__discard_beside_others_does_not_release(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 0, 1), d = cop(MX_COP_DISCARD, 2, 1);
	struct mx_cop give_up = cop(MX_COP_DISCARD, 0, 0);

	struct mx_cop w = cop(MX_COP_WRITE, 9, 1), last = cop(MX_COP_DISCARD, 0, 1);

	write_pages(r, 0, 1);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_DONE);
	assert_int_equal(mx_chunk_submit(&r->c, &give_up), MX_ACT_DONE);
	assert_true(mx_chunk_end(&r->c, &rd, MX_END_FAILED, &r->ready));

	/* The only page there is goes, but a write is bringing another. */
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &last), MX_ACT_CALL);
	assert_false(last.whole);
}

static void mx_chunk_spare__after_last_page(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 1, 1), d = cop(MX_COP_DISCARD, 0, 1);
	struct mx_cop give_up = cop(MX_COP_DISCARD, 0, 0);

	write_pages(r, 0, 2);
	assert_false(mx_chunk_spare(&r->c));
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_CALL);
	assert_true(mx_chunk_end(&r->c, &d, MX_END_OK, &r->ready));
	assert_true(mx_chunk_end(&r->c, &rd, MX_END_FAILED, &r->ready));
	d.first = 1;
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	rd.kind = MX_COP_READ;
	assert_true(mx_chunk_end(&r->c, &rd, MX_END_FAILED, &r->ready));
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_CALL);
	assert_true(mx_chunk_end(&r->c, &d, MX_END_FAILED, &r->ready));
	r->c.nhave = 0;
	memset(r->have, 0, sizeof(r->have));
	assert_true(mx_chunk_spare(&r->c));
	assert_int_equal(mx_chunk_submit(&r->c, &give_up), MX_ACT_CALL);
	assert_true(give_up.whole);
	assert_true(mx_chunk_end(&r->c, &give_up, MX_END_OK, &r->ready));
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	assert_int_equal(r->c.server, MX_NO_SERVER);
}

static void mx_chunk_read_end__masks(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 60, 32);
	u32 give;

	write_pages(r, 62, 4);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	/* The server has more than it should: what was never written is zeros. */
	assert_int_equal(mx_chunk_read_end(&r->c, &rd, 0xffffffff, &give,
					   &r->ready), MX_ACT_DONE);
	assert_int_equal(give, 0x3c);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_read_end(&r->c, &rd, 0x2c, &give, &r->ready),
			 MX_ACT_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 64), MX_PAGE_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 65), MX_PAGE_HAVE);
	assert_int_equal(r->c.nhave, 3);
	assert_int_equal(r->c.nlost, 1);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_LOST);
	write_pages(r, 64, 1);
	assert_int_equal(r->c.nlost, 0);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
}

static void mx_chunk_read_end__trust(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 0, 4);
	u32 give;

	write_pages(r, 1, 1);
	r->c.trust = true;
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_HAVE);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_read_end(&r->c, &rd, 0xb, &give, &r->ready),
			 MX_ACT_DONE);
	assert_int_equal(give, 0xb);
	/* Nobody knows what was written: all may have been. */
	assert_true(mx_chunk_lose(&r->c, r->c.gen));
	assert_int_equal(r->c.nlost, PAGES);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_LOST);
}

static void mx_chunk_lose__under_way(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 0, 2), w = cop(MX_COP_WRITE, 10, 1);
	struct mx_cop behind = cop(MX_COP_READ, 10, 1), zero = cop(MX_COP_READ, 20, 1);
	u32 give, gen;

	write_pages(r, 0, 1);
	gen = r->c.gen;
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &behind), MX_ACT_WAIT);
	assert_false(mx_chunk_lose(&r->c, gen + 1));
	assert_true(mx_chunk_lose(&r->c, gen));
	assert_false(mx_chunk_lose(&r->c, gen));
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	assert_int_equal(mx_chunk_submit(&r->c, &zero), MX_ACT_ZERO);

	/* Executed by a server that has lost it since: starts over. */
	assert_false(mx_chunk_end(&r->c, &w, MX_END_OK, &r->ready));
	assert_ready(r, &w, MX_ACT_PLACE);
	assert_int_equal(mx_chunk_read_end(&r->c, &rd, 1, &give, &r->ready),
			 MX_ACT_WAIT);
	assert_ready(r, &rd, MX_ACT_LOST);
	assert_none_ready(r);
	mx_chunk_placed(&r->c, &w, 1, 2);
	assert_true(mx_chunk_end(&r->c, &w, MX_END_OK, &r->ready));
	assert_ready(r, &behind, MX_ACT_CALL);
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 10), MX_PAGE_HAVE);
	write_pages(r, 0, 1);
	assert_int_equal(mx_chunk_page(&r->c, 0), MX_PAGE_HAVE);
}

static void mx_chunk_lose__discard_forgives(void **state)
{
	struct rig *r = rig();
	struct mx_cop d = cop(MX_COP_DISCARD, 0, 8), all = cop(MX_COP_DISCARD, 0, 1);

	write_pages(r, 0, 16);
	assert_true(mx_chunk_lose(&r->c, r->c.gen));
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_DONE);
	assert_int_equal(r->c.nlost, 8);
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	d.first = 8;
	assert_int_equal(mx_chunk_submit(&r->c, &d), MX_ACT_DONE);
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);

	/* A release that finds the chunk lost has what it wanted. */
	write_pages(r, 0, 1);
	assert_int_equal(mx_chunk_submit(&r->c, &all), MX_ACT_CALL);
	assert_true(all.whole);
	assert_true(mx_chunk_lose(&r->c, r->c.gen));
	assert_false(mx_chunk_end(&r->c, &all, MX_END_RETRY, &r->ready));
	assert_ready(r, &all, MX_ACT_DONE);
	assert_int_equal(r->c.nlost, 0);
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
}

static void mx_chunk_unqueue__lets_others_go(void **state)
{
	struct rig *r = rig();
	struct mx_cop rd = cop(MX_COP_READ, 0, 4), w = cop(MX_COP_WRITE, 3, 4);
	struct mx_cop r2 = cop(MX_COP_READ, 5, 1);

	write_pages(r, 0, 8);
	assert_int_equal(mx_chunk_submit(&r->c, &rd), MX_ACT_CALL);
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_WAIT);
	assert_int_equal(mx_chunk_submit(&r->c, &r2), MX_ACT_WAIT);
	mx_chunk_unqueue(&r->c, &w, &r->ready);
	assert_int_equal(w.where, MX_COP_OUT);
	assert_ready(r, &r2, MX_ACT_CALL);
}

static void mx_chunk_swap__heir_places(void **state)
{
	struct rig *r = rig();
	struct mx_cop w = cop(MX_COP_WRITE, 0, 1), heir = cop(MX_COP_WRITE, 0, 1);
	struct mx_cop w2 = cop(MX_COP_WRITE, 0, 1);

	heir.where = MX_COP_OUT;
	assert_int_equal(mx_chunk_submit(&r->c, &w), MX_ACT_PLACE);
	assert_int_equal(mx_chunk_submit(&r->c, &w2), MX_ACT_WAIT);
	mx_chunk_swap(&r->c, &w, &heir);
	assert_int_equal(w.where, MX_COP_OUT);
	assert_ptr_equal(r->c.placer, &heir);
	assert_int_equal(heir.act, MX_ACT_PLACE);
	mx_chunk_placed(&r->c, &heir, 1, 1);
	assert_true(mx_chunk_end(&r->c, &heir, MX_END_OK, &r->ready));
	assert_ready(r, &w2, MX_ACT_CALL);
}

/*
 * Random walk. A few operations at a time against servers that decline, forget
 * and lose; each operation that ends is checked against a model: what each page
 * was last written with, and whether that may have got lost.
 */

enum { OPS = 24, STEPS = 3000, SERVERS = 3, WALKS = 200 };

/**
 * struct walk_op - an operation of the walk
 * @cop:  first, so that a cop is a walk_op
 * @busy: submitted and not ended
 * @val:  WRITE: the value written
 * @srv:  server called
 * @got:  READ: values that the server had when it executed the call
 * @mask: READ: pages that it had
 * @done: the server has executed it
 */
struct walk_op {
	struct mx_cop cop;
	bool busy;
	u32 val;
	u8 srv;
	u32 got[32];
	u32 mask;
	bool done;
};

/**
 * struct walk - state of a walk
 * @r:    rig
 * @op:   operations
 * @seed: random number generator
 * @page: what each page reads as: 0 zeros, else a value
 * @lost: whether it may have been lost
 * @srv:  what each server stores
 * @next: next value to write
 * @ended: operations that came to their end
 */
struct walk {
	struct rig *r;
	struct walk_op op[OPS];
	u64 seed;
	u32 page[PAGES];
	bool lost[PAGES];
	u32 srv[SERVERS][PAGES];
	u32 next;
	u32 ended;
};

static u32 draw(struct walk *w, u32 below)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (u32)(w->seed >> 32) % below;
}

static void walk_ended(struct walk *w, struct walk_op *op, u8 act)
{
	u32 i;

	op->busy = false;
	w->ended++;
	for (i = op->cop.first; i < op->cop.first + op->cop.n; i++) {
		if (op->cop.kind == MX_COP_READ && act == MX_ACT_ZERO)
			assert_true(!w->page[i] && !w->lost[i]);
		if (op->cop.kind == MX_COP_DISCARD && act == MX_ACT_DONE) {
			w->page[i] = 0;
			w->lost[i] = false;
		}
	}
	if (op->cop.kind == MX_COP_READ && act == MX_ACT_LOST) {
		bool any = false;

		for (i = op->cop.first; i < op->cop.first + op->cop.n; i++)
			any |= w->lost[i];
		assert_true(any);
	}
}

static void walk_act(struct walk *w, struct walk_op *op, u8 act)
{
	struct walk_op *o;

	op->done = false;
	if (act == MX_ACT_CALL)
		op->srv = w->r->c.server;
	else if (act != MX_ACT_WAIT && act != MX_ACT_PLACE)
		walk_ended(w, op, act);
	if (act != MX_ACT_CALL && act != MX_ACT_PLACE)
		return;
	/* No write overlaps anything else that is under way. */
	for (o = w->op; o < w->op + OPS; o++) {
		bool apart = o->cop.first + o->cop.n <= op->cop.first ||
			     op->cop.first + op->cop.n <= o->cop.first;

		if (o != op && o->busy && o->cop.where == MX_COP_ACTIVE && !apart)
			assert_true(o->cop.kind == MX_COP_READ &&
				    op->cop.kind == MX_COP_READ);
	}
}

static void walk_ready(struct walk *w)
{
	while (!list_empty(&w->r->ready)) {
		struct walk_op *op = (struct walk_op *)
			list_first_entry(&w->r->ready, struct mx_cop, ready);

		list_del_init(&op->cop.ready);
		assert_int_not_equal(op->cop.act, MX_ACT_WAIT);
		walk_act(w, op, op->cop.act);
	}
}

static void walk_submit(struct walk *w, struct walk_op *op)
{
	memset(op, 0, sizeof(*op));
	op->cop.kind = draw(w, 8) / 3;
	op->cop.first = draw(w, 64);
	op->cop.n = 1 + draw(w, op->cop.kind == MX_COP_DISCARD ? 64 : 8);
	if (op->cop.kind == MX_COP_DISCARD && !draw(w, 3)) {
		op->cop.first = 0;
		op->cop.n = draw(w, 2) * PAGES;
	}
	op->busy = true;
	op->val = ++w->next;
	walk_act(w, op, mx_chunk_submit(&w->r->c, &op->cop));
}

/* The server executes the call: sometimes long before its answer arrives. */
static void walk_execute(struct walk *w, struct walk_op *op)
{
	u32 i, first = op->cop.whole ? 0 : op->cop.first;
	u32 n = op->cop.whole ? PAGES : op->cop.n;

	if (op->cop.act == MX_ACT_PLACE)
		op->srv = draw(w, SERVERS);
	op->done = true;
	op->mask = 0;
	for (i = 0; i < n; i++) {
		u32 *at = &w->srv[op->srv][first + i];

		if (op->cop.kind == MX_COP_WRITE) {
			*at = op->val;
		} else if (op->cop.kind == MX_COP_DISCARD) {
			*at = 0;
		} else {
			op->got[i] = *at;
			op->mask |= *at ? BIT(i) : 0;
		}
	}
}

static void walk_read_end(struct walk *w, struct walk_op *op)
{
	u32 i, give;
	u8 act = mx_chunk_read_end(&w->r->c, &op->cop, op->mask, &give,
				   &w->r->ready);

	if (act == MX_ACT_WAIT)
		return;
	for (i = 0; act == MX_ACT_DONE && i < op->cop.n; i++) {
		u32 is = give & BIT(i) ? op->got[i] : 0;

		assert_int_equal(is, w->page[op->cop.first + i]);
		assert_false(w->lost[op->cop.first + i]);
	}
	walk_ended(w, op, act);
}

static void walk_end(struct walk *w, struct walk_op *op)
{
	struct mx_chunk *c = &w->r->c;
	bool placing = op->cop.act == MX_ACT_PLACE;
	u8 how = op->done ? MX_END_OK : MX_END_RETRY;
	u32 i;

	if (op->cop.kind == MX_COP_READ && op->done) {
		walk_read_end(w, op);
		return;
	}
	if (placing && !op->done && !draw(w, 4))
		how = MX_END_FULL;
	if (placing && op->done) {
		/* A server that got the chunk had nothing else of it. */
		for (i = 0; i < PAGES; i++)
			if (i < op->cop.first || i >= op->cop.first + op->cop.n)
				w->srv[op->srv][i] = 0;
		mx_chunk_placed(c, &op->cop, op->srv, 1);
	}
	if (!mx_chunk_end(c, &op->cop, how, &w->r->ready))
		return;
	op->busy = false;
	w->ended++;
	for (i = op->cop.first; how == MX_END_OK && i < op->cop.first + op->cop.n; i++) {
		w->page[i] = op->cop.kind == MX_COP_WRITE ? op->val : 0;
		w->lost[i] = false;
	}
}

static void walk_lose(struct walk *w)
{
	struct mx_chunk *c = &w->r->c;
	u8 server = c->server;
	u32 i;

	if (!mx_chunk_lose(c, c->gen))
		return;
	for (i = 0; i < PAGES; i++)
		w->lost[i] |= w->page[i];
	memset(w->srv[server], 0, sizeof(w->srv[server]));
	assert_int_equal(c->nhave, 0);
}

static void walk_step(struct walk *w, bool calm)
{
	struct walk_op *op = &w->op[draw(w, OPS)];

	if (!calm && !draw(w, 100)) {
		walk_lose(w);
	} else if (!op->busy) {
		if (!calm)
			walk_submit(w, op);
	} else if (op->cop.where == MX_COP_ACTIVE) {
		if (!op->done && (calm || draw(w, 10)))
			walk_execute(w, op);
		if (calm || draw(w, 2))
			walk_end(w, op);
	} else if (!calm && !draw(w, 20)) {
		mx_chunk_unqueue(&w->r->c, &op->cop, &w->r->ready);
		op->busy = false;
	}
	walk_ready(w);
}

static void mx_chunk__random_walk(void **state)
{
	struct walk *w = calloc(1, sizeof(*w));
	u32 i, walk, bits = 0;

	for (walk = 1; walk <= WALKS; walk++) {
		memset(w, 0, sizeof(*w));
		w->r = rig();
		w->seed = walk * 0x9e3779b97f4a7c15ULL;
		for (i = 0; i < STEPS; i++)
			walk_step(w, false);
		/* Nothing new: whatever is there ends. */
		for (i = 0; i < STEPS && !mx_chunk_idle(&w->r->c); i++)
			walk_step(w, true);
		assert_true(mx_chunk_idle(&w->r->c));
		assert_true(w->ended > STEPS / 50);
		for (bits = 0, i = 0; i < PAGES; i++)
			bits += mx_chunk_page(&w->r->c, i) == MX_PAGE_HAVE;
		assert_int_equal(bits, w->r->c.nhave);
	}
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_chunk_submit__hole),
		MXT(mx_chunk_submit__first_write_places),
		MXT(mx_chunk_submit__order),
		MXT(mx_chunk_submit__touching_is_not_overlapping),
		MXT(mx_chunk_end__full),
		MXT(mx_chunk_end__placing_fails_next_places),
		MXT(mx_chunk_end__discard),
		MXT(mx_chunk_end__release_fails),
		MXT(mx_chunk_end__discard_beside_others_does_not_release),
		MXT(mx_chunk_spare__after_last_page),
		MXT(mx_chunk_read_end__masks),
		MXT(mx_chunk_read_end__trust),
		MXT(mx_chunk_lose__under_way),
		MXT(mx_chunk_lose__discard_forgives),
		MXT(mx_chunk_unqueue__lets_others_go),
		MXT(mx_chunk_swap__heir_places),
		MXT(mx_chunk__random_walk),
	};

	return MXT_RUN(tests);
}
