#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo" drivers=kit timeout=600 kernels="6.1 6.12 7.3" days="6.1"
# proves: whatever a host says of frames, requests, completions and notices costs what was said it of, and no more
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh
. ./net_faults_lib.sh

# The station's address is looked up once: no lie shall hit an answer of ARP.
starts() {
	modprobe "$BUS_MODULE" && modprobe "$NET_MODULE" reply_timeout=1 && nic0=$(nic 0) && addressed "$nic0" 0 2 &&
		pings "" 10.7.0.1 && station=$(ip neigh show 10.7.0.1 | sed 's/.*lladdr \([0-9a-f:]*\).*/\1/') &&
		ip neigh replace 10.7.0.1 lladdr "$station" nud permanent dev "$nic0"
}

counted_as_rejected() {
	cat /sys/kernel/debug/netvsc-*
	[ "$(ethtool -S "$nic0" | awk '$1 == "rejected:" { print $2 }')" -ge 40 ] # of the 60 and more, some are no harm
}

ends() { unload_net && ledger_empty; }

ktap_plan 13
ktap_check nic_comes_up starts
ktap_check ranges_that_lie_cost_themselves range_lies
ktap_check headers_that_lie_cost_themselves header_lies
ktap_check elements_that_lie_cost_themselves element_lies
ktap_check requests_answered_wrongly_end requests_end
ktap_check completions_that_lie completion_lies
ktap_check notices_that_lie notice_lies
ktap_check tables_that_lie table_lies
ktap_check all_of_it_was_counted counted_as_rejected
ktap_check refused_filter_is_tried_again filter_is_tried_again
ktap_check host_that_answers_only_what_it_must only_the_necessary
ktap_check host_that_falls_silent_while_changing silent_while_changing
ktap_check nothing_left_with_the_host ends
ktap_done
