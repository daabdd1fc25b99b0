#!/bin/sh
# Runs the arm64 packages as a Raspberry Pi 4 (Cortex-A72) and 5 (Cortex-A76) would, emulated by
# QEMU: count, demo and doctor beside the same on this machine. Needs root; up to an hour the first
# time. What has run already is kept in FOLDER; a new package, or other models, run anew.
#
# usage: check_arm64.sh FOLDER DEBS DATASETS PYTHON [CPU...]
#   DEBS has leuko_*_arm64.deb; PYTHON is the environment's of this machine; CPU is cortex-a72 or
#   cortex-a76, both without any
set -eu
mkdir -p "$1/arm64"
folder=$(cd "$1/arm64" && pwd)
debs=$2
datasets=$3
python=$4
shift 4
[ $# -gt 0 ] || set -- cortex-a72 cortex-a76
here=$(cd "$(dirname "$0")" && pwd)
for command in debootstrap qemu-aarch64-static unshare; do
    command -v "$command" > /dev/null || {
        echo "check-arm64 needs $command; install it (debootstrap, qemu-user-static, util-linux)" >&2
        exit 1
    }
done
cd "$here/../.."
"$python" -m tests.hardware.arm64.fields "$datasets" "$folder/fields"
"$python" -m tests.hardware.arm64.probe "$folder/here" "$folder/fields"

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' device/leuko/__init__.py)
for release in bookworm trixie; do
    [ "$release" = bookworm ] && debian=12 || debian=13
    root=$folder/$release
    sh "$here/arm64/root.sh" "$root" "$release"
    package=$debs/leuko_$version+deb${debian}_arm64.deb
    sh "$here/arm64/install.sh" "$root" "$package"
    mkdir -p "$root/opt/check/tests/hardware/arm64"
    cp "$here"/arm64/*.py "$root/opt/check/tests/hardware/arm64"
    rm -rf "$root/opt/check/fields"
    cp -r "$folder/fields" "$root/opt/check"
    for cpu in "$@"; do
        unshare --user --map-root-user --mount --pid --fork \
            sh "$here/arm64/enter.sh" "$root" "$cpu" \
            sh -c "cd /opt/check && /opt/leuko/bin/python3 -m tests.hardware.arm64.probe $cpu fields"
        rm -rf "$folder/$cpu-$release"
        cp -r "$root/opt/check/$cpu" "$folder/$cpu-$release"
    done
done
"$python" -m tests.hardware.arm64.compare "$folder" docs/results/arm64.md
