// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of compat/mx_crypto.h: the vectors of the RFCs, and that what is built
 * from primitives there equals libsodium's own.
 */
#include "mxtest.h"
#include "mx_crypto.h"
#include "hex.h"

static void mx_sha256__abc_in_pieces(void **state)
{
	struct mx_sha256 s;
	u8 out[32];

	mx_sha256_init(&s);
	mx_sha256_update(&s, "a", 1);
	mx_sha256_update(&s, "bc", 2);
	mx_sha256_final(&s, out);
	assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 1 to 4, 6 and 7. */
static void mx_hmac__rfc4231(void **state)
{
	static const struct { const char *key, *data, *mac; } t[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
		  "dddddddddddddddddddddddddddddddddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
		  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	};
	static const char hash_first[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	static const char larger[] = "This is a test using a larger than block-size key and a "
		"larger than block-size data. The key needs to be hashed before being used by "
		"the HMAC algorithm.";
	u8 key[131], data[64], out[32];
	struct mx_hmac m;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		mx_hmac_init(&m, key, unhex(key, t[i].key));
		n = unhex(data, t[i].data);
		mx_hmac_update(&m, data, n / 2);
		mx_hmac_update(&m, data + n / 2, n - n / 2);
		mx_hmac_final(&m, out);
		assert_hex(out, t[i].mac);
	}
	memset(key, 0xaa, sizeof(key));
	mx_hmac_init(&m, key, sizeof(key));
	mx_hmac_update(&m, hash_first, strlen(hash_first));
	mx_hmac_final(&m, out);
	assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	mx_hmac_init(&m, key, sizeof(key));
	mx_hmac_update(&m, larger, strlen(larger));
	mx_hmac_final(&m, out);
	assert_hex(out, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 5869, appendix A.1 to A.3. */
static void mx_hkdf__rfc5869(void **state)
{
	u8 ikm[80], salt[80], info[80], prk[32], okm[96];
	u32 i;

	memset(ikm, 0x0b, 22);
	unhex(salt, "000102030405060708090a0b0c");
	unhex(info, "f0f1f2f3f4f5f6f7f8f9");
	mx_hkdf_extract(prk, salt, 13, ikm, 22);
	assert_hex(prk, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
	mx_hkdf_expand(okm, 42, prk, info, 10);
	assert_hex(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		   "34007208d5b887185865");

	for (i = 0; i < 80; i++) {
		ikm[i] = i;
		salt[i] = 0x60 + i;
		info[i] = 0xb0 + i;
	}
	mx_hkdf_extract(prk, salt, 80, ikm, 80);
	assert_hex(prk, "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
	mx_hkdf_expand(okm, 82, prk, info, 80);
	assert_hex(okm, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		   "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		   "cc30c58179ec3e87c14c01d5c1f3434f1d87");

	memset(ikm, 0x0b, 22);
	mx_hkdf_extract(prk, NULL, 0, ikm, 22);
	assert_hex(prk, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
	mx_hkdf_expand(okm, 42, prk, NULL, 0);
	assert_hex(okm, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		   "9d201395faa4b61a96c8");
}

/* RFC 7748, section 5.2: two scalars and points, and the iterated one. */
static void mx_x25519__rfc7748_points(void **state)
{
	u8 k[32], u[32], out[32];
	int i;

	unhex(k, "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
	unhex(u, "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
	assert_true(mx_x25519(out, k, u));
	assert_hex(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	unhex(k, "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
	unhex(u, "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
	assert_true(mx_x25519(out, k, u));
	assert_hex(out, "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");

	memset(k, 0, 32);
	k[0] = 9;
	memcpy(u, k, 32);
	for (i = 0; i < 1000; i++) {
		assert_true(mx_x25519(out, k, u));
		memcpy(u, k, 32);
		memcpy(k, out, 32);
	}
	assert_hex(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

/* RFC 7748, section 6.1. */
static void mx_x25519__rfc7748_exchange(void **state)
{
	u8 a[32], b[32], pub_a[32], pub_b[32], out[32];

	unhex(a, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	unhex(b, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	assert_true(mx_x25519_public(pub_a, a));
	assert_hex(pub_a, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	assert_true(mx_x25519_public(pub_b, b));
	assert_hex(pub_b, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	assert_true(mx_x25519(out, a, pub_b));
	assert_hex(out, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	assert_true(mx_x25519(out, b, pub_a));
	assert_hex(out, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

/* Points of small order, each of which makes the result zero: 0, 1, two of order 8, p ± 1, p. */
static void mx_x25519__small_order(void **state)
{
	static const char * const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	u8 k[32], u[32], out[32];
	u32 i;

	fill(k, sizeof(k), 1);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		unhex(u, points[i]);
		assert_false(mx_x25519(out, k, u));
	}
}

/* RFC 8439, section 2.3.2, and 2.6.2 for the one-time key. */
static void mx_chacha20_block__rfc8439(void **state)
{
	u8 key[32], nonce[12], out[64];
	u32 i;

	for (i = 0; i < 32; i++)
		key[i] = i;
	unhex(nonce, "000000090000004a00000000");
	mx_chacha20_block(out, key, 1, nonce);
	assert_hex(out, "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
		   "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
	for (i = 0; i < 32; i++)
		key[i] = 0x80 + i;
	unhex(nonce, "000000000001020304050607");
	mx_chacha20_block(out, key, 0, nonce);
	assert_hex(out, "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646");
}

/* RFC 8439, section 2.5.2, cut at every byte. */
static void mx_poly1305__rfc8439_in_pieces(void **state)
{
	static const char text[] = "Cryptographic Forum Research Group";
	struct mx_poly1305 p;
	u8 key[32], tag[16];
	u32 cut;

	unhex(key, "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
	for (cut = 0; cut <= strlen(text); cut++) {
		mx_poly1305_init(&p, key);
		mx_poly1305_update(&p, text, cut);
		mx_poly1305_update(&p, text + cut, strlen(text) - cut);
		mx_poly1305_final(&p, tag);
		assert_hex(tag, "a8061dc1305136c6c22b8baf0c0127a9");
	}
}

static const char sunscreen[] = "Ladies and Gentlemen of the class of '99: If I could offer you "
	"only one tip for the future, sunscreen would be it.";

/* RFC 8439, section 2.8.2, in place. */
static void mx_aead__rfc8439(void **state)
{
	u8 key[32], nonce[12], ad[12], buf[130];
	u32 i, len = strlen(sunscreen);

	for (i = 0; i < 32; i++)
		key[i] = 0x80 + i;
	unhex(nonce, "070000004041424344454647");
	unhex(ad, "50515253c0c1c2c3c4c5c6c7");
	memcpy(buf, sunscreen, len);
	mx_aead_seal(buf, buf, len, ad, sizeof(ad), nonce, key);
	assert_hex(buf, "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
		   "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
		   "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
		   "3ff4def08e4b7a9de576d26586cec64b6116"
		   "1ae10b594f09e26a7e902ecbd0600691");
	assert_true(mx_aead_open(buf, buf, len, ad, sizeof(ad), nonce, key));
	assert_memory_equal(buf, sunscreen, len);
}

static void mx_aead__equals_libsodium(void **state)
{
	u8 key[32], nonce[12], ad[40], text[200], ours[216], theirs[216];
	unsigned long long n;
	u32 len;

	fill(key, sizeof(key), 1);
	for (len = 0; len <= sizeof(text); len++) {
		fill(nonce, sizeof(nonce), 2 + len);
		fill(ad, sizeof(ad), 3 + len);
		fill(text, sizeof(text), 4 + len);
		mx_aead_seal(ours, text, len, ad, len % 41, nonce, key);
		crypto_aead_chacha20poly1305_ietf_encrypt(theirs, &n, text, len, ad, len % 41,
							  NULL, nonce, key);
		assert_int_equal(n, len + MX_TAG_LEN);
		assert_memory_equal(ours, theirs, n);
		assert_true(mx_aead_open(ours, ours, len, ad, len % 41, nonce, key));
		assert_memory_equal(ours, text, len);
	}
}

static void mx_aead_open__any_bit_flipped(void **state)
{
	u8 key[32], nonce[12], ad[20], text[40], buf[56], out[40];
	u32 bit;

	fill(key, sizeof(key), 1);
	fill(nonce, sizeof(nonce), 2);
	fill(ad, sizeof(ad), 3);
	fill(text, sizeof(text), 4);
	mx_aead_seal(buf, text, sizeof(text), ad, sizeof(ad), nonce, key);
	memset(out, 0, sizeof(out));
	for (bit = 0; bit < 8 * sizeof(buf); bit++) {
		buf[bit / 8] ^= 1 << bit % 8;
		assert_false(mx_aead_open(out, buf, sizeof(text), ad, sizeof(ad), nonce, key));
		buf[bit / 8] ^= 1 << bit % 8;
	}
	for (bit = 0; bit < 8 * sizeof(ad); bit++) {
		ad[bit / 8] ^= 1 << bit % 8;
		assert_false(mx_aead_open(out, buf, sizeof(text), ad, sizeof(ad), nonce, key));
		ad[bit / 8] ^= 1 << bit % 8;
	}
	assert_false(mx_aead_open(out, buf, sizeof(text), ad, sizeof(ad) - 1, nonce, key));
	assert_int_equal(out[0] | out[39], 0);
	assert_true(mx_aead_open(out, buf, sizeof(text), ad, sizeof(ad), nonce, key));
}

/* A frame's tag: the AEAD's with nothing encrypted, fed in pieces of any size. */
static void mx_mac__is_the_aead_of_additional_data(void **state)
{
	u8 key[32], nonce[12], data[300], tag[16], want[16];
	struct mx_mac m;
	u32 len, at, n;

	fill(key, sizeof(key), 5);
	fill(nonce, sizeof(nonce), 6);
	fill(data, sizeof(data), 7);
	for (len = 0; len <= sizeof(data); len++) {
		crypto_aead_chacha20poly1305_ietf_encrypt(want, NULL, NULL, 0, data, len, NULL,
							  nonce, key);
		mx_mac_init(&m, key, nonce);
		for (at = 0; at < len; at += n) {
			n = min_t(u32, 1 + (at * 7 + len) % 37, len - at);
			mx_mac_update(&m, data + at, n);
		}
		mx_mac_final(&m, tag);
		assert_memory_equal(tag, want, sizeof(tag));
	}
}

static void mx_equal__each_byte(void **state)
{
	u8 a[32] = { 0 }, b[32] = { 0 };
	u32 i;

	assert_true(mx_equal(a, b, 32));
	for (i = 0; i < 32; i++) {
		b[i] = 0x80;
		assert_false(mx_equal(a, b, 32));
		assert_true(mx_equal(a, b, i));
		b[i] = 0;
	}
}

static void mx_wipe__all_of_it(void **state)
{
	u8 a[33], zeros[32] = { 0 };

	memset(a, 0xff, sizeof(a));
	mx_wipe(a, 32);
	assert_memory_equal(a, zeros, 32);
	assert_int_equal(a[32], 0xff);
}

/* draft-irtf-cfrg-xchacha-03, section 2.2.1. */
static void mx_hchacha20__draft(void **state)
{
	u8 key[32], in[16], out[32];
	int i;

	for (i = 0; i < 32; i++)
		key[i] = i;
	unhex(in, "000000090000004a0000000031415927");
	mx_hchacha20(out, key, in);
	assert_hex(out, "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc");
}

/* The same, appendix A.3.1: what is above RFC 8439's AEAD is the key's change. */
static void mx_hchacha20__draft_aead(void **state)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could "
		"offer you only one tip for the future, sunscreen would be it.";
	u8 key[32], nonce[24], sub_key[32], sub_nonce[12] = { 0 }, ad[12];
	u8 out[sizeof(text) - 1 + MX_TAG_LEN];
	int i;

	for (i = 0; i < 32; i++)
		key[i] = 0x80 + i;
	for (i = 0; i < 24; i++)
		nonce[i] = 0x40 + i;
	unhex(ad, "50515253c0c1c2c3c4c5c6c7");
	mx_hchacha20(sub_key, key, nonce);
	memcpy(sub_nonce + 4, nonce + 16, 8);
	mx_aead_seal(out, (const u8 *)text, sizeof(text) - 1, ad, sizeof(ad), sub_nonce, sub_key);
	assert_hex(out, "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
		   "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
		   "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
		   "21f9664c97637da9768812f615c68b13b52e"
		   "c0875924c1c7987947deafd8780acf49");
}

static void mx_chacha20_stream__equals_blocks(void **state)
{
	u8 key[32], nonce[12], in[1000], blocks[1000], stream[1000];
	u32 len;

	fill(key, sizeof(key), 1);
	fill(nonce, sizeof(nonce), 2);
	fill(in, sizeof(in), 3);
	for (len = 0; len <= sizeof(in); len += 125) {
		mx_chacha20_xor(blocks, in, len, key, nonce);
		mx_chacha20_stream(stream, in, len, key, 1, nonce);
		assert_memory_equal(stream, blocks, len);
	}
	mx_chacha20_stream(in, in, sizeof(in), key, 1, nonce);
	assert_memory_equal(in, blocks, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(mx_sha256__abc_in_pieces),
		MXT(mx_hmac__rfc4231),
		MXT(mx_hkdf__rfc5869),
		MXT(mx_x25519__rfc7748_points),
		MXT(mx_x25519__rfc7748_exchange),
		MXT(mx_x25519__small_order),
		MXT(mx_chacha20_block__rfc8439),
		MXT(mx_poly1305__rfc8439_in_pieces),
		MXT(mx_aead__rfc8439),
		MXT(mx_aead__equals_libsodium),
		MXT(mx_aead_open__any_bit_flipped),
		MXT(mx_mac__is_the_aead_of_additional_data),
		MXT(mx_equal__each_byte),
		MXT(mx_wipe__all_of_it),
		MXT(mx_hchacha20__draft),
		MXT(mx_hchacha20__draft_aead),
		MXT(mx_chacha20_stream__equals_blocks),
	};

	return MXT_RUN(tests);
}
