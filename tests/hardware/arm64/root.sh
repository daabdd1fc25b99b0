#!/bin/sh
# Makes a Debian root for arm64 with Python and systemd in a folder, once; nothing of it is run for
# that.
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
debootstrap --foreign --arch=arm64 --variant=minbase --include=python3,systemd "$release" "$root" \
    ${mirror:+"$mirror"}
# Instead of the second stage, which takes minutes when it is emulated: no package need be
# configured, but dpkg has to know of all of them, and of the users that a base system has.
dpkg=$root/var/lib/dpkg
for package in "$root"/var/cache/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
    name=$(dpkg-deb --field "$package" Package)
    [ "$(dpkg-deb --field "$package" Multi-Arch)" != same ] || name=$name:arm64
    : > "$dpkg/info/$name.list"
    dpkg-deb --field "$package"
    printf 'Status: install ok installed\n\n'
done > "$dpkg/status"
for file in passwd group; do cp "$root/usr/share/base-passwd/$file.master" "$root/etc/$file"; done
rm -rf "$root"/var/cache/apt/archives/*.deb "$root/debootstrap"
touch "$root/.complete"
