// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_span.h: discards over several chunks.
 */
#include "mxtest.h"
#include "engine/mx_span.h"

static void mx_span_max__chunks(void **state)
{
	assert_int_equal(mx_span_max(MX_CHUNK_SHIFT_MIN), 64 << 20);
	assert_int_equal(mx_span_max(MX_CHUNK_SHIFT_MIN + 1), 128 << 20);
	/* The parts of a discard are never more than it had before. */
	assert_int_equal(mx_span_max(MX_CHUNK_SHIFT_MAX), 1 << 30);
}

static void mx_span_take__each_chunk(void **state)
{
	u64 next = 250, first;

	assert_int_equal(mx_span_take(&next, 600, 8, &first), 6);
	assert_int_equal(first, 250);
	assert_int_equal(mx_span_take(&next, 600, 8, &first), 256);
	assert_int_equal(first, 256);
	assert_int_equal(mx_span_take(&next, 600, 8, &first), 88);
	assert_int_equal(first, 512);
	assert_int_equal(mx_span_take(&next, 600, 8, &first), 0);
	assert_int_equal(next, 600);
	/* Less than a page: nothing is whole. */
	next = 8;
	assert_int_equal(mx_span_take(&next, 7, 8, &first), 0);
}

/* A copy that is silent must not end a discard before its last chunk. */
static void mx_span_step__silent_copy(void **state)
{
	assert_int_equal(mx_span_step(512, 600, 0, false), MX_SPAN_ANOTHER);
	assert_int_equal(mx_span_step(512, 600, 0, true), MX_SPAN_SAME);
	assert_int_equal(mx_span_step(600, 600, 0, false), MX_SPAN_OVER);
	assert_int_equal(mx_span_step(600, 600, 0, true), MX_SPAN_OVER);
	assert_int_equal(mx_span_step(512, 600, -EIO, false), MX_SPAN_OVER);
	assert_int_equal(mx_span_step(512, 600, -EIO, true), MX_SPAN_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_span_max__chunks),
		MXT(mx_span_take__each_chunk),
		MXT(mx_span_step__silent_copy),
	};

	return MXT_RUN(tests);
}
