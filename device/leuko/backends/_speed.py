"""How fast an engine runs the models of a bundle, measured here and now."""

import os
import time
from collections.abc import Callable
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leuko.bundle import ModelBundle
from leuko.inference import Engine, LiteRTEngine, Model
from leuko.verification import golden_inputs, model_contents

_RUNS = 5
_THREADS = (1, 2, 4)
_GAIN = 0.9
"""Share of the time that more threads must leave; less is noise, and they are wanted elsewhere."""


def look_ms(bundle: ModelBundle, engine: Engine) -> float:
    """Return how long one run of each of the three models takes, in ms, to compare engines.

    Raises:
        EngineError: the engine failed.
    """
    inputs = golden_inputs(bundle)
    return sum(
        run_ms(engine.load(content), inputs[name][0])
        for name, content in model_contents(bundle).items()
    )


def run_ms(model: Model, image: NDArray[np.uint8], *, runs: int = _RUNS) -> float:
    """Return the median time of a run, in ms, the first one apart.

    Args:
        model: ready to run.
        image: ``(height, width, 3)`` uint8, RGB, of the input's size.
        runs: how many are measured.

    Raises:
        EngineError: the engine failed.
    """
    return median(run_times_ms(lambda: model.run(image), runs=runs))


def run_times_ms(run: Callable[[], object], *, runs: int) -> list[float]:
    """Return how long each call takes, in ms, after one that is not measured.

    Args:
        run: what is called.
        runs: how many calls are measured.
    """
    run()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - begun))
    return times


def cpu_engine(bundle: ModelBundle, threads: int | Literal["auto"]) -> LiteRTEngine:
    """Return the processor's engine.

    Args:
        bundle: models to measure with.
        threads: how many for each model; "auto" takes the fewest that are fastest here.

    Raises:
        EngineError: there is no runtime, or it cannot run the locator.
    """
    if threads != "auto":
        return LiteRTEngine(threads=threads)
    content = model_contents(bundle)["locator"]
    best, best_ms = LiteRTEngine(), float("inf")
    for number in _candidates():
        engine = LiteRTEngine(threads=number)
        model = engine.load(content)
        taken_ms = run_ms(model, np.zeros(model.input_shape[1:], np.uint8))
        if taken_ms > _GAIN * best_ms:
            break
        best, best_ms = engine, taken_ms
    return best


def _candidates() -> list[int]:
    processors = len(os.sched_getaffinity(0))
    return [number for number in _THREADS if number <= processors]
