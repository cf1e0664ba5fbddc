/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations seen from the side: deadlines, users that go away, and servers
 * that have lost chunks or are back with them.
 */
#ifndef MX_RECOVER_H
#define MX_RECOVER_H

#include "mx_volume.h"

/** mx_recover_abort() - give up all I/O of a volume */
void mx_recover_abort(struct mx_volume *vol);
/** mx_recover_tick() - operations that have waited for too long */
void mx_recover_tick(struct mx_volume *vol);
/** mx_recover_server() - the life of server @idx has changed: chunks there are
 * lost, or there again
 */
void mx_recover_server(struct mx_volume *vol, u8 idx);
/** mx_recover_proved() - chunk @i of a volume that is taken over was proved, or
 * was not yet
 */
void mx_recover_proved(struct mx_volume *vol, u32 i,
		       const struct mx_owner_home *home);
/** mx_recover_end() - end all operations of a volume that goes away. Waits */
void mx_recover_end(struct mx_volume *vol);

#endif /* MX_RECOVER_H */
