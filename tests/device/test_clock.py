"""When the wall clock of a device is believed."""

import ctypes
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leuko.clock import RELEASED, boot_id, clock_is_set, is_steered, now

TODAY = RELEASED + timedelta(days=400)


def is_set(wall: datetime, root: Path, *, by_chrony: bool = False) -> bool:
    return clock_is_set(wall, root=root, steered=lambda: by_chrony)


def battery_clock(root: Path, shows: datetime | str) -> None:
    clock = root / "sys/class/rtc/rtc0"
    clock.mkdir(parents=True)
    text = shows if isinstance(shows, str) else f"{int(shows.timestamp())}\n"
    (clock / "since_epoch").write_text(text, encoding="ascii")


def network_time(root: Path) -> None:
    (root / "run/systemd/timesync").mkdir(parents=True)
    (root / "run/systemd/timesync/synchronized").touch()


def test_a_clock_that_the_network_has_set_is_believed(tmp_path: Path) -> None:
    network_time(tmp_path)
    assert is_set(TODAY, tmp_path)


def test_a_clock_that_chrony_steers_is_believed(tmp_path: Path) -> None:
    assert is_set(TODAY, tmp_path, by_chrony=True)
    assert not is_set(RELEASED - timedelta(days=1), tmp_path, by_chrony=True)


def test_the_kernel_says_whether_its_clock_is_steered() -> None:
    timex = ctypes.create_string_buffer(512)
    ctypes.CDLL(None).adjtimex(timex)
    # STA_UNSYNC in ``status``, which follows an int and four longs (adjtimex(2)).
    (status,) = struct.unpack_from("i", timex, struct.calcsize("illll"))
    assert is_steered() is not bool(status & 0x40)


def test_a_clock_that_nothing_vouches_for_is_not_believed(tmp_path: Path) -> None:
    assert not is_set(TODAY, tmp_path)


def test_a_clock_before_this_software_existed_is_never_believed(tmp_path: Path) -> None:
    network_time(tmp_path)
    past = RELEASED - timedelta(seconds=1)
    battery_clock(tmp_path, past)
    assert not is_set(past, tmp_path)


def test_a_battery_clock_that_agrees_vouches_for_the_wall_clock(tmp_path: Path) -> None:
    battery_clock(tmp_path, TODAY + timedelta(minutes=20))
    assert is_set(TODAY, tmp_path)


@pytest.mark.parametrize(
    "shows", [datetime(1970, 1, 1, 0, 5, tzinfo=UTC), TODAY - timedelta(days=1), "", "no time"]
)
def test_a_battery_clock_without_its_battery_vouches_for_nothing(
    tmp_path: Path, shows: datetime | str
) -> None:
    battery_clock(tmp_path, shows)
    assert not is_set(TODAY, tmp_path)


def test_moments_of_one_boot_follow_each_other() -> None:
    first, second = now(), now()
    assert first.boot_id == second.boot_id == boot_id()
    assert first.monotonic_s <= second.monotonic_s
    assert first.wall.tzinfo is UTC
