// SPDX-License-Identifier: GPL-2.0
/*
 * Which key each frame is tagged under, replays of frames outside of sessions,
 * and handshakes carried by HELLO and WELCOME.
 */
#include "rmp_auth.h"

/**
 * struct rmp_bound - what both sides must see alike of HELLO's and WELCOME's
 * header
 * @from:     sender's node
 * @to:       receiver's node
 * @inc:      sender's incarnation
 * @peer_inc: receiver's incarnation as the sender knows it
 */
struct rmp_bound {
	__be64	from;
	__be64	to;
	__be32	inc;
	__be32	peer_inc;
} __packed __aligned(8);

void rmp_auth_init(struct rmp_auth *a, const struct rmp_peer *p, u16 id)
{
	memset(a, 0, sizeof(*a));
	rmp_keys_init(&a->keys, p->self_node, p->node, id);
}

void rmp_auth_wipe(struct rmp_auth *a)
{
	rmp_keys_wipe(&a->keys);
}

static void rmp_bound_tx(struct rmp_bound *b, const struct rmp_peer *p,
			 const struct rmp_hdr *hdr)
{
	b->from = hdr->node;
	b->to = cpu_to_be64(p->node);
	b->inc = hdr->inc;
	b->peer_inc = hdr->peer_inc;
}

static void rmp_bound_rx(struct rmp_bound *b, const struct rmp_peer *p,
			 const struct rmp_info *info)
{
	b->from = cpu_to_be64(info->node);
	b->to = cpu_to_be64(p->self_node);
	b->inc = cpu_to_be32(info->inc);
	b->peer_inc = cpu_to_be32(info->peer_inc);
}

static void rmp_hdr_key(struct rmp_hdr *hdr, const struct rmp_seal *seal)
{
	hdr->flags |= RMP_F_KEYED;
	hdr->nonce = cpu_to_be64(seal->field);
}

int rmp_auth_group(struct rmp_keyring *ring, u8 which, struct rmp_hdr *hdr,
		   struct rmp_seal *seal)
{
	int rc = rmp_group_tx(ring, which, seal);

	if (!rc)
		rmp_hdr_key(hdr, seal);
	return rc;
}

static int rmp_tx_session(struct rmp_auth *a, u64 now_ns, struct rmp_hdr *hdr,
			  struct rmp_seal *seal)
{
	int rc = rmp_keys_tx(&a->keys, now_ns, seal);

	if (rc) {
		a->rekey = true;
		a->starved = true;
		return rc;
	}
	if (seal->rekey)
		a->rekey = true;
	rmp_hdr_key(hdr, seal);
	return 0;
}

static void rmp_env_draw(const struct rmp_auth_env *env, struct rmp_hs_env *e,
			 u8 *secret)
{
	env->random(env->ctx, secret, MX_KEY_LEN);
	env->random(env->ctx, &e->jitter, sizeof(e->jitter));
	e->secret = secret;
}

/* The handshake in HELLO or WELCOME. */
static int rmp_tx_handshake(struct rmp_auth *a, const struct rmp_peer *p,
			    const struct rmp_auth_env *env,
			    const struct rmp_auth_in *in, u64 now_ns,
			    const struct rmp_hdr *hdr, struct rmp_hs *hs)
{
	struct rmp_bound out, back;
	struct rmp_hs_env e = {
		.ring = env->ring,
		.limit = env->limit,
		.src = env->src,
		.now_ns = now_ns,
		.order = env->order,
	};
	u8 secret[MX_KEY_LEN];
	int rc = -EINVAL;

	rmp_bound_tx(&out, p, hdr);
	rmp_env_draw(env, &e, secret);
	if (hdr->type == RMP_T_HELLO) {
		e.hello = (struct rmp_bytes){ &out, sizeof(out) };
		rc = rmp_keys_hello(&a->keys, &e, hs);
	} else if (in && in->info->type == RMP_T_HELLO) {
		rmp_bound_rx(&back, p, in->info);
		e.hello = (struct rmp_bytes){ &back, sizeof(back) };
		e.welcome = (struct rmp_bytes){ &out, sizeof(out) };
		rc = rmp_keys_welcome(&a->keys, &e, &in->hs, hs);
	}
	mx_wipe(secret, sizeof(secret));
	return rc;
}

int rmp_auth_tx(struct rmp_auth *a, const struct rmp_peer *p,
		const struct rmp_auth_env *env, const struct rmp_auth_in *in,
		u64 now_ns, struct rmp_hdr *hdr, struct rmp_seal *seal,
		struct rmp_hs *hs)
{
	u8 which;
	int rc;

	if (rmp_is_session(hdr->type))
		return rmp_tx_session(a, now_ns, hdr, seal);
	if (hdr->type != RMP_T_HELLO && hdr->type != RMP_T_WELCOME) {
		which = in && !rmp_is_session(in->info->type) ?
			in->which : rmp_keyring_which(env->ring, a->hint);
		return rmp_auth_group(env->ring, which, hdr, seal);
	}
	rc = rmp_tx_handshake(a, p, env, in, now_ns, hdr, hs);
	if (rc)
		return rc;
	hdr->plen = cpu_to_be16(sizeof(*hs));
	which = rmp_keyring_which(env->ring, hs->hint);
	rc = rmp_auth_group(env->ring, which, hdr, seal);
	return rc ? rc : (int)sizeof(*hs);
}

int rmp_auth_rx(const struct rmp_auth *a, const struct rmp_keyring *ring,
		const struct rmp_info *info, u8 which, u64 now_ns,
		struct rmp_seal *seal)
{
	if (!rmp_is_session(info->type))
		return rmp_group_rx(ring, which, info->node, info->inc,
				    info->nonce, seal);
	if (!a || which)
		return -ENOKEY;
	return rmp_keys_rx(&a->keys, info->nonce, now_ns, seal);
}

