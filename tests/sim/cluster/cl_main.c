// SPDX-License-Identifier: GPL-2.0
/*
 * The run that tries the cluster: what happens, and what has to be so at the
 * end. build/sim/sim-cluster [--seeds N] [--start S] [--coverage |
 * --covered], or --seed S.
 */
#include "cluster.h"

enum { CALM_S = 90 };	/* in which something must go on once faults have ended */

u8 cl_copies;
static bool show_coverage, want_coverage;

static void begin(struct sim *s, u8 node)
{
	if (is_server(node))
		cl_server_start(s, node);
	else
		cl_client_start(s, node);
}

static void end(struct sim *s, u8 node)
{
	if (!is_server(node))
		cl_client_stop(s, node);
	else if (cl_of(s)->server[node - SIM_CLIENTS].serving)
		cl_server_stop(s, node);
}

static void claim(struct sim *s, struct event *ev)
{
	/* The hand-over was clean only if nobody has claimed it in between. */
	cl_claim(s, ev->a, ev->b,
		 ev->n && ev->n == cl_of(s)->truth[ev->b].claims);
}

static void happen(struct sim *s, struct event *ev, bool mine)
{
	if (ev->kind == EV_ODD || ev->kind == EV_FORGET_ALL || ev->kind == EV_CRASH) {
		cl_odd_event(s, ev);
		return;
	}
	if (ev->kind == EV_BOOK) {
		cl_book_event(s, ev);
		return;
	}
	/* A claim may be begun by whoever is there. */
	if (ev->kind == EV_CLAIM && !ev->gen)
		mine = s->node[ev->a].up;
	if (!mine)
		return;
	switch (ev->kind) {
	case EV_IO:
		cl_io_next(s, ev->a, ev->b, ev->n);
		break;
	case EV_TICK:
		cl_client_tick(s, ev->a);
		break;
	case EV_JOB:
		cl_server_job(s, ev->a, ev->n);
		break;
	case EV_LEASE:
		cl_server_lease(s, ev->a);
		break;
	case EV_WAKE:
		cl_op_wake(s, ev->a, ev->b, ev->n);
		break;
	case EV_CLAIM:
		claim(s, ev);
		break;
	case EV_COMMIT:
		cl_commit(s, ev->a, ev->b, ev->n);
		break;
	case EV_PAST:
		cl_past_next(s);
		break;
	default:
		cl_mend(s, ev);
		break;
	}
}

static bool waits(u8 kind)
{
	return kind == EV_TICK || kind == EV_JOB || kind == EV_WAKE ||
	       kind == EV_CLAIM || kind == EV_COMMIT || kind == EV_PAST ||
	       kind == EV_LEASE;
}

static bool serves(struct sim *s, u8 node)
{
	return is_server(node);
}

static bool listens(struct sim *s, u8 node)
{
	return is_server(node) && cl_of(s)->server[node - SIM_CLIENTS].serving;
}

static void advert(struct sim *s, u8 node, u8 *head)
{
	struct mx_ad ad = { .roles = MX_ROLE_CLIENT };
	const struct cl_server *srv;

	if (is_server(node)) {
		srv = &cl_of(s)->server[node - SIM_CLIENTS];
		if (!srv->serving)
			return;
		ad.roles = MX_ROLE_SERVER;
		ad.capacity = srv->st.quota.capacity;
		ad.free = mx_quota_free(&srv->st.quota);
		ad.used = srv->st.quota.used;
	}
	mx_ad_encode(&ad, head);
}

static void orphans(struct link *l)
{
	cl_server_orphans(l);
}

/* I/Os to be begun count as under way: a seed has all that it should. */
static u32 work_open(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 open = cs->quota - min(cs->quota, cs->begun);
	u8 i, k;

	for (i = 0; i < SIM_CLIENTS; i++)
		for (k = 0; k < CL_VOLS; k++)
			if (cs->client[i].vol[k])
				open += cs->client[i].vol[k]->ios;
	return open;
}

