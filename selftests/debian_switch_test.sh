#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "vmbus-kit switch kit" on a Debian whose kernel has the VMBus built in: it is refused while a module is not in order;
# GRUB boots the kit's entry once; a boot of it that fails resets the machine and leaves the old one the default, and
# one that reaches multi-user makes it the default.
#
# The root is on a disk on the VMBus, which the firmware cannot read, so GRUB, kernels and its environment are on
# another: a /boot of its own. It takes five boots in a row, one of which fails on purpose; GRUB's configuration is made
# by update-grub in the guest. Kernel 7.3 is unpacked, not installed, since it needs a newer Debian than this one.
#
# shellcheck disable=SC2317 # what ktap_check calls

cd "$(dirname "$0")/.." || exit 1
TOP=$PWD
work=${DEBIAN_WORK:-$TOP/build/debian-switch}
tree=$work/tree
dir=$work/boot
said=$dir/debian-report
in_it() { selftests/vm/debian-root in "$tree" "$@"; }

# What the guest does after its boots that reach multi-user, and what the machine does then --------------------

after_report() {
	cat <<-'END'
		#!/bin/sh
		case $1 in
		1)	# By the installer's entry: ours is made, and spoilt, so that nobody drives the bus in it.
			update-grub && cp /boot/grub/grub.cfg /var/lib/debian-report/1/before.cfg
			vmbus-kit check
			echo "check: $?"
			module=/lib/modules/$(uname -r)/updates/storvsc.ko
			cp $module /root/
			sed -i 's/vermagic=7/vermagic=9/' $module
			vmbus-kit switch kit
			echo "switch with a module of another kernel: $?"
			[ ! -e /var/lib/vmbus-kit/entry ] || echo "but something is left"
			cp /root/storvsc.ko $module
			vmbus-kit switch kit
			echo "switch: $?"
			cp /boot/grub/grub.cfg /var/lib/debian-report/1/grub.cfg
			echo "$(cat /var/lib/vmbus-kit/entry) vmbus_client.off" >/var/lib/vmbus-kit/entry
			update-grub
			;;
		2)	# That boot has failed, and GRUB has taken the old entry.
			vmbus-kit switch kit
			echo "switch: $?"
			;;
		esac
		grub-editenv /boot/grub/grubenv list
		[ ! -e /var/lib/vmbus-kit/confirmed ] || echo confirmed
	END
}

# The system ---------------------------------------------------------------------------------------------------

