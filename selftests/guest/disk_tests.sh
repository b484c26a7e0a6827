# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The disk test: the same for our drivers and for the kernel's own, so that the two judge one host.
. ./ktap.sh
. ./lib.sh

# Some sixteen megabytes of programs and libraries.
real_files() {
	mkdir -p "$1"
	find /usr/bin /usr/lib /usr/sbin -type f -size -300k | sort | head -n 200 |
		while read -r file; do cp "$file" "$1/"; done
}

checksums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }

file_system() {
	real_files /tmp/src && checksums /tmp/src >/tmp/before && [ -s /tmp/before ] || return 1
	mkfs.ext4 -q "/dev/$disk" && mount "/dev/$disk" /mnt && cp -r /tmp/src /mnt/ && sync &&
		umount /mnt && fsck.ext4 -fn "/dev/$disk" || return 1
	# Nothing of it in the page cache any more: what is read now comes from the disk.
	echo 3 >/proc/sys/vm/drop_caches
	mount "/dev/$disk" /mnt && checksums /mnt/src >/tmp/after && umount /mnt || return 1
	rm -r /tmp/src
	cmp /tmp/before /tmp/after
}

# verify ARGS...: fio writes, reads back and compares
verify() {
	fio --name=verify --filename="/dev/$disk" --direct=1 --ioengine=libaio --verify=crc32c \
		--verify_fatal=1 --randrepeat=1 --output-format=terse --terse-version=3 "$@" >/tmp/fio.out 2>&1 ||
		{ cat /tmp/fio.out; return 1; }
}

flush() { dd if=/dev/zero of="/dev/$disk" bs=4k count=1 conv=fsync; }

discard() {
	dd if=/dev/urandom of="/dev/$disk" bs=1M count=2 oflag=direct &&
		blkdiscard -o 0 -l 1048576 "/dev/$disk" &&
		dd if="/dev/$disk" bs=1M count=1 iflag=direct | cmp -n 1048576 - /dev/zero &&
		! dd if="/dev/$disk" bs=1M count=1 skip=1 iflag=direct | cmp -s -n 1048576 - /dev/zero
}

# What the host holds is what the guest wrote, bit for bit.
same_on_the_host() {
	dd if=/dev/urandom of=/tmp/random bs=1M count=4
	dd if=/tmp/random of="/dev/$disk" bs=256k oflag=direct
	wanted=$(crc32_of /tmp/random)
	rm /tmp/random
	ctl scsi0 checksum 0 0 4M | grep -qx "crc32 $wanted"
}

# gzip keeps the CRC-32 of what it packed, little endian, eight bytes from its end.
crc32_of() {
	gzip -1 -c "$1" | tail -c 8 | od -An -tx1 -N4 | awk '{ print $4 $3 $2 $1 }'
}

# An error of the host is an error to the program: never silence, never success.
error_reported() {
	ctl scsi0 fail 1 84 02 03/11/00 28
	! dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct skip=3 2>/tmp/dd.err || return 1
	grep -i 'input/output error' /tmp/dd.err
	dd if="/dev/$disk" of=/dev/null bs=4k count=1 iflag=direct skip=3
}

size_is_right() { [ "$(blockdev --getsize64 "/dev/$disk")" = $((64 * 1024 * 1024)) ]; }

identity() {
	sg_inq "/dev/$disk" && sg_vpd -p sv "/dev/$disk" && sg_vpd -p di "/dev/$disk" &&
		sg_vpd -p bl "/dev/$disk" && sg_vpd -p lbpv "/dev/$disk" && sg_readcap -l "/dev/$disk" &&
		sg_luns "/dev/$disk" && sg_turs "/dev/$disk" && sg_modes -p 8 "/dev/$disk"
}

all_disks() {
	disk_of_lun 0 && disk_of_lun 1 && ! disk_at 2
}

# Sector-sized, odd, and the largest transfers there are.
odd_sizes() {
	verify --size=8m --bssplit=512/10:1536/10:4k/40:33k/20:128k/20 \
		--rw=randwrite --iodepth=16 &&
		verify --size=32m --bs=1m --rw=write --iodepth=4
}

out_of_order() {
	ctl scsi0 reorder on 200 && verify --size=16m --bs=4k --rw=randwrite --iodepth=32 &&
		ctl scsi0 reorder off && [ "$(host scsi0.max_outstanding)" -ge 2 ]
}

slow_host() {
	ctl scsi0 delay 3000 && verify --size=1m --bs=16k --rw=randwrite --iodepth=8 && ctl scsi0 delay 0
}

disk_tests() {
	ktap_plan 15
	ktap_check drivers_load load_drivers
	disk=$(disk_of_lun 0) || disk=none
	ktap_check every_lun_is_a_disk all_disks
	ktap_check size_is_right size_is_right
	ktap_check inquiry_and_vpd_pages identity
	ktap_check files_survive_a_file_system file_system
	ktap_check flush_reaches_the_host counted scsi0.flushes 1 flush
	ktap_check discard_reaches_the_host counted scsi0.unmaps 1 discard
	ktap_check data_is_the_same_on_the_host same_on_the_host
	ktap_check odd_sizes_verify odd_sizes
	ktap_check completions_out_of_order_verify out_of_order
	ktap_check slow_completions_verify slow_host
	ktap_check medium_error_is_reported error_reported
	ktap_check drivers_unload unload_drivers
	ktap_check nothing_left_with_the_host ledger_empty
	ktap_check host_saw_no_violation no_violations
	ktap_done
}
