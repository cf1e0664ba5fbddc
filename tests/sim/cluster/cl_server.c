// SPDX-License-Identifier: GPL-2.0
/*
 * A simulated memory server around mx_store: does what memx-core/server does in
 * a kernel. Requests are done at once, or later by a worker, and workers may be
 * slow, out of pages or out of memory. What is done is watched: nothing twice,
 * nothing of an older claim, and the account has to add up.
 */
#include "cluster.h"

enum {
	JOB_RETRY_MS	= 10,
	JOB_WAIT_MS	= 1000,
	HELD_MS		= MX_HOLD_MS + 2500,	/* and looked at every second */
	/* Not an enum mx_status: this lacks something, and is tried again. */
	LATER		= -EAGAIN,
};

/**
 * struct try - one attempt at a request
 * @s:    the simulation
 * @srv:  the server
 * @node: its number
 * @job:  the request
 * @who:  whom it is from
 * @v:    the volume, or NULL
 */
struct try {
	struct sim *s;
	struct cl_server *srv;
	u8 node;
	struct cl_job *job;
	struct mx_store_who who;
	struct cl_svol *v;
};

static struct cl_server *server_of(struct sim *s, u8 node)
{
	return &cl_of(s)->server[node - SIM_CLIENTS];
}

static struct cl_svol *vol_find(struct cl_server *srv, u64 id)
{
	u8 i;

	for (i = 0; i < CL_SVOLS; i++)
		if (srv->vol[i].id == id)
			return &srv->vol[i];
	return NULL;
}

static struct pbuf *payload_of(struct try *t)
{
	return asm_buf(t->s, &t->job->slot->req);
}

/* --- oracles ----------------------------------------------------------- */

bool cl_claim_below(const struct cl_claim *a, const struct cl_claim *b)
{
	return a->epoch != b->epoch ? a->epoch < b->epoch : a->node < b->node;
}

/* Something is about to take effect. */
static void watch_effect(struct try *t)
{
	struct cl_claim c = { .epoch = t->who.epoch, .node = t->who.node };

	if (cl_claim_below(&c, &t->v->top))
		sim_fail(t->s, "op %u of epoch %u of %llx takes effect on %u after a claim of epoch %u of %llx",
			 t->job->ask.op, c.epoch, (unsigned long long)c.node,
			 t->node, t->v->top.epoch,
			 (unsigned long long)t->v->top.node);
}

static void watch_commit(struct try *t)
{
	struct cl_claim c = { .epoch = t->who.epoch, .node = t->who.node };

	if (t->job->ask.flags & MX_F_TENTATIVE)
		return;
	if (cl_claim_below(&c, &t->v->top))
		sim_fail(t->s, "%u accepts an older claim", t->node);
	t->v->top = c;
}

static void watch_once(struct try *t, const struct pbuf *b)
{
	struct cl_sim *cs = cl_of(t->s);
	u64 room = max(2 * cs->ndone, b->uid + 1024);

	if (b->uid >= cs->ndone) {
		cs->done = realloc(cs->done, room * sizeof(*cs->done));
		if (!cs->done)
			abort();
		memset(cs->done + cs->ndone, 0,
		       (room - cs->ndone) * sizeof(*cs->done));
		cs->ndone = room;
	}
	if (cs->done[b->uid] == t->srv->life && !t->srv->forgot)
		sim_fail(t->s, "a request is executed twice by %u", t->node);
	cs->done[b->uid] = t->srv->life;
}

/* What is kept for a volume beyond what its chunks take. */
static u64 spare_of(const struct cl_svol *v, u64 chunks)
{
	u64 floor = max(v->v.share.firm, v->v.share.hold);

	return floor > chunks ? floor - chunks : 0;
}

/* Chunks that a server keeps for a volume for good. @free: pages it can promise */
u32 cl_server_kept(const struct cl_vol *v, u8 idx, u64 *free)
{
	int node = node_by_id(v->s, cl_client(v)->members.m[idx].node);
	struct cl_server *srv;
	struct cl_svol *sv;

	*free = 0;
	if (node < 0 || !v->s->node[node].up)
		return 0;
	srv = server_of(v->s, node);
	sv = srv->serving ? vol_find(srv, v->truth->id) : NULL;
	if (!sv)
		return 0;
	*free = mx_quota_free(&srv->st.quota);
	return sv->v.share.firm / CL_CHUNK;
}

