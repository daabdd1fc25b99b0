"""Timing one field from pixels in memory to named cells, beside the bare models."""

import os
import subprocess  # ruff: ignore[suspicious-subprocess-import] - peak memory is that of a fresh process of our own
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from leuko.bundle import ModelBundle
from leuko.cells import RGBImage
from leuko.errors import EngineError
from leuko.inference import Engine, LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko_training.benchmark._tracing import Call, Clock, Trace, TracingEngine

LOCATOR, OUTLINER, CLASSIFIER = "locator", "outliner", "classifier"
BEFORE = "coarse view, background"
AFTER = {
    LOCATOR: "stitching, seeds",
    OUTLINER: "regions, next window",
    CLASSIFIER: "cell, next crop",
}
"""What the pipeline does between the end of one model and the next call, by the model before."""

STAGES = (BEFORE, LOCATOR, AFTER[LOCATOR], OUTLINER, AFTER[OUTLINER], CLASSIFIER, AFTER[CLASSIFIER])
"""Into which the time of a field divides without a gap; three of them are the models'."""

WARM_UP = 5
"""Repeats that are thrown away."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field to be timed.

    Attributes:
        name: what it shows, for the report.
        rgb: its pixels.
        um_per_px: its scale.
    """

    name: str
    rgb: RGBImage
    um_per_px: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """One analysis of a field, and the same models on the same inputs alone.

    Attributes:
        field_ms: from pixels in memory to named cells.
        field_cpu_ms: the processor's time of that; less when other work held it up.
        models_ms: the models alone, right after it.
        models_cpu_ms: the processor's time of that.
        stages_ms: the processor's time of each of `STAGES`; together ``field_cpu_ms``.
    """

    field_ms: float
    field_cpu_ms: float
    models_ms: float
    models_cpu_ms: float
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What one field took.

    Attributes:
        field: the field.
        bundle: the models.
        engine: what ran them.
        cells: number of cells found.
        calls: number of runs of each model.
        repeats: every timed repeat.
        peak_bytes: most memory resident in a process that does nothing else.
    """

    field: Field
    bundle: ModelBundle
    engine: str
    cells: int
    calls: Mapping[str, int]
    repeats: tuple[Repeat, ...]
    peak_bytes: int

    def values(self, measure: str) -> list[float]:
        """Return one measure of every repeat.

        Args:
            measure: name of a field of `Repeat` in milliseconds.
        """
        return [float(getattr(repeat, measure)) for repeat in self.repeats]

    def median(self, measure: str) -> float:
        """Return the median of one measure over the repeats."""
        return float(np.median(self.values(measure)))

    @property
    def ratio(self) -> float:
        """How many times the bare models' time a field takes, median over the repeats."""
        return float(np.median([repeat.field_ms / repeat.models_ms for repeat in self.repeats]))

    @property
    def cpu_ratio(self) -> float:
        """The same of the processor's time."""
        pairs = [(repeat.field_cpu_ms, repeat.models_cpu_ms) for repeat in self.repeats]
        return float(np.median([field / models for field, models in pairs]))

    @property
    def stages_ms(self) -> Mapping[str, float]:
        """Median of the processor's milliseconds of each of `STAGES`."""
        return {
            name: float(np.median([repeat.stages_ms[name] for repeat in self.repeats]))
            for name in STAGES
        }


