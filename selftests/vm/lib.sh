# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every script in this directory shares: where things are, and how to speak.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$VM_DIR/../.." && pwd)
# Everything a run writes goes below VM_WORK; two runs at a time need two of them.
VM_WORK=${VM_WORK:-$REPO/build/vm}
# Unpacked packages, kept between runs and shared by all checkouts.
# shellcheck disable=SC2034
CACHE=${VMBUS_KIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vmbus-kit}

say() { printf '# %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null ||
			die "$tool is not installed; selftests/vm/setup installs what the tests need"
	done
}

# remembered NAME SINCE COMMAND...: what the command printed, anew if SINCE is newer than that, or after a day.
# Asking apt takes a second each time, and every run has a dozen questions. Not for use in a condition.
remembered() {
	local name since=$2 file
	# Another version of the script may give other answers.
	name=$1-$(sha256sum <"$0" | cut -c1-8)
	file=$CACHE/remembered/$name
	shift 2
	if [ ! "$file" -nt "$since" ] || [ -z "$(find "$file" -mtime -1)" ] || [[ $(<"$file") == /* && ! -d $(<"$file") ]]; then
		mkdir -p "$CACHE/remembered"
		find "$CACHE/remembered" -type f -mtime +7 -delete
		"$@" >"$file.$$"
		mv "$file.$$" "$file"
	fi
	cat "$file"
}
