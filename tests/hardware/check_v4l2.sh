#!/bin/sh
# Runs leuko's V4L2 camera and framebuffer display on a real kernel: Debian trixie's, in an emulated
# machine, with its vivid as the USB camera and the cards of QEMU as screens. Some minutes.
#
# usage: check_v4l2.sh FOLDER      needs root, debootstrap, qemu-system-x86_64 and a network
set -eu
mkdir -p "$1/v4l2-screens"
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/v4l2
for command in debootstrap qemu-system-x86_64 mke2fs; do
    command -v "$command" > /dev/null || {
        echo "check-v4l2 needs $command; install it (debootstrap, qemu-system-x86, e2fsprogs)" >&2
        exit 1
    }
done
rm -f "$folder"/v4l2-screens/*
# The kernel for clouds has no vivid.
sh "$here/debian_root.sh" "$root" trixie linux-image-amd64 initramfs-tools
sh "$here/install_leuko.sh" "$root"
install -D -m 755 "$here/v4l2/boot.sh" "$root/opt/check/boot.sh"
for module in check shown; do
    install -D -m 644 "$here/v4l2/$module.py" "$root/opt/check/tests/hardware/v4l2/$module.py"
done

disk=$folder/v4l2.ext4
rm -f "$disk"
mke2fs -q -t ext4 -d "$root" "$disk" 3G
kernel=$(ls "$root"/boot/vmlinuz-* | tail -n 1)
initrd=$root/boot/initrd.img-${kernel##*/vmlinuz-}
cd "$here/../.."
.venv-dev/bin/python -m tests.hardware.v4l2.machine \
    "$kernel" "$initrd" "$disk" "$folder/v4l2-screens" || {
    echo "check-v4l2 failed; what was on the screens is in $folder/v4l2-screens" >&2
    exit 1
}
rm -f "$disk"
