// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_starve.h: nobody who waits is overlooked.
 */
#include "mxtest.h"
#include "engine/mx_starve.h"

static void mx_starve_take__in_order(void **state)
{
	struct list_head io[3];
	struct mx_starve s;

	mx_starve_init(&s);
	assert_null(mx_starve_take(&s, 0));
	mx_starve_add(&s, &io[0], 4);
	mx_starve_add(&s, &io[1], 4);
	mx_starve_add(&s, &io[2], MX_SHARE_NONE);
	assert_null(mx_starve_take(&s, 0));
	assert_ptr_equal(mx_starve_take(&s, 4), &io[0]);
	mx_starve_back(&s, &io[0], 4);
	assert_ptr_equal(mx_starve_take(&s, 4), &io[0]);
	mx_starve_fed(&s);
	assert_ptr_equal(mx_starve_take(&s, 4), &io[1]);
	mx_starve_fed(&s);
	mx_starve_pull(&s, &io[2]);
	assert_null(mx_starve_take(&s, MX_SHARE_NONE));
	assert_int_equal(s.n, 1);
	mx_starve_fed(&s);
	assert_int_equal(s.n, 0);
}

/*
 * The reserve is empty when the only I/O that waits is tried; before it waits
 * again an object comes back, and whoever brings it looks whether anybody waits.
 */
static void mx_starve_take__given_back_meanwhile(void **state)
{
	struct list_head io;
	struct mx_starve s;

	mx_starve_init(&s);
	mx_starve_add(&s, &io, 1);
	assert_ptr_equal(mx_starve_take(&s, 1), &io);
	assert_int_not_equal(s.n, 0);
	mx_starve_back(&s, &io, 1);
	assert_int_equal(s.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_starve_take__in_order),
		MXT(mx_starve_take__given_back_meanwhile),
	};

	return MXT_RUN(tests);
}
