# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# For generators: files that are made from one .def file, and are checked or replaced.
#
# A generator sources it in its own folder, makes files in $tmp, and calls made_end.
#
# made_begin DEF PAGE MARKER: what follows is made from DEF in the generator's folder;
# the table in $tmp/table stands in PAGE between the marks of that name.
made_begin() {
	here=$(cd "$(dirname "$0")" && pwd)
	def=$here/$1
	doc=$here/$2
	marker=$3
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
}

# made_fields: the lines of the .def file that are neither comments nor empty.
made_fields() {
	sed -e '/^#/d' -e '/^[[:space:]]*$/d' "$def"
}

# The page, with the table between its marks replaced.
made_page() {
	awk -v table="$tmp/table" -v marker="$marker" '
	index($0, "<!-- " marker ": end -->") == 1 { inside = 0 }
	!inside { print }
	index($0, "<!-- " marker ": begin") == 1 {
		inside = 1
		while ((getline line < table) > 0)
			print line
	}' "$doc"
}

# made_one FILE PLACE CHECK: compares $tmp/FILE with the one in use, or replaces that.
made_one() {
	if cmp -s "$tmp/$1" "$2"; then
		return 0
	elif [ "$3" = --check ]; then
		echo "$1 is not what ${def##*/} says; run ${0##*/} beside it" >&2
		return 1
	fi
	cp "$tmp/$1" "$2"
	echo "made $1"
}

# made_end CHECK SCRIPTS FILE…: headers stay in the generator's folder, shell files go to
# SCRIPTS. CHECK: --check or empty. Fails if something is not current.
made_end() {
	check=$1
	scripts=$2
	shift 2
	made_page >"$tmp/${doc##*/}"
	rc=0
	for f in "$@" "${doc##*/}"; do
		case $f in
		*.h) made_one "$f" "$here/$f" "$check" || rc=1 ;;
		*.sh) made_one "$f" "$here/$scripts/$f" "$check" || rc=1 ;;
		*) made_one "$f" "$doc" "$check" || rc=1 ;;
		esac
	done
	return $rc
}
