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
# What this machine's Python of the same version compiles in seconds takes an emulated one minutes.
python=$(basename "$(readlink "$root/opt/leuko/bin/python3")")
if "$python" -c '' 2> /dev/null; then
    "$python" -m compileall -q -s "$root" "$root/opt/leuko/lib" "$root/usr/lib/$python" || true
fi
echo "$sum" > "$root/.package"
