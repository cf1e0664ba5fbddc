// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake that makes a session's keys, from the cluster key and two
 * ephemeral ones: Noise_NNpsk0_25519_ChaChaPoly_SHA256, without payloads.
 *
 *	-> psk, e
 *	<- e, ee
 *
 * Function names are the Noise specification's. As every payload follows a
 * MixKey(), which sets the nonce back, all nonces are 0.
 */
#include "rmp_keys.h"

static const char rmp_noise_name[] = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";
static const char rmp_noise_prologue[] = "MemX RMAP 1";
static const u8 rmp_noise_nonce[MX_NONCE_LEN];

static void rmp_mix_hash(struct rmp_noise *n, const void *data, u32 len)
{
	struct mx_sha256 s;

	mx_sha256_init(&s);
	mx_sha256_update(&s, n->h, sizeof(n->h));
	mx_sha256_update(&s, data, len);
	mx_sha256_final(&s, n->h);
}

/* MixHash() of three pieces as if they were one. */
static void rmp_mix_bind(struct rmp_noise *n, const struct rmp_bytes *lead,
			 const struct rmp_bytes bind[2])
{
	const struct rmp_bytes *part[3] = { lead, &bind[0], &bind[1] };
	struct mx_sha256 s;
	u32 i;

	mx_sha256_init(&s);
	mx_sha256_update(&s, n->h, sizeof(n->h));
	for (i = 0; i < ARRAY_SIZE(part); i++)
		if (part[i]->len)
			mx_sha256_update(&s, part[i]->p, part[i]->len);
	mx_sha256_final(&s, n->h);
}

/* Noise's HKDF() is RFC 5869's with the chaining key as salt and no info. */
static void rmp_mix(struct rmp_noise *n, u8 *out, u32 len, const u8 *ikm, u32 ikm_len)
{
	u8 prk[MX_HASH_LEN];

	mx_hkdf_extract(prk, n->ck, sizeof(n->ck), ikm, ikm_len);
	mx_hkdf_expand(out, len, prk, NULL, 0);
	mx_wipe(prk, sizeof(prk));
}

static void rmp_mix_key(struct rmp_noise *n, const u8 *ikm)
{
	u8 out[2 * MX_HASH_LEN];

	rmp_mix(n, out, sizeof(out), ikm, MX_KEY_LEN);
	memcpy(n->ck, out, sizeof(n->ck));
	memcpy(n->k, out + MX_HASH_LEN, sizeof(n->k));
	mx_wipe(out, sizeof(out));
}

static void rmp_mix_key_and_hash(struct rmp_noise *n, const u8 *psk)
{
	u8 out[3 * MX_HASH_LEN];

	rmp_mix(n, out, sizeof(out), psk, MX_KEY_LEN);
	memcpy(n->ck, out, sizeof(n->ck));
	rmp_mix_hash(n, out + MX_HASH_LEN, MX_HASH_LEN);
	memcpy(n->k, out + 2 * MX_HASH_LEN, sizeof(n->k));
	mx_wipe(out, sizeof(out));
}

/* The token e: with a pre-shared key the public key goes into the key, too. */
static void rmp_mix_e(struct rmp_noise *n, const u8 *pub)
{
	rmp_mix_hash(n, pub, MX_KEY_LEN);
	rmp_mix_key(n, pub);
}

/* EncryptAndHash() of nothing leaves the tag. */
static void rmp_seal_empty(struct rmp_noise *n, u8 *tag)
{
	mx_aead_seal(tag, NULL, 0, n->h, sizeof(n->h), rmp_noise_nonce, n->k);
	rmp_mix_hash(n, tag, MX_TAG_LEN);
}

static bool rmp_open_empty(struct rmp_noise *n, const u8 *tag)
{
	if (!mx_aead_open(NULL, tag, 0, n->h, sizeof(n->h), rmp_noise_nonce, n->k))
		return false;
	rmp_mix_hash(n, tag, MX_TAG_LEN);
	return true;
}