def run_benchmark(
    bundle: ModelBundle,
    field: Field,
    *,
    repeats: int = 50,
    clock: Clock = time.perf_counter,
    cpu_clock: Clock = time.process_time,
) -> Benchmark:
    """Return how long a field takes, on one thread.

    Field and bare models take turns, so that whatever else the machine does hits both alike.

    Args:
        bundle: the models, from a place that another process can read too.
        field: what to analyse.
        repeats: how often it is timed, after `WARM_UP` more.
        clock: what times it.
        cpu_clock: what tells the processor's time spent on it.
    """
    cv2.setNumThreads(1)
    engine = LiteRTEngine(threads=1)
    stopwatch = _Stopwatch(bundle, engine, clock, cpu_clock)
    timed = [stopwatch.repeat(field) for _ in track(range(WARM_UP + repeats), "Timing one field")]
    return Benchmark(
        field=field,
        bundle=bundle,
        engine=engine.name,
        cells=stopwatch.cells,
        calls=stopwatch.calls,
        repeats=tuple(timed[WARM_UP:]),
        peak_bytes=measure_peak(bundle, field),
    )


class _Stopwatch:
    def __init__(self, bundle: ModelBundle, engine: Engine, clock: Clock, cpu_clock: Clock) -> None:
        models = _models_of(bundle)
        self._trace = Trace()
        self._clock = clock
        self._cpu_clock = cpu_clock
        traced = TracingEngine(engine, models, trace=self._trace, clock=cpu_clock)
        self._analyser = FieldAnalyser(bundle, traced)
        self._bare = {name: engine.load(content) for name, content in models.items()}
        self.cells = 0

    @property
    def calls(self) -> Mapping[str, int]:
        """Runs of each model in the last repeat."""
        return Counter(call.model for call in self._trace.calls)

    def repeat(self, field: Field) -> Repeat:
        self._trace.clear()
        began, cpu_began = self._clock(), self._cpu_clock()
        self.cells = len(self._analyser.analyse(field.rgb, um_per_px=field.um_per_px))
        ended, cpu_ended = self._clock(), self._cpu_clock()
        models_ms, models_cpu_ms = self._run_models_alone()
        return Repeat(
            field_ms=1000 * (ended - began),
            field_cpu_ms=1000 * (cpu_ended - cpu_began),
            models_ms=models_ms,
            models_cpu_ms=models_cpu_ms,
            stages_ms=stage_times(self._trace.calls, cpu_began, cpu_ended),
        )

    def _run_models_alone(self) -> tuple[float, float]:
        calls = [(self._bare[call.model], call.image) for call in self._trace.calls]
        began, cpu_began = self._clock(), self._cpu_clock()
        for model, image in calls:
            model.run(image)
        return 1000 * (self._clock() - began), 1000 * (self._cpu_clock() - cpu_began)


def stage_times(calls: Sequence[Call], began: float, ended: float) -> Mapping[str, float]:
    """Return the milliseconds of each of `STAGES`: the models' own, and the time between them.

    Args:
        calls: of the models, in order.
        began: when the analysis began, by the same clock.
        ended: when it ended.
    """
    stages = dict.fromkeys(STAGES, 0.0)
    stage, since = BEFORE, began
    for call in calls:
        stages[stage] += 1000 * (call.began - since)
        stages[call.model] += 1000 * (call.ended - call.began)
        stage, since = AFTER[call.model], call.ended
    stages[stage] += 1000 * (ended - since)
    return stages


def measure_peak(bundle: ModelBundle, field: Field) -> int:
    """Return the most memory, in bytes, that a device process holds while it analyses a field.

    Raises:
        EngineError: that process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        pixels = Path(folder) / "field.npy"
        np.save(pixels, field.rgb)
        module = "leuko_training.peak_memory"
        arguments = [str(bundle.path), str(pixels), str(field.um_per_px)]
        done = subprocess.run(  # ruff: ignore[subprocess-without-shell-equals-true] - our own module
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EngineError(f"the process to measure memory in failed ({last}); run it by itself")
    return int(done.stdout.split()[-1])


def _models_of(bundle: ModelBundle) -> Mapping[str, bytes]:
    segmenter, classifier = bundle.manifest.segmenter, bundle.manifest.classifier
    return {
        LOCATOR: bundle.files[segmenter.locator],
        OUTLINER: bundle.files[segmenter.outliner],
        CLASSIFIER: bundle.files[classifier.model],
    }
