/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cryptography for the engines, the same in the kernel and in user space. The
 * primitives (X25519, SHA-256, ChaCha20, HChaCha20, Poly1305) are the kernel's library or
 * libsodium; what is made of them by a standard (HMAC, HKDF, the AEAD and its
 * tag) is here once, since not every kernel has it in the form needed, and so
 * user-space tests check what the kernel runs.
 *
 * Lengths are in bytes. Nothing here sleeps, allocates or fails but where a
 * return value says so.
 */
#ifndef MX_CRYPTO_H
#define MX_CRYPTO_H

#include "mx_port.h"

enum mx_crypto_len {
	MX_KEY_LEN	= 32,	/* X25519, ChaCha20, Poly1305 */
	MX_HASH_LEN	= 32,	/* SHA-256 */
	MX_HASH_BLOCK	= 64,	/* of SHA-256, as HMAC needs it */
	MX_NONCE_LEN	= 12,
	MX_TAG_LEN	= 16,
	MX_CHACHA_BLOCK	= 64,
	MX_HCHACHA_LEN	= 16,	/* HChaCha20's input besides the key */
};

#ifdef __KERNEL__

#include "mx_compat_crypto.h"
#include <linux/unaligned.h>

/**
 * struct mx_sha256 - a SHA-256 in progress
 * @ctx: the library's
 */
struct mx_sha256 {
	struct sha256_ctx ctx;
};

/**
 * struct mx_poly1305 - a Poly1305 in progress
 * @ctx: the library's
 */
struct mx_poly1305 {
	struct poly1305_desc_ctx ctx;
};

/* Overwrites a secret; the compiler does not leave it out. */
static inline void mx_wipe(void *p, size_t len)
{
	memzero_explicit(p, len);
}

/* Takes the same time wherever the difference is. */
static inline bool mx_equal(const void *a, const void *b, size_t len)
{
	return !crypto_memneq(a, b, len);
}

static inline void mx_sha256_init(struct mx_sha256 *s)
{
	sha256_init(&s->ctx);
}

static inline void mx_sha256_update(struct mx_sha256 *s, const void *data, u32 len)
{
	sha256_update(&s->ctx, data, len);
}

static inline void mx_sha256_final(struct mx_sha256 *s, u8 *out)
{
	sha256_final(&s->ctx, out);
}

/*
 * @secret: MX_KEY_LEN random bytes, clamped here and not changed.
 * Return: false if there is no such public key.
 */
static inline bool mx_x25519_public(u8 *pub, const u8 *secret)
{
	u8 s[MX_KEY_LEN];
	bool ok;

	memcpy(s, secret, sizeof(s));
	curve25519_clamp_secret(s);
	ok = curve25519_generate_public(pub, s);
	mx_wipe(s, sizeof(s));
	return ok;
}

/* Return: false if the result is zero, as a point of small order makes it. */
static inline bool mx_x25519(u8 *shared, const u8 *secret, const u8 *pub)
{
	u8 s[MX_KEY_LEN];
	bool ok;

	memcpy(s, secret, sizeof(s));
	curve25519_clamp_secret(s);
	ok = curve25519(shared, s, pub);
	mx_wipe(s, sizeof(s));
	return ok;
}

/* The sixteen words: @last are the four behind the key. */
static inline void mx_chacha_load(struct chacha_state *state, const u8 *key,
				  const u32 *last)
{
	int i;

	mx_chacha_consts(state);
	for (i = 0; i < 8; i++)
		state->x[4 + i] = get_unaligned_le32(key + 4 * i);
	memcpy(state->x + 12, last, 4 * sizeof(*last));
}

static inline void mx_chacha20_load(struct chacha_state *state, const u8 *key,
				    u32 counter, const u8 *nonce)
{
	const u32 last[4] = {
		counter, get_unaligned_le32(nonce),
		get_unaligned_le32(nonce + 4), get_unaligned_le32(nonce + 8),
	};

	mx_chacha_load(state, key, last);
}

/*
 * One block of key stream, RFC 8439 section 2.3. The library's vector code
 * pays from several blocks on only; one block is plain code in it, too.
 */
static inline void mx_chacha20_block(u8 *out, const u8 *key, u32 counter, const u8 *nonce)
{
	struct chacha_state state;

	mx_chacha20_load(&state, key, counter, nonce);
	mx_chacha_block(&state, out);
	mx_wipe(&state, sizeof(state));
}

