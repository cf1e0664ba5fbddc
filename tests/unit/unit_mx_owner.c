// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_owner*.c with servers that do what a memory
 * server does about claims, and with some that answer nonsense.
 */
#include "mxtest.h"
#include "engine/mx_owner_impl.h"

enum { SERVERS = 5, CHUNKS = 8, PAGES = 256 };

static const struct mx_life me = { .node = 100, .inc = 7 };

/**
 * struct fake - a memory server
 * @inc:    incarnation
 * @epoch:  of the claim in force, 0: the volume is not known
 * @owner:  who made that claim
 * @chunk:  entries of LIST, @nchunks of them
 * @roster: stored
 * @used:   pages of the volume
 * @force:  answer every call of that kind with @status and @arg
 * @status: see @force
 * @arg:    see @force
 * @alive:  can be asked
 * @hung:   does not answer
 * @first:  speaks the first version of the protocol
 */
static struct fake {
	u32	inc;
	u32	epoch;
	struct mx_life owner;
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
} fake[SERVERS];

static struct mx_owner o;
static struct mx_owner_chunk chunk[CHUNKS];
static struct mx_owner_call held[SERVERS];
static u64 now;
static u32 calls;	/* of all kinds, to all servers */

static u64 node_of(u32 i)
{
	return i + 1;
}

static struct mx_life life_of(u32 i)
{
	return (struct mx_life) { .node = node_of(i), .inc = fake[i].inc };
}

static u16 open_at(struct fake *f, const struct mx_owner_call *c, u64 *arg)
{
	bool made = !f->epoch;

	if (f->first && !c->old)
		return MX_ST_INVAL;
	if (f->epoch > c->epoch || (f->epoch == c->epoch &&
				    (f->owner.node > me.node ||
				     (f->owner.node == me.node && f->owner.inc != me.inc)))) {
		*arg = f->first ? 0 : f->epoch;
		return MX_ST_STALE;
	}
	if (!c->tentative) {
		f->epoch = c->epoch;
		f->owner = me;
	}
	*arg = c->old ? 0 : MX_FEAT_GEN | (made ? MX_OPENED_NEW : 0);
	return MX_ST_OK;
}

static u16 list_at(u32 i, const struct mx_owner_call *c, u64 *arg)
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

static u16 ask_at(u32 i, const struct mx_owner_call *c, u64 *arg)
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
		if (f->roster.number >= mx_owner_roster_out(&o)->number) {
			*arg = f->roster.number;
			return MX_ST_OLDGEN;
		}
		f->roster = *mx_owner_roster_out(&o);
		return MX_ST_OK;
	}
}

static void answer(const struct mx_owner_call *c)
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
		if (ans.status == MX_ST_OK)
			f->epoch = 0;
	} else {
		ans.status = ask_at(c->server, c, &ans.arg);
	}
	mx_owner_answer(&o, c->server, 0, &ans);
}

/* Lets all calls be made that are due, and those answered that are not held. */
static void run(void)
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
static void release(u32 i)
{
	struct mx_owner_call c = held[i];

	assert_int_not_equal(c.kind, MX_CALL_NONE);
	held[i].kind = MX_CALL_NONE;
	fake[i].hung = false;
	answer(&c);
	run();
}

static void tell(u32 i)
{
	mx_owner_server(&o, i, node_of(i), fake[i].inc, fake[i].alive);
}

static void all_see(void)
{
	u32 i;

	for (i = 0; i < SERVERS; i++)
		if (fake[i].inc)
			tell(i);
	run();
}

static void wait_ms(u32 ms)
{
	now += ms;
	mx_owner_tick(&o, now);
	run();
}

/* Return: whether there was news of that kind; the rest is forgotten. */
static bool news(u8 what)
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

static void servers(u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		fake[i].inc = 50 + i;
		fake[i].alive = true;
	}
}

/* The volume as another owner left it. */
static void known(u32 i, u32 epoch, u64 node)
{
	fake[i].epoch = epoch;
	fake[i].owner = (struct mx_life) { .node = node, .inc = 1 };
}

static void put(u32 i, u32 index, u32 gen, u32 n, const u32 *member)
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

static void put_one(u32 i, u32 index, u32 gen)
{
	put(i, index, gen, 1, &i);
}

static void roster(u32 i, u32 number, u32 n)
{
	struct mx_roster *r = &fake[i].roster;

	r->number = number;
	for (r->n = 0; r->n < n; r->n++)
		r->member[r->n] = life_of(r->n);
}

static void init(bool fresh, bool clean, bool may_be_new)
{
	struct mx_owner_spec spec = {
		.chunk = fresh ? NULL : chunk, .nchunks = CHUNKS,
		.chunk_pages = PAGES, .fresh = fresh, .clean = clean,
		.may_be_new = may_be_new,
	};

	mx_owner_init(&o, &spec);
	mx_owner_tick(&o, now);
}

/* A volume on three servers, made by another owner. */
static void left(void)
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

static void take(void)
{
	left();
	assert_int_equal(mx_owner_claim(&o), 0);
	all_see();
}

static u8 proof(u32 index, struct mx_owner_home *h)
{
	mx_owner_home(&o, index, h);
	return h->proof;
}

static int setup(void **state)
{
	memset(fake, 0, sizeof(fake));
	memset(held, 0, sizeof(held));
	memset(chunk, 0x5a, sizeof(chunk));
	now = 1000;
	calls = 0;
	return mxt_setup(state);
}

/* --- A fresh volume ---------------------------------------------------- */

static void mx_owner_claim__fresh(void **state)
{
	struct mx_srv_life life;
	u32 i;

	servers(3);
	init(true, false, false);
	assert_int_equal(mx_owner_claim(&o), 0);
	assert_int_equal(mx_owner_claim(&o), -EINVAL);
	fake[1].hung = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(news(MX_NEWS_SERVING));
	assert_true(mx_owner_done(&o));
	assert_int_equal(o.epoch, 1);
	assert_true(mx_owner_ready(&o, 0));
	assert_false(mx_owner_ready(&o, 1));
	assert_true(mx_owner_ready(&o, 2));
	release(1);
	for (i = 0; i < 3; i++) {
		assert_true(mx_owner_ready(&o, i));
		assert_int_equal(fake[i].roster.n, 3);
		mx_owner_life(&o, i, &life);
		assert_int_equal(life.inc, 50 + i);
		assert_true(life.era && life.gens);
	}
	assert_true(news(MX_NEWS_READY));
	assert_false(news(MX_NEWS_READY));
}

