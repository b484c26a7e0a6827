# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What tests of both ways to the hypervisor share: the kernel's Hyper-V support and our own.

# msr NUMBER: of CPU 0, in hex
msr() {
	dd if=/dev/cpu/0/msr bs=8 count=1 iflag=skip_bytes skip="$(($1))" 2>/dev/null | od -An -tx8 | tr -d ' '
}

# set_msr NUMBER VALUE: of CPU 0
set_msr() {
	set_bytes='' set_shift=0
	while [ "$set_shift" -lt 64 ]; do
		set_bytes=$set_bytes\\$(printf %03o $(($2 >> set_shift & 255)))
		set_shift=$((set_shift + 8))
	done
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$set_bytes" | dd of=/dev/cpu/0/msr bs=8 oflag=seek_bytes seek="$(($1))" conv=notrunc 2>/dev/null
}

# Guest OS id, hypercall page, SynIC control, event page, message page, SINT 2.
registers() {
	for register in 0x40000000 0x40000001 0x40000080 0x40000082 0x40000083 0x40000092; do
		echo "$register $(msr "$register")"
	done
}

# Masked, SINT 2 keeps the vector it had; nobody can tell it from one that it never had.
registers_at_rest() { registers | sed -E 's/^(0x40000092 0*1)00../\100--/'; }

# As before the first load.
registers_restored() {
	registers_at_rest >/tmp/registers.now
	cat /tmp/registers.now
	cmp /tmp/registers /tmp/registers.now
}

# random_survives DISK: what is written is read again
random_survives() {
	dd if=/dev/urandom of=/tmp/random bs=64k count=4 2>/dev/null &&
		dd if=/tmp/random of="/dev/$1" bs=64k oflag=direct 2>/dev/null &&
		dd if="/dev/$1" bs=64k count=4 iflag=direct 2>/dev/null | cmp - /tmp/random
}

disk_works() { disk=$(disk_of_lun 0) && random_survives "$disk"; }

# vectors: how many CPUs have one of ours
vectors() { grep -c VMBUS-SINT /proc/interrupts; }
has_vectors() { [ "$(vectors)" -eq "$1" ]; }

# Sleeping needs a timer, and that it took as long as it should a clock.
time_passes() {
	cat /sys/devices/system/clocksource/clocksource0/current_clocksource
	time_before=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	sleep 0.3
	time_after=$(cut -d' ' -f1 /proc/uptime | tr -d .)
	[ $((time_after - time_before)) -ge 25 ]
}
