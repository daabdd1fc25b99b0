#!/bin/sh
# Mounts what a Raspberry Pi shows into an arm64 root, and runs a command there; for enter.sh, in
# whose namespaces all of it is.
#
# usage: inside.sh PI ROOT CPU COMMAND...
set -eu
pi=$1
root=$2
cpu=$3
shift 3
# F holds the emulator open, so that it is found inside the root, too.
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
chroot "$root" /usr/bin/env -i QEMU_CPU="$cpu" \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