static void mx_owner_claim__no_server(void **state)
{
	init(true, false, false);
	assert_int_equal(mx_owner_claim(&o), 0);
	wait_ms(500);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
	servers(1);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_claim__refused(void **state)
{
	servers(2);
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_FULL;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	assert_int_equal(o.srv[0].why, MX_WHY_FULL);
	assert_int_equal(o.state, MX_OWN_SERVING);
	fake[0].force = 0;
	wait_ms(1000);
	assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
}

static void mx_owner_claim__epoch_max(void **state)
{
	struct mx_owner_spec spec = { .fresh = true, .epoch = ~0U };

	mx_owner_init(&o, &spec);
	assert_int_equal(mx_owner_claim(&o), -EINVAL);
}

/* Both versions of the protocol in one cluster. */
static void mx_owner_claim__old_server(void **state)
{
	struct mx_srv_life life;

	servers(2);
	fake[0].first = true;
	fake[1].alive = false;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	mx_owner_life(&o, 0, &life);
	assert_false(life.gens);
	assert_true(mx_owner_ready(&o, 0));
	fake[1].alive = true;
	all_see();
	assert_true(mx_owner_ready(&o, 0) && mx_owner_ready(&o, 1));
	assert_int_equal(fake[1].roster.n, 2);
	assert_int_equal(fake[0].roster.n, 0);
}

static void mx_owner_claim__other_volume(void **state)
{
	servers(1);
	fake[0].first = true;
	fake[0].force = MX_CALL_OPEN;
	fake[0].status = MX_ST_INVAL;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[0].why, MX_WHY_OTHER);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
}

/* --- Loss and its evidence --------------------------------------------- */

static void serving(u32 n)
{
	servers(n);
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	news(0);
}

static void mx_owner_server__twin(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	/* Another node with this id, for a moment. */
	fake[0].inc = 999;
	fake[0].epoch = 0;
	all_see();
	assert_true(news(MX_NEWS_LIFE));
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 999);
	/* The first one again; it is not believed before it has answered. */
	fake[0].inc = 50;
	known(0, 1, 0);
	fake[0].owner = me;
	fake[0].hung = true;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 50);
	assert_int_equal(b.era, 0);
	release(0);
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, a.era);
	assert_true(news(MX_NEWS_LIFE));
	assert_true(mx_owner_ready(&o, 0));
}

static void mx_owner_server__twin_and_dropped(void **state)
{
	struct mx_srv_life a, b;

	serving(1);
	mx_owner_life(&o, 0, &a);
	fake[0].inc = 999;
	fake[0].epoch = 0;
	all_see();
	fake[0].inc = 50;
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.inc, 50);
	assert_int_not_equal(b.era, a.era);
	assert_true(b.era);
}

/* More lives than are remembered: what is forgotten does not come back wrongly. */
static void mx_owner_server__many_lives(void **state)
{
	struct mx_srv_life a, b;
	u32 inc;

	serving(1);
	mx_owner_life(&o, 0, &a);
	for (inc = 1000; inc < 1020; inc++) {
		fake[0].inc = inc;
		all_see();
	}
	fake[0].inc = 50;
	all_see();
	mx_owner_life(&o, 0, &b);
	assert_int_not_equal(b.era, a.era);
}

static void mx_owner_novol__made_anew(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	mx_owner_novol(&o, 0, 49);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	mx_owner_novol(&o, 0, 50);
	assert_false(mx_owner_ready(&o, 0));
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, 0);
	run();
	mx_owner_life(&o, 0, &b);
	assert_int_not_equal(b.era, a.era);
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 2);
}

/* It has the volume although it has said otherwise. */
static void mx_owner_novol__untrue(void **state)
{
	struct mx_srv_life a, b;

	serving(2);
	mx_owner_life(&o, 0, &a);
	mx_owner_novol(&o, 0, 50);
	run();
	mx_owner_life(&o, 0, &b);
	assert_int_equal(b.era, a.era);
}

static void mx_owner_answer__gone(void **state)
{
	servers(1);
	fake[0].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	held[0].kind = MX_CALL_NONE;
	mx_owner_answer(&o, 0, -ESTALE, NULL);
	assert_int_equal(o.srv[0].state, MX_OSRV_NONE);
	fake[0].hung = false;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_answer__of_another_life(void **state)
{
	struct mx_answer ok = { .arg = MX_FEAT_GEN | MX_OPENED_NEW };

	servers(1);
	fake[0].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	fake[0].inc = 60;
	all_see();
	mx_owner_answer(&o, 0, 0, &ok);
	assert_int_equal(o.state, MX_OWN_CLAIMING);
	held[0].kind = MX_CALL_NONE;
	fake[0].hung = false;
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* --- Fencing ----------------------------------------------------------- */

static void mx_owner_stale__costs_that_server(void **state)
{
	serving(3);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	/* It has no chunks: it never counts. */
	known(2, 9, 200);
	mx_owner_stale(&o, 2, fake[2].inc);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.srv[2].state, MX_OSRV_FENCED);
	assert_false(mx_owner_ready(&o, 2));
	/* One of two with chunks: the other was asked and knows our claim. */
	mx_owner_stale(&o, 0, fake[0].inc + 1);
	assert_int_equal(o.srv[0].state, MX_OSRV_OPEN);
	mx_owner_stale(&o, 0, fake[0].inc);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_false(news(MX_NEWS_FENCED));
	/* A server that says so for fun is asked again when it has restarted. */
	fake[2].inc = 70;
	fake[2].epoch = 0;
	all_see();
	assert_int_equal(o.srv[2].state, MX_OSRV_OPEN);
}

static void mx_owner_stale__all_say_so(void **state)
{
	u32 before;

	serving(3);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	known(0, 2, 200);
	known(1, 2, 200);
	mx_owner_stale(&o, 0, fake[0].inc);
	run();
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_true(news(MX_NEWS_FENCED));
	before = calls;
	wait_ms(60000);
	assert_int_equal(calls, before);
	/* Who was fenced makes nobody forget. */
	mx_owner_drop(&o, now + 1000);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch && fake[1].epoch && fake[2].epoch);
}

