// SPDX-License-Identifier: GPL-2.0
/*
 * What a share of the seeds has beside what all have: nodes of the first
 * version, servers that answer nonsense, and what is rare otherwise. It is drawn
 * from a stream of its own, so that the other seeds stay what they are.
 */
#include "cluster.h"

enum {
	SHARE	= 4,	/* one seed in so many */
	STRIKES	= 12,	/* in such a seed at most */
};

u64 cl_odd_below(struct sim *s, u64 n)
{
	return sim_below_of(s, &cl_of(s)->odd.rng, n);
}

/* Whether the seed is of this kind, and the dice say so. */
bool cl_odd(struct sim *s, u32 kind, u32 per_100000)
{
	return cl_of(s)->odd.kinds & BIT(kind) &&
	       cl_odd_below(s, 100000) < per_100000;
}

static struct cl_server *any_server(struct sim *s, u8 *node)
{
	*node = SIM_CLIENTS + cl_odd_below(s, s->ns);
	return &cl_of(s)->server[*node - SIM_CLIENTS];
}

/* --- the plan ---------------------------------------------------------- */

static void plan_copies(struct sim *s, u8 servers, u8 least, u8 range)
{
	struct cl_sim *cs = cl_of(s);
	u32 i;

	s->ns = max(s->ns, servers);
	for (i = 0; i < cs->nvols; i++)
		cs->truth[i].copies = cl_copies ? cl_copies :
				      least + cl_odd_below(s, range);
}

/* Servers of the first version have single copies only. */
static void plan_old(struct sim *s)
{
	u32 i;

	plan_copies(s, 2, 1, 1);
	for (i = 0; i < s->ns; i++)
		if (i == cl_odd_below(s, s->ns) || cl_odd_below(s, 4) == 0) {
			cl_of(s)->server[i].old = true;
			s->node[SIM_CLIENTS + i].old = true;
		}
}

void cl_odd_plan(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 i, n;

	cs->odd.rng = s->seed * 0x9e3779b97f4a7c15ULL + 30;
	if (cl_odd_below(s, SHARE))
		return;
	for (i = 0; i < ODD_KINDS; i++)
		if (cl_odd_below(s, i < ODD_LATE ? 3 : 2) == 0)
			cs->odd.kinds |= BIT(i);
	/* It would not know whom to believe. */
	if (cs->odd.kinds & BIT(ODD_LIES))
		cs->odd.kinds &= ~BIT(ODD_PAST);
	if (cs->odd.kinds & BIT(ODD_OLD))
		plan_old(s);
	else if (cs->odd.kinds & BIT(ODD_LIES) && cs->odd.kinds & BIT(ODD_LEGS))
		plan_copies(s, 3, 1, 1);
	else if (cs->odd.kinds & BIT(ODD_RACK))
		plan_copies(s, 3, 3, 1);
	else if (cs->odd.kinds & (BIT(ODD_SILENCE) | BIT(ODD_LIES)))
		plan_copies(s, 3, 2, 2);
	/* One that has no room for all volumes. */
	if (cl_odd(s, ODD_FEW, 100000) && s->ns > 1)
		cs->server[cl_odd_below(s, s->ns)].most = cl_odd_below(s, CL_VOLS);
	for (i = 0; i < s->ns && cl_odd(s, ODD_LEASE, 100000); i++)
		cs->server[i].expiry = 8000 + cl_odd_below(s, 12000);
	for (i = 0, n = 2 + cl_odd_below(s, STRIKES); i < n; i++)
		sim_push(s, (struct event){
			.kind = EV_ODD, .at = cl_odd_below(s, s->end) });
	sim_trace(s, "an odd seed, kinds %x", cs->odd.kinds);
}

/* --- what strikes ------------------------------------------------------ */

static void cut(struct sim *s, u8 a, u8 b, u64 until)
{
	s->wire[a][b].cut = until;
	s->wire[b][a].cut = until;
}

static void forget_at(struct sim *s, u8 server, u8 client, u64 at)
{
	sim_push(s, (struct event){
		.kind = EV_FORGET_ALL, .a = server, .b = client, .at = at,
		.gen = s->node[server].inc });
}

/*
 * A client hears from no server for so long that they forget it, before it has
 * given up what it had asked for.
 */
static void silence(struct sim *s)
{
	u8 client = cl_odd_below(s, s->nc), i;
	u64 until = s->now + SEC(5) + cl_odd_below(s, SEC(6));

	sim_trace(s, "%u hears no server", client);
	for (i = SIM_CLIENTS; i < SIM_CLIENTS + s->ns; i++) {
		cut(s, client, i, until);
		if (cl_odd_below(s, 4))
			forget_at(s, i, client, until - 1);
	}
}

