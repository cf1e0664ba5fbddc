/* {"have": "HAVE_SHRINKER_ALLOC", "since": "6.7", "reason": "shrinkers are allocated; register_shrinker() went"} */
#include <linux/shrinker.h>

void mx_probe(void)
{
	struct shrinker *s = shrinker_alloc(0, "memx");

	shrinker_register(s);
	shrinker_free(s);
}
