// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_zero.h: where a write is divided.
 */
#include "mxtest.h"
#include "engine/mx_zero.h"

static void mx_zero_run__alike(void **state)
{
	assert_int_equal(mx_zero_run(0, 0, 0, 32), 32);
	assert_int_equal(mx_zero_run(~0ULL, 0, 0, 32), 32);
	/* Parts that are no zeros are like the others. */
	assert_int_equal(mx_zero_run(0, 1 | BIT_ULL(32), 0, 33), 33);
	assert_int_equal(mx_zero_run(~0ULL, 0, 63, 64), 1);
}

static void mx_zero_run__meet(void **state)
{
	const u64 zeros = 0x8c;

	assert_int_equal(mx_zero_run(zeros, 0, 0, 9), 2);
	assert_int_equal(mx_zero_run(zeros, 0, 2, 9), 2);
	assert_int_equal(mx_zero_run(zeros, 0, 4, 9), 3);
	assert_int_equal(mx_zero_run(zeros, 0, 7, 9), 1);
	assert_int_equal(mx_zero_run(zeros, 0, 8, 9), 1);
	/* Not behind its end. */
	assert_int_equal(mx_zero_run(zeros, 0, 4, 6), 2);
}

static void mx_zero_run__parts(void **state)
{
	const u64 part = 1 | BIT_ULL(8);

	assert_int_equal(mx_zero_run(~0ULL, part, 0, 9), 1);
	assert_int_equal(mx_zero_run(~0ULL, part, 1, 9), 7);
	assert_int_equal(mx_zero_run(~0ULL, part, 8, 9), 1);
	/* Zeros behind what is none. */
	assert_int_equal(mx_zero_run(BIT_ULL(8), part, 0, 9), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_zero_run__alike),
		MXT(mx_zero_run__meet),
		MXT(mx_zero_run__parts),
	};

	return MXT_RUN(tests);
}