/*
 * Whether a frame outside of sessions is news. A BYE must be newer than all
 * that came: who has missed one, since it was not there yet, shall not be made
 * to believe it later.
 */
static bool rmp_group_fresh(struct rmp_auth *a, const struct rmp_info *info)
{
	u64 ctr = info->nonce & RMP_CTR_MAX;

	if (info->inc != a->inc)
		return true;
	if (info->type == RMP_T_BYE && ctr < a->group.top)
		return false;
	return rmp_replay_accept(&a->group, ctr);
}

/*
 * The first frame of an incarnation that is believed. @fresh: it has made the
 * current keypair.
 */
static void rmp_new_inc(struct rmp_auth *a, const struct rmp_info *info, bool fresh)
{
	rmp_keys_restarted(&a->keys, fresh);
	a->inc = info->inc;
	a->top = max(a->top, a->group.top);
	memset(&a->group, 0, sizeof(a->group));
	rmp_replay_accept(&a->group, info->nonce & RMP_CTR_MAX);
}

/*
 * The session must not take anything from a HELLO that was meant for another
 * node, or comes again: so its handshake is looked at before.
 */
static int rmp_rx_hello_hs(const struct rmp_auth *a, const struct rmp_peer *p,
			   const struct rmp_auth_env *env,
			   const struct rmp_auth_in *in, u64 now_ns)
{
	struct rmp_bound back;
	struct rmp_hs_env e = { .ring = env->ring, .now_ns = now_ns };

	rmp_bound_rx(&back, p, in->info);
	e.hello = (struct rmp_bytes){ &back, sizeof(back) };
	return rmp_keys_hello_good(&a->keys, &e, &in->hs);
}

/* Return: 0: there is a new keypair; 1: there is not, but the rest may be of use. */
static int rmp_rx_welcome_hs(struct rmp_auth *a, const struct rmp_peer *p,
			     const struct rmp_auth_env *env,
			     const struct rmp_auth_in *in, u64 now_ns)
{
	struct rmp_bound back;
	struct rmp_hs_env e = { .ring = env->ring, .now_ns = now_ns };
	int rc;

	rmp_bound_rx(&back, p, in->info);
	e.welcome = (struct rmp_bytes){ &back, sizeof(back) };
	env->random(env->ctx, &e.jitter, sizeof(e.jitter));
	rc = rmp_keys_finish(&a->keys, &e, &in->hs);
	if (!rc)
		a->confirm = true;
	/* A session without keys would only ask again, and outrun every answer. */
	if (rc == -EALREADY && rmp_keys_live(&a->keys, now_ns))
		return 1;
	return rc;
}

static int rmp_rx_hs(struct rmp_auth *a, const struct rmp_peer *p,
		     const struct rmp_auth_env *env,
		     const struct rmp_auth_in *in, u64 now_ns)
{
	if (in->info->type == RMP_T_HELLO)
		return rmp_rx_hello_hs(a, p, env, in, now_ns);
	if (in->info->type == RMP_T_WELCOME)
		return rmp_rx_welcome_hs(a, p, env, in, now_ns);
	return 1;
}

/*
 * A frame of another incarnation that the session would believe, for its echo
 * is one of ours; but stamps come again after an hour or so. So it must be of
 * now for another reason too: it ends a handshake that we began, or its counter,
 * which starts at the clock, is above all that were heard from that node. A
 * node whose clock went back is asked, and answers with the former.
 */
static int rmp_rx_news(struct rmp_auth *a, const struct rmp_peer *p,
		       const struct rmp_auth_env *env,
		       const struct rmp_auth_in *in, u64 now_ns)
{
	u64 ctr = in->info->nonce & RMP_CTR_MAX;
	bool welcome = in->info->type == RMP_T_WELCOME;
	int rc = rmp_rx_hs(a, p, env, in, now_ns);

	if (a->inc && rc != -EBADMSG &&
	    (welcome ? rc : rc == -EALREADY || ctr < max(a->top, a->group.top))) {
		a->ask = true;
		return -EALREADY;
	}
	if (rc < 0)
		return rc;
	rmp_new_inc(a, in->info, welcome && !rc);
	return 0;
}

int rmp_auth_good(struct rmp_auth *a, const struct rmp_peer *p,
		  const struct rmp_auth_env *env, const struct rmp_auth_in *in,
		  u64 now_ns)
{
	const struct rmp_info *info = in->info;
	int rc;

	if (rmp_is_session(info->type)) {
		rc = rmp_keys_rx_good(&a->keys, info->nonce, now_ns);
		return min(rc, 0);
	}
	if (!rmp_group_fresh(a, info))
		return -EALREADY;
	if (!rmp_peer_believes(p, info, now_ns))
		return 0;	/* the engine answers it with doubt */
	if (info->inc != a->inc)
		rc = rmp_rx_news(a, p, env, in, now_ns);
	else
		rc = rmp_rx_hs(a, p, env, in, now_ns);
	if (rc < 0)
		return rc;
	memcpy(a->hint, env->ring->key[in->which].hint, sizeof(a->hint));
	return 0;
}

u32 rmp_auth_after(struct rmp_auth *a, struct rmp_peer *p, u64 now_ns,
		   struct rmp_sink *sink)
{
	u32 events = 0;

	if (a->ask) {
		a->ask = false;
		events |= rmp_peer_ask(p, now_ns, sink);
	}
	if (a->confirm) {
		a->confirm = false;
		events |= rmp_peer_confirm(p, now_ns, sink);
	}
	if (a->rekey) {
		bool starved = a->starved;

		a->rekey = false;
		a->starved = false;
		events |= rmp_peer_rekey(p, starved, now_ns, sink);
	}
	return events;
}
