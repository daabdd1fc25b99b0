"""Measuring what an adaptation to a laboratory is worth, on laboratories left out of training."""

from pathlib import Path

from leuko.adaptation import UsualCells
from leuko_training.benchmark import this_machine
from leuko_training.left_out_cells import LeftOutCells, cells_of_left_out
from leuko_training.own_cells import usual_elsewhere
from leuko_training.site_benchmark._cost import Cost, measure_cost
from leuko_training.site_benchmark._draws import SEEDS, Draw, draws_of, unconfirmed
from leuko_training.site_benchmark._report import SiteBench, SiteRow, write_bench
from leuko_training.transfer import KEPT

__all__ = [
    "SEEDS",
    "Cost",
    "Draw",
    "SiteBench",
    "SiteRow",
    "bench_and_report",
    "bench_cells",
    "draws_of",
    "measure_cost",
    "unconfirmed",
    "write_bench",
]

_NUMBERS = (20, 5)


def bench_cells(cells: LeftOutCells, usual: UsualCells) -> list[SiteRow]:
    """Return what adapting to a laboratory is worth, by how many cells of a class are confirmed.

    Args:
        cells: of one data set of a laboratory that the classifier has not seen.
        usual: how leukocytes lie to each other in other laboratories.
    """
    return [
        SiteRow(
            dataset=cells.dataset,
            each=each,
            draws=draws_of(cells, usual, each=each),
            other_slides=draws_of(cells, usual, each=each, other_slides=True),
            unconfirmed=unconfirmed(cells, usual, each=each),
        )
        for each in _NUMBERS
    ]


def bench_and_report(root: Path, runs: Path, results: Path, *, segmenter: Path) -> SiteBench:
    """Measure every laboratory that a long training has left out, and write the results.

    Args:
        root: folder of all data sets.
        runs: folder of all trainings; those that `leuko-train transfer` left are used.
        results: folder that the tables go to.
        segmenter: trained Keras segmenter that outlines cells where there is no mask.

    Raises:
        DatasetError: there is no such training, or its cells are not those of the data sets.
        OutputError: the results cannot be written.
        EngineError: the process to measure time and memory in failed.
    """
    found, missing = cells_of_left_out(root, runs, results / KEPT, segmenter)
    usual = usual_elsewhere(found)
    bench = SiteBench(
        rows=tuple(row for cells in found for row in bench_cells(cells, usual[cells.dataset])),
        missing=missing,
        cost=measure_cost(root),
        machine=this_machine(),
    )
    write_bench(bench, results)
    return bench
