#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# DKMS builds, installs, rebuilds and removes every module of Kbuild.
#
# It does so in a mount namespace of its own, in which /lib/modules, /usr/src and
# /var/lib/dkms are empty but for one kernel's headers: DKMS writes to all three,
# whatever its options say, and the machine must stay as it is.
#
# The kernel is a Debian 6.1 whose headers are installed, or else the one that
# selftests/vm/kernels can fetch.

cd "$(dirname "$0")/.." || exit 1
package=vmbus-kit
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
modules=$(include/install/files.sh modules)

# Outside: find headers, make the namespace, add up ------------------------------

headers_dir() {
	found=$(find /usr/src -maxdepth 1 -name 'linux-headers-6.1.*-amd64' ! -name '*-rt-*' | sort -V | tail -n 1)
	if [ -n "$found" ]; then
		echo "$found"
	else
		selftests/vm/kernels headers 6.1
	fi
}

# What of ours is on the machine, and when each kernel's list of modules was last written.
traces() {
	find /lib/modules/ /usr/src/ /var/lib/dkms/ \( -name "$package*" -o -name modules.dep -o -name 'mok.*' \
		-o -path '*/updates/*' \) -printf '%p %T@\n' 2>/dev/null | sort
}

# Ends the test.
skip() {
	. selftests/ktap.sh
	ktap_skip_all "$1"
}

outside() {
	for tool in dkms make gcc depmod modinfo unshare; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	[ -d /lib/modules ] || skip "there is no /lib/modules here, so nobody installs modules"
	if ! headers=$(headers_dir) || [ ! -d "$headers" ]; then
		skip "no headers of Debian's 6.1 here, and none to be fetched"
	fi
	if unshare --mount true 2>/dev/null; then
		user=
	elif unshare --mount --map-root-user true 2>/dev/null; then
		user=--map-root-user
	else
		skip "not allowed to make a mount namespace"
	fi
	before=$(traces)
	work=$(mktemp -d)
	# The file systems mounted in there are not ours to remove, should any be left.
	trap 'rm -rf --one-file-system "$work"' EXIT
	trap 'exit 130' INT TERM
	# shellcheck disable=SC2086
	unshare --mount $user --propagation private --fork --kill-child selftests/dkms_test.sh inside "$headers" "$work"
	status=$?
	[ "$status" -le 1 ] || echo "Bail out! it ended with $status"

	. selftests/ktap.sh
	ktap_plan 1
	if [ "$(traces)" = "$before" ]; then
		ktap_ok the_machine_is_as_it_was
	else
		ktap_not_ok the_machine_is_as_it_was "what it had of ours and now has:
$before
$(traces)"
	fi
}

# Inside --------------------------------------------------------------------------

# empty_but WORK HEADERS: makes the three places, with nothing in them but the headers and what those refer to
empty_but() {
	mkdir -p /var/lib/dkms "$1/src" "$1/modules" &&
		mount --bind /usr/src "$1/src" && mount --bind /lib/modules "$1/modules" &&
		mount -t tmpfs -o mode=755 dkms_test /usr/src && mount -t tmpfs -o mode=755 dkms_test /lib/modules &&
		mount -t tmpfs -o mode=755 dkms_test /var/lib/dkms || return 1
	# Headers find their other half by paths relative to /usr/src: each must be where it was.
	for dir in "$1"/src/linux-*; do
		if [ -L "$dir" ]; then
			cp -P "$dir" /usr/src/
		elif [ -d "$dir" ]; then
			mkdir "/usr/src/${dir##*/}" && mount --bind "$dir" "/usr/src/${dir##*/}" || return 1
		fi
	done
	mkdir "/lib/modules/$release"
	ln -s "$2" "/lib/modules/$release/build"
	for file in modules.builtin modules.builtin.modinfo modules.order; do
		cp "$1/modules/$release/$file" "/lib/modules/$release/" 2>/dev/null || : >"/lib/modules/$release/$file"
	done
	[ -e "/lib/modules/$release/build/Makefile" ]
}

# build COMMAND...: shows what the compiler said if it fails
build() {
	"$@" || { tail -n 40 "/var/lib/dkms/$package/$version/build/make.log"; return 1; }
}

installed() { echo "/lib/modules/$release/updates/dkms/$1.ko"; }

each_installed() {
	for module in $modules; do
		[ -s "$(installed "$module")" ] || { echo "no $(installed "$module")"; return 1; }
	done
}

# The tool, hooks and what else modules need to be loaded go elsewhere here: the machine's own must stay as they are.
tools_are_there() {
	for file in $(include/install/files.sh list); do
		[ -e "$work/tools$file" ] || { echo "no $file"; return 1; }
	done
	sh -n "$work/tools/usr/sbin/vmbus-kit" && echo "$modules" | cmp - "$work/tools/usr/share/vmbus-kit/modules"
}
no_tool_is_left() { left=$(find "$work/tools" ! -type d) && echo "$left" && [ -z "$left" ]; }

