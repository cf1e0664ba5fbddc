/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a memory server has promised, stores and can still promise. Memory is
 * promised by chunk, when a chunk is made, so that later writes to it cannot be
 * declined. Beside that a volume may have a floor: so much is kept for it at least,
 * whether it has chunks for it or not. Its chunks draw on that first, and what they
 * give up falls back to it.
 *
 * Sans-IO; the caller serialises all calls on one quota and its shares.
 */
#ifndef MX_QUOTA_H
#define MX_QUOTA_H

#include "mx_port.h"

/**
 * struct mx_quota - the server's account, all in pages
 * @capacity: what it was started with
 * @room:     what the host could spare beyond what is stored; looked up from
 *            time to time and carried on in between
 * @reserved: promised to chunks, stored or not
 * @used:     stored
 * @overhead: taken for trailers, of all chunks promised
 * @spare:    kept for volumes by their floors beyond what their chunks take
 * @firm:     floors of all volumes: mx_share.firm
 * @passing:  the part of @spare that may be given back soon: mx_share.hold
 * @told:     mx_quota_free() when it was last announced
 */
struct mx_quota {
	u64	capacity;
	u64	room;
	u64	reserved;
	u64	used;
	u64	overhead;
	u64	spare;
	u64	firm;
	u64	passing;
	u64	told;
};

/**
 * struct mx_share - one volume's part of the account, in pages
 * @reserved: promised to its chunks
 * @used:     stored for it
 * @overhead: taken for trailers of its chunks
 * @firm:     its floor: kept for it at least, chunks and trailers together
 * @hold:     a higher floor while its owner asks other servers too, or 0
 */
struct mx_share {
	u64	reserved;
	u64	used;
	u64	overhead;
	u64	firm;
	u64	hold;
};

void mx_quota_init(struct mx_quota *q, u64 capacity, u64 room);

/** mx_quota_room() - what the host can spare now, beyond what is stored */
void mx_quota_room(struct mx_quota *q, u64 room);

/** mx_quota_free() - pages that can still be promised: bounded by the capacity
 * and by what the host has left once all promises are kept
 */
u64 mx_quota_free(const struct mx_quota *q);

/**
 * mx_quota_promise() - reserve @pages
 * @overhead: pages that are taken at once, for trailers; see mx_trailer_pages()
 *            in mx_wire.h
 *
 * What its floor keeps for the share is taken first.
 *
 * Return: false if they are not free.
 */
bool mx_quota_promise(struct mx_quota *q, struct mx_share *s, u64 pages,
		      u64 overhead);

/** mx_quota_most() - the highest floor that the share could have now */
u64 mx_quota_most(const struct mx_quota *q, const struct mx_share *s);

/** mx_quota_floor() - keep so much for the share: @firm, and @hold for the time being.
 * None is more than mx_quota_most(), or than the floor before
 */
void mx_quota_floor(struct mx_quota *q, struct mx_share *s, u64 firm, u64 hold);

/** mx_quota_passing() - pages that others than the share may give back soon */
u64 mx_quota_passing(const struct mx_quota *q, const struct mx_share *s);

/** mx_quota_withdraw() - the opposite, of pages promised and not stored */
void mx_quota_withdraw(struct mx_quota *q, struct mx_share *s, u64 pages,
		       u64 overhead);

/** mx_quota_store() - @pages of what was promised are stored now */
void mx_quota_store(struct mx_quota *q, struct mx_share *s, u64 pages);

/** mx_quota_drop() - the opposite; the promise stays */
void mx_quota_drop(struct mx_quota *q, struct mx_share *s, u64 pages);

/** mx_quota_news() - whether free has moved by more than a sixteenth of the
 * capacity since mx_quota_told()
 */
bool mx_quota_news(const struct mx_quota *q);
void mx_quota_told(struct mx_quota *q);

#endif /* MX_QUOTA_H */
