# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a hotplug script must know of MemX: the target of a disk, memxctl, and
# who has which volume. Nothing here needs Xen.
# shellcheck disable=SC2034 # variables are read by the script that sources this

# letters and digits below are those of ASCII
export LC_ALL=C

MEMXCTL=${MEMXCTL:-memxctl}
MEMX_RUN_DIR=${MEMX_RUN_DIR:-/run/memx}

# Bounds, in seconds: what `add` does with a volume ends within MEMX_ALL_TIME,
# counted by bash in SECONDS.
MEMX_ALL_TIME=7
MEMX_SHOW_TIME=2
MEMX_CREATE_WAIT=2
MEMX_CREATE_TIME=5
MEMX_REMOVE_WAIT=3
MEMX_REMOVE_TIME=4
MEMX_LIST_TIME=5

MEMX_SIZE_MOST=$((16 << 40))

# Set by a function that fails: the reason in words.
memx_why=

# memx_size_bytes TEXT: sets memx_bytes. A number, then K, M, G or T (powers of
# 1024), which B or iB may follow.
memx_size_bytes() {
	local number=${1%%[!0-9]*} unit shift=0

	unit=${1#"$number"}
	case $unit in
	'' | B) ;;
	[kK] | [kK]B | [kK]iB) shift=10 ;;
	[mM] | [mM]B | [mM]iB) shift=20 ;;
	[gG] | [gG]B | [gG]iB) shift=30 ;;
	[tT] | [tT]B | [tT]iB) shift=40 ;;
	*) number= ;;
	esac
	if [ -z "$number" ]; then
		memx_why="'$1' is no size (512M, 8G, ...)"
		return 1
	fi
	while [ "${number#0}" != "$number" ]; do
		number=${number#0}
	done
	# 15 digits are enough for any size, and shifted fit no overflow check
	if [ ${#number} -gt 15 ] || [ "${number:-0}" -gt $((MEMX_SIZE_MOST >> shift)) ]; then
		memx_why="$1 is more than 16T"
		return 1
	fi
	memx_bytes=$((${number:-0} << shift))
}

# memx_size_text BYTES: prints 1536M for 1610612736
memx_size_text() {
	local bytes=$1 unit='' next

	for next in K M G T; do
		if [ "$bytes" -eq 0 ] || [ $((bytes % 1024)) -ne 0 ]; then
			break
		fi
		bytes=$((bytes / 1024))
		unit=$next
	done
	echo "$bytes$unit"
}

memx_yes_no() {
	case $2 in
	yes | no) return 0 ;;
	esac
	memx_why="$1= is yes or no, not '$2'"
	return 1
}

memx_name_check() {
	case $1 in
	'') memx_why="vol= is empty" ;;
	[!A-Za-z0-9]*) memx_why="vol=$1: a name begins with a letter or digit" ;;
	*[!A-Za-z0-9._-]*) memx_why="vol=$1: a name has only letters, digits, '.', '_' and '-'" ;;
	*)
		[ ${#1} -le 63 ] && return 0
		memx_why="vol= is longer than 63 characters"
		;;
	esac
	return 1
}

memx_size_check() {
	if ! memx_size_bytes "$1"; then
		memx_why="size=: $memx_why"
	elif [ "$memx_bytes" -eq 0 ]; then
		memx_why="size= must be more than 0"
	elif [ $((memx_bytes % 4096)) -ne 0 ]; then
		memx_why="size=$1 is no multiple of 4K"
	else
		memx_size=$memx_bytes
		return 0
	fi
	return 1
}

memx_chunk_check() {
	if ! memx_size_bytes "$1"; then
		memx_why="chunk=: $memx_why"
		return 1
	fi
	if [ "$memx_bytes" -lt $((1 << 20)) ] || [ "$memx_bytes" -gt $((1 << 30)) ] ||
		[ $((memx_bytes & (memx_bytes - 1))) -ne 0 ]; then
		memx_why="chunk=$1: a chunk is 1M, 2M, 4M, ... up to 1G"
		return 1
	fi
	memx_chunk=$memx_bytes
}

memx_weight_check() {
	case $1 in
	[1-9] | [1-5][0-9] | 6[0-4]) memx_weight=$1 ;;
	*)
		memx_why="weight=$1: a weight is a number from 1 to 64"
		return 1
		;;
	esac
}

