// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_share.c: nobody's own part can be used up by
 * others.
 */
#include "mxtest.h"
#include "engine/mx_share.h"

/* 6d: a server that keeps all it can get leaves the others theirs. */
static void mx_share_take__greedy_server(void **state)
{
	struct mx_share s;
	u32 n = 0;

	mx_share_init(&s, 1024, 33);
	mx_share_servers(&s, 2);
	while (mx_share_take(&s, 0, 33))
		n += 33;
	assert_in_range(n, 512 + 1024 / 6 - 33, 512 + 1024 / 6);
	assert_true(mx_share_take(&s, 1, 33));
	assert_true(mx_share_take(&s, MX_SHARE_NONE, 33));
	for (n = 0; mx_share_take(&s, 1, 33); )
		n++;
	assert_int_equal(n, 4);
	mx_share_give(&s, 0, 66);
	assert_true(mx_share_take(&s, 1, 33));
}

static void mx_share_take__adds_up(void **state)
{
	struct mx_share s;
	u64 seed = 1;
	u32 i, k, sum;

	mx_share_init(&s, 64, 2);
	for (i = 0; i < 20000; i++) {
		u32 slot, n;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		slot = (seed >> 33) % 5;
		n = 1 + (seed >> 43) % 4;
		if (seed >> 63)
			mx_share_take(&s, slot, n);
		else if (s.used[slot] >= n)
			mx_share_give(&s, slot, n);
		if (!(i % 100))
			mx_share_servers(&s, (seed >> 50) % 8);
		for (sum = 0, k = 0; k < MX_SHARE_SLOTS; k++)
			sum += s.used[k];
		/* More only for a while after servers have come. */
		assert_in_range(sum, 0, 2 * s.size);
	}
	for (k = 0; k < MX_SHARE_SLOTS; k++)
		mx_share_give(&s, k, s.used[k]);
	assert_int_equal(s.lent, 0);
}

static void mx_share_room__first_server(void **state)
{
	struct mx_share s;

	mx_share_init(&s, 64, 2);
	mx_share_servers(&s, 1);
	assert_true(mx_share_room(&s, 0, 48));
	assert_false(mx_share_room(&s, 0, 49));
}

/* All servers but the last one are silent, and keep whatever they can get. */
static void hog(struct mx_share *s, u32 n, u32 least)
{
	u32 k;

	for (k = 0; k + 1 < n; k++)
		while (mx_share_take(s, k, least))
			;
	while (mx_share_take(s, MX_SHARE_NONE, least))
		;
}

static u32 in_use(const struct mx_share *s)
{
	u32 k, sum = 0;

	for (k = 0; k < MX_SHARE_SLOTS; k++)
		sum += s->used[k];
	return sum;
}

/* The one server that answers can always be sent an I/O. */
static void mx_share_size__many_servers(void **state)
{
	static const u32 least[] = { 1, 2, 8, 35 }, size[] = { 0, 64, 128, 1024 };
	struct mx_share s;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(least); i++)
		for (n = 1; n <= MX_MEMBERS; n++) {
			mx_share_init(&s, mx_share_size(size[i], least[i], n),
				      least[i]);
			mx_share_servers(&s, n);
			hog(&s, n, least[i]);
			assert_true(mx_share_take(&s, n - 1, least[i]));
			assert_in_range(in_use(&s), 0, s.size);
		}
}

/* Likewise while there was no memory to let it grow, as long as that can be. */
static void mx_share_servers__not_grown(void **state)
{
	struct mx_share s;
	u32 n;

	for (n = 1; n <= MX_MEMBERS; n++) {
		mx_share_init(&s, 64, 2);
		mx_share_servers(&s, n);
		hog(&s, n, 2);
		assert_int_equal(mx_share_take(&s, n - 1, 2), n < 32);
		assert_in_range(in_use(&s), 0, s.size);
	}
}

static void mx_share_grow__while_in_use(void **state)
{
	struct mx_share s;

	mx_share_init(&s, 64, 2);
	mx_share_servers(&s, 40);
	hog(&s, 40, 2);
	assert_false(mx_share_take(&s, 39, 2));
	while (s.size < mx_share_size(64, 2, 40))
		mx_share_grow(&s, 1);
	assert_true(mx_share_take(&s, 39, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_share_take__greedy_server),
		MXT(mx_share_take__adds_up),
		MXT(mx_share_room__first_server),
		MXT(mx_share_size__many_servers),
		MXT(mx_share_servers__not_grown),
		MXT(mx_share_grow__while_in_use),
	};

	return MXT_RUN(tests);
}
