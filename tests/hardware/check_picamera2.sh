#!/bin/sh
# Runs leuko's Pi camera driver on the real picamera2 and libcamera, with libcamera's virtual
# camera in place of a sensor. Needs root, debootstrap and a network; some minutes the first time.
#
# usage: check_picamera2.sh [FOLDER]   the Debian root is made in FOLDER and used again
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=${1:-${TMPDIR:-/var/tmp}/leuko-picamera2}
root=$work/root
venv=/opt/venv

if [ "$(id -u)" != 0 ]; then
    echo 'check_picamera2.sh: run it as root, debootstrap and chroot need it' >&2
    exit 1
fi
if ! command -v debootstrap >/dev/null; then
    echo "check_picamera2.sh: run 'apt install debootstrap' first" >&2
    exit 1
fi

let_go() { umount -q "$root/proc" "$root/sys" 2>/dev/null || true; }
trap let_go EXIT

if [ ! -e "$work/ready" ]; then
    mkdir -p "$work"
    # Bookworm's libcamera is too old, and only trixie's is built with the virtual camera.
    "$here/debian_root.sh" "$root" trixie python3-libcamera libcamera-ipa python3-numpy python3-opencv \
        python3-pil python3-dev gcc libc6-dev libcap-dev ca-certificates
    let_go
    # The root trusts whom this machine trusts, or pip meets no index behind a proxy.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    chroot "$root" python3 -m venv --system-site-packages "$venv"
    chroot "$root" "$venv/bin/pip" install --quiet picamera2==0.3.38
    touch "$work/ready"
fi

install -d "$root/opt/leuko" "$root/opt/check" "$root/usr/share/libcamera/pipeline/virtual"
rm -rf "$root/opt/leuko/leuko"
cp -r "$here/../../device/leuko" "$root/opt/leuko/"
cp -r "$here/picamera2/." "$root/opt/check/"
cp "$here/picamera2/virtual.yaml" "$root/usr/share/libcamera/pipeline/virtual/"
chroot "$root" gcc -shared -fPIC -O2 -Wall -Werror -o /opt/check/dma_heap.so /opt/check/dma_heap.c -ldl

# A camera's process reads the state of its parent there.
mount -t proc proc "$root/proc"
chroot "$root" env LIBCAMERA_LOG_LEVELS='*:ERROR' PYTHONPATH=/opt/leuko:/opt/check \
    PYTHONDONTWRITEBYTECODE=1 LD_PRELOAD=/opt/check/dma_heap.so \
    timeout 120 "$venv/bin/python" /opt/check/check.py