/* For large buffers: vector code where the context has it. @dst may be @src. */
static inline void mx_chacha20_stream(u8 *dst, const u8 *src, u32 len, const u8 *key,
				      u32 counter, const u8 *nonce)
{
	struct chacha_state state;

	mx_chacha20_load(&state, key, counter, nonce);
	mx_chacha_crypt(&state, dst, src, len);
	mx_wipe(&state, sizeof(state));
}

/*
 * HChaCha20, draft-irtf-cfrg-xchacha-03 section 2.2: another key from a key
 * and MX_HCHACHA_LEN bytes of @in.
 */
static inline void mx_hchacha20(u8 *out, const u8 *key, const u8 *in)
{
	const u32 last[4] = {
		get_unaligned_le32(in), get_unaligned_le32(in + 4),
		get_unaligned_le32(in + 8), get_unaligned_le32(in + 12),
	};
	struct chacha_state state;
	u32 words[8];
	int i;

	mx_chacha_load(&state, key, last);
	mx_hchacha_block(&state, words);
	for (i = 0; i < 8; i++)
		put_unaligned_le32(words[i], out + 4 * i);
	mx_wipe(words, sizeof(words));
	mx_wipe(&state, sizeof(state));
}

static inline void mx_poly1305_init(struct mx_poly1305 *p, const u8 *key)
{
	poly1305_init(&p->ctx, key);
}

static inline void mx_poly1305_update(struct mx_poly1305 *p, const void *data, u32 len)
{
	poly1305_update(&p->ctx, data, len);
}

/* Wipes @p as well. */
static inline void mx_poly1305_final(struct mx_poly1305 *p, u8 *tag)
{
	poly1305_final(&p->ctx, tag);
}

#else

#include "mx_crypto_user.h"

#endif

/* --- HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869) ------------------------ */

/**
 * struct mx_hmac - an HMAC-SHA-256 in progress
 * @hash: inner hash
 * @pad:  key, zeros after it, XORed with the outer pad's byte
 */
struct mx_hmac {
	struct mx_sha256	hash;
	u8			pad[MX_HASH_BLOCK];
};

static inline void mx_hmac_init(struct mx_hmac *m, const void *key, u32 len)
{
	u32 i;

	memset(m->pad, 0, sizeof(m->pad));
	mx_sha256_init(&m->hash);
	if (len > sizeof(m->pad)) {
		mx_sha256_update(&m->hash, key, len);
		mx_sha256_final(&m->hash, m->pad);
		mx_sha256_init(&m->hash);
	} else if (len) {
		memcpy(m->pad, key, len);
	}
	for (i = 0; i < sizeof(m->pad); i++)
		m->pad[i] ^= 0x36;
	mx_sha256_update(&m->hash, m->pad, sizeof(m->pad));
	for (i = 0; i < sizeof(m->pad); i++)
		m->pad[i] ^= 0x36 ^ 0x5c;
}

static inline void mx_hmac_update(struct mx_hmac *m, const void *data, u32 len)
{
	mx_sha256_update(&m->hash, data, len);
}

static inline void mx_hmac_final(struct mx_hmac *m, u8 *out)
{
	u8 inner[MX_HASH_LEN];

	mx_sha256_final(&m->hash, inner);
	mx_sha256_init(&m->hash);
	mx_sha256_update(&m->hash, m->pad, sizeof(m->pad));
	mx_sha256_update(&m->hash, inner, sizeof(inner));
	mx_sha256_final(&m->hash, out);
	mx_wipe(inner, sizeof(inner));
	mx_wipe(m, sizeof(*m));
}

/* @prk, the result: MX_HASH_LEN bytes from which keys can be expanded. */
static inline void mx_hkdf_extract(u8 *prk, const void *salt, u32 salt_len,
				   const void *ikm, u32 ikm_len)
{
	struct mx_hmac m;

	mx_hmac_init(&m, salt, salt_len);
	if (ikm_len)
		mx_hmac_update(&m, ikm, ikm_len);
	mx_hmac_final(&m, prk);
}

/* @okm, the result: @len bytes, at most 255 hashes. */
static inline void mx_hkdf_expand(u8 *okm, u32 len, const u8 *prk,
				  const void *info, u32 info_len)
{
	u8 t[MX_HASH_LEN];
	struct mx_hmac m;
	u8 round = 0;
	u32 n;

	while (len) {
		mx_hmac_init(&m, prk, MX_HASH_LEN);
		if (round)
			mx_hmac_update(&m, t, sizeof(t));
		if (info_len)
			mx_hmac_update(&m, info, info_len);
		round++;
		mx_hmac_update(&m, &round, 1);
		mx_hmac_final(&m, t);
		n = min_t(u32, len, sizeof(t));
		memcpy(okm, t, n);
		okm += n;
		len -= n;
	}
	mx_wipe(t, sizeof(t));
}

