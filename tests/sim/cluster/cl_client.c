// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated client: whom it knows, the claims that it has, and what its tick
 * does for them.
 */
#include "cluster.h"

static struct cl_node *node_of(struct sim *s, u8 node)
{
	return &cl_of(s)->client[node];
}

/* Until nothing is left to be done; called again from within, it comes back. */
void cl_run(struct cl_vol *v)
{
	bool any;
	u32 i;

	v->again = true;
	if (v->running)
		return;
	v->running = true;
	while (v->again && !v->s->failed) {
		v->again = false;
		any = cl_owner_run(v);
		any |= cl_book_run(v);
		for (i = 0; i < v->truth->nchunks; i++)
			any |= cl_op_run(v, i);
		v->again |= any;
	}
	v->running = false;
}

/* The payload was the engine's while the call was under way. */
void cl_done(struct link *l, struct rmp_call *call)
{
	struct cl_call *nc = container_of(call, struct cl_call, call);

	if (call->buf)
		pbuf_put(l->s, call->buf);
	call->buf = NULL;
	nc->done(nc);
}

void cl_reply_free(struct sim *s, struct cl_call *nc)
{
	if (!nc->call.status)
		asm_free(s, &nc->call.reply);
}

static void run_all(struct sim *s, u8 node)
{
	struct cl_node *c = node_of(s, node);
	u8 i;

	for (i = 0; i < CL_VOLS; i++)
		if (c->vol[i]) {
			cl_owner_servers(c->vol[i]);
			cl_run(c->vol[i]);
		}
}

/* --- servers that it knows --------------------------------------------- */

static u64 link_node(const struct link *l)
{
	return node_id(l->s, l->other);
}

void cl_client_heard(struct link *l, const struct rmp_info *info)
{
	struct cl_node *c;
	u32 events = 0;
	struct mx_ad ad;
	int i;

	if (is_server(l->self) || info->inc != l->peer->ses.inc)
		return;
	c = node_of(l->s, l->self);
	if (info->type == RMP_T_BYE) {
		i = mx_member_find(&c->members, link_node(l));
		if (i >= 0 && mx_member_gone(&c->members.m[i]))
			run_all(l->s, l->self);
		return;
	}
	i = mx_member_find(&c->members, link_node(l));
	if (i >= 0)
		c->heard[i] = l->s->now;
	if (rmp_is_session(info->type) || info->type == RMP_T_RESET ||
	    mx_ad_decode(info->head, &ad) || !ad.roles)
		return;
	i = mx_member_advert(&c->members, link_node(l), info->inc, &ad, &events);
	if (i < 0)
		return;
	c->heard[i] = l->s->now;
	if (events)
		run_all(l->s, l->self);
}

void cl_client_news(struct link *l, u32 events)
{
	struct cl_node *c;
	int i;

	if (is_server(l->self) || !(events & RMP_EV_RESTARTED))
		return;
	c = node_of(l->s, l->self);
	i = mx_member_find(&c->members, link_node(l));
	if (i >= 0 && mx_member_restart(&c->members.m[i], l->peer->ses.inc))
		run_all(l->s, l->self);
}

/* Our own interface is down: that says nothing about the servers. */
void cl_client_cut(struct link *l)
{
	struct cl_node *c;
	int i;

	if (is_server(l->self))
		return;
	c = node_of(l->s, l->self);
	i = mx_member_find(&c->members, link_node(l));
	if (i >= 0 && mx_member_cut(&c->members.m[i]))
		run_all(l->s, l->self);
}

/* --- claims ------------------------------------------------------------ */

static void vol_newest(struct cl_vol *v)
{
	v->truth->top = (struct cl_claim){ .epoch = v->o.epoch,
					   .node = node_id(v->s, v->node) };
	v->seq = ++v->truth->seq;
}

/*
 * A claim begins to serve. It is the newest one but if it has been overtaken
 * meanwhile; on servers that have lost the volume, epochs may begin anew. One
 * that goes on without proof is, as somebody says so who knows that all others
 * are over.
 */
void cl_vol_serves(struct cl_vol *v)
{
	struct cl_truth *t = v->truth;
	struct cl_claim c = { .epoch = v->o.epoch,
			      .node = node_id(v->s, v->node) };

	if (v->seq)
		return;
	/* It was told that the volume is new, by servers that have lost it. */
	if (!v->o.accepted && cl_claim_below(&c, &t->top) &&
	    cl_server_knows(v->s, t->id, &t->top))
		v->outlaw = true;
	else
		vol_newest(v);
}

bool cl_vol_newest(const struct cl_vol *v)
{
	return v->seq && v->seq == v->truth->seq;
}

static void vol_free(struct cl_vol *v)
{
	cl_client(v)->vol[v->truth->no] = NULL;
	free(v);
}

/* Who has restarted claims what was handed over meanwhile, for one. */
static bool claimed(struct sim *s, u8 no)
{
	u8 i;

	for (i = 0; i < SIM_CLIENTS; i++)
		if (node_of(s, i)->vol[no])
			return true;
	return false;
}

