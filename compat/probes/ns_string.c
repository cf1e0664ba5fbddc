/* {"have": "HAVE_NS_STRING", "since": "6.13", "reason": "symbol name spaces are string literals, no longer bare words"} */
#include <linux/module.h>

/*
 * Before, a literal was accepted too and quoted once more, which only the
 * linker notices; so look at what becomes of it.
 */
#undef MODULE_INFO
#define MODULE_INFO(tag, info) static_assert(sizeof(info) == sizeof("MEMX"))

MODULE_IMPORT_NS("MEMX");
