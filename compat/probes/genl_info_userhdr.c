/* {"have": "HAVE_GENL_INFO_USERHDR", "since": "6.6", "reason": "genl_info.userhdr gave way to an accessor"} */
#include <net/genetlink.h>

void *mx_probe(const struct genl_info *info)
{
	return genl_info_userhdr(info);
}
