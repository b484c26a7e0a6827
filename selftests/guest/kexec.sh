#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:32M" memory=768 timeout=600 qemu="-drive file=%K,format=raw,if=none,id=kernel,readonly=on,file.locking=off -device virtio-blk-pci,drive=kernel -drive file=%I,format=raw,if=none,id=initramfs,readonly=on,file.locking=off -device virtio-blk-pci,drive=initramfs"
# proves: a kernel started by kexec under load meets a host that has forgotten the one before; and if it could not
#         be told, its own contact makes the host forget
. ./ktap.sh
. ./lib.sh

start() {
	cat /dev/vdb >/tmp/kernel && cat /dev/vdc >/tmp/initramfs || return 1
	start_kernel /tmp/kernel /tmp/initramfs "$(sed 's/ boot=.*//' /proc/cmdline) boot=$1"
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
	ktap_go_on 1 6
	ktap_check works_in_the_second_kernel works 2 1
	# The good-bye does not get through.
	ctl fault post:status:2
	start third
	ktap_not_ok third_kernel_started
	;;
*boot=third*)
	ktap_go_on 2 6
	ktap_check host_was_not_told dead_kernel_left_rings
	ktap_check works_in_the_third_kernel works 3 1
	stop_load
	ktap_check drivers_unload unload_drivers
	ktap_check nothing_left_with_the_host ledger_empty
	;;
*)
	ktap_plan 6
	ktap_check works_in_the_first_kernel works 1 ''
	start second
	ktap_not_ok second_kernel_started
	;;
esac
ktap_done
