"""What was noted while the whole service ran: data, and the process that it runs in."""

import json
import os
import subprocess  # ruff: ignore[suspicious-subprocess-import] - the process that is measured
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, MutableSequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from leuko.errors import ServiceError
from leuko.status import LiveStatus

NOTED_EVERY = 100
"""Frames from one reading of the memory to the next."""


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """What the service is to count.

    Attributes:
        bundle: folder or zip of the models.
        sources: slides for the simulated camera, one after the other, and again from the first.
        frames: after how many it ends.
        frames_per_s: pace of the camera; 0 leaves it to the service.
        cells_before: cells that its session has already when it begins.
        um_per_px: scale of the frames.
        width: columns of a frame.
        height: rows of a frame.
        seed: of the paths and of the cells that are there before.
        threads: of the processor for each model; "auto" measures, as the service does.
    """

    bundle: str
    sources: tuple[str, ...]
    frames: int
    frames_per_s: float = 0.0
    cells_before: int = 0
    um_per_px: float = 0.1
    width: int = 1280
    height: int = 960
    seed: int = 1
    threads: int | Literal["auto"] = "auto"


@dataclass(slots=True)
class Course:
    """What was noted frame by frame, in arrays: lists would grow with the memory that is measured.

    Attributes:
        numbers: each frame's number in the path of its slide; gaps are frames that were dropped.
        arrived_s: when each frame was taken up, in seconds of ``time.monotonic()``.
        worked_s: time from there until the service was ready for the next one.
        cpu_s: processor time of the counting thread for it.
        resident_mb: memory at every `NOTED_EVERY`-th frame, in 10⁶ bytes.
        late_s: age of each picture when its status had been shown.
        shown_s: when the newest picture that was shown was taken.
        analysis_s: processor time of searching frames and naming cells, all frames together.
        analysed: how many frames were searched.
        store_s: processor time of keeping cells, all frames together.
        longest_save_s: the longest that a frame waited for its cells to be kept.
        cells: cells of the session in the end.
        slides: number of slides begun.
        given: frames that the camera of the last slide gave from the first to the last taken.
        engine: what ran the models.
        peak_mb: most memory at any time, in 10⁶ bytes.
    """

    numbers: MutableSequence[int] = field(default_factory=lambda: array("q"))
    arrived_s: MutableSequence[float] = field(default_factory=lambda: array("d"))
    worked_s: MutableSequence[float] = field(default_factory=lambda: array("d"))
    cpu_s: MutableSequence[float] = field(default_factory=lambda: array("d"))
    resident_mb: MutableSequence[float] = field(default_factory=lambda: array("d"))
    late_s: MutableSequence[float] = field(default_factory=lambda: array("d"))
    shown_s: float = 0.0
    analysis_s: float = 0.0
    analysed: int = 0
    store_s: float = 0.0
    longest_save_s: float = 0.0
    cells: int = 0
    slides: int = 0
    given: int = 0
    engine: str = ""
    peak_mb: float = 0.0

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return a course that `to_json` wrote."""
        return cls(**json.loads(text))

    def note_shown(self, status: LiveStatus) -> None:
        """Note how old the picture behind a status is that has just been shown, the first time."""
        if status.captured_s > self.shown_s:
            self.shown_s = status.captured_s
            self.late_s.append(time.monotonic() - status.captured_s)

    def to_json(self) -> str:
        """Return the course as JSON."""
        noted = {one.name: getattr(self, one.name) for one in fields(self)}
        return json.dumps(noted, default=list)

    @property
    def frames(self) -> int:
        """Frames taken up."""
        return len(self.arrived_s)

    @property
    def frames_per_s(self) -> float:
        """Frames a second from the first frame to the last."""
        return (self.frames - 1) / max(1e-9, self.arrived_s[-1] - self.arrived_s[0])

    @property
    def late_ms_95(self) -> float:
        """95th percentile of the time from the camera to the display, in ms."""
        return 1000 * float(np.percentile(self.late_s, 95)) if self.late_s else float("inf")

    def cpu_ms(self, part: slice = slice(None)) -> float:
        """Return the mean processor time of a frame in a part of the course, in ms."""
        return 1000 * float(np.mean(self.cpu_s[part]))

    def cpu_ms_by(self, frames: int) -> NDArray[np.float64]:
        """Return the mean processor time of each so many frames, in ms."""
        whole = len(self.cpu_s) // frames * frames
        return np.asarray(1000 * np.reshape(self.cpu_s[:whole], (-1, frames)).mean(axis=1))


def run_course(plan: CoursePlan, *, tick: Callable[[int, int], None]) -> Course:
    """Run the service in a process of its own, and return what was noted.

    Args:
        plan: what it is to count.
        tick: told the frame and the number of frames, for a progress bar.

    Raises:
        ServiceError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        module = "leuko_training.live_benchmark.course_process"
        process = subprocess.Popen(  # ruff: ignore[subprocess-without-shell-equals-true] - our own module
            [sys.executable, "-m", module, folder, json.dumps(asdict(plan))],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            for line in process.stdout or ():
                tick(int(line), plan.frames)
            last = (process.stderr.read() if process.stderr else "").strip().splitlines()
        if process.returncode:
            message = last[-1] if last else "no message"
            raise ServiceError(f"the measured service failed ({message}); run it by itself")
        return Course.from_json((Path(folder) / "course.json").read_text(encoding="utf-8"))
