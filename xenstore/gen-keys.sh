#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes everything that repeats keys.def from it, or checks that it is current.
#
# usage: gen-keys.sh [--check]
# shellcheck disable=SC2016 # the awk programs
set -eu

# shellcheck source=tools/lib/made.sh
. "$(dirname "$0")/../tools/lib/made.sh"
made_begin keys.def ../docs/xenstore.md keys

# lines AWK-PROGRAM: run it on the fields of each key.
lines() {
	made_fields | awk -F'|' "$1"
}

valid() {
	lines '
	NF != 8 { print "keys.def: " $1 ": " NF " fields instead of 8"; bad = 1 }
	$1 !~ /^[A-Z][A-Z_]*$/ { print "keys.def: bad name " $1; bad = 1 }
	seen[$1]++ || seen[$2]++ { print "keys.def: twice: " $1; bad = 1 }
	$5 !~ /^(name|hex64|uint|bytes|servers|text|word:[a-z,]+|map:[0-9]+)$/ {
		print "keys.def: " $1 ": no type " $5; bad = 1
	}
	$6 !~ /^[0-9]+$/ || $6 > 2047 { print "keys.def: " $1 ": bad limit " $6; bad = 1 }
	END { exit bad }' >&2
}

header() {
	cat <<-END
		/* SPDX-License-Identifier: GPL-2.0 */
		/*
		 * Keys in xenstore, relative to the backend's node of a disk.
		 * Made by gen-keys.sh from keys.def; do not edit.
		 */
		#ifndef MX_XS_KEYS_H
		#define MX_XS_KEYS_H

		#define MX_XS_DIR "memx"
	END
	lines '
	{
		path = $2
		if (sub("/N$", "", path)) {
			printf "#define MX_XS_%s_FMT \"%s/%%u\"\n", $1, path
			count = $5
			sub("map:", "", count)
			printf "#define MX_XS_%s_COUNT %s\n", $1, count
		}
		printf "#define MX_XS_%s \"%s\"\n", $1, path
		printf "#define MX_XS_%s_MAX %s\n", $1, $6
		if (sub("^word:", "", $5)) {
			n = split($5, word, ",")
			for (i = 1; i <= n; i++)
				printf "#define MX_XS_%s_%s \"%s\"\n", $1, toupper(word[i]), word[i]
		}
	}'
	printf '\n#endif /* MX_XS_KEYS_H */\n'
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

valid
header >"$tmp/mx_xs_keys.h"
table_h >"$tmp/mx_xs_table.h"
shell >"$tmp/memx-xs-keys.sh"
table_md >"$tmp/table"

made_end "${1-}" ../hotplug-scripts mx_xs_keys.h mx_xs_table.h memx-xs-keys.sh