static void hangs(struct sim *s, u32 seconds)
{
	struct cl_sim *cs = cl_of(s);
	struct cl_op *co;
	u8 i, k;

	for (i = 0; i < SIM_CLIENTS; i++)
		for (k = 0; k < CL_VOLS; k++) {
			struct cl_vol *v = cs->client[i].vol[k];

			for (co = v ? v->ops : NULL; co; co = co->next)
				if (co->io)
					sim_fail(s, "%u/%u io %u page %u phase %u where %u hangs: none has ended for %u s; claim %s",
						 i, k, co->op.kind, co->page,
						 co->op.phase, co->op.where,
						 seconds,
						 mx_owner_state_name(v->o.state));
		}
	for (i = 0; i < SIM_CLIENTS; i++)
		for (k = 0; k < CL_VOLS; k++)
			if (cs->client[i].vol[k])
				sim_trace(s, "%u/%u claim %u is %s, leaving %u, operations %u",
					  i, k, cs->client[i].vol[k]->no,
					  mx_owner_state_name(cs->client[i].vol[k]->o.state),
					  cs->client[i].vol[k]->leaving,
					  cs->client[i].vol[k]->nops);
	for (k = 0; k < cs->nvols; k++)
		sim_fail(s, "%u I/Os are not begun after %u s; keeper %u has %s",
			 cs->quota - cs->begun, seconds, cs->truth[k].keeper,
			 cs->client[cs->truth[k].keeper].vol[k] ?
			 mx_owner_state_name(cs->client[cs->truth[k].keeper].vol[k]->o.state) :
			 "no claim");
}

static void tell_ops(struct cl_vol *v)
{
	struct cl_op *co;
	u32 i;

	for (co = v->ops; co; co = co->next)
		for (i = 0; i < MX_COPIES_MAX; i++)
			if (co->op.leg[i].state)
				sim_trace(v->s, "op %u chunk %u phase %u where %u: leg %u to %u asks %u, state %u verdict %u busy %u",
					  co->op.kind, co->chunk, co->op.phase,
					  co->op.where, i, co->op.leg[i].server,
					  co->op.leg[i].ask, co->op.leg[i].state,
					  co->op.leg[i].verdict, co->leg[i].busy);
}

static bool ranks_above(const struct cl_vol *a, const struct cl_vol *b)
{
	return a->o.epoch != b->o.epoch ? a->o.epoch > b->o.epoch :
					  a->node > b->node;
}

/* Has a claim that is gone by now, or a lie, taken servers away from it? */
static bool half_fenced(const struct cl_vol *v)
{
	u8 i;

	for (i = 0; i < CL_MEMBERS; i++)
		if (v->o.srv[i].state == MX_OSRV_FENCED)
			return v->o.state == MX_OWN_SERVING ||
			       (v->o.state == MX_OWN_CLAIMING &&
				cl_of(v->s)->odd.lied);
	return false;
}

/* The claim on a volume that serves, or will. Return: NULL if there is none */
static struct cl_vol *newest(struct cl_sim *cs, u8 vol)
{
	struct cl_vol *found = NULL;
	u8 i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		struct cl_vol *v = cs->client[i].vol[vol];

		if (v && !v->leaving && (!found || ranks_above(v, found)))
			found = v;
	}
	return found;
}

static bool any_claim(const struct cl_sim *cs)
{
	u32 k;

	for (k = 0; k < SIM_CLIENTS * CL_VOLS; k++)
		if (cs->client[k / CL_VOLS].vol[k % CL_VOLS])
			return true;
	return false;
}

/* All that is not begun yet is possible now: each volume has an owner. */
static void mend_all(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 i;

	for (i = 0; i < SIM_SERVERS; i++) {
		cs->server[i].mute = 0;
		cs->server[i].dry = 0;
		cs->server[i].poor = 0;
		if (cs->server[i].serving)
			cs->server[i].st.state = MX_STORE_RUNNING;
		cl_server_wake(s, SIM_CLIENTS + i);
	}
	if (s->node[CL_TWIN].up)
		node_crash(s, CL_TWIN, false);
}

