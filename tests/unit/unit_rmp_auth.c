// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_auth.c: two peers that talk under keys, and somebody
 * between them who records, repeats and changes frames.
 */
#include "../flat_tag.h"
#include "mxtest.h"
#include "engine/rmp_auth.h"
#include "engine/rmp_out.h"

enum { WIRE = 64, FRAME = 2048 };

struct frame {
	u8 bytes[FRAME] __aligned(8);
	u32 len;
};

/* A node with its view of the other one. */
struct end {
	struct rmp_sink sink;
	struct rmp_keyring ring;
	struct rmp_limit limit;
	struct rmp_peer p;
	struct rmp_auth a;
	const struct rmp_auth_in *in;
	struct end *other;
	struct frame wire[WIRE];	/* sent, not received yet */
	u32 nwire;
	u32 unsent;			/* for want of a key */
	u32 served;
	u32 answered;
	struct rmp_call call;
};

#define AUTH(test) cmocka_unit_test_setup_teardown(test, setup, mxt_teardown)

static struct end a, b;
static u64 now;
static u32 seed;

static void draw(void *ctx, void *to, u32 len)
{
	u8 *at = to;

	while (len--) {
		seed = seed * 1664525 + 1013904223;
		*at++ = seed >> 16;
	}
}

static struct rmp_auth_env env_of(struct end *e)
{
	return (struct rmp_auth_env){
		.ring = &e->ring, .limit = &e->limit, .order = now,
		.random = draw,
	};
}

static void on_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct end *e = container_of(sink, struct end, sink);
	struct rmp_auth_env env = env_of(e);
	struct rmp_seal seal;
	struct rmp_hs hs;
	struct frame *f;
	int rc;

	rc = rmp_auth_tx(&e->a, &e->p, &env, e->in, now, x->hdr, &seal, &hs);
	if (rc < 0) {
		e->unsent++;
		return;
	}
	assert_true(e->nwire < WIRE);
	f = &e->wire[e->nwire++];
	memset(f->bytes, 0, sizeof(f->bytes));
	memcpy(f->bytes, x->hdr, sizeof(*x->hdr));
	memcpy(f->bytes + sizeof(*x->hdr), &hs, rc);
	f->len = sizeof(*x->hdr) + x->len + x->pad;
	flat_tag(f->bytes, sizeof(*x->hdr) + rc + x->len, &seal,
		 ((struct rmp_hdr *)f->bytes)->tag);
}

static void on_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	container_of(sink, struct end, sink)->served++;
}

static void on_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct end *e = container_of(sink, struct end, sink);

	e->answered += !call->status;
}

static void on_free(struct rmp_sink *sink, void *p)
{
}

static bool on_reserve(struct rmp_sink *sink, u16 pages)
{
	return true;
}

static void on_unreserve(struct rmp_sink *sink, u16 pages)
{
}

static bool on_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return true;
}

static void on_unhold(struct rmp_sink *sink, u16 pages)
{
}

static void give_key(struct end *e, u8 which)
{
	u8 key[MX_KEY_LEN];

	memset(key, which, sizeof(key));
	assert_int_equal(rmp_keyring_add(&e->ring, key), 0);
}

static void start(struct end *e, struct end *other, u64 id, u32 inc)
{
	struct rmp_peer_cfg cfg = {
		.node = 3 - id, .self_node = id, .self_inc = inc, .mtu = 1500,
		.grant = 100,
	};

	memset(e, 0, sizeof(*e));
	e->sink = (struct rmp_sink){ on_xmit, on_deliver, on_done, on_free,
				     on_free, on_reserve, on_unreserve,
				     on_hold, on_unhold };
	e->other = other;
	rmp_keyring_init(&e->ring, id, inc, now / RMP_MS(1000));
	rmp_peer_init(&e->p, &cfg);
	rmp_auth_init(&e->a, &e->p, 100);
	give_key(e, 1);
}

static int setup(void **state)
{
	seed = 1;
	now = RMP_MS(100000);
	start(&a, &b, 1, 10);
	start(&b, &a, 2, 20);
	return mxt_setup(state);
}

static void after(struct end *e)
{
	rmp_auth_after(&e->a, &e->p, now, &e->sink);
}