/* Promises and pages add up. */
void cl_server_check(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);
	u64 reserved = 0, used = 0, spare = 0, vused, vreserved;
	u32 i, k, p;

	for (i = 0; i < CL_SVOLS; i++) {
		struct cl_svol *v = &srv->vol[i];

		vused = 0;
		vreserved = 0;
		for (k = 0; v->id && k < CL_CHUNKS; k++) {
			u32 n = 0;

			if (!v->chunk[k])
				continue;
			for (p = 0; p < CL_CHUNK; p++)
				n += !!v->chunk[k]->page[p];
			if (n != v->chunk[k]->c.used)
				sim_fail(s, "chunk %u on %u has %u pages, and says %u",
					 k, node, n, v->chunk[k]->c.used);
			vused += n;
			vreserved += v->chunk[k]->c.size;
		}
		if (v->id && (vused != v->v.share.used ||
			      vreserved != v->v.share.reserved))
			sim_fail(s, "a share on %u does not add up", node);
		used += vused;
		reserved += vreserved;
		spare += v->id ? spare_of(v, vreserved) : 0;
	}
	if (spare != srv->st.quota.spare || reserved + spare > srv->capacity)
		sim_fail(s, "%u has %llu pages kept, says %llu, and %llu promised to chunks, of %llu",
			 node, (unsigned long long)spare,
			 (unsigned long long)srv->st.quota.spare,
			 (unsigned long long)reserved,
			 (unsigned long long)srv->capacity);
	if (used != srv->st.quota.used || reserved != srv->st.quota.reserved)
		sim_fail(s, "the account of %u has %llu used and %llu promised, not %llu and %llu",
			 node, (unsigned long long)srv->st.quota.used,
			 (unsigned long long)srv->st.quota.reserved,
			 (unsigned long long)used, (unsigned long long)reserved);
}

/*
 * Does a server lack a roster that lists it, as far as a claim can know? What is
 * under way, or another claim has done, it cannot.
 */
bool cl_server_unlisted(const struct cl_vol *v, u8 idx)
{
	const struct mx_member *m = &cl_client(v)->members.m[idx];
	int node = node_by_id(v->s, m->node);
	const struct mx_roster *r;
	const struct cl_svol *sv;
	u32 i;

	if (node < 0 || !v->s->node[node].up || v->s->node[node].inc != m->inc ||
	    v->srv[idx].busy || !v->life[idx].gens)
		return false;
	sv = vol_find(server_of(v->s, node), v->truth->id);
	if (!sv || sv->v.claim.node != node_id(v->s, v->node) ||
	    sv->v.claim.epoch != v->o.epoch)
		return false;
	r = &sv->v.roster;
	for (i = 0; i < r->n; i++)
		if (r->member[i].node == m->node && r->member[i].inc == m->inc)
			return false;
	return true;
}

bool cl_server_empty(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);
	u8 i;

	for (i = 0; i < CL_SVOLS; i++)
		if (srv->vol[i].id)
			return false;
	return !srv->st.quota.used && !srv->st.quota.reserved && !srv->st.quota.spare &&
	       !srv->st.quota.passing && !srv->st.nvols;
}

/* Is a claim in force on some server? */
bool cl_server_knows(struct sim *s, u64 volume, const struct cl_claim *c)
{
	const struct cl_svol *v;
	u8 i;

	for (i = 0; i < SIM_SERVERS; i++) {
		v = vol_find(&cl_of(s)->server[i], volume);
		if (v && s->node[SIM_CLIENTS + i].up && !cl_of(s)->server[i].old &&
		    v->top.epoch == c->epoch && v->top.node == c->node)
			return true;
	}
	return false;
}

/* Is another claim in force on some server? */
bool cl_server_others(const struct cl_vol *v)
{
	const struct cl_svol *sv;
	u8 i;

	for (i = 0; i < SIM_SERVERS; i++) {
		sv = vol_find(&cl_of(v->s)->server[i], v->truth->id);
		if (sv && v->s->node[SIM_CLIENTS + i].up &&
		    (sv->v.claim.node != node_id(v->s, v->node) ||
		     sv->v.claim.epoch != v->o.epoch))
			return true;
	}
	return false;
}

