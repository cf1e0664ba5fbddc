// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of memx-core/engine/mx_seal.c: sealed pages equal libsodium's, nothing
 * but the same page of the same volume opens, and the right key is chosen.
 */
#include "mxtest.h"
#include "engine/mx_seal.h"
#include "hex.h"

enum { PAGE = MX_PAGE_SIZE };

static const u64 volume = 0x1122334455667788ULL;

static u8 key[MX_KEY_LEN], random_part[MX_SEAL_RANDOM], plain[PAGE];

/* @text and @trailer: a page sealed as page @page of @vol. */
static void sealed(struct mx_seal *seal, u64 vol, u64 page, u8 *text, u8 *trailer)
{
	fill(key, sizeof(key), 1);
	fill(random_part, sizeof(random_part), 2);
	fill(plain, sizeof(plain), 3);
	mx_seal_init(seal, key, vol);
	memcpy(text, plain, PAGE);
	mx_seal_page(seal, page, random_part, text, trailer);
}

static void refused(const struct mx_seal *seal, u64 page, const u8 *trailer, u8 *text)
{
	u8 before[PAGE];

	memcpy(before, text, PAGE);
	assert_false(mx_seal_open(seal, page, trailer, text));
	assert_memory_equal(text, before, PAGE);
}

/* By the words of docs/volume-encryption.md, with nothing of mx_seal.c. */
static void mx_seal_init__hkdf(void **state)
{
	static const u8 info[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 1, 2 };
	u8 prk[32], t1[32], t2[32], block[32 + 9];
	crypto_auth_hmacsha256_state m;
	struct mx_seal seal;
	__be64 check;

	fill(key, sizeof(key), 1);
	mx_seal_init(&seal, key, volume);
	crypto_auth_hmacsha256_init(&m, (const u8 *)"MemX volume key 1", 17);
	crypto_auth_hmacsha256_update(&m, key, sizeof(key));
	crypto_auth_hmacsha256_final(&m, prk);
	crypto_auth_hmacsha256(t1, info, 9, prk);
	memcpy(block, t1, 32);
	memcpy(block + 32, info, 8);
	block[40] = 2;
	crypto_auth_hmacsha256(t2, block, sizeof(block), prk);
	assert_memory_equal(seal.key, t1, 32);
	memcpy(&check, t2, 8);
	assert_int_equal(seal.check, be64_to_cpu(check));
	assert_int_equal(seal.volume, volume);
}

static void mx_seal_page__equals_libsodium(void **state)
{
	u8 text[PAGE], trailer[MX_TRAILER_LEN], nonce[24], ad[16], tag[16], want[PAGE];
	__be64 page = cpu_to_be64(0xabcdef), vol = cpu_to_be64(volume);
	struct mx_seal seal;

	sealed(&seal, volume, 0xabcdef, text, trailer);
	memcpy(nonce, &page, 8);
	memcpy(nonce + 8, random_part, 16);
	memcpy(ad, &vol, 8);
	memcpy(ad + 8, &page, 8);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(want, tag, NULL, plain, PAGE,
							    ad, sizeof(ad), NULL, nonce,
							    seal.key);
	assert_memory_equal(text, want, PAGE);
	assert_memory_equal(trailer, tag, 16);
	assert_memory_equal(trailer + 16, random_part, 16);
}

static void mx_seal_open__round_trip(void **state)
{
	static const u64 pages[] = { 0, 1, 42, 1ULL << 32, ~0ULL };
	u8 text[PAGE], trailer[MX_TRAILER_LEN];
	struct mx_seal seal;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		sealed(&seal, volume, pages[i], text, trailer);
		assert_memory_not_equal(text, plain, PAGE);
		assert_true(mx_seal_open(&seal, pages[i], trailer, text));
		assert_memory_equal(text, plain, PAGE);
	}
}

/* The same page twice looks like two different ones. */
static void mx_seal_page__fresh_nonce(void **state)
{
	u8 one[PAGE], two[PAGE], trailer[MX_TRAILER_LEN];
	struct mx_seal seal;

	sealed(&seal, volume, 7, one, trailer);
	memcpy(two, plain, PAGE);
	random_part[15] ^= 1;
	mx_seal_page(&seal, 7, random_part, two, trailer);
	assert_memory_not_equal(one, two, PAGE);
	assert_memory_not_equal(one + PAGE - 64, two + PAGE - 64, 64);
}

static void mx_seal_open__bit_flips(void **state)
{
	u8 text[PAGE], trailer[MX_TRAILER_LEN];
	struct mx_seal seal;
	u32 bit;

	sealed(&seal, volume, 9, text, trailer);
	for (bit = 0; bit < 8 * MX_TRAILER_LEN; bit++) {
		trailer[bit / 8] ^= 1 << bit % 8;
		refused(&seal, 9, trailer, text);
		trailer[bit / 8] ^= 1 << bit % 8;
	}
	for (bit = 0; bit < 8 * PAGE; bit += bit < 1024 || bit >= 8 * PAGE - 1024 ? 1 : 61) {
		text[bit / 8] ^= 1 << bit % 8;
		refused(&seal, 9, trailer, text);
		text[bit / 8] ^= 1 << bit % 8;
	}
	assert_true(mx_seal_open(&seal, 9, trailer, text));
}

