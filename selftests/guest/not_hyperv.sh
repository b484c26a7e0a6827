#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider=none qemu="-cpu Nehalem" timeout=240 days="6.1"
# proves: on another hypervisor the client declines with ENODEV and one line that says so
. ./ktap.sh
. ./lib.sh
ktap_plan 3

declines() { ! modprobe vmbus_client 2>/tmp/err && grep -i 'no such device' /tmp/err; }
one_line() { [ "$(dmesg | grep -c 'vmbus_client: [a-z]* *running\|vmbus_client: not')" = 1 ]; }

ktap_check declines_with_enodev declines
ktap_check says_why in_log 'vmbus_client: not running on Hyper-V'
ktap_check in_one_line one_line
ktap_done
