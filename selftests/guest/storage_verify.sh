#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:80M" drivers=kit timeout=900 days="6.1"
# proves: a minute of mixed I/O is byte for byte what it should be, and no command of it fails or is
#         lost, while the host is slow, busy, full, reset, changed and deaf by a schedule; guest_slow has half an hour
. ./ktap.sh
. ./lib.sh
. ./storage_verify_lib.sh
ktap_plan 9

SEED=1 ROUNDS=1

ready() { load_impatient && disk=$(disk_of_lun 0) && dd if=/dev/zero of="/dev/$disk" bs=1M oflag=direct count=64; }

ktap_check disk_is_there ready
ktap_check schedule_can_be_repeated test "$(schedule 7)" = "$(schedule 7)"
start_verify "$disk" "$(seconds $SEED $ROUNDS)"
ktap_check host_follows_its_schedule play $SEED $ROUNDS
quiet_host
ktap_check every_byte_verifies verified
ktap_check no_command_is_lost none_lost
ktap_check no_program_saw_an_error no_io_error
tell $SEED
ktap_check host_has_the_same_data same_on_the_host "$disk"
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done
