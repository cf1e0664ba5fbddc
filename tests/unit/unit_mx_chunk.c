// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_chunk.c and mx_bits.h: bitmaps, and where a
 * chunk is. What operations make of it is in unit_mx_op.c.
 */
#include "mxtest.h"
#include "engine/mx_chunk.h"

enum { PAGES = 250, WORDS = 4 };

/**
 * struct rig - a chunk under test
 * @c:    chunk
 * @have: its bitmap
 * @lost: its bitmap
 * @life: the volume on the servers
 * @env:  with @life
 */
struct rig {
	struct mx_chunk c;
	u64 have[WORDS];
	u64 lost[WORDS];
	struct mx_srv_life life[MX_MEMBERS];
	struct mx_env env;
};

static struct rig *rig(void)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	mx_chunk_init(&r.c, r.have, r.lost, PAGES);
	r.life[3].inc = 103;
	r.env.life = r.life;
	return &r;
}

/* On server 3, as after a first write. */
static struct rig *placed(u32 first, u32 n)
{
	struct rig *r = rig();

	r->c.state = MX_CHUNK_PLACING;
	mx_chunk_take(&r->c, 3, &r->life[3], mx_home_next(&r->c.home));
	mx_chunk_placed(&r->c);
	mx_chunk_wrote(&r->c, first, n);
	return r;
}

static void mx_bits__against_a_model(void **state)
{
	u64 map[WORDS] = {};
	bool model[WORDS * 64] = {};
	u64 seed = 7;
	u32 i, k;

	for (i = 0; i < 5000; i++) {
		u32 first, n, old = 0, bits = 0;
		bool set;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		first = (seed >> 33) % (WORDS * 64);
		n = (seed >> 42) % (WORDS * 64 - first + 1);
		set = seed >> 63;
		for (k = first; k < first + n; k++)
			old += model[k];
		assert_int_equal(mx_bits_count(map, first, n), old);
		if (set)
			assert_int_equal(mx_bits_set(map, first, n), n - old);
		else
			assert_int_equal(mx_bits_clear(map, first, n), old);
		for (k = first; k < first + n; k++)
			model[k] = set;
		n = min_t(u32, 32, WORDS * 64 - first);
		for (k = 0; k < n; k++)
			bits |= model[first + k] ? BIT(k) : 0;
		assert_int_equal(mx_bits_get(map, first, n), bits);
	}
}

static void mx_chunk_wrote__counts(void **state)
{
	struct rig *r = placed(10, 30);

	assert_int_equal(r->c.server, 3);
	assert_int_equal(r->c.nhave, 30);
	mx_chunk_wrote(&r->c, 35, 10);
	assert_int_equal(r->c.nhave, 35);
	mx_chunk_freed(&r->c, 0, 20);
	assert_int_equal(r->c.nhave, 25);
	assert_int_equal(mx_chunk_page(&r->c, 19), MX_PAGE_ZERO);
	assert_int_equal(mx_chunk_page(&r->c, 20), MX_PAGE_HAVE);
	assert_false(mx_chunk_spare(&r->c));
	mx_chunk_freed(&r->c, 0, PAGES);
	assert_true(mx_chunk_spare(&r->c));
}

/* An empty chunk is given back, unless it is in use or has to stay. */
/* What a volume may lose at its end when it becomes smaller. */
static void mx_chunk_clear_from__each(void **state)
{
	struct list_head some;
	struct rig *r = rig();

	assert_true(mx_chunk_clear_from(&r->c, 0));
	assert_true(mx_chunk_clear_from(&r->c, PAGES));
	list_add_tail(&some, &r->c.waiting);
	assert_false(mx_chunk_clear_from(&r->c, PAGES));

	r = rig();
	mx_chunk_unknown(&r->c);
	assert_false(mx_chunk_clear_from(&r->c, 0));
	assert_false(mx_chunk_clear_from(&r->c, 200));

	r = placed(10, 90);
	assert_false(mx_chunk_clear_from(&r->c, 0));
	assert_false(mx_chunk_clear_from(&r->c, 99));
	assert_true(mx_chunk_clear_from(&r->c, 100));
	assert_true(mx_chunk_clear_from(&r->c, PAGES));
	r->c.unsure = true;
	assert_false(mx_chunk_clear_from(&r->c, 100));
	r->c.unsure = false;
	r->c.blind = true;
	assert_false(mx_chunk_clear_from(&r->c, 100));

	/* What is lost may come back, or must go on failing. */
	r = placed(10, 90);
	mx_chunk_check(&r->c, 96, 4, 0);
	assert_false(mx_chunk_clear_from(&r->c, 99));
	assert_true(mx_chunk_clear_from(&r->c, 100));

	/* Room that is kept is a promise. */
	r = placed(0, 1);
	mx_chunk_freed(&r->c, 0, 1);
	assert_false(mx_chunk_clear_from(&r->c, 0));
	assert_true(mx_chunk_clear_from(&r->c, 1));
}

