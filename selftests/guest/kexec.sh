#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:32M" memory=768 timeout=600 append="crashkernel=192M" qemu="-drive file=%K,format=raw,if=none,id=kernel,readonly=on,file.locking=off -device virtio-blk-pci,drive=kernel -drive file=%I,format=raw,if=none,id=initramfs,readonly=on,file.locking=off -device virtio-blk-pci,drive=initramfs"
# proves: a kernel started by kexec under load meets a host that has forgotten the one before; if that could not be
#         told, its own contact makes the host forget; and so it is with a crash kernel, after a panic under load
. ./ktap.sh
. ./lib.sh

fetch() { cat /dev/vdb >/tmp/kernel && cat /dev/vdc >/tmp/initramfs; }
parameters() { sed 's/ boot=.*//' /proc/cmdline; }
start() { fetch && start_kernel /tmp/kernel /tmp/initramfs "$(parameters) boot=$1"; }

# It has memory of its own, and devices that nobody has shut down.
crash_kernel_is_ready() {
	fetch && start_kernel --on-panic /tmp/kernel /tmp/initramfs \
		"$(parameters | sed 's/crashkernel=[^ ]*//') nr_cpus=1 reset_devices boot=crash" &&
		[ "$(cat /sys/kernel/kexec_crash_loaded)" = 1 ]
}

# works CONTACTS UNLOADS: the disk does, and the host has seen so many of each ('' is none)
works() {
	modprobe sd_mod && load_drivers && start_load $(($(host scsi0.reads) + 100)) || return 1
	ctl counters | grep -E '^messages_in\.(initiate_contact|unload) '
	[ "$(host messages_in.initiate_contact)" = "$1" ] && [ "$(host messages_in.unload)" = "$2" ]
}

dead_kernel_left_rings() { ctl ledger | grep -q 'open=1 .* connected=1'; }

case $(cat /proc/cmdline) in
*boot=second*)
	ktap_go_on 1 12
	ktap_check works_in_the_second_kernel works 2 1
	# The good-bye does not get through.
	ctl fault post:status:2
	start third
	ktap_not_ok third_kernel_started
	;;
*boot=third*)
	ktap_go_on 2 12
	ktap_check host_was_not_told dead_kernel_left_rings
	ktap_check works_in_the_third_kernel works 3 1
	stop_load
	ktap_check drivers_unload unload_drivers
	ktap_check nothing_left_with_the_host ledger_empty
	ktap_check crash_kernel_is_ready crash_kernel_is_ready
	ktap_check works_before_the_panic works 4 2
	echo c >/proc/sysrq-trigger
	;;
*boot=crash*)
	ktap_go_on 8 12
	ktap_check host_was_told_of_the_panic ledger_empty
	ktap_check works_in_the_crash_kernel works 5 3
	stop_load
	ktap_check drivers_unload_in_the_crash_kernel unload_drivers
	ktap_check nothing_left_after_the_crash_kernel ledger_empty
	;;
*)
	ktap_plan 12
	ktap_check works_in_the_first_kernel works 1 ''
	start second
	ktap_not_ok second_kernel_started
	;;
esac
ktap_done
