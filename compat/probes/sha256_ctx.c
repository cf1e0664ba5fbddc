/* {"have": "HAVE_SHA256_CTX", "since": "6.17", "reason": "the library's SHA-256 got a context type of its own"} */
#include <crypto/sha2.h>

void mx_probe(struct sha256_ctx *ctx, const u8 *data, u8 *out)
{
	sha256_init(ctx);
	sha256_update(ctx, data, 1);
	sha256_final(ctx, out);
}
