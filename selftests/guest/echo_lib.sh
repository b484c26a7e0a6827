# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What the tests on echo devices share: a command for vmbus_echo_test, and what came of it.

# on DEVICE COMMAND...: carries it out and shows the result; fails as the command does
on() {
	on_file=/sys/kernel/debug/vmbus_echo_test/$1/run
	shift
	if echo "$*" >"$on_file"; then on_status=0; else on_status=1; fi
	cat "$on_file"
	return "$on_status"
}

# all_good DEVICE COMMAND...: and every answer was what it should be
all_good() { on "$@" >/tmp/on || { cat /tmp/on; return 1; }; cat /tmp/on; ! awk '$1 ~ /bad$/ && $2' /tmp/on | grep .; }

# result NAME: of the last all_good
result() { awk -v n="$1" '$1 == n { print $2 }' /tmp/on; }

# spent COUNTER COMMAND...: prints by how much the host's counter grew
spent() {
	spent_name=$1
	shift
	spent_before=$(host "$spent_name")
	"$@" >/dev/null || return 1
	echo $(($(host "$spent_name") - spent_before))
}
