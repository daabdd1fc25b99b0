#!/bin/sh
# The first process of the machine of check_v4l2.sh: runs the check and switches the machine off.
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
stty -F /dev/ttyS0 raw -echo
cd /opt/check || exit
PYTHONDONTWRITEBYTECODE=1 /opt/leuko/bin/python -m tests.hardware.v4l2.check < /dev/ttyS0 > /dev/ttyS0 2>&1
echo "ended with $?" > /dev/ttyS0
sync
echo o > /proc/sysrq-trigger
sleep 60
