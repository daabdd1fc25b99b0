"""What a laboratory's own cells tell of each other's names, without anybody's word.

Its cells lie in five heaps, wherever its stain and its camera have put them. A mixture of the five
classes is fitted to what was measured of them by expectation and maximisation (Dempster, Laird and
Rubin, Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39, 1977): it begins
with the bundle's word for each cell, and how the classes lie to each other in laboratories that
are known holds it where there are few cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leuko.adaptation._adapter import Floats, features_of, logarithms, posterior
from leuko.cells import LEUKOCYTES, CellClass
from leuko.errors import BundleError

FEWEST_CELLS = 20
"""Cells below which nothing is told from them: with five, as many sessions lose as gain."""

_FIVE = [list(CellClass).index(name) for name in LEUKOCYTES]
_ROUNDS = 10
_CELLS_OF_USUAL_MEANS = 10.0
"""Cells of a class that weigh as much as where it lies elsewhere; 3 to 40 do."""
_CELLS_OF_USUAL_SPREAD = 60.0
_CELLS_OF_SHARES = 1.0
"""Of each class, beside those that are there: none is ruled out."""
_SHRINKAGE = 0.3
_NO_SPREAD = 1e-6
_STRENGTH = 0.4
"""What half a squared distance counts for: many of the numbers say the same."""
_TRUST = 0.7
"""Share of the logarithms that is the mixture's and not the bundle's."""


@dataclass(frozen=True, slots=True, eq=False)
class UsualCells:
    """How leukocytes' features lie in the laboratories that are known.

    Attributes:
        means: ``(5, features)``, of each class in the order of `leuko.cells.LEUKOCYTES`, with what
            a laboratory's cells have in common taken off.
        covariance: ``(features, features)``, of a class within a laboratory.
    """

    means: NDArray[np.float32]
    covariance: NDArray[np.float32]

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """What `from_arrays` takes."""
        return {"means": self.means, "covariance": self.covariance}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, traits: int) -> Self:
        """Return what a bundle says is usual.

        Args:
            arrays: by the names of the attributes.
            traits: how many are measured of a cell.

        Raises:
            BundleError: one is missing, or they are for other features.
        """
        length = traits + len(CellClass)
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != {"means": (len(_FIVE), length), "covariance": (length, length)}:
            raise BundleError(
                f"the bundle's usual cells have the arrays {shapes}, which is not what {length} "
                "features need; convert the bundle again, or update Leuko"
            )
        found = cls(arrays["means"], arrays["covariance"])
        if not found.is_sound:
            raise BundleError(
                "the bundle's usual cells hold no numbers to compare cells by; convert it again"
            )
        return found

    @property
    def is_sound(self) -> bool:
        """Whether cells can be compared by it: all is finite, and every feature varies."""
        is_finite = np.isfinite(self.means).all() and np.isfinite(self.covariance).all()
        return bool(is_finite and (np.diag(self.covariance) > 0).all())


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The five classes as a laboratory's own cells show them.

    Attributes:
        whitening: ``(features, features)``, what features are multiplied by.
        means: ``(5, features)``, of each class in the space that this leads to.
        shares: ``(5,)``, how common each class is among the cells.
    """

    whitening: Floats
    means: Floats
    shares: Floats

    def adapted(self, probabilities: Floats, traits: Floats) -> Floats:
        """Return probabilities as the laboratory's own cells suggest, ``(cells, all classes)``.

        What a cell's other classes have, such as immature granulocytes, they keep.

        Args:
            probabilities: ``(cells, all classes)``, what the bundle says, adding up to 1.
            traits: ``(cells, traits)``, as of `leuko.vision.traits.cell_traits`.
        """
        result = probabilities.copy()
        result[:, _FIVE] = self.parts(probabilities, features_of(traits, probabilities))
        return result

    def parts(self, probabilities: Floats, features: Floats) -> Floats:
        """Return what part of each cell belongs to each of the five classes, ``(cells, 5)``.

        Args:
            probabilities: ``(cells, all classes)``, what the bundle says, adding up to 1.
            features: ``(cells, features)``, what the cells are compared by.
        """
        points = features @ self.whitening
        distances = np.square(points[:, None] - self.means[None]).sum(axis=-1)
        scores = np.log(self.shares) - _STRENGTH * distances / 2
        five = probabilities[:, _FIVE]
        likely = posterior(_TRUST * scores + (1 - _TRUST) * logarithms(five))
        return np.asarray(likely * five.sum(axis=1, keepdims=True))


def fit_mixture(probabilities: Floats, traits: Floats, usual: UsualCells) -> Mixture:
    """Return the mixture of the five classes that a laboratory's cells make.

    Args:
        probabilities: ``(cells, all classes)``, what the bundle says, adding up to 1.
        traits: ``(cells, traits)``, as of `leuko.vision.traits.cell_traits`.
        usual: how classes lie elsewhere.
    """
    features = features_of(traits, probabilities)
    parts = probabilities[:, _FIVE]
    mixture = _mixture(features, parts, usual)
    for _ in range(_ROUNDS - 1):
        parts = mixture.parts(probabilities, features)
        mixture = _mixture(features, parts, usual)
    return mixture


def _mixture(features: Floats, parts: Floats, usual: UsualCells) -> Mixture:
    """Return the mixture of cells that are of each class in part, ``(cells, 5)``."""
    cells, total = parts.sum(axis=0), parts.sum()
    sums = parts.T @ features
    common = (sums - cells[:, None] * usual.means).sum(axis=0) / total
    means = sums + _CELLS_OF_USUAL_MEANS * (common + usual.means)
    means /= (cells + _CELLS_OF_USUAL_MEANS)[:, None]
    crossed = sums.T @ means
    scatter = (features * parts.sum(axis=1, keepdims=True)).T @ features
    scatter += (means * cells[:, None]).T @ means - crossed - crossed.T
    covariance = scatter + _CELLS_OF_USUAL_SPREAD * usual.covariance
    covariance /= total + _CELLS_OF_USUAL_SPREAD
    whitening = _whitening(covariance, np.sqrt(np.diag(usual.covariance)))
    shares = (cells + _CELLS_OF_SHARES) / (cells + _CELLS_OF_SHARES).sum()
    return Mixture(whitening, means @ whitening, shares)


def _whitening(covariance: Floats, spread: Floats) -> Floats:
    """Return what features are multiplied by to have unit covariance, once it is shrunken.

    Args:
        covariance: ``(features, features)``.
        spread: ``(features,)``, usual standard deviations: units that features are compared in.
    """
    units = np.maximum(spread, _NO_SPREAD)
    alike = covariance / np.outer(units, units)
    even = np.trace(alike) / len(alike)
    shrunken = (1 - _SHRINKAGE) * alike + _SHRINKAGE * even * np.eye(len(alike))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(shrunken)) / units[:, None])
