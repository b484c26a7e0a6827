#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:80M,sub_channels=1" drivers=kit timeout=3000
# proves: half an hour of mixed I/O is byte for byte what it should be, and no command of it fails or is lost, while
#         the host follows its schedule of faults twenty-two times, each time in another order. Half an hour by the
#         clock of guest and host: where instructions are the clock, it is the same one every time. SMP=2: one of two
#         channels goes and comes, too
. ./ktap.sh
. ./lib.sh
. ./storage_verify_lib.sh
verify_tests 100 22 half_an_hour test "$(seconds 100 22)" -ge 1800
