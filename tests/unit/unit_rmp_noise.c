// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_noise.c: known answers, and that nothing but the
 * right key and the very bytes that were sent gets through.
 */
#include "mxtest.h"
#include "mx_crypto.h"
#include "hex.h"

/* Counts the scalar multiplications, which an attacker must not get for free. */
static int multiplied;
#define mx_x25519(shared, secret, pub) (multiplied++, (mx_x25519)(shared, secret, pub))
#define mx_x25519_public(pub, secret) (multiplied++, (mx_x25519_public)(pub, secret))
#include "engine/rmp_noise.c"

static const struct rmp_bytes nothing[2];
static const struct rmp_bytes about1[2] = { { "initiator and ", 14 }, { "responder", 9 } };
static const struct rmp_bytes about2[2] = { { "", 0 }, { "responder", 9 } };

struct side {
	struct rmp_noise n;
	struct rmp_split split;
	u8 psk[32];
	u8 secret[32];
	u8 msg[RMP_NOISE_LEN];
};

static void count_up(u8 *out, u8 from)
{
	int i;

	for (i = 0; i < 32; i++)
		out[i] = from + i;
}

static void setup(struct side *i, struct side *r)
{
	memset(i, 0, sizeof(*i));
	memset(r, 0, sizeof(*r));
	count_up(i->psk, 0);
	count_up(r->psk, 0);
	count_up(i->secret, 0x40);
	count_up(r->secret, 0x80);
	multiplied = 0;
}

static void shake(struct side *i, struct side *r, const struct rmp_bytes b1[2],
		  const struct rmp_bytes b2[2])
{
	setup(i, r);
	assert_int_equal(rmp_noise_write1(&i->n, i->psk, b1, i->secret, i->msg), 0);
	assert_int_equal(rmp_noise_read1(&r->n, r->psk, b1, i->msg), 0);
	assert_int_equal(rmp_noise_write2(&r->n, b2, r->secret, r->msg, &r->split), 0);
	assert_int_equal(rmp_noise_read2(&i->n, b2, r->msg, &i->split), 0);
}

/*
 * The answers come from a second implementation, written from the Noise
 * specification with other libraries, which reproduces the published vector
 * for this protocol name, payloads and transport messages included.
 */
static void rmp_noise__known_answers(void **state)
{
	struct side i, r;

	shake(&i, &r, nothing, nothing);
	assert_hex(i.msg, "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a"
		   "dcd7c1e8ee219b43859bfab106d1e7ae");
	assert_hex(r.msg, "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d"
		   "bc480ba58020eb0663fa434c35317bb5");
	assert_hex(i.split.i2r, "5769169cd44b1f09dd78feb33ac3731bcfa9070289becbbc0040813044e3ad14");
	assert_hex(i.split.r2i, "cc9bea0cd7d26ea1ab7a45bec679d6244fff84337a492142af1ac9b08832bf12");
	assert_memory_equal(&i.split, &r.split, sizeof(i.split));
}

static void rmp_noise__known_answers_bound(void **state)
{
	struct side i, r;

	shake(&i, &r, about1, about2);
	assert_hex(i.msg, "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a"
		   "0c8e05435847f79b59be5db458a8f07d");
	assert_hex(r.msg, "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d"
		   "b6b7dbd5e130f2b3817b5c72041ff321");
	assert_memory_equal(&i.split, &r.split, sizeof(i.split));
}

static void rmp_noise__leaves_no_secret(void **state)
{
	struct side i, r;

	shake(&i, &r, about1, about2);
	assert_true(mx_equal(&i.n, &(struct rmp_noise){ 0 }, sizeof(i.n)));
	assert_true(mx_equal(&r.n, &(struct rmp_noise){ 0 }, sizeof(r.n)));
}

static void rmp_noise__fresh_secrets_fresh_keys(void **state)
{
	struct side i, r, i2, r2;

	shake(&i, &r, nothing, nothing);
	setup(&i2, &r2);
	r2.secret[5]++;
	rmp_noise_write1(&i2.n, i2.psk, nothing, i2.secret, i2.msg);
	rmp_noise_read1(&r2.n, r2.psk, nothing, i2.msg);
	rmp_noise_write2(&r2.n, nothing, r2.secret, r2.msg, &r2.split);
	assert_memory_not_equal(r.split.i2r, r2.split.i2r, 32);
	assert_memory_not_equal(r.split.r2i, r2.split.r2i, 32);
	/* An answer to one handshake is none to another with the same message 1. */
	rmp_noise_write1(&i.n, i.psk, nothing, i.secret, i.msg);
	r2.msg[0] ^= 1;
	assert_int_equal(rmp_noise_read2(&i.n, nothing, r2.msg, &i.split), -EBADMSG);
}

