"""How far a classifier's probabilities may be believed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def believed(
    probabilities: NDArray[np.floating], *, class_weights: Sequence[float], temperature: float
) -> NDArray[np.float64]:
    """Return what a classifier's probabilities are worth on a slide; they add up to 1.

    A classifier that learnt every class equally often takes them for equally common. Weights tell
    it how common they are (Saerens et al., Adjusting the outputs of a classifier to new a priori
    probabilities, Neural Computation 14, 2002); then it is tempered.

    Args:
        probabilities: ``(..., classes)``, 0 to 1, not all 0.
        class_weights: of every class, greater than 0; equal ones leave them as they are.
        temperature: see `tempered`.
    """
    return tempered(probabilities * np.asarray(class_weights), temperature)


def in_percent(probability: float) -> str:
    """Return how likely a name is, for a person to read: never 100 %, for no model is that sure."""
    return f"{min(99, round(100 * probability))} %"


def tempered(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return probabilities at another temperature, which add up to 1 in the last axis.

    Temperature scaling (Guo et al., On calibration of modern neural networks, ICML 2017), on
    probabilities instead of their logarithms: above 1 a classifier becomes less sure of itself.

    Args:
        probabilities: ``(..., classes)``, 0 or more, not all 0.
        temperature: greater than 0; 1 leaves their proportions as they are.
    """
    raised = probabilities.astype(np.float64) ** (1 / temperature)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