static void note_gen(struct try *t, u32 i, u32 gen)
{
	struct cl_sim *cs = cl_of(t->s);
	u8 k;

	for (k = 0; k < cs->nvols; k++)
		if (cs->truth[k].id == t->v->id)
			cs->truth[k].gen[i] = max(cs->truth[k].gen[i], gen);
}

/* --- volumes ----------------------------------------------------------- */

static void chunk_free(struct cl_server *srv, struct cl_svol *v, u32 i)
{
	struct cl_chunk *c = v->chunk[i];

	mx_store_chunk_dead(&c->c);
	mx_store_dropped(&srv->st, &v->v, &c->c, c->c.used);
	mx_store_withdraw(&srv->st, &v->v, c->c.size);
	free(c);
	v->chunk[i] = NULL;
}

static void vol_free(struct cl_server *srv, struct cl_svol *v)
{
	u32 i;

	mx_store_unreserve(&srv->st, &v->v);
	for (i = 0; i < CL_CHUNKS; i++)
		if (v->chunk[i])
			chunk_free(srv, v, i);
	mx_store_vol_gone(&srv->st);
	memset(v, 0, sizeof(*v));
}

static int do_open(struct try *t)
{
	struct pbuf *b = payload_of(t);
	const char *name = (const char *)b->data;
	bool fenced = false;
	int rc;

	rc = mx_store_open(&t->srv->st, t->v ? &t->v->v : NULL, &t->who,
			   &t->job->ask, name, b->len, &t->job->arg, &fenced);
	if (rc == MX_STORE_MAKE) {
		if (t->s->now < t->srv->poor)
			return LATER;
		t->v = vol_find(t->srv, 0);
		if (!t->v) {
			sim_fail(t->s, "%u has more volumes than there are", t->node);
			return MX_ST_FULL;
		}
		t->job->arg = mx_store_vol_init(&t->srv->st, &t->v->v, &t->who,
						&t->job->ask, name, b->len);
		t->v->id = t->who.volume;
		rc = MX_ST_OK;
	}
	if (rc == MX_ST_OK)
		watch_commit(t);
	return rc;
}

static int do_drop(struct try *t)
{
	int rc = mx_store_drop(&t->srv->st, t->v ? &t->v->v : NULL, &t->who);

	if (rc != MX_STORE_FREE)
		return rc;
	watch_effect(t);
	vol_free(t->srv, t->v);
	t->v = NULL;
	return MX_ST_OK;
}

static int do_list(struct try *t)
{
	u32 most = sim_chance(t->s, 30000) ? 1 : CL_CHUNKS, n = 0, i;
	u32 len = sizeof(struct mx_wire_chunk);
	struct mx_listed l;

	t->job->reply = pbuf_light(t->s, CL_CHUNKS * len, CL_CHUNKS * len);
	t->job->arg = MX_LIST_END;
	for (i = t->job->ask.page; i < CL_CHUNKS; i++) {
		struct cl_chunk *c = t->v->chunk[i];

		if (!c || !mx_store_list_entry(&c->c, i, &l))
			continue;
		if (n == most) {
			t->job->arg = i;
			break;
		}
		mx_listed_encode(&l, t->job->reply->data + n++ * len);
	}
	t->job->reply->len = n * len;
	return MX_ST_OK;
}

static int do_reserve(struct try *t)
{
	int rc;

	if (t->job->slot->state == RMP_SLOT_ORPHAN)
		return MX_ST_AGAIN;
	watch_effect(t);
	if (t->job->ask.flags & MX_F_TENTATIVE)
		t->v->held = t->s->now;
	rc = mx_store_reserve(&t->srv->st, &t->v->v, &t->job->ask, &t->job->arg);
	cl_server_check(t->s, t->node);
	return rc;
}

static int do_roster(struct try *t)
{
	struct pbuf *b = payload_of(t);
	struct mx_roster r;
	u8 raw[MX_PAGE_SIZE];
	u32 len;

	if (b) {
		if (mx_roster_decode(b->data, b->len, &r))
			return MX_ST_INVAL;
		return mx_store_roster_set(&t->v->v, &r, &t->job->arg);
	}
	len = mx_roster_encode(&t->v->v.roster, raw);
	t->job->reply = pbuf_light(t->s, len, len);
	memcpy(t->job->reply->data, raw, len);
	return MX_ST_OK;
}

