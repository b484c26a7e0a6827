#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The integration services in a Debian with systemd, chrony and the distribution's own daemons, on a VMBus disk and a
# VMBus NIC, all with the kit's drivers: what the host asks, and what it is told (see vm/debian-services).
#
#   debian_services_test.sh [KERNEL]     6.1 unless given; any of "vm/kernels list"
#
# Needs the modules of that kernel and the provider to be built, and root. The Debian is below build/debian-services.
#
# shellcheck disable=SC2317 # what ktap_check calls

cd "$(dirname "$0")/.." || exit 1
TOP=$PWD
work=${DEBIAN_WORK:-$TOP/build/debian-services}
tree=$work/tree
kernel=${1:-6.1}
export DEBIAN_PACKAGES=systemd-sysv,udev,kmod,initramfs-tools,iproute2,lz4,zstd,linux-image-cloud-amd64
DEBIAN_PACKAGES+=,chrony,hyperv-daemons,fio,ifupdown,libnss-myhostname

in_it() { selftests/vm/debian-root in "$tree" "$@"; }
bail_out() { echo "Bail out! $*"; exit 1; }

# other_kernel: another than the one that came with the system
other_kernel() {
	local image
	[ -e "$tree/boot/vmlinuz-$release" ] && return
	image=$(selftests/vm/kernels image "$kernel") || return 1
	cp "$image/boot"/{vmlinuz,config}-"$release" "$tree/boot/"
	cp -r "$image/lib/modules/$release" "$tree/lib/modules/"
}

# kit: what "make install" puts there; that the package does it, too, is debian_test's
kit() {
	mkdir -p "$tree/lib/modules/$release/updates"
	cp "$TOP/build/$release"/{vmbus_client,storvsc,netvsc,vmbus_utils}.ko "$tree/lib/modules/$release/updates/" &&
		include/install/files.sh install "$tree" && in_it depmod "$release" &&
		{ in_it update-initramfs -u -k "$release" || in_it update-initramfs -c -k "$release"; } >"$work/out" 2>&1
}

# as_an_administrator: what docs/integration-services.md says that one may want
as_an_administrator() {
	local etc=$tree/etc
	echo '127.0.1.1 guest.example.org guest' >>"$etc/hosts"
	echo 'nameserver 10.7.0.53' >"$etc/resolv.conf"
	echo 'options vmbus_utils time_step=0' >"$etc/modprobe.d/time.conf"
	printf '%s\n' 'refclock PHC /dev/ptp_hyperv poll 0 dpoll -2 offset 0 stratum 2 maxsamples 8 maxdispersion 0.05' \
		>"$etc/chrony/conf.d/hyperv.conf"
	sed -i -e 's/^makestep.*/makestep 0.1 -1/' -e '/^pool /d' "$etc/chrony/chrony.conf"
	drop_in chrony '[Unit]' Wants=dev-ptp_hyperv.device After=dev-ptp_hyperv.device
	# As it comes, the daemon may set nothing, whatever the script says; and is early enough to find all read-only.
	drop_in hv-kvp-daemon '[Unit]' After=systemd-remount-fs.service '[Service]' CapabilityBoundingSet=CAP_NET_ADMIN \
		'ReadWritePaths=/etc/network/interfaces.d /run'
	install -m 755 selftests/vm/debian-set-ifconfig "$tree/usr/libexec/hypervkvpd/hv_set_ifconfig"
}
# drop_in SERVICE LINE...
drop_in() {
	mkdir -p "$tree/etc/systemd/system/$1.service.d"
	printf '%s\n' "${@:2}" >"$tree/etc/systemd/system/$1.service.d/kit.conf"
}

# the_test: takes the place of the reporter that reboots
the_test() {
	local dir=$tree/usr/local/lib/kit-test wants=$tree/etc/systemd/system/multi-user.target.wants
	rm "$wants/debian-report.service"
	mkdir -p "$dir"
	cp selftests/vm/debian-services selftests/vm/ctl selftests/ktap.sh selftests/guest/{lib,utils_lib}.sh "$dir/"
	cc -O2 -o "$dir/ptp_offset" selftests/vm/programs/ptp_offset.c
	cat >"$tree/etc/systemd/system/debian-services.service" <<-END
		[Unit]
		Description=What the host asks
		After=multi-user.target
		[Service]
		Type=exec
		ExecStart=/usr/local/lib/kit-test/debian-services
		KillMode=mixed
		[Install]
		WantedBy=multi-user.target
	END
	ln -s ../debian-services.service "$wants/"
}

# boot: until the host has it turned off
boot() {
	rm -rf "${work:?}/boot"
	mkdir -p "$work/boot"
	selftests/vm/debian-root image "$tree" "$work/boot/disk.img"
	cp "${tree:?}/boot/vmlinuz-$release" "$work/boot/vmlinuz"
	cp "$tree/boot/initrd.img-$release" "$work/boot/initrd"
	VM_WORK=$work selftests/vm/debian-boot --services ${KEEP:+--keep} --timeout 1200 \
		"$work/boot/vmlinuz" "$work/boot/initrd" "$work/boot/disk.img"
}
turned_off_by_itself() {
	[ "$status" -eq 0 ] || { echo "exit status $status"; tail -n 20 "$work"/boot/*.log; return 1; }
}
guest_is_content() { grep -q '^ok 12 ' "$work/boot/result" && ! grep '^not ok' "$work/boot/result"; }
host_was_answered() { grep 'shutdown.*ok' "$work/boot/qemu.log" || { cat "$work/boot/qemu.log"; return 1; }; }
no_violation() { ! grep VIOLATION: "$work/boot/qemu.log"; }
disk_is_clean() { e2fsck -fn "$work/boot/disk.img"; }

. selftests/ktap.sh
[ "$(id -u)" -eq 0 ] || ktap_skip_all "only root can make a Debian system"
selftests/vm/debian-root base >/dev/null || ktap_skip_all "no Debian system to be had"
release=$(selftests/vm/kernels release "$kernel") || exit 1
[ -e "build/$release/vmbus_utils.ko" ] || ktap_skip_all "no modules for $kernel; selftests/vm/build-modules makes them"
ktap_plan 5
mkdir -p "$work"
rm -rf "$tree"
make_system() {
	selftests/vm/debian-root unpack "$tree" && other_kernel && as_an_administrator && kit && the_test
}
make_system || bail_out "no Debian system: $(tail -n 5 "$work/out")"
status=0
boot >"$work/boot.out" 2>&1 || status=$?
sed 's/^/    /' "$work/boot/result"
ktap_check guest_is_content guest_is_content
ktap_check host_was_answered host_was_answered
ktap_check turned_off_by_itself turned_off_by_itself
ktap_check no_violation no_violation
ktap_check disk_is_clean disk_is_clean
rm -f "$work/boot/disk.img"
ktap_done
