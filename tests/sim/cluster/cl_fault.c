// SPDX-License-Identifier: GPL-2.0
/*
 * Misfortune of the cluster: what a seed brings, and what strikes during it
 * beside what the kit has.
 */
#include "cluster.h"

static void plan_nodes(struct sim *s)
{
	static const u32 mtus[] = { 1500, 9000, 9000, 65535, 65535, 65535 };
	u32 mtu = mtus[sim_below(s, ARRAY_SIZE(mtus))];
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++) {
		s->node[i].mtu = mtu;
		s->node[i].grant = sim_chance(s, 20000) ? 8 << sim_below(s, 4) : 256;
		s->node[i].budget = sim_chance(s, 10000) ? 8 : 256;
		for (k = 0; k < SIM_NODES; k++)
			s->wire[i][k].mtu = 65535;
	}
}

static void plan_volumes(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 i;

	cs->nvols = 1 + sim_below(s, CL_VOLS);
	for (i = 0; i < cs->nvols; i++) {
		struct cl_truth *t = &cs->truth[i];

		t->no = i;
		t->id = 0x7000000000000000ULL + (sim_draw(s) >> 8 << 4) + i;
		snprintf(t->name, sizeof(t->name), "vol%u", i);
		t->nchunks = 1 + sim_below(s, CL_CHUNKS);
		t->pages = t->nchunks * CL_CHUNK - sim_below(s, CL_CHUNK - CL_HOT);
		t->copies = cl_copies ? cl_copies : sim_chance(s, 50000) ? 1 :
			    1 + sim_below(s, min_t(u32, s->ns, MX_COPIES_MAX));
		t->keeper = sim_below(s, s->nc);
		model_init(&t->model, t->nchunks * CL_CHUNK);
	}
}

static void plan_servers(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	bool tight = sim_chance(s, 30000);
	u8 i;

	for (i = 0; i < SIM_SERVERS; i++)
		cs->server[i].capacity = tight ?
			sim_below(s, 8) * CL_CHUNK + sim_below(s, CL_CHUNK) :
			100 * CL_CHUNK;
}

void cl_plan(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	struct faults *f = &s->f;

	s->nc = 1 + sim_below(s, SIM_CLIENTS);
	s->ns = 1 + sim_below(s, CL_SERVERS);
	s->end = SEC(15) + sim_below(s, SEC(45));
	f->delay = US(10) + sim_below(s, sim_chance(s, 80000) ? US(200) : MS(5));
	f->loss = draw_rate(s, sim_chance(s, 10000) ? 10000 : 1000);
	f->dup = draw_rate(s, 2000);
	f->reorder = draw_rate(s, 5000);
	f->corrupt = draw_rate(s, 500);
	f->spike = draw_rate(s, 100);
	f->events = CL_FAULTS + sim_below(s, sim_chance(s, 70000) ? 10 : 30);
	cs->quota = CL_OPS + sim_below(s, 500);
	cs->slow = draw_rate(s, 50000);
	cs->refuse = draw_rate(s, 2000);
	plan_nodes(s);
	plan_volumes(s);
	plan_servers(s);
	fault_events(s);
	cl_odd_plan(s);
	cl_book_plan(s);
}

static u8 draw_server(struct sim *s)
{
	return SIM_CLIENTS + sim_below(s, s->ns);
}

static u64 draw_time(struct sim *s)
{
	static const u32 ms[] = { 300, 2000, 6000, 20000 };

	return sim_below(s, MS(ms[sim_below(s, ARRAY_SIZE(ms))]));
}

static void iface(struct sim *s)
{
	u8 node = draw_node(s);

	node_bye(s, node, s->now + draw_time(s));
}

/* A server that stops and starts again within one life of its machine. */
static void stop_server(struct sim *s)
{
	u8 node = draw_server(s);
	struct cl_server *srv = &cl_of(s)->server[node - SIM_CLIENTS];

	if (!s->node[node].up || !srv->serving)
		return;
	sim_trace(s, "server %u stops", node);
	node_bye(s, node, s->now);
	cl_server_stop(s, node);
	sim_push(s, (struct event){
		.kind = EV_RESUME, .a = node,
		.at = s->now + sim_below(s, sim_chance(s, 50000) ? MS(50) : SEC(3)),
		.gen = s->node[node].inc });
}

