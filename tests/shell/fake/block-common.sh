# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Stands in for Xen's block-common.sh and what that sources: the functions that
# hotplug scripts are given, with the same contract.
set -e
command=
for arg; do
	case $arg in
	*=*) ;;
	*)
		command=$arg
		break
		;;
	esac
done
case $command in
add | remove) ;;
*) exit 1 ;;
esac
XENBUS_PATH=${XENBUS_PATH:?}

log() {
	echo "$*" >>"$FAKE/log"
}

fatal() {
	xenstore-write "$XENBUS_PATH/hotplug-error" "$*" "$XENBUS_PATH/hotplug-status" error
	log err "$@"
	exit 1
}

success() {
	xenstore_write "$XENBUS_PATH/hotplug-status" connected
}

trap 'fatal "$0 failed; error detected."' ERR

xenstore_read_default() {
	xenstore-read "$1" 2>/dev/null || echo "$2"
}

xenstore_write() {
	xenstore-write "$@" || fatal "Writing $* to xenstore failed."
}

# An open, locked file stands for the lock and ends with the process.
claim_lock() {
	mkdir -p "$FAKE/locks"
	exec 200<>"$FAKE/locks/$1"
	flock -x 200
}

release_lock() {
	rm "$FAKE/locks/$1"
}