/*
 * Of three servers one goes away, one does not answer, and before long this one
 * and the third one restart together.
 */
static void rack(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 first = cl_odd_below(s, s->ns), i;
	u64 at = s->now + MS(1100) + cl_odd_below(s, MS(1400));

	if (s->ns < 3)
		return;
	sim_trace(s, "trouble of several servers, from %u on",
		  SIM_CLIENTS + first);
	node_bye(s, SIM_CLIENTS + first, s->now + SEC(6));
	cs->server[(first + 1) % s->ns].mute = s->now + SEC(6);
	for (i = 1; i < s->ns; i++)
		sim_push(s, (struct event){
			.kind = EV_CRASH, .at = at + cl_odd_below(s, MS(5)),
			.a = SIM_CLIENTS + (first + i) % s->ns });
}

/*
 * All servers but one restart, and that one is not heard, while somebody takes a
 * volume over: it knows a higher roster when it is back.
 */
static void lone(struct sim *s)
{
	u8 keep = SIM_CLIENTS + cl_odd_below(s, s->ns), i;
	u64 until = s->now + SEC(14) + cl_odd_below(s, SEC(4));

	if (s->ns < 2)
		return;
	sim_trace(s, "nobody but %u knows anything, and it is not heard", keep);
	for (i = 0; i < s->nc; i++)
		cut(s, i, keep, until);
	for (i = SIM_CLIENTS; i < SIM_CLIENTS + s->ns; i++)
		if (i != keep)
			sim_push(s, (struct event){
				.kind = EV_CRASH, .a = i,
				.at = s->now + cl_odd_below(s, MS(50)) });
	cl_of(s)->claimed_twice = true;
	sim_push(s, (struct event){
		.kind = EV_CLAIM, .a = cl_odd_below(s, s->nc),
		.b = cl_odd_below(s, cl_of(s)->nvols), .at = s->now + SEC(1) });
}

/* One server answers nonsense, or all do. */
static void lie(struct sim *s)
{
	u64 until = s->now + SEC(1) + cl_odd_below(s, SEC(10));
	bool all = cl_odd_below(s, 3) == 0, stubborn = all && cl_odd_below(s, 2);
	u32 rate = 1000 << cl_odd_below(s, 7), i;
	u8 node;

	any_server(s, &node);
	for (i = 0; i < s->ns; i++) {
		if (!all && i + SIM_CLIENTS != node)
			continue;
		cl_of(s)->server[i].lies = until;
		cl_of(s)->server[i].rate = rate;
		cl_of(s)->server[i].stubborn = stubborn;
	}
	/* What it says may fence or lose volumes, and both without reason. */
	cl_of(s)->odd.lied = true;
	cl_of(s)->claimed_twice = true;
	sim_trace(s, "server %u%s answers nonsense until %llu ms", node,
		  all ? ", as all do," : "", (unsigned long long)until / 1000000);
}

void cl_odd_strike(struct sim *s)
{
	u8 node;

	if (s->calm)
		return;
	if (cl_odd(s, ODD_SILENCE, 40000))
		silence(s);
	else if (cl_odd(s, ODD_RACK, 60000))
		rack(s);
	else if (cl_odd(s, ODD_TAKEN, 30000))
		lone(s);
	else if (cl_odd(s, ODD_BUSY, 50000))
		any_server(s, &node)->busy = s->now + cl_odd_below(s, SEC(6));
	else if (cl_odd(s, ODD_LIES, 100000))
		lie(s);
}

void cl_odd_event(struct sim *s, struct event *ev)
{
	switch (ev->kind) {
	case EV_ODD:
		cl_odd_strike(s);
		break;
	case EV_FORGET_ALL:
		if (s->node[ev->a].up && s->node[ev->a].inc == ev->gen)
			link_forget(s, ev->a, ev->b);
		break;
	case EV_CRASH:
		if (!s->calm)
			fault_crash(s, ev->a);
		break;
	}
}

/* --- what a server answers --------------------------------------------- */

/* One of the first version knows neither features nor generations. */
static bool too_new(const struct mx_ask *ask)
{
	return ask->flags & (MX_F_FEATURES | MX_F_TENTATIVE | MX_F_PLACE) ||
	       ask->gen || ask->op > MX_OP_STAT;
}

/*
 * No placement is taken, and none given back, so that there are more of these
 * than an operation has legs; and the volume is doubted for a while now and then.
 */
