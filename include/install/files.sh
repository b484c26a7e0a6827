#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What belongs to the modules but is not built for a kernel: the tool, and how modules come to be loaded.
#
#   files.sh install [ROOT]     below ROOT
#   files.sh remove [ROOT]      those again
#   files.sh list               where they are
#   files.sh modules            the modules there are, from Kbuild
set -e
here=$(cd "$(dirname "$0")" && pwd)

# mode, file here, place
files="
755 vmbus-kit                 usr/sbin/vmbus-kit
644 vmbus-kit.8               usr/share/man/man8/vmbus-kit.8
644 vmbus-kit.bash            usr/share/bash-completion/completions/vmbus-kit
644 modprobe.conf             lib/modprobe.d/vmbus-kit.conf
755 initramfs-tools/hook      usr/share/initramfs-tools/hooks/vmbus-kit
755 initramfs-tools/local-block usr/share/initramfs-tools/scripts/local-block/vmbus-kit
755 dracut/module-setup.sh    usr/lib/dracut/modules.d/90vmbus-kit/module-setup.sh
755 dracut/fallback.sh        usr/lib/dracut/modules.d/90vmbus-kit/fallback.sh
755 kernel/before-dkms        etc/kernel/postinst.d/0vmbus-kit
755 kernel/after-dkms         etc/kernel/postinst.d/dkms-vmbus-kit
755 kernel/before-dkms        etc/kernel/header_postinst.d/0vmbus-kit
755 kernel/after-dkms         etc/kernel/header_postinst.d/dkms-vmbus-kit
755 grub/11_vmbus_kit         etc/grub.d/11_vmbus_kit
644 vmbus-kit-confirm.service lib/systemd/system/vmbus-kit-confirm.service
"
each() { echo "$files" | while read -r mode file place; do [ -z "$mode" ] || "$@" "$mode" "$file" "$place"; done; }

version() { sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$here/../../dkms.conf"; }
modules() { sed -n 's/^obj-m += \(.*\)\.o$/\1/p' "$here/../../Kbuild"; }
put() { install -D -m "$1" "$here/$2" "$root/$3"; }
take() { rm -f "$root/$3"; }
name() { echo "/$3"; }

root=${2-}
case ${1-} in
install)
	each put
	mkdir -p "$root/usr/share/vmbus-kit"
	modules >"$root/usr/share/vmbus-kit/modules"
	version >"$root/usr/share/vmbus-kit/version"
	;;
remove)
	each take
	rm -rf "$root/usr/share/vmbus-kit" "$root/usr/lib/dracut/modules.d/90vmbus-kit"
	;;
list) each name; printf '/usr/share/vmbus-kit/%s\n' modules version ;;
modules) modules ;;
*) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
