// SPDX-License-Identifier: GPL-2.0
/*
 * Has a stock xl take vdev=memx. The wrapper that xl-shim installs preloads it
 * into xl, and there it stands before the two functions of Xen's libraries that
 * take the name of a disk.
 *
 * The fields of a disk lie where the headers said when this was compiled. Each
 * of Xen's versions has a version of its symbols, and with another one nothing
 * is touched: xl does what it would do without us, and people are told why.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>

#include "memx-alias.h"

#ifndef XEN_ABI
#error "XEN_ABI is the version of the symbols of Xen's libraries, VERS_4.17.0 for instance"
#endif

/* The functions for which we stand, as Xen's headers declare them. */
typedef typeof(xlu_disk_parse) parse_fn;
typedef typeof(libxl_vdev_to_device_disk) find_fn;

/* The script that installs the shim reads this. */
static const char mark[] __attribute__((used)) = "memx-xl-shim for " XEN_ABI;

/*
 * What each of the disks xvdma to xvdmz was called when this process parsed it,
 * NULL if it has not. One process parses one configuration, in one thread.
 */
static char *called['z' - 'a' + 1];

/*
 * The wrapper puts us before all else that is to be preloaded. Whatever xl
 * starts, hotplug scripts and device models, is none of our business.
 */
__attribute__((constructor)) static void leave_environment(void)
{
	const char *preload = getenv("LD_PRELOAD");
	char *rest;

	if (!preload || !strstr(preload, "memx-xl-shim"))
		return;
	rest = strchr(preload, ':');
	rest = rest ? strdup(rest + 1) : NULL;
	if (rest)
		setenv("LD_PRELOAD", rest, 1);
	else
		unsetenv("LD_PRELOAD");
	free(rest);
}

/* The function of Xen for which we stand, of the version that we know; NULL: there is none. */
static void *known(const char *name)
{
	return dlvsym(RTLD_NEXT, name, XEN_ABI);
}

/* The same of any version. Without it xl would not have started. */
static void *stock(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		fprintf(stderr, "memx: xl's libraries have no %s\n", name);
		exit(EXIT_FAILURE);
	}
	return function;
}

/* Whether the other name may be among the specifications: nothing else concerns us. */
static bool mentioned(int nspecs, const char *const *specs)
{
	int i;

	for (i = 0; i < nspecs; i++)
		if (strstr(specs[i], MEMX_ALIAS))
			return true;
	return false;
}

/*
 * Whether xl would miss a target that a disk of ours does not need. Xen's own
 * parser says so; its complaints are left for the second time.
 */
static bool lacks_target(parse_fn *parse, int nspecs, const char *const *specs)
{
	FILE *nowhere = fopen("/dev/null", "w");
	char name[MEMX_ALIAS_BYTES];
	libxl_device_disk disk;
	bool lacks = false;
	XLU_Config *cfg;

	if (!nowhere)
		return false;
	cfg = xlu_cfg_init(nowhere, "");
	if (cfg) {
		libxl_device_disk_init(&disk);
		parse(cfg, nspecs, specs, &disk);
		lacks = memx_alias(disk.vdev, name) && !disk.pdev_path && !disk.is_cdrom;
		libxl_device_disk_dispose(&disk);
		xlu_cfg_destroy(cfg);
	}
	fclose(nowhere);
	return lacks;
}

static int parse_with_target(parse_fn *parse, XLU_Config *cfg, int nspecs,
			     const char *const *specs, libxl_device_disk *disk)
{
	const char **more;
	int err;

	if (!lacks_target(parse, nspecs, specs))
		return parse(cfg, nspecs, specs, disk);
	more = calloc(nspecs + 1, sizeof(*more));
	if (!more)
		return ENOMEM;
	memcpy(more, specs, nspecs * sizeof(*more));
	more[nspecs] = "target=";
	err = parse(cfg, nspecs + 1, more, disk);
	free(more);
	return err;
}

/*
 * Remembers what a disk is called, and refuses one that was parsed already under
 * another name. libxl would only say that some device exists.
 */
static int remember(const char *written, const char *own)
{
	const size_t len = strlen(MEMX_ALIAS_DISK);
	char **before;

	if (!own || strncmp(own, MEMX_ALIAS_DISK, len))
		return 0;
	if (own[len] < 'a' || own[len] > 'z' || own[len + 1])
		return 0;
	before = &called[own[len] - 'a'];
	if (*before && strcmp(*before, written)) {
		fprintf(stderr, "vdev=%s and vdev=%s are the same disk, %s: there can be only one\n",
			*before, written, own);
		return EINVAL;
	}
	if (!*before)
		*before = strdup(written);
	return *before ? 0 : ENOMEM;
}

int xlu_disk_parse(XLU_Config *cfg, int nspecs, const char *const *specs, libxl_device_disk *disk)
{
	parse_fn *parse = known("xlu_disk_parse");
	char *written;
	int err;

	if (!parse) {
		if (mentioned(nspecs, specs))
			fprintf(stderr,
				"memx: the shim for vdev=memx is not for this version of Xen but for "
				XEN_ABI "\n");
		parse = stock("xlu_disk_parse");
		return parse(cfg, nspecs, specs, disk);
	}
	if (mentioned(nspecs, specs))
		err = parse_with_target(parse, cfg, nspecs, specs, disk);
	else
		err = parse(cfg, nspecs, specs, disk);
	if (err || !disk->vdev)
		return err;
	written = strdup(disk->vdev);
	if (!written)
		return ENOMEM;
	err = memx_alias_apply(disk) ?: remember(written, disk->vdev);
	free(written);
	return err;
}

int libxl_vdev_to_device_disk(libxl_ctx *ctx, uint32_t domid, const char *vdev,
			      libxl_device_disk *disk)
{
	find_fn *find = stock("libxl_vdev_to_device_disk");
	char name[MEMX_ALIAS_BYTES];

	return find(ctx, domid, memx_alias(vdev, name) ? name : vdev, disk);
}
