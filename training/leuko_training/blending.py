"""Weights between those before and those after a model was taught something more."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray


def blend(
    model: keras.Model, before: Sequence[NDArray[np.float32]], *, share: float
) -> keras.Model:
    """Move a model part of the way from weights it had to those it has, and return it.

    What was learnt last is mostly kept, and what that cost is mostly given back: Wortsman et al.,
    "Robust fine-tuning of zero-shot models", CVPR 2022. Both ends must come from one training.

    Args:
        model: taught something more; gets the weights.
        before: its weights before that, as `keras.Model.get_weights` gives them.
        share: how far to go; 1 leaves the model as it is.
    """
    after = model.get_weights()
    model.set_weights([
        (1 - share) * first + share * last for first, last in zip(before, after, strict=True)
    ])
    return model
