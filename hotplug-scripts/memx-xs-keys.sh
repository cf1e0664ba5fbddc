# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# The keys that scripts use, relative to the backend's node of a disk.
# Made by gen-keys.sh from keys.def; do not edit.
MX_XS_PARAMS=params
MX_XS_HOTPLUG_STATUS=hotplug-status
MX_XS_HOTPLUG_ERROR=hotplug-error
MX_XS_VOLUME=memx/volume
MX_XS_ERROR=memx/error
MX_XS_UUID=memx/uuid
