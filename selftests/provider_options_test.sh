#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the provider cannot use stops QEMU before a guest starts: one line that says why, and a status that
# is not 0. Needs QEMU and the provider (make provider), no guest.
cd "$(dirname "$0")" || exit 2
# shellcheck source=selftests/ktap.sh
. ./ktap.sh
PLUGIN=../build/selftests/vsp.so
QEMU=${QEMU:-qemu-system-x86_64}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v "$QEMU" >/dev/null || ktap_skip_all "$QEMU is not installed"
[ -r "$PLUGIN" ] || ktap_skip_all "the provider is not built"

# refused NAME PATTERN ARGUMENTS: QEMU ends by itself, not well, and the provider says one line
refused() {
	name=$1 pattern=$2
	timeout 20 "$QEMU" -M none -display none -nodefaults -plugin "$PLUGIN,$3" >"$work/out" 2>&1
	status=$?
	lines=$(grep -c '^vsp: ' "$work/out")
	if [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then
		ktap_not_ok "$name" "QEMU ended with $status"
	elif [ "$lines" -ne 1 ] || ! grep -q -E "^vsp: .*$pattern" "$work/out"; then
		ktap_not_ok "$name" "wanted one line with '$pattern', got: $(cat "$work/out")"
	else
		ktap_ok "$name"
	fi
}

truncate -s 1000 "$work/odd.img"
: >"$work/empty.img"
: >"$work/file"

ktap_plan 10
refused unknown_option 'nonsense' nonsense=1
refused too_many_echoes 'up to 16' echo=17
refused bad_version 'version' max_version=9.9
refused bad_fault 'fault' fault=open_result:explode
refused bad_script "nothing of that name" "on=sunset rescind scsi0"
refused missing_image 'missing.img' "lun0=file:$work/missing.img"
refused empty_image 'empty.img' "lun0=file:$work/empty.img"
refused truncated_image 'odd.img' "lun0=file:$work/odd.img"
refused socket_path_is_a_file "$work/file" "control=$work/file"
refused socket_directory_missing "$work/no" "control=$work/no/socket"
ktap_done