static void rmp_noise_read1__wrong_key_costs_no_x25519(void **state)
{
	struct side i, r;
	u32 bit;

	setup(&i, &r);
	rmp_noise_write1(&i.n, i.psk, about1, i.secret, i.msg);
	multiplied = 0;
	for (bit = 0; bit < 256; bit++) {
		r.psk[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(rmp_noise_read1(&r.n, r.psk, about1, i.msg), -EBADMSG);
		r.psk[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, about1, i.msg), 0);
	assert_int_equal(multiplied, 0);
}

static void rmp_noise_read1__any_bit_flipped(void **state)
{
	struct side i, r;
	u32 bit;

	setup(&i, &r);
	rmp_noise_write1(&i.n, i.psk, about1, i.secret, i.msg);
	multiplied = 0;
	for (bit = 0; bit < 8 * RMP_NOISE_LEN; bit++) {
		i.msg[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(rmp_noise_read1(&r.n, r.psk, about1, i.msg), -EBADMSG);
		assert_true(mx_equal(&r.n, &(struct rmp_noise){ 0 }, sizeof(r.n)));
		i.msg[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(multiplied, 0);
}

static void rmp_noise_read1__bound_otherwise(void **state)
{
	static const struct rmp_bytes other[2] = { { "initiator and ", 14 }, { "respondes", 9 } };
	static const struct rmp_bytes less[2] = { { "initiator and ", 14 }, { "responde", 8 } };
	struct side i, r;

	setup(&i, &r);
	rmp_noise_write1(&i.n, i.psk, about1, i.secret, i.msg);
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, other, i.msg), -EBADMSG);
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, less, i.msg), -EBADMSG);
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, nothing, i.msg), -EBADMSG);
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, about1, i.msg), 0);
}

/* The holder of the cluster key sends a point that fixes the shared secret. */
static void rmp_noise_write2__small_order(void **state)
{
	struct rmp_noise n;
	struct side i, r;

	setup(&i, &r);
	/* Message 1 by hand, as its sender has no secret for this point. */
	rmp_noise_start(&n, i.psk, nothing);
	rmp_mix_e(&n, i.msg);
	rmp_seal_empty(&n, i.msg + MX_KEY_LEN);
	assert_int_equal(rmp_noise_read1(&r.n, r.psk, nothing, i.msg), 0);
	assert_int_equal(rmp_noise_write2(&r.n, nothing, r.secret, r.msg, &r.split), -EBADMSG);
	assert_true(mx_equal(&r.n, &(struct rmp_noise){ 0 }, sizeof(r.n)));
	assert_true(mx_equal(&r.split, &(struct rmp_split){ 0 }, sizeof(r.split)));
}

static void rmp_noise_read2__any_bit_flipped_and_still_open(void **state)
{
	struct rmp_noise before;
	struct side i, r;
	u32 bit;

	setup(&i, &r);
	rmp_noise_write1(&i.n, i.psk, about1, i.secret, i.msg);
	rmp_noise_read1(&r.n, r.psk, about1, i.msg);
	rmp_noise_write2(&r.n, about2, r.secret, r.msg, &r.split);
	before = i.n;
	for (bit = 0; bit < 8 * RMP_NOISE_LEN; bit++) {
		/* X25519 ignores the highest bit; the hash does not. */
		r.msg[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(rmp_noise_read2(&i.n, about2, r.msg, &i.split), -EBADMSG);
		r.msg[bit / 8] ^= 1 << bit % 8;
	}
	assert_int_equal(rmp_noise_read2(&i.n, about1, r.msg, &i.split), -EBADMSG);
	assert_int_equal(rmp_noise_read2(&i.n, nothing, r.msg, &i.split), -EBADMSG);
	/* Our own message back, and one of small order. */
	assert_int_equal(rmp_noise_read2(&i.n, about2, i.msg, &i.split), -EBADMSG);
	memset(i.msg, 0, sizeof(i.msg));
	assert_int_equal(rmp_noise_read2(&i.n, about2, i.msg, &i.split), -EBADMSG);
	assert_memory_equal(&before, &i.n, sizeof(before));
	assert_int_equal(rmp_noise_read2(&i.n, about2, r.msg, &i.split), 0);
	assert_memory_equal(&i.split, &r.split, sizeof(i.split));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_noise__known_answers),
		MXT(rmp_noise__known_answers_bound),
		MXT(rmp_noise__leaves_no_secret),
		MXT(rmp_noise__fresh_secrets_fresh_keys),
		MXT(rmp_noise_read1__wrong_key_costs_no_x25519),
		MXT(rmp_noise_read1__any_bit_flipped),
		MXT(rmp_noise_read1__bound_otherwise),
		MXT(rmp_noise_write2__small_order),
		MXT(rmp_noise_read2__any_bit_flipped_and_still_open),
	};

	return MXT_RUN(tests);
}