/* Return: 0, or why the frame was not taken. */
static int receive(struct end *e, const struct frame *f)
{
	struct rmp_auth_env env = env_of(e);
	struct rmp_frame rf = {};
	struct rmp_auth_in in = { .info = &rf.info };
	struct rmp_seal seal;
	u8 tag[MX_TAG_LEN];
	int which = 0, rc;

	rc = rmp_decode(f->bytes, f->len, &rf.info);
	if (rc)
		return rc;
	for (;; which++) {
		which = rmp_auth_rx(&e->a, &e->ring, &rf.info, which, now, &seal);
		if (which < 0)
			return which;
		flat_tag(f->bytes, rf.info.hlen + rf.info.plen, &seal, tag);
		if (mx_equal(tag, ((struct rmp_hdr *)f->bytes)->tag, sizeof(tag)))
			break;
	}
	in.which = which;
	memcpy(&in.hs, f->bytes + rf.info.hlen, sizeof(in.hs));
	rc = rmp_auth_good(&e->a, &e->p, &env, &in, now);
	if (rc)
		return rc;
	e->in = &in;
	rmp_peer_rx(&e->p, &rf, now, &e->sink);
	after(e);
	e->in = NULL;
	return 0;
}

/* Takes the oldest frame off the wire. */
static struct frame take(struct end *e)
{
	struct frame f = e->wire[0];

	assert_true(e->nwire);
	memmove(&e->wire[0], &e->wire[1], --e->nwire * sizeof(f));
	return f;
}

/* Everything that is under way arrives. */
static void flow(void)
{
	int n;

	for (n = 0; (a.nwire || b.nwire) && n < 1000; n++) {
		struct end *e = a.nwire ? &a : &b;
		struct frame f = take(e);

		receive(e->other, &f);
	}
	assert_true(n < 1000);
}

static void timer(struct end *e)
{
	rmp_peer_timer(&e->p, now, &e->sink);
	after(e);
}

static void call(struct end *e)
{
	memset(&e->call, 0, sizeof(e->call));
	rmp_peer_call(&e->p, &e->call, now, &e->sink);
	after(e);
}

static void answer(struct end *e)
{
	u8 head[RMP_HEAD_LEN] = {};
	u32 i;

	for (i = 0; i < RMP_WINDOW; i++)
		if (e->p.rsp.slot[i].state == RMP_SLOT_DELIVERED)
			rmp_peer_reply(&e->p, &e->p.rsp.slot[i], head, NULL, 0, now,
				       &e->sink);
	after(e);
}

static void call_is_answered(struct end *e)
{
	u32 before = e->answered;

	call(e);
	flow();
	answer(e->other);
	flow();
	assert_int_equal(e->answered, before + 1);
}

static void rmp_auth__session_opens_and_works(void **state)
{
	call_is_answered(&a);
	assert_int_equal(a.p.ses.state, RMP_PEER_UP);
	assert_int_equal(b.p.ses.state, RMP_PEER_UP);
	call_is_answered(&b);
	assert_int_equal(a.unsent + b.unsent, 0);
}

static void rmp_auth__both_at_once(void **state)
{
	call(&a);
	call(&b);
	flow();
	answer(&a);
	answer(&b);
	flow();
	assert_int_equal(a.answered, 1);
	assert_int_equal(b.answered, 1);
}

static void rmp_auth__every_bit_counts(void **state)
{
	struct frame f, g;
	u32 bit;

	call_is_answered(&a);
	call(&a);
	f = take(&a);
	for (bit = 0; bit < f.len * 8; bit++) {
		g = f;
		g.bytes[bit / 8] ^= 1 << (bit % 8);
		assert_int_not_equal(receive(&b, &g), 0);
	}
	assert_int_equal(b.served, 1);
	assert_int_equal(receive(&b, &f), 0);
	assert_int_equal(b.served, 2);
}

static void rmp_auth__frames_count_once(void **state)
{
	struct frame hello, welcome, req;

	call(&a);
	hello = take(&a);
	assert_int_equal(receive(&b, &hello), 0);
	welcome = take(&b);
	assert_int_equal(receive(&a, &welcome), 0);
	req = take(&a);
	assert_int_equal(receive(&b, &req), 0);
	assert_int_equal(receive(&b, &hello), -EALREADY);
	assert_int_equal(receive(&a, &welcome), -EALREADY);
	assert_int_equal(receive(&b, &req), -EALREADY);
	/* Nor does a frame come back to its sender. */
	assert_true(receive(&a, &req) < 0);
	flow();
}