static void mx_chunk_release_due__each(void **state)
{
	struct rig *r = placed(0, 8);
	struct list_head op;

	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_NEVER);
	mx_chunk_freed(&r->c, 0, 8);
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_NOW);
	r->c.blind = true;
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_NEVER);
	r->c.blind = false;
	list_add_tail(&op, &r->c.readers);
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_LATER);
	list_del_init(&op);
	r->c.avoid = BIT(7);
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_LATER);
	r->c.avoid = 0;
	r->c.nleft = 1;
	r->c.left_ms = 500;
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_LATER);
	assert_int_equal(mx_chunk_release_due(&r->c, 500 + MX_LEFT_MS),
			 MX_RELEASE_NOW);
	/* A member that is not in sync would be found alone. */
	r->c.home.member[r->c.home.n++] = (struct mx_home_member) {
		.inc = 104, .server = 4, .state = MX_HOME_STALE,
	};
	assert_int_equal(mx_chunk_release_due(&r->c, 500 + MX_LEFT_MS),
			 MX_RELEASE_LATER);
	mx_chunk_release(&r->c, false);
	assert_int_equal(mx_chunk_release_due(&r->c, 500 + MX_LEFT_MS),
			 MX_RELEASE_LATER);
	r->c.home.n = 0;
	mx_chunk_unplaced(&r->c);
	assert_int_equal(mx_chunk_release_due(&r->c, 1000), MX_RELEASE_NEVER);
}

static void mx_chunk_check__lacking_pages(void **state)
{
	struct rig *r = placed(0, 8);

	assert_true(mx_chunk_check(&r->c, 0, 8, 0xfff));
	assert_false(mx_chunk_check(&r->c, 0, 8, 0xfb));
	assert_int_equal(mx_chunk_page(&r->c, 2), MX_PAGE_LOST);
	assert_int_equal(r->c.nhave, 7);
	assert_int_equal(r->c.nlost, 1);
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	mx_chunk_wrote(&r->c, 2, 1);
	assert_int_equal(r->c.nlost, 0);
}

/* 6g: loss is undone when the life that has the chunk is back. */
static void mx_chunk_sync__lost_and_regained(void **state)
{
	struct rig *r = placed(0, 8);

	assert_false(mx_chunk_sync(&r->c, &r->env));
	r->life[3].inc = 999;
	assert_true(mx_chunk_sync(&r->c, &r->env));
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	assert_int_equal(r->c.server, MX_NO_SERVER);
	assert_int_equal(r->c.nlost, 8);
	assert_int_equal(mx_chunk_page(&r->c, 7), MX_PAGE_LOST);
	/* Forgotten meanwhile: not had again either. */
	mx_chunk_freed(&r->c, 7, 1);
	r->life[3].inc = 103;
	assert_false(mx_chunk_sync(&r->c, &r->env));
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(r->c.server, 3);
	assert_int_equal(r->c.nhave, 7);
	assert_int_equal(r->c.nlost, 0);
}

static void mx_chunk_sync__volume_made_anew(void **state)
{
	struct rig *r = placed(0, 8);

	r->life[3].era = 1;
	assert_true(mx_chunk_sync(&r->c, &r->env));
	assert_int_equal(r->c.state, MX_CHUNK_LOST);
	assert_false(mx_chunk_lose(&r->c, 3, 103, 0));
}

static void mx_chunk_lose__without_pages(void **state)
{
	struct rig *r = placed(0, 8);

	mx_chunk_freed(&r->c, 0, 8);
	assert_true(mx_chunk_lose(&r->c, 3, 103, 0));
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	assert_true(mx_chunk_regain(&r->c, 3, &r->life[3]));
	assert_true(mx_chunk_spare(&r->c));
}

