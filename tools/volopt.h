/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of a volume on the command line, by the table of
 * memx-core/uapi/options.def.
 */
#ifndef MX_VOLOPT_H
#define MX_VOLOPT_H

#include <libmnl/libmnl.h>
#include "memxctl.h"

enum {
	VOLOPT_MOST	= 24,	/* options of struct volopts, at most */
	VOLOPT_VALUES	= 2 * VOLOPT_MOST,
};

/**
 * struct volopt_value - what was said about an option
 * @text:   its value, or NULL
 * @yes:    --WORD, of a flag or choice
 * @no:     --no-WORD, of a choice
 * @number: what goes to the kernel, once volopts_check() has found it good
 */
struct volopt_value {
	const char	*text;
	bool		yes;
	bool		no;
	uint64_t	number;
};

/**
 * struct volopts - all options of a command
 * @value: by number of the option in the table
 * @opts:  for args_parse()
 * @nopts: of these
 */
struct volopts {
	struct volopt_value value[VOLOPT_MOST];
	struct opt	opts[VOLOPT_VALUES + 2];
	unsigned int	nopts;
};

/**
 * volopts_init() - make the options of a command
 * @set: only those that may be changed later
 */
void volopts_init(struct volopts *options, bool set);
/** volopts_extra() - one more option with a value, which is the command's own */
void volopts_extra(struct volopts *options, const char *name, const char **value);
/** volopts_check() - read the values. Return: enum ctl_exit, after a message */
int volopts_check(struct volopts *options);
/** volopts_given() - whether an attribute's option was given */
bool volopts_given(const struct volopts *options, uint16_t attr);
/** volopts_some() - whether any was given */
bool volopts_some(const struct volopts *options);
/** volopts_put() - add the attributes of what was given to a request */
void volopts_put(const struct volopts *options, struct nlmsghdr *msg);

#endif /* MX_VOLOPT_H */
