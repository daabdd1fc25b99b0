"""From ``leuko run`` to a session that outlives its process, on a simulated slide."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from leuko.calibration import (
    FOLDER_NAME,
    CalibrationHistory,
    Circumstances,
    ScalePart,
)
from leuko.cli import main
from leuko.clock import now
from leuko.service import STORE_NAME
from leuko.store import Store

PATIENCE_S = 120
"""A machine that trains a model meanwhile is slow; the tests themselves take seconds."""
VIEW = {"LEUKO_FRAME_WIDTH": "480", "LEUKO_FRAME_HEIGHT": "360", "LEUKO_FRAMES_PER_S": "0"}
"""As many frames a second as are analysed."""

GIVEN_BACK = "\x1b[?1049l"
"""What makes a terminal show again what it showed before (xterm's alternate screen)."""


class Screen:
    """A terminal that remembers what was written to it."""

    def __init__(self) -> None:
        self._reading, writing = pty.openpty()
        self.name = os.ttyname(writing)
        self._writing = writing
        self.text = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._reading, 65536):
            self.text += chunk.decode(errors="replace")
            if chunk.endswith(b"\0"):
                return

    def close(self) -> None:
        os.write(self._writing, b"\0")
        self._thread.join()
        os.close(self._writing)
        os.close(self._reading)


class Device:
    """A folder with a device's sessions, and the service that runs on it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.state = folder / "state"
        self.socket = folder / "socket"
        self._capfd = capfd
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *options: str, within: Sequence[str] = (), terminal: int | None = None) -> None:
        """Start the service and wait until it answers.

        Args:
            *options: beside those of every test.
            within: what starts it.
            terminal: descriptor of the terminal it belongs to.
        """
        command = [
            *within,
            sys.executable,
            "-m",
            "leuko",
            "run",
            "--camera",
            "sim",
            "--um-per-px",
            "0.2",
        ]
        command += ["--camera-source", "smear:24:40", "--state-dir", str(self.state)]
        command += ["--socket", str(self.socket), *options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | VIEW, stdin=terminal, stderr=log
            )
        self.wait(self.socket.exists)

    def end(self, number: signal.Signals) -> int:
        """Send the service a signal and return its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the service's end and return its exit code."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def ask(self, *arguments: str) -> dict[str, object]:
        """Return what ``leuko session`` prints."""
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as exited:
            main(["session", *arguments, "--json", "--socket", str(self.socket)])
        out, errors = self._capfd.readouterr()
        assert not exited.value.code, errors
        return dict(json.loads(out))

    def counted(self) -> int:
        differential = self.ask("status")["differential"]
        assert isinstance(differential, dict)
        return int(differential["n"])

    def wait(self, holds: Callable[[], bool]) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < until_s, self._log.read_text(encoding="utf-8")
            assert self._process is not None
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            time.sleep(0.05)


