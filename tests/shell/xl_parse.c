// SPDX-License-Identifier: GPL-2.0
/*
 * Has Xen's libraries parse disks as xl does, each argument one disk, and prints
 * of each vdev, script, target, format, access and whether it is a CD-ROM drive.
 *
 * usage: xl_parse DISK…          exit code: errno of the first that fails
 *        xl_parse attach WORD…   one disk in several words, as block-attach has it
 *        xl_parse find VDEV      as block-detach looks for a disk
 *        xl_parse preload        prints LD_PRELOAD
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>

static int parse(XLU_Config *cfg, int count, char **words)
{
	libxl_device_disk disk;
	int err;

	libxl_device_disk_init(&disk);
	err = xlu_disk_parse(cfg, count, (const char *const *)words, &disk);
	if (!err)
		printf("%s %s '%s' %s %s%s\n", disk.vdev, disk.script ?: "-", disk.pdev_path ?: "(none)",
		       libxl_disk_format_to_string(disk.format), disk.readwrite ? "rw" : "ro",
		       disk.is_cdrom ? " cdrom" : "");
	libxl_device_disk_dispose(&disk);
	return err;
}

int main(int argc, char **argv)
{
	XLU_Config *cfg = xlu_cfg_init(stderr, "test");
	libxl_device_disk disk;
	int i, err = 0;

	if (!cfg || argc < 2)
		return 99;
	if (!strcmp(argv[1], "preload")) {
		puts(getenv("LD_PRELOAD") ?: "(none)");
	} else if (!strcmp(argv[1], "find")) {
		err = libxl_vdev_to_device_disk(NULL, 5, argv[2], &disk);
	} else if (!strcmp(argv[1], "attach")) {
		err = parse(cfg, argc - 2, argv + 2);
	} else {
		for (i = 1; i < argc && !err; i++)
			err = parse(cfg, 1, argv + i);
	}
	xlu_cfg_destroy(cfg);
	return err;
}
