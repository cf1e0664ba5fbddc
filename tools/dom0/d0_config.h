/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration of a domain that libxl keeps in a file: what was set at run
 * time is put into it, so that libxl gives it to the domain's next life.
 */
#ifndef MX_D0_CONFIG_H
#define MX_D0_CONFIG_H

#include <sys/stat.h>
#include "d0_plan.h"

/**
 * struct d0_config - what is known of a domain's file
 * @known: the rest is as it was when the file was looked at last
 * @err:   what came of it: 0, or -EBADMSG
 * @file:  the file then
 * @keep:  what was to be kept then
 * @value: and the values
 */
struct d0_config {
	bool		known;
	int		err;
	struct stat	file;
	enum d0_keep	keep[D0_FIGURES];
	char		value[D0_FIGURES][D0_TEXT];
};

/**
 * d0_config_sync() - have the file say what was set at run time
 * @config: all zeros at first
 * @dir:    where libxl has its files
 *
 * Reads the file anew under libxl's own lock, changes nothing but the figures of
 * this domain in c_info.xsdata, and puts the file in its place whole. A file that
 * is as it was is not opened. Never waits for the lock.
 *
 * Return: 0, -EAGAIN when somebody else has the lock, -ENOENT when there is no
 * file, -EBADMSG when it is not what libxl writes, or another error.
 */
int d0_config_sync(struct d0_config *config, const char *dir, const struct d0_domain *domain);

#endif /* MX_D0_CONFIG_H */
