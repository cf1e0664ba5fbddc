/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Found only on kernels before 6.12, where the same accessors live under asm/:
 * the kernel's own include path comes first.
 */
#include <asm/unaligned.h>
