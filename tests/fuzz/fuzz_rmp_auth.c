// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes keys and handshakes: a node and what others send it, be it recorded
 * from a peer that means well, damaged, forged, or tagged by one of the cluster
 * who does not.
 */
#include "../flat_tag.h"
#include "engine/rmp_auth.h"
#include "input.h"

enum {
	NODES	 = 2,		/* under test, and the one who means well */
	HELD	 = 16,
	PRODUCTS = 1 << 14,
	BYTES	 = RMP_HDR_LEN + RMP_HS_LEN,
	PADDED	 = 61440,
};

/**
 * struct frame - header and handshake; what follows would be zeros
 * @bytes: header first
 * @to:    which node it is for
 */
struct frame {
	u8 bytes[BYTES] __aligned(8);
	u8 to;
};

/**
 * struct node - with its view of the other
 * @sink:  the engine's way out; first, so that callbacks find the node
 * @self:  its number
 * @ring:  cluster keys
 * @limit: on handshakes
 * @peer:  the other
 * @auth:  keys of @peer
 * @in:    frame that the engine is dealing with
 * @call:  one call at a time
 * @busy:  @call is out
 * @pkts:  payloads alive
 */
struct node {
	struct rmp_sink sink;
	u8 self;
	struct rmp_keyring ring;
	struct rmp_limit limit;
	struct rmp_peer peer;
	struct rmp_auth auth;
	const struct rmp_auth_in *in;
	struct rmp_call call;
	bool busy;
	long pkts;
};

/**
 * struct product - a product on Curve25519 that was asked for before
 * @secret: the scalar
 * @point:  the other's public key, or the base point
 * @out:    what libsodium gave
 * @rc:     and returned
 * @made:   the entry is in use
 */
struct product {
	u8 secret[MX_KEY_LEN];
	u8 point[MX_KEY_LEN];
	u8 out[MX_KEY_LEN];
	int rc;
	bool made;
};

static struct product products[PRODUCTS];
static struct node node[NODES];
static struct frame held[HELD];
static u32 nheld;
static u64 now;
static u32 seed;

/*
 * Each input draws the same secrets in the same order, so nearly all products of
 * an input are those of the inputs before. Made anew they would take most of the
 * time; the linker puts these functions in front of libsodium's (user.mk).
 */
int __real_crypto_scalarmult_curve25519(u8 *q, const u8 *n, const u8 *p);
int __wrap_crypto_scalarmult_curve25519(u8 *q, const u8 *n, const u8 *p);
int __wrap_crypto_scalarmult_curve25519_base(u8 *q, const u8 *n);

int __wrap_crypto_scalarmult_curve25519(u8 *q, const u8 *n, const u8 *p)
{
	u64 words[2 * MX_KEY_LEN / sizeof(u64)], hash = 0;
	struct product *at;
	u32 i;

	memcpy(words, n, MX_KEY_LEN);
	memcpy(words + ARRAY_SIZE(words) / 2, p, MX_KEY_LEN);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		hash = ((hash ^ words[i]) * 0x9e3779b97f4a7c15ULL) ^ hash >> 29;
	at = &products[(hash >> 32) % PRODUCTS];
	if (!at->made || memcmp(at->secret, n, MX_KEY_LEN) ||
	    memcmp(at->point, p, MX_KEY_LEN)) {
		memcpy(at->secret, n, MX_KEY_LEN);
		memcpy(at->point, p, MX_KEY_LEN);
		at->rc = __real_crypto_scalarmult_curve25519(at->out, n, p);
		at->made = true;
	}
	memcpy(q, at->out, MX_KEY_LEN);
	return at->rc;
}

int __wrap_crypto_scalarmult_curve25519_base(u8 *q, const u8 *n)
{
	static const u8 base[MX_KEY_LEN] = { 9 };

	return __wrap_crypto_scalarmult_curve25519(q, n, base);
}

static void draw(void *ctx, void *to, u32 len)
{
	u8 *at = to;

	while (len--) {
		seed = seed * 1664525 + 1013904223;
		*at++ = seed >> 16;
	}
}

