# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Mixed I/O that fio verifies while the host follows a schedule of faults. A round of it is everything in the list
# below once, in an order made by chance, and chance begins with a seed: the same seed is the same schedule, to the
# millisecond of the host's time.

# MS COMMANDS: what the host does, and how long it takes until the guest has come to terms with it. All of it is what
# a disk may do whose data are well: nothing here may cost a program anything but time.
SCHEDULE='
400 scsi0 delay 3000;after 300 scsi0 delay 0
400 scsi0 reorder on 2000;after 300 scsi0 reorder off
300 scsi0 hold;after 200 scsi0 release
200 scsi0 fail 8 04 28 - 28
200 scsi0 fail 8 04 28 - 2a
200 scsi0 fail 3 04 08 -
200 scsi0 fail 2 05 00 -
200 scsi0 fail 2 84 02 06/29/00
200 scsi0 fail 1 84 02 0b/00/00
200 scsi0 fail 1 04 40 - 2a
300 scsi0 fail 1 30 00 - 28
300 scsi0 fail 1 0e 00 - 2a
300 scsi0 fail 1 09 00 - 28
200 scsi0 attention 0 29/00
500 scsi0 attention 0 3f/0e
500 scsi0 resize 0 96M;after 250 scsi0 resize 0 80M
500 scsi0 granularity 0 1M;after 250 scsi0 granularity 0 512
900 scsi0 add 5 ram:1M;after 500 scsi0 remove 5
900 scsi0 add 6 ram:1M quiet;after 100 scsi0 notify 11 20;after 600 scsi0 remove 6 quiet
200 fault interrupt:delay:20:3
200 fault interrupt:dup:3
9000 fault interrupt:drop:1
9000 scsi0 reset finish;scsi0 withhold 1 28
9000 scsi0 reset finish;scsi0 withhold 3
14000 scsi0 reset ok;scsi0 withhold 1 2a;after 13500 scsi0 answer
14000 scsi0 reset refuse;scsi0 withhold 2 28;after 13500 scsi0 answer
14000 scsi0 reset silent;scsi0 withhold 1 2a;after 13500 scsi0 answer
2500 scsi0 withhold 2 2a;after 2000 scsi0 answer
'
# With another channel: it goes, and comes again when all are opened anew.
[ "${SMP-}" != 2 ] || SCHEDULE="$SCHEDULE
14000 scsi0 reset ok;rescind scsi0/1;after 500 scsi0 withhold 1 28"


# schedule SEED: a round, as lines of "AT COMMANDS", and a last one that is its end; in milliseconds
schedule() {
	printf "%s\n" "$SCHEDULE" | awk -v seed="$1" '
		function chance(most) { seed = (seed * 16807) % 2147483647; return seed % most }
		NF { rest[++n] = $1; sub(/^[0-9]+ /, ""); what[n] = $0 }
		END {
			for (; n; n--) {
				at += 50 + chance(200)
				i = 1 + chance(n)
				print at, what[i]
				at += rest[i]
				what[i] = what[n]
				rest[i] = rest[n]
			}
			print at
		}'
}

# Impatient, so that what the host withholds is missed soon.
load_impatient() {
	modprobe sd_mod && modprobe vmbus_client && modprobe storvsc timeout=3 reply_timeout=1 drain_timeout=1
}

# start_verify DISK SECONDS: in the background as $verify, on 64 of the disk's 80 MiB. Each write is read back soon, and
# all of them again when everything has been written.
start_verify() {
	# What the host does may hit one command more often than sd tries it, or for longer than six times its timeout.
	echo -1 | tee "/sys/block/$1/device/scsi_disk"/*/max_retries >/dev/null
	# sd takes a disk out of service that is ready and yet lets two commands in a row time out: ours is meant to.
	echo 100 | tee "/sys/block/$1/device/scsi_disk"/*/max_medium_access_timeouts >/dev/null
	cat >/tmp/verify.fio <<-END
		[global]
		filename=/dev/$1
		direct=1
		verify=crc32c
		verify_fatal=1
		verify_state_save=0
		time_based
		runtime=$2
		rw=randrw
		randrepeat=1
		allow_file_create=0
		thinktime=${THINK:-400ms}

		[small]
		ioengine=libaio
		iodepth=16
		bsrange=512-16k
		offset=0
		size=12m
		thinktime_blocks=32
		verify_backlog=64

		[block]
		ioengine=io_uring
		iodepth=8
		bs=4k
		offset=12m
		size=12m
		thinktime_blocks=32
		verify_backlog=128

		[large]
		ioengine=libaio
		iodepth=8
		bssplit=64k/40:128k/30:256k/20:1m/10
		offset=24m
		size=36m
		thinktime_blocks=8
		verify_backlog=16

		[sync]
		ioengine=psync
		bs=8k
		fdatasync=8
		offset=60m
		size=4m
		thinktime_blocks=8
		verify_backlog=8
	END
	fio --output=/tmp/verify.out /tmp/verify.fio &
	verify=$!
}