/* Nobody else can know a fresh id before its claim has been accepted. */
static bool fresh_claim(struct sim *s, u8 no)
{
	u8 i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		struct cl_vol *v = node_of(s, i)->vol[no];

		if (v && v->no == 1 && !v->truth->seq)
			return true;
	}
	return false;
}

/* Return: a claim that is not begun yet, or NULL if there can be none. */
struct cl_vol *cl_vol_new(struct sim *s, u8 node, u8 no, bool clean)
{
	struct cl_node *c = node_of(s, node);
	struct cl_truth *t = &cl_of(s)->truth[no];
	struct mx_owner_spec spec = {};
	struct cl_vol *v;
	u8 i;

	if (!s->node[node].up || c->vol[no] || t->dropped || fresh_claim(s, no))
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		abort();
	cl_of(s)->claimed_twice |= claimed(s, no);
	c->vol[no] = v;
	v->s = s;
	v->truth = t;
	v->node = node;
	v->no = ++t->claims;
	v->since = s->now;
	v->depth = 1 + sim_below(s, 12);
	t->keeper = node;
	spec.nchunks = t->nchunks;
	spec.chunk_pages = CL_CHUNK;
	spec.fresh = v->no == 1;
	spec.chunk = spec.fresh ? NULL : v->found;
	spec.clean = clean;
	spec.may_be_new = !t->written;
	mx_owner_init(&v->o, &spec);
	cl_book_begin(v);
	for (i = 0; i < CL_MEMBERS; i++) {
		v->srv[i].vol = v;
		v->srv[i].idx = i;
		rmp_flow_init(&v->srv[i].flow, 1 + sim_below(s, 4));
	}
	for (i = 0; i < t->nchunks; i++) {
		u32 pages = min_t(u32, CL_CHUNK, t->pages - i * CL_CHUNK);

		mx_chunk_init(&v->chunk[i].c, v->chunk[i].have,
			      v->chunk[i].lost, pages);
		mx_todo_init(&v->todo[i]);
		if (!spec.fresh)
			mx_chunk_unknown(&v->chunk[i].c);
	}
	sim_trace(s, "%u claims volume %u, claim %u%s", node, no, v->no,
		  clean ? " clean" : "");
	cl_owner_servers(v);
	mx_owner_tick(&v->o, node_now(s, node) / 1000000);
	return v;
}

void cl_vol_begin(struct cl_vol *v, bool tentative)
{
	v->tentative = tentative;
	if (tentative ? mx_owner_propose(&v->o) : mx_owner_claim(&v->o))
		sim_fail(v->s, "a claim cannot be begun");
	cl_run(v);
}

void cl_claim(struct sim *s, u8 node, u8 no, bool clean)
{
	struct cl_vol *v = cl_vol_new(s, node, no, clean);
	bool tentative;

	if (!v)
		return;
	/* Not of a fresh volume, and not always to the end. */
	tentative = v->no > 1 && sim_chance(s, 30000);
	if (tentative)
		sim_push(s, (struct event){
			.kind = EV_COMMIT, .a = node, .b = no, .n = v->no,
			.at = s->now + sim_below(s, sim_chance(s, 50000) ?
						 MS(2) : SEC(3)),
			.gen = s->node[node].inc });
	cl_vol_begin(v, tentative);
	if (!s->failed)
		sim_push(s, (struct event){
			.kind = EV_IO, .at = s->now, .a = node, .b = no,
			.gen = s->node[node].inc, .n = v->no });
}

/* A tentative claim comes to its decision. */
void cl_commit(struct sim *s, u8 node, u8 no, u64 claim)
{
	struct cl_vol *v = node_of(s, node)->vol[no];

	if (!v || v->no != claim || v->leaving)
		return;
	sim_trace(s, "%u/%u claim %u is decided in state %s", node, no, v->no,
		  mx_owner_state_name(v->o.state));
	if (sim_chance(s, 20000)) {
		v->leaving = true;
		v->aborting = true;
		if (sim_chance(s, 50000))
			mx_owner_withdraw(&v->o);
		else
			mx_owner_drop(&v->o, 0);
	} else {
		mx_owner_commit(&v->o);
	}
	cl_run(v);
}

void cl_vol_park(struct cl_vol *v)
{
	v->leaving = true;
	v->aborting = true;
}

/* After a hand-over somebody claims the volume, and knows that all has ended. */
static void next_claim(struct cl_vol *v)
{
	struct sim *s = v->s;

	if (v->handing && cl_vol_newest(v) && !v->truth->dropped)
		sim_push(s, (struct event){
			.kind = EV_CLAIM, .a = sim_below(s, s->nc),
			.b = v->truth->no, .at = s->now + sim_below(s, SEC(2)),
			.n = cl_chunks_tidy(v) ? v->no : 0 });
}

