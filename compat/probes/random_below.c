/* {"have": "HAVE_RANDOM_BELOW", "since": "6.2", "reason": "prandom_u32_max() became get_random_u32_below()"} */
#include <linux/random.h>

u32 mx_probe(u32 ceil)
{
	return get_random_u32_below(ceil);
}
