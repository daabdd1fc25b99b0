"""What laboratories' own cells are worth, as Markdown, JSON and a picture."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from leuko.errors import OutputError
from leuko.pipeline import ENOUGH_CELLS
from leuko_training.certainty import UNCLASSIFIED, Judgement
from leuko_training.evaluation import table
from leuko_training.figures import plot_changes
from leuko_training.own_cells._trials import (
    FIRST_SPECIMEN,
    SEEDS,
    UNCLASSIFIED_BESIDE,
    Known,
    Session,
)

_PICTURE = "own-cells.png"


@dataclass(frozen=True, slots=True)
class OwnCellsBench:
    """Everything that was measured, of one training of each laboratory.

    Attributes:
        seed: of the trainings.
        known: by set.
        sessions: of all sizes and mixes.
        after_another: first cells of a specimen that follows another.
        missing: laboratories that no long training has left out yet.
    """

    seed: int
    known: Sequence[Known]
    sessions: Sequence[Session]
    after_another: Sequence[Session]
    missing: Sequence[str]


def write_bench(benches: Sequence[OwnCellsBench], folder: Path) -> None:
    """Write ``own-cells.md``, ``own-cells.json`` and the picture of them.

    Args:
        benches: one for each seed that laboratories were left out with.
        folder: made if it is not there.

    Raises:
        OutputError: the folder or a file in it cannot be written.
    """
    text = json.dumps([asdict(one) for one in benches], indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "own-cells.json").write_text(f"{text}\n", "utf-8")
        (folder / "own-cells.md").write_text("\n".join(_lines(benches)), "utf-8")
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error}); choose another folder") from error
    changes = {
        f"{one.dataset}, seed {bench.seed}" if len(benches) > 1 else one.dataset: (
            _five_way(one.before),
            _mean(one.after, _five_way),
        )
        for bench in benches
        for one in bench.known
    }
    words = "Five-way accuracy in laboratories left out: by the bundle alone, and with own cells"
    plot_changes(dict(sorted(changes.items())), folder / _PICTURE, title=words)


def _lines(benches: Sequence[OwnCellsBench]) -> Iterator[str]:
    yield "# A laboratory's own cells, unlabelled\n"
    yield "- command: `leuko-train own-cells`"
    yield "- models: `leuko-train transfer`, shipped recipe, long trainings, one laboratory left"
    yield "  out of each; float, with the device's prior and the temperature of the others."
    yield "  Fitting, applying and doubting names are the device's own code"
    yield f"- lots: seeds {SEEDS[0]} to {SEEDS[-1]}\n"
    yield "Nobody has named any of the cells that are learnt from. How leukocytes lie elsewhere"
    yield "comes from the other sets. The constants of the mixture were chosen with all of these"
    yield "sets and trainings in mind.\n"
    for bench in benches:
        yield from _whole_sets(bench)
    yield f"![Before and after]({_PICTURE})\n"
    for bench in benches:
        yield from _sessions(bench)


def _whole_sets(bench: OwnCellsBench) -> Iterator[str]:
    yield f"## Trainings of seed {bench.seed}: whole sets\n"
    if bench.missing:
        yield "Not measured, for no long training has left them out yet:"
        yield f"{', '.join(bench.missing)}.\n"
    yield f"Each laboratory is known by {ENOUGH_CELLS} of its cells by lot, or all that there are,"
    yield "of those that are likeliest one of the five classes; all cells are then asked about."
    yield "Means over the lots. *Unclassified*, *classified* (right of eight classes among those"
    yield "that got one) and calibration error (ECE) as in [transfer.md](transfer.md); thresholds"
    yield f"come from the other sets, where {UNCLASSIFIED * 100:.0f} % have no class without own"
    yield f"cells, and {UNCLASSIFIED_BESIDE * 100:.3g} % with them.\n"
    yield from _whole(bench.known)
    chance = np.mean([np.mean(one.by_chance) for one in bench.known])
    yield f"Were each probability right, chance would leave an ECE of {100 * chance:.1f} % on"
    yield "the mean of the sets, with own cells: some sets are small.\n"


def _sessions(bench: OwnCellsBench) -> Iterator[str]:
    yield f"## Trainings of seed {bench.seed}: sessions\n"
    yield "So many cells by lot, or more than half as many where a set has too few, are named once"
    yield "they were learnt from, as far as they are likeliest one of the five classes. Means over"
    yield "sets and lots; *worst set* and *worst lot* are changes in points.\n"
    yield from _of_sessions(bench.sessions)
    yield "The first cells of a live count's next specimen, before any of them is known: up to"
    yield f"{FIRST_SPECIMEN} of another are, and where the classes lie is learnt from these.\n"
    yield from _of_sessions(bench.after_another)


def _whole(known: Sequence[Known]) -> Iterator[str]:
    heads = ("set", "n", "five-way", "with own cells", "ECE", "with", "unclassified", "with")
    figures: Sequence[Callable[[Judgement], float]] = (
        _five_way,
        _error,
        lambda one: one.unclassified.percent or 0.0,
        lambda one: one.right.percent or 0.0,
    )
    pairs = [[(of(one.before), _mean(one.after, of)) for of in figures] for one in known]
    rows = [
        (one.dataset, str(one.before.five_way.n), *_cells(pair))
        for one, pair in zip(known, pairs, strict=True)
    ]
    rows.append((f"mean of {len(known)}", "", *_cells(np.mean(pairs, axis=0).tolist())))
    yield from table((*heads, "classified", "with"), rows)


def _cells(pairs: Sequence[Sequence[float]]) -> Iterator[str]:
    return (f"{value:.1f} %" for pair in pairs for value in pair)


def _of_sessions(sessions: Sequence[Session]) -> Iterator[str]:
    heads = ("classes", "cells", "sets", "before", "after", "worst set", "worst lot")
    rows = []
    for (mix, size), found in groupby(sessions, lambda one: (one.mix, one.cells)):
        drawn = list(found)
        by_set = {
            name: 100 * float(np.mean([one.after - one.before for one in own]))
            for name, own in groupby(drawn, lambda one: one.dataset)
        }
        worst = min(by_set, key=by_set.__getitem__)
        rows.append((
            mix,
            str(size),
            str(len(by_set)),
            f"{100 * np.mean([one.before for one in drawn]):.1f} %",
            f"{100 * np.mean([one.after for one in drawn]):.1f} %",
            f"{by_set[worst]:+.1f} ({worst})",
            f"{100 * min(one.after - one.before for one in drawn):+.1f}",
        ))
    yield from table(heads, rows)


def _five_way(one: Judgement) -> float:
    return one.five_way.percent or 0.0


def _error(one: Judgement) -> float:
    return 100 * one.calibration_error


def _mean(judged: Sequence[Judgement], of: Callable[[Judgement], float]) -> float:
    return float(np.mean([of(one) for one in judged]))
