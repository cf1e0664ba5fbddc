/* {"have": "HAVE_BLK_LIMITS", "since": "6.9", "reason": "blk_alloc_disk() takes the queue limits and returns an error pointer"} */
#include <linux/blkdev.h>

struct gendisk *mx_probe(struct queue_limits *lim)
{
	return blk_alloc_disk(lim, NUMA_NO_NODE);
}