/* --- chunks ------------------------------------------------------------ */

static u32 members_of(struct try *t, struct mx_life *member)
{
	struct pbuf *b;
	int n;

	if (t->job->ask.op != MX_OP_SETGEN)
		return 0;
	b = payload_of(t);
	n = b ? mx_members_decode(b->data, b->len, member) : -EBADMSG;
	return n < 0 ? 0 : n;
}

static int chunk_make(struct try *t, u32 i)
{
	struct mx_life self = { .node = node_id(t->s, t->node),
				.inc = t->s->node[t->node].inc };
	struct mx_life member[MX_COPIES_MAX];
	u32 n = members_of(t, member);
	struct cl_chunk *c;
	int rc;

	if (t->job->ask.op == MX_OP_SETGEN && !n)
		return MX_ST_INVAL;
	if (t->s->now < t->srv->poor)
		return LATER;
	rc = mx_store_promise(&t->srv->st, &t->v->v, i);
	if (rc != MX_ST_OK)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	mx_store_chunk_init(&c->c, &t->v->v, &t->job->ask, &self, member, n);
	t->v->chunk[i] = c;
	note_gen(t, i, c->c.gen);
	return MX_ST_OK;
}

static int do_read(struct try *t, struct cl_chunk *c, u32 at)
{
	u32 i, n = 0;
	struct pbuf *b;

	t->job->mask = 0;
	for (i = 0; i < t->job->ask.npages; i++)
		if (c->page[at + i])
			t->job->mask |= BIT(i);
	n = hweight32(t->job->mask);
	if (!n)
		return MX_ST_OK;
	b = pbuf_light(t->s, mx_payload_len(n, false), 8 * n);
	for (i = 0, n = 0; i < t->job->ask.npages; i++)
		if (c->page[at + i])
			memcpy(b->data + 8 * n++, &c->page[at + i], 8);
	t->job->reply = b;
	return MX_ST_OK;
}

static int do_write(struct try *t, struct cl_chunk *c, u32 at)
{
	struct pbuf *b = payload_of(t);
	u32 i, added = 0;

	if (!b)
		return MX_ST_INVAL;
	watch_once(t, b);
	for (i = 0; i < t->job->ask.npages; i++) {
		added += !c->page[at + i];
		memcpy(&c->page[at + i], b->data + 8 * i, 8);
	}
	if (added)
		mx_store_stored(&t->srv->st, &t->v->v, &c->c, added);
	return MX_ST_OK;
}

static int do_discard(struct try *t, struct cl_chunk *c, u32 at)
{
	u32 i, n = 0;

	if (t->job->ask.flags & MX_F_RELEASE) {
		chunk_free(t->srv, t->v, t->job->ask.page >> CL_SHIFT);
		return MX_ST_OK;
	}
	for (i = at; i < at + t->job->ask.arg; i++) {
		n += !!c->page[i];
		c->page[i] = 0;
	}
	if (n)
		mx_store_dropped(&t->srv->st, &t->v->v, &c->c, n);
	return MX_ST_OK;
}

/* What a take-over would find: the chunk in that generation, and its members. */
static bool lists(const struct cl_chunk *c, u32 gen,
		  const struct mx_life *member, u32 n)
{
	struct mx_listed l;
	u32 i, k;

	if (!mx_store_list_entry(&c->c, 0, &l) || l.gen != gen || l.nmembers != n)
		return false;
	for (i = 0; i < n; i++) {
		for (k = 0; k < n; k++)
			if (l.member[k].node == member[i].node &&
			    l.member[k].inc == member[i].inc)
				break;
		if (k == n)
			return false;
	}
	return true;
}

static int do_setgen(struct try *t, struct cl_chunk *c)
{
	struct mx_life self = { .node = node_id(t->s, t->node),
				.inc = t->s->node[t->node].inc };
	struct mx_life member[MX_COPIES_MAX];
	u32 n = members_of(t, member);
	int rc;

	if (!n)
		return MX_ST_INVAL;
	note_gen(t, t->job->ask.page >> CL_SHIFT, t->job->ask.gen);
	rc = mx_store_setgen(&c->c, &t->job->ask, &self, member, n,
			     &t->job->arg);
	if (rc == MX_ST_OK && !lists(c, t->job->ask.gen, member, n))
		sim_fail(t->s, "%u has acknowledged generation %u and does not list it so",
			 t->node, t->job->ask.gen);
	return rc;
}

