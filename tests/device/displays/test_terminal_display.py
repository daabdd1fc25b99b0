"""What a terminal shows; it says in words what the other displays draw."""

import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fcntl import ioctl
from pathlib import Path

import pytest

from leuko.displays import DisplayOptions
from leuko.displays.terminal import TerminalDisplay
from leuko.errors import DisplayError
from leuko.shown import Trend, TrendChart, TrendPoint
from leuko.status import Guidance, Health, Level, LiveStatus, SessionState

ESCAPES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


class Screen:
    """A terminal of 100 columns and 30 rows that keeps what is written to it."""

    def __init__(self) -> None:
        self.leader, self.follower = pty.openpty()
        ioctl(self.follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.display = TerminalDisplay.opened(DisplayOptions(device=os.ttyname(self.follower)))

    def shows(self, act: Callable[[], None]) -> str:
        """What is written while something is done."""
        pieces: list[bytes] = []
        reader = threading.Thread(target=self._read_to_mark, args=(pieces,), daemon=True)
        reader.start()
        act()
        os.write(self.follower, b"\0")
        reader.join(10)
        return b"".join(pieces).decode().rstrip("\0")

    def _read_to_mark(self, pieces: list[bytes]) -> None:
        while not (pieces and pieces[-1].endswith(b"\0")):
            pieces.append(os.read(self.leader, 65536))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.delenv("COLUMNS")
    screen = Screen()
    yield screen
    screen.display.close()
    os.close(screen.leader)
    os.close(screen.follower)


@pytest.fixture
def words(screen: Screen) -> Callable[[LiveStatus], str]:
    def shown(status: LiveStatus) -> str:
        return ESCAPES.sub("", screen.shows(lambda: screen.display.show(status)))

    return shown


Words = Callable[[LiveStatus], str]


def test_it_shows_the_count_and_its_target(words: Words, status: LiveStatus) -> None:
    shown = words(status)
    assert "57 of 100" in shown
    assert re.search(r"NEUT .*58 % +44-71", shown)
    assert "last cell: neutrophil, 97 %" in shown
    assert "unclassified 4 · per 100: NRBC 3.5, IG 0.0" in shown
    assert "not a diagnosis" in shown


def test_an_estimate_of_the_leukocytes_in_blood_is_called_so(
    words: Words, statuses: Mapping[str, LiveStatus]
) -> None:
    assert "estimate: 11.3 × 10⁹ leukocytes/l ±26 %" in words(statuses["estimated"])
    assert "estimate" not in words(statuses["counting"])


def test_percentages_have_decimals_only_where_the_count_supports_them(
    words: Words, statuses: Mapping[str, LiveStatus]
) -> None:
    assert "60.5 %" in words(statuses["reached"])
    assert not re.search(r"\d\.\d %", words(statuses["counting"]))


def test_nothing_counted_is_no_percentage(words: Words, statuses: Mapping[str, LiveStatus]) -> None:
    shown = words(statuses["idle"])
    assert "no session" in shown
    assert "%" not in shown


def test_a_count_without_an_id_is_told_from_no_session(words: Words, status: LiveStatus) -> None:
    shown = words(replace(status, specimen=""))
    assert "no id" in shown
    assert "no session" not in shown
    assert "no session" in words(replace(status, state=SessionState.IDLE))


@pytest.mark.parametrize("guidance", [g for g in Guidance if g])
def test_it_passes_the_instruction_on(words: Words, status: LiveStatus, guidance: Guidance) -> None:
    assert guidance.value in words(replace(status, guidance=guidance))


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (SessionState.IDLE, "ready to start"),
        (SessionState.PAUSED, "paused"),
        (SessionState.REACHED, "target reached"),
        (SessionState.FINISHED, "finished"),
        (SessionState.DISCARDED, "discarded"),
    ],
)
def test_the_state_goes_before_the_instruction(
    words: Words, status: LiveStatus, state: SessionState, text: str
) -> None:
    shown = words(replace(status, state=state, guidance=Guidance.FOCUS))
    assert text in shown
    assert "focus" not in shown


def test_a_fault_goes_before_everything(words: Words, status: LiveStatus) -> None:
    fault = Health(Level.FAULT, "no room left")
    shown = words(replace(status, state=SessionState.PAUSED, disk=fault))
    assert "check the disk" in shown
    assert "disk: no room left" in shown
    assert "✗ disk" in shown


def test_notices_and_warnings_are_all_told(
    words: Words, statuses: Mapping[str, LiveStatus]
) -> None:
    shown = words(statuses["long"])
    assert "restored from the copy" in shown
    assert "accelerator: Edge TPU gone" in shown
    assert "clock: not set since the start" in shown


def test_what_is_wrong_at_the_bench_is_told_and_nothing_else_of_it(
    words: Words, status: LiveStatus
) -> None:
    bench = {
        "keypad": Health(Level.WARNING, "keypad /dev/input/event9 is not plugged in"),
        "display": Health(Level.OK, "framebuffer"),
    }
    shown = words(replace(status, bench=bench))
    assert "keypad /dev/input/event9 is not plugged in" in shown
    assert "framebuffer" not in shown


def test_it_brings_back_what_was_there_before(screen: Screen, status: LiveStatus) -> None:
    screen.display.show(status)
    assert screen.shows(screen.display.close).endswith("\x1b[?25h\x1b[?1049l")


def test_a_small_terminal_is_not_scrolled(screen: Screen, status: LiveStatus) -> None:
    ioctl(screen.follower, termios.TIOCSWINSZ, struct.pack("HHHH", 6, 100, 0, 0))
    assert screen.shows(lambda: screen.display.show(status)).count("\n") == 5


def test_a_file_is_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    with pytest.raises(DisplayError, match=r"log is no terminal; start leuko in one"):
        TerminalDisplay.opened(DisplayOptions(device=str(path)))


def test_trends_are_the_newest_values_with_their_limits_and_what_failed_first(
    screen: Screen,
) -> None:
    trends = (
        Trend("sharpness", (TrendPoint(2.4),), 2.4, 0.05),
        Trend("stain density", (TrendPoint(0.9), TrendPoint(0.8, has_failed=True)), 0.9, 0.03),
        Trend("scale %", ()),
    )
    chart = TrendChart("check 30 failed", trends, has_failed=True)
    lines = ESCAPES.sub("", screen.shows(lambda: screen.display.show(chart))).split()
    assert " ".join(lines) == (
        "check 30 failed ! stain density 0.8 (0.9 ±0.03) sharpness 2.4 (2.4 ±0.05)"
    )
