"""Learning what embeddings of known cells look like."""

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.familiarity import Familiarity
from leuko_training.errors import DatasetError

STRANGE_AMONG_KNOWN = 0.01
"""Share of the cells of known laboratories that are taken for strange."""

_RIDGE = 0.01
"""Of the mean variance, on every axis: some axes of an embedding hardly vary."""


def familiar(
    learnt: NDArray[np.floating], classes: NDArray[np.integer], watched: NDArray[np.floating]
) -> Familiarity:
    """Return what cells must look like to be believed.

    Args:
        learnt: ``(cells, length)`` embeddings of cells that the classifier has learnt from.
        classes: ``(cells,)`` their classes, indices in `CellClass`.
        watched: ``(others, length)`` embeddings of leukocytes of the same laboratories that it has
            not; `STRANGE_AMONG_KNOWN` of them lie beyond the limit.

    Raises:
        DatasetError: there are too few cells to learn it from.
    """
    known = np.array([label for label in range(len(CellClass)) if (classes == label).any()])
    if len(learnt) <= 2 * known.size or not len(watched):
        raise DatasetError("too few labelled cells to learn what is familiar; get more data sets")
    centres = np.stack([learnt[classes == label].mean(axis=0) for label in known])
    deviations = learnt - centres[np.searchsorted(known, classes)]
    covariance = deviations.T @ deviations / (len(learnt) - known.size)
    covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    found = Familiarity(
        centres.astype(np.float32), (axes / np.sqrt(values)).astype(np.float32), limit=np.inf
    )
    distances = [found.distance(one) for one in watched]
    limit = float(np.quantile(distances, 1 - STRANGE_AMONG_KNOWN))
    return Familiarity(found.centres, found.whitening, limit)
