/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a new chunk goes: two servers are drawn at random, weighted by their
 * room, and the one with more room per load takes it. Neighbouring chunks stay
 * together while their server has room, which keeps the map short. Servers that keep
 * room for the volume come before all others.
 */
#ifndef MX_PLACE_H
#define MX_PLACE_H

#include "mx_port.h"

enum {
	MX_EXTENT_SHIFT = 3,	/* log2 of chunks that like to be neighbours */
};

/**
 * struct mx_cand - a server that may take a chunk
 * @room: pages it can still promise
 * @own:  chunks that it keeps room for and does not have yet
 * @id:   the caller's name for it
 * @load: 0 idle to 255 saturated
 */
struct mx_cand {
	u64	room;
	u32	own;
	u8	id;
	u8	load;
};

/**
 * mx_place_pick() - choose one of several servers
 * @cand:   servers
 * @n:      how many
 * @need:   pages of the chunk
 * @prefer: id of the neighbour's server, or -1
 * @rnd:    two random numbers
 *
 * Of those that keep room for the volume the one with most of it is chosen, so that
 * each copy of each chunk finds a server of its own; or the neighbour's.
 *
 * A server without the room is chosen only if none has it: what is known of
 * them may be old.
 *
 * Return: an id, or -1 if @n is 0.
 */
int mx_place_pick(const struct mx_cand *cand, u32 n, u64 need, int prefer,
		  const u32 rnd[2]);

#endif /* MX_PLACE_H */
