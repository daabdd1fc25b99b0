"""What an adaptation is worth on confirmed cells that it was not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leuko.adaptation._confirmed import Confirmed
from leuko.adaptation._fit import adaptable, fit_adapter

_FEW = 50
"""Cells up to which each is left out alone: a fifth of them is too much to do without."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """How many confirmed cells are named right.

    Attributes:
        cells: how many were asked about.
        before: named right by the bundle.
        after: named right with an adapter fitted to the other folds, its choices included.
    """

    cells: int
    before: int
    after: int

    @property
    def helps(self) -> bool:
        """Whether adapting names more of them right."""
        return self.after > self.before


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
        before=int(np.count_nonzero(confirmed.probabilities.argmax(axis=1) == confirmed.classes)),
        after=int(np.count_nonzero(adapted.argmax(axis=1) == confirmed.classes)),
    )
