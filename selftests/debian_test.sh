#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The package vmbus-kit-dkms in a Debian of its own: installed, upgraded, broken in each way that is known to happen,
# purged; and what that Debian then boots with, from a disk on the VMBus.
#
#   debian_test.sh [--write] [package|none|one|all|NAME,NAME...]     which of the states are booted; without it, none
#
# "one" is the short form: installed, booted, purged, and no more. "package" is shorter: it builds one and looks at it,
# and needs no Debian to install it in. --write puts the table of what has been booted, by this run and by those before
# it with the same sources, into docs/boot-matrix.md.
#
# DEBIAN_TURN in the environment is a command that is put before each boot, and may have it wait for its turn.
#
# Each boot ends in a report on the disk. The table at the end has a line for each. The Debian is below build/debian
# (see vm/debian-root); nothing of this machine is changed.
#
# shellcheck disable=SC2317 # what ktap_check calls

cd "$(dirname "$0")/.." || exit 1
TOP=$PWD
work=${DEBIAN_WORK:-$TOP/build/debian}
tree=$work/tree
# A line for each state that was booted, in files of their names.
matrix=$work/matrix
write=''
if [ "${1-}" = --write ]; then write=yes; shift; fi
boots=${1:-none}

in_it() { selftests/vm/debian-root in "$tree" "$@"; }
version() { sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf; }

# The package --------------------------------------------------------------------------

# package VERSION: builds it
package() { include/install/deb.sh "$work/deb" "$1" >"$work/out"; }
# broken_package VERSION: one that no compiler takes
broken_package() {
	local dir=$work/broken
	package "$1"
	rm -rf "$dir"
	mkdir "$dir"
	dpkg-deb -R "$work/deb/vmbus-kit-dkms_$1_all.deb" "$dir/root"
	echo '#error "as a newer kernel would have it"' >>"$dir/root/usr/src/vmbus-kit-$1/vmbus_client/main.c"
	dpkg-deb -b "$dir/root" "$work/deb/vmbus-kit-dkms_${1}_all.deb" >"$work/out"
}
dpkg_i() {
	cp "$work/deb/vmbus-kit-dkms_$1_all.deb" "$tree/tmp/kit.deb"
	in_it dpkg -i /tmp/kit.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; return 1; }
	rm "$tree/tmp/kit.deb"
}
# shellcheck disable=SC2016 # dpkg-query's
is_installed() { in_it dpkg-query -W -f '${db:Status-Abbrev} ${Version}\n' vmbus-kit-dkms | grep -qx "ii *$1"; }

no_lintian_errors() { lintian --fail-on error --allow-root "$work"/deb/vmbus-kit_"$1"_*.changes; }
lists_what_files_sh_lists() {
	dpkg-deb -c "$work/deb/vmbus-kit-dkms_$1_all.deb" | awk '$1 !~ /^d/ { sub(/^\./, "", $6); print $6 }' |
		grep -v -e ^/usr/src/ -e ^/usr/share/doc/ | sed 's/\.8\.gz$/.8/' | sort >"$work/has"
	include/install/files.sh list | sort | diff "$work/has" -
}
changelog_is_of_this_version() {
	[ "$(dpkg-parsechangelog -l include/install/debian/changelog -S Version)" = "$(version)" ]
}

# What is in the system -------------------------------------------------------------------

