#!/bin/sh
# Installs this checkout into a root with Debian's Python, from wheels, as a package would.
#
# usage: install_leuko.sh ROOT      needs root; downloads the wheels once into ROOT/wheels
set -eu
root=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
python=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
mkdir -p "$root/wheels"
if [ ! -e "$root/wheels/.complete" ]; then
    "$here/.venv-dev/bin/pip" download --quiet --require-hashes --only-binary=:all: \
        --python-version "$python" --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
        --platform manylinux2014_x86_64 --dest "$root/wheels" -r "$here/requirements/device.txt"
    touch "$root/wheels/.complete"
fi
rm -f "$root"/wheels/leuko-*.whl
"$here/.venv-dev/bin/pip" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$root/wheels" "$here"
chroot "$root" sh -c '
    [ -x /opt/leuko/bin/python ] || python3 -m venv /opt/leuko
    /opt/leuko/bin/pip install --quiet --no-index --force-reinstall --no-deps /wheels/*.whl'
install -D -m 644 "$here/systemd/leuko.service" "$root/etc/systemd/system/leuko.service"
install -D -m 644 "$here/systemd/leuko.sysusers" "$root/usr/lib/sysusers.d/leuko.conf"
install -D -m 644 "$here/systemd/leuko.tmpfiles" "$root/usr/lib/tmpfiles.d/leuko.conf"
install -D -m 644 "$here/systemd/60-leuko.rules" "$root/usr/lib/udev/rules.d/60-leuko.rules"
