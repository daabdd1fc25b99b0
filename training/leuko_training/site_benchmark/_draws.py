"""Confirming some cells of a laboratory by lot, and asking about the others."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.adaptation import adaptable, cross_validated, fit_adapter
from leuko.cells import LEUKOCYTES
from leuko_training.answers import CLASSES
from leuko_training.site_benchmark._cells import SiteCells

SEEDS = (1, 2, 3, 4, 5)

_FIVE = [CLASSES.index(name) for name in LEUKOCYTES]
_ALL = list(range(len(CLASSES)))
_SLIDES_TO_PART = 8
"""Fewer slides are not parted into those that cells are confirmed of and others."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """One lot.

    Attributes:
        seed: source of its chance.
        confirmed: cells that were confirmed.
        others: leukocytes that were asked about.
        before: share of these that are named right among the five without adaptation.
        after: the same with it, if it was kept.
        is_kept: whether the adaptation helped in cross-validation, and so is used.
    """

    seed: int
    confirmed: int
    others: int
    before: float
    after: float
    is_kept: bool


def draws_of(cells: SiteCells, *, each: int, other_slides: bool = False) -> tuple[Draw, ...]:
    """Return a draw for each seed.

    Args:
        cells: of one set.
        each: cells of each class that are confirmed; never more than half of the class.
        other_slides: confirm cells of half of the slides and ask about the other half; none
            where there are too few slides, or each cell counts as one.
    """
    slides = len(set(cells.slides[cells.are_leukocytes].tolist()))
    is_parted = _SLIDES_TO_PART <= slides < np.count_nonzero(cells.are_leukocytes) / 2
    if other_slides and not is_parted:
        return ()
    return tuple(_draw(cells, each, seed, other_slides=other_slides) for seed in SEEDS)


def unconfirmed(cells: SiteCells, *, each: int) -> tuple[int, float, float] | None:
    """Return how well cells outside the five classes are named before and after adapting to those.

    Their number, and shares of all classes' likeliest; None for a set without such cells.
    """
    others = np.flatnonzero(~cells.are_leukocytes)
    if not len(others):
        return None
    before, after = [], []
    for seed in SEEDS:
        drawn = _confirmed(cells, each, np.random.default_rng(seed), other_slides=False)
        before.append(_right(cells, others, cells.cells.probabilities, _ALL))
        after.append(_right(cells, others, _adapted(cells, drawn)[0], _ALL))
    return len(others), float(np.mean(before)), float(np.mean(after))


def _draw(cells: SiteCells, each: int, seed: int, *, other_slides: bool) -> Draw:
    rng = np.random.default_rng(seed)
    drawn = _confirmed(cells, each, rng, other_slides=other_slides)
    is_asked = cells.are_leukocytes.copy()
    is_asked[drawn] = False
    if other_slides:
        is_asked &= ~np.isin(cells.slides, _first_half(cells, np.random.default_rng(seed)))
    others = np.flatnonzero(is_asked)
    adapted, is_kept = _adapted(cells, drawn)
    return Draw(
        seed=seed,
        confirmed=len(drawn),
        others=len(others),
        before=_right(cells, others, cells.cells.probabilities, _FIVE),
        after=_right(cells, others, adapted, _FIVE),
        is_kept=is_kept,
    )


def _confirmed(cells: SiteCells, each: int, rng: Generator, *, other_slides: bool) -> Rows:
    may = np.isin(cells.slides, _first_half(cells, rng)) if other_slides else None
    drawn: list[int] = []
    for name in _FIVE:
        own = np.flatnonzero(cells.cells.classes == name)
        most = min(each, len(own) // 2)
        drawn += rng.permutation(own if may is None else own[may[own]])[:most].tolist()
    # In the order of the lot, as a person would come upon them.
    return rng.permutation(np.array(drawn, np.int64))


def _first_half(cells: SiteCells, rng: Generator) -> NDArray[np.str_]:
    slides = rng.permutation(np.unique(cells.slides))
    return slides[: len(slides) // 2]


def _adapted(cells: SiteCells, drawn: Rows) -> tuple[NDArray[np.float64], bool]:
    everything, confirmed = cells.cells, cells.cells.chosen(drawn)
    weights = cells.class_weights
    adapter = fit_adapter(confirmed, adaptable(confirmed), class_weights=weights)
    if adapter is None or not cross_validated(confirmed, class_weights=weights).helps:
        return everything.probabilities, False
    return adapter.adapted(everything.probabilities, everything.traits), True


def _right(
    cells: SiteCells, rows: Rows, probabilities: NDArray[np.float64], classes: list[int]
) -> float:
    named = np.array(classes)[probabilities[rows][:, classes].argmax(axis=1)]
    return float(np.mean(named == cells.cells.classes[rows]))
