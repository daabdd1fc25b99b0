"""How far a classifier's probabilities may be believed."""

import numpy as np
from numpy.typing import NDArray


def tempered(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return probabilities at another temperature, which add up to 1 in the last axis.

    Temperature scaling (Guo et al., On calibration of modern neural networks, ICML 2017), on
    probabilities instead of their logarithms: above 1 a classifier becomes less sure of itself.

    Args:
        probabilities: ``(..., classes)``, 0 to 1, not all 0.
        temperature: greater than 0; 1 leaves them as they are.
    """
    raised = probabilities.astype(np.float64) ** (1 / temperature)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
