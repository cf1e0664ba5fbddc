#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds the modules with W=1 against each supported kernel: the oldest, the
# middle one and the newest that Debian has. A warning is a failure.
#
# usage: compat/build-all.sh [SUITE…]     (bookworm, trixie, sid; SOURCE=, NAME=)
# Each kernel's headers come with their own suite's compiler in a folder under
# .cache/kernels, made once; remove it for a newer state of the suite. Suites are
# built side by side unless JOBS=1: making a folder waits for the archive most of
# the time. SOURCE= is another tree to build, beside this one's as NAME= has it: what
# is built is in tmp/build$NAME of the suite's folder.
set -eu

cd "$(dirname "$0")/.."
top=$(pwd)
out=$top/build/kernels
include=linux-headers-amd64,gcc,make,libc6-dev,perl,python3	# W=1 runs kernel-doc
JOBS=${JOBS:-2}
NAME=${NAME:-}
SOURCE=$(realpath "${SOURCE:-.}")
keep=14	# days until sid is fetched again

# The machine's own Debian mirror, else the public one.
mirror() {
	# shellcheck disable=SC2016 # apt's own placeholders
	m=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 2>/dev/null |
		sed -n 's/^Debian Debian //p' | sort -u | head -n 1)
	echo "${m:-http://deb.debian.org/debian}"
}

# One chroot: a recipe's hash names it, so a changed recipe makes a new one.
chroot_of() {
	hash=$(echo "$1 $include" | sha256sum | cut -c1-8)
	dir=$top/.cache/kernels/$1-$hash
	if [ "$1" = sid ] && [ -n "$(find "$dir/.made" -mtime +$keep 2>/dev/null)" ]; then
		rm -rf "$dir"
	fi
	if [ ! -f "$dir/.made" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		# Debian's archive may be served later than its Release file says.
		mmdebstrap --quiet --variant=minbase --include="$include" \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			--dpkgopt=force-unsafe-io \
			--dpkgopt='path-exclude=/usr/share/doc/*' \
			--dpkgopt='path-exclude=/usr/share/locale/*' \
			"$1" - "$(mirror)" >"$dir.tar" 2>"$out/$1.fetch.log" || return 1
		tar -xf "$dir.tar" -C "$dir" --no-same-owner --exclude='./dev/*' || return 1
		rm -f "$dir.tar"
		touch "$dir/.made"
	fi
	echo "$dir"
}

# Runs a command in the chroot with the host's /dev and /proc, as root there.
inside() {
	dir=$1
	shift
	as_root=
	[ "$(id -u)" = 0 ] || as_root=--map-root-user
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare $as_root --mount sh -c '
		d=$1 && shift && mount --rbind /dev "$d/dev" && mount --rbind /proc "$d/proc" &&
			exec chroot "$d" "$@"
	' sh "$dir" "$@"
}

# The tree as it stands, without what was built or fetched; nor is anything built
# before of use, as a cache that was copied is newer than the sources.
copy_sources() {
	rm -rf "$1/src$NAME" "$1/tmp/build$NAME"
	mkdir "$1/src$NAME"
	tar -c -C "$SOURCE" --exclude=./build --exclude=./.cache --exclude=./.git . | tar -x -C "$1/src$NAME" --no-same-owner
}

# usage: made FOLDER [VARIABLE=VALUE…]
made() {
	where=$1
	shift
	inside "$where" env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C JOBS="$JOBS" \
		make -C "/src$NAME" modules O="/tmp/build$NAME" W=1 "$@"
}

modules_in() {
	find "$1/tmp/build$NAME/modules" -name '*.ko' 2>/dev/null | wc -l
}

build() {
	dir=$(chroot_of "$1") || {
		echo "$1: failed: no headers, see $out/$1.fetch.log"
		return 1
	}
	copy_sources "$dir"
	log=$out/$1$NAME.log
	rc=0
	# As users build them, and then with the modules for tests, which the lab wants.
	made "$dir" >"$log" 2>&1 || rc=$?
	plain=$(modules_in "$dir")
	[ "$rc" != 0 ] || made "$dir" FLOOR=1 >>"$log" 2>&1 || rc=$?
	kernel=$(cd "$dir/usr/src" && ls -d linux-headers-*-amd64)
	mods=$(modules_in "$dir")
	warnings=$(grep -ci 'warning:' "$log" || true)
	what="${kernel#linux-headers-} ($1): $mods modules, $((mods - plain)) of them for tests, $warnings warnings"
	if [ "$rc" != 0 ] || [ "$warnings" != 0 ] || [ "$plain" = 0 ] || [ "$plain" -ge "$mods" ]; then
		echo "$what: failed, see $log"
		grep -iE 'error:|warning:|undefined!' "$log" | sort -u | head -n 20
		return 1
	fi
	echo "$what: passed"
}

# Builds against one suite, and keeps what there is to say of it.
one() {
	if build "$1" >"$out/$1.said" 2>&1; then touch "$out/$1.passed"; fi
}

passed=0 failed=0
mkdir -p "$out" .cache/kernels
exec 9>.cache/kernels/.lock
flock 9		# the chroots are shared by all who build here
[ $# -gt 0 ] || set -- bookworm trixie sid
for suite; do
	rm -f "$out/$suite.passed"
	if [ "$JOBS" = 1 ]; then one "$suite"; else one "$suite" & fi
done
wait
for suite; do
	cat "$out/$suite.said"
	if [ -e "$out/$suite.passed" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
