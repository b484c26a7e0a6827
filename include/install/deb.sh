#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Builds the Debian package vmbus-kit-dkms.
#
#   deb.sh DIR [VERSION]     into DIR; with another version than dkms.conf's, for tests of upgrades
set -e
[ $# -ge 1 ] || { sed -n 's/^#   //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf")
wanted=${2:-$version}
for tool in dh dpkg-buildpackage; do
	command -v $tool >/dev/null || { echo "deb.sh: needs debhelper and dpkg-dev" >&2; exit 2; }
done

mkdir -p "$1"
out=$(cd "$1" && pwd)
tree=$out/vmbus-kit-$wanted
rm -rf "$tree"
mkdir "$tree"
for part in Kbuild Makefile dkms.conf LICENSE README.md include vmbus_client storvsc netvsc hv_utils; do
	[ ! -e "$top/$part" ] || cp -a "$top/$part" "$tree/"
done
# What a build may have left beside the sources.
find "$tree" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' -o -name '*.mod' -o -name '*.mod.c' \) -delete
sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$wanted\"/" "$tree/dkms.conf"
cp -a "$here/debian" "$tree/debian"
if [ "$wanted" != "$version" ]; then
	{
		printf 'vmbus-kit (%s) unstable; urgency=medium\n\n  * Built from the sources of %s.\n\n' "$wanted" "$version"
		sed -n '/^ -- /{s/$/\n/p;q}' "$here/debian/changelog"
		cat "$here/debian/changelog"
	} >"$tree/debian/changelog"
fi
cd "$tree"
dpkg-buildpackage -us -uc -b -d >"$out/build.log" 2>&1 || { tail -n 30 "$out/build.log" >&2; exit 1; }
rm -rf "$tree"
echo "$out/vmbus-kit-dkms_${wanted}_all.deb"
