"""How leukocytes lie to each other in the laboratories that are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leuko.cells import CellClass
from leuko.errors import BundleError

_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class UsualCells:
    """How leukocytes' features lie in the laboratories that are known.

    Attributes:
        means: ``(5, features)``, of each class in the order of `leuko.cells.LEUKOCYTES`, with what
            a laboratory's cells have in common taken off.
        covariance: ``(features, features)``, of a class within a laboratory.
        shares: ``(5,)``, how common each class is taken to be before any cell is known.
    """

    means: NDArray[np.float32]
    covariance: NDArray[np.float32]
    shares: NDArray[np.float32]

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """What `from_arrays` takes."""
        return {"means": self.means, "covariance": self.covariance, "shares": self.shares}

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
        own = {"means": (5, length), "covariance": (length, length), "shares": (5,)}
        if shapes != own:
            raise BundleError(
                f"the bundle's usual cells have the arrays {shapes}, which is not what {length} "
                "features need; convert the bundle again, or update Leuko"
            )
        found = cls(arrays["means"], arrays["covariance"], arrays["shares"])
        if not found.is_sound:
            raise BundleError(
                "the bundle's usual cells hold no numbers to compare cells by; convert it again"
            )
        return found

    @property
    def is_sound(self) -> bool:
        """Whether cells can be compared by it: finite, all features vary, no class is ruled out."""
        is_finite = all(np.isfinite(array).all() for array in self.arrays.values())
        if not is_finite or (np.diag(self.covariance) <= 0).any() or (self.shares <= 0).any():
            return False
        # Where the least of these is negative, it is no covariance; rounding leaves a little.
        values = np.linalg.eigvalsh(self.covariance.astype(np.float64))
        return bool(values[0] > -_ROUNDING * values[-1])
