#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the modules for one kernel out of tree: links the sources into a build
# directory, probes the kernel, runs kbuild and collects the modules.
#
# usage: kbuild.sh RELEASE KDIR BUILD [VARIABLE=VALUE or goal for the kernel's make]
# Objects go to BUILD/kbuild/RELEASE, modules to BUILD/modules/RELEASE.
set -eu

release=$1 kdir=$2 build=$3
shift 3
src=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$build"
build=$(cd "$build" && pwd)
farm=$build/kbuild/$release
mods=$build/modules/$release

# A farm of links, so that kbuild's droppings stay out of the source tree.
# Links to files that are gone are removed; nothing else is touched, and so the
# next build is incremental.
sources() {
	cd "$src"
	echo Kbuild
	for d in compat rmap memx-core backend frontend xenstore tests/floor; do
		[ ! -d "$d" ] || find "$d" -path compat/probes -prune -o -type f -name '*.[ch]' -print
	done
}
mkdir -p "$farm/xenstore"
exec 9>"$farm/.lock"
flock 9		# two builds at once would see each other's half-written objects
find "$farm" -type l ! -exec test -e {} \; -delete
sources | while read -r f; do
	[ -L "$farm/$f" ] && continue
	mkdir -p "$farm/$(dirname "$f")"
	ln -sf "$src/$f" "$farm/$f"
done

"$src/compat/probe.sh" "$kdir" "$farm/compat/mx_have.h" "$build/probe/$release"

env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make --no-print-directory -j"${JOBS:-2}" -C "$kdir" M="$farm" "$@" modules

# kbuild's own list decides what is handed on, so no stale module stays.
mkdir -p "$mods"
made=$(sed 's,.*/,,; s/\.k\{0,1\}o$//' "$farm/modules.order")
for old in "$mods"/*.ko; do
	name=$(basename "$old" .ko)
	printf '%s\n' "$made" | grep -qx "$name" || rm -f "$old"
done
for name in $made; do
	cmp -s "$farm/$name.ko" "$mods/$name.ko" || cp "$farm/$name.ko" "$mods/"
done
