#!/bin/sh
# Boots the service under real systemd, in a Debian trixie container without a network, with the
# simulated camera: ready in time, killed by its own watchdog when frames stop, back with its count.
#
# usage: check_systemd.sh FOLDER      needs root, debootstrap and systemd-nspawn
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/trixie
for command in debootstrap systemd-nspawn systemd-analyze; do
    command -v "$command" > /dev/null || {
        echo "check-systemd needs $command; install it (debootstrap, systemd-container)" >&2
        exit 1
    }
done
mkdir -p "$folder"
sh "$here/debian_root.sh" "$root" trixie
sh "$here/install_leuko.sh" "$root"

install -D -m 644 "$here/simulated.toml" "$root/etc/leuko/leuko.toml"
install -D -m 755 "$here/watch_service.py" "$root/usr/local/bin/watch_service.py"
install -D -m 644 "$here/watch-service.service" "$root/etc/systemd/system/watch-service.service"
# A quick watchdog keeps the check short; everything else is the shipped unit.
mkdir -p "$root/etc/systemd/system/leuko.service.d" "$root/var/log/journal"
printf '[Service]\nWatchdogSec=8\n' > "$root/etc/systemd/system/leuko.service.d/quick.conf"
rm -rf "$root/var/lib/leuko" "$root/var/watch-service.txt"
for unit in leuko watch-service; do
    ln -sf "../$unit.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
done

said=$(chroot "$root" systemd-analyze verify /etc/systemd/system/leuko.service 2>&1) || true
[ -z "$said" ] || { echo "systemd-analyze verify: $said" >&2; exit 1; }
chroot "$root" systemd-analyze security --offline=true --threshold=25 \
    /etc/systemd/system/leuko.service | tail -n 1

timeout 180 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network \
    --boot --console=pipe < /dev/null > "$folder/console.txt" 2>&1 || true
cat "$root/var/watch-service.txt" || {
    echo "the container did not get as far as the check; see $folder/console.txt" >&2
    exit 1
}
grep -q '^all is well' "$root/var/watch-service.txt" || {
    journalctl --no-pager --directory="$root/var/log/journal/$(ls "$root/var/log/journal" | head -n 1)" \
        --unit=leuko.service | tail -n 40 >&2
    exit 1
}
