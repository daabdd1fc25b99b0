"""What a laboratory's own cells are worth: sessions drawn by lot from laboratories left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from leuko.adaptation import Confirmed, Mixture, UsualCells
from leuko.cells import LEUKOCYTES
from leuko.pipeline import ENOUGH_CELLS
from leuko_training.answers import FIVE, Answers
from leuko_training.certainty import (
    COMMON,
    Certainty,
    Judgement,
    error_by_chance,
    judge,
    with_threshold,
)
from leuko_training.left_out_cells import LeftOutCells, are_teaching, mixture_of, teaching
from leuko_training.own_cells._usual import OwnCells, usual_cells
from leuko_training.partition import TRAINING_FOLDS

SEEDS = (1, 2, 3, 4, 5)
SIZES = (20, 30, 60, 120)

Rows = NDArray[np.int64]

_UNTEMPERED = Certainty(1.0, 0.0)
UNCLASSIFIED_BESIDE = 0.105
"""Share of leukocytes that the threshold leaves without a class. On the device up to 0.15 are
allowed: it finds and outlines the cells itself and calls some strange, so that two to three points
more stay without one, as whole bundles in the same laboratories have shown."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How common the five classes are in a session.

    Attributes:
        name: in words.
        weights: of each class in the order of `leuko.cells.LEUKOCYTES`; empty for the set's own.
    """

    name: str
    weights: tuple[float, ...] = ()


_HEALTHY = Mix("a healthy adult's", tuple(COMMON[name] for name in LEUKOCYTES))
_EOSINOPHILIA = Mix("a third eosinophils", (40, 20, 5, 34, 1))
_NEUTROPHILS = Mix("neutrophils alone", (1, 0, 0, 0, 0))
_LYMPHOCYTES = Mix("lymphocytes alone", (0, 1, 0, 0, 0))
_EOSINOPHILS = Mix("eosinophils alone", (0, 0, 0, 1, 0))

MIXES = (
    Mix("as in the set"),
    _HEALTHY,
    _EOSINOPHILIA,
    _NEUTROPHILS,
    _LYMPHOCYTES,
    _EOSINOPHILS,
)

SPECIMENS = (
    (_HEALTHY, _HEALTHY),
    (_LYMPHOCYTES, _HEALTHY),
    (_NEUTROPHILS, _HEALTHY),
    (_HEALTHY, _LYMPHOCYTES),
    (_HEALTHY, _EOSINOPHILIA),
)
"""Mixes of specimens that follow each other."""
FIRST_SPECIMEN, _FIRST_CELLS = 200, 30
"""Cells of the specimen before, and of the next."""


@dataclass(frozen=True, slots=True)
class Known:
    """A whole set, whose laboratory is known by `ENOUGH_CELLS` of its cells.

    Attributes:
        dataset: name of the set.
        before: what the bundle makes of it by itself.
        after: what it makes of it with the laboratory's own cells, for each draw of these; their
            threshold is chosen on the other sets.
        by_chance: calibration error that chance would leave then, for each draw.
    """

    dataset: str
    before: Judgement
    after: Sequence[Judgement]
    by_chance: Sequence[float]


@dataclass(frozen=True, slots=True)
class Session:
    """Cells drawn by lot, learnt from and named.

    Attributes:
        dataset: the set they are from.
        mix: how common the classes are.
        cells: how many were wanted.
        before: share named right among the five by the bundle itself.
        after: the same with the laboratory's own cells.
    """

    dataset: str
    mix: str
    cells: int
    before: float
    after: float


def known_by_own_cells(found: Sequence[LeftOutCells]) -> list[Known]:
    """Return what their own cells are worth in each set.

    Args:
        found: sets of laboratories left out; how leukocytes lie elsewhere is learnt from the
            others, for each.
    """
    usual = usual_elsewhere(found)
    adapted = {
        one.dataset: [_answers(one, _adapted(one, usual[one.dataset], seed)) for seed in SEEDS]
        for one in found
    }
    known = []
    for one in found:
        others = [said for name, draws in adapted.items() if name != one.dataset for said in draws]
        certainty = _certainty_beside(others)
        by_bundle = replace(_UNTEMPERED, unclassified_below=one.certainty.unclassified_below)
        known.append(
            Known(
                one.dataset,
                judge(_answers(one, one.cells.probabilities), by_bundle),
                [judge(said, certainty) for said in adapted[one.dataset]],
                [error_by_chance(_best(said), seed=1) for said in adapted[one.dataset]],
            )
        )
    return known


def shipped_own_cells(found: Sequence[LeftOutCells]) -> OwnCells:
    """Return what a bundle needs, from folds 1 to 4 of all sets.

    Args:
        found: sets of laboratories left out.
    """
    learnt = [one for one in map(_outside_the_test, found) if len(one.cells)]
    usual = usual_elsewhere(learnt)
    answers = [
        _answers(one, _adapted(one, usual[one.dataset], seed)) for one in learnt for seed in SEEDS
    ]
    return OwnCells(
        usual_cells([one.cells for one in learnt]),
        _certainty_beside(answers).unclassified_below,
    )


def sessions(found: Sequence[LeftOutCells]) -> list[Session]:
    """Return sessions of all sizes and mixes, in each set that has the cells for them."""
    usual = usual_elsewhere(found)
    return [
        Session(one.dataset, mix.name, size, *_before_and_after(one, rows, usual[one.dataset]))
        for mix in MIXES
        for size in SIZES
        for one in found
        for seed in SEEDS
        if len(rows := drawn(one, size, mix, np.random.default_rng((seed, size)))) > size / 2
    ]


def after_another(found: Sequence[LeftOutCells]) -> list[Session]:
    """Return sessions whose first cells are named when only another specimen's are known.

    Args:
        found: sets of laboratories left out.
    """
    usual = usual_elsewhere(found)
    tried = (
        _after_another(one, specimens, seed, usual[one.dataset])
        for specimens in SPECIMENS
        for one in found
        for seed in SEEDS
    )
    return [one for one in tried if one]


def _after_another(
    cells: LeftOutCells, specimens: tuple[Mix, Mix], seed: int, usual: UsualCells
) -> Session | None:
    """Return a session; None where the set has too few cells for it."""
    (first, second), rng = specimens, np.random.default_rng(seed)
    rows = drawn(cells, FIRST_SPECIMEN, first, rng)
    left = cells.chosen(np.setdiff1d(np.arange(len(cells.cells)), rows))
    known = teaching(cells.chosen(rows))
    asked = left.cells.chosen(drawn(left, _FIRST_CELLS, second, rng))
    if min(len(known.cells), len(asked)) < _FIRST_CELLS:
        return None
    mixture = mixture_of(known, usual, of_specimen=0)
    mix = f"{first.name}, then {second.name}"
    return Session(cells.dataset, mix, _FIRST_CELLS, *_named_right(asked, mixture))


def drawn(cells: LeftOutCells, size: int, mix: Mix, rng: Generator) -> Rows:
    """Return leukocytes of a set by lot; fewer than wanted where it has too few of a class."""
    if not mix.weights:
        return np.asarray(rng.permutation(np.flatnonzero(cells.are_leukocytes))[:size])
    own = [rng.permutation(np.flatnonzero(cells.cells.classes == label)) for label in FIVE]
    weights = np.array(mix.weights) * [len(rows) > 0 for rows in own]
    if not weights.sum():
        return np.zeros(0, np.int64)
    numbers = rng.multinomial(size, weights / weights.sum())
    return np.concatenate([rows[:number] for rows, number in zip(own, numbers, strict=True)])


def usual_elsewhere(found: Sequence[LeftOutCells]) -> dict[str, UsualCells]:
    """Return for each set how leukocytes lie in the others."""
    return {
        one.dataset: usual_cells([other.cells for other in found if other is not one])
        for one in found
    }


def _adapted(cells: LeftOutCells, usual: UsualCells, seed: int) -> NDArray[np.float64]:
    everything = cells.cells
    rows = np.random.default_rng(seed).permutation(
        np.flatnonzero(are_teaching(everything.probabilities))
    )
    mixture = mixture_of(cells.chosen(rows[:ENOUGH_CELLS]), usual)
    return mixture.adapted(everything.probabilities, everything.features)


def _before_and_after(cells: LeftOutCells, rows: Rows, usual: UsualCells) -> tuple[float, float]:
    asked = cells.chosen(rows)
    return _named_right(asked.cells, mixture_of(teaching(asked), usual))


def _named_right(cells: Confirmed, mixture: Mixture) -> tuple[float, float]:
    both = (cells.probabilities, mixture.adapted(cells.probabilities, cells.features))
    before, after = (FIVE[one[:, FIVE].argmax(axis=1)] == cells.classes for one in both)
    return float(before.mean()), float(after.mean())


def _answers(cells: LeftOutCells, probabilities: NDArray[np.float64]) -> Answers:
    return Answers(
        np.full(len(cells.cells), cells.dataset),
        cells.cells.classes,
        probabilities.astype(np.float32),
        cells.as_they_are.astype(np.float32),
        cells.folds,
    )


def _certainty_beside(answers: Sequence[Answers]) -> Certainty:
    return with_threshold(_UNTEMPERED, Answers.joined(answers), unclassified=UNCLASSIFIED_BESIDE)


def _best(said: Answers) -> NDArray[np.float64]:
    return np.asarray(_UNTEMPERED.applied(said.leukocytes.probabilities).max(axis=1))


def _outside_the_test(cells: LeftOutCells) -> LeftOutCells:
    return cells.chosen(np.flatnonzero(np.isin(cells.folds, list(TRAINING_FOLDS))))
