// SPDX-License-Identifier: GPL-2.0
/*
 * The keypairs shared with one peer: made by handshakes from either side,
 * counted, guarded against replays, renewed and wiped.
 *
 * Each handshake that comes to an end makes a keypair with a serial, on either
 * side. Frames are accepted under all keypairs held, and sent under one: the
 * newest that the other side is known to have. The initiator knows by message
 * 2, the responder by the first frame under the new keys.
 */
#include "rmp_keys.h"

void rmp_keys_init(struct rmp_keys *keys, u64 self, u64 peer, u16 id)
{
	memset(keys, 0, sizeof(*keys));
	keys->outranked = peer > self;
	keys->last_id = id;
}

static void rmp_hs_forget(struct rmp_keys *keys)
{
	mx_wipe(&keys->hs, sizeof(keys->hs));
}

void rmp_keys_restarted(struct rmp_keys *keys, bool but_current)
{
	u32 i;

	for (i = 0; i < RMP_PAIRS; i++)
		if (!but_current || i != keys->cur)
			mx_wipe(&keys->pair[i], sizeof(keys->pair[i]));
	if (!but_current)
		keys->cur = 0;
	keys->order_rx = 0;
}

void rmp_keys_wipe(struct rmp_keys *keys)
{
	rmp_hs_forget(keys);
	rmp_keys_restarted(keys, false);
	keys->tries = 0;
}

void rmp_keys_timer(struct rmp_keys *keys, u64 now_ns)
{
	u32 i;

	for (i = 0; i < RMP_PAIRS; i++)
		if (keys->pair[i].serial && now_ns >= keys->pair[i].dies_ns)
			mx_wipe(&keys->pair[i], sizeof(keys->pair[i]));
	if (keys->hs.order && now_ns >= keys->hs.dies_ns)
		rmp_hs_forget(keys);
}

u64 rmp_keys_deadline(const struct rmp_keys *keys)
{
	u64 when = ~0ULL;
	u32 i;

	for (i = 0; i < RMP_PAIRS; i++)
		if (keys->pair[i].serial)
			when = min(when, keys->pair[i].dies_ns);
	if (keys->hs.order)
		when = min(when, keys->hs.dies_ns);
	return when;
}

void rmp_keys_retire(struct rmp_keys *keys, const u8 *hint, u64 now_ns)
{
	u32 i;

	for (i = 0; i < RMP_PAIRS; i++) {
		struct rmp_keypair *p = &keys->pair[i];

		if (!p->serial || memcmp(p->hint, hint, RMP_HINT_LEN))
			continue;
		p->rekey_ns = min(p->rekey_ns, now_ns);
		p->dies_ns = min(p->dies_ns, now_ns + RMP_RETIRE_NS);
	}
	if (keys->hs.order && !memcmp(keys->hs.hint, hint, RMP_HINT_LEN))
		rmp_hs_forget(keys);
}

static bool rmp_id_used(const struct rmp_keys *keys, u16 id)
{
	u32 i;

	for (i = 0; i < RMP_PAIRS; i++)
		if (keys->pair[i].serial && keys->pair[i].rx_id == id)
			return true;
	return !id || (keys->hs.order && keys->hs.id == id);
}

/* In turn, so that the id of a keypair just wiped does not come back soon. */
static u16 rmp_next_id(struct rmp_keys *keys)
{
	do
		keys->last_id++;
	while (rmp_id_used(keys, keys->last_id));
	return keys->last_id;
}

/*
 * A keypair for a finished handshake, in place of the oldest that is not in
 * use. A peer that never confirms loses its own pending keypairs that way, but
 * never the one in use.
 */
static struct rmp_keypair *rmp_pair_new(struct rmp_keys *keys,
					const struct rmp_hs_env *env,
					bool initiator, const struct rmp_split *split)
{
	struct rmp_keypair *p = NULL;
	u64 after;
	u32 i;

	rmp_keys_timer(keys, env->now_ns);
	for (i = 0; i < RMP_PAIRS; i++)
		if (i != keys->cur && (!p || keys->pair[i].serial < p->serial))
			p = &keys->pair[i];
	mx_wipe(p, sizeof(*p));
	p->initiator = initiator;
	memcpy(p->tx_key, initiator ? split->i2r : split->r2i, sizeof(p->tx_key));
	memcpy(p->rx_key, initiator ? split->r2i : split->i2r, sizeof(p->rx_key));
	after = RMP_KEY_MS(((u64)env->jitter * RMP_REKEY_JITTER_MS) >> 32);
	after += initiator ? RMP_REKEY_NS : RMP_REKEY_LATE_NS;
	p->rekey_ns = env->now_ns + after;
	p->dies_ns = env->now_ns + RMP_REJECT_NS;
	return p;
}