static int refuse_pages(struct sim *s, const struct cl_job *job)
{
	if (job->ask.op == MX_OP_DISCARD)
		return MX_ST_AGAIN;
	if (job->ask.op == MX_OP_WRITE &&
	    (job->ask.flags & MX_F_PLACE || cl_odd_below(s, 20) == 0))
		return MX_ST_INVAL;
	return -1;
}

static int nonsense(struct sim *s, struct cl_job *job)
{
	static const u8 what[] = {
		MX_ST_INVAL, MX_ST_INVAL, MX_ST_FULL, MX_ST_AGAIN, MX_ST_AGAIN,
		MX_ST_NOVOL, MX_ST_NOCHUNK, MX_ST_OLDGEN, MX_ST_STALE, MX_ST_HELD,
		200,
	};
	int status = what[cl_odd_below(s, ARRAY_SIZE(what))];
	bool roster = job->ask.op == MX_OP_ROSTER;

	switch (status) {
	case MX_ST_INVAL:
		/* Not to be taken for one of the first version. */
		if (job->ask.flags & MX_F_FEATURES)
			job->arg = MX_FEAT_KNOWN;
		break;
	case MX_ST_STALE:
		if (job->ask.flags & MX_F_FEATURES)
			job->arg = cl_odd_below(s, 8) ?
				job->slot->epoch + cl_odd_below(s, 3) : 0xffff0000;
		break;
	case MX_ST_OLDGEN:
		job->arg = (roster ? 1 : job->ask.gen) + cl_odd_below(s, 8);
		break;
	}
	return status;
}

/* Return: how late a worker is for a request, ns; 0: as others are. */
u64 cl_odd_late(struct sim *s, const struct cl_server *srv, const struct cl_job *job)
{
	if (s->calm || s->now >= srv->lies || !srv->stubborn ||
	    job->ask.op != MX_OP_OPEN)
		return 0;
	return cl_odd_below(s, SEC(1));
}

/* Return: what a server answers instead of doing it, or -1. */
int cl_odd_refuse(struct sim *s, u8 node, struct cl_job *job)
{
	struct cl_server *srv = &cl_of(s)->server[node - SIM_CLIENTS];

	job->arg = 0;
	if (srv->old && too_new(&job->ask))
		return MX_ST_INVAL;
	if (s->calm)
		return -1;
	if (s->now < srv->busy && cl_odd(s, ODD_BUSY, 30000))
		return MX_ST_AGAIN;
	if (s->now >= srv->lies)
		return -1;
	if (srv->stubborn)
		return refuse_pages(s, job);
	return cl_odd(s, ODD_LIES, srv->rate) ? nonsense(s, job) : -1;
}

static void lie_of_chunks(struct sim *s, struct cl_job *job)
{
	struct mx_listed l = { .index = CL_CHUNKS + 7, .gen = 1 };

	if (job->reply->len && cl_odd_below(s, 2))
		mx_listed_encode(&l, job->reply->data);
	else
		job->arg = CL_CHUNKS + 7;
}

/* What a server has found is told wrongly; @status is what it has answered. */
int cl_odd_twist(struct sim *s, u8 node, struct cl_job *job, int status)
{
	struct cl_server *srv = &cl_of(s)->server[node - SIM_CLIENTS];

	if (s->calm || s->now >= srv->lies || srv->stubborn ||
	    status != MX_ST_OK || !cl_odd(s, ODD_LIES, srv->rate))
		return status;
	switch (job->ask.op) {
	case MX_OP_READ:
		if (job->reply)
			pbuf_put(s, job->reply);
		job->reply = NULL;
		job->mask = 0;
		break;
	case MX_OP_LIST:
		lie_of_chunks(s, job);
		break;
	case MX_OP_ROSTER:
		if (job->reply)
			memset(job->reply->data, 0xff, 8);
		break;
	case MX_OP_WRITE:
		/* Members of a home would differ, with nobody to know. */
		return job->ask.flags & MX_F_PLACE ? MX_ST_INVAL : status;
	}
	return status;
}

/* SETGEN was executed; that gets lost, and the client has to ask again. */
void cl_odd_answered(struct sim *s, u8 node, const struct cl_job *job)
{
	if (s->calm || job->ask.op != MX_OP_SETGEN ||
	    !cl_odd(s, ODD_SILENCE, 5000))
		return;
	cut(s, node, job->who, s->now + MS(30));
	forget_at(s, node, job->who, s->now + MS(1));
}

/* --- claims that end in odd ways --------------------------------------- */

