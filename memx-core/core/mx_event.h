/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to servers and volumes, told to those who listen by netlink.
 */
#ifndef MX_EVENT_H
#define MX_EVENT_H

#include <linux/types.h>

struct mx_volume;

/*
 * None of these waits for memory. Context: may sleep, for other events only.
 */

/** mx_event_server() - a server is not what it was at the last call
 * @idx: in the server table; one caller at a time
 *
 * Return: whether its state is another one.
 */
bool mx_event_server(u8 idx);

/** mx_event_volume() - @what has happened to a volume
 * @user: who has it now, or NULL
 */
void mx_event_volume(struct mx_volume *vol, const char *what, const char *user);

/** mx_event_state() - tell of a volume's state, epoch and claim if one of them has
 * changed since the last call; one caller at a time for each volume
 */
void mx_event_state(struct mx_volume *vol);

#endif /* MX_EVENT_H */
