#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Who includes whom. Each rule names some files and the includes they may have;
# every other line with #include in them breaks the rule.
#
# Names of our files have no blanks, and lists of them are meant to be split.
# shellcheck disable=SC2035,SC2044,SC2046,SC2086

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh

# includes FILE: what it includes, with its <> or ""
includes() {
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/p' "$1"
}

# rule NAME ALLOWED-REGEX FILE...: ALLOWED matches what stands inside "" or <>
rule() {
	name=$1 allowed=$2
	shift 2
	bad=
	seen=0
	for file; do
		[ -f "$file" ] || continue
		seen=$((seen + 1))
		# A file's own header: its name with .h, with or without a directory before it.
		own=$(basename "${file%.*}" | tr '-' '_')
		bad="$bad$(includes "$file" | sed "s|^|$file includes |" |
			grep -Ev "[<\"]($allowed|([a-z_]+/)*$own\\.h)[>\"]\$")"
		[ -z "$bad" ] || bad="$bad
"
	done
	if [ -n "$bad" ]; then
		ktap_not_ok "$name" "$(echo "$bad" | sed '/^$/d')"
	elif [ "$seen" -eq 0 ]; then
		ktap_skip "$name" "no such files yet"
	else
		ktap_ok "$name"
	fi
}

# absent NAME REGEX FILE...: nobody includes this
absent() {
	name=$1 pattern=$2
	shift 2
	bad=$(for file; do
		[ -f "$file" ] || continue
		grep -HnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)[>\"]" "$file"
	done)
	if [ -n "$bad" ]; then
		ktap_not_ok "$name" "$bad"
	else
		ktap_ok "$name"
	fi
}

kernel=$(ls vmbus_client/*.[ch] storvsc/*.[ch] netvsc/*.[ch] hv_utils/*.[ch] 2>/dev/null)
everything=$(find include vmbus_client storvsc netvsc hv_utils selftests -name '*.[ch]' 2>/dev/null)

system='(errno|stdbool|stddef|stdint|string)\.h'
linux='linux/(errno|kernel|string|types)\.h|asm/(barrier|byteorder)\.h'

rule wire_includes_only_wire_and_types '(wire/)?[a-z_]+\.h|linux/types\.h' include/wire/*.h
rule env_includes_only_what_its_two_worlds_have "$system|$linux" include/env.h
# text.h: what host strings are to several of them.
rule proto_includes_only_env_wire_and_its_own_header 'env\.h|wire/[a-z_]+\.h|text\.h' */proto/*.[ch]
rule api_includes_only_wire_and_linux 'wire/(guid|pkt)\.h|linux/.*' include/vmbus.h
absent nobody_includes_compat '.*compat\.h' $everything
# But what measures it.
absent nobody_includes_the_in_tree_api 'linux/hyperv\.h' $(echo "$everything" | grep -v ^selftests/bench/)
absent only_hypercall_synic_and_irq_know_the_architecture 'asm/.*' \
	$(echo "$kernel" | grep -Ev '^vmbus_client/(hypercall|synic|irq)\.[ch]$')
absent drivers_stay_out_of_vmbus_client '.*vmbus_client.*' \
	$(find storvsc netvsc hv_utils -name '*.[ch]')
absent drivers_know_no_control_messages 'wire/(msg|tlfs)\.h' \
	$(find storvsc netvsc hv_utils -name '*.[ch]')
absent proto_of_another_module '(.*/)?(storvsc|netvsc|hv_utils|vmbus_client)/.*' \
	$(find vmbus_client storvsc netvsc hv_utils -name '*.[ch]')
absent provider_shares_only_wire_and_env_with_the_guest \
	'(.*/)?proto/.*|(.*/)?(vmbus_client|storvsc|netvsc|hv_utils)/.*|vmbus\.h|compat\.h' \
	selftests/provider/*.[ch]

# The ladder inside vmbus_client: a header includes only headers below itself.
ladder="hypercall synic xact connection buf cpus channel bus"
bad=
for upper in $ladder; do
	header=vmbus_client/$upper.h
	above=
	reached=
	for lower in $ladder; do
		[ -z "$reached" ] || above="$above|$lower"
		[ "$lower" != "$upper" ] || reached=1
	done
	if [ ! -f "$header" ] || [ -z "$above" ]; then
		continue
	fi
	bad="$bad$(grep -HnE "^#include \"(${above#|})\\.h\"" "$header")"
done
if [ -n "$bad" ]; then
	ktap_not_ok headers_of_vmbus_client_form_a_ladder "$bad"
else
	ktap_ok headers_of_vmbus_client_form_a_ladder
fi

# So that every header can stand alone, a file includes its own first. A trace.h
# is not one: the kernel includes it many times over, in the midst of others.
bad=$(for file in $(find vmbus_client storvsc netvsc hv_utils -name '*.c'); do
	header=$(basename "${file%.c}").h
	[ -f "$(dirname "$file")/$header" ] || continue
	[ "$header" != trace.h ] || continue
	first=$(sed -n 's/^#include [<"]\([^>"]*\)[>"].*/\1/p' "$file" | head -n 1)
	[ "$(basename "$first")" = "$header" ] || echo "$file includes $first before $header"
done)
if [ -n "$bad" ]; then
	ktap_not_ok own_header_comes_first "$bad"
else
	ktap_ok own_header_comes_first
fi

ktap_done
