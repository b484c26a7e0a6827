# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The host turns the guest off, or restarts it: said yes to first, then the kernel calls user space.
. ./utils_lib.sh

# user_space_for off|reboot...: what the kernel may call. The root is ours to write to; /sbin is a link to programs
# that only signal PID 1, which here is a script.
user_space_for() {
	rm /sbin && mkdir /sbin || return 1
	for down in "$@"; do
		down_as=$down
		[ "$down" != off ] || down_as=poweroff
		printf '#!/bin/sh\necho "user space: %s" >/dev/ttyS0\nexec /usr/bin/%s -f\n' "going down for $down" "$down_as" \
			>"/sbin/$down_as" && chmod +x "/sbin/$down_as" || return 1
	done
}

# shutdown_check WORD...: services, and the request after which nobody is here any more
shutdown_check() {
	ctl shutdown "$@" reason=0x80000001 'text="maintenance"'
	# Nothing is wrong if this is never printed: the guest is gone.
	sleep 60
	echo "the guest is still there"
}

shutdown_tests() {
	ktap_plan 3
	ktap_check user_space user_space_for off reboot
	ktap_check services_load load_utils
	ktap_check shutdown_negotiated negotiated shutdown 3.0 3.2
	shutdown_check "$@"
}

# Nothing there that could be called. What is not forced leaves the guest up, and the host is told no when it asks
# again; by force the kernel goes down alone.
forced_shutdown_tests() {
	ktap_plan 8
	ktap_check no_user_space user_space_for
	ktap_check services_load load_utils
	ktap_check shutdown_negotiated negotiated shutdown 3.0 3.2
	ktap_check not_allowed not_allowed
	ktap_check no_hibernation_without_s4 no_hibernation
	ktap_check asked_in_vain told ok shutdown off
	ktap_check stays_up stays_up
	ktap_check refused_when_going_down refused_when_going_down
	shutdown_check off force
}

not_allowed() {
	echo N >/sys/module/vmbus_utils/parameters/shutdown_allowed
	told fail shutdown off force && echo Y >/sys/module/vmbus_utils/parameters/shutdown_allowed
}

# The machine's firmware has no S4: no sleep is promised that will not come. Nor is force an excuse.
no_hibernation() {
	told fail shutdown hibernate && told fail shutdown hibernate force && in_log 'asked for what we cannot do' &&
		! in_log 'the host asks for'
}

stays_up() { sleep 2 && beats 2; }
refused_when_going_down() { told fail shutdown off && told fail shutdown reboot; }
