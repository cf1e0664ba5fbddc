/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel modules: loaded, unloaded, and their parameters.
 */
#ifndef MX_MODULE_H
#define MX_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/** module_sysfs() - where sysfs is; MEMX_SYSFS in the environment for tests */
const char *module_sysfs(void);

/**
 * module_probe() - have modprobe load a module with what it needs
 * @params: "name=value" words, ended by NULL; NULL: none
 *
 * Nothing is printed. Return: 0, or -1: modprobe failed.
 */
int module_probe(const char *module, char *const params[]);

/** module_installed() - whether modprobe knows where it would take a module from */
bool module_installed(const char *module);

/** module_insert() - load a module from an open file. @params: words with blanks
 * between. Return: 0 or a negative error
 */
int module_insert(int fd, const char *params);

/** module_remove() - unload a module unless it is in use. Return: 0 or a negative
 * error
 */
int module_remove(const char *module);

/** module_param_get() - first line of a parameter of a loaded module. Return: 0 or a
 * negative error
 */
int module_param_get(const char *module, const char *param, char *value, size_t size);

/** module_param_set() - write a parameter of a loaded module. Return: 0 or a negative
 * error
 */
int module_param_set(const char *module, const char *param, const char *value);

#endif /* MX_MODULE_H */
