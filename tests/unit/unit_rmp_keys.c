// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_keys.c: handshakes under loss, delay, forgery and
 * replay, and from both sides at once.
 */
#include "rmp_keys_rig.h"

/* --- handshakes, one at a time ------------------------------------------ */

static void rmp_keys__first_session(void **state)
{
	struct rmp_hs hs1, hs2;
	struct frame f;

	assert_int_equal(make(&a, &f), -ENOKEY);
	hs1 = hello(&a);
	assert_int_equal(make(&a, &f), -ENOKEY);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	/* The responder waits for a frame under the new keys. */
	assert_int_equal(make(&b, &f), -ENOKEY);
	assert_int_equal(finish(&a, &hs2), 0);
	assert_int_equal(make(&b, &f), -ENOKEY);
	assert_int_equal(pass(&a, &b), 1);
	assert_int_equal(pass(&a, &b), 0);
	assert_int_equal(pass(&b, &a), 0);
	assert_true(agree());
	assert_int_equal(live(&a), 1);
	assert_int_equal(live(&b), 1);
}

static void rmp_keys_tx__fields_and_nonces(void **state)
{
	static const u8 i2r[12] = { 0, 0, 0, 0, 0, 201, 0, 0, 0, 0, 0, 1 };
	static const u8 r2i[12] = { 0, 0, 0, 1, 0, 101, 0, 0, 0, 0, 0, 0 };
	struct rmp_seal s, t;

	shake(&a, &b);
	/* 201 is what b chose, 101 a. The confirmation had counter 0. */
	rmp_keys_tx(&a.keys, now, &s);
	assert_true(s.field == (201ULL << 48 | 1));
	assert_memory_equal(s.nonce, i2r, 12);
	assert_int_equal(rmp_keys_rx(&b.keys, s.field, now, &t), 0);
	assert_memory_equal(t.key, s.key, 32);
	assert_memory_equal(t.nonce, i2r, 12);
	rmp_keys_tx(&b.keys, now, &s);
	assert_true(s.field == 101ULL << 48);
	assert_memory_equal(s.nonce, r2i, 12);
	assert_memory_not_equal(s.key, t.key, 32);
}

static void rmp_keys_rx__unknown_repeated_forged(void **state)
{
	struct frame f, g;

	shake(&a, &b);
	make(&a, &f);
	g = f;
	g.field ^= 1ULL << 48;
	assert_int_equal(take(&b, &g), -ENOKEY);
	g = f;
	g.field += 1000;
	assert_int_equal(take(&b, &g), -EBADMSG);
	g = f;
	g.tag[15] ^= 1;
	assert_int_equal(take(&b, &g), -EBADMSG);
	/* A forger moved nothing: the frame itself still counts, once. */
	assert_int_equal(take(&b, &f), 0);
	assert_int_equal(take(&b, &f), -EALREADY);
	assert_int_equal(rmp_keys_rx_good(&b.keys, f.field, now), -EALREADY);
	/* And a frame sent back to its sender is none. */
	make(&a, &f);
	assert_true(take(&a, &f) < 0);
}

static void rmp_keys__lost_hello(void **state)
{
	struct rmp_hs hs1, hs2;

	shake(&a, &b);
	hello(&a);
	assert_true(works());
	now += S(1);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(finish(&a, &hs2), 0);
	assert_int_equal(pass(&a, &b), 1);
	assert_true(works());
	assert_true(agree());
}

static void rmp_keys__lost_welcomes(void **state)
{
	struct rmp_hs hs1, hs2;
	int i;

	shake(&a, &b);
	for (i = 0; i < 20; i++) {
		now += RMP_KEY_MS(300);
		hs1 = hello(&a);
		assert_int_equal(welcome(&b, &hs1, &hs2), 0);
		assert_true(works());
		assert_true(agree());
	}
	assert_int_equal(finish(&a, &hs2), 0);
	assert_int_equal(pass(&a, &b), 1);
	assert_true(agree());
}

static void rmp_keys__lost_confirmation(void **state)
{
	struct rmp_hs hs1, hs2;
	struct frame f;

	shake(&a, &b);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(finish(&a, &hs2), 0);
	make(&a, &f);
	/* The responder goes on under the old keys, and is understood. */
	assert_int_equal(pass(&b, &a), 0);
	assert_int_equal(pass(&b, &a), 0);
	assert_false(agree());
	/* Another handshake, whose WELCOME is lost, must not end it either. */
	now += S(1);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(pass(&b, &a), 0);
	assert_int_equal(pass(&a, &b), 1);
	assert_true(agree());
	/* Late, the lost frame is still good, once. */
	assert_int_equal(take(&b, &f), 0);
	assert_int_equal(take(&b, &f), -EALREADY);
}

