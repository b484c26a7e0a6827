#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M" timeout=600
# proves: by the kernel's Hyper-V support and, forced, by our own: CPU 1 comes and goes under load, and unloading
# leaves the kernel's clock and timers as they were
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 18

online=/sys/devices/system/cpu/cpu1/online

reads_beyond() { [ "$(host scsi0.reads)" -gt "$1" ]; }

still_reading() {
	wait_for 20 reads_beyond $(($(host scsi0.reads) + 20))
}

one_round() { echo 0 >$online && still_reading && echo 1 >$online && still_reading; }

comes_and_goes() {
	round=0
	while [ "$round" -lt 3 ]; do
		round=$((round + 1))
		one_round || { echo "round $round failed"; return 1; }
	done
}

end_load() {
	# shellcheck disable=SC2154 # start_load sets it
	kill "$load"
	wait "$load"
	unload_drivers
}

# Timer interrupts, of the hypervisor's timer where the kernel uses it.
timer_cnt() { awk '$1 == "HVS:" || $1 == "LOC:" { cnt += $2 } END { print cnt }' /proc/interrupts; }
timers_tick() {
	tick_before=$(timer_cnt)
	time_passes && [ "$(timer_cnt)" -gt "$tick_before" ]
}

# once NAME VECTORS SAYS PARAMETERS...: the same for both ways
once() {
	once_name=$1 once_vectors=$2 once_says=$3
	shift 3
	modprobe sd_mod
	ktap_check "${once_name}_loads" eval "modprobe vmbus_client $* && modprobe storvsc"
	ktap_check "${once_name}_says_so" in_log "vmbus_client: using $once_says"
	ktap_check "${once_name}_vectors" has_vectors "$once_vectors"
	ktap_check "${once_name}_disk_under_load" start_load 20
	ktap_check "${once_name}_cpu_comes_and_goes" comes_and_goes
	ktap_check "${once_name}_nothing_rejected" nothing_rejected
	ktap_check "${once_name}_unloads" end_load
	ktap_check "${once_name}_registers_as_they_were" registers_restored
	ktap_check "${once_name}_timers_tick" timers_tick
}

modprobe msr
registers_at_rest >/tmp/registers
once kernels 0 "the kernel's Hyper-V support"
once own 2 'vmm?call .* as asked' own=1
ktap_done