/* --- ChaCha20-Poly1305 (RFC 8439) --------------------------------------- */

/**
 * struct mx_mac - the tag of a ChaCha20-Poly1305 in progress
 *
 * With mx_mac_init(), any number of mx_mac_update() and mx_mac_final() it is
 * the tag of the AEAD with all data as additional data and nothing encrypted.
 *
 * @poly:   Poly1305 under the one-time key
 * @ad_len: bytes of additional data so far
 */
struct mx_mac {
	struct mx_poly1305	poly;
	u64			ad_len;
};

static inline void mx_mac_init(struct mx_mac *m, const u8 *key, const u8 *nonce)
{
	u8 block[MX_CHACHA_BLOCK];

	mx_chacha20_block(block, key, 0, nonce);
	mx_poly1305_init(&m->poly, block);
	mx_wipe(block, sizeof(block));
	m->ad_len = 0;
}

static inline void mx_mac_update(struct mx_mac *m, const void *data, u32 len)
{
	mx_poly1305_update(&m->poly, data, len);
	m->ad_len += len;
}

/* Zeros up to a multiple of 16 after @len bytes. */
static inline void mx_mac_pad(struct mx_mac *m, u64 len)
{
	static const u8 zeros[MX_TAG_LEN];
	u32 n = -len & (MX_TAG_LEN - 1);

	if (n)
		mx_poly1305_update(&m->poly, zeros, n);
}

/* The lengths of what was authenticated; then the tag. */
static inline void mx_mac_end(struct mx_mac *m, u64 text_len, u8 *tag)
{
	u8 lens[16];
	int i;

	for (i = 0; i < 8; i++) {
		lens[i] = (u8)(m->ad_len >> (8 * i));
		lens[8 + i] = (u8)(text_len >> (8 * i));
	}
	mx_poly1305_update(&m->poly, lens, sizeof(lens));
	mx_poly1305_final(&m->poly, tag);
}

static inline void mx_mac_final(struct mx_mac *m, u8 *tag)
{
	mx_mac_pad(m, m->ad_len);
	mx_mac_end(m, 0, tag);
}

/* @dst may be @src. For small buffers: it goes block by block. */
static inline void mx_chacha20_xor(u8 *dst, const u8 *src, u32 len,
				   const u8 *key, const u8 *nonce)
{
	u8 block[MX_CHACHA_BLOCK];
	u32 i;

	for (i = 0; i < len; i++) {
		if (!(i % MX_CHACHA_BLOCK))
			mx_chacha20_block(block, key, 1 + i / MX_CHACHA_BLOCK, nonce);
		dst[i] = src[i] ^ block[i % MX_CHACHA_BLOCK];
	}
	mx_wipe(block, sizeof(block));
}

static inline void mx_aead_tag(u8 *tag, const u8 *text, u32 len, const void *ad,
			       u32 ad_len, const u8 *nonce, const u8 *key)
{
	struct mx_mac m;

	mx_mac_init(&m, key, nonce);
	mx_mac_update(&m, ad, ad_len);
	mx_mac_pad(&m, ad_len);
	if (len)
		mx_poly1305_update(&m.poly, text, len);
	mx_mac_pad(&m, len);
	mx_mac_end(&m, len, tag);
}

/* @dst, the result: @len bytes and MX_TAG_LEN more; it may be @src. */
static inline void mx_aead_seal(u8 *dst, const u8 *src, u32 len, const void *ad,
				u32 ad_len, const u8 *nonce, const u8 *key)
{
	mx_chacha20_xor(dst, src, len, key, nonce);
	mx_aead_tag(dst + len, dst, len, ad, ad_len, nonce, key);
}

/*
 * @src: @len bytes and the tag after them. @dst may be @src.
 * Return: false, with @dst untouched, if the tag is not right.
 */
static inline bool mx_aead_open(u8 *dst, const u8 *src, u32 len, const void *ad,
				u32 ad_len, const u8 *nonce, const u8 *key)
{
	u8 tag[MX_TAG_LEN];

	mx_aead_tag(tag, src, len, ad, ad_len, nonce, key);
	if (!mx_equal(tag, src + len, sizeof(tag)))
		return false;
	mx_chacha20_xor(dst, src, len, key, nonce);
	return true;
}

#endif /* MX_CRYPTO_H */
