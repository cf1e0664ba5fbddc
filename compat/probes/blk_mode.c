/* {"have": "HAVE_BLK_MODE", "since": "6.5", "reason": "a block device is opened by gendisk and blk_mode_t, and released without a mode"} */
#include <linux/blkdev.h>

static int mx_open(struct gendisk *disk, blk_mode_t mode)
{
	return disk && (mode & BLK_OPEN_WRITE) ? -EROFS : 0;
}

static void mx_release(struct gendisk *disk)
{
}

const struct block_device_operations mx_probe = {
	.open = mx_open,
	.release = mx_release,
};
