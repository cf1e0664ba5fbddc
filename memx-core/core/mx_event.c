// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to servers and volumes, told to those who listen by netlink.
 */
#include <net/netlink.h>
#include "mx_event.h"
#include "mx_members.h"
#include "mx_nl.h"
#include "mx_volume.h"
#include "uapi/memx_nl.h"

/**
 * struct server_event - what has happened to a server
 * @word: in one word
 * @info: the server
 */
struct server_event {
	const char *word;
	struct mx_member_info info;
};

static int fill_server(struct sk_buff *skb, const void *what)
{
	const struct server_event *e = what;

	return nla_put_string(skb, MEMX_A_EVENT, e->word) ||
	       nla_put_u64_64bit(skb, MEMX_A_NODE, e->info.m.node, MEMX_A_PAD) ||
	       nla_put_u32(skb, MEMX_A_INC, e->info.m.inc) ||
	       nla_put_string(skb, MEMX_A_HOST, e->info.host) ||
	       nla_put_string(skb, MEMX_A_STATE, e->info.state);
}

/* What was told of a server. An entry of the table may go to another node. */
static struct mx_member told[MX_MEMBERS];

bool mx_event_server(u8 idx)
{
	struct server_event e;
	struct mx_member *last = &told[idx];
	u8 state = last->state;

	if (!mx_members_show(idx, &e.info)) {
		last->state = MX_MEMBER_NONE;
		return state != MX_MEMBER_NONE;
	}
	if (state == MX_MEMBER_NONE || last->node != e.info.m.node)
		e.word = "new";
	else if (last->inc != e.info.m.inc)
		e.word = "restart";
	else if (state != e.info.m.state)
		e.word = "state";
	else
		return false;
	*last = e.info.m;
	mx_nl_event(MEMX_C_SERVER_EVENT, fill_server, &e);
	if (state == last->state)
		return false;
	pr_info_ratelimited("memx_core: memory server %s is %s\n", e.info.host,
			    e.info.state);
	return true;
}

/**
 * struct volume_event - what has happened to a volume
 * @word: in one word
 * @user: who has it, or NULL
 * @vol:  the volume
 */
struct volume_event {
	const char *word;
	const char *user;
	struct mx_volume *vol;
};

static int fill_volume(struct sk_buff *skb, const void *what)
{
	const struct volume_event *e = what;
	struct mx_vol_info info;

	mx_volume_info(e->vol, &info);
	return nla_put_string(skb, MEMX_A_EVENT, e->word) ||
	       nla_put_string(skb, MEMX_A_NAME, info.name) ||
	       nla_put_u64_64bit(skb, MEMX_A_ID, info.id, MEMX_A_PAD) ||
	       nla_put_u64_64bit(skb, MEMX_A_SIZE, info.bytes, MEMX_A_PAD) ||
	       nla_put_string(skb, MEMX_A_STATE, mx_vol_state_name(info.state)) ||
	       nla_put_u32(skb, MEMX_A_EPOCH, info.epoch) ||
	       nla_put_string(skb, MEMX_A_CLAIM, mx_claim_word(e->vol)) ||
	       mx_nl_put_booking(skb, e->vol) ||
	       (e->user && nla_put_string(skb, MEMX_A_USER, e->user));
}

void mx_event_volume(struct mx_volume *vol, const char *what, const char *user)
{
	struct volume_event e = { .word = what, .user = user, .vol = vol };

	mx_nl_event(MEMX_C_VOLUME_EVENT, fill_volume, &e);
}

void mx_event_state(struct mx_volume *vol)
{
	struct mx_vol_told *last = &vol->told, now;
	struct mx_vol_info info;

	if (test_bit(MX_VF_DYING, &vol->flags))
		return;
	mx_volume_info(vol, &info);
	now.state = info.state;
	now.epoch = info.epoch;
	now.claim = mx_claim_word(vol);
	now.booking = READ_ONCE(vol->claim->book.state);
	now.granted = READ_ONCE(vol->claim->book.had);
	now.limited = test_bit(MX_VF_LIMITED, &vol->flags);
	if (now.state != last->state || now.epoch != last->epoch ||
	    now.claim != last->claim)
		mx_event_volume(vol, "state", NULL);
	if (last->claim && now.limited && !last->limited) {
		pr_warn_ratelimited("memx_core: volume %s: its limit is reached: what would be stored beyond it fails\n",
				    vol->name);
		mx_event_volume(vol, "limit", NULL);
	}
	if (now.booking != last->booking || now.granted != last->granted)
		mx_event_volume(vol, "reserve", NULL);
	*last = now;
}