# DKMS made a key for that.
each_is_signed() {
	for module in $modules; do
		[ -n "$(field "$module" sig_key)" ] || return 1
	done
}

status_is() { dkms status | tee /dev/stderr | grep -qx "$package/$version, $release, [^ ]*: $1"; }

# field MODULE FIELD
field() { modinfo -F "$2" "$(installed "$1")"; }

each_licence_is_gpl() {
	for module in $modules; do
		[ "$(field "$module" license)" = GPL ] || return 1
	done
}

each_is_for_this_kernel() {
	for module in $modules; do
		field "$module" vermagic | grep "^$release " || return 1
	done
}

# The driver is loaded with all that it calls.
storvsc_depends() {
	depends=,$(field storvsc depends),
	echo "$depends"
	case $depends in *,vmbus_client,*) ;; *) return 1 ;; esac
	case $depends in *,scsi_mod,*) ;; *) return 1 ;; esac
}

# class_finds CLASS MODULE: the class id, as the bus puts it into MODALIAS, finds the driver
class_finds() {
	field "$2" alias | grep -x "vmbus:$1" && grep -x "alias vmbus:$1 $2" "/lib/modules/$release/modules.alias"
}
disks_find_storvsc() { class_finds d96361baa104294db60572e2ffb1dc7f storvsc; }
nics_find_netvsc() { class_finds 635161f83edfc546913ff2d2f965ed0e netvsc; }
# Shutdown, time, heartbeat, key-value pairs, snapshots, file copy.
services_find_vmbus_utils() {
	for class in 31600b0e13523449818b38d90ced39db 30e62795aed07b49adcee80ab0175caf \
		394f16571591784eab55382f3bd5422d e7f4a0a9455a964db8278a841e8c03e6 \
		292efa3523ea364296ae3a6ebacba440 e34bd134e4dec8419ae76b174977c192; do
		class_finds $class vmbus_utils || return
	done
}

# depmod has seen all: modprobe of a driver loads the client first.
order_is_known() {
	for module in storvsc netvsc vmbus_utils; do
		grep -x "updates/dkms/$module.ko:.* updates/dkms/vmbus_client.ko.*" "/lib/modules/$release/modules.dep" || return
	done
}

# What a driver of others' needs, and no more of us: it finds neither our sources nor our compatibility layer.
kit_is_there() { (cd "$kit" && find . -type f | sort) >"$work/kit" && cat "$work/kit" && kit_files | cmp - "$work/kit"; }
kit_files() {
	{
		echo ./Module.symvers
		echo ./include/vmbus.h
		(cd include && find wire -name '*.h' | sed 's|^|./include/|')
	} | sort
}

# The sample driver, out of our tree and with every warning an error.
sample_builds() {
	rm -rf "$work/sample"
	cp -r selftests/modules "$work/sample" &&
		make -C "$work/sample" "KREL=$release" W=1 KCFLAGS=-Werror CONFIG_DEBUG_INFO_BTF_MODULES= &&
		modinfo -F depends "$work/sample/vmbus_echo.ko" | grep -x vmbus_client
}

# With the symbol file the versions of our symbols are in it, and the loader can tell a driver that is out of date.
sample_has_versions() {
	modprobe --dump-modversions "$work/sample/vmbus_echo.ko" | awk '$2 == "vmbus_chan_open" { print $1 }' >"$work/crc"
	[ -s "$work/crc" ] && grep "^$(cat "$work/crc")[[:space:]]vmbus_chan_open[[:space:]]" "$kit/Module.symvers"
}