/* Looks after owners until all volumes have one, and ends the old ones. */
static void owners(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 i, k;

	for (k = 0; k < cs->nvols; k++) {
		struct cl_vol *v = newest(cs, k);

		for (i = 0; i < s->nc; i++)
			if (cs->client[i].vol[k] &&
			    (cs->client[i].vol[k] != v || half_fenced(v) ||
			     (v->seq && !cl_vol_newest(v))))
				cl_vol_park(cs->client[i].vol[k]);
		for (i = 0; i < s->nc && !v; i++)
			if (s->node[i].up && !cs->client[i].vol[k]) {
				cs->claimed_twice = true;
				cl_claim(s, i, k, false);
				break;
			}
	}
}

static bool all_serving(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	struct cl_vol *v;
	u8 k;

	for (k = 0; k < cs->nvols; k++) {
		v = newest(cs, k);
		if (!v || !cl_vol_newest(v) || v->o.state != MX_OWN_SERVING)
			return false;
	}
	return true;
}

/* Does some server have the only thing that a page can hold? */
static bool is_there(struct sim *s, u8 vol, u32 page, u64 value)
{
	struct cl_sim *cs = cl_of(s);
	u32 at = page / CL_CHUNK, gen = cs->truth[vol].gen[at], i, k;
	bool there = false;

	for (i = 0; i < SIM_SERVERS; i++)
		for (k = 0; k < CL_SVOLS; k++) {
			struct cl_svol *v = &cs->server[i].vol[k];
			struct cl_chunk *c = v->chunk[at];

			if (!s->node[SIM_CLIENTS + i].up || cs->server[i].old ||
			    v->id != cs->truth[vol].id || !c ||
			    c->c.state != MX_SC_LIVE || c->c.gen < gen)
				continue;
			there |= c->page[page % CL_CHUNK] == value;
		}
	return there;
}

/* What is there has to be read, and everything else is an error. */
static void read_back(struct sim *s, struct cl_vol *v)
{
	u64 value = 0;
	u32 i, at;

	for (i = 0; i < v->truth->nchunks; i++)
		for (at = 0; at < CL_HOT && !s->failed; at++) {
			u32 page = i * CL_CHUNK + at;
			bool only = model_only(&v->truth->model, page, &value);

			/*
			 * Of two owners none knows what the other has freed; and
			 * who said that it has not, is believed.
			 */
			only &= !v->truth->forked && !cl_of(s)->odd.lied;
			only &= value && is_there(s, v->truth->no, page, value);
			cl_io_begin(v, MX_KIND_READ, page, 1);
			run_idle(s);
			/* A later claim may have come and gone. */
			if (v->last_err == -ESTALE && v->truth->claims > v->no)
				continue;
			if (only && !s->failed && v->last_err)
				sim_fail(s, "%u/%u page %u is there, and cannot be read: %d",
					 v->node, v->truth->no, page, v->last_err);
		}
}

static u64 moment(struct sim *s)
{
	return s->now + sim_below(s, sim_chance(s, 50000) ? 8 * s->f.delay :
				  SEC(2));
}

/*
 * A claim on a volume that will be deleted anyway, which ends at any moment, in
 * any way.
 */
static void odd_end(struct sim *s, u8 node, u8 vol)
{
	struct cl_sim *cs = cl_of(s);
	u8 srv = SIM_CLIENTS + sim_below(s, s->ns);
	struct cl_vol *v;
	u32 dice, i;

	cl_claim(s, node, vol, sim_chance(s, 30000));
	v = cs->client[node].vol[vol];
	for (i = 0; i < 2 && v && !s->failed; i++) {
		run_to(s, sim_chance(s, 20000) ? s->now : moment(s), false);
		v = cs->client[node].vol[vol];
		if (!v)
			break;
		dice = sim_below(s, 8);
		if (v->leaving)
			break;
		v->leaving = dice != 5;
		v->aborting = v->leaving;
		v->dropping = dice < 4;
		if (dice == 0 && s->node[srv].up)
			node_crash(s, srv, false);
		else if (dice == 1)
			cs->server[srv - SIM_CLIENTS].mute = s->now + SEC(3);
		if (dice < 4 && (!v->nops || dice == 2))
			mx_owner_drop(&v->o, dice == 3 ? v->o.now + 1 : 0);
		else if (dice == 4)
			mx_owner_withdraw(&v->o);
		else if (dice == 5)
			mx_owner_accept(&v->o);
		else if (dice == 6 && !v->nops)
			mx_owner_park(&v->o);
		cl_run(v);
	}
	run_to(s, moment(s), false);
	if (!s->node[srv].up)
		node_start(s, srv);
}

