#!/bin/sh
# Builds one Debian package with everything in it but Python itself. Needs no root and no device
# of that architecture: what is compiled comes as wheels, checked by their hashes.
#
# usage: build.sh RELEASE ARCHITECTURE FOLDER
#   RELEASE is bookworm or trixie, ARCHITECTURE arm64 or amd64
set -eu
release=$1
architecture=$2
folder=$3
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
pip="$repository/.venv-dev/bin/python -m pip"
case $release in
    bookworm) python=3.11 next=3.12 debian=12 ;;
    trixie) python=3.13 next=3.14 debian=13 ;;
    *) echo "build.sh: $release is neither bookworm nor trixie" >&2; exit 1 ;;
esac
case $architecture in
    arm64) machine=aarch64 ;;
    amd64) machine=x86_64 ;;
    *) echo "build.sh: $architecture is neither arm64 nor amd64" >&2; exit 1 ;;
esac
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$repository/device/leuko/__init__.py")
version=$version+deb$debian
name=leuko_${version}_$architecture
root=$folder/$name
site=$root/opt/leuko/lib/python$python/site-packages

rm -rf "$root" "$root.wheel"
mkdir -p "$site" "$root/opt/leuko/bin" "$root/usr/bin" "$root/DEBIAN"
# shellcheck disable=SC2086 - several words
$pip install --quiet --no-deps --no-compile --require-hashes --only-binary=:all: --target "$site" \
    --python-version "$python" --implementation cp --platform "manylinux_2_28_$machine" \
    --platform "manylinux_2_27_$machine" --platform "manylinux_2_17_$machine" \
    --platform "manylinux2014_$machine" -r "$repository/requirements/device.txt"
# shellcheck disable=SC2086
$pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$root.wheel" "$repository"
# shellcheck disable=SC2086
$pip install --quiet --no-deps --no-compile --target "$site" "$root.wheel"/leuko-*.whl
# Training and conversion need a desktop; scripts are named by the path of the builder's Python.
rm -rf "$site/leuko_training" "$site/leuko_converter" "$site/bin"
# pip notes from which folder it installed, which is no one's business and differs.
rm "$site"/leuko-*.dist-info/direct_url.json
sed -i '/direct_url\.json/d' "$site"/leuko-*.dist-info/RECORD

# A virtual environment by hand: this machine need not be able to run that one's Python.
ln -s "/usr/bin/python$python" "$root/opt/leuko/bin/python3"
printf 'home = /usr/bin\ninclude-system-site-packages = true\nversion = %s\n' "$python" \
    > "$root/opt/leuko/pyvenv.cfg"
install -m 755 "$here/leuko" "$root/opt/leuko/bin/leuko"
ln -s /opt/leuko/bin/leuko "$root/usr/bin/leuko"

install -D -m 644 "$here/../leuko.service" "$root/usr/lib/systemd/system/leuko.service"
install -D -m 644 "$here/../leuko.sysusers" "$root/usr/lib/sysusers.d/leuko.conf"
install -D -m 644 "$here/../leuko.tmpfiles" "$root/usr/lib/tmpfiles.d/leuko.conf"
install -D -m 644 "$here/../60-leuko.rules" "$root/usr/lib/udev/rules.d/60-leuko.rules"
install -D -m 644 "$repository/README.md" "$root/usr/share/doc/leuko/README.md"
install -D -m 644 "$repository/LICENSE" "$root/usr/share/doc/leuko/copyright"
for script in postinst prerm postrm; do install -m 755 "$here/$script" "$root/DEBIAN/$script"; done
if grep --recursive --files-with-matches --fixed-strings "$repository" "$root"; then
    echo "build.sh: a package must not name a folder of the machine that built it" >&2
    exit 1
fi
find "$root" -type d -exec chmod 755 {} +
chmod -R a+rX "$root/opt" "$root/usr"
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@PYTHON@/$python/" \
    -e "s/@NEXT_PYTHON@/$next/; s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f 1)/" \
    "$here/control.in" > "$root/DEBIAN/control"
(cd "$root" && find opt usr -type f -print0 | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"

# Level 2 takes a fifth of the time of the usual 6 and makes a package some 6 % larger.
dpkg-deb --root-owner-group -Zxz -z2 --build "$root" "$folder/$name.deb" > /dev/null
rm -rf "$root" "$root.wheel"
size=$(stat -c %s "$folder/$name.deb")
echo "$folder/$name.deb: $((size / 1000000)) MB"
[ "$size" -lt 120000000 ] || { echo "build.sh: a package must be under 120 MB" >&2; exit 1; }
