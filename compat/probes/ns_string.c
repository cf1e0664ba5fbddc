/* {"have": "HAVE_NS_STRING", "since": "6.13", "reason": "symbol name spaces are string literals, no longer bare words"} */
#include <linux/module.h>

int mx_probe(void)
{
	return 0;
}
EXPORT_SYMBOL_NS_GPL(mx_probe, "MEMX");
MODULE_IMPORT_NS("MEMX");
MODULE_LICENSE("GPL");
