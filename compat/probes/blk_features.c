/* {"have": "HAVE_BLK_FEATURES", "since": "6.11", "reason": "write cache and stable writes became feature bits of the limits"} */
#include <linux/blkdev.h>

void mx_probe(struct queue_limits *lim)
{
	lim->features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_STABLE_WRITES;
}
