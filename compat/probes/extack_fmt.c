/* {"have": "HAVE_EXTACK_FMT", "since": "6.2", "reason": "NL_SET_ERR_MSG_FMT() formats into the extended ack"} */
#include <linux/netlink.h>

void mx_probe(struct netlink_ext_ack *extack, int n)
{
	NL_SET_ERR_MSG_FMT(extack, "%d", n);
}
