"""The backends measured one after the other on the same inputs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from leuko.backends import (
    Accelerator,
    Backend,
    Taken,
    Verdict,
    cpu_engine,
    run_times_ms,
    try_accelerator,
)
from leuko.bundle import ModelBundle
from leuko.cells import RGBImage
from leuko.inference import Engine
from leuko.machine import (
    Throttling,
    forget_peak_memory,
    read_peak_memory_mb,
    read_temperature_c,
    read_throttling,
)
from leuko.pipeline import Analyser, FieldAnalyser
from leuko.sim import SimulatedSmear, SmearSpec
from leuko.verification import golden_inputs, model_contents

_WIDTH_PX, _HEIGHT_PX, _UM_PER_PX = 1280, 960, 0.1
"""A picture as the settings ask for it, through a 100x objective."""
_LEUKOCYTES = 3


@dataclass(frozen=True, slots=True)
class StageBench:
    """Times of one stage on one backend.

    Attributes:
        stage: locator, outliner, classifier, or field for a whole camera picture.
        runs: how many were measured.
        median_ms: median time.
        p95_ms: 95th percentile.
    """

    stage: str
    runs: int
    median_ms: float
    p95_ms: float

    @classmethod
    def of(cls, stage: str, times_ms: Sequence[float]) -> Self:
        """Return what is told of some times.

        Args:
            stage: what was timed.
            times_ms: in ms, at least one.
        """
        middle, high = np.percentile(times_ms, [50, 95])
        return cls(stage, len(times_ms), float(middle), float(high))


@dataclass(frozen=True, slots=True)
class MachineState:
    """How the machine is.

    Attributes:
        temperature_c: of its hottest sensor; None without one.
        throttling: what limits it; None where it cannot be asked.
    """

    temperature_c: float | None
    throttling: Throttling | None

    @classmethod
    def now(cls) -> Self:
        """Ask the machine."""
        return cls(read_temperature_c(), read_throttling())


@dataclass(frozen=True, slots=True)
class BackendBench:
    """What was measured of one backend.

    Attributes:
        backend: which one.
        text: the engine and why it was measured, or why it could not be.
        stages: its times; none where it could not be measured.
        fields_per_s: camera pictures a second, by the median; None where not measured.
        peak_mb: the most memory that leuko held while it worked, and the accelerator's process
            since its start, together.
        before: how the machine was at the beginning.
        after: how it was at the end.
    """

    backend: Backend
    text: str
    stages: tuple[StageBench, ...]
    fields_per_s: float | None
    peak_mb: float | None
    before: MachineState
    after: MachineState


def bench_backends(
    bundle: ModelBundle,
    *,
    threads: int | str,
    accelerators: Sequence[Accelerator],
    runs: int,
    is_cpu_wanted: bool = True,
) -> Iterator[BackendBench]:
    """Yield each backend when it is measured, the processor first.

    Args:
        bundle: the models.
        threads: of the processor, for each model; "auto" measures.
        accelerators: those to measure; one that fails its trial is told with its reason.
        runs: of each model; a tenth of it, three at least, of the whole picture.
        is_cpu_wanted: whether the processor is measured too.

    Raises:
        BundleError: the golden file does not fit the models.
        EngineError: the processor cannot run a model.
    """
    field = _field()
    if is_cpu_wanted:
        engine = cpu_engine(bundle, "auto" if threads == "auto" else int(threads))
        measure = _Measure(bundle, field, runs)
        analyser = FieldAnalyser(bundle, engine)
        yield measure.of(Backend.CPU, engine, analyser, engine.name)
    for accelerator in accelerators:
        yield _accelerated(accelerator, bundle, field, runs)


class _Measure:
    def __init__(self, bundle: ModelBundle, field: RGBImage, runs: int) -> None:
        self._bundle = bundle
        self._field = field
        self._runs = runs

    def of(
        self,
        backend: Backend,
        engine: Engine,
        analyser: Analyser,
        text: str,
        *,
        peak_mb: Callable[[], float | None] = read_peak_memory_mb,
    ) -> BackendBench:
        # What an earlier backend took says nothing of this one.
        forget_peak_memory()
        before, stages = MachineState.now(), self._stages(engine)
        whole = self._whole(analyser)
        return BackendBench(
            backend=backend,
            text=text,
            stages=(*stages, whole),
            fields_per_s=1e3 / whole.median_ms,
            peak_mb=peak_mb(),
            before=before,
            after=MachineState.now(),
        )

    def _stages(self, engine: Engine) -> list[StageBench]:
        inputs = golden_inputs(self._bundle)
        stages = []
        for name, content in model_contents(self._bundle).items():
            model, image = engine.load(content), inputs[name][0]
            times = run_times_ms(partial(model.run, image), runs=self._runs)
            stages.append(StageBench.of(name, times))
        return stages

    def _whole(self, analyser: Analyser) -> StageBench:
        runs = max(3, self._runs // 10)
        times = run_times_ms(lambda: analyser.analyse(self._field, um_per_px=_UM_PER_PX), runs=runs)
        return StageBench.of("field", times)


def _accelerated(
    accelerator: Accelerator, bundle: ModelBundle, field: RGBImage, runs: int
) -> BackendBench:
    outcome = try_accelerator(accelerator, bundle, cpu_look_ms=None)
    if isinstance(outcome, Verdict):
        state = MachineState.now()
        return BackendBench(accelerator.backend, outcome.text, (), None, None, state, state)
    with outcome.engine as engine:
        measure = _Measure(accelerator.fitted(bundle), field, runs)
        return measure.of(
            accelerator.backend,
            engine,
            outcome.analyser,
            engine.name,
            peak_mb=lambda: _both_mb(outcome),
        )


def _both_mb(taken: Taken) -> float | None:
    ours, its = read_peak_memory_mb(), read_peak_memory_mb(taken.engine.process_id)
    return None if ours is None or its is None else ours + its


def _field() -> RGBImage:
    width_um, height_um = _WIDTH_PX * _UM_PER_PX, _HEIGHT_PX * _UM_PER_PX
    smear = SimulatedSmear(
        SmearSpec(seed=7, width_um=width_um, height_um=height_um, leukocytes=_LEUKOCYTES)
    )
    return smear.render(0, 0, width_px=_WIDTH_PX, height_px=_HEIGHT_PX, um_per_px=_UM_PER_PX)
