"""Fitting an adapter to confirmed cells: linear discriminants, chosen by cross-validation."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from leuko.adaptation._adapter import Floats, SiteAdapter, features_of, log_probabilities, posterior
from leuko.adaptation._confirmed import Confirmed

FEWEST_OF_CLASS = 4
"""Confirmed cells without which a class stays as the bundle names it."""

_SHRINKAGES = (0.1, 0.2, 0.4, 0.7)
_STRENGTHS = (0.1, 0.2, 0.4, 0.7, 1.0)
_BUNDLE_WEIGHTS = (0.0, 0.5, 1.0)
_TYPICAL_SHARE = 0.2
"""With half instead, one erythroblast or immature granulocyte in ten was lost in pbc."""
_LEAST_LOG = -6.0
"""One cell far off must not choose for all others."""
_NO_SPREAD = 1e-6


def fit_adapter(confirmed: Confirmed) -> SiteAdapter | None:
    """Return the adapter that names left-out confirmed cells best; None with fewer than 2 classes.

    Linear discriminants with a shrunken common covariance (Friedman, Regularized discriminant
    analysis, JASA 84:165, 1989). How much is shrunk, and what distances and the bundle's own
    word count for, is chosen by the logarithmic loss of cells left out.

    Args:
        confirmed: cells; classes with fewer than `FEWEST_OF_CLASS` are passed over.
    """
    numbers = np.bincount(confirmed.classes)
    classes = tuple(np.flatnonzero(numbers >= FEWEST_OF_CLASS).tolist())
    if len(classes) < 2:
        return None
    known = confirmed.chosen(np.isin(confirmed.classes, classes))
    shrinkage, chosen = min(_tried(known, classes), key=lambda one: one[1][0])
    _, strength, weight, typical = chosen
    fitted = _discriminant(known, classes, shrinkage)
    return replace(fitted, strength=strength, bundle_weight=weight, typical=typical)


def _tried(
    known: Confirmed, classes: Sequence[int]
) -> Iterator[tuple[float, tuple[float, float, float, float]]]:
    """Yield each shrinkage with loss, strength, weight of the bundle and typical distance."""
    truth = np.searchsorted(classes, known.classes)
    logs = log_probabilities(known.probabilities)[:, list(classes)]
    for shrinkage in _SHRINKAGES:
        distances = _distances_left_out(known, classes, shrinkage)
        typical = float(np.quantile(distances.min(axis=1), _TYPICAL_SHARE))
        for strength, weight in product(_STRENGTHS, _BUNDLE_WEIGHTS):
            likely = posterior(weight * logs - strength * distances / 2)
            right = likely[np.arange(len(truth)), truth]
            loss = -float(np.log(np.maximum(right, np.exp(_LEAST_LOG))).mean())
            yield shrinkage, (loss, strength, weight, typical)


def _distances_left_out(known: Confirmed, classes: Sequence[int], shrinkage: float) -> Floats:
    folds = known.folds()
    distances = np.zeros((len(known), len(classes)))
    for fold in np.unique(folds):
        rest = _discriminant(known.chosen(folds != fold), classes, shrinkage)
        asked = known.chosen(folds == fold)
        features = features_of(asked.traits, asked.probabilities)
        distances[folds == fold] = rest.distances(features)
    return distances


def _discriminant(known: Confirmed, classes: Sequence[int], shrinkage: float) -> SiteAdapter:
    features = features_of(known.traits, known.probabilities)
    offset = features.mean(axis=0)
    spread = features.std(axis=0)
    # What does not differ between the confirmed cells says nothing of any cell.
    scale = np.where(spread > _NO_SPREAD, 1 / np.maximum(spread, _NO_SPREAD), 0.0)
    points = (features - offset) * scale
    means = np.array([points[known.classes == name].mean(axis=0) for name in classes])
    rest = points - means[np.searchsorted(classes, known.classes)]
    covariance = rest.T @ rest / max(1, len(rest) - len(classes))
    even = np.trace(covariance) / len(covariance)
    shrunken = (1 - shrinkage) * covariance + shrinkage * even * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(shrunken)
    whitening = vectors / np.sqrt(np.maximum(values, _NO_SPREAD))
    return SiteAdapter(
        classes=tuple(classes),
        offset=offset,
        whitening=scale[:, None] * whitening,
        means=means @ whitening,
        strength=1.0,
        bundle_weight=0.0,
        typical=0.0,
    )