static int do_bitmap(struct try *t, struct cl_chunk *c)
{
	u32 len = DIV_ROUND_UP(c->c.size, 8), i;

	t->job->reply = pbuf_light(t->s, len, len);
	memset(t->job->reply->data, 0, len);
	for (i = 0; i < c->c.size; i++)
		if (c->page[i])
			t->job->reply->data[i / 8] |= 1 << i % 8;
	return MX_ST_OK;
}

/* SETGEN may be lower: it is asked for by whoever does not know better. */
static void watch_gen(struct try *t, const struct cl_chunk *c)
{
	const struct mx_ask *ask = &t->job->ask;

	if (ask->gen && ask->gen < c->c.gen && ask->op != MX_OP_SETGEN)
		sim_fail(t->s, "op %u of generation %u is done on %u in one of %u",
			 ask->op, ask->gen, t->node, c->c.gen);
}

/* Who does not ask for a chunk to be made counts on what is in it. */
static void watch_make(struct try *t)
{
	const struct mx_ask *ask = &t->job->ask;

	if (ask->gen && !(ask->flags & MX_F_PLACE))
		sim_fail(t->s, "op %u makes a chunk on %u that it takes to be there",
			 ask->op, t->node);
}

static int chunk_effect(struct try *t, struct cl_chunk *c)
{
	u32 at = t->job->ask.page & (CL_CHUNK - 1);

	watch_gen(t, c);
	switch (t->job->ask.op) {
	case MX_OP_READ:
		return do_read(t, c, at);
	case MX_OP_WRITE:
		watch_effect(t);
		return do_write(t, c, at);
	case MX_OP_DISCARD:
		watch_effect(t);
		return do_discard(t, c, at);
	case MX_OP_SETGEN:
		watch_effect(t);
		return do_setgen(t, c);
	}
	return do_bitmap(t, c);
}

static int do_chunk(struct try *t)
{
	u32 i = t->job->ask.page >> CL_SHIFT;
	struct cl_chunk *c = t->v->chunk[i];
	bool made = false;
	int rc;

	/* Nothing that was given up takes effect: see rmp_req_orphan(). */
	if (t->job->slot->state == RMP_SLOT_ORPHAN)
		return MX_ST_AGAIN;
	if (t->job->ask.op == MX_OP_WRITE && t->s->now < t->srv->dry)
		return LATER;
	rc = mx_store_chunk_admit(&t->srv->st, c ? &c->c : NULL, &t->job->ask,
				  &t->job->arg);
	if (rc == MX_STORE_RENEW) {
		watch_effect(t);
		chunk_free(t->srv, t->v, i);
		rc = MX_STORE_MAKE;
	}
	if (rc == MX_STORE_MAKE) {
		watch_make(t);
		rc = chunk_make(t, i);
		c = t->v->chunk[i];
		made = rc == MX_ST_OK;
	}
	if (rc != MX_ST_OK || !c)
		return rc;
	if (made && t->job->ask.op == MX_OP_SETGEN)
		return MX_ST_OK;
	return chunk_effect(t, c);
}

/* --- requests ---------------------------------------------------------- */

static int attempt(struct try *t)
{
	struct mx_ask *ask = &t->job->ask;
	int rc;

	t->job->arg = 0;
	if (!t->job->good)
		return MX_ST_INVAL;
	t->v = vol_find(t->srv, t->who.volume);
	if (ask->op == MX_OP_OPEN)
		return do_open(t);
	if (ask->op == MX_OP_DROP)
		return do_drop(t);
	if (ask->op == MX_OP_STAT)
		return MX_ST_OK;
	rc = mx_store_admit(t->v ? &t->v->v : NULL, &t->who, ask,
			    t->job->slot->req.len, &t->job->arg);
	if (rc != MX_ST_OK)
		return rc;
	mx_store_heard(&t->srv->st, &t->v->v);
	if (ask->op == MX_OP_LIST)
		return do_list(t);
	if (ask->op == MX_OP_ROSTER)
		return do_roster(t);
	if (ask->op == MX_OP_RESERVE)
		return do_reserve(t);
	return do_chunk(t);
}

