#!/bin/sh
# Installs the Debian package in a booted container without a network: service with the simulated
# camera, cells counted, upgrade, bundles taken and refused by who signed them, rollback, purge.
#
# usage: check_deb.sh FOLDER RELEASE PACKAGE CONVERT    needs root, debootstrap and systemd-nspawn
#   CONVERT is leuko-convert, which signs bundles as on the desktop;
#   RELEASE is bookworm or trixie; what was seen goes to FOLDER/deb/RELEASE.json
set -eu
folder=$1
release=$2
package=$3
convert=$4
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/$release-deb
for command in debootstrap systemd-nspawn; do
    command -v "$command" > /dev/null || {
        echo "check-deb needs $command; install it (debootstrap, systemd-container)" >&2
        exit 1
    }
done
mkdir -p "$folder/deb"
rm -f "$folder/deb/$release.json"
sh "$here/debian_root.sh" "$root" "$release"
# What an earlier check that failed half-way left behind.
chroot "$root" dpkg --purge --force-all leuko > /dev/null 2>&1 || true
rm -rf "$root/opt/leuko" "$root/etc/leuko" "$root/var/lib/leuko" "$root/var/log/journal" \
    "$root/check" "$root/srv/leuko" "$root/var/check-deb.json"

mkdir -p "$root/check" "$root/etc/leuko" "$root/var/log/journal"
cp "$package" "$root/check/first.deb"
# The same content under a newer version; not compressed, for it is used once.
rm -rf "$folder/newer-$release"
dpkg-deb --raw-extract "$package" "$folder/newer-$release"
sed -i "s/^Version: .*/&.1/" "$folder/newer-$release/DEBIAN/control"
dpkg-deb --root-owner-group -Znone --build "$folder/newer-$release" "$root/check/second.deb" > /dev/null
rm -rf "$folder/newer-$release"
# The same bundle unsigned, signed by a stranger, and on a stick, signed by whom the device will trust.
for bundle in unsigned foreign signed; do
    cp -r "$here/../golden/tiny-bundle" "$root/check/$bundle"
done
(cd "$root/check" && for signer in stranger hospital; do "$convert" keygen "$signer"; done)
"$convert" sign "$root/check/foreign" --key "$root/check/stranger.key"
"$convert" sign "$root/check/signed" --key "$root/check/hospital.key"
mkdir "$root/check/stick"
"$convert" deploy "$root/check/signed" --stick "$root/check/stick"
chmod -R a+rX "$root/check"
cp "$here/deb.toml" "$root/etc/leuko/leuko.toml"
# How quick the service is, is check-systemd's matter; this may run beside other work.
mkdir -p "$root/etc/systemd/system/leuko.service.d"
printf "[Service]\nTimeoutStartSec=300\nWatchdogSec=300\n" \
    > "$root/etc/systemd/system/leuko.service.d/patient.conf"
parts=$root/usr/local/lib/check-deb/tests/hardware
install -D -m 644 "$here/check_deb.py" "$parts/check_deb.py"
install -D -m 644 "$here/deb_bundles.py" "$parts/deb_bundles.py"
install -D -m 644 "$here/deb_commands.py" "$parts/deb_commands.py"
install -D -m 644 "$here/check-deb.service" "$root/etc/systemd/system/check-deb.service"
ln -sf ../check-deb.service "$root/etc/systemd/system/multi-user.target.wants/check-deb.service"
# Only check-systemd's own container has these.
rm -f "$root"/etc/systemd/system/multi-user.target.wants/leuko.service \
    "$root"/etc/systemd/system/multi-user.target.wants/watch-service.service \
    "$root"/etc/systemd/system/leuko.service

timeout 3400 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit \
    --private-network --boot --console=pipe < /dev/null > "$folder/console-$release.txt" 2>&1 || true
cp "$root/var/check-deb.json" "$folder/deb/$release.json" || {
    echo "the container did not get as far as the check; see $folder/console-$release.txt" >&2
    exit 1
}
cat "$folder/deb/$release.json"
grep -q '"failed": ""' "$folder/deb/$release.json" || {
    journalctl --no-pager --directory="$root/var/log/journal/$(ls "$root/var/log/journal" | head -n 1)" \
        --unit=leuko.service | tail -n 40 >&2
    exit 1
}
