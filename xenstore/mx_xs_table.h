/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The keys as a table: X(name, path, writer, type, limit).
 * Made by gen-keys.sh from keys.def; do not edit.
 */
#ifndef MX_XS_TABLE_H
#define MX_XS_TABLE_H

#define MX_XS_KEYS(X) \
	X(SCRIPT, "script", "libxl", "text", 255) \
	X(PARAMS, "params", "libxl", "text", 2047) \
	X(HOTPLUG_STATUS, "hotplug-status", "block-memx", "word:connected,error", 9) \
	X(HOTPLUG_ERROR, "hotplug-error", "block-memx", "text", 1023) \
	X(FEATURE, "feature-memx", "memx_blkback", "uint", 1) \
	X(VOLUME, "memx/volume", "block-memx", "name", 63) \
	X(STATE, "memx/state", "memx_blkback", "word:waiting,ok,stalled,lost,fenced,closed,error", 7) \
	X(ERROR, "memx/error", "memx_blkback", "text", 1023) \
	X(ID, "memx/id", "memx_blkback", "hex64", 16) \
	X(EPOCH, "memx/epoch", "memx_blkback", "uint", 10) \
	X(SIZE, "memx/size", "memx_blkback", "bytes", 20) \
	X(GROW, "memx/grow", "memx_blkback", "bytes", 20) \
	X(CHUNK, "memx/chunk", "memx_blkback", "bytes", 20) \
	X(KEY_CHECK, "memx/key-check", "memx_blkback", "hex64", 16) \
	X(USED, "memx/used", "memx_blkback", "uint", 20) \
	X(RESERVE, "memx/reserve", "memx-dom0", "uint", 20) \
	X(LIMIT, "memx/limit", "memx-dom0", "uint", 20) \
	X(WEIGHT, "memx/weight", "memx-dom0", "uint", 3) \
	X(GRANTED, "memx/granted", "memx_blkback", "uint", 20) \
	X(RESERVE_STATE, "memx/reserve-state", "memx_blkback", "word:none,asking,granted,refused,degraded", 8) \
	X(RESERVE_ERROR, "memx/reserve-error", "memx_blkback", "text", 255) \
	X(SERVERS, "memx/servers", "memx_blkback", "servers", 1900) \
	X(MAP, "memx/map/N", "memx_blkback", "map:16", 1900) \
	X(MAP_ERROR, "memx/map-error", "memx_blkback", "text", 255) \
	X(UUID, "memx/uuid", "memx-dom0", "text", 36) \
	X(GEN, "memx/gen", "memx_blkback", "uint", 20)

#endif /* MX_XS_TABLE_H */
