// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated memory server around mx_store: what memx-core/server does in a
 * kernel. Requests are done at once, or later by a worker, and workers may be
 * slow, out of pages or out of memory.
 */
#include "cluster.h"

enum {
	JOB_RETRY_MS	= 10,
	JOB_WAIT_MS	= 1000,
};

static struct cl_server *server_of(struct link *l)
{
	return &cl_of(l->s)->server[l->self - SIM_CLIENTS];
}

/* --- what is stored ---------------------------------------------------- */
