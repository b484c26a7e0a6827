#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The package vmbus-kit-dkms in a Debian of its own: installed, upgraded, broken in each way that is known to happen,
# purged; and what that Debian then boots with, from a disk on the VMBus.
#
#   debian_test.sh [package|none|one|all|NAME,NAME...]     which of the states are booted; without it, none
#
# "one" is the short form: installed, booted, purged, and no more. "package" is shorter: it builds one and looks at it,
# and needs no Debian to install it in.
#
# Each boot ends in a report on the disk. The table at the end has a line for each. The Debian is below build/debian
# (see vm/debian-root); nothing of this machine is changed.
#
# shellcheck disable=SC2317 # what ktap_check calls

cd "$(dirname "$0")/.." || exit 1
TOP=$PWD
work=${DEBIAN_WORK:-$TOP/build/debian}
tree=$work/tree
boots=${1:-none}
table=()

in_it() { selftests/vm/debian-root in "$tree" "$@"; }
version() { sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf; }

# The package --------------------------------------------------------------------------

# package VERSION: builds it
package() { include/install/deb.sh "$work/deb" "$1" >"$work/out"; }
# broken_package VERSION: one that no compiler takes
broken_package() {
	local dir=$work/broken
	package "$1"
	rm -rf "$dir"
	mkdir "$dir"
	dpkg-deb -R "$work/deb/vmbus-kit-dkms_$1_all.deb" "$dir/root"
	echo '#error "as a newer kernel would have it"' >>"$dir/root/usr/src/vmbus-kit-$1/vmbus_client/main.c"
	dpkg-deb -b "$dir/root" "$work/deb/vmbus-kit-dkms_${1}_all.deb" >"$work/out"
}
dpkg_i() {
	cp "$work/deb/vmbus-kit-dkms_$1_all.deb" "$tree/tmp/kit.deb"
	in_it dpkg -i /tmp/kit.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; return 1; }
	rm "$tree/tmp/kit.deb"
}
# shellcheck disable=SC2016 # dpkg-query's
is_installed() { in_it dpkg-query -W -f '${db:Status-Abbrev} ${Version}\n' vmbus-kit-dkms | grep -qx "ii *$1"; }

no_lintian_errors() { lintian --fail-on error --allow-root "$work"/deb/vmbus-kit_"$1"_*.changes; }
lists_what_files_sh_lists() {
	dpkg-deb -c "$work/deb/vmbus-kit-dkms_$1_all.deb" | awk '$1 !~ /^d/ { sub(/^\./, "", $6); print $6 }' |
		grep -v -e ^/usr/src/ -e ^/usr/share/doc/ | sed 's/\.8\.gz$/.8/' | sort >"$work/has"
	include/install/files.sh list | sort | diff "$work/has" -
}
changelog_is_of_this_version() {
	[ "$(dpkg-parsechangelog -l include/install/debian/changelog -S Version)" = "$(version)" ]
}

# What is in the system -------------------------------------------------------------------

# The kernel that is booted and looked at; a second comes later.
release() { find "$tree/lib/modules/" -mindepth 1 -maxdepth 1 -name "$kernel*" -printf '%f\n'; }
ours() { find "$tree/lib/modules/$(release)/" -path '*/updates/*' -name '*.ko*' | sed 's|.*/||; s|\.ko.*||' | sort; }
modules_are_there() {
	include/install/files.sh modules | sort >"$work/want"
	[ -s "$work/want" ] && ours | diff - "$work/want"
}
no_modules_are_there() { [ -z "$(ours)" ] || { ours; return 1; }; }
only_version() { in_it dkms status | tee /dev/stderr | awk -v v="vmbus-kit/$1," '$1 != v { bad = 1 } END { exit bad || !NR }'; }
# has_in_initramfs [no] MODULE...
has_in_initramfs() {
	in_it lsinitramfs "/boot/initrd.img-$(release)" >"$work/initramfs"
	list_has "$@"
}
list_has() {
	local want=yes is module
	if [ "$1" = no ]; then want=no; shift; fi
	for module; do
		grep -q "/$module\." "$work/initramfs" && is=yes || is=no
		[ "$is" = "$want" ] || { echo "$module: wanted $want, is $is"; return 1; }
	done
}
# check_says STATUS PATTERN...
check_says() {
	local status=0 want=$1
	shift
	in_it vmbus-kit check "$(release)" >"$work/check" 2>&1 || status=$?
	cat "$work/check"
	[ "$status" -eq "$want" ] || { echo "exit status $status"; return 1; }
	for pattern; do
		grep -qE -- "$pattern" "$work/check" || { echo "does not say: $pattern"; return 1; }
	done
}
fails_with() { local status=0 want=$1; shift; "$@" || status=$?; [ "$status" -eq "$want" ]; }

