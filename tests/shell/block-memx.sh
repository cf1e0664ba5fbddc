# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the tests of block-memx share: a host whose xenstore, memxctl and Xen's own
# scripts are stand-ins, and a disk being attached there.
# shellcheck disable=SC2154,SC2016,SC2034 # from lib.sh; text for the fakes

BE=backend/vbd/3/268521984

# world TARGET: a host with one disk being attached
world() {
	local tool

	mkdir -p "$FAKE"/{bin,scripts,store,volumes,sys/bus/xen-backend/devices}
	for tool in read write rm exists list chmod; do
		ln -s "$here/fake/xenstore" "$FAKE/bin/xenstore-$tool"
	done
	ln -s "$here/fake/memxctl" "$FAKE/bin/memxctl"
	printf '#!/bin/sh\nexit 1\n' >"$FAKE/bin/modprobe"
	chmod +x "$FAKE/bin/modprobe"
	ln -s "$top"/hotplug-scripts/* "$here/fake/block-common.sh" "$FAKE/scripts/"
	bound vbd-3-268521984 memx-vbd
	export PATH=$FAKE/bin:$PATH MEMX_RUN_DIR=$FAKE/run MEMX_SYSFS=$FAKE/sys
	disk "$BE" xvdma "$1"
}

# world_again TARGET: the disk is attached anew, the volume having persisted
world_again() {
	disk "$BE" xvdma "$1"
	rm -rf "$FAKE/run" "$FAKE/store/$BE/memx"
	xenstore-rm "$BE/memx/volume" 2>/dev/null
	xenstore-rm "$BE/hotplug-status" 2>/dev/null
	:
}

# bound DEVICE DRIVER
bound() {
	mkdir -p "$FAKE/sys/bus/xen-backend/devices/$1"
	ln -sfn "../../drivers/$2" "$FAKE/sys/bus/xen-backend/devices/$1/driver"
}

# disk PATH VDEV TARGET
disk() {
	xenstore-write "$1/params" "$3" "$1/dev" "$2" "$1/mode" w
}

# script add|remove [PATH]
script() {
	XENBUS_PATH=${2-$BE} "$FAKE/scripts/block-memx" "$1"
}

# add_slowly VOLUME: begins an add that makes the volume and then takes a second;
# sets child
add_slowly() {
	# shellcheck disable=SC2016 # the answer's own names
	printf '%s\n' 'printf "1\n1\n\n" >"$FAKE/volumes/$name"; touch "$FAKE/made"; sleep 1; exit 0' \
		>"$FAKE/answer-create"
	XENBUS_PATH=$BE "$FAKE/scripts/block-memx" add &
	child=$!
	until [ -e "$FAKE/made" ]; do sleep 0.05; done
	[ -f "$FAKE/volumes/$1" ] || fail "the test makes no sense"
}

volume() {
	printf '%s\n%s\n%s\n' "$2" "${3-1048576}" "${4-}" >"$FAKE/volumes/$1"
}

key() {
	xenstore-read "${2-$BE}/$1" 2>/dev/null
}

refused() {
	local began=$SECONDS

	! script add || fail "add went well"
	[ $((SECONDS - began)) -lt 30 ] || fail "add took $((SECONDS - began)) s"
	equal status "$(key hotplug-status)" error
	contains error "$(key hotplug-error)" "$1"
	equal lines "$(key hotplug-error | wc -l)" 1
	[ -z "$(key memx/volume)" ] || fail "memx/volume was written"
}

clean() {
	equal volumes "$(ls "$FAKE/volumes")" ""
	equal claims "$(ls "$FAKE/run/volumes" 2>/dev/null)" ""
}

connected() {
	script add || fail "add failed: $(key hotplug-error)"
	equal status "$(key hotplug-status)" connected
	equal volume "$(key memx/volume)" "$1"
	[ -z "$(key physical-device)" ] || fail "physical-device was written"
}

# guest DOMID UUID [NAME]: what xenstore says of a domain
guest() {
	xenstore-write "/local/domain/$1/vm" "/vm/$2" "/local/domain/$1/name" "${3-g1}"
}

# listed STATE TIME: what `xl list` says of any domain
listed() {
	printf '#!/bin/sh\n[ "$1" = list ] || exit 2\necho "Name ID Mem VCPUs State Time(s)"\necho "g1   $2   128     1     %s   %s"\n' \
		"$1" "$2" >"$FAKE/bin/xl"
	chmod +x "$FAKE/bin/xl"
}

# run_by STREAM LOG WORD...: the script is run by such a command, which has STREAM
# open and writes to LOG
run_by() {
	local stream=$1 log=$2

	shift 2
	export MEMX_PROC=$FAKE/proc
	rm -rf "$FAKE/proc"
	mkdir -p "$FAKE/proc/$BASHPID/fd"
	printf '%s\0' "$@" >"$FAKE/proc/$BASHPID/cmdline"
	ln -s "$log" "$FAKE/proc/$BASHPID/fd/1"
	[ -z "$stream" ] || ln -s "$stream" "$FAKE/proc/$BASHPID/fd/7"
}
