#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:80M" drivers=kit timeout=900 days="6.1"
# proves: a minute of mixed I/O is byte for byte what it should be, and no command of it fails or is
#         lost, while the host is slow, busy, full, reset, changed and deaf by a schedule; guest_slow has half an hour
. ./ktap.sh
. ./lib.sh
. ./storage_verify_lib.sh
verify_tests 1 1 schedule_can_be_repeated test "$(schedule 7)" = "$(schedule 7)"