# everything: in the system that a package may leave behind; the key that DKMS signs with is not ours to remove, the
# firmware may have been told to trust it
everything() {
	(cd "$tree" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o -path ./tmp \) -prune \
		-o -printf '%y %p\n' | grep -vE '\./(boot/initrd|var/lib/dkms/mok\.|lib/modules/[^/]*/modules\.|usr/lib/modules/[^/]*/modules\.)' | sort)
}
# shellcheck disable=SC2016 # dpkg-query's
packages() { in_it dpkg-query -W -f '${Package}\n' | sort; }
as_before() { everything | diff "$work/before" - >"$work/diff" || { head -n 40 "$work/diff"; return 1; }; }

# Booting it -----------------------------------------------------------------------------------

# start DIR APPEND: makes the disk, and boots
start() {
	rm -rf "$1"
	mkdir -p "$1"
	selftests/vm/debian-root image "$tree" "$1/disk.img" && cp "$tree/boot/vmlinuz-$(release)" "$1/vmlinuz" &&
		cp "$tree/boot/initrd.img-$(release)" "$1/initrd" &&
		VM_WORK=$work selftests/vm/debian-boot --keep --append "$2" "$1/vmlinuz" "$1/initrd" "$1/disk.img"
}

# drivers_are DRIVERS MODULES: disk, NIC and integration services have theirs from the one that has the bus
drivers_are() {
	local drivers="hv_storvsc hv_netvsc hv_utils" module
	[ "$1" != kit ] || drivers="storvsc netvsc vmbus_utils"
	for module in $drivers; do
		grep -q "^$module " "$2" || { echo "$module is not loaded"; return 1; }
	done
}

# boot NAME DRIVERS [APPEND]: it reaches multi-user with DRIVERS (kit, in-tree), reboots, and has unmounted its disk
boot() {
	local name=$1 want=$2 append=${3-} got='?' begin=$SECONDS dir=$work/boot-$1 status=0
	local said=$dir/report/1
	rm -rf "$tree/var/lib/debian-report"
	start "$dir" "$append" || status=$?
	# It happens that the outer machine itself gets stuck.
	[ "$status" -ne 125 ] || { echo "the outer machine hung"; status=0; start "$dir" "$append" || status=$?; }
	[ "$status" -eq 0 ] ||
		{ echo "it did not reboot by itself: $status"; tail -n 20 "$dir/console.log" "$dir/qemu.log"; }
	mkdir "$dir/report"
	debugfs -R "rdump /var/lib/debian-report/1 $dir/report" "$dir/disk.img" >/dev/null 2>&1
	if grep -q '^vmbus_client ' "$said/modules"; then got=kit; elif grep -q '^hv_vmbus ' "$said/modules"; then got=in-tree; fi
	table+=("$(printf '%-34s %-8s %-10s %-8s %s %4d s' "$name" "$got" "$(cat "$said/multi-user")" "$(cat "$said/net")" \
		"$(cat "$said/root" "$said/release" | tr '\n' ' ')" $((SECONDS - begin)))")
	cat "$said/kit.status" "$said/failed"
	[ "$status" -eq 0 ] && [ "$got" = "$want" ] && drivers_are "$want" "$said/modules" &&
		[ "$(cat "$said/carrier")" = 1 ] && [ "$(cat "$said/net")" = echoed ] && [ "$(cat "$said/multi-user")" = active ] && [ ! -s "$said/failed" ] &&
		! grep -E 'Call Trace|WARNING:|BUG:' "$said/kernel.log" &&
		[ "$(cat "$said/release")" = "$(release)" ] && ! grep VIOLATION: "$dir/qemu.log" &&
		e2fsck -fn "$dir/disk.img" >"$dir/fsck.log" 2>&1 && rm -f "$dir/disk.img"
}
# booted HOW MANY NAME ...: the boot, if so many are asked for
booted() {
	local when=$1
	shift
	case ,$boots,:$when in
	,all,:* | ,one,:one | *,"$1",*) ktap_check "boot_$1" boot "$@" ;;
	esac
}
# count_boots: as many as there are lines for
count_boots() {
	case $boots in
	all) booted_lines | wc -l ;;
	one) booted_lines | grep -c '^one ' ;;
	none) echo 0 ;;
	*) booted_lines | grep -cxE "[a-z]* (${boots//,/|})" ;;
	esac
}
booted_lines() { sed -nE 's/^[[:space:]]*booted ([a-z]+) ([a-z_]+) .*/\1 \2/p' "$0"; }

# -----------------------------------------------------------------------------------------------

