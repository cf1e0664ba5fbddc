/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only header an engine may include from outside its own folder: the same
 * names for fixed-width types, byte order, lists and bits in the kernel and in
 * user space.
 */
#ifndef MX_PORT_H
#define MX_PORT_H

#ifdef __KERNEL__

#include <linux/types.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/build_bug.h>
#include <asm/byteorder.h>

/*
 * A broken engine invariant must never stop a host, so in the kernel the
 * expression is only type-checked. The simulator and the fuzzers run the same
 * code with the checks on.
 */
#define MX_ASSERT(expr) ((void)sizeof(expr))

/*
 * MX_COVER(name) marks an arrow of an engine's state machine. It is nothing in
 * the kernel; in user space, the simulator counts how often each was taken.
 */
#define MX_COVER(name) do { } while (0)

/*
 * mx_noinit - after the name of a variable on the stack of the I/O path that is
 * written before it is read. Kernels with INIT_STACK_ALL_ZERO, as distributions
 * have them, otherwise zero it each time; with some hundred bytes per frame that
 * was a tenth of all that a read costs the client.
 */
#if defined(__has_attribute)
#if __has_attribute(__uninitialized__)
#define mx_noinit __attribute__((__uninitialized__))
#endif
#endif
#ifndef mx_noinit
#define mx_noinit
#endif

#else

#include "mx_port_user.h"

#endif

#endif /* MX_PORT_H */