# The kernel that is booted and looked at; a second comes later.
release() { find "$tree/lib/modules/" -mindepth 1 -maxdepth 1 -name "$kernel*" -printf '%f\n'; }
ours() { find "$tree/lib/modules/$(release)/" -path '*/updates/*' -name '*.ko*' | sed 's|.*/||; s|\.ko.*||' | sort; }
modules_are_there() {
	include/install/files.sh modules | sort >"$work/want"
	[ -s "$work/want" ] && ours | diff - "$work/want"
}
no_modules_are_there() { [ -z "$(ours)" ] || { ours; return 1; }; }
only_version() { in_it dkms status | tee /dev/stderr | awk -v v="vmbus-kit/$1," '$1 != v { bad = 1 } END { exit bad || !NR }'; }
# has_in_initramfs [no] MODULE...
has_in_initramfs() {
	in_it lsinitramfs "/boot/initrd.img-$(release)" >"$work/initramfs"
	list_has "$@"
}
list_has() {
	local want=yes is module
	if [ "$1" = no ]; then want=no; shift; fi
	for module; do
		grep -q "/$module\." "$work/initramfs" && is=yes || is=no
		[ "$is" = "$want" ] || { echo "$module: wanted $want, is $is"; return 1; }
	done
}
# check_says STATUS PATTERN...
check_says() {
	local status=0 want=$1
	shift
	in_it vmbus-kit check "$(release)" >"$work/check" 2>&1 || status=$?
	cat "$work/check"
	[ "$status" -eq "$want" ] || { echo "exit status $status"; return 1; }
	for pattern; do
		grep -qE -- "$pattern" "$work/check" || { echo "does not say: $pattern"; return 1; }
	done
}
fails_with() { local status=0 want=$1; shift; "$@" || status=$?; [ "$status" -eq "$want" ]; }

# everything: in the system that a package may leave behind; the key that DKMS signs with is not ours to remove, the
# firmware may have been told to trust it
everything() {
	(cd "$tree" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o -path ./tmp \) -prune \
		-o -printf '%y %p\n' | grep -vE '\./(boot/initrd|var/lib/dkms/mok\.|lib/modules/[^/]*/modules\.|usr/lib/modules/[^/]*/modules\.)' | sort)
}
# shellcheck disable=SC2016 # dpkg-query's
packages() { in_it dpkg-query -W -f '${Package}\n' | sort; }
as_before() { everything | diff "$work/before" - >"$work/diff" || { head -n 40 "$work/diff"; return 1; }; }

# Booting it -----------------------------------------------------------------------------------

# A state is a directory with its disk, made when it is reached; one after the other is booted meanwhile.
prepare() {
	local dir=$work/boot-$1
	rm -rf "$dir" "$tree/var/lib/debian-report" "${matrix:?}/$1" "$matrix/$1".*
	mkdir -p "$dir" "$matrix"
	release >"$dir/release"
	[ ! -e "$tree/usr/sbin/vmbus-kit" ] || in_it vmbus-kit check >"$matrix/$1.check" 2>&1 ||
		echo "(exit status $?)" >>"$matrix/$1.check"
	selftests/vm/debian-root image "$tree" "$dir/disk.img" && cp "$tree/boot/vmlinuz-$(release)" "$dir/vmlinuz" &&
		cp "$tree/boot/initrd.img-$(release)" "$dir/initrd"
}
# start DIR ARGUMENTS...
start() {
	local dir=$1
	shift
	# shellcheck disable=SC2086 # words
	VM_WORK=$work ${DEBIAN_TURN-} selftests/vm/debian-boot --keep "$@" "$dir/vmlinuz" "$dir/initrd" "$dir/disk.img"
}
# start_again DIR ARGUMENTS...: it happens that the outer machine itself gets stuck; then once more, from the same disk
start_again() {
	local status=0
	cp "$1/disk.img" "$1/again.img"
	start "$@" || status=$?
	if [ "$status" -eq 125 ]; then
		echo "the outer machine hung"
		mv "$1/again.img" "$1/disk.img"
		status=0
		start "$@" || status=$?
	fi
	rm -f "$1/again.img"
	return "$status"
}