has_kernel() {
	local image old
	image=$(selftests/vm/kernels image 7.3)
	old=$(find "$tree/lib/modules" -mindepth 1 -maxdepth 1 -printf '%f\n')
	rm -rf "${tree:?}/lib/modules/$old" "${tree:?}"/boot/*
	cp -a "$image/lib/modules/$release" "$tree/lib/modules/" && cp -L "$image/boot/vmlinuz-$release" "$tree/boot/" &&
		cp "$image/lib/modules/$release/config" "$tree/boot/config-$release" &&
		install -D -t "$tree/lib/modules/$release/updates" build/"$release"/{vmbus_client,storvsc,netvsc,vmbus_utils}.ko &&
		include/install/files.sh install "$tree" && in_it depmod "$release" &&
		in_it systemctl enable vmbus-kit-confirm.service && in_it update-initramfs -c -k "$release"
}

has_grub() {
	local debs=$work/debs
	rm -rf "$debs"
	mkdir -p "$debs/partial" "$tree/tmp/debs"
	apt-get -qq -y --no-install-recommends --download-only -o Dir::State::status="$tree/var/lib/dpkg/status" \
		-o Dir::Cache::archives="$debs" -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
		install grub-common grub2-common grub-pc-bin && cp "$debs"/*.deb "$tree/tmp/debs/" &&
		in_it sh -c 'dpkg -i /tmp/debs/*.deb' && rm -r "$tree/tmp/debs" || return
	# The one that the firmware starts: it looks for its configuration on the first disk.
	mkdir -p "$tree/boot/grub"
	cp -r "$tree/usr/lib/grub/i386-pc" "$tree/boot/grub/"
	in_it grub-mkimage -O i386-pc -o /tmp/core.img -p '(hd0)/grub' biosdisk ext2 normal configfile serial &&
		cat "$tree/usr/lib/grub/i386-pc/lnxboot.img" "$tree/tmp/core.img" >"$work/grub.core"
}

configure() {
	local words
	words=$(selftests/vm/debian-boot --words 1)
	echo 'LABEL=kit-boot /boot ext2 defaults 0 2' >>"$tree/etc/fstab"
	# GRUB says itself what root is.
	cat >"$tree/etc/default/grub" <<-END
		GRUB_DEFAULT=0
		GRUB_TIMEOUT=0
		GRUB_TERMINAL=serial
		GRUB_CMDLINE_LINUX="${words#root=LABEL=kit-root ro } rootdelay=15"
	END
	cat >"$tree/boot/grub/grub.cfg" <<-END
		serial
		terminal_input serial
		terminal_output serial
		linux /vmlinuz-$release $words
		initrd /initrd.img-$release
		boot
	END
	in_it grub-editenv /boot/grub/grubenv create
	after_report >"$tree/usr/local/sbin/after-report"
	chmod 755 "$tree/usr/local/sbin/after-report"
}

boots() {
	local status=0 number
	rm -rf "$dir"
	mkdir -p "$dir"
	mke2fs -q -t ext2 -L kit-boot -d "$tree/boot" "$dir/boot.img" 192M && rm -rf "${tree:?}"/boot/* &&
		selftests/vm/debian-root image "$tree" "$dir/disk.img" || return
	# Each in a machine of its own: one that is reset has GRUB move the kernel byte by byte through pages that the
	# emulator takes for code, and that does not end.
	for number in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # words
		VM_WORK=$work ${DEBIAN_TURN-} selftests/vm/debian-boot --keep --grub "$dir/boot.img" "$work/grub.core" - \
			"$dir/disk.img" || { status=$?; echo "boot $number"; break; }
		cat "$dir/console.log" >>"$dir/all-consoles.log"
		cat "$dir/qemu.log" >>"$dir/all-qemu.log"
	done
	debugfs -R "rdump /var/lib/debian-report $dir" "$dir/disk.img" >/dev/null 2>&1
	[ "$status" -eq 0 ] || { echo "exit status $status"; tail -n 40 "$dir/console.log" "$dir/qemu.log"; return 1; }
}

# What came of it -----------------------------------------------------------------------------------------------

# report N DRIVERS: the Nth boot to reach multi-user did so with DRIVERS
report() {
	local module=hv_netvsc keeps_out=1
	[ "$2" != kit ] || { module=netvsc; keeps_out=0; }
	cat "$said/$1/cmdline" "$said/$1/kit.status" "$said/$1/failed" "$said/$1/after"
	[ "$(cat "$said/$1/multi-user")" = active ] && [ ! -s "$said/$1/failed" ] && [ "$(cat "$said/$1/net")" = echoed ] &&
		grep -q "^$module " "$said/$1/modules" && { grep -q initcall_blacklist "$said/$1/cmdline"; [ $? -eq "$keeps_out" ]; } &&
		grep -q "^bus  *$2 " "$said/$1/kit.status"
}
# after N LINE...: what was left behind then
after() {
	local number=$1 line
	shift
	cat "$said/$number/after"
	for line; do
		grep -qx -- "$line" "$said/$number/after" || { echo "does not say: $line"; return 1; }
	done
}
was_not_confirmed() { ! grep -x confirmed "$said/$1/after"; }
is_refused() { after 1 'switch with a module of another kernel: 1' && ! grep 'but something is left' "$said/1/after"; }
first_entry_is_as_before() {
	entry_of() { sed -n '/^menuentry/,/^}/{p;/^}/q}' "$1"; }
	diff <(entry_of "$said/1/before.cfg") <(entry_of "$said/1/grub.cfg")
}
old_entry_was_taken_again() { report 2 in-tree && was_not_confirmed 2; }
# Nothing but the one that was to fail: of what it says on the console, the initramfs' last line stays.
one_boot_has_failed() {
	[ "$(grep -c 'LABEL=kit-root does not exist\|UUID=.* does not exist' "$dir/all-consoles.log")" -eq 1 ] || {
		tail -n 40 "$dir/all-consoles.log"
		return 1
	}
}
file_systems_are_clean() {
	e2fsck -fn "$dir/disk.img" && e2fsck -fn "$dir/boot.img" && ! grep VIOLATION: "$dir/all-qemu.log"
}

. selftests/ktap.sh
[ "$(id -u)" -eq 0 ] || ktap_skip_all "only root can make a Debian system"
command -v mmdebstrap >/dev/null || ktap_skip_all "mmdebstrap is not installed"
release=$(selftests/vm/kernels release 7.3) || ktap_skip_all "no kernel 7.3 to be had"
selftests/vm/debian-root base >/dev/null || ktap_skip_all "no Debian system to be had"
[ -e "build/$release/storvsc.ko" ] || selftests/vm/build-modules 7.3 || { echo "Bail out! no modules"; exit 1; }
mkdir -p "$work"
rm -rf "$tree"
selftests/vm/debian-root unpack "$tree" || { echo "Bail out! no Debian system"; exit 1; }
ktap_plan 13
ktap_check kernel_with_the_bus_built_in_is_there has_kernel
ktap_check grub_is_there has_grub
configure >"$work/out" 2>&1
ktap_check five_boots boots
ktap_check first_boot_is_in_tree report 1 in-tree
ktap_check switch_is_refused_while_a_module_does_not_fit is_refused
ktap_check switch_makes_a_one_shot_entry after 1 'check: 0' 'switch: 0' 'next_entry=vmbus-kit'
ktap_check first_entry_is_as_before first_entry_is_as_before
ktap_check one_boot_has_failed one_boot_has_failed
ktap_check old_entry_was_taken_again old_entry_was_taken_again
ktap_check one_shot_entry_boots_with_the_kit report 3 kit
ktap_check what_has_booted_is_the_default after 3 confirmed 'next_entry='
ktap_check default_boots_with_the_kit report 4 kit
ktap_check file_systems_are_clean file_systems_are_clean
ktap_note "$(cat "$said"/3/kit.status)"
VM_WORK=$work selftests/vm/outer stop counted
ktap_done