/* A BYE that was missed is not believed once anything newer was heard. */
static void rmp_auth__old_bye(void **state)
{
	struct rmp_seal seal;
	struct rmp_hdr hdr;
	struct frame bye = {};

	rmp_make_hdr(&hdr, RMP_T_BYE, 1, 10, 0, NULL, 0);
	assert_int_equal(rmp_auth_group(&a.ring, 0, &hdr, &seal), 0);
	memcpy(bye.bytes, &hdr, sizeof(hdr));
	bye.len = sizeof(hdr);
	flat_tag(bye.bytes, sizeof(hdr), &seal, ((struct rmp_hdr *)bye.bytes)->tag);
	call_is_answered(&a);
	assert_int_equal(receive(&b, &bye), -EALREADY);
	assert_int_equal(b.p.ses.state, RMP_PEER_UP);
}

static void rmp_auth__wrong_key_is_silence(void **state)
{
	u8 key[MX_KEY_LEN];

	start(&b, &a, 2, 20);
	memset(key, 9, sizeof(key));
	assert_int_equal(rmp_keyring_drop(&b.ring, b.ring.key[0].hint), 0);
	assert_int_equal(rmp_keyring_add(&b.ring, key), 0);
	call(&a);
	flow();
	assert_int_equal(a.p.ses.state, RMP_PEER_HELLO);
	assert_int_equal(b.p.ses.state, RMP_PEER_DOWN);
	assert_int_equal(b.nwire, 0);
}

static void rmp_auth__restart_makes_new_keys(void **state)
{
	struct frame old;

	call_is_answered(&a);
	call(&a);
	old = take(&a);
	start(&b, &a, 2, 21);
	/* Nothing is said to who cannot be told from a stranger. */
	assert_true(receive(&b, &old) < 0);
	assert_int_equal(b.nwire, 0);
	/* It has calls of its own. */
	call(&b);
	flow();
	answer(&a);
	flow();
	assert_int_equal(b.answered, 1);
	assert_int_equal(a.p.ses.inc, 21);
	assert_int_equal(a.call.status, -ESTALE);
	call_is_answered(&a);
}

/*
 * Stamps come round after 71 minutes, so that the echo in a frame of a life that
 * is over looks like one of now.
 */
static void rmp_auth__former_life_when_stamps_come_round(void **state)
{
	struct frame hello, welcome;
	u64 then;

	call(&a);
	hello = take(&a);
	then = now;
	assert_int_equal(receive(&b, &hello), 0);
	welcome = take(&b);
	assert_int_equal(receive(&a, &welcome), 0);
	flow();
	now += RMP_MS(5000);
	start(&b, &a, 2, 21);
	call(&b);
	flow();
	answer(&a);
	flow();
	assert_int_equal(a.p.ses.inc, 21);
	now = then + (1ULL << 32) * 1000 - RMP_MS(5);
	call_is_answered(&a);
	now += RMP_MS(6);
	call(&a);
	flow();
	assert_int_equal(receive(&a, &welcome), -EALREADY);
	assert_int_equal(a.p.ses.inc, 21);
	flow();
	answer(&b);
	flow();
	assert_int_equal(a.call.status, 0);
}

/* A node whose clock went back is believed, too, once it answers a HELLO. */
static void rmp_auth__restart_with_the_clock_gone_back(void **state)
{
	u32 n;

	call_is_answered(&a);
	now += RMP_MS(1000000);
	call_is_answered(&a);
	start(&b, &a, 2, 21);
	rmp_keyring_init(&b.ring, 2, 21, 1);
	give_key(&b, 1);
	call(&b);
	for (n = 0; n < 20 && !b.answered; n++) {
		flow();
		answer(&a);
		flow();
		now = max(now, rmp_peer_deadline(&b.p));
		timer(&b);
	}
	assert_int_equal(a.p.ses.inc, 21);
	assert_int_equal(b.answered, 1);
	call_is_answered(&a);
}