/* What the handshake proves besides its own message. */
static void rmp_hs_bind(struct rmp_bytes bind[2], const struct rmp_bytes *hdr,
			const struct rmp_hs *hs)
{
	bind[0] = *hdr;
	bind[1].p = hs;
	bind[1].len = offsetof(struct rmp_hs, noise);
}

static void rmp_hs_set(struct rmp_hs *hs, const u8 *hint, u64 order, u16 id)
{
	memset(hs, 0, sizeof(*hs));
	memcpy(hs->hint, hint, sizeof(hs->hint));
	hs->order = cpu_to_be64(order);
	hs->id = cpu_to_be16(id);
}

int rmp_keys_hello(struct rmp_keys *keys, const struct rmp_hs_env *env,
		   struct rmp_hs *hello)
{
	const struct rmp_keyring *ring = env->ring;
	const struct rmp_cluster_key *c;
	struct rmp_hs_open *hs = &keys->hs;
	struct rmp_bytes bind[2];
	int rc;

	if (!ring->n)
		return -ENOKEY;
	/* Every third: sizes of HELLO take turns by two and by four. */
	c = &ring->key[ring->n > 1 && keys->tries % 3 == 1];
	rmp_hs_forget(keys);
	keys->order_tx = max(env->order, keys->order_tx + 1);
	rmp_hs_set(hello, c->hint, keys->order_tx, rmp_next_id(keys));
	rmp_hs_bind(bind, &env->hello, hello);
	rc = rmp_noise_write1(&hs->noise, c->psk, bind, env->secret, hello->noise);
	if (rc)
		return rc;
	keys->tries++;
	hs->order = keys->order_tx;
	hs->serial = ++keys->serial;
	hs->dies_ns = env->now_ns + RMP_HS_NS;
	hs->id = keys->last_id;
	memcpy(hs->hint, c->hint, sizeof(hs->hint));
	return 0;
}

/* Message 1 is good if it is from a holder of the key, meant for us, and new. */
static int rmp_hello_check(const struct rmp_keys *keys,
			   const struct rmp_hs_env *env,
			   const struct rmp_hs *hello, struct rmp_noise *n)
{
	const struct rmp_cluster_key *c = rmp_keyring_find(env->ring, hello->hint);
	struct rmp_bytes bind[2];

	if (!c)
		return -ENOKEY;
	if (be64_to_cpu(hello->order) <= keys->order_rx)
		return -EALREADY;
	if (!hello->id)
		return -EBADMSG;
	rmp_hs_bind(bind, &env->hello, hello);
	return rmp_noise_read1(n, c->psk, bind, hello->noise);
}

int rmp_keys_hello_good(const struct rmp_keys *keys, const struct rmp_hs_env *env,
			const struct rmp_hs *hello)
{
	struct rmp_noise n;
	int rc = rmp_hello_check(keys, env, hello, &n);

	mx_wipe(&n, sizeof(n));
	return rc;
}

int rmp_keys_welcome(struct rmp_keys *keys, const struct rmp_hs_env *env,
		     const struct rmp_hs *hello, struct rmp_hs *welcome)
{
	u64 order = be64_to_cpu(hello->order);
	struct rmp_keypair *p;
	struct rmp_split split;
	struct rmp_bytes bind[2];
	struct rmp_noise n;
	int rc;

	rc = rmp_hello_check(keys, env, hello, &n);
	if (rc)
		return rc;
	/* Last: nobody without the cluster key can use up what others need. */
	if (!rmp_limit_take(env->limit, env->src, env->now_ns)) {
		mx_wipe(&n, sizeof(n));
		return -EBUSY;
	}
	rmp_hs_set(welcome, hello->hint, order, rmp_next_id(keys));
	rmp_hs_bind(bind, &env->welcome, welcome);
	rc = rmp_noise_write2(&n, bind, env->secret, welcome->noise, &split);
	if (rc)
		return rc;
	keys->order_rx = order;
	p = rmp_pair_new(keys, env, false, &split);
	mx_wipe(&split, sizeof(split));
	p->serial = ++keys->serial;
	p->tx_id = be16_to_cpu(hello->id);
	p->rx_id = keys->last_id;
	memcpy(p->hint, hello->hint, sizeof(p->hint));
	return 0;
}

/*
 * Both sides may have begun a handshake at once, and both are carried through.
 * Both sides must then think the same one newer: that of the higher node, for
 * which its own counts from its end and the other's from its beginning.
 */
