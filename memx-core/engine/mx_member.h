/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of memory servers: who they are, what room they have and whether
 * they can be reached. The caller serialises, except where noted.
 */
#ifndef MX_MEMBER_H
#define MX_MEMBER_H

#include "mx_wire.h"

enum mx_member_limits {
	MX_MEMBERS	= 64,		/* servers known at once */
	MX_SUSPECT_MS	= 3000,		/* three announcements missed */
	MX_DEAD_MS	= 10000,
};

/**
 * enum mx_member_state - can a server be reached?
 * @MX_MEMBER_NONE:    the entry is free
 * @MX_MEMBER_ALIVE:   yes
 * @MX_MEMBER_SUSPECT: silent for MX_SUSPECT_MS, or our interface towards it is
 *                     down: gets no new chunks
 * @MX_MEMBER_DEAD:    silent for MX_DEAD_MS: writes to it fail at once
 * @MX_MEMBER_GONE:    said goodbye, or serves no memory any more
 */
enum mx_member_state {
	MX_MEMBER_NONE,
	MX_MEMBER_ALIVE,
	MX_MEMBER_SUSPECT,
	MX_MEMBER_DEAD,
	MX_MEMBER_GONE,
};

/**
 * enum mx_member_event - bits: what an input has changed
 * @MX_MEMBER_EV_NEW:     the entry has just been taken
 * @MX_MEMBER_EV_RESTART: the server has a new incarnation
 * @MX_MEMBER_EV_STATE:   its state is another one
 * @MX_MEMBER_EV_TWIN:    the new incarnation is the last but one: two nodes have
 *                        one id
 */
enum mx_member_event {
	MX_MEMBER_EV_NEW	= 0x01,
	MX_MEMBER_EV_RESTART	= 0x02,
	MX_MEMBER_EV_STATE	= 0x04,
	MX_MEMBER_EV_TWIN	= 0x08,
};

/**
 * struct mx_member - one server
 * @node:     node id
 * @capacity: pages it was started with
 * @free:     pages it can still promise
 * @used:     pages it stores
 * @inc:      incarnation
 * @before:   incarnation before that, 0: none
 * @users:    volumes that know the entry by its index; kept by the caller. The
 *            entry is not given to another server before it is 0
 * @state:    enum mx_member_state
 * @load:     0 idle to 255 saturated
 * @cut:      our interface towards it is down; no advert came since
 */
struct mx_member {
	u64	node;
	u64	capacity;
	u64	free;
	u64	used;
	u32	inc;
	u32	before;
	u32	users;
	u8	state;
	u8	load;
	bool	cut;
};

/** struct mx_members - the table; zeroed is empty. @m: entries */
struct mx_members {
	struct mx_member m[MX_MEMBERS];
};

/** mx_member_find() - Return: index of a node's entry, or -ENOENT */
int mx_member_find(const struct mx_members *t, u64 node);

/**
 * mx_member_advert() - a node told of itself
 * @events: result: enum mx_member_event bits
 *
 * A node that serves no memory gets no entry, and one that has an entry is GONE
 * then.
 *
 * Return: index, -ENOENT (not a server), -ENOSPC (the table is full).
 */
int mx_member_advert(struct mx_members *t, u64 node, u32 inc,
		     const struct mx_ad *ad, u32 *events);

/** mx_member_restart() - a node has another incarnation. Return: event bits */
u32 mx_member_restart(struct mx_member *m, u32 inc);

/** mx_member_silence() - nothing was heard for @ms, in which this host was awake.
 * One that is GONE or cut off becomes DEAD by that, too. Return: event bits
 */
u32 mx_member_silence(struct mx_member *m, u32 ms);

/** mx_member_gone() - it said goodbye. Return: event bits */
u32 mx_member_gone(struct mx_member *m);

/** mx_member_cut() - our interface towards it is down. Return: event bits */
u32 mx_member_cut(struct mx_member *m);

/** mx_member_figures() - figures of a reply; needs no serialisation, the last
 * one counts
 */
void mx_member_figures(struct mx_member *m, u64 free, u8 load);

#endif /* MX_MEMBER_H */