# seconds SEED ROUNDS: how long that takes
seconds() {
	for round in $(seq 0 $(($2 - 1))); do schedule $(($1 + round)); done |
		awk 'NF == 1 { all += int($1 / 1000) + 1 } END { print all }'
}

# play SEED ROUNDS: has the host follow that many of them
play() {
	rounds=0 events=0
	while [ "$rounds" -lt "$2" ] && kill -0 "$verify" 2>/dev/null; do
		schedule $(($1 + rounds)) >/tmp/schedule
		while read -r at what; do
			[ -n "$what" ] || break
			ctl "after $at $what" || return 1
			events=$((events + 1))
		done </tmp/schedule
		sleep $((at / 1000 + 1))
		rounds=$((rounds + 1))
	done
	[ "$rounds" -eq "$2" ]
}

quiet_host() {
	ctl behave && ctl scsi0 release && ctl scsi0 delay 0 && ctl scsi0 reorder off && ctl scsi0 withhold 0 &&
		ctl scsi0 fail 0 04 28 - && ctl scsi0 answer && ctl scsi0 reset ok
}

verified() {
	wait "$verify" || { cat /tmp/verify.out; return 1; }
	! grep -E 'verify:|err= *[1-9]' /tmp/verify.out
}

# Every command the host was given is back.
none_lost() {
	echo "sent $(storvsc sent), back $(storvsc "done")"
	[ "$(storvsc sent)" -eq "$(storvsc "done")" ] && [ "$(host scsi0.outstanding)" -eq 0 ]
}

no_io_error() { ! in_log 'I/O error|Medium Error|rejecting I/O|offline|cannot be sent'; }

# What the guest reads of the whole disk is what the host has there. gzip's CRC is little endian, near its end.
same_on_the_host() {
	wanted=$(dd if="/dev/$1" bs=256k iflag=direct | gzip -1 -c | tail -c 8 | od -An -tx1 -N4 |
		awk '{ print $4 $3 $2 $1 }')
	ctl scsi0 checksum 0 | grep -x "crc32 $wanted"
}

# What it was: of the host's counters and ours, those that tell.
tell() {
	ktap_note "host: reads $(host scsi0.reads), writes $(host scsi0.writes), flushes $(host scsi0.flushes)," \
		"$(($(host scsi0.read_bytes) / 1048576)) MiB read, $(($(host scsi0.write_bytes) / 1048576)) MiB written," \
		"errors $(host scsi0.errors), resets $(host scsi0.resets), at once $(host scsi0.max_outstanding)"
	ktap_note "guest: sent $(storvsc sent), errors $(storvsc errors), late $(storvsc late), restarts $(storvsc restarts)," \
		"silences $(storvsc silences), full $(storvsc full), polls $(storvsc polls)"
	ktap_note "$events faults in $rounds rounds, seed $1"
}

ready() { load_impatient && disk=$(disk_of_lun 0) && dd if=/dev/zero of="/dev/$disk" bs=1M oflag=direct count=64; }

# verify_tests SEED ROUNDS NAME COMMAND...: all of it; COMMAND, one more check, is about the schedule
verify_tests() {
	verify_seed=$1 verify_rounds=$2
	shift 2
	ktap_plan 9
	ktap_check disk_is_there ready
	ktap_check "$@"
	start_verify "$disk" "$(seconds "$verify_seed" "$verify_rounds")"
	ktap_check host_follows_its_schedule play "$verify_seed" "$verify_rounds"
	quiet_host
	ktap_check every_byte_verifies verified
	ktap_check no_command_is_lost none_lost
	ktap_check no_program_saw_an_error no_io_error
	tell "$verify_seed"
	ktap_check host_has_the_same_data same_on_the_host "$disk"
	ktap_check drivers_unload unload_drivers
	ktap_check host_saw_no_violation no_violations
	ktap_done
}