static struct rmp_auth_env env_of(struct node *n)
{
	return (struct rmp_auth_env){
		.ring = &n->ring, .limit = &n->limit, .src = 1, .order = now,
		.random = draw,
	};
}

/* Bytes of a frame under its tag. */
static u32 covered(const struct frame *f)
{
	const struct rmp_hdr *hdr = (const struct rmp_hdr *)f->bytes;

	return sizeof(*hdr) + (hdr->plen ? RMP_HS_LEN : 0);
}

static void hold(const struct frame *f)
{
	held[nheld++ % HELD] = *f;
}

/* What goes out is tagged, and a decoder lets it in. */
static void sink_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct node *n = (struct node *)sink;
	struct rmp_auth_env env = env_of(n);
	struct frame f = { .to = !n->self };
	struct rmp_seal seal;
	struct rmp_info info;
	struct rmp_hs hs;
	int rc;

	rc = rmp_auth_tx(&n->auth, &n->peer, &env, n->in, now, x->hdr, &seal, &hs);
	if (rc < 0)
		return;
	memcpy(f.bytes, x->hdr, sizeof(*x->hdr));
	memcpy(f.bytes + sizeof(*x->hdr), &hs, rc);
	must(!rmp_decode(f.bytes, RMP_HDR_LEN + x->len + x->pad, &info));
	must(info.flags & RMP_F_KEYED && info.plen == rc + x->len);
	if (x->len)
		return;		/* its tag takes payload, of which there is none here */
	flat_tag(f.bytes, covered(&f), &seal, ((struct rmp_hdr *)f.bytes)->tag);
	hold(&f);
}

static void sink_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
}

static void sink_done(struct rmp_sink *sink, struct rmp_call *call)
{
	((struct node *)sink)->busy = false;
}

static void sink_free(struct rmp_sink *sink, void *p)
{
	((struct node *)sink)->pkts--;
}

static bool sink_reserve(struct rmp_sink *sink, u16 pages)
{
	return true;
}

static void sink_unreserve(struct rmp_sink *sink, u16 pages)
{
}

static bool sink_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return true;
}

static void sink_unhold(struct rmp_sink *sink, u16 pages)
{
}

static void after(struct node *n)
{
	rmp_auth_after(&n->auth, &n->peer, now, &n->sink);
	must(n->auth.keys.cur < RMP_PAIRS);
	must(!n->auth.rekey && !n->auth.confirm);
}

/* Return: whether one of the node's keys makes the frame's tag. */
static bool tag_good(struct node *n, const struct frame *f,
		     const struct rmp_info *info, struct rmp_auth_in *in)
{
	struct rmp_seal seal;
	u8 tag[MX_TAG_LEN];
	int which = 0;

	for (;; which++) {
		which = rmp_auth_rx(&n->auth, &n->ring, info, which, now, &seal);
		if (which < 0)
			return false;
		flat_tag(f->bytes, covered(f), &seal, tag);
		if (!memcmp(tag, ((struct rmp_hdr *)f->bytes)->tag, sizeof(tag)))
			break;
	}
	in->which = which;
	return true;
}

static void receive(struct node *n, const struct frame *f)
{
	struct rmp_auth_env env = env_of(n);
	struct rmp_frame rf = {};
	struct rmp_auth_in in = { .info = &rf.info };

	if (rmp_decode(f->bytes, PADDED, &rf.info) ||
	    !(rf.info.flags & RMP_F_KEYED) || rf.info.hlen != RMP_HDR_LEN ||
	    rf.info.node != n->peer.node || !tag_good(n, f, &rf.info, &in))
		return;
	memcpy(&in.hs, f->bytes + RMP_HDR_LEN, sizeof(in.hs));
	if (rmp_auth_good(&n->auth, &n->peer, &env, &in, now))
		return;
	n->in = &in;
	n->pkts++;
	rf.pkt = n;
	if (!(rmp_peer_rx(&n->peer, &rf, now, &n->sink) & RMP_EV_KEPT))
		n->pkts--;
	after(n);
	n->in = NULL;
}

