// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel modules: loaded, unloaded, and their parameters.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "module.h"

enum { ARGS_MOST = 16, PATH_BYTES = 256 };

const char *module_sysfs(void)
{
	const char *root = getenv("MEMX_SYSFS");

	return root ? root : "/sys";
}

static void probe_exec(char *const args[])
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(1);
	if (setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1))
		_exit(1);
	execvp("modprobe", args);
	_exit(1);
}

static int probe_run(char *const args[])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1;
	if (!child)
		probe_exec(args);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

int module_probe(const char *module, char *const params[])
{
	char *args[ARGS_MOST] = { "modprobe", "-q", "--", (char *)module };
	int i;

	for (i = 0; params && params[i] && i < ARGS_MOST - 5; i++)
		args[i + 4] = params[i];
	return probe_run(args);
}

bool module_installed(const char *module)
{
	/* Of one that is loaded modprobe would have nothing to do. */
	char *args[ARGS_MOST] = { "modprobe", "-q", "-n", "--ignore-install", "--show-depends", "--",
			 (char *)module };

	return !probe_run(args);
}

int module_insert(int fd, const char *params)
{
	return syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
}

int module_remove(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

static int param_open(const char *module, const char *param, int flags)
{
	char path[PATH_BYTES];
	int fd;

	if (snprintf(path, sizeof(path), "%s/module/%s/parameters/%s", module_sysfs(),
		     module, param) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int module_param_get(const char *module, const char *param, char *value, size_t size)
{
	int fd = param_open(module, param, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, value, size - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	if (len < 0)
		return len;
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

int module_param_set(const char *module, const char *param, const char *value)
{
	int fd = param_open(module, param, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}
