"""How long a field takes on one thread, and in how much memory."""

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
    "write_benchmark",
]


def benchmark_and_report(
    bundle: Path | None, root: Path, results: Path, *, repeats: int = 50
) -> tuple[Benchmark, ...]:
    """Time a held-out field and a wide simulated one, write the results, and return them.

    Args:
        bundle: folder or zip; None is the bundle that ships with leuko.
        root: folder of all data sets; without it the first field is simulated too.
        results: folder that tables and plots go to.
        repeats: how often each field is timed.
    """
    loaded = load_bundle(bundle or default_bundle_path())
    first = real_field(root) or simulated_field(um_per_px=CLOSE_UM_PER_PX)
    fields = (first, simulated_field(um_per_px=WIDE_UM_PER_PX))
    timed = tuple(run_benchmark(loaded, field, repeats=repeats) for field in fields)
    write_benchmark(timed, this_machine(), results)
    return timed
