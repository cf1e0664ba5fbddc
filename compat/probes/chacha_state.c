/* {"have": "HAVE_CHACHA_STATE", "since": "6.16", "reason": "ChaCha's state became a struct instead of an array of words"} */
#include <crypto/chacha.h>

void mx_probe(struct chacha_state *state, u8 *out)
{
	chacha_init_consts(state);
	chacha20_block(state, out);
}
