"""Everything that ``leuko-train bench-live`` measures, one after the other."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

import cv2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from leuko.bundle import ModelBundle, default_bundle_path, load_bundle
from leuko.cameras import CameraOptions
from leuko.sim.camera import Scene
from leuko_training.benchmark import this_machine
from leuko_training.datasets import LabelledImage
from leuko_training.live_benchmark.account import CountingResult
from leuko_training.live_benchmark.counting import WatchedAnalyser, count_slide
from leuko_training.live_benchmark.course import Course, CoursePlan, run_course
from leuko_training.live_benchmark.durability import (
    DurabilityTrial,
    kill_trial,
    power_cut_trial,
    why_no_power_cut,
)
from leuko_training.live_benchmark.extent import Extent
from leuko_training.live_benchmark.faults import FaultTrial, try_fault
from leuko_training.live_benchmark.faulty_cameras import FAULTS
from leuko_training.live_benchmark.fields import held_out, lay_out, masked_fields
from leuko_training.live_benchmark.report import write_bench
from leuko_training.live_benchmark.results import Bench, Growth, Place, RealCount, Speed
from leuko_training.parts import Parts

PACE = 20.0
"""Frames a second that are asked of the camera."""
HELD_OUT = "fold 0, which no model has seen"
EVERY = "all fields with masks; folds 1 to 4 have trained the models"
_SLIDES = 8

Tick = Callable[[int, int], None]


def bench_and_report(
    bundle: Path | None,
    root: Path,
    results: Path,
    *,
    kept: Path,
    again: Sequence[str] = (),
    extent: Extent | None = None,
    seed: int = 1,
) -> Bench:
    """Measure what of the live count is not measured yet, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets; what needs them is left out where they are missing.
        results: folder that table and plots go to.
        kept: folder for what is measured, part by part.
        again: parts that are measured again, by how their names begin.
        extent: how much is measured; None for everything.
        seed: source of all chance.
    """
    extent = extent or Extent()
    cv2.setNumThreads(1)
    logging.getLogger("leuko").setLevel(logging.ERROR)
    loaded = load_bundle(bundle or default_bundle_path())
    parts = Parts(kept / f"{loaded.sha256[:12]}-seed-{seed}-{extent.fingerprint}")
    for name in again:
        parts.forget(name)
    with _Steps() as steps:
        bench = _Bencher(loaded, root, extent, seed=seed, parts=parts, steps=steps)
        measured = Bench(
            bundle=loaded,
            command=_command(extent),
            seed=seed,
            size=extent.size,
            real=tuple(bench.real_counts()),
            smears=tuple(bench.smear_counts()),
            speeds=tuple(bench.speeds()),
            growth=bench.growth(),
            kills=bench.kills(),
            power_cuts=bench.power_cuts(),
            no_power_cut=why_no_power_cut(),
            faults=tuple(bench.faults()),
            machine=this_machine(),
        )
    write_bench(measured, results)
    return measured


def _command(extent: Extent) -> str:
    if extent == Extent():
        return "`make bench-live`"
    return "`leuko-train bench-live` with less than is asked for: no proof"


class _Steps:
    """A progress bar for each step."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<40}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, what: str) -> Tick:
        """Return what is to be told how far the next step is."""
        task = self._progress.add_task(what, total=None)

        def tick(done: int, of: int) -> None:
            self._progress.update(task, completed=done, total=of)

        return tick


