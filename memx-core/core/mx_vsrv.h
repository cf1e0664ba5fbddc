/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume's servers: a record for each, what operations tell of them, and which
 * of them takes a chunk. What they know of the volume is in mx_claim.h.
 */
#ifndef MX_VSRV_H
#define MX_VSRV_H

#include "rmp.h"
#include "mx_book.h"
#include "engine/mx_owner.h"

struct mx_volume;

/**
 * struct mx_vsrv - a server as a volume sees it; lives as long as the volume.
 * mx_volume.life has what the engines of chunks know of it
 * @vol:    volume
 * @node:   server, with a reference
 * @nc:     call of the claim's; with @call, @ask and @page its own while it is
 *          under way
 * @call:   what is asked, as the claim's engine says it
 * @ask:    the same, as it is sent
 * @buf:    payload: @page
 * @page:   name or roster; another page for the next call if frames still refer to
 *          this one
 * @flow:   the volume's operations on that server, as RMAP takes them in turn
 * @chunks: chunks placed there
 * @stale_inc: life of which an operation has seen STALE
 * @novol_inc: life of which an operation has seen NOVOL, or that has ended
 * @idx:    index in the server table and in mx_volume.srv
 * @ready:  chunks can be placed there; written under mx_claim.mutex
 * @hope:   they can be, perhaps, soon; likewise
 * @book:   call about what it keeps for the volume
 * @kept:   chunks that it keeps room for, those included that it has; likewise
 */
struct mx_vsrv {
	struct mx_volume *vol;
	struct rmp_node	*node;
	struct rmp_node_call nc;
	struct mx_owner_call call;
	struct mx_ask	ask;
	struct rmp_buf	buf;
	struct page	*page;
	struct rmp_flow	flow;
	atomic_t	chunks;
	u32		stale_inc;
	u32		novol_inc;
	u8		idx;
	bool		ready;
	bool		hope;
	struct mx_book_call book;
	u32		kept;
};

/** mx_vsrv_get() - server @idx, from now on one of the volume's if it is alive, or
 * is known and the volume is being taken over. Under mx_claim.mutex. Return: NULL
 * if it is not, or there is no memory
 */
struct mx_vsrv *mx_vsrv_get(struct mx_volume *vol, u8 idx);
void mx_vsrv_free_all(struct mx_volume *vol);

/** mx_vsrv_gone() - a call to server @idx in its life @inc, @era has ended because
 * it has restarted
 */
void mx_vsrv_gone(struct mx_volume *vol, u8 idx, u32 inc, u32 era);
/** mx_vsrv_novol() - server @idx said in its life @inc, @era that it does not have
 * the volume
 */
void mx_vsrv_novol(struct mx_volume *vol, u8 idx, u32 inc, u32 era);
/** mx_vsrv_fenced() - server @idx said that a higher claim is in force */
void mx_vsrv_fenced(struct mx_volume *vol, u8 idx);

/**
 * mx_vsrv_pick() - a server for a chunk
 * @tried: bit per server that has declined
 * @avoid: bit per server that must not be asked now
 *
 * Context: any but hard interrupt, with the chunk's lock; takes none. Return: index,
 * -ENOSPC (all declined, or the volume's limit is reached) or -EAGAIN (none can be
 * asked now, or what declines should not).
 */
int mx_vsrv_pick(struct mx_volume *vol, u32 chunk, u64 tried, u64 avoid);
/** mx_vsrv_any_ready() - can chunks be placed anywhere? Any context */
bool mx_vsrv_any_ready(struct mx_volume *vol);

#endif /* MX_VSRV_H */
