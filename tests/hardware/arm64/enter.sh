#!/bin/sh
# Runs a command in an arm64 root that looks like a Raspberry Pi. In namespaces of its own, so
# that the machine itself knows neither of its mounts nor of its way to run arm64 programs.
#
# usage: unshare --user --map-root-user --mount --pid --fork enter.sh ROOT CPU COMMAND...
set -eu
root=$1
cpu=$2
shift 2
pi=$(mktemp -d)
sh "$(dirname "$0")/pi.sh" "$pi" "$cpu"

# F holds the emulator open, so that it is found inside the root, too (Linux 6.7 has one list of
# such programs for each user namespace).
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf '%s' ":leuko-arm64:M::$magic:$mask:$(command -v qemu-aarch64-static):F" \
    > /proc/sys/fs/binfmt_misc/register

mount -t proc proc "$root/proc"
# LiteRT reads both, and crashes on what another kind of machine says there.
mount --bind "$pi/cpuinfo" "$root/proc/cpuinfo"
mount --bind "$pi/sys" "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
export QEMU_CPU="$cpu"
chroot "$root" /usr/bin/env -i QEMU_CPU="$cpu" PATH=/usr/bin:/bin LC_ALL=C.UTF-8 "$@" || status=$?
rm -rf "$pi"
exit "${status:-0}"
