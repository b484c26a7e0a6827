#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M,lun1=ram:8M,sub_channels=1" drivers=kit timeout=400
# proves: the disk test passes with two CPUs, each with a channel of its own
. ./disk_tests.sh
disk_tests