static void mx_chunk_regain__not_once_placed_anew(void **state)
{
	struct rig *r = placed(0, 8);

	mx_chunk_lose(&r->c, 3, 103, 0);
	r->c.state = MX_CHUNK_PLACING;
	assert_false(mx_chunk_regain(&r->c, 3, &r->life[3]));
	mx_chunk_take(&r->c, 1, &r->life[1], mx_home_next(&r->c.home));
	mx_chunk_placed(&r->c);
	mx_chunk_wrote(&r->c, 0, 1);
	assert_false(mx_chunk_regain(&r->c, 3, &r->life[3]));
	assert_int_equal(r->c.nlost, 7);
	assert_int_equal(r->c.server, 1);
}

/* What was lost before the copy was made does not come back with it. */
static void mx_chunk_regain__lost_twice(void **state)
{
	struct rig *r = placed(0, 8);
	u8 bits[1] = { 0x53 };

	r->life[1] = (struct mx_srv_life){ .inc = 101, .gens = true };
	mx_chunk_lose(&r->c, 3, 103, 0);
	r->c.state = MX_CHUNK_PLACING;
	mx_chunk_take(&r->c, 1, &r->life[1], mx_home_next(&r->c.home));
	mx_chunk_placed(&r->c);
	mx_chunk_wrote(&r->c, 0, 2);
	assert_true(mx_chunk_lose(&r->c, 1, 101, 0));
	assert_int_equal(r->c.nlost, 8);
	mx_chunk_freed(&r->c, 6, 1);
	assert_true(mx_chunk_regain(&r->c, 1, &r->life[1]));
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_true(r->c.blind);
	assert_int_equal(r->c.nlost, 7);
	/* A write that has failed may have left more than was noted: page 4. */
	mx_chunk_learn(&r->c, 0, bits, 1);
	mx_chunk_learned(&r->c);
	assert_false(r->c.blind);
	assert_int_equal(r->c.nhave, 3);
	assert_int_equal(r->c.nlost, 4);
	assert_int_equal(mx_chunk_page(&r->c, 1), MX_PAGE_HAVE);
	assert_int_equal(mx_chunk_page(&r->c, 2), MX_PAGE_LOST);
	assert_int_equal(mx_chunk_page(&r->c, 4), MX_PAGE_HAVE);
	assert_int_equal(mx_chunk_page(&r->c, 6), MX_PAGE_ZERO);
	/* A server of the first version could not tell. */
	assert_true(mx_chunk_lose(&r->c, 1, 101, 0));
	assert_int_equal(r->c.nlost, 7);
	r->life[1].gens = false;
	assert_true(mx_chunk_regain(&r->c, 1, &r->life[1]));
	assert_false(r->c.blind);
	assert_int_equal(r->c.nhave, 0);
	assert_int_equal(r->c.nlost, 7);
}

/* Copies that the next owner could take for the chunk. */
static void mx_chunk_tidy__left_and_doubtful(void **state)
{
	struct rig *r = placed(0, 8);

	assert_true(mx_chunk_tidy(&r->c, 0));
	r->c.avoid = BIT(2);
	assert_false(mx_chunk_tidy(&r->c, 0));
	r->c.avoid = 0;
	r->life[3].inc = 999;
	mx_chunk_sync(&r->c, &r->env);
	r->c.state = MX_CHUNK_PLACING;
	mx_chunk_take(&r->c, 1, &r->life[1], mx_home_next(&r->c.home));
	mx_chunk_placed(&r->c);
	/* Its life may come back. */
	assert_false(mx_chunk_tidy(&r->c, 0));
	mx_chunk_left_gone(&r->c, 3, 103, 0);
	assert_true(mx_chunk_tidy(&r->c, 0));
	r->c.home.unsettled = true;
	assert_false(mx_chunk_tidy(&r->c, 0));
}

