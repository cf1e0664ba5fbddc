// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of a volume's options on memxctl's command line.
 */
#include "mxtest.h"
#include "memx_nl.h"
#include "../../tools/lib/size.c"
#include "../../tools/volopt.c"

static char request[1024];
static struct volopts options;
static const char *extra;

int usage(const char *format, ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	mxt_log("%s", words);
	return CTL_USAGE;
}

/* Gives options to what volopts_init() has made, as args_parse() does. */
static int give(const char *name, const char *value)
{
	const struct opt *opt;

	for (opt = options.opts; opt->name; opt++) {
		if (strcmp(opt->name, name))
			continue;
		if (opt->flag)
			*opt->flag = true;
		else
			*opt->value = value;
		return 0;
	}
	return -1;
}

static int check(const char *name, const char *value)
{
	volopts_init(&options, false);
	assert_int_equal(give(name, value), 0);
	return volopts_check(&options);
}

static const struct nlattr *put(uint16_t type)
{
	struct nlmsghdr *msg;
	struct nlattr *attr;

	memset(request, 0, sizeof(request));
	msg = mnl_nlmsg_put_header(request);
	volopts_put(&options, msg);
	mnl_attr_for_each(attr, msg, 0)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

/* Other versions of module and tool stand on these. */
static void attributes__keep_their_numbers(void **state)
{
	assert_int_equal(MEMX_A_NAME, 2);
	assert_int_equal(MEMX_A_ID, 3);
	assert_int_equal(MEMX_A_SIZE, 4);
	assert_int_equal(MEMX_A_EPOCH, 5);
	assert_int_equal(MEMX_A_USER, 7);
	assert_int_equal(MEMX_A_CHUNK_SHIFT, 8);
	assert_int_equal(MEMX_A_CHUNKS, 9);
	assert_int_equal(MEMX_A_MAP_GEN, 12);
	assert_int_equal(MEMX_A_THIN, 13);
	assert_int_equal(MEMX_A_WEIGHT, 14);
	assert_int_equal(MEMX_A_READ_LATENCY, 15);
	assert_int_equal(MEMX_A_STAT_HELP, 34);
	assert_int_equal(MEMX_A_ENCRYPT, 35);
	assert_int_equal(MEMX_A_SEALED, 36);
	assert_int_equal(MEMX_A_KEY_CHECK, 37);
	assert_int_equal(MEMX_A_KEY, 38);
	assert_int_equal(MEMX_A_PROTOCOL, 42);
	assert_true(MEMX_A_COUNT <= 96 && MEMX_A_MAX == 111);
}

static void volopts_init__set_only(void **state)
{
	volopts_init(&options, true);
	assert_int_equal(give("--weight", "2"), 0);
	assert_int_equal(give("--size", "1G"), -1);
	assert_int_equal(give("--encrypt", NULL), -1);
}

static void volopts_extra__is_last(void **state)
{
	volopts_init(&options, false);
	volopts_extra(&options, "--wait", &extra);
	assert_int_equal(give("--wait", "3"), 0);
	assert_string_equal(extra, "3");
	assert_null(options.opts[options.nopts].name);
}

static void volopts_check__size(void **state)
{
	assert_int_equal(check("--size", "x"), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "'x' is no size; say 8G, 512M, …");
	assert_int_equal(check("--size", "4097"), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "the size must be a multiple of 4K, and not 0");
	assert_int_equal(check("--size", "1G"), CTL_OK);
	assert_int_equal(mnl_attr_get_u64(put(MEMX_A_SIZE)), 1 << 30);
}

static void volopts_check__chunk(void **state)
{
	assert_int_equal(check("--chunk", "512K"), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "a chunk is 1M, 2M, … up to 1G");
	assert_int_equal(check("--chunk", "2G"), CTL_USAGE);
	assert_int_equal(check("--chunk", "3M"), CTL_USAGE);
	mxt_log_take();
	assert_int_equal(check("--chunk", "4M"), CTL_OK);
	assert_int_equal(mnl_attr_get_u8(put(MEMX_A_CHUNK_SHIFT)), 10);
}

static void volopts_check__weight(void **state)
{
	assert_int_equal(check("--weight", "0"), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "'0' is no weight; it is a number from 1 to 64");
	assert_int_equal(check("--weight", "65"), CTL_USAGE);
	mxt_log_take();
	assert_int_equal(check("--weight", "64"), CTL_OK);
	assert_int_equal(mnl_attr_get_u32(put(MEMX_A_WEIGHT)), 64);
}

static void volopts_check__id(void **state)
{
	assert_int_equal(check("--id", "0"), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "'0' is no id of a volume");
	assert_int_equal(check("--id", "ffffffffffffffff"), CTL_OK);
	assert_true(mnl_attr_get_u64(put(MEMX_A_ID)) == UINT64_MAX);
	assert_true(volopts_given(&options, MEMX_A_ID));
	assert_false(volopts_given(&options, MEMX_A_SIZE));
}

static void volopts_check__choice(void **state)
{
	assert_int_equal(check("--encrypt", NULL), CTL_OK);
	assert_int_equal(mnl_attr_get_u8(put(MEMX_A_ENCRYPT)), 1);
	assert_int_equal(check("--no-encrypt", NULL), CTL_OK);
	assert_int_equal(mnl_attr_get_u8(put(MEMX_A_ENCRYPT)), 0);
	assert_int_equal(give("--encrypt", NULL), 0);
	assert_int_equal(volopts_check(&options), CTL_USAGE);
	assert_string_equal(mxt_log_take(), "either --encrypt or --no-encrypt");
}

static void volopts_put__flag(void **state)
{
	assert_int_equal(check("--thin", NULL), CTL_OK);
	assert_non_null(put(MEMX_A_THIN));
	assert_null(put(MEMX_A_ENCRYPT));
	assert_true(volopts_some(&options));
	volopts_init(&options, false);
	assert_false(volopts_some(&options));
	assert_null(put(MEMX_A_THIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(attributes__keep_their_numbers),
		MXT(volopts_init__set_only),
		MXT(volopts_extra__is_last),
		MXT(volopts_check__size),
		MXT(volopts_check__chunk),
		MXT(volopts_check__weight),
		MXT(volopts_check__id),
		MXT(volopts_check__choice),
		MXT(volopts_put__flag),
	};

	return MXT_RUN(tests);
}