static void mx_owner_stale__last_with_chunks_lost(void **state)
{
	serving(2);
	mx_owner_chunks(&o, 0, 5);
	mx_owner_chunks(&o, 1, 5);
	mx_owner_stale(&o, 0, fake[0].inc);
	assert_int_equal(o.state, MX_OWN_SERVING);
	fake[1].inc = 99;
	mx_owner_chunks(&o, 1, 0);
	tell(1);
	assert_int_equal(o.state, MX_OWN_FENCED);
}

/* --- Take-over --------------------------------------------------------- */

static void mx_owner_claim__takes_over(void **state)
{
	struct mx_owner_home h;
	u32 i;

	take();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(o.taking);
	assert_int_equal(o.epoch, 2);
	assert_int_equal(mx_owner_unproved(&o), 0);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.server[0], 0);
	assert_int_equal(h.inc[0], 50);
	assert_true(h.era[0]);
	assert_int_equal(h.pages, 10);
	assert_int_equal(proof(1, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.gen, 4);
	assert_int_equal(h.stale, 2);
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(6, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(7, &h), MX_PROOF_PLACED);
	assert_int_equal(h.gen, 2);
	/* Stored anew, as the one seen may have been seen by one only. */
	for (i = 0; i < 3; i++) {
		assert_int_equal(fake[i].epoch, 2);
		assert_int_equal(fake[i].roster.number, 3);
		assert_true(mx_owner_ready(&o, i));
	}
	assert_true(mx_owner_done(&o));
	mx_owner_taken(&o);
	assert_null(o.spec.chunk);
	assert_int_equal(proof(0, &h), MX_PROOF_HOLE);
}

static void mx_owner_claim__higher_epochs(void **state)
{
	left();
	known(0, 3, 9);
	known(1, 8, 9);
	known(2, 8, 200);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 9);
	assert_true(o.raises <= 3);
}

/* Our own claim of an earlier start of this host. */
static void mx_owner_claim__own_of_before(void **state)
{
	u32 i;

	left();
	for (i = 0; i < 3; i++)
		known(i, 1, me.node);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 2);
}

static void mx_owner_claim__one_missing(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server;

	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_true(news(MX_NEWS_WAITING));
	assert_int_equal(mx_owner_unproved(&o), CHUNKS);
	assert_int_equal(proof(0, &h), MX_PROOF_NONE);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_SILENT);
	assert_int_equal(life.node, node_of(2));
	assert_int_equal(server, 2);
	assert_int_equal(mx_owner_missing(&o, 1, &life, &server), -ENOENT);
	assert_false(mx_owner_ready(&o, 0));
	/* Parked: the servers keep everything, for the next attempt. */
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
}

static void mx_owner_claim__one_unknown(void **state)
{
	struct mx_life life;
	u32 server;

	left();
	mx_owner_claim(&o);
	tell(0);
	tell(1);
	run();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_UNKNOWN);
	assert_int_equal(server, MX_MEMBERS);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch && fake[1].epoch);
}

static void mx_owner_claim__one_restarted(void **state)
{
	struct mx_owner_home h;
	struct mx_life life;
	u32 server;

	left();
	fake[2].inc = 90;
	fake[2].epoch = 0;
	fake[2].nchunks = 0;
	fake[2].used = 0;
	fake[2].roster.number = 0;
	fake[2].roster.n = 0;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	/* Only an admin goes on; what nobody has is lost, not zeros. */
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(proof(4, &h), MX_PROOF_LOST);
	assert_int_equal(proof(2, &h), MX_PROOF_LOST);
	mx_owner_lossy(&o, true);
	run();
	/* The life that had them stays in the roster while they are missed. */
	assert_int_equal(fake[0].roster.n, 4);
	assert_int_equal(mx_owner_accept(&o), -EINVAL);
}

/* Listed by a server that was given up before the chunk was placed elsewhere. */
static void mx_owner_claim__left_over(void **state)
{
	struct mx_owner_home h;

	left();
	put_one(0, 6, 5);
	put_one(1, 6, 6);
	fake[1].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(proof(6, &h), MX_PROOF_NONE);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
	assert_int_equal(h.server[0], 1);
	assert_int_equal(h.gen, 6);
	assert_int_equal(h.others, 1);
}

/* A member that has missed writes, and one that was being filled. */
static void mx_owner_claim__stale_member(void **state)
{
	struct mx_owner_home h;
	u32 pair[2] = { 0, 1 };

	left();
	put(0, 6, 2, 2, pair);
	put_one(1, 6, 3);
	put_one(2, 6, 3);
	fake[2].chunk[fake[2].nchunks - 1].index = 7;
	fake[2].chunk[fake[2].nchunks - 2].index = 6;
	fake[2].chunk[fake[2].nchunks - 2].state = MX_COPY_FILLING;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.server[0], 1);
	assert_int_equal(h.others, 5);
}

static void mx_owner_claim__split(void **state)
{
	struct mx_owner_home h;

	left();
	put_one(0, 6, 3);
	put_one(1, 6, 3);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), 1);
	assert_int_equal(proof(6, &h), MX_PROOF_NONE);
	mx_owner_accept(&o);
	assert_int_equal(proof(6, &h), MX_PROOF_PLACED);
}

/* Each chunk as soon as its own members have answered. */
static void mx_owner_claim__clean(void **state)
{
	struct mx_owner_home h;

	left();
	o.spec.clean = true;
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_false(mx_owner_done(&o));
	mx_owner_taken(&o);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_int_equal(proof(1, &h), MX_PROOF_PLACED);
	assert_int_equal(h.stale, 0);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);
	news(0);
	fake[2].alive = true;
	all_see();
	assert_true(news(MX_NEWS_CHUNKS));
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
	assert_int_equal(proof(4, &h), MX_PROOF_PLACED);
	assert_true(mx_owner_done(&o));
}

