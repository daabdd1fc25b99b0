"""What is said of the parts that a running service holds: camera, display and accelerator."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from leuko.cli import main
from leuko.control import ControlServer
from leuko.status import Health, Level, LiveStatus

HELD = ("camera", "display", "accelerator")
Doctor = Callable[..., tuple[int | str | None, dict[str, str]]]


class Shown(Protocol):
    """A count whose status can be set."""

    now: LiveStatus


@pytest.fixture
def doctor(
    socket_path: Path,
    tiny_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Doctor:
    """``leuko doctor`` for parts that it cannot open: its exit code and the line of each part."""
    monkeypatch.setenv("LEUKO_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("LEUKO_DISPLAY_DEVICE", str(socket_path.with_name("fb9")))
    camera = ["--camera", "opencv", "--camera-source", "/dev/video99", "--um-per-px", "0.2"]
    places = ["--state-dir", str(socket_path.parent), "--socket", str(socket_path)]

    def run(*more: str) -> tuple[int | str | None, dict[str, str]]:
        with pytest.raises(SystemExit) as left:
            main(["doctor", *camera, "--display", "framebuffer", *places, *more])
        lines = capfd.readouterr().out.splitlines()
        return left.value.code or 0, {line.split()[1]: line for line in lines}

    return run


def test_what_a_service_holds_is_asked_of_it_and_not_opened(
    server: ControlServer, memory: Shown, doctor: Doctor
) -> None:
    # All of these would be at fault if they were opened.
    del server
    shown = Health(Level.OK, "framebuffer 480 x 320")
    nearly_full = Health(Level.WARNING, "disk is nearly full: 209 MB free")
    memory.now = replace(memory.now, bench={"display": shown}, disk=nearly_full)
    code, lines = doctor()
    assert code == 0
    assert lines["camera"].split() == ["ok", "camera", "fine"]
    assert lines["display"].endswith(shown.text)
    assert lines["accelerator"].split() == ["ok", "accelerator", "fine"]
    assert lines["disk"].startswith("warning")
    assert f"{nearly_full.text}; export old sessions" in lines["disk"]
    assert lines["disk"].partition("leuko session slim")[2].startswith(" --state-dir /")
    assert lines["service"].endswith("; session idle")
    assert "backend" not in lines


def test_a_fault_that_the_service_has_is_one_of_the_device(
    server: ControlServer, memory: Shown, doctor: Doctor
) -> None:
    del server
    memory.now = replace(memory.now, camera=Health(Level.FAULT, "no pictures; check its cable"))
    code, lines = doctor()
    assert code == 1
    assert lines["camera"].endswith("no pictures; check its cable")
    assert lines["display"].endswith("none chosen")


def test_beside_a_service_that_cannot_be_asked_nothing_is_opened(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No such keypad: a warning if it were looked for.
    monkeypatch.setenv("LEUKO_KEYPAD", "/dev/input/event99")
    # A name that is too long fails like a folder that may not be entered, and for root, too.
    code, lines = doctor("--socket", f"/run/{'x' * 300}")
    assert code == 0
    assert all("a service may hold it" in lines[part] for part in HELD)
    assert "keypad" not in lines