static void mx_seal_open__wrong_place(void **state)
{
	u8 text[PAGE], trailer[MX_TRAILER_LEN], other[MX_TRAILER_LEN], more[PAGE];
	struct mx_seal seal, else_where;
	int bit;

	sealed(&seal, volume, 100, text, trailer);
	for (bit = 0; bit < 64; bit++) {
		refused(&seal, 100 ^ 1ULL << bit, trailer, text);
		mx_seal_init(&else_where, key, volume ^ 1ULL << bit);
		refused(&else_where, 100, trailer, text);
		/* The volume counts even under an equal key. */
		else_where = seal;
		else_where.volume ^= 1ULL << bit;
		refused(&else_where, 100, trailer, text);
	}
	sealed(&seal, volume, 101, more, other);
	refused(&seal, 100, other, text);
	refused(&seal, 101, trailer, more);
	assert_true(mx_seal_open(&seal, 100, trailer, text));
}

static void mx_seal_open__zeros(void **state)
{
	u8 text[PAGE] = { 0 }, trailer[MX_TRAILER_LEN] = { 0 };
	struct mx_seal seal;

	fill(key, sizeof(key), 1);
	mx_seal_init(&seal, key, volume);
	refused(&seal, 0, trailer, text);
}

static void mx_seal_open__wrong_key(void **state)
{
	u8 text[PAGE], trailer[MX_TRAILER_LEN];
	struct mx_seal seal, other;
	int bit;

	sealed(&seal, volume, 5, text, trailer);
	for (bit = 0; bit < 8 * MX_KEY_LEN; bit++) {
		key[bit / 8] ^= 1 << bit % 8;
		mx_seal_init(&other, key, volume);
		assert_true(other.check != seal.check);
		refused(&other, 5, trailer, text);
		key[bit / 8] ^= 1 << bit % 8;
	}
}

static void mx_client_key_id__differs(void **state)
{
	u8 other[MX_KEY_LEN];
	u64 id;

	fill(key, sizeof(key), 1);
	memcpy(other, key, sizeof(other));
	id = mx_client_key_id(key);
	assert_true(id && id == mx_client_key_id(other));
	other[31] ^= 0x80;
	assert_true(id != mx_client_key_id(other));
}

static void mx_client_keys__rotation(void **state)
{
	struct mx_client_keys keys = { 0 };
	struct mx_seal first, got;
	u8 k[3][MX_KEY_LEN];
	int i;

	for (i = 0; i < 3; i++)
		fill(k[i], MX_KEY_LEN, 10 + i);
	assert_int_equal(mx_client_keys_seal(&keys, volume, 0, &got), -ENOKEY);
	assert_int_equal(mx_client_keys_drop(&keys, 0), -ENOENT);
	assert_int_equal(mx_client_keys_add(&keys, k[0]), 0);
	assert_int_equal(mx_client_keys_add(&keys, k[0]), -EEXIST);
	assert_int_equal(mx_client_keys_seal(&keys, volume, 0, &first), 0);

	/* New volumes get the new key; the old one's are found by their check. */
	assert_int_equal(mx_client_keys_add(&keys, k[1]), 0);
	assert_int_equal(mx_client_keys_add(&keys, k[2]), -ENOSPC);
	assert_int_equal(mx_client_keys_add(&keys, k[0]), -EEXIST);
	assert_int_equal(mx_client_keys_seal(&keys, volume, 0, &got), 0);
	assert_true(got.check != first.check);
	assert_int_equal(mx_client_keys_seal(&keys, volume, first.check, &got), 0);
	assert_memory_equal(got.key, first.key, sizeof(got.key));
	assert_int_equal(mx_client_keys_seal(&keys, volume, first.check ^ 1, &got), -ENOKEY);
	assert_int_equal(got.check, 0);
	/* A check value is of one volume. */
	assert_int_equal(mx_client_keys_seal(&keys, volume + 1, first.check, &got), -ENOKEY);

	assert_int_equal(mx_client_keys_drop(&keys, 0), 0);
	assert_int_equal(mx_client_keys_seal(&keys, volume, first.check, &got), -ENOKEY);
	assert_int_equal(mx_client_keys_add(&keys, k[2]), 0);
	assert_memory_equal(keys.key[0], k[2], MX_KEY_LEN);
	assert_memory_equal(keys.key[1], k[1], MX_KEY_LEN);
}

static void mx_client_keys_drop__by_id(void **state)
{
	static const u8 zeros[MX_KEY_LEN];
	struct mx_client_keys keys = { 0 };
	u8 k[2][MX_KEY_LEN];

	fill(k[0], MX_KEY_LEN, 10);
	fill(k[1], MX_KEY_LEN, 11);
	mx_client_keys_add(&keys, k[0]);
	mx_client_keys_add(&keys, k[1]);
	assert_int_equal(mx_client_keys_drop(&keys, 1), -ENOENT);
	assert_int_equal(mx_client_keys_drop(&keys, mx_client_key_id(k[1])), 0);
	assert_int_equal(keys.n, 1);
	assert_memory_equal(keys.key[0], k[0], MX_KEY_LEN);
	assert_memory_equal(keys.key[1], zeros, MX_KEY_LEN);
	assert_int_equal(mx_client_keys_drop(&keys, mx_client_key_id(k[0])), 0);
	assert_memory_equal(keys.key[0], zeros, MX_KEY_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_seal_init__hkdf),
		MXT(mx_seal_page__equals_libsodium),
		MXT(mx_seal_open__round_trip),
		MXT(mx_seal_page__fresh_nonce),
		MXT(mx_seal_open__bit_flips),
		MXT(mx_seal_open__wrong_place),
		MXT(mx_seal_open__zeros),
		MXT(mx_seal_open__wrong_key),
		MXT(mx_client_key_id__differs),
		MXT(mx_client_keys__rotation),
		MXT(mx_client_keys_drop__by_id),
	};

	return MXT_RUN(tests);
}
