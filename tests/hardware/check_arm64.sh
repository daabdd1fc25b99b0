#!/bin/sh
# Runs the arm64 packages as a Raspberry Pi 4 (Cortex-A72) and 5 (Cortex-A76) would, emulated by
# QEMU: count, demo and doctor beside the same on this machine; and installs and purges them. Needs root;
# hours. What has run already is kept in FOLDER, and a run that was cut goes on; a new package, or
# other models, run anew.
#
# usage: check_arm64.sh FOLDER DEBS DATASETS PYTHON [MACHINE...]
#   DEBS has leuko_*_arm64.deb; PYTHON is the environment's of this machine; a MACHINE is such as
#   cortex-a72-bookworm, all four without any
set -eu
mkdir -p "$1/arm64"
folder=$(cd "$1/arm64" && pwd)
debs=$2
datasets=$3
python=$4
shift 4
[ $# -gt 0 ] || set -- cortex-a72-bookworm cortex-a76-trixie cortex-a76-bookworm cortex-a72-trixie
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

# The report is written after each machine, for they take long; the last one has all of them.
status=0
report() {
    "$python" -m tests.hardware.arm64.compare "$folder" docs/results/arm64.md || status=1
}

for machine in "$@"; do
    cpu=${machine%-*}
    release=${machine##*-}
    [ "$release" = bookworm ] && debian=12 || debian=13
    root=$folder/$release
    package=$debs/leuko_$version+deb${debian}_arm64.deb
    sh "$here/arm64/root.sh" "$root" "$release"
    sh "$here/arm64/unpack.sh" "$root" "$package"
    mkdir -p "$root/opt/check/tests/hardware/arm64"
    cp "$here"/arm64/*.py "$root/opt/check/tests/hardware/arm64"
    rm -rf "$root/opt/check/fields"
    cp -r "$folder/fields" "$root/opt/check"
    sh "$here/arm64/enter.sh" "$root" "$cpu" \
        sh -c "cd /opt/check && /opt/leuko/bin/python3 -m tests.hardware.arm64.probe $cpu fields"
    rm -rf "${folder:?}/$machine"
    cp -r "$root/opt/check/$cpu" "$folder/$machine"
    sh "$here/arm64/install.sh" "$root" "$cpu" "$package" "$folder/package-$release.json"
    report
done
exit $status
