/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run that tries the cluster: volumes of several clients on several memory
 * servers, with the engines that the kernel's modules have, over RMAP.
 *
 * What a page holds is a word here. Payloads of READ and WRITE are such words,
 * one for each page; other payloads are bytes as on the wire.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "../kit/kit.h"
#include "cl_model.h"
#include "engine/mx_member.h"
#include "engine/mx_quota.h"
#include "engine/mx_wire.h"

enum {
	CL_SERVERS	= 4,		/* without twins */
	CL_VOLS		= 3,
	CL_CHUNKS	= 6,		/* of a volume at most */
	CL_SHIFT	= MX_CHUNK_SHIFT_MIN,
	CL_CHUNK	= 1 << CL_SHIFT,
	CL_HOT		= 12,		/* pages of a chunk that are used most */
	CL_JOBS		= 1024,
	CL_PORT		= 1,
};

/* Events of this run. */
enum {
	EV_IO = EV_RUN,		/* a client's volume may begin another I/O */
	EV_TICK,		/* once a second, on each node */
	EV_JOB,			/* a worker of a server looks at a job */
	EV_WAKE,		/* an operation has waited */
	EV_FREE,		/* a volume's claim is given up, or made */
	EV_IFACE,		/* an interface is up again */
	EV_TWIN,		/* a twin leaves */
	EV_MEND,		/* a server is itself again */
};

struct cl_sim;

/**
 * struct cl_chunk - a chunk on a server
 * @page: what its pages hold, 0: not stored
 */
struct cl_chunk {
	u64 page[CL_CHUNK];
};

/**
 * struct cl_claim - a claim as servers see it
 * @epoch: of it
 * @node:  whose it is
 * @inc:   in which life
 */
struct cl_claim {
	u32 epoch;
	u64 node;
	u32 inc;
};

/**
 * struct cl_svol - a volume on a server
 * @id:    its id, 0: entry unused
 * @chunk: by number
 * @top:   oracle: highest claim that was committed here
 */
struct cl_svol {
	u64 id;
	struct cl_chunk *chunk[CL_CHUNKS];
	struct cl_claim top;
};

#endif /* SIM_CLUSTER_H */
