/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The chunk map: changes of a chunk carried over to the volume, and the map as
 * text.
 */
#ifndef MX_MAP_H
#define MX_MAP_H

#include "mx_volume.h"

/**
 * struct mx_snap - a chunk's figures before a change
 * @nhave:  pages it has
 * @nlost:  pages it has lost
 * @server: its server
 * @state:  its state
 * @held:   it keeps its place
 */
struct mx_snap {
	u32 nhave;
	u32 nlost;
	u8 server;
	u8 state;
	bool held;
};

void mx_map_lock(struct mx_vchunk *ck, struct mx_snap *snap);
/** mx_map_unlock() - end of a change: carries figures over to the volume. Nothing
 * is on the chunk's todo list; else see mx_run_unlock()
 */
void mx_map_unlock(struct mx_volume *vol, struct mx_vchunk *ck,
		   const struct mx_snap *snap);
enum mx_vol_state mx_volume_state(struct mx_volume *vol);
/** mx_map_server() - Return: index of a chunk's server, or -1 */
int mx_map_server(struct mx_volume *vol, u32 chunk);

#endif /* MX_MAP_H */