/* The old key and a narrow path: every size is tried under either key. */
static void rmp_auth__old_key_over_a_narrow_path(void **state)
{
	u32 n;

	give_key(&a, 2);
	a.p.ses.frag_max = 8880;
	call(&a);
	for (n = 0; n < 30 && !b.served; n++) {
		while (a.nwire || b.nwire) {
			struct end *e = a.nwire ? &a : &b;
			struct frame f = take(e);

			if (f.len <= 1500)
				receive(e->other, &f);
		}
		now = max(now, rmp_peer_deadline(&a.p));
		timer(&a);
	}
	assert_int_equal(b.served, 1);
}

static void rmp_auth__renews_with_use(void **state)
{
	u64 serial;

	call_is_answered(&a);
	serial = a.a.keys.pair[a.a.keys.cur].serial;
	now += RMP_REKEY_NS + RMP_MS(RMP_REKEY_JITTER_MS);
	call_is_answered(&a);
	assert_true(a.a.keys.pair[a.a.keys.cur].serial > serial);
	assert_int_equal(a.unsent + b.unsent, 0);
	assert_int_equal(a.p.stat[RMP_S_RETRANS], 0);
}

/* After long silence nobody has a key: the first call makes one, and goes on. */
static void rmp_auth__starts_over_after_silence(void **state)
{
	call_is_answered(&a);
	now += 2 * RMP_REJECT_NS;
	call_is_answered(&a);
	assert_int_equal(a.unsent, 1);
	now += 2 * RMP_REJECT_NS;
	call_is_answered(&b);
}

static void rmp_auth__key_change_without_a_pause(void **state)
{
	u8 old[RMP_HINT_LEN];

	call_is_answered(&a);
	memcpy(old, a.ring.key[0].hint, sizeof(old));
	give_key(&a, 2);
	call_is_answered(&a);
	call_is_answered(&b);
	/* a alone has it: its first HELLO is not understood. */
	now += RMP_REKEY_LATE_NS;
	call_is_answered(&a);
	now += RMP_HELLO_LAST_NS;
	timer(&a);
	flow();
	call_is_answered(&b);
	give_key(&b, 2);
	now += RMP_REKEY_LATE_NS;
	call_is_answered(&b);
	timer(&b);
	flow();
	assert_int_equal(rmp_keyring_drop(&a.ring, old), 0);
	assert_int_equal(rmp_keyring_drop(&b.ring, old), 0);
	rmp_keys_retire(&a.a.keys, old, now);
	rmp_keys_retire(&b.a.keys, old, now);
	call_is_answered(&a);
	call_is_answered(&b);
	now += 2 * RMP_RETIRE_NS;
	call_is_answered(&a);
	assert_int_equal(a.unsent + b.unsent, 0);
}

static void rmp_auth__copies_have_tags_of_their_own(void **state)
{
	struct frame first, second;

	call_is_answered(&a);
	call(&a);
	first = take(&a);
	now += RMP_MS(2000);
	timer(&a);
	second = take(&a);
	assert_int_not_equal(((struct rmp_hdr *)first.bytes)->nonce,
			     ((struct rmp_hdr *)second.bytes)->nonce);
	assert_int_equal(receive(&b, &second), 0);
	assert_int_equal(receive(&b, &first), 0);
	assert_int_equal(b.served, 2);
	assert_int_equal(b.p.stat[RMP_S_RX_DUP], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AUTH(rmp_auth__session_opens_and_works),
		AUTH(rmp_auth__both_at_once),
		AUTH(rmp_auth__every_bit_counts),
		AUTH(rmp_auth__frames_count_once),
		AUTH(rmp_auth__old_bye),
		AUTH(rmp_auth__wrong_key_is_silence),
		AUTH(rmp_auth__restart_makes_new_keys),
		AUTH(rmp_auth__former_life_when_stamps_come_round),
		AUTH(rmp_auth__restart_with_the_clock_gone_back),
		AUTH(rmp_auth__old_key_over_a_narrow_path),
		AUTH(rmp_auth__renews_with_use),
		AUTH(rmp_auth__starts_over_after_silence),
		AUTH(rmp_auth__key_change_without_a_pause),
		AUTH(rmp_auth__copies_have_tags_of_their_own),
	};

	return MXT_RUN(tests);
}
