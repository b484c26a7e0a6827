#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=file:%D/demo.img" drivers=kit timeout=400
# proves: a disk image made of real files is mounted, read, written, flushed and unmounted through our drivers
#
# "make run" shows what this prints after "@demo". The image has files/ and, made with it, files.sha256;
# what we write, with its checksums, is compared again by the machine that made the image.
. ./ktap.sh
. ./lib.sh
ktap_plan 8

tell() { printf '@demo %-22s %s\n' "$1" "$2"; }

load() { modprobe sd_mod && modprobe "$BUS_MODULE" && modprobe "$DISK_MODULE" && disk=$(disk_of_lun 0); }

verify_files() { (cd /mnt && sha256sum --quiet -c files.sha256); }

write_files() {
	mkdir /mnt/written &&
		find /usr/bin -type f -size -200k | sort | head -n 60 | while read -r file; do
			cp "$file" /mnt/written/
		done &&
		(cd /mnt/written && sha256sum -- *) >/mnt/written.sha256 && sync
}

# once KIB COUNT: one program reads so many pieces, one after the other; seconds, signals, interrupts
once() {
	ctl reset-counters
	dd if="/dev/$disk" of=/dev/null iflag=direct bs="$1k" count="$2" 2>/tmp/dd || return 1
	# dd knows the time best: the guest has no other clock as fine.
	sed -n 's/.* copied, \([0-9.e-]*\) s.*/time \1/p' /tmp/dd
	ctl counters
}

# measure NAME KIB COUNT: the quickest of five, for what else goes on only adds
measure() {
	for _ in 1 2 3 4 5; do
		once "$2" "$3" || return 1
	done | awk -v what="$1" -v kib="$2" -v count="$3" -v counted="$COUNTED" '
		$1 == "time" { time = $2; if (!best || time < best) best = time }
		$1 == "signals" && time == best { signals = $2 }
		$1 == "interrupts" && time == best { interrupts = $2 }
		END {
			printf "@demo %-22s %.1f MB/s, %.2f signals and %.2f interrupts per I/O", what,
				kib * 1024 * count / best / 1e6, signals / count, interrupts / count
			if (counted)
				printf ", %.0f instructions per I/O", best * 1e9 / count
			printf "\n"
		}'
}

device_driver() {
	for dev in /sys/bus/vmbus/devices/*; do
		driver=$(basename "$(readlink "$dev/driver" 2>/dev/null)")
		tell "channel $(cat "$dev/id")" "class $(cat "$dev/class_id"), driver ${driver:-none}"
	done
}

version() {
	if [ "$BUS_MODULE" = vmbus_client ]; then
		state version
	else
		ctl version | awk '{ print $2 }'
	fi
}

ktap_check modules_load load
tell kernel "$(uname -r)"
tell hypervisor "$(dmesg | sed -n 's/.*Hypervisor detected: //p' | head -n 1)"
tell VMBus "version $(version), driver module $BUS_MODULE"
device_driver
tell disk "/dev/$disk, $(($(blockdev --getsize64 "/dev/$disk") >> 20)) MiB"
ktap_check file_system_mounts mount "/dev/$disk" /mnt
ktap_check every_file_reads_right verify_files
tell files "$(find /mnt/files -type f | wc -l) files read, checksums right"
ktap_check files_are_written write_files
tell written "$(find /mnt/written -type f | wc -l) files written and flushed"
ktap_check file_system_unmounts umount /mnt
{ measure "read 4 KiB" 4 400; measure "read 256 KiB" 256 40; } >/tmp/read
cat /tmp/read
ktap_check reads_are_measured test "$(wc -l </tmp/read)" = 2
ktap_check modules_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done
