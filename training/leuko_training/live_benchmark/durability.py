"""Whether a cell that was once shown is still there when the process or the power is cut off.

A process of its own counts into a store and says what it would show; at a random moment it is
killed, or its file system shut down as by a power cut. What it said before must be there then.
"""

import fcntl
import os
import random
import shutil
import signal
import struct
import subprocess  # ruff: ignore[suspicious-subprocess-import] - the process that is cut off
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leuko.errors import StoreError
from leuko.store import CellRecord, Outcome, Store
from leuko_training.live_benchmark.cell_writer import READY

_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
"""``EXT4_GOING_FLAGS_NOLOGFLUSH``: neither data nor journal reach the disk (fs/ext4/ext4.h)."""
_IMAGE_BYTES = 256 * 2**20
_LONGEST_S = 1.5
_NAME = "leuko.db"


@dataclass(frozen=True, slots=True)
class DurabilityTrial:
    """What came of cutting off a process that counts.

    Attributes:
        rounds: how often it was cut off.
        acknowledged: cells, changes and mergers that it said were kept, in all rounds.
        lost: how many of these were not there afterwards.
        unsound: rounds after which the store was not sound.
        cells: how many cells the store has in the end.
    """

    rounds: int
    acknowledged: int
    lost: int
    unsound: int
    cells: int

    @property
    def is_passed(self) -> bool:
        """Whether something was put to the test, and nothing was lost."""
        return bool(self.acknowledged) and not self.lost and not self.unsound


def kill_trial(rounds: int, *, seed: int = 0, folder: Path | None = None) -> DurabilityTrial:
    """Kill the counting process at random moments, and look at the store after each.

    Args:
        rounds: how often; the same session goes on each time.
        seed: source of all chance.
        folder: where the store is to be; a temporary one without it.

    Raises:
        StoreError: the store cannot even be opened again.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = Path(name) / _NAME
        return _trial(path, rounds, seed, cut=subprocess.Popen.kill, between=_nothing)


def power_cut_trial(rounds: int, *, seed: int = 0, folder: Path | None = None) -> DurabilityTrial:
    """Shut the file system of the counting process down at random moments, as a power cut does.

    The file system is ext4 in a file of its own, mounted for the trial; its shutdown drops
    whatever was not flushed to the disk. What a disk itself loses of what it has acknowledged is
    not put to the test.

    Args:
        rounds: how often; the same session goes on each time.
        seed: source of all chance.
        folder: where the file system's image is to be; a temporary one without it.

    Raises:
        StoreError: the store cannot even be opened again, or no file system can be mounted here.
    """
    if reason := why_no_power_cut():
        raise StoreError(f"the power cannot be cut here: {reason}")
    with tempfile.TemporaryDirectory(dir=folder) as name, _file_system(Path(name)) as disk:

        def cut(process: subprocess.Popen[str]) -> None:
            # A cut ends everything at once, so nothing may be said from here on. While the file
            # system is shut down, an fdatasync under way can return 0 with nothing written
            # (Linux 6.18, plain pwrite and fdatasync too); no program would live to see that.
            process.send_signal(signal.SIGSTOP)
            disk.cut_power()

        return _trial(disk.folder / _NAME, rounds, seed, cut=cut, between=disk.mount_again)


def why_no_power_cut() -> str:
    """Return what `power_cut_trial` lacks on this machine; empty if it lacks nothing."""
    if os.geteuid() != 0:
        return "only root can mount a file system"
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} are not installed"
    return "" if Path("/dev/loop-control").exists() else "the kernel has no loop devices"


class _Disk:
    """An ext4 file system in a file, mounted in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self._image = folder / "disk.img"
        with self._image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        _run("mkfs.ext4", "-q", str(self._image))
        self.folder.mkdir()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def mount_again(self) -> None:
        """Mount what had reached the disk."""
        self.unmount()
        # A copy: somebody's container may still hold the old one mounted, and so shut down.
        copy = self._image.with_suffix(".copy")
        _run("cp", "--sparse=always", str(self._image), str(copy))
        copy.replace(self._image)
        self.mount()

    def cut_power(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)


@contextmanager
def _file_system(folder: Path) -> Generator[_Disk]:
    disk = _Disk(folder)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()


def _trial(
    path: Path,
    rounds: int,
    seed: int,
    *,
    cut: Callable[[subprocess.Popen[str]], None],
    between: Callable[[], None],
) -> DurabilityTrial:
    dice = random.Random(seed)  # ruff: ignore[suspicious-non-cryptographic-random-usage] - a simulation
    told, lost, unsound, kept = _Told(), 0, 0, 0
    for number in range(rounds):
        told.hear(_cut_off(path, seed + number, dice.uniform(0, _LONGEST_S), cut))
        between()
        with Store.opened(path) as store:
            unsound += store.opening.outcome is Outcome.RECOVERED
            session = store.active_session()
            cells = list(store.cells(session.id, pictures=False)) if session else []
        lost += told.missing_from(cells)
        kept = len(cells)
    return DurabilityTrial(rounds, told.acknowledged, lost, unsound, kept)


def _cut_off(
    path: Path, seed: int, after_s: float, cut: Callable[[subprocess.Popen[str]], None]
) -> list[str]:
    """Start the counting process, cut it off after a while, and return what it said."""
    process = subprocess.Popen(  # ruff: ignore[subprocess-without-shell-equals-true] - our own module
        [sys.executable, "-m", "leuko_training.live_benchmark.cell_writer", str(path), str(seed)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        if process.stdout is None or process.stdout.readline().strip() != READY:
            raise StoreError("the counting process does not start; run it by itself")
        said: list[str] = []
        listener = threading.Thread(target=said.extend, args=(process.stdout,))
        listener.start()
        time.sleep(after_s)
        cut(process)
        process.kill()
        listener.join()
    return said


class _Told:
    """What was acknowledged so far."""

    def __init__(self) -> None:
        self._views: dict[int, int] = {}
        self._merged: dict[int, int] = {}
        self.acknowledged = 0

    def hear(self, lines: Iterable[str]) -> None:
        """Take in what the counting process said; a line that was cut off was never said."""
        for line in lines:
            if not line.endswith("\n"):
                continue
            kind, number, value = line.split()
            (self._views if kind == "cell" else self._merged)[int(number)] = int(value)
            self.acknowledged += 1

    def missing_from(self, cells: Sequence[CellRecord]) -> int:
        """Return how many cells and mergers are not as they were acknowledged, or later."""
        by_number = {cell.number: cell for cell in cells}
        lost = sum(
            number not in by_number or by_number[number].views < views
            for number, views in self._views.items()
        )
        return lost + sum(
            gone not in by_number or by_number[gone].merged_into != into
            for gone, into in self._merged.items()
        )


def _nothing() -> None:
    """Do what is to be done between two rounds when the disk stays."""


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # ruff: ignore[subprocess-without-shell-equals-true] - fixed commands
    if done.returncode:
        raise StoreError(f"{' '.join(command)} failed: {done.stderr.strip()}")
