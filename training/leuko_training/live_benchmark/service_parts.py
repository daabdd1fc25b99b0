"""Parts of a measured service: as ``leuko run`` has them, with a stopwatch beside them."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from leuko.backends import cpu_engine
from leuko.bundle import ModelBundle
from leuko.cameras import CameraOptions, CameraProcess, Frame
from leuko.cells import Cell, RGBImage
from leuko.displays import DisplayOptions
from leuko.displays.framebuffer import FramebufferDisplay
from leuko.pipeline import FieldAnalyser, Wanted
from leuko.shown import Shown
from leuko.status import Health, LiveStatus
from leuko.store import CellRecord, Store
from leuko_training.live_benchmark.course import NOTED_EVERY, Course, CoursePlan
from leuko_training.live_benchmark.given_camera import DRIVER, OPENING_S, PATIENCE_S, given

_STATUS = Path("/proc/self/status")
_PANEL = (320, 240)
_BITS = 16
_NONE_MERGED: Mapping[int, int] = MappingProxyType({})


def memory_mb(name: str = "VmRSS") -> float:
    """Return a figure of this process's memory, in 10⁶ bytes (proc_pid_status(5))."""
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name)) / 1e6


class ReelCamera:
    """The simulated camera in its own process, slide after slide, until there are enough frames."""

    def __init__(self, plan: CoursePlan, course: Course, *, folder: Path) -> None:
        """Open the first slide.

        Args:
            plan: slides and number of frames.
            course: where the times are noted.
            folder: for the camera's own notes.
        """
        self._plan = plan
        self._folder = folder
        self._course = course
        self._camera = self._next_slide()
        self._taken: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The slide's."""
        return self._camera.name

    @property
    def health(self) -> Health:
        """The camera's."""
        return self._camera.health

    @property
    def has_ended(self) -> bool:
        """Whether there were enough frames."""
        return self._course.frames >= self._plan.frames

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame; begin the next slide where one has come to its end."""
        course = self._course
        if self._taken and len(course.worked_s) < course.frames:
            course.worked_s.append(time.monotonic() - self._taken[0])
        if self._camera.has_ended:
            self._camera.close()
            self._camera = self._next_slide()
        frame = self._camera.read(timeout_s)
        if frame is not None:
            self._note(frame)
        return frame

    def close(self) -> None:
        """Close the camera, and note what its last frame took."""
        if len(self._course.cpu_s) < self._course.frames and self._taken:
            self._course.cpu_s.append(time.thread_time() - self._taken[1])
            self._course.worked_s.append(time.monotonic() - self._taken[0])
        self._camera.close()
        self._course.given = given(self._notes, self._course.numbers)

    @property
    def _notes(self) -> Path:
        return self._folder / f"given-{self._course.slides}"

    def _note(self, frame: Frame) -> None:
        course, now = self._course, (time.monotonic(), time.thread_time())
        if self._taken:
            # Taking a frame over from the camera's process belongs to the one before.
            course.cpu_s.append(now[1] - self._taken[1])
        if course.frames % NOTED_EVERY == 0:
            course.resident_mb.append(memory_mb())
            print(course.frames, flush=True)  # ruff: ignore[print] - read by the process that started this one
        course.arrived_s.append(now[0])
        course.numbers.append(frame.number)
        self._taken = now

    def _next_slide(self) -> CameraProcess:
        plan, slide = self._plan, self._course.slides
        self._course.slides += 1
        options = CameraOptions(
            source=f"{self._notes}|{plan.sources[slide % len(plan.sources)]}",
            width=plan.width,
            height=plan.height,
            frames_per_s=plan.frames_per_s,
            um_per_px=plan.um_per_px,
            seed=plan.seed + slide,
        )
        return CameraProcess(DRIVER, options, silence_s=PATIENCE_S, opening_s=OPENING_S)


class TimedAnalyser(FieldAnalyser):
    """Finds and names cells as `leuko run` does, and notes how long that takes."""

    def __init__(
        self, bundle: ModelBundle, course: Course, *, threads: int | Literal["auto"] = "auto"
    ) -> None:
        """Load the bundle's models.

        Args:
            bundle: the models.
            course: where the times are noted.
            threads: see `CoursePlan`.
        """
        engine = cpu_engine(bundle, threads)
        super().__init__(bundle, engine)
        course.engine = engine.name
        self._course = course

    def analyse(
        self,
        rgb: RGBImage,
        *,
        um_per_px: float,
        wanted: Wanted = lambda _row, _column: True,
    ) -> tuple[Cell, ...]:
        """See `FieldAnalyser.analyse`."""
        began_s = time.thread_time()
        cells = super().analyse(rgb, um_per_px=um_per_px, wanted=wanted)
        self._course.analysis_s += time.thread_time() - began_s
        self._course.analysed += 1
        return cells


class TimedStore(Store):
    """Keeps the sessions, and notes how long that takes.

    Attributes:
        course: where it is noted; set once the session to be counted is begun.
    """

    course: Course | None = None

    def save_cells(
        self,
        session_id: int,
        cells: Sequence[CellRecord],
        *,
        merged: Mapping[int, int] = _NONE_MERGED,
    ) -> None:
        """See `Store.save_cells`."""
        began_s, began_cpu_s = time.monotonic(), time.thread_time()
        super().save_cells(session_id, cells, merged=merged)
        if self.course:
            self.course.store_s += time.thread_time() - began_cpu_s
            self.course.longest_save_s = max(self.course.longest_save_s, time.monotonic() - began_s)


class FileDisplay(FramebufferDisplay):
    """The framebuffer driver on a file with a common panel's geometry; tells what it has shown."""

    def __init__(self, folder: Path, shown: Callable[[LiveStatus], None]) -> None:
        """Make the file.

        Args:
            folder: where it is made, beside what the kernel would tell of it.
            shown: told each status when it has been shown.
        """
        width, height = _PANEL
        facts = {"virtual_size": f"{width},{height}", "bits_per_pixel": _BITS, "stride": 2 * width}
        for name, value in facts.items():
            (folder / name).write_text(f"{value}\n", encoding="ascii")
        device = folder / "fb0"
        device.touch()
        super().__init__(device, folder, DisplayOptions())
        self._shown = shown

    def show(self, shown: Shown) -> None:
        """See `leuko.displays.Display`."""
        super().show(shown)
        if isinstance(shown, LiveStatus):
            self._shown(shown)
