/* SPDX-License-Identifier: GPL-2.0 */
/*
 * I/Os: divided into operations, read data handed out, completed.
 */
#ifndef MX_IO_H
#define MX_IO_H

#include "mx_run.h"

/** mx_io_part() - a part of an I/O has ended; the last one completes it */
void mx_io_part(struct mx_io *io, int err);
/** mx_io_read_done() - hand out what a READ that went well has brought. Return: as
 * mx_io.place
 */
int mx_io_read_done(struct mx_vop *vop);
/** mx_io_discard_ended() - the operation on a chunk has ended: go on with the next
 * one, if there is one. @freed: @vop is ours again
 */
void mx_io_discard_ended(struct mx_io *io, struct mx_vop *vop, int err, bool freed);
/** mx_io_edge() - complete an end of a write
 * @reply: what the page was read from, or NULL: zeros
 * @i:     its page, counted from the operation's first
 *
 * Return: false if what is in @reply is not what was written.
 */
bool mx_io_edge(struct mx_vop *vop, u32 i, const struct rmp_asm *reply, u8 server);
/** mx_io_feed() - mx_volume.feed: start I/Os that wait for operation objects */
void mx_io_feed(struct work_struct *work);
/** mx_io_fail_late() - end those that have waited until their deadline */
void mx_io_fail_late(struct mx_volume *vol);
/** mx_io_fail_starved() - end I/Os that wait for operation objects */
void mx_io_fail_starved(struct mx_volume *vol);

#endif /* MX_IO_H */
