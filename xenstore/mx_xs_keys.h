/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys in xenstore, relative to the backend's node of a disk.
 * Made by gen-keys.sh from keys.def; do not edit.
 */
#ifndef MX_XS_KEYS_H
#define MX_XS_KEYS_H

#define MX_XS_DIR "memx"
#define MX_XS_SCRIPT "script"
#define MX_XS_SCRIPT_MAX 255
#define MX_XS_PARAMS "params"
#define MX_XS_PARAMS_MAX 2047
#define MX_XS_HOTPLUG_STATUS "hotplug-status"
#define MX_XS_HOTPLUG_STATUS_MAX 9
#define MX_XS_HOTPLUG_STATUS_CONNECTED "connected"
#define MX_XS_HOTPLUG_STATUS_ERROR "error"
#define MX_XS_HOTPLUG_ERROR "hotplug-error"
#define MX_XS_HOTPLUG_ERROR_MAX 1023
#define MX_XS_FEATURE "feature-memx"
#define MX_XS_FEATURE_MAX 1
#define MX_XS_VOLUME "memx/volume"
#define MX_XS_VOLUME_MAX 63
#define MX_XS_STATE "memx/state"
#define MX_XS_STATE_MAX 7
#define MX_XS_STATE_WAITING "waiting"
#define MX_XS_STATE_OK "ok"
#define MX_XS_STATE_STALLED "stalled"
#define MX_XS_STATE_LOST "lost"
#define MX_XS_STATE_FENCED "fenced"
#define MX_XS_STATE_CLOSED "closed"
#define MX_XS_STATE_ERROR "error"
#define MX_XS_ERROR "memx/error"
#define MX_XS_ERROR_MAX 1023
#define MX_XS_ID "memx/id"
#define MX_XS_ID_MAX 16
#define MX_XS_EPOCH "memx/epoch"
#define MX_XS_EPOCH_MAX 10
#define MX_XS_SIZE "memx/size"
#define MX_XS_SIZE_MAX 20
#define MX_XS_GROW "memx/grow"
#define MX_XS_GROW_MAX 20
#define MX_XS_CHUNK "memx/chunk"
#define MX_XS_CHUNK_MAX 20
#define MX_XS_KEY_CHECK "memx/key-check"
#define MX_XS_KEY_CHECK_MAX 16
#define MX_XS_USED "memx/used"
#define MX_XS_USED_MAX 20
#define MX_XS_RESERVE "memx/reserve"
#define MX_XS_RESERVE_MAX 20
#define MX_XS_LIMIT "memx/limit"
#define MX_XS_LIMIT_MAX 20
#define MX_XS_WEIGHT "memx/weight"
#define MX_XS_WEIGHT_MAX 3
#define MX_XS_GRANTED "memx/granted"
#define MX_XS_GRANTED_MAX 20
#define MX_XS_RESERVE_STATE "memx/reserve-state"
#define MX_XS_RESERVE_STATE_MAX 8
#define MX_XS_RESERVE_STATE_NONE "none"
#define MX_XS_RESERVE_STATE_ASKING "asking"
#define MX_XS_RESERVE_STATE_GRANTED "granted"
#define MX_XS_RESERVE_STATE_REFUSED "refused"
#define MX_XS_RESERVE_STATE_DEGRADED "degraded"
#define MX_XS_RESERVE_ERROR "memx/reserve-error"
#define MX_XS_RESERVE_ERROR_MAX 255
#define MX_XS_SERVERS "memx/servers"
#define MX_XS_SERVERS_MAX 1900
#define MX_XS_MAP_FMT "memx/map/%u"
#define MX_XS_MAP_COUNT 16
#define MX_XS_MAP "memx/map"
#define MX_XS_MAP_MAX 1900
#define MX_XS_MAP_ERROR "memx/map-error"
#define MX_XS_MAP_ERROR_MAX 255
#define MX_XS_UUID "memx/uuid"
#define MX_XS_UUID_MAX 36
#define MX_XS_GEN "memx/gen"
#define MX_XS_GEN_MAX 20

#endif /* MX_XS_KEYS_H */
