# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What guest tests share: reading the kernel's and the host's counters, and a disk to work on.

in_log() { dmesg | grep -E "$1"; }

# state FIELD: one value of the client's snapshot
state() { awk -v f="$1" '$1 == f { print $2 }' /sys/kernel/debug/vmbus_client/state; }

# Every kind of host input the client refuses has a counter; a correct host leaves them at 0.
nothing_rejected() {
	! awk '$1 ~ /^(rejected_|channels_broken|gpadl_parked)/ && $2 != 0' \
		/sys/kernel/debug/vmbus_client/state | grep .
}

load_and_unload() { modprobe vmbus_client && rmmod vmbus_client; }

# host FIELD: one value of the provider's counters
host() { ctl counters | awk -v f="$1" '$1 == f { print $2 }'; }

# The provider holds nothing of ours: no memory, no open channel, no request, no connection.
ledger_empty() {
	ctl ledger
	ctl ledger | grep -qx 'ledger gpadls=0 open=0 unreleased=0 requests=0 connected=0'
}

# The drivers a test was asked to use: ours, or the kernel's own.
if [ "${DRIVERS-}" = stock ]; then
	BUS_MODULE=hv_vmbus
	DISK_MODULE=hv_storvsc
else
	BUS_MODULE=vmbus_client
	DISK_MODULE=storvsc
fi

load_drivers() { modprobe sd_mod && modprobe "$BUS_MODULE" && modprobe "$DISK_MODULE"; }

# A disk that is still being looked at keeps its driver in use for a moment.
unload_drivers() { wait_for 20 rmmod "$DISK_MODULE" && wait_for 20 rmmod "$BUS_MODULE"; }

# wait_for SECONDS COMMAND...: until it succeeds, and longer on a kernel that looks for bugs; WAIT_TENTHS of a second
# lie between two attempts, one if it is not set
wait_for() {
	wait_left=$(($1 * 10 * ${SLOWER:-1})) wait_pause=${WAIT_TENTHS:-1}
	shift
	until "$@" >/dev/null 2>&1; do
		wait_left=$((wait_left - wait_pause))
		[ "$wait_left" -gt 0 ] || { echo "gave up waiting for: $*"; return 1; }
		sleep "$((wait_pause / 10)).$((wait_pause % 10))"
	done
}

# storvsc FIELD: one value of the adapter's snapshot; of queues the sum over all
storvsc() {
	awk -v f="$1" '
		$1 == f ":" { n += $2 }
		$1 == "queue" { for (i = 3; i < NF; i++) if ($i == f) n += $(i + 1) }
		END { print n + 0 }' /sys/kernel/debug/storvsc-host*
}
# queue N FIELD: a counter of the adapter's queue
queue() {
	awk -v q="$1:" -v f="$2" '
		$1 == "queue" && $2 == q { for (i = 3; i < NF; i++) if ($i == f) print $(i + 1) }
	' /sys/kernel/debug/storvsc-host*
}

# The name of the disk at a LUN of the first controller on the bus, as sda; waits for it.
disk_of_lun() {
	wait_for 30 disk_at "$1" || return 1
	disk_at "$1"
}

disk_at() {
	for disk_dir in /sys/bus/vmbus/devices/*/host*/target*/*:"$1"/block/*; do
		[ -d "$disk_dir" ] || continue
		basename "$disk_dir"
		return 0
	done
	return 1
}

no_violations() { ctl counters | grep -qx 'violations 0'; }

# counted FIELD LEAST COMMAND...: the host's counter grows by at least so much
counted() {
	counted_field=$1 counted_least=$2
	shift 2
	counted_before=$(host "$counted_field")
	"$@" || return 1
	counted_after=$(host "$counted_field")
	echo "$counted_field went from $counted_before to $counted_after"
	[ "$((counted_after - counted_before))" -ge "$counted_least" ]
}

# start_load READS: fio on the first disk, in the background as $load, until the host has seen that many reads
start_load() {
	load_reads=$1
	disk=$(disk_of_lun 0) || return 1
	fio --name=load --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=16 --bs=4k \
		--rw=randrw --time_based --runtime=600 >/tmp/fio.out 2>&1 &
	load=$!
	wait_for 20 reads_seen
}

reads_seen() { [ "$(host scsi0.reads)" -gt "$load_reads" ]; }
load_ended() { ! kill -0 "$load"; }
stop_load() { kill "$load"; wait "$load" || :; }
