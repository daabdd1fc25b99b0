#!/bin/sh
# Counts on a root that forgets everything, with the sessions on a medium of their own: a container
# is booted twice with an overlay of memory over its root and a new ext4 at /var/lib/leuko, and once
# without that medium. As docs/deployment.md says of SD cards.
#
# usage: check_readonly.sh FOLDER PACKAGE REPORT      needs root, debootstrap and systemd-nspawn
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
package=$2
report=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/trixie-readonly
for command in debootstrap systemd-nspawn mke2fs; do
    command -v "$command" > /dev/null || {
        echo "check-readonly needs $command; install it (debootstrap, systemd-container, e2fsprogs)" >&2
        exit 1
    }
done
sh "$here/debian_root.sh" "$root" trixie
chroot "$root" dpkg --purge --force-all leuko > /dev/null 2>&1 || true
rm -rf "$root/etc/leuko" "$root/var/lib/leuko"
cp "$package" "$root/leuko.deb"
chroot "$root" dpkg --force-unsafe-io --install /leuko.deb > "$folder/readonly-install.txt"
rm "$root/leuko.deb"
install -D -m 644 "$here/deb.toml" "$root/etc/leuko/leuko.toml"
install -D -m 755 "$here/check_readonly.py" "$root/usr/local/bin/check_readonly.py"
install -D -m 644 "$here/check-readonly.service" "$root/etc/systemd/system/check-readonly.service"
install -D -m 644 /dev/null "$root/etc/systemd/system/leuko.service.d/patient.conf"
# How quick the service is, is check-systemd's matter; this may run beside other work.
printf '[Service]\nTimeoutStartSec=300\nWatchdogSec=300\n' \
    > "$root/etc/systemd/system/leuko.service.d/patient.conf"
install -D -m 644 /dev/null "$root/etc/systemd/journald.conf.d/volatile.conf"
printf '[Journal]\nStorage=volatile\n' > "$root/etc/systemd/journald.conf.d/volatile.conf"
chroot "$root" systemctl --quiet enable leuko.service check-readonly.service

medium=$folder/medium
seen=$folder/readonly
mkdir -p "$medium"
rm -rf "$seen" "$folder/medium.ext4"
mkdir "$seen"
mke2fs -q -t ext4 "$folder/medium.ext4" 64M
mount -o loop,noatime "$folder/medium.ext4" "$medium"
trap 'umount "$medium"' EXIT

# boot STEP [OPTION...]
boot() {
    step=$1
    shift
    echo "$step" > "$seen/step"
    timeout 2100 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit \
        --private-network --volatile=overlay --bind="$seen:/run/check" --boot --console=pipe "$@" \
        < /dev/null > "$folder/console-readonly.txt" 2>&1 || true
}
: > "$root/etc/fstab"
boot first --bind="$medium:/var/lib/leuko"
boot again --bind="$medium:/var/lib/leuko"
# A medium that is not there; a container has no devices to wait for.
echo '/medium.ext4 /var/lib/leuko ext4 loop,noatime,nofail 0 2' > "$root/etc/fstab"
boot without
: > "$root/etc/fstab"

[ -e "$seen/report.json" ] || {
    echo "the container did not get as far as the check; see $folder/console-readonly.txt" >&2
    exit 1
}
python3 "$here/readonly_report.py" "$seen/report.json" "$report"
