#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Compiles every probe against a kernel's headers and writes mx_have.h.
#
# usage: probe.sh KDIR OUTPUT WORKDIR [VARIABLE=VALUE for the kernel's make]
#
# A probe that compiles defines its macro. All are compiled by one kbuild run;
# nothing is run again while the kernel, the compiler and the probes are the
# same, and OUTPUT is touched only when its text changes.
set -eu

kdir=$1 out=$2 work=$3
shift 3
probes=$(cd "$(dirname "$0")/probes" && pwd)

key=$({
	cat "$0" "$probes"/*.c
	cat "$kdir/include/generated/utsrelease.h" "$kdir/include/generated/autoconf.h"
	"${CC:-cc}" --version
	echo "$kdir $*"
} | sha256sum | cut -c1-16)
if [ -f "$out" ] && [ "$(sed -n 's/^ \* key: //p' "$out")" = "$key" ]; then
	exit 0
fi

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
cp "$probes"/*.c "$work"
# Two controls tell a change of the API from headers or a compiler that fail.
echo 'int mx_probe(void) { return 0; }' >"$work/control_good.c"
echo 'int mx_probe(void) { return mx_there_is_no_such_name; }' >"$work/control_bad.c"

objs=
for c in "$work"/*.c; do
	objs="$objs $(basename "$c" .c).o"
done
cat >"$work/Kbuild" <<EOF
ccflags-y := -Werror -Wno-missing-prototypes -Wno-missing-declarations -Wno-unused
obj-m :=$objs
EOF
# shellcheck disable=SC2086 # objs is a list of plain names
env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -k -j2 -C "$kdir" M="$work" "$@" \
	$objs >"$work/log" 2>&1 || true

if [ ! -f "$work/control_good.o" ] || [ -f "$work/control_bad.o" ]; then
	echo "probe: the headers in $kdir cannot compile a module; see $work/log" >&2
	exit 1
fi

new=$work/mx_have.h
{
	printf '/* SPDX-License-Identifier: GPL-2.0 */\n'
	printf '/*\n * Made by compat/probe.sh: what this kernel has.\n * key: %s\n */\n' "$key"
	for c in "$probes"/*.c; do
		have=$(sed -n '1s/.*"have": "\([A-Z0-9_]*\)".*/\1/p' "$c")
		if [ -z "$have" ]; then
			echo "probe: $c does not name its macro in line 1" >&2
			exit 1
		fi
		if [ -f "$work/$(basename "$c" .c).o" ]; then
			echo "#define $have 1"
		else
			echo "/* $have is not set */"
		fi
	done
} >"$new"
mv "$new" "$out"