static void rmp_keys__frames_under_way_at_a_change(void **state)
{
	struct frame fa[10], fb[10];
	int i;

	shake(&a, &b);
	for (i = 0; i < 10; i++) {
		assert_int_equal(make(&a, &fa[i]), 0);
		assert_int_equal(make(&b, &fb[i]), 0);
	}
	now += S(120);
	shake(&a, &b);
	for (i = 9; i >= 0; i--) {
		assert_int_equal(take(&b, &fa[i]), 0);
		assert_int_equal(take(&a, &fb[i]), 0);
	}
	assert_true(agree());
}

static void rmp_keys_welcome__replayed(void **state)
{
	struct rmp_hs old = hello(&a), hs1, hs2;
	struct rmp_keys before;

	now += S(1);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	before = b.keys;
	assert_int_equal(welcome(&b, &hs1, &hs2), -EALREADY);
	assert_int_equal(welcome(&b, &old, &hs2), -EALREADY);
	hs1.order = 0;
	assert_int_equal(welcome(&b, &hs1, &hs2), -EALREADY);
	assert_memory_equal(&before, &b.keys, sizeof(before));
}

static void rmp_keys_finish__replayed(void **state)
{
	struct rmp_hs hs1 = hello(&a), hs2, older;
	struct rmp_keys before;

	assert_int_equal(finish(&b, &hs1), -EALREADY);
	assert_int_equal(welcome(&b, &hs1, &older), 0);
	now += S(1);
	hs1 = hello(&a);
	assert_int_equal(finish(&a, &older), -EALREADY);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_int_equal(finish(&a, &hs2), 0);
	before = a.keys;
	assert_int_equal(finish(&a, &hs2), -EALREADY);
	assert_int_equal(finish(&a, &older), -EALREADY);
	assert_memory_equal(&before, &a.keys, sizeof(before));
	assert_int_equal(pass(&a, &b), 1);
}

static void rmp_keys_finish__too_late(void **state)
{
	struct rmp_hs hs1 = hello(&a), hs2;

	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	assert_true(rmp_keys_deadline(&a.keys) == now + S(10));
	now += S(10);
	assert_int_equal(finish(&a, &hs2), -EALREADY);
	assert_int_equal(a.keys.hs.order, 0);
	assert_int_equal(live(&a), 0);
}

static void rmp_keys_hello__order_rises(void **state)
{
	struct rmp_hs_env e;
	struct rmp_hs hs1, hs2;
	int i;

	shake(&a, &b);
	/* The caller's clock stands still, or goes back. */
	for (i = 0; i < 3; i++) {
		e = env(&a);
		e.order = now - S(i);
		assert_int_equal(rmp_keys_hello(&a.keys, &e, &hs1), 0);
		assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	}
	assert_int_equal(finish(&a, &hs2), 0);
}

/* Whatever is changed in a HELLO: it is refused, and nothing else changes. */
static void rmp_keys_welcome__any_bit_flipped(void **state)
{
	struct rmp_keys before;
	struct rmp_hs hs1, bad, hs2;
	u32 bit;
	int rc;

	shake(&a, &b);
	now += S(5);
	hs1 = hello(&a);
	before = b.keys;
	for (bit = 0; bit < 8 * sizeof(hs1); bit++) {
		bad = hs1;
		((u8 *)&bad)[bit / 8] ^= 1 << bit % 8;
		rc = welcome(&b, &bad, &hs2);
		if (bit < 64)
			assert_int_equal(rc, -ENOKEY);
		else if (bit < 128 && be64_to_cpu(bad.order) <= before.order_rx)
			assert_int_equal(rc, -EALREADY);
		else
			assert_int_equal(rc, -EBADMSG);
		assert_memory_equal(&before, &b.keys, sizeof(before));
	}
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
}

