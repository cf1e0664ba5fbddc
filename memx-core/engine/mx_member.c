// SPDX-License-Identifier: GPL-2.0
/*
 * The table of memory servers.
 */
#include "mx_member.h"

static u32 set_state(struct mx_member *m, u8 state)
{
	if (m->state == state)
		return 0;
	m->state = state;
	return MX_MEMBER_EV_STATE;
}

/* A free entry, else one that nobody refers to and that cannot be reached. */
static int vacancy(const struct mx_members *t)
{
	int i, found = -ENOSPC;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_member *m = &t->m[i];

		if (m->state == MX_MEMBER_NONE)
			return i;
		if (m->state >= MX_MEMBER_DEAD && !m->users && found < 0)
			found = i;
	}
	return found;
}

int mx_member_find(const struct mx_members *t, u64 node)
{
	int i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (t->m[i].state != MX_MEMBER_NONE && t->m[i].node == node)
			return i;
	return -ENOENT;
}

int mx_member_advert(struct mx_members *t, u64 node, u32 inc,
		     const struct mx_ad *ad, u32 *events)
{
	bool serves = ad->roles & MX_ROLE_SERVER;
	int i = mx_member_find(t, node);
	struct mx_member *m;

	*events = 0;
	if (i < 0) {
		if (!serves)
			return -ENOENT;
		i = vacancy(t);
		if (i < 0)
			return i;
		memset(&t->m[i], 0, sizeof(t->m[i]));
		t->m[i].node = node;
		t->m[i].inc = inc;
		*events = MX_MEMBER_EV_NEW;
	}
	m = &t->m[i];
	m->cut = false;
	*events |= mx_member_restart(m, inc);
	*events |= set_state(m, serves ? MX_MEMBER_ALIVE : MX_MEMBER_GONE);
	m->capacity = ad->capacity;
	m->used = ad->used;
	mx_member_figures(m, ad->free, ad->load);
	return i;
}

u32 mx_member_restart(struct mx_member *m, u32 inc)
{
	u32 events = MX_MEMBER_EV_RESTART;

	if (m->inc == inc)
		return 0;
	if (m->before == inc)
		events |= MX_MEMBER_EV_TWIN;
	m->before = m->inc;
	m->inc = inc;
	return events;
}

u32 mx_member_silence(struct mx_member *m, u32 ms)
{
	if (m->state == MX_MEMBER_NONE)
		return 0;
	if (ms >= MX_DEAD_MS)
		return set_state(m, MX_MEMBER_DEAD);
	if (m->state == MX_MEMBER_GONE)
		return 0;
	if (ms >= MX_SUSPECT_MS || m->cut)
		return set_state(m, MX_MEMBER_SUSPECT);
	return set_state(m, MX_MEMBER_ALIVE);
}

u32 mx_member_gone(struct mx_member *m)
{
	if (m->state == MX_MEMBER_NONE)
		return 0;
	m->free = 0;
	return set_state(m, MX_MEMBER_GONE);
}

u32 mx_member_cut(struct mx_member *m)
{
	if (m->state == MX_MEMBER_NONE)
		return 0;
	m->cut = true;
	return m->state == MX_MEMBER_ALIVE ? set_state(m, MX_MEMBER_SUSPECT) : 0;
}

void mx_member_figures(struct mx_member *m, u64 free, u8 load)
{
	m->free = free;
	m->load = load;
}
