"""What a laboratory's own cells tell of each other: learnt for bundles, and measured."""

from pathlib import Path

from leuko_training.left_out_cells import cells_of_left_out
from leuko_training.own_cells._report import OwnCellsBench, write_bench
from leuko_training.own_cells._trials import (
    MIXES,
    UNCLASSIFIED_BESIDE,
    Known,
    Mix,
    Session,
    after_another,
    drawn,
    known_by_own_cells,
    sessions,
    shipped_own_cells,
    usual_elsewhere,
)
from leuko_training.own_cells._usual import (
    OwnCells,
    read_own_cells,
    usual_cells,
    write_own_cells,
)
from leuko_training.transfer import LABORATORIES, Places

__all__ = [
    "MIXES",
    "UNCLASSIFIED_BESIDE",
    "Known",
    "Mix",
    "OwnCells",
    "OwnCellsBench",
    "Session",
    "after_another",
    "drawn",
    "known_by_own_cells",
    "learn_and_report",
    "read_own_cells",
    "sessions",
    "shipped_own_cells",
    "usual_cells",
    "usual_elsewhere",
    "write_bench",
    "write_own_cells",
]


def learn_and_report(places: Places, runs: Path, *, out: Path, seeds: int) -> None:
    """Learn how leukocytes lie in the known laboratories, and measure what it is worth elsewhere.

    What all laboratories but one show is kept beside the trainings, for whole bundles without it.

    Args:
        places: where everything lies.
        runs: folder of all trainings; what is not there was kept among the results.
        out: file for what a bundle needs, learnt from the trainings of seed 1.
        seeds: of trainings, from 1 on.

    Raises:
        DatasetError: there is no such training, or its cells are not those of the data sets.
        OutputError: something cannot be written.
    """
    benches = []
    for seed in range(1, seeds + 1):
        found, missing = cells_of_left_out(
            places.root, runs, places.kept, places.segmenter, seed=seed
        )
        if seed == 1:
            write_own_cells(shipped_own_cells(found), out)
            for name, sets in LABORATORIES.items():
                others = [one for one in found if one.dataset not in sets]
                write_own_cells(shipped_own_cells(others), places.own_cells(name))
        benches.append(
            OwnCellsBench(
                seed,
                known_by_own_cells(found),
                sessions(found),
                after_another(found),
                missing,
            )
        )
    write_bench(benches, places.results)
