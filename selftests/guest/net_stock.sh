#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo,net1=pair:net2,net2=sink" drivers=stock timeout=600 kernels="6.1 6.12" days="6.1"
# proves: the kernel's own hv_vmbus and hv_netvsc pass the test of NICs on this host, so the host is right
. ./net_tests.sh
ktap_plan "$(net_tests_cnt)"
net_tests 1M
ktap_done
