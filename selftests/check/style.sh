#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a reader would otherwise have to point out.

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh

# Files of the repository, whether added yet or not; never what a build left.
list_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard | while read -r file; do
			[ ! -f "$file" ] || echo "$file"
		done
	else
		find . -type f -not -path './.git/*' -not -path './build/*' | sed 's|^\./||'
	fi | grep -Ev '^build/|^selftests/fuzz/corpus/' |
		grep -Ev '\.(o|ko|mod|mod\.c|cmd|symvers|order|a|so|d|bin)$' | sort -u
}

is_script() { head -c 64 "$1" | head -n 1 | grep -qE '^#!.*/(env )?(ba|da)?sh'; }

text=$(list_files | while read -r file; do
	if [ ! -s "$file" ] || grep -qI . "$file"; then echo "$file"; fi
done)
sources=$(echo "$text" | grep -E '\.(c|h|S|asl|hex|awk|sh)$|(^|/)(Makefile|Kbuild)$')
scripts=$(echo "$text" | while read -r file; do
	if is_script "$file" || [ "${file%.sh}" != "$file" ]; then echo "$file"; fi
done)

# verdict NAME FAULTS
verdict() {
	if [ -n "$2" ]; then
		ktap_not_ok "$1" "$2"
	else
		ktap_ok "$1"
	fi
}

verdict no_trailing_blanks "$(echo "$text" | grep -Ev '\.(patch|diff)$' |
	xargs grep -nE '[[:blank:]]$' | head -n 20)"

# too_wide COLUMNS: of the files named on stdin, the lines that are wider. What a program says, or is
# told, stays on one line, so that it can be searched for: quoted text does not count.
too_wide() {
	while read -r file; do
		expand "$file" | awk -v file="$file" -v most="$1" '{
			width = length($0)
			gsub(/"([^"\\]|\\.)*"/, "")
			gsub(/\047[^\047]*\047/, "")
			if (length($0) > most)
				print file ":" NR ": " width " columns" }'
	done | head -n 20
}

verdict code_lines_of_100_columns_at_most \
	"$(echo "$sources" | grep -Ev '\.(asl|hex|sh)$' | too_wide 100)"
# A test names its machine in one line.
verdict script_lines_of_120_columns_at_most "$(echo "$scripts" | too_wide 120)"

verdict licence_on_the_first_line "$(printf '%s\n%s\n' "$sources" "$scripts" | sort -u |
	while read -r file; do
		[ -n "$file" ] || continue
		line=1
		if head -n 1 "$file" | grep -q '^#!'; then line=2; fi
		sed -n "${line}p" "$file" | grep -q 'SPDX-License-Identifier: ' || echo "$file"
	done)"

verdict kernel_versions_only_in_compat "$(echo "$sources" | grep -E '\.[ch]$|Kbuild$|Makefile$' |
	grep -v '^include/compat\.h$' | xargs grep -nE 'LINUX_VERSION_CODE|\bKERNEL_VERSION\b')"

# The words are split here so that this line does not find itself.
verdict nothing_left_to_do "$(echo "$sources" | xargs grep -nE '\b(TO''DO|FIX''ME|XX''X)\b')"

if command -v shellcheck >/dev/null 2>&1; then
	# 1091: it cannot follow a file named relative to where the script runs.
	# 2054: the commas in our arrays are those of QEMU's options.
	verdict shellcheck_finds_nothing \
		"$(echo "$scripts" | xargs shellcheck -e SC1091,SC2054 -f gcc)"
else
	ktap_skip shellcheck_finds_nothing "no shellcheck here"
fi

ktap_done
