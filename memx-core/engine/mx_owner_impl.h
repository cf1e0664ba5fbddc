/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the owner engine share. Nobody else includes this.
 */
#ifndef MX_OWNER_IMPL_H
#define MX_OWNER_IMPL_H

#include "mx_owner.h"

/**
 * enum mx_claim_input - what happens to a claim
 * @IN_PROPOSE:  the user claims tentatively
 * @IN_CLAIM:    the user claims
 * @IN_COMMIT:   the user commits a tentative claim
 * @IN_WITHDRAW: the user ends a tentative claim
 * @IN_ACCEPT:   an admin goes on without proof
 * @IN_DROP:     the user removes the volume
 * @IN_PARK:     the user goes away, the volume stays
 * @IN_OPENED:   no server that is alive is left to accept the claim
 * @IN_FIRST:    a server has accepted a claim on a fresh id
 * @IN_PROVED:   all chunks are proved, or enough of them if the hand-over is clean
 * @IN_LACKING:  all servers that are alive have answered, and it is not proved
 * @IN_MORE:     another server is being asked
 * @IN_RAISED:   the epoch was raised: all servers are asked anew
 * @IN_FENCED:   every server that counts knows a higher claim
 * @IN_IDLE:     no call is left
 */
enum mx_claim_input {
	IN_PROPOSE,
	IN_CLAIM,
	IN_COMMIT,
	IN_WITHDRAW,
	IN_ACCEPT,
	IN_DROP,
	IN_PARK,
	IN_OPENED,
	IN_FIRST,
	IN_PROVED,
	IN_LACKING,
	IN_MORE,
	IN_RAISED,
	IN_FENCED,
	IN_IDLE,
	IN_COUNT,
};

/**
 * enum mx_srv_input - what happens to a server under a claim
 * @SI_ASK:     it can be asked, and the claim wants it
 * @SI_ACCEPT:  OPEN: accepted, and it has nothing to tell
 * @SI_KNOWN:   OPEN: accepted, and it had the volume before
 * @SI_LISTED:  roster and all chunks have been told
 * @SI_REFUSE:  it does not take part
 * @SI_FENCE:   it knows a higher claim
 * @SI_FORGOT:  it does not know the volume (any more)
 * @SI_RESTART: it has another incarnation
 * @SI_ANEW:    the claim was raised or committed: OPEN has to be sent again
 * @SI_DROP:    the volume is removed, or the tentative claim withdrawn
 * @SI_DROPPED: DROP was answered
 * @SI_GIVE_UP: DROP was not answered in time
 */
enum mx_srv_input {
	SI_ASK,
	SI_ACCEPT,
	SI_KNOWN,
	SI_LISTED,
	SI_REFUSE,
	SI_FENCE,
	SI_FORGOT,
	SI_RESTART,
	SI_ANEW,
	SI_DROP,
	SI_DROPPED,
	SI_GIVE_UP,
	SI_COUNT,
};

/* mx_owner.c */
/** mx_owner_input() - take the claim's arrow. Return: false: there is none */
bool mx_owner_input(struct mx_owner *o, u8 input);
/** mx_owner_settle() - take the arrows that follow from what is known now */
void mx_owner_settle(struct mx_owner *o);
/* Counts of chunks after which what a server has said is in all of them. */
enum { MX_OWNER_COUNTS = 2 };

/** mx_owner_raise() - above @epoch, which is in force on some server. Return:
 * false: it must not be
 */
bool mx_owner_raise(struct mx_owner *o, u32 epoch);

/* mx_owner_srv.c */
/** mx_osrv_input() - take a server's arrow. Return: false: there is none */
bool mx_osrv_input(struct mx_owner *o, u32 i, u8 input);
/** mx_osrv_refuse() - REFUSED for a while */
void mx_osrv_refuse(struct mx_owner *o, u32 i, u8 why);
/** mx_osrv_begin() - servers that are not asked yet, if the claim wants them */
void mx_osrv_begin(struct mx_owner *o);
/** mx_osrv_verify() - all servers are asked whether they still know the claim */
void mx_osrv_verify(struct mx_owner *o);

/* mx_owner_take.c */
/** mx_take_reset() - nothing is known of the chunks and the roster */
void mx_take_reset(struct mx_owner *o);
/** mx_take_forget() - what server @i told of its copies counts no more */
void mx_take_forget(struct mx_owner *o, u32 i);
/** mx_take_roster() - what is known of the roster: mx_owner.roster_proved */
void mx_take_roster(struct mx_owner *o);
/** mx_take_proved() - may the claim serve? */
bool mx_take_proved(struct mx_owner *o);

/* mx_owner_roster.c */
/** mx_roster_has() - is that life in the roster? */
bool mx_roster_has(const struct mx_roster *r, u64 node, u32 inc);
/** mx_roster_marked() - it has a life that nobody has: pages are lost */
bool mx_roster_marked(const struct mx_roster *r);
/** mx_roster_grow() - begin to store another roster if one is needed */
void mx_roster_grow(struct mx_owner *o);
/** mx_roster_due() - server @i has to store mx_owner_roster_out() */
bool mx_roster_due(const struct mx_owner *o, u32 i);
/** mx_roster_answer() - the answer to ROSTER_SET. Return: 0 or -EBADMSG */
int mx_roster_answer(struct mx_owner *o, u32 i, const struct mx_answer *ans);
/** mx_roster_establish() - put the roster into force that enough have stored */
void mx_roster_establish(struct mx_owner *o);

/* Whether a server's answer is complete. A full one has no room for the volume
 * and so does not have it.
 */
static inline bool mx_osrv_answered(const struct mx_owner_srv *s)
{
	if (s->state == MX_OSRV_REFUSED)
		return s->why == MX_WHY_FULL && !s->accepted;
	return s->state == MX_OSRV_OPEN;
}

/* Whether a server that can be asked has not answered yet. */
static inline bool mx_osrv_busy(const struct mx_owner_srv *s)
{
	return s->node && s->alive && (s->state == MX_OSRV_NONE ||
				       s->state == MX_OSRV_OPENING ||
				       s->state == MX_OSRV_LISTING);
}

/* Whether it stores rosters. */
static inline bool mx_osrv_holds(const struct mx_owner_srv *s)
{
	return s->features & MX_FEAT_GEN;
}

#endif /* MX_OWNER_IMPL_H */
