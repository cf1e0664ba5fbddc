// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for the function of libxl that looks for a disk, which needs a
 * running Xen: prints what it is asked for.
 */
#include <stdio.h>

#include <libxl.h>
#include <libxl_utils.h>

int libxl_vdev_to_device_disk(libxl_ctx *ctx, uint32_t domid, const char *vdev,
			      libxl_device_disk *disk)
{
	(void)ctx;
	(void)disk;
	printf("domain %u disk %s\n", domid, vdev);
	return 0;
}
