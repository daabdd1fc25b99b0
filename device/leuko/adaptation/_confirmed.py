"""Cells whose class a person has confirmed, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation._adapter import features_of


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Cells with a confirmed class.

    Attributes:
        traits: ``(cells, traits)`` float64, what was measured of each.
        probabilities: ``(cells, classes)`` float64, what the bundle says, in `CellClass` order.
        classes: ``(cells,)`` int, index of the confirmed class in `CellClass`.
    """

    traits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def features(self) -> NDArray[np.float64]:
        """What each is compared by, ``(cells, features)``."""
        return features_of(self.traits, self.probabilities)

    def chosen(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Confirmed":
        """Return some of the cells, told by a mask or by their places."""
        return Confirmed(self.traits[rows], self.probabilities[rows], self.classes[rows])

    def folds(self, most: int = 10) -> NDArray[np.int64]:
        """Return a fold for each cell, ``(cells,)``, every class spread over all of them.

        Neighbours stay together: cells that follow each other in a folder or a session are
        likelier to be of one slide.

        Args:
            most: folds at most; fewer where no class has as many cells.
        """
        folds = np.zeros(len(self), np.int64)
        count = min(most, max(2, int(np.bincount(self.classes).max(initial=0))))
        for name in np.unique(self.classes):
            own = np.flatnonzero(self.classes == name)
            folds[own] = np.arange(len(own)) * count // len(own)
        return folds
