# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the shell tests share. A test file sources this, defines functions named
# <what>__<case> and ends with run_tests; each runs in a shell and a directory of
# its own, and fails when a check does.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
top=$(cd "$here/../.." && pwd)

fail() {
	echo "    $*"
	exit 1
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

# contains WHAT TEXT PART
contains() {
	case $2 in
	*"$3"*) ;;
	*) fail "$1: '$3' is not in '$2'" ;;
	esac
}

run_tests() {
	local passed=0 failed=0 name dir out

	for name in $(declare -F | sed -n 's/^declare -f \([a-z_]*__.*\)/\1/p'); do
		dir=$(mktemp -d)
		export FAKE=$dir
		if out=$(set -u && "$name" 2>&1); then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			printf 'failed: %s %s\n%s\n' "$(basename "$0")" "$name" "$out"
		fi
		rm -rf "$dir"
	done
	echo "$(basename "$0"): $passed passed, $failed failed"
	[ -z "${TALLY-}" ] || echo "$passed $failed" >>"$TALLY"
	[ "$failed" -eq 0 ]
}