/* Clean, but one life is gone for good: an admin has to decide. */
static void mx_owner_accept__while_serving(void **state)
{
	struct mx_owner_home h;

	left();
	o.spec.clean = true;
	fake[2].inc = 90;
	fake[2].epoch = 0;
	fake[2].nchunks = 0;
	fake[2].used = 0;
	fake[2].roster = (struct mx_roster) {};
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(4, &h), MX_PROOF_NONE);
	/* The life that is missed stays in the roster. */
	assert_int_equal(fake[0].roster.n, 4);
	news(0);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_true(news(MX_NEWS_CHUNKS));
	assert_int_equal(proof(4, &h), MX_PROOF_LOST);
	assert_int_equal(proof(0, &h), MX_PROOF_PLACED);
	assert_true(mx_owner_done(&o));
	assert_int_equal(mx_owner_accept(&o), -EINVAL);
}

/* An id that nobody knows. */
static void mx_owner_claim__nobody(void **state)
{
	servers(2);
	fake[1].alive = false;
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_false(o.taking);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 1);
	assert_true(mx_owner_ready(&o, 0));
}

static void mx_owner_claim__nobody_must_know(void **state)
{
	servers(2);
	init(false, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_false(o.taking);
}

/* Made by a client of the first version on servers of today: no roster. */
static void mx_owner_claim__without_rosters(void **state)
{
	struct mx_owner_home h;

	servers(2);
	known(0, 1, 9);
	put(0, 3, 0, 0, NULL);
	init(false, false, true);
	fake[1].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	fake[1].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(3, &h), MX_PROOF_PLACED);
	assert_int_equal(h.gen, 0);
	assert_int_equal(proof(2, &h), MX_PROOF_HOLE);
}

static void mx_owner_claim__old_server_has_it(void **state)
{
	struct mx_life life;
	u32 server;

	servers(2);
	fake[0].first = true;
	known(0, 1, 9);
	fake[0].used = 5;
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_REFUSED);
	assert_int_equal(o.srv[0].why, MX_WHY_OLD);
	/* The owner of today was not fenced by the attempt. */
	assert_int_equal(fake[0].owner.node, 9);
}

/* --- Rivals ------------------------------------------------------------ */

static void mx_owner_claim__overtaken(void **state)
{
	left();
	fake[2].hung = true;
	mx_owner_claim(&o);
	all_see();
	/* The rival has got two servers; ours has been accepted by them before. */
	known(0, 30, 200);
	known(1, 30, 200);
	fake[0].inc = fake[0].inc;
	release(2);
	known(2, 30, 200);
	wait_ms(1000);
	mx_owner_stale(&o, 0, fake[0].inc);
	mx_owner_stale(&o, 1, fake[1].inc);
	mx_owner_stale(&o, 2, fake[2].inc);
	run();
	assert_int_not_equal(o.state, MX_OWN_LISTING);
	assert_true(o.epoch < 30);
}

static void mx_owner_claim__overtaken_while_listing(void **state)
{
	u32 i, epoch;

	left();
	for (i = 0; i < 3; i++)
		fake[i].hung = true;
	mx_owner_claim(&o);
	all_see();
	release(0);		/* accepted, then raised: OPENs at 2 */
	fake[0].hung = true;
	release(1);
	release(2);
	epoch = o.epoch;
	for (i = 0; i < 3; i++)
		known(i, 30, 200);
	all_see();
	for (i = 0; i < 3; i++)
		if (held[i].kind)
			release(i);
	run();
	assert_true(o.epoch == epoch || o.epoch == 31);
	assert_true(o.state == MX_OWN_FENCED || o.state == MX_OWN_SERVING);
}

/* No I/O shows it while chunks are not proved. */
static void mx_owner_claim__overtaken_while_waiting(void **state)
{
	left();
	fake[2].alive = false;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(0, 9, 9);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(o.srv[0].state, MX_OSRV_FENCED);
	known(1, 9, 9);
	wait_ms(MX_OWNER_AGAIN_MS);
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_int_equal(o.epoch, 2);
}

static void mx_owner_claim__overtaken_at_once(void **state)
{
	u32 i;

	left();
	for (i = 0; i < 3; i++) {
		fake[i].force = MX_CALL_ROSTER_GET;
		fake[i].status = MX_ST_STALE;
		fake[i].arg = 3;
	}
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_FENCED);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

/* A server that is not in the roster says nothing: it is not waited for. */
static void mx_owner_claim__stranger_is_silent(void **state)
{
	left();
	servers(4);
	fake[3].hung = true;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
}

/* A server that comes late knows a higher epoch than all others. */
static void mx_owner_claim__raised_late(void **state)
{
	left();
	mx_owner_claim(&o);
	fake[1].hung = true;
	fake[2].alive = false;
	all_see();
	release(1);
	assert_int_equal(o.state, MX_OWN_WAITING);
	known(2, 6, 9);
	fake[2].alive = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(o.epoch, 7);
	assert_int_equal(fake[0].epoch, 7);
}

static void mx_owner_accept__while_listing(void **state)
{
	left();
	fake[2].force = MX_CALL_LIST;
	fake[2].status = MX_ST_AGAIN;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_LISTING);
	assert_int_equal(mx_owner_accept(&o), 0);
	assert_int_equal(o.state, MX_OWN_SERVING);
}

static void mx_owner_claim__duel_is_bounded(void **state)
{
	struct mx_owner_call c;
	u32 i, n = 0;

	left();
	mx_owner_claim(&o);
	for (i = 0; i < 3; i++)
		tell(i);
	/* Whatever is claimed, somebody else has claimed more. */
	while (mx_owner_next(&o, &c)) {
		struct mx_answer ans = { .status = MX_ST_STALE, .arg = c.epoch };

		assert_true(n++ < 200);
		mx_owner_answer(&o, c.server, 0, &ans);
	}
	assert_true(o.raises <= MX_OWNER_RAISES);
	assert_int_not_equal(o.state, MX_OWN_SERVING);
}

/* --- Tentative claims -------------------------------------------------- */

