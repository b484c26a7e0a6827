#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# No name we export is one a kernel exports: modpost would refuse to build a
# module with it, and a loaded in-tree driver would keep ours from loading.

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh

ours=$(find vmbus_client storvsc netvsc hv_utils -name '*.c' -exec \
	sed -nE 's/^EXPORT_SYMBOL[A-Z_]*\(([A-Za-z0-9_]+).*/\1/p' {} + | sort)

if [ -z "$ours" ]; then
	ktap_skip_all "nothing is exported yet"
fi

bad=$(echo "$ours" | grep -Ev '^(__)?vmbus_(chan|subchans?|ask|buf|drv|dev)_[a-z0-9_]+$')
if [ -n "$bad" ]; then
	ktap_not_ok exported_names_say_their_object "$bad"
else
	ktap_ok exported_names_say_their_object
fi

bad=$(echo "$ours" | uniq -d)
if [ -n "$bad" ]; then
	ktap_not_ok exported_once "$bad"
else
	ktap_ok exported_once
fi

# KDIR and every kernel whose headers are installed; one tree may be met by two names.
found=
for list in $(for file in "${KDIR:-/none}/Module.symvers" /usr/src/linux-headers-*/Module.symvers \
	/lib/modules/*/build/Module.symvers; do
	[ ! -r "$file" ] || readlink -f "$file"
done | sort -u); do
	found=1
	# Ours may be among them, if somebody has built against that tree.
	bad=$(echo "$ours" | while read -r name; do
		awk -v name="$name" -v list="$list" '
			$2 == name && $3 !~ /vmbus_client|vmbus_utils/ {
				print name " is exported by " $3 " (" list ")" }' "$list"
	done)
	if [ -n "$bad" ]; then
		ktap_not_ok "no_clash_with_$(basename "$(dirname "$list")")" "$bad"
	else
		ktap_ok "no_clash_with_$(basename "$(dirname "$list")")"
	fi
done
[ -n "$found" ] || ktap_skip no_clash_with_a_kernel "no kernel headers here"

ktap_done
