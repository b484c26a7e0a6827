#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="net0=echo,net0.sub_channels=1,net0.sub_channels_late=300000,net1=pair:net2,net1.sub_channels=1,net2=sink,net2.sub_channels=1" drivers=kit timeout=600 kernels="6.1 6.12"
# proves: our drivers use sub-channels when they come, the RSS table and any number of channels under traffic
. ./net_smp_tests.sh
net_smp_tests