static void mx_chunk_adopt__blind(void **state)
{
	struct rig *r = rig();
	struct mx_home_member m = { .inc = 103, .server = 3 };
	u8 bits[2] = { 0x81, 0xff };
	u8 end[4] = { 0, 0, 0, 0xff };

	mx_chunk_unknown(&r->c);
	mx_chunk_adopt(&r->c, &m, 1, 7);
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_true(r->c.blind);
	assert_false(r->c.home.behind);
	mx_chunk_learn(&r->c, 56, bits, 2);
	mx_chunk_learn(&r->c, 224, end, 4);
	/* Two bits of the last byte are pages. */
	assert_int_equal(r->c.nhave, 12);
	assert_int_equal(mx_chunk_page(&r->c, 63), MX_PAGE_HAVE);
	assert_int_equal(mx_chunk_page(&r->c, 62), MX_PAGE_ZERO);
	assert_int_equal(mx_home_next(&r->c.home), 8);

	/* All may have been written: all is lost, until it is back. */
	mx_chunk_lose(&r->c, 3, 103, 0);
	assert_int_equal(r->c.nlost, PAGES);
	/* An answer that is late. */
	mx_chunk_learn(&r->c, 56, bits, 2);
	assert_int_equal(r->c.nhave, 0);
	mx_chunk_regain(&r->c, 3, &r->life[3]);
	assert_true(r->c.blind);
	assert_int_equal(r->c.nlost, 0);
	assert_int_equal(r->c.nhave, 0);
	mx_chunk_learn(&r->c, 56, bits, 2);
	assert_int_equal(r->c.nhave, 10);
}

/* What was discarded before the bitmap was known is not there again. */
static void mx_chunk_regain__discarded_while_unknown(void **state)
{
	struct rig *r = rig();
	struct mx_home_member m = { .inc = 103, .server = 3 };
	u8 bits[1] = { 0x07 };

	r->life[3].gens = true;
	mx_chunk_unknown(&r->c);
	mx_chunk_adopt(&r->c, &m, 1, 7);
	mx_chunk_lose(&r->c, 3, 103, 0);
	mx_chunk_freed(&r->c, 1, 1);
	assert_true(mx_chunk_regain(&r->c, 3, &r->life[3]));
	assert_true(r->c.blind);
	mx_chunk_learn(&r->c, 0, bits, 1);
	mx_chunk_learned(&r->c);
	assert_int_equal(r->c.nlost, 0);
	assert_int_equal(r->c.nhave, 2);
	assert_int_equal(mx_chunk_page(&r->c, 1), MX_PAGE_ZERO);
	assert_int_equal(mx_chunk_page(&r->c, 9), MX_PAGE_ZERO);
}

static void mx_chunk_adopt__stale_member(void **state)
{
	struct rig *r = rig();
	struct mx_home_member m[2] = {
		{ .inc = 103, .server = 3 },
		{ .inc = 101, .server = 1, .state = MX_HOME_STALE },
	};

	mx_chunk_unknown(&r->c);
	mx_chunk_adopt(&r->c, m, 2, 7);
	assert_true(r->c.home.behind);
	assert_int_equal(mx_home_in_sync(&r->c.home), 1);
}

static void mx_chunk_proved__otherwise(void **state)
{
	struct rig *r = rig();
	struct mx_home_member m = { .inc = 103, .server = 3 };

	mx_chunk_unknown(&r->c);
	mx_chunk_proved_hole(&r->c);
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	mx_chunk_proved_lost(&r->c);
	assert_int_equal(r->c.state, MX_CHUNK_HOLE);
	mx_chunk_unknown(&r->c);
	mx_chunk_proved_lost(&r->c);
	assert_int_equal(r->c.nlost, PAGES);
	/* It has turned up. */
	mx_chunk_adopt(&r->c, &m, 1, 2);
	assert_int_equal(r->c.state, MX_CHUNK_PLACED);
	assert_int_equal(r->c.nlost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_bits__against_a_model),
		MXT(mx_chunk_wrote__counts),
		MXT(mx_chunk_clear_from__each),
		MXT(mx_chunk_release_due__each),
		MXT(mx_chunk_check__lacking_pages),
		MXT(mx_chunk_sync__lost_and_regained),
		MXT(mx_chunk_sync__volume_made_anew),
		MXT(mx_chunk_lose__without_pages),
		MXT(mx_chunk_regain__not_once_placed_anew),
		MXT(mx_chunk_regain__lost_twice),
		MXT(mx_chunk_tidy__left_and_doubtful),
		MXT(mx_chunk_adopt__blind),
		MXT(mx_chunk_regain__discarded_while_unknown),
		MXT(mx_chunk_adopt__stale_member),
		MXT(mx_chunk_proved__otherwise),
	};

	return MXT_RUN(tests);
}
