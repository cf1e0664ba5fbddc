/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Servers that do what a memory server does about claims, for the tests of the
 * owner's engine; some answer nonsense.
 */
#ifndef MX_OWNER_RIG_H
#define MX_OWNER_RIG_H

#include "mxtest.h"
#include "engine/mx_owner_impl.h"

enum { SERVERS = 5, CHUNKS = 8, PAGES = 256 };

static const struct mx_life me = { .node = 100, .inc = 7 };

/**
 * struct fake - a memory server
 * @inc:    incarnation
 * @epoch:  of the claim in force, 0: the volume is not known
 * @owner:  who made that claim
 * @dead:   epoch of a tentative claim of a former life of ours, 0: none
 * @chunk:  entries of LIST, @nchunks of them
 * @roster: stored
 * @used:   pages of the volume
 * @force:  answer every call of that kind with @status and @arg
 * @status: see @force
 * @arg:    see @force
 * @alive:  can be asked
 * @hung:   does not answer
 * @first:  speaks the first version of the protocol
 * @expired: has dropped the volume, and says so when it makes it anew
 * @blank:  has made the volume and got no roster since, and says so again
 */
static struct fake {
	u32	inc;
	u32	epoch;
	struct mx_life owner;
	u32	dead;
	struct mx_listed chunk[CHUNKS + 2];
	u32	nchunks;
	struct mx_roster roster;
	u64	used;
	u8	force;
	u16	status;
	u64	arg;
	bool	alive;
	bool	hung;
	bool	first;
	bool	expired;
	bool	blank;
} fake[SERVERS];

static struct mx_owner o;
static struct mx_owner_chunk chunk[CHUNKS];
static struct mx_owner_call held[SERVERS];
static u64 now;
static u32 calls;	/* of all kinds, to all servers */

static inline u64 node_of(u32 i)
{
	return i + 1;
}

static inline struct mx_life life_of(u32 i)
{
	return (struct mx_life) { .node = node_of(i), .inc = fake[i].inc };
}

static inline u16 open_at(struct fake *f, const struct mx_owner_call *c, u64 *arg)
{
	bool made = !f->epoch || f->blank;
	bool over = !made && !c->tentative &&
		    (f->owner.node != me.node || f->owner.inc != me.inc);

	if (f->first && !c->old)
		return MX_ST_INVAL;
	if (f->epoch > c->epoch || (f->epoch == c->epoch &&
				    (f->owner.node > me.node ||
				     (f->owner.node == me.node && f->owner.inc != me.inc)))) {
		*arg = f->first ? 0 : f->epoch;
		return MX_ST_STALE;
	}
	f->blank = made && !c->old;
	if (f->dead == c->epoch) {
		*arg = f->dead;
		return MX_ST_STALE;
	}
	if (!c->tentative) {
		f->epoch = c->epoch;
		f->owner = me;
	}
	*arg = c->old ? 0 : MX_FEAT_GEN | (made ? MX_OPENED_NEW : 0) |
	       (over ? MX_OPENED_OVER : 0) |
	       (made && f->expired ? MX_OPENED_EXPIRED : 0);
	return MX_ST_OK;
}

static inline u16 list_at(u32 i, const struct mx_owner_call *c, u64 *arg)
{
	struct fake *f = &fake[i];
	u32 k, given = 0;

	*arg = MX_LIST_END;
	for (k = 0; k < f->nchunks; k++) {
		if (f->chunk[k].index < c->from)
			continue;
		if (given++ == 2) {
			*arg = f->chunk[k].index;
			break;
		}
		if (mx_owner_entry(&o, i, &f->chunk[k]))
			break;
	}
	return MX_ST_OK;
}

static inline u16 ask_at(u32 i, const struct mx_owner_call *c, u64 *arg)
{
	struct fake *f = &fake[i];

	if (!f->epoch)
		return MX_ST_NOVOL;
	if (f->epoch > c->epoch) {
		*arg = f->epoch;
		return MX_ST_STALE;
	}
	switch (c->kind) {
	case MX_CALL_LIST:
		return list_at(i, c, arg);
	case MX_CALL_ROSTER_GET:
		mx_owner_roster(&o, i, &f->roster);
		return MX_ST_OK;
	default:
		if (!mx_roster_newer(mx_owner_roster_out(&o), &f->roster)) {
			*arg = f->roster.number;
			return MX_ST_OLDGEN;
		}
		f->roster = *mx_owner_roster_out(&o);
		f->blank = false;
		return MX_ST_OK;
	}
}

static inline void answer(const struct mx_owner_call *c)
{
	struct fake *f = &fake[c->server];
	struct mx_answer ans = { .vol_pages = f->used };

	if (f->force == c->kind) {
		ans.status = f->status;
		ans.arg = f->arg;
	} else if (c->kind == MX_CALL_OPEN) {
		ans.status = open_at(f, c, &ans.arg);
	} else if (c->kind == MX_CALL_DROP) {
		ans.status = f->epoch > c->epoch ? MX_ST_STALE : MX_ST_OK;
		if (ans.status == MX_ST_OK) {
			f->epoch = 0;
			f->nchunks = 0;
		}
	} else {
		ans.status = ask_at(c->server, c, &ans.arg);
	}
	mx_owner_answer(&o, c->server, 0, &ans);
}

