// SPDX-License-Identifier: GPL-2.0
/*
 * The names of disks that are other names: packaging/memx-alias.h.
 */
#include "mxtest.h"

/* The library's own would not be counted, nor fail when told to. */
static char *copy(const char *text)
{
	char *made = malloc(strlen(text) + 1);

	return made ? strcpy(made, text) : NULL;
}

#define strdup copy
#include "memx-alias.h"

/* Makes a disk of copies; NULL stays NULL. */
static void disk_make(libxl_device_disk *disk, const char *vdev, const char *script,
		      const char *target)
{
	memset(disk, 0, sizeof(*disk));
	disk->vdev = vdev ? strdup(vdev) : NULL;
	disk->script = script ? strdup(script) : NULL;
	disk->pdev_path = target ? strdup(target) : NULL;
}

static void text_is(char *got, const char *want)
{
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void disk_is(libxl_device_disk *disk, const char *vdev, const char *script,
		    const char *target)
{
	text_is(disk->vdev, vdev);
	text_is(disk->script, script);
	text_is(disk->pdev_path, target);
}

static void alias__letters(void **state)
{
	char name[MEMX_ALIAS_BYTES], vdev[8], want[8];
	char c;

	for (c = 'a'; c <= 'z'; c++) {
		snprintf(vdev, sizeof(vdev), "memx%c", c);
		snprintf(want, sizeof(want), "xvdm%c", c);
		assert_true(memx_alias(vdev, name));
		assert_string_equal(name, want);
	}
	assert_true(memx_alias("memx", name));
	assert_string_equal(name, "xvdma");
}

static void alias__others(void **state)
{
	static const char *const others[] = {
		"", "m", "mem", "memxaa", "memxb1", "memx1", "memx0", "memx-", "memx ", " memx",
		"memxA", "MEMX", "Memx", "memx{", "memx`", "memx\xe4", "xmemx", "memy", "memx/a",
		"xvdma", "xvda", "hda", "sda", "51712", "d338p0",
	};
	char name[MEMX_ALIAS_BYTES] = "?";
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(memx_alias(others[i], name));
	assert_false(memx_alias(NULL, name));
	assert_string_equal(name, "?");
}

static void apply__defaults(void **state)
{
	libxl_device_disk disk;

	disk_make(&disk, "memxc", NULL, NULL);
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, "xvdmc", "block-memx", "");
}

static void apply__keeps_what_is_said(void **state)
{
	libxl_device_disk disk;

	disk_make(&disk, "memx", "block-other", "size=4G");
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, "xvdma", "block-other", "size=4G");
}

static void apply__cdrom(void **state)
{
	libxl_device_disk disk;

	disk_make(&disk, "memx", NULL, NULL);
	disk.is_cdrom = 1;
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, "xvdma", NULL, NULL);
}

static void apply__no_memory(void **state)
{
	libxl_device_disk disk;
	unsigned int n;

	for (n = 1; ; n++) {
		disk_make(&disk, "memxb", NULL, NULL);
		mxt_fail_nth(n);
		if (!memx_alias_apply(&disk))
			break;
		assert_true(mxt_failed());
		free(disk.vdev);
		free(disk.script);
		free(disk.pdev_path);
	}
	mxt_fail_nth(0);
	assert_int_equal(n, 4);
	disk_is(&disk, "xvdmb", "block-memx", "");
}

static void apply__others(void **state)
{
	libxl_device_disk disk;

	disk_make(&disk, "xvdma", NULL, NULL);
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, "xvdma", NULL, NULL);
	disk_make(&disk, "memxaa", NULL, "x");
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, "memxaa", NULL, "x");
	disk_make(&disk, NULL, NULL, "x");
	assert_int_equal(memx_alias_apply(&disk), 0);
	disk_is(&disk, NULL, NULL, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(alias__letters),
		MXT(alias__others),
		MXT(apply__defaults),
		MXT(apply__keeps_what_is_said),
		MXT(apply__cdrom),
		MXT(apply__no_memory),
		MXT(apply__others),
	};

	return MXT_RUN(tests);
}
