// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of how memxctl reads sizes, numbers and names.
 */
#include "mxtest.h"
#include "../../tools/lib/size.c"

static void size_is(const char *text, uint64_t bytes)
{
	uint64_t got = ~bytes;

	assert_int_equal(size_parse(text, &got), 0);
	assert_int_equal(got, bytes);
}

static void size_fails(const char *text, int err)
{
	uint64_t got;

	assert_int_equal(size_parse(text, &got), err);
}

static void size_parse__units(void **state)
{
	size_is("0", 0);
	size_is("4096", 4096);
	size_is("4096B", 4096);
	size_is("4K", 4096);
	size_is("4k", 4096);
	size_is("4KB", 4096);
	size_is("4KiB", 4096);
	size_is("010K", 10240);
	size_is("3M", 3 << 20);
	size_is("1GiB", 1 << 30);
	size_is("2T", 2ULL << 40);
	size_is("18446744073709551615", UINT64_MAX);
	size_is("16777215T", 16777215ULL << 40);
}

static void size_parse__refuses(void **state)
{
	static const char *const bad[] = {
		"", "G", "B", "-1G", "+1G", " 1G", "1G ", "1 G", "1.5G", "1GG",
		"1Gi", "1iB", "1X", "0x10", "1e3", "1Kib", "one", "1,5G",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		size_fails(bad[i], -EINVAL);
}

static void size_parse__range(void **state)
{
	size_fails("18446744073709551616", -ERANGE);
	size_fails("16777216T", -ERANGE);
	size_fails("99999999999999999999999999G", -ERANGE);
	size_fails("99999999999999999999999999X", -EINVAL);
}

static void text_is(uint64_t bytes, const char *wanted)
{
	char text[SIZE_TEXT];

	assert_string_equal(size_format(bytes, text), wanted);
}

static void size_format__shortest(void **state)
{
	text_is(0, "0");
	text_is(1023, "1023");
	text_is(1024, "1K");
	text_is(1536, "1.5K");
	text_is(1ULL << 30, "1G");
	text_is(5ULL << 40, "5T");
	text_is(5000ULL << 40, "5000T");
	text_is(UINT64_MAX, "16777216.0T");
}

/* What is printed without a fraction is read back as the same size. */
static void size_format__inverse(void **state)
{
	char text[SIZE_TEXT];
	uint64_t got;
	int shift;

	for (shift = 0; shift < 64; shift++) {
		size_format(1ULL << shift, text);
		assert_int_equal(size_parse(text, &got), 0);
		assert_int_equal(got, 1ULL << shift);
	}
}

static void number_parse__bounds(void **state)
{
	uint64_t n;

	assert_int_equal(number_parse("10", 10, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(number_parse("11", 10, &n), -ERANGE);
	assert_int_equal(number_parse("99999999999999999999", UINT64_MAX, &n), -ERANGE);
	assert_int_equal(number_parse("", 10, &n), -EINVAL);
	assert_int_equal(number_parse("1K", 10, &n), -EINVAL);
	assert_int_equal(number_parse("-1", 10, &n), -EINVAL);
}

static void hex_parse__ids(void **state)
{
	static const char *const bad[] = { "", "0x", "x", "12 ", " 12", "1g", "-1", "0x0x1",
					   "11223344556677889" };
	uint64_t n;
	size_t i;

	assert_int_equal(hex_parse("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(hex_parse("0xAb12", &n), 0);
	assert_int_equal(n, 0xab12);
	assert_int_equal(hex_parse("ffffffffffffffff", &n), 0);
	assert_int_equal(n, UINT64_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hex_parse(bad[i], &n), -EINVAL);
}

static void chunk_shift__powers(void **state)
{
	assert_int_equal(chunk_shift(1 << 20), 8);
	assert_int_equal(chunk_shift(1 << 30), 18);
	assert_int_equal(chunk_shift(0), -EINVAL);
	assert_int_equal(chunk_shift(512 << 10), -EINVAL);
	assert_int_equal(chunk_shift(3 << 20), -EINVAL);
	assert_int_equal(chunk_shift(1ULL << 31), -EINVAL);
}

static void name_valid__grammar(void **state)
{
	char longest[66];

	assert_true(name_valid("swap0"));
	assert_true(name_valid("0.a_b-c"));
	assert_false(name_valid(""));
	assert_false(name_valid(".a"));
	assert_false(name_valid("-a"));
	assert_false(name_valid("a/b"));
	assert_false(name_valid("a b"));
	assert_false(name_valid("\xc3\xa4"));
	memset(longest, 'a', sizeof(longest));
	longest[63] = 0;
	assert_true(name_valid(longest));
	longest[63] = 'a';
	longest[64] = 0;
	assert_false(name_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(size_parse__units),
		MXT(size_parse__refuses),
		MXT(size_parse__range),
		MXT(size_format__shortest),
		MXT(size_format__inverse),
		MXT(number_parse__bounds),
		MXT(hex_parse__ids),
		MXT(chunk_shift__powers),
		MXT(name_valid__grammar),
	};

	return MXT_RUN(tests);
}
