/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A memory server around mx_store for unit tests and the fuzzer: one volume, no
 * pages. Requests and answers go through the codec.
 */
#ifndef MX_STORE_RIG_H
#define MX_STORE_RIG_H

#include "engine/mx_store.h"

enum {
	CAPACITY = 4096,
	PAGES = 1000,		/* of the volume: chunks of 256, 256, 256, 232 */
	CHUNKS = 4,
	SHIFT = 8,
};

static const struct mx_life self = { 0x50, 0x51 };
static const struct mx_life peer_b = { 0x60, 0x61 };
static const struct mx_life peer_c = { 0x70, 0x71 };

/* Claimants: node, incarnation, epoch. */
#define WHO(n, i, e) \
	((struct mx_store_who){ .volume = 9, .node = n, .inc = i, .epoch = e })
#define ONE WHO(1, 11, 5)
#define ASK(code, ...) ((struct mx_ask){ .op = MX_OP_##code, ##__VA_ARGS__ })

/* A server with at most one volume, as the glue has it but for the pages. */
static struct mx_store st;
static struct mx_store_vol vol;
static bool here;
static struct mx_store_chunk chunk[CHUNKS];
static bool made[CHUNKS];
static struct mx_life members[MX_COPIES_MAX];
static u32 nmembers;
static u64 arg;
static bool fenced;

static inline struct mx_store_vol *known(void)
{
	return here ? &vol : NULL;
}

static inline struct mx_store_chunk *chunk_of(u32 index)
{
	return made[index] ? &chunk[index] : NULL;
}

static inline void start(void)
{
	memset(&vol, 0xa5, sizeof(vol));
	memset(chunk, 0xa5, sizeof(chunk));
	memset(made, 0, sizeof(made));
	here = false;
	members[0] = self;
	nmembers = 1;
	mx_store_init(&st, 2);
	mx_store_start(&st, CAPACITY, 100000);
}

static inline void forget(u32 index)
{
	mx_store_chunk_dead(&chunk[index]);
	mx_store_dropped(&st, &vol, &chunk[index], chunk[index].used);
	mx_store_withdraw(&st, &vol, chunk[index].size);
	made[index] = false;
}

static inline int make(const struct mx_ask *ask, u32 index)
{
	int status = mx_store_promise(&st, &vol, index);

	if (status != MX_ST_OK)
		return status;
	mx_store_chunk_init(&chunk[index], &vol, ask, &self, members, nmembers);
	made[index] = true;
	return MX_ST_OK;
}

/* What is admitted takes effect; WRITEs store pages that were not there. */
static inline int effect(const struct mx_ask *ask, u32 index)
{
	struct mx_store_chunk *c = chunk_of(index);
	int status;

	status = mx_store_chunk_admit(&st, c, ask, &arg);
	if (status == MX_STORE_RENEW)
		forget(index);
	if (status == MX_STORE_RENEW || status == MX_STORE_MAKE) {
		status = make(ask, index);
		if (status != MX_ST_OK)
			return status;
		status = mx_store_chunk_admit(&st, &chunk[index], ask, &arg);
		c = chunk_of(index);
	}
	if (status != MX_ST_OK || !c)
		return status;
	if (ask->op == MX_OP_WRITE)
		mx_store_stored(&st, &vol, c,
				min((u32)ask->npages, c->size - c->used));
	else if (ask->op == MX_OP_SETGEN)
		return mx_store_setgen(c, ask, &self, members, nmembers, &arg);
	else if (ask->flags & MX_F_RELEASE)
		forget(index);
	else if (ask->op == MX_OP_DISCARD)
		mx_store_dropped(&st, &vol, c, min((u32)ask->arg, c->used));
	return status;
}

/* The claim in force shows by its roster that it knows of the volume. */
static inline int store_roster(void)
{
	struct mx_roster r = {
		.epoch = vol.claim.epoch, .number = vol.roster.number + 1,
		.n = 1, .member = { self },
	};

	return mx_store_roster_set(&vol, &r, &arg);
}

static inline int do_open(const struct mx_store_who *who,
			  const struct mx_ask *ask, const char *name, u32 len)
{
	int status = mx_store_open(&st, known(), who, ask, name, len, &arg,
				   &fenced);

	if (status != MX_STORE_MAKE)
		return status;
	arg = mx_store_vol_init(&st, &vol, who, ask, name, len);
	here = true;
	return MX_ST_OK;
}

static inline void free_vol(void)
{
	u32 i;

	mx_store_unreserve(&st, &vol);
	for (i = 0; i < CHUNKS; i++)
		if (made[i])
			forget(i);
	here = false;
	mx_store_vol_gone(&st);
}

/* The volume goes without its owner. */
static inline void bury(void)
{
	mx_store_bury(&st, &vol);
	free_vol();
}