static void mx_owner_propose__commit(void **state)
{
	left();
	assert_int_equal(mx_owner_commit(&o), -EINVAL);
	assert_int_equal(mx_owner_propose(&o), 0);
	assert_int_equal(mx_owner_propose(&o), -EINVAL);
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSED);
	assert_int_equal(fake[0].owner.node, 9);
	assert_false(mx_owner_ready(&o, 0));
	assert_int_equal(mx_owner_commit(&o), 0);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(fake[0].owner.node, me.node);
	assert_int_equal(fake[0].epoch, 2);
	assert_int_equal(mx_owner_withdraw(&o), -EINVAL);
}

static void mx_owner_propose__withdraw(void **state)
{
	left();
	mx_owner_propose(&o);
	all_see();
	fake[0].force = MX_CALL_DROP;
	fake[0].status = MX_ST_HELD;
	fake[1].force = MX_CALL_DROP;
	fake[2].force = MX_CALL_DROP;
	assert_int_equal(mx_owner_withdraw(&o), 0);
	run();
	assert_int_equal(o.state, MX_OWN_WITHDRAWING);
	assert_int_equal(o.srv[1].state, MX_OSRV_DROPPED);
	fake[0].status = MX_ST_OK;
	wait_ms(MX_OWNER_HELD_MS);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(news(MX_NEWS_ENDED));
}

static void mx_owner_propose__more_servers(void **state)
{
	left();
	fake[2].alive = false;
	mx_owner_propose(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSED);
	fake[2].alive = true;
	fake[2].hung = true;
	all_see();
	assert_int_equal(o.state, MX_OWN_PROPOSING);
	/* Committed although one has not answered: it is asked again for good. */
	assert_int_equal(mx_owner_commit(&o), 0);
	run();
	release(2);
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(fake[2].owner.node, me.node);
}

static void mx_owner_propose__outranked(void **state)
{
	u32 i;

	left();
	mx_owner_propose(&o);
	all_see();
	for (i = 0; i < 3; i++)
		mx_owner_stale(&o, i, fake[i].inc);
	assert_int_equal(o.state, MX_OWN_FENCED);
	assert_int_equal(mx_owner_commit(&o), -EINVAL);
	assert_int_equal(mx_owner_withdraw(&o), 0);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

static void mx_owner_propose__old_server(void **state)
{
	servers(1);
	fake[0].first = true;
	init(false, false, true);
	mx_owner_propose(&o);
	all_see();
	assert_int_equal(o.srv[0].why, MX_WHY_OLD);
}

/* --- Leaving ----------------------------------------------------------- */

static void mx_owner_drop__all(void **state)
{
	serving(3);
	mx_owner_drop(&o, 0);
	run();
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(news(MX_NEWS_ENDED));
	assert_int_equal(fake[0].epoch | fake[1].epoch | fake[2].epoch, 0);
	assert_int_equal(o.drops_given_up, 0);
}

static void mx_owner_drop__before_anything(void **state)
{
	init(true, false, false);
	mx_owner_drop(&o, 0);
	assert_int_equal(o.state, MX_OWN_GONE);
	mx_owner_drop(&o, 0);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_GONE);
}

/* Nobody forgets what a take-over that failed has not made. */
static void mx_owner_drop__not_served(void **state)
{
	left();
	fake[1].alive = false;
	servers(4);
	fake[1].alive = false;
	fake[2].hung = true;
	mx_owner_claim(&o);
	all_see();
	assert_true(fake[3].epoch);
	mx_owner_drop(&o, now + 1000);
	release(2);
	wait_ms(2000);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_true(fake[0].epoch && fake[1].epoch && fake[2].epoch);
	assert_false(fake[3].epoch);
}

/* Its servers have lost it, and a claim has made it anew and gone no further. */
static void mx_owner_claim__made_anew_by_another(void **state)
{
	servers(2);
	known(0, 3, 9);
	known(1, 3, 9);
	init(false, false, true);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), CHUNKS);
}

/* One call is under way, one server is dead: both are given up in time. */
static void mx_owner_drop__given_up(void **state)
{
	servers(3);
	fake[1].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	fake[2].alive = false;
	all_see();
	mx_owner_drop(&o, now + 60000);
	run();
	assert_int_equal(o.state, MX_OWN_LEAVING);
	wait_ms(59000);
	assert_int_equal(o.state, MX_OWN_LEAVING);
	mx_owner_drop(&o, now + 2000);
	wait_ms(2000);
	wait_ms(500);
	assert_int_equal(o.state, MX_OWN_GONE);
	assert_int_equal(o.drops_given_up, 2);
	assert_true(news(MX_NEWS_ENDED));
}

static void mx_owner_drop__restarted(void **state)
{
	serving(1);
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	fake[0].inc = 77;
	tell(0);
	assert_int_equal(o.srv[0].state, MX_OSRV_DROPPED);
	assert_int_equal(o.state, MX_OWN_LEAVING);
	mx_owner_answer(&o, 0, -ESTALE, NULL);
	assert_int_equal(o.state, MX_OWN_GONE);
	/* A server that comes now is none of our business. */
	servers(2);
	fake[0].inc = 77;
	all_see();
	assert_int_equal(o.srv[1].state, MX_OSRV_NONE);
}

static void mx_owner_park__calls_end(void **state)
{
	servers(2);
	fake[1].hung = true;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	mx_owner_park(&o);
	assert_false(news(MX_NEWS_ENDED));
	run();
	assert_true(news(MX_NEWS_ENDED));
	assert_true(fake[0].epoch);
}

/* --- Rosters ----------------------------------------------------------- */

static void mx_owner_ready__old_member_first(void **state)
{
	serving(1);
	assert_int_equal(fake[0].roster.number, 1);
	/* The only member of the roster is silent: nobody else can join. */
	servers(2);
	fake[0].alive = false;
	all_see();
	assert_int_equal(fake[1].roster.number, 2);
	assert_false(mx_owner_ready(&o, 1));
	fake[0].alive = true;
	all_see();
	assert_true(mx_owner_ready(&o, 1));
	assert_int_equal(fake[0].roster.number, 2);
}

