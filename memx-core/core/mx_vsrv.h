/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume and its servers: made known to them, placed on them, forgotten by
 * them.
 */
#ifndef MX_VSRV_H
#define MX_VSRV_H

#include "rmp.h"
#include "engine/mx_chunk.h"

struct mx_volume;

/**
 * enum mx_vsrv_state - a volume on a server
 * @MX_VSRV_NONE:    the server does not know it, as far as we know
 * @MX_VSRV_BUSY:    it is being told (OPEN or DROP under way)
 * @MX_VSRV_OPEN:    it knows the volume: chunks can be placed
 * @MX_VSRV_REFUSED: it does not want it; asked again later
 */
enum mx_vsrv_state {
	MX_VSRV_NONE,
	MX_VSRV_BUSY,
	MX_VSRV_OPEN,
	MX_VSRV_REFUSED,
};

/**
 * struct mx_vsrv - a server as a volume sees it; lives as long as the volume.
 * mx_volume.life has what the engines know of it
 * @vol:    volume
 * @node:   server, with a reference
 * @nc:     OPEN or DROP under way
 * @buf:    payload of OPEN
 * @flow:   the volume's operations on that server, as RMAP takes them in turn
 * @due:    jiffies when to ask again if REFUSED
 * @chunks: chunks placed there
 * @past:   life before the present one, which may come back; under
 *          mx_volume.lock, as @eras
 * @eras:   the last era given out
 * @idx:    index in the server table and in mx_volume.srv
 * @state:  enum mx_vsrv_state; under mx_volume.lock, read without
 * @stale:  chunks have to be compared with the server's life; under
 *          mx_volume.lock
 * @old:    OPEN is sent in the form of the first version; only between calls
 * @dropped: DROP was answered; only the work that deletes the volume
 */
struct mx_vsrv {
	struct mx_volume *vol;
	struct rmp_node	*node;
	struct rmp_node_call nc;
	struct rmp_buf	buf;
	struct rmp_flow	flow;
	unsigned long	due;
	atomic_t	chunks;
	struct mx_srv_life past;
	u32		eras;
	u8		idx;
	u8		state;
	bool		stale;
	bool		old;
	bool		dropped;
};

void mx_vsrv_tick(struct mx_volume *vol);
/** mx_vsrv_gone() - a call has ended because server @idx has restarted */
void mx_vsrv_gone(struct mx_volume *vol, u8 idx);
/** mx_vsrv_novol() - server @idx said in its life @inc, @era that it does not have
 * the volume
 */
void mx_vsrv_novol(struct mx_volume *vol, u8 idx, u32 inc, u32 era);
/** mx_vsrv_fenced() - server @idx said that a higher claim is in force */
void mx_vsrv_fenced(struct mx_volume *vol, u8 idx);
/** mx_vsrv_pick() - a server for a chunk
 * @tried: bit per server that has declined
 * @avoid: bit per server that must not be asked now
 *
 * Context: any but hard interrupt; takes no lock. Return: index, -ENOSPC (all
 * declined) or -EAGAIN (none can be asked now).
 */
int mx_vsrv_pick(struct mx_volume *vol, u32 chunk, u64 tried, u64 avoid);
bool mx_vsrv_any_open(struct mx_volume *vol);
void mx_vsrv_drop_all(struct mx_volume *vol);
void mx_vsrv_free_all(struct mx_volume *vol);

#endif /* MX_VSRV_H */
