"""Learning what embeddings of known cells look like."""

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.familiarity import Familiarity
from leuko_training.errors import DatasetError

FAR_AMONG_KNOWN = 0.01
"""Share of the cells of known laboratories that lie farther than a known cell should."""
STRANGE_BEYOND = 1.2
"""Of that distance, where strange begins.

In laboratories left out, whose cells all lie a little off, 4 % of the leukocytes lie between on the
mean, three quarters of them named right, and 1 % beyond, a third of them (docs/model-bundle.md).
"""

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
            not; the limit is `STRANGE_BEYOND` times what `FAR_AMONG_KNOWN` of them exceed.

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
    limit = STRANGE_BEYOND * float(np.quantile(distances, 1 - FAR_AMONG_KNOWN))
    return Familiarity(found.centres, found.whitening, limit)
