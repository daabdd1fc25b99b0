"""Confirming some cells of a laboratory by lot, and asking about the others."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.adaptation import (
    UsualCells,
    adaptable,
    cross_validated,
    fit_adapter,
    fit_mixture,
)
from leuko.cells import LEUKOCYTES
from leuko.pipeline import ENOUGH_CELLS
from leuko_training.answers import CLASSES
from leuko_training.left_out_cells import LeftOutCells, are_teaching, mixture_of

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
        before: share of these that are named right among the five by the bundle alone.
        own: the same with the laboratory's own cells, of which none is confirmed.
        alone: with the confirmed cells alone, if adapting to them was kept.
        after: with both, as on the device.
        is_kept: whether the adaptation helped in cross-validation, and so is used.
    """

    seed: int
    confirmed: int
    others: int
    before: float
    own: float
    alone: float
    after: float
    is_kept: bool


def draws_of(
    cells: LeftOutCells, usual: UsualCells, *, each: int, other_slides: bool = False
) -> tuple[Draw, ...]:
    """Return a draw for each seed.

    Args:
        cells: of one set.
        usual: how leukocytes lie to each other in other laboratories.
        each: cells of each class that are confirmed; never more than half of the class.
        other_slides: confirm cells of half of the slides and ask about the other half; none
            where there are too few slides, or each cell counts as one.
    """
    slides = len(set(cells.slides[cells.are_leukocytes].tolist()))
    is_parted = _SLIDES_TO_PART <= slides < np.count_nonzero(cells.are_leukocytes) / 2
    if other_slides and not is_parted:
        return ()
    return tuple(_draw(cells, usual, each, seed, other_slides=other_slides) for seed in SEEDS)


def unconfirmed(
    cells: LeftOutCells, usual: UsualCells, *, each: int
) -> tuple[int, float, float] | None:
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
        said, is_kept = _adapted(cells, drawn)
        unnamed = _unnamed(cells, drawn, np.random.default_rng(seed))
        number = len(drawn) if is_kept else 0
        adapted = _beside(cells, said, unnamed, usual, confirmed=number)
        after.append(_right(cells, others, adapted, _ALL))
    return len(others), float(np.mean(before)), float(np.mean(after))


def _draw(
    cells: LeftOutCells, usual: UsualCells, each: int, seed: int, *, other_slides: bool
) -> Draw:
    rng = np.random.default_rng(seed)
    drawn = _confirmed(cells, each, rng, other_slides=other_slides)
    is_asked = cells.are_leukocytes.copy()
    is_asked[drawn] = False
    if other_slides:
        is_asked &= ~np.isin(cells.slides, _first_half(cells, np.random.default_rng(seed)))
    others = np.flatnonzero(is_asked)
    confirmed, is_kept = _adapted(cells, drawn)
    number = len(drawn) if is_kept else 0
    by_itself, unnamed = cells.cells.probabilities, _unnamed(cells, drawn, rng)
    both = _beside(cells, confirmed, unnamed, usual, confirmed=number)
    return Draw(
        seed=seed,
        confirmed=len(drawn),
        others=len(others),
        before=_right(cells, others, by_itself, _FIVE),
        own=_right(cells, others, _beside(cells, by_itself, unnamed, usual), _FIVE),
        alone=_right(cells, others, confirmed, _FIVE),
        after=_right(cells, others, both, _FIVE),
        is_kept=is_kept,
    )


def _unnamed(cells: LeftOutCells, drawn: Rows, rng: Generator) -> Rows:
    """Return cells by lot that nobody has confirmed, as many as a count learns from."""
    others = np.setdiff1d(np.arange(len(cells.cells)), drawn)
    return rng.permutation(others)[:ENOUGH_CELLS]


def _beside(
    cells: LeftOutCells,
    said: NDArray[np.float64],
    unnamed: Rows,
    usual: UsualCells,
    *,
    confirmed: int = 0,
) -> NDArray[np.float64]:
    """Return what is made of all cells once some of them tell of each other."""
    rows, features = unnamed[are_teaching(said[unnamed])], cells.cells.features
    if confirmed:
        mixture = fit_mixture(said[rows], features[rows], usual, confirmed=confirmed)
    else:
        # What is said is then what the bundle said.
        mixture = mixture_of(cells.chosen(rows), usual)
    return mixture.adapted(said, features)


def _confirmed(cells: LeftOutCells, each: int, rng: Generator, *, other_slides: bool) -> Rows:
    may = np.isin(cells.slides, _first_half(cells, rng)) if other_slides else None
    drawn: list[int] = []
    for name in _FIVE:
        own = np.flatnonzero(cells.cells.classes == name)
        most = min(each, len(own) // 2)
        drawn += rng.permutation(own if may is None else own[may[own]])[:most].tolist()
    # In the order of the lot, as a person would come upon them.
    return rng.permutation(np.array(drawn, np.int64))


def _first_half(cells: LeftOutCells, rng: Generator) -> NDArray[np.str_]:
    slides = rng.permutation(np.unique(cells.slides))
    return slides[: len(slides) // 2]


def _adapted(cells: LeftOutCells, drawn: Rows) -> tuple[NDArray[np.float64], bool]:
    everything, confirmed = cells.cells, cells.cells.chosen(drawn)
    weights = cells.certainty.class_weights
    adapter = fit_adapter(confirmed, adaptable(confirmed), class_weights=weights)
    if adapter is None or not cross_validated(confirmed, class_weights=weights).helps:
        return everything.probabilities, False
    return adapter.adapted(everything.probabilities, everything.traits), True


def _right(
    cells: LeftOutCells, rows: Rows, probabilities: NDArray[np.float64], classes: list[int]
) -> float:
    named = np.array(classes)[probabilities[rows][:, classes].argmax(axis=1)]
    return float(np.mean(named == cells.cells.classes[rows]))