static void rmp_keys_finish__any_bit_flipped(void **state)
{
	struct rmp_hs hs1 = hello(&a), hs2, bad;
	struct rmp_keys before = a.keys;
	u32 bit;

	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	for (bit = 0; bit < 8 * sizeof(hs2); bit++) {
		bad = hs2;
		((u8 *)&bad)[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(finish(&a, &bad), bit >= 64 && bit < 128 ? -EALREADY : -EBADMSG);
		assert_memory_equal(&before, &a.keys, sizeof(before));
	}
	assert_int_equal(finish(&a, &hs2), 0);
	assert_int_equal(pass(&a, &b), 1);
}

static void rmp_keys__headers_are_bound(void **state)
{
	struct rmp_hs hs1 = hello(&a), hs2;
	struct rmp_hs_env e = env(&b);

	e.hello.p = "hallo";
	assert_int_equal(rmp_keys_welcome(&b.keys, &e, &hs1, &hs2), -EBADMSG);
	e.hello.p = "hello";
	e.welcome.len = 6;
	assert_int_equal(rmp_keys_welcome(&b.keys, &e, &hs1, &hs2), 0);
	assert_int_equal(finish(&a, &hs2), -EBADMSG);
}

static void rmp_keys_welcome__another_clusters_key(void **state)
{
	struct rmp_hs hs1, hs2;
	u8 hint[RMP_HINT_LEN];

	node_init(&a, 1, 2);
	add_key(&a, 9);
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), -ENOKEY);
	/* Under the hint of the right one, that everybody can read. */
	memcpy(hint, b.ring.key[0].hint, sizeof(hint));
	memcpy(a.ring.key[0].hint, hint, sizeof(hint));
	hs1 = hello(&a);
	assert_int_equal(welcome(&b, &hs1, &hs2), -EBADMSG);
	rmp_keyring_wipe(&a.ring);
	assert_int_equal(rmp_keys_hello(&a.keys, &(struct rmp_hs_env){ .ring = &a.ring }, &hs1),
			 -ENOKEY);
}

static void rmp_keys_welcome__limited(void **state)
{
	struct rmp_hs hs1, hs2;
	struct rmp_keys before;
	int i;

	/* Forgeries take nothing away. */
	for (i = 0; i < 1000; i++) {
		hs1 = hello(&a);
		hs1.noise[i % RMP_NOISE_LEN] ^= 0x10;
		assert_int_equal(welcome(&b, &hs1, &hs2), -EBADMSG);
	}
	for (i = 0; i < 16; i++) {
		hs1 = hello(&a);
		assert_int_equal(welcome(&b, &hs1, &hs2), 0);
	}
	hs1 = hello(&a);
	before = b.keys;
	assert_int_equal(welcome(&b, &hs1, &hs2), -EBUSY);
	assert_memory_equal(&before, &b.keys, sizeof(before));
	now += RMP_KEY_MS(250);
	assert_int_equal(welcome(&b, &hs1, &hs2), 0);
}

/* --- both sides at once ------------------------------------------------- */

/*
 * The four deliveries of two handshakes that cross, in the order that the
 * digits of @order give: 0 HELLO to b, 1 HELLO to a, 2 WELCOME to a, 3 WELCOME
 * to b. Return: false if that is no order in which they can happen.
 */
static bool cross(const int order[4])
{
	struct rmp_hs ha, hb, wa, wb;
	bool done[4] = { 0 };
	int i;

	for (i = 0; i < 4; i++) {
		if (order[i] >= 2 && !done[order[i] - 2])
			return false;
		done[order[i]] = true;
	}
	ha = hello(&a);
	hb = hello(&b);
	for (i = 0; i < 4; i++) {
		if (order[i] == 0)
			assert_int_equal(welcome(&b, &ha, &wb), 0);
		else if (order[i] == 1)
			assert_int_equal(welcome(&a, &hb, &wa), 0);
		else if (order[i] == 2)
			assert_int_equal(finish(&a, &wb), 0);
		else
			assert_int_equal(finish(&b, &wa), 0);
	}
	return true;
}

enum speaks { A_FIRST, B_FIRST, AT_ONCE };

static void speak(enum speaks who)
{
	struct frame fa, fb;

	if (who == A_FIRST) {
		assert_true(pass(&a, &b) >= 0);
	} else if (who == B_FIRST) {
		assert_true(pass(&b, &a) >= 0);
	} else {
		make(&a, &fa);
		make(&b, &fb);
		assert_true(take(&b, &fa) >= 0);
		assert_true(take(&a, &fb) >= 0);
	}
}

static int crossed(void **state, bool session, enum speaks who)
{
	int i, j, k, n = 0;

	for (i = 0; i < 256; i++) {
		int order[4] = { i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6 };

		for (j = 0, k = 0; j < 4; j++)
			k |= 1 << order[j];
		if (k != 15)
			continue;
		setup(state);
		if (session)
			shake(&a, &b);
		if (!cross(order))
			continue;
		n++;
		/* Whoever speaks first: each is understood, and they come together. */
		speak(who);
		assert_true(works() && works());
		if (order[0] + order[1] == 1)
			assert_true(agree());
	}
	return n;
}