static void odd_ends(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 i, n = sim_below(s, 5);

	cs->claimed_twice = true;
	for (i = 0; i < n && !s->failed; i++)
		odd_end(s, sim_below(s, s->nc), sim_below(s, cs->nvols));
	for (i = 0; i < CL_SERVERS; i++)
		cs->server[i].mute = 0;
	for (i = 0; i < cs->nvols; i++)
		model_forget(&cs->truth[i].model);
}

static bool all_empty(struct sim *s)
{
	u32 i;

	for (i = 0; i < s->ns; i++)
		if (!cl_server_empty(s, SIM_CLIENTS + i))
			return false;
	return true;
}

static bool is_known(struct sim *s, u8 vol)
{
	struct cl_sim *cs = cl_of(s);
	u32 i, k;

	for (i = 0; i < s->ns; i++)
		for (k = 0; k < CL_SVOLS; k++)
			if (cs->server[i].vol[k].id == cs->truth[vol].id)
				return true;
	return false;
}

/* The claim in force lets servers forget a volume; if there is none, one is made. */
static void drop_one(struct sim *s, u8 vol)
{
	struct cl_sim *cs = cl_of(s);
	struct cl_vol *v = newest(cs, vol);
	bool any = false;
	u8 i;

	for (i = 0; i < s->nc; i++) {
		any |= !!cs->client[i].vol[vol];
		if (cs->client[i].vol[vol] && cs->client[i].vol[vol] != v &&
		    !cs->client[i].vol[vol]->dropping)
			cl_vol_park(cs->client[i].vol[vol]);
	}
	/* A take-over that does not come to serve forgets what it has made only. */
	if (v && v->o.state == MX_OWN_WAITING) {
		mx_owner_accept(&v->o);
		cl_run(v);
	} else if (v && v->o.state == MX_OWN_SERVING && half_fenced(v)) {
		cl_vol_park(v);
	} else if (v && v->o.state == MX_OWN_SERVING) {
		v->leaving = true;
		v->aborting = true;
		v->dropping = true;
	} else if (v && !is_known(s, vol)) {
		cl_vol_park(v);
	} else if (!any && is_known(s, vol)) {
		for (i = 0; i < s->nc && !newest(cs, vol); i++)
			cl_claim(s, i, vol, false);
	}
}

/* The volumes are deleted: nothing of them may be left anywhere. */
static void drop_all(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	struct cl_vol *v;
	u32 i, k;

	for (i = 0; i < CALM_S && !s->failed; i++) {
		for (k = 0; k < cs->nvols; k++)
			drop_one(s, k);
		run_to(s, s->now + SEC(1), false);
		if (all_empty(s) && !any_claim(cs))
			return;
	}
	for (k = 0; k < SIM_CLIENTS * CL_VOLS && !s->failed; k++) {
		v = cs->client[k / CL_VOLS].vol[k % CL_VOLS];
		if (v)
			tell_ops(v);
		if (v)
			sim_fail(s, "%u/%u does not end: %s, %u operations",
				 v->node, v->truth->no,
				 mx_owner_state_name(v->o.state), v->nops);
	}
	for (i = 0; i < s->ns && !s->failed; i++)
		if (!cl_server_empty(s, SIM_CLIENTS + i))
			sim_fail(s, "%u has something of volumes that were deleted",
				 SIM_CLIENTS + i);
}

static void expect_idle(struct sim *s)
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES && !s->failed; k++) {
			struct link *l = s->node[i].link[k];

			if (l && l->peer && (l->peer->req.inflight || l->peer->req.nwaiting))
				sim_fail(s, "%u>%u: calls are left over", i, k);
		}
}

