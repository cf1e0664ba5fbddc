// SPDX-License-Identifier: GPL-2.0
/*
 * The options of a volume on the command line, by the table of
 * memx-core/uapi/options.def.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "memx_options.h"
#include "size.h"
#include "volopt.h"

/**
 * struct volopt - a line of the table
 * @attr:  attribute
 * @type:  enum memx_option_type
 * @least: smallest value, for a chunk as log2 of its pages
 * @most:  largest
 * @word:  what people write
 * @yes:   its option, --WORD
 * @no:    --no-WORD
 * @set:   may be changed later
 * @noun:  what its value is called
 */
struct volopt {
	uint16_t	attr;
	uint8_t		type;
	uint64_t	least;
	uint64_t	most;
	const char	*word;
	const char	*yes;
	const char	*no;
	bool		set;
	const char	*noun;
};

#define VOLOPT(name, _type, _least, _most, _word, _set, field, _noun) { \
	.attr = MEMX_A_##name, .type = MEMX_OPTION_##_type, .least = (_least), \
	.most = (_most), .word = _word, .yes = "--" _word, .no = "--no-" _word, \
	.set = _set, .noun = _noun \
},

static const struct volopt table[] = { MEMX_OPTIONS(VOLOPT) };

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

_Static_assert((int)OPTIONS <= (int)VOLOPT_MOST, "more options than there are places");

void volopts_init(struct volopts *options, bool set)
{
	struct opt *opt = options->opts;
	unsigned int i;

	memset(options, 0, sizeof(*options));
	for (i = 0; i < OPTIONS; i++) {
		struct volopt_value *value = &options->value[i];

		if (set && !table[i].set)
			continue;
		if (table[i].type == MEMX_OPTION_CHOICE)
			*opt++ = (struct opt){ table[i].no, NULL, &value->no };
		if (table[i].type == MEMX_OPTION_CHOICE || table[i].type == MEMX_OPTION_FLAG)
			*opt++ = (struct opt){ table[i].yes, NULL, &value->yes };
		else
			*opt++ = (struct opt){ table[i].yes, &value->text };
	}
	options->nopts = opt - options->opts;
}

void volopts_extra(struct volopts *options, const char *name, const char **value)
{
	options->opts[options->nopts++] = (struct opt){ name, value };
}

static int bytes_check(const struct volopt *opt, struct volopt_value *value)
{
	if (size_parse(value->text, &value->number))
		return usage("'%s' is no %s; say 8G, 512M, …", value->text, opt->noun);
	if (value->number < opt->least || value->number % SIZE_PAGE)
		return usage("the %s must be a multiple of 4K%s", opt->noun,
			     opt->least ? ", and not 0" : "");
	return CTL_OK;
}

static int chunk_check(const struct volopt *opt, struct volopt_value *value)
{
	char least[2][SIZE_TEXT], most[SIZE_TEXT];
	uint64_t bytes;
	int shift;

	if (size_parse(value->text, &bytes))
		return usage("'%s' is no %s", value->text, opt->noun);
	shift = chunk_shift(bytes);
	if (shift < (int)opt->least || shift > (int)opt->most)
		return usage("a %s is %s, %s, … up to %s", opt->word,
			     size_format((uint64_t)SIZE_PAGE << opt->least, least[0]),
			     size_format((uint64_t)SIZE_PAGE << (opt->least + 1), least[1]),
			     size_format((uint64_t)SIZE_PAGE << opt->most, most));
	value->number = shift;
	return CTL_OK;
}

static int value_check(const struct volopt *opt, struct volopt_value *value)
{
	switch (opt->type) {
	case MEMX_OPTION_BYTES:
		return bytes_check(opt, value);
	case MEMX_OPTION_CHUNK:
		return chunk_check(opt, value);
	case MEMX_OPTION_NUMBER:
		if (!number_parse(value->text, opt->most, &value->number) &&
		    value->number >= opt->least)
			return CTL_OK;
		return usage("'%s' is no %s; it is a number from %" PRIu64 " to %" PRIu64,
			     value->text, opt->noun, opt->least, opt->most);
	case MEMX_OPTION_HEX64:
		if (!hex_parse(value->text, &value->number) && value->number)
			return CTL_OK;
		return usage("'%s' is no %s", value->text, opt->noun);
	}
	return CTL_OK;
}

int volopts_check(struct volopts *options)
{
	unsigned int i;

	for (i = 0; i < OPTIONS; i++) {
		struct volopt_value *value = &options->value[i];

		if (value->yes && value->no)
			return usage("either %s or %s", table[i].yes, table[i].no);
		if (value->text && value_check(&table[i], value))
			return CTL_USAGE;
	}
	return CTL_OK;
}

static bool is_given(const struct volopt_value *value)
{
	return value->text || value->yes || value->no;
}

bool volopts_given(const struct volopts *options, uint16_t attr)
{
	unsigned int i;

	for (i = 0; i < OPTIONS; i++)
		if (table[i].attr == attr)
			return is_given(&options->value[i]);
	return false;
}

bool volopts_some(const struct volopts *options)
{
	unsigned int i;

	for (i = 0; i < OPTIONS; i++)
		if (is_given(&options->value[i]))
			return true;
	return false;
}

static void value_put(const struct volopt *opt, const struct volopt_value *value,
		      struct nlmsghdr *msg)
{
	switch (opt->type) {
	case MEMX_OPTION_BYTES:
	case MEMX_OPTION_HEX64:
		mnl_attr_put_u64(msg, opt->attr, value->number);
		break;
	case MEMX_OPTION_NUMBER:
		mnl_attr_put_u32(msg, opt->attr, value->number);
		break;
	case MEMX_OPTION_CHUNK:
		mnl_attr_put_u8(msg, opt->attr, value->number);
		break;
	case MEMX_OPTION_CHOICE:
		mnl_attr_put_u8(msg, opt->attr, value->yes);
		break;
	case MEMX_OPTION_FLAG:
		mnl_attr_put(msg, opt->attr, 0, NULL);
		break;
	}
}

void volopts_put(const struct volopts *options, struct nlmsghdr *msg)
{
	unsigned int i;

	for (i = 0; i < OPTIONS; i++)
		if (is_given(&options->value[i]))
			value_put(&table[i], &options->value[i], msg);
}