static u64 soon(struct sim *s)
{
	return s->now + cl_odd_below(s, cl_odd_below(s, 2) ? 8 * s->f.delay :
				     MS(1500));
}

static void end_claim(struct sim *s, u8 node, u8 vol, u32 how)
{
	struct cl_node *c = &cl_of(s)->client[node];
	struct cl_vol *v;

	if (!s->node[node].up || c->vol[vol])
		return;
	v = cl_vol_new(s, node, vol, false);
	if (!v)
		return;
	/* Some are not even begun. */
	if (how & 1)
		cl_vol_begin(v, how & 2);
	v->leaving = true;
	v->aborting = true;
	if (how & 1)
		run_to(s, soon(s), false);
	v = c->vol[vol];
	if (!v)
		return;
	if (how & 2)
		mx_owner_withdraw(&v->o);
	if (how & 4 || (v->o.state == MX_OWN_NONE && !(how & 8)))
		mx_owner_drop(&v->o, v->o.now + 4000);
	cl_run(v);
	run_to(s, s->now + cl_odd_below(s, 4 * s->f.delay), false);
	v = c->vol[vol];
	if (v && how & 8 && !v->nops) {
		mx_owner_park(&v->o);
		cl_run(v);
	}
	run_to(s, soon(s), false);
}

/*
 * A claim ends while a chunk is being placed on servers that do not answer, and
 * whoever was just sending that is not seen at once.
 */
static void end_placing(struct cl_vol *v)
{
	struct cl_vol **at = &cl_client(v)->vol[v->truth->no];
	struct sim *s = v->s;
	u32 i;

	if (v->leaving || v->o.state != MX_OWN_SERVING)
		return;
	cl_io_begin(v, MX_KIND_DISCARD, 0, v->chunk[0].c.pages);
	run_to(s, s->now + SEC(1), false);
	v = *at;
	if (!v || v->leaving)
		return;
	for (i = 0; i < s->ns; i++)
		cl_of(s)->server[i].mute = s->now + MS(1500);
	cl_io_begin(v, MX_KIND_WRITE, 0, 1);
	if (v->ops)
		v->ops->late = true;
	v->leaving = true;
	v->aborting = true;
	run_to(s, s->now + SEC(2), false);
}

static void end_all_placing(struct sim *s)
{
	struct cl_vol *v;
	u32 i;

	for (i = 0; i < SIM_CLIENTS * CL_VOLS && !s->failed; i++) {
		v = cl_of(s)->client[i / CL_VOLS].vol[i % CL_VOLS];
		if (v)
			end_placing(v);
	}
}

/* Somebody else claims the volume while a claim is proposed, early or late. */
static void rival(struct sim *s, u8 vol)
{
	u8 node = cl_odd_below(s, s->nc), other = (node + 1) % s->nc;
	struct cl_vol **at = &cl_of(s)->client[node].vol[vol];

	if (!cl_vol_new(s, node, vol, false))
		return;
	cl_vol_begin(*at, true);
	run_to(s, soon(s), false);
	cl_claim(s, other, vol, false);
	run_to(s, s->now + SEC(7), false);
	if (!*at || (*at)->leaving)
		return;
	(*at)->leaving = true;
	(*at)->aborting = true;
	mx_owner_withdraw(&(*at)->o);
	cl_run(*at);
}

/* Of volumes that will be deleted anyway. */
void cl_odd_ends(struct sim *s)
{
	u32 i, n;

	if (cl_of(s)->odd.kinds & BIT(ODD_LATE))
		end_all_placing(s);
	if (!(cl_of(s)->odd.kinds & BIT(ODD_ENDS)))
		return;
	for (i = 0; i < 2 && s->nc > 1 && !s->failed; i++)
		rival(s, cl_odd_below(s, cl_of(s)->nvols));
	for (i = 0, n = 1 + cl_odd_below(s, 8); i < n && !s->failed; i++)
		end_claim(s, cl_odd_below(s, s->nc),
			  cl_odd_below(s, cl_of(s)->nvols), cl_odd_below(s, 16));
}

/*
 * Nobody who has not made a volume on a server of the first version can have it
 * forgotten there: an admin starts it anew.
 */
void cl_odd_over(struct sim *s)
{
	u32 i;

	for (i = 0; i < s->ns && !s->failed; i++)
		if (cl_of(s)->server[i].old && s->node[SIM_CLIENTS + i].up) {
			node_crash(s, SIM_CLIENTS + i, true);
			node_start(s, SIM_CLIENTS + i);
		}
}