/* A claim that has nothing more to do goes. */
static void vol_end(struct cl_vol *v)
{
	u8 state = v->o.state;

	if (v->leaving && !v->nops && state != MX_OWN_PARKED &&
	    state != MX_OWN_LEAVING && state != MX_OWN_WITHDRAWING &&
	    state != MX_OWN_GONE) {
		if (v->withdrawn && state == MX_OWN_FENCED)
			mx_owner_withdraw(&v->o);
		else if (v->dropping)
			mx_owner_drop(&v->o, v->o.now + 4000);
		else
			mx_owner_park(&v->o);
	}
	/* Somebody's tentative claim may hold it up, and that one may be gone. */
	if ((state == MX_OWN_LEAVING || state == MX_OWN_WITHDRAWING) &&
	    !v->o.give_up)
		mx_owner_drop(&v->o, v->o.now + 4000);
	cl_run(v);
	if (!v->ended || v->nops || mx_booking_busy(&v->b))
		return;
	next_claim(v);
	vol_free(v);
}

/* All other claims on the volume do not count any more, and cannot know. */
void cl_vol_outlaw(struct cl_vol *v)
{
	u8 i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		struct cl_vol *old = node_of(v->s, i)->vol[v->truth->no];

		if (!old || old == v)
			continue;
		old->outlaw = true;
		v->truth->forked |= old->o.state == MX_OWN_SERVING;
	}
}

/* Somebody decides, after a while, to go on without proof. */
static void vol_accept(struct cl_vol *v)
{
	struct mx_owner_home h;
	u32 i, k;

	bool waits = v->o.state == MX_OWN_WAITING ||
		     (v->o.state == MX_OWN_SERVING && !mx_owner_done(&v->o));

	if (!waits || v->s->now - v->since < SEC(8) ||
	    (!sim_chance(v->s, v->s->calm ? 50000 : 7000) &&
	     !cl_odd(v->s, ODD_TAKEN, 30000)))
		return;
	for (i = 0; i < v->truth->nchunks; i++) {
		mx_owner_home(&v->o, i, &h);
		if (h.proof != MX_PROOF_NONE)
			continue;
		for (k = 0; k < v->chunk[i].c.pages; k++)
			model_forgive(&v->truth->model, i * CL_CHUNK + k);
	}
	sim_trace(v->s, "%u/%u goes on without proof", v->node, v->truth->no);
	v->truth->left |= cl_server_others(v);
	if (mx_owner_accept(&v->o)) {
		cl_vol_park(v);
		return;
	}
	/*
	 * Whatever servers know, this is the claim that counts from now on, also
	 * if it has served before, and another one has written since.
	 */
	v->truth->forked |= v->seq && !cl_vol_newest(v);
	if (!cl_vol_newest(v))
		vol_newest(v);
	cl_vol_outlaw(v);
	if (v->truth->forked)
		model_forget(&v->truth->model);
}

static void watch_silence(struct sim *s, u8 node)
{
	struct cl_node *c = node_of(s, node);
	u64 silent;
	u8 i;

	if (s->now - c->ticked > SEC(4))
		c->awake = s->now;
	c->ticked = s->now;
	for (i = 0; i < CL_MEMBERS; i++) {
		if (c->members.m[i].state == MX_MEMBER_NONE)
			continue;
		silent = min(s->now - c->heard[i], s->now - c->awake);
		mx_member_silence(&c->members.m[i], silent / 1000000);
	}
}

void cl_client_tick(struct sim *s, u8 node)
{
	struct cl_node *c = node_of(s, node);
	u8 i;

	watch_silence(s, node);
	for (i = 0; i < CL_VOLS; i++) {
		struct cl_vol *v = c->vol[i];

		if (!v)
			continue;
		cl_owner_servers(v);
		mx_owner_tick(&v->o, node_now(s, node) / 1000000);
		vol_accept(v);
		cl_run(v);
		cl_chunks_tick(v);
		cl_book_tick(v);
		vol_end(v);
	}
	sim_push(s, (struct event){
		.kind = EV_TICK, .at = s->now + SEC(1), .a = node,
		.gen = s->node[node].inc });
}

void cl_client_start(struct sim *s, u8 node)
{
	struct cl_node *c = node_of(s, node);
	u8 i;

	memset(c, 0, sizeof(*c));
	c->awake = s->now;
	c->ticked = s->now;
	sim_push(s, (struct event){
		.kind = EV_TICK, .at = s->now + sim_below(s, SEC(1)), .a = node,
		.gen = s->node[node].inc });
	for (i = 0; i < cl_of(s)->nvols; i++)
		if (cl_of(s)->truth[i].keeper == node)
			sim_push(s, (struct event){
				.kind = EV_CLAIM, .a = node, .b = i,
				.at = s->now + sim_below(s, SEC(3)),
				.gen = s->node[node].inc });
	cl_past_start(s, node);
}

/* All of its memory is gone; what it had begun, nobody knows the end of. */
void cl_client_stop(struct sim *s, u8 node)
{
	struct cl_node *c = node_of(s, node);
	struct cl_op *co;
	u8 i;

	for (i = 0; i < CL_VOLS; i++) {
		struct cl_vol *v = c->vol[i];

		if (!v)
			continue;
		while ((co = v->ops)) {
			v->ops = co->next;
			cl_op_crash(co);
		}
		vol_free(v);
	}
}
