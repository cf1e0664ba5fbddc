# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a hotplug script must know of MemX: the target of a disk, memxctl, and
# who has which volume. Nothing here needs Xen.
# shellcheck disable=SC2034 # variables are read by the script that sources this

# letters and digits below are those of ASCII
export LC_ALL=C

# shellcheck source=hotplug-scripts/memx-options.sh
. "${BASH_SOURCE[0]%/*}/memx-options.sh"

MEMXCTL=${MEMXCTL:-memxctl}
MEMX_RUN_DIR=${MEMX_RUN_DIR:-/run/memx}

# Bounds, in seconds: what `add` does with a volume ends within MEMX_ALL_TIME,
# counted by bash in SECONDS.
MEMX_ALL_TIME=20
MEMX_SHOW_TIME=4
MEMX_CREATE_WAIT=2
MEMX_CREATE_TIME=10
MEMX_REMOVE_WAIT=3
MEMX_REMOVE_TIME=4
# Of `remove`, which the toolstack gives 40: the backend of a host that has much to do
# may have to be waited for, and nobody comes back for the volume.
MEMX_LEAVE_WAIT=15
MEMX_LEAVE_TIME=16
MEMX_LIST_TIME=5
MEMX_UUID_TIME=3

MEMX_SIZE_MOST=$((16 << 40))

# The numbers of the disks xvdma, xvdmb, ... are that far from each other.
MEMX_XVDMA=$((1 << 28 | 338 << 8))
MEMX_NEXT_DISK=256

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

# memx_bytes_check KEY TEXT LEAST MOST: a multiple of 4K
memx_bytes_check() {
	if ! memx_size_bytes "$2"; then
		memx_why="$1=: $memx_why"
	elif [ "$memx_bytes" -eq 0 ]; then
		memx_why="$1= must be more than 0"
	elif [ $((memx_bytes % 4096)) -ne 0 ]; then
		memx_why="$1=$2 is no multiple of 4K"
	elif [ "$memx_bytes" -lt "$3" ] || [ "$memx_bytes" -gt "$4" ]; then
		memx_why="$1=$2: it is from $(memx_size_text "$3") to $(memx_size_text "$4")"
	else
		memx_value=$memx_bytes
		return 0
	fi
	return 1
}

# memx_power_check KEY TEXT LEAST MOST: a power of two
memx_power_check() {
	if ! memx_size_bytes "$2"; then
		memx_why="$1=: $memx_why"
		return 1
	fi
	if [ "$memx_bytes" -lt "$3" ] || [ "$memx_bytes" -gt "$4" ] ||
		[ $((memx_bytes & (memx_bytes - 1))) -ne 0 ]; then
		memx_why="$1=$2: a $1 is $(memx_size_text "$3"), $(memx_size_text $((2 * $3))), $(memx_size_text $((4 * $3))), ... up to $(memx_size_text "$4")"
		return 1
	fi
	memx_value=$memx_bytes
}

# memx_number_check KEY TEXT LEAST MOST: digits without a zero before them
memx_number_check() {
	case $2 in
	'' | *[!0-9]* | 0?* | ??????????*) ;;
	*)
		if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
			memx_value=$2
			return 0
		fi
		;;
	esac
	memx_why="$1=$2: a $1 is a number from $3 to $4"
	return 1
}

memx_yes_no() {
	memx_value=$2
	case $2 in
	yes | no) return 0 ;;
	esac
	memx_why="$1= is yes or no, not '$2'"
	return 1
}

# memx_value_check KEY VALUE TYPE LIMIT...: sets memx_value
memx_value_check() {
	local key=$1 value=$2 type=$3

	shift 3
	case $type in
	bytes) memx_bytes_check "$key" "$value" "$@" ;;
	chunk) memx_power_check "$key" "$value" "$@" ;;
	number) memx_number_check "$key" "$value" "$@" ;;
	flag | choice) memx_yes_no "$key" "$value" ;;
	name) memx_name_check "$value" && memx_value=$value ;;
	esac
}

