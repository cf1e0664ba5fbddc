#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes everything that repeats keys.def and domain-keys.def from them, or checks
# that it is current.
#
# usage: gen-keys.sh [--check]
# shellcheck disable=SC2016 # the awk programs
set -eu

# shellcheck source=tools/lib/made.sh
. "$(dirname "$0")/../tools/lib/made.sh"

# lines AWK-PROGRAM: run it on the fields of each key.
lines() {
	made_fields | awk -F'|' "$1"
}

valid() {
	lines '
	function fault(words) { print "'"${def##*/}"': " words; bad = 1 }
	NF != 8 { fault($1 ": " NF " fields instead of 8") }
	$1 !~ /^[A-Z][A-Z_]*$/ { fault("bad name " $1) }
	seen[$1]++ || seen[$2]++ { fault("twice: " $1) }
	$5 !~ /^(name|hex64|uint|bytes|size|servers|text|word:[a-z,]+|map:[0-9]+)$/ { fault($1 ": no type " $5) }
	$6 !~ /^[0-9]+$/ || $6 > 2047 { fault($1 ": bad limit " $6) }
	END { exit bad }' >&2
}

# header PREFIX GUARD WHOSE: defines PREFIX_NAME for each key
header() {
	cat <<-END
		/* SPDX-License-Identifier: GPL-2.0 */
		/*
		 * Keys in xenstore, relative to $3.
		 * Made by gen-keys.sh from ${def##*/}; do not edit.
		 */
		#ifndef $2
		#define $2

		#define $1_DIR "memx"
	END
	lines '
	{
		name = "'"$1"'_" $1
		path = $2
		if (sub("/N$", "", path)) {
			printf "#define %s_FMT \"%s/%%u\"\n", name, path
			count = $5
			sub("map:", "", count)
			printf "#define %s_COUNT %s\n", name, count
		}
		printf "#define %s \"%s\"\n", name, path
		printf "#define %s_MAX %s\n", name, $6
		if (sub("^word:", "", $5)) {
			n = split($5, word, ",")
			for (i = 1; i <= n; i++)
				printf "#define %s_%s \"%s\"\n", name, toupper(word[i]), word[i]
		}
	}'
	printf '\n#endif /* %s */\n' "$2"
}

table_h() {
	cat <<-END
		/* SPDX-License-Identifier: GPL-2.0 */
		/*
		 * The keys as a table: X(name, path, writer, type, limit).
		 * Made by gen-keys.sh from keys.def; do not edit.
		 */
		#ifndef MX_XS_TABLE_H
		#define MX_XS_TABLE_H

		#define MX_XS_KEYS(X) \\
	END
	lines '
	{
		if (NR > 1)
			print line " \\"
		line = sprintf("\tX(%s, \"%s\", \"%s\", \"%s\", %s)", $1, $2, $3, $5, $6)
	}
	END { print line }'
	printf '\n#endif /* MX_XS_TABLE_H */\n'
}

shell() {
	cat <<-END
		# shellcheck shell=sh disable=SC2034
		# SPDX-License-Identifier: GPL-2.0
		# The keys that scripts use, relative to the backend's node of a disk.
		# Made by gen-keys.sh from keys.def; do not edit.
	END
	lines '$3 == "block-memx" || $4 ~ /block-memx/ { printf "MX_XS_%s=%s\n", $1, $2 }'
}

table_md() {
	echo '| key | written by | read by | type | most bytes | since | meaning |'
	echo '|---|---|---|---|---|---|---|'
	lines '{
		type = $5
		sub("^word:", "", type)
		gsub(",", ", ", type)
		sub("map:", "map, N < ", type)
		printf "| `%s` | %s | %s | %s | %s | v%s | %s |\n", $2, $3, $4, type, $6, $7, $8
	}'
}

# Each in a shell of its own, as made_begin has one .def file at a time.
disk_keys() (
	made_begin keys.def ../docs/xenstore.md keys
	valid
	header MX_XS MX_XS_KEYS_H "the backend's node of a disk" >"$tmp/mx_xs_keys.h"
	table_h >"$tmp/mx_xs_table.h"
	shell >"$tmp/memx-xs-keys.sh"
	table_md >"$tmp/table"
	made_end "$1" ../hotplug-scripts mx_xs_keys.h mx_xs_table.h memx-xs-keys.sh
)

domain_keys() (
	made_begin domain-keys.def ../docs/xenstore.md domain-keys
	valid
	header MX_XD MX_XS_DOMAIN_H "a domain's node, /local/domain/<domid>" >"$tmp/mx_xs_domain.h"
	table_md >"$tmp/table"
	made_end "$1" '' mx_xs_domain.h
)

disk_keys "${1-}"
domain_keys "${1-}"
