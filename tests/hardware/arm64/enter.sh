#!/bin/sh
# Runs a command in an arm64 root that looks like a Raspberry Pi. In namespaces of its own, so
# that the machine itself knows neither of its mounts nor of its way to run arm64 programs.
#
# usage: enter.sh ROOT CPU COMMAND...      needs root, qemu-user-static and util-linux
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pi=$(mktemp -d)
trap 'rm -rf "$pi"' EXIT
sh "$here/pi.sh" "$pi" "$2"

# Linux 6.7 has a list of foreign programs for each user namespace. All users are given to this
# one, for a package makes its own; only from outside can that be done, so it waits.
mkfifo "$pi/ready"
unshare --user sh -c 'read -r _ < "$0"; exec unshare --mount --pid --fork "$@"' "$pi/ready" \
    sh "$here/inside.sh" "$pi" "$@" &
inside=$!
until [ "$(readlink /proc/$inside/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do
    sleep 0.1
done
echo '0 0 65536' > /proc/$inside/uid_map
echo '0 0 65536' > /proc/$inside/gid_map
echo > "$pi/ready"
wait $inside
