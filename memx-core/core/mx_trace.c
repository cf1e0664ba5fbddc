// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies of memx_core's tracepoints.
 */
#define CREATE_TRACE_POINTS
#include "mx_trace.h"