/* It has restarted: nobody can tell of its roster any more. */
static void mx_owner_ready__roster_gone(void **state)
{
	serving(1);
	fake[0].inc = 80;
	fake[0].epoch = 0;
	fake[0].roster.number = 0;
	mx_owner_lossy(&o, true);
	all_see();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 3);
	mx_owner_lossy(&o, false);
	servers(2);
	fake[0].inc = 80;
	all_see();
	assert_true(mx_owner_ready(&o, 1));
	assert_int_equal(fake[1].roster.n, 2);
	assert_int_equal(fake[1].roster.member[0].inc, 80);
}

/* What is lost within a life that goes on is lost for the next owner too. */
static void mx_owner_lossy__same_life(void **state)
{
	struct mx_life life;
	u32 i, server;

	serving(2);
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_novol(&o, 0, 50);
	mx_owner_lossy(&o, true);
	run();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.n, 3);
	for (i = 0; i < 2; i++)
		fake[i].owner.node = 9;
	init(false, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	assert_int_equal(life.node, node_of(0));

	/* Nothing is missed any more: the roster forgets. */
	setup(NULL);
	serving(2);
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_novol(&o, 0, 50);
	mx_owner_lossy(&o, true);
	run();
	mx_owner_lossy(&o, false);
	servers(3);
	all_see();
	assert_int_equal(fake[0].roster.n, 3);
	assert_true(mx_roster_has(&fake[0].roster, node_of(2), fake[2].inc));
}

/* Only the owner before knows which pages of a chunk that was placed anew are
 * lost: not even a clean hand-over goes on.
 */
static void mx_owner_lossy__clean(void **state)
{
	struct mx_owner_home h;

	serving(3);
	fake[0].inc = 77;
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	fake[0].hung = true;
	mx_owner_lossy(&o, true);
	all_see();
	assert_int_equal(fake[1].roster.n, 4);
	release(0);
	assert_int_equal(fake[1].roster.n, 5);
	put_one(1, 2, 6);
	fake[0].owner.node = 9;
	fake[1].owner.node = 9;
	fake[2].owner.node = 9;
	init(false, true, false);
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_int_equal(proof(2, &h), MX_PROOF_NONE);

	/* Nothing is missed any more. */
	setup(NULL);
	serving(3);
	fake[0].inc = 77;
	fake[0].epoch = 0;
	fake[0].roster = (struct mx_roster) {};
	mx_owner_lossy(&o, true);
	all_see();
	assert_int_equal(fake[1].roster.n, 5);
	mx_owner_lossy(&o, false);
	wait_ms(1);
	assert_int_equal(fake[1].roster.n, 3);
}

/* The server has lost the volume, and it was our OPEN that made it anew; or the
 * old owner's, who did not come to store a roster.
 */
static void mx_owner_claim__member_has_lost_it(void **state)
{
	struct mx_life life;
	u32 i, server;

	for (i = 0; i < 2; i++) {
		setup(NULL);
		left();
		fake[2].epoch = i;
		fake[2].nchunks = 0;
		fake[2].used = 0;
		fake[2].roster = (struct mx_roster) {};
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.state, MX_OWN_WAITING);
		assert_int_equal(mx_owner_missing(&o, 0, &life, &server), MX_LACK_RESTARTED);
	}
}

static void mx_owner_answer__roster_outnumbered(void **state)
{
	servers(1);
	fake[0].roster.number = 40;
	init(true, false, false);
	mx_owner_claim(&o);
	all_see();
	assert_true(mx_owner_ready(&o, 0));
	assert_int_equal(fake[0].roster.number, 41);
}

static void mx_owner_answer__roster_endless(void **state)
{
	u64 number[] = { 1, 5, 0, MX_OWNER_ROSTER_MAX, ~0ULL };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(number); i++) {
		setup(NULL);
		servers(1);
		init(true, false, false);
		fake[0].force = MX_CALL_ROSTER_SET;
		fake[0].status = MX_ST_OLDGEN;
		mx_owner_claim(&o);
		tell(0);
		for (k = 0; k < 100; k++) {
			fake[0].arg = mx_owner_roster_out(&o)->number + number[i];
			run();
		}
		assert_int_equal(o.srv[0].state, MX_OSRV_REFUSED);
		assert_int_equal(o.srv[0].why, MX_WHY_BAD);
		assert_true(calls < 50);
	}
}

static void mx_owner_roster__strangers(void **state)
{
	struct mx_life life;
	u32 i, server;

	left();
	fake[1].roster.number = MX_OWNER_ROSTER_MAX - 1;
	fake[1].roster.n = MX_ROSTER_MAX;
	for (i = 0; i < MX_ROSTER_MAX; i++)
		fake[1].roster.member[i] = (struct mx_life) { .node = 1000 + i };
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	for (i = 0; i < MX_ROSTER_MAX; i++)
		assert_int_equal(mx_owner_missing(&o, i, &life, &server), MX_LACK_UNKNOWN);
	assert_int_equal(mx_owner_missing(&o, i, &life, &server), -ENOENT);
	/* An admin goes on: numbers end before they wrap. */
	mx_owner_accept(&o);
	run();
	assert_int_equal(o.state, MX_OWN_SERVING);
	assert_true(o.base.number <= MX_OWNER_ROSTER_MAX);
	assert_false(mx_owner_ready(&o, 0));
}

static void mx_owner_roster__nonsense(void **state)
{
	left();
	fake[1].roster.number = ~0U;
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[1].why, MX_WHY_BAD);
	assert_int_equal(o.state, MX_OWN_WAITING);
}

/* --- What ends a claim at any time ------------------------------------- */

static const u8 stops[] = { IN_WITHDRAW, IN_DROP, IN_PARK };

static void stop(u8 how)
{
	switch (how) {
	case IN_WITHDRAW:
		mx_owner_withdraw(&o);
		break;
	case IN_DROP:
		mx_owner_drop(&o, now + 5000);
		break;
	default:
		mx_owner_park(&o);
		break;
	}
}

