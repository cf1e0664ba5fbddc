// SPDX-License-Identifier: GPL-2.0
/*
 * The module's own counters.
 */
#include "rmp_stats.h"

MX_COUNTERS_DEFINE(rmp_stat, rmp_gstat, RMP_GSTATS)
