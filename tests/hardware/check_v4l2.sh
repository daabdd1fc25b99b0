#!/bin/sh
# Runs leuko's V4L2 camera and framebuffer display on a real kernel: Debian trixie's, in an emulated
# machine, with its vivid as the USB camera and the cards of QEMU as screens. Some minutes.
#
# usage: check_v4l2.sh FOLDER      needs root, debootstrap, qemu-system-x86_64 and a network
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/v4l2
for command in debootstrap qemu-system-x86_64 mke2fs; do
    command -v "$command" > /dev/null || {
        echo "check-v4l2 needs $command; install it (debootstrap, qemu-system-x86, e2fsprogs)" >&2
        exit 1
    }
done
mkdir -p "$folder/screens"
# The kernel for clouds has no vivid.
sh "$here/trixie_root.sh" "$root" linux-image-amd64 initramfs-tools
sh "$here/install_leuko.sh" "$root"
install -d "$root/opt/check"
install -m 644 "$here/v4l2/check.py" "$here/v4l2/shown.py" "$root/opt/check/"
install -m 755 "$here/v4l2/boot.sh" "$root/opt/check/"

disk=$folder/v4l2.ext4
rm -f "$disk"
mke2fs -q -t ext4 -d "$root" "$disk" 3G
kernel=$(ls "$root"/boot/vmlinuz-* | tail -n 1)
initrd=$root/boot/initrd.img-${kernel##*/vmlinuz-}
"$here/../../.venv-dev/bin/python" "$here/v4l2/machine.py" "$kernel" "$initrd" "$disk" \
    "$folder/screens" || {
    echo "check-v4l2 failed; what was on the screens is in $folder/screens" >&2
    exit 1
}
rm -f "$disk"