@pytest.fixture
def device(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Generator[Device]:
    device = Device(tmp_path, capfd)
    yield device
    device.close()


def test_a_killed_service_goes_on_with_every_cell_that_was_shown(device: Device) -> None:
    device.run()
    device.ask("start", "H-12", "--target", "400")
    device.wait(lambda: device.counted() >= 3)
    shown = device.counted()
    assert device.end(signal.SIGKILL) == -signal.SIGKILL
    device.socket.unlink()
    device.run()
    status = device.ask("status")
    assert (status["state"], status["specimen"]) == ("counting", "H-12")
    taken_up = device.counted()
    assert taken_up >= shown
    device.wait(lambda: device.counted() > taken_up)
    assert device.end(signal.SIGTERM) == 0
    with Store.opened(device.state / STORE_NAME) as store:
        kinds = [entry.kind for entry in store.log()]
        assert store.count(1).n > taken_up
        assert kinds.count("service started") == 2
        assert kinds.count("service stopped") == 1
        assert len(store.sessions()) == 1


def calibrated(state: Path) -> CalibrationHistory:
    """Keep a scale for frames of the size that the tests ask for."""
    circumstances = Circumstances("Ada", now(), "leuko-default", "b" * 64, "sim", "smear:1")
    history = CalibrationHistory(state / FOLDER_NAME)
    part = ScalePart(
        origin=circumstances.origin([], shape=(360, 480)),
        um_per_px=0.2,
        within_percent=0.1,
        method="stage micrometer",
        measured=40,
    )
    history.keep({"scale": part}, cause="scale", by="Ada")
    return history


def test_sigterm_keeps_the_count_and_gives_the_display_back(device: Device) -> None:
    calibration = calibrated(device.state).current()
    screen = Screen()
    device.run("--display", "terminal", "--display-device", screen.name)
    device.ask("start", "H-12", "--target", "2")
    device.wait(lambda: device.ask("status")["state"] == "reached")
    device.wait(lambda: "target reached" in screen.text)
    assert device.end(signal.SIGTERM) == 0
    screen.close()
    assert GIVEN_BACK in screen.text
    assert "target reached" not in screen.text.split(GIVEN_BACK)[-1]
    assert not device.socket.exists()
    with Store.opened(device.state / STORE_NAME) as store:
        assert store.count(1).n == 2
        assert calibration is not None
        assert store.session(1).spec.calibration == calibration.summary


@pytest.mark.parametrize(("after", "is_ended"), [([], True), (["nohup"], False)])
def test_a_terminal_that_is_closed_ends_the_service_as_sigterm_does_unless_it_is_to_outlive_it(
    device: Device, after: list[str], *, is_ended: bool
) -> None:
    reading, terminal = pty.openpty()
    device.run(within=["setsid", "--ctty", "--wait", *after], terminal=terminal)
    os.close(terminal)
    device.ask("start", "H-12", "--target", "400")
    device.wait(lambda: device.counted() >= 3)
    os.close(reading)
    if not is_ended:
        counted = device.counted()
        device.wait(lambda: device.counted() > counted)
        device.end(signal.SIGTERM)
    assert device.ended() == 0
    with Store.opened(device.state / STORE_NAME) as store:
        *_, last = store.log()
        assert (last.kind, last.detail) == ("service stopped", {"cause": "asked to"})
        assert store.count(1).n >= 3


def refused(capfd: pytest.CaptureFixture[str], tmp_path: Path, *options: str) -> str:
    """Return the one line with which ``leuko run`` refuses to start."""
    paths = ["--state-dir", str(tmp_path / "state"), "--socket", str(tmp_path / "socket")]
    with pytest.raises(SystemExit) as exited:
        main(["run", "--um-per-px", "0.2", *paths, *options])
    errors = capfd.readouterr().err
    lines = [line for line in errors.splitlines() if line.startswith("leuko: ")]
    assert (exited.value.code, len(lines)) == (1, 1)
    assert "Traceback" not in errors
    return lines[0]


def test_a_camera_driver_that_is_unknown_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_CAMERA", "nix")
        assert "no camera driver 'nix'; choose" in refused(capfd, tmp_path)


def test_a_folder_that_may_not_be_written_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Not even root makes a folder there.
    line = refused(capfd, tmp_path, "--camera", "sim", "--state-dir", "/sys/leuko")
    assert "look at the disk, the folder and its permissions" in line


def test_a_second_service_on_the_same_sessions_is_refused_before_it_opens_a_camera(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (
        Store.opened(tmp_path / "state" / STORE_NAME),
        pytest.MonkeyPatch.context() as environment,
    ):
        # There is no such driver, which only matters once a camera is opened.
        environment.setenv("LEUKO_CAMERA", "nix")
        assert "another leuko process has it open; stop that one first" in refused(capfd, tmp_path)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("LEUKO_TARGET", "'many' is no target of a count"),
        ("LEUKO_BUTTONS", "'many' is no button"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, setting: str, words: str
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(setting, "many")
        assert words in refused(capfd, tmp_path, "--camera", "sim")
    assert not (tmp_path / "state").exists()


def test_the_calibration_of_another_camera_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    calibrated(tmp_path / "state")
    line = refused(capfd, tmp_path, "--camera", "sim")
    assert "its scale is of 480 x 360 pixels, the camera gives 1280 x 960" in line
    assert not (tmp_path / "state" / STORE_NAME).exists()


def test_a_display_driver_that_is_unknown_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_DISPLAY", "nix")
        line = refused(capfd, tmp_path, "--camera", "sim")
    assert "no display driver 'nix'; choose one of none, framebuffer" in line


def test_a_display_too_small_to_read_is_refused_before_anything_is_opened(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LEUKO_DISPLAY", "png")
        environment.setenv("LEUKO_DISPLAY_WIDTH", "100")
        environment.setenv("LEUKO_DISPLAY_HEIGHT", "30")
        line = refused(capfd, tmp_path, "--camera", "sim")
    assert "too small to read: display_width = 100 and display_height = 30; set" in line
    assert "set at least 128 x 64, or 0 to ask the driver" in line
    assert not (tmp_path / "state").exists()