memx_item_parse() {
	local key=${1%%=*} value=${1#*=}

	if [ -z "$key" ] || [ "$key" = "$1" ]; then
		memx_why="'$1' is not KEY=VALUE"
		return 1
	fi
	case " $memx_seen " in
	*" $key "*)
		memx_why="$key= is given twice"
		return 1
		;;
	esac
	memx_seen="$memx_seen $key"
	case $key in
	vol)
		memx_name_check "$value" || return 1
		memx_vol=$value
		;;
	size) memx_size_check "$value" || return 1 ;;
	chunk) memx_chunk_check "$value" || return 1 ;;
	weight) memx_weight_check "$value" || return 1 ;;
	thin)
		memx_yes_no thin "$value" || return 1
		memx_thin=$value
		;;
	persist)
		memx_yes_no persist "$value" || return 1
		memx_persist=$value
		;;
	encrypt)
		memx_yes_no encrypt "$value" || return 1
		memx_encrypt=$value
		;;
	*)
		memx_why="unknown key '$key' (there are vol, size, chunk, weight, thin, persist, encrypt)"
		return 1
		;;
	esac
}

# memx_target_parse TARGET: sets memx_vol, memx_size and memx_chunk (bytes or
# empty), memx_weight (or empty), memx_thin and memx_persist (yes or no),
# memx_encrypt (yes, no or empty). On failure memx_why says why.
memx_target_parse() {
	local rest=$1

	memx_vol='' memx_size='' memx_chunk='' memx_weight='' memx_thin=no memx_persist=no
	memx_encrypt='' memx_seen=''
	case $rest in
	'')
		memx_why="it is empty (vol=NAME,size=SIZE)"
		return 1
		;;
	*:*)
		memx_why="there must be no ':' in it"
		return 1
		;;
	*[![:print:]]*)
		memx_why="it has characters that cannot be printed"
		return 1
		;;
	esac
	while :; do
		memx_item_parse "${rest%%,*}" || return 1
		[ "${rest#*,}" != "$rest" ] || break
		rest=${rest#*,}
	done
	if [ -z "$memx_vol" ]; then
		memx_why="vol= is missing"
		return 1
	fi
}

# memx_ctl SECONDS ARGUMENT...: runs memxctl, at most that long. Its output goes
# to memx_out; on failure its last words to memx_why. Returns its exit code, or
# 124 when it took too long.
memx_ctl() {
	local seconds=$1 left=$((MEMX_ALL_TIME - SECONDS)) errors line rc=0

	shift
	if [ "$left" -lt "$seconds" ]; then
		seconds=$((left > 1 ? left : 1))
	fi
	errors=$(mktemp) || return 1
	memx_out=$(timeout -k 1 "$seconds" "$MEMXCTL" "$@" 2>"$errors") || rc=$?
	memx_why=
	while read -r line; do
		memx_why=${line#memxctl: }
	done <"$errors"
	rm -f "$errors"
	case $rc in
	124 | 137)
		memx_why="memxctl $1 ${2-} took longer than $seconds s"
		rc=124
		;;
	esac
	[ "$rc" -eq 0 ] || [ -n "$memx_why" ] || memx_why="memxctl $1 ${2-} failed ($rc)"
	return "$rc"
}

# memx_volume_read NAME: sets memx_have_size, memx_have_chunk (bytes),
# memx_have_encrypt (yes or no) and memx_have_user. Fails as memxctl does.
memx_volume_read() {
	memx_ctl "$MEMX_SHOW_TIME" volume show "$1" --field size,chunk,sealed,user || return
	# the one that may be empty comes last: read takes tabs in a row for one
	IFS=$'\t' read -r memx_have_size memx_have_chunk memx_have_encrypt memx_have_user <<<"$memx_out"
}

# Claims. A file per volume says which disk has it and whether the volume was
# made for that disk, so that exactly these are removed again, also after a
# script was killed or the toolstack has forgotten the disk; and which guest the
# disk is of, and whether that guest was saved and may come back for the volume.
# They live as long as the kernel's volumes: until the host restarts.

# memx_claim_read NAME: sets memx_claim_path and memx_claim_made, empty if there
# is none, memx_claim_guest (may be empty) and memx_claim_saved: yes, no, or back:
# the guest that was saved has got it back
memx_claim_read() {
	memx_claim_path='' memx_claim_made='' memx_claim_guest='' memx_claim_saved=no
	[ -f "$MEMX_RUN_DIR/volumes/$1" ] || return 0
	{
		read -r memx_claim_made && read -r memx_claim_path || memx_claim_path=
		read -r memx_claim_guest && read -r memx_claim_saved || memx_claim_saved=no
	} <"$MEMX_RUN_DIR/volumes/$1"
}

# memx_claim_write NAME PATH MADE GUEST SAVED
memx_claim_write() {
	mkdir -p "$MEMX_RUN_DIR/volumes" &&
		printf '%s\n' "$3" "$2" "$4" "$5" >"$MEMX_RUN_DIR/volumes/.$1.new" &&
		mv -f "$MEMX_RUN_DIR/volumes/.$1.new" "$MEMX_RUN_DIR/volumes/$1"
}

memx_claim_drop() {
	rm -f "$MEMX_RUN_DIR/volumes/$1"
}