. selftests/ktap.sh
for tool in dh dpkg-buildpackage mmdebstrap lintian; do
	command -v $tool >/dev/null || ktap_skip_all "$tool is not installed"
done
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
mkdir -p "$work"
rm -rf "$work/deb"
now=$(version)

package_is_sound() {
	ktap_check changelog_is_of_this_version changelog_is_of_this_version
	ktap_check package_is_built package "$now"
	ktap_check lintian_finds_no_errors no_lintian_errors "$now"
	ktap_check package_has_what_files_sh_installs lists_what_files_sh_lists "$now"
}
if [ "$boots" = package ]; then
	ktap_plan 4
	package_is_sound
	ktap_done
fi

[ "$(id -u)" -eq 0 ] || ktap_skip_all "only root can make a Debian system"
selftests/vm/debian-root base >/dev/null || ktap_skip_all "no Debian system to be had"
ktap_plan $(($(if [ "$boots" = one ]; then echo 12; else echo 45; fi) + $(count_boots)))
rm -rf "$tree"
selftests/vm/debian-root unpack "$tree" || { echo "Bail out! no Debian system"; exit 1; }
everything >"$work/before"
packages >"$work/packages"
kernel=6.1. next=$(version).1 bad=$(version).2

package_is_sound
booted all nothing_of_ours in-tree

ktap_check package_is_installed dpkg_i "$now"
ktap_check modules_are_built modules_are_there
# shellcheck disable=SC2046
ktap_check modules_are_in_the_initramfs has_in_initramfs $(include/install/files.sh modules) \
	hv_vmbus hv_storvsc hv_netvsc hv_utils
ktap_check check_is_content check_says 0 'built +yes' 'signed +yes' 'initramfs +yes' 'boots +with the kit; in-tree'
booted one fresh_install kit
booted all switched_off_on_the_command_line in-tree vmbus_client.off
booted all wrong_signature in-tree module.sig_enforce=1