/* Lets all calls be made that are due, and those answered that are not held. */
static inline void run(void)
{
	struct mx_owner_call c;
	u32 limit = 0;

	while (mx_owner_next(&o, &c)) {
		assert_true(limit++ < 2000);
		calls++;
		if (c.kind == MX_CALL_CANCEL) {
			held[c.server].kind = MX_CALL_NONE;
			mx_owner_answer(&o, c.server, -ECANCELED, NULL);
		} else if (fake[c.server].hung) {
			assert_int_equal(held[c.server].kind, MX_CALL_NONE);
			held[c.server] = c;
		} else {
			answer(&c);
		}
	}
}

/* The call that a hung server has got is answered now. */
static inline void release(u32 i)
{
	struct mx_owner_call c = held[i];

	assert_int_not_equal(c.kind, MX_CALL_NONE);
	held[i].kind = MX_CALL_NONE;
	fake[i].hung = false;
	answer(&c);
	run();
}

static inline void tell(u32 i)
{
	mx_owner_server(&o, i, node_of(i), fake[i].inc, fake[i].alive);
}

static inline void all_see(void)
{
	u32 i;

	for (i = 0; i < SERVERS; i++)
		if (fake[i].inc)
			tell(i);
	run();
}

static inline void wait_ms(u32 ms)
{
	now += ms;
	mx_owner_tick(&o, now);
	run();
}

/* The caller has looked at all chunks, as often as it takes. */
static inline void count(void)
{
	u32 i;

	for (i = 0; i < MX_OWNER_COUNTS; i++)
		mx_owner_counted(&o);
	run();
}

/* Return: whether there was news of that kind; the rest is forgotten. */
static inline bool news(u8 what)
{
	struct mx_owner_note note;
	bool found = false;
	u32 limit = 0;

	while (mx_owner_note(&o, &note)) {
		assert_true(limit++ < 200);
		found |= note.what == what;
	}
	return found;
}

static inline void servers(u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		fake[i].inc = 50 + i;
		fake[i].alive = true;
	}
}

/* The volume as another owner left it. */
static inline void known(u32 i, u32 epoch, u64 node)
{
	fake[i].epoch = epoch;
	fake[i].owner = (struct mx_life) { .node = node, .inc = 1 };
}

static inline void put(u32 i, u32 index, u32 gen, u32 n, const u32 *member)
{
	struct mx_listed *l = &fake[i].chunk[fake[i].nchunks++];
	u32 k;

	*l = (struct mx_listed) {
		.index = index, .gen = gen, .pages = 10, .nmembers = n,
	};
	for (k = 0; k < n; k++)
		l->member[k] = life_of(member[k]);
	fake[i].used += 10;
}

static inline void put_one(u32 i, u32 index, u32 gen)
{
	put(i, index, gen, 1, &i);
}

static inline void roster(u32 i, u32 number, u32 n)
{
	struct mx_roster *r = &fake[i].roster;

	r->epoch = 1;
	r->number = number;
	for (r->n = 0; r->n < n; r->n++)
		r->member[r->n] = life_of(r->n);
}

static inline void init(bool fresh, bool clean, bool may_be_new)
{
	struct mx_owner_spec spec = {
		.chunk = fresh ? NULL : chunk, .nchunks = CHUNKS,
		.chunk_pages = PAGES, .fresh = fresh, .clean = clean,
		.may_be_new = may_be_new,
	};

	mx_owner_init(&o, &spec);
	mx_owner_tick(&o, now);
}

/* A server drops the volume without its owner. */
static inline void expire(u32 i)
{
	fake[i].epoch = 0;
	fake[i].nchunks = 0;
	fake[i].used = 0;
	fake[i].blank = false;
	fake[i].roster = (struct mx_roster) {};
	fake[i].expired = true;
}

/* A volume on three servers, made by another owner. */
static inline void left(void)
{
	u32 i, pair[2] = { 0, 1 };

	servers(3);
	for (i = 0; i < 3; i++) {
		known(i, 1, 9);
		roster(i, 2, 3);
	}
	put_one(0, 0, 1);
	put(0, 1, 4, 2, pair);
	put(1, 1, 4, 2, pair);
	put_one(1, 3, 1);
	put_one(2, 4, 1);
	put_one(2, 5, 1);
	put_one(2, 7, 2);
	init(false, false, false);
}

static inline void take(void)
{
	left();
	assert_int_equal(mx_owner_claim(&o), 0);
	all_see();
}

static inline u8 proof(u32 index, struct mx_owner_home *h)
{
	mx_owner_home(&o, index, h);
	return h->proof;
}

static inline int setup(void **state)
{
	memset(fake, 0, sizeof(fake));
	memset(held, 0, sizeof(held));
	memset(chunk, 0x5a, sizeof(chunk));
	now = 1000;
	calls = 0;
	return mxt_setup(state);
}

static inline void serving(u32 n)
{
	servers(n);
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	news(0);
}

#define OWNER(test) cmocka_unit_test_setup_teardown(test, setup, mxt_teardown)

#endif /* MX_OWNER_RIG_H */
