// SPDX-License-Identifier: GPL-2.0
/*
 * Simulated keys: every fourth seed runs with them. The cluster's key changes
 * during the run, and somebody without it sends old frames again.
 */
#include "../../flat_tag.h"
#include "kit.h"

static void env_random(void *ctx, void *to, u32 len)
{
	u8 *at = to;

	while (len--)
		*at++ = sim_draw(ctx);
}

static struct rmp_auth_env env_of(struct sim *s, u8 self)
{
	struct node *n = &s->node[self];

	return (struct rmp_auth_env){
		.ring = &n->ring,
		.limit = &n->limit,
		.src = self,
		.order = SEC(1) + s->now,
		.random = env_random,
		.ctx = s,
	};
}

static void give_key(struct node *n, u8 which)
{
	u8 key[MX_KEY_LEN];

	memset(key, which, sizeof(key));
	rmp_keyring_add(&n->ring, key);
}

/* A node that starts is configured as things are by then. */
void auth_start(struct sim *s, u8 self)
{
	struct node *n = &s->node[self];

	rmp_keyring_init(&n->ring, node_id(s, self), n->inc, s->now / SEC(1));
	memset(&n->limit, 0, sizeof(n->limit));
	if (n->key_step < 2)
		give_key(n, 1);
	if (n->key_step > 0)
		give_key(n, 2);
}

/* The next step of the change of keys on a node: 0 old, 1 both, 2 new. */
void auth_step(struct sim *s, u8 self)
{
	struct node *n = &s->node[self];
	u8 hint[RMP_HINT_LEN];
	u8 i;

	n->key_step++;
	sim_trace(s, "key step %u of %u", n->key_step, self);
	if (!n->up)
		return;
	if (n->key_step == 1) {
		give_key(n, 2);
		return;
	}
	memcpy(hint, n->ring.key[1].hint, sizeof(hint));
	rmp_keyring_drop(&n->ring, hint);
	for (i = 0; i < SIM_NODES; i++)
		if (n->link[i] && n->link[i]->peer)
			rmp_keys_retire(&n->link[i]->auth.keys, hint,
					node_now(s, self));
}

void auth_plan(struct sim *s)
{
	u64 half = s->end / 2;
	u8 i;

	s->f.replay = sim_below(s, 20000);
	if (sim_chance(s, 50000))
		return;
	for (i = 0; i < s->nodes; i++) {
		sim_push(s, (struct event){
			.kind = EV_KEY, .at = sim_below(s, half), .a = i });
		sim_push(s, (struct event){
			.kind = EV_KEY, .at = half + sim_below(s, half), .a = i });
	}
}

/* Return: whether there is a key for the frame; if so, it has its tag. */
bool auth_seal(struct sim *s, u8 self, u8 other, struct frame *f, u16 plen)
{
	struct rmp_hdr *hdr = (void *)f->data;
	struct link *l = s->node[self].link[other];
	struct rmp_auth_env env = env_of(s, self);
	struct rmp_seal seal;
	struct rmp_hs hs;
	int rc;

	hdr->flags &= ~RMP_F_SUM;
	if (l->peer && hdr->type != RMP_T_ANNOUNCE && hdr->type != RMP_T_BYE)
		rc = rmp_auth_tx(&l->auth, l->peer, &env, l->in,
				 node_now(s, self), hdr, &seal, &hs);
	else
		rc = rmp_auth_group(&s->node[self].ring,
				    sim_below(s, s->node[self].ring.n), hdr, &seal);
	if (rc < 0)
		return false;
	memcpy(f->data + sizeof(*hdr), &hs, rc);
	flat_tag(f->data, sizeof(*hdr) + plen + rc, &seal, hdr->tag);
	return true;
}

/* Whether a frame's tag is good; @in is filled in then. */
bool auth_check(struct sim *s, u8 self, u8 other, const struct frame *f,
		const struct rmp_info *info, struct rmp_auth_in *in)
{
	const struct rmp_hdr *hdr = (const void *)f->data;
	struct link *l = s->node[self].link[other];
	struct rmp_seal seal;
	u8 tag[MX_TAG_LEN];
	int which = 0;

	if (!(info->flags & RMP_F_KEYED))
		return false;
	in->info = info;
	for (;; which++) {
		which = rmp_auth_rx(l->peer ? &l->auth : NULL, &s->node[self].ring,
				    info, which, node_now(s, self), &seal);
		if (which < 0)
			return false;
		flat_tag(f->data, info->hlen + info->plen, &seal, tag);
		if (!memcmp(tag, hdr->tag, sizeof(tag)) ||
		    (s->hostile && sim_chance(s, 80000)))
			break;
	}
	in->which = which;
	if (info->plen == RMP_HS_LEN)
		memcpy(&in->hs, f->data + info->hlen, RMP_HS_LEN);
	return true;
}

/* Return: whether the engine may have the frame. */
bool auth_good(struct link *l, const struct rmp_auth_in *in)
{
	struct rmp_auth_env env = env_of(l->s, l->self);

	return !rmp_auth_good(&l->auth, l->peer, &env, in,
			      node_now(l->s, l->self));
}

/* Keeps some of what passes, and sends some of that again, to whomever. */
void auth_eavesdrop(struct sim *s, struct frame *f, u8 to)
{
	struct frame **kept = &s->kept[sim_below(s, SIM_KEPT)];

	if (*kept && sim_chance(s, s->f.replay) && !s->calm) {
		(*kept)->refs++;
		sim_push(s, (struct event){
			.kind = EV_FRAME, .at = s->now + sim_below(s, MS(100)),
			.a = to, .b = to, .gen = s->wire[to][to].gen,
			.frame = *kept });
	}
	if (sim_chance(s, 20000)) {
		if (*kept)
			frame_put(s, *kept);
		f->refs++;
		*kept = f;
	}
}

void auth_end(struct sim *s)
{
	u32 i;

	for (i = 0; i < SIM_KEPT; i++)
		if (s->kept[i])
			frame_put(s, s->kept[i]);
}
