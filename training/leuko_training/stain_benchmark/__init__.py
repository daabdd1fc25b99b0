"""Measuring the stain alarm: how often it is false within a laboratory, and right between two."""

from pathlib import Path

from leuko_training.benchmark import this_machine
from leuko_training.errors import DatasetError
from leuko_training.stain_benchmark._report import StainBench, write_bench
from leuko_training.stain_benchmark._slides import Laboratory, read_laboratories
from leuko_training.stain_benchmark._trials import Tried, tried

__all__ = ["Laboratory", "StainBench", "Tried", "bench_and_report", "tried", "write_bench"]


def bench_and_report(root: Path, results: Path, *, draws: int, seed: int) -> StainBench:
    """Measure the alarm on the data sets, write the results, and return them.

    Args:
        root: folder of all data sets.
        results: folder that the tables go to.
        draws: calibrations of each laboratory.
        seed: of draws and batches.

    Raises:
        DatasetError: none of the sets is there.
        OutputError: the results cannot be written.
    """
    laboratories = list(read_laboratories(root, seed=seed))
    if not laboratories:
        raise DatasetError(f"no data set with named cells is in {root}; unpack one there")
    trials = tuple(tried(laboratories, draws=draws, seed=seed))
    bench = StainBench(trials, draws, seed, this_machine())
    write_bench(bench, results)
    return bench
