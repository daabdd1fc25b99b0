"""Cells whose class a person has confirmed, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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

    def chosen(self, rows: NDArray[np.bool_]) -> "Confirmed":
        """Return some of the cells."""
        return Confirmed(self.traits[rows], self.probabilities[rows], self.classes[rows])

    def folds(self, most: int = 10) -> NDArray[np.int64]:
        """Return a fold for each cell, ``(cells,)``, every class spread over all of them.

        Args:
            most: folds at most; fewer where no class has as many cells.
        """
        place = np.zeros(len(self), np.int64)
        for name in np.unique(self.classes):
            own = np.flatnonzero(self.classes == name)
            place[own] = np.arange(len(own))
        return np.asarray(place % min(most, max(2, int(place.max(initial=0)) + 1)))
