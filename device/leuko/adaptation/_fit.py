"""Fitting an adapter to confirmed cells: linear discriminants of what was measured."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation._adapter import (
    CELLS_OF_BUNDLE,
    Floats,
    SiteAdapter,
    posterior,
)
from leuko.adaptation._confirmed import Confirmed

FEWEST_OF_CLASS = 4
"""Confirmed cells without which a class stays as the bundle names it."""

_SHRINKAGE = 0.3
"""From 0.2 to 0.7 makes no difference; chosen by cross-validation, it was worse."""
_STRENGTHS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
_TYPICAL_SHARE = 0.2
"""With half instead, one erythroblast or immature granulocyte in ten was lost in pbc."""
_LEAST_LOG = -6.0
"""One cell far off must not choose for all others."""
_NO_SPREAD = 1e-6


def adaptable(confirmed: Confirmed) -> tuple[int, ...]:
    """Return the classes with `FEWEST_OF_CLASS` cells or more, as indices in `CellClass`."""
    return tuple(np.flatnonzero(np.bincount(confirmed.classes) >= FEWEST_OF_CLASS).tolist())


def fit_adapter(
    confirmed: Confirmed, classes: Sequence[int], *, class_weights: Sequence[float]
) -> SiteAdapter | None:
    """Return the adapter to some classes' confirmed cells; None with fewer than two classes.

    Linear discriminants with a shrunken common covariance (Friedman, Regularized discriminant
    analysis, JASA 84:165, 1989). What a distance counts for is chosen by the logarithmic loss of
    cells left out.

    Args:
        confirmed: cells.
        classes: indices in `CellClass`, ascending; cells of others are passed over.
        class_weights: how common each `CellClass` is taken to be, as the bundle says.
    """
    known = confirmed.chosen(np.isin(confirmed.classes, classes))
    present = np.unique(known.classes).tolist()
    if len(present) < 2:
        return None
    distances = _distances_left_out(known, present)
    right = np.searchsorted(present, known.classes)
    return replace(
        _discriminant(known, present),
        strength=min(_STRENGTHS, key=lambda strength: _loss(distances, right, strength)),
        typical=float(np.quantile(distances.min(axis=1), _TYPICAL_SHARE)),
        priors=np.array(class_weights)[present],
        trust=len(known) / (len(known) + CELLS_OF_BUNDLE),
    )


def _loss(distances: Floats, right: NDArray[np.int64], strength: float) -> float:
    likely = posterior(-strength * distances / 2)[np.arange(len(right)), right]
    return -float(np.log(np.maximum(likely, np.exp(_LEAST_LOG))).mean())


def _distances_left_out(known: Confirmed, classes: Sequence[int]) -> Floats:
    folds = known.folds()
    distances = np.zeros((len(known), len(classes)))
    for fold in np.unique(folds):
        rest = known.chosen(folds != fold)
        there = np.unique(rest.classes)
        asked = known.chosen(folds == fold)
        found = _discriminant(rest, there.tolist()).distances(asked.features)
        # A class of which nothing is left is as far as the farthest.
        distances[folds == fold] = found.max(axis=1, keepdims=True)
        distances[np.ix_(folds == fold, np.isin(classes, there))] = found
    return distances


def _discriminant(known: Confirmed, classes: Sequence[int]) -> SiteAdapter:
    features = known.features
    offset = features.mean(axis=0)
    spread = features.std(axis=0)
    # What does not differ between the confirmed cells says nothing of any cell.
    scale = np.where(spread > _NO_SPREAD, 1 / np.maximum(spread, _NO_SPREAD), 0.0)
    points = (features - offset) * scale
    means = np.array([points[known.classes == name].mean(axis=0) for name in classes])
    rest = points - means[np.searchsorted(classes, known.classes)]
    covariance = rest.T @ rest / max(1, len(rest) - len(classes))
    even = np.trace(covariance) / len(covariance)
    shrunken = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * even * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(shrunken)
    whitening = vectors / np.sqrt(np.maximum(values, _NO_SPREAD))
    return SiteAdapter(
        classes=tuple(classes),
        offset=offset,
        whitening=scale[:, None] * whitening,
        means=means @ whitening,
        strength=1.0,
        typical=0.0,
        priors=np.ones(len(classes)),
    )
