#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool vmbus-kit where no installed system is needed: its words, its exit codes, made-up kernels, GRUB's entry.
#
# shellcheck disable=SC2016,SC2317 # eval's, and what ktap_check calls

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh
tool=$PWD/include/install/vmbus-kit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ends_with() { want=$1; shift; code=0; "$@" || code=$?; [ "$code" -eq "$want" ] || { echo "exit code $code"; return 1; }; }
# says PATTERN COMMAND...: whatever its exit code
says() { pattern=$1; shift; "$@" 2>&1 | tee "$tmp/said"; grep -qE -- "$pattern" "$tmp/said"; }

commands() { "$tool" help | sed -n 's/^ *vmbus-kit \([a-z]*\).*/\1/p' | sort -u; }
each_is_in() { for word in $(commands); do grep -q "$word" "$1" || { echo "$word is not in $1"; return 1; }; done; }

ktap_check help_is_no_failure ends_with 0 "$tool" help
ktap_check help_names_the_commands eval '[ "$(commands | tr "\n" " ")" = "check dump help status switch " ]'
for wrong in '' nonsense 'dump' 'switch' 'switch sideways' '--root' '--nonsense status' 'status more'; do
	# shellcheck disable=SC2086 # words
	ends_with 64 "$tool" $wrong >/dev/null 2>&1 || bad="${bad-} '$wrong'"
done
ktap_check wrong_usage_is_told_by_exit_code eval '[ -z "${bad-}" ] || { echo "$bad"; false; }'
ktap_check man_page_has_every_command each_is_in include/install/vmbus-kit.8
ktap_check completion_has_every_command each_is_in include/install/vmbus-kit.bash

# Kernels that are a directory with lists in it.
kernel() { mkdir -p "$tmp/root/lib/modules/$1" && : >"$tmp/root/lib/modules/$1/modules.dep"; }
ktap_check no_kernel_is_a_failure ends_with 2 "$tool" --root "$tmp" check
kernel 6.1-bare
ktap_check kernel_without_any_driver_does_not_boot ends_with 2 "$tool" --root "$tmp/root" check
ktap_check and_is_told says 'boots +NO' "$tool" --root "$tmp/root" check
ktap_check unknown_kernel_is_a_failure ends_with 2 "$tool" --root "$tmp/root" check 9.9
kernel 7.3-builtin
printf 'kernel/drivers/%s.ko\n' hv/hv_vmbus scsi/hv_storvsc >"$tmp/root/lib/modules/7.3-builtin/modules.builtin"
ktap_check bus_that_is_built_in_boots_with_in_tree ends_with 0 "$tool" --root "$tmp/root" check 7.3-builtin
ktap_check and_why_is_told says 'its VMBus is built in' "$tool" --root "$tmp/root" check 7.3-builtin
ktap_check the_worst_kernel_counts ends_with 2 "$tool" --root "$tmp/root" check 7.3-builtin 6.1-bare

if command -v python3 >/dev/null; then
	ktap_check dump_is_json eval '"$tool" dump --json | python3 -m json.tool'
else
	ktap_skip dump_is_json "no python3 here"
fi

# What 10_linux prints, on a machine with two kernels.
cat >"$tmp/10_linux" <<'END'
#!/bin/sh
for version in 7.3 6.1; do
	echo "menuentry 'Debian, with Linux $version' --class os \$menuentry_id_option 'gnulinux-$version' {"
	echo "	linux /boot/vmlinuz-$version root=UUID=1 ro $GRUB_CMDLINE_LINUX"
	echo "	if true; then"
	echo "	}"
	echo "}"
done
END
chmod +x "$tmp/10_linux"
# entry FILE [TOOL]: the tool is one that has no objection
entry() {
	GRUB_CMDLINE_LINUX=quiet VMBUS_KIT_LINUX=$tmp/10_linux VMBUS_KIT_ENTRY=$1 VMBUS_KIT=${2-true} \
		include/install/grub/11_vmbus_kit
}
ktap_check no_boot_entry_unless_wanted eval '[ -z "$(entry "$tmp/none")" ]'
echo initcall_blacklist=hv_acpi_init >"$tmp/entry"
entry "$tmp/entry" >"$tmp/made"
ktap_check boot_entry_is_one eval '[ "$(grep -c ^menuentry "$tmp/made")" = 1 ] && [ "$(grep -c ^} "$tmp/made")" = 1 ]'
ktap_check boot_entry_has_its_id grep "^menuentry 'Debian, VMBus by vmbus-kit' .*--id vmbus-kit {" "$tmp/made"
ktap_check boot_entry_keeps_the_driver_out grep 'vmlinuz-7.3 .* quiet initcall_blacklist=hv_acpi_init$' "$tmp/made"
# Nothing is built for the newest kernel there.
kernel 7.3
ktap_check no_boot_entry_for_what_is_not_built eval '[ -z "$(entry "$tmp/entry" "$tool --root $tmp/root")" ]'
ktap_done