static u64 rmp_hs_serial(struct rmp_keys *keys)
{
	return keys->outranked ? keys->hs.serial : ++keys->serial;
}

int rmp_keys_finish(struct rmp_keys *keys, const struct rmp_hs_env *env,
		    const struct rmp_hs *welcome)
{
	struct rmp_hs_open *hs = &keys->hs;
	struct rmp_keypair *p;
	struct rmp_split split;
	struct rmp_bytes bind[2];
	u64 serial;
	int rc;

	/* This costs no X25519, so an answer to an older HELLO is cheap. */
	rmp_keys_timer(keys, env->now_ns);
	if (!hs->order || be64_to_cpu(welcome->order) != hs->order)
		return -EALREADY;
	if (!welcome->id || memcmp(welcome->hint, hs->hint, sizeof(hs->hint)))
		return -EBADMSG;
	rmp_hs_bind(bind, &env->welcome, welcome);
	rc = rmp_noise_read2(&hs->noise, bind, welcome->noise, &split);
	if (rc)
		return rc;
	serial = rmp_hs_serial(keys);
	rc = -EALREADY;
	if (serial > keys->pair[keys->cur].serial) {
		p = rmp_pair_new(keys, env, true, &split);
		p->serial = serial;
		p->tx_id = be16_to_cpu(welcome->id);
		p->rx_id = hs->id;
		memcpy(p->hint, hs->hint, sizeof(p->hint));
		keys->cur = p - keys->pair;
		rc = 0;
	}
	mx_wipe(&split, sizeof(split));
	rmp_hs_forget(keys);
	keys->tries = 0;
	return rc;
}

static bool rmp_pair_live(const struct rmp_keypair *p, u64 now_ns)
{
	return p->serial && now_ns < p->dies_ns && p->tx_next < RMP_REJECT_FRAMES;
}

bool rmp_keys_live(const struct rmp_keys *keys, u64 now_ns)
{
	return rmp_pair_live(&keys->pair[keys->cur], now_ns);
}

static u64 rmp_field(u16 id, u64 ctr)
{
	return (u64)id << RMP_CTR_BITS | ctr;
}

int rmp_keys_tx(struct rmp_keys *keys, u64 now_ns, struct rmp_seal *seal)
{
	struct rmp_keypair *p = &keys->pair[keys->cur];
	bool asked = keys->hs.order && now_ns < keys->hs.dies_ns;

	if (!rmp_pair_live(p, now_ns))
		return -ENOKEY;
	rmp_seal_set(seal, p->tx_key, p->initiator ? RMP_DIR_I2R : RMP_DIR_R2I,
		     rmp_field(p->tx_id, p->tx_next++));
	seal->rekey = !asked && (now_ns >= p->rekey_ns || p->tx_next > RMP_REKEY_FRAMES);
	return 0;
}

/* Return: index of the keypair that the field names and may use, or an error. */
static int rmp_pair_of(const struct rmp_keys *keys, u64 field, u64 now_ns)
{
	u64 ctr = field & RMP_CTR_MAX;
	u16 id = field >> RMP_CTR_BITS;
	int i;

	for (i = 0; i < RMP_PAIRS; i++) {
		const struct rmp_keypair *p = &keys->pair[i];

		if (!p->serial || p->rx_id != id)
			continue;
		if (now_ns >= p->dies_ns || ctr >= RMP_REJECT_FRAMES)
			return -ENOKEY;
		return rmp_replay_fresh(&p->rx, ctr) ? i : -EALREADY;
	}
	return -ENOKEY;
}

int rmp_keys_rx(const struct rmp_keys *keys, u64 field, u64 now_ns,
		struct rmp_seal *seal)
{
	int i = rmp_pair_of(keys, field, now_ns);
	const struct rmp_keypair *p;

	if (i < 0)
		return i;
	p = &keys->pair[i];
	rmp_seal_set(seal, p->rx_key, p->initiator ? RMP_DIR_R2I : RMP_DIR_I2R, field);
	return 0;
}

int rmp_keys_rx_good(struct rmp_keys *keys, u64 field, u64 now_ns)
{
	int i;

	rmp_keys_timer(keys, now_ns);
	i = rmp_pair_of(keys, field, now_ns);
	if (i < 0)
		return i;
	rmp_replay_accept(&keys->pair[i].rx, field & RMP_CTR_MAX);
	if (keys->pair[i].serial <= keys->pair[keys->cur].serial)
		return 0;
	keys->cur = i;
	keys->tries = 0;
	return 1;
}