# What else happens to a package, and to what it needs.
whole_life() {
	ktap_check it_can_be_switched_off in_it vmbus-kit switch in-tree
	ktap_check check_says_it_is_off check_says 0 'boots +with the in-tree drivers: the kit is switched off'
	booted all switched_off in-tree
	ktap_check it_can_be_switched_on in_it vmbus-kit switch kit
	ktap_check check_is_content_again check_says 0 'boots +with the kit'

	# A driver of ours that the initramfs lacks, though its bus is there: nobody may have the bus without it.
	lose_storvsc() {
		mv "$(find "$tree/lib/modules/$(release)/" -path '*/updates/*' -name storvsc.ko)" "$work/storvsc.ko" &&
			in_it depmod "$(release)" && in_it update-initramfs -u
	}
	find_storvsc() { cp "$work/storvsc.ko" "$tree/lib/modules/$(release)/updates/dkms/" && in_it depmod "$(release)"; }
	ktap_check a_module_is_lost lose_storvsc
	ktap_check none_of_ours_is_in_the_initramfs has_in_initramfs no vmbus_client netvsc vmbus_utils
	ktap_check in_tree_is_in_the_initramfs has_in_initramfs hv_vmbus hv_storvsc
	ktap_check check_names_the_module check_says 1 'built +no: storvsc missing' 'boots +with the in-tree drivers'
	ktap_check switching_over_is_refused fails_with 1 in_it vmbus-kit switch kit
	booted all module_lost in-tree
	ktap_check the_module_is_found find_storvsc
	ktap_check check_names_the_initramfs check_says 1 'initramfs +no: .*vmbus_client' 'update-initramfs'
	booted all missing_from_initramfs in-tree

	# One that the loader refuses, which no hook can know: the bus is ours then, and there is no disk.
	spoil_storvsc() {
		sed -i "s/vermagic=$kernel/vermagic=9.9./" "$tree/lib/modules/$(release)/updates/dkms/storvsc.ko" &&
			in_it update-initramfs -u
	}
	ktap_check the_disk_driver_is_spoilt spoil_storvsc
	ktap_check check_says_it_is_for_another_kernel check_says 1 'built +no: storvsc is for 9.9'
	booted all disk_driver_refused in-tree

	# dracut makes an image of the same, and of the system as it is.
	dracut_has() {
		in_it dracut --force --no-hostonly --kver "$(release)" /tmp/dracut.img >"$work/dracut.log" 2>&1 ||
			{ tail "$work/dracut.log"; return 1; }
		in_it lsinitrd /tmp/dracut.img | awk '{ print $NF }' >"$work/initramfs"
		rm "$tree/tmp/dracut.img"
		list_has "$@"
	}
	find_storvsc >"$work/out" 2>&1
	# shellcheck disable=SC2046
	ktap_check dracut_takes_all dracut_has $(include/install/files.sh modules) \
		hv_vmbus hv_storvsc hv_netvsc hv_utils modprobe.d/vmbus-kit hooks/initqueue/timeout/50-fallback
	lose_storvsc >"$work/out" 2>&1
	# shellcheck disable=SC2046
	ktap_check dracut_takes_none_if_one_is_missing dracut_has no $(include/install/files.sh modules)
	find_storvsc >"$work/out" 2>&1

	ktap_check next_package_is_built package "$next"
	ktap_check package_is_upgraded dpkg_i "$next"
	ktap_check only_the_new_version_is_there only_version "$next"
	ktap_check check_is_content_with_it check_says 0 'boots +with the kit'
	booted all upgrade kit

	ktap_check bad_package_is_made broken_package "$bad"
	ktap_check package_that_does_not_build_is_installed dpkg_i "$bad"
	ktap_check dpkg_has_no_complaint is_installed "$bad"
	ktap_check no_module_is_left no_modules_are_there
	ktap_check check_says_it_is_not_built check_says 1 'built +no' 'boots +with the in-tree drivers'
	booted all build_failed in-tree

	# A newer kernel, first while we cannot be built for it.
	fetch_kernel() {
		local image
		debs=$work/debs
		rm -rf "$debs"
		mkdir -p "$debs"
		image=linux-image-$(selftests/vm/kernels release 6.12)
		# shellcheck disable=SC2046
		(cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "$image" "${image/image/headers}" \
			pahole libbpf1 libdw1 libelf1 \
			$(apt-cache depends "$image" "${image/image/headers}" |
				awk '/Depends: linux-/ && !/\|Depends/ { print $2 }' | grep -v -e linux-base -e initramfs -e unsigned | sort -u))
	}
	install_kernel() {
		rm -rf "$tree/tmp/debs"
		cp -r "$debs" "$tree/tmp/debs"
		in_it sh -c 'dpkg -i /tmp/debs/*.deb' && rm -r "$tree/tmp/debs" && [ -e "$tree/boot/initrd.img-$(release)" ]
	}
	# With all that came with it, or the system would not be as it was.
	remove_kernel() {
		packages | comm -13 "$work/packages" - >"$work/came" &&
			in_it sh -c "dpkg --purge $(grep -vx vmbus-kit-dkms "$work/came" | tr '\n' ' ')"
	}
	if fetch_kernel >"$work/out" 2>&1; then
		kernel=6.12.
		ktap_check new_kernel_is_installed_though_we_cannot_be_built install_kernel
		ktap_check check_says_what_the_new_one_lacks check_says 1 'built +no' 'boots +with the in-tree drivers'
		booted all new_kernel_build_failed in-tree
		kernel=6.1.
		ktap_check package_is_downgraded dpkg_i "$now"
		kernel=6.12.
		ktap_check new_kernel_is_removed remove_kernel
		ktap_check new_kernel_is_installed install_kernel
		ktap_check modules_are_built_for_the_new_kernel modules_are_there
		ktap_check check_is_content_with_the_new_kernel check_says 0 'boots +with the kit'
		booted all new_kernel kit
		ktap_check new_kernel_is_removed_again remove_kernel
		kernel=6.1.
	else
		for result in new_kernel_is_installed_though_we_cannot_be_built check_says_what_the_new_one_lacks \
			new_kernel_is_removed new_kernel_is_installed modules_are_built_for_the_new_kernel \
			check_is_content_with_the_new_kernel new_kernel_is_removed_again; do
			ktap_skip "$result" "apt has no 6.12"
		done
		[ "$boots" != all ] || { ktap_skip boot_new_kernel_build_failed "apt has no 6.12"; ktap_skip boot_new_kernel "the same"; }
		ktap_check package_is_downgraded dpkg_i "$now"
	fi
	ktap_check old_modules_are_built modules_are_there
	booted all downgrade kit
}
[ "$boots" = one ] || whole_life

ktap_check package_is_purged in_it dpkg --purge vmbus-kit-dkms
ktap_check nothing_is_left as_before
ktap_check initramfs_has_none_of_ours has_in_initramfs no vmbus_client storvsc netvsc vmbus_utils modprobe.d/vmbus-kit
ktap_check it_would_boot_as_ever has_in_initramfs hv_vmbus hv_storvsc
booted all purge in-tree

if [ ${#table[@]} -gt 0 ]; then
	ktap_note "$(printf '%-34s %-8s %-10s %-8s %s\n' state drivers multi-user network "root disk, time"; printf '%s\n' "${table[@]}")"
	VM_WORK=$work selftests/vm/outer stop counted
fi
ktap_done