# drivers_are DRIVERS MODULES: disk, NIC and integration services have theirs from the one that has the bus
drivers_are() {
	local drivers="hv_storvsc hv_netvsc hv_utils" module
	[ "$1" != kit ] || drivers="storvsc netvsc vmbus_utils"
	for module in $drivers; do
		grep -q "^$module .* Live " "$2" || { echo "$module is not loaded"; return 1; }
	done
}
# bus_is REPORT: whose it was
bus_is() {
	if grep -qs '^vmbus_client .* Live ' "$1/modules"; then
		echo kit
	elif grep -qs '^hv_vmbus .* Live ' "$1/modules"; then
		echo in-tree
	else
		echo '?'
	fi
}
# came_up REPORT DRIVERS RELEASE: all that is asked of one boot
came_up() {
	cat "$1/kit.status" "$1/failed"
	[ "$(bus_is "$1")" = "$2" ] && drivers_are "$2" "$1/modules" &&
		[ "$(cat "$1/carrier")" = 1 ] && [ "$(cat "$1/net")" = echoed ] && [ "$(cat "$1/multi-user")" = active ] &&
		[ ! -s "$1/failed" ] && [ "$(cat "$1/release")" = "$3" ] &&
		! grep -E 'Call Trace|WARNING:|BUG:' "$1/kernel.log"
}

# What "vmbus-kit status" says in a state, and why the kit is not used if it is not.
declare -A says=(
	[switched_off_on_the_command_line]="switched off on the kernel's command line"
	[wrong_signature]='installed, but .* refused'
	[switched_off]="switched off by 'vmbus-kit switch in-tree'"
	[module_lost]='not built for this kernel: storvsc missing'
	[missing_from_initramfs]='installed, but .* not in the initramfs'
	[disk_driver_refused]='found no root file system'
	[build_failed]='not built for this kernel: .*vmbus_client'
	[new_kernel_build_failed]='not built for this kernel: .*vmbus_client'
)
status_is_true() {
	[ ! -s "$2/kit.status" ] && return
	grep -E "^ +the kit is not used: .*${says[$1]-}|^bus +kit " "$2/kit.status" || { echo "status does not say why"; return 1; }
}

# What the host was to do of itself, and has said that it does.
host_does=()
host_did() {
	local what
	for what in "${host_does[@]}"; do
		grep -q "script: $what" "$1" || { echo "the host has not come to: $what"; return 1; }
	done
}

# boot NAME DRIVERS [ARGUMENTS of debian-boot]: it reaches multi-user with DRIVERS (kit, in-tree), reboots, and has
# unmounted its disk; as often as --boots, the last of the arguments if it is there, says
boot() {
	local name=$1 want=$2 dir=$work/boot-$1 times=1 verdict=ok
	local said=$dir/debian-report
	shift 2
	[ "${*: -2:1}" != --boots ] || times=${*: -1}
	start_again "$dir" "$@" || {
		echo "it did not reboot by itself: $?"
		tail -n 20 "$dir/console.log" "$dir/qemu.log"
		verdict=FAILED
	}
	debugfs -R "rdump /var/lib/debian-report $dir" "$dir/disk.img" >/dev/null 2>&1
	all_is_well "$want" "$times" || verdict=FAILED
	record "$name" "$said/$times" "$times" "$verdict"
	[ "$verdict" = ok ] && rm -f "$dir/disk.img"
}
# all_is_well DRIVERS BOOTS: of boot's, in its $dir
all_is_well() {
	local number
	for number in $(seq "$2"); do
		came_up "$said/$number" "$1" "$(cat "$dir/release")" || return
	done
	status_is_true "$name" "$said/$2" && ! grep VIOLATION: "$dir/qemu.log" && host_did "$dir/qemu.log" && e2fsck -fn "$dir/disk.img" >"$dir/fsck.log" 2>&1
}

# record NAME REPORT BOOTS VERDICT: its line, and which sources it is of
record() {
	local kit
	kit=$(cat "$2/kit.version")
	row "$1" "$(bus_is "$2")" "$(cat "$2/multi-user")" "$(cat "$2/net")" "$(cut -d' ' -f1 "$2/root")" \
		"$(cat "$2/release")" "${kit:--}" "$3" "$(cut -d. -f1 "$2/began") s" "$4" >"$matrix/$1"
	selftests/sources-id package >"$matrix/$1.sources"
	if [ -s "$2/kit.status" ]; then cp "$2/kit.status" "$matrix/$1.status"; fi
}
row() { printf '%-33s %-8s %-10s %-7s %-9s %-29s %-7s %-5s %-5s %s\n' "$@"; }

