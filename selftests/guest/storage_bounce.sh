#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:32M" drivers=kit timeout=400 append="swiotlb=512,force" days="6.1"
# proves: where all data must go through bounce buffers they do, and every byte is where it belongs; commands for which
#         none is free wait for one, and none fails
. ./ktap.sh
. ./lib.sh
ktap_plan 9

disk() { disk=$(disk_of_lun 0); }
verified() { fio --name=bounce --filename="/dev/$disk" --direct=1 --verify=crc32c --verify_fatal=1 "$@"; }

small() { verified --ioengine=libaio --iodepth=16 --bsrange=512-16k --size=2M --rw=randwrite; }
# The host takes its time, or none would ever have to wait.
large() {
	ctl scsi0 delay 2000 && fill && ctl scsi0 delay 0
}
fill() { verified --ioengine=libaio --iodepth=64 --bs=256k --size=24M --rw=write; }
# 16 MiB at once, and all buffers together are one.
held_back() { echo "held back: $(storvsc unmapped) times" && [ "$(storvsc unmapped)" -ge 20 ]; }
all_bounced() { echo "bounced: $(storvsc bounced) of $(storvsc sent)" && [ "$(storvsc bounced)" -gt 100 ]; }
no_errors() { [ "$(storvsc errors)" -le "$errors" ] && ! in_log 'I/O error|cannot be sent'; }

ktap_check drivers_load load_drivers
ktap_check disk_is_there disk
errors=$(storvsc errors)
ktap_check small_transfers small
ktap_check large_transfers large
ktap_check no_buffer_free_holds_commands_back held_back
ktap_check everything_was_bounced all_bounced
ktap_check nothing_failed no_errors
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done