/* After any number of answers, with one server silent or none. */
static void mx_owner_stop__any_time(void **state)
{
	struct mx_owner_call c;
	u32 how, n, silent, k;

	for (how = 0; how < ARRAY_SIZE(stops) * 2; how++) {
		for (n = 0; n < 40 * 2; n++) {
			bool tentative = how >= ARRAY_SIZE(stops);

			silent = n % 2;
			setup(NULL);
			left();
			fake[2].alive = n % 4 < 2;
			fake[0].hung = silent;
			if (tentative)
				mx_owner_propose(&o);
			else
				mx_owner_claim(&o);
			for (k = 0; k < 3; k++)
				tell(k);
			for (k = 0; k < n / 2 && mx_owner_next(&o, &c); k++)
				if (c.server || !silent)
					answer(&c);
			stop(stops[how % ARRAY_SIZE(stops)]);
			if (stops[how % ARRAY_SIZE(stops)] == IN_WITHDRAW && !tentative)
				continue;
			if (tentative)	/* with a deadline too */
				mx_owner_drop(&o, now + 5000);
			for (k = 0; k < 10; k++)
				wait_ms(1000);
			assert_true(o.state == MX_OWN_GONE || o.state == MX_OWN_PARKED);
			assert_true(news(MX_NEWS_ENDED));
		}
	}
}

static void mx_owner_stop__twice(void **state)
{
	left();
	mx_owner_propose(&o);
	all_see();
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	assert_int_equal(o.state, MX_OWN_WITHDRAWING);
	mx_owner_park(&o);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);

	setup(NULL);
	serving(1);
	fake[0].hung = true;
	mx_owner_drop(&o, 0);
	run();
	mx_owner_park(&o);
	run();
	assert_int_equal(o.state, MX_OWN_PARKED);
	assert_true(news(MX_NEWS_ENDED));

	setup(NULL);
	init(true, false, false);
	mx_owner_park(&o);
	assert_int_equal(o.state, MX_OWN_PARKED);
}

/* --- Nonsense ---------------------------------------------------------- */

static void bad_entry(u32 index, u32 gen, u32 pages, u8 n, u64 node, u32 inc)
{
	struct mx_listed *l;

	setup(NULL);
	left();
	l = &fake[2].chunk[1];
	l->index = index;
	l->gen = gen;
	l->pages = pages;
	l->nmembers = n;
	l->member[0] = (struct mx_life) { .node = node, .inc = inc };
	l->member[1] = l->member[0];
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.srv[2].state, MX_OSRV_REFUSED);
	assert_int_equal(o.srv[2].why, MX_WHY_BAD);
	assert_int_equal(o.state, MX_OWN_WAITING);
}

static void mx_owner_entry__nonsense(void **state)
{
	bad_entry(CHUNKS, 1, 1, 1, node_of(2), 52);
	bad_entry(4, 1, 1, 1, node_of(2), 52);		/* twice */
	bad_entry(0, 1, 1, 1, node_of(2), 52);		/* not in order */
	bad_entry(5, ~0U, 1, 1, node_of(2), 52);
	bad_entry(5, 1, PAGES + 1, 1, node_of(2), 52);
	bad_entry(5, 1, 1, 1, node_of(1), 51);		/* not a member itself */
	bad_entry(5, 1, 1, 1, node_of(2), 51);		/* in another life */
	bad_entry(5, 1, 1, 2, node_of(2), 52);		/* the same member twice */
	bad_entry(5, 1, 1, 4, node_of(2), 52);
}

static void mx_owner_entry__strangers(void **state)
{
	struct mx_owner_home h;
	struct mx_listed *l;

	left();
	l = &fake[2].chunk[1];
	l->gen = 77;
	l->nmembers = 3;
	l->member[1] = (struct mx_life) { .node = 4000, .inc = 1 };
	l->member[2] = (struct mx_life) { .node = 4001, .inc = 1 };
	mx_owner_claim(&o);
	all_see();
	assert_int_equal(o.state, MX_OWN_WAITING);
	assert_int_equal(mx_owner_unproved(&o), 1);
	assert_int_equal(proof(5, &h), MX_PROOF_NONE);
}

static void mx_owner_answer__list_endless(void **state)
{
	u64 arg[] = { 0, 1, CHUNKS, CHUNKS - 1, ~0ULL - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(arg); i++) {
		setup(NULL);
		left();
		fake[2].force = MX_CALL_LIST;
		fake[2].arg = arg[i];
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.srv[2].why, MX_WHY_BAD);
		assert_int_equal(o.state, MX_OWN_WAITING);
	}
}

static void mx_owner_answer__epochs(void **state)
{
	u64 arg[] = { MX_OWNER_EPOCH_MAX, ~0U, ~0ULL, 1ULL << 32, MX_OWNER_EPOCH_STEP + 3 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(arg); i++) {
		setup(NULL);
		left();
		fake[2].force = MX_CALL_OPEN;
		fake[2].status = MX_ST_STALE;
		fake[2].arg = arg[i];
		mx_owner_claim(&o);
		all_see();
		assert_int_equal(o.srv[2].why, MX_WHY_EPOCH);
		assert_int_equal(o.state, MX_OWN_WAITING);
		assert_int_equal(o.epoch, 2);
	}
}

/* Near the last epoch a claim can still be raised, but never beyond it. */
static void mx_owner_answer__last_epoch(void **state)
{
	u32 i, epoch = MX_OWNER_EPOCH_MAX - 1;

	for (i = 0; i < 2; i++, epoch++) {
		struct mx_owner_spec spec = {
			.chunk = chunk, .nchunks = CHUNKS, .chunk_pages = PAGES,
			.epoch = epoch,
		};
		u32 k;

		setup(NULL);
		left();
		for (k = 0; k < 3; k++)
			known(k, epoch, 9);
		mx_owner_init(&o, &spec);
		mx_owner_tick(&o, now);
		assert_int_equal(mx_owner_claim(&o), 0);
		all_see();
		assert_true(o.epoch <= MX_OWNER_EPOCH_MAX);
		assert_int_equal(o.epoch, MX_OWNER_EPOCH_MAX);
		assert_int_equal(o.state, MX_OWN_SERVING);
	}
}

