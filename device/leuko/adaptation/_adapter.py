"""The adaptation of a classifier to one laboratory, ready to be applied."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST_PROBABILITY = 1 / 512
"""Half a step of the classifier's output: nothing less is told apart from 0."""
CELLS_OF_BUNDLE = 10
"""Confirmed cells that are worth as much as the bundle's own word."""
_BELOW = 0.999
"""Share of the highest probability that the next may come to."""


def features_of(traits: Floats, probabilities: Floats) -> Floats:
    """Return what cells are compared by: traits, then the logarithms of what a bundle says."""
    logs = logarithms(probabilities)
    return np.concatenate([traits, logs - logs.mean(axis=-1, keepdims=True)], axis=-1)


def logarithms(probabilities: Floats) -> Floats:
    """Return natural logarithms of what a bundle says; none is of 0."""
    return np.asarray(np.log(np.maximum(probabilities, _LEAST_PROBABILITY)))


def posterior(scores: Floats) -> Floats:
    """Return the softmax over the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class SiteAdapter:
    """Names cells again by the classes' means among the cells that a person has confirmed.

    Features are brought into a space in which the confirmed cells of a class scatter alike in
    all directions; there, a class is the likelier the nearer the cell is to its mean, and the
    commoner it is. The fewer cells were confirmed, the more the bundle's own word counts.

    Attributes:
        classes: indices in `CellClass` of the classes it may give.
        offset: ``(features,)``, taken off the features.
        whitening: ``(features, features)``, what the rest is multiplied by.
        means: ``(classes, features)``, of each class in the space that this leads to.
        strength: what half a squared distance counts for.
        typical: squared distance to the nearest mean that four fifths of the confirmed cells
            exceed.
        priors: ``(classes,)``, how common each class is taken to be; a person who looks for
            twenty cells of each confirms them as if all were alike.
        trust: share of the logarithms that is this adapter's and not the bundle's, 0 to 1.
    """

    classes: tuple[int, ...]
    offset: Floats
    whitening: Floats
    means: Floats
    strength: float
    typical: float
    priors: Floats
    trust: float = 1.0

    @property
    def confirmed(self) -> float:
        """How many cells were confirmed; endless where the bundle's word counts for nothing."""
        return CELLS_OF_BUNDLE * self.trust / (1 - self.trust) if self.trust < 1 else np.inf

    def distances(self, features: Floats) -> Floats:
        """Return squared distances to the classes' means, ``(cells, classes)``.

        Args:
            features: ``(cells, features)``, as of `features_of`.
        """
        points = (features - self.offset) @ self.whitening
        return np.asarray(np.square(points[:, None] - self.means[None]).sum(axis=-1))

    def adapted(self, probabilities: Floats, traits: Floats) -> Floats:
        """Return probabilities as this laboratory's cells suggest, ``(cells, all classes)``.

        Classes that it may not give keep their probabilities. A cell that the bundle gives one
        of those keeps it, unless it lies nearer to a confirmed class than four fifths of the
        confirmed cells do.

        Args:
            probabilities: ``(cells, all classes)``, what the bundle says, adding up to 1.
            traits: ``(cells, traits)``, as of `leuko.vision.traits.cell_traits`.
        """
        own = list(self.classes)
        distances = self.distances(features_of(traits, probabilities))
        said = logarithms(probabilities[:, own])
        scores = np.log(self.priors) - self.strength * distances / 2
        likely = posterior(self.trust * scores + (1 - self.trust) * said)
        is_foreign = ~np.isin(probabilities.argmax(axis=1), own)
        is_taken_over = is_foreign & (distances.min(axis=1) < self.typical)
        result = probabilities.copy()
        result[is_taken_over] = 0.0
        mass = 1 - np.delete(result, own, axis=1).sum(axis=1)
        wanted = likely * mass[:, None]
        is_kept = is_foreign & ~is_taken_over
        wanted[is_kept] = below(
            probabilities[is_kept].max(axis=1), probabilities[is_kept][:, own], wanted[is_kept]
        )
        result[:, own] = wanted
        return result


def below(top: Floats, before: Floats, wanted: Floats) -> Floats:
    """Return rows as far on the way from ``before`` to ``wanted`` as all stay below ``top``."""
    change = wanted - before
    free = _BELOW * top[:, None] - before
    room = np.where(change > 0, free / np.maximum(change, 1e-12), 1.0)
    return np.asarray(before + change * np.clip(room.min(axis=1, initial=1.0), 0, 1)[:, None])
