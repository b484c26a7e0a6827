#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,utils=all" drivers=kit timeout=600
# proves: requests that lie, daemons that die and a host that falls silent are survived, and nothing stays frozen
. ./utils_faults_lib.sh
utils_faults_tests