static inline int do_drop(const struct mx_store_who *who)
{
	int status = mx_store_drop(&st, known(), who);

	arg = 0;
	if (status != MX_STORE_FREE)
		return status;
	free_vol();
	return MX_ST_OK;
}

/* The whole way of a request, whose head and answer go through the codec. */
static inline int serve(struct mx_store_who who, struct mx_ask ask,
			const char *text, u32 len)
{
	struct mx_answer ans = { .op = ask.op }, back;
	u8 head[32];
	int status;

	arg = 0;
	fenced = false;
	mx_ask_encode(&ask, head);
	if (mx_ask_decode(head, len, &ask))
		return MX_ST_INVAL;
	if (ask.op == MX_OP_OPEN) {
		status = do_open(&who, &ask, text, len);
	} else if (ask.op == MX_OP_DROP) {
		status = do_drop(&who);
	} else if (ask.op == MX_OP_STAT) {
		status = MX_ST_OK;
	} else if (ask.op == MX_OP_LOOK) {
		status = known() ? MX_ST_OK : MX_ST_NOVOL;
	} else {
		status = mx_store_admit(known(), &who, &ask, len, &arg);
		if (status == MX_ST_OK && ask.op == MX_OP_RESERVE)
			status = mx_store_reserve(&st, &vol, &ask, &arg);
		else if (status == MX_ST_OK && ask.op == MX_OP_ROSTER && len)
			status = store_roster();
		else if (status == MX_ST_OK && ask.op != MX_OP_LIST &&
			 ask.op != MX_OP_ROSTER)
			status = effect(&ask, ask.page >> SHIFT);
	}
	ans.status = status;
	ans.arg = arg;
	mx_answer_encode(&ans, head);
	if (status != MX_ST_OK || (ask.op != MX_OP_LIST && ask.op != MX_OP_BITMAP &&
				   ask.op != MX_OP_LOOK))
		assert(!mx_answer_decode(head, 0, &ask, &back));
	return status;
}

static inline u32 len_of(const struct mx_ask *ask)
{
	if (ask->op == MX_OP_WRITE)
		return mx_payload_len(ask->npages, ask->flags & MX_F_SEALED);
	if (ask->op == MX_OP_SETGEN)
		return nmembers * sizeof(struct mx_wire_node);
	return 0;
}

static inline int ask_as(struct mx_store_who who, struct mx_ask ask)
{
	return serve(who, ask, NULL, len_of(&ask));
}

static inline int open_as(struct mx_store_who who, u8 flags, u64 features)
{
	return serve(who, ASK(OPEN, .flags = flags, .page = PAGES, .arg = SHIFT,
			      .arg2 = features), "one", 3);
}

/* What is promised and stored adds up, and claims are in order. */
static inline void check_sums(void)
{
	u64 used = 0, reserved = 0, spare = 0, floor;
	u32 i;

	for (i = 0; i < CHUNKS; i++) {
		if (!made[i])
			continue;
		assert(here && chunk[i].gen && chunk[i].nmembers);
		assert(chunk[i].used <= chunk[i].size);
		used += chunk[i].used;
		reserved += chunk[i].size;
	}
	assert(st.quota.used == used && st.quota.reserved == reserved);
	assert(st.nvols == here);
	if (here) {
		floor = max(vol.share.firm, vol.share.hold);
		reserved += vol.share.overhead;
		spare = floor > reserved ? floor - reserved : 0;
	}
	assert(st.quota.spare == spare && st.quota.passing <= spare);
	assert(reserved + spare + mx_quota_free(&st.quota) <= CAPACITY);
	if (!here)
		return;
	assert(vol.claim.node || vol.tentative.node);
	assert(!vol.tentative.node || vol.tentative.epoch > vol.claim.epoch ||
	       (vol.tentative.epoch == vol.claim.epoch &&
		vol.tentative.node > vol.claim.node));
}

#define OPEN_OLD(who) open_as(who, 0, 0)
#define OPEN_NEW(who) open_as(who, MX_F_FEATURES, MX_FEAT_KNOWN)
/* As an owner begins that places chunks. */
#define OWN(who) \
	(OPEN_NEW(who) == MX_ST_OK ? store_roster() : MX_ST_INVAL)
#define OPEN_TENT(who) \
	open_as(who, MX_F_FEATURES | MX_F_TENTATIVE, MX_FEAT_KNOWN)
#define GOOD(who, ...) assert_int_equal(ask_as(who, ASK(__VA_ARGS__)), MX_ST_OK)
#define IS(status, who, ...) \
	assert_int_equal(ask_as(who, ASK(__VA_ARGS__)), MX_ST_##status)

static inline void set_members(u32 n, struct mx_life a, struct mx_life b,
			       struct mx_life c)
{
	members[0] = a;
	members[1] = b;
	members[2] = c;
	nmembers = n;
}

#endif /* MX_STORE_RIG_H */