class _Bencher:
    def __init__(
        self,
        bundle: ModelBundle,
        root: Path,
        extent: Extent,
        *,
        seed: int,
        parts: Parts,
        steps: _Steps,
    ) -> None:
        self._parts = parts
        self._bundle = bundle
        self._root = root
        self._extent = extent
        self._seed = seed
        self._steps = steps

    def real_counts(self) -> Iterator[RealCount]:
        every = masked_fields(self._root)
        held = held_out(every)
        for path in range(self._extent.held_out_paths if held else 0):
            yield self._parts.once(
                f"count-held-out-{path}",
                RealCount,
                partial(self._real_count, held, path, is_held_out=True),
            )
        for path in range(self._extent.every_paths if every else 0):
            yield self._parts.once(
                f"count-every-{path}",
                RealCount,
                partial(self._real_count, every, path, is_held_out=False),
            )

    def _real_count(
        self, fields: Sequence[LabelledImage], path: int, *, is_held_out: bool
    ) -> RealCount:
        extent, seed = self._extent, self._seed + path
        title, items = HELD_OUT if is_held_out else EVERY, fields[: extent.fields]
        with tempfile.TemporaryDirectory() as folder:
            slide = lay_out(items, Path(folder), self._root)
            options = self._options(slide.source, extent.field_um_per_px, seed)
            result = self._counted(options, f"counting {title}, path {seed}")
            scene = Scene.set_up(options)
            spots = (*result.elsewhere, *result.doubles)
            at = [(one.x_um, one.y_um) for one in spots]
            at += [(one.x_um, one.y_um) for one in result.missed]
            places = tuple(Place(x, y, slide.place(scene, x, y)) for x, y in dict.fromkeys(at))
        return RealCount(title, is_held_out, len(items), result, places)

    def smear_counts(self) -> Iterator[CountingResult]:
        extent = self._extent
        for smear in extent.smears:
            source = f"smear:{smear}:{extent.leukocytes}"
            options = self._options(source, extent.smear_um_per_px, self._seed)
            yield self._parts.once(
                f"count-smear-{smear}",
                CountingResult,
                partial(self._counted, options, f"counting {source}"),
            )

    def _options(self, source: str, um_per_px: float, seed: int) -> CameraOptions:
        width, height = self._extent.size
        return CameraOptions(source, width, height, frames_per_s=0, um_per_px=um_per_px, seed=seed)

    def _counted(self, options: CameraOptions, what: str) -> CountingResult:
        analyser = WatchedAnalyser(self._bundle)
        tick = self._steps.begin(what)
        return count_slide(options, analyser, most_frames=self._extent.frames, tick=tick)

    def speeds(self) -> Iterator[Speed]:
        for pace in (0.0, PACE):
            yield self._parts.once(f"speed-{pace:g}", Speed, partial(self._speed, pace))

    def _speed(self, pace: float) -> Speed:
        name = f"{pace:g} frames a second" if pace else "at its own pace"
        frames = self._extent.speed_frames
        course = self._course(f"service, camera {name}", frames=frames, pace=pace)
        return Speed(pace, course, self._due(course))

    def _due(self, course: Course) -> int:
        """Return how many frames of the simulated path the camera had to give."""
        hand = Scene.set_up(
            self._options(self._smear(0), self._extent.smear_um_per_px, self._seed)
        ).hand
        numbers = range(course.numbers[0], course.numbers[-1] + 1)
        return sum(not hand.look(number).is_dropped for number in numbers)

    def growth(self) -> Growth:
        before = self._extent.cells_before
        empty, full = self._parts.once("growth", tuple[Course, Course], self._compared)
        course = self._parts.once("course", Course, self._long_course)
        return Growth(cells_before=before, empty=empty, full=full, course=course)

    def _compared(self) -> tuple[Course, Course]:
        frames, before = self._extent.compared_frames, self._extent.cells_before
        # Time of the processor is that of the counting thread: no other may help only one of them.
        empty, full = (
            replace(self._plan(frames=frames, before=cells), threads=1) for cells in (0, before)
        )
        return (
            run_course(empty, tick=self._steps.begin("session without cells")),
            run_course(full, tick=self._steps.begin(f"session with {before} cells")),
        )

    def _long_course(self) -> Course:
        extent = self._extent
        return self._course("long course", frames=extent.course_frames, before=extent.cells_before)

    def _smear(self, slide: int) -> str:
        return f"smear:{21 + slide}:{self._extent.leukocytes}"

    def _course(self, what: str, *, frames: int, pace: float = 0.0, before: int = 0) -> Course:
        plan = self._plan(frames=frames, pace=pace, before=before)
        return run_course(plan, tick=self._steps.begin(what))

    def _plan(self, *, frames: int, pace: float = 0.0, before: int = 0) -> CoursePlan:
        extent = self._extent
        return CoursePlan(
            bundle=str(self._bundle.path),
            sources=tuple(self._smear(slide) for slide in range(_SLIDES)),
            frames=frames,
            frames_per_s=pace,
            cells_before=before,
            um_per_px=extent.smear_um_per_px,
            width=extent.size[0],
            height=extent.size[1],
            seed=self._seed,
        )

    def kills(self) -> DurabilityTrial:
        return self._parts.once("kills", DurabilityTrial, self._killed)

    def _killed(self) -> DurabilityTrial:
        self._steps.begin(f"kill -9, {self._extent.kills} times")
        return kill_trial(self._extent.kills, seed=self._seed)

    def power_cuts(self) -> DurabilityTrial | None:
        if why_no_power_cut():
            return None
        return self._parts.once("power-cuts", DurabilityTrial, self._cut)

    def _cut(self) -> DurabilityTrial:
        self._steps.begin(f"cutting the power, {self._extent.power_cuts} times")
        return power_cut_trial(self._extent.power_cuts, seed=self._seed)

    def faults(self) -> Iterator[FaultTrial]:
        for fault in self._extent.faults:
            name = f"fault-{fault.replace(' ', '-')}"
            yield self._parts.once(name, FaultTrial, partial(self._faulty, fault))

    def _faulty(self, fault: str) -> FaultTrial:
        self._steps.begin(f"a camera that {fault}")
        return try_fault(
            fault,
            FAULTS[fault],
            self._bundle,
            size=self._extent.size,
            um_per_px=self._extent.smear_um_per_px,
        )