static void rmp_keys__crossed_handshakes(void **state)
{
	enum speaks who;

	for (who = A_FIRST; who <= AT_ONCE; who++) {
		assert_int_equal(crossed(state, false, who), 6);
		assert_int_equal(crossed(state, true, who), 6);
	}
}

/* The lower node's handshake ends after the higher's is in use: it is dropped. */
static void rmp_keys_finish__overtaken(void **state)
{
	struct rmp_hs ha, hb, wa, wb;

	ha = hello(&a);
	hb = hello(&b);
	assert_int_equal(welcome(&b, &ha, &wb), 0);
	assert_int_equal(welcome(&a, &hb, &wa), 0);
	assert_int_equal(finish(&b, &wa), 0);
	assert_int_equal(pass(&b, &a), 1);
	assert_int_equal(finish(&a, &wb), -EALREADY);
	assert_int_equal(a.keys.hs.order, 0);
	assert_true(works());
	assert_true(agree());
}

/* What is on its way in the test below. */
struct wire {
	struct { struct node *to; int kind; struct rmp_hs hs; struct frame f; } m[64];
	int n;
};

static void put(struct wire *w, struct node *to, int kind, const struct rmp_hs *hs,
		const struct frame *f)
{
	int copies = draw() % 10 < 3 ? 0 : 1 + (draw() % 10 == 0);

	for (; copies && w->n < ARRAY_SIZE(w->m); copies--, w->n++) {
		w->m[w->n].to = to;
		w->m[w->n].kind = kind;
		if (hs)
			w->m[w->n].hs = *hs;
		if (f)
			w->m[w->n].f = *f;
	}
}

/* One of the messages, not always the oldest. */
static void get(struct wire *w)
{
	int i = draw() % 4 ? 0 : draw() % w->n;
	struct node *to = w->m[i].to;
	struct rmp_hs hs2;

	if (w->m[i].kind == 0 && welcome(to, &w->m[i].hs, &hs2) == 0)
		put(w, to == &a ? &b : &a, 1, &hs2, NULL);
	else if (w->m[i].kind == 1)
		finish(to, &w->m[i].hs);
	else if (w->m[i].kind == 2)
		take(to, &w->m[i].f);
	memmove(&w->m[i], &w->m[i + 1], (--w->n - i) * sizeof(w->m[0]));
}

/*
 * Loss, duplication, reordering and both sides beginning at any time; then the
 * network is well again. Either all works, or one handshake makes it work.
 */
static void rmp_keys__storm(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	struct rmp_hs hs;
	struct frame f;
	int round, i, healed = 0;

	for (round = 0; round < 300; round++) {
		setup(state);
		seed = round;
		w->n = 0;
		for (i = 0; i < 60; i++) {
			struct node *n = draw() % 2 ? &a : &b;
			struct node *peer = n == &a ? &b : &a;

			now += RMP_KEY_MS(draw() % 2000);
			if (draw() % 5 == 0) {
				hs = hello(n);
				put(w, peer, 0, &hs, NULL);
			} else if (make(n, &f) >= 0) {
				put(w, peer, 2, NULL, &f);
			}
			while (w->n && draw() % 3)
				get(w);
		}
		now += S(10);
		pass(&a, &b);
		pass(&b, &a);
		if (!works()) {
			shake(&a, &b);
			healed++;
		}
		assert_true(works());
		shake(&b, &a);
		assert_true(works() && agree());
	}
	/* Even so, hardly a session is lost. */
	assert_true(healed < 10);
	free(w);
	mxt_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS(rmp_keys__first_session),
		KEYS(rmp_keys_tx__fields_and_nonces),
		KEYS(rmp_keys_rx__unknown_repeated_forged),
		KEYS(rmp_keys__lost_hello),
		KEYS(rmp_keys__lost_welcomes),
		KEYS(rmp_keys__lost_confirmation),
		KEYS(rmp_keys__frames_under_way_at_a_change),
		KEYS(rmp_keys_welcome__replayed),
		KEYS(rmp_keys_finish__replayed),
		KEYS(rmp_keys_finish__too_late),
		KEYS(rmp_keys_hello__order_rises),
		KEYS(rmp_keys_welcome__any_bit_flipped),
		KEYS(rmp_keys_finish__any_bit_flipped),
		KEYS(rmp_keys__headers_are_bound),
		KEYS(rmp_keys_welcome__another_clusters_key),
		KEYS(rmp_keys_welcome__limited),
		KEYS(rmp_keys__crossed_handshakes),
		KEYS(rmp_keys_finish__overtaken),
		KEYS(rmp_keys__storm),
	};

	return MXT_RUN(tests);
}
