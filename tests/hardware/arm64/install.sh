#!/bin/sh
# Installs an arm64 package in a copy of a root as dpkg does on a device, asks it what it is, and
# purges it; once for each package.
#
# usage: install.sh ROOT CPU PACKAGE REPORT      needs root
set -eu
root=$1
cpu=$2
package=$3
report=$4
here=$(cd "$(dirname "$0")" && pwd)
sum=$(dpkg-deb --info "$package" md5sums postinst prerm postrm | cat - "$here/package.py" |
    sha256sum)
[ "$(cat "$report.of" 2> /dev/null)" = "$sum" ] && exit 0
copy=$root-installed
rm -rf "$copy" "$report" "$report.of"
mkdir "$copy"
# With what is unpacked in /opt: its maintainer script then need not compile what is compiled.
tar --create --directory="$root" --exclude=./opt/check . | tar --extract --directory="$copy"
cp "$package" "$copy/leuko.deb"
cp "$here/package.py" "$copy"
sh "$here/enter.sh" "$copy" "$cpu" python3 /package.py /leuko.deb /package.json
cp "$copy/package.json" "$report"
echo "$sum" > "$report.of"
rm -rf "$copy"