/* Up to and with the token psk. */
static void rmp_noise_start(struct rmp_noise *n, const u8 *psk,
			    const struct rmp_bytes bind[2])
{
	const struct rmp_bytes prologue = {
		.p = rmp_noise_prologue,
		.len = sizeof(rmp_noise_prologue) - 1,
	};
	struct mx_sha256 s;

	memset(n, 0, sizeof(*n));
	/* A name longer than a hash is hashed. */
	mx_sha256_init(&s);
	mx_sha256_update(&s, rmp_noise_name, sizeof(rmp_noise_name) - 1);
	mx_sha256_final(&s, n->h);
	memcpy(n->ck, n->h, sizeof(n->ck));
	rmp_mix_bind(n, &prologue, bind);
	rmp_mix_key_and_hash(n, psk);
}

int rmp_noise_write1(struct rmp_noise *n, const u8 *psk,
		     const struct rmp_bytes bind[2], const u8 *secret, u8 *msg)
{
	rmp_noise_start(n, psk, bind);
	if (!mx_x25519_public(msg, secret)) {
		mx_wipe(n, sizeof(*n));
		return -EINVAL;
	}
	memcpy(n->e, secret, sizeof(n->e));
	rmp_mix_e(n, msg);
	rmp_seal_empty(n, msg + MX_KEY_LEN);
	return 0;
}

int rmp_noise_read1(struct rmp_noise *n, const u8 *psk,
		    const struct rmp_bytes bind[2], const u8 *msg)
{
	rmp_noise_start(n, psk, bind);
	memcpy(n->re, msg, sizeof(n->re));
	rmp_mix_e(n, n->re);
	if (!rmp_open_empty(n, msg + MX_KEY_LEN)) {
		mx_wipe(n, sizeof(*n));
		return -EBADMSG;
	}
	return 0;
}

/* What comes between the two messages; the specification's if there is none. */
static void rmp_noise_between(struct rmp_noise *n, const struct rmp_bytes bind[2])
{
	const struct rmp_bytes none = { 0 };

	if (bind[0].len || bind[1].len)
		rmp_mix_bind(n, &none, bind);
}

/* The tokens e and ee of message 2. */
static bool rmp_mix_ee(struct rmp_noise *n, const u8 *pub, const u8 *secret,
		       const u8 *other)
{
	u8 shared[MX_KEY_LEN];
	bool ok;

	rmp_mix_e(n, pub);
	ok = mx_x25519(shared, secret, other);
	if (ok)
		rmp_mix_key(n, shared);
	mx_wipe(shared, sizeof(shared));
	return ok;
}

/* Ends @n. */
static void rmp_noise_split(struct rmp_noise *n, struct rmp_split *split)
{
	u8 out[2 * MX_HASH_LEN];

	rmp_mix(n, out, sizeof(out), NULL, 0);
	memcpy(split->i2r, out, sizeof(split->i2r));
	memcpy(split->r2i, out + MX_HASH_LEN, sizeof(split->r2i));
	mx_wipe(out, sizeof(out));
	mx_wipe(n, sizeof(*n));
}

int rmp_noise_write2(struct rmp_noise *n, const struct rmp_bytes bind[2],
		     const u8 *secret, u8 *msg, struct rmp_split *split)
{
	int rc = -EINVAL;

	rmp_noise_between(n, bind);
	if (!mx_x25519_public(msg, secret))
		goto fail;
	rc = -EBADMSG;
	if (!rmp_mix_ee(n, msg, secret, n->re))
		goto fail;
	rmp_seal_empty(n, msg + MX_KEY_LEN);
	rmp_noise_split(n, split);
	return 0;

fail:
	mx_wipe(n, sizeof(*n));
	return rc;
}

int rmp_noise_read2(struct rmp_noise *n, const struct rmp_bytes bind[2],
		    const u8 *msg, struct rmp_split *split)
{
	struct rmp_noise t = *n;

	rmp_noise_between(&t, bind);
	if (!rmp_mix_ee(&t, msg, t.e, msg) || !rmp_open_empty(&t, msg + MX_KEY_LEN)) {
		mx_wipe(&t, sizeof(t));
		return -EBADMSG;
	}
	rmp_noise_split(&t, split);
	mx_wipe(n, sizeof(*n));
	return 0;
}
