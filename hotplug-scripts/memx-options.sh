# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# The keys of a disk's target=, and which of them memxctl is told.
# Made by gen-options.sh from options.def; do not edit.
MEMX_OPTIONS="vol size grow chunk weight reserve limit thin persist encrypt"
MEMX_OPTIONS_CREATE="size grow chunk weight reserve limit thin encrypt"
MEMX_OPTIONS_SET="weight reserve limit"

# memx_option_rule KEY: sets memx_rule to its type and limits. Fails if there
# is no such key.
memx_option_rule() {
	case $1 in
	vol) memx_rule="name" ;;
	size) memx_rule="bytes 4096 17592186044416" ;;
	grow) memx_rule="bytes 4096 17592186044416" ;;
	chunk) memx_rule="chunk 1048576 1073741824" ;;
	weight) memx_rule="number 1 64" ;;
	reserve) memx_rule="bytes 0 17592186044416" ;;
	limit) memx_rule="bytes 0 70368744177664" ;;
	thin) memx_rule="flag" ;;
	persist) memx_rule="flag" ;;
	encrypt) memx_rule="choice" ;;
	*) return 1 ;;
	esac
}
