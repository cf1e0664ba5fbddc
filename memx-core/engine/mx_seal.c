// SPDX-License-Identifier: GPL-2.0
/*
 * Sealed pages: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) of each page,
 * and the keys for it.
 *
 * The nonce is the page's number and then random bytes: pages never share one,
 * and versions of a page do not before 2^64 of them were written. The additional
 * data are the volume's id and the page's number.
 */
#include "mx_seal.h"

enum {
	NONCE_PAGE	= 8,	/* bytes of the nonce that are the page's number */
	NONCE_LEN	= NONCE_PAGE + MX_SEAL_RANDOM,
	AD_LEN		= 16,
	ID_LEN		= 8,
};

static_assert(NONCE_LEN == 24, "XChaCha20's nonce");

static const char key_label[] = "MemX volume key 1";
static const char id_label[] = "MemX client key id 1";

/**
 * struct one_time - what the AEAD needs for one page at one time
 * @key:   ChaCha20-Poly1305's key; secret
 * @nonce: its nonce
 * @ad:    additional data
 */
struct one_time {
	u8	key[MX_KEY_LEN];
	u8	nonce[MX_NONCE_LEN];
	u8	ad[AD_LEN];
};

static void put_be64(u8 *out, u64 n)
{
	__be64 raw = cpu_to_be64(n);

	memcpy(out, &raw, sizeof(raw));
}

static u64 get_be64(const u8 *in)
{
	__be64 raw;

	memcpy(&raw, in, sizeof(raw));
	return be64_to_cpu(raw);
}

void mx_seal_init(struct mx_seal *seal, const u8 *client_key, u64 volume)
{
	u8 prk[MX_HASH_LEN], okm[MX_KEY_LEN + ID_LEN], info[ID_LEN];

	put_be64(info, volume);
	mx_hkdf_extract(prk, key_label, sizeof(key_label) - 1, client_key,
			MX_KEY_LEN);
	mx_hkdf_expand(okm, sizeof(okm), prk, info, sizeof(info));
	memcpy(seal->key, okm, sizeof(seal->key));
	seal->volume = volume;
	/* 0 stands for none. */
	seal->check = max_t(u64, get_be64(okm + MX_KEY_LEN), 1);
	mx_wipe(prk, sizeof(prk));
	mx_wipe(okm, sizeof(okm));
}

static void one_time_init(struct one_time *o, const struct mx_seal *seal,
			  u64 page, const u8 *random)
{
	u8 nonce[NONCE_LEN];

	put_be64(nonce, page);
	memcpy(nonce + NONCE_PAGE, random, MX_SEAL_RANDOM);
	mx_hchacha20(o->key, seal->key, nonce);
	memset(o->nonce, 0, MX_NONCE_LEN - (NONCE_LEN - MX_HCHACHA_LEN));
	memcpy(o->nonce + MX_NONCE_LEN - (NONCE_LEN - MX_HCHACHA_LEN),
	       nonce + MX_HCHACHA_LEN, NONCE_LEN - MX_HCHACHA_LEN);
	put_be64(o->ad, seal->volume);
	put_be64(o->ad + ID_LEN, page);
}

void mx_seal_page(const struct mx_seal *seal, u64 page, const u8 *random,
		  u8 *text, u8 *trailer)
{
	struct one_time o;

	one_time_init(&o, seal, page, random);
	mx_chacha20_stream(text, text, MX_PAGE_SIZE, o.key, 1, o.nonce);
	mx_aead_tag(trailer, text, MX_PAGE_SIZE, o.ad, sizeof(o.ad), o.nonce,
		    o.key);
	memcpy(trailer + MX_TAG_LEN, random, MX_SEAL_RANDOM);
	mx_wipe(&o, sizeof(o));
}

bool mx_seal_open(const struct mx_seal *seal, u64 page, const u8 *trailer,
		  u8 *text)
{
	u8 tag[MX_TAG_LEN];
	struct one_time o;
	bool right;

	one_time_init(&o, seal, page, trailer + MX_TAG_LEN);
	mx_aead_tag(tag, text, MX_PAGE_SIZE, o.ad, sizeof(o.ad), o.nonce, o.key);
	right = mx_equal(tag, trailer, sizeof(tag));
	if (right)
		mx_chacha20_stream(text, text, MX_PAGE_SIZE, o.key, 1, o.nonce);
	mx_wipe(&o, sizeof(o));
	return right;
}

u64 mx_client_key_id(const u8 *key)
{
	u8 out[MX_HASH_LEN];
	struct mx_hmac m;
	u64 id;

	mx_hmac_init(&m, key, MX_KEY_LEN);
	mx_hmac_update(&m, id_label, sizeof(id_label) - 1);
	mx_hmac_final(&m, out);
	id = get_be64(out);
	mx_wipe(out, sizeof(out));
	return max_t(u64, id, 1);
}

int mx_client_keys_add(struct mx_client_keys *keys, const u8 *key)
{
	u32 i;

	for (i = 0; i < keys->n; i++)
		if (mx_equal(keys->key[i], key, MX_KEY_LEN))
			return -EEXIST;
	if (keys->n == MX_CLIENT_KEYS)
		return -ENOSPC;
	for (i = keys->n; i; i--)
		memcpy(keys->key[i], keys->key[i - 1], MX_KEY_LEN);
	memcpy(keys->key[0], key, MX_KEY_LEN);
	keys->n++;
	return 0;
}

int mx_client_keys_drop(struct mx_client_keys *keys, u64 id)
{
	u32 i;

	for (i = 0; i < keys->n; i++)
		if (id ? mx_client_key_id(keys->key[i]) == id : i + 1 == keys->n)
			break;
	if (i == keys->n)
		return -ENOENT;
	for (; i + 1 < keys->n; i++)
		memcpy(keys->key[i], keys->key[i + 1], MX_KEY_LEN);
	keys->n--;
	mx_wipe(keys->key[keys->n], MX_KEY_LEN);
	return 0;
}

int mx_client_keys_seal(const struct mx_client_keys *keys, u64 volume, u64 check,
			struct mx_seal *seal)
{
	u32 i;

	for (i = 0; i < keys->n; i++) {
		mx_seal_init(seal, keys->key[i], volume);
		if (!check || seal->check == check)
			return 0;
	}
	mx_wipe(seal, sizeof(*seal));
	return -ENOKEY;
}
