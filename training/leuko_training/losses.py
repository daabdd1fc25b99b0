"""Losses and metrics in Keras' own operations, the same on every backend."""

import keras
from keras import ops

_SMOOTHING = 1.0


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def cross_entropy_and_dice(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return pixel-wise cross-entropy plus soft Dice loss, a scalar for the batch.

    Cross-entropy keeps probabilities honest; the Dice term (Milletari et al., 3DV 2016) keeps
    small cells from drowning in background.
    """
    entropy = ops.mean(keras.losses.binary_crossentropy(truth, predicted))
    shared = ops.sum(truth * predicted)
    total = ops.sum(truth) + ops.sum(predicted)
    return entropy + 1 - (2 * shared + _SMOOTHING) / (total + _SMOOTHING)


@keras.saving.register_keras_serializable(package="leuko")  # type: ignore[untyped-decorator]
def dice(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> object:
    """Return the Dice coefficient of the thresholded batch, a scalar in 0 to 1."""
    truth, predicted = ops.cast(truth > 0.5, "float32"), ops.cast(predicted > 0.5, "float32")
    shared = ops.sum(truth * predicted)
    return (2 * shared + _SMOOTHING) / (ops.sum(truth) + ops.sum(predicted) + _SMOOTHING)
