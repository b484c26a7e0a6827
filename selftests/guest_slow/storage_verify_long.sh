#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:80M,sub_channels=1" drivers=kit timeout=3000
# proves: half an hour of mixed I/O on two CPUs is byte for byte what it should be, and no command of it fails or is
#         lost, while the host follows its schedule of faults nineteen times, each time in another order; one of two
#         channels goes and comes, too
. ./ktap.sh
. ./lib.sh
. ./storage_verify_lib.sh
ktap_plan 9

SEED=100 ROUNDS=19

ready() { load_impatient && disk=$(disk_of_lun 0) && dd if=/dev/zero of="/dev/$disk" bs=1M oflag=direct count=64; }

ktap_check disk_is_there ready
ktap_check half_an_hour test "$(seconds $SEED $ROUNDS)" -ge 1800
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
