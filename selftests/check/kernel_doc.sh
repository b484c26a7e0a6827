#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What drivers may call is documented: each name in vmbus.h, with its contexts and what it returns, and
# each parameter of what else is documented in headers, as the kernel's own tool sees it.

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh

api=include/vmbus.h

# blocks: of each documented function or macro its name, then the words Context and Return if it has them
blocks() {
	awk '
		/^\/\*\*$/ { getline; name = $2; line = ""; next_is = 1 }
		next_is && /^ \* Context:/ { line = line " Context" }
		next_is && /^ \* Return:/ { line = line " Return" }
		next_is && /^ \*\/$/ { if (name ~ /\(\)$/) print substr(name, 1, length(name) - 2) line; next_is = 0 }
	' "$api"
}

# declared: name and return type of each function a driver may call
declared() {
	sed -nE 's/^([a-z].*[ *])(vmbus_[a-z_]+)\(.*/\2 \1/p' "$api"
	sed -nE 's/^#define (vmbus_[a-z_]+|module_vmbus_drv)\(.*/\1 macro/p' "$api"
}

bad=$(declared | while read -r name type; do
	doc=$(blocks | awk -v n="$name" '$1 == n')
	case "$doc " in
	" ") echo "$name() has no kernel-doc" ;;
	*" Context "*) ;;
	*) [ "$type" = macro ] || echo "$name() does not say in what contexts it may be called" ;;
	esac
	case "$type $doc " in
	"void "[!*]* | macro* | *" Return "*) ;;
	*) echo "$name() does not say what it returns" ;;
	esac
done)
if [ -n "$bad" ]; then
	ktap_not_ok api_is_documented_with_contexts_and_results "$bad"
else
	ktap_ok api_is_documented_with_contexts_and_results
fi

bad=$(sed -nE 's/^(struct|enum) (vmbus_[a-z_]+) \{$/\1 \2/p' "$api" | while read -r type; do
	grep -q "^ \* $type - " "$api" || echo "$type has no kernel-doc"
done)
if [ -n "$bad" ]; then
	ktap_not_ok api_types_are_documented "$bad"
else
	ktap_ok api_types_are_documented
fi

tool=
for try in /usr/lib/linux-kbuild-*/scripts/kernel-doc /usr/src/linux-headers-*/scripts/kernel-doc \
	"$HOME"/.cache/vmbus-kit/linux-headers-6*/usr/lib/linux-kbuild-*/scripts/kernel-doc; do
	[ ! -r "$try" ] || tool=$try
done
if [ -z "$tool" ] || ! command -v perl >/dev/null; then
	ktap_skip kernel_doc_finds_nothing "no kernel headers here"
else
	# Copies, without a word the tool does not know.
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	bad=$(find include vmbus_client storvsc netvsc hv_utils -name '*.h' 2>/dev/null | while read -r file; do
		mkdir -p "$tmp/$(dirname "$file")"
		sed 's/ __guarded_by([^)]*)//' "$file" >"$tmp/$file"
		(cd "$tmp" && perl "$tool" -none "$file" 2>&1)
	done)
	if [ -n "$bad" ]; then
		ktap_not_ok kernel_doc_finds_nothing "$bad"
	else
		ktap_ok kernel_doc_finds_nothing
	fi
fi

ktap_done