memx_item_parse() {
	local key=${1%%=*} value=${1#*=} rule

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
	if ! memx_option_rule "$key"; then
		memx_why="unknown key '$key' (there are ${MEMX_OPTIONS// /, })"
		return 1
	fi
	read -r -a rule <<<"$memx_rule"
	memx_value_check "$key" "$value" "${rule[@]}" || return 1
	printf -v "memx_$key" %s "$memx_value"
}

# memx_create_args: sets the array memx_args to what tells memxctl volume create
# the options that the target has
memx_create_args() {
	local key name

	memx_args=()
	for key in $MEMX_OPTIONS_CREATE; do
		name=memx_$key
		[ -n "${!name}" ] || continue
		memx_option_rule "$key"
		case ${memx_rule%% *}-${!name} in
		flag-no) ;;
		flag-yes | choice-yes) memx_args+=("--$key") ;;
		choice-no) memx_args+=("--no-$key") ;;
		*) memx_args+=("--$key" "${!name}") ;;
		esac
	done
}

# memx_set_args: likewise for memxctl volume set, which changes a volume that is
# there; empty if there is nothing to be changed
memx_set_args() {
	local key name

	memx_args=()
	for key in $MEMX_OPTIONS_SET; do
		name=memx_$key
		[ -z "${!name}" ] || memx_args+=("--$key" "${!name}")
	done
}

# memx_target_parse TARGET: sets a variable memx_KEY for each option of
# memx-options.sh: sizes in bytes, flags yes or no, the rest as given, and empty
# what is not given, vol too: memx_own_name makes a name then. On failure memx_why
# says why.
memx_target_parse() {
	local rest=$1 key

	for key in $MEMX_OPTIONS; do
		memx_option_rule "$key"
		memx_value=
		[ "$memx_rule" != flag ] || memx_value=no
		printf -v "memx_$key" %s "$memx_value"
	done
	memx_seen=
	case $rest in
	*:*)
		memx_why="there must be no ':' in it"
		return 1
		;;
	*[![:print:]]*)
		memx_why="it has characters that cannot be printed"
		return 1
		;;
	esac
	while [ -n "$1" ]; do
		memx_item_parse "${rest%%,*}" || return 1
		[ "${rest#*,}" != "$rest" ] || break
		rest=${rest#*,}
	done
	[ -n "$memx_vol" ] || memx_unnamed_check
}

# memx_unnamed_check: whether the target can do without vol=: the volume is made
# for one domain then
memx_unnamed_check() {
	# shellcheck disable=SC2154 # set by memx_item_parse
	if [ "$memx_persist" = yes ]; then
		memx_why="persist=yes needs vol=NAME: without it the volume is named after the domain's uuid, which is another one when the domain is made anew"
	elif [ -z "$memx_size" ]; then
		memx_why="size= is missing (size=4G)"
	else
		return 0
	fi
	return 1
}

# memx_own_name UUID DEVID DEV: sets memx_vol to the name of a volume that is made
# for one disk of one domain: the domain's uuid and, of the disks xvdma to xvdmz,
# the letter. Other disks' own names tell them apart, or their numbers if they have
# no plain name. Fails if UUID is none.
memx_own_name() {
	local which=$(($2 - MEMX_XVDMA)) letters=abcdefghijklmnopqrstuvwxyz disk=$3

	[[ $1 =~ ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$ ]] || return 1
	if [ "$which" -ge 0 ] && [ $((which % MEMX_NEXT_DISK)) -eq 0 ] &&
		[ $((which / MEMX_NEXT_DISK)) -lt ${#letters} ]; then
		disk=${letters:which / MEMX_NEXT_DISK:1}
	fi
	# with a uuid before it, more than 26 characters are no name of a volume
	case $disk in
	'' | *[!a-z0-9]* | ???????????????????????????*) disk=$2 ;;
	esac
	memx_vol=$1-$disk
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

# memx_volume_read NAME: sets memx_have_size, memx_have_chunk, memx_have_grow (bytes),
# memx_have_encrypt (yes or no) and memx_have_user. Fails as memxctl does.
memx_volume_read() {
	memx_ctl "$MEMX_SHOW_TIME" volume show "$1" --field size,chunk,grow,sealed,user || return
	# the one that may be empty comes last: read takes tabs in a row for one
	IFS=$'\t' read -r memx_have_size memx_have_chunk memx_have_grow \
		memx_have_encrypt memx_have_user <<<"$memx_out"
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
