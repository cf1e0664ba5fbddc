#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes everything that repeats options.def from it, or checks that it is current.
#
# usage: gen-options.sh [--check]
# shellcheck disable=SC2016 # the awk programs
set -eu

# shellcheck source=tools/lib/made.sh
. "$(dirname "$0")/../../tools/lib/made.sh"
made_begin options.def ../../docs/operations.md options

# What the programs below share: a type's name and limits, log2 of pages.
functions='
	function type(text) { sub(":.*", "", text); return text }
	function least(text) { return type(text) == "choice" ? "0" : limit(text, 1, "1") }
	function most(text) {
		return limit(text, 2, type(text) == "hex64" ? "18446744073709551615" : "1")
	}
	function limit(text, part, none) {
		if (!sub("^[a-z]*:", "", text))
			return none
		split(text, ends, "-")
		return ends[part]
	}
	function shift(bytes) {
		for (n = 0; bytes > 4096; n++)
			bytes /= 2
		return n
	}
'

# lines AWK-PROGRAM: run it on the fields of each option.
lines() {
	made_fields | awk -F'|' "$functions $1"
}

valid() {
	lines '
	function wrong(words) { print "options.def: " $1 ": " words; bad = 1 }
	NF != 10 { wrong(NF " fields instead of 10") }
	$1 !~ /^[A-Z][A-Z_]*$/ { wrong("bad name") }
	seen[$1]++ || words[$4]++ || ($2 != "-" && numbers[$2]++) { wrong("twice") }
	$2 != "-" && $2 !~ /^(3|4|8|13|14|35|37|9[6-9]|10[0-9]|11[01])$/ { wrong("bad number " $2) }
	$3 !~ /^((bytes|chunk|number):[0-9]+-[0-9]+|hex64|flag|choice|name)$/ { wrong("no type " $3) }
	$4 !~ /^[a-z][a-z-]*$/ { wrong("bad word " $4) }
	$5 !~ /^(both|target|memxctl)$/ { wrong("no place " $5) }
	$5 != "memxctl" && $4 ~ /-/ { wrong("a key of target= has no dash") }
	($2 == "-") != ($5 == "target") { wrong("a number is for what the kernel is told") }
	$7 !~ /^(set|-)$/ { wrong("neither set nor -") }
	($2 == "-") != ($8 == "-") { wrong("a field is for what the kernel is told") }
	END { exit bad }' >&2
}

header() {
	cat <<-END
		/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
		/*
		 * The options of a volume as attributes of netlink messages, and as a table:
		 * X(name, type, least, most, word, set, field, noun).
		 * Made by gen-options.sh from options.def; do not edit.
		 */
		#ifndef MEMX_OPTIONS_H
		#define MEMX_OPTIONS_H

		/* How an option's attribute looks, and how people write it: options.def. */
		enum memx_option_type {
			MEMX_OPTION_BYTES,
			MEMX_OPTION_CHUNK,
			MEMX_OPTION_NUMBER,
			MEMX_OPTION_HEX64,
			MEMX_OPTION_FLAG,
			MEMX_OPTION_CHOICE,
		};

		enum memx_option_attr {
	END
	lines '
	BEGIN {
		words["bytes"] = "u64: bytes"
		words["chunk"] = "u8: log2 of pages"
		words["number"] = "u32"
		words["hex64"] = "u64, not 0"
		words["flag"] = "flag"
		words["choice"] = "u8: 1 yes, 0 no"
	}
	$2 != "-" { printf "\tMEMX_A_%s = %s,\t/* %s */\n", $1, $2, words[type($3)] }'
	printf '};\n\n#define MEMX_OPTIONS(X) \\\n'
	lines '
	$2 != "-" {
		if (line)
			print line " \\"
		low = least($3)
		high = most($3)
		if (type($3) == "chunk") {
			low = shift(low)
			high = shift(high)
		}
		if (length(high) > 9)
			high = high "ULL"
		line = sprintf("\tX(%s, %s, %s, %s, \"%s\", %d, %s, \"%s\")", $1,
			       toupper(type($3)), low, high, $4, $7 == "set", $8, $9)
	}
	END { print line }'
	printf '\n/* The arguments of memxctl volume create and set. */\n'
	synopsis MEMX_OPTIONS_CREATE '$2 != "-"'
	synopsis MEMX_OPTIONS_SET '$7 == "set"'
	printf '\n#endif /* MEMX_OPTIONS_H */\n'
}

# synopsis NAME CONDITION: what help texts say; the size of a volume is required.
synopsis() {
	printf '#define %s ' "$1"
	lines "$2"' {
		word = "--" $4
		if (type($3) == "choice")
			word = word " | --no-" $4
		else if (type($3) != "flag")
			word = word " " $6
		if ($1 != "SIZE")
			word = "[" word "]"
		printf "%s\"%s%s\"", n ? " \\\n\t" : "\\\n\t", n++ ? " " : "", word
	}
	END { print "" }'
}

shell() {
	cat <<-END
		# shellcheck shell=bash disable=SC2034
		# SPDX-License-Identifier: GPL-2.0
		# The keys of a disk's target=, and which of them memxctl is told.
		# Made by gen-options.sh from options.def; do not edit.
	END
	list MEMX_OPTIONS '$5 != "memxctl"'
	list MEMX_OPTIONS_CREATE '$5 == "both"'
	list MEMX_OPTIONS_SET '$5 == "both" && $7 == "set"'
	cat <<-END

		# memx_option_rule KEY: sets memx_rule to its type and limits. Fails if there
		# is no such key.
		memx_option_rule() {
		$(printf '\t')case \$1 in
	END
	lines '$5 != "memxctl" {
		rule = type($3)
		if ($3 ~ /:/)
			rule = rule " " least($3) " " most($3)
		printf "\t%s) memx_rule=\"%s\" ;;\n", $4, rule
	}'
	printf '\t*) return 1 ;;\n\tesac\n}\n'
}

list() {
	lines "$2"' { words = words (words ? " " : "") $4 } END { printf "'"$1"'=\"%s\"\n", words }'
}

table_md() {
	echo '| in `target=` | `volume create` | meaning |'
	echo '|---|---|---|'
	lines '{
		key = option = ""
		if ($5 != "memxctl")
			key = "`" $4 "=" (type($3) == "flag" ? "yes" : type($3) == "choice" ? "yes" : $6) "`"
		if (type($3) == "choice")
			option = "`--" $4 "`, `--no-" $4 "`"
		else
			option = "`--" $4 (type($3) == "flag" ? "" : " " $6) "`"
		if ($5 == "target")
			option = $1 == "VOL" ? "`NAME`" : ""
		printf "| %s | %s | %s |\n", key, option, $10
	}'
}

valid
header >"$tmp/memx_options.h"
shell >"$tmp/memx-options.sh"
table_md >"$tmp/table"

made_end "${1-}" ../../hotplug-scripts memx_options.h memx-options.sh
