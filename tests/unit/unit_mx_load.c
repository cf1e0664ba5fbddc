// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_load.c.
 */
#include "mxtest.h"
#include "engine/mx_load.h"

static void mx_load_decay__arrives(void **state)
{
	u8 load = 0;
	int n;

	assert_int_equal(mx_load_decay(0, 255), 63);
	assert_int_equal(mx_load_decay(255, 0), 192);
	assert_int_equal(mx_load_decay(7, 7), 7);
	for (n = 0; load != 255; n++)
		load = mx_load_decay(load, 255);
	assert_in_range(n, 4, 32);
	for (n = 0; load; n++)
		load = mx_load_decay(load, 0);
	assert_in_range(n, 4, 32);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mx_load_decay__arrives),
	};

	return MXT_RUN(tests);
}
