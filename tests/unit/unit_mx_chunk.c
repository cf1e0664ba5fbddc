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
		MXT(mx_chunk_check__lacking_pages),
		MXT(mx_chunk_sync__lost_and_regained),
		MXT(mx_chunk_sync__volume_made_anew),
		MXT(mx_chunk_lose__without_pages),
		MXT(mx_chunk_regain__not_once_placed_anew),
		MXT(mx_chunk_adopt__blind),
		MXT(mx_chunk_adopt__stale_member),
		MXT(mx_chunk_proved__otherwise),
	};

	return MXT_RUN(tests);
}
