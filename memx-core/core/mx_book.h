/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What servers keep for a volume, and how much its chunks may take: the calls that
 * engine/mx_booking.h asks for, and what is told of it. docs/reservations.md has the
 * rules.
 *
 * The engine is called with mx_claim.mutex held, like that of the claim, by the same
 * tick and the same work item.
 */
#ifndef MX_BOOK_H
#define MX_BOOK_H

#include <linux/bitmap.h>
#include "rmp.h"
#include "engine/mx_booking.h"

struct mx_volume;
struct mx_vsrv;
struct mx_vol_booking;
struct netlink_ext_ack;

/**
 * struct mx_book - what is kept for a volume; mx_claim.mutex, unless it says more
 * @b:        engine
 * @answered: bit per server whose call has ended; atomic
 * @asked:    bytes that are wanted, as somebody said it
 * @limit:    bytes that all copies of its chunks may take, 0: any number
 * @most:     the same in chunks, U32_MAX: any number; read without the mutex
 * @taken:    chunks that count against it; atomic
 * @granted:  as last published: chunks that are kept while all that is wanted is, else
 *            0; read without the mutex, as @state
 * @state:    enum mx_booking_state as last published
 * @had:      chunks that were kept when watchers were told last
 */
struct mx_book {
	struct mx_booking b;
	DECLARE_BITMAP(answered, MX_MEMBERS);
	u64		asked;
	u64		limit;
	u32		most;
	atomic_t	taken;
	u32		granted;
	u8		state;
	u32		had;
};

/**
 * struct mx_book_call - the call to a server; one of its own while it is under way
 * @nc:  call
 * @ask: what is asked
 */
struct mx_book_call {
	struct rmp_node_call nc;
	struct mx_ask	ask;
};

/** mx_book_init() - of a new volume. @learn: servers may know what is wanted */
void mx_book_init(struct mx_volume *vol, bool learn);

/* Under mx_claim.mutex; none of them sleeps. */
/** mx_book_work() - what calls have brought */
void mx_book_work(struct mx_volume *vol);
void mx_book_tick(struct mx_volume *vol);
/** mx_book_end() - the volume goes away. To be repeated until mx_book_busy() says no */
void mx_book_end(struct mx_volume *vol);
bool mx_book_busy(const struct mx_volume *vol);

/** mx_book_resized() - users may reach more or less of it: what is wanted is at most
 * that. May sleep, not for the network
 */
void mx_book_resized(struct mx_volume *vol);

/**
 * mx_book_set() - what is wanted from now on
 * @reserve: bytes that servers are to keep room for, each copy; NULL: as before
 * @limit:   bytes that all copies may take with their trailers, 0: any number; NULL: as
 *           before
 * @why:     result, if it is refused: a text
 *
 * May sleep. Return: 0 or -EINVAL.
 */
int mx_book_set(struct mx_volume *vol, const u64 *reserve, const u64 *limit,
		const char **why);

/** mx_book_info() - a snapshot. May sleep, not for the network */
void mx_book_info(struct mx_volume *vol, struct mx_vol_booking *info);

/* Any context but hard interrupt; no lock is taken. */
/** mx_book_take() - may a chunk be placed that does not count yet? Then it does */
bool mx_book_take(struct mx_volume *vol);
/** mx_book_within() - servers keep room for more chunks than are placed */
bool mx_book_within(const struct mx_volume *vol);

/** mx_book_wait() - a while, until it is known whether what is wanted can be had.
 * Return: 0 or -ERESTARTSYS
 */
int mx_book_wait(struct mx_volume *vol);

#endif /* MX_BOOK_H */
