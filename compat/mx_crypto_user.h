/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The user-space half of mx_crypto.h: the primitives, by libsodium.
 */
#ifndef MX_CRYPTO_USER_H
#define MX_CRYPTO_USER_H

#include <sodium.h>

struct mx_sha256 {
	crypto_hash_sha256_state ctx;
};

struct mx_poly1305 {
	crypto_onetimeauth_poly1305_state ctx;
};

static inline void mx_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

static inline bool mx_equal(const void *a, const void *b, size_t len)
{
	return !sodium_memcmp(a, b, len);
}

static inline void mx_sha256_init(struct mx_sha256 *s)
{
	crypto_hash_sha256_init(&s->ctx);
}

static inline void mx_sha256_update(struct mx_sha256 *s, const void *data, u32 len)
{
	crypto_hash_sha256_update(&s->ctx, data, len);
}

static inline void mx_sha256_final(struct mx_sha256 *s, u8 *out)
{
	crypto_hash_sha256_final(&s->ctx, out);
}

static inline bool mx_x25519_public(u8 *pub, const u8 *secret)
{
	return !crypto_scalarmult_curve25519_base(pub, secret);
}

static inline bool mx_x25519(u8 *shared, const u8 *secret, const u8 *pub)
{
	return !crypto_scalarmult_curve25519(shared, secret, pub);
}

static inline void mx_chacha20_block(u8 *out, const u8 *key, u32 counter, const u8 *nonce)
{
	memset(out, 0, 64);
	crypto_stream_chacha20_ietf_xor_ic(out, out, 64, nonce, counter, key);
}

static inline void mx_chacha20_stream(u8 *dst, const u8 *src, u32 len, const u8 *key,
				      u32 counter, const u8 *nonce)
{
	crypto_stream_chacha20_ietf_xor_ic(dst, src, len, nonce, counter, key);
}

static inline void mx_hchacha20(u8 *out, const u8 *key, const u8 *in)
{
	crypto_core_hchacha20(out, in, key, NULL);
}

static inline void mx_poly1305_init(struct mx_poly1305 *p, const u8 *key)
{
	crypto_onetimeauth_poly1305_init(&p->ctx, key);
}

static inline void mx_poly1305_update(struct mx_poly1305 *p, const void *data, u32 len)
{
	crypto_onetimeauth_poly1305_update(&p->ctx, data, len);
}

static inline void mx_poly1305_final(struct mx_poly1305 *p, u8 *tag)
{
	crypto_onetimeauth_poly1305_final(&p->ctx, tag);
}

#endif /* MX_CRYPTO_USER_H */
