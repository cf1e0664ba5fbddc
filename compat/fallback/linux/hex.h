/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Found only on kernels before 6.4, where mac_pton() and its like are declared
 * in kernel.h.
 */
#include <linux/kernel.h>
