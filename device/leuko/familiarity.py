"""Whether a cell looks like anything that the classifier has learnt from.

The distance of a cell's embedding from the nearest class's centre, in units of how far embeddings
of one class spread: Mahalanobis' distance with one covariance for all classes (Lee et al., A
simple unified framework for detecting out-of-distribution samples, NeurIPS 2018).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from leuko.errors import BundleError


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """What embeddings of known cells look like.

    Attributes:
        centres: ``(classes, length)`` float32, mean embedding of the cells of each class.
        whitening: ``(length, length)`` float32; deviations from a centre times this have unit
            covariance.
        limit: distance from the nearest centre beyond which a cell is strange.
    """

    centres: NDArray[np.float32]
    whitening: NDArray[np.float32]
    limit: float

    def distance(self, embedding: NDArray[np.floating]) -> float:
        """Return how far a cell lies from the nearest class.

        Args:
            embedding: ``(length,)``.
        """
        deviations = (embedding - self.centres) @ self.whitening
        return float(np.linalg.norm(deviations, axis=1).min())

    def is_strange(self, embedding: NDArray[np.floating]) -> bool:
        """Return whether a cell is unlike anything that was learnt from."""
        return self.distance(embedding) > self.limit

    @property
    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """What `from_arrays` takes."""
        limit = np.array([self.limit], np.float32)
        return {"centres": self.centres, "whitening": self.whitening, "limit": limit}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, length: int) -> Self:
        """Return what a bundle says is familiar.

        Args:
            arrays: by the names of the attributes.
            length: of the embeddings.

        Raises:
            BundleError: one is missing, or they are for embeddings of another length.
        """
        shapes = {name: array.shape for name, array in arrays.items()}
        own = (len(arrays.get("centres", ())), length)
        if shapes != {"centres": own, "whitening": (length, length), "limit": (1,)} or not own[0]:
            raise BundleError(
                f"the bundle's familiarity has the arrays {shapes}, which is not what embeddings "
                f"of {length} need; convert the bundle again"
            )
        return cls(arrays["centres"], arrays["whitening"], float(arrays["limit"][0]))
