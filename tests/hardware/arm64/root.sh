#!/bin/sh
# Makes a Debian root for arm64 with Python in a folder, once; nothing of it is run for that.
#
# usage: root.sh ROOT RELEASE      needs root and debootstrap
set -eu
root=$1
release=$2
[ -e "$root/.complete" ] && exit 0
# The machine's own mirror, where it names one; debootstrap knows another.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[.*\] \)\?\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
rm -rf "$root"
debootstrap --foreign --arch=arm64 --variant=minbase --include=python3 "$release" "$root" \
    ${mirror:+"$mirror"}
# Instead of the second stage, which takes minutes when it is emulated: nothing need be configured.
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
done
rm -rf "$root"/var/cache/apt/archives/*.deb "$root/debootstrap"
touch "$root/.complete"