static void answer(struct try *t, int status)
{
	struct link *l = t->s->node[t->node].link[t->job->who];
	const struct cl_svol *v = vol_find(t->srv, t->who.volume);
	struct mx_answer ans = {
		.status = status,
		.op = t->job->ask.op,
		.mask = status == MX_ST_OK ? t->job->mask : 0,
		.free = mx_quota_free(&t->srv->st.quota),
		.vol_pages = v ? v->v.share.used : 0,
		.arg = t->job->arg,
	};
	struct rmp_slot *slot = t->job->slot;
	struct pbuf *b = t->job->reply;
	u8 head[RMP_HEAD_LEN];

	sim_trace(t->s, "server %u answers %u: op %u page %llu gen %u: %d arg %llx mask %x",
		  t->node, t->job->who, ans.op,
		  (unsigned long long)t->job->ask.page, t->job->ask.gen, status,
		  (unsigned long long)ans.arg, ans.mask);
	mx_answer_encode(&ans, head);
	if (b && !b->len) {
		pbuf_put(t->s, b);
		b = NULL;
	}
	t->job->slot = NULL;
	link_after(l, rmp_peer_reply(l->peer, slot, head, b, b ? b->len : 0,
				     node_now(t->s, t->node), &l->sink));
}

/* Return: whether it has been answered. @last: it is not tried again. */
static bool job_try(struct sim *s, u8 node, struct cl_job *job, bool last)
{
	struct try t = {
		.s = s,
		.srv = server_of(s, node),
		.node = node,
		.job = job,
		.who = {
			.volume = job->slot->volume,
			.node = node_id(s, job->who),
			.inc = job->inc,
			.epoch = job->slot->epoch,
		},
	};
	int rc = cl_odd_refuse(s, node, job);

	if (rc < 0)
		rc = cl_odd_twist(s, node, job, attempt(&t));
	if (s->failed)
		return true;
	if (rc == LATER && !last && s->now - job->since < MS(JOB_WAIT_MS))
		return false;
	answer(&t, rc == LATER ? MX_ST_AGAIN : rc);
	cl_odd_answered(s, node, job);
	return true;
}

static void job_later(struct sim *s, u8 node, struct cl_job *job, u64 due)
{
	job->due = due;
	sim_push(s, (struct event){
		.kind = EV_JOB, .at = due, .a = node, .gen = s->node[node].inc,
		.n = job - server_of(s, node)->job });
}

/* When a worker gets round to a request; now: it is done at once. */
static u64 job_begin(struct sim *s, struct cl_server *srv,
		     const struct cl_job *job)
{
	u64 late = cl_odd_late(s, srv, job);

	if (late)
		return s->now + late;
	if (s->now < srv->mute)
		return srv->mute + sim_below(s, MS(50));
	if (s->calm || !sim_chance(s, cl_of(s)->slow))
		return s->now;
	return s->now + sim_below(s, sim_chance(s, 5000) ? SEC(2) : MS(30));
}

/* Its trouble is over before it was to be. */
void cl_server_wake(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);
	u32 i;

	for (i = 0; i < CL_JOBS; i++)
		if (srv->job[i].slot)
			job_later(s, node, &srv->job[i], s->now);
}

void cl_server_job(struct sim *s, u8 node, u32 no)
{
	struct cl_server *srv = server_of(s, node);
	struct cl_job *job = &srv->job[no];

	/* It may have been answered, and the entry used again. */
	if (!job->slot || s->now < job->due)
		return;
	if (!job_try(s, node, job, false))
		job_later(s, node, job, s->now + MS(JOB_RETRY_MS));
}

void cl_server_deliver(struct link *l, struct rmp_slot *slot)
{
	struct cl_server *srv = server_of(l->s, l->self);
	struct cl_job *job;
	u32 i;
	u64 due;

	for (i = 0; i < CL_JOBS && srv->job[i].slot; i++)
		;
	if (i == CL_JOBS) {
		sim_fail(l->s, "%u has too many requests", l->self);
		return;
	}
	job = &srv->job[i];
	*job = (struct cl_job){ .slot = slot, .who = l->other,
				.inc = l->peer->ses.inc, .since = l->s->now };
	job->good = !mx_ask_decode(slot->head, slot->req.len, &job->ask);
	due = job_begin(l->s, srv, job);
	if (due > l->s->now)
		job_later(l->s, l->self, job, due);
	else if (!job_try(l->s, l->self, job, false))
		job_later(l->s, l->self, job, l->s->now + MS(JOB_RETRY_MS));
}

