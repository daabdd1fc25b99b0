"""Time on a device whose wall clock cannot be trusted.

A Raspberry Pi without a clock battery starts in the past, and jumps when it meets a network. What
orders events is therefore the boot's id and the monotonic clock; the wall clock is only noted.
"""

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYNCHRONISED = "run/systemd/timesync/synchronized"
_BATTERY_CLOCKS = "sys/class/rtc/rtc*/since_epoch"
_TIME_ERROR = 5
"""What the kernel answers while nothing steers its clock (adjtimex(2): ``STA_UNSYNC``)."""
_TIMEX_BYTES = 512
"""More than the ``struct timex`` of any machine; all of it zero asks and changes nothing."""
_DRIFT = timedelta(hours=1)
"""Two free-running clocks of 100 ppm part by this much in 58 days."""
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that shows less is set: this software did not exist then."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened.

    Attributes:
        boot_id: which start of the machine.
        monotonic_s: seconds since that start; orders what happened in one boot.
        wall: what the wall clock said, UTC.
        clock_is_set: whether the wall clock could be believed.
    """

    boot_id: str
    monotonic_s: float
    wall: datetime
    clock_is_set: bool


def now() -> Moment:
    """Return the present moment."""
    wall = datetime.now(UTC)  # ruff: ignore[banned-api] - this is the clock that is passed in
    return Moment(boot_id(), time.monotonic(), wall, clock_is_set(wall))


def boot_id() -> str:
    """Return the id that the kernel gave this start of the machine."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        # Without it a process is the longest stretch that the monotonic clock orders.
        return f"process {os.getpid()}"


def is_steered() -> bool:
    """Return whether chrony, ntpd or systemd-timesyncd steers the kernel's clock by another.

    Setting it by hand ends that, and so do nine hours without that other one.
    """
    try:
        answer: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except AttributeError:
        # A system without it is none with systemd either.
        return False
    # A filter of system calls answers -1.
    return 0 <= answer != _TIME_ERROR


def clock_is_set(
    wall: datetime, *, root: Path = Path("/"), steered: Callable[[], bool] = is_steered
) -> bool:
    """Return whether a wall clock's time can be believed.

    It is later than this software, and either the network has set it since the start, or steers it
    now, or the machine's battery-backed clock agrees with it.

    Args:
        wall: what the wall clock says, UTC.
        root: where the system's files are.
        steered: whether the network steers it now.
    """
    if wall < RELEASED:
        return False
    if (root / _SYNCHRONISED).exists() or steered():
        return True
    return _battery_clock_agrees(wall.replace(second=0, microsecond=0), root)


# Asked once a minute: a clock on I2C takes a millisecond, on the bus that displays share.
@lru_cache(maxsize=1)
def _battery_clock_agrees(wall: datetime, root: Path) -> bool:
    # That there is such a clock proves nothing: a Pi 5 has one even without its battery, and it
    # then starts in 1970 while systemd-timesyncd moves the wall clock to when it last ran.
    return any(
        abs(_EPOCH + timedelta(seconds=seconds) - wall) < _DRIFT
        for seconds in map(_seconds, root.glob(_BATTERY_CLOCKS))
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _seconds(since_epoch: Path) -> int:
    try:
        return int(since_epoch.read_text(encoding="ascii"))
    except (OSError, ValueError):
        # A clock whose battery ran out gives EINVAL instead of a time.
        return 0
