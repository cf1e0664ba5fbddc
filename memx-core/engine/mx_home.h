/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chunk's home: the servers that have a copy of it, which of the copies are
 * in sync, and the generation that says so to the servers.
 *
 * Contract. Sans-IO; part of a chunk, whose caller serialises all calls.
 *
 * Generations. Each request about the chunk's pages carries mx_home.gen, and
 * each member in sync has stored it together with the list of all members in
 * sync. When one of them drops out, by loss or because it missed a write, the
 * home is unsettled until the others have stored the next generation (SETGEN);
 * no write is acknowledged meanwhile. Numbers are never used twice: a placement
 * or SETGEN whose outcome is not known has used its number up.
 */
#ifndef MX_HOME_H
#define MX_HOME_H

#include "mx_wire.h"

enum { MX_NO_SERVER = 0xff };

/**
 * enum mx_home_state - what a member's copy is worth
 * @MX_HOME_IN_SYNC: it has each page that was acknowledged
 * @MX_HOME_STALE:   it may have missed a write, and is not read
 * @MX_HOME_FILLING: it is being filled: gets writes, and is not read
 * @MX_HOME_LOST:    the server has lost it, as far as is known
 */
enum mx_home_state {
	MX_HOME_IN_SYNC,
	MX_HOME_STALE,
	MX_HOME_FILLING,
	MX_HOME_LOST,
};

/**
 * struct mx_home_member - a member of a home
 * @inc:    incarnation of the server that took the copy
 * @era:    the volume's life on that server, see struct mx_srv_life
 * @since:  generation in which it took the copy: what was asked of it in an older one
 *          was about another copy; 0: not known
 * @server: index of the server
 * @state:  enum mx_home_state
 */
struct mx_home_member {
	u32	inc;
	u32	era;
	u32	since;
	u8	server;
	u8	state;
};

/**
 * struct mx_srv_life - a volume on a server, as far as is known now
 * @inc:  incarnation of the server
 * @era:  counts how often the volume was lost there within one incarnation: the
 *        server said NOVOL, or an OPEN has made the volume anew
 * @gens: the server checks generations (MX_FEAT_GEN)
 */
struct mx_srv_life {
	u32	inc;
	u32	era;
	bool	gens;
};

/**
 * struct mx_home - the members of a chunk
 * @member:    members
 * @n:         how many
 * @unsettled: the members in sync are not those that @gen says
 * @behind:    some member in sync has stored a newer generation than @gen: no
 *             request about pages has success there before SETGEN had
 * @gen:       generation that the members in sync have stored; 0: none yet
 * @last:      highest generation that was ever sent to anybody
 */
struct mx_home {
	struct mx_home_member member[MX_COPIES_MAX];
	u8	n;
	bool	unsettled;
	bool	behind;
	u32	gen;
	u32	last;
};

/** mx_home_next() - a generation that nobody has seen yet */
u32 mx_home_next(struct mx_home *h);

/** mx_home_clear() - no members any more. Generations are not used again */
void mx_home_clear(struct mx_home *h);

/**
 * mx_home_add() - a server took the chunk by WRITE with MX_F_PLACE at @gen
 *
 * The first member settles the home; with a further one it is behind until SETGEN.
 */
void mx_home_add(struct mx_home *h, u8 server, const struct mx_srv_life *life,
		 u32 gen);

/** mx_home_find() - Return: index of a server's entry, or -1 */
int mx_home_find(const struct mx_home *h, u8 server);

/** mx_home_in_sync() - Return: how many members are in sync */
u32 mx_home_in_sync(const struct mx_home *h);

/** mx_home_has() - is the copy that a server took in that life in sync, and was it
 * there in generation @gen?
 */
bool mx_home_has(const struct mx_home *h, u8 server, u32 inc, u32 era, u32 gen);

/** mx_home_predates() - has the server taken its copy in a later generation? */
bool mx_home_predates(const struct mx_home *h, u8 server, u32 gen);

/** mx_home_stale() - a member may have missed a write. Return: false: it is the
 * last one in sync, and stays so
 */
bool mx_home_stale(struct mx_home *h, u8 server);

/** mx_home_lose() - a member has lost its copy. Return: whether it had one */
bool mx_home_lose(struct mx_home *h, u8 server);

/** mx_home_forget() - a copy that was lost cannot come back */
void mx_home_forget(struct mx_home *h, u8 server);

/**
 * mx_home_regain() - a server is back in the life in which it took its copy
 *
 * Only if no other member has stayed in sync, since they would have gone on
 * without it. If others are lost still, or generations were used up meanwhile, the
 * home is behind.
 *
 * Return: whether a lost copy is in sync again.
 */
bool mx_home_regain(struct mx_home *h, u8 server, const struct mx_srv_life *life);

/** mx_home_differs() - copies that are lost may have what those in sync lack: they are
 * not to come back, and nothing is asked of the others before that is settled. Where
 * none is in sync, mx_home_regain() takes care of it
 */
void mx_home_differs(struct mx_home *h);

/** mx_home_behind() - a server has stored generation @gen, which is newer than
 * the one that it was sent
 */
void mx_home_behind(struct mx_home *h, u32 gen);

/** mx_home_settled() - all members in sync have stored @gen. Lost members are
 * forgotten: the others have gone on without them
 */
void mx_home_settled(struct mx_home *h, u32 gen);

#endif /* MX_HOME_H */