# kernel_with FILE FLAGS: a module that would have come with a kernel of these flags, in FILE, for "vmbus-kit check" to
# compare ours with
kernel_with() {
	dir=/lib/modules/$release/kernel
	rm -rf "$dir" && mkdir "$dir" && : >"$work/empty.c" &&
		printf 'intree=Y\0vermagic=%s %s \0' "$release" "$2" >"$work/modinfo" &&
		gcc -c -o "$work/empty.o" "$work/empty.c" &&
		objcopy --add-section ".modinfo=$work/modinfo" "$work/empty.o" "$dir/native.ko" || return
	case $1 in
	*.xz) xz "$dir/native.ko" ;;
	*.zst) zstd -q --rm "$dir/native.ko" ;;
	esac && [ -e "$dir/$1" ]
}
our_flags() { field storvsc vermagic | cut -d' ' -f2- | sed 's/ *$//'; }
# check_says_built ANSWER: its status is about more than that, boot files among them
check_says_built() {
	sh include/install/vmbus-kit check "$release" >"$work/check" 2>&1
	cat "$work/check"
	sed -n 's/^  built  *//p' "$work/check" | grep -qx -e "$1"
}
# check_compares FILE: with a module of the kernel's as it is packed there
check_compares() {
	other="SMP preempt_rt mod_unload"
	kernel_with "$1" "$(our_flags)" && check_says_built yes && kernel_with "$1" "$other" &&
		check_says_built "no: vmbus_client is for a kernel with \"$(our_flags)\", and this one has \"$other\";.*"
}
# A name is as long as the other, so that the file stays whole.
check_knows_another_release() {
	kernel_with native.ko "$(our_flags)" && cp "$(installed netvsc)" "$work/netvsc.ko" || return
	sed -i "s/vermagic=6/vermagic=9/" "$(installed netvsc)"
	check_says_built "no: netvsc is for 9${release#6}"
	result=$?
	cp "$work/netvsc.ko" "$(installed netvsc)" && rm -r "/lib/modules/$release/kernel" && return $result
}
# Without one to compare with, the release is all there is.
check_needs_no_module_of_the_kernel() { check_says_built yes; }
# check_compares_packed SUFFIX WHAT-KMOD-CALLS-IT TOOL
check_compares_packed() {
	if modinfo --version | grep -q -e "+$2" && command -v "$3" >/dev/null; then
		ktap_check "check_compares_with_a_module_in_$1" check_compares "native.ko.$1"
	else
		ktap_skip "check_compares_with_a_module_in_$1" "no $3, or a modinfo that cannot read it"
	fi
}

nothing_left() {
	left=$(find /lib/modules/ /var/lib/dkms/ \( -name '*.ko*' -o -name "$package*" \))
	[ -z "$left" ] || { echo "$left"; return 1; }
	[ -z "$(dkms status)" ] || { dkms status; return 1; }
	! grep -E '/(vmbus_client|storvsc|netvsc|vmbus_utils)\.ko' "/lib/modules/$release/modules.dep"
}

nothing_left_at_all() {
	nothing_left && [ ! -e "/usr/src/$package-$version" ]
}

# What DKMS does when the package has brought a kernel: it builds what was added before.
new_kernel() { build dkms autoinstall -k "$release"; }

add_only() {
	rm -rf "/usr/src/$package-$version" &&
		cp -a "$work/added" "/usr/src/$package-$version" && dkms add "$package/$version"
}

inside() {
	headers=$1 work=$2
	release=${headers##*/linux-headers-}
	kit=/lib/modules/$release/vmbus-kit
	PATH=$PATH:/usr/sbin:/sbin
	unset MAKEFLAGS MFLAGS MAKEOVERRIDES
	. selftests/ktap.sh
	ktap_plan 27
	ktap_note "for $release with $(dkms --version)"
	empty_but "$work" "$headers" || { echo "Bail out! cannot make an empty place for DKMS"; exit 1; }

	ktap_check make_dkms_install build make dkms-install "KREL=$release" "DESTDIR=$work/tools"
	ktap_check tool_and_hooks_are_there tools_are_there
	ktap_check every_module_is_in_updates_dkms each_installed
	ktap_check dkms_says_installed status_is installed
	ktap_check every_module_is_signed each_is_signed
	ktap_check every_licence_is_gpl each_licence_is_gpl
	ktap_check every_module_is_for_this_kernel each_is_for_this_kernel
	ktap_check storvsc_depends_on_client_and_scsi storvsc_depends
	ktap_check storvsc_is_found_by_its_class disks_find_storvsc
	ktap_check netvsc_is_found_by_its_class nics_find_netvsc
	ktap_check vmbus_utils_is_found_by_its_classes services_find_vmbus_utils
	ktap_check client_loads_before_drivers order_is_known
	ktap_check kit_for_other_drivers_is_there kit_is_there
	ktap_check sample_driver_builds_on_it sample_builds
	ktap_check sample_driver_has_symbol_versions sample_has_versions
	ktap_check check_compares_all_of_vermagic check_compares native.ko
	check_compares_packed xz XZ xz
	check_compares_packed zst ZSTD zstd
	ktap_check check_knows_another_release check_knows_another_release
	ktap_check check_needs_no_module_of_the_kernel check_needs_no_module_of_the_kernel
	cp -a "/usr/src/$package-$version" "$work/added"
	ktap_check make_dkms_uninstall make dkms-uninstall "DESTDIR=$work/tools"
	ktap_check no_tool_is_left no_tool_is_left
	ktap_check uninstall_leaves_nothing nothing_left_at_all

	add_only >/dev/null 2>&1
	ktap_check a_new_kernel_gets_them new_kernel
	ktap_check every_module_is_there_again each_installed
	ktap_check kit_is_there_again kit_is_there
	dkms remove "$package/$version" --all >"$work/log" 2>&1 || cat "$work/log"
	ktap_check dkms_remove_leaves_nothing nothing_left
	ktap_done
}

if [ "${1-}" = inside ]; then
	shift
	inside "$@"
else
	outside | selftests/tally
fi
