#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes sure that the Debian packages for a purpose are there.
#
# usage: tests/deps.sh PURPOSE…   (build, check, lab)
# Root gets what is missing installed; anyone else is told the command to run.
set -eu

packages() {
	case $1 in
	build) echo make gcc libc6-dev kmod pkg-config libmnl-dev libjson-c-dev libsmartcols-dev libxen-dev linux-headers-amd64 ;;
	check) echo perl python3 clang libclang-rt-14-dev llvm libcmocka-dev libxxhash-dev libsodium-dev sparse shellcheck \
		git mmdebstrap uidmap util-linux xz-utils ca-certificates tshark ;;
	lab) echo python3 qemu-system-x86 mmdebstrap uidmap util-linux e2fsprogs iproute2 gcc libc6-dev ;;
	*)
		echo "deps.sh: no purpose '$1' (build, check, lab)" >&2
		exit 2
		;;
	esac
}

missing=
for purpose in "$@"; do
	for p in $(packages "$purpose"); do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) case " $missing " in *" $p "*) ;; *) missing="$missing $p" ;; esac ;;
		esac
	done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "needed packages are missing; run as root:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
# shellcheck disable=SC2086 # a list of names
apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=600 $missing
