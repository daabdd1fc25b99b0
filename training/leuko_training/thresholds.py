"""Thresholds that belong to a model: chosen on validation images, shipped in its bundle."""

import numpy as np
from numpy.typing import NDArray

WRONGLY_REJECTED = 0.03
"""Share of rightly named cells that may be left unclassified."""


def rejection_threshold(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Return the probability under which a cell is better left unclassified.

    As many wrong names as possible are withheld while at most `WRONGLY_REJECTED` of the right
    ones are.

    Args:
        probabilities: ``(cells, classes)``, of validation cells.
        labels: ``(cells,)``, index of each cell's true class.
    """
    best = probabilities.max(axis=1)
    right = best[probabilities.argmax(axis=1) == labels]
    if right.size == 0:
        return 1.0
    return round(float(np.quantile(right, WRONGLY_REJECTED)), 2)
