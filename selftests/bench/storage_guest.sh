#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:32M,sub_channels=1" drivers=none timeout=1200 qemu="-blockdev driver=null-co,node-name=n0,size=33554432,read-zeroes=on -device virtio-blk-pci,drive=n0 -blockdev driver=null-co,node-name=n1,size=33554432,read-zeroes=on -device ide-hd,drive=n1"
# The guest's half of selftests/bench/storage: the same fio jobs on one disk after the other. Which disks and jobs
# is in bench-storage.env, written by the other half.
#
# Each job is run with few and with many requests. What fio does besides is in both and cancels out. Around
# each run the counters are noted and instructions counted (vm/guest_mark.c).

. ./ktap.sh
. ./lib.sh
. bench-storage.env

# Signals, interrupts, and bytes of payload in the rings of all channels. Disks of others have interrupts only.
cat >/tmp/note <<'SCRIPT'
#!/bin/sh
# WHEN NAME
[ "$1" = before ] || mark 2
echo "@bench $1 $2 $( { ctl counters; cat /proc/interrupts; } | awk -v irq="$(cat /tmp/irq)" '
	$1 == "signals" { signals = $2 }
	$1 == "interrupts" { interrupts += $2 }
	$1 ~ /^chan[0-9]+[.]bytes_/ { bytes += $2 }
	irq != "" && index($NF, irq) == 1 { interrupts += $2 }
	END { print signals + 0, interrupts + 0, bytes + 0 }')" >>/tmp/bench
[ "$1" = behind ] || mark 1
SCRIPT
chmod +x /tmp/note

# jobs STACK DISK: fio's job file
jobs() {
	cat <<-END
		[global]
		filename=/dev/$2
		direct=1
		ioengine=libaio
		size=32m
		norandommap
		randrepeat=1
		thread
		gtod_reduce=1
		disk_util=0
		stonewall
	END
	while read -r jobs_name jobs_only jobs_few jobs_many jobs_kib jobs_options; do
		case $jobs_only:$1 in not-polled:polled) continue ;; not-polled:* | "$jobs_only:$jobs_only") ;; *) continue ;; esac
		for jobs_count in $jobs_few $jobs_many; do
			jobs_full=$1.$jobs_name.$jobs_count
			printf '\n[%s]\nexec_prerun=/tmp/note before %s\nexec_postrun=/tmp/note behind %s\n' \
				"$jobs_full" "$jobs_full" "$jobs_full"
			printf 'bs=%sk\nio_size=%sk\n' "$jobs_kib" "$((jobs_kib * jobs_count))"
			for jobs_option in $jobs_options; do echo "$jobs_option"; done
		done
	done <<-END
		$BENCH_ROWS
	END
}

# on_disk STACK DISK
on_disk() {
	echo "$2 has scheduler $(cat "/sys/block/$2/queue/scheduler")"
	jobs "$1" "$2" >"/tmp/$1.fio"
	(cd /tmp && fio --eta=never --output="/tmp/$1.out" "/tmp/$1.fio") || { cat "/tmp/$1.fio" "/tmp/$1.out"; return 1; }
}

# For the other half, which has blocks of code by address; modules have one while they are loaded.
symbols() { awk '$2 == "t" || $2 == "T" { print "@sym", $1, $3, $4 }' /proc/kallsyms | sort -k2,2 >>/tmp/bench; }

# through STACK BUS DRIVER [OPTION...]: a disk of the provider; of a STACK-none without a scheduler
through() {
	stack=$1 BUS_MODULE=$2 DISK_MODULE=$3
	shift 3
	: >/tmp/irq
	modprobe sd_mod && modprobe "$BUS_MODULE" && modprobe "$DISK_MODULE" "$@" && disk=$(disk_of_lun 0) || return 1
	case $stack in *-none) echo none >"/sys/block/$disk/queue/scheduler" ;; esac
	on_disk "$stack" "$disk" || return 1
	[ -z "${BENCH_PROFILE-}" ] || symbols
	unload_drivers
}

virtio() {
	disk=$(cd /sys/block && echo vd[b-z])
	basename "$(readlink "/sys/block/$disk/device")" >/tmp/irq
	on_disk virtio "$disk"
}

ata_disk() { ls /sys/bus/pci/drivers/ata_piix/*/ata*/host*/target*/*/block; }
ide() {
	modprobe sd_mod && modprobe ata_piix && wait_for 20 ata_disk || return 1
	echo ata_piix >/tmp/irq
	on_disk ide "$(ata_disk)"
}

null() {
	: >/tmp/irq
	modprobe null_blk queue_mode=2 irqmode=0 bs=512 gb=1 && on_disk null nullb0 || return 1
	[ -z "${BENCH_PROFILE-}" ] || symbols
}

for stack in $BENCH_STACKS; do
	case $stack in
	kit) ktap_check kit through kit vmbus_client storvsc ;;
	polled) ktap_check polled through polled vmbus_client storvsc poll_queues=1 ;;
	in-tree-none) ktap_check in_tree_without_a_scheduler through in-tree-none hv_vmbus hv_storvsc ;;
	in-tree) ktap_check in_tree through in-tree hv_vmbus hv_storvsc ;;
	*) ktap_check "$stack" "$stack" ;;
	esac
done
cat /tmp/bench
ktap_done
