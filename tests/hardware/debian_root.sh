#!/bin/sh
# Makes a Debian root with systemd and Python in a folder, once.
#
# usage: debian_root.sh FOLDER RELEASE [PACKAGE...]      needs root and debootstrap
set -eu
root=$1
release=$2
shift 2
packages=systemd,systemd-sysv,udev,python3,python3-venv
for package in "$@"; do packages=$packages,$package; done
[ -e "$root/.complete" ] && exit 0
# The machine's own mirror, where it names one; debootstrap knows another.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[.*\] \)\?\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
rm -rf "$root"
debootstrap --variant=minbase --include="$packages" "$release" "$root" ${mirror:+"$mirror"}
touch "$root/.complete"
