/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shims for the kernel's crypto library (lib/crypto): the newest names of its
 * types. The rest of what mx_crypto.h uses reads the same since 6.1, though
 * arguments changed their type and inline functions became exported ones.
 */
#ifndef MX_COMPAT_CRYPTO_H
#define MX_COMPAT_CRYPTO_H

#include <crypto/chacha.h>
#include <crypto/curve25519.h>
#include <crypto/poly1305.h>
#include <crypto/sha2.h>
#include <crypto/utils.h>
#include <linux/string.h>

#ifndef HAVE_SHA256_CTX
#define sha256_ctx sha256_state
#endif

#ifdef HAVE_CHACHA_STATE
#define mx_chacha_consts(state) chacha_init_consts(state)
#define mx_chacha_block(state, out) chacha20_block(state, out)
#define mx_chacha_crypt(state, dst, src, len) chacha20_crypt(state, dst, src, len)
#define mx_hchacha_block(state, out) hchacha_block(state, out, 20)
#else
/**
 * struct chacha_state - ChaCha's sixteen words
 * @x: constants, key, block counter, nonce
 */
struct chacha_state {
	u32 x[16];
};

#define mx_chacha_consts(state) chacha_init_consts((state)->x)
#define mx_chacha_block(state, out) chacha20_block((state)->x, out)
#define mx_chacha_crypt(state, dst, src, len) chacha20_crypt((state)->x, dst, src, len)
#define mx_hchacha_block(state, out) hchacha_block((state)->x, out, 20)
#endif

#endif /* MX_COMPAT_CRYPTO_H */