# boot_with_resets NAME DRIVERS: the host takes every device away while the initramfs looks for its disk, and offers
# them again three seconds later, as hosts do; then, with the root mounted, it resets the SCSI bus: what it has of the
# disk ends with that status, and the next command is told.
boot_with_resets() {
	local back device
	local -a host_does=('rescind all' 'offer scsi0' 'scsi0 attention 0 29/02')
	for device in scsi0 net0 shutdown heartbeat; do
		back+=";after 3000 offer $device"
	done
	boot "$1" "$2" --host "on=packet@24 rescind all$back,on=packet@400 scsi0 fail 4 0e 00 -;scsi0 attention 0 29/02"
}

# booted WHEN NAME ARGUMENTS of boot: if it is asked for, by name, with "all", or with "one". "early": what takes no
# more than the package installed and removed.
queued=()
booted() {
	local when=$1
	shift
	case ,$boots,:$when in
	,all,:* | ,one,:one | *,"$1",*) ;;
	*) return 0 ;;
	esac
	queued+=("$1")
	prepare "$1" >"$work/out" 2>&1 || { cat "$work/out" >"$work/boot-$1/log"; return 1; }
	echo "$*" >&7
}
boot_what_is_queued() {
	local state how status
	while read -r -a state; do
		how=boot status=0
		[[ ${state[0]} != *host_resets ]] || how=boot_with_resets
		$how "${state[@]}" </dev/null >"$work/boot-${state[0]}/log" 2>&1 || status=$?
		echo "$status" >"$work/boot-${state[0]}/status"
	done
}
start_queue() {
	mkfifo "$work/queue"
	boot_what_is_queued <"$work/queue" &
	queue=$!
	exec 7>"$work/queue"
	rm "$work/queue"
}
has_booted() { cat "$work/boot-$1/log"; [ "$(cat "$work/boot-$1/status")" = 0 ]; }
wait_for_queue() {
	local name
	exec 7>&-
	wait "$queue"
	for name in "${queued[@]}"; do
		ktap_check "boot_$name" has_booted "$name"
	done
}
# count_boots: as many as there are lines for
count_boots() {
	case $boots in
	all) booted_lines | wc -l ;;
	one) booted_lines | grep -c '^one ' ;;
	esac
}
# wants PART: that part of the package's life is asked for, or a state in it
wants() {
	case $boots in
	all | none) ;;
	one) return 1 ;;
	*) declare -f "$1" | grep -qE "booted all (${boots//,/|}) " ;;
	esac
}
booted_lines() { sed -nE 's/^[[:space:]]*booted (one|early|all) ([a-z_]+) .*/\1 \2/p' "$0"; }

# The table ---------------------------------------------------------------------------------

