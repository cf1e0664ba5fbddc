/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory servers of the cluster, as this host hears of them.
 */
#ifndef MX_MEMBERS_H
#define MX_MEMBERS_H

#include "rmp.h"
#include "engine/mx_member.h"

/* States, incarnations and figures may be read without a lock. */
extern struct mx_members mx_members;

/**
 * struct mx_member_info - a snapshot of a server
 * @m:         entry of the table
 * @host:      its host's name
 * @state:     @m.state as a word
 * @silent_ms: since anything was heard of it
 */
struct mx_member_info {
	struct mx_member m;
	char	host[RMP_NAME_LEN + 1];
	const char *state;
	u32	silent_ms;
};

/** mx_members_show() - Return: whether there is such a server */
bool mx_members_show(u8 idx, struct mx_member_info *info);
void mx_members_init(void);
void mx_members_exit(void);
/** mx_members_kick() - look after servers and volumes soon */
void mx_members_kick(void);
/** mx_members_node() - a server's node with a reference, or NULL */
struct rmp_node *mx_members_node(u8 idx, u32 *inc);
void mx_members_use(u8 idx, int by);
/** mx_members_restarted() - a call has ended because the server has restarted:
 * take over its incarnation
 */
void mx_members_restarted(u8 idx);
/** mx_members_awake_ms() - since when this host has been running without a pause */
unsigned int mx_members_awake_ms(void);
/** mx_members_room() - pages that servers promise. @alive: how many there are */
u64 mx_members_room(unsigned int *alive);

static inline bool mx_member_alive(u8 idx)
{
	return READ_ONCE(mx_members.m[idx].state) == MX_MEMBER_ALIVE;
}

static inline bool mx_member_dead(u8 idx)
{
	return READ_ONCE(mx_members.m[idx].state) >= MX_MEMBER_DEAD;
}

#endif /* MX_MEMBERS_H */