/* Any status to any kind of call leads to a defined state and an end. */
static void mx_owner_answer__any_status(void **state)
{
	u32 kind, status, i;

	for (kind = MX_CALL_OPEN; kind <= MX_CALL_DROP; kind++) {
		for (status = 0; status <= MX_ST_MAX + 1; status++) {
			setup(NULL);
			left();
			fake[1].force = kind;
			fake[1].status = status;
			mx_owner_claim(&o);
			all_see();
			for (i = 0; i < 20; i++)
				wait_ms(MX_OWNER_AGAIN_MS);
			assert_true(calls < 300);
			assert_true(o.state < MX_OWN_STATES);
			mx_owner_drop(&o, now + 10);
			wait_ms(1);
			wait_ms(100);
			wait_ms(100);
			assert_true(o.state == MX_OWN_GONE || o.state == MX_OWN_PARKED);
			assert_true(news(MX_NEWS_ENDED));
		}
	}
}

static void mx_owner_answer__any_error(void **state)
{
	static const int errs[] = { -ESTALE, -ECANCELED, -EBADMSG };
	struct mx_owner_call c;
	u32 i, nth, n;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		for (nth = 0; nth < 40; nth++) {
			setup(NULL);
			left();
			mx_owner_claim(&o);
			tell(0);
			tell(1);
			tell(2);
			for (n = 0; n < 400; n++) {
				if (!mx_owner_next(&o, &c)) {
					now += 500;
					mx_owner_tick(&o, now);
					continue;
				}
				if (n % 40 == nth)
					mx_owner_answer(&o, c.server, errs[i], NULL);
				else
					answer(&c);
			}
			assert_int_equal(o.state, MX_OWN_SERVING);
		}
	}
}

static void mx_owner_words__all(void **state)
{
	u32 i;

	for (i = 0; i < MX_OWN_STATES; i++)
		assert_string_not_equal(mx_owner_state_name(i), "unknown");
	for (i = 0; i < MX_OSRV_STATES; i++)
		assert_string_not_equal(mx_owner_srv_name(i), "unknown");
	for (i = 0; i <= MX_WHY_MUTE; i++)
		assert_string_not_equal(mx_owner_why_name(i), "unknown");
	for (i = 0; i <= MX_LACK_FENCED; i++)
		assert_string_not_equal(mx_owner_lack_name(i), "unknown");
	assert_string_equal(mx_owner_state_name(99), "unknown");
	assert_string_equal(mx_owner_lack_name(-ENOENT), "unknown");
}

#define OWNER(test) cmocka_unit_test_setup_teardown(test, setup, mxt_teardown)

static const struct CMUnitTest tests[] = {
	OWNER(mx_owner_claim__fresh),
	OWNER(mx_owner_claim__no_server),
	OWNER(mx_owner_claim__refused),
	OWNER(mx_owner_claim__epoch_max),
	OWNER(mx_owner_claim__old_server),
	OWNER(mx_owner_claim__other_volume),
	OWNER(mx_owner_server__twin),
	OWNER(mx_owner_server__twin_and_dropped),
	OWNER(mx_owner_server__many_lives),
	OWNER(mx_owner_novol__made_anew),
	OWNER(mx_owner_novol__untrue),
	OWNER(mx_owner_answer__gone),
	OWNER(mx_owner_answer__of_another_life),
	OWNER(mx_owner_stale__costs_that_server),
	OWNER(mx_owner_stale__all_say_so),
	OWNER(mx_owner_stale__last_with_chunks_lost),
	OWNER(mx_owner_claim__takes_over),
	OWNER(mx_owner_claim__higher_epochs),
	OWNER(mx_owner_claim__own_of_before),
	OWNER(mx_owner_claim__one_missing),
	OWNER(mx_owner_claim__one_unknown),
	OWNER(mx_owner_claim__one_restarted),
	OWNER(mx_owner_claim__left_over),
	OWNER(mx_owner_claim__stale_member),
	OWNER(mx_owner_claim__split),
	OWNER(mx_owner_claim__clean),
	OWNER(mx_owner_accept__while_serving),
	OWNER(mx_owner_claim__nobody),
	OWNER(mx_owner_claim__nobody_must_know),
	OWNER(mx_owner_claim__without_rosters),
	OWNER(mx_owner_claim__old_server_has_it),
	OWNER(mx_owner_claim__overtaken),
	OWNER(mx_owner_claim__overtaken_while_listing),
	OWNER(mx_owner_claim__overtaken_while_waiting),
	OWNER(mx_owner_claim__overtaken_at_once),
	OWNER(mx_owner_claim__stranger_is_silent),
	OWNER(mx_owner_claim__raised_late),
	OWNER(mx_owner_accept__while_listing),
	OWNER(mx_owner_claim__duel_is_bounded),
	OWNER(mx_owner_propose__commit),
	OWNER(mx_owner_propose__withdraw),
	OWNER(mx_owner_propose__more_servers),
	OWNER(mx_owner_propose__outranked),
	OWNER(mx_owner_propose__old_server),
	OWNER(mx_owner_drop__all),
	OWNER(mx_owner_drop__before_anything),
	OWNER(mx_owner_drop__given_up),
	OWNER(mx_owner_drop__not_served),
	OWNER(mx_owner_claim__made_anew_by_another),
	OWNER(mx_owner_drop__restarted),
	OWNER(mx_owner_park__calls_end),
	OWNER(mx_owner_ready__old_member_first),
	OWNER(mx_owner_ready__roster_gone),
	OWNER(mx_owner_lossy__same_life),
	OWNER(mx_owner_lossy__clean),
	OWNER(mx_owner_claim__member_has_lost_it),
	OWNER(mx_owner_answer__roster_outnumbered),
	OWNER(mx_owner_answer__roster_endless),
	OWNER(mx_owner_roster__strangers),
	OWNER(mx_owner_roster__nonsense),
	OWNER(mx_owner_stop__any_time),
	OWNER(mx_owner_stop__twice),
	OWNER(mx_owner_entry__nonsense),
	OWNER(mx_owner_entry__strangers),
	OWNER(mx_owner_answer__list_endless),
	OWNER(mx_owner_answer__epochs),
	OWNER(mx_owner_answer__last_epoch),
	OWNER(mx_owner_answer__any_status),
	OWNER(mx_owner_answer__any_error),
	OWNER(mx_owner_words__all),
};

int main(void)
{
	return MXT_RUN(tests);
}