# table: of the states that were booted with these very sources, in one run or in several
table() {
	local name now
	now=$(selftests/sources-id package)
	row state drivers multi-user network root kernel kit boots after result
	booted_lines | while read -r _ name; do
		if [ "$(cat "$matrix/$name.sources" 2>/dev/null)" = "$now" ]; then
			cat "$matrix/$name"
		else
			echo "$name: not booted"
		fi
	done
}
# as_printed NAME: what the tool said of that state, before its boot and after it
as_printed() {
	local what
	for what in check status; do
		printf "\n\`vmbus-kit %s\`, %s:\n\n\`\`\`\n%s\n\`\`\`\n" "$what" "$1" "$(cat "$matrix/$1.$what")"
	done
}
boot_matrix() {
	local name
	cat <<-END
		<!-- SPDX-License-Identifier: GPL-2.0 -->
		# What boots, and with whose drivers

		Written by \`selftests/debian_test.sh --write\`, in one run or in several of the same sources
		($(selftests/sources-id package)); each line is one state of a Debian system on a disk on the
		VMBus, which was then booted in QEMU. \`active\` is what systemd says of
		\`multi-user.target\`, with no unit failed; \`echoed\` a datagram that went out and came back
		by the NIC on the VMBus. \`kit\` is the version that is installed, \`boots\` how often it was
		booted in a row, \`after\` when the last of them was up, by the guest's clock, which goes on
		while a busy build machine is waited for. \`ok\` says that it had the drivers it should have,
		that nothing was wrong in the kernel's log nor for the host, that it unmounted its disk and
		rebooted by itself, and that the file system on the disk was without fault afterwards.

		\`\`\`
		$(table)
		\`\`\`

		| state | what was done |
		|---|---|
		$(# shellcheck disable=SC2016
		sed -nE 's/^[[:space:]]*booted [a-z]+ ([a-z_]+) .* # (.*)/| `\1` | \2 |/p' "$0")

		# What the tool says

		In a good state, and in three that are not.
		$(for name in fresh_install missing_from_initramfs disk_driver_refused build_failed; do
			as_printed "$name"
		done)
	END
}

# -----------------------------------------------------------------------------------------------

. selftests/ktap.sh
for tool in dh dpkg-buildpackage mmdebstrap lintian; do
	command -v $tool >/dev/null || ktap_skip_all "$tool is not installed"
done
unset MAKEFLAGS MFLAGS MAKEOVERRIDES
mkdir -p "$work"
rm -rf "$work/deb" "$work/queue"
now=$(version)

package_is_sound() {
	ktap_check changelog_is_of_this_version changelog_is_of_this_version
	ktap_check package_is_built package "$now"
	ktap_check lintian_finds_no_errors no_lintian_errors "$now"
	ktap_check package_has_what_files_sh_installs lists_what_files_sh_lists "$now"
}
if [ "$boots" = package ]; then
	ktap_plan 4
	package_is_sound
	[ -z "$write" ] || boot_matrix >docs/boot-matrix.md
	ktap_done
fi

[ "$boots" != all ] || rm -rf "$matrix"
[ "$(id -u)" -eq 0 ] || ktap_skip_all "only root can make a Debian system"
selftests/vm/debian-root base >/dev/null || ktap_skip_all "no Debian system to be had"
case $boots in
all) ktap_plan $((45 + $(count_boots))) ;;
none) ktap_plan 45 ;;
one) ktap_plan $((12 + $(count_boots))) ;;
esac
rm -rf "$tree"
selftests/vm/debian-root unpack "$tree" || { echo "Bail out! no Debian system"; exit 1; }
start_queue
everything >"$work/before"
packages >"$work/packages"
kernel=6.1. next=$(version).1 bad=$(version).2

package_is_sound
booted early nothing_of_ours in-tree # the package has never been there

ktap_check package_is_installed dpkg_i "$now"
ktap_check modules_are_built modules_are_there
# shellcheck disable=SC2046
ktap_check modules_are_in_the_initramfs has_in_initramfs $(include/install/files.sh modules) \
	hv_vmbus hv_storvsc hv_netvsc hv_utils
ktap_check check_is_content check_says 0 'built +yes' 'signed +yes' 'initramfs +yes' 'boots +with the kit; in-tree'
booted one fresh_install kit --boots 2 # the package installed; the guest reboots, and comes up again
booted early host_resets kit # the same; the host resets the VMBus while the disk is looked for, the SCSI bus later
booted early switched_off_on_the_command_line in-tree --append vmbus_client.off # fresh, with `vmbus_client.off`
booted early wrong_signature in-tree --append module.sig_enforce=1 # fresh, with `module.sig_enforce=1`

# What else happens to a package, and to what it needs; each part leaves it installed and in order.
life_switched() {
	ktap_check it_can_be_switched_off in_it vmbus-kit switch in-tree
	ktap_check check_says_it_is_off check_says 0 'boots +with the in-tree drivers: the kit is switched off'
	booted all switched_off in-tree # `vmbus-kit switch in-tree`
	ktap_check it_can_be_switched_on in_it vmbus-kit switch kit
	ktap_check check_is_content_again check_says 0 'boots +with the kit'
}
life_broken() {
	# A driver of ours that the initramfs lacks, though its bus is there: nobody may have the bus without it.
	lose_storvsc() {
		mv "$(find "$tree/lib/modules/$(release)/" -path '*/updates/*' -name storvsc.ko)" "$work/storvsc.ko" &&
			in_it depmod "$(release)" && in_it update-initramfs -u
	}
	find_storvsc() { cp "$work/storvsc.ko" "$tree/lib/modules/$(release)/updates/dkms/" && in_it depmod "$(release)"; }
	ktap_check a_module_is_lost lose_storvsc
	ktap_check none_of_ours_is_in_the_initramfs has_in_initramfs no vmbus_client netvsc vmbus_utils
	ktap_check in_tree_is_in_the_initramfs has_in_initramfs hv_vmbus hv_storvsc
	ktap_check check_names_the_module check_says 1 'built +no: storvsc missing' 'boots +with the in-tree drivers'
	ktap_check switching_over_is_refused fails_with 1 in_it vmbus-kit switch kit
	booted all module_lost in-tree # `storvsc.ko` is lost, and the initramfs made without it
	ktap_check the_module_is_found find_storvsc
	ktap_check check_names_the_initramfs check_says 1 'initramfs +no: .*vmbus_client' 'update-initramfs'
	booted all missing_from_initramfs in-tree # all modules are there, none of ours is in the initramfs

	# One that the loader refuses, which no hook can know: the bus is ours then, and there is no disk. Where symbols
	# have versions the loader does not look at the kernel's release, but at what it was configured for.
	spoil_storvsc() {
		sed -i "s/vermagic=\(${kernel}[^ ]*\) SMP/vermagic=\1 SMQ/" "$tree/lib/modules/$(release)/updates/dkms/storvsc.ko" &&
			in_it update-initramfs -u
	}
	ktap_check the_disk_driver_is_spoilt spoil_storvsc
	ktap_check check_says_what_it_was_configured_for check_says 1 'built +no: storvsc is for a kernel with "SMQ ' \
		'boots +with the in-tree drivers'
	booted all disk_driver_refused in-tree # `storvsc.ko` is one that the loader refuses

	# dracut makes an image of the same, and of the system as it is.
	dracut_has() {
		in_it dracut --force --no-hostonly --kver "$(release)" /tmp/dracut.img >"$work/dracut.log" 2>&1 ||
			{ tail "$work/dracut.log"; return 1; }
		in_it lsinitrd /tmp/dracut.img | awk '{ print $NF }' >"$work/initramfs"
		mv "$tree/tmp/dracut.img" "$work/dracut.img"
		list_has "$@"
	}
	find_storvsc >"$work/out" 2>&1
	# shellcheck disable=SC2046
	ktap_check dracut_takes_all dracut_has $(include/install/files.sh modules) \
		hv_vmbus hv_storvsc hv_netvsc hv_utils modprobe.d/vmbus-kit hooks/initqueue/timeout/50-fallback
	mv "$tree/boot/initrd.img-$(release)" "$work/initrd.img"
	cp "$work/dracut.img" "$tree/boot/initrd.img-$(release)"
	booted all dracut kit # an initramfs of dracut
	mv "$work/initrd.img" "$tree/boot/initrd.img-$(release)"
	lose_storvsc >"$work/out" 2>&1
	# shellcheck disable=SC2046
	ktap_check dracut_takes_none_if_one_is_missing dracut_has no $(include/install/files.sh modules)
	find_storvsc >"$work/out" 2>&1
	in_it update-initramfs -u >"$work/out" 2>&1
}
life_upgraded() {
	ktap_check next_package_is_built package "$next"
	ktap_check package_is_upgraded dpkg_i "$next"
	ktap_check only_the_new_version_is_there only_version "$next"
	ktap_check check_is_content_with_it check_says 0 'boots +with the kit'
	booted all upgrade kit # a newer package installed over the first

	ktap_check bad_package_is_made broken_package "$bad"
	ktap_check package_that_does_not_build_is_installed dpkg_i "$bad"
	ktap_check dpkg_has_no_complaint is_installed "$bad"
	ktap_check no_module_is_left no_modules_are_there
	ktap_check check_says_it_is_not_built check_says 1 'built +no' 'boots +with the in-tree drivers'
	booted all build_failed in-tree # a package that does not compile installed over that

	# A newer kernel, first while we cannot be built for it.
	fetch_kernel() {
		local image
		debs=$work/debs
		rm -rf "$debs"
		mkdir -p "$debs"
		image=linux-image-$(selftests/vm/kernels release 6.12)
		# shellcheck disable=SC2046
		(cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "$image" "${image/image/headers}" \
			pahole libbpf1 libdw1 libelf1 \
			$(apt-cache depends "$image" "${image/image/headers}" |
				awk '/Depends: linux-/ && !/\|Depends/ { print $2 }' | grep -v -e linux-base -e initramfs -e unsigned | sort -u))
	}
	install_kernel() {
		rm -rf "$tree/tmp/debs"
		cp -r "$debs" "$tree/tmp/debs"
		in_it sh -c 'dpkg -i /tmp/debs/*.deb' && rm -r "$tree/tmp/debs" && [ -e "$tree/boot/initrd.img-$(release)" ]
	}
	# With all that came with it, or the system would not be as it was.
	remove_kernel() {
		packages | comm -13 "$work/packages" - >"$work/came" &&
			in_it sh -c "dpkg --purge $(grep -vx vmbus-kit-dkms "$work/came" | tr '\n' ' ')"
	}
	if fetch_kernel >"$work/out" 2>&1; then
		kernel=6.12.
		ktap_check new_kernel_is_installed_though_we_cannot_be_built install_kernel
		ktap_check check_says_what_the_new_one_lacks check_says 1 'built +no' 'boots +with the in-tree drivers'
		booted all new_kernel_build_failed in-tree # with that, a newer kernel installed
		kernel=6.1.
		ktap_check package_is_downgraded dpkg_i "$now"
		kernel=6.12.
		ktap_check new_kernel_is_removed remove_kernel
		ktap_check new_kernel_is_installed install_kernel
		ktap_check modules_are_built_for_the_new_kernel modules_are_there
		ktap_check check_is_content_with_the_new_kernel check_says 0 'boots +with the kit'
		booted all new_kernel kit # the newer kernel installed while the package compiles
		booted all new_kernel_host_resets kit # the same; the host resets both buses
		ktap_check new_kernel_is_removed_again remove_kernel
		kernel=6.1.
	else
		for result in new_kernel_is_installed_though_we_cannot_be_built check_says_what_the_new_one_lacks \
			new_kernel_is_removed new_kernel_is_installed modules_are_built_for_the_new_kernel \
			check_is_content_with_the_new_kernel new_kernel_is_removed_again; do
			ktap_skip "$result" "apt has no 6.12"
		done
		[ "$boots" != all ] || { ktap_skip boot_new_kernel_build_failed "apt has no 6.12"; ktap_skip boot_new_kernel "the same"
			ktap_skip boot_new_kernel_host_resets "the same"; }
		ktap_check package_is_downgraded dpkg_i "$now"
	fi
	ktap_check old_modules_are_built modules_are_there
	booted all downgrade kit # the first package installed again
}
for part in life_switched life_broken life_upgraded; do
	if wants $part; then $part; fi
done

ktap_check package_is_purged in_it dpkg --purge vmbus-kit-dkms
ktap_check nothing_is_left as_before
ktap_check initramfs_has_none_of_ours has_in_initramfs no vmbus_client storvsc netvsc vmbus_utils modprobe.d/vmbus-kit
ktap_check it_would_boot_as_ever has_in_initramfs hv_vmbus hv_storvsc
booted early purge in-tree # the package purged

wait_for_queue
if [ "$boots" != none ]; then
	ktap_note "$(table | grep -v 'not booted')"
	VM_WORK=$work selftests/vm/outer stop counted
fi
[ -z "$write" ] || boot_matrix >docs/boot-matrix.md
ktap_done
