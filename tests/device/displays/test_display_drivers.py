"""The contract that every display driver keeps."""

import os
import pty
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from luma.core.device import dummy
from luma.core.interface.serial import noop

from leuko.displays import Display, DisplayOptions, list_displays, load_display
from leuko.displays.framebuffer import FramebufferDisplay
from leuko.displays.panel import LumaDisplay
from leuko.displays.png import PNGDisplay
from leuko.displays.terminal import TerminalDisplay
from leuko.errors import DisplayError, LeukoError, SettingsError
from leuko.status import LiveStatus


@dataclass(frozen=True)
class Bench:
    """A driver on something that stands in for its hardware."""

    opened: Callable[[], Display]
    missing: DisplayOptions
    """Options that name what is not there."""


def framebuffer(folder: Path) -> Bench:
    device, facts = folder / "fb0", folder / "facts"
    device.write_bytes(bytes(320 * 240 * 2))
    facts.mkdir()
    for name, value in {
        "virtual_size": "320,240",
        "bits_per_pixel": "16",
        "stride": "640",
    }.items():
        (facts / name).write_text(f"{value}\n")
    return Bench(
        lambda: FramebufferDisplay(device, facts, DisplayOptions()),
        DisplayOptions(device="/dev/fb-none"),
    )


def luma(_: Path) -> Bench:
    return Bench(
        lambda: LumaDisplay(dummy(128, 64, mode="1"), noop(), "dummy"),
        DisplayOptions(device="i2c:97:0x3c", model="ssd1306"),
    )


def png(folder: Path) -> Bench:
    (folder / "file").touch()
    return Bench(
        lambda: PNGDisplay.opened(DisplayOptions(device=str(folder / "pictures"))),
        DisplayOptions(device=str(folder / "file" / "pictures")),
    )


def terminal(_: Path) -> Bench:
    leader, follower = pty.openpty()
    threading.Thread(target=_drain, args=(leader,), daemon=True).start()
    return Bench(
        lambda: TerminalDisplay.opened(DisplayOptions(device=os.ttyname(follower))),
        DisplayOptions(device="/dev/tty-none"),
    )


def _drain(leader: int) -> None:
    while os.read(leader, 4096):
        pass


BENCHES = {"framebuffer": framebuffer, "luma": luma, "png": png, "terminal": terminal}


@pytest.fixture(params=sorted(BENCHES))
def driver(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def bench(driver: str, tmp_path: Path) -> Bench:
    return BENCHES[driver](tmp_path)


@pytest.fixture
def display(bench: Bench) -> Iterator[Display]:
    display = bench.opened()
    yield display
    display.close()


def test_every_driver_keeps_the_contract() -> None:
    assert list_displays() == sorted(BENCHES)


def test_it_has_a_name_for_the_log(display: Display) -> None:
    assert display.name
    assert "\n" not in display.name


def test_it_shows_every_state(display: Display, statuses: Mapping[str, LiveStatus]) -> None:
    for status in statuses.values():
        display.show(status)


def test_it_can_be_opened_again_after_it_was_closed(bench: Bench, status: LiveStatus) -> None:
    for _ in range(2):
        display = bench.opened()
        display.show(status)
        display.close()


def test_closing_it_twice_does_nothing_more(display: Display, status: LiveStatus) -> None:
    display.show(status)
    display.close()
    display.close()


def test_what_is_missing_is_told_in_one_sentence(driver: str, bench: Bench) -> None:
    with pytest.raises(DisplayError) as raised:
        load_display(driver, bench.missing)
    assert "; " in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_unknown_driver_is_told_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="'hdmi'; choose one of: framebuffer, luma, png"):
        load_display("hdmi", DisplayOptions())


def test_a_driver_that_cannot_be_imported_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "foreign-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1\n")
    lines = "[leuko.displays]\nabsent = not_installed:Display\nrenamed = leuko.displays:Gone\n"
    (package / "entry_points.txt").write_text(lines)
    monkeypatch.syspath_prepend(tmp_path)
    for driver in ("absent", "renamed"):
        with pytest.raises(SettingsError, match=f"{driver} cannot be imported: .*; install it or"):
            load_display(driver, DisplayOptions())


def test_a_missing_display_is_no_reason_to_stop() -> None:
    # What the service catches to go on without a display.
    assert issubclass(DisplayError, LeukoError)
    assert issubclass(DisplayError, OSError)
