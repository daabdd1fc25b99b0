"""How long a field takes on one thread, and in how much memory."""

from collections.abc import Sequence
from pathlib import Path

from leuko.bundle import default_bundle_path, load_bundle
from leuko_training.benchmark._fields import (
    CLOSE_UM_PER_PX,
    WIDE_UM_PER_PX,
    real_field,
    simulated_field,
)
from leuko_training.benchmark._report import Machine, this_machine, write_benchmark
from leuko_training.benchmark._timing import (
    STAGES,
    Benchmark,
    Field,
    Repeat,
    measure_peak,
    run_benchmark,
    stage_times,
)
from leuko_training.benchmark._tracing import Call, Trace, TracedModel, TracingEngine

__all__ = [
    "STAGES",
    "Benchmark",
    "Call",
    "Field",
    "Machine",
    "Repeat",
    "Trace",
    "TracedModel",
    "TracingEngine",
    "benchmark_and_report",
    "measure_peak",
    "real_field",
    "run_benchmark",
    "simulated_field",
    "stage_times",
    "this_machine",
    "usual_fields",
    "write_benchmark",
]


def benchmark_and_report(
    bundle: Path | None,
    root: Path,
    results: Path,
    *,
    fields: Sequence[Field] = (),
    repeats: int = 50,
) -> tuple[Benchmark, ...]:
    """Time fields, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets.
        results: folder that tables and plots go to.
        fields: what to time, the first against the targets; with none, those of `usual_fields`.
        repeats: how often each field is timed.
    """
    loaded = load_bundle(bundle or default_bundle_path())
    chosen = fields or usual_fields(root)
    timed = tuple(run_benchmark(loaded, field, repeats=repeats) for field in chosen)
    write_benchmark(timed, this_machine(), results)
    return timed


def usual_fields(root: Path) -> tuple[Field, ...]:
    """Return a held-out field, simulated where there is none, and a wide simulated one."""
    first = real_field(root) or simulated_field(um_per_px=CLOSE_UM_PER_PX)
    return first, simulated_field(um_per_px=WIDE_UM_PER_PX)
