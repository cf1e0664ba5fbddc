#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Finds the kernel headers to build against; prints "<release> <directory>".
#
# usage: kdir.sh [KDIR] [KVER]
# KDIR is a headers directory, KVER a release name; with neither the running
# kernel counts, and failing that the only headers that are installed.
set -eu

kdir=${1-} kver=${2-}

release() {
	sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' "$1/include/generated/utsrelease.h" 2>/dev/null
}

# One line per installed headers tree: release, directory.
installed() {
	for d in /lib/modules/*/build /usr/src/linux-headers-*; do
		r=$(release "$d") && echo "$r $(readlink -f "$d")"
	done | sort -u
}

if [ -n "$kdir" ]; then
	if ! r=$(release "$kdir"); then
		echo "KDIR=$kdir holds no built kernel headers" >&2
		exit 1
	fi
	echo "$r $(readlink -f "$kdir")"
	exit 0
fi

want=${kver:-$(uname -r)}
if d=$(installed | grep "^$want "); then
	echo "$d"
	exit 0
fi
if [ -n "$kver" ]; then
	echo "no headers of kernel $kver here: apt-get install linux-headers-$kver" >&2
	exit 1
fi
all=$(installed)
case $(printf '%s' "$all" | grep -c '') in
0)
	echo "no headers of the running kernel $want: apt-get install linux-headers-amd64" >&2
	exit 1
	;;
1)
	echo "no headers of the running kernel $want; building for ${all%% *}, the only ones installed" >&2
	echo "$all"
	;;
*)
	echo "no headers of the running kernel $want: give KVER= one of $(printf '%s\n' "$all" | cut -d' ' -f1 | tr '\n' ' ')" >&2
	exit 1
	;;
esac
