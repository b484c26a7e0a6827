#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is pure code builds for arm64 too, without a warning; it is built there by the same compiler, and not run.
# (The modules as far as they go: selftests/vm/build-arm64.)

cd "$(dirname "$0")/../.." || exit 1
. selftests/ktap.sh

CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
command -v "$CROSS_CC" >/dev/null || ktap_skip_all "$CROSS_CC is not installed (gcc-aarch64-linux-gnu)"
echo '#include <stdint.h>' | "$CROSS_CC" -fsyntax-only -xc - 2>/dev/null ||
	ktap_skip_all "$CROSS_CC has no C library (libc6-dev-arm64-cross)"

for dir in */proto; do
	said=$(for source in "$dir"/*.c; do
		"$CROSS_CC" -std=gnu11 -O2 -Wall -Wextra -Wno-missing-field-initializers -Werror -D_GNU_SOURCE -I. -Iinclude \
			-c "$source" -o /dev/null 2>&1 || echo "$source"
	done)
	if [ -z "$said" ]; then
		ktap_ok "${dir%/proto}_proto_builds"
	else
		ktap_not_ok "${dir%/proto}_proto_builds" "$said"
	fi
done
ktap_done