/* A frame as one of the cluster could tag it: group or keypair, as it says. */
static void retag(struct node *n, struct frame *f)
{
	struct rmp_hdr *hdr = (struct rmp_hdr *)f->bytes;
	struct rmp_info info;
	struct rmp_seal seal;

	hdr->flags = (hdr->flags | RMP_F_KEYED) & ~RMP_F_SUM;
	if (rmp_decode(f->bytes, PADDED, &info) ||
	    rmp_auth_rx(&n->auth, &n->ring, &info, 0, now, &seal) < 0)
		return;
	flat_tag(f->bytes, covered(f), &seal, hdr->tag);
}

/* One of the frames held, at random damaged and tagged anew. */
static void do_frame(struct input *in)
{
	struct frame f = held[byte(in) % HELD];
	u8 how = byte(in), times = how % 8;
	struct node *n = &node[how & 0x40 ? !f.to : f.to];

	while (times--) {
		u8 at = byte(in) % BYTES;

		f.bytes[at] = byte(in);
	}
	if (how & 0x80)
		retag(n, &f);
	receive(n, &f);
}

static void do_call(struct node *n)
{
	if (n->busy) {
		rmp_peer_cancel(&n->peer, &n->call, now, &n->sink);
	} else {
		memset(&n->call, 0, sizeof(n->call));
		n->busy = true;
		rmp_peer_call(&n->peer, &n->call, now, &n->sink);
	}
	after(n);
}

static void node_start(struct node *n, u8 self, u32 inc)
{
	struct rmp_peer_cfg cfg = {
		.node = 2 - self, .self_node = 1 + self, .self_inc = inc,
		.mtu = 1500, .grant = 64,
	};
	u8 key[MX_KEY_LEN];

	memset(n, 0, sizeof(*n));
	n->sink = (struct rmp_sink){
		sink_xmit, sink_deliver, sink_done, sink_free, sink_free,
		sink_reserve, sink_unreserve, sink_hold, sink_unhold,
	};
	n->self = self;
	rmp_keyring_init(&n->ring, cfg.self_node, inc, now / 1000000000);
	memset(key, 1, sizeof(key));
	rmp_keyring_add(&n->ring, key);
	rmp_peer_init(&n->peer, &cfg);
	rmp_auth_init(&n->auth, &n->peer, 7);
}

static void do_key(struct node *n, struct input *in)
{
	u8 key[MX_KEY_LEN], hint[RMP_HINT_LEN];

	memset(key, 1 + byte(in) % 3, sizeof(key));
	if (!rmp_keyring_add(&n->ring, key) || n->ring.n < 2)
		return;
	memcpy(hint, n->ring.key[byte(in) % n->ring.n].hint, sizeof(hint));
	must(!rmp_keyring_drop(&n->ring, hint));
	rmp_keys_retire(&n->auth.keys, hint, now);
}

static void step(struct input *in)
{
	u8 what = byte(in);
	struct node *n = &node[what >> 7];
	u64 due;

	switch (what % 8) {
	case 0:
		do_call(n);
		break;
	case 1:
		due = rmp_peer_deadline(&n->peer);
		if (due != RMP_NEVER && due > now)
			now = due;
		rmp_peer_timer(&n->peer, now, &n->sink);
		after(n);
		break;
	case 2:
		now += (u64)byte(in) << (byte(in) % 32);
		rmp_keys_timer(&n->auth.keys, now);
		break;
	case 3:
		do_key(n, in);
		break;
	case 4:
		if (what & 0x40) {
			rmp_peer_close(&n->peer, now, &n->sink);
			must(!n->busy && !n->pkts);
			node_start(n, n->self, 10 + byte(in));
		}
		break;
	default:
		do_frame(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 i;

	now = 1000000000;
	seed = 1;
	nheld = 0;
	memset(held, 0, sizeof(held));
	for (i = 0; i < NODES; i++)
		node_start(&node[i], i, 10 + i);
	while (in.left)
		step(&in);
	for (i = 0; i < NODES; i++) {
		rmp_peer_close(&node[i].peer, now, &node[i].sink);
		must(!node[i].busy && !node[i].pkts);
	}
	return 0;
}
