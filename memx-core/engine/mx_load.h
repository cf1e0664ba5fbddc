/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How busy a memory server says it is.
 */
#ifndef MX_LOAD_H
#define MX_LOAD_H

#include "mx_port.h"

/**
 * mx_load_decay() - a load that follows samples taken at equal intervals
 * @load:   0 to 255
 * @sample: 0 to 255
 *
 * Return: a quarter nearer to @sample, and there in the end.
 */
u8 mx_load_decay(u8 load, u8 sample);

#endif /* MX_LOAD_H */
