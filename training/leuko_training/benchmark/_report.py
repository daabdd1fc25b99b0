"""The benchmark as Markdown and JSON."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leuko.errors import OutputError
from leuko_training.benchmark._timing import STAGES, WARM_UP, Benchmark
from leuko_training.evaluation import table
from leuko_training.figures import plot_stages

MEDIAN_MS, RATIO, PEAK_MB = 60.0, 1.4, 220.0
"""Most that the first field may take: time, times the bare models', memory in 10⁶ bytes."""

MEASURES = ("field_ms", "field_cpu_ms", "models_ms", "models_cpu_ms")

COMMAND = "`make benchmark`"
_CPU = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """What was timed on.

    Attributes:
        processor: name of the processor.
        cores: number of its cores.
        python: version of the interpreter.
        load: processes that wanted to run when the benchmark ended, mean over a minute.
    """

    processor: str
    cores: int
    python: str
    load: float


def this_machine() -> Machine:
    """Return what this runs on."""
    lines = _CPU.read_text(encoding="utf-8").splitlines() if _CPU.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1),
    )


def write_benchmark(results: Sequence[Benchmark], machine: Machine, folder: Path) -> None:
    """Write ``benchmark.md``, ``benchmark.json`` and a plot of the stages.

    Args:
        results: the first is held against the targets, the others are for comparison.
        machine: what was timed on.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    record = {"machine": _machine_record(machine), "fields": [_record(r) for r in results]}
    text = "\n".join(_lines(results, machine))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmark.json").write_text(
            json.dumps(record, indent=1) + "\n", encoding="utf-8"
        )
        (folder / "benchmark.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error
    plot_stages(results[0].stages_ms, folder / "benchmark-stages.png", title=_title(results[0]))


def _lines(results: Sequence[Benchmark], machine: Machine) -> Iterator[str]:
    first = results[0]
    yield "# Time and memory of one field\n"
    yield f"- command: {COMMAND}"
    yield f"- bundle: {first.bundle.label}, manifest sha256 `{first.bundle.sha256}`"
    yield f"- engine: {first.engine}; OpenCV on one thread"
    yield f"- machine: {machine.processor}, {machine.cores} cores, Python {machine.python}"
    yield f"- load at the end: {machine.load:g} (above 1, other work slowed this down)"
    yield f"- {len(first.repeats)} repeats after {WARM_UP} to warm up; field and models in turn\n"
    yield from _goals(first)
    yield from _fields(results)
    yield from _stages(first)
    yield "Bare models: the same runs of the same models on the same inputs, and nothing else."
    yield "On the processor: time without what other work took away; on an idle machine the same."
    yield "The classifier runs twice for each cell: made like the usual laboratory's, and as it is"
    yield "(decision 8)."
    yield "Memory: peak of resident memory of a fresh process that imports the device package,"
    yield "loads the bundle and analyses the field, its pixels and the interpreter included."
    yield ""


def _goals(result: Benchmark) -> Iterator[str]:
    median, peak = result.median("field_ms"), result.peak_bytes / 1e6
    cpu = f"{result.median('field_cpu_ms'):.1f} ms", f"{result.cpu_ratio:.2f}"
    timely, lean = median <= MEDIAN_MS, result.ratio <= RATIO
    rows = (
        ("time, median", f"≤ {MEDIAN_MS:g} ms", f"{median:.1f} ms", cpu[0], _mark(is_met=timely)),
        ("over bare models", f"≤ {RATIO:g}", f"{result.ratio:.2f}", cpu[1], _mark(is_met=lean)),
        ("peak memory", f"≤ {PEAK_MB:g} MB", f"{peak:.0f} MB", "", _mark(is_met=peak <= PEAK_MB)),
    )
    yield f"## Against the targets: {_title(result)}\n"
    yield from table(("what", "target", "measured", "on the processor", ""), rows)


def _fields(results: Sequence[Benchmark]) -> Iterator[str]:
    yield "## Fields\n"
    headings = (
        "field", "µm/px", "cells", "runs", "least", "median", "95th percentile",
        "on the processor", "bare models", "their processor time", "peak",
    )  # fmt: skip
    yield from table(headings, (_field_row(result) for result in results))
    yield "Times in ms. Runs: of the locator, the outliner and the classifier. What is beyond the"
    yield "first field is for comparison and has no target.\n"


def _field_row(result: Benchmark) -> tuple[str, ...]:
    return (
        result.field.name,
        f"{result.field.um_per_px:g}",
        str(result.cells),
        " + ".join(str(count) for count in result.calls.values()),
        f"{min(result.values('field_ms')):.1f}",
        f"{result.median('field_ms'):.1f}",
        f"{np.percentile(result.values('field_ms'), 95):.1f}",
        f"{result.median('field_cpu_ms'):.1f}",
        f"{result.median('models_ms'):.1f}",
        f"{result.median('models_cpu_ms'):.1f}",
        f"{result.peak_bytes / 1e6:.0f} MB",
    )


def _stages(result: Benchmark) -> Iterator[str]:
    stages = result.stages_ms
    total = sum(stages.values())
    rows = ((name, f"{stages[name]:.2f}", f"{100 * stages[name] / total:.0f} %") for name in STAGES)
    yield "## Stages\n"
    yield from table(("stage", "ms on the processor, median", "share"), rows)
    yield "![Time of each stage](benchmark-stages.png)\n"
    yield "The models are timed one by one; what lies between two runs belongs to the stage named"
    yield "after what is done there.\n"


def _record(result: Benchmark) -> dict[str, object]:
    return {
        "field": result.field.name,
        "um_per_px": result.field.um_per_px,
        "size": [result.field.rgb.shape[1], result.field.rgb.shape[0]],
        "bundle": result.bundle.label,
        "sha256": result.bundle.sha256,
        "engine": result.engine,
        "cells": result.cells,
        "calls": dict(result.calls),
        "p95_ms": round(float(np.percentile(result.values("field_ms"), 95)), 3),
        "ratio": round(result.ratio, 4),
        "cpu_ratio": round(result.cpu_ratio, 4),
        "peak_bytes": result.peak_bytes,
        "median_ms": {name: round(result.median(name), 3) for name in MEASURES},
        "stages_ms": {name: round(ms, 3) for name, ms in result.stages_ms.items()},
        "repeats_ms": {name: [round(ms, 3) for ms in result.values(name)] for name in MEASURES},
    }


def _machine_record(machine: Machine) -> dict[str, object]:
    return {
        "processor": machine.processor,
        "cores": machine.cores,
        "python": machine.python,
        "load": machine.load,
    }


def _title(result: Benchmark) -> str:
    height, width = result.field.rgb.shape[:2]
    return f"{width} × {height} px, {result.field.name}"


def _mark(*, is_met: bool) -> str:
    return "pass" if is_met else "**short**"
