/* {"have": "HAVE_GENL_INFO_DUMP", "since": "6.6", "reason": "a dump's attributes moved into a genl_info of its own"} */
#include <net/genetlink.h>

struct nlattr **mx_probe(struct netlink_callback *cb)
{
	return genl_info_dump(cb)->attrs;
}
