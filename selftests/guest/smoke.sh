#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider=none drivers=none timeout=400 kernels="6.1 6.12 small 7.3"
# proves: the guest's kernel found Hyper-V, and it has the programs and modules that tests use
. ./ktap.sh
ktap_plan 8

# in_log PATTERN: the kernel said so
in_log() { dmesg | grep -E "$1"; }

not_loaded() { ! grep -E '^(hv_|vmbus_client|storvsc)' /proc/modules; }

# The stock modules are here, and modprobe would know what to do.
stock_modules() { modprobe -n -v hv_vmbus && modprobe -n -v hv_storvsc && modprobe -n -v sd_mod; }

# The kernel for which everything must be done by ourselves.
knows_nothing_of_vmbus() { ! modprobe -n hv_vmbus && zcat /proc/config.gz | grep -x '# CONFIG_HYPERV is not set'; }

disk_works() {
	modprobe brd rd_nr=1 rd_size=16384 &&
		mkfs.ext4 -q /dev/ram0 && mount -t ext4 /dev/ram0 /mnt &&
		fio --name=t --filename=/mnt/f --size=4M --bs=64k --rw=randwrite --verify=crc32c \
			--ioengine=libaio --iodepth=4 --direct=1 &&
		sha256sum /mnt/f && umount /mnt && fsck.ext4 -fn /dev/ram0 &&
		dd if=/dev/ram0 of=/dev/null bs=1M iflag=direct
}

# smp CPUs: as many as the machine was made with
smp() { [ "$(nproc)" = "$1" ]; }

ktap_note "$(uname -r), $(dmesg | grep -m1 'Hypervisor detected' | sed 's/.*\] //')"
ktap_note "up for $(cut -d' ' -f1 /proc/uptime) s when the test began"
ktap_check hypervisor_is_hyperv in_log 'Hypervisor detected: Microsoft Hyper-V'
ktap_check privileges_in_log in_log 'Hyper-V: privilege flags low 0x[0-9a-f]+, high'
ktap_check cpus smp "$SMP"
ktap_check nothing_loaded_by_itself not_loaded
if [ "$KERNEL" = small ]; then
	ktap_check knows_nothing_of_vmbus knows_nothing_of_vmbus
else
	ktap_check stock_modules stock_modules
fi
ktap_check programs_work disk_works
ktap_check scsi_tools sg_inq --version
ktap_check clock_goes_on sleep 1
ktap_done
