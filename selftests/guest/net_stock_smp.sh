#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="net0=echo,net0.sub_channels=1,net0.sub_channels_late=300000,net1=pair:net2,net1.sub_channels=1,net2=sink,net2.sub_channels=1" drivers=stock timeout=600 kernels="6.1 6.12" days="6.1"
# proves: the kernel's own hv_netvsc uses sub-channels, RSS table and channel counts of this host
. ./net_smp_tests.sh
net_smp_tests