/* The link goes: what it still waits for, it does not get. */
void cl_server_orphans(struct link *l)
{
	u8 head[RMP_HEAD_LEN] = {};
	struct cl_server *srv;
	u32 i;

	if (!is_server(l->self))
		return;
	srv = server_of(l->s, l->self);
	for (i = 0; i < CL_JOBS; i++) {
		struct cl_job *job = &srv->job[i];

		if (!job->slot || job->who != l->other)
			continue;
		rmp_peer_reply(l->peer, job->slot, head, NULL, 0,
			       node_now(l->s, l->self), &l->sink);
		job->slot = NULL;
	}
}

/* What it has executed, it may execute again once it has forgotten a client. */
bool cl_server_forget(struct link *l)
{
	struct cl_server *srv;
	u32 i;

	if (!is_server(l->self))
		return true;
	srv = server_of(l->s, l->self);
	for (i = 0; i < CL_JOBS; i++)
		if (srv->job[i].slot && srv->job[i].who == l->other)
			return false;
	srv->forgot = true;
	return true;
}

static void lease_later(struct sim *s, u8 node)
{
	sim_push(s, (struct event){
		.kind = EV_LEASE, .at = s->now + SEC(1), .a = node,
		.gen = s->node[node].inc });
}

/* Which incarnation of a volume's owner lives, as far as the server can know. */
static void lease_look(struct sim *s, u8 node, struct mx_store_vol *v)
{
	int owner = node_by_id(s, v->claim.node);
	struct link *l = owner < 0 ? NULL : s->node[node].link[owner];

	if (l && l->peer && l->peer->ses.inc)
		mx_store_seen(v, l->peer->ses.inc);
}

void cl_server_lease(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);
	u32 i;

	if (!srv->serving)
		return;
	mx_store_tick(&srv->st, s->now / 1000000, true);
	for (i = 0; i < CL_SVOLS && !srv->old; i++) {
		struct cl_svol *v = &srv->vol[i];

		if (!v->id)
			continue;
		lease_look(s, node, &v->v);
		mx_store_unhold(&srv->st, &v->v);
		if (v->v.share.hold && s->now - v->held > HELD_MS * 1000000ULL)
			sim_fail(s, "%u holds room for %llx that nobody asks for any more",
				 node, (unsigned long long)v->id);
		if (!mx_store_expired(&srv->st, &v->v))
			continue;
		sim_trace(s, "%u drops %llx: its lease has expired", node,
			  (unsigned long long)v->id);
		mx_store_bury(&srv->st, &v->v);
		vol_free(srv, v);
	}
	lease_later(s, node);
}

/* What is remembered of volumes that were dropped outlives a stop, but not a crash. */
static void keep_buried(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);

	memcpy(srv->buried, srv->st.tomb, sizeof(srv->buried));
	srv->nburied = srv->st.ntombs;
	srv->buried_inc = s->node[node].inc;
}

void cl_server_start(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);

	memset(srv, 0, offsetof(struct cl_server, capacity));
	srv->life = ++cl_of(s)->life;
	srv->serving = true;
	mx_store_init(&srv->st, srv->most ? srv->most : 64);
	mx_store_start(&srv->st, srv->capacity, srv->capacity);
	srv->st.expiry = srv->expiry;
	if (srv->buried_inc == s->node[node].inc) {
		memcpy(srv->st.tomb, srv->buried, sizeof(srv->buried));
		srv->st.ntombs = srv->nburied;
	}
	lease_later(s, node);
}

/* The module's stop, or the end of the machine: what it stores is gone. */
void cl_server_stop(struct sim *s, u8 node)
{
	struct cl_server *srv = server_of(s, node);
	u32 i;

	srv->st.state = MX_STORE_CLOSING;
	for (i = 0; i < CL_JOBS && s->node[node].up; i++)
		if (srv->job[i].slot)
			job_try(s, node, &srv->job[i], true);
	srv->serving = false;
	keep_buried(s, node);
	for (i = 0; i < CL_SVOLS; i++)
		if (srv->vol[i].id)
			vol_free(srv, &srv->vol[i]);
	if (!cl_server_empty(s, node))
		sim_fail(s, "%u is empty, and its account is not", node);
}
