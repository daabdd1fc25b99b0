"""A count in memory, served at a real socket by a main loop of its own."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leuko.cells import LEUKOCYTES, CellClass, CellStatus
from leuko.control import (
    Archive,
    Bench,
    CommandQueue,
    ControlClient,
    Controls,
    ControlServer,
    Differential,
    SeenSlide,
    SessionEntry,
    SessionReply,
)
from leuko.counting import DifferentialCount, Entry
from leuko.errors import OutputError, SessionError
from leuko.status import (
    EstimatedWBC,
    Guidance,
    Health,
    LastCell,
    Level,
    LiveStatus,
    SessionState,
    Target,
)
from leuko.tracking import Overview

OPEN = (SessionState.COUNTING, SessionState.PAUSED, SessionState.REACHED)
COUNT = DifferentialCount.from_entries(
    [Entry(name, CellStatus.COUNTED) for name in LEUKOCYTES for _ in range(5)]
    + [Entry(CellClass.ERYTHROBLAST, CellStatus.EXCLUDED)] * 2
    + [Entry(CellClass.MONOCYTE, CellStatus.UNCLASSIFIED)]
)
FINE = Health(Level.OK, "fine")
WBC = EstimatedWBC(5.2, 31.0, {"per_litre_1e9": 5.2, "text": "about 5.2 × 10⁹ leukocytes"})
LAST = LastCell(CellClass.BASOPHIL, 0.9, np.zeros((96, 96, 3), np.uint8))


class CountInMemory:
    """`Controls` that keeps a state and who asked for it; what it is asked comes out of `asked`."""

    def __init__(self) -> None:
        usual = LiveStatus(
            SessionState.IDLE, "", Target(), COUNT, Guidance.FOCUS, LAST, FINE, FINE, FINE, FINE
        )
        self.now = replace(usual, estimated_wbc=WBC, frames_per_s=1.2)
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()

    def status(self) -> LiveStatus:
        return self.now

    def seen_slide(self) -> SeenSlide:
        if self.now.state is SessionState.IDLE:
            raise SessionError("nothing of the slide has been seen yet; move over it")
        picture = np.zeros((1, 1, 3), np.uint8)
        return SeenSlide(Overview(picture, 1, 0.0, 0.0, 1.0, None, (1.0, 1.0)), 7)

    def start(
        self, specimen: str, *, operator: str, target: Target | None, asked_by: str
    ) -> LiveStatus:
        if self.now.state in OPEN:
            raise SessionError(f"session {self.now.specimen} is open; finish it first")
        self.now = replace(self.now, specimen=specimen, target=target or Target(100))
        return self._become(SessionState.COUNTING, f"start {specimen!r} for {operator!r}", asked_by)

    def set_target(self, target: Target, *, asked_by: str) -> LiveStatus:
        self.now = replace(self.now, target=target)
        state = SessionState.REACHED if target.is_reached(COUNT) else self.now.state
        return self._become(state, f"target {target}", asked_by)

    def pause(self, *, asked_by: str) -> LiveStatus:
        return self._become(SessionState.PAUSED, "pause", asked_by)

    def resume(self, *, asked_by: str) -> LiveStatus:
        return self._become(SessionState.COUNTING, "resume", asked_by)

    def tally_smudge_cell(self, *, undo: bool = False, asked_by: str) -> LiveStatus:
        number = self.now.count.smudge_cells + (-1 if undo else 1)
        self._become(self.now.state, f"{number} smudge cells", asked_by)
        self.now = replace(self.now, count=replace(COUNT, smudge_cells=number))
        return self.now

    def finish(self, *, asked_by: str) -> LiveStatus:
        return self._become(SessionState.FINISHED, "finish", asked_by)

    def discard(self, *, asked_by: str) -> LiveStatus:
        return self._become(SessionState.DISCARDED, "discard", asked_by)

    def _become(self, state: SessionState, command: str, asked_by: str) -> LiveStatus:
        if self.now.state not in OPEN and not command.startswith("start"):
            raise SessionError("no session is open; start one first")
        self.now = replace(self.now, state=state)
        self.asked.put(f"{command} by {asked_by}")
        return self.now


class SlowCount(CountInMemory):
    """Takes longer than anybody waits."""

    def status(self) -> LiveStatus:
        time.sleep(0.3)
        return super().status()


class BrokenCount(CountInMemory):
    """Has a bug."""

    def status(self) -> LiveStatus:
        return super().status() if 1 / len("") else self.now


class ArchiveInMemory:
    """`Archive` with one session, number 7, whose picture is the largest there can be."""

    picture = np.random.default_rng(0).bytes(4_300_000)

    entry = SessionEntry(
        session=7,
        specimen="H-12",
        operator="ana",
        state=SessionState.FINISHED,
        target=Target(100),
        started="2026-11-02T08:00:00+00:00",
        clock_is_set=True,
        n=25,
    )

    def sessions(self, *, limit: int) -> Sequence[SessionEntry]:
        return [self.entry] * min(limit, 1)

    def session(self, number: int) -> SessionReply:
        if number != self.entry.session:
            raise SessionError(f"there is no session {number}; see: leuko session list")
        return SessionReply(
            session=self.entry,
            differential=Differential.of(COUNT),
            bundle="tiny 1",
            um_per_px=0.1,
            changes=("session 7 was begun with another calibration than now",),
            device="",
            estimated_wbc={"is_estimate": True, "text": "about 6.1 × 10⁹ leukocytes a litre"},
        )

    def overview(self, seen: SeenSlide) -> bytes:
        assert seen.session == 7
        return self.picture

    def export(
        self, number: int, *, folder: Path | None, pictures: bool, seen: SeenSlide | None
    ) -> Path:
        if folder is None:
            raise OutputError("no USB stick is plugged in; plug one in or name a folder")
        slide = "-slide" if seen else ""
        return folder / f"session-{number}{'-pictures' if pictures else ''}{slide}"


@pytest.fixture
def memory() -> CountInMemory:
    return CountInMemory()


@pytest.fixture
def count(memory: CountInMemory) -> Controls:
    """A count, to be controlled."""
    return memory


@pytest.fixture
def slow_count() -> Controls:
    return SlowCount()


@pytest.fixture
def broken_count() -> Controls:
    return BrokenCount()


@pytest.fixture
def asked(memory: CountInMemory) -> queue.SimpleQueue[str]:
    """What that count was asked to do and did, in order."""
    return memory.asked


@pytest.fixture
def shown() -> DifferentialCount:
    """The differential that it shows."""
    return COUNT


@pytest.fixture
def archive() -> Archive:
    return ArchiveInMemory()


@pytest.fixture
def commands(count: Controls) -> Generator[CommandQueue]:
    """A queue whose commands a loop in another thread carries out on `count`."""
    commands = CommandQueue(answer_s=30)
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(0.002):
            commands.run_pending(count)

    thread = threading.Thread(target=loop)
    thread.start()
    yield commands
    ended.set()
    thread.join()
    commands.close()


@pytest.fixture
def bench(commands: CommandQueue) -> Generator[Bench]:
    with Bench(commands) as bench:
        yield bench


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def server(commands: CommandQueue, archive: Archive, socket_path: Path) -> Generator[ControlServer]:
    with ControlServer(socket_path, commands, archive, line_s=1) as server:
        yield server


@pytest.fixture
def client(server: ControlServer, socket_path: Path) -> ControlClient:
    del server
    return ControlClient(socket_path, answer_s=30)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Waits for what another thread brings about, and says whether it came."""

    def becomes_true(holds: Callable[[], bool]) -> bool:
        until_s = time.monotonic() + 30
        while not (has_come := holds()) and time.monotonic() < until_s:
            time.sleep(0.005)
        return has_come

    return becomes_true
