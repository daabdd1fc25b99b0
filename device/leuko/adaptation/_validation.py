"""What an adaptation is worth on confirmed cells that it was not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation._confirmed import Confirmed
from leuko.adaptation._fit import adaptable, fit_adapter

_FEW = 50
"""Cells up to which each is left out alone: a fifth of them is too much to do without."""
_FOLDS = 5
_LEAST_LIKELY = 1e-3
"""One cell that is quite wrong must not outweigh all others."""


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """How many confirmed cells are named right.

    Attributes:
        cells: how many were asked about.
        before: named right by the bundle.
        after: named right with an adapter fitted to the other folds, its choices included.
        likelier: by how much the confirmed classes' mean logarithm of probability is greater then.
    """

    cells: int
    before: int
    after: int
    likelier: float = 0.0

    @property
    def helps(self) -> bool:
        """Whether adapting names more of them right, or as many and is surer of what they are.

        Few cells seldom tell more than a tie. Where all are named right already, there is nothing
        to be helped.
        """
        return self.before < self.cells and (self.after, self.likelier) > (self.before, 0.0)


def cross_validated(confirmed: Confirmed, *, class_weights: Sequence[float]) -> BeforeAndAfter:
    """Return what adapting is worth, each cell judged by an adapter that has not seen it.

    Args:
        confirmed: cells of any class, those with few cells too.
        class_weights: how common each `CellClass` is taken to be, as the bundle says.
    """
    few = len(confirmed) <= _FEW
    folds = np.arange(len(confirmed)) if few else confirmed.folds(_FOLDS)
    adapted, classes = confirmed.probabilities.copy(), adaptable(confirmed)
    for fold in np.unique(folds):
        asked = folds == fold
        rest = confirmed.chosen(~asked)
        if adapter := fit_adapter(rest, classes, class_weights=class_weights):
            own = confirmed.chosen(asked)
            adapted[asked] = adapter.adapted(own.probabilities, own.traits)
    return BeforeAndAfter(
        cells=len(confirmed),
        before=_right(confirmed.probabilities, confirmed.classes),
        after=_right(adapted, confirmed.classes),
        likelier=_log_likelihood(adapted, confirmed.classes)
        - _log_likelihood(confirmed.probabilities, confirmed.classes),
    )


def _right(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(probabilities.argmax(axis=1) == classes))


def _log_likelihood(probabilities: NDArray[np.float64], classes: NDArray[np.int64]) -> float:
    own = probabilities[np.arange(len(classes)), classes]
    return float(np.mean(np.log(np.maximum(own, _LEAST_LIKELY))))
