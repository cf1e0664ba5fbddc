/* {"have": "HAVE_UBUF_INFO_OPS", "since": "6.10", "reason": "a zero-copy buffer has a table of functions, no callback"} */
#include <linux/skbuff.h>

const struct ubuf_info_ops *mx_probe(const struct ubuf_info *ubuf)
{
	return ubuf->ops;
}
