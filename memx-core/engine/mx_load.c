// SPDX-License-Identifier: GPL-2.0
/*
 * The load that a memory server tells of, from samples.
 */
#include "mx_load.h"

enum {
	MX_LOAD_INERTIA	= 4,	/* a sample counts for 1/4 */
};

u8 mx_load_decay(u8 load, u8 sample)
{
	int step = ((int)sample - load) / MX_LOAD_INERTIA;

	if (!step && sample != load)
		step = sample > load ? 1 : -1;
	return (u8)(load + step);
}