/* Until all I/Os have been begun and have ended, by owners that serve. */
static void work_off(struct sim *s)
{
	u32 open = work_open(s), idle = 0;

	while (!s->failed && (work_open(s) || !all_serving(s))) {
		owners(s);
		run_to(s, s->now + SEC(2), false);
		idle = work_open(s) == open ? idle + 2 : 0;
		open = work_open(s);
		if (idle > CALM_S)
			hangs(s, idle);
	}
}

static void settle(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 i;

	mend_all(s);
	work_off(s);
	/* Who was taken for another one is believed again. */
	if (!s->failed)
		run_to(s, s->now + SEC(8), false);
	for (i = 0; i < cs->nvols && !s->failed; i++)
		if (newest(cs, i))
			read_back(s, newest(cs, i));
	for (i = 0; i < s->ns && !s->failed; i++)
		cl_server_check(s, SIM_CLIENTS + i);
	if (!s->failed)
		cl_book_end(s);
	if (!s->failed)
		odd_ends(s);
	if (!s->failed)
		cl_odd_ends(s);
	cl_past_end(s);
	cl_odd_over(s);
	if (!s->failed)
		drop_all(s);
	if (!s->failed)
		run_to(s, s->now + SEC(3), false);
	expect_idle(s);
}

static void free_all(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 i;

	for (i = 0; i < cs->nvols; i++)
		model_free(&cs->truth[i].model);
	free(cs->done);
	if (s->failed)
		return;
	if (cs->ops)
		sim_fail(s, "%ld operations are left over", cs->ops);
	if (cs->begun < CL_OPS || cs->faults < CL_FAULTS)
		sim_fail(s, "a seed has %u operations and %u faults", cs->begun,
			 cs->faults);
}

static bool option(const char *word)
{
	if (!strcmp(word, "--coverage"))
		show_coverage = true;
	else if (!strcmp(word, "--covered"))
		want_coverage = true;
	else if (!strcmp(word, "--copies=1"))
		cl_copies = 1;
	else
		return false;
	return true;
}

#ifdef MX_COVERAGE
extern struct mx_cover __start_mx_cover[], __stop_mx_cover[];

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mx_cover *)a)->name,
		      ((const struct mx_cover *)b)->name);
}

/* Each arrow and how often it was taken, or those that never were. */
static bool report(void)
{
	u32 n = __stop_mx_cover - __start_mx_cover, i, arrows = 0, never = 0;
	unsigned long count = 0;

	if (!show_coverage && !want_coverage)
		return true;
	qsort(__start_mx_cover, n, sizeof(struct mx_cover), by_name);
	for (i = 0; i < n; i++) {
		count += __start_mx_cover[i].count;
		/* One that stands in several places is one. */
		if (i + 1 < n && !by_name(&__start_mx_cover[i],
					  &__start_mx_cover[i + 1]))
			continue;
		if (show_coverage || !count)
			printf("%12lu %s\n", count, __start_mx_cover[i].name);
		arrows++;
		never += !count;
		count = 0;
	}
	printf("%u arrows, %u of them never taken\n", arrows, never);
	return !never;
}
#else
static bool report(void)
{
	if (show_coverage || want_coverage)
		printf("not built to count arrows\n");
	return true;
}
#endif

static const struct run_ops cluster_run = {
	.name = "sim-cluster",
	.past = "tests/sim/seeds-cluster.txt",
	.size = sizeof(struct cl_sim),
	.nodes = SIM_NODES,
	.plan = cl_plan,
	.begin = begin,
	.end = end,
	.event = happen,
	.waits = waits,
	.serves = serves,
	.news = cl_client_news,
	.done = cl_done,
	.deliver = cl_server_deliver,
	.orphans = orphans,
	.forget = cl_server_forget,
	.strike = cl_strike,
	.open = work_open,
	.hangs = hangs,
	.settle = settle,
	.free = free_all,
	.light = true,
	.advert = advert,
	.heard = cl_client_heard,
	.cut = cl_client_cut,
	.listens = listens,
	.usage = " [--coverage | --covered] [--copies=1]",
	.option = option,
	.report = report,
};

int main(int argc, char **argv)
{
	return kit_main(&cluster_run, argc, argv);
}
