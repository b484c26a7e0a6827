# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The host turns the guest off: said yes to first, then the kernel calls user space's poweroff.
. ./utils_lib.sh

# The root is ours to write to; /sbin is a link to programs that only signal PID 1, which here is a script.
user_space_that_goes_down() {
	rm /sbin && mkdir /sbin &&
		printf '#!/bin/sh\necho "user space: %s" >/dev/ttyS0\nexec /usr/bin/poweroff -f\n' 'going down' >/sbin/poweroff &&
		chmod +x /sbin/poweroff
}

shutdown_tests() {
	ktap_plan 3
	ktap_check user_space user_space_that_goes_down
	ktap_check services_load load_utils
	ktap_check shutdown_negotiated negotiated shutdown 3.0 3.2
	ctl shutdown off force reason=0x80000001 'text="maintenance"'
	# Nothing is wrong if this is never printed: the guest is gone.
	sleep 60
	echo "the guest is still there"
}
