#!/bin/sh
# Unpacks an arm64 package into a root, and forgets what an older one gave there.
#
# usage: unpack.sh ROOT PACKAGE
set -eu
root=$1
package=$2
[ -e "$package" ] || { echo "there is no $package; do: make deb" >&2; exit 1; }
# What is in it, for the packages of two builds differ by their times alone.
sum=$(dpkg-deb --info "$package" md5sums | sha256sum)
[ "$(cat "$root/.package" 2> /dev/null)" = "$sum" ] && exit 0
rm -rf "$root/opt/leuko" "$root/opt/check" "$root/.package"
dpkg-deb --extract "$package" "$root"
echo "$sum" > "$root/.package"
