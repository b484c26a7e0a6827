#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,utils=all" drivers=kit timeout=600 kernels="7.3"
# shellcheck disable=SC2317 # the library starts the daemons by a name that it makes
# proves: the daemons that came with a kernel of 7.3 are served as the distribution's are; "vm/daemons-next" fetches
#         them. The one for files is older: theirs is of another kind, see docs/integration-services.md
. ./utils_lib.sh

hv_kvp_daemon() { next kvp "$@"; }
hv_vss_daemon() { next vss "$@"; }
next() {
	next_name=$1
	shift
	exec /test/bin/next-ld-linux-x86-64.so.2 --library-path /tmp/next "/test/bin/next-hv_${next_name}_daemon" "$@"
}

# They look for the C library by its own name.
daemons_are_newer() {
	mkdir -p /tmp/next && ln -s /test/bin/next-libc.so.6 /tmp/next/libc.so.6 && cat /test/bin/next-version &&
		grep -q '^7\.' /test/bin/next-version
}

[ -e /test/bin/next-version ] || ktap_skip_all "vm/daemons-next has not fetched the daemons"
mkdir -p /etc/modprobe.d
echo "options vmbus_utils time_behind=0" >/etc/modprobe.d/utils.conf
ktap_check daemons_are_newer daemons_are_newer
utils_tests
