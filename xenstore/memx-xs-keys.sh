# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# Keys in xenstore, relative to the backend's node of a disk.
# Made by gen-keys.sh from keys.def; do not edit.
MX_XS_SCRIPT=script
MX_XS_PARAMS=params
MX_XS_HOTPLUG_STATUS=hotplug-status
MX_XS_HOTPLUG_ERROR=hotplug-error
MX_XS_VOLUME=memx/volume
MX_XS_STATE=memx/state
MX_XS_ERROR=memx/error
MX_XS_ID=memx/id
MX_XS_EPOCH=memx/epoch
MX_XS_SIZE=memx/size
MX_XS_CHUNK=memx/chunk
MX_XS_USED=memx/used
MX_XS_SERVERS=memx/servers
MX_XS_MAP=memx/map
MX_XS_MAP_ERROR=memx/map-error
MX_XS_GEN=memx/gen