static void trouble(struct sim *s, u32 which)
{
	u8 node = draw_server(s);
	struct cl_server *srv = &cl_of(s)->server[node - SIM_CLIENTS];
	u64 until = s->now + draw_time(s);

	sim_trace(s, "server %u is in trouble of kind %u until %llu ms", node,
		  which, (unsigned long long)(until / 1000000));
	if (which == 0)
		srv->mute = until;
	else if (which == 1)
		srv->dry = until;
	else if (which == 2)
		srv->poor = until;
	else
		srv->st.state = srv->st.state == MX_STORE_RUNNING ?
				MX_STORE_DRAINING : MX_STORE_RUNNING;
}

static void second_claim(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 vol = sim_below(s, cs->nvols), node = sim_below(s, s->nc);

	cs->claimed_twice = true;
	cl_claim(s, node, vol, false);
}

/* An owner that is cut off, or stands still, while another one takes over. */
static void old_owner(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 vol = sim_below(s, cs->nvols), old = cs->truth[vol].keeper, i;
	u64 until = s->now + sim_below(s, SEC(20));

	if (s->nc < 2)
		return;
	if (sim_chance(s, 50000))
		s->node[old].resume = until;
	for (i = SIM_CLIENTS; i < SIM_CLIENTS + s->ns; i++)
		if (sim_chance(s, 60000)) {
			s->wire[old][i].cut = until;
			s->wire[i][old].cut = until;
		}
	sim_trace(s, "owner %u is cut off", old);
	cs->claimed_twice = true;
	sim_push(s, (struct event){
		.kind = EV_CLAIM, .a = (old + 1 + sim_below(s, s->nc - 1)) % s->nc,
		.b = vol, .at = s->now + sim_below(s, SEC(5)) });
}

/* A volume goes to another client, or comes back to the same one. */
static void hand_over(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 vol = sim_below(s, cs->nvols), old = cs->truth[vol].keeper;
	struct cl_vol *v = cs->client[old].vol[vol];

	if (v && cl_vol_newest(v) && !v->leaving) {
		v->leaving = true;
		v->handing = true;
	}
}

static void twin(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u8 of = draw_server(s), i;

	/* With one server nobody else could tell that there was a twin. */
	if (s->node[CL_TWIN].up || s->ns < 2)
		return;
	for (i = 0; i < cs->nvols && !s->twins; i++)
		cs->truth[i].twinned = model_now(&cs->truth[i].model);
	node_twin(s, CL_TWIN, of);
	sim_push(s, (struct event){
		.kind = EV_TWIN, .a = CL_TWIN, .at = s->now + draw_time(s) / 2,
		.gen = s->node[CL_TWIN].inc });
}

void cl_strike(struct sim *s)
{
	u32 dice = sim_below(s, 100);

	cl_of(s)->faults++;
	if (dice < 40)
		fault_strike(s, FAULT_KINDS);
	else if (dice < 52)
		iface(s);
	else if (dice < 60)
		stop_server(s);
	else if (dice < 76)
		trouble(s, sim_below(s, 4));
	else if (dice < 82)
		second_claim(s);
	else if (dice < 88)
		old_owner(s);
	else if (dice < 94)
		hand_over(s);
	else
		twin(s);
}

/* What has been broken is whole again. */
void cl_mend(struct sim *s, struct event *ev)
{
	switch (ev->kind) {
	case EV_RESUME:
		if (cl_of(s)->server[ev->a - SIM_CLIENTS].serving)
			break;
		cl_server_start(s, ev->a);
		node_tell(s, ev->a);
		break;
	case EV_TWIN:
		node_crash(s, ev->a, sim_chance(s, 30000));
		break;
	}
}
