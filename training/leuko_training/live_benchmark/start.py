"""How long the service takes from the start of its process to the first frame that it counts.

The process is ``leuko run`` with the simulated camera. What it has done is read from what it tells
the service manager: ready, and a line with the count after every finished frame. Its modules are
compiled, as in the packages.
"""

import os
import re
import shutil
import socket
import subprocess  # ruff: ignore[suspicious-subprocess-import] - the service that is measured
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from leuko.control import ControlClient
from leuko.errors import ServiceError

SLIDE = "smear:24:120"
SIZE = 1280, 960
"""Width and height of a picture, as the settings ask for it."""
UM_PER_PX = 0.125
CELLS = 10
"""Of the session that is open at a start."""
LONGEST_S = 120.0
"""What a start may take, on a machine that does much else, before it counts as failed."""

_READY = re.compile(r"^READY=1$", re.MULTILINE)
_FINISHED = re.compile(r"^WATCHDOG=1$", re.MULTILINE)
_COUNTING = re.compile(r"^WATCHDOG=1\nSTATUS=counting: (\d+) of", re.MULTILINE)
_ENDING_S = 20.0
_CACHES = Path("/proc/sys/vm/drop_caches")
_FOREIGN = ("LEUKO_", "PYTHONDONTWRITEBYTECODE")
"""How variables begin that whoever measures may have and the service must not."""


class Kind(StrEnum):
    """What a start finds."""

    NEW = "new session"
    """None from before; one is begun at once when the service is ready."""
    OPEN = "open session"
    """One from before."""
    COLD = "new session, files not in memory"
    """As after switching on: the kernel has read none of its files yet."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the service; seconds from the start of its process.

    Attributes:
        kind: what it found.
        ready_s: until it said that it was ready.
        frame_s: until the first frame was finished.
        counted_s: until the first frame that belongs to the session was finished.
        cell_s: until the first cell was counted; None where that was not waited for, and for a
            session from before, which has some.
    """

    kind: Kind
    ready_s: float
    frame_s: float
    counted_s: float
    cell_s: float | None


def measure_starts(
    bundle: Path | None = None,
    *,
    runs: int,
    size: tuple[int, int] = SIZE,
    cells: int = CELLS,
    forgets: Callable[[], bool] = lambda: False,
) -> list[Start]:
    """Start the service with a new session, with one that is open, and cold, several times in turn.

    So a machine that does more at one time than at another favours no kind.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        runs: starts of each kind; one more, which counts the cells, brings files into memory.
        size: width and height of a picture.
        cells: that the open session has; with 0, no start waits for a cell.
        forgets: makes the kernel read every file anew and returns whether it did; there is no
            cold start without.

    Raises:
        ServiceError: the service ended, or did not count within `LONGEST_S`.
    """
    options = _options(bundle, size)
    with tempfile.TemporaryDirectory() as name:
        _count(Path(name), options, cells=cells)
        each = partial(_one_of_each, Path(name), options, cells=cells, forgets=forgets)
        return [start for _ in range(runs) for start in each()]


def forget_files() -> bool:
    """Make the kernel read every file anew; return whether it may be asked to: by root alone."""
    os.sync()
    try:
        _CACHES.write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def _options(bundle: Path | None, size: tuple[int, int]) -> dict[str, str]:
    options = {
        "CAMERA": "sim",
        "CAMERA_SOURCE": SLIDE,
        "UM_PER_PX": str(UM_PER_PX),
        "FRAME_WIDTH": str(size[0]),
        "FRAME_HEIGHT": str(size[1]),
        "DISPLAY": "none",
    }
    return options | ({"BUNDLE": str(bundle)} if bundle else {})


def _count(folder: Path, options: dict[str, str], *, cells: int) -> None:
    with _service(folder, options) as service:
        service.until(_READY.search)
        _start_session(folder)
        service.until(lambda said: _COUNTING.search(said) and _cells(said) >= cells)


def _one_of_each(
    counted: Path, options: dict[str, str], *, cells: int, forgets: Callable[[], bool]
) -> Iterator[Start]:
    has_cells = cells > 0
    with tempfile.TemporaryDirectory() as name:
        yield _with_new_session(Path(name), options, Kind.NEW, has_cells=has_cells)
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(counted / "state", Path(name) / "state")
        yield _with_open_session(Path(name), options)
    with tempfile.TemporaryDirectory() as name:
        if forgets():
            yield _with_new_session(Path(name), options, Kind.COLD, has_cells=has_cells)


def _with_new_session(
    folder: Path, options: dict[str, str], kind: Kind, *, has_cells: bool
) -> Start:
    with _service(folder, options) as service:
        ready_s = service.until(_READY.search)
        _start_session(folder)
        frame_s = service.until(_FINISHED.search)
        counted_s = frame_s if _COUNTING.search(service.last) else service.until(_COUNTING.search)
        if not has_cells:
            return Start(kind, ready_s, frame_s, counted_s, None)
        cell_s = counted_s if _cells(service.last) else service.until(_cells)
        return Start(kind, ready_s, frame_s, counted_s, cell_s)


def _with_open_session(folder: Path, options: dict[str, str]) -> Start:
    with _service(folder, options) as service:
        ready_s = service.until(_READY.search)
        # Its first frame belongs to the session already.
        counted_s = service.until(_COUNTING.search)
        return Start(Kind.OPEN, ready_s, counted_s, counted_s, None)


def _start_session(folder: Path) -> None:
    ControlClient(folder / "socket", answer_s=LONGEST_S).start("start")


class _Running:
    """A service that runs, and what it tells its manager."""

    def __init__(self, manager: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self._manager = manager
        self._process = process
        self._begun = time.monotonic()
        self.last = ""

    def until(self, is_it: Callable[[str], object]) -> float:
        """Return when the service said something, in seconds since its start."""
        while (now := time.monotonic() - self._begun) < LONGEST_S:
            try:
                self.last = self._manager.recv(4096).decode()
            except TimeoutError:
                if self._process.poll() is not None:
                    break
                continue
            if is_it(self.last):
                return time.monotonic() - self._begun
        code = self._process.poll()
        how = "did not count" if code is None else f"ended with code {code}"
        raise ServiceError(f"the service {how} within {now:.0f} s; try it: leuko run --camera sim")


def _cells(said: str) -> int:
    counting = _COUNTING.search(said)
    return int(counting[1]) if counting else 0


@contextmanager
def _manager(path: Path) -> Generator[socket.socket]:
    path.unlink(missing_ok=True)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(path))
        manager.settimeout(0.5)
        yield manager


@contextmanager
def _service(folder: Path, options: dict[str, str]) -> Generator[_Running]:
    places = {"STATE_DIR": str(folder / "state"), "CONTROL_SOCKET": str(folder / "socket")}
    foreign = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
    settings = {f"LEUKO_{key}": value for key, value in (options | places).items()}
    with (
        _manager(folder / "notify") as manager,
        subprocess.Popen(
            [sys.executable, "-m", "leuko", "run"],
            env=foreign | settings | {"NOTIFY_SOCKET": str(folder / "notify")},
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            yield _Running(manager, process)
        finally:
            process.terminate()
            try:
                process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
