#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What others need to build a driver on the kit, beside their kernel's headers:
# our headers and the symbol file of that kernel's build.
#
#   kit.sh copy DIR         from the built tree above this script into DIR
#   kit.sh place FROM DIR   such a copy into DIR (DKMS: after the modules are installed)
#   kit.sh tidy KERNEL      away with the copies of kernels that have no vmbus_client any more
#
# DIR is /lib/modules/<release>/vmbus-kit. What DKMS has installed or removed, the initramfs of that kernel follows.
set -e

copy() {
	rm -rf "$2"
	mkdir -p "$2/include/wire"
	install -m 644 "$1/include/vmbus.h" "$2/include/"
	install -m 644 "$1"/include/wire/*.h "$2/include/wire/"
	# It names each module by where it was built; the name is enough.
	sed 's|\(\t\)[^\t]*/\([^/\t]*\t\)|\1\2|' "$1/Module.symvers" >"$2/Module.symvers"
}

tidy() {
	for kit in /lib/modules/*/vmbus-kit; do
		[ -d "$kit" ] || continue
		[ -n "$(find "${kit%/*}" -name 'vmbus_client.ko*' | head -n 1)" ] || rm -rf "$kit"
	done
}

# The kernel's own maintainer scripts call DKMS first, and make or remove the initramfs after that.
initramfs() {
	[ -z "${VMBUS_KIT_NO_INITRAMFS-}${DEB_MAINT_PARAMS-}" ] && command -v vmbus-kit >/dev/null || return 0
	# DKMS does it too, but after this.
	depmod "$1" && vmbus-kit initramfs "$1"
}

case ${1-}:$# in
copy:2) copy "$(dirname "$0")/.." "$2" ;;
# A package with modules built elsewhere may come without one.
place:3)
	if [ -d "$2" ]; then copy "$2" "$3"; fi
	initramfs "$(basename "$(dirname "$3")")"
	;;
tidy:2)
	tidy
	initramfs "$2"
	;;
*) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
