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

from leuko.calibration import CalibrationHistory
from leuko.cli import main
from leuko.service import STORE_NAME
from leuko.store import Store

PATIENCE_S = 240
"""A machine that trains a model meanwhile is slow; the tests themselves take seconds."""
VIEW = {"LEUKO_FRAME_WIDTH": "480", "LEUKO_FRAME_HEIGHT": "360", "LEUKO_FRAMES_PER_S": "0"}
"""As many frames a second as are analysed."""

Calibrated = Callable[[Path], CalibrationHistory]

GIVEN_BACK = "\x1b[?1049l"
"""What makes a terminal show again what it showed before (xterm's alternate screen)."""


class Screen:
    """A terminal that remembers what was written to it."""

    def __init__(self) -> None:
        self._reading, writing = pty.openpty()
        self.name = os.ttyname(writing)
        self.descriptor = writing
        self.text = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := os.read(self._reading, 65536):
            self.text += chunk.decode(errors="replace")
            if chunk.endswith(b"\0"):
                return

    def close(self) -> None:
        os.write(self.descriptor, b"\0")
        self._thread.join()
        os.close(self.descriptor)
        os.close(self._reading)


class Device:
    """A folder with a device's sessions, and the service that runs on it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.state = folder / "state"
        self.socket = folder / "socket"
        self._capfd = capfd
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        *options: str,
        within: Sequence[str] = (),
        terminal: int | None = None,
        shown_on: int | None = None,
    ) -> None:
        """Start the service and wait until it answers.

        Args:
            *options: beside those of every test.
            within: what starts it.
            terminal: descriptor of the terminal it belongs to.
            shown_on: descriptor of the terminal it writes to, the log too.
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
                command,
                env=os.environ | VIEW,
                stdin=terminal,
                stdout=shown_on,
                stderr=shown_on or log,
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
        code, out, errors = self._said(*arguments)
        until_s = time.monotonic() + PATIENCE_S
        # A loaded machine may take longer over a frame than a person is let wait.
        while "did not answer" in errors and time.monotonic() < until_s:
            assert arguments == ("status",), errors
            code, out, errors = self._said(*arguments)
        assert not code, errors
        return dict(json.loads(out))

    def _said(self, *arguments: str) -> tuple[int, str, str]:
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as exited:
            main(["session", *arguments, "--json", "--socket", str(self.socket)])
        return int(exited.value.code or 0), *self._capfd.readouterr()

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


def test_sigterm_keeps_the_count_and_gives_the_display_back(
    device: Device, calibrated: Calibrated
) -> None:
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


def test_the_log_waits_until_the_display_gives_its_terminal_back_and_says_what_stays_open(
    device: Device,
) -> None:
    screen = Screen()
    device.run("--display", "terminal", shown_on=screen.descriptor)
    device.ask("start", "H-12", "--target", "400")
    device.wait(lambda: device.counted() >= 3)
    assert device.end(signal.SIGINT) == 0
    screen.close()
    drawn, told = screen.text.split(GIVEN_BACK)
    assert "INFO" not in drawn
    assert "session 1 started by" in told
    with Store.opened(device.state / STORE_NAME) as store:
        assert f"session 1 stays open with {store.count(1).n} counted, and goes" in told


def test_a_terminal_that_is_the_display_may_be_closed(device: Device) -> None:
    reading, terminal = pty.openpty()
    device.run(
        "--display",
        "terminal",
        within=["setsid", "--ctty", "--wait"],
        terminal=terminal,
        shown_on=terminal,
    )
    os.close(terminal)
    # A terminal that nobody reads from holds up who writes to it.
    drain = threading.Thread(target=lambda: os.read(reading, 1 << 16), daemon=True)
    drain.start()
    device.ask("start", "H-12", "--target", "400")
    os.close(reading)
    assert device.ended() == 0
    with Store.opened(device.state / STORE_NAME) as store:
        assert [one.kind for one in store.log()][-1] == "service stopped"


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
