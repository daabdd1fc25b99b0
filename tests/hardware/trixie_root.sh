#!/bin/sh
# Makes a Debian trixie root with systemd and Python in a folder, once.
#
# usage: trixie_root.sh FOLDER [PACKAGE...]      needs root and debootstrap
set -eu
root=$1
shift
packages=systemd,systemd-sysv,udev,python3,python3-venv
for package in "$@"; do packages=$packages,$package; done
[ -e "$root/.complete" ] && exit 0
# The machine's own mirror, where it names one; debootstrap knows another.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[.*\] \)\?\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
rm -rf "$root"
debootstrap --variant=minbase --include="$packages" trixie "$root" ${mirror:+"$mirror"}
touch "$root/.complete"
